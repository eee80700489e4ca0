"""One solve: from settings through the steps of a method to a judged result."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ._typing import Array
from .components import CLOCK, Linearization
from .problem import Minimax
from .progress import line
from .result import Interrupted, MinimaxResult, build
from .schedules import Geometric
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
    npass, before = budget.npass, _calls(problem)
    judge = Judge(problem, s.tol, s.atol, s.tau is not None)
    token = CLOCK.set(budget.tick)
    try:
        with np.errstate(all="ignore"):  # trouble in floating point comes back as a status, not as warnings
            ending = run(problem, _steps(problem, start, s, judge, budget, warm), judge, budget, s.callback, _show(s))
    finally:
        CLOCK.reset(token)

    def result(ending: Ending) -> MinimaxResult:
        """The best point with its verdict."""
        out = conclude(problem, ending, judge, budget)
        nfev, njev, nhev = (now - then for now, then in zip(_calls(problem), before, strict=True))
        facts = {
            "x0": start,
            "moved": x0 is not None and not np.array_equal(start, np.asarray(x0, np.float64)),
            "nfev": nfev or math.ceil(budget.npass - npass),
            "njev": njev,
            "nhev": nhev,
            "npass": budget.npass,
            "method": s.method.name,
            "max_passes": s.max_passes,
            "time_limit": s.time_limit or 0.0,
        }
        return build(problem, out, judge, s.why, facts)

    try:
        found = result(ending)
    except KeyboardInterrupt:  # at the last moment: what there is to say is at hand
        ending = replace(ending, status=Status.INTERRUPTED)
        found = result(ending)
    if ending.status == Status.INTERRUPTED:
        raise Interrupted(found)
    return found


def _steps(problem: Minimax, start: Array, s: Settings, judge: Judge, budget: Budget, warm: bool) -> Iterator[Step]:
    """Falling temperatures, or the one that was asked for, approached from warmer ones where the start is cold."""
    first = problem.at(start, budget)
    spread = _spread(first) if np.isfinite(first.range).all() else math.inf
    judge.begin(first, _default_atol(problem, first, spread) if s.atol is None else s.atol, spread)
    budget.open = True
    if not warm and np.isfinite(first.range).all():
        problem.components.check(start)
    method, tau0 = s.method(problem, s.options), _first_tau(first)
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
    ladder = list(Geometric(tau0, s.tau, method.shrink))[:-1] if far else []
    yield from fixed(problem, method, surrogate, first.x, goal, ladder)


def _calls(problem: Minimax) -> tuple[int, int, int]:
    """Calls of the user's functions so far: values, Jacobians, Hessians."""
    components = problem.components
    return components.evaluations, components.jacobians, components.hessians


def _show(s: Settings) -> Callable[[dict[str, Any]], None] | None:
    return line(s.max_passes) if s.progress else None


def _default_atol(problem: Minimax, first: Linearization, spread: float) -> float:
    """1e-14 × the spread of f at the start, and never less than what rounding of f leaves open there."""
    if not np.isfinite(first.range).all():
        return 0.0
    rows, f = first.highest()
    return 1e-14 * spread + 16 * float(problem.components.rounding(first.x, rows, f)[0])


def _first_tau(first: Linearization) -> float:
    """A quarter of the spread of f."""
    return _spread(first) / 4 if np.isfinite(first.range).all() else 1.0


def _spread(first: Linearization) -> float:
    """max f − min f; where all components are equal, the size that a step can give them."""
    low, high = first.range
    spread = float(high - low)
    if spread > 1e-12 * max(abs(low), abs(high)) and spread > 0:
        return spread
    return float(first.column_sizes() @ np.maximum(np.abs(first.x), 1.0)) or 1.0
