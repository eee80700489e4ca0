"""Published and exact values: what the library must reach, in the units and at the scale they come in."""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.optimize
import scipy.special

import problems
import smoothmax as sm
from problems import enclosing_ball, games, linf_regression
from tests.laws import assert_brackets
from tests.methods import DIRECT, METHODS, fitting, within

REFERENCE = linf_regression.reference()
SCALES = (1e-8, 1e8)


def regression(name, scale=1.0, response=1.0):
    A, y = linf_regression.data(name)
    return linf_regression.residuals(A * scale, y * (scale * response))


def exact(name):
    known = REFERENCE[name]
    return Fraction(known["E_fraction"] or known["E"])


# ------------------------------------------------------------------------------------------ ℓ∞ regression on real data


@pytest.mark.parametrize("method", ["auto", "newton"])
@pytest.mark.parametrize("name", REFERENCE)
def test_regression_reaches_the_rational_optimum(name, method):
    r = sm.solve(regression(name), tol=1e-10, method=method)
    assert r.success, r.message
    assert abs(Fraction(r.fun) - exact(name)) <= Fraction(1, 10**9) * exact(name)
    assert abs(Fraction(r.lower_bound) - exact(name)) <= Fraction(1, 10**9) * exact(name)
    assert r.lower_bound <= float(exact(name)) * (1 + 1e-13)


@pytest.mark.parametrize("method", ["auto", "newton"])
@pytest.mark.parametrize("name", ["stackloss", "diabetes"])
def test_regression_active_rows_coefficients_and_dual_weights(name, method):
    known = REFERENCE[name]
    r = sm.solve(regression(name), tol=1e-11, method=method)
    m = known["n"]
    assert sorted(i % m for i in r.active) == known["active_rows"]
    np.testing.assert_allclose(r.x, [float(c) for c in known["coefficients"]], rtol=1e-7)
    folded = r.weights[:m] + r.weights[m:]
    for row, weight in known["dual_weights"].items():
        assert folded[int(row)] == pytest.approx(float(weight), abs=1e-6)


