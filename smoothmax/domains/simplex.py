"""The simplex {x ≥ 0, Σ x = total}."""

import numpy as np
from numpy.typing import ArrayLike

from .. import _doors
from .._typing import Array
from .base import EPS, Linear, Set, same_size, tolerance

HUGE = 1e300  # totals whose multiples overflow


class Simplex(Set):
    """{x ∈ R^d : x ≥ 0, Σ x_j = total}.

    Parameters
    ----------
    d : int
        Number of variables.
    total : float
        Positive, in the units of x.

    Raises
    ------
    ValueError, TypeError
        d < 1 or total ≤ 0.
    """

    def __init__(self, d: int, total: float = 1.0) -> None:
        self.d = _doors.count("d", d)
        self.total = _doors.positive("total", total)

    def __repr__(self) -> str:
        return f"Simplex({self.d}{'' if self.total == 1 else f', total={self.total:g}'})"

    def start(self) -> Array:
        """The barycentre."""
        return np.full(self.d, self.total / self.d)

    def project(self, x: ArrayLike) -> Array:
        """max(x − θ, 0) with θ such that it sums to `total`; by sorting (Held, Wolfe, Crowder 1974)."""
        x = same_size(x, self.d)
        if not np.isfinite(x).all():
            return np.full(self.d, np.nan)
        with np.errstate(over="ignore"):
            near: Array = np.maximum(x - x.max(), -self.total)  # θ ≥ max x − total: what lies below becomes zero
        unit = 2.0 ** -self.d.bit_length() if self.total > HUGE else 1.0  # d of them have a sum
        near, total = near * unit, self.total * unit
        order = -np.sort(-near)
        theta = (np.cumsum(order) - total) / np.arange(1, self.d + 1)
        y = np.maximum(near - theta[np.flatnonzero(order > theta)[-1]], 0.0)
        return np.asarray(y * (self.total / y.sum()))

    def contains(self, x: ArrayLike, tol: float = 1e-9) -> bool:
        """x ≥ 0 up to tol·total, and Σ x = total up to (tol + 8·eps)·total, which is the rounding of the sum."""
        x, tol = same_size(x, self.d), tolerance(tol)
        with np.errstate(over="ignore", invalid="ignore"):
            miss = abs(x.sum() - self.total)
        return bool(np.all(x >= -tol * self.total) and miss <= (tol + 8 * EPS) * self.total)

    def lmo(self, c: ArrayLike) -> Array:
        """The vertex with the least c_j."""
        y = np.zeros(self.d)
        y[np.argmin(same_size(c, self.d, "c"))] = self.total
        return y

    def linear(self) -> Linear:
        """x ≥ 0 and one equality."""
        d = self.d
        return Linear(np.zeros(d), np.full(d, np.inf), A_eq=np.ones((1, d)), b_eq=np.array([self.total]))

    def miss(self, x: Array) -> Array:
        """16·eps·|x_j|: zeros are exact, and what the sum misses is relative."""
        return np.asarray(16 * EPS * np.abs(x))

    def reach(self, err: Array, x: Array) -> float:
        """At most total·max err + ⟨err, x⟩."""
        return float(self.total * err.max() + err @ np.abs(x))
