"""Domains: the closed convex sets X over which a largest component is minimized."""

from .ball import Ball
from .base import Domain, Linear, Set, moved
from .boxes import Box, Free, bounds_stop
from .coerce import as_domain, intersect
from .own import Own
from .polyhedron import Empty, Polyhedron
from .product import Product
from .simplex import Simplex
from .sphere import Sphere
from .walled import Walled, walls_of

__all__ = [
    "Ball",
    "Box",
    "Domain",
    "Empty",
    "Free",
    "Linear",
    "Own",
    "Polyhedron",
    "Product",
    "Set",
    "Simplex",
    "Sphere",
    "Walled",
    "as_domain",
    "bounds_stop",
    "intersect",
    "moved",
    "walls_of",
]
