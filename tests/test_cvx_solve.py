"""problem.solve(method="smoothmax"): values, dual values, statuses and failures, as cvxpy's users expect them."""

import itertools
import warnings

import cvxpy as cp
import numpy as np
import pytest
from cvxpy import settings
from matplotlib.figure import Figure

import smoothmax as sm
from experiments import cvx_speed
from problems.enclosing_ball import cities
from smoothmax import cvx

RNG = np.random.default_rng(3)
A, B, C = RNG.standard_normal((60, 4)), RNG.standard_normal(60), RNG.standard_normal(4)
x = cp.Variable(4, name="x")
SHARP = {"solver": cp.CLARABEL, "tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}
ERROR = cp.norm_inf(A @ x - B)

PROBLEMS = {
    "free": (cp.Minimize(ERROR), []),
    "box": (cp.Minimize(ERROR), [x >= -0.1, x <= 0.05]),
    "tightest bound": (cp.Minimize(ERROR), [2 * x >= -0.2, x <= 0.05, x <= 0.01, -3 * x >= -0.06]),
    "fixed": (cp.Minimize(ERROR), [x[1] == 0.2, 3 * x[0] == -0.3]),
    "simplex": (cp.Minimize(ERROR), [x >= 0, cp.sum(x) == 1]),
    "scaled simplex": (cp.Minimize(ERROR), [-2 * x <= 0, 3 * cp.sum(x) == 2, x <= 1]),
    "maximize": (cp.Maximize(-ERROR), [x >= 0, cp.sum(x) == 1]),
    "game": (cp.Maximize(cp.min(A[:9].T @ cp.Variable(9, name="y", nonneg=True))), None),
    "max of min": (cp.Maximize(cp.min(A @ x - B)), [x >= -1, cp.sum(x) <= 1, x <= 2]),
    "both sides": (cp.Minimize(ERROR), [A[:3] @ x <= A[3:6] @ x + 0.1, x >= -1, C @ x == 0.3]),
    "cones": (cp.Minimize(ERROR), [cp.constraints.NonNeg(x - 0.05), cp.constraints.Zero(x[0] - x[1] - 0.1)]),
    "norm_inf": (cp.Minimize(ERROR), [cp.norm_inf(x) <= 0.02]),
    "abs": (cp.Minimize(ERROR), [cp.abs(x - 0.2) <= 0.1]),
    "max": (cp.Minimize(ERROR), [cp.max(A[:4] @ x) + x[0] <= -0.5]),
    "min": (cp.Minimize(ERROR), [cp.min(A[:4] @ x) >= 0.5 + x[1]]),
    "maximum": (cp.Minimize(ERROR), [cp.maximum(x, -2 * x) <= 0.1]),
    "ball": (cp.Minimize(ERROR), [cp.norm(2 * x - 1) <= 0.5]),
    "linear program": (cp.Minimize(C @ x), [x >= 0, cp.sum(x) == 1]),
}


def stated(name):
    objective, constraints = PROBLEMS[name]
    if constraints is None:  # over the variable of the objective
        (variable,) = objective.variables()
        constraints = [cp.sum(variable) == 1]
    return cp.Problem(objective, constraints)


def stationarity(problem):
    """The largest derivative of objective + Σ dual·constraint at the solution, over the slack of maximality.

    By the Lagrangian's own saddle property: with these dual values no point has a smaller Lagrangian than the optimal
    value (up to rounding), which one more solve over a box around the solution tells.
    """
    sign = -1 if isinstance(problem.objective, cp.Maximize) else 1
    lagrangian = sign * problem.objective.expr
    for constraint in problem.constraints:
        side = -1 if isinstance(constraint, cp.constraints.NonNeg) else 1
        inner = getattr(constraint, "expr", constraint.args[0])
        lagrangian = lagrangian + side * cp.sum(cp.multiply(constraint.dual_value, inner))
    here = [variable.value for variable in problem.variables()]
    near = [cp.abs(v - value) <= 0.1 for v, value in zip(problem.variables(), here, strict=True)]
    best = sign * problem.value
    free = cp.Problem(cp.Minimize(lagrangian), near).solve(**SHARP)
    return best - free


@pytest.mark.parametrize("name", PROBLEMS)
def test_values_and_dual_values_are_those_of_clarabel(name):
    problem = stated(name)
    problem.solve(**SHARP)
    value, duals = problem.value, [constraint.dual_value for constraint in problem.constraints]
    point = np.concatenate([variable.value for variable in problem.variables()])
    tol = 1e-8 if name == "ball" else 1e-11  # a ball leaves first-order methods alone
    assert problem.solve(method="smoothmax", tol=tol) == problem.value
    assert problem.status == "optimal"
    assert problem.value == pytest.approx(value, abs=2e-6)
    np.testing.assert_allclose(np.concatenate([v.value for v in problem.variables()]), point, atol=3e-4)
    for constraint, dual in zip(problem.constraints, duals, strict=True):
        assert np.shape(constraint.dual_value) == np.shape(dual)
        np.testing.assert_allclose(constraint.dual_value, dual, atol=1e-5, err_msg=str(constraint))
    lower, upper = problem.solution.attr["bounds"]
    assert lower <= value + 2e-6
    assert upper >= value - 2e-6
    assert lower - 1e-12 <= problem.value <= upper + 1e-12


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name not in ("ball", "game")])
def test_dual_values_make_the_lagrangian_stationary(name):
    problem = stated(name)
    problem.solve(method="smoothmax")
    for constraint in problem.constraints:
        if not isinstance(constraint, (cp.constraints.Equality, cp.constraints.Zero)):
            assert np.all(constraint.dual_value >= 0)
    assert abs(stationarity(problem)) < 1e-6  # Clarabel's word


