"""The report: one page that needs nothing else, said from the data, and seen by a real browser."""

import importlib
import itertools
import json
import re
import shutil
import subprocess
import sys
import types
from collections import Counter
from html.parser import HTMLParser

import pytest

from experiments import __main__ as command
from experiments import _report, _svg, surface
from experiments._sections import Wanted, forget, options, section
from experiments._words import between, duration, listed, many, number, of, ratio
from smoothmax import plots

QUICK = ("surface", "equioscillation", "gap_vs_temperature")
SPARE = ("ball_map", "inequalities", "regularizers", "filters")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Elements with their attributes, ids, headings, and the text of each."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.texts = [], [], Counter()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append((tag, len(self.elements) - 1))

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        name, _ = self.open.pop()
        assert name == tag

    def handle_data(self, text):
        for _, k in self.open:
            self.texts[k] = (self.texts[k] or "") + text

    def all(self, tag, **having):
        return [
            (attributes, " ".join((self.texts[k] or "").split()))
            for k, (name, attributes) in enumerate(self.elements)
            if name == tag and all(attributes.get(key.rstrip("_")) == value for key, value in having.items())
        ]


@pytest.fixture(scope="module")
def broken():
    """An experiment that fails, among the others for as long as these tests run."""
    module = types.ModuleType("experiments.broken", "Does it break?\n\nAlways, with `a < b`.")

    def run(*, quick=False):
        raise RuntimeError("no <b>such</b> thing")

    module.run = run
    sys.modules["experiments.broken"] = module
    yield module
    del sys.modules["experiments.broken"]


@pytest.fixture(scope="module")
def out(tmp_path_factory, broken):
    """A folder with the page of three quick experiments and one that fails."""
    folder = tmp_path_factory.mktemp("report")
    wanted = [Wanted(name, "quick", folder) for name in (*QUICK, "broken")]
    said = []
    assert _report.publish(wanted, folder, 1, "python -m experiments report", said.append) == 1
    assert "4/4  broken" in said[3]
    return folder


@pytest.fixture(scope="module")
def text(out):
    return (out / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_the_page_needs_nothing_else(text, page):
    assert not page.all("script")
    assert not page.all("link")
    addresses = re.findall(r"""(\S+)=["']?[^"'>]*https?://""", text)
    assert set(addresses) <= {"xmlns", "xmlns:xlink"}
    assert "url(http" not in text
    assert "@import" not in text
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes), tag
        for name in ("src", "href", "xlink:href"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes)
    assert len(text) < 3_000_000


def test_ids_are_unique_and_references_lead_to_them(text, page):
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert [name for name, count in ids.items() if count > 1] == []
    referred = re.findall(r'(?:href="#|url\(#)([^")]+)', text)
    assert len(referred) > 100
    assert set(referred) <= set(ids)


def test_every_section_has_its_question_answer_picture_and_command(page, out):
    articles = page.all("article")
    assert [attributes["data-experiment"] for attributes, _ in articles] == [
        "surface", "equioscillation", "gap_vs_temperature", "broken",
    ]  # fmt: skip
    for attributes, words in articles[:3]:
        name = attributes["data-experiment"]
        module = importlib.import_module(f"experiments.{name}")
        assert command.question(module) in words
        assert f"python -m experiments run {name} --out {out} --quick" in words
        assert re.search(r"Took [\d.]+ (µs|ms|s) on .*cores.*Python 3", words)
        assert (out / f"{name}.csv").exists()
    drawn = page.all("svg")
    assert len(drawn) == 4  # the surface has two
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes, _ in drawn)
    assert len(page.all("figcaption")) == 4


def test_head_contents_and_headings(page):
    ((root, _),) = page.all("html")
    assert root["lang"] == "en"
    assert page.all("title")[0][1]
    assert page.all("meta", name="viewport")
    linked = [attributes["href"] for attributes, _ in page.all("a") if attributes["href"] in ("#surface", "#broken")]
    assert set(linked) == {"#surface", "#broken"}
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_a_failing_experiment_is_a_section(page):
    words = page.all("article")[3][1]
    assert "Does it break?" in words
    assert "This experiment failed. RuntimeError: no <b>such</b> thing" in words  # escaped, not interpreted
    assert "Traceback" in words
    assert "Always, with a < b" in words
    assert "1 of 4 experiments failed" in page.all("header")[0][1]


