"""The arithmetic every operator shares: subtract the maximum, *then* divide by tau, keep the maximum apart.

A nonempty set of terms is a peak m and a tail t >= 0, with  sum_i exp(x_i/tau) = exp(m/tau) * (1 + t).
The 1 is the largest term itself: t holds only the others, so log1p(t) is accurate however small they are.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from smoothmax.operators.door import Array
from smoothmax.operators.library import namespace
from smoothmax.operators.terms import Terms

SHORT, BUFFER = 256, 8192  # elements: a short buffer of NumPy's, and its usual one
ROWS = 8  # so many make the change worth while
HUGE = 1e300  # a temperature at which a difference that overflows, or tau*log n that does, still counts


def working(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Everything is accumulated in float64, or in longdouble for longdouble."""
    return np.promote_types(dtype, np.float64)


def kept(terms: Terms) -> Array:
    """The values, with -inf where an element is removed."""
    return terms.x if terms.keep is None else np.where(terms.keep, terms.x, -np.inf)


def exponents(terms: Terms, tau: float, axis: int, out: Array | None = None) -> tuple[Array, Array]:
    """(x - m)/tau (+ log prior) in working precision, whose maximum is 0, and the peak m, along one axis.

    A peak that is not finite is the value of its slice; the exponents there are nan (-inf below a +inf).
    """
    x = kept(terms)
    m = x.max(axis=axis, keepdims=True).astype(working(x.dtype), copy=False)
    if tau > HUGE:
        z = by_row(np.subtract, x / 2, m / 2, out)
    elif x.dtype == m.dtype:
        z = by_row(np.subtract, x, m, out)
    elif axis == 1 and m.size >= ROWS:
        z = by_row(np.subtract, wide := x.astype(m.dtype), m, wide)
    else:
        z = np.subtract(x, m, dtype=m.dtype, order="C")
    if tau == 0.0:
        z[z < 0.0] = -np.inf
    elif tau != 1.0:
        np.divide(z, tau / 2 if tau > HUGE else tau, out=z)
    if terms.log_prior is None:
        return z, m
    np.add(z, terms.log_prior, out=z)
    top = z.max(axis=axis, keepdims=True)
    np.subtract(z, top, out=z)
    return z, np.where(np.isfinite(m), above(m, tau, top), m)


def by_row(ufunc: np.ufunc, a: Array, b: Array, out: Array | None) -> Array:
    """ufunc(a, b), C-ordered, where b has one number for each row of a (or for each column).

    NumPy copies b out to the size of its buffer where the rows are shorter than that, which takes longer than the
    arithmetic: so the buffer is made short.
    """
    if b.size < ROWS or not SHORT <= a.shape[-1] < BUFFER:
        return np.asarray(ufunc(a, b, out=out, order="C"))
    with np.errstate():  # restores the buffer
        np.setbufsize(SHORT)
        return np.asarray(ufunc(a, b, out=out, order="C"))


def total(e: Array, axis: int) -> Array:
    """The sum of a C-ordered matrix along one axis, pairwise (NumPy's own is not, along axis 0)."""
    if axis == 1:
        return np.asarray(e.sum(axis=1, keepdims=True))
    while len(e) > 4:
        half = len(e) // 2
        pairs = e[:half] + e[half : 2 * half]
        if len(e) % 2:
            pairs[0] += e[-1]
        e = pairs
    return np.asarray(e.sum(axis=0, keepdims=True))


def tail(e: Array, axis: int) -> Array:
    """t = (sum of e) - 1 without cancellation, for e = exp(exponents): the largest entry of a slice is 1."""
    s = total(e, axis)
    alone = (s < 2.0).ravel()  # then exactly one entry is 1: leave it out of the sum
    t: Array = s - 1.0
    if alone.any():
        rest = np.compress(alone, e, axis=1 - axis)
        rest[rest == 1.0] = 0.0
        t.ravel()[alone] = total(rest, axis).ravel()
    return t


@lru_cache(maxsize=1024)
def log_count(n: int) -> float:
    """log n, the ceiling of log1p(t) for n terms, as the lower of the two libraries' roundings."""
    return min(math.log(n), float(np.log(n))) if n else -math.inf


def above(m: Any, tau: float, log_sum: Any) -> Any:
    """m + tau*log_sum, also where only the product overflows."""
    xp, result = namespace(m), m + tau * log_sum
    if tau <= HUGE:
        return result
    half = tau / 2 * log_sum
    return xp.where(xp.isfinite(result), result, m + half + half)


def value(m: Array, t: Array, tau: float, n: int) -> Array:
    """m + tau*log1p(t), kept between m and m + tau*log n; a peak that is not finite is the value."""
    result: Array = np.where(np.isfinite(m), above(m, tau, np.minimum(np.log1p(t), log_count(n))), m)
    return result
