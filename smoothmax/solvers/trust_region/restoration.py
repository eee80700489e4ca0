"""Where a walk ends outside the nonlinear constraints: the least violation nearby, by the same method without them.

    min over x ∈ X of max(h_j(x), |e_j(x)|),     each constraint in its own units, as the result tells the violation

It ends as soon as the constraints are met, and the walk goes on from there; else where no step reduces the violation.
"""

from collections.abc import Iterator

import numpy as np

from ..._typing import Array, Index
from ...components import Block, Components, Subset
from ...constraints import Constraints
from ...problem import restored
from ...upper import FEASIBLE
from ..base import State, Step, Task
from .trial import onward
from .walk import RESTART, Walk

ENOUGH = 0.1 * FEASIBLE
DIGITS = 1e-9  # of the violation, where it does not end at zero
DEARER = 10.0  # what violation costs after each return


class Violation(Components):
    """h, e and −e: the components whose largest is the violation where it is positive."""

    convex = False

    def __init__(self, constraints: Constraints) -> None:
        self.constraints, self.d = constraints, constraints.d
        self.n = constraints.upper.size + constraints.lower.size + 2 * constraints.equal.size

    @property
    def exact_hess(self) -> bool:
        """Nothing is known of curvature."""
        return False

    def at(self, x: Array) -> Iterator[Block]:
        """One block."""
        held = self.constraints.at(x)
        yield Block(
            (slice(0, self.n),),
            lambda: np.concatenate([held.h, held.e, -held.e]),
            lambda: np.vstack([held.H, held.E, -held.E]),
        )

    def subset(self, rows: Index) -> Components:
        """Through the constraints that give all."""
        return Subset(self, rows)

    def rounding(self, x: Array, rows: Index, f: Array | None = None) -> Array:
        """Not known, and nothing is proven here."""
        return np.zeros(rows.size)


def restore(walk: Walk) -> Iterator[Step]:
    """Move the walk to points of less violation, until there is none or no step reduces it."""
    task, constraints = walk.task, walk.problem.constraints
    assert constraints is not None
    problem = restored(Violation(constraints), walk.problem.domain, None)
    first = problem.at(walk.site.x, task.meter)
    inner = Walk(problem, Task(first, task.meter, lambda f: DIGITS * max(float(f.max()), 0.0), task.rng, tol=DIGITS))
    if not inner.nowhere():
        for _ in onward(inner):
            walk.site = walk.look(inner.site.x)
            yield Step(State(walk.site.seen, np.inf))
            if walk.site.seen.excess <= ENOUGH:
                break
    walk.delta, walk.idle, walk.lowest = max(walk.delta, RESTART), 0.0, (np.inf, np.inf)
    walk.merit.sigma *= DEARER
