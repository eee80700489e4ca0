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
from .base import State
from .gradient import Gradient
from .metric import project


class Accelerated(Gradient):
    """Two passes a step, O(1/k²), linear where F_τ is well conditioned."""

    name = "accelerated"
    needs = "a domain with a projection"

    def walk(self, surrogate: Smoothed, x: Array) -> Iterator[State[Point]]:
        """The steps, with momentum."""
        point = surrogate.at(x)
        base, t, average = point, 1.0, Average(self.problem)
        while True:
            yield self.state(point, average)
            new = self.step(surrogate, base, point)
            if new is None and base is not point:  # the momentum's fault
                base, t = point, 1.0
                average.restart()
                new = self.step(surrogate, base, point)
            while new is None:
                yield replace(self.state(point, average), stuck=True)
            average.add(base, t)
            uphill = float((base.x - new.x) @ (new.x - point.x)) > 0 or new.fun > point.fun
            t_next = 1.0 if uphill else (1 + np.sqrt(1 + 4 * t * t)) / 2
            ahead = new if uphill else surrogate.at(project(self.problem, new.x + (t - 1) / t_next * (new.x - point.x)))
            if not np.isfinite(ahead.fun):
                ahead, t_next = new, 1.0
            if t_next == 1.0:
                average.restart()
            if new.fun <= point.fun or base is point:
                point = new
            base, t = (point, 1.0) if uphill else (ahead, t_next)
