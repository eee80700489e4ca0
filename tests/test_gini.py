"""Smoothing by Gini's index: the surrogate, solves at a temperature and to the minimax, paths, and what is refused."""

import math
import warnings
from fractions import Fraction

import cvxpy as cp
import numpy as np
import pytest
from scipy.optimize import minimize

import problems
import smoothmax as sm
from smoothmax.solvers import METHODS
from tests import naive
from tests.laws import assert_gradient, assert_hessian, assert_refuses

TAKES = [name for name, method in METHODS.items() if "gini" in method.smoothings]
RNG = np.random.default_rng(7)
N, D = 23, 4
A, B, X = RNG.standard_normal((N, D)), RNG.standard_normal(N), RNG.standard_normal(D)
PS = np.array([G @ G.T for G in RNG.standard_normal((N, D, D))])
PRIOR = RNG.dirichlet(np.ones(N))
FAMILIES = {
    "affine": sm.Affine(A, B),
    "absolute": sm.Affine(A, B, absolute=True),
    "quadratic": sm.Quadratic(PS, A, B),
    "stack": sm.Stack([sm.Affine(A, B), sm.Quadratic(PS[:3], A[:3], B[:3])]),
}
DOMAINS = {"free": None, "box": sm.Box(-0.2 * np.ones(D), np.ones(D)), "simplex": sm.Simplex(D)}


def program(problem, tau, x, bounds):
    """min over θ of θ + Σ(f_i − θ)₊²/(2τ) + τ/2 is the smooth maximum of Gini's index: a quadratic program."""
    theta, over = cp.Variable(), cp.Variable(N, nonneg=True)
    linear = A @ x + B
    if problem == "quadratic":
        above = [over[i] + theta >= 0.5 * cp.sum_squares(np.linalg.cholesky(PS[i]).T @ x) + linear[i] for i in range(N)]
    else:
        above = [over + theta >= linear]
    return cp.Problem(cp.Minimize(theta + cp.sum_squares(over) / (2 * tau) + tau / 2), [*above, *bounds])


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("prior", [None, "given"])
def test_value_gradient_and_curvature(name, prior):
    problem = sm.Minimax(FAMILIES[name])
    f, tau = problem.components.value(X), 2.0
    w = None if prior is None else np.concatenate([PRIOR, np.zeros(f.size - N)])
    s = sm.Smoothed(problem, tau, regularizer="gini", prior=w)
    p = naive.sparsemax(f if w is None else f + tau * w, tau)
    away = 0.5 * (p @ p - 1) if w is None else 0.5 * np.sum((p - w) ** 2)
    assert s.fun(X) == pytest.approx(p @ f - tau * away, rel=1e-13)
    np.testing.assert_allclose(s.weights(X), p, atol=1e-14)
    assert s.fun(X) - s.weights(X) @ f == pytest.approx(tau * s.entropy(X), abs=1e-13)
    assert_gradient(s.fun, s.jac, X)
    assert_hessian(s.jac, s.hess, X)  # no kink within a difference of this x
    np.testing.assert_allclose(s.hessp(X, B[:D]), s.hess(X) @ B[:D], atol=1e-10)
    top = f.max()
    assert top - s.bound * (w is not None) <= s.fun(X) <= top + s.bound * (w is None)


def test_the_gradient_is_lipschitz():
    s = sm.Smoothed(sm.Minimax(sm.Affine(A, B)), 0.3, regularizer="gini")
    assert s.lipschitz == pytest.approx(np.sum(A * A) / 0.3)
    for _ in range(200):
        x, y = RNG.standard_normal((2, D)) * 3
        assert np.linalg.norm(s.jac(x) - s.jac(y)) <= s.lipschitz * np.linalg.norm(x - y)


