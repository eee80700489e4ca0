"""What the operators accept: every argument is coerced and checked here, once.

Anything ``np.asarray`` can read is welcome; subclasses and data frames are treated as plain arrays. What is
refused is refused by name, with what it was and what would be right.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[Any]
Axis: TypeAlias = int | tuple[int, ...] | None


def as_real(x: ArrayLike, name: str = "x") -> Array:
    """``x`` as a plain array of native floats; integers and booleans become float64 (exact up to 2**53)."""
    if type(x) is np.ndarray and x.dtype.kind == "f" and x.dtype.isnative:
        return x
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{name}: masked arrays are not supported; pass {name}.filled(-inf), or the mask as where=")
    try:
        a = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name}: not an array of real numbers ({error})") from None
    if a.dtype.kind == "f":
        return a.astype(a.dtype.newbyteorder("="), copy=False)
    if a.dtype.kind in "biu":
        return a.astype(np.float64)
    raise TypeError(f"{name}: expected real numbers, got {_what(x)} of dtype {a.dtype}")


def as_tau(tau: float, *, positive: bool = False) -> float:
    """The temperature as a float: finite and >= 0, or > 0 where the limit tau = 0 does not exist."""
    if type(tau) is not float:
        tau = _as_float(tau)
    if not 0.0 <= tau < math.inf:
        raise ValueError(f"tau: expected a finite number >= 0, got {tau!r}")
    if positive and tau == 0.0:
        raise ValueError("tau: expected a finite number > 0, got 0.0 (the maximum itself has no Hessian)")
    return tau


def _as_float(tau: object) -> float:
    if isinstance(tau, np.ndarray) and tau.ndim == 0:
        tau = tau[()]
    if isinstance(tau, bool) or not isinstance(tau, Real):
        raise TypeError(f"tau: expected a real scalar, got {_what(tau)} {tau!r}")
    try:
        return float(tau)
    except OverflowError:  # an int beyond the floats
        return math.inf


def as_prior(prior: ArrayLike, shape: tuple[int, ...]) -> Array:
    """The prior in float64: finite, nonnegative, of a shape that broadcasts to that of x."""
    w = as_real(prior, "prior").astype(np.float64, copy=False)
    bad = ~((w >= 0) & (w < math.inf))
    if bad.any():
        raise ValueError(f"prior: expected finite numbers >= 0, got {w[bad][0]}")
    _check_broadcast(w, shape, "prior")
    return w


def as_where(where: ArrayLike, shape: tuple[int, ...]) -> Array:
    """The mask, True where an element takes part: booleans, of a shape that broadcasts to that of x."""
    if isinstance(where, np.ma.MaskedArray):
        raise TypeError("where: masked arrays are not supported; pass a plain boolean array")
    mask = np.asarray(where)
    if mask.dtype != np.bool:
        raise TypeError(f"where: expected booleans, got dtype {mask.dtype}")
    _check_broadcast(mask, shape, "where")
    return mask


def as_axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    """The reduced axes as a tuple of distinct indices in range(ndim), as ``np.sum`` reads them."""
    if axis is None:
        return tuple(range(ndim))
    if ndim == 0 and axis in (0, -1):
        return ()
    try:
        return np.lib.array_utils.normalize_axis_tuple(axis, ndim, "axis")
    except TypeError:
        raise TypeError(f"axis: expected None, an int or a tuple of ints, got {axis!r}") from None


def _check_broadcast(a: Array, shape: tuple[int, ...], name: str) -> None:
    try:
        np.broadcast_to(a, shape)
    except ValueError:
        message = f"{name}: its shape {a.shape} does not broadcast to the shape {shape} of x"
        raise ValueError(message) from None


def _what(value: object) -> str:
    return f"a {type(value).__name__}"
