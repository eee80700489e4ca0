"""The surrogate: value, gradient and curvature against their definitions, the identities, and SciPy's optimizers."""

import mpmath
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, minimize
from scipy.sparse.linalg import aslinearoperator

import smoothmax as sm
from smoothmax.components import base
from tests import naive
from tests.effort import law
from tests.laws import assert_gradient, assert_hessian, assert_refuses, assert_sandwich, assert_semidefinite

EPS = float(np.finfo(float).eps)
RNG = np.random.default_rng(11)
N, D = 23, 4
A, B, X = RNG.standard_normal((N, D)), RNG.standard_normal(N), RNG.standard_normal(D)
PS = np.array([G @ G.T for G in RNG.standard_normal((N, D, D))])
PRIOR = RNG.random(N)
PRIOR[[0, 5]] = 0.0
FAMILIES = {
    "affine": (lambda: sm.Affine(A, B), naive.affine(A, B, X), None),
    "absolute": (lambda: sm.Affine(A, B, absolute=True), naive.affine(A, B, X, True), None),
    "sparse": (lambda: sm.Affine(sp.csr_array(A), B), naive.affine(A, B, X), None),
    "operator": (lambda: sm.Affine(aslinearoperator(A), B), naive.affine(A, B, X), None),
    "quadratic": (lambda: sm.Quadratic(PS, A, B), naive.quadratic(PS, A, B, X), PS),
    "smooth": (
        lambda: sm.Smooth(
            lambda x: 0.5 * np.einsum("j,ijk,k->i", x, PS, x) + A @ x + B,
            lambda x: PS @ x + A,
            lambda x, v: np.tensordot(v, PS, 1),
            d=D,
        ),
        naive.quadratic(PS, A, B, X),
        PS,
    ),
    "stack": (
        lambda: sm.Stack([sm.Affine(A, B), sm.Quadratic(PS, A, B)]),
        tuple(np.concatenate(pair) for pair in zip(naive.affine(A, B, X), naive.quadratic(PS, A, B, X), strict=True)),
        np.concatenate([0 * PS, PS]),
    ),
}
every = pytest.mark.parametrize("name", FAMILIES)


def at(name, tau, prior=None):
    build, (f, J), own = FAMILIES[name]
    return sm.Smoothed(sm.Minimax(build()), tau, prior=prior), f, J, own


