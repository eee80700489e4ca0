"""Linear programs over {A_ub x ≤ b_ub, A_eq x = b_eq, lb ≤ x ≤ ub}, by HiGHS in units that it is safe in:

z = x/unit,    rows of unit norm,

with one unit for all, so that right sides are at most 1, or on demand one a variable by geometric means (Tomlin 1975).
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize
import scipy.sparse as sp
from numpy.typing import NDArray

from .._linalg import all_finite
from .._typing import Array, Index, Matrix
from .base import Linear

TROUBLE = 4  # linprog's status for numerical difficulties
PATIENCE = 1.0, 30.0  # seconds for the interior point method: at least, and in units of what the simplex method took
SWEEPS = 3  # over rows and columns
FAR = 1000  # a power of 2 that leaves room for products


@dataclass(frozen=True)
class Program:
    """The constraints on z, sparse; `sides` = (lb, ub) as columns."""

    A_ub: Matrix
    b_ub: Array | None
    A_eq: Matrix
    b_eq: Array | None
    sides: Array
    unit: Array
    rows: tuple[Array, Array]  # what those of A_ub and of A_eq were multiplied with, over the unit of b

    @np.errstate(all="ignore")
    def least(self, c: Array) -> tuple[Array, Array, Array] | None:
        """argmin of ⟨c, x⟩ with the multipliers λ ≥ 0 of A_ub and ν of A_eq; None where HiGHS finds none."""
        c = c * (self.unit / self.unit.max())
        size = float(np.abs(c).max(initial=0.0)) or 1.0
        found = solved(c / size, self.A_ub, self.b_ub, self.A_eq, self.b_eq, self.sides)
        if found.status != 0:
            return None
        lam, nu = (-size * self.unit.max() * np.asarray(side.marginals) for side in (found.ineqlin, found.eqlin))
        answer = self.unit * np.asarray(found.x), self.rows[0] * np.maximum(lam, 0.0), self.rows[1] * nu
        return answer if all_finite(*answer) else None

    @np.errstate(all="ignore")
    def centre(self) -> tuple[Array | None, str]:
        """x of max t ≤ 1 with slack t in every inequality and bound, or None and HiGHS's word ("" where empty)."""
        d, lb, ub = self.sides.shape[0], self.sides[:, 0], self.sides[:, 1]
        above, below = np.isfinite(ub) & (lb < ub), np.isfinite(lb) & (lb < ub)
        eye = sp.eye_array(d, format="csr")
        blocks = [eye[above], -eye[below]] if self.A_ub is None else [self.A_ub, eye[above], -eye[below]]
        right = np.concatenate([np.zeros(0) if self.b_ub is None else self.b_ub, ub[above], -lb[below]])
        rows = sp.vstack(blocks, format="csr")
        slack = np.asarray(abs(rows).sum(axis=1) > 0, dtype=np.float64)  # a row of zeros has none to give
        found = solved(
            np.r_[np.zeros(d), -1.0],
            sp.hstack([rows, sp.csr_array(slack[:, None])]),
            right,
            None if self.A_eq is None else sp.hstack([self.A_eq, sp.csr_array((self.A_eq.shape[0], 1))]),
            self.b_eq,
            np.vstack([self.sides, [[0.0, 1.0]]]),
        )
        if found.x is None:
            return None, "" if found.status == 2 else found.message
        return self.unit * np.asarray(found.x[:d]), ""


def solved(*program: Any) -> scipy.optimize.OptimizeResult:
    """linprog's answer, by the interior point where the simplex method has none; where it raises, one without x.

    The interior point method is not waited for without end: it may never come back from what the other gave up.
    """
    begun = time.perf_counter()
    found = _by("highs", program)
    if found.status != TROUBLE:
        return found
    return _by("highs-ipm", program, time_limit=max(PATIENCE[0], PATIENCE[1] * (time.perf_counter() - begun)))


def _by(method: str, program: tuple[Any, ...], **options: float) -> scipy.optimize.OptimizeResult:
    try:
        return scipy.optimize.linprog(*program, method=method, options=options)
    except MemoryError:
        raise
    except Exception as trouble:  # of a solver anything may be expected
        return scipy.optimize.OptimizeResult(x=None, status=TROUBLE, message=f"HiGHS failed: {trouble!r}")


