"""What the operators accept: every argument is coerced and checked here, once.

Anything ``np.asarray`` can read is welcome; subclasses and data frames are treated as plain arrays. Arrays of other
libraries stay what they are. What is refused is refused by name, with what it was and what would be right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from smoothmax.operators.library import beside, cast, foreign, namespace, place, seen, widest

Array: TypeAlias = NDArray[Any]
Axis: TypeAlias = int | tuple[int, ...] | None


def as_real(x: ArrayLike, name: str = "x") -> Array:
    """``x`` as a plain array of native floats; integers and booleans become the default float dtype.

    NumPy's is float64, which is exact up to 2**53.
    """
    if type(x) is np.ndarray and x.dtype.kind == "f" and x.dtype.isnative:
        return x
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{name}: masked arrays are not supported; pass {name}.filled(-inf), or the mask as where=")
    if foreign(x):
        other: Array = _as_real_elsewhere(x, name)
        return other
    try:
        a = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name}: not an array of real numbers ({error})") from None
    if a.dtype.kind == "f":
        return a.astype(a.dtype.newbyteorder("="), copy=False)
    if a.dtype.kind in "biu":
        return a.astype(np.float64)
    raise TypeError(f"{name}: expected real numbers, got {_what(x)} of dtype {a.dtype}")


def _as_real_elsewhere(x: Any, name: str) -> Any:
    xp, real = namespace(x), x
    if xp.isdtype(x.dtype, ("bool", "integral")):
        real = cast(x, xp.__array_namespace_info__().default_dtypes(**place(x))["real floating"])
    if xp.isdtype(real.dtype, "real floating"):
        return real
    raise TypeError(f"{name}: expected real numbers, got {_what(x)} of dtype {x.dtype}")


def as_pair(x: Any, y: Any, names: tuple[str, str] = ("x", "y")) -> tuple[Any, Any, Any]:
    """Two arrays of one library, and their common dtype, in which a Python number has no say."""
    model = next((v for v in (x, y) if foreign(v)), None)
    if model is not None:
        x, y = (v if type(v) in (int, float) else beside(v, model, name) for v, name in zip((x, y), names))
    a, b = as_real(x, names[0]), as_real(y, names[1])
    typed = [c.dtype for v, c in ((x, a), (y, b)) if type(v) not in (int, float)] or [a.dtype]
    if model is not None:
        a, b = (beside(v, model, name) for v, name in zip((a, b), names))
    return a, b, namespace(a).result_type(*typed)


def broadcast(a: Any, b: Any, names: tuple[str, str]) -> tuple[Any, Any]:
    """Two arrays of one library, broadcast against each other."""
    try:
        np.broadcast_shapes(tuple(a.shape), tuple(b.shape))
    except ValueError:
        message = f"its shape {tuple(b.shape)} does not broadcast with the shape {tuple(a.shape)} of {names[0]}"
        raise ValueError(f"{names[1]}: {message}") from None
    one, other = namespace(a).broadcast_arrays(a, b)
    return one, other


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


def as_prior(prior: ArrayLike, x: Array) -> Array:
    """The prior in working precision: finite, nonnegative, of a shape that broadcasts to that of x."""
    if foreign(x) or foreign(prior):
        prior = beside(prior, x, "prior")
    w: Array = as_real(prior, "prior")
    w, xp = cast(w, widest(w)), namespace(w)
    bad = ~((w >= 0) & (w < math.inf))
    if seen(xp.any(bad)):
        raise ValueError(f"prior: expected finite numbers >= 0, got {float(w[bad][0])}")
    _check_broadcast(w, x.shape, "prior")
    return w


def as_where(where: ArrayLike, x: Array) -> Array:
    """The mask, True where an element takes part: booleans, of a shape that broadcasts to that of x."""
    mask: Array = companion(where, x, "where")
    if not namespace(mask).isdtype(mask.dtype, "bool"):
        raise TypeError(f"where: expected booleans, got dtype {mask.dtype}")
    _check_broadcast(mask, x.shape, "where")
    return mask


def companion(value: Any, x: Any, name: str) -> Any:
    """An argument that belongs to x, as a plain array of its library, whatever its dtype."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name}: masked arrays are not supported; pass a plain array")
    if foreign(x) or foreign(value):
        return beside(value, x, name)
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: not an array ({error})") from None


def as_flag(value: Any, name: str) -> bool:
    """True or False, of Python or NumPy."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: expected True or False, got {value!r}")
    return bool(value)


def sum_slack(eps: float, n: int) -> float:
    """By how much the sum of a distribution of n entries may miss 1, eps being that of its dtype."""
    return 8 * eps * max(n, 4)


def _check_broadcast(a: Array, shape: tuple[int, ...], name: str) -> None:
    if not fits(a.shape, shape):
        raise ValueError(f"{name}: its shape {tuple(a.shape)} does not broadcast to the shape {tuple(shape)} of x")


def fits(small: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether an array of the one shape broadcasts to the other."""
    if len(small) > len(shape):
        return False
    return all(k in (1, n) for k, n in zip(reversed(small), reversed(shape)))


def as_axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    """The reduced axes as a tuple of distinct indices in range(ndim), as ``np.sum`` reads them."""
    if axis is None:
        return tuple(range(ndim))
    if type(axis) is int and -ndim <= axis < ndim:
        return (axis % ndim,)
    if any(isinstance(a, (bool, np.bool_, Mapping)) for a in (axis, *(axis if isinstance(axis, tuple) else ()))):
        raise TypeError(f"axis: expected None, an int or a tuple of ints, got {axis!r}")
    if ndim == 0 and isinstance(axis, int | np.integer) and axis in (0, -1):
        return ()
    try:
        return np.lib.array_utils.normalize_axis_tuple(axis, ndim, "axis")
    except TypeError:
        raise TypeError(f"axis: expected None, an int or a tuple of ints, got {axis!r}") from None


def _what(value: object) -> str:
    return f"a {type(value).__name__}"
