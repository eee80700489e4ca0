"""The judge: keeps the best of what was seen and says when it is enough, or cannot be true."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._typing import Array
from ..certificate import Certificate, prove
from ..components import Linearization, families
from ..problem import Minimax
from ..surrogate import Seen
from ..upper import FEASIBLE
from .base import Step, slack

EPS = float(np.finfo(float).eps)
FALSE = 1e-6  # relative; what finite differences and a user's word may leave is less
DRIFT, LARGEST = 10.0, float(np.finfo(float).max)
LOCAL_RESIDUAL = 1e-8  # a KKT residual below max(this, tol) makes a nonconvex point stationary


@dataclass
class Judge:
    """Keeps the best of what was seen and decides when it is enough: gap ≤ atol + tol·max(|fun|, spread).

    The spread is max f − min f at the point, but at most DRIFT times that at the start: components without weight may
    fall for ever along directions in which the maximum does not change, and measure nothing then.
    """

    problem: Minimax
    tol: float
    atol: float | None
    smoothed: bool  # a given τ: the smoothed gap decides
    best: Seen | None = None  # the smallest max f (given τ: the smallest F_τ)
    proof: Certificate | None = None
    proof_step: Step | None = None
    unproven: Step | None = None  # the last with a proof to be had later
    start: Linearization | None = None
    spread: float = math.inf  # of f at the start
    history: list[dict[str, Any]] = field(default_factory=list)

    def begin(self, first: Linearization, atol: float, spread: float) -> None:
        """The values at the start: a point to fall back on, and the tolerances they imply."""
        self.start, self.atol, self.spread = first, atol, spread

    def threshold(self, point: Seen) -> float:
        """What the gap must come down to at this point."""
        return self.goal(point.range)

    def goal(self, f: Array) -> float:
        """The threshold for component values f, or for their smallest and largest."""
        top, atol = float(f.max()), self.atol or 0.0
        if not np.isfinite(f).all():
            return atol
        size = max(abs(top), min(top - float(f.min()), DRIFT * self.spread, LARGEST))
        return min(atol + self.tol * size, LARGEST)

    def see(self, step: Step) -> bool:
        """Take a step in; True when it proves enough."""
        point, c = step.state.point, step.certificate
        self.unproven = self.unproven if step.later is None else step
        if np.isfinite(self._value(point)) and (self.best is None or self._beats(point, self.best)):
            self.best = point
        if c is None:
            return self._combined()
        if self.proof is None or self._better(step, c):
            self.proof, self.proof_step = c, step
        if not self.problem.convex:
            near = c.residual <= max(LOCAL_RESIDUAL, self.tol) and point.excess <= FEASIBLE
            if near and self._small(self._local_gap(point, c), point):
                self.best = point
                return True
            return False
        if np.isfinite(self._value(point)) and self._small(self._gap(step, c), point):
            self.best = point
            return True
        return self._combined()

    @property
    def contradicted(self) -> bool:
        """A lower bound above an upper one, by more than any rounding: both hold, unless somebody's word is false."""
        if self.proof is None or self.best is None or not self.problem.convex:
            return False
        upper = min(self.proof.upper, self.best.upper) if self.problem.affine else self.proof.upper
        return crossed(self.proof.lower, upper, 0.0 if self.start is None else float(np.abs(self.start.range).max()))

    def closes(self, c: Certificate) -> bool:
        """A certificate of the best point leaves a minimax gap that is small enough."""
        if self.best is None or self.smoothed or not self.problem.convex:
            return False
        return c.gap <= self.threshold(self.best)

    def settle(self) -> None:
        """A proof that was put off, now that nothing else is to come."""
        if self.unproven is not None and self.unproven.later is not None:
            self.see(Step(self.unproven.state, self.unproven.later()))

    def _better(self, step: Step, c: Certificate) -> bool:
        """Affine: the larger lower bound, which holds at every x; else the smaller gap at the point itself."""
        if not self.problem.convex or self.proof is None:
            return True
        if self._everywhere and not self.smoothed:
            return c.lower > self.proof.lower
        return self._gap(step, c) < self._gap(self.proof_step, self.proof)

    @property
    def _everywhere(self) -> bool:
        """Weights that prove a bound at one x prove it at every x: those of affine components, and density matrices."""
        parts = families(self.problem.components)
        return self.problem.constraints is None and all(part.affine or part.spectral for part in parts)

    def _combined(self) -> bool:
        """Affine: the best point with the best bound, which may come from different steps."""
        if self.smoothed or self.best is None or self.proof is None or not self._everywhere:
            return False
        if self.best.upper - self.proof.lower > 0.9 * self.threshold(self.best):
            return False
        return prove(self.problem, self.best.lin, None).upper - self.proof.lower <= self.threshold(self.best)

    def _small(self, gap: float, point: Seen) -> bool:
        """Small enough at this point; one without end never is."""
        return gap <= min(self.threshold(point) + self._noise(point), LARGEST)

    def _noise(self, point: Seen) -> float:
        """What rounding of F_τ itself leaves open, for a given τ."""
        if not self.smoothed:
            return 0.0
        return 8 * EPS * abs(point.fun) + 8 * EPS * point.tau * math.log(max(self.problem.n, 2))

    def _key(self, point: Seen) -> tuple[float, float]:
        """Feasible points come first, then small values."""
        return (point.violation if point.excess > FEASIBLE else 0.0, self._value(point))

    def _beats(self, point: Seen, best: Seen) -> bool:
        """A smaller key; but what is only rounding of F_τ, all there is at huge τ, must not raise max f."""
        if self.smoothed and point.upper > best.upper and best.fun - point.fun <= self._noise(point):
            return False
        return self._key(point) < self._key(best)

    def _value(self, point: Seen) -> float:
        return point.fun if self.smoothed else point.upper

    def _local_gap(self, point: Seen, c: Certificate) -> float:
        """max f − ⟨p, f⟩, or F_τ − ⟨p, f⟩ − τ·H(p): zero where the weights belong to the point."""
        if not self.smoothed or c.weights is None:
            return c.parts[0]
        return point.fun - (float(point.range[1]) - c.parts[0] + point.tau * point.information(c.weights))

    def _gap(self, step: Step | None, c: Certificate) -> float:
        return slack(step.state.point, c) if self.smoothed and step is not None else c.gap


def crossed(lower: float, upper: float, size: float) -> bool:
    """A lower bound above an upper one by more than any rounding, where f is of that size at the start: an optimum near
    0 is no sharper than the data."""
    return lower - upper > FALSE * max(abs(upper) + abs(lower), size)
