"""What an interior method sees of a domain:  X = {y ∈ L : ‖y_s − c‖₂ ≤ r for each sphere}, L given by linear walls."""

from dataclasses import dataclass, replace
from typing import Any

from .._typing import Array
from .base import Linear


@dataclass(frozen=True)
class Sphere:
    """‖x_s − center‖₂ ≤ radius over the block s of consecutive variables."""

    block: slice
    center: Array
    radius: float

    def moved(self, by: int) -> "Sphere":
        """The same over a block that begins `by` variables later."""
        return replace(self, block=slice(self.block.start + by, self.block.stop + by))


@dataclass(frozen=True)
class Walled:
    """Linear walls and round ones."""

    linear: Linear
    spheres: tuple[Sphere, ...] = ()


def walls_of(domain: Any) -> Walled | None:
    """The domain's own `walls()`, else its `linear()`; None where it has neither."""
    own = getattr(domain, "walls", None)
    if callable(own):
        found: Walled | None = own()
        return found
    describe = getattr(domain, "linear", None)
    linear = describe() if callable(describe) else None
    return None if linear is None else Walled(linear)
