"""The walls of a domain, {G x ≤ h, E x = e}, as Newton's method sees them: a primal–dual logarithmic barrier.

    −μ Σ (log s_i − s_i/R_i),   its gradient Gᵀ(μ/s − μ/R),   its primal–dual Hessian Gᵀ diag(λ/s) G,   s = h − G x > 0

(Nocedal and Wright 2006, chapter 19; the multipliers λ follow their own Newton step and stay positive.) The linear term
keeps a half-open wall from pushing x to infinity where f does not hold it (Wächter and Biegler 2006, section 3.7): in
such a direction the slack settles at its reach R, and its share in λ fades with μ. R = ∞ between two walls. Round walls
(`spheres`) come last among the rows of G, which then depends on x, and add their own curvature to the Hessian.
"""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from ..._linalg import Factor, dense
from ..._typing import Array, Matrix
from ...certificate import Multipliers
from ...domains import Linear, Sphere
from .equalities import Equalities
from .spheres import Spheres

REACH = 10.0  # in units of the first slack and of how far a variable has to go to change f by its spread
TO_BOUNDARY = 0.995  # a step keeps at least 1 − TO_BOUNDARY of every slack
FREE = 1e-13  # least eigenvalues of the equilibrated system, relative to the largest
WALLED = 1e-16  # the same where walls stretch it, and rounding must not fill it
DENSE = 1 << 22  # entries up to which sparse rows are multiplied as dense ones
HELD = 1e-9  # relative: what an equality may be off at a point that counts as inside


