"""The command line, in this process through main() and as a stranger meets it, in a process of its own."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

import smoothmax as sm
import smoothmax.paths
from smoothmax import cli, report

DATA = Path(__file__).parents[1] / "problems" / "data"
REFERENCE = json.loads((DATA / "linf_regression_reference.json").read_text())
TARGETS = {"stackloss": "stack_loss", "longley": "totemp", "diabetes": "target"}
COMMAND = [sys.executable, "-c", "from smoothmax.cli import main; main()"]
REGRESSION = ("--intercept", "--absolute")
PENNIES = [[1.0, -1.0], [-1.0, 1.0]]  # matching pennies: value 0 at (1/2, 1/2)
MODULE = """
import os
import time
import numpy as np
import smoothmax as sm

problem = sm.Minimax(sm.Affine([[1.0], [-1.0]], [0.0, 1.0]))

def counted(stop):
    A, calls = np.random.default_rng(0).standard_normal((40, 6)), []
    def fun(x):
        calls.append(x)
        if len(calls) > 60:
            stop(x)
        return A @ x + np.abs(A[:, 0])
    return sm.Minimax(sm.Smooth(fun, lambda x: A, d=6, convex=True))

def raising():
    def stop(x): raise LookupError("no such tyre")
    return counted(stop)

def interrupted():
    def stop(x, once=[KeyboardInterrupt]):
        if once: raise once.pop()
    return counted(stop)

def slow():
    def stop(x):
        open("running", "w").close()
        time.sleep(0.05)
    return counted(stop)

def nonconvex():
    return sm.Minimax(sm.Smooth(lambda x: np.array([np.sin(x[0]), -x[0] - 5.0]), d=1))
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current folder with a game and a module in it; sys.path and the module are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    np.savez("game.npz", A=PENNIES)
    (tmp_path / "cli_mine.py").write_text(MODULE)
    yield tmp_path
    sys.modules.pop("cli_mine", None)


@pytest.fixture
def run(capfd):
    """run(*arguments) -> (exit code, stdout, stderr)."""

    def call(*arguments):
        with pytest.raises(SystemExit) as stop:
            cli.main([str(a) for a in arguments])
        return stop.value.code, *capfd.readouterr()

    return call


def process(*arguments, **options):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )


def strict(text):
    """JSON without the words that are not JSON."""
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


# solve


@pytest.mark.parametrize("name", TARGETS)
def test_regression_on_real_data(run, name):
    code, out, err = run("solve", DATA / f"{name}.csv", "--target", TARGETS[name], *REGRESSION, "--tol", 1e-9, "--json")
    assert (code, err) == (0, "")
    found, E = strict(out), float(REFERENCE[name]["E"])
    assert found["fun"] == pytest.approx(E, rel=1e-9)
    assert found["lower_bound"] <= E * (1 + 1e-14)
    assert found["upper_bound"] >= E * (1 - 1e-14)
    assert found["relative_gap"] <= 1e-9
    assert found["variables"][0] == "intercept"
    assert found["proven"]
    np.testing.assert_allclose(found["x"], [float(c) for c in REFERENCE[name]["coefficients"]], rtol=1e-5)


def test_a_game_as_a_table(run, here):
    code, out, err = run("solve", "game.npz", "--domain", "simplex")
    assert (code, err) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert lines["x"] == "0.5, 0.5"
    assert lines["problem"] == "Minimax(Affine(2×2 dense), Simplex(2))"
    for words in ("max f ", "lower bound ", "relative gap ", "proof ", "bounded: rigorous", "active ", "2 of 2"):
        assert words in out
    assert "bounded domain" not in out  # the kind is given over some unbounded ones too
    assert "\x1b" not in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_sparse_and_memory_mapped(run, here):
    rng = np.random.default_rng(0)
    A, b = sp.random_array((60, 5), density=0.5, rng=rng), rng.standard_normal(60)
    scipy.io.mmwrite("A.mtx", A)
    np.save("A.npy", A.toarray())
    np.save("b.npy", b)
    values = []
    for name in ("A.mtx", "A.npy"):
        code, out, _ = run("solve", name, "--b", "b.npy", "--absolute", "--json")
        assert code == 0
        values.append(strict(out)["fun"])
    assert values[0] == pytest.approx(values[1], rel=1e-7)