@pytest.mark.parametrize("method", ["auto", "newton"])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", REFERENCE)
def test_data_times_a_number_behave_like_the_data(name, scale, method):
    plain, scaled = (sm.solve(regression(name, s), tol=1e-10, method=method) for s in (1.0, scale))
    assert scaled.success, scaled.message
    assert scaled.fun == pytest.approx(scale * float(exact(name)), rel=1e-9)
    assert scaled.lower_bound == pytest.approx(scale * float(exact(name)), rel=1e-9)
    assert scaled.nit == plain.nit
    np.testing.assert_allclose(scaled.x, plain.x, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("scale", [2.0**-27, 2.0**27])
@pytest.mark.parametrize("method", ["gradient", "accelerated", "lbfgs", "newton", *DIRECT])
def test_powers_of_two_change_nothing_but_the_unit(method, scale):
    options = {"method": method, "tol": 1e-9, "max_passes": 400}
    plain, scaled = (sm.solve(within(method, regression("stackloss", s)), **options) for s in (1.0, scale))
    assert (scaled.nit, scaled.npass, scaled.status) == (plain.nit, plain.npass, plain.status)
    np.testing.assert_allclose(scaled.x, plain.x, rtol=1e-9)
    assert scaled.fun == pytest.approx(scale * plain.fun, rel=1e-12)
    assert scaled.gap == pytest.approx(scale * plain.gap, rel=1e-3)
    assert scaled.tau == pytest.approx(scale * plain.tau, rel=1e-3, nan_ok=method in DIRECT)


@pytest.mark.parametrize("scale", SCALES)
def test_the_response_alone_may_have_any_unit(scale):
    r = sm.solve(regression("stackloss", response=scale), tol=1e-11)
    assert r.success, r.message
    assert r.fun == pytest.approx(scale * float(exact("stackloss")), rel=1e-9)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("tau", [1.0, 0.01])
def test_a_fixed_temperature_scales_with_the_data(scale, tau):
    plain = sm.solve(regression("diabetes"), tau=tau, tol=1e-10)
    scaled = sm.solve(regression("diabetes", scale), tau=tau * scale, tol=1e-10)
    assert plain.success, plain.message
    assert scaled.success, scaled.message
    assert scaled.smoothed_fun == pytest.approx(scale * plain.smoothed_fun, rel=1e-9)


# ---------------------------------------------------------------------------------- MathWorks' three affine pieces

PIECES, SHIFT = np.array([[1.0, 1], [-1, 1], [0, -1]]), np.array([2.0, -3, 4])


@pytest.mark.parametrize("jac", [None, "2-point", "3-point", lambda x: PIECES])
@pytest.mark.parametrize("start", [(0.0, 0.0), (0.1, 0.1), (-400.0, 70.0)])
def test_the_three_affine_pieces_of_fminimax(jac, start):
    """Optimization Toolbox documentation, "Compare fminimax and fminunc": 1.75 at (−2.5, 2.25)."""
    r = sm.minimax(lambda x: PIECES @ x + SHIFT, start, jac=jac, convex=True)
    assert r.success, r.message
    assert r.fun == pytest.approx(1.75, abs=1e-7)
    np.testing.assert_allclose(r.x, [-2.5, 2.25], atol=1e-6)


def test_the_three_affine_pieces_without_the_word_convex():
    r = sm.minimax(lambda x: PIECES @ x + SHIFT, [0.0, 0.0])
    assert r.success, r.message
    assert r.fun == pytest.approx(1.75, abs=1e-6)
    assert r.lower_bound == -math.inf
    assert "local minimax" in r.message


@pytest.mark.parametrize("method", METHODS)
def test_the_three_affine_pieces_as_data_by_every_method(method):
    r = sm.solve(within(method, sm.Minimax(sm.Affine(PIECES, SHIFT))), method=method, tol=1e-7)
    assert r.success, r.message
    assert r.fun == pytest.approx(1.75, abs=1e-6)
    np.testing.assert_allclose(r.x, [-2.5, 2.25], atol=1e-5)
    assert_brackets(r.certificate, Fraction(7, 4))


# ------------------------------------------------------------------------------------- 20 000 × 20, no LP anywhere


def test_newton_closes_a_large_gaussian_to_1e_12_without_any_lp(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("an LP (or nnls) was called")

    for name in ("linprog", "nnls", "milp", "lsq_linear"):
        monkeypatch.setattr(scipy.optimize, name, refuse)
    monkeypatch.setitem(__import__("sys").modules, "highspy", None)
    case = linf_regression.gaussian(20_000, 20)
    r = sm.solve(case.problem, method="newton", tol=1e-12)
    assert r.success, r.message
    assert r.nit < 80
    assert r.gap <= 1e-12 * r.fun * 1.01
    assert r.tau >= 1e-8 * r.fun  # identity 9: accuracy does not come from a tiny temperature
    c = sm.certify(case.problem, r.x, r.weights)
    assert c.gap <= 1e-12 * r.fun * 1.01
    assert c.kind == "rounding"


# ------------------------------------------------------------------------------ smoothed optima in closed form

TAUS = (1e-6, 0.01, 0.5, 1.0, 30.0)


def smoothed(problem, value, x=None):
    for tau in TAUS:
        for method in fitting(problem, tau):
            r = sm.solve(problem, tau=tau, method=method, tol=1e-9, max_passes=3000)
            assert r.success, f"{method} at tau={tau}: {r.message}"
            want = value(tau)
            size = 1e-8 * (abs(want) + tau + 1e-3)
            assert abs(r.smoothed_fun - want) <= size, (method, tau)
            assert r.smoothed_lower_bound <= want + 1e-13 * (abs(want) + tau)
            if x is not None:
                np.testing.assert_allclose(r.x, x, atol=3e-3 * max(1.0, tau))


def test_two_lines():
    """f = (x, −x): τ·log 2 at 0."""
    smoothed(sm.Minimax(sm.Affine([[1.0], [-1.0]])), lambda tau: tau * math.log(2), [0.0])


@pytest.mark.parametrize(("a", "n"), [(1.0, 10), (3.0, 4), (0.2, 2)])
def test_nesterovs_function(a, n):
    """f_i = x_i + a|x|²/2: −1/(2an) + τ·log n at −1/(an)."""
    problem = sm.Minimax(sm.Quadratic(a, np.eye(n)))
    smoothed(problem, lambda tau: -1 / (2 * a * n) + tau * math.log(n), np.full(n, -1 / (a * n)))


def test_rock_paper_scissors():
    """Uniform play at every temperature: τ·log 3."""
    problem = sm.Minimax(sm.Affine(games.cyclic(3)), sm.Simplex(3))
    smoothed(problem, lambda tau: tau * math.log(3), np.full(3, 1 / 3))


@pytest.mark.parametrize("n", [2, 7])
def test_ball_around_a_simplex(n):
    """All vertices equally far from the centre: n/(2(n+1)) + τ·log(n+1)."""
    problem = enclosing_ball.squared_distances(enclosing_ball.simplex(n))
    smoothed(problem, lambda tau: n / (2 * (n + 1)) + tau * math.log(n + 1))


def test_three_points_on_a_line():
    """f = (x, −x, c), c = τ·log 2 in the middle: F_τ(0) = τ·log(2 + e^{c/τ}) = τ·log 4."""
    for tau in TAUS:
        problem = sm.Minimax(sm.Affine([[1.0], [-1.0], [0.0]], [0.0, 0.0, tau * math.log(2)]))
        r = sm.solve(problem, tau=tau, tol=1e-10)
        assert r.success
        assert r.smoothed_fun == pytest.approx(tau * math.log(4), rel=1e-9)


# -------------------------------------------------------------------------------------- the surrogate as SciPy's guest


@pytest.mark.parametrize(
    ("name", "tau"), [("linear3", 0.3), ("exp-deg3", 0.05), ("nesterov-10", 0.05), ("ball-cube-2", 0.1)]
)
@pytest.mark.parametrize("guest", ["trust-ncg", "trust-exact", "L-BFGS-B", "BFGS", "SLSQP"])
def test_scipy_driven_by_the_surrogate_reaches_the_same_point(name, tau, guest):
    case = problems.get(name)
    s = sm.Smoothed(case.problem, tau)
    more = {"trust-ncg": {"hessp": s.hessp}, "trust-exact": {"hess": s.hess}}
    found = scipy.optimize.minimize(s.fun_and_jac, case.x0, jac=True, method=guest, tol=1e-10, **more.get(guest, {}))
    mine = sm.solve(case.problem, case.x0, tau=tau, tol=1e-10)
    assert mine.success, mine.message
    assert mine.smoothed_lower_bound <= found.fun
    assert found.fun == pytest.approx(mine.smoothed_fun, rel=1e-7, abs=1e-9)
    np.testing.assert_allclose(found.x, mine.x, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("tau", [5.0, 0.5])
def test_scipy_on_raw_stackloss_in_equilibrated_columns(tau):
    problem = regression("stackloss")
    s = sm.Smoothed(problem, tau)
    unit = 1.0 / np.abs(problem.components.A).mean(axis=0)

    def objective(z):
        value, slope = s.fun_and_jac(unit * z)
        return value, unit * slope

    found = scipy.optimize.minimize(
        objective,
        np.zeros(4),
        jac=True,
        hess=lambda z: unit[:, None] * s.hess(unit * z) * unit,
        method="trust-exact",
        options={"gtol": 1e-9, "maxiter": 2000},
    )
    mine = sm.solve(problem, tau=tau, tol=1e-11)
    assert mine.success, mine.message
    assert found.fun == pytest.approx(mine.smoothed_fun, rel=1e-9)
    np.testing.assert_allclose(unit * found.x, mine.x, rtol=1e-4)


def test_a_smooth_max_as_a_scipy_constraint():
    """min x₁ + x₂ s.t. F_τ(x) ≤ 0 stays inside max f ≤ 0, and touches it as τ falls."""
    problem = sm.Minimax(sm.Affine([[-1.0, 0.0], [0.0, -1.0]], [1.0, 2.0]))
    for tau in (0.5, 0.1, 0.02):
        found = scipy.optimize.minimize(
            lambda x: (x.sum(), np.ones(2)),
            [3.0, 3.0],
            jac=True,
            hess=lambda x: np.zeros((2, 2)),
            method="trust-constr",
            constraints=[sm.Smoothed(problem, tau).as_constraint(0.0)],
            options={"gtol": 1e-10, "xtol": 1e-14, "barrier_tol": 1e-12, "maxiter": 3000},
        )
        assert problem(found.x) <= 1e-9
        assert found.fun == pytest.approx(3 + 2 * tau * math.log(2), abs=1e-3)  # by symmetry e^{(1-x₁)/τ} = 1/2