def test_scipy_minimizes_it():
    s = sm.Smoothed(sm.Minimax(FAMILIES["absolute"]), 0.5, regularizer="gini")
    found = minimize(s.fun_and_jac, X, jac=True, method="BFGS", options={"gtol": 1e-9})
    ours = sm.solve(s.problem, tau=0.5, regularizer="gini")
    assert found.fun == pytest.approx(ours.smoothed_fun, abs=1e-8)


@pytest.mark.parametrize("family", ["affine", "quadratic"])
@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("tau", [3.0, 0.03])
def test_methods_agree_with_a_quadratic_program(family, domain, tau):
    x = cp.Variable(D)
    rules = {"free": [], "box": [x >= -0.2, x <= 1], "simplex": [x >= 0, cp.sum(x) == 1]}[domain]
    if family == "affine" and domain == "free":
        rules = [cp.abs(x) <= 50]  # bounded below in any case
    stated = program(family, tau, x, rules)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "may be inaccurate": to 1e-6 it is not
        expected = stated.solve(solver="CLARABEL")
    box = sm.Box(-50 * np.ones(D), 50 * np.ones(D)) if family == "affine" and domain == "free" else DOMAINS[domain]
    problem = sm.Minimax(FAMILIES[family], box)
    for method in TAKES:
        if METHODS[method].refuses(problem) is None:
            r = sm.solve(problem, tau=tau, regularizer="gini", method=method, tol=1e-7)
            assert r.success, (method, r.message)
            assert r.smoothed_fun == pytest.approx(expected, abs=2e-6)
            assert r.smoothed_lower_bound <= expected + 1e-6
            assert (
                r.gap <= r.smoothed_fun - r.smoothed_lower_bound + sm.Smoothed(problem, tau, regularizer="gini").bound
            )


@pytest.mark.parametrize("name", ["stackloss", "longley", "diabetes", "rps", "durer", "distance-11", "fir-lowpass12"])
def test_published_optima_are_proven(name):
    case = problems.get(name)
    r = sm.solve(case.problem, case.x0, regularizer="gini")
    assert r.success, r.message
    assert r.lower_bound <= case.optimum + 1e-12 * abs(case.optimum)
    assert r.fun - case.optimum <= r.threshold
    c = sm.certify(case.problem, r.x, r.weights, r.multipliers)
    assert c.gap <= 1.01 * r.threshold


def test_stackloss_to_the_last_digit():
    case = problems.get("stackloss")
    r = sm.solve(case.problem, regularizer="gini", tol=1e-13)
    assert r.fun == pytest.approx(float(Fraction(19705, 4154)), rel=1e-12)
    assert r.gap <= 1e-12 * r.fun


@pytest.mark.parametrize("method", TAKES)
def test_the_minimax_by_every_method_that_takes_it(method):
    problem = sm.Minimax(sm.Affine(A, B, absolute=True))
    best = sm.solve(problem)
    r = sm.solve(problem, regularizer="gini", method=method, tol=1e-6)
    assert r.success, r.message
    assert r.lower_bound <= best.fun
    assert best.lower_bound <= r.fun <= best.fun + r.threshold


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_data_in_other_units(scale):
    problem = sm.Minimax(sm.Affine(A, scale * B, absolute=True))
    r = sm.solve(problem, regularizer="gini")
    assert r.success, r.message
    assert r.fun == pytest.approx(scale * sm.solve(sm.Minimax(sm.Affine(A, B, absolute=True))).fun, rel=2e-8)


def test_equal_components_one_component_and_many():
    for rows in (np.ones((5, 2)), np.eye(2)[:1]):
        r = sm.solve(sm.Minimax(sm.Affine(rows), sm.Box([-1, -1], [1, 1])), regularizer="gini")
        assert r.success, r.message
        assert r.fun == pytest.approx(-float(rows[0].sum()))
    big = np.random.default_rng(0).standard_normal((20_000, 6))
    r = sm.solve(sm.Minimax(sm.Affine(big, big.sum(axis=1), absolute=True)), regularizer="gini")
    assert r.fun == pytest.approx(0.0, abs=1e-8)


