"""The site: it builds without a warning, asks no network, and its reference shows every public name, told in full."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import smoothmax as sm
from smoothmax import cvx, losses, regularizers, sweep

DOCS = Path(__file__).parents[1] / "docs"
PUBLIC = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (sm, cvx, losses, regularizers, sweep)
    for name in getattr(module, "__all__", None) or dir(module)
    if not name.startswith("_") and not inspect.ismodule(getattr(module, name))
}
COMPONENTS, DOMAINS = (
    (sm.Affine, sm.Quadratic, sm.Smooth, sm.Spectral, sm.Stack),
    (sm.Free, sm.Box, sm.Simplex, sm.Ball),
)
BUILT = (*COMPONENTS, *DOMAINS, sm.Polyhedron, sm.Product, sm.Minimax, sm.Smoothed, sm.LogSumExpAccumulator)
INNER = {"meter", "self", "_", "__"}  # what no user passes


def sections(one):
    return set(re.findall(r"^(\w+)\n-{3,}$", inspect.getdoc(one) or "", re.MULTILINE))


def parameters_told(one):
    """The names before the colon, or on a line of their own, in the section Parameters."""
    told = (inspect.getdoc(one) or "").partition("Parameters\n")[2].partition("\n\n")[0]
    return set(re.findall(r"\w+", " ".join(re.findall(r"^([*\w][^:\n]*)", told, re.MULTILINE))))


def shown():
    """module.name of everything that the reference shows."""
    for page in (DOCS / "reference").glob("*.md"):
        module = None
        for kind, what in re.findall(
            r"^\.\. (currentmodule|auto\w+):: ([\w.]+)", page.read_text("utf-8"), re.MULTILINE
        ):
            if kind == "currentmodule":
                module = what
            else:
                yield f"{module}.{what}"


def test_the_reference_shows_every_public_name_once():
    names = list(shown())
    assert sorted(names) == sorted(set(names))
    objects = {id(PUBLIC[name]) for name in names if name in PUBLIC}
    assert [name for name, one in PUBLIC.items() if id(one) not in objects] == []


def strays(one):
    """Lines at the margin of the sections Parameters and Attributes that name nothing: prose that belongs above."""
    _, *rest = re.split(r"^(\w+)\n-{3,}$", inspect.getdoc(one) or "", flags=re.MULTILINE)
    bodies = [body for head, body in zip(rest[::2], rest[1::2]) if head in ("Parameters", "Attributes")]
    lines = [line for body in bodies for line in body.splitlines() if line and not line.startswith(" ")]
    return [line for line in lines if not re.match(r"[*\w]+(, [*\w]+)*( : .*)?$", line)]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_a_docstring_and_every_function_one_that_is_whole(name):
    one = PUBLIC[name]
    assert inspect.getdoc(one), f"{name} has no docstring"
    assert strays(one) == [], f"{name}: prose in a section of names"
    if not inspect.isfunction(one):
        return
    given = set(inspect.signature(one).parameters) - INNER
    if given:
        assert {"Parameters", "Returns", "Raises"} <= sections(one), f"{name} has {sorted(sections(one))}"
    assert given <= parameters_told(one), f"{name} says nothing of {sorted(given - parameters_told(one))}"


@pytest.mark.parametrize("one", [*BUILT, sweep.Grid, sweep.Sweep], ids=lambda one: one.__name__)
def test_classes_that_users_call_tell_their_arguments(one):
    given = set(inspect.signature(one.__init__).parameters) - INNER
    assert {"Parameters", "Raises"} <= sections(one), f"it has {sorted(sections(one))}"
    assert given <= parameters_told(one), f"it says nothing of {sorted(given - parameters_told(one))}"


def test_the_site_builds_without_warnings_and_asks_no_network(tmp_path):
    pytest.importorskip("myst_parser", reason="the extra `docs` is not installed")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", str(DOCS), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for page in DOCS.rglob("*.md"):
        html = (tmp_path / page.relative_to(DOCS)).with_suffix(".html").read_text(encoding="utf-8")
        fetched = re.findall(r"<(?:script|img|link)[^>]*(?:src|href)=\"(?:https?:)?//[^\"]*", html)
        assert fetched == [], f"{page.name} fetches {fetched}"
        leaked = re.findall(r":raises[^<]*|\\\\[*|][^<]*", html)
        assert leaked == [], f"{page.name} shows markup: {leaked}"
    reference = (tmp_path / "reference" / "solving.html").read_text(encoding="utf-8")
    assert "tol·max(|fun|, max f − min f)" in reference, "plain text in a docstring was taken for markup"
