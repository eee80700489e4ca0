"""Checks made once, where data enters: one clear error that names the argument, what it was, what would be right."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._typing import Array


@contextmanager
def about(name: str) -> Iterator[None]:
    """What is said of the parts of an argument, with its own name in front."""
    try:
        yield
    except (TypeError, ValueError) as wrong:
        wrong.args = (f"{name}: {wrong}",)
        raise


def real_array(name: str, value: Any, shape: str) -> NDArray[Any]:
    """`value` as an array of real numbers in the dtype it has; `shape` says in words what it should be."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} must be a plain array of shape {shape}; it is a masked array")
    if value is None:
        raise TypeError(f"{name} must hold real numbers in shape {shape}; it is None")
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


def vector(name: str, value: Any, size: int | None = None, length: str = "d") -> Array:
    """`value` as a finite float64 vector, of length `size` where given; else messages call it `length`."""
    array = finite_array(name, value, f"({length},)" if size is None else f"({size},)", 1)
    if size is not None and array.size != size:
        raise ValueError(f"{name} must have {size} entries; it has {array.size}")
    return array.copy()  # a statement does not change with the caller's array


def positive(name: str, value: Any, *, zero: bool = False) -> float:
    """`value` as a finite float, > 0 (or ≥ 0 where `zero` is allowed)."""
    bound = "≥ 0" if zero else "> 0"
    found = number(name, value, f" {bound}")
    if not math.isfinite(found) or found < 0 or (found == 0 and not zero):
        raise ValueError(f"{name} must be finite and {bound}; got {value!r}")
    return found


def finite(name: str, value: Any) -> float:
    """`value` as a finite float."""
    found = number(name, value)
    if not math.isfinite(found):
        raise ValueError(f"{name} must be finite; got {value!r}")
    return found


def number(name: str, value: Any, bound: str = "") -> float:
    """`value` as a float, nan and inf among them; what is too large for a float becomes inf."""
    one = value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value
    if isinstance(one, (bool, np.bool_)) or not isinstance(one, Real):
        raise TypeError(f"{name} must be a number{bound}; got {value!r}")
    try:
        return float(one)
    except OverflowError:
        return math.inf if one > 0 else -math.inf  # type: ignore[operator]


def no_class(name: str, value: Any) -> None:
    """Refuse a class where one of its objects is meant."""
    if isinstance(value, type):
        raise TypeError(f"{name} must be an object, not the class {value.__name__}; write {value.__name__}(…)")


def flag(name: str, value: Any) -> bool:
    """`value` if it is True or False, of Python or of NumPy: "no" would be true."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False; got {value!r}")
    return bool(value)


def temperatures(name: str, values: Any) -> list[float]:
    """`values` as distinct positive numbers, from warm to cold."""
    if isinstance(values, str | bytes):
        raise TypeError(f"{name} must be an iterable of positive numbers; got {values!r}")
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


def text(name: str, value: Any) -> str:
    """`value` if it is text."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text; got {value!r}")
    return value


def file_name(name: str, value: Any) -> Path:
    """`value` as the path of a file."""
    if not isinstance(value, str | os.PathLike) or not isinstance(given := os.fspath(value), str):
        raise TypeError(f"{name} must be text or an os.PathLike of text; got {value!r}")
    if not given or "\0" in given:
        raise ValueError(f"{name} must be the name of a file; got {given!r}")
    return Path(given)


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """`value` if it is one of the names allowed."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}; got {value!r}")
    return value
