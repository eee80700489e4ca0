"""Laws of the operators: identities that hold for every input, tested on many."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from smoothmax import operators as op
from tests import effort, naive

EPS = float(np.finfo(np.float64).eps)

reals = st.floats(-1e3, 1e3)
vectors = hnp.arrays(np.float64, st.integers(1, 40), elements=reals)
anything = hnp.arrays(np.float64, st.integers(0, 8), elements=st.floats(allow_nan=True, allow_infinity=True))
taus = st.floats(1e-3, 1e3)
extreme_taus = st.sampled_from([0.0, 5e-324, 1e-308, 1e-300, 1e-3, 1.0, 1e8, 1e300])
law = effort.law(60, 1200)


def close(a, b, scale):
    return np.all(np.abs(np.asarray(a) - b) <= 40 * EPS * (scale + 1e-300))


# --- the smooth maximum


@law
@given(vectors, taus, reals)
def test_shift(x, tau, c):
    size = abs(x).max() + abs(c) + tau * math.log(2 * x.size)
    assert close(op.logsumexp(x + c, tau=tau), op.logsumexp(x, tau=tau) + c, size)
    assert close(op.softmax(x + c, tau=tau), op.softmax(x, tau=tau), 1 + size / tau)


@law
@given(vectors, taus, st.integers(-30, 30))
def test_scale(x, tau, k):
    s = 2.0**k
    assert op.logsumexp(s * x, tau=s * tau) == s * op.logsumexp(x, tau=tau)


@law
@given(vectors, taus, st.randoms(use_true_random=False))
def test_permutation(x, tau, random):
    order = list(range(x.size))
    random.shuffle(order)
    assert close(op.logsumexp(x[order], tau=tau), op.logsumexp(x, tau=tau), abs(x).max() + tau * math.log(2 * x.size))
    assert close(op.softmax(x[order], tau=tau), op.softmax(x, tau=tau)[order], 1)


@law
@given(hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e300, 1e300)), extreme_taus)
def test_sandwich(x, tau):
    n, top = x.size, x.max()
    assert top <= op.logsumexp(x, tau=tau) <= top + tau * math.log(n)
    assert x.min() - tau * math.log(n) <= op.smooth_min(x, tau=tau) <= x.min()
    assert op.mellowmax(x, tau=tau) <= top
    assert op.smooth_min(x, tau=tau) == -op.logsumexp(-x, tau=tau)


@law
@given(vectors, taus)
def test_equal_components_reach_the_upper_bound(x, tau):
    assert op.logsumexp(np.full(x.size, x[0]), tau=tau) == pytest.approx(x[0] + tau * math.log(x.size), rel=4 * EPS)
    assert op.mellowmax(np.full(x.size, x[0]), tau=tau) == x[0]


@law
@given(vectors, taus)
def test_zero_temperature_is_the_limit(x, tau):
    assert op.logsumexp(x, tau=0) == op.mellowmax(x, tau=0) == x.max()
    hit = x == x.max()
    np.testing.assert_array_equal(op.softmax(x, tau=0), hit / hit.sum())
    assert op.logsumexp_dtau(x, tau=0) == pytest.approx(math.log(hit.sum()))
    np.testing.assert_allclose(np.exp(op.log_softmax(x, tau=0)), hit / hit.sum())


@law
@given(vectors, taus)
def test_entropy_identities(x, tau):
    """lse - <p, x> = tau*H(p), and softmax agrees with its logarithm."""
    p, h = op.softmax(x, tau=tau), op.logsumexp_dtau(x, tau=tau)
    size = abs(x).max() + tau * math.log(2 * x.size)
    assert close(op.logsumexp(x, tau=tau) - p @ x, tau * h, size)
    assert close(op.entropy(p), h, 1 + size / tau * x.size)
    assert close(np.exp(op.log_softmax(x, tau=tau)), p, 1)
    assert 0 <= h <= math.log(x.size) * (1 + 4 * EPS)


@law
@given(vectors, taus, st.data())
def test_prior(x, tau, data):
    """Whole priors repeat elements; zeros remove them, like ``where``; a prior's scale is added outside."""
    w = data.draw(hnp.arrays(np.int64, x.size, elements=st.integers(0, 3)))
    size = abs(x).max() + tau * math.log(8 * x.size)
    repeated = np.repeat(x, w)
    if w.any():
        assert close(op.logsumexp(x, tau=tau, prior=w), op.logsumexp(repeated, tau=tau), size)
    assert close(
        op.logsumexp(x, tau=tau, prior=8.0 * w + 8),
        op.logsumexp(x, tau=tau, prior=w + 1) + tau * math.log(8),
        size,
    )
    poisoned = np.where(w > 0, x, data.draw(st.sampled_from([np.nan, np.inf, -np.inf, 1e308])))
    for f in (op.logsumexp, op.mellowmax, op.softmax, op.log_softmax):
        np.testing.assert_array_equal(f(poisoned, tau=tau, where=w > 0), f(x, tau=tau, where=w > 0))
    for f in (op.logsumexp, op.softmax, op.log_softmax):
        np.testing.assert_array_equal(f(poisoned, tau=tau, prior=w), f(x, tau=tau, prior=w))
        np.testing.assert_array_equal(
            f(poisoned, tau=tau, prior=w + 1, where=w > 0), f(x, tau=tau, prior=(w + 1) * (w > 0))
        )
    assert not np.any(op.softmax(x, where=w > 0)[w == 0])


