"""What a solve leaves in a cvxpy problem: status, value, variables, dual values, statistics."""

import time
from typing import Any

import cvxpy as cp
import numpy as np
from cvxpy import settings
from cvxpy.problems.problem import SolverStats
from cvxpy.reductions.solution import Solution

from ..result import MinimaxResult
from ..solvers import Status
from .extract import Extracted

NAME = "SMOOTHMAX"
NEAR = 1e-5  # of what tol is relative to: a stalled gap beyond that is a failure, not an inaccurate optimum
TOLD = ("message", "method", "npass", "nfev", "gap", "lower_bound", "upper_bound")


def status_of(result: MinimaxResult, tol: float) -> str:
    """cvxpy's word for how the solve ended: "optimal" only with a proof, "user_limit" where a budget ran out.

    What stalled is "optimal_inaccurate" while the proven gap is small, and a "solver_error" otherwise.
    """
    if result.success:
        return str(cp.OPTIMAL)
    if result.status == Status.UNBOUNDED:
        return str(cp.UNBOUNDED)
    if not np.isfinite(result.fun):
        return str(cp.SOLVER_ERROR)
    if result.status in (Status.PASSES, Status.TIME):
        return str(settings.USER_LIMIT)
    near = result.gap <= NEAR * (result.threshold / tol if tol else abs(result.fun))
    sound = result.status in (Status.STALLED, Status.MEMORY)
    return str(cp.OPTIMAL_INACCURATE if near and sound else cp.SOLVER_ERROR)


def attributes(problem: cp.Problem, found: Extracted, result: MinimaxResult, begun: float) -> dict[str, Any]:
    """`problem.solution.attr`: cvxpy's own entries, and the certificate, the bounds and the result."""
    return {
        settings.SETUP_TIME: problem.compilation_time,
        settings.SOLVE_TIME: time.perf_counter() - begun,
        settings.NUM_ITERS: result.nit,
        settings.EXTRA_STATS: {name: result[name] for name in TOLD},
        "certificate": result.certificate,
        "bounds": found.bounds(result),
        "result": result,
    }


def write(problem: cp.Problem, found: Extracted, result: MinimaxResult, status: str, begun: float) -> float:
    """A point with its dual values; returns the objective there."""
    attr = attributes(problem, found, result, begun)
    value = found.sign * float(result.fun)
    problem.unpack(Solution(status, value, found.values(result.x), found.duals(result), attr))
    problem._solver_stats = SolverStats.from_dict(attr, NAME)
    return float(problem.value)


def write_status(problem: cp.Problem, status: str, attr: dict[str, Any]) -> float:
    """Infeasible or unbounded: ±inf and no values."""
    worst = np.inf if isinstance(problem.objective, cp.Minimize) else -np.inf
    value = worst if status == cp.INFEASIBLE else -worst
    problem.unpack(Solution(status, value, {}, {}, attr))
    problem._solver_stats = SolverStats.from_dict(attr, NAME)
    return float(value)


def values(problem: cp.Problem) -> dict[int, Any]:
    """{variable.id: value} as it stands, sparse where the variable is."""
    return {
        variable.id: variable.value if variable.sparse_idx is None else variable.value_sparse
        for variable in problem.variables()
    }
