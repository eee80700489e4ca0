"""Operators and regularizers against what does not know them: many digits, fractions, SciPy."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.special
from hypothesis import given

from smoothmax import operators as op
from smoothmax.regularizers import gini, tsallis
from tests import effort
from tests.arrays import library
from tests.laws import EPS

from . import strategies as some
from .test_operator_laws import quiet

SEEDS = [effort.seed() + i for i in range(effort.cases(4, 400))]
LEAST = mpmath.mpf(5e-324)


# --- many digits


class Exact:
    """All of one vector and temperature, with as many digits as the differences and the temperature are apart."""

    def __init__(self, x, tau):
        x = [mpmath.mpf(v) for v in x.tolist()]
        self.tau, self.max = mpmath.mpf(tau), max(x)
        z = [(v - self.max) / self.tau for v in x]
        deepest = max((-v for v in z if v), default=1)
        mpmath.mp.dps = 60 + min(
            int(mpmath.log10(1 / min([-v for v in z if v], default=1) + 1)) * 2 + int(min(deepest, 800) / 2), 1500
        )
        e = [mpmath.exp(v) if v > -2000 else mpmath.mpf(0) for v in z]
        total = mpmath.fsum(e)
        log_total = mpmath.log(total)
        self.lse, self.mean_form = self.max + self.tau * log_total, self.max + self.tau * mpmath.log(total / len(x))
        self.p, self.log_p = [v / total for v in e], [v - log_total for v in z]
        self.entropy = -mpmath.fsum(p * log_p for p, log_p in zip(self.p, self.log_p, strict=True))
        self.spread = mpmath.fsum(p * (self.max - v) for p, v in zip(self.p, x, strict=True))
        self.lead = sorted(z)[-2] if len(z) > 1 else 0
        self.range = self.max - min(x)


def off(found, exact, allowed, what):
    """The finding, unless the exact number is beyond the floats."""
    if abs(exact) > some.LARGEST * (1 - 1e-9):
        assert abs(found) > 0.999 * some.LARGEST, f"{what}: {found!r}, exactly {mpmath.nstr(exact, 25)}"
    else:
        error = abs(mpmath.mpf(float(found)) - exact)
        assert error <= allowed, (
            f"{what}: {found!r}, exactly {mpmath.nstr(exact, 25)}; off {mpmath.nstr(error / allowed, 5)}"
        )


@effort.law(40, 3000)
@given(some.vectors_and_temperatures(lowest=5e-324))
def test_every_scale_in_many_digits(given_):
    """The promised 2 eps (|lse| + |max| + sum p |x - max|), for one array, among rows, of a stream."""
    x, tau = given_
    with mpmath.workdps(15):
        e = Exact(x, tau)
        underflow = LEAST * (1 + x.size * e.tau)  # of the exponentials
        allowed = 2 * EPS * (abs(e.lse) + abs(e.max) + e.spread) + underflow
        rows = np.stack([x, x[::-1], x])
        strict, read = library("strict")
        for what, found in {
            "array": quiet(op.logsumexp)(x, tau=tau),
            "rows": quiet(op.logsumexp)(rows, tau=tau, axis=1)[0],
            "columns": quiet(op.logsumexp)(np.repeat(rows, 5, axis=0).T, tau=tau, axis=0)[0],
            "stream": op.LogSumExpAccumulator(tau).update(x[:2]).update(x[2:]).value,
            "elsewhere": read(op.logsumexp(strict(x), tau=tau)),
        }.items():
            off(found, e.lse, allowed, what)
        for found in (quiet(op.mellowmax)(x, tau=tau), read(op.mellowmax(strict(x), tau=tau))):
            off(found, e.mean_form, 8 * EPS * (abs(e.mean_form) + abs(e.max) + e.range) + underflow, "mellowmax")
        off(quiet(op.logsumexp_dtau)(x, tau=tau), e.entropy, 8 * EPS * (1 - e.lead) * e.entropy + 1e-300, "entropy")
        weights = zip(quiet(op.softmax)(x, tau=tau), read(op.softmax(strict(x), tau=tau)), e.p, e.log_p, strict=True)
        for p, q, exact, log_p in weights:
            off(p, exact, 8 * EPS * (1 - log_p) * exact + 1e-307, "softmax")
            off(q, exact, 8 * EPS * (1 - log_p) * exact + 1e-307, "softmax elsewhere")
        if e.range < some.LARGEST:
            for found, log_p in zip(quiet(op.log_softmax)(x, tau=tau), e.log_p, strict=True):
                off(found, log_p, 8 * EPS * (1 - log_p), "log_softmax")


def exact_sparsemax(z, tau):
    """(max_Omega, p*) of Gini's regularizer as fractions: every size of the support is tried."""
    top, t = max(map(Fraction, z)), Fraction(tau)
    y = [(Fraction(v) - top) / t for v in z]
    down = sorted(y, reverse=True)
    theta = max((sum(down[:k]) - 1) / k for k in range(1, len(y) + 1))
    p = [max(v - theta, Fraction(0)) for v in y]
    omega = (sum(v * v for v in p) - 1) / 2
    return top + t * (sum(v * w for v, w in zip(p, y, strict=True)) - omega), p


