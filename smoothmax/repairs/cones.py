"""What may balance Jᵀp: the multipliers of linear walls, which move along, and the normal of a curved domain."""

import numpy as np

from .._linalg import dense
from .._typing import Array
from ..certificate import Multipliers
from ..components import Linearization
from ..domains import Free, Linear, walls_of
from ..problem import Minimax
from .multipliers import estimate_multipliers

ESTIMATE = 500  # variables up to which multipliers of a bounded domain are estimated to sharpen its bound


class Cone:
    """The multipliers of linear walls while they are being repaired; `normal` is held fixed."""

    def __init__(self, linear: Linear, multipliers: Multipliers, normal: Array) -> None:
        self.linear, self.multipliers, self.normal, self.d = linear, multipliers, normal, normal.size
        self.lift = 1.0  # the scale at which equalities enter the matrix

    def any(self) -> bool:
        """There is a multiplier that can move."""
        m, linear = self.multipliers, self.linear
        return linear.A_eq is not None or any(part.any() for part in (m.ub, m.lower, m.upper))

    def pull(self) -> Array:
        """A_ubᵀλ + A_eqᵀν + λ_upper − λ_lower − normal."""
        total = -self.normal
        m = self.multipliers
        if self.linear.A_ub is not None:
            total += self.linear.A_ub.T @ m.ub
        if self.linear.A_eq is not None:
            total += self.linear.A_eq.T @ m.eq
        return total + m.upper - m.lower

    def size(self) -> Array:
        """The same with absolute values."""
        total = np.abs(self.normal)
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


def cone_at(problem: Minimax, lin: Linearization, p: Array, multipliers: Multipliers | None) -> Cone | None:
    """What may balance Jᵀp; None where any weights prove a bound and a sharper one would cost more than it is worth."""
    domain, x, g = problem.domain, lin.x, lin.vjp(p)
    if not np.isfinite(g).all():
        return None
    if multipliers is None and getattr(domain, "bounded", False) and problem.d > ESTIMATE:
        return None
    walls = walls_of(domain)
    if walls is None:
        normal = getattr(domain, "normal", None)
        linear, held = Free(x.size).linear(), None if normal is None else np.asarray(normal(x, g))
    else:
        linear, held = walls.linear, sum((sphere.normal(x, g) for sphere in walls.spheres), np.zeros(x.size))
    return None if held is None else Cone(linear, multipliers or estimate_multipliers(linear, x, g - held), held)
