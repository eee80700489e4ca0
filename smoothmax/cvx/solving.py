"""One call of a conic solver through cvxpy: what came of it, how wrong its value may be, and where the time went."""

import math
import time
from dataclasses import dataclass, replace
from typing import Any

import cvxpy as cp
import numpy as np

from .._typing import Array
from .._warnings import filtered
from ..solvers.conic.solver import SILENCE, run

LOOSE = 1e-5  # of the size of its sides: beyond that a constraint counts as violated
ABSOLUTE = 1e-8  # what conic solvers count as nothing, in the units they are given
UNKNOWN = 1e-6  # of the value: the tolerance that most solvers come with
ZERO = 1e-14  # of the largest coefficient: rounding
UNSEEN = 1e-2  # of the terms that should cancel: a residual above that has not been looked at
PLAUSIBLE = 1e3  # times the size of the data: variables and dual values up to that are expected
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
        with SILENCE, filtered("ignore", Warning):
            data, chain, inverse = problem.get_problem_data(solver, solver_opts=options)
            before = time.perf_counter()
            raw = run(chain, problem, data, dict(options), warm=True)
            spent = time.perf_counter() - before
            solution = chain.invert(raw, inverse)
        if solution.status in cp.settings.ERROR:
            raise cp.error.SolverError(solution.status)
    except cp.error.SolverError as trouble:
        if "not installed" in str(trouble):
            raise
        clear(problem)
        return Solved(cp.SOLVER_ERROR, math.nan, math.inf, math.inf, spent)
    if point:
        problem.unpack(solution)
    value = math.nan if solution.opt_val is None else float(solution.opt_val)
    steps = solution.attr.get(cp.settings.NUM_ITERS) or 0
    status = solution.status if _believed(solution.status, raw, data) else f"{solution.status}_inaccurate"
    return Solved(status, value, *_errors(raw, data, value), spent, int(steps))


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
        size = max((float(np.max(np.abs(arg.value), initial=0.0)) for arg in constraint.args), default=0.0)
        worst = max(worst, float(np.max(over, initial=0.0)) / max(size, ABSOLUTE))
        dual = other.dual_value
        if dual is not None and np.shape(dual) == np.shape(over):
            cost += float(np.sum(np.abs(dual) * over))
    return worst, cost


def _believed(status: str, raw: Any, data: dict[str, Any]) -> bool:
    """Whether a ray proves what the status says for variables, or dual values, of any plausible size.

    Infeasible: z ∈ K* with bᵀz < 0, so that every feasible x has ‖x‖₁ ≥ −bᵀz/‖Aᵀz‖_∞. Unbounded: A x + s = 0, s ∈ K,
    with qᵀx < 0, so that every dual feasible z has ‖z‖₁ ≥ −qᵀx/‖A x + s‖_∞.
    """
    found = _triple(raw)
    if found is None or status not in (cp.INFEASIBLE, cp.UNBOUNDED):
        return True
    x, s, z = found
    A, b, q = data[cp.settings.A], data[cp.settings.B], data[cp.settings.C]
    if status == cp.INFEASIBLE:
        gain, left, size, sizes = -float(b @ z), np.abs(A.T @ z), np.abs(b), abs(A).max(axis=0)
    else:
        gain, left, size, sizes = -float(q @ x), np.abs(A @ x + s), np.abs(q), abs(A).max(axis=1)
    least = np.ravel(sizes.toarray())
    plausible = PLAUSIBLE * max(1.0, float(size.max(initial=0.0))) / float(least[least > 0].min(initial=1.0))
    return bool(gain > 0 and gain >= plausible * float(left.max(initial=0.0)))


def _triple(raw: Any) -> tuple[Array, Array, Array] | None:
    """x, s, z of Clarabel or SCS; None of another solver."""
    try:
        found = (raw["x"], raw["s"], raw["y"]) if isinstance(raw, dict) else (raw.x, raw.s, raw.z)
        x, s, z = (np.asarray(part, float) for part in found)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return x, s, z


def nothing(value: float) -> float:
    """A difference that conic solvers do not see."""
    return 10 * ABSOLUTE * max(1.0, abs(value))


def _unseen(sizes: Any, z: Array, slope: Array) -> bool:
    """A variable whose coefficients are so small, where they have weight, that its gradient is lost in the residual."""
    weights = np.abs(z)
    lost = np.flatnonzero(np.abs(slope) > UNSEEN * (sizes.T @ weights))
    if not lost.size or not weights.size:
        return False
    among = (sizes[:, lost] > ZERO * sizes.max()).T @ weights
    return bool(np.any(among > FAR * weights.max()))


def _errors(raw: Any, data: dict[str, Any], value: float) -> tuple[float, float]:
    """By how much the optimum may be better and worse than `value`, from the solver's own x, s and z.

    For min ½ xᵀPx + qᵀx with A x + s = b, s ∈ K, and any z ∈ K*, at every feasible y

        objective(y) ≥ objective(x) − zᵀ(b − A x) + ⟨P x + q + Aᵀz, y − x⟩,

    where |y_j − x_j| is taken to be at most |x_j|, plus the mean size of x, plus the step that moves a row of A x by
    the size of the value. It is worse where x has to move to become feasible, which costs about |z|ᵀ|b − A x − s|.
    """
    found = _triple(raw)
    if not math.isfinite(value):
        return math.inf, math.inf
    if found is None:
        return (UNKNOWN * max(1.0, abs(value)),) * 2
    x, s, z = found
    A, P = data[cp.settings.A], data.get(cp.settings.P)
    slope, left = data[cp.settings.C] + A.T @ z, data[cp.settings.B] - A @ x
    slope = slope if P is None else slope + P @ x
    sizes = abs(A.tocsc())
    if _unseen(sizes, z, slope):
        return math.inf, math.inf
    there = np.diff(sizes.indptr) > 0
    largest = np.full(x.size, math.inf)  # of the coefficients of each variable
    largest[there] = np.maximum.reduceat(sizes.data, sizes.indptr[:-1][there]) if there.any() else math.inf
    reach = np.abs(x) + math.sqrt(float(x @ x) / max(x.size, 1)) + abs(value) / np.where(largest > 0, largest, math.inf)
    better = abs(float(z @ left)) + float(np.abs(slope) @ reach) + nothing(value)
    worse = float(np.abs(z) @ np.abs(left - s)) + nothing(value)
    return tuple(error if math.isfinite(error) else math.inf for error in (better, worse))  # type: ignore[return-value]
