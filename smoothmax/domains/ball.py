"""The Euclidean ball."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import _doors
from .._typing import Array
from .base import EPS, Linear, Set, same_size, tolerance
from .sphere import Sphere, polar
from .walled import Walled


class Ball(Set):
    """{x : ‖x − center‖₂ ≤ radius}.

    Parameters
    ----------
    center : (d,) array
    radius : float
        Positive, in the units of x.

    Raises
    ------
    ValueError, TypeError
        A center that is not a finite vector, a radius that is not positive.
    """

    def __init__(self, center: Any, radius: float) -> None:
        self.center = _doors.vector("center", center)
        if not self.center.size:
            raise ValueError("center must have at least one coordinate; it is empty")
        self.radius = _doors.positive("radius", radius)
        self.d = self.center.size

    def __repr__(self) -> str:
        return f"Ball(d={self.d}, radius={self.radius:g})"

    def start(self) -> Array:
        """The centre."""
        return self.center.copy()

    def project(self, x: ArrayLike) -> Array:
        """x itself, or the centre plus the difference, shortened to `radius`."""
        x = same_size(x, self.d)
        length, unit = polar(x - self.center)
        return x.copy() if length <= self.radius else self.center + self.radius * unit

    def contains(self, x: ArrayLike, tol: float = 1e-9) -> bool:
        """‖x − center‖ ≤ radius up to tol·radius and the rounding of coordinates, 4·eps·(radius + ‖center‖)."""
        length, tol = polar(same_size(x, self.d) - self.center)[0], tolerance(tol)
        rounding = 4 * EPS * (self.radius + polar(self.center)[0])
        return length <= self.radius * (1 + tol) + rounding

    def lmo(self, c: ArrayLike) -> Array:
        """center − radius·c/‖c‖."""
        return self.center - self.radius * polar(same_size(c, self.d, "c"))[1]

    def walls(self) -> Walled:
        """One sphere, and nothing linear."""
        open_end = np.full(self.d, np.inf)
        return Walled(Linear(-open_end, open_end), (Sphere(slice(0, self.d), self.center, self.radius),))

    def miss(self, x: Array) -> Array:
        """Nothing where x is inside by more than the rounding of its distance; else 8·eps·(‖center‖ + radius) in every
        direction, which is what `contains` allows."""
        length, far = polar(x - self.center)[0], polar(self.center)[0]
        if length + (self.d + 8) * EPS * (length + far + self.radius) < self.radius:
            return np.zeros(self.d)
        return np.full(self.d, 8 * EPS * (far + self.radius))

    def reach(self, err: Array, x: Array) -> float:
        """‖err‖·(radius + ‖x − center‖)."""
        return polar(err)[0] * (self.radius + polar(x - self.center)[0])

    def normal(self, x: Array, c: Array) -> Array:
        """That of the sphere."""
        return self.walls().spheres[0].normal(same_size(x, self.d), c)
