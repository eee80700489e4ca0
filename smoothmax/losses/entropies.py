"""Cross-entropy from logits: −Σ y_i log softmax(x)_i = Σ y·logsumexp(x) − ⟨y, x⟩."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..operators import log_softmax, softmax
from ..operators.door import as_axes, as_real, companion
from ..operators.library import cast, namespace, place, seen


@np.errstate(all="ignore")
def cross_entropy(logits: Any, target: Any, *, axis: int = -1) -> Any:
    """−Σ y_i log softmax(x)_i along an axis; for a class k, logsumexp(x) − x_k.

    Parameters
    ----------
    logits : (..., n, ...) array x, without units (nats)
    target : array
        Integers in range(n), in the shape of the logits without the axis; or floats y ≥ 0 in their shape,
        distributions as a rule (the formula does not ask for Σ y = 1).
    axis : int

    Returns
    -------
    array or scalar
        One loss for each slice, in the dtype of the logits; ≥ 0, and accurate where softmax rounds to 0 or 1.

    Raises
    ------
    TypeError, ValueError
        Classes out of range, y < 0, shapes that do not fit.
    """
    x, y, axis = _targets(logits, target, axis)
    xp, log_p = namespace(x), log_softmax(x, axis=axis)
    return 0.0 - xp.sum(xp.where(y > 0, y * log_p, xp.zeros_like(log_p)), axis=axis)


@np.errstate(all="ignore")
def cross_entropy_grad(logits: Any, target: Any, *, axis: int = -1) -> Any:
    """∇ of `cross_entropy` in the logits: softmax(x)·Σy − y, slice by slice.

    Parameters
    ----------
    logits, target, axis
        As for `cross_entropy`.

    Returns
    -------
    array
        In the shape and dtype of the logits.

    Raises
    ------
    TypeError, ValueError
        As for `cross_entropy`.
    """
    x, y, axis = _targets(logits, target, axis)
    return softmax(x, axis=axis) * namespace(x).sum(y, axis=axis, keepdims=True) - y


def _targets(logits: Any, target: Any, axis: int) -> tuple[Any, Any, int]:
    """The logits, and the targets as distributions beside them."""
    x = as_real(logits, "logits")
    if isinstance(axis, bool) or not isinstance(axis, int | np.integer):
        raise TypeError(f"axis: expected one int, got {axis!r}")
    if x.ndim == 0:
        raise ValueError("logits: expected at least one axis, got a scalar")
    xp, (axis,) = namespace(x), as_axes(axis, x.ndim)
    y = companion(target, x, "target")
    shape, n = tuple(x.shape), x.shape[axis]
    if n == 0:
        raise ValueError(f"logits: expected at least one class along the axis, got the shape {shape}")
    if namespace(y).isdtype(y.dtype, "integral"):
        if tuple(y.shape) != shape[:axis] + shape[axis + 1 :]:
            rest = shape[:axis] + shape[axis + 1 :]
            more = "; a distribution must be of floats" if tuple(y.shape) == shape else ""
            raise ValueError(f"target: classes must have the shape {rest}; got {tuple(y.shape)}{more}")
        if seen(xp.any((y < 0) | (y >= n))):
            low, high = int(xp.min(y)), int(xp.max(y))
            raise ValueError(f"target: classes must lie in 0, …, {n - 1}; they run from {low} to {high}")
        along = tuple(n if i == axis else 1 for i in range(x.ndim))
        classes = xp.reshape(xp.arange(n, dtype=xp.int64, **place(x)), along)
        return x, cast(xp.expand_dims(cast(y, xp.int64), axis=axis) == classes, x.dtype), axis
    y = as_real(y, "target")
    if tuple(y.shape) != shape:
        more = "; classes must be integers" if tuple(y.shape) == shape[:axis] + shape[axis + 1 :] else ""
        raise ValueError(f"target: distributions must have the shape {shape} of the logits; got {tuple(y.shape)}{more}")
    if seen(xp.any(~(y >= 0))):
        raise ValueError(f"target: probabilities must be ≥ 0; got {float(y[~(y >= 0)][0])}")
    return x, cast(y, x.dtype), axis
