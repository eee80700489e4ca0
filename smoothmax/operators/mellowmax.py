"""The mean form of the smooth maximum."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from smoothmax.operators import anywhere
from smoothmax.operators.door import Array, Axis, as_flag, as_real, as_tau
from smoothmax.operators.kernel import above, exponents, tail, total, working
from smoothmax.operators.library import foreign
from smoothmax.operators.slices import Slices
from smoothmax.operators.terms import Terms

FLAT = 1e-290  # from here on the exponents lose digits, or are lost


@np.errstate(all="ignore")
def mellowmax(
    x: ArrayLike,
    *,
    tau: float = 1.0,
    axis: Axis = None,
    where: ArrayLike | None = None,
    keepdims: bool = False,
) -> Any:
    """tau * log( mean_i exp(x_i / tau) ), the lower smooth maximum: max - tau*log n <= result <= max.

    It runs from the maximum (tau = 0) to the mean (tau -> infinity), and is computed as
    max + tau*log1p(mean_i expm1((x_i - max)/tau)), which keeps its accuracy for huge tau.

    K. Asadi, M. L. Littman, *An Alternative Softmax Operator for Reinforcement Learning*, ICML 2017.

    Parameters
    ----------
    x, tau, axis, where, keepdims
        As for ``logsumexp``; with ``where`` the mean is over the elements kept.

    Returns
    -------
    array or scalar
        As of ``np.sum``, in the dtype of x; special values are those of ``logsumexp``.

    Raises
    ------
    TypeError, ValueError
        As for ``logsumexp``.
    """
    tau, keepdims = as_tau(tau), as_flag(keepdims, "keepdims")
    x = as_real(x)
    if foreign(x):
        return anywhere.mellowmax(x, tau, axis, where, keepdims)
    slices = Slices.of(x, axis)
    terms = Terms.of(x, slices, None, where)
    result = np.full(terms.x.shape[0], -np.inf, working(x.dtype))
    if slices.n:
        for rows, block in terms.blocks():
            result[rows] = _mellow(block.T, tau, 0) if block.tall else _mellow(block, tau, 1)
    return slices.reduced(result.astype(x.dtype), keepdims)


def _mellow(terms: Terms, tau: float, axis: int) -> Array:
    z, m = exponents(terms, tau, axis)
    count = z.shape[axis] if terms.keep is None else terms.keep.sum(axis=axis, keepdims=True)
    below = np.expm1(z)
    if terms.keep is not None:
        np.copyto(below, 0.0, where=~terms.keep)
    y: Array = total(below, axis) / count
    # With most of the mass at the maximum, 1 + y cancels; the tail says it better.
    log_mean = np.where(y > -0.5, np.log1p(y), np.log1p(tail(np.exp(z), axis)) - np.log(count))
    result = np.where(np.isfinite(m), above(m, tau, log_mean), m)
    if (flat := y > -FLAT).any():
        result = np.where(flat, m + _mean_difference(terms, axis, count), result)
    return result.ravel()


def _mean_difference(terms: Terms, axis: int, count: Any) -> Array:
    """The mean of x - m, the limit of tau*log(mean exp((x - m)/tau)) for tau far above all differences."""
    below = exponents(terms, 1.0, axis)[0]
    if terms.keep is not None:
        np.copyto(below, 0.0, where=~terms.keep)
    mean: Array = total(below, axis) / count
    return mean
