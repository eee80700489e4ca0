"""Array libraries: whose array an argument is, and the few things that the array API standard leaves open.

NumPy has ways of its own (``kernel``); every other library that keeps the standard, PyTorch and JAX among them, takes
those of ``anywhere``. Results have the library, the dtype and the device of the arguments.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

TRACED = ("ConcretizationTypeError", "TracerIntegerConversionError", "TracerBoolConversionError")  # of JAX
NATIVE = (np.ndarray, np.generic, list, tuple, int, float)


def foreign(x: object) -> bool:
    """Whether ``x`` is an array of another library than NumPy."""
    if isinstance(x, NATIVE):
        return False
    from array_api_compat import is_array_api_obj

    return bool(is_array_api_obj(x))


def namespace(x: object) -> Any:
    """The functions of the library that ``x``, an array, belongs to."""
    if isinstance(x, NATIVE):
        return np
    from array_api_compat import array_namespace

    return array_namespace(x)


def place(x: Any) -> dict[str, Any]:
    """device= for arrays made beside ``x``."""
    if isinstance(x, NATIVE):
        return {}
    from array_api_compat import device

    return {"device": device(x)}


def beside(value: Any, x: Any, name: str) -> Any:
    """``value`` as an array of the library and on the device of ``x``.

    Raises
    ------
    TypeError
        It is an array of a third library, or on another device.
    """
    xp = namespace(x)
    if foreign(value):
        if namespace(value) is not xp:
            ours, theirs = (space.__name__.removeprefix("array_api_compat.") for space in (xp, namespace(value)))
            raise TypeError(f"{name}: an array of {theirs} beside one of {ours}; convert one of them")
        here, there = place(x)["device"], place(value)["device"]
        if here != there and None not in (here, there):  # an array that is being traced is nowhere yet
            raise TypeError(f"{name}: it is on {there}, the other array on {here}")
        return value
    array = np.asarray(value)
    if array.dtype.kind == "O":
        raise TypeError(f"{name}: expected an array of numbers, got {value!r}")
    return xp.asarray(value if type(value) in (bool, int, float) else array, **place(x))


def widest(x: Any, *others: Any) -> Any:
    """The dtype to work in: float64, longdouble for longdouble, and float32 where a library has nothing wider."""
    xp = namespace(x)
    dtype = xp.result_type(x, *others) if others else x.dtype
    if xp is np:
        return np.promote_types(dtype, np.float64)
    known = xp.__array_namespace_info__().dtypes(kind="real floating", **place(x))
    return known.get("float64", dtype if xp.finfo(dtype).bits >= 32 else known["float32"])


def cast(x: Any, dtype: Any) -> Any:
    """``x`` in that dtype, itself where it has it."""
    return (
        x.astype(dtype, copy=False)
        if isinstance(x, (np.ndarray, np.generic))
        else namespace(x).astype(x, dtype, copy=False)
    )


def scalar(x: Any) -> Any:
    """NumPy's scalar of a 0-d array of NumPy's; anything else as it is."""
    return x[()] if isinstance(x, np.ndarray) else x


def number(x: Any, otherwise: int) -> int:
    """An integer array's one value; ``otherwise`` while a function is traced and there is none yet."""
    try:
        return int(x)
    except Exception as hidden:
        if type(hidden).__name__ in TRACED:
            return otherwise
        raise


def seen(flag: Any) -> bool:
    """A boolean array's one value; False while a function is traced."""
    return bool(number(flag, 0))


def still(x: Any) -> Any:
    """``x`` as a constant to automatic differentiation."""
    if hasattr(x, "detach"):
        return x.detach()
    if namespace(x).__name__.startswith("jax"):
        return sys.modules["jax"].lax.stop_gradient(x)
    return x
