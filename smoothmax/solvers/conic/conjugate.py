"""A smooth maximum F and its conjugate as the two suprema of convex duality, each left to a solver:

    F(x) = max over p on the simplex of ⟨p, x⟩ − τ·Ω(p),    F*(q) = sup over x of ⟨q, x⟩ − F(x)

(Boyd and Vandenberghe 2004, example 3.25; Blondel, Martins, Niculae 2020). Nothing here knows the closed forms.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..._typing import Array
from ...regularizers import Regularizer, shannon
from .smoothings import maximum, simplex
from .solver import optimize


class Biconjugate(NamedTuple):
    """F(x), the p where it is attained, and the multiplier θ of Σ p = 1: x − τ·∇Ω(p) = θ on the support."""

    value: float
    weights: Array
    multiplier: float


def biconjugate(x: Array, tau: float, kind: Regularizer = shannon, *, solver: str = "CLARABEL") -> Biconjugate:
    """max over p on the simplex of ⟨p, x⟩ − τ·Ω(p), which is F(x); nan where it failed."""
    import cvxpy as cp

    top = float(x.max())
    scale = max(top - float(x.min()), tau)
    p, gain, constraints = simplex(x.size, kind)
    program = cp.Problem(cp.Maximize(((x - top) / scale) @ p + (tau / scale) * gain), constraints)
    if optimize(program, solver) is None or p.value is None:  # an inexact value shows in the comparison it is made for
        return Biconjugate(math.nan, np.full(x.size, np.nan), math.nan)
    theta = float(constraints[0].dual_value)
    return Biconjugate(top + scale * float(program.value), _on_simplex(p.value), top + scale * theta)


def conjugate(q: Array, tau: float, kind: Regularizer = shannon, *, solver: str = "CLARABEL") -> float:
    """sup over x of ⟨q, x⟩ − F(x) = τ·sup over v of ⟨q, v⟩ − F₁(v); inf where the solver finds it unbounded."""
    import cvxpy as cp

    v = cp.Variable(q.size)
    program = cp.Problem(cp.Maximize(q @ v - maximum(v, kind)))
    if optimize(program, solver) is None:
        return math.nan
    return math.inf if program.status == cp.UNBOUNDED else tau * float(program.value)


def proximal(y: Array, kind: Regularizer, *, solver: str = "CLARABEL") -> tuple[Array, Array]:
    """prox of F* = Ω on the simplex, and y − prox of F, at y (τ = 1): two programs with one answer (Moreau).

    prox of g at y is argmin over u of g(u) + ½·‖u − y‖²; stated in p and in w = y − u, which stay within [0, 1].
    """
    import cvxpy as cp

    p, gain, constraints = simplex(y.size, kind)
    w = cp.Variable(y.size)
    one: Any = cp.Problem(cp.Minimize(cp.sum_squares(p) / 2 - y @ p - gain), constraints)
    other: Any = cp.Problem(cp.Minimize(cp.sum_squares(w) / 2 + maximum(y - w, kind)))
    found = [
        variable.value if optimize(program, solver) is not None and variable.value is not None else None
        for program, variable in ((one, p), (other, w))
    ]
    nothing = np.full(y.size, np.nan)
    return (nothing if found[0] is None else _on_simplex(found[0])), (nothing if found[1] is None else found[1])


def _on_simplex(p: Array) -> Array:
    weights = np.maximum(p, 0.0)
    return np.asarray(weights / weights.sum())
