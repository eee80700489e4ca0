"""Projected gradient descent:  x⁺ = P_X(x − s²∘∇F_τ(x)/L),  L eased before a step and doubled within it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .._typing import Array
from ..problem import Minimax
from ..surrogate import Point, Smoothed
from .average import Average
from .base import Method, State
from .metric import column_scale, gap_on, stepped

EPS = float(np.finfo(float).eps)
FLAT = 40  # steps without a decrease that rounding does not explain
EASE = 0.95  # of L before each step: halving it would cost a refused trial a step
SHARE = 0.03  # of the last gap: the accuracy of the next stage


class Gradient(Method):
    """The plain method: one or two passes a step, O(1/k)."""

    name = "gradient"
    remote = True
    smoothings = ("shannon", "gini")
    needs = "a domain with a projection"
    kappa = 0.2
    shrink = 2.0
    patience = 2000
    cold = False
    keep = 0.1

    def __init__(self, problem: Minimax, options: dict[str, Any]) -> None:
        super().__init__(problem, options)
        self.scale: Array | None = None
        self.curve = 1.0  # L·τ: what of L is left after the temperature
        self.share = np.inf  # of the gap after the last stage
        if not problem.affine:  # curvature of its own: a cold τ would only spoil the condition of F_τ
            self.keep, self.kappa, self.shrink = 30.0, 0.03, 4.0  # type: ignore[misc]

    @classmethod
    def refuses(cls, problem: Minimax) -> str | None:
        """A domain that only has a linear oracle."""
        if getattr(problem.domain, "projects", True):
            return None
        return f"it needs a domain with project(x); {problem.domain!r} has none"

    def target(self, tau: float) -> float:
        """κ·τ; of curved components, whose τ stays warm, no more than a share of the gap."""
        return self.kappa * tau if self.problem.affine else min(self.kappa * tau, self.share)

    def learn(self, tau: float, gap: float) -> None:
        """The next stage is to be as much sharper as the last one was."""
        self.share = SHARE * gap

    def states(self, surrogate: Smoothed, x: Array) -> Iterator[State[Point]]:
        """From x on; stuck once F has not fallen beyond its own rounding for FLAT steps."""
        best, flat = np.inf, 0
        for state in self.walk(surrogate, x):
            noise = 4 * EPS * (abs(state.point.fun) + surrogate.tau)
            flat = 0 if state.point.fun < best - noise else flat + state.steps
            best = min(best, state.point.fun)
            while flat > FLAT:
                yield replace(state, stuck=True)
            yield state

    def walk(self, surrogate: Smoothed, x: Array) -> Iterator[State[Point]]:
        """The steps themselves."""
        point, average = surrogate.point(x), Average(self.problem)
        while True:
            yield self.state(point, average)
            new = self.step(surrogate, point, point)
            while new is None:
                yield replace(self.state(point, average), stuck=True)
            average.add(point, 1.0 / self.curve)
            point = new

    def state(self, point: Point, average: Average) -> State[Point]:
        """A point with the better of the two bounds on F_τ − min F_τ: its own, and that of the averaged weights."""
        own = gap_on(self.problem, point)
        averaged = average.gap(point)
        return State(point, min(own, averaged), average=average.weights if averaged < own else None)

    def step(self, surrogate: Smoothed, base: Point, known: Point) -> Point | None:
        """One projected step from `base` that satisfies the quadratic upper bound; None when rounding leaves no step.

        F(x⁺) ≤ F(x) + ⟨∇F, x⁺ − x⟩ + (L/2)·‖(x⁺ − x)/s‖²  (Beck and Teboulle 2009)
        """
        if self.scale is None:
            self.scale = column_scale(self.problem, known)
        s2 = self.scale**2
        noise = 8 * EPS * (abs(base.fun) + surrogate.tau)
        self.curve *= EASE
        for _ in range(100):
            L = self.curve / surrogate.tau
            found = stepped(self.problem, base.x, s2 * base.jac / L)
            if found is None:
                return None
            x, move = found
            trial = surrogate.point(x)
            model = base.fun + float(base.jac @ move) + 0.5 * L * float(np.sum(move * move / s2))
            if np.isfinite(trial.fun) and trial.fun <= model + noise:
                return trial
            self.curve *= 2.0
        return None
