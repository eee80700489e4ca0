"""One sphere over a block of the variables, and what its inside is:  {y : ‖y_s − c‖₂ ≤ r}."""

from dataclasses import dataclass, replace

import numpy as np

from .._typing import Array
from .base import NEAR


@dataclass(frozen=True)
class Sphere:
    """‖x_s − center‖₂ ≤ radius over the block s of consecutive variables."""

    block: slice
    center: Array
    radius: float

    def moved(self, by: int) -> "Sphere":
        """The same over a block that begins `by` variables later."""
        return replace(self, block=slice(self.block.start + by, self.block.stop + by))

    def normal(self, x: Array, c: Array) -> Array:
        """min(⟨c_s, ν⟩, 0)·ν with ν the outward unit normal where x_s is on the sphere, else 0."""
        out, s = np.zeros_like(x), self.block
        length, unit = polar(x[s] - self.center)
        if length >= self.radius * (1 - NEAR):
            out[s] = min(float(c[s] @ unit), 0.0) * unit
        return out


def polar(v: Array) -> tuple[float, Array]:
    """(‖v‖, v/‖v‖), or (0, 0); nothing overflows or underflows on the way."""
    top = float(np.abs(v).max())
    if top == 0:
        return 0.0, np.zeros_like(v)
    with np.errstate(invalid="ignore"):  # inf/inf
        unit = v / top
    size = float(np.linalg.norm(unit))
    return top * size, unit / size
