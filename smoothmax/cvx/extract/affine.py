"""Affine cvxpy expressions as rows A x + b, entries in Fortran order, with the parameters at their values.

The usual atoms are walked here, so that the user's matrix arrives as it is. Every other affine atom is
g(0) + ∇g·(args), with cvxpy's own gradient of that one atom.
"""

from collections.abc import Callable
from typing import Any

import cvxpy as cp
import numpy as np
import scipy.sparse as sp
from cvxpy.atoms.affine.affine_atom import AffAtom

from ..._typing import Array, Matrix
from ..errors import NotMinimax
from .layout import Layout
from .moves import moved
from .products import left_product, right_product
from .refusals import refusal
from .rows import Linear, Part, Rows, total

Rule = Callable[[Any, Any], Linear | None]


def affine(expr: Any, layout: Layout) -> Rows:
    """The rows of an affine expression in the columns of `layout`.

    Raises
    ------
    cvxpy.error.ParameterError
        A parameter has no value.
    NotMinimax
        An atom that is affine only because it counts for nothing.
    """
    return linear(expr).laid_out(layout)


def linear(expr: Any) -> Linear:
    """The rows of an affine expression, variable by variable."""
    if expr.is_constant():
        return Linear({}, _entries(constant(expr)))
    if isinstance(expr, cp.Variable):
        return Linear({expr.id: Part(1.0, None, expr.size)}, np.zeros(expr.size))
    rule: Rule = _RULES.get(type(expr).__name__, moved)
    found = rule(expr, linear)
    if found is None and not isinstance(expr, AffAtom):  # a curved atom that cvxpy calls affine, under a factor of 0
        raise refusal(expr)
    return _by_gradient(expr) if found is None else found


def constant(expr: Any) -> Any:
    """The value of an expression without variables: a dense array or a sparse matrix of real numbers."""
    for parameter in expr.parameters():
        if parameter.value is None:
            raise cp.error.ParameterError(f"a parameter ({parameter.name()}) must have a value before this is solved")
    value = expr.value
    if np.iscomplexobj(value):
        raise NotMinimax(expr, "it is complex", "real data")
    return value if sp.issparse(value) else np.asarray(value)


def _entries(value: Any) -> Array:
    full = value.toarray() if sp.issparse(value) else value
    return np.asarray(full, dtype=np.float64).ravel(order="F")


def _sum_of_terms(expr: Any, walk: Any) -> Linear:
    return total([_spread(walk(arg), arg, expr.shape) for arg in expr.args])


def _spread(rows: Linear, arg: Any, shape: tuple[int, ...]) -> Linear:
    """The rows of `arg` broadcast to `shape`."""
    if arg.shape == shape:
        return rows
    numbers = np.arange(arg.size).reshape(arg.shape, order="F")
    return rows.take(np.broadcast_to(numbers, shape).ravel(order="F"))


def _negated(expr: Any, walk: Any) -> Linear:
    return walk(expr.args[0]).scaled(-1.0)  # type: ignore[no-any-return]


def _scaled(expr: Any, walk: Any) -> Linear:
    factor, arg = expr.args if expr.args[0].is_constant() else expr.args[::-1]
    factors = _factors(constant(factor), expr.shape)
    if not np.any(factors) and arg.is_qpwa():  # not log, which 0 does not make finite everywhere
        return Linear({}, np.zeros(expr.size))
    return _spread(walk(arg), arg, expr.shape).scaled(factors)


def _divided(expr: Any, walk: Any) -> Linear:
    arg, divisor = expr.args
    return _spread(walk(arg), arg, expr.shape).scaled(1.0 / _factors(constant(divisor), expr.shape))


def _factors(value: Any, shape: tuple[int, ...]) -> Array:
    if value.size == 1 and not sp.issparse(value):
        return np.asarray(value, dtype=np.float64).reshape(())
    return _entries(np.broadcast_to(value.toarray() if sp.issparse(value) else value, shape))


def _matrix_product(expr: Any, walk: Any) -> Linear | None:
    left, right = expr.args
    if max(len(left.shape), len(right.shape)) > 2 or min(len(left.shape), len(right.shape)) < 1:
        return None
    if left.is_constant():
        columns = right.shape[1] if len(right.shape) == 2 else 1
        return left_product(_real(constant(left)), walk(right), columns)
    rows = left.shape[0] if len(left.shape) == 2 else 1
    return right_product(walk(left), _real(constant(right)), rows)


def _real(value: Any) -> Matrix:
    if sp.issparse(value):
        return sp.csr_array(value)
    return value if value.dtype.kind == "f" else value.astype(np.float64)


def _summed(expr: Any, walk: Any) -> Linear:
    """Entries of the argument that are added up have the same number in the result."""
    arg = expr.args[0]
    place = target(expr)
    T = sp.csr_array((np.ones(arg.size), (place, np.arange(arg.size))), (expr.size, arg.size))
    return walk(arg).mapped(T)  # type: ignore[no-any-return]


def target(expr: Any) -> Any:
    """For an atom along an axis: to which entry of the result each entry of the argument belongs."""
    arg, axis = expr.args[0], getattr(expr, "axis", None)  # in cvxpy 1.8 sum_largest has none
    if axis is None:
        return np.zeros(arg.size, dtype=np.intp)
    axes = tuple(a % len(arg.shape) for a in (axis if isinstance(axis, tuple) else (axis,)))
    kept = tuple(1 if k in axes else size for k, size in enumerate(arg.shape))
    return np.broadcast_to(np.arange(expr.size).reshape(kept, order="F"), arg.shape).ravel(order="F")


def _by_gradient(expr: Any) -> Linear:
    """g(args) = g(0) + ∇gᵀ args for the outermost atom g."""
    fresh = [
        cp.Constant(constant(arg)) if arg.is_constant() else cp.Variable(arg.shape, value=np.zeros(arg.shape))
        for arg in expr.args
    ]
    atom = expr.copy(fresh)
    slopes, found = atom.grad, Linear({}, _entries(atom.value))
    for arg, stand_in in zip(expr.args, fresh, strict=True):
        if not arg.is_constant():
            slope = slopes[stand_in]
            T = sp.csr_array(slope.T) if sp.issparse(slope) else sp.csr_array([[float(slope)]])
            found = found.plus(linear(arg).mapped(T))
    return found


def _first_power(expr: Any, walk: Any) -> Linear:
    """The only power that is affine."""
    return walk(expr.args[0])  # type: ignore[no-any-return]


_RULES: dict[str, Rule] = {
    "AddExpression": _sum_of_terms,
    "NegExpression": _negated,
    "multiply": _scaled,
    "DivExpression": _divided,
    "MulExpression": _matrix_product,
    "Sum": _summed,
    "Power": _first_power,
    "PowerApprox": _first_power,
    "power": _first_power,
}
