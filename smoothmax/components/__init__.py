"""Components: the maps F = (f_1, …, f_n) whose largest value is minimized, and the passes over them."""

from .._asking import CLOCK
from .affine import Affine
from .base import Components
from .block import Block
from .calls import Counts, counted
from .densities import Weights, checked_weights, densities, families, frozen, spread, turned
from .passes import Linearization, Meter, Portion, Survey, leading, metered
from .quadratic import Quadratic
from .smooth import Smooth
from .spectral import Spectral
from .stack import Stack
from .subset import Subset

__all__ = [
    "CLOCK",
    "Affine",
    "Block",
    "Components",
    "Counts",
    "Linearization",
    "Meter",
    "Portion",
    "Quadratic",
    "Smooth",
    "Spectral",
    "Stack",
    "Subset",
    "Survey",
    "Weights",
    "checked_weights",
    "counted",
    "densities",
    "families",
    "frozen",
    "leading",
    "metered",
    "spread",
    "turned",
]
