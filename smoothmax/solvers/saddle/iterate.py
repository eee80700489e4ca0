"""Where the central path stands: both strategies, their bounds t and −ν, and the slacks that must vanish in pairs.

s = t·1 − F(x),      z − z' = Aᵀp + ν·1,      y + y' = width (box) or Σ y = 1 (simplex),      Σ p = 1
"""

from dataclasses import dataclass

import numpy as np

from ..._cached import cached_property
from ..._typing import Array
from .fold import Rows
from .gram import Gram

FLOOR = 1e-8  # of the mean product: no pair is let closer to zero, or the next step would not leave the boundary


@dataclass(frozen=True)
class Game:
    """The data in units of its own: entries of A of size 1, a domain of size 1."""

    rows: Rows
    scale: float  # of A
    width: Array | None  # u − l, or None on the simplex
    gram: Gram

    @property
    def d(self) -> int:
        """Number of variables."""
        return int(self.rows.A.shape[1])


@dataclass(frozen=True)
class Iterate:
    """A point of the interior, or a direction; y' and z' are empty on the simplex."""

    y: Array
    up: Array
    t: float
    s: Array
    p: Array
    nu: float
    z: Array
    zup: Array

    @cached_property
    def products(self) -> Array:
        """All complementary products."""
        return np.concatenate([self.p * self.s, self.y * self.z, self.up * self.zup])

    def moved(self, D: "Iterate", primal: float, dual: float) -> "Iterate":
        """The iterate after steps along D."""
        return Iterate(
            self.y + primal * D.y,
            self.up + primal * D.up,
            self.t + primal * D.t,
            self.s + primal * D.s,
            self.p + dual * D.p,
            self.nu + dual * D.nu,
            self.z + dual * D.z,
            self.zup + dual * D.zup,
        )

    def lengths(self, D: "Iterate") -> tuple[float, float]:
        """How far the primal and the dual side may go along D, at most 1."""
        primal = min(_far(self.y, D.y), _far(self.up, D.up), _far(self.s, D.s))
        return primal, min(_far(self.p, D.p), _far(self.z, D.z), _far(self.zup, D.zup))

    def lifted(self) -> "Iterate":
        """The smaller of each pair raised until its product is FLOOR of the mean."""
        least = FLOOR * float(self.products.mean())
        (p, s), (y, z), (up, zup) = (
            _lifted(a, b, least) for a, b in ((self.p, self.s), (self.y, self.z), (self.up, self.zup))
        )
        return Iterate(y, up, self.t, s, p, self.nu, z, zup)


@dataclass(frozen=True)
class Residuals:
    """What the equations are off by."""

    f: Array  # t − s − F(x)
    x: Array  # z − z' − ν − Aᵀp
    up: Array  # width − y − y'
    sum_x: float  # 1 − Σ y on the simplex
    sum_p: float  # 1 − Σ p

    @property
    def largest(self) -> float:
        """What the two bounds may be off by."""
        return float(np.abs(self.f).max() + np.abs(self.x).max())


def _far(v: Array, dv: Array) -> float:
    down = dv < 0
    return min(1.0, float(np.min(-v[down] / dv[down], initial=np.inf)))


def _lifted(a: Array, b: Array, least: float) -> tuple[Array, Array]:
    low = a * b < least
    if not low.any():
        return a, b
    return np.where(low & (a < b), least / b, a), np.where(low & (a >= b), least / a, b)
