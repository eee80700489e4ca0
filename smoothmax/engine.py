"""One solve: from settings through the steps of a method to a judged result."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from . import schedules
from ._asking import CLOCK
from ._typing import Array
from .components import Counts, Linearization, counted
from .domains import walls_of
from .problem import Minimax
from .progress import line
from .result import Interrupted, MinimaxResult, build
from .settings import Settings
from .solvers import Status
from .solvers.base import Direct, Step, Task
from .solvers.continuation import falling, fixed, seen_from
from .solvers.judge import Judge
from .solvers.loop import Budget, Ending, conclude, run
from .surrogate import Smoothed


def solve_with(
    problem: Minimax, x0: Any, s: Settings, *, warm: bool = False, budget: Budget | None = None
) -> MinimaxResult:
    """The solve itself; `warm` says that x0 already solves a neighbouring temperature, `budget` what is left of one."""
    start = problem.start(x0)
    budget = budget or Budget(s.max_passes, s.time_limit)
    judge = Judge(problem, s.tol, s.atol, s.tau is not None)
    facts = {
        "x0": start,
        "moved": x0 is not None and not np.array_equal(start, np.asarray(x0, np.float64)),
        "npass": budget.npass,  # so far
        "method": s.method.name,
        "max_passes": s.max_passes,
        "time_limit": s.time_limit or 0.0,
    }
    with counted(problem.components.callers) as counts:
        try:
            ending = _driven(problem, start, s, judge, budget, warm)
        except KeyboardInterrupt:  # a moment before the loop, or after it
            ending = Ending(Status.INTERRUPTED, len(judge.history), None)
        found = partial(_found, problem, s, judge, budget, facts, counts)
        try:
            result = found(ending)
        except KeyboardInterrupt:  # at the last moment: what there is to say is at hand
            ending = replace(ending, status=Status.INTERRUPTED)
            result = found(ending)
    if ending.status == Status.INTERRUPTED:
        raise Interrupted(result)
    return result


def _driven(problem: Minimax, start: Array, s: Settings, judge: Judge, budget: Budget, warm: bool) -> Ending:
    """The loop over the steps, under the solve's own clock."""
    token = CLOCK.set(budget.tick)
    try:
        with np.errstate(all="ignore"):  # trouble in floating point comes back as a status, not as warnings
            return run(problem, _steps(problem, start, s, judge, budget, warm), judge, budget, s.callback, _show(s))
    finally:
        CLOCK.reset(token)


def _found(
    problem: Minimax,
    s: Settings,
    judge: Judge,
    budget: Budget,
    facts: dict[str, Any],
    counts: Counts,
    ending: Ending,
) -> MinimaxResult:
    """The best point with its verdict."""
    out = conclude(problem, ending, judge, budget)
    calls = {"nfev": counts.evaluations or math.ceil(budget.npass - facts["npass"])}
    calls |= {"njev": counts.jacobians, "nhev": counts.hessians}
    return build(problem, out, judge, s.why, {**facts, **calls, "npass": budget.npass})


def _steps(problem: Minimax, start: Array, s: Settings, judge: Judge, budget: Budget, warm: bool) -> Iterator[Step]:
    """Falling temperatures, or the one that was asked for, approached from warmer ones where the start is cold."""
    if not warm:
        problem.components.inspect(start)
    first = problem.at(start, budget)
    spread = _spread(problem, first) if np.isfinite(first.range).all() else math.inf
    judge.begin(first, _default_atol(problem, first, spread) if s.atol is None else s.atol, spread)
    budget.open = True
    if not warm and np.isfinite(first.range).all():
        problem.components.check(start)
        if problem.constraints is not None:
            problem.constraints.map.check(start)
    method, tau0 = s.method(problem, s.options), schedules.first(spread / 4)
    if isinstance(method, Direct):
        yield from method.steps(Task(first, budget, judge.goal, s.rng, s.prior, s.tol))
        return
    if s.tau is None:
        yield from falling(problem, method, first.x, tau0, s.prior, budget, s.regularizer)
        return
    surrogate = Smoothed(problem, s.tau, regularizer=s.regularizer, prior=s.prior, meter=budget)
    goal = 0.25 * judge.goal(first.range)
    if surrogate.bound <= goal and not problem.components.spectral:
        # F_τ is max f to within the tolerance, and the minimax is better found without cold τ
        yield from seen_from(surrogate, falling(problem, method, first.x, tau0, None, budget, s.regularizer))
        return
    far = not warm and method.warms and tau0 > s.tau
    ladder = list(schedules.Geometric(tau0, s.tau, method.shrink))[:-1] if far else []
    yield from fixed(problem, method, surrogate, first.x, goal, ladder)


def _show(s: Settings) -> Callable[[dict[str, Any]], None] | None:
    return line(s.max_passes) if s.progress else None


def _default_atol(problem: Minimax, first: Linearization, spread: float) -> float:
    """1e-14 × the spread of f at the start, and never less than what rounding of f leaves open there; 0 where that is
    beyond the numbers.

    Where all components are equal but not zero, nothing but rounding: their size says what is small.
    """
    if not np.isfinite(first.range).all():
        return 0.0
    low, high = first.range
    rows, f = first.highest()
    size = min(spread, float(high - low)) if high else spread
    atol = 1e-14 * size + 16 * float(problem.components.rounding(first.x, rows, f)[0])
    return atol if math.isfinite(atol) else 0.0


def _spread(problem: Minimax, first: Linearization) -> float:
    """max f − min f; where all components are equal, the size that a step can give them."""
    low, high = first.range
    spread = float(high - low)
    if spread > 1e-12 * max(abs(low), abs(high)) and spread > 0:
        return spread
    return float(first.column_sizes() @ _step(problem, first.x)) or 1.0


def _step(problem: Minimax, x: Array) -> Array:
    """How far a variable may be thought to go: |x_j|, or 1, but 1 only where neither X nor x is smaller than that."""
    far, walls = np.full(x.size, float(np.abs(x).sum()) or 1.0), walls_of(problem.domain)
    if walls is not None:
        width = walls.linear.ub - walls.linear.lb
        far = np.where(width > 0, np.minimum(far, width), far)
        for sphere in walls.spheres:
            far[sphere.block] = np.minimum(far[sphere.block], sphere.radius)
    return np.asarray(np.maximum(np.abs(x), np.minimum(far, 1.0)))
