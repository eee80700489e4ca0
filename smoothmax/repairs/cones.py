"""What may balance Jᵀp: the multipliers of a linear domain while they move along, or the normal of a curved one."""

from dataclasses import dataclass

import numpy as np

from .._linalg import dense
from .._typing import Array
from ..certificate import Multipliers
from ..components import Linearization
from ..domains import Linear
from ..inner import linear_part
from ..problem import Minimax
from .multipliers import estimate_multipliers

ESTIMATE = 500  # variables up to which multipliers of a bounded domain are estimated to sharpen its bound


@dataclass
class Normal:
    """A curved domain: the part of Jᵀp that its normal cone at x absorbs, held fixed."""

    part: Array
    lift: float = 1.0
    multipliers: None = None

    def any(self) -> bool:
        """Nothing moves."""
        return False

    def pull(self) -> Array:
        """What leaves the rest to be repaired."""
        return -self.part

    def size(self) -> Array:
        """Its size."""
        return np.abs(self.part)

    def matrix(self) -> Array:
        """No curvature of its own."""
        return np.zeros((self.part.size, self.part.size))

    def shrinks(self, u: Array) -> float:
        """Nothing shrinks."""
        return 0.0

    def move(self, u: Array) -> None:
        """Nothing moves."""


class Cone:
    """The multipliers of a linear domain while they are being repaired."""

    def __init__(self, linear: Linear, multipliers: Multipliers, d: int) -> None:
        self.linear, self.multipliers, self.d = linear, multipliers, d
        self.lift = 1.0  # the scale at which equalities enter the matrix

    def any(self) -> bool:
        """There is a multiplier that can move."""
        m, linear = self.multipliers, self.linear
        return linear.A_eq is not None or any(part.any() for part in (m.ub, m.lower, m.upper))

    def pull(self) -> Array:
        """A_ubᵀλ + A_eqᵀν + λ_upper − λ_lower."""
        total = np.zeros(self.d)
        m = self.multipliers
        if self.linear.A_ub is not None:
            total += self.linear.A_ub.T @ m.ub
        if self.linear.A_eq is not None:
            total += self.linear.A_eq.T @ m.eq
        return total + m.upper - m.lower

    def size(self) -> Array:
        """The same with absolute values."""
        total = np.zeros(self.d)
        m = self.multipliers
        if self.linear.A_ub is not None:
            total += abs(self.linear.A_ub).T @ m.ub
        if self.linear.A_eq is not None:
            total += abs(self.linear.A_eq).T @ np.abs(m.eq)
        return total + m.upper + m.lower

    def matrix(self) -> Array:
        """Gᵀ diag(λ) G over inequalities and bounds, plus EᵀE at the scale of the multipliers."""
        M = np.zeros((self.d, self.d))
        m = self.multipliers
        if self.linear.A_ub is not None:
            G = dense(self.linear.A_ub)
            M += (G.T * m.ub) @ G
        if self.linear.A_eq is not None:
            E = dense(self.linear.A_eq)
            M += self.lift * (E.T @ E)
        return M + np.diag(m.upper + m.lower)

    def shrinks(self, u: Array) -> float:
        """The largest relative decrease of a multiplier under λ ← λ∘(1 + G u)."""
        m, rows = self.multipliers, self.linear.A_ub
        falls = [-u[m.upper > 0], u[m.lower > 0], np.zeros(1) if rows is None else -(rows @ u)[m.ub > 0]]
        return float(max(fall.max(initial=0.0) for fall in falls))

    def move(self, u: Array) -> None:
        """λ ← λ∘(1 + G u), ν ← ν + E u."""
        m, linear = self.multipliers, self.linear
        ub = m.ub if linear.A_ub is None else m.ub * (1 + linear.A_ub @ u)
        eq = m.eq if linear.A_eq is None else m.eq + self.lift * (linear.A_eq @ u)
        self.multipliers = Multipliers(ub, eq, m.lower * (1 - u), m.upper * (1 + u))


def cone_at(problem: Minimax, lin: Linearization, p: Array, multipliers: Multipliers | None) -> Cone | Normal | None:
    """What may balance Jᵀp; None where any weights prove a bound and a sharper one would cost more than it is worth."""
    linear, domain, g = linear_part(problem), problem.domain, lin.vjp(p)
    if not np.isfinite(g).all():
        return None
    dear = getattr(domain, "bounded", False) and problem.d > ESTIMATE
    if linear is not None:
        if multipliers is None and dear:
            return None
        return Cone(linear, multipliers or estimate_multipliers(linear, lin.x, g), problem.d)
    normal = getattr(domain, "normal", None)
    return None if normal is None or dear else Normal(np.asarray(normal(lin.x, g)))
