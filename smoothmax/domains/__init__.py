"""Domains: the closed convex sets X over which a largest component is minimized."""

from .ball import Ball
from .base import Domain, Linear, Set
from .boxes import Box, Free
from .coerce import as_domain, intersect
from .polyhedron import Empty, Polyhedron
from .simplex import Simplex

__all__ = [
    "Ball",
    "Box",
    "Domain",
    "Empty",
    "Free",
    "Linear",
    "Polyhedron",
    "Set",
    "Simplex",
    "as_domain",
    "intersect",
]
