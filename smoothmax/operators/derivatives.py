"""Second derivatives of the log-sum-exp in x, and its derivative in tau. The gradient is ``softmax``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from smoothmax.operators.door import Axis, as_pair, as_real, as_tau, fits
from smoothmax.operators.library import cast, namespace, place, widest
from smoothmax.operators.slices import Slices
from smoothmax.operators.softmax import log_softmax, softmax


@np.errstate(all="ignore")
def logsumexp_hessian(x: ArrayLike, *, tau: float = 1.0) -> Any:
    """(diag p - p p^T) / tau with p = softmax(x / tau): (n,) -> (n, n), symmetric, positive semidefinite.

    The rows sum to zero, so the diagonal is p_i * sum_{j != i} p_j: accurate where p_i rounds to 1.

    Parameters
    ----------
    x : (n,) array
        Real numbers.
    tau : float
        Temperature, finite and > 0, in the units of x.

    Returns
    -------
    (n, n) array
        In the dtype of x, in one over the units of x.

    Raises
    ------
    TypeError
        Complex, object or masked input.
    ValueError
        x is no vector; tau is not finite and positive.
    """
    tau = as_tau(tau, positive=True)
    x = as_real(x)
    if x.ndim != 1:
        raise ValueError(f"x: expected a vector, got the shape {tuple(x.shape)}")
    xp, p = namespace(x), softmax(cast(x, widest(x)), tau=tau)
    diagonal = xp.eye(p.shape[0], dtype=xp.bool, **place(x))
    h = xp.where(diagonal, xp.zeros_like(p), -(p[:, None] * p[None, :]))
    h = xp.where(diagonal, -xp.sum(h, axis=1), h)
    return cast(h / tau, x.dtype)


@np.errstate(all="ignore")
def logsumexp_hvp(x: ArrayLike, v: ArrayLike, *, tau: float = 1.0, axis: Axis = None) -> Any:
    """p * (v - <p, v>) / tau, the Hessian of every slice times its v, in O(n).

    Here v is measured from its value at the largest p, so that nothing cancels there.

    Parameters
    ----------
    x : array
        Real numbers.
    v : array
        Real numbers, broadcast to x.
    tau : float
        Temperature, finite and > 0, in the units of x.
    axis : None, int or tuple of ints
        What one slice is; None: all.

    Returns
    -------
    array
        In the shape and dtype of x.

    Raises
    ------
    TypeError
        Complex, object or masked input.
    ValueError
        tau is not finite and positive; v does not broadcast to x; a bad axis.
    """
    tau = as_tau(tau, positive=True)
    at, along, _ = as_pair(x, v, ("x", "v"))
    if not fits(along.shape, at.shape):
        raise ValueError(f"v: its shape {tuple(along.shape)} does not broadcast to the shape {tuple(at.shape)} of x")
    xp, slices, wide = namespace(at), Slices.of(at, axis), widest(at, along)
    p = slices.matrix(softmax(cast(at, wide), tau=tau, axis=axis))
    if 0 in p.shape:
        return xp.zeros_like(at)
    u = cast(slices.matrix(xp.broadcast_to(along, at.shape)), wide)
    u = u - xp.take_along_axis(u, xp.argmax(p, axis=1)[:, None], axis=1)
    u = u - xp.sum(p * u, axis=1, keepdims=True)
    return cast(slices.restored(p * u / tau), at.dtype)


@np.errstate(all="ignore")
def logsumexp_dtau(x: ArrayLike, *, tau: float = 1.0, axis: Axis = None) -> Any:
    """d/dtau of tau*log(sum exp(x/tau)) = H(p) = -sum_i p_i log p_i, with p = softmax(x / tau).

    Summed from log-weights, all terms positive: relatively accurate even where p is one-hot to rounding.
    At tau = 0 it is the limit, log of the number of maximizers.

    Parameters
    ----------
    x : array
        Real numbers.
    tau : float
        Temperature, finite and >= 0, in the units of x.
    axis : None, int or tuple of ints
        None: all.

    Returns
    -------
    array or scalar
        As of ``np.sum``, in the dtype of x, in [0, log n].

    Raises
    ------
    TypeError
        Complex, object or masked input.
    ValueError
        Negative, infinite or nan tau; a bad axis.
    """
    x = as_real(x)
    xp, log_p = namespace(x), log_softmax(cast(x, widest(x)), tau=tau, axis=axis)
    tame = xp.where(log_p == -math.inf, xp.zeros_like(log_p), log_p)  # 0 * log 0 = 0
    terms = xp.exp(log_p) * tame
    return cast(0.0 - xp.sum(terms, axis=Slices.of(x, axis).axes), x.dtype)
