"""The weights of the smooth maximum, p = softmax(x / tau), and their logarithms."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from smoothmax.operators import anywhere
from smoothmax.operators.door import Array, Axis, as_axes, as_real, as_tau
from smoothmax.operators.kernel import HUGE, by_row, exponents, kept, tail, total, working
from smoothmax.operators.library import foreign
from smoothmax.operators.slices import Slices
from smoothmax.operators.terms import BLOCK, Terms

TINY = np.finfo(np.float64).tiny
MANY = 256


@np.errstate(all="ignore")
def softmax(
    x: ArrayLike,
    *,
    tau: float = 1.0,
    axis: Axis = None,
    prior: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Array:
    """p_i = prior_i * exp(x_i / tau) / sum_j prior_j * exp(x_j / tau), the gradient of ``logsumexp``.

    tau = 0 is the limit: uniform (with a prior: proportional to it) over the maximizers. Removed elements get 0, so
    a slice that is removed altogether is all zeros. A slice with one +inf is one-hot; with several it is nan at the
    infinities and 0 elsewhere; a slice of -inf only, or with a nan, is nan.

    Parameters
    ----------
    x, tau, axis, prior, where
        As for ``logsumexp``.

    Returns
    -------
    array
        In the shape and dtype of x. In float64 a slice of up to 10**4 elements sums to 1 within 4 eps.

    Raises
    ------
    TypeError, ValueError
        As for ``logsumexp``.
    """
    tau = as_tau(tau)
    x = as_real(x)
    if foreign(x):
        weights: Array = anywhere.softmax(x, tau, axis, prior, where, log=False)
        return weights
    if prior is None and where is None and _simple(x):
        axes = as_axes(axis, x.ndim)
        p = _unshifted(x, axes) if tau == 1.0 else _at_once(x, tau, axes)
        if p is not None:
            return p
    return _weights(x, tau, axis, prior, where, log=False)


@np.errstate(all="ignore")
def log_softmax(
    x: ArrayLike,
    *,
    tau: float = 1.0,
    axis: Axis = None,
    prior: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Array:
    """log p_i for the p of ``softmax``: (x_i - max)/tau - log1p(tail), accurate where p_i rounds to 0 or 1.

    Parameters
    ----------
    x, tau, axis, prior, where
        As for ``logsumexp``.

    Returns
    -------
    array
        In the shape and dtype of x; special values are those of ``softmax``, and removed elements get -inf.

    Raises
    ------
    TypeError, ValueError
        As for ``logsumexp``.
    """
    tau = as_tau(tau)
    x = as_real(x)
    if foreign(x):
        logs: Array = anywhere.softmax(x, tau, axis, prior, where, log=True)
        return logs
    return _weights(x, tau, axis, prior, where, log=True)


def _simple(x: Array) -> bool:
    """Whether to try all at once; large arrays of narrow floats are widened block by block."""
    return x.flags.c_contiguous and (x.dtype == np.float64 or (x.itemsize < 8 and x.size <= BLOCK))


def _unshifted(x: Array, axes: tuple[int, ...]) -> Array | None:
    """exp(x) / sum(exp(x)) without a shift: exact enough, and fastest, unless something over- or underflows.

    None then, and where the sum would not run along contiguous memory.
    """
    if not axes or x.size == 0 or (len(axes) < x.ndim and axes != (x.ndim - 1,)):
        return None
    e: Array = np.exp(x) if x.itemsize == 8 else np.exp(x, dtype=np.float64)
    if len(axes) == x.ndim:
        s = low = high = np.add.reduce(e, axis=None)
    else:
        s = np.add.reduce(e, axis=-1, keepdims=True)
        low, high = s.min(), s.max()
    # With a sum >= 1, p_i underflows whenever exp(x_i) does; below that exp(x_i) must not.
    if high < 1e300 and (low >= 1.0 or (low > TINY and e.min() > TINY)):
        if x.shape[-1] < MANY:  # dividing makes a lone peak exactly 1, multiplying is twice as fast
            e /= s
        elif low is s:
            e *= 1.0 / s
        else:
            by_row(np.multiply, e, 1.0 / s, e)
        return e if x.itemsize == 8 else e.astype(x.dtype)
    return None


def _at_once(x: Array, tau: float, axes: tuple[int, ...]) -> Array | None:
    """The definition, for a whole array with a finite maximum: spares small arrays the way through blocks."""
    if len(axes) < x.ndim or not axes or x.size == 0 or tau == 0.0 or tau > HUGE:
        return None
    m = x.max()
    if not np.isfinite(m):
        return None
    e: Array = np.subtract(x, m, dtype=np.float64)
    e /= tau
    np.exp(e, out=e)
    e *= 1.0 / np.add.reduce(e, axis=None)
    return e.astype(x.dtype, copy=False)


def _weights(x: Array, tau: float, axis: Axis, prior: ArrayLike | None, where: ArrayLike | None, *, log: bool) -> Array:
    slices = Slices.of(x, axis)
    terms = Terms.of(x, slices, prior, where)
    out = np.empty_like(terms.x)  # keeps the order of the strides, so the result is laid out as x
    in_place = out.dtype == working(out.dtype) and out.flags.c_contiguous
    for rows, block in terms.blocks() if x.size else ():
        if block.tall:
            out[rows] = _normalized(block.T, tau, 0, log).T
        elif in_place:
            _normalized(block, tau, 1, log, out[rows])
        else:
            out[rows] = _normalized(block, tau, 1, log)
    p: Array = slices.restored(out)
    return p


def _normalized(terms: Terms, tau: float, axis: int, log: bool, out: Array | None = None) -> Array:
    """Softmax or its logarithm along one axis of a block, in working precision."""
    p, m = exponents(terms, tau, axis, out)
    if log:
        np.subtract(p, np.log1p(tail(np.exp(p), axis)), out=p)
    else:
        np.exp(p, out=p)
        by_row(np.multiply, p, 1.0 / total(p, axis), p)
    if (m == np.inf).any():
        _at_infinity(p, terms, m, axis, log)
    if terms.keep is not None:
        np.copyto(p, -np.inf if log else 0.0, where=~terms.keep)
    return p


def _at_infinity(p: Array, terms: Terms, m: Array, axis: int, log: bool) -> None:
    """Slices with a +inf and no nan: one infinity takes everything, several leave their shares open (nan)."""
    hit = kept(terms) == np.inf
    count = hit.sum(axis=axis, keepdims=True)
    limit = np.where(hit, np.where(count > 1, np.nan, 1.0), 0.0)
    np.copyto(p, np.log(limit) if log else limit, where=(m == np.inf) & (count > 0))
