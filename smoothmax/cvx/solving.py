"""One call of a conic solver through cvxpy: what came of it, how wrong its value may be, and where the time went."""

import math
import time
import warnings
from dataclasses import dataclass, replace
from typing import Any

import cvxpy as cp
import numpy as np

from ..solvers.conic.solver import SILENCE

LOOSE = 1e-5  # of the size of its sides: beyond that a constraint counts as violated
ROUNDING = 1e-12  # of the value
UNKNOWN = 1e-6  # of the value: the tolerance that most solvers come with
FAR = 1e-4  # of the value: beyond that an estimate of the error says that there is no value

DECIDED = (cp.OPTIMAL, cp.INFEASIBLE, cp.UNBOUNDED)
CAREFUL: dict[str, Any] = {
    "accept_unknown": True,  # the last point of a run that came to a halt, to be judged by its residuals
    "iterative_refinement_reltol": 1e-15,
    "iterative_refinement_abstol": 1e-15,
    "iterative_refinement_max_iter": 50,
}
STEPS: tuple[dict[str, Any], ...] = ({"max_step_fraction": 0.9}, {"max_step_fraction": 0.7})


@dataclass(frozen=True)
class Solved:
    """A solve: cvxpy's status or "solver_error", and the value in the problem's own sense (nan where there is none).

    Estimated from what the solver left open: by how much the optimum may be better than the value, and worse.
    """

    status: str
    value: float
    better: float
    worse: float
    solver_time: float
    iterations: int = 0
    time: float = 0.0

    @property
    def usable(self) -> bool:
        """There is a value worth having."""
        return self.status in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE) and self.better <= FAR * max(1.0, abs(self.value))

    @property
    def error(self) -> float:
        """How far the optimum may be from the value."""
        return max(self.better, self.worse)


def attempt(problem: cp.Problem, solver: str | None = None, *, point: bool = True, **options: Any) -> Solved:
    """problem.solve(solver, **options) that never raises for numerical reasons and leaves nothing stale behind; without
    `point` the variables are left without values.

    Without a solver's name Clarabel, with shorter steps where it fails: exponential cones of many rows make its long
    ones break down.
    """
    started = time.perf_counter()
    spent, steps = 0.0, 0
    for settings in [options] if solver else [{**CAREFUL, **step, **options} for step in STEPS]:
        found = _once(problem, solver or "CLARABEL", point, settings)
        spent, steps = spent + found.solver_time, steps + found.iterations
        if found.status in DECIDED or found.usable:
            break
    return replace(found, solver_time=spent, iterations=steps, time=time.perf_counter() - started)


def _once(problem: cp.Problem, solver: str, point: bool, options: dict[str, Any]) -> Solved:
    clear(problem)
    spent = 0.0
    try:
        with SILENCE, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data, chain, inverse = problem.get_problem_data(solver, solver_opts=options)
            before = time.perf_counter()
            raw = chain.solve_via_data(problem, data, True, False, dict(options))
            spent = time.perf_counter() - before
            solution = chain.invert(raw, inverse)
        if solution.status in cp.settings.ERROR:
            raise cp.error.SolverError(solution.status)
    except cp.error.SolverError as trouble:
        if "not installed" in str(trouble) or problem.is_mixed_integer():
            raise
        clear(problem)
        return Solved(cp.SOLVER_ERROR, math.nan, math.inf, math.inf, spent)
    if point:
        problem.unpack(solution)
    value = math.nan if solution.opt_val is None else float(solution.opt_val)
    steps = solution.attr.get(cp.settings.NUM_ITERS) or 0
    return Solved(solution.status, value, *_errors(raw, data, value), spent, int(steps))


def clear(problem: cp.Problem) -> None:
    """Forget an earlier solve: after a failure cvxpy would still show its values."""
    for variable in problem.variables():
        variable.save_value(None)
    for constraint in problem.constraints:
        for dual in constraint.dual_variables:
            dual.save_value(None)
    problem._value = problem._status = problem._solution = None


def violation(problem: cp.Problem, solved: cp.Problem) -> tuple[float, float]:
    """At the present point: the largest violation of a constraint of `problem` relative to its sides, and what all may
    have won, Σ |dual|·violation, with the duals of the problem that was solved in its place."""
    worst, cost = 0.0, 0.0
    for constraint, other in zip(problem.constraints, solved.constraints, strict=True):
        over = np.abs(np.asarray(constraint.violation(), float))
        size = 1.0 + max((float(np.max(np.abs(arg.value), initial=0.0)) for arg in constraint.args), default=0.0)
        worst = max(worst, float(np.max(over, initial=0.0)) / size)
        dual = other.dual_value
        if dual is not None and np.shape(dual) == np.shape(over):
            cost += float(np.sum(np.abs(dual) * over))
    return worst, cost


def _errors(raw: Any, data: dict[str, Any], value: float) -> tuple[float, float]:
    """By how much the optimum may be better and worse than `value`, from the solver's own x, s and z.

    For min ½ xᵀPx + qᵀx with A x + s = b, s ∈ K, and any z ∈ K*, at every feasible y

        objective(y) ≥ objective(x) − zᵀ(b − A x) + ⟨P x + q + Aᵀz, y − x⟩,

    where |y_j − x_j| is taken to be at most |x_j| plus the mean size of x. It is worse where x has to move to become
    feasible, which costs about |z|ᵀ|b − A x − s|.
    """
    try:
        x, s, z = (raw["x"], raw["s"], raw["y"]) if isinstance(raw, dict) else (raw.x, raw.s, raw.z)
        x, s, z = np.asarray(x, float), np.asarray(s, float), np.asarray(z, float)
    except (AttributeError, KeyError, TypeError, ValueError):  # another solver
        return (UNKNOWN * max(1.0, abs(value)),) * 2
    A, P = data[cp.settings.A], data.get(cp.settings.P)
    slope, left = data[cp.settings.C] + A.T @ z, data[cp.settings.B] - A @ x
    slope = slope if P is None else slope + P @ x
    reach = np.abs(x) + math.sqrt(float(x @ x) / max(x.size, 1))
    better = abs(float(z @ left)) + float(np.abs(slope) @ reach) + ROUNDING * abs(value)
    worse = float(np.abs(z) @ np.abs(left - s)) + ROUNDING * abs(value)
    return tuple(error if math.isfinite(error) else math.inf for error in (better, worse))  # type: ignore[return-value]
