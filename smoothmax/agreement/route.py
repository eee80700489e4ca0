"""A route: one way to a point that claims to be the minimizer of F_τ ("smoothed") or of max f ("exact")."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .._cached import cached_property
from .._typing import Array
from ..certificate import Multipliers
from ..components import Weights
from ..problem import Minimax
from ..surrogate import Smoothed


class Found(NamedTuple):
    """What a route hands over: its word `claims` counts for nothing in the judgement of its point."""

    x: Array | None
    claims: bool  # the route says that it is optimal
    said: str
    weights: Array | Weights | None = None
    multipliers: Multipliers | None = None


@dataclass(frozen=True)
class Question:
    """What every route is asked."""

    problem: Minimax
    tau: float
    tol: float
    time_limit: float | None
    start: Array

    @cached_property
    def surrogate(self) -> Smoothed:
        """F_τ."""
        return Smoothed(self.problem, self.tau)

    @cached_property
    def unit(self) -> float:
        """The spread of f at the start, |f| or τ where there is none: solvers are not scale invariant."""
        f = self.problem.components.value(self.start)
        sizes = (float(np.ptp(f)), float(np.abs(f).max()), self.tau)
        return next(size for size in sizes if size > 0 and np.isfinite(size))

    def deadline(self) -> Callable[..., None]:
        """A callback for SciPy that stops it when the time is up."""
        begun = time.perf_counter()

        def stop(*_: object) -> None:
            if self.time_limit is not None and time.perf_counter() - begun > self.time_limit:
                raise StopIteration

        return stop


@dataclass(frozen=True)
class Route:
    """`obstacle(problem)` says what is in the way, or None; `find(question)` may raise whatever it likes."""

    name: str
    aim: str  # "smoothed" | "exact"
    obstacle: Callable[[Minimax], str | None]
    find: Callable[[Question], Found]
    trust: float | None = None  # what a claim of optimality is held to, relative to the scale of f; None: tol itself
