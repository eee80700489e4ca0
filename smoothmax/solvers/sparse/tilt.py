"""F_τ and its weights from component values alone, and how far to go along a line of them.

F_τ = τ·log Σ w_i exp(f_i/τ),   p = softmax of f/τ + log w;      f(x + t·dx) = f + t·J dx for affine f
"""

import math

import numpy as np

from ..._typing import Array

EPS = float(np.finfo(float).eps)
FADED = 60.0  # components this many τ below the max weigh less than 1e-26
FLAT = 0.3  # the share of the slope at which a line search is content
FAR = 1e12
TRIALS = 60


class Tilt:
    """F_τ at values z = f + τ·log w: `fun`, and the weights of the rows that show."""

    def __init__(self, z: Array, tau: float) -> None:
        self.z, self.tau = z, tau
        top = float(z.max())
        self.rows = np.flatnonzero(z > top - FADED * tau)
        e = np.exp((z[self.rows] - top) / tau)
        total = float(e.sum())
        self.fun = top + tau * math.log(total) if total > 0 else math.nan  # beyond the numbers
        self.weights = e / total if total > 0 else e
        self.noise = 16 * EPS * (abs(self.fun) + abs(top) + tau)

    @property
    def p(self) -> Array:
        """All n weights."""
        p = np.zeros(self.z.size)
        p[self.rows] = self.weights
        return p

    def ahead(self, change: Array, t: float) -> "Tilt":
        """The same at f + t·change."""
        return Tilt(self.z + t * change, self.tau)

    def slope(self, change: Array) -> float:
        """⟨p, change⟩."""
        return float(self.weights @ change[self.rows])

    def search(self, change: Array, longest: float = math.inf) -> float:
        """t > 0 where F_τ has not risen and its slope has fallen to FLAT of what it was; 0 where rounding leaves none.

        Bisection between a point before the minimum and one behind it, or threefold expansion until there is one; no
        farther than `longest` ≥ 1.
        """
        start = self.slope(change)
        low, high, t = 0.0, math.inf, 1.0
        if not start < 0:
            return 0.0
        for _ in range(TRIALS):
            at = self.ahead(change, t)
            slope = at.slope(change)
            below = at.fun <= self.fun + self.noise
            if below and abs(slope) <= FLAT * abs(start):
                return t
            if below and slope < 0 and t >= longest:
                return t
            if below and slope < 0:
                low, t = t, min(3 * t, longest) if math.isinf(high) else (t + high) / 2
            else:
                high = t
                share = abs(start) / (abs(start) + abs(slope)) if math.isfinite(slope) else 0.0
                t = low + (high - low) * min(0.5, max(0.1, share))
            if low > FAR:
                break
        return low
