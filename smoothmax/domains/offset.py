"""How far outside a polyhedron a point may lie whose rows hold only up to rounding: each row says by how much, `over`.

A bound on max f over X needs some y in X near x. Row by row, the shortest way is −over·a/‖a‖²; of all rows together
it is D (A D)⁺ over, the shortest in units D of the variables, which finds what rows ask of each other's variables too.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .._linalg import dense
from .._typing import Array, Matrix
from .base import EPS, TINY

LONG = np.longdouble  # 64 bits of mantissa on x86, no more than a double's 53 elsewhere
LAST = float(np.finfo(LONG).eps)
STIFF = 1e-4  # of what the others move: coordinates at a bound
CUT = 1e-13  # relative: singular values that are rounding, of rows that depend on others


@np.errstate(all="ignore")
def row_by_row(A: Matrix, over: Array, movable: Array) -> Array:
    """Σ_i over_i·|a_ij|/‖a_i‖² over the movable j, where a row has any: bounds may hold the others. (d,).

    Every row is divided by its largest entry first, for squares may overflow.
    """
    late = np.flatnonzero(over)
    if not late.size:
        return np.zeros(A.shape[1])
    rows = abs(A[late])
    held = (rows @ movable == 0).astype(float)
    rows = _times(rows, movable[None, :]) + _times(rows, held[:, None])
    peaks = rows.max(axis=1)
    peaks = peaks.toarray().ravel() if sp.issparse(peaks) else peaks
    peaks = np.where(peaks > 0, peaks, 1.0)
    rows = _times(rows, 1 / peaks[:, None])
    square = _times(rows, rows).sum(axis=1)
    return np.asarray(rows.T @ (over[late] / peaks / np.where(square > 0, square, np.inf)))


def _times(M: Matrix, factor: Array) -> Matrix:
    """Entry by entry."""
    return M.multiply(factor).tocsr() if sp.issparse(M) else M * factor


class Group(NamedTuple):
    """Rows A x ≤ b, or A x = b, of which those with over > 0 do not surely hold."""

    A: Matrix
    b: Array
    over: Array
    equal: bool

    def late(self, x: Array) -> tuple[Array, Array]:
        """These rows, dense, and by how much x is outside at most: A x − b in the longest numbers there are."""
        some = np.flatnonzero(self.over)
        A, b = dense(self.A[some]), self.b[some]
        long = A.astype(LONG)
        beyond, size = long @ x.astype(LONG) - b, np.abs(long) @ np.abs(x).astype(LONG) + np.abs(b)
        over = (np.abs(beyond) if self.equal else beyond) + 2 * (x.size + 2) * (LAST * size + TINY)
        return A, np.minimum(np.maximum(over, 0.0).astype(np.float64) * (1 + 2 * EPS), self.over[some])


@np.errstate(all="ignore")
def together(groups: Sequence[Group], x: Array, unit: Array, apart: NDArray[np.bool_]) -> Array:
    """Σ_i |D (A D)⁺|_ji·over_i for the rows that do not surely hold; inf beyond the numbers. (d,).

    D is `unit`, and much less for variables that are not `apart` from their bounds: they move where nothing else can.
    """
    found = [group.late(x) for group in groups]
    rows, over = np.vstack([A for A, _ in found]), np.concatenate([by for _, by in found])
    sizes = np.abs(rows) * unit
    peaks = sizes.max(axis=1, where=apart, initial=0.0)[:, None]
    most = np.max(sizes / peaks, axis=0, where=peaks > 0, initial=0.0)
    unit = np.where(apart, unit, unit * np.minimum(STIFF / most, STIFF))
    A = rows * unit
    peaks = np.abs(A).max(axis=1, initial=0.0)
    peaks = np.where(peaks > 0, peaks, 1.0)
    try:
        off = np.abs(np.linalg.pinv(A / peaks[:, None], rcond=CUT)) @ (over / peaks)
    except np.linalg.LinAlgError:
        off = np.full(unit.size, np.nan)
    return np.where(unit > 0, np.where(np.isfinite(off), unit * off, np.inf), 0.0)
