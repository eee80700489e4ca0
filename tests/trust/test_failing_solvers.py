"""HiGHS, Clarabel, nonnegative least squares, LAPACK and the finish made to fail: they raise, refuse, say that they are
out of time, return nan or too little, or lie. Whatever a method makes of it is honest, or proven by other means."""

import math
import sys
import time
from functools import cache

import numpy as np
import pytest
import scipy.optimize

import smoothmax as sm
from smoothmax.solvers import METHODS, Status
from smoothmax.solvers.finish import Finished

from ..effort import cases

highspy = pytest.importorskip("highspy")
RNG = np.random.default_rng(3)
A, B = RNG.standard_normal((40, 3)), RNG.standard_normal(40)
ROW, ENDS = np.array([[1.0, 1.0, 1.0]]), np.full(3, 2.0)
KNOWN = {int(status) for status in Status}


class Corners:
    """The box |x_j| ≤ 2 by its oracle alone."""

    d = 3

    def lmo(self, c):
        return np.where(c > 0, -2.0, 2.0)


DOMAINS = {
    "free": lambda: None,
    "box": lambda: sm.Box(-ENDS, ENDS),
    "simplex": lambda: sm.Simplex(3),
    "polyhedron": lambda: sm.Polyhedron(ROW, [0.25]),
    "polytope": lambda: sm.Polyhedron(ROW, [0.25], bounds=(-ENDS, ENDS)),
    "equality": lambda: sm.Polyhedron(A_eq=ROW, b_eq=[1.0], bounds=(-ENDS, ENDS)),
    "ball": lambda: sm.Ball(np.zeros(3), 1.0),
    "oracle": Corners,
}
FAMILIES = {
    "affine": lambda: sm.Affine(A, B, absolute=True),
    "quadratic": lambda: sm.Quadratic(np.eye(3) + 0.2 * np.ones((3, 3)), A[:12], B[:12]),
}


def problem(family, domain):
    return sm.Minimax(FAMILIES[family](), DOMAINS[domain]())


@cache
def truth(family, domain):
    """(lower, upper) of the minimum, before anything was made to fail."""
    stated = problem(family, "box" if domain == "oracle" else domain)
    r = sm.solve(stated, tol=1e-9)
    assert r.gap <= 1e-6 * (1 + abs(r.fun)), r.message
    return r.lower_bound, r.upper_bound


TASKS = [
    (method, family, domain)
    for method, solver in METHODS.items()
    for family in FAMILIES
    for domain in DOMAINS
    if solver.refuses(problem(family, domain)) is None
]


# -------------------------------------------------------------------------------------------------------- the faults


class Panic(BaseException):
    """What a panic in Rust arrives as."""


Panic.__name__ = "PanicException"


def raising(error):
    def fail(*arguments, **options):
        raise error

    return fail


def faulty_highs(**verbs):
    """HiGHS with some of its verbs replaced; each replacement is given the real one."""
    real = highspy.Highs

    class Faulty:
        def __init__(self):
            self._h = real()

        def __getattr__(self, name):
            found = getattr(self._h, name)
            return (lambda *arguments: verbs[name](found, *arguments)) if name in verbs else found

    return Faulty


def spoiled(change):
    """getSolution with its arrays changed."""

    class Solution:
        pass

    def verb(real, *arguments):
        found, given = real(*arguments), Solution()
        for name in ("col_value", "col_dual", "row_value", "row_dual"):
            setattr(given, name, change(name, np.array(getattr(found, name), dtype=float)))
        return given

    return verb


def lies(name, array):
    return array + np.random.default_rng(array.size).standard_normal(array.size)


