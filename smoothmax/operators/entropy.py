"""Shannon entropy and relative entropy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from smoothmax.operators.door import Array, Axis, as_axes, as_real
from smoothmax.operators.kernel import working


@np.errstate(all="ignore")
def entropy(p: ArrayLike, *, axis: Axis = None) -> Any:
    """H(p) = -sum_i p_i log p_i, with 0 log 0 = 0; in [0, log n] on the simplex. p is not normalised."""
    p = _nonnegative(p, "p")
    axes = as_axes(axis, p.ndim)
    q = p.astype(working(p.dtype), copy=False)
    log_q = np.log(q, out=np.zeros_like(q), where=q != 0)
    return (0.0 - np.sum(q * log_q, axis=axes)).astype(p.dtype)


@np.errstate(all="ignore")
def kl_divergence(p: ArrayLike, q: ArrayLike, *, axis: Axis = None) -> Any:
    """KL(p||q) = sum_i p_i log(p_i / q_i), with 0 log(0/q) = 0 and p log(p/0) = inf.

    Zero at p = q and positive otherwise on the simplex. q broadcasts with p; neither is normalised.
    """
    p, q = _nonnegative(p, "p"), _nonnegative(q, "q")
    dtype = np.result_type(p, q)
    try:
        a, b = np.broadcast_arrays(p, q)
    except ValueError:
        raise ValueError(f"q: its shape {q.shape} does not broadcast with the shape {p.shape} of p") from None
    a, b = a.astype(working(dtype)), b.astype(working(dtype))
    ratio = a / b
    tame = (ratio > 1e-300) & (ratio < 1e300)
    log_ratio = np.where(tame, np.log(ratio), np.log(a) - np.log(b))  # the difference only where a/b is out of range
    terms = np.where(a == 0, np.where(np.isnan(b), b, 0.0), a * log_ratio)
    return np.sum(terms, axis=as_axes(axis, terms.ndim)).astype(dtype)


def _nonnegative(p: ArrayLike, name: str) -> Array:
    a = as_real(p, name)
    if (a < 0).any():
        raise ValueError(f"{name}: expected numbers >= 0, got {a[a < 0][0]}")
    return a