def priors(n):
    return [None, np.ones(n), np.full(n, 1 / n), np.resize(PRIOR, n), 1e-5 * np.resize(PRIOR, n), np.eye(n)[n // 2]]


@pytest.fixture(params=[None, 256], ids=["one-block", "many-blocks"])
def blocks(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(base, "BLOCK_BYTES", request.param)


# --- against the definitions


@every
@pytest.mark.parametrize("tau", [1e-300, 1e-20, 1e-3, 0.1, 1.0, 30.0, 1e8, 1e300])
def test_value_gradient_and_weights_have_all_their_digits(name, tau, blocks):
    s, f, J, _ = at(name, tau)
    value, p = naive.exact_logsumexp(f, tau), naive.exact_softmax(f, tau)
    p = np.array([float(v) for v in p])
    size = np.abs(f).max()
    assert abs(s.fun(X) - value) <= 16 * EPS * (abs(float(value)) + size)
    np.testing.assert_allclose(s.weights(X), p, rtol=64 * EPS * (1 + size / tau), atol=EPS)
    slack = 64 * EPS * (p @ np.abs(J) + np.abs(J).max()) * (1 + min(size / tau, 1e3))
    assert np.all(np.abs(s.jac(X) - p @ J) <= slack)
    assert s.fun_and_jac(X)[0] == s.fun(X)
    assert_sandwich(s.fun(X), s.at(X).f, tau)
    assert s.weights(X).sum() == pytest.approx(1.0, abs=4 * EPS)


@every
@pytest.mark.parametrize("tau", [1e-300, 1e-2, 1.0, 1e8])
@pytest.mark.parametrize("which", range(6))
def test_priors(name, tau, which, blocks):
    n = len(FAMILIES[name][1][0])
    w = priors(n)[which]
    s, f, J, own = at(name, tau, w)
    value, p = naive.exact_logsumexp(f, tau, w), naive.exact_softmax(f, tau, w)
    size = np.abs(f).max() + (0 if w is None else tau * max(abs(np.log(w[w > 0]))))
    assert abs(s.fun(X) - value) <= 16 * EPS * (abs(float(value)) + size)
    p = np.array([float(v) for v in p])
    np.testing.assert_allclose(s.weights(X), p, rtol=1e-12 * (1 + size / tau), atol=1e-15)
    np.testing.assert_allclose(s.jac(X), p @ J, atol=1e-12 * np.abs(J).max() * (1 + min(size / tau, 1e2)))
    assert_sandwich(s.fun(X), s.at(X).f, tau, w)
    if tau >= 1.0 and name != "operator":
        H = naive.surrogate_hessian(f, J, tau, w, own)
        np.testing.assert_allclose(s.hess(X), H, rtol=1e-11, atol=1e-11 * np.abs(H).max())


@every
@pytest.mark.parametrize("tau", [0.05, 1.0, 30.0])
def test_curvature(name, tau, blocks):
    s, f, J, own = at(name, tau)
    H = naive.surrogate_hessian(f, J, tau, None, own)
    v = np.linspace(-1, 2, D)
    room = 1e-11 * np.abs(H).max() + 4 * EPS * (J**2).sum(axis=1).max() / tau
    np.testing.assert_allclose(s.hessp(X, v), H @ v, rtol=1e-10, atol=room)
    assert_gradient(s.fun, s.jac, X, tol=1e-5)
    assert_gradient(s.jac, lambda x: np.array([s.hessp(x, e) for e in np.eye(D)]), X, tol=1e-4)
    if name == "operator":
        return
    np.testing.assert_allclose(s.hess(X), H, rtol=1e-10, atol=room)
    assert_hessian(s.jac, s.hess, X, tol=1e-4)
    assert_semidefinite(s.hess(X))


def test_curvature_of_functions_without_a_hessian_is_not_forgotten():
    """Either the missing second derivatives are found, or their absence is said aloud."""
    s = sm.Smoothed(sm.Minimax(sm.Smooth(lambda x: x**2, lambda x: np.diag(2 * x), d=2)), 1.0)
    for ask in (lambda: s.hess([0.0, 0.0]), lambda: np.column_stack([s.hessp([0.0, 0.0], e) for e in np.eye(2)])):
        try:
            H = ask()
        except (ValueError, TypeError, NotImplementedError) as said:
            assert "hess" in str(said)  # noqa: PT017
            continue
        np.testing.assert_allclose(H, np.eye(2), atol=1e-6)  # p = (1/2, 1/2), each f_i'' = 2
    mixed = sm.Stack([sm.Affine(np.eye(2)), sm.Smooth(lambda x: x**2, lambda x: np.diag(2 * x), d=2, n=2)])
    t = sm.Smoothed(sm.Minimax(mixed), 1.0)
    try:
        H = t.hess([0.0, 0.0])
    except (ValueError, TypeError, NotImplementedError):
        return
    np.testing.assert_allclose(H, 0.5 * np.eye(2) + np.eye(2) / 4 - 1 / 16, atol=1e-6)


def test_curvature_loses_nothing_to_a_common_slope():
    """A slope of 1e8 common to all components has no curvature."""
    s = sm.Smoothed(sm.Minimax(sm.Affine(A + 1e8, B)), 1.0)
    x = np.array([1.0, -1.0, 1.0, -1.0])
    f, _ = naive.affine(A + 1e8, B, x)
    H = naive.surrogate_hessian(f, (A + 1e8) - 1e8, 1.0)
    np.testing.assert_allclose(s.hess(x), H, atol=1e-6)


@pytest.mark.parametrize("scale", [1e-150, 1e-100, 1e-8, 1e8, 1e100, 1e150])
@pytest.mark.parametrize("name", ["affine", "absolute", "sparse"])
def test_units_of_f(name, scale):
    forms = {"affine": {}, "absolute": {"absolute": True}, "sparse": {}}[name]
    form = sp.csr_array if name == "sparse" else np.asarray
    one = sm.Smoothed(sm.Minimax(sm.Affine(form(A), B, **forms)), 0.3)
    two = sm.Smoothed(sm.Minimax(sm.Affine(form(A * scale), B * scale, **forms)), 0.3 * scale)
    assert two.fun(X) / scale == pytest.approx(one.fun(X), rel=1e-13)
    np.testing.assert_allclose(two.jac(X) / scale, one.jac(X), rtol=1e-12)
    np.testing.assert_allclose(two.weights(X), one.weights(X), rtol=1e-12)
    assert two.entropy(X) == pytest.approx(one.entropy(X), rel=1e-12)
    assert two.bound / scale == pytest.approx(one.bound, rel=1e-13)
    assert two.lipschitz / scale == pytest.approx(one.lipschitz, rel=1e-12)
    np.testing.assert_allclose(two.hess(X) / scale, one.hess(X), rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(two.hessp(X, X) / scale, one.hessp(X, X), rtol=1e-10, atol=1e-13)


@law(25, 1600)
@given(
    st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=12),
    st.floats(1e-300, 1e300, exclude_min=True),
    st.booleans(),
)
def test_any_values_are_sandwiched(f, tau, absolute):
    """Offsets alone, of any size: A = 0, so F_tau is the log-sum-exp of b."""
    s = sm.Smoothed(sm.Minimax(sm.Affine(np.zeros((len(f), 1)), f, absolute=absolute)), tau)
    f = np.concatenate([f, np.negative(f)]) if absolute else np.array(f)
    with mpmath.workdps(40):
        exact = naive.exact_logsumexp(f, tau)
    assert_sandwich(s.fun([0.0]), f, tau)
    assert abs(s.fun([0.0]) - exact) <= 8 * EPS * (abs(exact) + np.abs(f).max())
    assert not s.jac([0.0]).any()


def test_large_offsets_and_negative_zero():
    for offset in (1e15, -1e15, 1e300, -0.0):
        s = sm.Smoothed(sm.Minimax(sm.Affine(A, np.full(N, offset))), 1.0)
        assert s.fun(np.zeros(D)) == pytest.approx(offset + np.log(N), rel=1e-15)
    s = sm.Smoothed(sm.Minimax(sm.Affine(A, B)), 0.3)
    assert s.fun(np.zeros(D)) == s.fun(-np.zeros(D))


# --- the identities


@every
@pytest.mark.parametrize("tau", [1e-3, 0.2, 1.0, 50.0])
def test_identity_2_entropy_is_the_excess_over_the_mean(name, tau):
    for prior in (None, np.resize(PRIOR, len(FAMILIES[name][1][0]))):
        s, _, _, _ = at(name, tau, prior)
        f, p = s.at(X).f, s.weights(X)
        assert s.fun(X) - p @ f == pytest.approx(tau * s.entropy(X), abs=1e-12 * (1 + np.abs(f).max()))
        if prior is None:
            assert 0 <= s.entropy(X) <= np.log(len(f)) * (1 + EPS)


@every
@pytest.mark.parametrize("tau", [0.2, 1.0, 50.0])
def test_identity_3_the_slope_in_tau_is_the_entropy(name, tau):
    for prior in (None, np.full(len(FAMILIES[name][1][0]), 1 / len(FAMILIES[name][1][0]))):
        h = 1e-5 * tau
        slope = (at(name, tau + h, prior)[0].fun(X) - at(name, tau - h, prior)[0].fun(X)) / (2 * h)
        assert at(name, tau, prior)[0].entropy(X) == pytest.approx(slope, rel=1e-6, abs=1e-6)


def test_the_optimal_value_has_the_same_slope():
    """d/dtau of min F_tau is H(p) at the minimizer (envelope theorem)."""
    problem = sm.Minimax(sm.Affine(A, B, absolute=True))

    def best(tau):
        s = sm.Smoothed(problem, tau)
        x = minimize(s.fun_and_jac, np.zeros(D), jac=True, hess=s.hess, method="trust-exact", options={"gtol": 1e-12}).x
        return s.fun(x), s.entropy(x)

    tau, h = 0.3, 1e-4
    slope = (best(tau + h)[0] - best(tau - h)[0]) / (2 * h)
    assert best(tau)[1] == pytest.approx(slope, rel=1e-6)


def test_sums_lie_above_and_means_below():
    for tau in (1e-3, 1.0, 100.0):
        above = sm.Smoothed(sm.Minimax(sm.Affine(A, B)), tau)
        below = sm.Smoothed(sm.Minimax(sm.Affine(A, B)), tau, prior=np.full(N, 1 / N))
        top = above.problem.value(X)
        room = 8 * EPS * (abs(top) + tau * np.log(N))
        assert below.fun(X) <= top + room
        assert top <= above.fun(X) + room
        assert above.fun(X) - below.fun(X) == pytest.approx(tau * np.log(N), rel=1e-12)
        np.testing.assert_allclose(above.jac(X), below.jac(X), atol=1e-12)


# --- constants


@pytest.mark.parametrize("tau", [1e-2, 1.0, 1e3])
@pytest.mark.parametrize(
    "form", [np.asarray, sp.csr_array, np.asfortranarray, lambda a: a.astype(np.float32)], ids=["f8", "csr", "F", "f4"]
)
def test_the_gradient_is_lipschitz(tau, form):
    s = sm.Smoothed(sm.Minimax(sm.Affine(form(A), B, absolute=True)), tau)
    dense = naive.dense(form(A))
    assert s.lipschitz == pytest.approx((dense**2).sum(axis=1).max() / tau, rel=1e-13)
    rng = np.random.default_rng(0)
    for step in (1e-6, 1e-2, 1.0, 100.0):
        for _ in range(10):
            x, y = X + rng.standard_normal(D), rng.standard_normal(D)
            y = x + step * y / np.linalg.norm(y)
            assert np.linalg.norm(s.jac(x) - s.jac(y)) <= s.lipschitz * np.linalg.norm(x - y) + 1e-13
    assert np.linalg.eigvalsh(s.hess(X))[-1] <= s.lipschitz * (1 + 1e-12)


@pytest.mark.parametrize(("value", "dtype"), [(1e20, "f4"), (1e-25, "f4"), (300.0, "f2"), (1e-4, "f2"), (0.1, "f4")])
def test_the_lipschitz_constant_is_computed_in_float64(value, dtype):
    data = np.full((3, 2), value, dtype)
    expected = 2 * float(data[0, 0]) ** 2
    assert sm.Smoothed(sm.Minimax(sm.Affine(data)), 1.0).lipschitz == pytest.approx(expected, rel=1e-14, abs=0)
    if dtype == "f4":
        sparse = sm.Smoothed(sm.Minimax(sm.Affine(sp.csr_array(data))), 1.0)
        assert sparse.lipschitz == pytest.approx(expected, rel=1e-14, abs=0)


def test_no_lipschitz_constant_is_invented():
    assert sm.Smoothed(sm.Minimax(sm.Quadratic(PS, A, B)), 1.0).lipschitz == np.inf
    assert sm.Smoothed(sm.Minimax(sm.Smooth(lambda x: x, d=2)), 1.0).lipschitz == np.inf
    flat = sm.Smoothed(sm.Minimax(sm.Quadratic(0.0, A, B)), 0.5)
    assert flat.lipschitz == pytest.approx(2 * (A**2).sum(axis=1).max())


def test_bounds_of_the_smoothing():
    problem = sm.Minimax(sm.Affine(A, B))
    assert sm.Smoothed(problem, 0.5).bound == pytest.approx(0.5 * np.log(N))
    assert sm.Smoothed(problem, 0.5, prior=np.full(N, 1 / N)).bound == pytest.approx(0.5 * np.log(N))
    assert sm.Smoothed(problem, 0.5, prior=PRIOR).bound == np.inf
    assert sm.Smoothed(sm.Minimax([[1.0]]), 0.5).bound == 0.0
    rng = np.random.default_rng(1)
    for _ in range(30):
        s = sm.Smoothed(problem, 10.0 ** rng.uniform(-3, 3), prior=10.0 ** rng.uniform(-3, 3, N))
        x = 10.0 ** rng.uniform(-2, 2) * rng.standard_normal(D)
        assert abs(s.fun(x) - problem.value(x)) <= s.bound * (1 + 1e-12)


# --- for SciPy


REGRESSION = sm.Minimax(sm.Affine(A, B, absolute=True))


@pytest.fixture(scope="module")
def smooth():
    s = sm.Smoothed(REGRESSION, 0.1)
    x = np.zeros(D)
    for _ in range(60):  # Newton's method, damped: the answer the others must find
        step = -np.linalg.solve(s.hess(x), s.jac(x))
        t = 1.0
        while s.fun(x + t * step) > s.fun(x) and t > 1e-10:
            t /= 2
        x = x + t * step
    assert np.abs(s.jac(x)).max() < 1e-12
    return s, x


@pytest.mark.parametrize("method", ["trust-ncg", "trust-krylov", "Newton-CG", "L-BFGS-B", "BFGS", "CG", "trust-constr"])
def test_scipy_minimizes_it(smooth, method):
    s, best = smooth
    products = {"hessp": s.hessp} if method in ("trust-ncg", "trust-krylov", "Newton-CG", "trust-constr") else {}
    options = {"gtol": 1e-9} if method not in ("Newton-CG", "L-BFGS-B") else {}
    found = minimize(s.fun_and_jac, np.zeros(D), jac=True, method=method, tol=1e-10, options=options, **products)
    np.testing.assert_allclose(found.x, best, atol=2e-5)
    assert found.fun == pytest.approx(s.fun(best), abs=1e-8)


def test_scipy_minimizes_it_with_the_hessian_and_bounds(smooth):
    s, best = smooth
    found = minimize(s.fun, np.ones(D), jac=s.jac, hess=s.hess, method="trust-exact", options={"gtol": 1e-9})
    np.testing.assert_allclose(found.x, best, atol=1e-8)
    boxed = minimize(s.fun_and_jac, np.zeros(D), jac=True, method="L-BFGS-B", bounds=Bounds(-0.05, 0.05), tol=1e-12)
    assert boxed.success
    assert np.abs(boxed.x).max() <= 0.05


@pytest.mark.parametrize("method", ["trust-constr", "SLSQP"])
@pytest.mark.filterwarnings("ignore::scipy.optimize.OptimizeWarning")  # SLSQP makes no use of hess
def test_many_constraints_as_one(method):
    """min x1 + x2 in a disc of radius 1, given by 64 tangents: -sqrt 2, a little less for the smoothing."""
    angle = 2 * np.pi * np.arange(64) / 64
    disc = sm.Minimax(sm.Affine(np.column_stack([np.cos(angle), np.sin(angle)]), -np.ones(64)))
    s = sm.Smoothed(disc, 1e-3)
    found = minimize(
        lambda x: (x.sum(), np.ones(2)),
        np.zeros(2),
        jac=True,
        hess=(lambda x: np.zeros((2, 2))) if method == "trust-constr" else None,
        method=method,
        constraints=[s.as_constraint(0.0), LinearConstraint(np.eye(2), -5, 5)],
        options={"maxiter": 500},
    )
    assert disc.value(found.x) <= 1e-7  # the surrogate lies above: each constraint holds
    assert -np.sqrt(2) * 1.002 <= found.fun <= -np.sqrt(2) * (1 - 3 * s.bound)


def test_the_constraint_is_the_surrogate():
    s, *_ = at("quadratic", 0.3)
    c = s.as_constraint(2.5)
    assert (c.lb, c.ub) == (-np.inf, 2.5)
    assert c.fun(X) == s.fun(X)
    np.testing.assert_array_equal(c.jac(X), s.jac(X)[None])
    np.testing.assert_array_equal(c.hess(X, np.array([3.0])), 3 * s.hess(X))


# --- what is remembered, and what is not


def test_results_are_not_shared_with_the_surrogate():
    s = sm.Smoothed(sm.Minimax(sm.Affine(A, B)), 0.1)
    want = [s.jac(X).copy(), s.weights(X).copy(), s.hess(X).copy(), s.hessp(X, X).copy()]
    for ask in (s.jac, s.weights, s.hess, lambda x: s.fun_and_jac(x)[1]):
        answer = ask(X)
        try:
            answer[...] = 7.0
        except ValueError:  # read-only is as good
            continue
    got = [s.jac(X), s.weights(X), s.hess(X), s.hessp(X, X)]
    for one, two in zip(want, got, strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_point_is_remembered_by_value():
    s = sm.Smoothed(sm.Minimax(sm.Affine(A, B)), 0.1)
    x = X.copy()
    before = s.fun(x)
    x += 1.0
    assert s.fun(x) != before
    assert s.fun(X) == before
    assert s.fun(list(X)) == before
    assert s.fun(X.astype(np.float32).astype(float)) == pytest.approx(before, rel=1e-5)


def test_the_prior_is_not_shared_with_its_giver():
    w = np.ones(N)
    s = sm.Smoothed(sm.Minimax(sm.Affine(A, B)), 0.1, prior=w)
    before = s.weights(X).copy()
    w[:] = np.eye(N)[0]
    s.fun(X + 1)
    np.testing.assert_array_equal(s.weights(X), before)


# --- trouble


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_give_nan_and_are_counted(bad):
    def fun(x):
        return np.array([x[0], bad if x[0] > 1 else 0.0])

    s = sm.Smoothed(sm.Minimax(sm.Smooth(fun, lambda x: np.array([[1.0], [0.0]]), d=1)), 1.0)
    value, gradient = s.fun_and_jac([2.0])
    assert np.isnan(value)
    assert np.isnan(gradient).all()
    assert s.meter.nonfinite == 1
    assert np.isfinite(s.fun([0.0]))


def test_values_too_large_for_float64_give_nan():
    s = sm.Smoothed(sm.Minimax(sm.Affine(np.full((2, 1), 1e300))), 1.0)
    assert np.isnan(s.fun([1e300]))
    assert s.meter.nonfinite == 1


P = sm.Minimax(sm.Affine(A, B))
REFUSED = {
    "problem": (TypeError, ["problem", "ndarray"], lambda: sm.Smoothed(A, 1.0)),
    "tau-zero": (ValueError, ["tau", "0"], lambda: sm.Smoothed(P, 0.0)),
    "tau-negative": (ValueError, ["tau", "-1.0"], lambda: sm.Smoothed(P, -1.0)),
    "tau-nan": (ValueError, ["tau", "nan"], lambda: sm.Smoothed(P, np.nan)),
    "tau-inf": (ValueError, ["tau", "inf"], lambda: sm.Smoothed(P, np.inf)),
    "tau-string": (TypeError, ["tau", "'1'"], lambda: sm.Smoothed(P, "1")),
    "tau-array": (TypeError, ["tau"], lambda: sm.Smoothed(P, np.ones(2))),
    "tau-bool": (TypeError, ["tau"], lambda: sm.Smoothed(P, True)),
    "tau-none": (TypeError, ["tau"], lambda: sm.Smoothed(P, None)),
    "tau-complex": (TypeError, ["tau"], lambda: sm.Smoothed(P, 1j)),
    "regularizer": (ValueError, ["regularizer", "'tsallis'"], lambda: sm.Smoothed(P, 1.0, regularizer="tsallis")),
    "prior-size": (ValueError, ["prior", str(N), "2"], lambda: sm.Smoothed(P, 1.0, prior=[1.0, 1.0])),
    "prior-negative": (ValueError, ["prior"], lambda: sm.Smoothed(P, 1.0, prior=np.full(N, -1.0))),
    "prior-zero": (ValueError, ["prior"], lambda: sm.Smoothed(P, 1.0, prior=np.zeros(N))),
    "prior-nan": (ValueError, ["prior", "nan"], lambda: sm.Smoothed(P, 1.0, prior=np.full(N, np.nan))),
    "prior-string": (TypeError, ["prior"], lambda: sm.Smoothed(P, 1.0, prior=["a"] * N)),
    "x-size": (ValueError, ["x", str(D), "2"], lambda: sm.Smoothed(P, 1.0).fun([1.0, 2.0])),
    "x-nan": (ValueError, ["x", "nan"], lambda: sm.Smoothed(P, 1.0).jac(np.full(D, np.nan))),
    "v-size": (ValueError, ["v", str(D), "1"], lambda: sm.Smoothed(P, 1.0).hessp(X, [1.0])),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_arguments_are_named(case):
    error, words, call = REFUSED[case]
    assert_refuses(error, words, call)


@pytest.mark.parametrize("tau", [np.float32(0.5), np.float64(0.5), np.array(0.5), 1])
def test_numbers_in_any_dress(tau):
    assert sm.Smoothed(P, tau).tau == float(tau)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("prior", "tau"), [([0.0, 1.0, 3.0], 2.0), ([1e-301, 0.5, 0.5], 1.7e308)])
def test_a_component_that_the_prior_takes_out_may_be_anything(bad, prior, tau):
    """Also where τ·log w is −inf by overflow."""
    functions = sm.Smooth(lambda x: np.array([bad, x[0], -x[0]]), lambda x: np.array([[0.0], [1.0], [-1.0]]), d=1)
    others = sm.Minimax(sm.Affine([[1.0], [-1.0]]))
    point = sm.Smoothed(sm.Minimax(functions), tau, prior=prior).point(np.ones(1))
    known = sm.Smoothed(others, tau, prior=prior[1:]).point(np.ones(1))
    assert point.fun == known.fun
    np.testing.assert_array_equal(point.weights, [0.0, *known.weights])
    np.testing.assert_array_equal(point.jac, known.jac)
