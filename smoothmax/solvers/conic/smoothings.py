"""Ω and the smooth maximum it makes in cvxpy's words, neither of them derived from the other.

    Shannon:  −Ω(p) = Σ s with p_i·exp(s_i/p_i) ≤ 1,    F(v) = log Σ exp v_i
    Tsallis:  −Ω(p) = Σ (p_i − p_i^α)/(αc),             F(v) = min over θ of θ + Σ [c·(v_i − θ) + 1/α]_+^{α/c}/α

with τ = 1, c = α − 1 and α = 2 for Gini's; the minimum over θ is the Lagrangian dual of the maximum over the simplex.
"""

from typing import Any

import numpy as np

from ...regularizers import Regularizer


def simplex(n: int, kind: Regularizer) -> tuple[Any, Any, list[Any]]:
    """p on the simplex, an expression for −Ω(p), and the constraints; the first of these is Σ p = 1.

    cvxpy's `entr` states Shannon's too, but is −inf where the solver leaves a p_i below 0 by rounding.
    """
    import cvxpy as cp

    if kind.alpha == 1.0:
        p, s = cp.Variable(n), cp.Variable(n)
        return p, cp.sum(s), [cp.sum(p) == 1, cp.ExpCone(s, p, np.ones(n))]
    p, a = cp.Variable(n, nonneg=True), kind.alpha
    powers = cp.sum_squares(p) if a == 2.0 else cp.sum(cp.power(p, a))
    return p, (cp.sum(p) - powers) / (a * (a - 1)), [cp.sum(p) == 1]


def maximum(v: Any, kind: Regularizer) -> Any:
    """F(v), or an expression that is F(v) where it is minimized."""
    import cvxpy as cp

    if kind.alpha == 1.0:
        return cp.log_sum_exp(v)
    theta, c = cp.Variable(), kind.alpha - 1.0
    over = cp.pos(c * (v - theta) + 1 / kind.alpha)
    powers = cp.sum_squares(over) if c == 1.0 else cp.sum(cp.power(over, kind.alpha / c))
    return theta + powers / kind.alpha
