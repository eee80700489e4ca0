"""cvx.bracket contains the optimum of every DCP problem; cvx.path does it for falling τ, compiled once."""

import math

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import smoothmax as sm
from smoothmax import cvx
from smoothmax.cvx import solving
from tests.disciplined_expressions import VARIABLE, convex_expressions
from tests.effort import law

RNG = np.random.default_rng(3)
A, B = RNG.standard_normal((40, 4)), RNG.standard_normal(40)
X = cp.Variable(4, name="x")
F = A @ X - B
PROBLEMS = {
    "objective": lambda: cp.Problem(cp.Minimize(cp.norm_inf(F) + 0.1 * cp.norm1(X))),
    "constraint": lambda: cp.Problem(cp.Minimize(cp.sum_squares(F)), [cp.norm1(X) <= 0.5]),
    "both": lambda: cp.Problem(cp.Minimize(cp.max(F)), [cp.norm_inf(X) <= 0.7, cp.sum(cp.pos(X)) <= 1]),
    "exp": lambda: cp.Problem(cp.Minimize(cp.exp(cp.max(F)) - cp.sum(X)), [cp.abs(X) <= 2]),
    "square": lambda: cp.Problem(cp.Minimize(cp.sum_squares(cp.pos(F)) + cp.norm1(X))),
    "maximize": lambda: cp.Problem(cp.Maximize(cp.min(F) - cp.exp(cp.max(X))), [cp.sum(X) == 1, X >= -1]),
    "cvar": lambda: cp.Problem(cp.Minimize(cp.cvar(F, 0.8)), [X >= 0, cp.sum(X) == 1]),
    "spectral": lambda: cp.Problem(cp.Minimize(cp.lambda_max(cp.diag(X)) + cp.norm1(F))),
    "nothing to smooth": lambda: cp.Problem(cp.Minimize(cp.sum_squares(F)), [X >= 0]),
}


def optimum(problem):
    X.value = None
    return problem.solve(solver=cp.CLARABEL)


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("tau", [0.3, 0.01, 1e-4])
def test_the_optimum_is_inside(name, tau):
    problem = PROBLEMS[name]()
    exact = optimum(problem)
    found = cvx.bracket(problem, tau)
    lower, upper = found
    slack = 1e-7 * (1 + abs(exact))
    assert lower - slack <= exact <= upper + slack
    if name == "constraint" and tau == 0.3:  # |x|₁ ≤ ½ leaves no room for an error of 4·0.3·log 2
        assert upper == math.inf
        assert "restriction is infeasible" in found.message
        return
    assert math.isfinite(found.width), found.message
    attained = float(problem.objective.value)  # at the conservative point, which stands in the variables
    assert abs(attained - (lower if name == "maximize" else upper)) <= 1e-5 * (1 + abs(attained))
    for constraint in problem.constraints:
        assert np.max(constraint.violation()) <= 1e-6


@pytest.mark.parametrize("name", ["objective", "both", "exp"])
def test_a_colder_bracket_is_narrower(name):
    widths = [cvx.bracket(PROBLEMS[name](), tau).width for tau in (0.1, 0.01, 0.001)]
    assert widths[0] > widths[1] > widths[2]
    assert widths[2] < 0.05 * widths[0]


@law(15, 300)
@given(convex_expressions(), st.sampled_from([0.3, 0.02]))
def test_random_nested_problems(expr, tau):
    problem = cp.Problem(cp.Minimize(expr + cp.sum_squares(VARIABLE)), [cp.sum(VARIABLE) == 1])
    VARIABLE.value = None
    exact = problem.solve(solver=cp.CLARABEL)
    found = cvx.bracket(problem, tau)
    slack = 2e-6 * (1 + abs(exact))
    assert found.lower - slack <= exact <= found.upper + slack
    bound = cvx.smooth(problem, tau).error_bound
    if found.conservative.usable:
        assert abs(found.conservative.value - exact) <= bound + slack + found.conservative.error


