"""The equalities E x = e of Newton's method, taken apart once for all steps.

    (R E C)ᵀ Π = Q₁T,    E u = 0  ⇔  u = C Z w,    [Q₁ Z] orthogonal,    R and C units of the rows and columns

Rows that depend on the others say nothing new and are left out: their multipliers are zero. Where the equalities take
most of the freedom, a step is cheapest in the rest of it, (C Z)ᵀM(C Z) w = (C Z)ᵀ(r − M u₀), the null-space method of
Nocedal and Wright 2006, section 16.2. It is trusted while that matrix is safely definite; walls may stretch M so far
that no fixed basis resolves it, and then the basis is made anew in the units of M. Few rows are handled through the
Schur complement of M (`solve_kkt`).
"""

import numpy as np
from scipy.linalg import qr, solve_triangular

from ..._linalg import Factor, balanced, halved, solve_kkt
from ..._typing import Array

EPS = float(np.finfo(float).eps)
SAFE = 1e-9  # least pivot of the equilibrated reduced matrix
SMALL = 1e-3  # of the room to a bound: what removing rounding may take of it
OFF, LEFT = 1e-13, 64 * EPS  # relative: a row that does not hold, and what is left of a move
MOST = 2  # the null space is used where it has at most d/MOST dimensions


class Basis:
    """C Z and Q₁T of independent rows E in given units C of the variables."""

    def __init__(self, E: Array, columns: Array) -> None:
        self.columns = columns
        self.rows = halved(np.abs(E * columns).max(axis=1, initial=0.0))
        Q, T = qr((E * columns).T * self.rows, check_finite=False)
        k = E.shape[0]
        self.Q, self.T, self.null = Q[:, :k], T[:k], columns[:, None] * Q[:, k:]

    def particular(self, e: Array) -> Array:
        """The solution of E u = e that is shortest in the units C."""
        return np.asarray(self.columns * (self.Q @ _back(self.T, self.rows * e, trans=1)))

    def solve(self, M: Array, r: Array, e: Array, floor: float) -> tuple[Array, Array, bool]:
        """(u, ν), and whether the reduced matrix is safely definite."""
        N = self.null
        solve = Factor(N.T @ M @ N, floor)
        u = self.particular(e)
        for _ in range(2):  # the second removes the rounding of the first
            u = u + N @ solve(N.T @ (r - M @ u))
        return u, self.rows * _back(self.T, self.Q.T @ (self.columns * (r - M @ u))), solve.definite


class Equalities:
    """E x = e of `m` rows, `kept` of which are independent."""

    def __init__(self, E: Array, e: Array) -> None:
        self.m, d = E.shape
        rows, self.columns = balanced(E)
        T, order = qr((E * rows[:, None] * self.columns).T, mode="r", pivoting=True)
        size = np.abs(np.diagonal(T))
        k = int(np.count_nonzero(size > 8 * max(E.shape) * EPS * size.max(initial=0.0)))
        self.kept = np.sort(order[:k])
        self.E, self.e = E[self.kept], e[self.kept]
        self.basis = Basis(self.E, self.columns) if MOST * k >= d else None

    def missing(self, x: Array) -> Array:
        """e − E x of the independent rows."""
        return np.asarray(self.e - self.E @ x)

    def solve(self, M: Array, r: Array, e: Array, floor: float, walls: bool) -> tuple[Array, Array]:
        """(u, ν) with M u + Eᵀν = r and E u = e, of the independent rows; ν with zeros for the others."""
        u, some = self._reduced(M, r, e, floor, walls) if self.basis else solve_kkt(M, r, self.E, e, floor)
        nu = np.zeros(self.m)
        nu[self.kept] = some
        return u, nu

    def settle(self, x: Array, room: Array) -> Array:
        """Remove what rounding left of E x = e: by the nearest point, where that costs little of the room to the
        bounds, else by each coordinate in proportion to its room."""
        miss = self.missing(x)
        move = None if self.basis is None else self.basis.particular(miss)
        if move is None or not np.all(np.abs(move) <= SMALL * room):
            W = np.minimum(room, 1.0)[:, None] * self.E.T
            move = W @ Factor(self.E @ W, EPS)(miss)
        return self._cleared(x + move, move, room) if np.isfinite(move).all() else x

    def _cleared(self, x: Array, move: Array, room: Array) -> Array:
        """x without what is only the rounding of the move that led there, in rows that hold nothing else."""
        size = np.abs(self.E) @ np.abs(x) + np.abs(self.e)
        off = np.abs(self.missing(x)) > OFF * size
        if not off.any():
            return x
        noise = LEFT * float(np.abs(move / self.columns).max()) * self.columns
        return np.where((off @ np.abs(self.E) > 0) & (np.abs(x) <= noise) & (np.abs(x) < room), 0.0, x)

    def _reduced(self, M: Array, r: Array, e: Array, floor: float, walls: bool) -> tuple[Array, Array]:
        """In the null space: of the basis made once while that resolves M, else of one in the units of M itself."""
        assert self.basis is not None
        u, nu, definite = self.basis.solve(M, r, e, SAFE if walls else floor)
        if walls and not definite:
            u, nu, _ = Basis(self.E, _stretched(M, self.columns)).solve(M, r, e, floor)
        return u, nu


def _stretched(M: Array, columns: Array) -> Array:
    """Units in which M has a unit diagonal; variables without curvature move as easily as the easiest of the others."""
    diagonal = np.abs(np.diagonal(M))
    bent = diagonal > 0
    own = 1.0 / np.sqrt(np.where(bent, diagonal, 1.0))
    easiest = float((own / columns)[bent].max(initial=0.0)) or 1.0
    return np.asarray(np.where(bent, own, easiest * columns))


def _back(T: Array, rhs: Array, trans: int = 0) -> Array:
    """T⁻¹ rhs or T⁻ᵀ rhs; what is not finite stays so, and nothing is where T is singular to the bit."""
    try:
        return np.asarray(solve_triangular(T, rhs, trans=trans, check_finite=False))
    except np.linalg.LinAlgError:
        return np.full(rhs.shape, np.nan)
