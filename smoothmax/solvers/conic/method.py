"""Minimizing F_τ by an exponential-cone solver.

Solvers are not scale invariant and every form of the problem fails somewhere, so nothing is promised here: the problem
is stated anew around the best point, a point counts by its true F_τ, and the certificate judges it.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

from ..._linalg import all_finite
from ..._typing import Array
from ...certificate import Multipliers
from ...domains import Ball
from ...problem import Minimax
from ...surrogate import Point, Smoothed
from ..base import Method, State
from .accepts import obstacle
from .scaled import Scaled
from .solver import check_solver, optimize
from .statement import Stated, state


class Conic(Method):
    """The minimizer of F_τ found by an exponential-cone solver; options: solver = "CLARABEL" or "SCS"."""

    name = "cvxpy"
    needs = "affine or convex quadratic components with explicit data; Free, Box, Simplex, Ball or Polyhedron; cvxpy"
    takes: ClassVar[tuple[str, ...]] = ("solver",)
    shrink: ClassVar[float] = 16.0  # a solve costs the same from any start, so stages are few …
    warms: ClassVar[bool] = False  # … and a fixed τ needs none

    def __init__(self, problem: Minimax, options: dict[str, Any]) -> None:
        super().__init__(problem, options)
        self.solver = check_solver(options.get("solver", "CLARABEL"), 'options["solver"]')
        self._surrogate: Smoothed | None = None

    @classmethod
    def refuses(cls, problem: Minimax) -> str | None:
        """Components without explicit convex quadratic data, a domain it cannot state, or no cvxpy."""
        return obstacle(problem)

    def states(self, surrogate: Smoothed, x: Array) -> Iterator[State[Point]]:
        """x itself, then the best point so far after each attempt; stuck when none is left.

        Asked again for the same surrogate, it goes on with the attempts that are left.
        """
        if self._surrogate is not surrogate:
            self._surrogate, self._state = surrogate, State(surrogate.point(self.problem.placed(x)), math.inf)
            self._left = self._attempts() if math.isfinite(self._state.point.fun) else iter(())
        yield self._state
        for solver, form in self._left:
            found = attempt(surrogate, self._state.point.x, solver, form)
            if found is not None and found.point.fun <= self._state.point.fun:
                self._state = found
                yield found
        while True:
            yield replace(self._state, stuck=True)

    def _attempts(self) -> Iterator[tuple[str, str]]:
        """(solver, form), each stated around the best point; SCS if asked for, or where Clarabel found no optimum."""
        yield from ((self.solver, form) for form in ("perspective", "log-sum-exp", "perspective"))
        if "solver" not in self.options and math.isinf(self._state.decrement):
            yield ("SCS", "perspective")


def attempt(surrogate: Smoothed, x: Array, solver: str, form: str) -> State[Point] | None:
    """One solve, moved into X and judged by F_τ there; None where the solver has no point to offer."""
    problem = surrogate.problem
    scaled = Scaled.of(surrogate, problem.placed(x))
    stated = state(scaled, form)
    exact = solver == "CLARABEL" and form == "log-sum-exp"  # there an infeasibility counts 1/θ times
    lower = optimize(stated.program, solver, **({"tol_feas": 1e-10} if exact else {}))
    if lower is None or stated.z.value is None:
        return None
    point = surrogate.point(problem.placed(scaled.units.x(stated.z.value)))
    decrement = max(point.fun - scaled.units.value(lower), 0.0) if math.isfinite(lower) else math.inf
    steps = stated.program.solver_stats.num_iters or 1
    return State(point, decrement, multipliers_of(scaled, stated), int(steps))


def multipliers_of(scaled: Scaled, stated: Stated) -> Multipliers | None:
    """λ and ν in the units of x; None for a ball, or where the solver left no duals that are numbers."""
    if isinstance(scaled.domain, Ball):
        return None
    lam, nu = (None if one is None else one.dual_value for one in (stated.inequalities, stated.equalities))
    found = scaled.domain.multipliers(scaled.units.scale, lam, nu)
    return found if found is not None and all_finite(*found) else None
