"""How far to go along a Newton step: where the derivative of F_τ + barrier has fallen to half of what it was.

The full step is tried first. For affine components it brings J dx = f(x + dx) − f(x) with it, so that a good step costs
one pass, and a bad one two: the line search (`line`) needs none. Curved components have no such line: their step is
taken or refused, and the next one regularized more.
"""

import numpy as np

from ..._typing import Array
from ...surrogate import Point
from .barrier import Walls
from .damping import SHARE
from .line import FAR, HALF, Line, line, search

EPS = float(np.finfo(float).eps)


class Ray:
    """x + t·dx from a point, with F_τ + barrier along it."""

    def __init__(self, point: Point, dx: Array, walls: Walls, mu: float) -> None:
        self.point, self.dx, self.walls, self.mu = point, dx, walls, mu
        self.slope = float(point.jac @ dx) + walls.slope(point.x, dx, mu)
        self.noise = 16 * EPS * (abs(point.fun) + point.tau)
        self.flat = not np.isfinite(self.slope) or -self.slope <= self.noise * EPS

    def go(self) -> tuple[float, Point | None]:
        """(t, the point there), or None where no sufficient decrease was found."""
        longest = self.walls.longest(self.point.x, self.dx)
        t = min(1.0, longest)
        new = self._at(t)
        if not self.point.surrogate.problem.affine:
            return self._further(new, t, longest) if self._falls(new, SHARE * t) else (0.0, None)
        lost = -self.slope <= self.noise  # among rounding a derivative says nothing
        good = lost or abs(self._slope(new)) <= HALF * abs(self.slope)
        if not (good and self._falls(new, 0.0)):
            t = self._search(new, t, longest)
            new = self._at(t)
        return (t, new) if t > 0 and self._falls(new, 0.0) else (0.0, None)

    def _at(self, t: float) -> Point:
        return self.point.surrogate.point(self.walls.settle(self.point.x + t * self.dx))

    def _slope(self, new: Point) -> float:
        return float(new.jac @ self.dx) + self.walls.slope(new.x, self.dx, self.mu)

    def _falls(self, new: Point, share: float) -> bool:
        """F + barrier is below what it was by a share of the slope, as far as rounding shows."""
        before = self.point.fun + self.walls.value(self.point.x, self.mu)
        after = new.fun + self.walls.value(new.x, self.mu)
        return bool(after <= before + share * self.slope + 1e3 * self.noise)

    def _search(self, new: Point, t: float, longest: float) -> float:
        """By the values at the end of the full step."""
        point, walls = self.point, self.walls
        known = np.isfinite(new.fun) and walls.held is None
        c = (new.f - point.f) / t if known else point.lin.jvp(self.dx)
        smooth = line(point.surrogate, point.f, c)
        return search(self._walled(smooth) if walls.count else smooth, self.slope, t, longest)

    def _walled(self, smooth: Line) -> Line:
        def phi(t: float) -> tuple[float, float]:
            x, (value, slope) = self.point.x + t * self.dx, smooth(t)
            return value + self.walls.value(x, self.mu), slope + self.walls.slope(x, self.dx, self.mu)

        return phi

    def _further(self, new: Point, t: float, longest: float) -> tuple[float, Point]:
        """Quadruple a full step for as long as F falls almost as fast at its end as at its start."""
        while t >= 1.0 and 4 * t <= min(longest, FAR) and self._slope(new) <= HALF * self.slope:
            ahead = self._at(4 * t)
            value = ahead.fun + self.walls.value(ahead.x, self.mu)
            if not value < new.fun + self.walls.value(new.x, self.mu):
                break
            t, new = 4 * t, ahead
        return t, new
