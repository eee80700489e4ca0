"""The model of a step: components and constraints made linear, their curvature in one matrix, inside a box.

    min over s of  max_i (f_i + J_i s) + ½ sᵀBs     |s_j| ≤ box_j,   x + s ∈ X,   h + H s ≤ 0,   e + E s = 0

It is solved in the variables u = s/box and in units of f that make the numbers near 1. Components that cannot come
near the largest inside the box are left out: they matter neither to the step nor to its weights. Where the linear
constraints contradict each other inside the box, the step comes as near to them as it can (Omojokun's relaxation).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..._linalg import all_finite, dense
from ..._typing import Array, Index, Matrix
from ...certificate import Multipliers
from ...domains import Linear
from .program import Answer, Program, minimize

GOOD = 1e-7  # residual of the program, in its units, up to which its answer counts
STILL = 1e-3  # weight of ½|u|² where the least violation does not say which step
STILLEST = 1e-9  # the same where the objective does not, nor nonlinear constraints


class Rows(NamedTuple):
    """Nonlinear constraints made linear at a point: h + H s ≤ 0 and e + E s = 0."""

    h: Array
    H: Array
    e: Array
    E: Array

    @classmethod
    def none(cls, d: int) -> "Rows":
        """No constraint."""
        return cls(np.zeros(0), np.zeros((0, d)), np.zeros(0), np.zeros((0, d)))

    def after(self, s: Array) -> tuple[Array, Array]:
        """(h + H s, e + E s)."""
        return self.h + self.H @ s, self.e + self.E @ s

    def relaxed(self, s: Array) -> "Rows":
        """The rows that ask for no more than s achieves."""
        h, e = self.after(s)
        return self._replace(h=self.h - np.maximum(h, 0.0), e=self.e - e)


class Move(NamedTuple):
    """The step s, weights p of the components, and multipliers: of X, of h + H s ≤ 0 (λ ≥ 0) and of e + E s = 0 (ν).

    B is the curvature that the step was found with.
    """

    s: Array
    p: Array
    multipliers: Multipliers
    lam: Array
    nu: Array
    B: Array

    def bend(self, s: Array) -> float:
        """½ sᵀBs."""
        return 0.5 * float(s @ self.B @ s)


@dataclass(frozen=True)
class Model:
    """What is known at x; B is symmetric and positive semidefinite."""

    x: Array
    f: Array
    J: Array
    B: Array
    rows: Rows
    linear: Linear

    def minimize(self, box: Array) -> Move | None:
        """The step, or None where the numbers give none."""
        if not all_finite(self.f, self.B, np.abs(self.J) @ box):
            return None
        frame = _Frame(self, box)
        found = frame.solve(self.rows)
        if not found.residual <= GOOD and self.rows.h.size + self.rows.e.size:
            found = frame.solve(self.rows.relaxed(frame.least_violation(self.rows) * box))
        move = frame.move(found)
        return move if found.residual <= GOOD and np.isfinite(move.s).all() else None


@dataclass(frozen=True)
class _Side:
    """Rows A u ≤ b or A u = b of unit size, and what they were divided by."""

    A: Array
    b: Array
    unit: Array

    @classmethod
    def of(cls, A: Array, b: Array) -> "_Side":
        unit = np.abs(A).sum(axis=1)
        unit = np.where(unit > 0, unit, 1.0)
        return cls(A / unit[:, None], b / unit, unit)

    @classmethod
    def at(cls, A: Matrix, b: Array | None, x: Array, box: Array) -> "_Side":
        """A (x + box·u) against b."""
        if A is None or b is None:
            return cls(np.zeros((0, x.size)), np.zeros(0), np.zeros(0))
        return cls.of(dense(A) * box, b - A @ x)


class _Frame:
    """The model in the variables of its box: u, and t = (max_i(f_i + J_i s) − max f)/unit."""

    def __init__(self, model: Model, box: Array) -> None:
        self.model, self.box = model, box
        reach = np.abs(model.J) @ box
        self.live: Index = np.flatnonzero(model.f + reach >= np.max(model.f - reach))
        self.unit = float(reach[self.live].max()) or 1.0
        linear, x = model.linear, model.x
        self.low = np.maximum((linear.lb - x) / box, -1.0)
        self.high = np.minimum((linear.ub - x) / box, 1.0)
        self.ub = _Side.at(linear.A_ub, linear.b_ub, x, box)
        self.eq = _Side.at(linear.A_eq, linear.b_eq, x, box)

    def solve(self, rows: Rows) -> Answer:
        """The program with these constraints; z of (components, upper, lower, A_ub, h), y of (A_eq, e)."""
        m, box, d = self.model, self.box, self.box.size
        h, e = _Side.of(rows.H * box, -rows.h), _Side.of(rows.E * box, -rows.e)
        Q = np.zeros((d + 1, d + 1))
        step = box / self.unit
        sure = bool(np.isfinite(step).all())  # else f moves by less than the normal numbers
        Q[:d, :d] = box[:, None] * m.B * step if sure or m.B.any() else 0.0
        if rows.h.size + rows.e.size:  # along what neither f nor the constraints feel, the step is short
            Q[:d, :d] += STILLEST * np.eye(d)
        top = float(m.f.max())
        slopes = m.J[self.live] * step if sure else m.J[self.live] * box / self.unit
        inner = np.vstack([slopes, self._walls, h.A])
        G = np.column_stack([inner, np.where(np.arange(len(inner)) < self.live.size, -1.0, 0.0)])
        right = np.concatenate([(top - m.f[self.live]) / self.unit, self._room, h.b])
        E = np.vstack([self.eq.A, e.A])
        program = Program(
            Q, np.append(np.zeros(d), 1.0), G, right, np.column_stack([E, np.zeros(len(E))]), np.append(self.eq.b, e.b)
        )
        return minimize(program, np.append(np.clip(0.0, self.low, self.high), 0.0))

    def least_violation(self, rows: Rows) -> Array:
        """u with the least max of h + H s and |e + E s|, in units of the rows."""
        box, d = self.box, self.box.size
        h, e = _Side.of(rows.H * box, -rows.h), _Side.of(rows.E * box, -rows.e)
        soft = np.vstack([h.A, e.A, -e.A])
        G = np.column_stack([np.vstack([self._walls, soft]), np.r_[np.zeros(len(self._walls)), -np.ones(len(soft))]])
        right = np.concatenate([self._room, h.b, e.b, -e.b])
        E = np.column_stack([self.eq.A, np.zeros(len(self.eq.A))])
        size = max(1.0, float(np.abs(right[len(self._walls) :]).max(initial=0.0)))
        found = minimize(
            Program(np.diag(np.append(np.full(d, STILL), 0.0)), np.append(np.zeros(d), 1.0), G, right, E, self.eq.b),
            np.append(np.clip(0.0, self.low, self.high), size),
        )
        return found.u[:d]

    def move(self, a: Answer) -> Move:
        """An answer in the units of the problem; multipliers of the box itself are no one's."""
        m, d = self.model, self.box.size
        weights, high, low, ub, h = np.split(a.z, np.cumsum([self.live.size, d, d, self.ub.b.size]))
        eq, e = np.split(a.y, [self.eq.b.size])
        p = np.zeros(m.f.size)
        p[self.live] = weights / (float(weights.sum()) or 1.0)
        wall_low, wall_high = m.x - m.linear.lb <= self.box, m.linear.ub - m.x <= self.box
        multipliers = Multipliers(
            self.unit * ub / self.ub.unit,
            self.unit * eq / self.eq.unit,
            np.where(wall_low, self.unit * low / self.box, 0.0),
            np.where(wall_high, self.unit * high / self.box, 0.0),
        )
        lam = self.unit * h / _Side.of(m.rows.H * self.box, m.rows.h).unit
        nu = self.unit * e / _Side.of(m.rows.E * self.box, m.rows.e).unit
        return Move(a.u[:d] * self.box, p, multipliers, lam, nu, m.B)

    @property
    def _walls(self) -> Array:
        """The rows of the box and of X."""
        eye = np.eye(self.box.size)
        return np.vstack([eye, -eye, self.ub.A])

    @property
    def _room(self) -> Array:
        return np.concatenate([self.high, -self.low, self.ub.b])
