"""Ctrl-C at any moment: at the N-th Python call inside the library, for many N, and by the signal itself."""

import inspect
import json
import math
import signal
import subprocess
import sys
import time
import warnings
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import smoothmax as sm
from smoothmax import cli
from smoothmax._asking import CLOCK
from smoothmax.components.calls import COUNTS
from smoothmax.solvers import Status
from smoothmax.sweep import Sweep

from .. import sweep_tasks as tasks
from ..effort import cases, seed
from .scenes import DOORS, OPTIMUM, START, Hand, bits, fun, minimax, path, solved, stated

LIBRARY = str(Path(sm.__file__).parent)
A = np.random.default_rng(0).standard_normal((30, 3))
B = np.random.default_rng(1).standard_normal(30)


def affine(method, domain=None, **options):
    """An absolute regression; its problem is made outside, so that all of the scene is a solve."""
    problem = sm.Minimax(sm.Affine(A, B, absolute=True), domain)
    return lambda: sm.solve(problem, method=method, **{**DOORS, **options})


def convex(scene, **options):
    return lambda: scene(Hand(), **options)


SCENES = {
    "newton": affine("newton"),
    "newton at τ": affine("newton", tau=0.1),
    "lbfgs": affine("lbfgs"),
    "newton-cg": affine("newton-cg"),
    "accelerated": affine("accelerated", sm.Ball(np.zeros(3), 2.0), max_passes=60),
    "gradient": affine("gradient", max_passes=60),
    "saddle": affine("saddle", sm.Simplex(3)),
    "working-set": affine("working-set"),
    "conditional-gradient": affine("conditional-gradient", sm.Simplex(3), max_passes=60),
    "auto": affine("auto"),
    "functions by newton": convex(solved, method="newton"),
    "functions by auto": convex(solved, method="auto", max_passes=60),
    "minimax": convex(partial(minimax, told={})),
    "path": convex(path),
}


class Stopper:
    """A profiler that raises KeyboardInterrupt at the k-th call of a function of the library, and knows what was then.

    Calls of generators are left alone: they may be the collector's, where Python drops what is raised. `seen` says that
    the judge had a point, `ready` that the engine had handed over its result.
    """

    def __init__(self, k, inside=LIBRARY):
        self.k, self.count, self.inside = k, 0, inside
        self.seen = self.ready = self.fired = False

    def __call__(self, frame, event, argument):
        code = frame.f_code
        if self.inside not in code.co_filename:
            return
        if event == "return":
            self.seen |= code.co_name == "see" and code.co_filename.endswith("judge.py")
            self.ready |= code.co_name == "solve_with" and argument is not None
        if event != "call" or code.co_flags & inspect.CO_GENERATOR:
            return
        self.count += 1
        if self.count == self.k:
            sys.setprofile(None)
            self.fired = True
            raise KeyboardInterrupt

    def __enter__(self):
        self.before = sys.getprofile()
        sys.setprofile(self)
        return self

    def __exit__(self, *trouble):
        sys.setprofile(self.before)


def moments(call, few):
    """Numbers of calls after which to stop: spread over the whole, denser at the beginning and the end."""
    with Stopper(0) as counting:
        call()
    n, rng = counting.count, np.random.default_rng(seed())
    ends = [*range(1, cases(12, 400), cases(5, 1)), *range(max(n - cases(40, 400), 1), n + 1, cases(13, 1))]
    return sorted({*(k for k in ends if k <= n), *rng.integers(1, n + 1, cases(few, 400)).tolist()})


def outcome(call):
    """What the call returns, or the interruption."""
    try:
        return call()
    except KeyboardInterrupt as stop:
        return stop


def surroundings():
    """What a solve must leave as it was."""
    return np.geterr(), CLOCK.get(), COUNTS.get(), list(warnings.filters)