@effort.law(40, 2000)
@given(some.vectors_and_temperatures(lowest=5e-324))
def test_sparsemax_in_fractions(given_):
    x, tau = given_
    exact, weights = exact_sparsemax(x.tolist(), tau)
    for kind in (gini, tsallis(2)):
        value, p = quiet(kind.maximum)(x, tau)
        room = 16 * Fraction(EPS) * (max(map(abs, map(Fraction, x.tolist()))) + Fraction(tau)) + Fraction(1e-323)
        if abs(exact) < some.LARGEST:
            assert abs(Fraction(float(value)) - exact) <= room, f"{kind}: {value!r}, exactly {float(exact)!r}"
        for found, w in zip(p.tolist(), weights, strict=True):
            assert abs(Fraction(found) - w) <= 16 * EPS, f"{kind}: {p}, exactly {[float(v) for v in weights]}"


# --- SciPy and NumPy


@pytest.mark.parametrize("seed", SEEDS)
def test_scipy_says_the_same(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 6, int(rng.integers(1, 5))))
    x, y = rng.normal(size=(2, *shape)) * 10.0 ** rng.integers(-3, 3)
    w, size = rng.uniform(size=shape), 1 + np.abs(x).max()
    close = {"rtol": 1e-13, "atol": 1e-14 * size}
    for axis in (None, *range(len(shape)), tuple(range(len(shape)))[::-2]):
        for keepdims in (False, True):
            options = {"axis": axis, "keepdims": keepdims}
            expected = scipy.special.logsumexp(x, b=w, **options)
            np.testing.assert_allclose(op.logsumexp(x, prior=w, **options), expected, **close)
            expected = 0.5 * scipy.special.logsumexp(x / 0.5, **options)
            np.testing.assert_allclose(op.logsumexp(x, tau=0.5, **options), expected, **close)
        np.testing.assert_allclose(op.softmax(x, axis=axis), scipy.special.softmax(x, axis=axis), rtol=1e-13 * size)
        np.testing.assert_allclose(op.log_softmax(x, axis=axis), scipy.special.log_softmax(x, axis=axis), **close)
        np.testing.assert_allclose(op.entropy(w, axis=axis), scipy.special.entr(w).sum(axis=axis), **close)
        divergence = scipy.special.rel_entr(w, np.exp(y / size)).sum(axis=axis)
        np.testing.assert_allclose(op.kl_divergence(w, np.exp(y / size), axis=axis), divergence, **close)
    np.testing.assert_allclose(op.logaddexp(x, y[..., :1]), np.logaddexp(x, y[..., :1]), **close)
    np.testing.assert_allclose(
        op.logsumexp_plus(x, axis=0), np.logaddexp(0, scipy.special.logsumexp(x, axis=0)), **close
    )
    A, B = rng.normal(size=(3, 4)), rng.normal(size=(2, 4, 5))
    sums = scipy.special.logsumexp(A[:, :, None] + B[:, None], axis=-2)
    np.testing.assert_allclose(op.log_matmul(A, B), sums, rtol=1e-13, atol=1e-14)
