"""The diagonal metric of the first-order methods, and the gap that a bounded domain gives them for free."""

import numpy as np

from .._typing import Array
from ..domains import Polyhedron
from ..problem import Minimax
from ..surrogate import Point
from .status import Exhausted, Status

LEAST = 0.1  # of the size of a column under equal weights
TINY = float(np.finfo(float).tiny)  # columns below the normal numbers count as that: 1/size would be inf


def column_scale(problem: Minimax, point: Point) -> Array:
    """s_j = 1/mean_i |J_ij|: in z = x/s all columns have one size; for domains that are not boxes one s for all j."""
    size = point.lin.column_sizes()
    size = np.where(size > 0, np.maximum(size, TINY), 0.0)
    largest = float(size.max()) or 1.0
    if not getattr(problem.domain, "separable", False):
        return np.full(problem.d, 1.0 / largest)
    return np.asarray(1.0 / np.where(size > 0, size, largest))


def curvature_scale(problem: Minimax, scale: Array, point: Point) -> Array:
    """s_j² = 1/(a_j·max(Σ p_i |J_ij|, a_j·LEAST)), a_j = mean_i |J_ij| = 1/scale_j: about 1/diagonal of Jᵀ diag(p) J.

    Columns that p leaves out are held by LEAST: p may come back to them. One s for all j where the domain is no box.
    """
    if not getattr(problem.domain, "separable", False):
        return scale**2
    return np.asarray(scale / np.maximum(point.lin.column_sizes(point.weights), LEAST / scale))


def gap_on(problem: Minimax, point: Point) -> float:
    """⟨∇F, x − y⟩ with y = lmo(∇F), which bounds F_τ(x) − min F_τ (Frank and Wolfe 1956); inf where it costs an LP."""
    domain = problem.domain
    if isinstance(domain, Polyhedron) or not getattr(domain, "bounded", False) or not problem.convex:
        return float("inf")
    return float(point.jac @ (point.x - domain.lmo(point.jac)))


def project(problem: Minimax, x: Array) -> Array:
    """The projection, as an array; of a user's domain it may be no numbers, and then there is no way on."""
    y = np.asarray(problem.domain.project(x), dtype=np.float64)
    if not np.isfinite(y).all() and np.isfinite(x).all():
        raise Exhausted(Status.NOT_FINITE)
    return y


def stepped(problem: Minimax, x: Array, step: Array) -> tuple[Array, Array] | None:
    """P_X(x − step) and how far that is from x; None where it is no numbers (the slope was infinite), or x itself."""
    y = project(problem, x - step)
    move = y - x
    return (y, move) if np.isfinite(y).all() and np.any(move) else None
