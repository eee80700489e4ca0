"""One primal–dual step as an operator, and points that carry their products along.

    T(x, p) = (x⁺, p⁺),      x⁺ = P_X(x − (η/ω) S² Aᵀp),      p⁺ = P_Δ(p + ηω (2F(x⁺) − F(x))),      η‖A S‖ < 1

nonexpansive in ω‖dx‖²_{S⁻²} + ‖dp‖²/ω − 2η⟨A dx, dp⟩ (Chambolle, Pock 2011). Both products are affine, so a combination
of points has its products without another pass. ‖A S‖ is taken over differences of strategies, whatever is added to A.
"""

from dataclasses import dataclass

import numpy as np

from ..._typing import Array
from ...domains import Box, Domain, Simplex
from ...problem import Minimax
from ..base import Task
from .proof import Pair

SAFE = 0.95  # of the step that the estimated norm allows
POWER = 15  # power iterations for the norm
SMOOTHING = 0.5  # of the logarithm of the primal weight
STILL = 1e-14  # a side that has moved less says nothing about the weight
TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True)
class Spot:
    """A point of both sides with its products: x, F(x), p, Aᵀp, in units of f."""

    x: Array
    f: Array
    p: Array
    g: Array

    def mixed(self, a: float, other: "Spot", b: float) -> "Spot":
        """a·self + b·other, where a + b = 1."""
        return Spot(
            a * self.x + b * other.x, a * self.f + b * other.f, a * self.p + b * other.p, a * self.g + b * other.g
        )


@dataclass
class Steps:
    """The operator T, with its step and primal weight."""

    problem: Minimax
    task: Task
    S: Array  # diagonal metric of x: how far each coordinate may move
    unit: float
    eta: float
    omega: float

    @classmethod
    def of(cls, problem: Minimax, task: Task) -> "Steps | None":
        """The norm of A by power iteration, on differences of strategies; None where A is zero there."""
        n, d, domain = problem.n, problem.d, problem.domain
        simplex = isinstance(domain, Simplex)
        S = _extent(domain)
        v = _centred(task.rng.standard_normal(d), simplex)
        unit = float(np.abs(task.first.jvp(S * v)).max())
        if not (unit > 0 and np.isfinite(unit)):
            return None
        norm = 0.0
        for _ in range(POWER):
            u = _centred(task.first.jvp(S * v / max(float(np.linalg.norm(v)), TINY)) / unit, True)
            v = _centred(S * task.first.vjp(u) / unit, simplex)
            norm = float(np.sqrt(np.linalg.norm(v)))
        size = 1.0 / np.sqrt(d) if simplex else 0.5 * np.sqrt(np.count_nonzero(S))
        return cls(problem, task, S, unit, SAFE / norm, 1.0 / (np.sqrt(n) * size)) if norm > 0 else None

    def spot(self, pair: Pair) -> Spot:
        """A pair in units."""
        return Spot(pair.lin.x, pair.lin.f / self.unit, pair.p, pair.g / self.unit)

    def apply(self, z: Spot) -> tuple[Pair, Spot]:
        """T(z): two passes."""
        x = np.asarray(self.problem.domain.project(z.x - self.eta / self.omega * self.S * (self.S * z.g)))
        lin = self.problem.at(x, self.task.meter)
        ahead = 2.0 * (lin.f / self.unit) - z.f
        p = Simplex(self.problem.n).project(z.p + self.eta * self.omega * ahead)
        pair = Pair(lin, p, lin.vjp(p))
        return pair, self.spot(pair)

    def moved(self, a: Spot, b: Spot) -> tuple[float, float]:
        """(‖x_a − x_b‖ in the metric S, ‖p_a − p_b‖)."""
        dx = np.divide(a.x - b.x, self.S, where=self.S > 0, out=np.zeros(a.x.size))
        return float(np.linalg.norm(dx)), float(np.linalg.norm(a.p - b.p))

    def residual(self, a: Spot, b: Spot) -> float:
        """‖a − b‖ in the metric of the step; where that is no norm, the step was too long and is shortened."""
        dx, dp = self.moved(a, b)
        square = self.omega * dx * dx + dp * dp / self.omega
        cross = 2.0 * self.eta * float((a.f - b.f) @ (a.p - b.p))
        if cross > square * (1 + 1e-9):
            self.eta *= 0.8
        return float(np.sqrt(max(square - cross, 0.0)))

    def reweigh(self, a: Spot, b: Spot) -> None:
        """ω towards the ratio of how far the two sides have moved since the last restart."""
        dx, dp = self.moved(a, b)
        if dx > STILL and dp > STILL:
            self.omega = float(np.exp(SMOOTHING * np.log(dp / dx) + (1 - SMOOTHING) * np.log(self.omega)))


def _centred(v: Array, really: bool) -> Array:
    """v less its mean: differences of points of a simplex sum to zero."""
    return v - v.mean() if really else v


def _extent(domain: Domain) -> Array:
    """How far each coordinate may move."""
    if isinstance(domain, Simplex):
        return np.full(domain.d, domain.total)
    assert isinstance(domain, Box)
    return np.asarray(domain.ub - domain.lb)
