"""Polyhedra {x : A_ub x ≤ b_ub, A_eq x = b_eq, lb ≤ x ≤ ub}, in the words of scipy.optimize.linprog."""

from itertools import product
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from .._cached import cached_property
from .._linalg import all_finite, least_squares
from .._typing import Array
from .base import EPS, TINY, Linear, Set, same_size, tolerance
from .boxes import bound_size, bounds_stop, reach_of_box
from .central import central
from .nearest import halfspaces, nearest
from .offset import LARGEST as LARGEST_EQ
from .offset import Offset
from .program import Program, own_units, program, zero_rows
from .stated import bounds_of, rows_of

ROUNDS = 3  # projections of a projection
ACTIVE, ROUNDED = 1e-10, 1e-15  # relative: a row that y lies on, and what rounding leaves
MANY = 1000  # variables from which an interior point is looked for before a linear program is solved
SHARP = 1e-14  # relative: a way to a point of X that is short enough
LARGEST = 1 << 26  # entries of the dense rows, bounds among them, that a projection works on


class Empty(ValueError):
    """No point satisfies the constraints."""


class Polyhedron(Set):
    """{x : A_ub x ≤ b_ub, A_eq x = b_eq, lb ≤ x ≤ ub}.

    Emptiness is found at once by a linear program (HiGHS) in which units do not matter: rows of unit norm, right sides
    divided by the largest. So is `start`, a point with the largest slack up to that size; of many variables the middle
    of the bounds, moved onto the equalities, where that is inside.

    Parameters
    ----------
    A_ub, A_eq : (rows, d) arrays or sparse matrices, optional
    b_ub, b_eq : (rows,) arrays, optional
    bounds : (lb, ub) pair or scipy Bounds, optional
        None means free, unlike in `scipy.optimize.linprog`.

    Raises
    ------
    ValueError, TypeError
        Shapes that do not fit, non-finite data.
    Empty
        A ValueError: an empty set.
    """

    def __init__(
        self, A_ub: Any = None, b_ub: Any = None, A_eq: Any = None, b_eq: Any = None, bounds: Any = None
    ) -> None:
        self.A_ub, self.b_ub = rows_of("ub", A_ub, b_ub)
        self.A_eq, self.b_eq = rows_of("eq", A_eq, b_eq)
        known = {np.shape(A)[1] for A in (A_ub, A_eq) if A is not None and np.ndim(A) == 2}  # even of no rows
        if len(known) > 1:
            raise ValueError(f"A_ub and A_eq must have the same number of columns; they have {sorted(known)}")
        self.lb, self.ub = bounds_of(bounds, known.pop() if known else None)
        self.d = self.lb.size
        count = sum(0 if b is None else b.size for b in (self.b_ub, self.b_eq, self.b_eq))
        self.projects = (count + np.isfinite([self.lb, self.ub]).sum()) * self.d <= LARGEST
        obvious = central(self.linear()) if self.d >= MANY else None
        self._start = self._centre() if obvious is None or not self.contains(obvious, 1e-12) else obvious
        self._asked: tuple[Array, tuple[Array, Array, Array] | None] | None = None
        self.bounded = self._is_bounded()

    def __repr__(self) -> str:
        rows = [0 if A is None else A.shape[0] for A in (self.A_ub, self.A_eq)]
        return f"Polyhedron(d={self.d}, {rows[0]} inequalities, {rows[1]} equalities)"

    def start(self) -> Array:
        """The interior point found when the set was made."""
        return self._start.copy()

    def contains(self, x: ArrayLike, tol: float = 1e-9) -> bool:
        """Every constraint up to tol·max(|right side|, |row|·|x|) and the rounding of row·x, (d + 2)·eps of the same;
        bounds as in a Box."""
        x, tol = same_size(x, self.d), tolerance(tol)
        if not np.isfinite(x).all():
            return False
        box, *rows = self._violations(x)
        return bool(np.all(box[0] <= tol * box[1])) and all(
            np.all(over <= (tol + (self.d + 2) * EPS) * size) for over, size in rows
        )

    def lmo(self, c: ArrayLike) -> Array:
        """A vertex by linear programming; along an unbounded ray, ±inf on its support."""
        c = same_size(c, self.d, "c")
        if not np.isfinite(c).all():
            return np.full(self.d, np.nan)
        found = self._least(c)
        if found is not None:
            y = np.clip(found[0], self.lb, self.ub)
            return y if self.contains(y, 1e-9) else self.project(y)  # nothing that HiGHS says is taken on trust
        return np.where(c > 0, -np.inf, np.where(c < 0, np.inf, self._start))

    def project(self, x: ArrayLike) -> Array:
        """The nearest point, by least-distance programming (`nearest`); bounds and equalities are rows of G.

        Where units span more than that can resolve, the nearest in units of the variables in which rows and sides are
        near 1; where that fails too, or G would be too large (`projects` is False), a point of X on the way from
        `start` to x.
        """
        x = same_size(x, self.d)
        if not np.isfinite(x).all():
            return np.full(self.d, np.nan)
        if all(np.all(over <= 0) for over, _ in self._violations(x)):
            return x.copy()
        for own, close in product((False, True), repeat=2) if self.projects else ():
            y = self._nearest(x, self._units if own else np.ones(self.d), close)
            if self.contains(y, 1e-12):
                return y
        return self._inward(x)

    def prices(self, c: Array) -> tuple[Array, Array]:
        """(λ, ν) of min ⟨c, y⟩ over X: λ ≥ 0 and c + A_ubᵀλ + A_eqᵀν is held by the bounds; zeros at a ray."""
        found = self._least(same_size(c, self.d, "c"))
        return super().prices(c) if found is None else found[1:]

    def _least(self, c: Array) -> tuple[Array, Array, Array] | None:
        """The linear program's answer; that of the last c is remembered."""
        asked = self._asked  # another thread may put its own there
        if asked is None or not np.array_equal(asked[0], c):
            asked = self._asked = c.copy(), self._program.least(c)
        return asked[1]

    @cached_property
    def _units(self) -> Array:
        """One for each variable, a power of 2."""
        return own_units(self.linear())

    @cached_property
    def _coupled(self) -> NDArray[np.bool_]:
        """Which variables are in some row; the others are where they are."""
        rows = [sp.csr_array((1, self.d)), *(sp.csr_array(A) for A in (self.A_ub, self.A_eq) if A is not None)]
        return np.asarray(abs(sp.vstack(rows)).max(axis=0).toarray().ravel() > 0)

    def _lengths(self, size: Array) -> Array:
        """Units for a point with |x| = size: the largest of these, or less where rows say so; 0 of one in no row."""
        own, most = self._units * (size / self._units).max(), size.max() or 1.0
        return np.where(self._coupled, np.where(own > 0, np.minimum(own, most), most), 0.0)

    @cached_property
    def _program(self) -> Program:
        return program(self.linear(), self._units)

    def linear(self) -> Linear:
        """Itself."""
        return Linear(self.lb, self.ub, self.A_ub, self.b_ub, self.A_eq, self.b_eq)

    def reach(self, err: Array, x: Array) -> float:
        """Over the bounding box of the set; infinite in its unbounded directions."""
        return reach_of_box(self.lb, self.ub, err, x)

    def miss(self, x: Array) -> Array:
        """How far x, whose rows hold up to rounding, is from a point that is proven to be in X (`Offset`)."""
        return self.missed(x)[0]

    @np.errstate(all="ignore")
    def missed(self, x: Array) -> tuple[Array, bool]:
        """`miss`, and whether it is sure: not where rows depend on others up to rounding only, nor where A_eq has more
        than 2²⁰ entries, which nobody factorizes here: then it is some eps of the largest coordinate."""
        size = np.where(self._coupled, np.abs(x), 0.0)
        if self._offset is None:
            off, sure = (self.d + 2) * super().miss(size), False
        else:
            unit = self._lengths(size)
            enough = np.where(self._coupled, SHARP * (size + unit) + TINY, np.inf)
            off, sure = self._offset.at(x, unit, enough)
        return np.where(self._coupled, np.where(np.isnan(off), np.inf, off), 0.0), sure

    @cached_property
    def _offset(self) -> Offset | None:
        if self.A_eq is not None and self.A_eq.shape[0] * self.d > LARGEST_EQ:
            return None
        return Offset(self.linear(), self._start, self._units)

    def recedes(self, v: Array) -> bool:
        """v ≠ 0, A_ub v ≤ 0, A_eq v = 0 and no finite bound in the way."""
        if not np.any(v) or bounds_stop(self.lb, self.ub, v):
            return False
        size = 1e-12 * np.abs(v)
        return not (
            (self.A_ub is not None and np.any(self.A_ub @ v > abs(self.A_ub) @ size))
            or (self.A_eq is not None and np.any(np.abs(self.A_eq @ v) > abs(self.A_eq) @ size))
        )

    @np.errstate(all="ignore")
    def _nearest(self, x: Array, unit: Array, close: bool) -> Array:
        """The nearest point in these units, powers of 2, as far as rounding allows; the last that could be computed."""
        (G, h), z, sides = halfspaces(self.linear(), unit), x / unit, (self.lb / unit, self.ub / unit)
        size = float(np.abs(z).max())
        for k in range(1 + ROUNDS):  # each round removes what rounding left of the one before
            found = nearest(G, h, z, close)
            if found is None:
                break
            z = np.clip(found, *sides)
            if k and self.contains(unit * z, 1e-14):
                return unit * z
        return self._settled(unit * self._sharpened(G, h, z, unit), 4 * EPS * size * unit)

    def _sharpened(self, G: Array, h: Array, z: Array, unit: Array) -> Array:
        """z moved onto the rows of G z ≥ h that it violates or nearly does, by least squares, where that helps."""
        if not self.contains(unit * z):
            return z
        short, size = h - G @ z, np.abs(h) + np.abs(G) @ np.abs(z)
        at = short >= -ACTIVE * size
        y = np.clip(z + least_squares(G[at], short[at]), self.lb / unit, self.ub / unit)
        return y if np.isfinite(y).all() and np.max(h - G @ y - ROUNDED * size) < np.max(short - ROUNDED * size) else z

    @np.errstate(all="ignore")
    def _inward(self, y: Array) -> Array:
        """The last point of X on the way from the start to y; y itself where the start is not in X either."""
        start, y = self._start, np.clip(y, self.lb, self.ub)
        step, t = y - start, 1.0 if self.A_eq is None else 0.0
        if self.A_ub is not None:
            closing = self.A_ub @ step
            t = min(t, float(np.min(((self.b_ub - self.A_ub @ start) / closing)[closing > 0], initial=1.0)))
        tries = (start + s * t * step for s in (1.0, 1.0 - 1e-14, 1.0 - 1e-9, 0.0))
        return next((z for z in tries if self.contains(z, 1e-12)), y)

    def _settled(self, y: Array, noise: Array) -> Array:
        """y where it lies in X, else drawn a little towards the start, or without its entries below the noise: near the
        origin of a cone, what rounding left of a projection may have any direction."""
        tries = [y, *(y + t * (self._start - y) for t in (1e-15, 1e-13, 1e-11)), np.where(np.abs(y) > noise, y, 0.0)]
        return next((z for z in tries if self.contains(z, 1e-12)), y)

    @np.errstate(all="ignore")
    def _violations(self, x: Array) -> list[tuple[Array, Array]]:
        """(amount over, size of the terms) for the bounds, then for each group of rows."""
        groups = [(np.maximum(self.lb - x, x - self.ub), bound_size(self.lb, self.ub))]
        for A, b, two_sided in ((self.A_ub, self.b_ub, False), (self.A_eq, self.b_eq, True)):
            if A is not None and b is not None:
                over = np.asarray(A @ x) - b
                size = np.maximum(np.abs(b), np.asarray(abs(A) @ np.abs(x)))
                groups.append((np.abs(over) if two_sided else over, size))
        return groups

    def _centre(self) -> Array:
        """A point with the largest slack: the set is empty exactly when there is none.

        HiGHS allows itself 1e-7 in its units. Where its point does not satisfy the constraints more sharply, or leaves
        no slack somewhere, each variable gets a unit of its own, and where no point is sharp, they are projected.
        """
        found: list[Array] = []
        for own in (False, True):
            x, trouble = program(self.linear(), self._units if own else None).centre()
            if trouble and not found:
                raise ValueError(f"the polyhedron could not be checked for emptiness: {trouble}")
            if x is not None:
                found.append(np.clip(x, self.lb, self.ub))
                if self._interior(found[-1]):
                    return found[-1]
        sharp = [x for x in found if self.contains(x, 1e-12)]
        if sharp:
            return min(sharp, key=self._worst)
        for self._start in found:
            x = self.project(self._start)
            if self.contains(x):
                return np.asarray(x)
        raise Empty("the polyhedron is empty: no point satisfies A_ub x ≤ b_ub, A_eq x = b_eq and the bounds")

    @np.errstate(all="ignore")
    def _worst(self, x: Array) -> float:
        """The largest violation, relative."""
        return max(float(np.nan_to_num(over / size).max(initial=0.0)) for over, size in self._violations(x))

    def _interior(self, x: Array) -> bool:
        """Every inequality and bound leaves room, but for fixed variables and rows of zeros; the equalities hold."""
        _, *rows = self._violations(x)
        wide = (self.lb == self.ub) | ((self.lb < x) & (x < self.ub))
        open_ = self.A_ub is None or np.all((rows[0][0] < 0) | zero_rows(self.A_ub))
        return bool(wide.all() and open_) and self.contains(x, 1e-12)

    def _is_bounded(self) -> bool:
        """Box bounds on every side; a set bounded only through its rows is treated as unbounded (multipliers prove)."""
        return all_finite(self.lb, self.ub)
