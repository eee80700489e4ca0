"""Laws of the surrogate F_τ, for every family of components, both regularizers, with and without priors, at any scale.

max f ≤ F_τ ≤ max f + bound      ∇F_τ = Jᵀp      ∇²F_τ ⪰ 0      F_τ − ⟨p, f⟩ = τ·H(p)      ∂F_τ/∂τ = H(p)
c·F_τ(f) = F_{cτ}(c·f)           F_τ(y) ≥ F_τ(x) + ⟨∇F_τ(x), y − x⟩        ‖∇F_τ(x) − ∇F_τ(y)‖ ≤ L·‖x − y‖
"""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import smoothmax as sm
from tests.arrays import library
from tests.effort import law
from tests.laws import assert_sandwich, assert_semidefinite
from tests.trust import rational

EPS = float(np.finfo(float).eps)
SEEDS = st.integers(0, 2**32 - 1)
FORMS = st.sampled_from(rational.FORMS)
TAUS = st.sampled_from([1e-12, 1e-6, 1e-3, 0.1, 1.0, 10.0, 1e6, 1e12])
PRIORS = st.sampled_from(["none", "sum", "mean", "skew", "zeros"])
SIZES = (st.integers(1, 8), st.integers(1, 5))
ARGUMENTS = (SEEDS, FORMS, TAUS, st.sampled_from(["shannon", "gini"]), PRIORS, *SIZES)


def setting(seed, form, tau, regularizer, prior, n, d, unit=1.0):
    """The surrogate of random components of one family, a point, and values, slopes and weights there."""
    case = rational.known(seed, "free", form, "plain", n, d)
    rng = np.random.default_rng([seed, 3])
    n = case.problem.n
    w = {"none": None, "sum": np.ones(n), "mean": np.full(n, 1 / n), "skew": rng.random(n) ** 8 + 1e-9}.get(prior)
    if prior == "zeros":
        w = rng.random(n) * (rng.random(n) < 0.6)
        w[rng.integers(n)] = 1.0
    w = w / w.sum() if w is not None and regularizer == "gini" else w
    s = sm.Smoothed(case.problem, tau * unit, regularizer=regularizer, prior=w)
    x = 3.0 * rng.standard_normal(d)
    point = s.at(x)
    rows = np.arange(n)
    kept = rows if w is None or regularizer == "gini" else np.flatnonzero(w)
    size = float(np.abs(point.f).max()) + tau
    size += tau * float(np.abs(np.log(w[w > 0])).max()) if w is not None else 0.0
    name = f"{case.name}, tau={tau}, {regularizer}, prior={prior}, x={x.tolist()}"
    return SimpleNamespace(
        case=case,
        s=s,
        x=x,
        f=point.f,
        p=point.weights,
        J=point.lin.jac(rows),
        prior=w,
        kept=kept,
        size=size,
        rng=rng,
        name=name,
    )


@law(60, 5000)
@given(*ARGUMENTS)
def test_the_value_lies_where_the_bound_says(seed, form, tau, regularizer, prior, n, d):
    m = setting(seed, form, tau, regularizer, prior, n, d)
    value, top = m.s.fun(m.x), float(m.f[m.kept].max())
    if regularizer == "shannon":
        assert_sandwich(value, m.f, tau, m.prior)
    room = 16 * EPS * m.size
    if m.prior is None:
        assert top - room <= value <= top + m.s.bound + room, m.name
    elif np.isfinite(m.s.bound):
        assert abs(value - top) <= m.s.bound + room, m.name
    assert m.p.min() >= 0, m.name
    assert abs(m.p.sum() - 1) <= 8 * EPS * max(4, m.p.size), m.name
    if m.prior is not None and regularizer == "shannon":
        assert not m.p[m.prior == 0].any(), f"{m.name}: weight where the prior is zero"


