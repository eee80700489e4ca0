"""The one loop: it owns budget, clock, callback and stopping; methods only yield states, and the judge decides."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult

from .._typing import Array
from ..certificate import Certificate, prove
from ..components import Meter
from ..domains import Box, bounds_stop
from ..problem import Minimax
from ..surrogate import Point, Seen
from ..upper import FEASIBLE
from .base import Step
from .judge import Judge
from .status import Exhausted, Status

EPS = float(np.finfo(float).eps)
UNFINISHED = (Status.STALLED, Status.PASSES, Status.TIME)
FAR = 1e-9  # of the longest coordinate of a ray: less of it is what moved between bounds on the way


class Budget(Meter):
    """A meter that refuses once `max_passes` or the deadline is behind it, from the first value on."""

    def __init__(self, max_passes: float, time_limit: float | None) -> None:
        super().__init__()
        self.max_passes, self.time_limit = max_passes, time_limit
        self.begun = time.perf_counter()
        self.open = False  # opened once there is a value to fall back on

    def spend(self, passes: float) -> None:
        """Count, or raise Exhausted."""
        if self.open and self.npass >= self.max_passes:
            raise Exhausted(Status.PASSES)
        self.tick()
        super().spend(passes)

    def left(self) -> float:
        """Seconds until the deadline."""
        return np.inf if self.time_limit is None else self.begun + self.time_limit - time.perf_counter()

    def tick(self) -> None:
        """Look at the clock: before each pass, and before each call of a user's function."""
        late = self.time_limit is not None and time.perf_counter() - self.begun >= self.time_limit
        if self.open and late:
            raise Exhausted(Status.TIME)


@dataclass(frozen=True)
class Ending:
    """How the loop ended: why, after how many iterations, and with which step."""

    status: Status
    nit: int
    step: Step | None


@dataclass
class Outcome:
    """What a solve has come to."""

    status: Status
    point: Seen | None
    certificate: Certificate
    step: Step | None
    nit: int
    trace: list[dict[str, Any]]


def run(
    problem: Minimax,
    steps: Iterator[Step],
    judge: Judge,
    budget: Budget,
    callback: Callable[[OptimizeResult], Any] | None,
    show: Callable[[dict[str, Any]], None] | None,
) -> Ending:
    """Drive the steps until the judge is content or something ends them."""
    status, nit, first, step = Status.STALLED, 0, None, None
    try:
        for step in steps:
            nit += step.state.steps if first is not None else 0
            first = first or step.state.point
            enough = judge.see(step)
            row = _row(nit, step, budget, judge)
            judge.history.append(row)
            if show:
                show(row)
            if not np.isfinite(first.range).all():
                status = Status.NOT_FINITE
                break
            if judge.contradicted:
                status = Status.CONTRADICTED
                break
            if enough:
                status = Status.PROVEN
                break
            if _ray(problem, first, step.state.point):
                status = Status.UNBOUNDED
                break
            if callback:
                callback(OptimizeResult(x=step.state.point.x.copy(), **row))
    except Exhausted as spent:
        status = spent.status
    except StopIteration:
        status = Status.CALLBACK
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    except MemoryError:
        status = Status.MEMORY
    return Ending(status, nit, step)


@np.errstate(all="ignore")
def conclude(problem: Minimax, ending: Ending, judge: Judge, budget: Budget) -> Outcome:
    """The best point, which is never lost, with what is proven there; and whether all of F falls without end."""
    status, step = ending.status, ending.step
    walled = problem.components.assumed and budget.nonfinite  # data only overflow, far away
    if status == Status.STALLED and walled and step is not None and step.state.stuck:
        status = Status.NOT_FINITE
    budget.open = False
    if status == Status.STALLED and step is not None and step.ending is not None:
        status = step.ending
        if status == Status.INFEASIBLE and judge.best is not None and judge.best.excess <= FEASIBLE:
            status = Status.STALLED  # the best point is another
    if status != Status.PROVEN:
        judge.settle()
    if status in (Status.STALLED, Status.PASSES) and step is not None and _falls(problem, step.state.point):
        status = Status.UNBOUNDED
    certificate = _final(problem, judge, status == Status.PROVEN)  # may prefer the point of the proof to the best one
    if status in UNFINISHED and judge.closes(certificate):  # the best weights, at the best point
        status = Status.PROVEN
    return Outcome(status, judge.best, certificate, judge.proof_step or step, ending.nit, judge.history)