def test_a_module_and_its_start(run, here):
    code, out, _ = run("solve", "cli_mine:problem", "--json")
    assert code == 0
    assert strict(out)["fun"] == pytest.approx(0.5)


def test_mostly_zero_vectors_and_missing_numbers_in_json(run, here):
    found = strict(run("solve", DATA / "diabetes.csv", *REGRESSION, "--json")[1])
    assert isinstance(found["x"], list)
    assert len(found["weights"]) <= 20 < found["n"] == 884
    assert sum(found["weights"].values()) == pytest.approx(1)
    assert {int(i) for i in found["weights"]} <= set(range(884))
    code, out, _ = run("solve", "cli_mine:nonconvex", "--max-passes", 1, "--json")
    assert code == 1
    assert strict(out)["lower_bound"] is None


def test_a_temperature(run, here):
    np.savez("rows.npz", A=np.random.default_rng(0).standard_normal((20, 3)))
    code, out, _ = run("solve", "rows.npz", "--domain", "simplex", "--tau", 0.5, "--json")
    found = strict(out)
    assert code == 0
    assert found["tau"] == 0.5
    assert found["smoothed_gap"] <= 1e-8 * max(abs(found["fun"]), 10)
    assert found["gap"] > 1e-3
    code, out, _ = run("solve", "rows.npz", "--domain", "simplex", "--tau", 0.5)
    assert "smoothed max " in out


def test_a_tolerance_at_a_temperature_is_for_the_surrogate(run, here):
    np.savez("rows.npz", A=np.random.default_rng(0).standard_normal((20, 3)))
    found = {}
    for tol in (1e-2, 1e-10):
        code, out, _ = run("solve", "rows.npz", "--method", "gradient", "--tau", 0.5, "--tol", tol, "--json")
        found[tol] = strict(out)
        assert code == 0
        assert found[tol]["smoothed_gap"] <= found[tol]["threshold"] * (1 + 1e-9)
    assert found[1e-2]["npass"] < found[1e-10]["npass"]


def test_the_relative_gap_is_the_tolerance_it_meets(run, here):
    A = np.random.default_rng(0).standard_normal((20, 3))
    np.savez("rows.npz", A=A)
    found = strict(run("solve", "rows.npz", "--domain", "simplex", "--tol", 1e-3, "--json")[1])
    f = A @ found["x"]
    assert found["relative_gap"] == pytest.approx(found["gap"] / max(abs(f.max()), np.ptp(f)), rel=1e-9)
    assert strict(run("solve", "rows.npz", "--domain", "simplex", "--tol", 0, "--json")[1])["relative_gap"] is None


def test_out_holds_what_certify_needs(run, here):
    np.savez("rows.npz", A=np.random.default_rng(1).standard_normal((20, 3)))
    code, out, _ = run("solve", "rows.npz", "--domain", "simplex", "--out", "found.npz", "--json")
    assert code == 0
    shown = strict(out)
    with np.load("found.npz", allow_pickle=False) as kept, np.load("rows.npz") as data:
        problem = sm.Minimax(sm.Affine(data["A"]), sm.Simplex(3))
        again = sm.certify(problem, kept["x"], kept["weights"])
        assert kept["fun"] == shown["fun"]
        assert bool(kept["success"])
        assert again.gap <= 1e-6
    assert not [name for name in os.listdir() if name.startswith(".found")]


