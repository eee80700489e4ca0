"""The walls of a linear domain that are active: rows G with G x = h, told by their multipliers."""

import numpy as np

from .._linalg import dense
from .._typing import Array
from ..certificate import Multipliers
from ..domains import Linear

LEAST = 1e-9  # of the largest multiplier: less is none


class ActiveWalls:
    """G x = h: upper bounds, lower bounds and rows with a multiplier, and the equalities, in this order."""

    def __init__(self, linear: Linear, multipliers: Multipliers | None, d: int) -> None:
        self.linear, self.d = linear, d
        rows = 0 if linear.b_ub is None else linear.b_ub.size
        m = multipliers or Multipliers(np.zeros(rows), np.zeros(0), np.zeros(d), np.zeros(d))
        largest = max(float(part.max(initial=0.0)) for part in (m.ub, m.lower, m.upper))
        fixed = linear.lb == linear.ub
        self.upper = np.flatnonzero((m.upper > LEAST * largest) & np.isfinite(linear.ub) & ~fixed)
        self.lower = np.flatnonzero((m.lower > LEAST * largest) & np.isfinite(linear.lb) & ~fixed)
        self.rows = np.flatnonzero(m.ub > LEAST * largest)
        self.fixed = np.flatnonzero(fixed)
        self.given = np.concatenate([m.upper[self.upper], m.lower[self.lower], m.ub[self.rows]])
        self.lam = np.zeros(self.inequalities + self.fixed.size + (0 if linear.b_eq is None else linear.b_eq.size))

    @property
    def inequalities(self) -> int:
        """How many of the rows of G may only push one way: they come first."""
        return int(self.upper.size + self.lower.size + self.rows.size)

    def system(self, x: Array) -> tuple[Array, Array]:
        """(G, h − G x)."""
        eye, linear = np.eye(self.d), self.linear
        parts = [eye[self.upper], -eye[self.lower]]
        room = [(linear.ub - x)[self.upper], (x - linear.lb)[self.lower]]
        if linear.A_ub is not None and linear.b_ub is not None:
            parts.append(dense(linear.A_ub[self.rows]))
            room.append((linear.b_ub - linear.A_ub @ x)[self.rows])
        parts.append(eye[self.fixed])
        room.append((linear.ub - x)[self.fixed])
        if linear.A_eq is not None and linear.b_eq is not None:
            parts.append(dense(linear.A_eq))
            room.append(linear.b_eq - linear.A_eq @ x)
        return np.vstack(parts), np.concatenate(room)

    def thin(self, share: float) -> bool:
        """The inequalities whose given multiplier is below a share of the largest leave; False where there are none."""
        weak = np.flatnonzero(self.given < share * self.given.max(initial=0.0))
        for i in weak[::-1]:
            self.drop(int(i))
        return weak.size > 0

    def drop(self, i: int) -> None:
        """An inequality leaves."""
        self.given = np.delete(self.given, i)
        for name in ("upper", "lower", "rows"):
            held = getattr(self, name)
            if i < held.size:
                setattr(self, name, np.delete(held, i))
                self.lam = np.zeros(self.lam.size - 1)
                break
            i -= held.size

    def multipliers(self) -> Multipliers:
        """λ in the form the certificate takes."""
        a, b, c = self.upper.size, self.lower.size, self.rows.size
        ends = np.cumsum([a, b, c, self.fixed.size])
        up, low, rows, fixed, eq = np.split(self.lam, ends)
        upper, lower = np.zeros(self.d), np.zeros(self.d)
        upper[self.upper], lower[self.lower] = np.maximum(up, 0), np.maximum(low, 0)
        upper[self.fixed], lower[self.fixed] = np.maximum(fixed, 0), np.maximum(-fixed, 0)
        ub = np.zeros(0 if self.linear.b_ub is None else self.linear.b_ub.size)
        ub[self.rows] = np.maximum(rows, 0)
        return Multipliers(ub, eq.copy(), lower, upper)
