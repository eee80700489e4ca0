"""Newton's method on F_τ with the structured Hessian, and a primal–dual barrier for a linear domain.

    (∇²F_τ + Gᵀ diag(λ/s) G + β B) dx + Eᵀν = −(∇F_τ + Gᵀ(μ/s)),   E dx = e − E x,   s = h − G x > 0,
    λ⁺ = μ/s + (λ/s)∘G dx

The Hessian is summed over the rows whose weight shows; G collects bounds and inequalities; β B is the regularization by
the gradient (`damping`), zero until a step has failed. A good step costs one pass; `ray` says how far to go.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..._linalg import all_finite
from ..._typing import Array
from ...domains import walls_of
from ...problem import Minimax
from ...surrogate import Point, Smoothed
from ..base import Method, State
from .barrier import Walls, core, interior
from .damping import Damping, metric
from .predictor import turn, value
from .ray import Ray
from .sampling import approach, worth

EPS = float(np.finfo(float).eps)
LARGEST = 5000  # variables: a step keeps several dense d × d matrices, here 200 MB each
SPARSE = 1e-6  # least regularization where weights are sparse, and the Hessian has their rank
TRIES = 24  # steps refused in a row, each with more regularization, before there is no step


class Newton(Method):
    """Newton with multipliers: few steps a stage, quadratic convergence within it."""

    name = "newton"
    remote = True
    smoothings = ("shannon", "gini")
    kappa = 1e-4  # the prior of the next stage corrects the rest
    needs = (
        "components with Jacobian rows, up to 5000 variables; a domain of linear constraints and balls with an interior"
    )

    def __init__(self, problem: Minimax, options: dict[str, Any], mu: float = 0.0) -> None:
        """`mu` is the barrier's parameter to begin with; for 0, a tenth of τ for all walls together."""
        super().__init__(problem, options)
        walled = walls_of(problem.domain)
        assert walled is not None  # as `refuses` has seen
        self.walls = Walls(walled.linear, problem.d, walled.spheres)
        self.core = core(walled.linear, problem.start())
        self.proves = not walled.spheres  # with spheres the bound is the oracle's, and takes no multipliers
        self.mu = mu
        self.damping = Damping()
        self.last: Point | None = None
        if not (problem.affine or problem.components.quadratic):
            self.kappa = 1e-10  # type: ignore[misc]  # the bound needs Jᵀp = 0 at this very x, and the last steps are cheap

    @classmethod
    def refuses(cls, problem: Minimax) -> str | None:
        """A domain without walls that it knows, an empty interior, components without rows, or d above LARGEST.

        Asked at the door of every problem: nothing here is larger than the data.
        """
        walled = walls_of(problem.domain)
        if walled is None:
            return (
                "it needs a domain with linear or round walls (Free, Box, Simplex, Ball, Polyhedron, their products); "
                f"this one is {problem.domain!r}"
            )
        if not problem.components.rows:
            return "it needs the rows of the Jacobian, and a LinearOperator only offers products"
        if problem.d > LARGEST:
            return f"it would factorize d = {problem.d} variables, and {LARGEST} is the most it takes"
        if not interior(walled.linear, core(walled.linear, problem.start())):
            return (
                "the polyhedron has no interior point (an inequality holds with equality throughout; state it as one)"
            )
        return None

    def states(self, surrogate: Smoothed, x: Array) -> Iterator[State[Point]]:
        """Regularized Newton from x."""
        walls = self.walls
        if not surrogate.entropic:
            self.damping.keep(SPARSE)
        x = walls.inside(x, self.core)
        if walls.count and not walls.lam.any():
            self.mu = self.mu or 0.1 * surrogate.tau / walls.count
            if not getattr(self.problem.domain, "bounded", False):
                walls.reach(x, natural_size(surrogate.point(x)))
        walls.begin(x, self.mu)
        point, tries = self._predict(surrogate, x) or surrogate.point(x), 0
        while True:
            self.last = point
            dx, decrement = self._direction(point)
            ray = Ray(point, dx, walls, self.mu)
            stuck = tries == TRIES or ray.flat
            state = State(point, decrement, walls.multipliers() if self.proves else None, stuck=stuck)
            while stuck:
                yield state
            if not tries:
                yield state
            t, new = ray.go()
            self.damping.learn(t)
            if new is None:
                tries += 1
            else:
                walls.update(t)
                point, tries = new, 0

    def shortcut(self, surrogate: Smoothed, x: Array, tau: float) -> Iterator[State[Point]]:
        """On a sample of the rows, where they are many."""
        return approach(surrogate, x, tau) if surrogate.entropic and worth(self.problem) else iter(())

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

    def _predict(self, surrogate: Smoothed, x: Array) -> Point | None:
        """The Euler step from the end of the last stage, where F is lower there."""
        last, walls = self.last, self.walls
        if (
            not surrogate.entropic
            or last is None
            or not np.array_equal(last.x, x)
            or not np.isfinite(last.fun)
            or "hess" not in last.__dict__
        ):
            return None
        r = -turn(last, surrogate)
        M = last.hess + walls.matrix(x)
        if not (all_finite(M, r) and M.any()):
            return None
        dx = walls.solve(M, r, x)[0]
        t = min(1.0, walls.longest(x, dx))
        stay = value(last, surrogate) + walls.value(x, self.mu)
        guess = surrogate.point(walls.settle(x + t * dx))
        return guess if guess.fun + walls.value(guess.x, self.mu) < stay else None

    def _direction(self, point: Point) -> tuple[Array, float]:
        """The primal–dual Newton step at a point, and the decrement, which no regularization makes smaller."""
        walls, wall = self.walls, self.walls.matrix(point.x)
        r = -(point.jac + walls.gradient(point.x, self.mu))
        if walls.fixed:  # nowhere to go, and the bounds hold the whole gradient
            walls.nu = np.concatenate([np.zeros(walls.n_eq), r])
            return np.zeros_like(r), 0.0
        M = point.hess + wall
        if not all_finite(M, r):
            return np.full_like(r, np.nan), 0.0
        if not M.any() and walls.held is None:
            return r, float(
                r @ r
            ) / 2  # all components have one gradient: there is nothing to solve, only a ray to follow
        dx, nu = walls.solve(M, r, point.x)
        decrement = max(float(r @ dx), 0.0) / 2
        if self.damping.on:
            shift = self.damping.shift(lambda: metric(point.lin, point.tau), point.tau, r, wall)
            dx, nu = walls.solve(M + shift, r, point.x)
        walls.predict(point.x, dx, nu, self.mu)
        return dx, decrement


def natural_size(point: Point) -> Array:
    """How far each variable has to go to change f by its spread; 0 where it does not enter."""
    size = point.lin.column_sizes()
    return np.where(size > 0, np.ptp(point.f) / np.where(size > 0, size, 1.0), 0.0)
