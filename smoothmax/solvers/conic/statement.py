"""The primal in cvxpy's words, in one of two forms of the same problem:

    log-sum-exp    min θ·LSE(g/θ)
    perspective    min t   with  Σ u ≤ θ,  (g_i − t, θ, u_i) in the exponential cone

(u_i ≥ θ·exp((g_i − t)/θ); Chares 2009). Every form fails somewhere.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..._typing import Array
from ...domains import Ball
from .family import Family
from .scaled import Scaled
from .units import Units


class Stated(NamedTuple):
    """A cvxpy problem with what is read from it afterwards."""

    program: Any
    z: Any
    inequalities: Any = None  # G z ≤ h
    equalities: Any = None  # E z = e


def state(scaled: Scaled, form: str) -> Stated:
    """min F_τ over X for cvxpy, in fresh variables: nothing can be left over from an earlier solve."""
    import cvxpy as cp

    z = cp.Variable(scaled.units.D.size)
    inside, inequalities, equalities = domain(scaled, z)
    common, g, cones = components(scaled.families, z)
    objective, more = FORMS[form](g, scaled.theta)
    program = cp.Problem(cp.Minimize(common + objective), inside + cones + more)
    return Stated(program, z, inequalities, equalities)


def domain(scaled: Scaled, z: Any) -> tuple[list[Any], Any, Any]:
    """Constraints that hold z in X, and the two whose multipliers are wanted."""
    if isinstance(scaled.domain, Ball):
        return [_in_ball(scaled.domain, scaled.units, z)], None, None
    sides = scaled.domain
    inequalities = sides.G @ z <= sides.h if sides.h.size else None
    equalities = sides.E @ z == sides.e if sides.e.size else None
    return [one for one in (inequalities, equalities) if one is not None], inequalities, equalities


def _in_ball(ball: Ball, units: Units, z: Any) -> Any:
    import cvxpy as cp

    away = (units.origin - ball.center) / ball.radius
    return cp.norm(cp.multiply(units.D / ball.radius, z) + away) <= 1


def components(families: list[Family], z: Any) -> tuple[Any, Any, list[Any]]:
    """What all components have in common, g without it, and the cones of its curvature."""
    import cvxpy as cp

    common: Any = 0.0
    rows, cones = [], []
    for family in families:
        row = family.c + family.S @ (family.G @ z)
        if family.L is not None and len(family.L) == 1 and len(families) == 1:
            common = 0.5 * cp.sum_squares(family.L[0] @ z)  # LSE(v + a) = a + LSE(v)
        elif family.L is not None:
            h, cone = _epigraph(family.L, z)
            cones.append(cone)
            row = row + h
        rows.append(row)
    return common, cp.hstack(rows), cones


def _epigraph(L: Array, z: Any) -> tuple[Any, Any]:
    """h_i ≥ ½‖L_i z‖² as one batch of cones: ‖(√2·L_i z, h_i − 1)‖ ≤ h_i + 1."""
    import cvxpy as cp

    k, r, d = L.shape
    h = cp.Variable(k)
    W = cp.reshape(L.reshape(k * r, d) @ z, (r, k), order="F")
    cone = cp.SOC(h + 1, cp.vstack([math.sqrt(2) * W, cp.reshape(h - 1, (1, k), order="F")]), axis=0)
    return (h if k > 1 else h[0]), cone


def _perspective(g: Any, theta: float) -> tuple[Any, list[Any]]:
    import cvxpy as cp

    t, u = cp.Variable(), cp.Variable(g.size)
    return t, [cp.sum(u) <= theta, cp.ExpCone(g - t, np.full(g.size, theta), u)]


def _log_sum_exp(g: Any, theta: float) -> tuple[Any, list[Any]]:
    """As an epigraph, so that the program's value is the solver's own and not F_τ at its z."""
    import cvxpy as cp

    t = cp.Variable()
    return theta * t, [cp.log_sum_exp(g / theta) <= t]


FORMS: dict[str, Callable[[Any, float], tuple[Any, list[Any]]]] = {
    "perspective": _perspective,
    "log-sum-exp": _log_sum_exp,
}
