"""Accelerated gradient with adaptive restart.

    x_{k+1} = P_X(y_k − s²∘∇F(y_k)/L),   t_{k+1} = (1 + √(1 + 4t_k²))/2,
    y_{k+1} = x_{k+1} + (t_k − 1)/t_{k+1}·(x_{k+1} − x_k)

(FISTA, Beck and Teboulle 2009), restarted when the momentum points uphill, ⟨y_k − x_{k+1}, x_{k+1} − x_k⟩ > 0
(O'Donoghue and Candès 2015).
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from .._typing import Array
from ..surrogate import Point, Smoothed
from .average import Average
from .balanced import SPARSE
from .base import State
from .gradient import EASE, Gradient
from .metric import column_scale, curvature_scale, project
from .momentum import Stand, advance

BURST = 4, 32  # steps between states on affine components, at first and at most: a state costs a pass of its own
STALE = 64  # steps after which the metric follows the weights, at the next restart
SHORTEST = 16  # steps before an estimate is believed where the domain is open


class Accelerated(Gradient):
    """One pass a step on affine components, two on others; O(1/k²), linear where F_τ is well conditioned."""

    name = "accelerated"
    remote = True
    needs = "a domain with a projection"

    def walk(self, surrogate: Smoothed, x: Array) -> Iterator[State[Point]]:
        """The steps, with momentum."""
        return self._affine(surrogate, x) if self.problem.affine else self._curved(surrogate, x)

    def _affine(self, surrogate: Smoothed, x: Array) -> Iterator[State[Point]]:
        """A state after a burst of steps, or as soon as the averaged weights promise the accuracy of the stage."""
        point = surrogate.point(x)
        if self.scale is None:
            self.scale = column_scale(self.problem, point)
        large = self.problem.d > SPARSE  # of few variables the weights are repaired and need no estimate
        average, promise = Average(self.problem, self.scale if large else None), self.target(surrogate.tau)
        stand, s2 = Stand.at(point), curvature_scale(self.problem, self.scale, point)
        burst, steps, age, least = BURST[0], 0, 0, SHORTEST if large and not average.bounded else 0
        yield self.state(point, average)
        while True:
            new, self.curve = advance(self.problem, surrogate, stand, s2, EASE * self.curve)
            if new is None:
                stuck, stand = stand.still, Stand.at(surrogate.point(stand.x))
                average.restart()
                while stuck:
                    yield replace(self.state(stand.base, average), stuck=True)
                continue
            average.add(stand.base, stand.t)
            stand, steps, age, least = new, steps + 1, age + 1, least - 1
            near = average.above(stand.fun) <= promise and least <= 0
            if steps >= burst or near:
                yield replace(self.state(surrogate.point(stand.x), average), steps=steps)
                burst, steps = min(2 * burst, BURST[1]), 0
                promise = promise / 4 if near else promise
            if stand.t == 1.0:
                average.restart()
                if age >= STALE:
                    s2, age = curvature_scale(self.problem, self.scale, stand.base), 0

    def _curved(self, surrogate: Smoothed, x: Array) -> Iterator[State[Point]]:
        """A state at every step."""
        point = surrogate.point(x)
        base, t, average = point, 1.0, Average(self.problem)
        while True:
            yield self.state(point, average)
            new = self.step(surrogate, base, point)
            if new is None and base is not point:  # the momentum's fault
                base, t = point, 1.0
                new = self.step(surrogate, base, point)
            while new is None:
                yield replace(self.state(point, average), stuck=True)
            uphill = float((base.x - new.x) @ (new.x - point.x)) > 0 or new.fun > point.fun
            t_next = 1.0 if uphill else (1 + np.sqrt(1 + 4 * t * t)) / 2
            ahead = (
                new if uphill else surrogate.point(project(self.problem, new.x + (t - 1) / t_next * (new.x - point.x)))
            )
            if not np.isfinite(ahead.fun):
                ahead, t_next = new, 1.0
            if new.fun <= point.fun or base is point:
                point = new
            base, t = (point, 1.0) if uphill else (ahead, t_next)
