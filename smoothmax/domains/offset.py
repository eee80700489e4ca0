"""How far from a polyhedron a point x may lie whose rows hold up to rounding: as far as a point y proven to be in it.

    y = (1 − θ)(x + δ_x) + θ(s + δ_s)     E y = e,  A y ≤ b,  lb ≤ y ≤ ub

with s inside, δ = D (E D)⁺ r the moves that mend the equalities (r = e − E x, E of full rank, D units), and θ the share
at which every inequality that x + δ_x misses is made good by the slack of s + δ_s. Where X has no interior, s itself
may miss some by rounding: then x + δ_x makes that good. Residuals are taken in the longest numbers there are, with a
bound on their own rounding. Taken on trust: that rows which depend on others up to rounding say the same as these.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr, solve_triangular

from .._linalg import dense
from .._typing import Array, Matrix
from .base import EPS, TINY, Linear

LONG = np.longdouble  # 64 bits of mantissa on x86, no more than a double's 53 elsewhere
LAST = float(np.finfo(LONG).eps)
CUT = 1e-12  # relative: pivots of rows that depend on others
STILL = 16  # eps: what such a row may be off by rounding, for its variables are at their bounds
FLAT = 1e-12  # relative: the slack of s that is none
LEAST = float(np.finfo(float).tiny)  # of a share
SHORT = 8.0  # sum of coefficients, of rows with a largest entry of 1
SAFE = 2.0  # for the rounding of (E D)⁺
LARGEST = 1 << 20  # entries of E that are factorized
FEW = 1 << 16  # the same of inequalities that are taken for equations


def beyond(A: Matrix, b: Array, x: Array) -> tuple[Array, Array]:
    """A x − b, and a bound on what rounding has done to it, for few rows."""
    long, y = dense(A).astype(LONG), x.astype(LONG)
    terms = np.asarray((long != 0) @ (y != 0).astype(np.float64) > 0)  # products of 0 do not underflow
    error = 2 * (x.size + 2) * (LAST * (np.abs(long) @ np.abs(y) + np.abs(b)) + TINY * terms)
    found = np.asarray(long @ y - b, dtype=np.float64)
    return found, np.asarray(error, dtype=np.float64) + 2 * EPS * np.abs(found)


def roughly(A: Matrix, b: Array, x: Array, size: Array) -> Array:
    """A x − b, rounded up; `size` is |A| |x|."""
    return np.asarray(A @ x) - b + 2 * (x.size + 2) * (EPS * (size + np.abs(b)) + TINY)


@dataclass(frozen=True)
class Equations:
    """Independent rows E y = e, with |D (E D)⁺|; those in which nothing can move; which rows are `own`, one of the
    first, and which are `plain`, one of these or short combinations of them."""

    E: Array
    e: Array
    inverse: Array
    still: tuple[Array, Array]
    own: NDArray[np.bool_]
    plain: NDArray[np.bool_]

    @classmethod
    def of(cls, E: Array, e: Array, unit: Array) -> "Equations":
        """Those of E that do not depend on the others when variables move in these units (0: not at all)."""
        scaled = E * unit
        peaks = np.abs(scaled).max(axis=1, initial=0.0)
        some = np.flatnonzero((peaks > 0) & np.isfinite(peaks))
        if not some.size:
            return cls(E[:0], e[:0], np.zeros((unit.size, 0)), (E, e), np.zeros(e.size, bool), np.ones(e.size, bool))
        Q, R, order = qr((scaled[some] / peaks[some, None]).T, mode="economic", pivoting=True)
        size = np.abs(np.diagonal(R))
        k = int(np.count_nonzero(size > CUT * size[0]))
        kept = some[order[:k]]
        inverse = unit[:, None] * solve_triangular(R[:k, :k], Q[:, :k].T).T / peaks[kept]
        none = np.setdiff1d(np.arange(e.size), some)
        own, plain = np.zeros(e.size, bool), np.ones(e.size, bool)
        own[kept] = True
        plain[some[order[k:]]] = np.abs(solve_triangular(R[:k, :k], R[:k, k:])).sum(axis=0) <= SHORT
        return cls(E[kept], e[kept], SAFE * np.abs(inverse), (E[none], e[none]), own, plain)

    def move(self, x: Array) -> Array:
        """A bound on |δ| with E (x + δ) = e; inf where a row is off that nothing can mend."""
        E, e = self.still
        if np.any(np.abs(E @ x - e) > STILL * EPS * (np.abs(E) @ np.abs(x) + np.abs(e))):
            return np.full(x.size, np.inf)
        off, error = beyond(self.E, self.e, x)
        return np.asarray(self.inverse @ (np.abs(off) + error))


class Offset:
    """The polyhedron with its point s."""

    def __init__(self, linear: Linear, inside: Array, unit: Array) -> None:
        self.linear, self.inside, self.unit = linear, inside, np.where(linear.lb < linear.ub, unit, 0.0)
        self.E = np.zeros((0, unit.size)) if linear.A_eq is None else dense(linear.A_eq)
        self.e = np.zeros(0) if linear.b_eq is None else linear.b_eq
        self.given = Equations.of(self.E, self.e, self.unit)
        if linear.A_ub is not None and linear.b_ub is not None:
            self.slack = -roughly(linear.A_ub, linear.b_ub, inside, np.asarray(abs(linear.A_ub) @ np.abs(inside)))

    @np.errstate(all="ignore")
    def at(self, x: Array, unit: Array, enough: Array) -> Array:
        """The least of what four ways prove; the others are tried where the first is not below `enough`.

        Equalities alone are mended as such, in units of the set or in the given ones; inequalities too that s leaves no
        room either; or all that x misses.
        """

        def worst(off: Array) -> float:
            beside = np.where(enough < np.inf, off / enough, 0.0)
            return float(np.nan_to_num(beside, nan=np.inf, posinf=np.inf).max())

        linear, s = self.linear, self.inside
        stays = (linear.lb < linear.ub) & ((x == linear.lb) & (s == linear.lb) | (x == linear.ub) & (s == linear.ub))
        none = np.zeros(0 if linear.b_ub is None else linear.b_ub.size, bool)
        given = Equations.of(self.E, self.e, np.where(stays, 0.0, self.unit)) if stays.any() else self.given
        best, late = self._between(x, given, none)
        if worst(best) <= 1:
            return best
        unit = np.where(stays | (self.unit == 0), 0.0, unit)
        if 0 < self.E.size <= FEW:
            found, _ = self._between(x, Equations.of(self.E, self.e, unit), none)
            best = min(best, found, key=worst)
        if linear.A_ub is None or not late.any():
            return best
        A, b = dense(linear.A_ub[late]), linear.b_ub[late]  # type: ignore[index]
        flat = late.copy()
        flat[late] = A @ s - b >= -FLAT * (np.abs(A) @ np.abs(s) + np.abs(b))
        for rows in (flat, late):  # of the first, copies of a row say the same; of the second, each is one more row
            if rows.any() and np.count_nonzero(rows) * x.size <= FEW:
                E = np.vstack([self.E, dense(linear.A_ub[rows])])
                e = np.concatenate([self.e, linear.b_ub[rows]])  # type: ignore[index]
                equations, taken = Equations.of(E, e, unit), rows.copy()
                taken[rows] = equations.plain[self.e.size :] if rows is flat else equations.own[self.e.size :]
                found, _ = self._between(x, equations, taken)
                best = min(best, found, key=worst)
        return best

    def _between(self, x: Array, equations: Equations, taken: NDArray[np.bool_]) -> tuple[Array, NDArray[np.bool_]]:
        """|y − x|, and which inequalities x + δ_x may miss, but for those that were taken for equations."""
        linear, s, there = self.linear, self.inside, equations.move(x)
        needs, slacks = [there - (x - linear.lb), there - (linear.ub - x)], [s - linear.lb, linear.ub - s]
        late, back = np.zeros(0, bool), equations.move(s)
        if linear.A_ub is not None and linear.b_ub is not None:
            A, b = linear.A_ub, linear.b_ub
            size, reach, gone = np.asarray(abs(A) @ np.stack([np.abs(x), there, back], axis=1)).T
            rough = roughly(A, b, x, size) + reach
            early = (rough <= 0) & ~taken
            late = ~(early | taken)
            over, error = beyond(A[late], b[late], x)
            room, slip = beyond(A[late], b[late], s)
            needs += [over + error + reach[late], rough[early]]
            slacks += [-(room + slip) - gone[late], (self.slack - gone)[early]]
        slacks[:2] = [slack - back for slack in slacks[:2]]
        need, slack = np.concatenate(needs), np.concatenate(slacks)
        short = ~(need <= 0)
        if not short.any():
            return there, late
        theta = max(float(np.max(np.where(slack > 0, need / (need + slack), np.inf)[short])) * (1 + 4 * EPS), LEAST)
        if not (theta < 1 and np.all((1 - theta) * need <= theta * slack)):
            return np.full(x.size, np.inf), late
        return there + theta * (np.abs(s - x) + there + back), late
