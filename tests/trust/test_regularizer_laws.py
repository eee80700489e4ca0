"""Laws of the regularizers and the losses at every scale and temperature, in every shape and layout of memory."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import smoothmax as sm
from smoothmax.losses import attention, attention_vjp, cross_entropy, cross_entropy_grad, lifted_structured
from smoothmax.regularizers import gini, shannon, tsallis
from tests import effort
from tests.laws import (
    EPS,
    assert_convex_and_nonexpansive,
    assert_fenchel_young,
    assert_homogeneous,
    assert_rises_with_tau,
    assert_same,
    assert_smooth_maximum,
    assert_translates,
)

from . import strategies as some
from .test_operator_laws import quiet

law = effort.law(12, 400)
KINDS = [shannon, gini, tsallis(1 + 1e-12), tsallis(1.2), tsallis(1.5), tsallis(2), tsallis(3), tsallis(40)]
each = pytest.mark.parametrize("kind", KINDS, ids=repr)
ORDINARY = [1e-300, 1e-3, 1.0, 1e20, 1e300]


def maximum_of(kind):
    return lambda x, tau: quiet(kind.maximum)(x, tau)


def tolerance(kind):
    """Of weights: beyond alpha = 2 an element enters the support with infinite slope, as the (alpha - 1)th root."""
    return max(1e-14, (64 * EPS) ** min(1.0, 1.0 / (kind.alpha - 1.0))) if kind.alpha > 1 else 1e-14


# --- smooth maxima


@each
@law
@given(some.vectors_and_temperatures(), st.integers(-1000, 1000))
def test_each_is_a_smooth_maximum_in_any_units(kind, given_, k):
    x, tau = given_
    assert_smooth_maximum(maximum_of(kind), x, tau, kind.bound(x.size), tolerance(kind))
    assert_homogeneous(maximum_of(kind), x, tau, k, kind.bound(x.size))


@each
@law
@given(some.pairs_and_temperatures(scales=ORDINARY), st.sampled_from([1.0, -3.0, 1e20, 1e300]), st.floats(0, 1))
def test_translations_lines_and_temperatures(kind, given_, c, s):
    x, y, tau = given_
    depth = kind.bound(x.size)
    assert_translates(maximum_of(kind), x, tau, c, depth)
    assert_convex_and_nonexpansive(maximum_of(kind), x, y, tau, depth)
    assert_rises_with_tau(maximum_of(kind), x, s * tau, tau, depth)


@each
@law
@given(some.vectors_and_temperatures(), st.data())
def test_fenchel_and_young(kind, given_, data):
    x, tau = given_
    q = data.draw(some.distributions(x.size))
    assert_fenchel_young(maximum_of(kind), quiet(kind.value), x, q, tau, kind.bound(x.size))
    assert -kind.bound(x.size) * (1 + 8 * EPS) - 1e-15 <= kind.value(q) <= 1e-15
    vertex = np.eye(x.size)[data.draw(st.integers(0, x.size - 1))]
    assert abs(kind.value(vertex)) <= 1e-15


@each
@law
@given(some.vectors_and_temperatures(scales=[1e-3, 1.0, 1e3]), st.floats(0.01, 0.99), st.data())
def test_elements_only_help_and_omega_is_convex(kind, given_, s, data):
    """Without an element F is no larger; with copies of all of them F grows by no more than the depth of two."""
    x, tau = given_[0], min(given_[1], 1e300)
    value = maximum_of(kind)(x, tau)[0]
    room = 64 * EPS * (np.abs(x).max() + tau) + 2e-323
    if x.size > 1:
        assert maximum_of(kind)(x[1:], tau)[0] <= value + room
    twice = maximum_of(kind)(np.append(x, x), tau)[0]
    assert value - room <= twice <= value + tau * kind.bound(2) + room
    reach = 1.0 / (kind.alpha - 1.0) if kind.alpha > 1.1 else math.inf  # what is further below has no weight
    below = x.max() - 1.01 * reach * tau - 1 if tau else -np.inf
    assert abs(maximum_of(kind)(np.append(x, below), tau)[0] - value) <= room
    p, q = (data.draw(some.distributions(x.size)) for _ in range(2))
    mixed = (1 - s) * p + s * q
    assert kind.value(mixed / mixed.sum()) <= (1 - s) * kind.value(p) + s * kind.value(q) + 1e-14


@each
@law
@given(some.vectors_and_temperatures(scales=[1e-300, 1.0, 1e300], lowest=1e-300), st.data())
def test_the_second_derivative_is_symmetric_semidefinite_and_bounded(kind, given_, data):
    x, tau = given_[0], min(given_[1], 1e300)
    u, v = (data.draw(some.vectors([tau], (x.size, x.size))) for _ in range(2))
    Hu, Hv = (quiet(kind.hvp)(x, d, tau) for d in (u, v))
    p = kind.maximum(x, tau)[1]
    slopes = float(np.sum(kind.slopes(p)))
    assert math.isfinite(slopes), f"slopes {kind.slopes(p)} at {p}"
    room = 256 * EPS * (1 + slopes)
    assert np.isfinite(Hu).all(), f"H u = {Hu}"
    assert abs((v / tau) @ Hu - (u / tau) @ Hv) <= room
    assert -room <= (u / tau) @ Hu <= slopes * (1 + 64 * EPS)
    assert abs(Hu.sum()) <= room
    assert not Hu[p == 0].any()
    assert np.abs(quiet(kind.hvp)(x, np.full(x.size, tau), tau)).max() <= room


# --- losses


@law
@given(some.pairs_and_temperatures(scales=ORDINARY), st.data())
def test_cross_entropy_is_a_fenchel_young_loss(given_, data):
    """>= H(y), zero gradient at y = softmax, convex, and blind to a constant."""
    x, other, _ = given_
    y = data.draw(some.distributions(x.size))
    loss, slope = quiet(cross_entropy)(x, y), quiet(cross_entropy_grad)(x, y)
    room = 64 * EPS * (np.abs(x).max() + 1)
    assert loss >= sm.entropy(y) - room
    assert abs(slope.sum()) <= 64 * EPS
    assert np.abs(quiet(cross_entropy_grad)(x, sm.softmax(x))).max() <= 8 * EPS
    step = 1e-5 * other / max(np.abs(other).max(), 1e-300) if np.abs(x).max() <= 1 else other - x
    gain = quiet(cross_entropy)(x + step, y) - loss
    assert gain >= slope @ step - room - 64 * EPS * np.abs(step).max()
    k = data.draw(st.integers(0, x.size - 1))
    assert_same(cross_entropy(x, k), quiet(cross_entropy)(x, np.eye(x.size)[k]), 0.0)
    if np.abs(x).max() <= 1:
        assert abs(quiet(cross_entropy)(x + 1000.0, y) - loss) <= 1e-12


@effort.law(25, 800)
@given(st.data())
def test_attention_averages(data):
    """Means of values; keys in any order, in any blocks, moved by a constant; linear in the values."""
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    n, m, d, c = (data.draw(st.integers(1, 6)) for _ in range(4))
    lead = data.draw(st.sampled_from([(), (2,), (1, 2), (0,)]))
    q, k, v, g = (rng.normal(size=(*lead, *s)) for s in ((n, d), (m, d), (m, c), (n, c)))
    mask = rng.random((n, m)) < 0.8
    block, order = data.draw(st.integers(1, 8)), rng.permutation(m)
    laid = [data.draw(some.lying(a)) for a in (q, k, v, g)]
    found = quiet(attention)(*laid[:3], mask=mask, block=block)
    some_key = mask.any(axis=1)[:, None]
    if found.size:
        low, high = (f(v, axis=-2, keepdims=True) for f in (np.min, np.max))
        assert np.all((found <= high + 1e-14) & (found >= low - 1e-14) | ~some_key)
    assert not np.any(found * ~some_key)
    np.testing.assert_allclose(found, attention(q, k, v, mask=mask), rtol=1e-12, atol=1e-13)
    again = attention(q, k[..., order, :], v[..., order, :], mask=mask[:, order], block=block)
    np.testing.assert_allclose(again, found, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(attention(q, k + 10.0, v, mask=mask, block=block), found, rtol=1e-11, atol=1e-12)
    moved = attention(q, k, 2 * v + 1.0, mask=mask, block=block)
    np.testing.assert_allclose(moved, 2 * found + some_key, rtol=1e-12, atol=1e-12)
    triangle = np.tri(n, m, m - n, dtype=bool)
    causal = quiet(attention)(q, k, v, mask=mask, causal=True, block=block)
    np.testing.assert_allclose(causal, attention(q, k, v, mask=mask & triangle), rtol=1e-12, atol=1e-13)
    dq, dk, dv = quiet(attention_vjp)(*laid, mask=mask, block=block)
    np.testing.assert_allclose(dk.sum(axis=-2), 0.0, atol=1e-12)  # a constant for all keys changes nothing
    np.testing.assert_allclose(dv.sum(axis=-2), (g * some_key).sum(axis=-2), atol=1e-12)
    np.testing.assert_allclose((dq * q).sum(axis=(-1, -2)), (dk * k).sum(axis=(-1, -2)), atol=1e-11)  # only q k' counts
    np.testing.assert_allclose((dv * v).sum(axis=(-1, -2)), (g * found).sum(axis=(-1, -2)), atol=1e-11)


@effort.law(25, 800)
@given(
    st.integers(0, 999),
    st.integers(1, 9),
    st.integers(-400, 400),
    st.sampled_from([1e-9, 0.1, 1.0, 30.0, 1e9]),
    st.data(),
)
def test_the_lifted_loss_is_homogeneous_and_blind_to_the_order_of_the_batch(seed, n, k, tau, data):
    rng = np.random.default_rng(seed)
    D = np.abs(rng.normal(size=(n, n)))
    D, labels, order = D + D.T, rng.integers(0, 3, n), rng.permutation(n)
    a = quiet(lifted_structured)(data.draw(some.lying(D)), labels, margin=1.0, tau=tau)
    assert 0 <= a.hard <= a.smooth * (1 + 8 * EPS)
    assert a.smooth <= a.bound * (1 + 8 * EPS)
    b = quiet(lifted_structured)(np.ldexp(D, k), labels, margin=2.0**k, tau=np.ldexp(tau, k))
    for one, other in zip(a, b, strict=True):
        power = 1 if np.ndim(one) else 2
        np.testing.assert_allclose(np.ldexp(other, -power * k), one, rtol=1e-13, atol=1e-300)
    c = quiet(lifted_structured)(D[np.ix_(order, order)], labels[order], margin=1.0, tau=tau)
    np.testing.assert_allclose([*c[:3]], [*a[:3]], rtol=1e-12)
    symmetric = a.grad + a.grad.T
    np.testing.assert_allclose(c.grad + c.grad.T, symmetric[np.ix_(order, order)], rtol=1e-10, atol=1e-12)
    if tau <= 1:  # Euler: <grad, D> counts D, the margin and tau of degree two together
        rest = sum(
            (lifted_structured(D, labels, margin=1 + s * h, tau=tau).smooth * s) / (2 * h)
            for s, h in ((1, 1e-6), (-1, 1e-6))
        )
        assert np.sum(a.grad * D) <= 2 * a.smooth - rest + 1e-4 * (1 + abs(a.smooth))


def test_second_derivatives_where_slopes_are_far_apart():
    """At alpha = 3 the slopes are 1/p: beside that of a tiny weight the others keep their digits."""
    kind, x, v = tsallis(3), np.array([0.5, 0.4999, 0.0]), np.array([1.0, 0.0, 2.0])
    low, high = 1e-3, 10.0
    for _ in range(200):  # the temperature at which the third one enters
        tau = (low + high) / 2
        low, high = (tau, high) if kind.maximum(x, tau)[1][2] == 0 else (low, tau)
    p = [Fraction(w) for w in kind.maximum(x, high)[1].tolist()]
    assert 0 < p[2] < 1e-6
    s = [1 / w for w in p]
    mean = sum(si * Fraction(vi) for si, vi in zip(s, v, strict=True)) / sum(s)
    exact = [float(si * (Fraction(vi) - mean) / Fraction(high)) for si, vi in zip(s, v, strict=True)]
    np.testing.assert_allclose(kind.hvp(x, v, high), exact, rtol=1e-13)


def test_slopes_beyond_the_floats_leave_no_nan():
    assert np.isfinite(quiet(tsallis(200).hvp)(np.zeros(10_000), np.arange(10_000.0), 1.0)).all()
    x = 1e300 * np.array([1.0, 1.0, -0.02])
    assert np.isfinite(quiet(tsallis(40).hvp)(x, x, 1e300)).all()


@each
def test_omega_of_tiny_weights_is_silent(kind):
    p = np.array([0.25, 0.25, 0.25, 0.25, 2.5e-299, 5e-324])
    assert quiet(kind.value)(p) == pytest.approx(-kind.bound(4))