S = highspy.HighsModelStatus
E = highspy.HighsStatus
HIGHS = {
    **{
        f"{verb} raises": {verb: lambda real, *_: raising(RuntimeError("HiGHS"))()}
        for verb in ("addCols", "addRows", "setBasis", "run", "getModelStatus", "getSolution", "setOptionValue")
    },
    **{f"{verb} refuses": {verb: lambda real, *_: E.kError} for verb in ("addCols", "addRows", "setBasis", "run")},
    **{
        f"says {status}": {"getModelStatus": lambda real, s=status: s}
        for status in (S.kInfeasible, S.kUnbounded, S.kTimeLimit, S.kIterationLimit, S.kUnknown, S.kSolveError)
    },
    "says nothing": {"getModelStatus": lambda real: None},
    "does not run, but is content": {"run": lambda real: E.kOk, "getModelStatus": lambda real: S.kOptimal},
    "nan values": {"getSolution": spoiled(lambda name, v: v * np.nan)},
    "nan prices": {"getSolution": spoiled(lambda name, v: v * (np.nan if name == "col_dual" else 1))},
    "inf duals": {"getSolution": spoiled(lambda name, v: v + (np.inf if name == "row_dual" else 0))},
    "lies about all": {"getSolution": spoiled(lies)},
    "lies about x": {"getSolution": spoiled(lambda name, v: lies(name, v) if name == "col_value" else v)},
    "lies about p": {"getSolution": spoiled(lambda name, v: -abs(lies(name, v)) if name == "row_dual" else v)},
    "zeros": {"getSolution": spoiled(lambda name, v: 0 * v)},
    "too few": {"getSolution": spoiled(lambda name, v: v[:1])},
    "no solution": {"getSolution": lambda real: None},
    "huge": {"getSolution": spoiled(lambda name, v: 1e300 * (v + 1))},
}


def answer(**entries):
    """linprog's result with some of its entries changed."""
    real = scipy.optimize.linprog

    def linprog(*arguments, **options):
        found = real(*arguments, **options)
        for name, change in entries.items():
            if name == "marginals":
                for side in (found.ineqlin, found.eqlin):
                    side.marginals = change(np.asarray(side.marginals, dtype=float))
            else:
                found[name] = change(found[name])
        return found

    return linprog


NOTHING = scipy.optimize.OptimizeResult
LINPROG = {
    "raises": raising(RuntimeError("HiGHS")),
    "dislikes its numbers": raising(ValueError("inf")),
    **{
        f"status {s}": (lambda *_, s=s, **__: NOTHING(status=s, x=None, message="no", ineqlin=None, eqlin=None))
        for s in (1, 2, 3, 4)
    },
    "nan": answer(x=lambda v: v * np.nan),
    "nan prices": answer(marginals=lambda v: v * np.nan),
    "lies": answer(x=lambda v: v + 1.0, marginals=lambda v: v + np.linspace(-1, 1, v.size)),
    "zeros": answer(x=lambda v: 0 * v, marginals=lambda v: 0 * v),
}
NNLS = {
    "runs out": raising(RuntimeError("Maximum number of iterations reached.")),
    "dislikes its numbers": raising(ValueError("array must not contain infs or NaNs")),
    "nan": lambda A, b, **_: (np.full(A.shape[1], np.nan), math.nan),
    "zeros": lambda A, b, **_: (np.zeros(A.shape[1]), 1.0),
    "ones": lambda A, b, **_: (np.ones(A.shape[1]), 1.0),
}
LAPACK = {name: raising(np.linalg.LinAlgError("singular")) for name in ("solve", "lstsq", "cholesky", "inv")}


def garbage(problem, x, weights, multipliers, meter):
    """A finish that is sure of itself."""
    return Finished(x + 1.0, np.roll(weights, 1), multipliers)


FINISH = {"nothing": lambda *_: None, "garbage": garbage}


def assert_honest(r, stated, bounds, told):
    """A point of X with its own value, bounds on both sides of the minimum, success only where it is one."""
    low, high = bounds
    room = 1e-9 * (1 + abs(high))
    assert int(r.status) in KNOWN, told
    assert np.isfinite(r.x).all(), told
    assert stated.domain.contains(r.x, 1e-9), f"{told}: {r.x} is not in X"
    assert r.fun == pytest.approx(stated(r.x), rel=1e-12), told
    assert r.lower_bound <= high + room, f"{told}: lower bound {r.lower_bound} above the minimum {high}"
    assert r.upper_bound >= low - room, told
    assert not math.isnan(r.gap), told
    assert r.success == (r.status == 0), told
    assert r.status != Status.CONTRADICTED, f"{told}: a proof was wrong"
    assert not r.success or r.fun - low <= r.threshold + room, told


