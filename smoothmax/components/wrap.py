"""User callables in SciPy's forms, as components."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from .. import _doors
from .._typing import Array
from .smooth import Smooth, real_matrix


def from_callables(
    fun: Any, x0: Array, args: tuple[Any, ...], jac: Any, hess: Any, absolute: bool, convex: bool
) -> Smooth:
    """Smooth components from fun (one callable or several), jac and hess with extra arguments; |f| as (f, −f)."""
    if not isinstance(args, (tuple, list)):
        raise TypeError(f"args must be a tuple of extra arguments; got {args!r}")
    if hess is not None and not callable(hess):
        raise TypeError(f"hess must be callable, hess(x, v) -> (d, d); got {hess!r}")
    values = _values(fun, args)
    jacobian = _jacobian(jac, args)
    hessian = None if hess is None else lambda x, v: hess(x, v, *args)
    if not absolute:
        return Smooth(values, jacobian, hessian, d=x0.size, convex=convex).bound(x0)

    def both(x: Array) -> Array:
        f = np.atleast_1d(_doors.float_array("fun(x)", values(x), "(n,)"))
        return np.concatenate([f, -f])

    def both_jac(x: Array) -> Any:
        J = real_matrix("jac(x)", jacobian(x), "(n, d)")
        return sp.vstack([J, -J]).tocsr() if sp.issparse(J) else np.vstack([np.atleast_2d(J), -np.atleast_2d(J)])

    def both_hess(x: Array, v: Array) -> Any:
        half = v.size // 2
        return hessian(x, v[:half] - v[half:])  # type: ignore[misc]

    return Smooth(
        both,
        both_jac if callable(jacobian) else jacobian,
        both_hess if hessian else None,
        d=x0.size,
        convex=convex,
    ).bound(x0)


def _values(fun: Any, args: tuple[Any, ...]) -> Callable[[Array], Any]:
    if callable(fun):
        return lambda x: fun(x, *args)
    if isinstance(fun, Sequence) and fun and all(callable(one) for one in fun):
        return lambda x: [np.squeeze(one(x, *args)) for one in fun]
    raise TypeError(f"fun must be callable or a non-empty sequence of callables; got {fun!r}")


def _jacobian(jac: Any, args: tuple[Any, ...]) -> Any:
    if callable(jac):
        return lambda x: jac(x, *args)
    if isinstance(jac, Sequence) and not isinstance(jac, str) and jac and all(callable(one) for one in jac):
        return lambda x: [one(x, *args) for one in jac]
    return jac