def test_of_constraints_that_say_the_same_one_has_the_dual_value():
    total = cp.sum(x)
    single = cp.Problem(cp.Minimize(ERROR), [total == 1])
    single.solve(method="smoothmax", tol=1e-11)
    nu = single.constraints[0].dual_value
    for pair, signs in (
        ([total <= 1, total >= 1], (1, -1)),
        ([total >= 1, 2 * total <= 2], (-1, 2)),
        ([-3 * total == -3, total == 1], (-3, 1)),
    ):
        problem = cp.Problem(cp.Minimize(ERROR), pair)
        problem.solve(method="smoothmax", tol=1e-11)
        assert problem.value == pytest.approx(single.value, rel=1e-9)
        duals = [constraint.dual_value for constraint in pair]
        assert sum(s * dual for s, dual in zip(signs, duals, strict=True)) == pytest.approx(nu, rel=1e-6)
        assert min(np.abs(duals)) == 0
    twice = [total == 1] * 2
    cp.Problem(cp.Minimize(ERROR), twice).solve(method="smoothmax", tol=1e-11)
    assert twice[0].dual_value == pytest.approx(nu, rel=1e-6)


def test_minimax_and_maximin_have_opposite_values_and_the_same_duals():
    constraints = [x >= -0.1, cp.sum(x) == 0.2]
    low, high = cp.Problem(cp.Minimize(ERROR), constraints), cp.Problem(cp.Maximize(-ERROR), constraints)
    low.solve(method="smoothmax")
    first = [np.copy(c.dual_value) for c in constraints]
    high.solve(method="smoothmax")
    assert high.value == pytest.approx(-low.value, rel=1e-12)
    for one, constraint in zip(first, constraints, strict=True):
        np.testing.assert_allclose(constraint.dual_value, one, atol=1e-9)
    lower, upper = low.solution.attr["bounds"]
    assert high.solution.attr["bounds"] == pytest.approx((-upper, -lower), rel=1e-9)
    certificate = high.solution.attr["certificate"]
    assert (-certificate.upper, -certificate.lower) == high.solution.attr["bounds"]


