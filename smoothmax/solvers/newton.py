"""Newton's method on F_τ with the structured Hessian, and a primal–dual barrier for a linear domain.

    (∇²F_τ + Gᵀ diag(λ/s) G) dx + Eᵀν = −(∇F_τ + Gᵀ(μ/s)),   E dx = e − E x,   s = h − G x > 0,
    λ⁺ = μ/s + (λ/s)∘G dx

The Hessian is summed over the rows whose weight shows; G collects bounds and inequalities. For affine components the
line search is free: f(x + t·dx) = f + t·J dx, so one product with J gives F_τ along the whole ray.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from .._linalg import solve_kkt
from .._typing import Array
from ..problem import Minimax
from ..surrogate import Point, Smoothed
from .barrier import Walls
from .base import Method, State

EPS = float(np.finfo(float).eps)
TRIES = 6  # steps refused in a row, each with more damping, before there is no step
FADED = 50.0  # components this many τ below the max weigh less than 2e-22


class Newton(Method):
    """Newton with multipliers: 5–6 steps a stage, quadratic convergence within it."""

    name = "newton"
    kappa = 1e-7  # the last steps are quadratic: cheaper within a stage than as stages of their own
    needs = "components with Jacobian rows; a domain described by linear constraints with an interior"

    def __init__(self, problem: Minimax, options: dict[str, Any]) -> None:
        super().__init__(problem, options)
        linear = problem.domain.linear()  # type: ignore[attr-defined]
        self.walls = Walls(linear, problem.d)
        self.mu = 0.0
        self.damping = 0.0  # Levenberg–Marquardt share of `metric`, raised when the line search cuts a step short
        self.metric: Array | None = None  # curvature at the first point, where every row weighs in
        if not (problem.affine or problem.components.quadratic):
            self.kappa = 1e-10  # type: ignore[misc]  # the bound needs Jᵀp = 0 at this very x, and the last steps are cheap

    @classmethod
    def refuses(cls, problem: Minimax) -> str | None:
        """A domain without linear description, an empty interior, or components without rows."""
        describe = getattr(problem.domain, "linear", None)
        linear = describe() if describe else None
        if linear is None:
            return (
                "it needs a domain with a linear description (Free, Box, Simplex, Polyhedron); this one is "
                f"{problem.domain!r}"
            )
        if not problem.components.rows:
            return "it needs the rows of the Jacobian, and a LinearOperator only offers products"
        walls = Walls(linear, problem.d)
        if not walls.interior(walls.core(problem.start())):
            return (
                "the polyhedron has no interior point (an inequality holds with equality throughout; state it as one)"
            )
        return None

    def states(self, surrogate: Smoothed, x: Array) -> Iterator[State[Point]]:
        """Damped Newton from x."""
        walls = self.walls
        x = walls.inside(x, walls.core(self.problem.start()))
        if walls.count and not self.mu:
            self.mu = 0.1 * surrogate.tau / walls.count
        walls.begin(x, self.mu)
        point, tries = surrogate.at(x), 0
        while True:
            dx = self._direction(point)
            slope = float(point.jac @ dx) + walls.slope(point.x, dx, self.mu)
            noise = 16 * EPS * (abs(point.fun) + surrogate.tau)
            stuck = tries == TRIES or not np.isfinite(slope) or -slope <= noise * EPS
            state = State(point, max(-slope, 0.0) / 2, walls.multipliers(), stuck=stuck)
            while stuck:
                yield state
            if not tries:
                yield state
            new = self._move(surrogate, point, dx, slope, noise)
            tries = min(tries + 1, TRIES) if new is point else 0
            point = new

    def target(self, tau: float) -> float:
        """κ·min(τ, barrier's share): the barrier's part must be as sharp as the smoothing's."""
        return self.kappa * (min(tau, self.mu * self.walls.count) if self.walls.count else tau)

    def round(self, tau: float) -> float:
        """With a barrier: its parameter must fall before the gap can."""
        return self.target(tau) if self.walls.count else 0.0

    def learn(self, tau: float, gap: float) -> None:
        """The barrier falls with the gap, not with τ: accuracy must not depend on a tiny temperature."""
        if self.walls.count:
            self.mu = min(0.1 * tau / self.walls.count, 0.01 * max(gap, EPS * tau) / self.walls.count, self.mu / 4)

    def _direction(self, point: Point) -> Array:
        """The primal–dual Newton step at a point."""
        walls = self.walls
        M = point.hess + walls.matrix(point.x)
        if self.metric is None:
            self.metric = point.curvature + 1e-10 * np.diag(np.diagonal(point.curvature))
        if self.damping:
            M = M + (self.damping / point.surrogate.tau) * self.metric
        r = -(point.jac + walls.gradient(point.x, self.mu))
        if not (np.isfinite(M).all() and np.isfinite(r).all()):
            return np.full_like(r, np.nan)
        if not M.any() and walls.E is None:
            return r  # all components have one gradient: there is nothing to solve, only a ray to follow
        e = None if walls.E is None else walls.e - walls.E @ point.x
        dx, nu = solve_kkt(M, r, walls.E, e, floor=1e-30 if walls.count else 1e-13)
        walls.predict(point.x, dx, nu, self.mu)
        return dx

    def _move(self, surrogate: Smoothed, point: Point, dx: Array, slope: float, noise: float) -> Point:
        """The next point along dx; the same point where no decrease is left."""
        if not np.isfinite(slope):
            return point
        longest = self.walls.longest(point.x, dx)
        if self.problem.affine:
            t = self._exact_step(surrogate, point, dx, slope, longest)
        else:
            t = self._backtrack(surrogate, point, dx, slope, longest, noise)
        if t >= 0.5:
            self.damping = self.damping / 8 if self.damping > 1e-12 else 0.0
        elif t < 0.1 or not self.problem.affine:
            self.damping = max(4 * self.damping, 1e-8)
        if t == 0.0:
            return point
        new = surrogate.at(self.walls.settle(point.x + t * dx))
        level = point.fun + self.walls.value(point.x, self.mu) + 1e3 * noise
        if not new.fun + self.walls.value(new.x, self.mu) <= level:
            self.damping = max(1e3 * self.damping, 1e-6)  # J dx was lost in rounding: the step is too long to be true
            return point
        self.walls.update(t)
        return new

    def _exact_step(self, s: Smoothed, point: Point, dx: Array, slope: float, longest: float) -> float:
        """A zero of the derivative along the ray to one half, by safeguarded Newton on the n-vectors f and J dx."""
        change = point.lin.jvp(dx)
        z = point.f if s.offset is None else point.f + s.offset
        low, high, t = 0.0, longest, min(1.0, longest)
        for _ in range(100):
            at = z + t * change
            top = float(at.max())
            seen = np.flatnonzero(at > top - FADED * s.tau)
            w = np.exp((at[seen] - top) / s.tau)
            first = float(w @ change[seen]) / max(float(w.sum()), 1.0) + self.walls.slope(point.x + t * dx, dx, self.mu)
            if abs(first) <= 0.5 * abs(slope):
                return t
            if not first <= 0:  # uphill, or beyond the numbers
                high = t
                t = (low + high) / 2
            else:
                low = t
                t = min(4 * t, longest if high == longest else (low + high) / 2)
                if low >= longest * (1 - 1e-12) or low > 1e12:
                    return low
        return low

    def _backtrack(self, s: Smoothed, point: Point, dx: Array, slope: float, longest: float, noise: float) -> float:
        """Armijo by halving, with an allowance for rounding."""
        start = point.fun + self.walls.value(point.x, self.mu)
        t = min(1.0, longest)
        for _ in range(50):
            x = point.x + t * dx
            value = s.at(x).fun + self.walls.value(x, self.mu)
            if np.isfinite(value) and value <= start + 1e-4 * t * slope + noise:
                return self._expand(s, point, dx, slope, t, longest, value) if t == 1.0 else t
            t /= 2
        return 0.0

    def _expand(
        self, s: Smoothed, point: Point, dx: Array, slope: float, t: float, longest: float, value: float
    ) -> float:
        """Quadruple a full step for as long as F falls almost as fast at its end as at its start."""
        while True:
            x = point.x + t * dx
            if float(s.at(x).jac @ dx) + self.walls.slope(x, dx, self.mu) > 0.5 * slope or 4 * t > min(longest, 1e12):
                return t
            ahead = point.x + 4 * t * dx
            further = s.at(ahead).fun + self.walls.value(ahead, self.mu)
            if not further < value:
                return t
            t, value = 4 * t, further