def test_exit_code_1_when_it_is_not_proven(run, here):
    np.savez("rows.npz", A=np.random.default_rng(0).standard_normal((20, 3)))
    for arguments in (
        ("rows.npz", "--domain", "simplex", "--max-passes", 2),
        ("rows.npz", "--domain", "simplex", "--time-limit", 0),
        ("cli_mine:nonconvex",),
    ):
        code, out, err = run("solve", *arguments)
        assert (code, err) == (1, "")
        assert "message " in out


# bad input


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "a command is missing"),
        (("frobnicate",), "No such command 'frobnicate'"),
        (("solve",), "Missing argument"),
        (("solve", "game.npz", "--nope"), "No such option"),
        (("solve", "game.npz", "more.npz"), "unexpected extra argument"),
        (("solve", "game.npz", "--tol", "tiny"), "'--tol'"),
        (("solve", "absent.npz"), "absent.npz: no such file or directory"),
        (("solve", "game.txt"), "neither a file"),
        (("solve", "game.npz", "--tau", "-1"), "tau must be finite and > 0; got -1.0"),
        (("solve", "game.npz", "--tau", "nan"), "tau must be finite and > 0; got nan"),
        (("solve", "game.npz", "--tol", "-1"), "tol must be finite and ≥ 0; got -1.0"),
        (("solve", "game.npz", "--method", "magic"), "method must be 'auto' or one of"),
        (("solve", "game.npz", "--domain", "cube"), "--domain must be one of"),
        (("solve", "game.npz", "--max-passes", "0"), "max_passes must be"),
        (("solve", "game.npz", "--time-limit", "-1"), "time_limit must be"),
        (("solve", "game.npz", "--out", "x.txt"), "the name must end in .npz"),
        (("solve", "game.npz", "--out", "nowhere/x.npz"), "there is no folder nowhere"),
        (("solve", "game.npz", "--out", "folder.npz"), "exists and is not a file"),
        (("solve", "cli_mine:raising", "--method", "lbfgs"), "LookupError: no such tyre (cli_mine.py, line 19)"),
        (("solve", "cli_mine:absent"), "has no attribute 'absent'"),
        (("solve", DATA / "longley.csv", "--target", "gdp"), "there are totemp, gnpdefl, gnp,"),
        (("path", "game.npz", "--taus", "1:2"), "--taus must be HIGH:LOW:COUNT"),
        (("path", "game.npz", "--taus", "1:0:3"), "--taus must be HIGH:LOW:COUNT"),
        (("path", "game.npz", "--taus", "1,x"), "--taus must be HIGH:LOW:COUNT"),
        (("path", "game.npz", "--taus", "1,-1"), "taus must be finite and > 0"),
        (("path", "game.npz", "--taus", "1", "--eps", "1"), "--taus and --eps contradict each other"),
        (("path", "game.npz", "--eps", "0"), "eps must be finite and > 0"),
        (("path", "game.npz", "--csv", "x.txt"), "the name must end in .csv"),
        (("path", "game.npz", "--plot", "x.gif"), "the name must end in .png or .svg or .pdf"),
    ],
)
def test_bad_input_is_one_line(run, here, arguments, words):
    (here / "folder.npz").mkdir()
    before = sorted(os.listdir())
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("smoothmax: ")
    assert err.count("\n") == 1
    assert words in err
    assert [name for name in sorted(os.listdir()) if name != "__pycache__"] == before


def test_a_bug_of_the_library_is_not_called_bad_input(here, monkeypatch):
    monkeypatch.setattr(report, "proven", attrgetter("lost"))
    with pytest.raises(AttributeError):
        cli.main(["solve", "game.npz"])


def test_plot_without_matplotlib(run, here, monkeypatch):
    monkeypatch.setattr(cli, "find_spec", lambda name: None)
    code, out, err = run("path", "game.npz", "--plot", "x.png")
    assert (code, out, err) == (2, "", 'smoothmax: --plot needs matplotlib: pip install "smoothmax[plot]"\n')


# path