def test_the_answers_are_said_from_the_data(out):
    table = surface.run(quick=True)
    before = surface.answer(table)
    assert "0.693 at τ = 1" in before
    for row in table:
        if row["what"] == "surface":
            row["value"] += 0.1
    assert "0.793 at τ = 1" in surface.answer(table)


@pytest.mark.parametrize("name", command.names())
def test_every_experiment_has_an_answer(name):
    module = importlib.import_module(f"experiments.{name}")
    assert callable(module.answer), f"experiments/{name}.py needs answer(table) -> str"
    assert module.answer.__doc__


@pytest.mark.parametrize("name", SPARE)
def test_answers_of_quick_tables_are_sentences_with_numbers(name):
    module = importlib.import_module(f"experiments.{name}")
    said = module.answer(module.run(quick=True))
    assert len(re.findall(r"\d", said)) >= 4
    assert said[0] == said[0].upper()
    assert said.endswith(".")
    assert not re.search(r"\bnan\b|None|\{|  |\.\.", said)


def test_without_an_answer_the_summary_speaks(tmp_path, broken, monkeypatch):
    monkeypatch.setattr(broken, "run", lambda: [{"what": "x", "much": 0.5}])
    done = section(Wanted("broken", "quick", tmp_path))
    assert done.answer == "what: x, much: 0.500."
    assert done.command.split()[-2:] == ["--out", str(tmp_path)]  # it has no option --quick


def test_processes_and_those_that_measure_time(tmp_path):
    wanted = [Wanted(name, "quick", tmp_path, 2) for name in ("surface", "operators_speed")]
    assert [one.alone for one in wanted] == [False, True]
    found = list(_report.sections(wanted, 2))
    assert [one.name for one in found] == ["surface", "operators_speed"]
    assert all(one.answer and not one.error for one in found)


def test_a_process_that_dies_is_a_section(tmp_path, monkeypatch):
    monkeypatch.setattr(_report, "section", _die)
    (found,) = _report.sections([Wanted("surface", "quick", tmp_path)], 2)
    assert "killed" in found.error


def _die(wanted):
    import os

    os._exit(1)


def test_cells_are_kept_where_an_experiment_takes_them(tmp_path):
    module = types.SimpleNamespace(run=lambda *, quick=False, out=None, workers=1: [])
    assert options(module, "some", tmp_path, ["quick", "full"], 3) == {
        "quick": True, "out": tmp_path / "some-cells-quick", "workers": 3,
    }  # fmt: skip
    assert options(module, "some", tmp_path, [], None) == {"out": tmp_path / "some-cells"}
    forget({"out": tmp_path / "some-cells"})  # nothing there
    assert options(surface, "surface", tmp_path, ["quick"], 3) == {"quick": True}


def test_a_sweep_resumes_and_its_section_says_so(tmp_path, broken, monkeypatch):
    def run(*, out=None, workers=1):
        (out / "cells").mkdir(parents=True, exist_ok=True)
        (out / "cells" / f"{'a' * 32}.json").touch()
        return [{"what": 1}]

    monkeypatch.setattr(broken, "run", run)
    assert [section(Wanted("broken", "", tmp_path)).resumed for _ in range(2)] == [False, True]
    forget(options(broken, "broken", tmp_path, [], None))
    assert not section(Wanted("broken", "", tmp_path)).resumed


def test_heavy_figures_are_rasterized():
    figure, (axes,) = plots.panels(1, 1, 8.0, 6.0)
    k = range(40_000)
    axes.plot(k, [i * 7919 % 104729 for i in k], ".", markersize=2)
    with plots.style():
        drawn = _svg.inline(figure, "heavy", "many dots")
    assert len(drawn) < _svg.HEAVY
    assert "data:image/png;base64" in drawn


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run"], "run takes one experiment, got 0"),
        (["run", "surface", "tour"], "run takes one experiment, got 2"),
        (["report", "tuor"], "no experiment is called 'tuor'"),
        (["run", "surface", "--workers", "0"], "--workers must be at least 1"),
        (["run", "surface", "--fresh"], "no option --fresh"),
    ],
)
def test_wrong_command_lines(capsys, arguments, words):
    assert command.main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert words in said.err


