"""Equations E y = e near a point x that satisfies them up to rounding: how far the nearest solution is at most.

With rows divided by p and variables in units D, T = E D/p, let X be nearly a right inverse of T and F = I − T X, whose
row sums are at most ρ < 1. Then E has full rank, and δ = D X (I − F)⁻¹ r/p mends the residual r = e − E x:

    |δ| ≤ D|X| (|r|/p + ρ/(1 − ρ)·max |r|/p)

Rows that depend on others up to rounding are left out: they hold with these where they are an exact combination
(`implied`); that they do where they are not is an assumption.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import qr, solve_triangular

from .._linalg import balanced, dense, halved
from .._typing import Array, Index, Matrix
from .base import EPS, TINY
from .implied import implied, whole

LONG = np.longdouble  # 64 bits of mantissa on x86, no more than a double's 53 elsewhere
LAST = float(np.finfo(LONG).eps)
RANK = 8  # eps, for each row or column: pivots of rows that depend on others
LOOSE = 16  # eps, and one for each variable: what such a row may be off by rounding
LEAST = 1e-290  # of p: products that do not underflow
MOST = 0.5  # ρ of what counts as an inverse
SPARE = 1.01  # for the rounding of sums of what is nonnegative


def beyond(A: Matrix, b: Array, x: Array) -> tuple[Array, Array]:
    """A x − b, and a bound on what rounding has done to it, for few rows."""
    long, y = (A if sp.issparse(A) else dense(A)).astype(LONG), x.astype(LONG)
    terms = np.asarray(abs(long).astype(bool) @ (y != 0).astype(np.float64) > 0)  # products of 0 do not underflow
    error = 2 * (x.size + 2) * (LAST * (abs(long) @ np.abs(y) + np.abs(b)) + TINY * terms)
    found = np.asarray(long @ y - b, dtype=np.float64)
    return found, np.asarray(error, dtype=np.float64) + 2 * EPS * np.abs(found)


@dataclass(frozen=True)
class Assumed:
    """Rows E y = e, or E y ≤ e where `below`, that are the combinations w of others up to rounding."""

    E: Array
    e: Array
    w: Array
    below: NDArray[np.bool_]


@dataclass(frozen=True)
class Equations:
    """Independent rows E y = e; powers of 2 that scale them; D|X|/p, p and ρ/(1 − ρ) of the scaled ones; which rows are
    among these or follow from them (`known`); the others.

    `below` are rows that are inequalities, a y ≤ b, and are taken for equations.
    """

    E: Array
    e: Array
    scale: Array
    inverse: Array
    peaks: Array
    leak: float
    known: NDArray[np.bool_]
    below: NDArray[np.bool_]
    others: Assumed

    @classmethod
    def of(cls, E: Array, e: Array, below: NDArray[np.bool_], unit: Array, x: Array) -> Self:
        """Those of E when variables move in these units; where the unit is 0, they stay as they are in x."""
        live = unit > 0
        L, D = E[:, live], unit[live]
        kept, w, even = _independent(L)
        known = np.zeros(e.size, bool)
        known[kept] = True
        some = np.flatnonzero(~known)
        if some.size:
            stays = np.column_stack([E[:, ~live], -e])
            sides = whole(stays) @ whole(np.append(x[~live], 1.0))  # E y − e of the variables that stay
            for i in some:
                known[i] = implied(L[i], L[kept], w[i], even[i], -sides[i], -sides[kept], bool(below[i]))
        scale = halved(np.abs(L[kept]).max(axis=1, initial=0.0))
        inverse = np.zeros((unit.size, kept.size))
        inverse[live], peaks, leak = _inverse(L[kept] * scale[:, None], D)
        others = Assumed(E[~known], e[~known], w[~known], below[~known])
        return cls(E[kept], e[kept], scale, inverse, peaks, leak, known, below, others)

    @property
    def sure(self) -> bool:
        """No equation holds by assumption."""
        return bool(np.all(self.known | self.below))

    def nearly(self, x: Array, below: bool) -> bool:
        """The equalities that hold by assumption do up to rounding, with inequalities or without, where x is moved."""
        some = self.others.below <= below
        E, e, w = self.others.E[some], self.others.e[some], np.abs(self.others.w[some])
        off = E @ x - e - self.others.w[some] @ (self.E @ x - self.e)
        size = np.abs(E) @ np.abs(x) + np.abs(e) + w @ (np.abs(self.E) @ np.abs(x) + np.abs(self.e))
        return bool(np.all(np.where(self.others.below[some], off, np.abs(off)) <= (LOOSE + x.size) * EPS * size))

    def move(self, x: Array) -> Array:
        """A bound on |δ| with E (x + δ) = e; inf where nothing is known of an inverse."""
        off, error = beyond(self.E, self.e, x)
        r = self.scale * (np.abs(off) + error)
        far = float((r / self.peaks).max(initial=0.0))
        if not self.leak * far < np.inf:
            return np.full(x.size, np.inf)
        return np.asarray(SPARE * (self.inverse @ (r + self.leak * far * self.peaks)))


def _independent(E: Array) -> tuple[Index, Array, Array]:
    """Rows of E that do not depend on each other; the others as combinations of these, and the same of rows and columns
    that have been brought near 1."""
    w = np.zeros((len(E), 0))
    r, c = balanced(E)
    B = E * r[:, None] * c
    some = np.flatnonzero(np.any(B != 0, axis=1) & np.isfinite(B).all(axis=1))
    if not some.size:
        return some, w, w
    R, order = qr(B[some].T, mode="r", pivoting=True)
    size = np.abs(np.diagonal(R))
    k = int(np.count_nonzero(size > RANK * max(B.shape) * EPS * size[0]))
    kept, rest = some[order[:k]], some[order[k:]]
    even = np.zeros((len(E), k))
    if rest.size:
        even[rest] = solve_triangular(R[:k, :k], R[:k, k:]).T
    return kept, even * r[kept] / r[:, None], even


def _inverse(E: Array, unit: Array) -> tuple[Array, Array, float]:
    """D|X|/p, p and ρ/(1 − ρ), inf where ρ is not small."""
    S = E * unit
    peaks = np.abs(S).max(axis=1, initial=0.0)
    if not E.size or not np.all((peaks >= LEAST) & np.isfinite(peaks)):
        return np.zeros(E.shape).T, peaks, np.inf if len(E) else 0.0
    T = S / peaks[:, None]
    Q, R = qr(T.T, mode="economic")
    if not np.diagonal(R).all():
        return np.zeros(E.shape).T, peaks, np.inf
    X = solve_triangular(R, Q.T).T
    F = np.abs(np.eye(len(E)) - T @ X) + (unit.size + 8) * EPS * (np.abs(T) @ np.abs(X))
    rho = SPARE * float(F.sum(axis=1).max())
    return unit[:, None] * np.abs(X) / peaks, peaks, rho / (1 - rho) if rho <= MOST else np.inf
