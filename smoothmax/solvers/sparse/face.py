"""A Newton direction in a box: the quadratic model is minimized on the face that the gradient and the step point to.

    minimize ½ dᵀM d + ⟨r, d⟩  with  lb ≤ x + d ≤ ub

Coordinates at a bound that the gradient pushes against are held. On the others the model is minimized by conjugate
gradients; coordinates that leave the box are set to its side and held as well, and the rest goes on from where it stood
(Moré and Toraldo 1991). On R^d this is one solve.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..._typing import Array
from ...domains import Box
from .conjugate import conjugate_gradients

ROUNDS = 3
BACK = 8  # fourfold shortenings, after which a projected step is given up
HONEST = 1e-3  # a projected step must fall by this share of what its coordinates rise and fall by

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Face:
    """The box around x."""

    box: Box
    x: Array

    @property
    def side(self) -> Array:
        """1 at the lower bound, −1 at the upper one, 0 between (and at both)."""
        return np.subtract(self.x <= self.box.lb, self.x >= self.box.ub, dtype=np.float64)

    def free(self, g: Array) -> Mask:
        """Coordinates that −g can move."""
        return ~(((self.x <= self.box.lb) & (g > 0)) | ((self.x >= self.box.ub) & (g < 0)))

    def minimize(
        self, product: Callable[[Array], Array], r: Array, diagonal: Array, rtol: float, limit: int
    ) -> tuple[Array, int]:
        """(d, products) with x + d in the box up to the last round's hits."""
        free, d, used = self.free(r), np.zeros_like(r), 0
        goal = rtol * _norm(np.where(free, r, 0.0), diagonal)
        rest = -r
        for _ in range(ROUNDS):
            rhs = np.where(free, rest, 0.0)
            size = _norm(rhs, diagonal)
            if not size > goal or used >= limit:
                break
            mask = free.astype(np.float64)
            held = lambda v, mask=mask: mask * product(v)  # noqa: E731
            step, k = conjugate_gradients(held, rhs, diagonal, goal / size, limit - used)
            d, used = d + step, used + k
            inside = np.clip(self.x + d, self.box.lb, self.box.ub) - self.x
            out = free & (inside != d)
            out &= np.abs(inside - d) > 1e-12 * np.abs(d)
            if not out.any():
                break
            d = np.where(out, inside, d)
            free &= ~out
            rest = -(r + product(d))
            used += 1
        return d, used

    def feasible(self, d: Array, g: Array) -> Array:
        """P(x + s·d) − x for the longest s = 1, ¼, 1/16, … along which F falls; zero where there is none."""
        for k in range(BACK):
            step = self.inside(0.25**k * d) - self.x
            if float(g @ step) < -HONEST * float(np.abs(g) @ np.abs(step)):
                return np.asarray(step)
        return np.zeros_like(d)

    def inside(self, step: Array) -> Array:
        """P(x + step)."""
        return np.clip(self.x + step, self.box.lb, self.box.ub)


def _norm(r: Array, diagonal: Array) -> float:
    return float(np.sqrt(np.sum(r * r / np.where(diagonal > 0, diagonal, 1.0))))