def assert_best(r, truth, told):
    """An honest unfinished result with a bound that holds."""
    assert np.isfinite(r.x).all(), told
    assert r.lower_bound <= truth * (1 + 1e-9), told
    assert not math.isnan(r.gap), told
    assert r.fun >= truth * (1 - 1e-9) or math.isnan(r.fun), told
    assert r.success == (r.status == Status.PROVEN), told
    if r.trace and not r.success:
        assert r.fun <= min(row["fun"] for row in r.trace) * (1 + 1e-12) or math.isfinite(r.tau), told


@pytest.mark.parametrize("scene", SCENES)
def test_ctrl_c_at_the_nth_call_hands_over_the_best_point(scene):
    call = SCENES[scene]
    clean, before = call(), surroundings()
    on_path = isinstance(clean, sm.Path)
    truth = OPTIMUM if on_path else clean.fun - max(clean.gap, 0.0)
    finite = 0
    for k in moments(call, 5):
        told = f"call {k} in {scene!r}"
        with Stopper(k) as stopper:
            found = outcome(call)
        assert surroundings() == before, told
        if isinstance(found, sm.Interrupted):
            finite += math.isfinite(found.result.fun)
            assert_best(found.result, truth, told)
            assert found.result.status == Status.INTERRUPTED or found.path is not None, told
            if on_path:
                assert bits(found.path.results) == bits(clean.results[: len(found.path.results)]), told
        elif isinstance(found, KeyboardInterrupt):
            assert not stopper.seen or stopper.ready, f"{told}: the best point was lost"
        else:
            assert not stopper.fired or bits(found) == bits(clean), told
    assert finite, "no moment was within the solve"
    assert bits(call()) == bits(clean), "a solve after all these is another"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it may hit a hook of Hypothesis
@pytest.mark.parametrize("scene", ["newton", "minimax", "path", "accelerated"])
def test_the_signal_itself_at_random_times(scene):
    """SIGINT by a timer: between any two bytecodes, not only at calls."""
    call = SCENES[scene]
    clean, begun = call(), time.perf_counter()
    call()
    length, rng = time.perf_counter() - begun, np.random.default_rng(seed())
    truth = OPTIMUM if scene == "path" else clean.fun - max(clean.gap, 0.0)
    previous = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        for delay in rng.uniform(1e-4, length, cases(4, 300)):
            try:
                signal.setitimer(signal.ITIMER_REAL, delay)
                found = call()
                signal.setitimer(signal.ITIMER_REAL, 0)
            except sm.Interrupted as stop:
                assert_best(stop.result, truth, f"after {delay} s")
            except KeyboardInterrupt:
                pass  # before the first point, or between the result and us
            else:
                assert bits(found) == bits(clean)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:  # the timer was faster than the one before this line
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert bits(call()) == bits(clean)


def test_the_counts_of_an_interrupted_minimax_are_all_calls():
    made = [0]

    def counting(x):
        made[0] += 1
        return fun(x)

    def stop(intermediate_result):
        if intermediate_result.nit >= 2:
            raise KeyboardInterrupt

    with pytest.raises(sm.Interrupted) as caught:
        sm.minimax(counting, START, convex=True, callback=stop)
    assert caught.value.result.nfev == made[0]


