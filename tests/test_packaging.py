"""What a user installs: the library alone, whole, pinned, and quick to load."""

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.effort import NIGHT
from tests.trust.packages import ROOT, build, environment, needed, pins, run

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
HERE = {"all", "cluster", "dev"}  # the extras that the environment of the tests surely has


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The source distribution and the wheel, as hatchling makes them of the tree: the wheel out of the former."""
    wheel, source = build(tmp_path_factory.mktemp("dist"))
    return {"wheel": wheel, "source": source}


@pytest.fixture(scope="module")
def bare(built, tmp_path_factory):
    """An environment with the wheel and what it cannot do without."""
    return environment(tmp_path_factory.mktemp("bare") / "env", built["wheel"], PROJECT["dependencies"])


def contents(wheel):
    archive = zipfile.ZipFile(wheel)
    return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_ships_the_library_with_its_types(built):
    files = contents(built["wheel"])
    assert "smoothmax/py.typed" in files
    assert {name.split("/")[0].split("-")[0] for name in files} == {"smoothmax"}
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "smoothmax").rglob("*.py")}
    assert modules == {name for name in files if name.endswith(".py")}
    info = {name.partition(".dist-info/")[2]: data.decode() for name, data in files.items() if ".dist-info/" in name}
    assert "smoothmax = smoothmax.cli:main" in info["entry_points.txt"]
    assert info["licenses/LICENSE"] == (ROOT / "LICENSE").read_text(encoding="utf-8")
    head, _, body = info["METADATA"].partition("\n\n")
    assert "Description-Content-Type: text/markdown" in head
    assert body.strip() == (ROOT / "README.md").read_text(encoding="utf-8").strip()
    assert "@" not in head, "an address of a person"


def test_the_source_distribution_makes_the_same_wheel_and_holds_its_tests(built, tmp_path):
    with tarfile.open(built["source"]) as archive:
        archive.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.iterdir()
    names = {path.name for path in tree.iterdir()}
    assert {"smoothmax", "problems", "experiments", "tests", "docs", "Makefile", "constraints.txt"} <= names
    junk = [p for p in tree.rglob("*") if p.suffix == ".pyc" or p.name in ("out", "dist") or p.name.endswith("_cache")]
    assert not junk, f"not to be shipped: {junk}"
    assert not [name for name in names if name.startswith(".") and name not in (".gitignore", ".ci")]
    for folder, ending in (("tests", "*.py"), ("tests/data", "*"), ("problems/data", "*"), ("docs", "*.md")):
        for path in (ROOT / folder).glob(ending):
            assert (tree / folder / path.name).exists(), f"{folder}/{path.name} is left out"
    (again,) = build(tmp_path / "dist", tree, "wheel")
    assert contents(again) == contents(built["wheel"])


LIBRARY = """
import numpy as np, smoothmax as sm, sys
from smoothmax.cli import BadInput, path_command
assert not sm.__file__.startswith(sys.argv[1]), sm.__file__
A = np.random.default_rng(0).standard_normal((300, 4))
problem = sm.Minimax(sm.Affine(A, np.ones(300), absolute=True))
for method in ("auto", "newton", "lbfgs", "working-set", "trust-region"):
    assert sm.solve(problem, method=method).success, method
assert sm.verify(problem, 0.1).agree
assert sm.check_inequalities([1, 2]).ok
path = sm.path(problem, [1, 0.1])
def refuses(kind, words, call):
    try:
        call()
    except kind as error:
        assert words in str(error), f"{words} is not in: {error}"
    else:
        raise AssertionError(f"no {kind.__name__} with {words}")
