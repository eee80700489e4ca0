"""What a route's point is worth, by the certificate alone:

lower ≤ min max f ≤ max f(x),    lower + τ·H(p) ≤ min F_τ ≤ F_τ(x)
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from .._typing import Array
from ..certificate import Certificate, Multipliers, prove
from ..components import Weights
from ..repairs import damped, estimate_multipliers
from ..repairs.spectral import rebalanced
from ..solvers.base import slack
from ..solvers.conic.accepts import linear
from ..surrogate import Point
from .route import Found, Question


@dataclass(frozen=True)
class Judged:
    """The point moved into X, with the best of what several weights prove there."""

    point: Point
    lower: float  # of min max f
    smoothed_lower: float  # of min F_τ
    certificate: Certificate
    weights: Array | None = field(repr=False)


def judge(asked: Question, found: Found, aim: str) -> Judged:
    """Weights as they were handed over, repaired, and the softmax of the point itself: each is proven anew."""
    problem = asked.problem
    point = asked.surrogate.at(problem.start(found.x))
    bare = prove(problem, point.lin, None)
    best, lower, smoothed_lower = bare, -math.inf, -math.inf
    for weights, multipliers in _candidates(asked, point, found):
        c = prove(problem, point.lin, weights, multipliers)
        smoothed = point.fun - slack(point, c)
        better = c.lower > lower if aim == "exact" else smoothed > smoothed_lower
        best = c if better or best is bare else best
        lower, smoothed_lower = max(lower, c.lower), max(smoothed_lower, smoothed)
    return Judged(point, lower, smoothed_lower, best, best.vector)


def _candidates(asked: Question, point: Point, found: Found) -> Iterator[tuple[Array | Weights, Multipliers | None]]:
    if asked.problem.components.spectral:
        yield from _densities(asked, point, found)
        return
    given = [] if found.weights is None else [(np.asarray(found.weights, dtype=float), found.multipliers)]
    for weights, multipliers in (*given, (point.weights, found.multipliers)):
        if not (np.isfinite(weights).all() and weights.any()):
            continue
        yield weights, multipliers
        sides = linear(asked.problem)
        if multipliers is None and sides is not None and not sides.free:
            multipliers = estimate_multipliers(sides, point.x, point.lin.vjp(weights))
            yield weights, multipliers
        repaired = damped(asked.problem, point.lin, weights, multipliers)
        if repaired is not None:
            yield repaired


def _densities(asked: Question, point: Point, found: Found) -> Iterator[tuple[Array | Weights, Multipliers | None]]:
    """Density matrices as they were handed over, those of the point itself, and these after a Newton step."""
    if isinstance(found.weights, tuple):
        yield found.weights, found.multipliers
    if np.isfinite(point.f).all():
        yield point.weights, found.multipliers
        balanced = rebalanced(asked.problem, point, found.multipliers)
        if balanced is not None:
            yield balanced