def test_between_two_methods_the_first_result_is_kept(monkeypatch):
    """Where "auto" goes on with a second method, and Ctrl-C comes before that has begun."""
    import smoothmax.front as front

    real, calls = front.solve_with, []

    def stalls(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        found = real(*arguments, **options)
        found.update(status=int(Status.STALLED), success=False, gap=1.0)
        return found

    monkeypatch.setattr(front, "solve_with", stalls)
    with pytest.raises(sm.Interrupted) as caught:
        sm.solve(stated(Hand()), START)
    assert caught.value.result.status == Status.INTERRUPTED
    assert caught.value.result.fun == pytest.approx(OPTIMUM, rel=1e-6)


# ------------------------------------------------------------------------------------------------------ other doors


def test_ctrl_c_in_a_sweep_leaves_whole_files_and_goes_on(tmp_path):
    cells = [{"k": k} for k in range(4)]

    def run(folder):
        return Sweep(tasks.draw, cells, version="one").run(folder)

    clean = [{k: v for k, v in row.items() if k != "seconds"} for row in run(tmp_path / "clean")]
    for i, k in enumerate(moments(lambda: run(tmp_path / "counted"), cases(3, 60))):
        folder = tmp_path / str(i)
        with Stopper(k), suppress(KeyboardInterrupt):
            run(folder)
        for file in folder.rglob("*"):
            assert not file.name.endswith(".part"), f"call {k} left {file}"
            if file.suffix == ".json":
                json.loads(file.read_text())
        again = run(folder)
        assert [{k: v for k, v in row.items() if k != "seconds"} for row in again] == clean, f"call {k}"


def test_ctrl_c_on_the_command_line_is_130(tmp_path, capsys):
    data, out = tmp_path / "data.npz", tmp_path / "best.npz"
    np.savez(data, A=A, b=B)
    call = partial(main, ["solve", str(data), "--absolute", "--out", str(out), "--json"])
    assert call() == 0
    for k in moments(call, 6):
        out.unlink(missing_ok=True)
        capsys.readouterr()
        with Stopper(k) as stopper:
            code = call()
        stdout, stderr = capsys.readouterr()
        assert code == (130 if stopper.fired else 0), f"call {k} ended with {code}: {stdout} {stderr}"
        assert not list(tmp_path.glob(".*.part")), f"call {k} left a part of a file"
        assert len(stderr.splitlines()) <= 1, f"call {k}: {stderr}"
        if out.exists():
            with np.load(out) as kept:
                assert np.isfinite(kept["x"]).all()


def main(arguments):
    """The exit code, however it is told; that of an interruption before the first line is Python's own."""
    try:
        return cli.main(arguments)
    except SystemExit as stop:
        return stop.code
    except KeyboardInterrupt:
        return 130


def test_ctrl_c_in_cvxpy_leaves_the_best_point_or_nothing(monkeypatch):
    cp = pytest.importorskip("cvxpy")
    import smoothmax.cvx  # noqa: F401 - registers the method

    x = cp.Variable(3)
    problem = cp.Problem(cp.Minimize(cp.norm_inf(A @ x + B)))

    def call():
        return problem.solve(method="smoothmax")

    best = call()
    for k in moments(call, 10):
        with Stopper(k) as stopper, suppress(KeyboardInterrupt):
            call()
        told = f"call {k}"
        if problem.status == "user_limit":
            assert problem.value >= best * (1 - 1e-9), told
            np.testing.assert_allclose(np.abs(A @ x.value + B).max(), problem.value, rtol=1e-9, err_msg=told)
        else:
            assert problem.status in (None, "optimal"), told
            assert not stopper.fired or problem.status is None or x.value is not None, told
    assert call() == best


SLOW = """
import sys, numpy as np, smoothmax as sm
def fun(x):
    if len(calls) == 3:
        print("running", flush=True)
    calls.append(0)
    import time; time.sleep(0.01)  # longer in all than any delay
    return np.array([x @ x, (x - 2) @ (x - 2), np.exp(x[0] - x[1])])
calls = []
try:
    sm.minimax(fun, np.ones(40), convex=True, tol=1e-13)
except sm.Interrupted as stop:
    r = stop.result
    print(r.status, np.isfinite(r.x).all(), r.fun >= r.lower_bound, len(r.trace) > 0)
"""


@pytest.mark.parametrize("delay", [0.03, 0.0, 0.1, 0.2, 0.35][: cases(1, 5)])
def test_sigint_from_outside(delay):
    with subprocess.Popen([sys.executable, "-c", SLOW], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        assert p.stdout.readline() == "running\n"
        time.sleep(delay)
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=60)
    assert (p.returncode, err) == (0, ""), err
    assert out.split()[:3] == ["7", "True", "True"], out
