"""The forms in which a user may state a function and its derivative.

fun   fun(x) → (n,), or a sequence of such functions, whose values are put one after another
jac   jac(x) → (n, d); a sequence of functions, one for each part of fun; a constant matrix; the name of a scheme; None
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from .. import _doors
from .._typing import Array, Matrix
from .differences import Box
from .returned import real_matrix

SCHEMES = ("2-point", "3-point", "cs")
Functions = tuple[Callable[..., Any], ...]


@dataclass(frozen=True)
class Given:
    """A function with extra arguments behind x (and v); it can be pickled when the function can."""

    function: Callable[..., Any]
    args: tuple[Any, ...]

    def __call__(self, *x: Array) -> Any:
        return self.function(*x, *self.args)


def as_functions(fun: Any) -> Functions:
    """One callable or several.

    Raises
    ------
    TypeError
        It is neither.
    """
    if callable(fun):
        return (fun,)
    if _callables(fun):
        return tuple(fun)
    raise TypeError(f"fun must be callable, fun(x) -> (n,), or a non-empty sequence of callables; got {fun!r}")


def as_jacobian(jac: Any, parts: int) -> Functions | Matrix | str | None:
    """None, the name of a scheme, one callable or as many as `parts`, or a constant matrix.

    Raises
    ------
    TypeError, ValueError
        It is none of these.
    """
    if jac is None or callable(jac):
        return jac and (jac,)
    if _callables(jac):
        if len(jac) != parts:
            raise ValueError(f"jac must have one function for each of the {parts} functions of fun; it has {len(jac)}")
        return tuple(jac)
    matrix = sp.issparse(jac) or isinstance(jac, np.ndarray) or (isinstance(jac, Sequence) and not isinstance(jac, str))
    if not matrix:
        wanted = f"{', '.join(map(repr, SCHEMES))}, callable, a constant (n, d) matrix or None"
        return jac if isinstance(jac, str) and jac in SCHEMES else _refuse(f"jac must be one of {wanted}; got {jac!r}")
    J = real_matrix("jac", jac, "(n, d)")
    if J.ndim != 2:
        raise ValueError(f"jac must be a matrix of shape (n, d); its shape is {J.shape}")
    if not np.isfinite(J.data if sp.issparse(J) else J).all():
        raise ValueError("jac must be finite; it holds nan or inf")
    return J


def sizes_of(J: Matrix, n: int, d: int) -> tuple[int, int]:
    """(n, d) of a constant Jacobian, where −1 stands for what was not said.

    Raises
    ------
    ValueError
        Something else was said.
    """
    if n not in (-1, J.shape[0]) or d not in (-1, J.shape[1]):
        said = f"({n if n > 0 else 'n'}, {d if d > 0 else 'd'})"
        raise ValueError(f"jac must have shape {said}; its shape is {J.shape}")
    return int(J.shape[0]), int(J.shape[1])


def as_box(bounds: Any) -> Box:
    """(lb, ub), also from an object with these attributes; None is everything.

    Raises
    ------
    ValueError
        Not two vectors with lb ≤ ub.
    """
    if bounds is None:
        return np.array(-np.inf), np.array(np.inf)
    pair = (bounds.lb, bounds.ub) if hasattr(bounds, "lb") else bounds
    if not isinstance(pair, Sequence) or len(pair) != 2:
        raise ValueError(f"bounds must be a pair (lb, ub) or scipy Bounds; got {bounds!r}")
    lb, ub = (_doors.float_array("bounds", side, "(d,)").copy() for side in pair)
    if not np.all(lb <= ub):
        raise ValueError(f"bounds must have lb ≤ ub everywhere; got {lb} and {ub}")
    return lb, ub


def _callables(value: Any) -> bool:
    return isinstance(value, Sequence) and bool(value) and all(callable(one) for one in value)


def _refuse(why: str) -> Any:
    raise ValueError(why)
