"""What an interior method sees of a domain:  X = {y ∈ L : ‖y_s − c‖₂ ≤ r for each sphere}, L given by linear walls."""

from dataclasses import dataclass
from typing import Any

from .base import Linear
from .sphere import Sphere


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
