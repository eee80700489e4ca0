"""What a step is judged by: F_τ and the violation of the nonlinear constraints,

    φ(x) = τ·log Σ exp(f_i(x)/τ) + σ·v(x),     v = max(0, h_j/η_j, |e_j|/η_j)

τ falls with the decrease that the model predicts, τ·log n ≤ half of it: smooth enough to accept a full step along a
curved kink, and no temperature is ever solved for. σ exceeds the sum of the multipliers (an exact penalty).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..._linalg import all_finite
from ..._typing import Array
from ...operators import logsumexp
from .model import Rows

SHARE = 0.5  # τ·log n, of the predicted decrease of the max
LEAST = 0.1  # of that decrease is promised by the smoothed model in any case
PRICE = 1e-3  # of that decrease is what a unit of violation costs at least
FEASIBLE = 0.3  # of what a step gains in feasibility is gained in φ
NOISE = 10 * float(np.finfo(float).eps)


class Values(NamedTuple):
    """f and the constraints at a point, or as a model predicts them."""

    f: Array
    h: Array
    e: Array


@dataclass
class Merit:
    """σ and the units η of the constraints."""

    unit_h: Array
    unit_e: Array
    sigma: float = 0.0

    @classmethod
    def at(cls, rows: Rows, unit: Array) -> "Merit":
        """η_j = how much a unit step may change a constraint."""
        sizes = [np.abs(A) @ unit for A in (rows.H, rows.E)]
        h, e = (np.where(size > 0, size, 1.0) for size in sizes)
        return cls(h, e)

    def violation(self, at: Values) -> float:
        """v."""
        parts = np.concatenate([at.h / self.unit_h, np.abs(at.e) / self.unit_e])
        return max(float(parts.max(initial=0.0)), 0.0) if np.isfinite(parts).all() else np.inf

    def weigh(self, lam: Array, nu: Array) -> None:
        """σ above the multipliers, and falling towards them (Powell 1978): a large one keeps steps short."""
        least = 2 * float(lam @ self.unit_h + np.abs(nu) @ self.unit_e)
        self.sigma = max(least, (self.sigma + least) / 2)

    def promise(self, old: Values, model: Values, curvature: float, faint: float) -> "Promise":
        """What a step is expected to gain in φ; `model` is linear, ½ sᵀBs = `curvature`, `faint` counts as rounding."""
        before, after = self.violation(old), self.violation(model)
        predicted = float(old.f.max() - model.f.max()) - curvature
        self.sigma = max(self.sigma, PRICE * predicted)
        if predicted < 0 < before - after:
            self.sigma = max(self.sigma, -predicted / ((1 - FEASIBLE) * (before - after)))
        tau = SHARE * abs(predicted) / np.log(max(old.f.size, 2))
        start = soft(old.f, tau)
        smoothed = start - soft(model.f, tau) - curvature
        gain = max(smoothed, LEAST * predicted) if predicted > 0 else smoothed
        noise = NOISE * (abs(float(old.f.max())) + self.sigma * before) + faint
        return Promise(tau, start + self.sigma * before, gain + self.sigma * (before - after), noise)

    def ratio(self, promise: "Promise", new: Values) -> float:
        """What a step gains over what was promised; a corrected step is held to the promise of the one it corrects."""
        if not all_finite(*new) or promise.gain <= -promise.noise:
            return -np.inf
        gained = promise.start - soft(new.f, promise.tau) - self.sigma * self.violation(new)
        return (gained + promise.noise) / (promise.gain + promise.noise)


class Promise(NamedTuple):
    """τ, φ at the site, the gain that the model predicts, and what of it may be rounding."""

    tau: float
    start: float
    gain: float
    noise: float


def soft(f: Array, tau: float) -> float:
    """τ·log Σ exp(f_i/τ), the maximum for τ = 0 and where τ is beyond the numbers."""
    return float(logsumexp(f, tau=tau)) if 0 < tau < np.inf else float(f.max())