class Walls:
    """G x ≤ h (bounds and rows in one list, `count` of them), E x = e, and the multipliers λ of G on their way."""

    def __init__(self, linear: Linear, d: int, spheres: Sequence[Sphere] = ()) -> None:
        self.still = fixed = linear.lb == linear.ub
        self.low = np.isfinite(linear.lb) & ~fixed
        self.high = np.isfinite(linear.ub) & ~fixed
        self.lb, self.ub, self.d = linear.lb, linear.ub, d
        self.A = dense(linear.A_ub) if _small(linear.A_ub) else linear.A_ub
        self.b = np.zeros(0) if linear.b_ub is None else linear.b_ub
        equal = np.zeros(0) if linear.b_eq is None else linear.b_eq
        self.n_eq = equal.size
        self.fixed = bool(fixed.all())  # X is one point
        self.held: Equalities | None = None
        if equal.size or fixed.any():
            E = np.zeros((equal.size + int(fixed.sum()), d))
            E[: self.n_eq] = 0.0 if linear.A_eq is None else dense(linear.A_eq)
            E[np.arange(self.n_eq, E.shape[0]), np.flatnonzero(fixed)] = 1.0
            self.held = Equalities(E, np.concatenate([equal, linear.lb[fixed]]))
        self.round = Spheres(spheres)
        self.ends = np.cumsum([self.low.sum(), self.high.sum(), self.b.size])  # of the linear walls of each kind
        self.count = int(self.ends[-1]) + self.round.count
        open_rows = np.r_[np.ones(self.b.size, bool), np.zeros(self.round.count, bool)]
        self.half = np.concatenate([~self.high[self.low], ~self.low[self.high], open_rows])
        if (linear.lb > -np.inf).all() and (linear.ub < np.inf).all():
            self.half[:] = False
        self.lam = self.next = self.lean = np.zeros(self.count)
        self.near = np.zeros(self.count)  # 1/R
        self.nu = np.zeros(0 if self.held is None else self.held.m)

    def slack(self, x: Array) -> Array:
        """h − G x."""
        rows = np.zeros(0) if self.A is None else self.b - self.A @ x
        return np.concatenate([(x - self.lb)[self.low], (self.ub - x)[self.high], rows, self.round.slack(x)])

    def along(self, x: Array, v: Array) -> Array:
        """G v."""
        rows = np.zeros(0) if self.A is None else self.A @ v
        return np.concatenate([-v[self.low], v[self.high], rows, self.round.along(x, v)])

    def pull(self, x: Array, lam: Array) -> Array:
        """Gᵀλ."""
        low, high, rows, curved = np.split(lam, self.ends)
        out = np.zeros(self.d)
        out[self.low] -= low
        out[self.high] += high
        self.round.pull(x, curved, out)
        return out if self.A is None else out + self.A.T @ rows

    def matrix(self, x: Array) -> Array:
        """Gᵀ diag(λ/s) G, and λ/r of the round walls."""
        if not self.count:
            return np.zeros((self.d, self.d))
        ratio = self.lam / self.slack(x)
        low, high, rows, curved = np.split(ratio, self.ends)
        diagonal = np.zeros(self.d)
        diagonal[self.low] += low
        diagonal[self.high] += high
        M = np.diag(diagonal)
        self.round.bend(x, self.lam[self.ends[-1] :], curved, M)
        if self.A is None:
            return M
        if sp.issparse(self.A):
            return M + dense(self.A.T @ sp.diags_array(rows) @ self.A)
        return M + (self.A.T * rows) @ self.A

    def value(self, x: Array, mu: float) -> float:
        """−μ Σ (log s − s/R)."""
        if not self.count:
            return 0.0
        s = self.slack(x)
        return mu * float(self.near @ s - np.log(s).sum())

    def gradient(self, x: Array, mu: float) -> Array:
        """Gᵀ(μ/s − μ/R)."""
        return self.pull(x, mu * (1.0 / self.slack(x) - self.near)) if self.count else np.zeros(self.d)

    def slope(self, x: Array, dx: Array, mu: float) -> float:
        """The barrier's derivative along dx."""
        return mu * float((1.0 / self.slack(x) - self.near) @ self.along(x, dx)) if self.count else 0.0

    def longest(self, x: Array, dx: Array) -> float:
        """The step that keeps 1 − TO_BOUNDARY of every slack."""
        if not self.count:
            return np.inf
        closing = (self.along(x, dx) / self.slack(x))[: self.ends[-1]]
        worst = float(closing.max(initial=0.0))
        straight = TO_BOUNDARY / worst if worst > 0 else np.inf
        return min(straight, self.round.longest(x, dx, 1 - TO_BOUNDARY))

    def inside(self, x: Array, core: Array) -> Array:
        """x, drawn towards an interior point until every slack is a thousandth of that point's."""
        if not self.count:
            return x
        room, have = self.slack(core), self.slack(x)
        need = 1e-3 * room
        short = have < need
        if not short.any() or self.lam.any():  # later stages continue from an interior point
            return x
        theta = float(np.max((need - have)[short] / (room - have)[short]))
        return np.asarray(x + min(1.0, theta) * (core - x))

    def settle(self, x: Array) -> Array:
        """Remove what rounding left of E x = e."""
        if self.held is None:
            return x
        room = np.full(self.d, np.inf)
        room[self.low] = (x - self.lb)[self.low]
        room[self.high] = np.minimum(room, self.ub - x)[self.high]
        return np.where(self.still, self.lb, self.held.settle(x, room))

    def solve(self, M: Array, r: Array, x: Array) -> tuple[Array, Array]:
        """(u, ν) with M u + Eᵀν = r and E (x + u) = e."""
        floor = WALLED if self.count else FREE
        if self.held is None:
            return Factor(M, floor)(r), np.zeros(0)
        return self.held.solve(M, r, self.held.missing(x), floor, walls=self.count > 0)

    def reach(self, x: Array, size: Array) -> None:
        """R of the half-open walls, from the first slack and the size of the variables."""
        if self.half.any():
            rows = np.zeros(0) if self.A is None else abs(self.A) @ size
            G = np.concatenate([size[self.low], size[self.high], rows, np.zeros(self.round.count)])
            self.near = np.where(self.half, 1.0 / (REACH * (self.slack(x) + G)), 0.0)

    def begin(self, x: Array, mu: float) -> None:
        """Multipliers at the start of a stage: μ/s at first, afterwards kept within a factor of it."""
        if self.count:
            central = mu / self.slack(x)
            self.lam = central if not self.lam.any() else np.clip(self.lam, 1e-3 * central, 1e8 * central)

    def predict(self, x: Array, dx: Array, nu: Array, mu: float) -> None:
        """λ⁺ = μ/s + (λ/s)∘G dx, and ν."""
        s = self.slack(x)
        self.next = (mu + self.lam * self.along(x, dx)) / s
        self.nu, self.lean = nu, mu * self.near

    def update(self, t: float) -> None:
        """Move λ towards λ⁺ as far as it stays positive."""
        if self.count:
            step = self.next - self.lam
            falling = step < 0
            longest = float(np.min(-self.lam[falling] / step[falling], initial=np.inf))
            self.lam = self.lam + min(1.0, TO_BOUNDARY * longest) * step

    def multipliers(self) -> Multipliers | None:
        """λ⁺ − μ/R (its positive part) in the form the certificate takes."""
        if not self.ends[-1] and self.held is None:
            return None
        low, high, rows, _ = np.split(np.maximum(self.next - self.lean, 0.0), self.ends)
        lower, upper = np.zeros(self.d), np.zeros(self.d)
        lower[self.low], upper[self.high] = low, high
        fixed = self.nu[self.n_eq :]
        if fixed.size:
            place = np.flatnonzero(self.still)
            lower[place], upper[place] = np.maximum(-fixed, 0), np.maximum(fixed, 0)
        return Multipliers(rows, self.nu[: self.n_eq].copy(), lower, upper)


@np.errstate(over="ignore")
def core(linear: Linear, x: Array) -> Array:
    """The domain's start x, moved off a bound that it lies on (a half-open interval has no midpoint)."""
    away, wide = np.maximum(1.0, np.abs(x)), linear.lb < linear.ub
    x = np.where(wide & (x <= linear.lb), linear.lb + away, x)
    return np.where(wide & (x >= linear.ub), linear.ub - away, x)


@np.errstate(all="ignore")
def interior(linear: Linear, x: Array) -> bool:
    """Every slack at x is positive, but for those of fixed variables, and the equalities hold."""
    wide = linear.lb < linear.ub
    inside = bool(np.all(~wide | ((linear.lb < x) & (x < linear.ub))))
    if linear.A_eq is not None and linear.b_eq is not None:
        size = abs(linear.A_eq) @ np.abs(x) + np.abs(linear.b_eq)
        inside = inside and bool(np.all(np.abs(linear.A_eq @ x - linear.b_eq) <= HELD * size))
    return inside and (linear.A_ub is None or bool(np.all(linear.A_ub @ x < linear.b_ub)))


def _small(A: Matrix) -> bool:
    return A is not None and A.shape[0] * A.shape[1] <= DENSE
