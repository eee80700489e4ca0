"""The user's constraints as rows A x + b ≤ 0 or = 0, each with the entry of the dual variable that it belongs to.

cvxpy's Lagrangian is  objective + λᵀ(lhs − rhs) + νᵀ(lhs − rhs),  and −λᵀe for NonNeg(e): every inequality becomes
rows "≤ 0" whose multipliers are its dual value as they stand; of an equality the row is lhs − rhs, with its sign.
"""

from dataclasses import dataclass
from typing import Any

import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from ..._typing import Array, Index, Matrix
from ..errors import NotMinimax, shortened
from .layout import Layout
from .pieces import pieces

TAKES = "affine constraints, maxima of affine expressions, or one ball norm(x - c) <= r alone,"
CONSTANT = 1e-12  # of the size of its sides: what a constraint without variables may miss by rounding


@dataclass(frozen=True)
class Stacked:
    """The rows of all constraints, one after another."""

    A: Matrix  # (m, d), dense or CSR
    b: Array  # (m,)
    equal: Any  # (m,) bool: = 0 instead of ≤ 0
    owner: Index  # (m,) position of the constraint in the problem
    entry: Index  # (m,) entry of its dual variable, Fortran order
    size: Array  # (m,) size of the numbers its right side was made of


def stacked(constraints: list[Any], layout: Layout) -> Stacked:
    """All constraints as rows.

    Raises
    ------
    NotMinimax
        A constraint that is not a stack of affine rows, named.
    """
    blocks = [_rows(k, constraint, layout) for k, constraint in enumerate(constraints)]
    if not blocks:
        none = np.zeros(0, np.intp)
        return Stacked(np.zeros((0, layout.d)), np.zeros(0), none.astype(bool), none, none, np.zeros(0))
    matrices = [block.A for block in blocks]
    thin = any(sp.issparse(A) for A in matrices)
    A = _canonical(matrices) if thin else matrices[0] if len(matrices) == 1 else np.vstack(matrices)
    rest = (
        np.concatenate([getattr(block, name) for block in blocks]) for name in ("b", "equal", "owner", "entry", "size")
    )
    return Stacked(A, *rest)


def _rows(k: int, constraint: Any, layout: Layout) -> Stacked:
    expr, equal = _as_zero_side(constraint)
    try:
        A, b, entry = pieces(expr, layout)
    except NotMinimax as part:
        raise NotMinimax(constraint, f"in it stands {shortened(part.what)}, and {part.why}", TAKES) from None
    if np.isnan(b).any() or not np.isfinite(A.data if sp.issparse(A) else A).all():
        raise ValueError(f"constraints must hold finite numbers; {shortened(constraint)} has nan or inf in it")
    size = np.full(b.size, max([float(np.abs(b).max(initial=0.0)), *map(_constant_size, constraint.args)]))
    return Stacked(A, b, np.full(b.size, equal), np.full(b.size, k), entry, size)


def _canonical(matrices: list[Matrix]) -> Matrix:
    """One CSR array whose stored entries are sorted, single and not zero."""
    A = sp.csr_array(sp.vstack([sp.csr_array(A) for A in matrices]))
    A.sum_duplicates()
    A.eliminate_zeros()
    return A


def _as_zero_side(constraint: Any) -> tuple[Any, bool]:
    """(expression, whether it must be 0 rather than ≤ 0)."""
    match constraint:
        case cp.constraints.Inequality():
            return constraint.expr, False
        case cp.constraints.Equality() | cp.constraints.Zero():
            return constraint.expr, True
        case cp.constraints.NonPos():
            return constraint.args[0], False
        case cp.constraints.NonNeg():
            return -constraint.args[0], False
    raise NotMinimax(constraint, f"{type(constraint).__name__} is a cone constraint", "affine constraints and bounds")


def _constant_size(expr: Any) -> float:
    if not expr.is_constant() or not expr.size:
        return 0.0
    value = expr.value
    return float(abs(value).max() if sp.issparse(value) else np.max(np.abs(value)))
