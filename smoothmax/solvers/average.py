"""Averaged weights: along the base points y_k of a first-order method, with weights θ_k,

    p̄ = Σ θ_k p(y_k)/Σ θ_k,      F_τ(z) ≥ Σ θ_k (F_τ(y_k) + ⟨∇F_τ(y_k), z − y_k⟩)/Σ θ_k   for every z.

For affine components the minimum of that model over a bounded X bounds F_τ from below, and p̄ proves the bound: an
accuracy certificate (Nemirovski, Onn, Rothblum 2010). With θ_k = t_k of an accelerated method from x₀,

    F_τ(x_{k+1}) − min over z ∈ X of the model  ≤  L·max over z ∈ X of ‖z − x₀‖²/(2 t_k²)

(the estimate sequence of Tseng 2008; ‖·‖ in the metric of the step), while the last p alone has no such rate.
"""

import math

import numpy as np

from .._typing import Array
from ..domains import Polyhedron
from ..problem import Minimax
from ..surrogate import Point
from .sparse.tilt import Tilt


class Average:
    """Σ θ_k of weights, slopes and constants since the last restart, beside the best average before it."""

    def __init__(self, problem: Minimax) -> None:
        self.problem = problem
        bounded = getattr(problem.domain, "bounded", False) and not isinstance(problem.domain, Polyhedron)
        self.useful = problem.affine and bounded
        self.best, self.best_lower = np.zeros(0), -math.inf
        self._empty()

    def _empty(self) -> None:
        self.mass, self.constant = 0.0, 0.0
        self.slope = np.zeros(self.problem.d)
        self.total = np.zeros(self.problem.n if self.useful else 0)

    def add(self, point: Point, theta: float) -> None:
        """Take a base point in."""
        if not self.useful:
            return
        offset = point.surrogate.offset
        tilt = Tilt(point.f if offset is None else point.f + offset, point.tau)
        self.total[tilt.rows] += theta * tilt.weights
        self.mass += theta
        self.slope += theta * point.jac
        self.constant += theta * (point.fun - float(point.jac @ point.x))

    def restart(self) -> None:
        """Begin a new average, as the momentum does; the better of the old ones is kept."""
        lower = self._lower()
        if lower > self.best_lower:
            self.best, self.best_lower = self.total / self.mass, lower
        self._empty()

    def gap(self, point: Point) -> float:
        """F_τ(x) minus the minimum of the model over X, in exact arithmetic a bound on F_τ(x) − min F_τ."""
        lower = max(self._lower(), self.best_lower)
        return point.fun - lower if math.isfinite(lower) else math.inf

    @property
    def weights(self) -> Array | None:
        """p̄, of the average with the larger minimum; None where there is none."""
        if self._lower() >= self.best_lower and self.mass > 0:
            return self.total / self.mass
        return self.best if self.best.size else None

    def _lower(self) -> float:
        if not self.mass > 0:
            return -math.inf
        y = np.asarray(self.problem.domain.lmo(self.slope), dtype=np.float64)
        return (self.constant + float(self.slope @ y)) / self.mass
