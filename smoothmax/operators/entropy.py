"""Shannon entropy and relative entropy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from smoothmax.operators.door import Array, Axis, as_axes, as_pair, as_real, broadcast
from smoothmax.operators.library import cast, namespace, seen, widest


@np.errstate(all="ignore")
def entropy(p: ArrayLike, *, axis: Axis = None) -> Any:
    """H(p) = -sum_i p_i log p_i, with 0 log 0 = 0; in [0, log n] on the simplex.

    Parameters
    ----------
    p : array
        Numbers >= 0, of NumPy or any array-API library; not normalised here.
    axis : None, int or tuple of ints
        None: all.

    Returns
    -------
    array or scalar
        As of ``np.sum``, in the dtype of p, in nats.

    Raises
    ------
    TypeError
        Complex, object or masked input.
    ValueError
        A negative entry; a bad axis.
    """
    p = _nonnegative(as_real(p, "p"), "p")
    xp, q = namespace(p), cast(p, widest(p))
    log_q = xp.log(xp.where(q == 0, xp.ones_like(q), q))
    return cast(0.0 - xp.sum(q * log_q, axis=as_axes(axis, p.ndim)), p.dtype)


@np.errstate(all="ignore")
def kl_divergence(p: ArrayLike, q: ArrayLike, *, axis: Axis = None) -> Any:
    """KL(p||q) = sum_i p_i log(p_i / q_i), with 0 log(0/q) = 0 and p log(p/0) = inf.

    Zero at p = q and positive otherwise on the simplex.

    Parameters
    ----------
    p, q : arrays
        Numbers >= 0 that broadcast against each other; neither is normalised here.
    axis : None, int or tuple of ints
        Of the broadcast shape; None: all.

    Returns
    -------
    array or scalar
        As of ``np.sum``, in the wider dtype of the two, in nats.

    Raises
    ------
    TypeError
        Complex, object or masked input.
    ValueError
        A negative entry; shapes that do not broadcast; a bad axis.
    """
    a, b, dtype = as_pair(p, q, ("p", "q"))
    a, b = _nonnegative(a, "p"), _nonnegative(b, "q")
    xp = namespace(a)
    wide = widest(a, b)
    a, b = (cast(v, wide) for v in broadcast(a, b, ("p", "q")))
    log_ratio = _log_ratio(xp, a, b)
    terms = xp.where(a == 0, xp.where(xp.isnan(b), b, xp.zeros_like(b)), a * log_ratio)
    return cast(xp.sum(terms, axis=as_axes(axis, terms.ndim)), dtype)


def _log_ratio(xp: Any, a: Array, b: Array) -> Any:
    """log(a/b): the difference of logarithms only where a/b is out of range; 0 where a is 0."""
    some = xp.where(a == 0, xp.ones_like(a), a)
    ratio = some / b
    tame = (ratio > 1e-300) & (ratio < 1e300)
    return xp.where(tame, xp.log(xp.where(tame, ratio, xp.ones_like(ratio))), xp.log(some) - xp.log(b))


def _nonnegative(a: Array, name: str) -> Array:
    if seen(namespace(a).any(a < 0)):
        raise ValueError(f"{name}: expected numbers >= 0, got {float(a[a < 0][0])}")
    return a