def test_infeasible_and_unbounded():
    empty = cvx.bracket(cp.Problem(cp.Minimize(cp.max(F)), [X >= 1, X <= 0]), 0.1)
    assert empty == (math.inf, math.inf)
    assert "infeasible" in empty.message
    assert cvx.bracket(cp.Problem(cp.Maximize(cp.min(F)), [X >= 1, X <= 0]), 0.1) == (-math.inf, -math.inf)
    falling = cvx.bracket(cp.Problem(cp.Minimize(cp.max(X))), 0.1)
    assert falling == (-math.inf, -math.inf)
    assert "unbounded" in falling.message
    narrow = cvx.bracket(cp.Problem(cp.Minimize(cp.sum(X)), [cp.norm_inf(X) <= 0]), 0.1)
    assert narrow.lower <= 0 < narrow.upper == math.inf
    assert "smaller tau" in narrow.message


def test_a_solver_that_fails_leaves_infinite_ends_and_nothing_stale(monkeypatch):
    problem = PROBLEMS["objective"]()
    optimum(problem)

    def fail(*args, **kwargs):
        raise cp.error.SolverError("it failed")

    monkeypatch.setattr("cvxpy.reductions.chain.Chain.invert", fail)
    found = cvx.bracket(problem, 0.1)
    assert found == (-math.inf, math.inf)
    assert "no trustworthy answer" in found.message
    assert X.value is None


def test_a_value_far_off_is_not_believed():
    bad = solving.Solved(cp.OPTIMAL_INACCURATE, 1.0, 0.5, 0.0, 0.0)
    assert not bad.usable
    assert not solving.Solved(cp.SOLVER_ERROR, math.nan, math.inf, math.inf, 0.0).usable


def test_doors():
    for function in (cvx.bracket, cvx.path):
        with pytest.raises(TypeError, match="problem"):
            function(3, [0.1])
        with pytest.raises(cp.error.DCPError):
            function(cp.Problem(cp.Minimize(cp.sqrt(X[0]))), 0.1)
        with pytest.raises(cp.error.ParameterError):
            function(cp.Problem(cp.Minimize(cp.max(F) * cp.Parameter(nonneg=True))), 0.1)
    with pytest.raises(ValueError, match="tau must be finite and > 0"):
        cvx.bracket(PROBLEMS["objective"](), 0)
    for taus, error in (([], ValueError), ([1, -1], ValueError), ("warm", TypeError), (3.0, TypeError)):
        with pytest.raises(error, match="taus"):
            cvx.path(PROBLEMS["objective"](), taus)
    whole = cp.Variable(2, integer=True)
    with pytest.raises(cp.error.SolverError):
        cvx.bracket(cp.Problem(cp.Minimize(cp.norm_inf(whole - 0.4))), 0.1)


@pytest.mark.parametrize("name", ["objective", "maximize", "both"])
def test_path(name, tmp_path):
    problem = PROBLEMS[name]()
    exact = optimum(problem)
    path = cvx.path(problem, [0.01, 0.2, 0.1, 0.001])
    assert isinstance(path, sm.Path)
    table = path.to_dict()
    assert table["tau"] == [0.2, 0.1, 0.01, 0.001]
    slack = 1e-6
    for row, found in zip(path.records, path.brackets, strict=True):
        assert row["success"]
        assert row["lower_bound"] - slack <= exact <= row["upper_bound"] + slack
        assert (row["lower_bound"], row["upper_bound"]) == found
        assert abs(row["smoothed_fun"] - exact) <= row["error_bound"] + slack
        assert row["error_bound"] == pytest.approx(cvx.smooth(problem, row["tau"]).error_bound)
        assert 0 < row["solver_time"] <= row["time"]
    better = min if name == "maximize" else max
    assert better(path.lower_bound - exact, exact - path.lower_bound) <= path.records[0]["gap"] + slack
    assert abs(path.best - exact) <= path.records[-1]["gap"] + slack
    assert path.lower_bound - slack <= exact <= path.upper_bound + slack
    assert abs(problem.objective.value - path.records[-1]["fun"]) <= 1e-12
    text = path.to_csv(tmp_path / "path.csv")
    assert text.splitlines()[0].split(",")[:3] == ["tau", "fun", "smoothed_fun"]
    for options in ({}, {"optimum": exact}):
        figure = path.plot(tmp_path / "path.svg", **options)
        labels = [text.get_text() for text in figure.legends[0].get_texts()]
        assert "width of the bracket" in labels
        assert ("error bound, before any solve" in labels) == (name == "objective")
        assert (tmp_path / "path.svg").stat().st_size > 5000


