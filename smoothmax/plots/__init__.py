"""Tables in, figures out; the only import of matplotlib. The same table gives the same bytes."""

from .curves import rounding
from .look import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    METADATA,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    YELLOW,
    decades,
    panels,
    save,
    style,
)
from .path import draw_path, path_figure

__all__ = [
    "BLACK",
    "BLUE",
    "GREEN",
    "GREY",
    "METADATA",
    "ORANGE",
    "PURPLE",
    "SKY",
    "VERMILLION",
    "YELLOW",
    "decades",
    "draw_path",
    "panels",
    "path_figure",
    "rounding",
    "save",
    "style",
]
