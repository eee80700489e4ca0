"""A trust-region method for smooth components, convex or not (sequential quadratic programming on the composite model).

    s = argmin max_i (f_i + J_i s) + ½ sᵀBs  in the box,     x ← x + s  where F_τ + σ·violation falls as the model says

B is the curvature of the components weighted by the last p. The model keeps the maximum as it is, so its weights show
which components are active; once they have settled, the step is Newton's on the KKT system of the active ones, and
converges quadratically (superlinearly with secants for B). A step that a curved kink spoils is corrected to second
order before the box shrinks (Fletcher 1987, chapter 14; Conn, Gould and Toint 2000, chapters 11 and 15).
"""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ...problem import Minimax
from ..base import Direct, State, Step, Task
from ..status import Status
from .restoration import restore
from .trial import onward
from .walk import Walk

LARGEST = 500  # variables
ENTRIES = 1 << 22  # of the Jacobian, which is kept dense
RETURNS = 3  # to the nonlinear constraints, where the walk ends outside them


class TrustRegion(Direct):
    """Few evaluations: one of F and one of its Jacobian a step."""

    name = "trust-region"
    needs = "a dense Jacobian (4·10⁶ entries), up to 500 variables; a domain stated by linear constraints"
    constrained: ClassVar[bool] = True

    @classmethod
    def refuses(cls, problem: Minimax) -> str | None:
        """A domain without linear description, components without rows, too many variables or Jacobian entries."""
        if getattr(problem.domain, "linear", lambda: None)() is None:
            return (
                "it needs a domain with a linear description (Free, Box, Simplex, Polyhedron); this one is "
                f"{problem.domain!r}"
            )
        if not problem.components.rows:
            return "it needs the rows of the Jacobian, and a LinearOperator only offers products"
        if problem.d > LARGEST:
            return f"it factorizes matrices of d = {problem.d} variables, and {LARGEST} is the most it takes"
        if problem.n * problem.d > ENTRIES:
            return f"it keeps the Jacobian, and {problem.n} × {problem.d} is more than {ENTRIES} entries"
        return None

    def steps(self, task: Task) -> Iterator[Step]:
        """Accepted steps, each with the certificate that the model's weights give; ends where nothing is gained."""
        walk = Walk(self.problem, task)
        if walk.nowhere():
            yield Step(State(walk.site.seen, np.inf), ending=Status.FLAT)
            return
        move = yield from onward(walk)
        for _ in range(RETURNS):
            if not walk.outside():
                break
            yield from restore(walk)
            if walk.outside():
                break
            move = yield from onward(walk)
        if not walk.site.finite:
            walk.why = Status.NOT_FINITE
        elif walk.outside():
            walk.why = Status.INFEASIBLE
        yield walk.good or walk.step(move, last=True)
