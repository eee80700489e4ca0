"""How far from a polyhedron a point x may lie whose rows hold up to rounding: as far as a point y proven to be in it.

    y = (1 − θ)(x + δ_x) + θ(s + δ_s)     E y = e,  A y ≤ b,  lb ≤ y ≤ ub

with s inside, δ the moves that mend the equalities (`Equations`), and θ the share at which every inequality that
x + δ_x misses is made good by the slack of s + δ_s. Where X has no interior, s itself may miss some by rounding: then
x + δ_x makes that good. Residuals are taken in the longest numbers there are, with a bound on their own rounding.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .._linalg import dense
from .._typing import Array, Matrix
from .base import EPS, TINY, Linear
from .equations import Equations, beyond

FLAT = 1e-12  # relative: the slack of s that is none
LEAST = float(np.finfo(float).tiny)  # of a share
CLOSE = 8 * EPS  # of the unit of a variable: as good as at a bound
LARGEST = 1 << 20  # entries of E that are factorized
FEW = 1 << 16  # the same of inequalities that are taken for equations


def roughly(A: Matrix, b: Array, x: Array, size: Array) -> Array:
    """A x − b, rounded up; `size` is |A| |x|."""
    return np.asarray(A @ x) - b + 2 * (x.size + 2) * (EPS * (size + np.abs(b)) + TINY)


class Offset:
    """The polyhedron with its point s."""

    def __init__(self, linear: Linear, inside: Array, unit: Array) -> None:
        self.linear, self.inside, self.unit = linear, inside, np.where(linear.lb < linear.ub, unit, 0.0)
        self.E = np.zeros((0, unit.size)) if linear.A_eq is None else dense(linear.A_eq)
        self.e = np.zeros(0) if linear.b_eq is None else linear.b_eq
        self.A = np.zeros((0, unit.size)) if linear.A_ub is None else linear.A_ub
        self.b = np.zeros(0) if linear.b_ub is None else linear.b_ub
        self.given = self._equations(np.zeros(self.b.size, bool), self.unit, inside)
        self.slack = -roughly(self.A, self.b, inside, np.asarray(abs(self.A) @ np.abs(inside)))

    @np.errstate(all="ignore")
    def at(self, x: Array, unit: Array, enough: Array) -> tuple[Array, bool]:
        """The least of what several ways prove, and whether it is sure, not only where rows that depend on others up to
        rounding say the same as these; others are tried where the first is not below `enough`."""

        def rank(found: tuple[Array, bool]) -> tuple[bool, bool, bool, float]:
            beside = np.where(enough < np.inf, found[0] / enough, 0.0)
            worst = float(np.nan_to_num(beside, nan=np.inf, posinf=np.inf).max())
            return worst > 1, worst == np.inf, not found[1], worst

        y, best = self._at_bounds(x, unit), None
        for found in self._ways(y, unit):
            best = found if best is None else min(best, found, key=rank)
            if not (rank(best)[0] or rank(best)[2]):
                break
        assert best is not None
        return best[0] + np.abs(y - x), best[1]

    def _at_bounds(self, x: Array, unit: Array) -> Array:
        """x with what is as good as at a bound on which s lies put there: s leaves it no room."""
        lb, ub, s = self.linear.lb, self.linear.ub, self.inside
        y = np.where((s == lb) & (np.abs(x - lb) <= CLOSE * unit), lb, x)
        return np.where((s == ub) & (np.abs(x - ub) <= CLOSE * unit), ub, y)

    def _ways(self, x: Array, unit: Array) -> Iterator[tuple[Array, bool]]:
        """Equalities alone are mended as such, in units of the set or in the given ones; inequalities too that s leaves
        no room either; all that x misses; then it is assumed that rows say the same which depend on others."""
        linear, s = self.linear, self.inside
        open_, none = linear.lb < linear.ub, np.zeros(self.b.size, bool)
        stays = open_ & ((x == linear.lb) & (s == linear.lb) | (x == linear.ub) & (s == linear.ub))
        at_home = not stays.any() and np.array_equal(x[~open_], s[~open_])
        equations = self.given if at_home else self._resting(none, self.unit, x, stays)
        off, late = self._between(x, equations, none)
        yield off, equations.sure
        unit = np.where(open_, unit, 0.0)
        if 0 < self.E.size <= FEW:
            equations = self._resting(none, unit, x, stays)
            yield self._between(x, equations, none)[0], equations.sure
        if stays.any() and not equations.sure:
            yield from self._assumed(equations, none, unit, x, stays)
        if not late.any():
            return
        A, b = self.A[late], self.b[late]
        flat = late.copy()
        flat[late] = A @ s - b >= -FLAT * (abs(A) @ np.abs(s) + np.abs(b))
        for rows in (flat, late):
            if rows.any() and np.count_nonzero(rows) * x.size <= FEW:
                equations = self._resting(rows, unit, x, stays)
                yield self._between(x, equations, self._taken(rows, equations))[0], equations.sure
        if flat.any() and np.count_nonzero(flat) * x.size <= FEW:
            equations = self._equations(flat, unit, x)
            if equations.nearly(x, True):
                yield self._between(x, equations, flat)[0], False
            if stays.any():
                yield from self._assumed(equations, flat, unit, x, stays)

    def _assumed(
        self, full: Equations, rows: NDArray[np.bool_], unit: Array, x: Array, stays: NDArray[np.bool_]
    ) -> Iterator[tuple[Array, bool]]:
        """With variables that stay at their bounds, where that leaves no more rows to assumption than `full` does."""
        still = self._equations(rows, np.where(stays, 0.0, unit), x)
        if still.others.e.size <= full.others.e.size and still.nearly(x, True):
            yield self._between(x, still, rows)[0], False

    def _equations(self, rows: NDArray[np.bool_], unit: Array, x: Array) -> Equations:
        """The equalities, and these inequalities as such."""
        below = np.arange(self.e.size + np.count_nonzero(rows)) >= self.e.size
        E, e = np.vstack([self.E, dense(self.A[rows])]), np.concatenate([self.e, self.b[rows]])
        return Equations.of(E, e, below, unit, x)

    def _resting(self, rows: NDArray[np.bool_], unit: Array, x: Array, stays: NDArray[np.bool_]) -> Equations:
        """The same with variables that stay at their bounds, where nothing is assumed of rows in which they are."""
        if stays.any():
            found = self._equations(rows, np.where(stays, 0.0, unit), x)
            if found.sure:
                return found
        return self._equations(rows, unit, x)

    def _taken(self, rows: NDArray[np.bool_], equations: Equations) -> NDArray[np.bool_]:
        """Those of these inequalities that hold where the equations do."""
        taken = rows.copy()
        taken[rows] = equations.known[self.e.size :]
        return taken

    def _between(self, x: Array, equations: Equations, taken: NDArray[np.bool_]) -> tuple[Array, NDArray[np.bool_]]:
        """|y − x|, and which inequalities x + δ_x may miss, but for those that were taken for equations."""
        linear, s, A, b = self.linear, self.inside, self.A, self.b
        there, back = equations.move(x), equations.move(s)
        if not (equations.sure or equations.nearly(x, False)):
            there = np.full(x.size, np.inf)
        size, reach, gone = np.asarray(abs(A) @ np.stack([np.abs(x), there, back], axis=1)).T
        rough = roughly(A, b, x, size) + reach
        early = (rough <= 0) & ~taken
        late = ~(early | taken)
        over, error = beyond(A[late], b[late], x)
        room, slip = beyond(A[late], b[late], s)
        need = [there - (x - linear.lb), there - (linear.ub - x), over + error + reach[late], rough[early]]
        slack = [s - linear.lb - back, linear.ub - s - back, -(room + slip) - gone[late], (self.slack - gone)[early]]
        return self._share(x, there, back, np.concatenate(need), np.concatenate(slack)), late

    def _share(self, x: Array, there: Array, back: Array, need: Array, slack: Array) -> Array:
        """|y − x| with the least θ at which (1 − θ)·need ≤ θ·slack; inf where there is none below 1."""
        short = ~(need <= 0)
        if not short.any():
            return there
        theta = max(float(np.max(np.where(slack > 0, need / (need + slack), np.inf)[short])) * (1 + 4 * EPS), LEAST)
        if not (theta < 1 and np.all((1 - theta) * need <= theta * slack)):
            return np.full(x.size, np.inf)
        return there + theta * (np.abs(self.inside - x) + there + back)