# --- derivatives


@pytest.mark.parametrize("seed", range(8))
def test_derivatives_against_differences(seed):
    rng = np.random.default_rng(seed)
    x, v, tau, h = rng.normal(size=7), rng.normal(size=7), float(rng.uniform(0.2, 3)), 1e-5
    along = [op.logsumexp(x + s * h * v, tau=tau) for s in (-1, 1)]
    assert (along[1] - along[0]) / (2 * h) == pytest.approx(op.softmax(x, tau=tau) @ v, rel=1e-8, abs=1e-9)
    gradients = [op.softmax(x + s * h * v, tau=tau) for s in (-1, 1)]
    hv = op.logsumexp_hvp(x, v, tau=tau)
    np.testing.assert_allclose((gradients[1] - gradients[0]) / (2 * h), hv, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(op.logsumexp_hessian(x, tau=tau) @ v, hv, rtol=1e-12, atol=1e-15)
    values = [op.logsumexp(x, tau=tau + s * h) for s in (-1, 1)]
    assert (values[1] - values[0]) / (2 * h) == pytest.approx(op.logsumexp_dtau(x, tau=tau), rel=1e-8)


@law
@given(vectors, taus)
def test_hessian_is_symmetric_semidefinite_with_rows_summing_to_zero(x, tau):
    h = op.logsumexp_hessian(x, tau=tau)
    np.testing.assert_array_equal(h, h.T)
    size = np.trace(h) + 1e-300
    assert np.linalg.eigvalsh(h).min() >= -1e-13 * size
    assert abs(h.sum(axis=1)).max() <= 1e-14 * size
    assert abs(op.logsumexp_hvp(x, np.ones(x.size), tau=tau)).max() == 0


def test_hvp_goes_slice_by_slice():
    rng = np.random.default_rng(0)
    x, v = rng.normal(size=(3, 4, 5)), rng.normal(size=(4, 5))
    whole = op.logsumexp_hvp(x, v, tau=0.5, axis=(0, 2))
    for j in range(4):
        np.testing.assert_allclose(whole[:, j], op.logsumexp_hvp(x[:, j], v[j], tau=0.5), rtol=1e-12, atol=1e-16)


def test_the_derivative_in_tau_and_the_extra_zero_go_slice_by_slice():
    x = np.random.default_rng(0).normal(size=(3, 4, 5))
    for f in (op.logsumexp_dtau, op.logsumexp_plus):
        whole = f(x, tau=0.5, axis=(0, 2))
        np.testing.assert_allclose(whole, [f(x[:, j], tau=0.5) for j in range(4)], rtol=1e-13)


def test_the_temperature_is_one_where_none_is_given():
    x, v = np.array([1.0, 2.0, 4.0]), np.array([1.0, 0.0, -1.0])
    for f in (op.logsumexp, op.softmax, op.log_softmax, op.smooth_min, op.mellowmax, op.logsumexp_dtau):
        np.testing.assert_array_equal(f(x), f(x, tau=1.0))
    np.testing.assert_array_equal(op.logsumexp_plus(x), op.logsumexp_plus(x, tau=1.0))
    np.testing.assert_array_equal(op.logsumexp_hessian(x), op.logsumexp_hessian(x, tau=1.0))
    for f in (op.logsumexp_hvp, op.logaddexp, op.log_matmul):
        np.testing.assert_array_equal(f(x, v), f(x, v, tau=1.0))
    assert op.LogSumExpAccumulator().tau == 1.0


# --- the other forms


@law
@given(vectors, taus)
def test_logsumexp_plus_has_one_extra_zero(x, tau):
    size = abs(x).max() + tau * math.log(2 * x.size)
    assert close(op.logsumexp_plus(x, tau=tau), op.logsumexp(np.append(x, 0), tau=tau), size)
    assert op.logsumexp_plus([]) == 0


@law
@given(vectors, taus)
def test_mellowmax_is_logsumexp_less_tau_log_n(x, tau):
    size = abs(x).max() + tau * math.log(2 * x.size)
    assert close(op.mellowmax(x, tau=tau), op.logsumexp(x, tau=tau) - tau * math.log(x.size), size)


@law
@given(vectors, taus)
def test_logaddexp(x, tau):
    y = x[::-1]
    sums = op.logaddexp(x, y, tau=tau)
    pairs = [op.logsumexp(np.array(pair), tau=tau) for pair in zip(x, y, strict=True)]
    np.testing.assert_allclose(sums, pairs, rtol=4 * EPS, atol=4 * EPS * abs(x).max())
    np.testing.assert_array_equal(sums, op.logaddexp(y, x, tau=tau))
    np.testing.assert_array_equal(op.logaddexp(x, -np.inf, tau=tau), x)


def test_logaddexp_keeps_the_dtype_of_arrays_beside_python_numbers():
    assert op.logaddexp(np.zeros(2, np.float32), 1.0).dtype == np.float32
    assert op.logaddexp(np.zeros(2, np.float32), np.zeros(2, np.float16)).dtype == np.float32
    assert op.logaddexp(1, 2) == pytest.approx(np.logaddexp(1, 2), rel=1e-15)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((2, 3), (3, 4)),
        ((3,), (3, 4)),
        ((2, 3), (3,)),
        ((3,), (3,)),
        ((5, 1, 2, 3), (6, 3, 4)),
        ((2, 0), (0, 4)),
    ],
)
def test_log_matmul_is_matmul_in_the_log_domain(a, b):
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=a), rng.normal(size=b)
    tau = 0.7
    with np.errstate(divide="ignore"):
        expected = tau * np.log(np.matmul(np.exp(A / tau), np.exp(B / tau)))
    result = op.log_matmul(A, B, tau=tau)
    assert np.shape(result) == expected.shape
    np.testing.assert_allclose(result, expected, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(op.log_matmul(A + 1e5, B - 2e5, tau=tau), expected - 1e5, rtol=1e-14)


@law
@given(
    st.lists(st.lists(st.floats(allow_nan=True), max_size=5), min_size=1, max_size=6),
    extreme_taus,
    st.randoms(use_true_random=False),
)
def test_accumulator_gives_the_same_in_every_order(pieces, tau, random):
    whole = op.logsumexp(np.array([v for piece in pieces for v in piece]), tau=tau)
    parts = [op.LogSumExpAccumulator(tau).update(piece) for piece in pieces]
    random.shuffle(parts)
    while len(parts) > 1:
        parts.insert(random.randrange(len(parts)), parts.pop().merge(parts.pop()))
    assert parts[0].n == sum(map(len, pieces))
    if math.isfinite(whole):
        assert close(parts[0].value, whole, abs(whole))
    else:
        np.testing.assert_equal(parts[0].value, float(whole))


def test_entropy_and_divergence():
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(6), size=(2, 4))
    p[0] = [1, 0, 0, 0, 0, 0]
    np.testing.assert_allclose(op.entropy(p, axis=1)[1:], -(p * np.log(np.where(p > 0, p, 1))).sum(1)[1:], rtol=1e-14)
    assert op.entropy(p[0]) == 0
    assert op.entropy(np.full(8, 1 / 8)) == pytest.approx(math.log(8))
    d = op.kl_divergence(p, q, axis=1)
    assert (d > 0).all()
    np.testing.assert_allclose(
        d, naive.over_slices(np.sum, np.where(p > 0, p * np.log(np.where(p > 0, p, 1) / q), 0), 1)
    )
    assert op.kl_divergence(p, p) == 0
    assert op.kl_divergence([0.5, 0.5], [1.0, 0.0]) == np.inf
    assert op.kl_divergence([1.0, 0.0], [0.5, 0.5]) == pytest.approx(math.log(2))
    assert op.kl_divergence([1e-310, 1.0], [1e10, 1.0]) == pytest.approx(0, abs=1e-300)
    nearly = p[1] * (1 + 1e-9 * rng.normal(size=6))
    assert op.kl_divergence(p[1], nearly / nearly.sum()) == pytest.approx(0, abs=1e-15)