def test_run_writes_svg(tmp_path):
    assert command.main(["run", "surface", "--quick", "--format", "svg", "--out", str(tmp_path)]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["sharpening.svg", "surface.csv", "surface.svg"]


def test_report_of_one_from_the_command_line(tmp_path, capsys):
    arguments = ["report", "surface", "--quick", "--workers", "1", "--format", "png", "--out", str(tmp_path)]
    assert command.main(arguments) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.html", "sharpening.png", "surface.csv", "surface.png"]
    assert "1/1  surface" in capsys.readouterr().out
    assert f"python -m experiments {' '.join(arguments)}" in (tmp_path / "report.html").read_text()


def test_words():
    assert [number(x) for x in (0.0311, 4.72, 12345.6, 3.21e-9, 0, 1e-6, -2.5e-7)] == [
        "0.031", "4.7", "12 000", "3.2·10⁻⁹", "0", "10⁻⁶", "−2.5·10⁻⁷",
    ]  # fmt: skip
    assert [number(x) for x in (float("inf"), float("nan"), 9.99e-1, 99.96)] == ["∞", "nothing known", "1.0", "100"]
    assert [duration(x) for x in (2e-5, 0.0014, 3.21, 130)] == ["20 µs", "1.4 ms", "3.2 s", "2.2 min"]
    assert [ratio(x) for x in (1.0, 3.1, 0.4)] == ["as long", "3.1 times as long", "0.40 of the time"]
    assert between([0.5, 2, 1]) == "0.50 to 2.0"
    assert between([1, 1]) == "1.0"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(list("abcdefgh"), 3) == "a, b and 6 others"
    assert [of(k, 5, "problem") for k in (5, 3, 0)] == ["all 5 problems", "3 of 5 problems", "none of 5 problems"]
    assert of(1, 1, "problem") == "the one problem"
    assert [many(1, "filter"), many(2, "filter")] == ["one filter", "2 filters"]


LOOK = """<script>
const frame = document.createElement("iframe");
frame.style.cssText = "border:0;height:2000px;width:WIDTHpx";
frame.onload = () => {
  const page = frame.contentDocument, root = page.documentElement;
  const seen = [...page.querySelectorAll("figure svg")].map(s => {
    const box = s.getBoundingClientRect();
    const drawn = s.querySelector("path").getBoundingClientRect();
    return [box.width, box.height, drawn.width];
  });
  const pre = document.createElement("pre");
  pre.id = "seen";
  pre.textContent = JSON.stringify({scroll: root.scrollWidth, client: root.clientWidth, seen: seen,
    paper: frame.contentWindow.getComputedStyle(page.body).backgroundColor, height: root.scrollHeight});
  document.body.append(pre);
};
frame.src = "report.html";
document.body.append(frame);
</script>"""


def chromium(*arguments, folder):
    """Its output; a profile of its own, so that nothing is left behind and nothing shared."""
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files")
    call = [CHROMIUM, *flags, f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", *arguments]
    return subprocess.run(call, capture_output=True, timeout=60, check=True).stdout.decode()


@browser
@pytest.mark.parametrize("width", [1280, 400])
def test_a_browser_shows_the_figures_and_nothing_overflows(out, tmp_path, width):
    (tmp_path / "report.html").write_bytes((out / "report.html").read_bytes())
    (tmp_path / "look.html").write_text(f"<!doctype html><body>{LOOK.replace('WIDTH', str(width))}</body>")
    dom = chromium("--dump-dom", (tmp_path / "look.html").as_uri(), folder=tmp_path)
    found = json.loads(re.search(r'<pre id="seen">(.*?)</pre>', dom)[1])
    assert found["client"] == width
    assert found["scroll"] <= width
    assert len(found["seen"]) == 4
    for across, down, drawn in found["seen"]:
        assert across > 250
        assert down > 100
        assert drawn > 50
    assert found["height"] > 3000


@browser
def test_a_browser_draws_the_page(out, tmp_path):
    from PIL import Image

    picture = tmp_path / "page.png"
    chromium(f"--screenshot={picture}", "--window-size=1280,3000", (out / "report.html").as_uri(), folder=tmp_path)
    with Image.open(picture) as drawn:
        assert drawn.size == (1280, 3000)
        colours = {colour for _, colour in drawn.convert("RGB").getcolors(10**7)}
    assert {(255, 255, 255), (251, 250, 247)} <= colours  # cards on paper
    assert any(abs(r - 0xE6) + abs(g - 0x9F) + abs(b) < 12 for r, g, b in colours)  # a curve in orange
