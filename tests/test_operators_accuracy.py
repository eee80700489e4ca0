"""The accuracy promised in float64, measured against many digits."""

import math

import mpmath
import numpy as np
import pytest

from smoothmax import operators
from tests import naive
from tests.effort import cases

EPS = float(np.finfo(np.float64).eps)


def trouble(seed):
    """Random inputs of the kinds that hurt: offsets, ties, lone peaks, wide spreads, log-probabilities."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 60))
    x = rng.normal(size=n) * 10.0 ** rng.integers(-8, 4)
    kind = seed % 8
    if kind == 1:
        x += 10.0 ** rng.integers(0, 10)
    elif kind == 2:
        x = np.round(x)
    elif kind == 3:
        x[rng.integers(n)] = abs(x).max() + rng.uniform(0, 700)
    elif kind == 4:
        x = np.log(rng.dirichlet(np.full(n, 0.1)) + 1e-300)
    elif kind == 5:
        x = -(10.0 ** rng.uniform(-20, 3, size=n))
        x[0] = 0.0
    elif kind == 6:
        x = rng.uniform(-750, 0, size=n)
    elif kind == 7:
        x -= naive_lse(x)
    tau = 1.0 if seed % 3 else float(10.0 ** rng.uniform(-6, 6))
    return x, tau


def naive_lse(x):
    return float(naive.exact_logsumexp(x))


def promise(x, tau, lse):
    """2 eps (|lse| + |max| + sum p |x - max|), and the least subnormal."""
    p = naive.exact_softmax(x, tau)
    spread = mpmath.fsum(q * abs(mpmath.mpf(v) - max(x)) for q, v in zip(p, x, strict=True))
    return 2 * EPS * (abs(lse) + abs(max(x)) + spread) + 5e-324


@pytest.mark.parametrize("seed", range(cases(240, 2400)))
def test_logsumexp_keeps_the_promise(seed):
    x, tau = trouble(seed)
    exact = naive.exact_logsumexp(x, tau)
    allowed = promise(x, tau, exact)
    rows = np.stack([x, x[::-1]])
    many = np.repeat(rows, 40, axis=0)  # short rows side by side
    for result in (
        operators.logsumexp(x, tau=tau),
        *operators.logsumexp(rows, tau=tau, axis=1),
        *operators.logsumexp(many, tau=tau, axis=1)[::40],
        *operators.logsumexp(rows.T.copy(), tau=tau, axis=0),
        operators.LogSumExpAccumulator(tau).update(x[:7]).update(x[7:]).value,
    ):
        assert abs(mpmath.mpf(float(result)) - exact) <= allowed
        assert max(x) <= result <= max(x) + tau * math.log(len(x))


@pytest.mark.parametrize("seed", range(cases(120, 1200)))
def test_softmax_log_softmax_and_entropy_are_relatively_accurate(seed):
    x, tau = trouble(seed)
    exact = naive.exact_log_softmax(x, tau)
    p, log_p = operators.softmax(x, tau=tau), operators.log_softmax(x, tau=tau)
    second = np.sort(x)[-2:][0]
    lead = 1 + (max(x) - second) / tau  # the rounding of the exponent that decides the tail
    for value, log_value, log_q, v in zip(p, log_p, exact, x, strict=True):
        depth = 1 + (max(x) - v) / tau
        q = mpmath.exp(log_q)
        assert abs(value - q) <= 8 * EPS * depth * q + 1e-307
        assert abs(log_value - log_q) <= 4 * EPS * lead * abs(log_q) + 1e-307
    entropy = naive.exact_entropy(x, tau)
    assert abs(operators.logsumexp_dtau(x, tau=tau) - entropy) <= 1e-15 * (1 + lead) * entropy + 1e-300


@pytest.mark.parametrize("n", [1, 2, 17, 64, 65, 1000, 10_000])
@pytest.mark.parametrize("scale", [0.0, 1e-3, 1.0, 30.0])
def test_softmax_sums_to_one(n, scale):
    x = scale * np.random.default_rng(n).normal(size=(3, n))
    for tau in (1.0, 0.3):
        for p in (operators.softmax(x, tau=tau, axis=1), operators.softmax(x.T.copy(), tau=tau, axis=0).T):
            assert all(abs(math.fsum(row) - 1) <= 4 * EPS for row in p)
    assert abs(math.fsum(operators.softmax(x[0] - 400)) - 1) <= 4 * EPS


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [255, 256, 1000, 8191, 8192])
def test_many_long_rows_are_each_as_if_alone(n, dtype):
    x = np.random.default_rng(n).normal(size=(20, n)).astype(dtype)
    eps, before = float(np.finfo(dtype).eps), np.getbufsize()
    for tau in (1.0, 0.3):
        p, lse = operators.softmax(x, tau=tau, axis=1), operators.logsumexp(x, tau=tau, axis=1)
        for row, weights, value in zip(x, p, lse, strict=True):
            np.testing.assert_allclose(weights, operators.softmax(row, tau=tau), rtol=2 * eps)
            np.testing.assert_allclose(value, operators.logsumexp(row, tau=tau), rtol=2 * eps)
        if dtype is np.float64:
            assert all(abs(math.fsum(row) - 1) <= 4 * EPS for row in p)
    assert np.getbufsize() == before


@pytest.mark.parametrize("seed", range(cases(100, 1000)))
def test_softmax_sums_to_one_where_sums_go_wrong(seed):
    """Exact ties round the same way again and again; a few peaks over a long floor swallow it bit by bit."""
    rng = np.random.default_rng(seed)
    n, c = int(rng.integers(1, 10_000)), 5 * rng.normal()
    for x in (np.full(n, c), np.where(rng.uniform(size=n) < 0.5, c, c - 1), c + 9 * rng.normal(size=n)):
        columns = np.repeat(x[:, None], 8, axis=1)
        for tau in (1.0, 0.7):
            for p in (operators.softmax(x, tau=tau), operators.softmax(columns, tau=tau, axis=0)[:, 3]):
                assert abs(math.fsum(p) - 1) <= 4 * EPS


@pytest.mark.parametrize("n", [20_000, 300_000])
def test_long_axes_keep_the_promise(n):
    x = np.random.default_rng(n).normal(size=(2, n))
    for row in x:
        top = row.max()
        exact = top + math.log(math.fsum(np.exp((row - top).astype(np.longdouble))))
        for result in (operators.logsumexp(row), operators.logsumexp(np.stack([row, row], 1), axis=0)[1]):
            assert abs(result - exact) <= 2 * EPS * (abs(exact) + top + 4)
    prior = np.full(n, 1 / n)
    assert operators.logsumexp(x[0], prior=prior) == pytest.approx(operators.logsumexp(x[0]) - math.log(n), rel=1e-14)


@pytest.mark.parametrize("seed", range(cases(60, 600)))
def test_prior(seed):
    x, tau = trouble(seed)
    w = 10.0 ** np.random.default_rng(seed).uniform(-300, 300 if seed % 2 else 0, size=x.size)
    exact = naive.exact_logsumexp(x, tau, w)
    scale = abs(exact) + abs(x).max() + tau * abs(np.log(w)).max()
    assert abs(operators.logsumexp(x, tau=tau, prior=w) - exact) <= 4 * EPS * scale
    p = operators.softmax(x, tau=tau, prior=w)
    depth = 1 + np.ptp(x) / tau + abs(np.log(w)).max()
    for value, q in zip(p, naive.exact_softmax(x, tau, w), strict=True):
        assert abs(value - q) <= 8 * EPS * depth * q + 1e-307


def test_prior_is_read_in_float64_whatever_its_dtype():
    w = np.array([0.1, 3.0], np.float32)
    for x in (np.zeros(2), np.zeros((100, 2))):
        exact = float(naive.exact_logsumexp(np.zeros(2), 1.0, w))
        np.testing.assert_allclose(operators.logsumexp(x, axis=-1, prior=w), exact, rtol=4 * EPS)


@pytest.mark.parametrize("seed", range(cases(60, 600)))
def test_mellowmax_is_accurate_for_every_temperature(seed):
    x, tau = trouble(seed)
    for t in (tau, 1e3 * tau, 1e12):
        prior = [1] * len(x)
        with mpmath.workdps(naive.DIGITS):
            exact = naive.exact_logsumexp(x, t, prior) - mpmath.mpf(t) * mpmath.log(len(x))
        result = operators.mellowmax(x, tau=t)
        assert abs(result - exact) <= 8 * EPS * (abs(exact) + abs(x).max() + np.ptp(x))
        assert result <= max(x)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
def test_other_precisions(dtype):
    x = np.random.default_rng(0).normal(size=(5, 400)).astype(dtype)
    eps = float(np.finfo(dtype).eps)
    exact = [float(naive.exact_logsumexp(row)) for row in x]
    for result in (operators.logsumexp(x, axis=1), operators.logsumexp(x.T.copy(), axis=0)):
        assert result.dtype == dtype
        np.testing.assert_allclose(result.astype(float), exact, rtol=max(eps, EPS))
    for result in (
        operators.softmax(x, axis=1),
        operators.log_softmax(x, axis=1),
        operators.logsumexp_hvp(x, x, axis=1),
    ):
        assert result.dtype == dtype
    assert operators.softmax(x, axis=1).astype(float).sum() == pytest.approx(5, rel=40 * max(eps, EPS))


def test_hessian_diagonal_where_a_weight_rounds_to_one():
    h = operators.logsumexp_hessian(np.array([0.0, -50.0]))
    np.testing.assert_allclose(h, math.exp(-50) * np.array([[1, -1], [-1, 1]]), rtol=1e-14)
    np.testing.assert_allclose(operators.logsumexp_hvp([0.0, -50.0], [1.0, 0.0]), h[0], rtol=1e-14)
