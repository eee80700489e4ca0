"""Averaged weights: along the base points y_k of a first-order method, with weights θ_k,

    p̄ = Σ θ_k p(y_k)/Σ θ_k,      F_τ(z) ≥ Σ θ_k (F_τ(y_k) + ⟨∇F_τ(y_k), z − y_k⟩)/Σ θ_k   for every z.

For affine components the minimum of that model over a bounded X bounds F_τ from below, and p̄ proves the bound: an
accuracy certificate (Nemirovski, Onn, Rothblum 2010). With θ_k = t_k of an accelerated method from x₀,

    F_τ(x_{k+1}) − min over z ∈ X of the model  ≤  L·max over z ∈ X of ‖z − x₀‖²/(2 t_k²)

(the estimate sequence of Tseng 2008; ‖·‖ in the metric of the step), while the last p alone has no such rate.

On an open box the minimum is taken near the last base point, no farther than the iterates have been from 0 and from
the first of them (in units of the columns): an estimate then, of how well F_τ is minimized and how nearly Jᵀp̄ = 0.
"""

import math

import numpy as np

from .._typing import Array, Index
from ..domains import Box, Polyhedron
from ..problem import Minimax
from ..surrogate import Point
from .sparse.tilt import Tilt


class Average:
    """Σ θ_k of weights, slopes and constants since the last restart, beside the best average before it.

    `scale`, the units of the variables, makes it of use on open boxes too.
    """

    def __init__(self, problem: Minimax, scale: Array | None = None) -> None:
        self.problem, self.scale = problem, scale
        domain = problem.domain
        self.bounded = getattr(domain, "bounded", False) and not isinstance(domain, Polyhedron)
        self.useful = problem.affine and (self.bounded or (isinstance(domain, Box) and scale is not None))
        self.best, self.best_lower = np.zeros(0), -math.inf
        self.first, self.last, self.reach = np.zeros(0), np.zeros(0), 0.0
        self._empty()

    def _empty(self) -> None:
        self.mass, self.constant = 0.0, 0.0
        self.slope = np.zeros(self.problem.d)
        self.total = np.zeros(self.problem.n if self.useful else 0)

    def add(self, point: Point, theta: float) -> None:
        """Take a base point in."""
        if not self.useful:
            return
        rows, weights = _shown(point)
        self.total[rows] += theta * weights
        self.mass += theta
        self.slope += theta * point.jac
        self.constant += theta * (point.fun - float(point.jac @ point.x))
        if not self.bounded:
            self._travel(point.x)

    def _travel(self, x: Array) -> None:
        self.first, self.last = self.first if self.first.size else x, x
        far = np.maximum(np.abs(x), np.abs(x - self.first)) / self.scale
        self.reach = max(self.reach, float(far.max()))

    def restart(self) -> None:
        """Begin a new average, as the momentum does; the better of the old ones is kept."""
        lower = self._lower()
        if lower > self.best_lower:
            self.best, self.best_lower = self.total / self.mass, lower
        self._empty()

    def gap(self, point: Point) -> float:
        """F_τ(x) minus the minimum of the model over X, in exact arithmetic a bound on F_τ(x) − min F_τ."""
        return self.above(point.fun)

    def above(self, fun: float) -> float:
        """The same from F_τ(x) alone."""
        lower = max(self._lower(), self.best_lower)
        return fun - lower if math.isfinite(lower) else math.inf

    @property
    def weights(self) -> Array | None:
        """p̄, of the average with the larger minimum; None where there is none."""
        if self._lower() >= self.best_lower and self.mass > 0:
            return self.total / self.mass
        return self.best if self.best.size else None

    def _lower(self) -> float:
        if not self.mass > 0:
            return -math.inf
        return (self.constant + float(self.slope @ self._farthest())) / self.mass

    def _farthest(self) -> Array:
        """Where the model is least."""
        domain = self.problem.domain
        if self.bounded:
            return np.asarray(domain.lmo(self.slope), dtype=np.float64)
        assert isinstance(domain, Box)
        assert self.scale is not None
        return np.clip(self.last - np.sign(self.slope) * self.reach * self.scale, domain.lb, domain.ub)


def _shown(point: Point) -> tuple[Index, Array]:
    """The rows that show, and their weights."""
    if not point.surrogate.entropic:
        return point.live, point.weights[point.live]
    offset = point.surrogate.offset
    tilt = Tilt(point.f if offset is None else point.f + offset, point.tau)
    return tilt.rows, tilt.weights