def solved(task, told):
    method, family, domain = task
    bounds, stated = truth(family, domain), problem(family, domain)
    return stated, bounds, f"{method} on {family} over {domain}, {told}"


def run(monkeypatch, target, name, fault, task, told, **options):
    stated, bounds, told = solved(task, told)
    with monkeypatch.context() as patched:
        patched.setattr(target, name, fault)
        r = sm.solve(stated, method=task[0], max_passes=300, tol=1e-7, **options)
        assert_honest(r, stated, bounds, told)
        again = sm.certify(stated, r.x, r.weights, r.multipliers)
        assert again.lower <= bounds[1] + 1e-9 * (1 + abs(bounds[1])), f"{told}: certify proves what is false"
    return r


def some(tasks, count):
    """A few on every change, all on a night."""
    return tasks[:: max(1, len(tasks) // count)] if cases(1, 0) else tasks


ASKS_HIGHS = [
    task for task in TASKS if task[0] in ("working-set", "conditional-gradient", "auto") and task[1] == "affine"
]
POLYHEDRA = [task for task in TASKS if task[2] in ("polyhedron", "polytope", "equality")]


@pytest.mark.parametrize("fault", HIGHS)
def test_highs_on_working_sets_fails(monkeypatch, fault):
    for task in some(ASKS_HIGHS, 2):
        run(monkeypatch, highspy, "Highs", faulty_highs(**HIGHS[fault]), task, fault)


def test_highs_that_cannot_even_begin(monkeypatch):
    for task in some(ASKS_HIGHS, 2):
        stated, bounds, told = solved(task, "no highspy")
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, "highspy", None)
            assert_honest(sm.solve(stated, method=task[0], max_passes=300), stated, bounds, told)


def test_highs_that_takes_its_time_is_stopped(monkeypatch):
    """It is told the seconds that are left; one that does not listen is late by one run."""

    def slow(real):
        time.sleep(0.05)
        return E.kOk

    with monkeypatch.context() as patched:
        patched.setattr(highspy, "Highs", faulty_highs(run=slow, getModelStatus=lambda real: S.kTimeLimit))
        stated, bounds, told = solved(("working-set", "affine", "free"), "slow")
        begun = time.perf_counter()
        r = sm.solve(stated, method="working-set", time_limit=0.1, tol=0.0, atol=0.0)
        assert time.perf_counter() - begun < 2.0
        assert_honest(r, stated, bounds, told)


@pytest.mark.parametrize("fault", LINPROG)
def test_linear_programs_over_polyhedra_fail(monkeypatch, fault):
    for task in some(POLYHEDRA, 4):
        run(monkeypatch, scipy.optimize, "linprog", LINPROG[fault], task, f"linprog: {fault}")


@pytest.mark.parametrize("fault", LINPROG)
def test_a_polyhedron_is_stated_truly_or_refused(monkeypatch, fault):
    """At the door there is nothing to fall back on: an error that says so, or a set whose start is in it."""
    monkeypatch.setattr(scipy.optimize, "linprog", LINPROG[fault])
    for domain in ("polyhedron", "polytope", "equality"):
        try:
            found = DOMAINS[domain]()
        except ValueError as refused:
            assert "polyhedron" in str(refused)  # noqa: PT017
        else:
            assert found.contains(found.start(), 1e-9)


@pytest.mark.parametrize("fault", NNLS)
def test_nonnegative_least_squares_fail(monkeypatch, fault):
    for task in some(TASKS, 5):
        run(monkeypatch, scipy.optimize, "nnls", NNLS[fault], task, f"nnls: {fault}")


@pytest.mark.parametrize("name", LAPACK)
def test_dense_systems_fail(monkeypatch, name):
    for task in some([task for task in TASKS if task[0] != "cvxpy"], 5):
        run(monkeypatch, np.linalg, name, LAPACK[name], task, f"numpy.linalg.{name} raises")


@pytest.mark.parametrize("fault", FINISH)
@pytest.mark.parametrize("room", ["smoothmax.solvers.working_set.vertices", "smoothmax.solvers.working_set.method"])
def test_a_finish_that_is_wrong(monkeypatch, room, fault):
    module = __import__(room, fromlist=["finish"])
    if not hasattr(module, "finish"):
        pytest.skip("it asks for none")
    for task in some([task for task in TASKS if task[0] == "working-set"], 3):
        run(monkeypatch, module, "finish", FINISH[fault], task, f"finish: {fault}")


# ---------------------------------------------------------------------------------------------------------- the cones

CONIC = {
    "panics": raising(Panic("index out of bounds")),
    "raises": raising(RuntimeError("Clarabel")),
    "dislikes its numbers": raising(ValueError("nan")),
    "divides by zero": raising(ZeroDivisionError()),
    "says nothing": lambda *_: None,
}


def conic_lies(change):
    import cvxpy as cp

    real = cp.Problem.unpack_results

    def unpack(self, *arguments):
        real(self, *arguments)
        for variable in self.variables():
            variable.save_value(change(np.asarray(variable.value, dtype=float)))
        for constraint in self.constraints:
            for dual in constraint.dual_variables:
                if dual.value is not None:
                    dual.save_value(change(np.asarray(dual.value, dtype=float)))

    return unpack


LIES = {"nan": lambda v: v * np.nan, "zeros": lambda v: v * 0, "moved": lambda v: v + 0.1, "huge": lambda v: 1e200 * v}
CONES = [task for task in TASKS if task[0] == "cvxpy"]


@pytest.mark.parametrize("fault", CONIC)
@pytest.mark.parametrize("tau", [None, 0.1])
def test_a_conic_solver_fails(monkeypatch, fault, tau):
    pytest.importorskip("cvxpy")
    from cvxpy.reductions.solvers.solving_chain import SolvingChain

    for task in some(CONES, 1):
        r = run(monkeypatch, SolvingChain, "solve_via_data", CONIC[fault], task, fault, tau=tau)
        assert not r.success or math.isfinite(r.lower_bound)


@pytest.mark.parametrize("lie", LIES)
def test_a_conic_solver_lies(monkeypatch, lie):
    cp = pytest.importorskip("cvxpy")
    for task in some(CONES, 1):
        run(monkeypatch, cp.Problem, "unpack_results", conic_lies(LIES[lie]), task, f"lies: {lie}", tau=0.1)


@pytest.mark.parametrize("fault", ["panics", "raises", "divides by zero"])
def test_brackets_do_without_an_answer(monkeypatch, fault):
    cp = pytest.importorskip("cvxpy")
    from cvxpy.reductions.solvers.solving_chain import SolvingChain

    from smoothmax import cvx

    x = cp.Variable(2)
    problem = cp.Problem(cp.Minimize(cp.norm_inf(A[:5, :2] @ x + B[:5])))
    monkeypatch.setattr(SolvingChain, "solve_via_data", CONIC[fault])
    lower, upper = cvx.bracket(problem, 0.1)
    assert (lower, upper) == (-math.inf, math.inf)


def test_a_path_and_a_comparison_go_through_all_this(monkeypatch):
    """The doors above solve: the temperatures of a path, and every route of verify."""
    monkeypatch.setattr(highspy, "Highs", faulty_highs(**HIGHS["lies about all"]))
    monkeypatch.setattr(scipy.optimize, "linprog", LINPROG["raises"])
    stated, bounds = sm.Minimax(FAMILIES["affine"](), sm.Box(-ENDS, ENDS)), truth("affine", "box")
    found = sm.path(stated, [0.5, 0.1])
    assert found.lower_bound <= bounds[1] + 1e-9
    assert all(row["success"] for row in found.records)
    report = sm.verify(stated, 0.1)
    assert [row for row in report.rows if row.route == "newton"]