def test_published_values():
    """Rock, paper, scissors is fair; the best quartic for |t| on [−1, 1] is off by 0.0676208992778 (Remez)."""
    p = cp.Variable(3, nonneg=True)
    game = cp.Problem(cp.Maximize(cp.min(np.array([[0, 1, -1], [-1, 0, 1], [1, -1, 0]]) @ p)), [cp.sum(p) == 1])
    assert game.solve(method="smoothmax") == pytest.approx(0, abs=1e-8)
    np.testing.assert_allclose(p.value, 1 / 3, atol=1e-7)
    t = np.union1d(np.linspace(-1, 1, 401), np.outer([-1, 1], (0, 0.28443158314309, 0.77708153642416, 1)))
    c = cp.Variable(5)
    fit = cp.Problem(cp.Minimize(cp.norm_inf(np.polynomial.chebyshev.chebvander(t, 4) @ c - np.abs(t))))
    assert fit.solve(method="smoothmax") == pytest.approx(0.06762089927779, rel=1e-7)


def test_the_certificate_can_be_recomputed():
    problem = stated("both sides")
    problem.solve(method="smoothmax")
    result, certificate = (problem.solution.attr[name] for name in ("result", "certificate"))
    again = sm.certify(cvx.from_cvxpy(problem), result.x, result.weights, result.multipliers)
    assert (again.lower, again.upper) == pytest.approx((certificate.lower, certificate.upper), abs=1e-12)
    assert 0 <= again.gap <= 1e-6


def test_statistics():
    problem = stated("box")
    problem.solve(method="smoothmax")
    stats = problem.solver_stats
    assert stats.solver_name == "SMOOTHMAX"
    assert stats.num_iters == problem.solution.attr["result"].nit > 0
    assert 0 < stats.solve_time < 60
    assert stats.setup_time == problem.compilation_time > 0
    assert stats.extra_stats["gap"] == problem.solution.attr["certificate"].gap
    assert "proven" in stats.extra_stats["message"]


def test_parameters_are_read_at_each_solve():
    radius = cp.Parameter(nonneg=True)
    problem = cp.Problem(cp.Minimize(ERROR), [cp.norm_inf(x) <= radius])
    with pytest.raises(cp.error.ParameterError):
        problem.solve(method="smoothmax")
    values = []
    for radius.value in (0.01, 0.1, 1.0):
        values.append(problem.solve(method="smoothmax"))
        assert np.abs(x.value).max() <= radius.value * (1 + 1e-12)
    assert values[0] > values[1] > values[2]


def left_empty(problem):
    assert all(variable.value is None for variable in problem.variables())
    assert all(constraint.dual_value is None for constraint in problem.constraints)


@pytest.mark.parametrize("sense", [cp.Minimize, cp.Maximize])
def test_infeasible_and_unbounded_are_statuses(sense):
    sign = 1 if sense is cp.Minimize else -1
    for constraints in ([x >= 1, x <= 0], [x >= 0, cp.sum(x) == -1], [cp.Constant(1) <= 0]):
        problem = cp.Problem(sense(sign * ERROR), constraints)
        assert problem.solve(method="smoothmax") == problem.value == sign * np.inf
        assert problem.status == "infeasible"
        left_empty(problem)
    for objective, constraints in ((cp.max(x), []), (cp.max(A[:2] @ x), [x[0] + x[1] <= 1]), (cp.sum(x), [x <= 1])):
        problem = cp.Problem(sense(sign * objective), constraints)
        assert problem.solve(method="smoothmax") == problem.value == -sign * np.inf
        assert problem.status == "unbounded"
        left_empty(problem)


