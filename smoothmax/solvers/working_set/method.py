"""The working set: smoothing finds out on a few rows which components matter, and a pass over all of them checks.

    sample;  solve the sample by smoothing and Newton;  finish;  one pass: the worst violators enter, the far-inactive
    leave;  repeat.   lower: proven on the working set, hence for all (the max over fewer is less);  upper: max f seen

Constraint generation (Clarkson 1995) with smoothed solutions, which are central, in the place of vertices until the gap
is small. The finish is a linear program with a hot basis for affine components (`vertices`), Newton's method on the
active set's KKT system for curved ones (`finish`); where neither helps, smoothing alone closes the gap. Quadratics over
R^d begin with core sets (`core`), which need no smoothing as long as some Σ p_i P_i is definite.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ..._typing import Array, Index
from ...certificate import Certificate, prove
from ...components import Survey, leading
from ...inner import linear_part
from ...problem import Minimax
from ...surrogate import Seen
from ..base import Direct, State, Step, Task
from ..finish import finish
from ..linear import available
from ..newton.few import fits
from ..newton.method import Newton
from .core import CoreSet, suits
from .part import Part, Solved
from .vertices import Look, vertices

SAMPLE = (4, 200)  # rows to begin with: so many for each variable, and at least so many
LOOSE = 0.1  # of the whole gap: how far a working set is solved before the next pass
NEAR = 3.0  # gaps below the max within which a component stays in the working set
KNOWN = 0.03  # of the spread: the gap at which weights show the active components well enough for a finish
FADED = 1e-3  # least prior of a row, relative to the largest
PATIENT = 2  # rounds without progress, after which the finish is tried even so
ROUNDS = 6  # the same, after which nothing more can be had


class WorkingSet(Direct):
    """Many components in few variables, exactly, in a handful of passes."""

    name = "working-set"
    remote = True
    needs = "convex components with Jacobian rows; a domain described by linear constraints with an interior"

    def __init__(self, problem: Minimax, options: dict[str, Any]) -> None:
        super().__init__(problem, options)
        self.lower, self.upper = -np.inf, np.inf
        self.count = leading(problem.d)  # violators that enter after a pass
        self.left_once = np.zeros(problem.n, dtype=bool)  # what has left and comes back stays

    @classmethod
    def refuses(cls, problem: Minimax) -> str | None:
        """What Newton refuses, and components that are not convex."""
        if linear_part(problem) is None:
            return f"it needs a domain with a linear description; this one is {problem.domain!r}"
        return Newton.refuses(problem) or (None if problem.convex else "it needs convex components")

    @property
    def gap(self) -> float:
        """What is left of the whole."""
        return self.upper - self.lower

    def steps(self, task: Task) -> Iterator[Step]:
        """A step for each pass."""
        first = Seen(task.first)
        yield Step(State(first, np.inf, steps=0))
        if not np.isfinite(first.range).all():
            return
        self.upper, self.spread = first.upper, float(np.ptp(first.range))
        x = first.x
        if task.prior is None and suits(self.problem):
            core = CoreSet(self.problem, task)
            yield from core.steps()
            x, self.upper = core.x, core.upper
        rows, quick = self._sample(task), fits(self.problem, self.problem.n)
        tau: float | None = None
        prior = None if task.prior is None else task.prior[rows]
        idle = 0
        while idle < ROUNDS:
            before, part = self.gap, Part(self.problem, rows, task.meter)
            solved = part.smooth(x, tau, prior, partial(self._enough, task, quick and rows.size == self.problem.n))
            if solved is None:
                yield Step(State(first, np.inf, steps=0, stuck=True))
                return
            solved = self._finished(part, solved)
            survey = yield from self.look(task, part, solved.x, solved.certificate, solved.steps)
            if not np.isfinite([survey.low, survey.high]).all():
                yield Step(State(first, np.inf, steps=0, stuck=True))
                return
            x, size, met = solved.x, self.spread or 1.0, part.rows[:0]
            goal = task.goal(np.array([survey.low, survey.high]))
            if self.problem.affine and available() and (self.gap <= KNOWN * size or idle >= PATIENT):
                look = partial(self.look, task, steps=1)
                met = yield from vertices(part, solved, look, lambda: self.gap, 0.3 * goal)
            idle = 0 if self.gap < 0.9 * before else idle + 1
            rows, prior = self._renew(part, solved, survey, met)
            tau = max(self.gap, 1e-3 * goal) / np.log(max(rows.size, 2)) if np.isfinite(self.gap) else None

    def look(self, task: Task, part: Part, x: Array, proven: Certificate, steps: int) -> Look:
        """One pass at x: the true max, the worst violators, and the part's proof for the whole."""
        lin = self.problem.at(x, task.meter)
        survey = lin.survey(self.count)
        found = part.lift(proven, prove(self.problem, lin, None).upper)
        self.upper, self.lower = min(self.upper, found.upper), max(self.lower, found.lower)
        self.spread = survey.high - survey.low
        seen = Seen(lin)
        yield Step(State(seen, np.inf, proven.multipliers, steps), found)
        return survey

    def _sample(self, task: Task) -> Index:
        """Rows at random, whatever their order, and the worst at the start; all of them where they are few."""
        n, d = self.problem.n, self.problem.d
        size = max(SAMPLE[0] * d, SAMPLE[1])
        if n <= 2 * size + self.count:
            return np.arange(n)
        drawn = task.rng.choice(n, size, replace=False, shuffle=False)
        return self.problem.components.siblings(np.union1d(drawn, task.first.survey(self.count).rows))

    def _enough(self, task: Task, whole: bool, c: Certificate, spread: float) -> bool:
        """The part is solved as well as the whole gap deserves; where it is the whole, well enough for a finish."""
        due = KNOWN * max(spread, self.spread) if whole else self.upper - max(self.lower, c.lower)
        return c.gap <= max(LOOSE * due, 0.3 * task.goal(np.array([c.upper])))

    def _finished(self, part: Part, solved: Solved) -> Solved:
        """Curved components: the exact optimum of the part where its active set settles."""
        c = solved.certificate
        if self.problem.affine or c.vector is None or c.gap > KNOWN * (self.spread or 1.0):
            return solved
        found = finish(part.problem, solved.x, c.vector, c.multipliers, part.meter)
        if found is None:
            return solved
        better = part.prove(found.x, found.weights, found.multipliers)
        return Solved(found.x, part.at(found.x).f, better, solved.steps) if better.gap < c.gap else solved

    def _renew(self, part: Part, solved: Solved, survey: Survey, met: Index) -> tuple[Index, Array]:
        """The rows of the next round and their prior: near-active ones, those with weight, and violators."""
        c, f = solved.certificate, solved.f
        p = np.zeros(f.size) if c.vector is None else c.vector
        width = NEAR * (self.gap if np.isfinite(self.gap) else np.inf)
        keep = (f >= f.max() - width) | (p > 1e-9 * p.max()) | self.left_once[part.rows]
        fresh = survey.rows[: self.count][survey.values[: self.count] > min(self.lower, float(f.max()))]
        fresh = np.setdiff1d(np.union1d(fresh, met), part.rows)
        if fresh.size >= self.count:
            self.count *= 2
        self.left_once[part.rows[~keep]] = True
        rows = np.union1d(part.rows[keep], fresh)
        prior = np.zeros(rows.size)
        prior[np.searchsorted(rows, part.rows[keep])] = p[keep]
        return rows, np.maximum(prior, FADED * (prior.max() or 1.0))
