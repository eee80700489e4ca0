"""The smooth maximum: log-sum-exp with a temperature."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from smoothmax.operators import anywhere
from smoothmax.operators.door import Array, Axis, as_flag, as_real, as_tau
from smoothmax.operators.kernel import exponents, tail, value, working
from smoothmax.operators.library import foreign
from smoothmax.operators.line import line
from smoothmax.operators.line import value as line_value
from smoothmax.operators.slices import Slices
from smoothmax.operators.terms import Terms

LONG = 2048  # rows this long go one at a time


@np.errstate(all="ignore")
def logsumexp(
    x: ArrayLike,
    *,
    tau: float = 1.0,
    axis: Axis = None,
    prior: ArrayLike | None = None,
    where: ArrayLike | None = None,
    keepdims: bool = False,
) -> Any:
    """tau * log( sum_i prior_i * exp(x_i / tau) ), the upper smooth maximum; tau = 0 is the maximum.

    Parameters
    ----------
    x : array
        Real numbers, of NumPy or of any library that keeps the array API standard (PyTorch, JAX, …), whose dtype and
        device the result has. Integers and booleans are computed in the library's default float dtype; for NumPy that
        is float64 (exact up to 2**53).
    tau : float
        Temperature, finite and >= 0, in the units of x.
    axis : None, int or tuple of ints
        None: all; () reduces nothing.
    prior : array, optional
        Finite numbers >= 0, broadcast to x. A zero removes its element, whatever that holds.
    where : array of booleans, optional
        Broadcast to x. False removes the element, whatever it holds.
    keepdims : bool
        Keep the reduced axes with length 1.

    Returns
    -------
    array or scalar
        As of ``np.sum``, in the dtype of x; narrow floats are accumulated in float64. Nothing to sum, or only -inf:
        -inf. A nan: nan. A +inf and no nan: +inf. Never a warning. With n elements and no prior, max <= result <= max
        + tau*log n also after rounding, and in float64 |error| <= 2 eps (|result| + |max| + sum_i p_i |x_i - max|)
        with p = softmax(x / tau), beside the underflow of exponentials, tau times the least float for each.

    Raises
    ------
    TypeError
        Complex, object or masked input; a tau that is not a real scalar; a mask that is not boolean.
    ValueError
        Negative, infinite or nan tau or prior; shapes that do not broadcast; a bad axis.
    """
    tau, keepdims = as_tau(tau), as_flag(keepdims, "keepdims")
    x = as_real(x)
    if foreign(x):
        return anywhere.logsumexp(x, tau, axis, prior, where, keepdims)
    if axis is None and prior is None and where is None and x.itemsize <= 8:
        result = x.dtype.type(line_value(line(x.ravel("K"), tau), tau, x.size))
        return np.full((1,) * x.ndim, result) if keepdims else result
    slices = Slices.of(x, axis)
    values = reduce_rows(Terms.of(x, slices, prior, where), tau)
    return slices.reduced(values.astype(x.dtype), keepdims)


def reduce_rows(terms: Terms, tau: float) -> Array:
    """The log-sum-exp of every row, in working precision."""
    x = terms.x
    rows, n = x.shape
    if n >= LONG and terms.keep is None and x.itemsize <= 8 and x.strides[1] == x.itemsize:
        return np.array([line_value(line(row, tau), tau, n) for row in x])
    peaks = np.full(rows, -np.inf, working(x.dtype))
    tails = np.zeros_like(peaks)
    for place, block in terms.blocks() if n else ():
        peaks[place], tails[place] = _merged([_peak_and_tail(cut, tau) for cut in block.cuts()], tau)
    return value(peaks, tails, tau, n)


def _peak_and_tail(terms: Terms, tau: float) -> tuple[Array, Array]:
    """The peaks and tails of the rows of a block."""
    terms, axis = (terms.T, 0) if terms.tall else (terms, 1)
    z, m = exponents(terms, tau, axis)
    return m.ravel(), tail(np.exp(z, out=z), axis).ravel()


def _merged(states: list[tuple[Array, Array]], tau: float) -> tuple[Array, Array]:
    """The states of all cuts together: each tail shrinks by its peak's distance from the highest peak."""
    if len(states) == 1:
        return states[0]
    peaks, tails = (np.stack(part, axis=1) for part in zip(*states))
    z, m = exponents(Terms(peaks), tau, 1)
    np.exp(z, out=z)
    others = np.where(np.isfinite(peaks), tails * z, 0.0)
    return m.ravel(), tail(z, 1).ravel() + others.sum(axis=1)
