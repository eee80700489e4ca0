"""Laws of the operators at every scale and temperature, and where floats end."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoothmax import operators as op
from tests import effort
from tests.arrays import library
from tests.laws import (
    EPS,
    WIDE,
    assert_convex_and_nonexpansive,
    assert_fenchel_young,
    assert_homogeneous,
    assert_rises_with_tau,
    assert_same,
    assert_smooth_maximum,
    assert_translates,
    rounding,
)

from . import strategies as some

law = effort.law(25, 1000)
seeds = st.integers(0, 10**6)
ORDINARY = [1e-300, 1e-3, 1.0, 1e20, 1e300]  # sums of a few are no larger than the largest


def quiet(function):
    """The function, called where any floating-point event would raise."""

    def call(*args, **options):
        with np.errstate(all="raise"):
            return function(*args, **options)

    return call


def shannon(x, tau, **options):
    return tuple(quiet(f)(x, tau=tau, **options) for f in (op.logsumexp, op.softmax))


def depth(x):
    return math.log(len(x))


# --- the smooth maximum at every scale


@law
@given(some.vectors_and_temperatures())
def test_logsumexp_is_a_smooth_maximum(given_):
    x, tau = given_
    assert_smooth_maximum(shannon, x, tau, depth(x))


@law
@given(some.vectors_and_temperatures(scales=[1e-3, 1.0, 1e3]), st.integers(-1070, 1020))
def test_units_are_free(given_, k):
    x, tau = given_
    assert_homogeneous(shannon, x, tau, k, depth(x))
    assert_homogeneous(lambda z, t: (quiet(op.mellowmax)(z, tau=t), 0.0 * z), x, tau, k, 0.0)


@law
@given(some.pairs_and_temperatures(scales=ORDINARY), st.sampled_from([1.0, -3.0, 1e20, 1e300]))
def test_translations_and_lines(given_, c):
    x, y, tau = given_
    assert_translates(shannon, x, tau, c, depth(x))
    assert_convex_and_nonexpansive(shannon, x, y, tau, depth(x))


@law
@given(some.vectors_and_temperatures(), st.floats(0, 1))
def test_it_rises_with_tau_from_the_maximum_and_the_mean_form_falls_to_the_mean(given_, s):
    x, tau = given_
    assert_rises_with_tau(shannon, x, s * tau, tau, depth(x))
    low, high = (quiet(op.mellowmax)(x, tau=t) for t in (s * tau, tau))
    room = rounding(x, 0.0, 0.0)
    assert x.astype(WIDE).mean() - room <= high <= low + room
    assert low <= x.max()


@law
@given(some.vectors_and_temperatures(), st.data())
def test_fenchel_and_young(given_, data):
    x, tau = given_
    q = data.draw(some.distributions(x.size))
    assert_fenchel_young(shannon, lambda p: -quiet(op.entropy)(p), x, q, tau, depth(x))


@law
@given(some.vectors_and_temperatures(scales=ORDINARY, lowest=1e-3), st.data())
def test_a_prior_that_sums_to_one_makes_a_lower_smooth_maximum(given_, data):
    x, tau = given_
    w = data.draw(some.distributions(x.size).filter(lambda w: (w[w > 0] > 1e-18).all()))
    tau = min(tau, 1e300)
    value, p = shannon(x, tau, prior=w)
    here, room = w > 0, rounding(x, tau, 50.0)
    assert np.max(x[here] + WIDE(tau) * np.log(w[here])) - room <= value <= x[here].max() + room
    assert not p[~here].any()
    divergence = quiet(op.kl_divergence)(p, w)
    assert abs(value - (np.sum(p * x.astype(WIDE)) - tau * WIDE(divergence))) <= 8 * room
    assert divergence >= -4 * EPS


# --- merging


@law
@given(some.vectors_and_temperatures(sizes=(2, 12)), st.data())
def test_blocks_merge_in_every_tree(given_, data):
    x, tau = given_
    cuts = sorted(data.draw(st.lists(st.integers(0, x.size), max_size=4)))
    blocks = np.split(x, cuts)
    whole, room = op.logsumexp(x, tau=tau), rounding(x, tau, depth(x))
    parts = [op.LogSumExpAccumulator(tau).update(b) for b in blocks]
    while len(parts) > 1:
        left = parts.pop(data.draw(st.integers(0, len(parts) - 1)))
        parts[0] = left.merge(parts[0])
    values = [op.logsumexp(b, tau=tau) for b in blocks]
    for found in (parts[0].value, quiet(op.logsumexp)(values, tau=tau)):
        assert found == whole or abs(WIDE(found) - whole) <= room, (
            f"{found!r} of {len(blocks)} blocks, {whole!r} at once"
        )


@law
@given(some.arrays(dtypes=(np.float64,)), some.temperatures(np.ones(1)), st.data())
def test_reductions_over_axes_come_one_after_another(x, tau, data):
    axis = data.draw(some.axes(x.ndim))
    chain = x
    for a in sorted(
        (a % x.ndim for a in np.atleast_1d(range(x.ndim) if axis is None else axis).astype(int)), reverse=1
    ):
        chain = quiet(op.logsumexp)(chain, tau=tau, axis=int(a))
    whole = quiet(op.logsumexp)(x, tau=tau, axis=axis)
    assert_same(chain, whole, 64 * EPS, 1e-15 * (1 + tau))


@law
@given(seeds, some.temperatures(np.ones(1)), st.tuples(*[st.integers(1, 4)] * 4))
def test_log_matmul_is_associative_distributive_and_has_a_one(seed, tau, sizes):
    rng, tau = np.random.default_rng(seed), min(tau, 1e300)
    A, B, C, D = (rng.normal(size=pair) for pair in zip(sizes, (*sizes[1:], 2), strict=True))
    A[rng.random(A.shape) < 0.2] = -np.inf

    def times(a, b):
        return quiet(op.log_matmul)(a, b, tau=tau)

    room = {"rtol": 64 * EPS, "atol": 64 * EPS * (4 + 6 * tau)}
    np.testing.assert_allclose(times(times(A, B), C), times(A, times(B, C)), **room)
    E = rng.normal(size=B.shape)
    summed = quiet(op.logaddexp)(times(A, B), times(A, E), tau=tau)
    np.testing.assert_allclose(times(A, quiet(op.logaddexp)(B, E, tau=tau)), summed, **room)
    one = np.where(np.eye(D.shape[0], dtype=bool), 0.0, -np.inf)
    np.testing.assert_array_equal(times(one, D), D)
    np.testing.assert_allclose(times(A, B).T, times(B.T, A.T), **room)


# --- derivatives


@law
@given(some.vectors_and_temperatures(lowest=1e-300), st.data())
def test_the_hessian_is_symmetric_semidefinite_and_bounded(given_, data):
    x, tau = given_[0], min(given_[1], 1e300)
    u, v = (data.draw(some.vectors([tau], (x.size, x.size))) for _ in range(2))  # so that H v is of the order of 1
    Hu, Hv = (quiet(op.logsumexp_hvp)(x, d, tau=tau) for d in (u, v))
    room = 64 * EPS * tau
    assert abs(v @ Hu - u @ Hv) <= room
    assert -room <= u @ Hu <= tau * (1 + 64 * EPS)  # |u| <= tau
    assert abs(Hu.sum()) <= 64 * EPS
    p, H = op.softmax(x, tau=tau), quiet(op.logsumexp_hessian)(x, tau=tau)
    np.testing.assert_allclose(Hu, p * (u / tau - p @ (u / tau)), atol=64 * EPS)
    np.testing.assert_allclose(H @ u, Hu, atol=64 * EPS)


@law
@given(some.pairs_and_temperatures(scales=[1e-3, 1.0, 1e3], lowest=1e-3))
def test_the_bregman_divergence_is_a_divergence_of_weights(given_):
    """F(y) - F(x) - <p_x, y - x> = tau*KL(p_x || p_y), and F - <p, x> = tau*H(p)."""
    x, y, tau = given_[0], given_[1], min(given_[2], 1e300)
    (a, p), (b, q) = shannon(x, tau), shannon(y, tau)
    room = 8 * rounding(np.append(x, y), tau, depth(x))
    if q.min() > 1e-290:
        assert abs(b - a - p @ (y - x) - tau * WIDE(quiet(op.kl_divergence)(p, q))) <= room
    entropy = quiet(op.logsumexp_dtau)(x, tau=tau)
    assert abs(a - p @ x - tau * entropy) <= room
    assert abs(quiet(op.entropy)(p) - entropy) <= 64 * EPS * x.size * (1 + np.ptp(x) / tau)
    with_zero = quiet(op.logsumexp)(np.append(x, 0.0), tau=tau)
    assert abs(quiet(op.logsumexp_plus)(x, tau=tau) - with_zero) <= room


@law
@given(st.integers(2, 8).flatmap(lambda n: st.tuples(*[some.distributions(n)] * 4)), st.floats(0.01, 0.99))
def test_entropy_is_concave_and_divergence_shrinks(four, s):
    p, q, r, t = four
    H, KL = quiet(op.entropy), quiet(op.kl_divergence)
    assert -1e-15 <= H(p) <= math.log(p.size) + 1e-14
    assert H((1 - s) * p + s * q) >= (1 - s) * H(p) + s * H(q) - 1e-14
    assert KL(p, q) >= 0.5 * np.abs(p - q).sum() ** 2 - 1e-14, "Pinsker"
    assert KL((1 - s) * p + s * r, (1 - s) * q + s * t) <= ((1 - s) * KL(p, q) + s * KL(r, t)) * (1 + 1e-14) + 1e-13
    merged = [np.append(d[:-2], d[-2:].sum()) for d in (p, q)]
    assert KL(*merged) <= KL(p, q) * (1 + 1e-14) + 1e-14, "telling less apart"
    pair = np.multiply.outer(p, q)
    assert H(pair) == pytest.approx(H(p) + H(q), abs=1e-13)
    np.testing.assert_allclose(H(pair, axis=1).sum(), H(pair), atol=1e-13)


# --- at the ends of the floats


@pytest.mark.parametrize("add", [lambda x: x, library("strict")[0]], ids=["numpy", "strict"])
def test_differences_that_overflow_still_count(add):
    """[-a, a, 0] at tau = a is a*[-1, 1, 0] at 1, though 2a is beyond the floats."""
    a, unit = 1.5e308, np.array([-1.0, 1.0, 0.0])
    for tau in (0.1, 0.3):
        options = {"tau": tau * a}
        assert float(op.logsumexp(add(a * unit), **options)) == pytest.approx(
            a * op.logsumexp(unit, tau=tau), rel=1e-14
        )
        stream = op.LogSumExpAccumulator(tau * a).update(add(a * unit[:1])).update(add(a * unit[1:]))
        assert stream.value == pytest.approx(a * op.logsumexp(unit, tau=tau), rel=1e-14)
        p, log_p = op.softmax(unit, tau=tau), op.log_softmax(unit, tau=tau)
        np.testing.assert_allclose(np.asarray(op.softmax(add(a * unit), **options)), p, rtol=1e-13)
        np.testing.assert_allclose(np.asarray(op.log_softmax(add(a * unit), **options)), log_p, rtol=1e-11)
    low = add(np.array([-a, -a, -a, -a, -a, -a, -a]))
    assert float(op.logsumexp(low, tau=a)) == pytest.approx(a * (np.log(7) - 1), rel=1e-14)
    mean = op.mellowmax(add(a * np.array([1.0] + [-1.0] * 9)), tau=a)
    assert float(mean) == pytest.approx(a * op.mellowmax([1.0] + [-1.0] * 9), rel=1e-14)


@pytest.mark.parametrize("add", [lambda x: x, library("strict")[0]], ids=["numpy", "strict"])
def test_the_mean_form_is_the_mean_where_exponents_underflow(add):
    for scale, tau in ((1e-22, 1e300), (1e-300, 1e20), (1.0, 1e307), (5e-324, 1e-10)):
        x = scale * np.array([4.0, 0.0, -1.0, 1.0])
        assert float(op.mellowmax(add(x), tau=tau)) == pytest.approx(scale, rel=1e-15, abs=0)
        rows = op.mellowmax(add(np.stack([x, x / scale * tau])), tau=tau, axis=1)
        assert float(rows[0]) == pytest.approx(scale, rel=1e-15, abs=0)
        keep = add(np.array([True, True, False, False]))
        assert float(op.mellowmax(add(x), tau=tau, where=keep)) == pytest.approx(2 * scale, rel=1e-15, abs=0)
