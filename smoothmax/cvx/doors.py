"""What the cvxpy room checks where a user's problem enters, with the exceptions that cvxpy itself would raise."""

from typing import Any

import cvxpy as cp
import numpy as np

from .. import _doors


def check_problem(problem: Any, *, values: bool = True) -> None:
    """A DCP problem; with `values`, one whose parameters all have a value.

    Raises
    ------
    TypeError
        Not a cvxpy Problem.
    cvxpy.error.DCPError, cvxpy.error.ParameterError
        As its own solve would raise them.
    """
    if not isinstance(problem, cp.Problem):
        raise TypeError(f"problem must be a cvxpy.Problem; got {type(problem).__name__}")
    if not problem.is_dcp():
        raise cp.error.DCPError(f"Problem does not follow DCP rules.{_why(problem)}")
    if values:
        check_parameters(problem)


def check_continuous(problem: cp.Problem) -> None:
    """No boolean or integer variables: a bracket of those is as good as the gap their solver leaves, which is not told.

    Raises
    ------
    cvxpy.error.SolverError
        Naming the variable.
    """
    for variable in problem.variables():
        for kind in ("boolean", "integer"):
            if variable.attributes.get(kind):
                raise cp.error.SolverError(
                    f"{variable.name()} is a variable with {kind}=True; brackets need continuous ones"
                )


def check_parameters(problem: cp.Problem) -> None:
    """Every parameter has a value."""
    for parameter in problem.parameters():
        if parameter.value is None:
            raise cp.error.ParameterError(
                f"A Parameter (whose name is '{parameter.name()}') does not have a value associated with it; all "
                "Parameter objects must have values before solving a problem."
            )


def check_solver(solver: Any) -> str | None:
    """The name of a solver, which cvxpy knows or refuses; None for the one taken here."""
    if solver is not None and not _doors.text("solver", solver):
        raise ValueError("solver must be the name of a solver or None; it is empty")
    return None if solver is None else str(solver)


def temperature(tau: Any) -> cp.Expression:
    """`tau` as a constant cvxpy expression: a positive finite number, or a scalar Parameter (or an expression of one).

    Raises
    ------
    TypeError, ValueError
        Anything else; a Parameter whose value is not positive.
    """
    if not isinstance(tau, cp.Expression):
        return cp.Constant(_doors.positive("tau", tau))
    if tau.size != 1 or tau.variables():
        raise ValueError(f"tau must be a positive number or a scalar Parameter; got {tau}")
    if tau.value is not None:
        _doors.positive("tau", float(np.ravel(tau.value)[0]))
    return tau if tau.shape == () else cp.sum(tau)


def temperature_now(tau: cp.Expression) -> float:
    """The value of τ.

    Raises
    ------
    cvxpy.error.ParameterError, ValueError
        A Parameter without value, or whose value is not positive.
    """
    if tau.value is None:
        raise cp.error.ParameterError(f"tau ({tau}) does not have a value; set it first")
    return _doors.positive("tau", float(np.ravel(tau.value)[0]))


def _why(problem: cp.Problem) -> str:
    """cvxpy's own explanation, where this version has one."""
    try:
        from cvxpy.utilities.debug_tools import build_non_disciplined_error_msg
    except ImportError:
        return ""
    return f" Specifically:\n{build_non_disciplined_error_msg(problem, 'DCP')}"
