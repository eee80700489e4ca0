"""The units of one solve: x = x₀ + D z, f + τ·log w = centre + scale·g(z), with g and the slopes ∂g_i/∂z_j about 1."""

import math
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from ..._typing import Array
from ...components import Quadratic
from ...domains import Ball
from ...problem import Minimax
from ...surrogate import Point, Smoothed
from .accepts import families, gradients, linear


@dataclass(frozen=True)
class Units:
    """Solvers are not scale invariant; they are given z and g."""

    origin: Array  # x₀
    D: Array
    centre: float
    scale: float

    @classmethod
    def of(cls, surrogate: Smoothed, point: Point) -> "Units":
        """Centred at the mean of the finite f + τ·log w plus τ·log n, in units of the spread of f."""
        values = shifted(surrogate, point)
        values = values[np.isfinite(values)]
        scale = scale_of(surrogate, point)
        centre = float(values.mean()) + surrogate.tau * math.log(values.size)
        return cls(point.x, _columns(surrogate.problem, point.x, scale), centre, scale)

    def x(self, z: Array) -> Array:
        """The point."""
        return self.origin + self.D * z

    def value(self, v: float) -> float:
        """A value of g, or of a maximum of g, in the units of f."""
        return self.centre + self.scale * v


def shifted(surrogate: Smoothed, point: Point) -> Array:
    """f + τ·log w: −inf where the prior is zero."""
    return point.f if surrogate.offset is None else point.f + surrogate.offset


def scale_of(surrogate: Smoothed, point: Point) -> float:
    """max f − min f; where that is only rounding, how far f moves over X or falls along its curvature, or τ."""
    f = point.f
    slope, bend = _slopes(surrogate.problem, point.x)
    reach = float((slope * _extent(surrogate.problem, point.x)).max())
    spread = float(f.max() - f.min())
    if spread > 1e-12 * max(reach, float(np.abs(f).max())):
        return spread
    fall = float(np.divide(slope**2, bend, where=bend > 0, out=np.zeros_like(bend)).max())
    return max(reach, fall) or surrogate.tau


def _columns(problem: Minimax, x: Array, scale: float) -> Array:
    """D_j: the step along x_j that moves some f_i by about `scale`."""
    slope, bend = _slopes(problem, x)
    with np.errstate(divide="ignore"):
        D = np.minimum(scale / slope, np.sqrt(scale / bend))
    return np.where(np.isfinite(D), D, 1.0)


def _slopes(problem: Minimax, x: Array) -> tuple[Array, Array]:
    """max_i |∂f_i/∂x_j| at x, and max_i |(P_i)_jj|."""
    slope, bend = np.zeros(problem.d), np.zeros(problem.d)
    for part in families(problem.components):
        top = abs(gradients(part, x)).max(axis=0)
        slope = np.maximum(slope, top.toarray().ravel() if sp.issparse(top) else top)
        if isinstance(part, Quadratic):
            diagonal = np.diagonal(part.P, axis1=-2, axis2=-1) if part.P.ndim else part.P
            bend = np.maximum(bend, diagonal.max(axis=0) if part.P.ndim == 3 else diagonal)
    return slope, bend


def _extent(problem: Minimax, x: Array) -> Array:
    """How far X reaches along each coordinate where that is plain, else |x|."""
    if isinstance(problem.domain, Ball):
        return np.full(problem.d, problem.domain.radius)
    sides = linear(problem)
    if sides is None:
        return np.abs(x)
    width = sides.ub - sides.lb
    return np.where(np.isfinite(width), width, np.abs(x))
