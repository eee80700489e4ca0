"""Calling a solver through cvxpy, and what its values are worth."""

import math
import threading
from typing import Any

from ..._warnings import filtered

TRUST = 2e-7  # gap and residuals up to which the solver's values estimate the decrement
SETTINGS: dict[str, dict[str, Any]] = {
    "CLARABEL": {
        "max_step_fraction": 0.9,  # at its default, 0.99, one solve in ten came to a halt up to 1 % off
        "accept_unknown": True,  # the last point of a run that came to a halt, to be evaluated like any other
        "tol_gap_abs": 1e-10,
        "tol_gap_rel": 1e-10,
        "tol_feas": 1e-7,  # pressed to 1e-10, second-order cones made it lose what it had
        "iterative_refinement_reltol": 1e-15,
        "iterative_refinement_abstol": 1e-15,
        "iterative_refinement_max_iter": 50,
    },
    "SCS": {"eps_abs": 1e-9, "eps_rel": 1e-9, "max_iters": 20_000},
}
SOLVERS = tuple(SETTINGS)


def check_solver(solver: Any, name: str = "solver") -> str:
    """One of SOLVERS."""
    if not isinstance(solver, str) or solver not in SOLVERS:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, SOLVERS))}; got {solver!r}")
    return str(solver)


SILENCE = threading.Lock()  # one conic solve at a time: cvxpy makes no promise about threads


def optimize(program: Any, solver: str, **settings: Any) -> float | None:
    """An estimate of the dual value, −inf where the solver is not near an optimum; None where it failed.

    cvxpy's value less the gap between the solver's primal and dual values, which cvxpy itself does not report.
    """
    settings = {**SETTINGS[solver], **settings}
    try:
        with SILENCE, filtered("ignore", Warning):
            data, chain, inverse = program.get_problem_data(solver, solver_opts=settings)
            raw = run(chain, program, data, settings)
            program.unpack_results(raw, chain, inverse)
        gap, near = JUDGES[solver](raw)
        return float(program.value - abs(gap)) if near and program.value is not None else -math.inf
    except MemoryError:
        raise
    except Exception:  # solvers' own errors come through cvxpy as they are
        return None


def run(chain: Any, program: Any, data: Any, settings: dict[str, Any], *, warm: bool = False) -> Any:
    """The solver's own answer.

    Raises
    ------
    cvxpy.error.SolverError
        Whatever the solver raises; a panic of one that is written in Rust is no Exception.
    """
    import cvxpy as cp

    try:
        return chain.solve_via_data(program, data, warm, False, settings)
    except (cp.error.SolverError, MemoryError):
        raise
    except BaseException as trouble:
        if not isinstance(trouble, Exception) and type(trouble).__name__ != "PanicException":
            raise
        raise cp.error.SolverError(f"the solver failed: {trouble!r}") from trouble


def _clarabel(raw: Any) -> tuple[float, bool]:
    """Judged by its residuals, not by its status: past that it often comes to a halt at a point as good as any."""
    gap = raw.obj_val - raw.obj_val_dual
    measures = (abs(gap) / max(1.0, abs(raw.obj_val)), raw.r_prim, raw.r_dual)
    return gap, all(size <= TRUST for size in measures)  # false for nan, which max() would pass over


def _scs(raw: Any) -> tuple[float, bool]:
    info = raw["info"]
    return info["pobj"] - info["dobj"], info["status_val"] == 1


JUDGES = {"CLARABEL": _clarabel, "SCS": _scs}  # the gap, and whether the solver is near an optimum
