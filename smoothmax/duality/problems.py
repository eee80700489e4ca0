"""Strong duality of a smoothed problem: the primal by the library, the dual stated and solved separately.

    min over X of max over p of ⟨p, f(x)⟩ − τ·Ω(p)  =  max over p of min over X of ⟨p, f(x)⟩ − τ·Ω(p)

(Rockafellar 1970, theorem 37.3; for Shannon's Ω = −H the left side is min F_τ, the right an entropy-regularized dual.)
"""

import math
from dataclasses import dataclass, field

import numpy as np

from .._typing import Array
from ..front import solve
from ..problem import Minimax
from ..regularizers import Regularizer
from ..solvers import conic
from ..surrogate import SMOOTHINGS, Smoothed
from .check import EPS, ROUTE, Check, Duality
from .nearness import apart


@dataclass(frozen=True)
class MinimaxDuality(Duality):
    """For a problem: min F_τ by the library, the dual by cvxpy, and the weights of both.

    `difference` = primal − dual, zero by strong duality; `x` is the primal minimizer.
    """

    primal: float
    dual: float
    difference: float
    x: Array = field(repr=False)
    weights: Array = field(repr=False)
    dual_weights: Array = field(repr=False)
    message: str = ""

    def __str__(self) -> str:
        return super().__str__() if self.ok else f"{super().__str__()}\nthe primal: {self.message}"


def of_problem(problem: Minimax, tau: float, kind: Regularizer, solver: str) -> MinimaxDuality:
    """Both sides, and how far their weights may lie apart."""
    if kind.name not in SMOOTHINGS:
        raise ValueError(f"regularizer must be one of {', '.join(map(repr, SMOOTHINGS))} for a problem; got {kind!r}")
    obstacle = conic.Conic.refuses(problem)
    if obstacle:
        raise ValueError(f"no dual is stated for this problem: {obstacle}")
    surrogate = Smoothed(problem, tau, regularizer=kind)
    found = solve(problem, tau=tau, regularizer=kind.name)
    dual, dual_weights = conic.dual(problem, tau, regularizer=kind, solver=solver)
    point = surrogate.at(found.x)
    scale = conic.scale_of(surrogate, surrogate.at(problem.start()))
    size = scale + tau * math.log(problem.n)
    tolerance = ROUTE[solver] * size + found.threshold + 8 * EPS * abs(point.fun)
    off, far = float(np.abs(point.weights - dual_weights).sum()), 2 * apart(kind, problem.n, tolerance / tau)
    checks: tuple[Check, ...] = (
        Check("min F = max over p of min ⟨p,f⟩ − τΩ(p)", "cvxpy", dual, point.fun, tolerance, size),
    )
    if far <= 1.0:  # else the values say nothing of the weights
        checks += (Check("‖p − p'‖₁ = 0", "cvxpy", off, 0.0, far),)
    return MinimaxDuality(
        tau, kind, checks, point.fun, dual, point.fun - dual, point.x, point.weights.copy(), dual_weights, found.message
    )
