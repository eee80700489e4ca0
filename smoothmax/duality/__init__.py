"""Convex duality of smooth maxima, checked at an array or for a problem by routes that do not know each other."""

from .arrays import Conjugacy
from .check import Check, Duality
from .door import check_duality
from .problems import MinimaxDuality

__all__ = ["Check", "Conjugacy", "Duality", "MinimaxDuality", "check_duality"]
