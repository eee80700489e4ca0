"""problem.solve(method="smoothmax"): extract, solve with a proof, write back into the cvxpy problem.

Afterwards `problem.solution.attr` holds

    "bounds"       (lower, upper) around the problem's own optimal value, proven
    "certificate"  the Certificate of the minimax form: of the objective for Minimize, of its negative for Maximize
    "result"       the MinimaxResult
    "fallback"     why cvxpy's own solve was used, only where it was
"""

import time
import warnings
from collections.abc import Callable
from typing import Any

import cvxpy as cp
import numpy as np
from cvxpy import settings

from .. import _doors
from ..front import solve as engine
from ..problem import Minimax
from ..result import Interrupted, MinimaxResult
from ..solvers import METHODS
from .errors import NotMinimax
from .extract import Extracted, Infeasible, extract
from .solving import clear
from .writing import NAME, attributes, status_of, values, write, write_status

KEYWORDS = "tol, atol, algorithm, max_passes, time_limit, rng, options, verbose, warm_start, fallback"
NOTHING = 1e-12  # of the spread at the start: a gap that does not matter, whatever the optimal value
KINDS = ("gp", "qcp", "nlp")  # cvxpy's words for problems that are not DCP
INACCURATE = "Solution may be inaccurate: {message} The bounds in problem.solution.attr['bounds'] are proven."
HINT = " (fallback=True hands such problems to cvxpy's own solve.)"


def register() -> None:
    """Make `problem.solve(method="smoothmax")` known to cvxpy."""
    cp.Problem.register_solve("smoothmax", solve)


def solve(
    problem: cp.Problem,
    solver: Any = None,
    *,
    tol: float = 1e-8,
    atol: float | None = None,
    algorithm: str = "auto",
    max_passes: float = 10_000,
    time_limit: float | None = None,
    rng: Any = None,
    options: dict[str, Any] | None = None,
    verbose: bool = False,
    warm_start: bool = False,
    fallback: bool = False,
    **others: Any,
) -> float:
    """Solve a minimax problem stated in cvxpy to a proven gap, and return its value.

    Parameters
    ----------
    tol, max_passes, time_limit, rng, options
        As for `smoothmax.solve`.
    atol : float, optional
        1e-12 of the spread of the functions at the start by default, so that an optimum of 0 counts as found.
    algorithm : str
        Its `method`.
    verbose : bool
        A progress line on a terminal.
    warm_start : bool
        Start at the present values of the variables, where all have one.
    fallback : bool
        Hand what this cannot solve to cvxpy's own solve, with `solver` and all other options; a warning says so.

    Raises
    ------
    NotMinimax
        A cvxpy SolverError and a ValueError: something in the problem that is no minimax structure, named.
    cvxpy.error.DCPError, cvxpy.error.ParameterError, TypeError, ValueError
        As cvxpy's own solve and `smoothmax.solve` raise them.
    cvxpy.error.SolverError
        No answer worth the name was found. Nothing of it, nor of a previous solve, is left in the problem.
    Interrupted
        On Ctrl-C; the best point is in the variables, with the status "user_limit" and its bounds.
    """
    for name, value in (("verbose", verbose), ("warm_start", warm_start), ("fallback", fallback)):
        _doors.flag(name, value)
    if not fallback:
        _refuse(solver, others)
    _doors.one_of("algorithm", algorithm, ("auto", *METHODS))
    own = {"solver": solver, "verbose": verbose, "warm_start": warm_start, **others} if fallback else None
    ours = {
        "tol": tol,
        "atol": atol,
        "method": algorithm,
        "max_passes": max_passes,
        "time_limit": time_limit,
        "progress": verbose,
        "rng": rng,
        "options": options,
    }
    start = values(problem) if warm_start else {}
    clear(problem)
    with np.errstate(all="ignore"):
        return _taken(problem, start, ours, own)


def _taken(problem: cp.Problem, start: dict[int, Any], ours: dict[str, Any], own: dict[str, Any] | None) -> float:
    """Extract and solve; `ours` are options of the engine, `own` those of cvxpy's own solve, where it may be used."""
    begun = time.perf_counter()
    for kind in KINDS:
        if own is not None and own.get(kind):
            return _fall_back(problem, f"{kind}=True asks for another kind of problem", own)
    try:
        found = extract(problem)
    except Infeasible as why:
        return write_status(problem, cp.INFEASIBLE, {"message": str(why)})
    except NotMinimax as why:
        if own is None:
            why.args = (f"{why}{HINT}",)
            raise
        return _fall_back(problem, str(why), own)
    problem._compilation_time = time.perf_counter() - begun
    x0 = found.point(start)
    atol = _nothing(found.minimax, x0) if ours["atol"] is None else ours["atol"]
    return _solved(problem, found, lambda: engine(found.minimax, x0, **{**ours, "atol": atol}), own, ours["tol"])


def _nothing(problem: Minimax, x0: Any) -> float | None:
    """NOTHING·(max f − min f) at the start, of |f| where all are equal; None, the engine's own, where f is not finite
    or 0."""
    low, high = (float(v) for v in problem.at(problem.start(x0)).range)
    spread = high - low or abs(high)
    return NOTHING * spread if 0 < spread < np.inf else None


def _solved(
    problem: cp.Problem, found: Extracted, ours: Callable[[], MinimaxResult], own: dict[str, Any] | None, tol: float
) -> float:
    """Solve and write back what came of it; `own` are the options of cvxpy's own solve, where that may be used."""
    begun = time.perf_counter()
    try:
        result = ours()
    except Interrupted as stop:
        if np.isfinite(stop.result.fun):
            write(problem, found, stop.result, settings.USER_LIMIT, begun)
        raise
    status = status_of(result, tol)
    if status == cp.UNBOUNDED:
        return write_status(problem, status, attributes(problem, found, result, begun))
    if status == cp.SOLVER_ERROR:
        if own is not None:
            return _fall_back(problem, result.message, own)
        raise cp.error.SolverError(f"Solver '{NAME}' failed: {result.message}{HINT}")
    if status in settings.INACCURATE:
        warnings.warn(INACCURATE.format(message=result.message), UserWarning, stacklevel=5)
    return write(problem, found, result, status, begun)


def _refuse(solver: Any, others: dict[str, Any]) -> None:
    if solver is not None:
        raise TypeError(
            f'solver={solver!r} does not apply to method="smoothmax", which is a solver itself; leave it out, or give '
            "fallback=True, and it is used for problems that smoothmax cannot take"
        )
    for name in others:
        raise TypeError(
            f'solve(method="smoothmax") does not know {name!r}; it takes {KEYWORDS}, and with fallback=True the '
            "options of cvxpy's own solve"
        )


def _fall_back(problem: cp.Problem, why: str, own: dict[str, Any]) -> float:
    """cvxpy's own solve, said aloud and kept in the solution."""
    warnings.warn(f"cvxpy's own solve is used in place of smoothmax: {why}", UserWarning, stacklevel=5)
    value = problem.solve(**own)
    if problem.solution is not None:
        problem.solution.attr["fallback"] = why
    return float(value)
