"""The walls of a linear domain, {G x ≤ h, E x = e}, as Newton's method sees them: a primal–dual logarithmic barrier.

    −μ Σ log(h − G x),    its gradient Gᵀ(μ/s),    its primal–dual Hessian Gᵀ diag(λ/s) G,    s = h − G x > 0

(Nocedal and Wright 2006, chapter 19; the multipliers λ follow their own Newton step and stay positive.)
"""

from typing import Any

import numpy as np

from .._typing import Array
from ..certificate import Multipliers
from ..domains import Linear

TO_BOUNDARY = 0.995  # a step keeps at least 1 − TO_BOUNDARY of every slack


class Walls:
    """G x ≤ h (bounds and rows in one list, `count` of them), E x = e, and the multipliers λ of G on their way."""

    def __init__(self, linear: Linear, d: int) -> None:
        fixed = linear.lb == linear.ub
        self.low = np.isfinite(linear.lb) & ~fixed
        self.high = np.isfinite(linear.ub) & ~fixed
        self.lb, self.ub, self.d = linear.lb, linear.ub, d
        self.A = None if linear.A_ub is None else _dense(linear.A_ub)
        self.b = np.zeros(0) if linear.b_ub is None else linear.b_ub
        parts = [] if linear.A_eq is None else [(_dense(linear.A_eq), linear.b_eq)]
        self.n_eq = parts[0][0].shape[0] if parts else 0
        if fixed.any():
            parts.append((np.eye(d)[fixed], linear.lb[fixed]))
        self.E = np.vstack([E for E, _ in parts]) if parts else None
        self.e = np.concatenate([np.asarray(e) for _, e in parts]) if parts else np.zeros(0)
        self.count = int(self.low.sum() + self.high.sum()) + (0 if self.A is None else self.A.shape[0])
        self.lam = self.next = np.zeros(self.count)
        self.nu = np.zeros(self.e.size)

    def slack(self, x: Array) -> Array:
        """h − G x."""
        rows = np.zeros(0) if self.A is None else self.b - self.A @ x
        return np.concatenate([(x - self.lb)[self.low], (self.ub - x)[self.high], rows])

    def along(self, v: Array) -> Array:
        """G v."""
        rows = np.zeros(0) if self.A is None else self.A @ v
        return np.concatenate([-v[self.low], v[self.high], rows])

    def pull(self, lam: Array) -> Array:
        """Gᵀλ."""
        a, b = int(self.low.sum()), int(self.high.sum())
        out = np.zeros(self.d)
        out[self.low] -= lam[:a]
        out[self.high] += lam[a : a + b]
        return out if self.A is None else out + self.A.T @ lam[a + b :]

    def matrix(self, x: Array) -> Array:
        """Gᵀ diag(λ/s) G."""
        if not self.count:
            return np.zeros((self.d, self.d))
        ratio = self.lam / self.slack(x)
        a, b = int(self.low.sum()), int(self.high.sum())
        diagonal = np.zeros(self.d)
        diagonal[self.low] += ratio[:a]
        diagonal[self.high] += ratio[a : a + b]
        M = np.diag(diagonal)
        return M if self.A is None else M + (self.A.T * ratio[a + b :]) @ self.A

    def value(self, x: Array, mu: float) -> float:
        """−μ Σ log s."""
        return -mu * float(np.log(self.slack(x)).sum()) if self.count else 0.0

    def gradient(self, x: Array, mu: float) -> Array:
        """Gᵀ(μ/s)."""
        return self.pull(mu / self.slack(x)) if self.count else np.zeros(self.d)

    def slope(self, x: Array, dx: Array, mu: float) -> float:
        """The barrier's derivative along dx."""
        return float((mu / self.slack(x)) @ self.along(dx)) if self.count else 0.0

    def longest(self, x: Array, dx: Array) -> float:
        """The step that keeps 1 − TO_BOUNDARY of every slack."""
        if not self.count:
            return np.inf
        closing = self.along(dx) / self.slack(x)
        worst = float(closing.max())
        return TO_BOUNDARY / worst if worst > 0 else np.inf

    def interior(self, x: Array) -> bool:
        """Every slack is positive."""
        return not self.count or bool(self.slack(x).min() > 0)

    def core(self, x: Array) -> Array:
        """The domain's start x, moved off a bound that it lies on (a half-open interval has no midpoint)."""
        away = np.maximum(1.0, np.abs(x))
        x = np.where(self.low & (x <= self.lb), self.lb + away, x)
        return np.where(self.high & (x >= self.ub), self.ub - away, x)

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
        """Remove what rounding left of E x = e, each coordinate in proportion to its room."""
        if self.E is None:
            return x
        room = np.ones(self.d)
        room[self.low] = np.minimum(room[self.low], (x - self.lb)[self.low])
        room[self.high] = np.minimum(room[self.high], (self.ub - x)[self.high])
        W = room[:, None] * self.E.T
        return np.asarray(x + W @ np.linalg.lstsq(self.E @ W, self.e - self.E @ x, rcond=None)[0])

    def begin(self, x: Array, mu: float) -> None:
        """Multipliers at the start of a stage: μ/s at first, afterwards kept within a factor of it."""
        if self.count:
            central = mu / self.slack(x)
            self.lam = central if not self.lam.any() else np.clip(self.lam, 1e-3 * central, 1e8 * central)

    def predict(self, x: Array, dx: Array, nu: Array, mu: float) -> None:
        """λ⁺ = μ/s + (λ/s)∘G dx, and ν."""
        s = self.slack(x)
        self.next = (mu + self.lam * self.along(dx)) / s
        self.nu = nu

    def update(self, t: float) -> None:
        """Move λ towards λ⁺ as far as it stays positive."""
        if self.count:
            step = self.next - self.lam
            falling = step < 0
            longest = float(np.min(-self.lam[falling] / step[falling], initial=np.inf))
            self.lam = self.lam + min(1.0, TO_BOUNDARY * longest) * step

    def multipliers(self) -> Multipliers | None:
        """λ⁺ (its positive part) in the form the certificate takes."""
        if not self.count and self.E is None:
            return None
        lam = np.maximum(self.next, 0.0)
        a, b = int(self.low.sum()), int(self.high.sum())
        lower, upper = np.zeros(self.d), np.zeros(self.d)
        lower[self.low], upper[self.high] = lam[:a], lam[a : a + b]
        fixed = self.nu[self.n_eq :]
        if fixed.size:
            place = np.flatnonzero(self.lb == self.ub)
            lower[place], upper[place] = np.maximum(-fixed, 0), np.maximum(fixed, 0)
        return Multipliers(lam[a + b :], self.nu[: self.n_eq].copy(), lower, upper)


def _dense(A: Any) -> Array:
    return np.asarray(A.toarray() if hasattr(A, "toarray") else A, dtype=np.float64)
