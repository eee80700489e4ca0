"""Core sets: convex quadratics over R^d, a few of them solved exactly, the rest asked in passes.

    start with the largest at x0;  solve them;  one pass: those above their max enter;  repeat until there are none

(Bădoiu and Clarkson 2003, for balls.) The value of the few never falls and rises with each round, so that it ends. What
the few prove holds for all: the max over fewer is less.
"""

from collections.abc import Generator
from functools import partial

import numpy as np

from ..._typing import Array, Index
from ...certificate import Certificate, prove
from ...components import Linearization, Quadratic, Survey
from ...domains import Box
from ...problem import Minimax
from ...surrogate import Seen
from ..base import State, Step, Task
from .bowls import Bottom, bottom
from .part import Part

FIRST, ENTER = 2, 3  # components for each variable to begin with, and that enter after a pass
LEAST = 32  # and at least so many
SHARE = 0.1  # of the threshold: how far they are solved at the end
NEAR = 3.0  # gaps below the max within which a component stays when they have become many
MANY = 3  # for each variable
WIDE = 600  # variables up to which active sets are quick
SHORT = 1 << 15  # components up to which a vector of all costs little beside a proof
DEAR = 1 << 20  # numbers read in a pass from which on each is worth a proof; else the last alone is proven
IDLE = 3  # rounds without a rise, after which other means are tried


def suits(problem: Minimax) -> bool:
    """Curved convex quadratics over R^d."""
    free = isinstance(problem.domain, Box) and problem.domain.linear().free
    curved = isinstance(problem.components, Quadratic) and not problem.affine
    return free and curved and problem.convex and problem.d <= WIDE


class CoreSet:
    """The few components and what is known of them."""

    def __init__(self, problem: Minimax, task: Task) -> None:
        self.problem, self.task, self.x = problem, task, task.first.x
        self.upper, self.lower = float(task.first.range[1]), -np.inf
        self.goal = task.goal(task.first.range)
        first = max(FIRST * problem.d, LEAST)
        few = problem.n <= 2 * first
        self.rows: Index = np.arange(problem.n) if few else np.sort(task.first.survey(first).rows[:first])
        self.active: tuple[Index, Array] | None = None
        self.loose = not few  # the few are only solved as far as the others allow
        family = problem.components
        self.cheap = isinstance(family, Quadratic) and max(family.q.size, family.P.size) < DEAR

    @property
    def gap(self) -> float:
        """What is left of the whole."""
        return self.upper - self.lower

    def steps(self) -> Generator[Step, None, None]:
        """A step for each pass; ends where the few are not solved any more."""
        idle, target = 0, SHARE * self.goal
        while idle < IDLE:
            part = Part(self.problem, self.rows, self.task.meter)
            found = self._solved(part, target)
            if found is None:
                return
            lin, before = self.problem.at(found.x, self.task.meter), self.lower
            survey = lin.survey(max(ENTER * self.problem.d, LEAST), _level(lin, found, self.goal))
            if not np.isfinite([found.gap, survey.low, survey.high]).all():
                return
            self.goal = self.task.goal(lin.range)
            wide = survey.high - (float(found.f.max()) - found.gap) > self.goal
            later = partial(self._proven, found, lin, self.rows)
            proven = None if wide and self.cheap and idle < IDLE - 1 else later()
            self._learn(found, survey, proven)
            state = State(Seen(lin), np.inf, steps=max(found.steps, 1))
            yield Step(state, proven, later if proven is None else None)
            target = min(target, SHARE * self.goal)
            if not self._renew(found, survey):
                self.loose = False
                target *= 1.0 if found.gap > target else 0.01
            idle = 0 if self.lower > before + SHARE * self.goal else idle + 1

    def _learn(self, found: Bottom, survey: Survey, proven: Certificate | None) -> None:
        self.upper, self.x = min(self.upper, survey.high), found.x
        lower = float(found.f.max()) - found.gap if proven is None else proven.lower
        self.lower = max(self.lower, lower)

    def _solved(self, part: Part, target: float) -> Bottom | None:
        family = part.problem.components
        assert isinstance(family, Quadratic)
        whole = self.gap if self.loose else 0.0
        return bottom(family, self.x, self.active, target, whole, lambda: part.meter.spend(1.0))

    def _proven(self, found: Bottom, lin: Linearization, rows: Index) -> Certificate:
        """By the active ones alone; their part proves it where vectors of n are dear."""
        order = np.argsort(found.rows)
        part = Part(self.problem, rows[found.rows[order]], self.task.meter)
        p = found.weights[order]
        if self.problem.n <= SHORT:
            return prove(self.problem, lin, part.place(p))
        return part.lift(prove(part.problem, part.at(found.x), p), prove(self.problem, lin, None).upper)

    def _renew(self, found: Bottom, survey: Survey) -> bool:
        """The rows of the next round, the active ones by their new places; False where none has entered."""
        active, kept = self.rows[found.rows], self.rows
        if kept.size > MANY * self.problem.d + LEAST:
            stay = found.f >= found.f.max() - NEAR * self.gap
            stay[found.rows] = True
            kept = kept[stay]
        fresh = survey.rows[survey.values > found.f.max()]
        fresh = fresh[self.rows[np.minimum(np.searchsorted(self.rows, fresh), self.rows.size - 1)] != fresh]
        self.rows = np.sort(np.concatenate([kept, fresh]))
        self.active = np.searchsorted(self.rows, active), found.weights
        return bool(fresh.size)


def _level(lin: Linearization, found: Bottom, goal: float) -> float:
    """What components need not be remembered below: one of the few is, and what is not seen lies lower still."""
    noise = 4 * lin.components.rounding_limit(lin.x)
    below = found.f[found.f < float(found.f.max()) - 2 * goal - noise]
    return float(below.max(initial=-np.inf)) - noise
