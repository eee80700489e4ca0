"""The complex step: J e_j = Im F(x + ih e_j) / h with h_j = 1e-100 · max(1, |x_j|), exact to rounding.

It needs a map that is analytic and computes with complex numbers (Squire and Trapp 1998).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from .._typing import Array
from .._warnings import filtered

NO_COMPLEX = 'jac="cs" needs a fun that computes with complex x (no abs, no math.sin, no float array to write into)'
TINY = 1e-100
Asked = Callable[[Iterable[Any]], Iterator[list[Any]]]  # what the user's functions return at points, in their order


def complex_step(asked: Asked, x: Array, n: int) -> Array:
    """The (n, d) Jacobian at x.

    Raises
    ------
    TypeError, ValueError
        Imaginary parts were dropped, or the shape is another than for real x.
    """
    steps = TINY * np.maximum(1.0, np.abs(x))
    J = np.empty((n, x.size))
    points = (x + 1j * h * unit for h, unit in zip(steps, np.eye(x.size), strict=True))
    try:
        with filtered("error", np.exceptions.ComplexWarning):  # where imaginary parts are dropped, NumPy warns
            for j, parts in enumerate(asked(points)):
                J[:, j] = _imaginary(parts, n) / steps[j]
    except (TypeError, np.exceptions.ComplexWarning) as wrong:
        why = str(wrong)
        raise TypeError(why if why.startswith(NO_COMPLEX) else f"{NO_COMPLEX}; it raised: {why}") from wrong
    return J


def _imaginary(values: list[Any], n: int) -> Array:
    try:
        f = np.concatenate([np.atleast_1d(np.asarray(value)) for value in values])
    except ValueError:
        raise ValueError(f"fun(x) must return shape ({n},) for complex x too; what it returned is no array") from None
    if f.dtype.kind != "c":
        raise TypeError(f"{NO_COMPLEX}; it returned {f.dtype} for complex x")
    if f.shape != (n,):
        raise ValueError(f"fun(x) must return shape ({n},) for complex x too; it returned shape {f.shape}")
    return np.where(np.isfinite(f.real), f.imag, np.nan)  # no value, no slope
