"""Checks made once, where data enters: one clear error that names the argument, what it was, what would be right."""

import math
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._typing import Array


def real_array(name: str, value: Any, shape: str) -> NDArray[Any]:
    """`value` as an array of real numbers in the dtype it has; `shape` says in words what it should be."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} must be a plain array of shape {shape}; it is a masked array")
    try:
        raw = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} must be an array of shape {shape}; its rows differ in length") from None
    check_real(name, raw.dtype)
    return raw


def check_real(name: str, dtype: Any) -> None:
    """Refuse a dtype that does not hold real numbers."""
    if dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers; its dtype is {dtype}")


def float_array(name: str, value: Any, shape: str) -> Array:
    """`value` as a float64 array; nan and inf pass, and what is too large for float64 becomes inf."""
    with np.errstate(over="ignore"):
        return np.asarray(real_array(name, value, shape), dtype=np.float64)


def finite_array(name: str, value: Any, shape: str, ndim: int | tuple[int, ...]) -> Array:
    """`value` as a float64 array of finite numbers; `shape` says in words what it should be."""
    array = float_array(name, value, shape)
    if array.ndim not in (ndim if isinstance(ndim, tuple) else (ndim,)):
        raise ValueError(f"{name} must have shape {shape}; its shape is {array.shape}")
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} must be finite; {name}{list(where)} is {array[where]}")
    return array


def vector(name: str, value: Any, size: int | None = None, letter: str = "d") -> Array:
    """`value` as a finite float64 vector, of length `size` where given; `letter` stands for it where it is not."""
    array = finite_array(name, value, f"({letter},)" if size is None else f"({size},)", 1)
    if size is not None and array.size != size:
        raise ValueError(f"{name} must have {size} entries; it has {array.size}")
    return array.copy()  # a statement does not change with the caller's array


def positive(name: str, value: Any, *, zero: bool = False) -> float:
    """`value` as a finite float, > 0 (or ≥ 0 where `zero` is allowed)."""
    bound = "≥ 0" if zero else "> 0"
    number = value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value
    if isinstance(number, (bool, np.bool_)) or not isinstance(number, Real):
        raise TypeError(f"{name} must be a number {bound}; got {value!r}")
    try:
        number = float(number)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or number < 0 or (number == 0 and not zero):
        raise ValueError(f"{name} must be finite and {bound}; got {value!r}")
    return number


def temperatures(name: str, values: Any) -> list[float]:
    """`values` as distinct positive numbers, from warm to cold."""
    try:
        listed = sorted({positive(name, tau) for tau in values}, reverse=True)
    except TypeError:
        raise TypeError(f"{name} must be an iterable of positive numbers; got {values!r}") from None
    if not listed:
        raise ValueError(f"{name} must hold at least one temperature; it is empty")
    return listed


def count(name: str, value: Any, least: int = 1) -> int:
    """`value` as an integer ≥ `least`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer ≥ {least}; got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be an integer ≥ {least}; got {value}")
    return int(value)


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """`value` if it is one of the names allowed."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}; got {value!r}")
    return value