@pytest.mark.parametrize(
    ("objective", "constraints", "error"),
    [
        (cp.Minimize(cp.sqrt(x[0])), [], cp.error.DCPError),
        (cp.Minimize(ERROR), [cp.sqrt(x[0]) <= 1], cp.error.DCPError),
        (cp.Minimize(cp.norm_inf(cp.Parameter((2, 4)) @ x)), [], cp.error.ParameterError),
        (cp.Minimize(cp.norm_inf(cp.Variable(3, integer=True))), [], cvx.NotMinimax),
        (cp.Minimize(cp.norm_inf(cp.Variable(3, complex=True))), [], cvx.NotMinimax),
        (cp.Minimize(ERROR), [cp.norm(x) <= 1, x >= 0], cvx.NotMinimax),
        (cp.Minimize(cp.norm1(x) + cp.exp(x[0])), [], cvx.NotMinimax),
        (cp.Minimize(cp.norm_inf(np.array([[np.nan, 1, 1, 1]]) @ x - 1)), [], ValueError),
    ],
)
def test_a_failure_leaves_nothing_of_an_earlier_solve(objective, constraints, error):
    problem = cp.Problem(objective, constraints)
    for variable in problem.variables():
        variable.save_value(np.ones(variable.shape))
    problem._value, problem._status = 7.0, "optimal"
    with pytest.raises(error):
        problem.solve(method="smoothmax")
    left_empty(problem)
    assert problem.value is None
    assert problem.status is None


def test_what_it_cannot_take_is_named_with_the_way_out():
    problem = cp.Problem(cp.Minimize(ERROR), [cp.norm(x) <= 1, x >= 0])
    with pytest.raises(cp.error.SolverError, match=r"(?s)norm.*fallback=True"):
        problem.solve(method="smoothmax")
    reference = problem.solve()
    with pytest.warns(UserWarning, match="(?s)own solve is used.*norm"):
        value = problem.solve(method="smoothmax", fallback=True, solver=cp.CLARABEL, max_iter=100)
    assert value == pytest.approx(reference, abs=1e-5)
    assert "norm" in problem.solution.attr["fallback"]
    assert problem.solver_stats.solver_name == "CLARABEL"


def test_a_fallback_is_not_used_where_none_is_needed():
    problem = stated("box")
    problem.solve(method="smoothmax", fallback=True, solver=cp.CLARABEL)
    assert problem.solver_stats.solver_name == "SMOOTHMAX"
    assert "fallback" not in problem.solution.attr


def test_another_kind_of_problem_falls_back():
    y = cp.Variable(2, pos=True)
    problem = cp.Problem(cp.Minimize(y[0] / y[1]), [y[0] * y[1] >= 2, y[1] <= 4])
    with pytest.raises(cp.error.DCPError):
        problem.solve(method="smoothmax")
    with pytest.warns(UserWarning, match="gp=True"):
        value = problem.solve(method="smoothmax", fallback=True, gp=True)
    assert value == pytest.approx(1 / 8, rel=1e-4)


def test_integers_fall_back_to_a_solver_for_them():
    k = cp.Variable(2, integer=True)
    problem = cp.Problem(cp.Minimize(cp.norm_inf(k - np.array([1.3, 2.6]))))
    with pytest.warns(UserWarning, match="integer"):
        problem.solve(method="smoothmax", fallback=True)
    np.testing.assert_allclose(k.value, [1, 3], atol=1e-6)


@pytest.mark.parametrize(
    ("keywords", "error", "what"),
    [
        ({"solver": "CLARABEL"}, TypeError, "(?s)'CLARABEL' does not apply.*fallback"),
        ({"max_iters": 3}, TypeError, "'max_iters'"),
        ({"gp": True}, TypeError, "'gp'"),
        ({"tol": -1}, ValueError, "tol"),
        ({"algorithm": "simplex"}, ValueError, "simplex"),
        ({"options": {"depth": 3}}, ValueError, "depth"),
        ({"rng": "x"}, TypeError, "rng"),
    ],
)
def test_wrong_keywords_are_named(keywords, error, what):
    with pytest.raises(error, match=what):
        stated("box").solve(method="smoothmax", **keywords)


@pytest.mark.parametrize("limit", [{"max_passes": 1}, {"time_limit": 0}])
def test_a_spent_budget_is_a_user_limit_with_honest_bounds(limit):
    problem = stated("both sides")
    best = problem.solve(method="smoothmax")
    with pytest.warns(UserWarning, match="inaccurate"):
        value = problem.solve(method="smoothmax", **limit)
    assert problem.status == settings.USER_LIMIT
    lower, upper = problem.solution.attr["bounds"]
    assert lower <= best + 1e-9
    assert best - 1e-9 <= value <= upper + 1e-9
    assert all(constraint.violation().max() <= 1e-9 for constraint in problem.constraints)


