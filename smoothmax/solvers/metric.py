"""The diagonal metric of the first-order methods, and the gap that a bounded domain gives them for free."""

import numpy as np

from .._typing import Array
from ..domains import Polyhedron
from ..problem import Minimax
from ..surrogate import Point


def column_scale(problem: Minimax, point: Point) -> Array:
    """s_j = 1/mean_i |J_ij|: in z = x/s all columns have one size; for domains that are not boxes one s for all j."""
    size = point.lin.column_sizes()
    largest = float(size.max()) or 1.0
    if not getattr(problem.domain, "separable", False):
        return np.full(problem.d, 1.0 / largest)
    return np.asarray(1.0 / np.where(size > 0, size, largest))


def gap_on(problem: Minimax, point: Point) -> float:
    """⟨∇F, x − y⟩ with y = lmo(∇F), which bounds F_τ(x) − min F_τ (Frank and Wolfe 1956); inf where it costs an LP."""
    domain = problem.domain
    if isinstance(domain, Polyhedron) or not getattr(domain, "bounded", False) or not problem.convex:
        return float("inf")
    return float(point.jac @ (point.x - domain.lmo(point.jac)))


def project(problem: Minimax, x: Array) -> Array:
    """The projection, as an array."""
    return np.asarray(problem.domain.project(x), dtype=np.float64)