@law
@given(vectors, taus, st.data())
def test_duality(x, tau, data):
    """<q, x> + tau*H(q) <= lse for every q on the simplex; with a prior -KL takes the place of H."""
    q = np.exp(data.draw(hnp.arrays(np.float64, x.size, elements=st.floats(-5, 5))))
    w = np.ones(x.size) / x.size
    q /= q.sum()
    slack = 1e-12 * (abs(x).max() + tau * math.log(2 * x.size))
    assert q @ x + tau * op.entropy(q) <= op.logsumexp(x, tau=tau) + slack
    assert q @ x - tau * op.kl_divergence(q, w) <= op.logsumexp(x, tau=tau, prior=w) + slack


# --- axes, shapes, layouts

AXES = [None, 0, 1, 2, -1, (0, 1), (0, 2), (2, 0), (1, 2), (-1, 0, 1), ()]


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("shape", [(2, 3, 4), (70, 2, 10), (1, 5, 1), (3, 0, 2)])
def test_axes_equal_a_loop_over_slices(axis, keepdims, shape):
    x = np.random.default_rng(0).normal(size=shape)
    for tau, layout in itertools.product((1.0, 0.3), (np.ascontiguousarray, np.asfortranarray, lambda a: a[:, ::-1])):
        y = layout(x)
        for f in (op.logsumexp, op.smooth_min, op.mellowmax):
            expected = naive.over_slices(lambda s, f=f, tau=tau: f(s, tau=tau), y, axis, keepdims)
            result = f(y, tau=tau, axis=axis, keepdims=keepdims)
            assert np.shape(result) == expected.shape == np.sum(y, axis=axis, keepdims=keepdims).shape
            np.testing.assert_allclose(result, expected, rtol=1e-14, atol=1e-14)
        if y.size:
            lse = op.logsumexp(y, tau=tau, axis=axis, keepdims=True)
            np.testing.assert_allclose(op.softmax(y, tau=tau, axis=axis), np.exp((y - lse) / tau), rtol=1e-12)
            np.testing.assert_allclose(op.log_softmax(y, tau=tau, axis=axis), (y - lse) / tau, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("axis", AXES)
def test_prior_and_mask_follow_the_axes(axis):
    rng = np.random.default_rng(1)
    x, w, mask = rng.normal(size=(70, 3, 20)), rng.uniform(size=(3, 1)), rng.uniform(size=(70, 1, 20)) < 0.7
    with np.errstate(divide="ignore"):
        z = np.where(mask, x + 0.5 * np.log(w), -np.inf)
    np.testing.assert_allclose(
        op.logsumexp(x, tau=0.5, axis=axis, prior=w, where=mask),
        op.logsumexp(z, tau=0.5, axis=axis),
        rtol=1e-13,
        atol=1e-14,
    )
    p = op.softmax(x, tau=0.5, axis=axis, prior=w, where=mask)
    expected = np.nan_to_num(op.softmax(z, tau=0.5, axis=axis))
    np.testing.assert_allclose(p, expected, rtol=1e-12, atol=0)


def test_zero_dimensional_input_stays_so():
    for x in (3.0, np.float32(3), np.array(3.0), np.array(3)):
        for f in (op.logsumexp, op.smooth_min, op.mellowmax, op.softmax, op.log_softmax):
            assert np.ndim(f(x)) == np.ndim(f(x, axis=())) == 0
        assert op.logsumexp(x) == op.mellowmax(x) == 3
        assert op.logsumexp(x, keepdims=True).shape == ()
        assert op.softmax(x) == 1


def test_inputs_are_left_alone():
    x, v = np.random.default_rng(0).normal(size=(2, 3, 40))
    before = x.copy(), v.copy()
    for f in (op.logsumexp, op.smooth_min, op.mellowmax, op.softmax, op.log_softmax, op.logsumexp_dtau):
        for axis in (None, 0, 1):
            f(x, axis=axis)
            f(x, axis=axis, tau=0.5)
    op.logsumexp_hvp(x, v, axis=1)
    op.log_matmul(x, v.T)
    np.testing.assert_array_equal((x, v), before)


# --- special values


@law
@given(anything, extreme_taus)
def test_special_values_and_silence(x, tau):
    """Every mixture of nan, infinities and extremes has its decided value, without a sound."""
    nan, inf = np.isnan(x).any(), np.isposinf(x).sum()
    rows = np.stack([np.zeros(x.size), x, np.ones(x.size)])
    with np.errstate(all="raise"):
        values = [
            op.logsumexp(x, tau=tau),
            op.mellowmax(x, tau=tau),
            op.logsumexp(x, tau=tau, prior=np.full(x.size, 2.0)),
        ]
        values += [op.logsumexp(rows, tau=tau, axis=1)[1], op.logsumexp(rows.T, tau=tau, axis=0)[1]]
        values += [op.LogSumExpAccumulator(tau).update(x).value]
        weights = [op.softmax(x, tau=tau), op.softmax(rows, tau=tau, axis=1)[1]]
        log_p = op.log_softmax(x, tau=tau)
        op.logsumexp_plus(x, tau=tau)
        op.logaddexp(x, x[::-1], tau=tau)
        op.log_matmul(x, x[:, None], tau=tau)
        op.logsumexp_dtau(x, tau=tau)
        if tau:
            op.logsumexp_hvp(x, x, tau=tau)
            op.logsumexp_hessian(x, tau=tau)
    for value in values:
        if nan:
            assert np.isnan(value)
        elif inf:
            assert value == np.inf
        elif not np.isfinite(x).any():
            assert value == -np.inf
        else:
            assert np.isfinite(value) or abs(value) > 1e308 or np.abs(x[np.isfinite(x)]).max() > 1e307
    for p in (*weights, np.exp(log_p)):
        if nan or (x.size and np.isneginf(x).all()):
            assert np.isnan(p).all()
        elif inf:
            np.testing.assert_array_equal(p, np.where(np.isposinf(x), np.nan if inf > 1 else 1.0, 0.0))
        else:
            assert abs(p.sum() - 1) < 1e-14 or not x.size


def test_nan_stays_in_its_slice():
    x = np.zeros((3, 100))
    x[1, 5], x[2, 7] = np.nan, np.inf
    for y, axis in ((x, 1), (x.T, 0), (np.tile(x, (300, 1)), 1)):
        lse = op.logsumexp(y, axis=axis)
        np.testing.assert_allclose(lse[:3], [math.log(100), np.nan, np.inf], rtol=1e-15)
        p = np.moveaxis(op.softmax(y, axis=axis), axis, 1)
        assert not np.isnan(p[[0, 2]]).any()
        assert np.isnan(p[1]).all()
        assert p[2, 7] == 1


def test_masked_rows_of_attention():
    scores = np.array([[1.0, 2.0], [np.nan, np.inf], [-np.inf, -np.inf]])
    mask = np.array([[True, False], [False, False], [True, False]])
    np.testing.assert_array_equal(op.softmax(scores, axis=1, where=mask), [[1, 0], [0, 0], [np.nan, 0]])
    np.testing.assert_array_equal(op.logsumexp(scores, axis=1, where=mask), [1, -np.inf, -np.inf])
    assert op.mellowmax(scores, where=np.zeros_like(mask)) == -np.inf
    assert op.softmax([1.0, -1.0], prior=[0, 0]).tolist() == [0, 0]


def test_a_lone_peak_has_weight_exactly_one():
    for c in np.linspace(-600, 600, 121):
        assert op.softmax([c]) == op.softmax([c, -np.inf])[0] == op.softmax([c, c - 50])[0] == 1
        assert op.softmax(np.array([[c, -np.inf]] * 3), axis=1)[2, 0] == 1


def test_whole_numbers_become_float64():
    for dtype in (np.int8, np.uint8, np.int32, np.uint64, bool):
        x = np.array([0, 1, 1], dtype)
        for f in (op.logsumexp, op.smooth_min, op.mellowmax, op.softmax, op.log_softmax):
            result = f(x)
            assert result.dtype == np.float64
            np.testing.assert_array_equal(result, f(x.astype(float)))