def test_path_writes_table_and_picture(run, here):
    np.savez("rows.npz", A=np.random.default_rng(0).standard_normal((20, 3)))
    code, out, err = run(
        "path", "rows.npz", "--domain", "simplex", "--taus", "1:1e-3:4", "--csv", "t.csv", "--plot", "p.png"
    )
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 5
    with open("t.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    np.testing.assert_allclose([float(r["tau"]) for r in rows], [1, 0.1, 0.01, 0.001])
    assert Path("p.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(os.listdir()) == ["cli_mine.py", "game.npz", "p.png", "rows.npz", "t.csv"]


def test_path_as_json(run, here):
    code, out, _ = run("path", "game.npz", "--domain", "simplex", "--taus", "0.1,1", "--json")
    found = strict(out)
    assert code == 0
    assert [r["tau"] for r in found["records"]] == [1, 0.1]
    assert found["records"][0]["extrapolated"] is None
    assert found["x"] == pytest.approx([0.5, 0.5])


def test_path_down_to_eps(run, here):
    np.savez("rows.npz", A=np.random.default_rng(0).standard_normal((20, 3)))
    code, out, _ = run("path", "rows.npz", "--domain", "simplex", "--eps", 1e-2, "--json")
    assert code == 0
    found = strict(out)
    assert found["records"][-1]["tau_log_n"] <= 1e-2 * (1 + 1e-12)
    assert found["gap"] <= 1e-2


def test_path_exit_code_1(run, here):
    np.savez("rows.npz", A=np.random.default_rng(0).standard_normal((20, 3)))
    arguments = ("path", "rows.npz", "--domain", "simplex", "--taus", "1,0.1", "--max-passes", 2)
    code, out, err = run(*arguments)
    assert (code, err) == (1, "")
    _, row, told = out.splitlines()  # without a surrogate's value there is no second row
    assert row.endswith(" no")
    assert told.startswith("1 of 1 rows is not proven; the last: The budget of 2 passes ran out")
    found = strict(run(*arguments, "--json")[1])
    assert found["message"] in out
    assert [r["proven"] for r in found["records"]] == [False]


def test_a_path_tells_of_the_row_that_is_not_proven(run):
    source = (DATA / "stackloss.csv", "--target", "stack_loss", *REGRESSION)
    code, out, _ = run("path", *source, "--taus", "1:0.001:4", "--max-passes", 10)
    assert code == 1
    assert [line.split()[-1] for line in out.splitlines()[1:5]] == ["no", "no", "no", "yes"]
    assert out.splitlines()[5].startswith("3 of 4 rows are not proven; the last: The budget of 10 passes ran out")


def test_a_local_minimax_proves_no_row(run, here):
    code, out, _ = run("path", "cli_mine:nonconvex", "--taus", "1,0.1")
    assert code == 1
    assert "2 of 2 rows are not proven; the last: A first-order stationary point" in out
    code, out, _ = run("sweep", "cli_mine:nonconvex", "--taus", "1,0.1", "--out", "swept")
    assert code == 1
    assert "2 of 2 rows are not proven; the first (auto, tau 1): A first-order stationary point" in out


# sweep


def test_sweep_exit_code_1(run, here):
    arguments = ("sweep", DATA / "stackloss.csv", "--target", "stack_loss", *REGRESSION, "--out", "swept")
    code, out, err = run(*arguments, "--methods", "newton,gradient", "--max-passes", 100)
    assert (code, err) == (1, "")
    told = "1 of 2 rows is not proven; the first (gradient, tau –): The budget of 100 passes ran out"
    assert out.splitlines()[3].startswith(told)
    assert len(out.splitlines()) == 5
    code, out, _ = run(*arguments, "--methods", "newton", "--fresh")
    assert code == 0
    assert "not proven" not in out


def test_cells_that_fail_are_no_rows(run, here):
    np.savez("rows.npz", A=np.random.default_rng(0).standard_normal((20, 3)))
    code, out, _ = run("sweep", "rows.npz", "--methods", "spectral", "--out", "swept")
    assert code == 1
    assert "not proven" not in out
    assert out.startswith("failed: method=spectral")


# Ctrl-C


def test_ctrl_c_prints_and_writes_the_best_so_far(run, here):
    code, out, err = run("solve", "cli_mine:interrupted", "--method", "lbfgs", "--out", "best.npz")
    assert (code, err) == (130, "")
    assert "interrupted" in out
    with np.load("best.npz") as kept:
        assert np.isfinite(kept["fun"])
    code, out, _ = run("path", "cli_mine:interrupted", "--method", "lbfgs", "--taus", "0.1,1e-9", "--json")
    assert code == 130
    found = strict(out)
    assert found["status"] == found["unfinished"]["status"] == 7


def test_ctrl_c_keeps_the_temperatures_that_were_finished(run, here, monkeypatch):
    real, calls = smoothmax.paths.solve_with, []

    def third(problem, x, settings, **options):
        calls.append(settings.tau)
        found = real(problem, x, settings, **options)
        if len(calls) == 3:
            raise sm.Interrupted(found)
        return found

    monkeypatch.setattr(smoothmax.paths, "solve_with", third)
    arguments = ("path", "game.npz", "--domain", "simplex", "--taus", "1,0.5,0.1,0.01", "--csv", "t.csv")
    code, out, err = run(*arguments, "--json")
    found = strict(out)
    assert (code, err) == (130, "")
    assert [r["tau"] for r in found["records"]] == [1, 0.5]
    assert found["unfinished"]["tau"] == 0.1
    assert len(Path("t.csv").read_text().splitlines()) == 3
    calls.clear()
    code, out, _ = run(*arguments)
    assert code == 130
    assert out.splitlines()[0].split()[0] == "tau"
    assert "temperature      0.1" in out


def test_ctrl_c_in_a_process(here):
    with subprocess.Popen(
        [*COMMAND, "solve", "cli_mine:slow", "--method", "lbfgs", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        deadline = time.monotonic() + 30
        while not os.path.exists("running") and time.monotonic() < deadline:
            time.sleep(0.02)
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=30)
    assert (started.returncode, err) == (130, "")
    assert strict(out)["success"] is False


# whole processes


def test_help_and_version_are_light(here):
    found = process("--version")
    assert (found.returncode, found.stdout, found.stderr) == (0, f"smoothmax {sm.__version__}\n", "")
    code = (
        "import sys\n"
        "from smoothmax.cli import main\n"
        "try: main(['solve', '--help'])\n"
        "except SystemExit as stop: assert stop.code == 0\n"
        "print({'cvxpy', 'matplotlib', 'dask', 'pandas'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (found.returncode, found.stderr) == (0, "")
    assert "--intercept" in found.stdout
    assert found.stdout.endswith("set()\n")


def test_an_encoding_without_the_signs(here):
    found = process("solve", "game.npz", "--domain", "simplex", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (found.returncode, found.stderr) == (0, "")
    assert "Affine(2?2 dense)" in found.stdout


def test_warnings_and_tracebacks_stay_away(here):
    options = {"env": {**os.environ, "PYTHONWARNINGS": "error"}}
    assert process("solve", "game.npz", "--domain", "simplex", **options).returncode == 0
    (here / "cut.npz").write_bytes((here / "game.npz").read_bytes()[:100])
    found = process("solve", "cut.npz", **options)
    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (2, "", 1)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudoterminals here")
def test_progress_is_for_terminals(here):
    ours, theirs = os.openpty()
    arguments = ["solve", str(DATA / "stackloss.csv"), "--target", "1", *REGRESSION]
    found = subprocess.run([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=theirs, timeout=60)
    os.close(theirs)
    seen = os.read(ours, 100_000)
    os.close(ours)
    assert found.returncode == 0
    assert b"passes" in seen
    assert seen.endswith(b"\x1b[2K")
    assert b"\x1b" not in found.stdout
