"""Linear programs over {A_ub x ≤ b_ub, A_eq x = b_eq, lb ≤ x ≤ ub}, by HiGHS in units that it is safe in:

z = x/unit,    rows of unit norm,    right sides of at most 1,    on demand columns with a largest entry near 1
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize
import scipy.sparse as sp

from .._typing import Array, Matrix
from .base import Linear

TROUBLE = 4  # linprog's status for numerical difficulties


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
        return answer if all(np.isfinite(part).all() for part in answer) else None

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
    """linprog's answer, by the interior point where the simplex method has none; where it raises, one without x."""
    found = _by("highs", *program)
    return _by("highs-ipm", *program) if found.status == TROUBLE else found


def _by(method: str, *program: Any) -> scipy.optimize.OptimizeResult:
    try:
        return scipy.optimize.linprog(*program, method=method)
    except MemoryError:
        raise
    except Exception as trouble:  # of a solver anything may be expected
        return scipy.optimize.OptimizeResult(x=None, status=TROUBLE, message=f"HiGHS failed: {trouble!r}")


@np.errstate(all="ignore")
def program(linear: Linear, columns: bool = False) -> Program:
    """The program in its units; with `columns`, each variable in a unit of its own (a power of 2)."""
    (A_ub, ub), (A_eq, eq) = (
        unit_rows(A, None if b is None else np.column_stack([b, np.ones(b.size)]))
        for A, b in ((linear.A_ub, linear.b_ub), (linear.A_eq, linear.b_eq))
    )
    own = np.ones(linear.lb.size)
    if columns:
        peaks = [abs(A).max(axis=0).toarray().ravel() for A in (A_ub, A_eq) if A is not None]
        peak = np.max([*peaks, np.zeros(own.size)], axis=0)
        own = np.ldexp(1.0, -np.where(peak > 0, np.frexp(peak)[1], 0))
        A_ub, ub = unit_rows(None if A_ub is None else A_ub * own, ub)
        A_eq, eq = unit_rows(None if A_eq is None else A_eq * own, eq)
    (b_ub, of_ub), (b_eq, of_eq) = ((None, np.zeros(0)) if both is None else both.T for both in (ub, eq))
    sides = np.column_stack([linear.lb, linear.ub]) / own[:, None]
    empty = [_zero_rows(A) for A in (A_ub, A_eq)]
    told = [np.where(none, 0.0, b) for b, none in zip((b_ub, b_eq), empty) if b is not None]
    given = np.concatenate([np.abs(b[np.isfinite(b)]).ravel() for b in (*told, sides)])
    unit = float(given.max(initial=0.0)) or 1.0
    b_ub, b_eq = (  # 0 ≤ b has no unit: only its sign matters
        None if b is None else np.asarray(np.where(none, np.sign(b), b / unit)) for b, none in zip((b_ub, b_eq), empty)
    )
    return Program(A_ub, b_ub, A_eq, b_eq, sides / unit, unit * own, (of_ub / unit, of_eq / unit))


def _zero_rows(A: Matrix) -> Array:
    """Where a row has no entries but zeros."""
    return np.zeros(0, bool) if A is None else np.asarray(abs(A).max(axis=1).toarray().ravel() == 0)


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
