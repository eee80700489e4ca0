"""Components: the maps F = (f_1, …, f_n) whose largest value is minimized, and the passes over them."""

from .affine import Affine
from .base import CLOCK, Components
from .block import Block
from .passes import Linearization, Meter, Portion, Survey, leading
from .quadratic import Quadratic
from .smooth import Smooth
from .stack import Stack

__all__ = [
    "CLOCK",
    "Affine",
    "Block",
    "Components",
    "Linearization",
    "Meter",
    "Portion",
    "Quadratic",
    "Smooth",
    "Stack",
    "Survey",
    "leading",
]