def test_a_tolerance_below_rounding_is_said():
    problem = stated("free")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        problem.solve(method="smoothmax", tol=0, atol=0)
    assert problem.status == ("optimal_inaccurate" if said else "optimal")
    lower, upper = problem.solution.attr["bounds"]
    assert 0 <= upper - lower <= 1e-11


def test_what_stalls_far_from_a_proof_is_an_error(monkeypatch):
    problem = stated("box")
    problem.solve(method="smoothmax")
    result = problem.solution.attr["result"]
    for gap, status in ((1e-7, "optimal_inaccurate"), (1e-2, None), (np.inf, None)):
        stalled = sm.MinimaxResult(result, status=5, success=False, gap=gap, message="It stalled.")
        monkeypatch.setattr("smoothmax.cvx.method.engine", lambda *_, stalled=stalled, **__: stalled)
        if status is None:
            with pytest.raises(cp.error.SolverError, match="It stalled"):
                problem.solve(method="smoothmax")
            left_empty(problem)
            with pytest.warns(UserWarning, match="own solve"):
                problem.solve(method="smoothmax", fallback=True)
            assert problem.solution.attr["fallback"] == "It stalled."
        else:
            with pytest.warns(UserWarning, match="inaccurate"):
                problem.solve(method="smoothmax")
            assert problem.status == status


def test_ctrl_c_leaves_the_best_point(monkeypatch):
    problem = stated("simplex")
    problem.solve(method="smoothmax")
    result = problem.solution.attr["result"]

    def stopped(*_, **__):
        raise sm.Interrupted(result)

    monkeypatch.setattr("smoothmax.cvx.method.engine", stopped)
    with pytest.raises(KeyboardInterrupt) as caught:
        problem.solve(method="smoothmax")
    assert caught.value.result is result
    np.testing.assert_array_equal(x.value, result.x)
    assert problem.status == settings.USER_LIMIT
    assert problem.solution.attr["bounds"] == (result.lower_bound, result.upper_bound)


def test_warm_start_begins_at_the_values_of_the_variables():
    problem = stated("box")
    problem.solve(method="smoothmax")
    best = problem.value
    with pytest.warns(UserWarning, match="inaccurate"):
        again = problem.solve(method="smoothmax", warm_start=True, max_passes=1, tol=0, atol=0)
    assert again == pytest.approx(best, rel=1e-9)
    with pytest.warns(UserWarning, match="inaccurate"):
        cold = problem.solve(method="smoothmax", max_passes=1)
    assert cold > best


def test_algorithms_agree():
    values = [
        stated("box").solve(method="smoothmax", algorithm=name) for name in ("auto", "working-set", "newton", "lbfgs")
    ]
    assert all(abs(a - b) <= 1e-7 * abs(a) for a, b in itertools.pairwise(values))


def test_diagonal_and_symmetric_matrices_come_back_in_cvxpys_form():
    D, S = cp.Variable((3, 3), diag=True), cp.Variable((3, 3), symmetric=True)
    T = RNG.standard_normal((3, 3))
    for variable in (D, S):
        problem = cp.Problem(cp.Minimize(cp.max(cp.abs(variable - T))))
        reference, kind = problem.solve(solver=cp.CLARABEL), type(variable.value)
        assert problem.solve(method="smoothmax") == pytest.approx(reference, abs=1e-6)
        assert type(variable.value) is kind
    np.testing.assert_allclose(S.value, S.value.T, atol=1e-9)


def test_scalars_matrices_and_several_variables():
    s, M = cp.Variable(), cp.Variable((2, 3))
    target = RNG.standard_normal((2, 3))
    problem = cp.Problem(cp.Minimize(cp.max(cp.abs(M - target - s))), [M >= 0, s >= -0.5, cp.sum(M, axis=0) <= 1])
    problem.solve(solver=cp.CLARABEL)
    reference = problem.value
    problem.solve(method="smoothmax")
    assert problem.value == pytest.approx(reference, abs=1e-6)
    assert (s.value.shape, M.value.shape) == ((), (2, 3))
    assert problem.constraints[0].dual_value.shape == (2, 3)
    assert problem.constraints[2].dual_value.shape == (3,)