@np.errstate(all="ignore")
def program(linear: Linear, units: Array | None = None) -> Program:
    """The program in its units, one for all, or in those that are given, one for each variable."""
    own = np.ones(linear.lb.size) if units is None else units
    (A_ub, ub), (A_eq, eq) = (
        (None, None) if b is None else unit_rows(sp.csr_array(A) * own, np.column_stack([b, np.ones(b.size)]))
        for A, b in ((linear.A_ub, linear.b_ub), (linear.A_eq, linear.b_eq))
    )
    (b_ub, of_ub), (b_eq, of_eq) = ((None, np.zeros(0)) if both is None else both.T for both in (ub, eq))
    sides = np.column_stack([linear.lb, linear.ub]) / own[:, None]
    empty = [zero_rows(A) for A in (A_ub, A_eq)]
    told = [np.where(none, 0.0, b) for b, none in zip((b_ub, b_eq), empty) if b is not None]
    given = np.concatenate([np.abs(b[np.isfinite(b)]).ravel() for b in (*told, sides)])
    unit = 1.0 if units is not None else float(given.max(initial=0.0)) or 1.0
    b_ub, b_eq = (  # 0 ≤ b has no unit: only its sign matters
        None if b is None else np.asarray(np.where(none, np.sign(b), b / unit)) for b, none in zip((b_ub, b_eq), empty)
    )
    return Program(A_ub, b_ub, A_eq, b_eq, sides / unit, unit * own, (of_ub / unit, of_eq / unit))


@np.errstate(all="ignore")
def own_units(linear: Linear) -> Array:
    """Powers of 2 in which the entries of [A_ub b_ub; A_eq b_eq; I lb; I ub] are near 1, for HiGHS drops small ones:
    rows and columns in turn are divided by √(least·largest) of theirs."""
    d = linear.lb.size
    eye, sides = sp.eye_array(d, format="csr"), (linear.lb, linear.ub)
    bounds = [(eye[some], side[some]) for side in sides for some in [np.isfinite(side) & (side != 0)]]
    parts = [(linear.A_ub, linear.b_ub), (linear.A_eq, linear.b_eq), *bounds]
    blocks = [sp.hstack([A, sp.csr_array(b[:, None])]) for A, b in parts if b is not None]
    table = sp.vstack([sp.csr_array((0, d + 1)), *blocks])
    rows, columns, entries = sp.find(table)
    logs, of_columns = np.log2(np.abs(entries)), np.zeros(d + 1)
    for _ in range(SWEEPS):
        of_rows = _middles(logs - of_columns[columns], rows, table.shape[0])
        of_columns = _middles(logs - of_rows[rows], columns, d + 1)
    exponents = np.clip(np.rint(of_columns[d] - of_columns[:d]), -FAR, FAR)
    return np.asarray(np.ldexp(1.0, exponents.astype(int)))


def _middles(logs: Array, groups: Index, count: int) -> Array:
    """Half the sum of the least and the largest of each group; 0 where it has none."""
    least, largest = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(least, groups, logs)
    np.maximum.at(largest, groups, logs)
    return np.where(least <= largest, (least + largest) / 2, 0.0)


def zero_rows(A: Matrix) -> NDArray[np.bool_]:
    """Where a row has no entries but zeros."""
    return np.zeros(0, bool) if A is None else np.asarray(abs(sp.csr_array(A)).max(axis=1).toarray().ravel() == 0)


@np.errstate(all="ignore")
def unit_rows(A: Matrix, b: Array | None) -> tuple[Matrix, Array | None]:
    """Rows and right sides (one column or more) over the norms of the rows, sparse; rows of zeros stay."""
    if A is None or b is None:
        return None, None
    A, b = _divided(sp.csr_array(A), b, abs(sp.csr_array(A)).max(axis=1).toarray().ravel())
    return _divided(A, b, np.sqrt((A * A).sum(axis=1)))  # of entries ≤ 1: squares cannot overflow


def _divided(A: Matrix, b: Array, size: Array) -> tuple[Matrix, Array]:
    """The rows and right sides divided by size, where that is positive."""
    size = np.where(size > 0, size, 1.0)
    return sp.csr_array((A.data / np.repeat(size, np.diff(A.indptr)), A.indices, A.indptr), A.shape), (b.T / size).T
