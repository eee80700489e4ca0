"""Newton's method on the KKT system of the active rows, with the whole curvature B (indefinite, if it is):

    ⎡ B   J_Aᵀ  Gᵀ  0 ⎤ ⎡ s ⎤   ⎡   0   ⎤
    ⎢ J_A  0    0  −1 ⎥ ⎢ p ⎥ = ⎢ −f_A  ⎥       G s = room: the active constraints, linear and linearized
    ⎢ G    0    0   0 ⎥ ⎢ λ ⎥   ⎢ room  ⎥
    ⎣ 0    1ᵀ   0   0 ⎦ ⎣ t ⎦   ⎣   1   ⎦

The model's own step has lost the negative part of B, and with it the fast convergence. The step of the equations has
not, and takes its place where it solves the model: positive curvature along the active rows, p ≥ 0 and λ ≥ 0 (rows
whose sign is wrong leave), no other row violated, inside the box (Nocedal and Wright 2006, section 18.1).
"""

from typing import NamedTuple

import numpy as np

from ..._linalg import all_finite, least_squares
from ..._typing import Array, Index
from ..active import ActiveWalls
from .model import Model, Move

SHOWS = 1e-8  # weight, relative to the largest, from which a row counts as active
SLACK = 1e-9  # relative
INDEPENDENT = 1e-9  # least singular value of active rows of unit norm
CHANGES = 8  # rows that may leave


class Solution(NamedTuple):
    """What the equations say: s, p of the live components, λ of the active constraints, and the common value t."""

    s: Array
    p: Array
    lam: Array
    t: float


def solve_active(model: Model, B: Array, move: Move, box: Array) -> Move | None:
    """The step of the equations with the rows that are active in `move`; None where it does not solve the model."""
    active = _Active(model, B, move, box)
    for _ in range(CHANGES):
        if not (active.live.size and active.count <= 2 * box.size + 2 and active.positive()):
            return None
        found = active.solve()
        if found is None:
            return None
        if not active.drop_worst(found):
            return active.moved(found) if active.feasible(found) else None
    return None


class _Active:
    """Components `live`, and constraints: inequalities of X, of h, then equations; all in the units of the box."""

    def __init__(self, model: Model, B: Array, move: Move, box: Array) -> None:
        self.model, self.B, self.box = model, B, box
        self.live: Index = np.flatnonzero(move.p > SHOWS * move.p.max())
        self.walls = ActiveWalls(model.linear, move.multipliers, model.x.size)
        self.rows: Index = np.flatnonzero(move.lam > SHOWS * move.lam.max(initial=0.0))
        self.unit = float(np.abs(model.J[self.live] * box).sum(axis=1).max()) or 1.0
        self.S = box[:, None] * B * (box / self.unit)

    @property
    def count(self) -> int:
        """Rows."""
        return self.live.size + self.one_way + self.model.rows.e.size

    @property
    def one_way(self) -> int:
        """Constraints with λ ≥ 0."""
        return self.walls.inequalities + self.rows.size

    def constraints(self) -> tuple[Array, Array, Array]:
        """(G, room, norm): rows of unit norm, and what they were divided by."""
        G, room = self.walls.system(self.model.x)
        n, r = self.walls.inequalities, self.model.rows
        G = np.vstack([G[:n], r.H[self.rows], G[n:], r.E]) * self.box
        norm = np.abs(G).sum(axis=1)
        norm = np.where(norm > 0, norm, 1.0)
        return G / norm[:, None], np.concatenate([room[:n], -r.h[self.rows], room[n:], -r.e]) / norm, norm

    def positive(self) -> bool:
        """B is positive definite along the active rows."""
        J = self.model.J[self.live] * (self.box / self.unit)
        rows = np.vstack([J - J.mean(axis=0), self.constraints()[0]])
        if not all_finite(rows, self.S):
            return False
        _, sizes, Vt = np.linalg.svd(rows)
        Z = Vt[int(np.count_nonzero(sizes > INDEPENDENT * sizes.max(initial=0.0))) :]
        return not Z.size or bool(np.linalg.eigvalsh(Z @ self.S @ Z.T)[0] > 0)

    def solve(self) -> Solution | None:
        """The equations by least squares, since active rows may depend on each other; None where they contradict."""
        G, room, norm = self.constraints()
        d, k = self.box.size, self.live.size
        K = np.zeros((d + k + len(G) + 1, d + k + len(G) + 1))
        K[:d, :d] = self.S
        K[d : d + k, :d], K[d : d + k, -1] = self.model.J[self.live] * (self.box / self.unit), -1.0
        K[d + k : -1, :d], K[-1, d : d + k] = G, -1.0
        K[:d, d:-1] = K[d:-1, :d].T
        f = self.model.f
        right = np.concatenate([np.zeros(d), (f.max() - f[self.live]) / self.unit, room, [-1.0]])
        if not all_finite(K, right):
            return None
        z = least_squares(K, right, 1e-13)
        if not np.abs(K @ z - right).max() <= SLACK * max(1.0, float(np.abs(right).max())):
            return None
        lam = self.unit * z[d + k : -1] / norm
        return Solution(z[:d] * self.box, z[d : d + k], lam, float(f.max()) + self.unit * float(z[-1]))

    def drop_worst(self, found: Solution) -> bool:
        """The row with the most negative weight or multiplier leaves; False where none is negative."""
        lam = found.lam[: self.one_way]
        signs = np.concatenate([found.p, lam / max(self.unit, float(np.abs(found.lam).max(initial=0.0)))])
        worst, k, n = int(np.argmin(signs)), self.live.size, self.walls.inequalities
        if signs[worst] >= -SLACK:
            return False
        if worst < k:
            self.live = np.delete(self.live, worst)
        elif worst < k + n:
            self.walls.drop(worst - k)
        else:
            self.rows = np.delete(self.rows, worst - k - n)
        return True

    def feasible(self, found: Solution) -> bool:
        """The step satisfies what was left out."""
        s, m, box = found.s, self.model, self.box
        if np.any(np.abs(s) > box * (1 + SLACK)) or np.max(m.f + m.J @ s) > found.t + SLACK * self.unit:
            return False
        linear, y = m.linear, m.x + s
        inside = np.all(y <= linear.ub + SLACK * box) and np.all(y >= linear.lb - SLACK * box)
        if linear.A_ub is not None and linear.b_ub is not None:
            reach = abs(linear.A_ub) @ (np.abs(m.x) + box)
            inside = inside and np.all(linear.A_ub @ y <= linear.b_ub + SLACK * reach)
        return bool(inside and np.all(m.rows.after(s)[0] <= SLACK * (np.abs(m.rows.H) @ box)))

    def moved(self, found: Solution) -> Move:
        """The step with its weights and multipliers in their places."""
        m, n, k = self.model, self.walls.inequalities, self.rows.size
        weights, inequality = np.zeros(m.f.size), np.zeros(m.rows.h.size)
        weights[self.live] = np.maximum(found.p, 0.0)
        inequality[self.rows] = np.maximum(found.lam[n : n + k], 0.0)
        end = found.lam.size - m.rows.e.size
        self.walls.lam = np.concatenate([found.lam[:n], found.lam[n + k : end]])
        return Move(found.s, weights / weights.sum(), self.walls.multipliers(), inequality, found.lam[end:], self.B)