@law(60, 5000)
@given(*ARGUMENTS)
def test_gradient_entropy_and_products_are_what_the_weights_say(seed, form, tau, regularizer, prior, n, d):
    m = setting(seed, form, tau, regularizer, prior, n, d)
    g, mean = m.s.jac(m.x), float(m.p @ m.f)
    steep = 1 + min(m.size / tau, 1e14)  # by what rounding of f is magnified in weights
    room = 64 * EPS * steep
    assert np.all(np.abs(g - m.p @ m.J) <= room * (np.abs(m.J).max(axis=0) + 1e-300)), m.name
    information = m.s.entropy(m.x)
    assert abs(m.s.fun(m.x) - mean - tau * information) <= room * m.size, f"{m.name}: entropy"
    H, v = m.s.hess(m.x), m.rng.standard_normal(d)
    size = np.abs(H).max() + float((m.J**2).sum(axis=1).max()) / tau
    assert np.all(np.abs(m.s.hessp(m.x, v) - H @ v) <= 1e-12 * size * np.abs(v).sum()), f"{m.name}: hessp"
    np.testing.assert_allclose(H, H.T, atol=1e-13 * size)
    if H.any():
        assert_semidefinite(H + 1e-13 * size * np.eye(d))


@law(50, 4000)
@given(*ARGUMENTS)
def test_it_is_convex_and_its_gradient_lipschitz(seed, form, tau, regularizer, prior, n, d):
    m = setting(seed, form, tau, regularizer, prior, n, d)
    y = m.x + m.rng.standard_normal(d) * 10.0 ** m.rng.integers(-4, 2)
    (a, g), (b, h) = m.s.fun_and_jac(m.x), m.s.fun_and_jac(y)
    step, size = y - m.x, m.size + float(np.abs(m.s.at(y).f).max())
    room = 1e-13 * (size + np.abs(g) @ np.abs(step)) + 64 * EPS * (size / tau) * np.abs(m.J).max() * np.abs(step).sum()
    assert b >= a + g @ step - room, f"{m.name}, y={y.tolist()}: below the tangent"
    L = m.s.lipschitz
    noise = 64 * EPS * (1 + size / tau) * float(np.abs(m.J).max()) * d
    assert np.linalg.norm(g - h) <= L * np.linalg.norm(step) * (1 + 1e-12) + noise, (
        f"{m.name}, y={y.tolist()}: lipschitz"
    )
    assert np.isinf(L) != m.case.problem.affine


def test_both_signs_of_a_row_count_in_the_lipschitz_constant_of_sparse_weights():
    """Two components ±8·x of Gini's index: the slope turns by 128/τ."""
    s = sm.Smoothed(sm.Minimax(sm.Affine([[8.0]], absolute=True)), 1e3, regularizer="gini")
    assert s.lipschitz == pytest.approx(0.128)
    assert abs(s.jac([1.0]) - s.jac([0.0]))[0] <= s.lipschitz * (1 + 1e-12)


@law(40, 3000)
@given(*ARGUMENTS, st.sampled_from([-900, -200, -1, 3, 200, 900]))
def test_units_of_f_change_nothing_but_the_units(seed, form, tau, regularizer, prior, n, d, power):
    """f → 2ᵏ·f, τ → 2ᵏ·τ: the weights stay to the bit, values and derivatives are 2ᵏ times the old."""
    m, c = setting(seed, form, tau, regularizer, prior, n, d), 2.0**power
    q, r, P = (rational.floats(part) * c for part in (m.case.q, m.case.r, 0 if m.case.P is None else m.case.P))
    components = sm.Affine(q, r) if m.case.P is None else sm.Quadratic(P, q, r)
    plain = sm.Affine(q / c, r / c) if m.case.P is None else sm.Quadratic(P / c, q / c, r / c)
    one = sm.Smoothed(sm.Minimax(plain), tau, regularizer=regularizer, prior=m.prior)
    other = sm.Smoothed(sm.Minimax(components), c * tau, regularizer=regularizer, prior=m.prior)
    np.testing.assert_allclose(other.weights(m.x), one.weights(m.x), rtol=1e-9, atol=1e-15)
    assert other.fun(m.x) / c == pytest.approx(one.fun(m.x), rel=1e-13, abs=1e-13 * m.size)
    size = float(np.abs(m.J).max()) or 1.0
    np.testing.assert_allclose(other.jac(m.x) / c, one.jac(m.x), rtol=1e-9, atol=1e-12 * size)
    if abs(power) <= 200:
        np.testing.assert_allclose(other.hess(m.x) / c, one.hess(m.x), rtol=1e-6, atol=1e-9 * (1 + size**2 / tau))