def test_unbounded_and_not_finite_are_told():
    r = sm.solve(sm.Minimax(sm.Affine(np.ones((3, 2)))), regularizer="gini")
    assert not r.success
    assert r.status == sm.solvers.Status.UNBOUNDED
    bad = sm.Minimax(sm.Smooth(lambda x: np.array([math.nan, x[0]]), d=1, convex=True))
    assert sm.solve(bad, regularizer="gini", tau=1.0).status == sm.solvers.Status.NOT_FINITE


def test_the_path_and_its_bounds():
    problem = sm.Minimax(sm.Affine(A, B, absolute=True))
    path = sm.path(problem, [1.0, 0.3, 0.1, 0.03, 0.01], regularizer="gini")
    optimum = sm.solve(problem).fun
    for row in path.records:
        assert row["success"]
        assert row["tau_log_n"] == pytest.approx(row["tau"] / 2 * (1 - 1 / (2 * N)))
        assert row["tau_entropy"] <= row["tau_log_n"]
        assert 0 <= row["fun"] - optimum <= row["tau_entropy"] + 1e-7
    assert path.records[-1]["extrapolated"] == pytest.approx(optimum, abs=1e-9)  # the path is straight in the end
    down = sm.path(problem, eps=0.01, regularizer="gini")
    assert down.records[-1]["tau_log_n"] == pytest.approx(0.01)


def test_a_temperature_below_rounding():
    problem = sm.Minimax(sm.Affine(A, B, absolute=True))
    for tau in (1e-12, 1e-300):
        r = sm.solve(problem, tau=tau, regularizer="gini")
        assert r.success, r.message
        assert r.fun == pytest.approx(sm.solve(problem).fun, rel=1e-7)
    r = sm.solve(problem, tau=1e9, regularizer="gini")
    assert r.success, r.message


def test_what_is_refused():
    problem = sm.Minimax(sm.Affine(A, B, absolute=True))
    assert_refuses(
        ValueError, ["method", "working-set", "gini"], sm.solve, problem, method="working-set", regularizer="gini"
    )
    assert_refuses(ValueError, ["regularizer", "tsallis"], sm.solve, problem, regularizer=sm.tsallis(1.5))
    assert_refuses(ValueError, ["prior", "gini"], sm.solve, problem, regularizer="gini", prior=np.ones(2 * N))
    assert_refuses(ValueError, ["prior", "gini"], sm.Smoothed, problem, 1.0, regularizer="gini", prior=np.ones(2 * N))
    eigenvalues = sm.Minimax(sm.Spectral(np.eye(2), [np.diag([1.0, -1.0])]))
    assert_refuses(ValueError, "gini", sm.solve, eigenvalues, regularizer="gini")
    assert_refuses(ValueError, ["regularizer", "gini"], sm.Smoothed, eigenvalues, 1.0, regularizer="gini")


def test_newton_proves_cold_temperatures():
    """Along a step the components are lines, so the line search needs no pass; without it nothing was proven here."""
    case = problems.get("abs-deg16")
    spread = float(np.ptp(case.problem.components.value(case.problem.start(case.x0))))
    for tau in (1e-4 * spread, 1e-5 * spread):
        r = sm.solve(case.problem, case.x0, tau=tau, regularizer="gini", method="newton")
        assert r.success, r.message
        assert r.npass < 1000


def test_rows_of_little_weight_bend_as_much_as_others():
    s = sm.Smoothed(sm.Minimax(sm.Affine([[1.0, 0], [0, 1], [3, 5]], [0, 0, -0.5 + 2e-16])), 1.0, regularizer="gini")
    x = np.zeros(2)
    assert 0 < s.weights(x).min() < 1e-14
    for v in np.eye(2):
        np.testing.assert_allclose(s.hess(x) @ v, s.hessp(x, v))