def _final(problem: Minimax, judge: Judge, proven: bool) -> Certificate:
    """The certificate of the best point: by the best weights there, or with the bound that they proved elsewhere.

    A lower bound holds at every x. Where curved components keep the weights from proving it again at the best point, a
    successful solve returns the point of the proof, and an unfinished one the best point with that bound.
    """
    if judge.best is None:
        return Certificate(-np.inf, np.inf, "none")
    if judge.proof is None or judge.proof_step is None:
        return prove(problem, judge.best.lin, None)
    if judge.proof_step.state.point is judge.best:
        return judge.proof
    moved = prove(problem, judge.best.lin, judge.proof.weights, judge.proof.multipliers)
    enough = not proven or moved.gap <= judge.threshold(judge.best)
    if judge.smoothed or not problem.convex or (moved.gap <= judge.proof.gap and enough):
        return moved
    if proven and not problem.affine:
        judge.best = judge.proof_step.state.point
        return judge.proof
    lower = min(judge.proof.lower, moved.upper)  # a bound up to rounding of the data may pass a point by as much
    optimization = judge.proof.parts[1]
    parts = (moved.upper - lower - optimization, optimization)
    return replace(judge.proof, lower=lower, upper=moved.upper, parts=parts)


def _row(nit: int, step: Step, budget: Budget, judge: Judge) -> dict[str, Any]:
    point, c = step.state.point, step.certificate
    return {
        "nit": nit,
        "npass": budget.npass,
        "tau": point.tau,
        "fun": point.upper,
        "smoothed_fun": point.fun,
        "lower_bound": c.lower if c else -np.inf,
        "gap": c.gap if c else np.inf,
        "decrement": step.decrement,
        "seconds": time.perf_counter() - budget.begun,
    }


def _ray(problem: Minimax, first: Seen, point: Seen) -> bool:
    """All components of an affine problem fell along x − x₀ and the domain recedes that way: a proof of unboundedness.

    A nonlinear problem is called unbounded when max f has fallen 10¹² times below everything seen at the start; any
    problem when it has fallen 10³⁰ times, where rounding may hide the ray: unless bounds end it, for who starts at 0
    has seen no unit.
    """
    if getattr(problem.domain, "bounded", False) or point is first or not np.isfinite(point.upper):
        return False
    fallen = -point.upper / (1.0 + float(np.abs(first.range).max()))
    if fallen > 1e30 or not problem.affine:
        return fallen > 1e12 and not _stopped(problem, point.x - first.x)
    if point.range[0] >= first.range[0]:
        return False
    v = point.x - first.x
    scale = float(np.abs(first.range).max()) + float(np.abs(point.range).max())
    if problem.components.remote and point.prior is None:
        rise = point.lin.along(v)[1]
    else:
        rise = float((point.f - first.f)[_rows(point)].max())
    if not rise < -1e-9 * scale:
        return False
    if _recedes(problem, v):
        return True
    ray = np.where(np.abs(v) > FAR * float(np.abs(v).max()), v, 0.0)
    if not _recedes(problem, ray):
        return False
    return _all_fall(point, ray)


def _stopped(problem: Minimax, v: Array) -> bool:
    """A finite bound is in the way of the largest entries of v."""
    sides = getattr(problem.domain, "linear", lambda: None)()
    return sides is not None and bounds_stop(sides.lb, sides.ub, np.where(np.abs(v) >= 0.1 * np.abs(v).max(), v, 0.0))


def _falls(problem: Minimax, point: Seen) -> bool:
    """All components of an affine problem fall along −∇F_τ, less what the bounds forbid: asked before giving up."""
    if not (isinstance(point, Point) and problem.affine and np.isfinite(point.fun)):
        return False
    if getattr(problem.domain, "bounded", False):
        return False
    v = -point.jac.copy()
    if isinstance(problem.domain, Box):
        v[(np.isfinite(problem.domain.ub) & (v > 0)) | (np.isfinite(problem.domain.lb) & (v < 0))] = 0.0
    return _recedes(problem, v) and _all_fall(point, v)


def _all_fall(point: Seen, v: Array) -> bool:
    """J v < 0 in the components that take part, by more than rounding."""
    if point.prior is None:
        low, high = point.lin.along(v)
    else:
        change = point.lin.jvp(v)[_rows(point)]
        low, high = float(change.min()), float(change.max())
    return high < -1e-9 * max(abs(low), abs(high))


def _rows(point: Seen) -> Any:
    """The components that take part: those with a positive prior."""
    return slice(None) if point.prior is None else point.prior > 0


def _recedes(problem: Minimax, v: Array) -> bool:
    recedes = getattr(problem.domain, "recedes", None)
    return recedes is not None and bool(recedes(v))