def test_a_feasibility_problem_is_answered():
    problem = cp.Problem(cp.Minimize(0), [x >= 0, cp.sum(x) == 1])
    assert problem.solve(method="smoothmax") == 0
    assert problem.status == "optimal"
    assert cvx.from_cvxpy(problem).domain.contains(x.value)


def test_curved_components_have_dual_values_too():
    points = RNG.standard_normal((30, 3))
    c = cp.Variable(3)
    distances = (points**2).sum(axis=1) - 2 * points @ c
    constraints = [c[0] >= 0.3, cp.sum(c) == 0.1, c <= 2]
    problem = cp.Problem(cp.Minimize(cp.sum_squares(c) + cp.max(distances)), constraints)
    problem.solve(**SHARP)
    value, duals, point = problem.value, [constraint.dual_value for constraint in constraints], c.value
    problem.solve(method="smoothmax", tol=1e-11)
    assert problem.value == pytest.approx(value, abs=1e-7)
    np.testing.assert_allclose(c.value, point, atol=1e-5)
    for constraint, dual in zip(constraints, duals, strict=True):
        np.testing.assert_allclose(constraint.dual_value, dual, atol=1e-4)
    (radius_squared,) = (float(((points - c.value) ** 2).sum(axis=1).max()),)
    assert problem.value == pytest.approx(radius_squared, rel=1e-9)


def test_the_ball_around_european_cities():
    """The squared radius in 40 digits from the catalogue."""
    points, c = cities(), cp.Variable(3)
    problem = cp.Problem(cp.Minimize(cp.sum_squares(c) + cp.max((points**2).sum(axis=1) - 2 * points @ c)))
    assert problem.solve(method="smoothmax") == pytest.approx(0.096197465689801163488, rel=1e-8)
    lower, upper = problem.solution.attr["bounds"]
    assert lower <= 0.096197465689801163488 * (1 + 1e-15) <= upper * (1 + 1e-14)


def test_nonpos_is_taken_with_its_sign():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cvxpy deprecates it
        constraint = cp.constraints.NonPos(x - 0.05)
    problem, same = cp.Problem(cp.Minimize(ERROR), [constraint]), cp.Problem(cp.Minimize(ERROR), [x <= 0.05])
    assert problem.solve(method="smoothmax") == same.solve(method="smoothmax")
    np.testing.assert_array_equal(constraint.dual_value, same.constraints[0].dual_value)


def test_a_problem_without_variables_is_refused():
    with pytest.raises(cvx.NotMinimax, match="no variables"):
        cp.Problem(cp.Minimize(cp.Constant(5))).solve(method="smoothmax")


def test_the_experiment_judges_both_from_outside():
    table = cvx_speed.run(quick=True)
    assert [row["problem"] for row in table[::2]] == list(cvx_speed.QUICK)
    for row in table:
        assert row["said"].startswith("optimal")
        assert -1e-12 <= row["relative"] <= (1e-8 if row["contender"] == cvx_speed.OURS else 1e-4)
        assert row["seconds"] > 0
    assert len(cvx_speed.summary(table)) == len(table)
    assert isinstance(cvx_speed.plot(table), Figure)


@pytest.mark.parametrize("seed", range(3))
def test_an_optimum_of_zero_is_found(seed):
    rng = np.random.default_rng(seed)
    A, X = rng.standard_normal((20, 30)), cp.Variable((30, 4))
    solvable = cp.Problem(cp.Minimize(cp.norm_inf(A @ X - 1)))
    assert abs(solvable.solve(method="smoothmax")) <= 1e-10
    assert solvable.status == cp.OPTIMAL
    y = cp.Variable(20)
    consistent = cp.Problem(cp.Minimize(cp.max(A.T @ y - A.T @ np.ones(20))), [y >= 0])
    consistent.solve(method="smoothmax")
    assert consistent.status == cp.OPTIMAL
    lower, upper = consistent.solution.attr["bounds"]
    assert lower <= consistent.value <= upper


