"""The documents: Python blocks run and print what they say, command lines parse, links lead somewhere."""

import contextlib
import io
import re
import shlex
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

import problems
from experiments import __main__ as experiments
from smoothmax import cli

ROOT = Path(problems.__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
LETTERS = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
VOLATILE = ("gap", "relative gap", "proof", "steps", "passes", "time", "message")  # lines that a machine may change
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Block:
    """A fenced block and, where one follows at once, the text block with its output."""

    language: str
    body: str
    line: int
    output: str | None

    def promises(self):
        """The lines it is to print: those of the text block, else those after `# ->`; None where there are neither."""
        if self.output is not None:
            return self.output.splitlines()
        marked = re.findall(r"#\s*->\s*(.*)", self.body)
        return marked or None


def blocks(page):
    found = []
    text = page.read_text(encoding="utf-8")
    for match in re.finditer(r"^```([\w{}-]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        between = text[found[-1][1] : match.start()] if found else text
        if match[1] == "text" and found and not between.strip():
            block, _ = found.pop()
            found.append((Block(block.language, block.body, block.line, match[2]), match.end()))
        else:
            found.append((Block(match[1], match[2], text[: match.start()].count("\n") + 2, None), match.end()))
    return [block for block, _ in found]


def commands():
    """(page, command line, whether to run it, its output) of every sh block."""
    for page in LETTERS:
        for block in blocks(page):
            lines = block.body.splitlines() if block.language == "sh" else []
            for line in lines:
                command, _, mark = line.partition("#")
                yield page, command.strip(), "quick" in mark, block.output if len(lines) == 1 else None


COMMANDS = list(commands())


def named(page):
    return str(page.relative_to(ROOT))


def arguments(command):
    """What comes after `smoothmax` or `python -m experiments`, with which of them it is; None for other programs."""
    words = shlex.split(command)
    if Path(words[0]).name == "smoothmax":
        return "smoothmax", words[1:]
    if Path(words[0]).name.startswith("python") and words[1:3] == ["-m", "experiments"]:
        return "experiments", words[3:]
    return None


def same_words(got, promised):
    """Word by word; two numbers are the same within one unit of the last digit that is promised."""
    got, promised = got.split(), promised.split()
    return len(got) == len(promised) and all(map(same_word, got, promised))


def same_word(got, promised):
    if got == promised:
        return True
    if not (NUMBER.fullmatch(got) and NUMBER.fullmatch(promised)):
        return False
    mantissa, _, exponent = promised.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    unit = 10.0 ** (int(exponent or 0) - decimals) if decimals else 0.0
    return abs(float(got) - float(promised)) <= 1.001 * unit


def same_table(got, promised):
    """The lines of a command's table that no machine changes: labels and words alike, numbers to 1e-6."""
    for a, b in zip(got.splitlines(), promised.splitlines(), strict=True):
        if b.startswith(VOLATILE):
            continue
        bare = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
        assert bare.sub("#", a).split() == bare.sub("#", b).split()
        assert [float(v) for v in bare.findall(a)] == pytest.approx([float(v) for v in bare.findall(b)], rel=1e-6)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """An empty folder to work in, where `problems/` is that of the repository."""
    (tmp_path / "problems").symlink_to(ROOT / "problems")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT))
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_python_blocks_run_and_print_what_they_say(page, desk):
    space = {"__name__": page.stem}
    for block in blocks(page):
        if block.language != "python":
            continue
        where = f"{named(page)}:{block.line}"
        printed = io.StringIO()
        code = compile("\n" * (block.line - 1) + block.body, str(page), "exec")
        with contextlib.redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(code, space)
        promised, got = block.promises(), printed.getvalue().splitlines()
        if promised is not None:
            assert len(got) == len(promised), f"{where} prints {got}"
            for a, b in zip(got, promised, strict=True):
                assert same_words(a, b), f"{where} prints {a!r}, the page says {b!r}"


@pytest.mark.parametrize(("page", "command", "run", "output"), COMMANDS, ids=[c[1] for c in COMMANDS])
def test_command_lines(page, command, run, output, desk, monkeypatch, capsys):
    if command.startswith("make "):
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert set(command.split()[1:]) <= set(targets)
        return
    known = arguments(command)
    if known is None:
        assert command.split()[0] in ("pip", "git", "cd"), f"{page.name}: {command}"
        return
    program, words = known
    if program == "experiments":
        if not run:
            monkeypatch.setattr(experiments, "perform", lambda *_: 0)
            monkeypatch.setattr(experiments, "publish", lambda *_: 0)
        assert experiments.main(words) == 0
        return
    if not run:
        parsed = typer.main.get_command(cli.app).commands[words[0]].make_context(words[0], words[1:])
        assert parsed.params["source"] == words[1]
        return
    with pytest.raises(SystemExit) as left:
        cli.main(words)
    assert left.value.code == 0, capsys.readouterr().err
    if output is not None:
        same_table(capsys.readouterr().out.rstrip("\n"), output.rstrip("\n"))


@pytest.mark.parametrize("page", LETTERS, ids=named)
def test_links_and_pictures_exist(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", text)
    for link in links:
        if not link.startswith(("http://", "https://")):
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), f"{page.name} links to {link}"
            assert not anchor or anchor in headings(target), f"{page.name} links to {link}"


def headings(page):
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def test_pictures_are_light():
    for picture in (DOCS / "images").iterdir():
        assert picture.stat().st_size < 300_000, picture.name


def test_the_comparison_of_words_is_not_blind():
    assert same_words("4.743620 ≤ x", "4.743621 ≤ x")
    assert not same_words("4.743619 ≤ x", "4.743621 ≤ x")
    assert not same_words("True", "False")
    assert not same_words("3", "4")
    with pytest.raises(AssertionError):
        same_table("max f  4.7437", "max f  4.7436")
