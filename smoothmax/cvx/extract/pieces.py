"""A convex piecewise-linear constraint as affine rows:  max_k a_kᵀx + b_k ≤ 0  ⇔  every a_kᵀx + b_k ≤ 0.

max over an axis, maximum, abs, norm_inf and pos become their pieces; sums with affine terms and positive factors keep
them; of several piecewise-linear terms in one sum there would be the product of their pieces: that is left to others.
"""

from typing import Any, NamedTuple

import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from ..._typing import Array, Index, Matrix
from .affine import affine
from .layout import Layout


class Pieces(NamedTuple):
    """Rows a_kᵀx + b_k, and the entry (Fortran order) of the expression that each is a piece of."""

    A: Matrix
    b: Array
    entry: Index


def pieces(expr: Any, layout: Layout) -> Pieces | None:
    """The pieces of a convex expression, or None where it is not of this form."""
    if expr.is_affine():
        found = affine(expr, layout)
        return Pieces(found.A, found.b, np.arange(found.b.size))
    name = type(expr).__name__
    if name in _RULES:
        return _RULES[name](expr, layout)
    return None


def _maximum(expr: Any, layout: Layout) -> Pieces | None:
    return _together([_spread(pieces(arg, layout), arg, expr.shape) for arg in expr.args])


def _abs(expr: Any, layout: Layout) -> Pieces | None:
    (arg,) = expr.args
    if not arg.is_affine():
        return pieces(arg, layout) if arg.is_nonneg() else None
    return _together([pieces(arg, layout), pieces(-arg, layout)])


def _norm_inf(expr: Any, layout: Layout) -> Pieces | None:
    return _along(expr, _abs(expr, layout))


def _max(expr: Any, layout: Layout) -> Pieces | None:
    return _along(expr, pieces(expr.args[0], layout))


def _sum(expr: Any, layout: Layout) -> Pieces | None:
    """One piecewise-linear term and affine ones."""
    curved = [arg for arg in expr.args if not arg.is_affine()]
    if len(curved) != 1:
        return None
    top = _spread(pieces(curved[0], layout), curved[0], expr.shape)
    if top is None:
        return None
    rest = [arg for arg in expr.args if arg.is_affine()]
    below = affine(sum(rest[1:], rest[0]) + np.zeros(expr.shape), layout)
    return Pieces(_plus(top.A, below.A[top.entry]), top.b + below.b[top.entry], top.entry)


def _scaled(expr: Any, layout: Layout) -> Pieces | None:
    """Constant numbers of one sign times a piecewise-linear expression, entry by entry."""
    factor, arg = expr.args if expr.args[0].is_constant() else expr.args[::-1]
    if not factor.is_constant() or (type(expr).__name__ == "MulExpression" and factor.size != 1):
        return None
    size = np.asarray(factor.value.toarray() if sp.issparse(factor.value) else factor.value, dtype=np.float64)
    if not (np.all(size >= 0) or np.all(size <= 0)):
        return None
    inner = arg if np.all(size >= 0) else -arg
    found = _spread(pieces(inner, layout), inner, expr.shape)
    if found is None:
        return None
    each = np.broadcast_to(np.abs(size), expr.shape).ravel(order="F")[found.entry]
    return Pieces(_times(each, found.A), each * found.b, found.entry)


def _negated(expr: Any, layout: Layout) -> Pieces | None:
    """−min = max of the negatives; −(−a), −(a + b) and −(k·a)."""
    (arg,) = expr.args
    match type(arg).__name__:
        case "NegExpression":
            return pieces(arg.args[0], layout)
        case "AddExpression":
            return pieces(sum((-term for term in arg.args[1:]), -arg.args[0]), layout)
        case "multiply" | "MulExpression" if arg.args[0].is_constant():
            return pieces(type(arg)(-arg.args[0], arg.args[1]), layout)
        case "min":
            return pieces(cp.max(-arg.args[0], arg.axis, arg.keepdims), layout)
        case "minimum":
            return pieces(cp.maximum(*(-term for term in arg.args)), layout)
    return None


def _promoted(expr: Any, layout: Layout) -> Pieces | None:
    return _spread(pieces(expr.args[0], layout), expr.args[0], expr.shape)


_RULES = {
    "maximum": _maximum,
    "max": _max,
    "abs": _abs,
    "norm_inf": _norm_inf,
    "AddExpression": _sum,
    "multiply": _scaled,
    "MulExpression": _scaled,
    "NegExpression": _negated,
    "Promote": _promoted,
    "broadcast_to": _promoted,
}


def _spread(found: Pieces | None, arg: Any, shape: tuple[int, ...]) -> Pieces | None:
    """The pieces of a broadcast expression: those of an entry stand wherever it does."""
    if found is None or arg.shape == shape:
        return found
    source = np.broadcast_to(np.arange(arg.size).reshape(arg.shape, order="F"), shape).ravel(order="F")
    order, count = np.argsort(found.entry, kind="stable"), np.bincount(found.entry, minlength=arg.size)
    each = count[source]
    first = (np.cumsum(count) - count)[source] - (np.cumsum(each) - each)
    take = order[np.repeat(first, each) + np.arange(each.sum())]
    return Pieces(found.A[take], found.b[take], np.repeat(np.arange(source.size), each))


def _along(expr: Any, found: Pieces | None) -> Pieces | None:
    """The maximum along an axis: the pieces of an entry become pieces of the result's entry."""
    if found is None or expr.axis is None:
        return found and found._replace(entry=np.zeros_like(found.entry))
    shape = expr.args[0].shape
    axes = expr.axis if isinstance(expr.axis, tuple) else (expr.axis,)
    kept = [1 if k in {axis % len(shape) for axis in axes} else size for k, size in enumerate(shape)]
    place = np.broadcast_to(np.arange(expr.size).reshape(kept, order="F"), shape).ravel(order="F")
    return found._replace(entry=place[found.entry])


def _together(parts: list[Pieces | None]) -> Pieces | None:
    if any(part is None for part in parts):
        return None
    some = [part for part in parts if part is not None]
    thin = any(sp.issparse(part.A) for part in some)
    A = sp.csr_array(sp.vstack([part.A for part in some])) if thin else np.vstack([part.A for part in some])
    return Pieces(A, np.concatenate([p.b for p in some]), np.concatenate([p.entry for p in some]))


def _plus(A: Matrix, B: Matrix) -> Matrix:
    """A + B, sparse where both are."""
    if sp.issparse(A) and sp.issparse(B):
        return sp.csr_array(A + B)
    return (A.toarray() if sp.issparse(A) else A) + (B.toarray() if sp.issparse(B) else B)


def _times(each: Array, A: Matrix) -> Matrix:
    """Row k of A times each[k]."""
    return sp.csr_array(sp.diags_array(each) @ A) if sp.issparse(A) else each[:, None] * A
