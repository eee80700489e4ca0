"""F and its Jacobian as two functions that count: what every contender is given."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

import smoothmax as sm

Array = NDArray[np.float64]


class Late(Exception):
    """The time of this contender is over."""


class Oracle:
    """fun(x) = F(x) and jac(x) = J(x) of a problem; `evaluations` and `jacobians` count the points they were asked at.

    Asked again at the point it was asked last, it answers from memory and does not count: some solvers want the
    values of the objective and of the constraints by different callbacks. `reached` is how many evaluations it took
    until max f was at most `enough` at a feasible point: no rule of stopping has a part in that.
    """

    def __init__(self, problem: sm.Minimax, seconds: float = np.inf, enough: float = -np.inf) -> None:
        self.problem, self.deadline, self.enough = problem, time.perf_counter() + seconds, enough
        self.evaluations = self.jacobians = 0
        self.reached: int | None = None
        self._values: tuple[Array, Array] | None = None
        self._slopes: tuple[Array, Array] | None = None

    def fun(self, x: Any) -> Array:
        """F(x), (n,)."""
        x = np.array(x, dtype=float)
        if self._values is None or not np.array_equal(self._values[0], x):
            self._tick()
            self.evaluations += 1
            self._values = x, self.problem.components.value(x)
            if self.reached is None and self._values[1].max() <= self.enough and self.problem.domain.contains(x):
                self.reached = self.evaluations
        return self._values[1].copy()

    def jac(self, x: Any) -> Array:
        """J(x), (n, d)."""
        x = np.array(x, dtype=float)
        if self._slopes is None or not np.array_equal(self._slopes[0], x):
            self._tick()
            self.jacobians += 1
            with np.errstate(all="ignore"):
                self._slopes = x, np.asarray(self.problem.at(x).jac(np.arange(self.problem.n)))
        return self._slopes[1].copy()

    def stated(self) -> sm.Minimax:
        """The problem as it stands; where functions state it, the counting ones do, with its Hessian if it has one."""
        parts = self.problem.components
        if not isinstance(parts, sm.Smooth):
            return self.problem
        return self._smooth(self.jac, parts.hess if parts.exact_hess else None)

    def functions(self) -> sm.Minimax:
        """The same problem with nothing known but the two functions (and whether they are convex)."""
        return self._smooth(self.jac, None)

    def values(self) -> sm.Minimax:
        """The same problem with nothing known but F."""
        return self._smooth(None, None)

    def _smooth(self, jac: Any, hess: Any) -> sm.Minimax:
        p = self.problem
        return sm.Minimax(sm.Smooth(self.fun, jac, hess, n=p.n, d=p.d, convex=p.convex), p.domain)

    def _tick(self) -> None:
        if time.perf_counter() > self.deadline:
            raise Late("the time limit is reached")
