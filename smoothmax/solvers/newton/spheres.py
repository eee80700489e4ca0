"""Round walls, ‖u‖ ≤ r with u = x_s − c, in the form of a primal–dual barrier, all in units of length:

    s = (r² − ‖u‖²)/2r,    ∇(−s) = u/r,    ∇²(−s) = I/r

Near the sphere s is the distance to it and the multiplier λ is the length of the gradient that the wall holds. The
barrier's Hessian is (λ/s)·(u/r)(u/r)ᵀ + (λ/r)·I (Nocedal and Wright 2006, chapter 19, with the wall's own curvature).
"""

from collections.abc import Sequence

import numpy as np

from ..._typing import Array
from ...domains import Sphere


class Spheres:
    """Some spheres, each over a block of consecutive variables of its own."""

    def __init__(self, spheres: Sequence[Sphere]) -> None:
        self.all, self.count = tuple(spheres), len(spheres)

    def slack(self, x: Array) -> Array:
        """s, one for each sphere."""
        return np.array([(one.radius - self._out(one, x)) / 2 for one in self.all])

    def along(self, x: Array, v: Array) -> Array:
        """⟨u, v⟩/r: how fast s falls along v."""
        return np.array([float(self._normal(one, x) @ v[one.block]) for one in self.all])

    def pull(self, x: Array, lam: Array, out: Array) -> None:
        """Add λ·u/r, in place."""
        for one, force in zip(self.all, lam):
            out[one.block] += force * self._normal(one, x)

    def bend(self, x: Array, lam: Array, ratio: Array, M: Array) -> None:
        """Add (λ/s)·(u/r)(u/r)ᵀ + (λ/r)·I, in place."""
        for one, force, stiff in zip(self.all, lam, ratio):
            normal = self._normal(one, x)
            inner = M[one.block, one.block]  # a view
            inner += stiff * np.outer(normal, normal)
            inner[np.diag_indices_from(inner)] += force / one.radius

    def longest(self, x: Array, v: Array, share: float) -> float:
        """The largest t with s(x + t·v) ≥ share·s(x), where ‖u + t·v‖² = r² − share·(r² − ‖u‖²)."""
        found = np.inf
        for one, s in zip(self.all, self.slack(x)):
            step = v[one.block] / one.radius
            a, b = float(step @ step), float(self._normal(one, x) @ step)
            c = (1 - share) * 2 * float(s) / one.radius
            if a > 0:  # a t² + 2 b t = c, in the form without cancellation
                root = float(np.sqrt(b * b + a * c))
                found = min(found, c / (b + root) if b > 0 else (root - b) / a)
        return found

    @staticmethod
    def _normal(one: Sphere, x: Array) -> Array:
        return np.asarray((x[one.block] - one.center) / one.radius)

    def _out(self, one: Sphere, x: Array) -> float:
        """‖u‖²/r."""
        normal = self._normal(one, x)
        return one.radius * float(normal @ normal)