def test_components_that_fall_for_ever_do_not_loosen_the_tolerance():
    x, y = cp.Variable(), cp.Variable(3)
    falling = np.array([0.105, -0.536, 0.362]) @ y + 2
    problem = cp.Problem(
        cp.Minimize(cp.maximum(cp.abs(x), falling)), [np.array([[0.126, -0.132, 0.64]]) @ y <= 1, x >= -1]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert abs(problem.solve(method="smoothmax")) <= 1e-6
    lower, upper = problem.solution.attr["bounds"]
    assert lower <= 0 <= upper <= 1e-5


@pytest.mark.parametrize("seed", range(5))
def test_one_square_is_solved(seed):
    a, x = np.random.default_rng(seed).standard_normal(5), cp.Variable(5)
    problem = cp.Problem(cp.Minimize(cp.square(a @ x - 1)))
    assert abs(problem.solve(method="smoothmax")) <= 1e-12
    assert problem.status == cp.OPTIMAL


@pytest.mark.parametrize(("sign", "least"), [("nonneg", 1.0), ("nonpos", 2.0), ("pos", 1.0), ("neg", 2.0)])
def test_a_scalar_variable_with_a_sign(sign, least):
    s = cp.Variable(**{sign: True})
    problem = cp.Problem(cp.Minimize(cp.abs(s - 1) + 1))
    assert problem.solve(method="smoothmax") == pytest.approx(least, abs=1e-7)


def test_an_inactive_bound_has_no_dual_value():
    a, b, x = np.array([[-1.07], [1.43], [1.19]]), np.array([0.2467, 1.982, -0.7267]), cp.Variable(1)
    problem = cp.Problem(cp.Minimize(cp.sum_squares(a @ x - b)), [cp.norm_inf(x) <= 10, x >= -20])
    problem.solve(method="smoothmax")
    for constraint in problem.constraints:
        assert np.max(np.abs(constraint.dual_value)) <= 1e-9


def test_what_counts_for_nothing_is_no_obstacle_or_is_named():
    x = cp.Variable(2)
    problem = cp.Problem(cp.Minimize(cp.norm_inf(x) * 0.0 + cp.abs(x[0] - 1)))
    assert problem.solve(method="smoothmax") == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(cvx.NotMinimax, match="log"):
        cp.Problem(cp.Minimize(cp.log(x[0]) * 0 + cp.abs(x[1] - 1))).solve(method="smoothmax")


def test_a_norm_below_a_negative_number_is_infeasible():
    x = cp.Variable(3)
    problem = cp.Problem(cp.Minimize(cp.norm_inf(x - 1)), [cp.norm(x) <= -1])
    assert problem.solve(method="smoothmax") == np.inf
    assert problem.status == cp.INFEASIBLE


def test_the_dual_value_of_a_ball_has_cvxpys_shape():
    x = cp.Variable(3)
    problem = cp.Problem(cp.Minimize(cp.norm_inf(x - 2)), [cp.norm(x[None, :], 2, axis=1) <= 1])
    problem.solve(method="smoothmax")
    assert problem.constraints[0].dual_value.shape == (1,)


def test_stopped_before_any_proof_the_value_is_still_a_bound():
    x = cp.Variable(3)
    problem = cp.Problem(cp.Minimize(cp.norm_inf(x - np.arange(3.0))))
    with pytest.warns(UserWarning, match="inaccurate"):
        problem.solve(method="smoothmax", time_limit=1e-9)
    assert problem.status == "user_limit"
    assert problem.value <= problem.solution.attr["bounds"][1] <= problem.value * (1 + 1e-12)


def test_an_unknown_algorithm_is_named():
    with pytest.raises(ValueError, match="algorithm must be one of 'auto'"):
        cp.Problem(cp.Minimize(cp.norm_inf(cp.Variable(2)))).solve(method="smoothmax", algorithm="nwton")
