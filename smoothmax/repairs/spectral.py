"""A density matrix at a given τ:  W' = W + DW[dx] with ∇²F_τ dx = −(∇F_τ + terms of the domain)  (identity 5).

The multipliers of the domain stay as they are; coordinates between two bounds need no repair.
"""

import numpy as np

from .._linalg import solve_semidefinite
from ..certificate import Multipliers
from ..components import Weights, turned
from ..inner import linear_part
from ..problem import Minimax
from ..surrogate import Point


def rebalanced(
    problem: Minimax, point: Point, multipliers: Multipliers | None
) -> tuple[Weights, Multipliers | None] | None:
    """The weights after a Newton step, to first order; None where the domain has no linear description."""
    linear, H = linear_part(problem), point.hess
    if linear is None or not np.isfinite(H).all():
        return None
    c = point.jac.copy()
    if multipliers is not None and linear.A_ub is not None:
        c += linear.A_ub.T @ multipliers.ub
    if multipliers is not None and linear.A_eq is not None:
        c += linear.A_eq.T @ multipliers.eq
    dx, open_ = np.zeros_like(c), np.flatnonzero(~np.isfinite(linear.lb) | ~np.isfinite(linear.ub))
    if open_.size:
        dx[open_] = solve_semidefinite(H[np.ix_(open_, open_)], -c[open_])
    mean = float(point.jac @ dx)
    return turned(problem.components, point.x, point.weights, point.tau, dx, mean), multipliers
