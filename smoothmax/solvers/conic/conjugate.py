"""F_τ and its conjugate as the two suprema of convex duality, each left to a solver:

    F_τ(x) = max over p on the simplex of ⟨p, x⟩ + τ·H(p),    F*(q) = sup over x of ⟨q, x⟩ − F_τ(x)

(Boyd and Vandenberghe 2004, example 3.25). Nothing here knows the closed forms.
"""

import math
from typing import Any

import numpy as np

from ..._typing import Array
from .solver import optimize


def biconjugate(x: Array, tau: float, *, solver: str = "CLARABEL") -> tuple[float, Array]:
    """max over p on the simplex of ⟨p, x⟩ + τ·H(p), which is F_τ(x), and its p = softmax(x/τ); nan where it failed."""
    import cvxpy as cp

    top = float(x.max())
    scale = max(top - float(x.min()), tau)
    p, entropy, constraints = simplex(x.size)
    program = cp.Problem(cp.Maximize(((x - top) / scale) @ p + (tau / scale) * entropy), constraints)
    if optimize(program, solver) is None or p.value is None:  # an inexact value shows in the comparison it is made for
        return math.nan, np.full(x.size, np.nan)
    weights = np.maximum(p.value, 0.0)
    return top + scale * float(program.value), weights / weights.sum()


def conjugate(q: Array, tau: float, *, solver: str = "CLARABEL") -> float:
    """sup over x of ⟨q, x⟩ − F_τ(x) = τ·sup over v of ⟨q, v⟩ − LSE(v); inf where the solver finds it unbounded."""
    import cvxpy as cp

    v = cp.Variable(q.size)
    program = cp.Problem(cp.Maximize(q @ v - cp.log_sum_exp(v)))
    if optimize(program, solver) is None:
        return math.nan
    return math.inf if program.status == cp.UNBOUNDED else tau * float(program.value)


def simplex(n: int) -> tuple[Any, Any, list[Any]]:
    """p on the simplex and an expression for H(p): Σ s with p_i·exp(s_i/p_i) ≤ 1.

    cvxpy's `entr` states the same but is −inf where the solver leaves a p_i below 0 by rounding.
    """
    import cvxpy as cp

    p, s = cp.Variable(n), cp.Variable(n)
    return p, cp.sum(s), [cp.sum(p) == 1, cp.ExpCone(s, p, np.ones(n))]