@law(40, 3000)
@given(SEEDS, FORMS, st.sampled_from(["shannon", "gini"]), PRIORS, *SIZES)
def test_the_slope_in_tau_is_the_entropy(seed, form, regularizer, prior, n, d):
    """F is convex in (f, τ), so difference quotients to the left and right enclose H(p)."""
    m = setting(seed, form, 1.0, regularizer, prior, n, d)
    h = 1e-4
    cold, warm = (
        sm.Smoothed(m.case.problem, t, regularizer=regularizer, prior=m.prior).fun(m.x) for t in (1 - h, 1 + h)
    )
    here, slope, room = m.s.fun(m.x), m.s.entropy(m.x), 1e-10 * m.size
    assert (here - cold) / h - room <= slope <= (warm - here) / h + room, m.name
    if m.prior is None:
        assert slope >= 0, m.name
        assert cold <= here + room * h <= warm + 2 * room * h, m.name


@law(30, 2000)
@given(SEEDS, FORMS, st.sampled_from([1e-300, 1e300]), *SIZES)
def test_at_the_ends_of_temperature_it_is_the_max_or_the_mean(seed, form, tau, n, d):
    """Cold: max f and its rows alone. Hot, with a prior of the mean: ⟨1/n, f⟩ beside what rounding leaves of τ."""
    cold = setting(seed, form, tau, "shannon", "none", n, d) if tau < 1 else None
    if cold is not None:
        assert cold.s.fun(cold.x) == cold.f.max(), cold.name
        assert not cold.p[cold.f < cold.f.max()].any(), cold.name
        return
    hot = setting(seed, form, tau, "shannon", "mean", n, d)
    np.testing.assert_allclose(hot.p, 1 / hot.p.size, rtol=1e-12)
    assert abs(hot.s.fun(hot.x)) <= np.abs(hot.f).max() + 16 * EPS * tau, hot.name
    np.testing.assert_allclose(hot.s.jac(hot.x), hot.J.mean(axis=0), atol=1e-12 * (np.abs(hot.J).max() + 1e-300))


@pytest.mark.parametrize("form", rational.FORMS)
@pytest.mark.parametrize("tau", [0.3, 3.0])
def test_automatic_differentiation_finds_the_same_derivatives(form, tau):
    """JAX differentiates the definition, τ·logsumexp(f/τ): an independent gradient and Hessian."""
    library("jax")
    import jax

    m = setting(7, form, tau, "shannon", "skew", 6, 4)
    q, r = rational.floats(m.case.q), rational.floats(m.case.r)
    P = rational.floats(m.case.P) if m.case.P is not None else np.zeros((len(q), 4, 4))

    def surrogate(x):
        f = 0.5 * jax.numpy.einsum("j,ijk,k->i", x, P, x) + q @ x + r
        return tau * jax.scipy.special.logsumexp(f / tau + np.log(m.prior))

    size = 1 + float(np.abs(m.J).max()) ** 2 / tau
    assert float(surrogate(m.x)) == pytest.approx(m.s.fun(m.x), rel=1e-12)
    np.testing.assert_allclose(m.s.jac(m.x), jax.grad(surrogate)(m.x), atol=1e-11 * size)
    np.testing.assert_allclose(m.s.hess(m.x), jax.hessian(surrogate)(m.x), atol=1e-10 * size)