refuses(ValueError, 'pip install "smoothmax[cvx]"', lambda: sm.solve(problem, method="cvxpy"))
refuses(ImportError, 'pip install "smoothmax[cvx]"', lambda: sm.check_duality([1.0, 2.0], 0.1))
refuses(ImportError, 'pip install "smoothmax[cvx]"', lambda: __import__("smoothmax.cvx"))
refuses(ImportError, 'pip install "smoothmax[plot]"', path.plot)
refuses(BadInput, 'pip install "smoothmax[plot]"', lambda: path_command("data.csv", plot="path.png"))
refuses(ImportError, 'pip install "smoothmax[plot]"', lambda: __import__("smoothmax.plots"))
"""


def test_without_any_extra_all_but_the_extras_works(bare, tmp_path):
    run(bare, "-W", "error", "-c", LIBRARY, ROOT, cwd=tmp_path)


def test_the_command_works_without_any_extra(bare, tmp_path):
    command = bare.with_name("smoothmax")
    assert run(command, "--version", cwd=tmp_path).stdout == f"smoothmax {PROJECT['version']}\n"
    data = ROOT / "problems" / "data" / "stackloss.csv"
    options = ["--target", "stack_loss", "--intercept", "--absolute"]
    assert "4.7436" in run(command, "solve", data, *options, cwd=tmp_path).stdout


@pytest.mark.skipif(not NIGHT, reason="an installation from the index takes longer than a change has")
def test_an_installation_with_every_extra(built, tmp_path):
    run(sys.executable, "-m", "venv", tmp_path / "env")
    python = tmp_path / "env" / "bin" / "python"
    wish = f"{built['wheel']}[all,cluster]"
    run(python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", wish)
    run(python, "-m", "pip", "check")
    run(python, "-c", "import smoothmax.cvx, smoothmax.plots, smoothmax.sweep, dask, distributed", cwd=tmp_path)


BASE = "numpy, scipy.linalg, scipy.optimize, scipy.sparse.linalg"
BEYOND = {"concurrent", "fractions", "queue", "_queue", "smoothmax"}  # of the standard library, small


def loaded(names):
    code = f"import sys, {names}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_loads_numpy_and_what_solvers_need_of_scipy_and_nothing_else():
    more = loaded("smoothmax") - loaded(BASE)
    assert {name.partition(".")[0] for name in more} <= BEYOND
    rooms = {name.split(".")[1] for name in more if name.count(".")}
    assert not rooms & {"agreement", "cli", "cvx", "duality", "inequalities", "losses", "paths", "plots", "sweep"}


def test_names_that_are_loaded_late_are_there():
    code = "import smoothmax as sm; assert set(sm.__all__) <= set(dir(sm)); from smoothmax import *; path, verify"
    said = run(sys.executable, "-W", "error", "-c", f"{code}; sm.nonsense", code=1).stderr
    assert "AttributeError: module 'smoothmax' has no attribute 'nonsense'" in said


def test_everything_an_extra_brings_is_pinned_at_what_is_installed():
    oldest = version("scipy") == pins("constraints-oldest.txt")["scipy"]  # where this runs: older ones need others
    given = pins("constraints-oldest.txt" if oldest else "constraints.txt")
    wanted = [f"smoothmax[{','.join(sorted(HERE))}]", "hatchling", "editables"]
    here = needed(wanted)
    here.pop("smoothmax")
    missing = sorted(set(here) - set(given))
    assert not missing, f"add to constraints.txt: {missing}"
    for extra in () if oldest else EXTRAS:
        for text in EXTRAS[extra]:
            name = canonicalize_name(Requirement(text).name)
            assert name in {*given, "smoothmax"}, f"extra {extra}: {text} is not pinned"


def test_pins_are_within_the_bounds_and_the_oldest_are_the_bounds():
    newest, oldest = pins("constraints.txt"), pins("constraints-oldest.txt")
    used = [text for extra in ("cvx", "plot", "report", "cluster") for text in EXTRAS[extra]]
    for text in [*PROJECT["dependencies"], *used]:
        requirement = Requirement(text)
        name, (bound,) = canonicalize_name(requirement.name), requirement.specifier
        assert requirement.specifier.contains(newest[name]), f"{text}, but constraints.txt has {newest[name]}"
        lowest = oldest[name].split(".")
        asked = bound.version.split(".")
        assert lowest == asked + ["0"] * (len(lowest) - len(asked)), f"{text}, but the oldest has {oldest[name]}"


def test_no_file_names_an_index_or_a_path_of_a_machine():
    for name in ("constraints.txt", "constraints-oldest.txt", "pyproject.toml", "Makefile", ".ci/run"):
        text = (ROOT / name).read_text()
        assert "://" not in text, name
        assert "/home/" not in text
        assert "file:" not in text
