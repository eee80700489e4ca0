"""Momentum on affine components: one evaluation a step, at the point that the momentum has run ahead to.

    x⁺ = P_X(y − s²∘∇F(y)/L),      y⁺ = x⁺ + β·(x⁺ − x),      f(x⁺) = (f(y⁺) + β·f(x))/(1 + β)

F(y⁺), ∇F(y⁺) and the test of L at x⁺ take one pass together, and the recursion for f halves its own rounding. y⁺ may
lie outside X, where affine components have values all the same. What is certified is evaluated afresh.
"""

from dataclasses import dataclass

import numpy as np

from .._typing import Array
from ..problem import Minimax
from ..surrogate import Point, Smoothed
from .metric import stepped
from .sparse.tilt import Tilt

EPS = float(np.finfo(float).eps)
TRIALS = 100


@dataclass(frozen=True)
class Stand:
    """x with F_τ there, and the point `base` from which the next step is taken."""

    x: Array
    f: Array
    fun: float
    base: Point  # at y; x itself after a restart
    t: float = 1.0
    rounding: float = 0.0  # of f at the top

    @classmethod
    def at(cls, point: Point) -> "Stand":
        """Without momentum."""
        rows, f = point.lin.leaders(0.0)
        rounding = float(point.lin.components.rounding(point.x, rows[:1], f[:1]).max(initial=0.0))
        return cls(point.x, point.f, point.fun, point, 1.0, rounding)

    @property
    def still(self) -> bool:
        """There is no momentum, and `base` is F at x itself."""
        return self.base.x is self.x


def advance(problem: Minimax, surrogate: Smoothed, stand: Stand, s2: Array, curve: float) -> tuple[Stand | None, float]:
    """The next stand and L·τ, doubled until the quadratic upper bound holds; None where rounding leaves no step."""
    base, tau = stand.base, surrogate.tau
    noise = 8 * EPS * (abs(base.fun) + tau) + stand.rounding
    for _ in range(TRIALS):
        found = stepped(problem, base.x, s2 * base.jac * (tau / curve))
        if found is None:
            return None, curve
        x, move = found
        new = _ahead(surrogate, stand, x, uphill=float((move / s2) @ (x - stand.x)) < 0)
        model = base.fun + float(base.jac @ move) + 0.5 * curve / tau * float(np.sum(move * move / s2))
        if np.isfinite(new.base.fun) and new.fun <= model + noise:
            return new, curve
        curve *= 2.0
    return None, curve


def _ahead(surrogate: Smoothed, last: Stand, x: Array, uphill: bool) -> Stand:
    """The stand at x, with momentum unless it would point uphill."""
    t = 1.0 if uphill else (1 + np.sqrt(1 + 4 * last.t * last.t)) / 2
    beta = 0.0 if uphill else (last.t - 1) / t
    y = x + beta * (x - last.x)
    if beta == 0.0 or not np.isfinite(y).all():
        point = surrogate.point(x)
        return Stand(point.x, point.f, point.fun, point, t, last.rounding)
    base = surrogate.point(y)
    f = (base.f + beta * last.f) / (1 + beta)
    return Stand(x, f, _value(surrogate, f), base, t, last.rounding)


def _value(surrogate: Smoothed, f: Array) -> float:
    """F_τ at component values."""
    if not surrogate.entropic:
        return surrogate.value(f)
    return Tilt(f if surrogate.offset is None else f + surrogate.offset, surrogate.tau).fun
