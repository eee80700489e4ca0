"""The minimax itself in cvxpy's words, without smoothing:  min t  with  g_i(z) ≤ t,  z ∈ X.

The multipliers of g_i ≤ t are the weights p: stationarity in t is Σ p = 1, in z it is Jᵀp + Gᵀλ + Eᵀν = 0.
"""

import math
from typing import NamedTuple

import numpy as np

from ... import schedules
from ..._typing import Array
from ...certificate import Multipliers
from ...domains import Ball
from ...problem import Minimax
from ...surrogate import Smoothed
from .method import multipliers_of
from .scaled import Scaled
from .solver import optimize
from .statement import Stated, components, domain


class Exact(NamedTuple):
    """A point of X, the weights and multipliers read from the duals, and whether the solver's residuals are small."""

    x: Array
    weights: Array | None
    multipliers: Multipliers | None
    near: bool


def exact(problem: Minimax, x: Array, solver: str = "CLARABEL") -> Exact | None:
    """min over X of max f by one solve in the units of x; None where the solver has no point to offer."""
    import cvxpy as cp

    scaled = _scaled(problem, problem.placed(x))
    z, t = cp.Variable(scaled.units.D.size), cp.Variable()
    inside, inequalities, equalities = domain(scaled, z)
    common, g, cones = components(scaled.families, z)
    below = g <= t
    program = cp.Problem(cp.Minimize(common + t), [*inside, *cones, below])
    lower = optimize(program, solver)
    y = None if z.value is None else scaled.units.x(z.value)
    if lower is None or y is None or not np.isfinite(y).all():
        return None
    point = problem.placed(y)
    stated = Stated(program, z, inequalities, equalities)
    sides = None if isinstance(scaled.domain, Ball) else multipliers_of(scaled, stated)
    return Exact(point, _weights(below.dual_value, scaled, problem.n), sides, math.isfinite(lower))


def _scaled(problem: Minimax, x: Array) -> Scaled:
    """Units only need some τ: one that moves their centre little."""
    f = problem.components.value(x)
    spread = float(np.ptp(f)) or float(np.abs(f).max()) or 1.0
    return Scaled.of(Smoothed(problem, schedules.first(1e-3 * spread)), x)


def _weights(dual: Array | None, scaled: Scaled, n: int) -> Array | None:
    """p on the simplex; None where the solver left no duals."""
    if dual is None or not np.isfinite(dual).all():
        return None
    p = np.zeros(n)
    p[scaled.rows] = np.maximum(np.ravel(dual), 0.0)
    return p / p.sum() if p.any() else None
