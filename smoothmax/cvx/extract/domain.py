"""The constraints of a problem as the simplest domain that they are: Free, Box, Simplex, Ball or Polyhedron.

Rows of one nonzero entry become bounds, of rows with the same normal the tightest counts, two that meet from both sides
are an equation; x ≥ 0 with one equation of equal positive coefficients over all variables is a simplex.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from ... import domains
from ..._typing import Array, Index, Matrix
from ..errors import shortened
from .attributes import attribute_bounds, symmetries
from .ball import ball_of
from .constraints import CONSTANT, Stacked, stacked
from .infeasible import Infeasible
from .layout import Layout
from .tightest import NONE, Tightest, normals, pivots, tightest

DENSE = 0.25  # of nonzero entries: beyond that rows are stored dense
Blame = Callable[[int], str]  # the constraint behind a row, in words


@dataclass(frozen=True)
class Sides:
    """The domain, and which rows of the user's it is made of."""

    domain: domains.Domain
    constraints: list[Any]
    rows: Stacked
    bounds: Tightest  # of each x_j
    upper: Index  # the row behind each row of A_ub
    equal: Index  # the row behind each row of A_eq, as ⟨a, x⟩ ≤ hi
    mate: Index  # the row behind its other side, ⟨a, x⟩ ≥ lo; the same where the user wrote an equation
    pivot: Array  # of each row, its first entry of the largest size
    links: sp.csr_array | None  # rows of A_eq, after those of the user's, that say X = Xᵀ
    factor: float = 1.0  # s of a ball that was written ‖s·x + b‖ ≤ r


def domain_of(constraints: list[Any], layout: Layout) -> Sides:
    """The domain that the constraints and the variables' attributes describe.

    Raises
    ------
    NotMinimax
        A constraint that is neither affine nor a maximum of affine expressions, nor the only one and ‖x − c‖₂ ≤ r.
    Infeasible
        No point satisfies them.
    """
    lb, ub = attribute_bounds(layout)
    links = symmetries(layout)
    ball = ball_of(constraints, layout) if links is None and not np.isfinite([lb, ub]).any() else None
    rows = stacked([] if ball else constraints, layout)
    column, pivot, count = pivots(rows.A)

    def blame(row: int) -> str:
        if row == NONE:
            return "an attribute of its variable"
        return f"the constraint {shortened(constraints[rows.owner[row]])}"

    _check_constants(rows, np.flatnonzero(count == 0), blame)
    single, many = np.flatnonzero(count == 1), np.flatnonzero(count > 1)
    bounds = tightest(rows, column[single], pivot[single], single, lb, ub)
    bounds.check(blame)
    lb, ub = np.minimum(bounds.lo, bounds.hi), bounds.hi
    upper, equal, mate = _general(rows, many, pivot[many], blame)
    A_ub, b_ub = _taken(rows, upper)
    A_eq, b_eq = _taken(rows, equal)
    if links is not None:
        A_eq, b_eq = _appended(A_eq, b_eq, links)
    domain, factor = ball or (_simplest(layout.d, lb, ub, A_ub, b_ub, A_eq, b_eq), 1.0)
    return Sides(domain, constraints, rows, bounds, upper, equal, mate, pivot, links, factor)


def _check_constants(rows: Stacked, which: Index, blame: Blame) -> None:
    """Rows without variables: true ones drop, a false one is the end."""
    b, size = rows.b[which], rows.size[which]
    slack = CONSTANT * np.where(np.isfinite(size), size, 0.0)
    bad = which[(b > slack) | (rows.equal[which] & (b < -slack)) | np.isnan(b)]
    if bad.size:
        sign = "=" if rows.equal[bad[0]] else "≤"
        raise Infeasible(f"{blame(int(bad[0]))} says {rows.b[bad[0]]:g} {sign} 0, whatever the variables are")


def _general(rows: Stacked, many: Index, scale: Array, blame: Blame) -> tuple[Index, Index, Index]:
    """The rows that count among those of more than one variable: (upper, equal, mate), see `Sides`."""
    if not many.size:
        none = np.zeros(0, np.intp)
        return none, none, none
    group = normals(rows.A[many], scale)
    open_ = np.full(int(group.max()) + 1, np.inf)
    found = tightest(rows, group, scale, many, -open_, open_)
    found.check(blame)
    meet = (found.lo >= found.hi) & np.isfinite(found.hi)
    upper = np.concatenate([found.from_hi[~meet], found.from_lo[~meet]])
    return np.sort(upper[upper != NONE]), found.from_hi[meet], found.from_lo[meet]


def _taken(rows: Stacked, which: Index) -> tuple[Matrix, Array | None]:
    """(A, b) of A x ≤ b or A x = b for the rows in `which`, in the form that stores them best."""
    if not which.size:
        return None, None
    A = rows.A if which.size == rows.b.size and np.all(np.diff(which) == 1) else rows.A[which]
    if sp.issparse(A) and A.nnz > DENSE * np.prod(A.shape):
        A = A.toarray()
    return A, -rows.b[which]


def _appended(A: Matrix, b: Array | None, links: sp.csr_array) -> tuple[Matrix, Array]:
    if b is None:
        return links, np.zeros(links.shape[0])
    return sp.csr_array(sp.vstack([A, links])), np.r_[b, np.zeros(links.shape[0])]


def _simplest(
    d: int, lb: Array, ub: Array, A_ub: Matrix, b_ub: Array | None, A_eq: Matrix, b_eq: Array | None
) -> domains.Domain:
    if A_ub is None and A_eq is None:
        return domains.Box(lb, ub) if np.isfinite([lb, ub]).any() else domains.Free(d)
    if A_ub is None and A_eq is not None and b_eq is not None and b_eq.size == 1 and d > 1:
        row = np.asarray(A_eq.todense() if sp.issparse(A_eq) else A_eq).ravel()
        total = float(b_eq[0] / row[0]) if row[0] else np.nan
        if np.all(row == row[0]) and total > 0 and not lb.any() and np.all(ub >= total):
            return domains.Simplex(d, total)
    try:
        return domains.Polyhedron(A_ub, b_ub, A_eq, b_eq, bounds=(lb, ub))
    except domains.Empty:
        raise Infeasible("no point satisfies all of them") from None
