"""The regularized dual. In scaled terms, with multipliers λ ≥ 0 and ν of G z ≤ h, E z = e,

    max  ⟨p, c⟩ − θ·Ω(p) − Σ ‖w_i‖²/(2 p_i) − ⟨h, λ⟩ − ⟨e, ν⟩
    s.t. Gᵀ(Sᵀp) + Σ L_iᵀw_i + Gᵀλ + Eᵀν = 0,   Σp = 1

since ½ p_i‖L_i z‖² = max over w_i of ⟨w_i, L_i z⟩ − ‖w_i‖²/(2 p_i) (Rockafellar 1970, theorem 16.4 and section 31);
a ball has its support function in place of λ and ν. Shannon's −Ω is the entropy H.
"""

import math
from typing import Any

import numpy as np

from ..._typing import Array
from ...domains import Ball
from ...problem import Minimax
from ...regularizers import Regularizer, shannon
from ...surrogate import Smoothed
from .family import Family
from .scaled import Scaled
from .sides import Sides
from .smoothings import simplex
from .solver import optimize
from .units import Units


def dual(
    problem: Minimax,
    tau: float,
    *,
    regularizer: Regularizer = shannon,
    prior: Any = None,
    solver: str = "CLARABEL",
) -> tuple[float, Array]:
    """max over p of min over x ∈ X of ⟨p, f(x)⟩ − τ·Ω(p), and its p; a prior w makes it −τ·KL(p‖w), −τ/2·‖p − w‖².

    Returns
    -------
    (value, p) : float, (n,) array
        (nan, nans) where the solver found no optimum.
    """
    surrogate = Smoothed(problem, tau, regularizer=regularizer, prior=prior)
    scaled = Scaled.of(surrogate, problem.start())
    program, p = _state(scaled, regularizer)
    found = optimize(program, solver)
    if found is None or not math.isfinite(found):
        return math.nan, np.full(problem.n, np.nan)
    weights = np.zeros(problem.n)
    weights[scaled.rows] = np.maximum(p.value, 0.0)
    value = scaled.units.value(float(program.value)) + surrogate.kind.constant(surrogate.prior, tau)
    return value, weights / weights.sum()


def _state(scaled: Scaled, kind: Regularizer) -> tuple[Any, Any]:
    """The program and its p."""
    import cvxpy as cp

    p, most, constraints = simplex(scaled.rows.size, kind)
    pull, gain, start = 0.0, scaled.theta * most, 0
    for family in scaled.families:
        mine = p[start : start + family.c.size]
        start += family.c.size
        slope, value, cones = _family(family, mine)
        pull, gain, constraints = pull + slope, gain + value, constraints + cones
    rest, more = _support(scaled, pull)
    return cp.Problem(cp.Maximize(gain - rest), constraints + more), p


def _family(family: Family, p: Any) -> tuple[Any, Any, list[Any]]:
    """(s, v, cones) with ⟨p, g(z)⟩ ≥ v + ⟨s, z⟩ for all z: what p and w promise of this family."""
    slope, value = family.G.T @ (family.S.T @ p), family.c @ p
    if family.L is None:
        return slope, value, []
    curved, cost, cone = _curved(family.L, p)
    return slope + curved, value - cost, [cone]


def _curved(L: Array, p: Any) -> tuple[Any, Any, Any]:
    """Σ L_iᵀw_i, Σ h_i and the cones h_i ≥ ‖w_i‖²/(2 p_i): ‖(√2·w_i, h_i − p_i)‖ ≤ h_i + p_i."""
    import cvxpy as cp

    k, r, d = L.shape
    mass = p if k > 1 else cp.reshape(cp.sum(p), (1,), order="F")
    W, h = cp.Variable((r, k)), cp.Variable(k)
    cone = cp.SOC(h + mass, cp.vstack([math.sqrt(2) * W, cp.reshape(h - mass, (1, k), order="F")]), axis=0)
    return L.reshape(k * r, d).T @ cp.vec(W, order="F"), cp.sum(h), cone


def _support(scaled: Scaled, c: Any) -> tuple[Any, list[Any]]:
    """−min over X of ⟨c, z⟩ as (expression, constraints)."""
    if isinstance(scaled.domain, Ball):
        return _support_of_ball(scaled.domain, scaled.units, c), []
    return _support_of_sides(scaled.domain, c)


def _support_of_ball(ball: Ball, units: Units, c: Any) -> Any:
    import cvxpy as cp

    pushed = cp.multiply(ball.radius / units.D, c)
    return cp.norm(pushed) + ((units.origin - ball.center) / ball.radius) @ pushed


def _support_of_sides(sides: Sides, c: Any) -> tuple[Any, list[Any]]:
    import cvxpy as cp

    rest: Any = 0.0
    if sides.h.size:
        lam = cp.Variable(sides.h.size, nonneg=True)
        rest, c = rest + sides.h @ lam, c + sides.G.T @ lam
    if sides.e.size:
        nu = cp.Variable(sides.e.size)
        rest, c = rest + sides.e @ nu, c + sides.E.T @ nu
    return rest, [c == 0]
