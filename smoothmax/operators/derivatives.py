"""Second derivatives of the log-sum-exp in x, and its derivative in tau. The gradient is ``softmax``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from smoothmax.operators.door import Array, Axis, as_real, as_tau
from smoothmax.operators.kernel import working
from smoothmax.operators.slices import Slices
from smoothmax.operators.softmax import log_softmax, softmax


@np.errstate(all="ignore")
def logsumexp_hessian(x: ArrayLike, *, tau: float = 1.0) -> Array:
    """(diag p - p p^T) / tau with p = softmax(x / tau): (n,) -> (n, n), symmetric, positive semidefinite.

    The rows sum to zero, so the diagonal is p_i * sum_{j != i} p_j: accurate where p_i rounds to 1. tau > 0.
    """
    tau = as_tau(tau, positive=True)
    x = as_real(x)
    if x.ndim != 1:
        raise ValueError(f"x: expected a vector, got the shape {x.shape}")
    p = softmax(x.astype(working(x.dtype), copy=False), tau=tau)
    h = -np.outer(p, p)
    np.fill_diagonal(h, 0.0)
    np.fill_diagonal(h, -h.sum(axis=1))
    return (h / tau).astype(x.dtype, copy=False)


@np.errstate(all="ignore")
def logsumexp_hvp(x: ArrayLike, v: ArrayLike, *, tau: float = 1.0, axis: Axis = None) -> Array:
    """p * (v - <p, v>) / tau, the Hessian of every slice times its v, in O(n).

    v broadcasts to x and is measured from its value at the largest p, so that nothing cancels there. tau > 0.
    """
    tau = as_tau(tau, positive=True)
    x, v = as_real(x), as_real(v, "v")
    try:
        v = np.broadcast_to(v, x.shape)
    except ValueError:
        raise ValueError(f"v: its shape {v.shape} does not broadcast to the shape {x.shape} of x") from None
    slices = Slices.of(x, axis)
    wide = working(np.result_type(x, v))
    p = slices.matrix(softmax(x.astype(wide, copy=False), tau=tau, axis=axis))
    if p.size == 0:
        return np.zeros(x.shape, x.dtype)
    v = slices.matrix(v).astype(wide)
    v -= np.take_along_axis(v, p.argmax(axis=1)[:, None], axis=1)
    v -= np.sum(p * v, axis=1, keepdims=True)
    return slices.restored(p * v / tau).astype(x.dtype, copy=False)


@np.errstate(all="ignore")
def logsumexp_dtau(x: ArrayLike, *, tau: float = 1.0, axis: Axis = None) -> Any:
    """d/dtau of tau*log(sum exp(x/tau)) = H(p) = -sum_i p_i log p_i, with p = softmax(x / tau).

    Summed from log-weights, all terms positive: relatively accurate even where p is one-hot to rounding.
    At tau = 0 it is the limit, log of the number of maximizers.
    """
    x = as_real(x)
    log_p = log_softmax(x.astype(working(x.dtype), copy=False), tau=tau, axis=axis)
    terms = np.exp(log_p) * np.maximum(log_p, np.finfo(log_p.dtype).min)  # 0 * log 0 = 0
    axes = Slices.of(x, axis).axes
    return (0.0 - terms.sum(axis=axes)).astype(x.dtype)
