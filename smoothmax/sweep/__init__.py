"""Grids of solves, and of anything else: declared, resumable, on every core or a cluster, into one tidy table."""

from .grid import Grid
from .results import Results
from .run import Sweep

__all__ = ["Grid", "Results", "Sweep"]
