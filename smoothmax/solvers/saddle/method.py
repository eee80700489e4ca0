"""Games and other affine problems with as many components as variables, as saddle points.

    min over x ∈ X of max_i (A x + b)_i  =  min over x of max over p of ⟨p, A x + b⟩,      p on the simplex

X is a simplex or a bounded box, so that any p proves a bound. Two routes: the central path with one factorization of
the smaller side a step, and restarted primal–dual steps in products with A alone.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from ... import _doors
from ...domains import Box, Simplex
from ...problem import Minimax
from ...surrogate import Seen
from ..base import Direct, State, Step, Task
from .interior import interior
from .primal_dual import primal_dual
from .proof import Ledger

FACTORIZE = 5000  # rows of the smaller side up to which one factorization a step is the faster route
ROUTES = ("barrier", "primal-dual")


class Saddle(Direct):
    """Predictor–corrector on both sides of a game, or restarted primal–dual steps; options: route = one of ROUTES."""

    name = "saddle"
    needs = "affine components; Simplex or bounded Box"
    takes: ClassVar[tuple[str, ...]] = ("route",)

    def __init__(self, problem: Minimax, options: dict[str, Any]) -> None:
        super().__init__(problem, options)
        self.route = _doors.one_of('options["route"]', options.get("route", suggested(problem)), ROUTES)
        if self.route == "barrier" and not problem.components.rows:
            raise ValueError(
                "options[\"route\"] = 'barrier' needs the entries of A, and a LinearOperator only offers products; "
                "use 'primal-dual'"
            )

    @classmethod
    def refuses(cls, problem: Minimax) -> str | None:
        """Components that are not affine, or a domain other than a simplex or a bounded box."""
        if not problem.affine:
            return f"it needs affine components; {problem.components!r} is not affine"
        if isinstance(problem.domain, Simplex) or (isinstance(problem.domain, Box) and problem.domain.bounded):
            return None
        return f"it needs a Simplex or a Box with finite bounds; this domain is {problem.domain!r}"

    def steps(self, task: Task) -> Iterator[Step]:
        """The start, then the steps of the route."""
        yield Step(State(Seen(task.first), np.inf))
        ledger = Ledger(self.problem, task)
        route = interior if self.route == "barrier" else primal_dual
        yield from route(self.problem, task, ledger)


def suggested(problem: Minimax) -> str:
    """The barrier where its factorization and its rows fit."""
    fits = problem.components.rows and min(problem.n, problem.d) <= FACTORIZE
    return "barrier" if fits else "primal-dual"
