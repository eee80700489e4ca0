"""The exponential-cone method: its minimizers against a method that knows nothing of cones, and its failures."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import LinearConstraint, minimize
from scipy.sparse.linalg import aslinearoperator

import smoothmax as sm
from smoothmax.solvers import conic
from smoothmax.solvers.conic import Conic, accepts
from smoothmax.solvers.conic.method import attempt

D, N = 4, 25
FORMS = ("perspective", "log-sum-exp")


def components(kind, unit=1.0, seed=0):
    rng = np.random.default_rng(seed)
    A, b = unit * rng.standard_normal((N, D)), unit * rng.standard_normal(N)
    L = rng.standard_normal((N, D, D)) / np.sqrt(D)
    P = unit * L @ L.swapaxes(1, 2)
    return {
        "affine": lambda: sm.Affine(np.vstack([A, -A.sum(axis=0)]), np.append(b, 0.0)),
        "absolute": lambda: sm.Affine(A, b, absolute=True),
        "sparse": lambda: sm.Affine(sp.csr_array(np.where(abs(A) < 0.3 * unit, 0, A)), b, absolute=True),
        "scalar": lambda: sm.Quadratic(1.5 * unit, A, b),
        "shared": lambda: sm.Quadratic(P[0], A, b),
        "each": lambda: sm.Quadratic(P, A, b),
        "rank-one": lambda: sm.Quadratic(unit * L[:, :, :1] @ L[:, :, :1].swapaxes(1, 2), A, b),
        "stack": lambda: sm.Stack([sm.Affine(A, b, absolute=True), sm.Stack([sm.Quadratic(P[1], A), sm.Quadratic(P)])]),
    }[kind]()


DOMAINS = {
    "free": sm.Free(D),
    "box": sm.Box(-0.3, np.full(D, 0.4)),
    "half": sm.Box([-np.inf, 0.0, 0.1, -1.0], [0.0, np.inf, 0.1, np.inf]),
    "simplex": sm.Simplex(D, total=2.0),
    "ball": sm.Ball([0.5, -0.2, 0.1, 0.3], 0.5),
    "polyhedron": sm.Polyhedron([[1.0, 2, 0, -1], [0, 1, 1, 0]], [0.5, 0.4], [[1.0, 1, 1, 1]], [0.3], bounds=(-2, 2)),
}


def minimum(surrogate, ladder=(1e3, 100, 10, 1)):
    """min F_tau over X by SciPy on the surrogate itself: trust-constr or SLSQP, from warmer temperatures down."""
    problem, x = surrogate.problem, surrogate.problem.start()
    constraints, bounds = [], None
    if isinstance(problem.domain, sm.Ball):
        ball = problem.domain
        inside = {"fun": lambda x: 1 - ((x - ball.center) ** 2).sum() / ball.radius**2}
        constraints = [{"type": "ineq", **inside, "jac": lambda x: -2 * (x - ball.center) / ball.radius**2}]
    else:
        linear = problem.domain.linear()
        bounds = np.column_stack([linear.lb, linear.ub])
        for A, lb, ub in ((linear.A_ub, -np.inf, linear.b_ub), (linear.A_eq, linear.b_eq, linear.b_eq)):
            if A is not None:
                constraints.append(LinearConstraint(A, lb, ub))
    unit = np.ptp(surrogate.at(x).f)
    for warm in ladder:
        s = sm.Smoothed(problem, surrogate.tau * warm, prior=surrogate.prior)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = minimize(
                lambda x, s=s: (s.fun(x) / unit, s.jac(x) / unit),
                x,
                jac=True,
                method="SLSQP",
                bounds=bounds,
                constraints=constraints,
                options={"ftol": 1e-15, "maxiter": 1000},
            )
        x = problem.start(found.x)
    return surrogate.fun(x), unit


def solved(surrogate, options=None, states=3):
    """The best state after the start and two attempts."""
    iterator = Conic(surrogate.problem, options or {}).states(surrogate, surrogate.problem.start())
    return [next(iterator) for _ in range(states)][-1]


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("kind", ["affine", "absolute", "sparse", "scalar", "shared", "each", "rank-one", "stack"])
def test_minimum_agrees_with_scipy(kind, domain):
    if kind == "affine" and domain == "half":
        pytest.skip("unbounded directions make SLSQP wander")
    problem = sm.Minimax(components(kind), DOMAINS[domain])
    surrogate = sm.Smoothed(problem, 0.1)
    expected, unit = minimum(surrogate)
    state = solved(surrogate)
    assert problem.domain.contains(state.point.x, 1e-12)
    assert abs(state.point.fun - expected) <= 1e-8 * unit
    assert 0 <= state.decrement <= 1e-7 * unit


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("share", [1.0, 1e-3, 1e-6])
@pytest.mark.parametrize("kind", ["absolute", "each"])
def test_temperatures_and_units_change_nothing(kind, share, unit):
    problem = sm.Minimax(components(kind, unit), DOMAINS["box"])
    scale = np.ptp(problem.components.value(problem.start()))
    surrogate = sm.Smoothed(problem, share * scale)
    newton = sm.Smoothed(problem, share * scale)
    reference = _newton(newton)
    state = solved(surrogate)
    assert abs(state.point.fun - reference) <= 1e-9 * scale
    assert state.decrement <= 1e-7 * scale


def _newton(surrogate):
    """The library's own Newton, proven: an independent reference where SciPy's methods give up."""
    from smoothmax.front import solve

    found = solve(surrogate.problem, tau=surrogate.tau, method="newton", tol=1e-14)
    return found.smoothed_fun


def test_extreme_columns_and_offsets():
    rng = np.random.default_rng(5)
    A = rng.standard_normal((40, 3)) * [1e-6, 1.0, 1e7]
    b = 1e5 + rng.standard_normal(40)
    problem = sm.Minimax(sm.Affine(np.vstack([A, -A]), np.concatenate([b, 2e5 - b])))
    surrogate = sm.Smoothed(problem, 1e-3)
    assert abs(solved(surrogate).point.fun - _newton(surrogate)) <= 1e-8


@pytest.mark.parametrize("form", FORMS)
def test_both_forms_state_the_same_problem(form):
    surrogate = sm.Smoothed(sm.Minimax(components("stack"), DOMAINS["ball"]), 0.05)
    one = attempt(surrogate, surrogate.problem.start(), "CLARABEL", form)
    other = attempt(surrogate, surrogate.problem.start(), "CLARABEL", FORMS[form == FORMS[0]])
    assert one.point.fun == pytest.approx(other.point.fun, abs=1e-8)


def test_the_prior_enters_and_zeros_drop_rows():
    rng = np.random.default_rng(2)
    prior = rng.random(2 * N)
    prior[::3] = 0.0
    problem = sm.Minimax(components("absolute"), DOMAINS["simplex"])
    surrogate = sm.Smoothed(problem, 0.2, prior=prior)
    expected, unit = minimum(surrogate)
    assert abs(solved(surrogate).point.fun - expected) <= 1e-8 * unit
    value, p = conic.dual(problem, 0.2, prior=prior)
    assert abs(value - expected) <= 1e-7 * unit
    assert np.all(p[::3] == 0)


@pytest.mark.parametrize("share", [1.0, 0.01])
def test_scs_on_request(share):
    surrogate = sm.Smoothed(sm.Minimax(components("absolute")), share)
    state = solved(surrogate, {"solver": "SCS"})
    assert abs(state.point.fun - solved(surrogate).point.fun) <= 1e-6


@pytest.mark.parametrize("domain", ["half", "simplex", "polyhedron"])
def test_multipliers_prove_a_bound(domain):
    problem = sm.Minimax(components("absolute"), DOMAINS[domain])
    state = solved(sm.Smoothed(problem, 1e-2))
    p, m = sm.repair(problem, state.point.x, state.point.weights, state.multipliers)
    certificate = sm.certify(problem, state.point.x, p, m)
    assert 0 <= certificate.gap <= 1e-2 * np.log(problem.n)


def test_equal_values_everywhere_at_the_start():
    game = sm.Minimax(sm.Affine([[0.0, 1, -1], [-1, 0, 1], [1, -1, 0]]), sm.Simplex(3))
    state = solved(sm.Smoothed(game, 1e-3))
    assert state.point.fun == pytest.approx(1e-3 * np.log(3), abs=1e-10)
    flat = sm.Minimax(sm.Quadratic(2.0, [[1.0, 0], [0, 1], [-1, -1]]))
    assert solved(sm.Smoothed(flat, 1e-6)).point.fun == pytest.approx(1e-6 * np.log(3), abs=1e-12)


def test_one_component_and_a_zero_column():
    problem = sm.Minimax(sm.Quadratic(2.0, [[1.0, 0.0]]))
    assert solved(sm.Smoothed(problem, 0.5)).point.fun == pytest.approx(-0.25, abs=1e-9)
    problem = sm.Minimax(sm.Affine([[1.0, 0], [-1, 0]], [0.0, 1.0]), sm.Box(0, [1.0, 2.0]))
    assert solved(sm.Smoothed(problem, 1e-3)).point.fun == pytest.approx(0.5 + 1e-3 * np.log(2), abs=1e-9)


# ------------------------------------------------------------------------------------------------------- its failures


def failing(monkeypatch, after=0):
    """From the `after`-th solve on, every solver raises, as cvxpy does when one breaks down."""
    import cvxpy as cp

    real, calls = cp.Problem.unpack_results, []

    def unpack(self, *args):
        calls.append(1)
        if len(calls) > after:
            raise cp.error.SolverError("forced")
        return real(self, *args)

    monkeypatch.setattr(cp.Problem, "unpack_results", unpack)
    return calls


def test_a_solver_that_fails_leaves_a_stuck_state_at_the_start(monkeypatch):
    surrogate = sm.Smoothed(sm.Minimax(components("absolute"), DOMAINS["box"]), 0.1)
    calls = failing(monkeypatch)
    first, second, third = (s for s, _ in zip(Conic(surrogate.problem, {}).states(surrogate, np.zeros(D)), range(3)))
    assert (first.stuck, second.stuck, third.stuck) == (False, True, True)
    assert np.array_equal(second.point.x, surrogate.problem.start(np.zeros(D)))
    assert second.decrement == np.inf
    assert len(calls) == 4  # two forms, one restated, and SCS


def test_no_stale_values_after_a_good_solve(monkeypatch):
    problem = sm.Minimax(components("absolute"), DOMAINS["box"])
    method = Conic(problem, {})
    warm = sm.Smoothed(problem, 0.1)
    good = next(s for s in method.states(warm, problem.start()) if s.decrement < np.inf)
    failing(monkeypatch)
    cold = sm.Smoothed(problem, 1e-3)
    states = [s for s, _ in zip(method.states(cold, problem.start()), range(3))]
    assert all(s.decrement == np.inf and not np.array_equal(s.point.x, good.point.x) for s in states)
    assert states[-1].stuck


def test_a_later_failure_keeps_the_best_point(monkeypatch):
    surrogate = sm.Smoothed(sm.Minimax(components("absolute")), 0.1)
    failing(monkeypatch, after=1)
    _, good, last = (s for s, _ in zip(Conic(surrogate.problem, {}).states(surrogate, np.zeros(D)), range(3)))
    assert last.stuck
    assert last.point is good.point
    assert good.decrement < 1e-7


def test_asked_again_it_goes_on_instead_of_starting_over(monkeypatch):
    surrogate = sm.Smoothed(sm.Minimax(components("absolute")), 0.1)
    calls = failing(monkeypatch, after=99)
    method = Conic(surrogate.problem, {})
    for _ in range(4):
        next(s for s in method.states(surrogate, np.zeros(D)) if s.stuck)
    assert len(calls) <= 4


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (sm.Minimax(sm.Smooth(lambda x: x, d=D)), "affine or quadratic"),
        (sm.Minimax(sm.Stack([sm.Affine(np.eye(D)), sm.Smooth(lambda x: x, d=D)])), "affine or quadratic"),
        (sm.Minimax(sm.Affine(aslinearoperator(np.eye(D)))), "entries of A"),
        (sm.Minimax(sm.Quadratic(-np.eye(D), np.eye(D))), "positive semidefinite"),
    ],
)
def test_refusals_name_the_obstacle(problem, words):
    assert words in Conic.refuses(problem)


def test_refuses_unknown_domains_and_a_missing_cvxpy(monkeypatch):
    class Odd:
        d = D

        def project(self, x):
            return x

        def contains(self, x, tol=1e-9):
            return True

        def lmo(self, c):
            return c

    assert "Ball and Polyhedron" in Conic.refuses(sm.Minimax(components("affine"), Odd()))
    problem = sm.Minimax(components("affine"))
    assert Conic.refuses(problem) is None
    monkeypatch.setattr(accepts, "find_spec", lambda name: None)
    assert 'pip install "smoothmax[cvx]"' in Conic.refuses(problem)


def test_options_are_checked():
    problem = sm.Minimax(components("affine"))
    with pytest.raises(ValueError, match="'eps'"):
        sm.solve(problem, method="cvxpy", options={"eps": 1e-3})
    with pytest.raises(ValueError, match="'MOSEK'"):
        Conic(problem, {"solver": "MOSEK"})


def test_importing_the_method_does_not_load_cvxpy():
    code = "import smoothmax.solvers.conic, smoothmax.duality, sys; sys.exit('cvxpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ------------------------------------------------------------------------ what solve says of a solver that is not exact


def truth(problem, tau):
    found = sm.solve(problem, tau=tau, method="newton", tol=1e-12)
    assert found.success
    return found.smoothed_fun


def shifted_by(monkeypatch, share):
    """Every solve says "optimal" as before, with its variables moved by a share of their size."""
    import cvxpy as cp

    real = cp.Problem.unpack_results

    def unpack(self, *args):
        real(self, *args)
        for variable in self.variables():
            variable.save_value(variable.value * (1 + share) + share)

    monkeypatch.setattr(cp.Problem, "unpack_results", unpack)


@pytest.mark.parametrize("domain", ["free", "box", "simplex", "ball"])
def test_a_solver_that_lies_is_not_believed(monkeypatch, domain):
    problem = sm.Minimax(components("absolute"), DOMAINS[domain])
    expected = truth(problem, 0.1) if domain != "ball" else minimum(sm.Smoothed(problem, 0.1))[0]
    shifted_by(monkeypatch, 0.02)
    found = sm.solve(problem, tau=0.1, method="cvxpy")
    off = found.smoothed_fun - expected
    assert found.smoothed_lower_bound <= expected + 1e-12
    assert found.success == (found.smoothed_fun - found.smoothed_lower_bound <= found.threshold)
    assert not found.success or off <= found.threshold
    assert domain != "free" or (not found.success and "No further progress" in found.message)


@pytest.mark.parametrize(("solver", "setting"), [("CLARABEL", {"max_iter": 7}), ("SCS", {"max_iters": 25})])
def test_an_inaccurate_answer_is_kept_and_told_as_it_is(monkeypatch, solver, setting):
    from smoothmax.solvers.conic.solver import SETTINGS

    problem = sm.Minimax(components("absolute"), DOMAINS["box"])
    expected, begun = truth(problem, 0.05), sm.Smoothed(problem, 0.05).fun(problem.start())
    for name, value in setting.items():
        monkeypatch.setitem(SETTINGS[solver], name, value)
    found = sm.solve(problem, tau=0.05, method="cvxpy", options={"solver": solver}, tol=1e-12)
    assert not found.success
    assert "No further progress" in found.message
    assert expected - 1e-12 <= found.smoothed_fun <= begun
    assert found.smoothed_lower_bound <= expected + 1e-12
    assert found.smoothed_fun - found.smoothed_lower_bound > found.threshold


@pytest.mark.parametrize("trouble", [ValueError, ArithmeticError, "SolverError"])
def test_a_solver_that_raises_leaves_an_honest_result(monkeypatch, trouble):
    import cvxpy as cp

    problem = sm.Minimax(components("absolute"), DOMAINS["box"])
    expected = truth(problem, 0.05)

    def raises(*args):
        raise cp.error.SolverError("forced") if trouble == "SolverError" else trouble("forced")

    monkeypatch.setattr(cp.Problem, "unpack_results", raises)
    found = sm.solve(problem, tau=0.05, method="cvxpy")
    assert not found.success
    assert found.smoothed_lower_bound <= expected <= found.smoothed_fun
    assert np.array_equal(found.x, problem.start())


def test_points_and_duals_that_are_no_numbers_are_not_handed_on(monkeypatch):
    import cvxpy as cp

    problem, real = sm.Minimax(components("absolute"), DOMAINS["box"]), cp.Problem.unpack_results

    def without_duals(self, *args):
        real(self, *args)
        for constraint in self.constraints:
            for dual in constraint.dual_variables:
                dual.save_value(np.full(dual.shape, np.nan))

    monkeypatch.setattr(cp.Problem, "unpack_results", without_duals)
    state = attempt(sm.Smoothed(problem, 0.05), problem.start(), "CLARABEL", "perspective")
    assert state.multipliers is None
    assert sm.solve(problem, tau=0.05, method="cvxpy").success

    def without_point(self, *args):
        real(self, *args)
        for variable in self.variables():
            variable.save_value(np.full(variable.shape, np.nan))

    monkeypatch.setattr(cp.Problem, "unpack_results", without_point)
    found = sm.solve(problem, tau=0.05, method="cvxpy")
    assert not found.success
    assert np.isfinite(found.x).all()


def test_residuals_that_are_no_numbers_are_not_small():
    from types import SimpleNamespace

    from smoothmax.solvers.conic.solver import JUDGES

    good = {"obj_val": 1.0, "obj_val_dual": 1.0, "r_prim": 0.0, "r_dual": 0.0}
    assert JUDGES["CLARABEL"](SimpleNamespace(**good))[1]
    for name in good:
        assert not JUDGES["CLARABEL"](SimpleNamespace(**{**good, name: float("nan")}))[1], name
