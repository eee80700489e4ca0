"""Of all rows with the same normal, the two that count:  lo ≤ ⟨a, x⟩ ≤ hi,  and which rows those are.

A row r·a with a's first largest entry +1 bounds ⟨a, x⟩ by −b/r from above where r > 0, from below where r < 0; an
equation does both. Rows of one nonzero entry (a = e_j) are bounds of x_j; of many rows the tightest counts.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from ..._typing import Array, Index, Matrix
from .constraints import CONSTANT, Stacked
from .infeasible import Infeasible

NONE = -1  # no row, or none of the user's


@dataclass(frozen=True)
class Tightest:
    """Per normal: the bounds, and the row each comes from (NONE: none, or no row of the user's)."""

    lo: Array
    hi: Array
    from_lo: Index
    from_hi: Index

    def check(self, blame: Callable[[int], str]) -> None:
        """Raise Infeasible where the bounds cross, naming the constraints that `blame` tells of a row."""
        with np.errstate(invalid="ignore", over="ignore"):
            over = self.lo - self.hi
        size = np.maximum(np.abs(self.lo), np.abs(self.hi))
        never = (self.lo == np.inf) | (self.hi == -np.inf)
        bad = np.flatnonzero(never | ((over > 0) & ~(over <= CONSTANT * size)))
        if bad.size:
            k = bad[0]
            sides = [(f"≥ {self.lo[k] + 0.0:g}", self.from_lo[k]), (f"≤ {self.hi[k] + 0.0:g}", self.from_hi[k])]
            said = " and ".join(f"{side} by {blame(int(row))}" for side, row in sides)
            raise Infeasible(f"something would have to be {said}")


def pivots(A: Matrix) -> tuple[Index, Array, Index]:
    """Per row: the column of its first largest entry, that entry, and the number of nonzero entries; A without zeros
    among its stored entries."""
    if not sp.issparse(A):
        column = np.argmax(np.abs(A), axis=1)
        return column, np.asarray(A[np.arange(A.shape[0]), column], dtype=np.float64), np.count_nonzero(A, axis=1)
    count = np.diff(A.indptr)
    column, pivot = np.zeros(count.size, np.intp), np.zeros(count.size)
    some, size = np.flatnonzero(count), np.abs(A.data)
    if some.size:
        row = np.repeat(some, count[some])
        top = np.maximum.reduceat(size, A.indptr[some])
        peaks = np.flatnonzero(size == np.repeat(top, count[some]))
        first = peaks[np.flatnonzero(np.diff(row[peaks], prepend=NONE))]
        column[some], pivot[some] = A.indices[first], A.data[first]
    return column, pivot, count


def tightest(rows: Stacked, group: Index, scale: Array, which: Index, lo: Array, hi: Array) -> Tightest:
    """The tightest bounds of each group: of the rows `which`, row k bounds group[k] with the factor scale[k].

    `lo`, `hi` are bounds that no row stands behind; a row that gives the same bound takes the dual value.
    """
    with np.errstate(over="ignore"):
        value = -rows.b[which] / scale
    lo, hi = lo.copy(), hi.copy()
    from_lo, from_hi = np.full(lo.size, NONE), np.full(hi.size, NONE)
    equal = rows.equal[which]
    for side, source, into, sign in ((hi, from_hi, (scale > 0) | equal, 1.0), (lo, from_lo, (scale < 0) | equal, -1.0)):
        some = np.flatnonzero(into)
        order = some[np.lexsort((~equal[some], sign * value[some], group[some]))]
        best = order[np.flatnonzero(np.diff(group[order], prepend=NONE))]
        best = best[sign * value[best] <= sign * side[group[best]]]
        best = best[sign * value[best] < np.inf]  # ≤ inf says nothing
        side[group[best]], source[group[best]] = value[best], which[best]
    return Tightest(lo, hi, from_lo, from_hi)


def normals(A: Matrix, scale: Array) -> Index:
    """For each row of A/scale the number of its normal: equal rows, equal numbers, in the order they come."""
    known: dict[bytes, int] = {}
    if sp.issparse(A):
        data = A.data / np.repeat(scale, np.diff(A.indptr))
        parts = zip(A.indptr[:-1], A.indptr[1:], strict=True)
        keys = (A.indices[i:j].tobytes() + data[i:j].tobytes() for i, j in parts)
    else:
        keys = ((row / s + 0.0).tobytes() for row, s in zip(A, scale, strict=True))
    return np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.intp)
