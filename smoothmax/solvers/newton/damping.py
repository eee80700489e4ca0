"""How far a Newton step may be trusted: regularization by the gradient, for quasi-self-concordant functions.

    (∇²F + β B) dx = −∇F,    β = σ·‖∇F‖_*/τ,    ‖g‖_* = √(gᵀB⁻¹g)

F_τ is quasi-self-concordant: |D³F[u, u, v]| ≤ (1/τ)·max_i|⟨∇f_i − ∇F, v⟩|·D²F[u, u] for affine f, a third cumulant.
Where the maximum is at most M·‖v‖_B, a step with σ ≥ M is no longer than τ/M, over which the Hessian changes by less
than a factor of e, and the *full* step always falls by its share (Doikov 2023, section 3):

    F(x) − F(x + dx) ≥ (3 − e)·|⟨∇F, dx⟩|

As ‖∇F‖ → 0 the regularization fades: global linear, local quadratic convergence. M is not known, so σ is adapted.
"""

import math
from collections.abc import Callable

import numpy as np

from ..._linalg import Factor
from ..._typing import Array
from ...components import Linearization

SHARE = 3.0 - float(np.e)  # of |⟨∇F, dx⟩| that a trusted full step gains
SAMPLE = 1000  # rows that stand for all in the metric, beyond 4d
LEAST = 1e-10  # σ below which a step is plain Newton
FIRST = 1e-4  # σ after the first bad step
LIFT = 1e-12  # of B's diagonal
GOOD, BAD = 0.5, 0.1  # lengths of a step


class Damping:
    """σ on its way, and the metric B = (1/n)·Σ ∇f_i ∇f_iᵀ + τ·∇²f̄ where it was first needed."""

    def __init__(self) -> None:
        self.sigma = self.least = 0.0
        self.metric: Array | None = None

    @property
    def on(self) -> bool:
        """A step is not plain Newton."""
        return self.sigma >= LEAST

    def keep(self, least: float) -> None:
        """From now on never below `least`: for Hessians that are singular where few rows have weight."""
        self.least = least
        self.sigma = max(self.sigma, least)

    def shift(self, make: Callable[[], Array], tau: float, r: Array, walls: Array | float = 0.0) -> Array | float:
        """β·B for the gradient r; walls stiffen the norm in which it is measured. B is made when first needed."""
        if not self.on:
            return 0.0
        if self.metric is None:
            self.metric = make()
        norm = math.sqrt(max(float(r @ Factor(self.metric + tau * walls)(r)), 0.0))
        return np.asarray(self.sigma * norm / tau * self.metric)

    def learn(self, t: float) -> None:
        """From the length of the step that was taken (0: refused): less after a good step, more after a bad one."""
        if t >= GOOD:
            self.sigma = max(self.sigma / 4 if self.sigma > LEAST else 0.0, self.least)
        elif t < BAD:
            self.sigma = max((4.0 if t else 16.0) * self.sigma, FIRST)


def metric(lin: Linearization, tau: float) -> Array:
    """B from evenly spaced rows, lifted to be definite."""
    n, d = lin.components.n, lin.components.d
    rows = np.unique(np.linspace(0, n - 1, min(n, 4 * d + SAMPLE)).astype(np.intp))
    some, even = lin.only(rows), np.full(rows.size, 1.0 / rows.size)
    own = None if lin.components.affine else some.components.hess(lin.x, even)
    B = some.gram(even) if own is None else some.gram(even) + tau * own
    return lifted(B)


def lifted(B: Array) -> Array:
    """B made definite: by a little of its diagonal, and where that is zero, of its largest entry."""
    size = np.diagonal(B)
    return np.asarray(B + LIFT * np.diag(np.where(size > 0, size, float(np.max(size)) or 1.0)))