def test_extrapolation_lands_on_the_optimum():
    problem = cp.Problem(cp.Minimize(cp.norm_inf(F)))
    exact = optimum(problem)
    path = cvx.path(problem, np.geomspace(0.1, 1e-3, 6))
    last = path.records[-1]
    assert abs(last["extrapolated"] - exact) < 1e-2 * abs(last["fun"] - exact)


def test_an_interrupted_path_keeps_what_it_has(monkeypatch):
    attempt, calls = solving.attempt, []

    def interrupted(*args, **kwargs):
        calls.append(1)
        if len(calls) > 4:
            raise KeyboardInterrupt
        return attempt(*args, **kwargs)

    monkeypatch.setattr("smoothmax.cvx.enclosure.attempt", interrupted)
    with pytest.raises(KeyboardInterrupt) as stop:
        cvx.path(PROBLEMS["objective"](), [1, 0.1, 0.01, 0.001])
    assert [row["tau"] for row in stop.value.path.records] == [1, 0.1]


def test_a_large_problem_is_not_called_infeasible_for_its_units():
    A, b, x = np.array([[1.0, 2], [3, -1], [-1, 1]]), np.array([1e8, -2e8, 3e8]), cp.Variable(2)
    for objective, least in ((cp.square(cp.norm_inf(A @ x - b)), 1.5625e16), (cp.norm_inf(A @ x - b), 1.25e8)):
        found = cvx.bracket(cp.Problem(cp.Minimize(objective), [cp.norm_inf(x) <= 1e8]), 1e6)
        assert found.lower <= least
        assert found.upper >= least


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_coefficients_that_the_solver_cannot_see(scale):
    """The true minimum is 0 at x = 1/scale; what the solver makes of it must not be sold as a bracket elsewhere."""
    A, x = scale * np.random.default_rng(0).standard_normal((6, 3)), cp.Variable(3)
    b = A @ np.full(3, 1 / scale)
    found = cvx.bracket(cp.Problem(cp.Minimize(cp.norm_inf(A @ x - b)), [cp.norm_inf(x) <= 10 / scale]), 1e-3)
    assert found.lower <= 1e-7
    assert found.upper >= 0.0


def test_integer_variables_are_named():
    z = cp.Variable(3, integer=True, name="z")
    problem = cp.Problem(cp.Minimize(cp.norm_inf(z - 0.4)), [z >= -3, z <= 3])
    for attempt in (lambda: cvx.bracket(problem, 0.1), lambda: cvx.path(problem, [0.1])):
        with pytest.raises(cp.error.SolverError, match="z is a variable with integer=True"):
            attempt()


def test_a_smoothing_solves_itself_where_long_steps_break_down():
    frequencies = np.linspace(0, np.pi, 150)
    C = 2 * np.cos(np.outer(frequencies, np.arange(12)))
    C[:, 0] = 1
    h = cp.Variable(12)
    passing, stopping = C[frequencies <= 0.3 * np.pi], C[frequencies >= 0.5 * np.pi]
    problem = cp.Problem(cp.Minimize(cp.maximum(cp.norm_inf(passing @ h - 1), 10 * cp.norm_inf(stopping @ h))))
    exact = problem.solve(solver=cp.CLARABEL)
    for tau in (0.03, 0.003, 0.001):
        smoothing = cvx.smooth(problem, tau)
        value = smoothing.solve()
        assert exact - 1e-7 <= value <= exact + smoothing.error_bound
        assert smoothing.problem.status in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE)
    with pytest.raises(cp.error.ParameterError):
        cvx.smooth(problem, cp.Parameter(pos=True)).solve()
    assert cvx.smooth(cp.Problem(cp.Minimize(cp.max(h))), 0.1).solve() == -math.inf
