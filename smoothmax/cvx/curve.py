"""The temperature path of a cvxpy problem: each side is compiled once, with τ a Parameter.

At each τ: the conservative point, its original value, and the bracket; beside them the error bound known before.
"""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import cvxpy as cp
import numpy as np

from .. import _doors
from ..paths import Path
from .doors import check_solver
from .enclosure import Bracket, Sides
from .solving import LOOSE, violation


@dataclass(frozen=True)
class Curve(Path):
    """A `Path` whose rows are solves of a cvxpy problem, from warm to cold.

    `fun`: the original objective at the conservative point; `smoothed_fun`: the optimum of the conservative problem;
    `lower_bound`, `upper_bound`, `gap`: the bracket and its width; `error_bound`: |smoothed_fun − p*| is at most that;
    `extrapolated`: the original objective at the Richardson candidate, nan where that is infeasible; `nit`: iterations
    of the solver; `solver_time`, `time`: seconds in the conic solver, and altogether; `status`: of the two sides;
    `success`: both ends of the bracket are finite. Columns that mean nothing here are nan.
    """

    brackets: tuple[Bracket, ...] = field(repr=False, default=())
    maximize: bool = False

    @property
    def best(self) -> float:
        """The best original value seen on the path, extrapolated points included."""
        seen = [float(r[name]) for r in self.records for name in ("fun", "extrapolated") if not math.isnan(r[name])]
        return math.nan if not seen else max(seen) if self.maximize else min(seen)

    @property
    def upper_bound(self) -> float:
        """The smallest upper bound on the path."""
        return min(float(r["upper_bound"]) for r in self.records)


def path(
    problem: Any, taus: Iterable[float], *, solver: str | None = None, atoms: Any = None, **solver_options: Any
) -> Curve:
    """Solve both sides of `smooth` for falling τ.

    Parameters
    ----------
    problem : cvxpy.Problem
        DCP, with parameters that have values. Afterwards its variables hold the conservative point of the coldest τ.
    taus : iterable of floats
        Temperatures in the units of the expressions under the atoms; sorted from warm to cold.
    solver, **solver_options
        As for problem.solve; Clarabel by default.
    atoms
        As for `smooth`.

    Returns
    -------
    Curve
        One row a temperature.

    Raises
    ------
    TypeError, ValueError, cvxpy.error.DCPError, cvxpy.error.ParameterError, cvxpy.error.SolverError
        As for `smooth`; integer variables; an empty or non-positive schedule.
    KeyboardInterrupt
        On Ctrl-C; `.path` holds the temperatures that were finished.
    """
    solver, rows = check_solver(solver), _Rows.of(problem, atoms)
    listed = _doors.temperatures("taus", taus)
    records: list[dict[str, Any]] = []
    brackets: list[Bracket] = []
    maximize = isinstance(problem.objective, cp.Maximize)
    points: list[dict[int, Any]] = []
    for tau in listed:
        try:
            record, found = rows.at(tau, solver, solver_options)
        except KeyboardInterrupt as stop:
            stop.path = Curve(tuple(records), brackets=tuple(brackets), maximize=maximize)  # type: ignore[attr-defined]
            raise
        points.append({v.id: v.value for v in problem.variables()})
        if records:
            record["extrapolated"] = rows.extrapolated(points[-2:], records[-1]["tau"] / tau)
        records.append(record)
        brackets.append(found)
    return Curve(tuple(records), brackets=tuple(brackets), maximize=maximize)


@dataclass(frozen=True)
class _Rows:
    """Rows of one problem, whose τ is a Parameter."""

    sides: Sides
    tau: cp.Parameter
    per_tau: float  # the error bound is proportional to τ

    @classmethod
    def of(cls, problem: Any, atoms: Any) -> "_Rows":
        tau = cp.Parameter(pos=True, value=1.0, name="tau")
        sides = Sides.of(problem, tau, atoms)
        return cls(sides, tau, sides.restricted.error_bound)

    def at(self, tau: float, solver: str | None, options: dict[str, Any]) -> tuple[dict[str, Any], Bracket]:
        """The row of one temperature; the variables are left at the conservative point."""
        started = time.perf_counter()
        self.tau.value = tau
        found = self.sides.solve(solver, options)
        below, above = found.optimistic, found.conservative
        value = self.sides.problem.objective.value if above.usable else None
        return {
            "tau": tau,
            "fun": math.nan if value is None else float(value),
            "smoothed_fun": above.value,
            "lower_bound": found.lower,
            "gap": found.width,
            "tau_entropy": math.nan,
            "tau_log_n": math.nan,
            "extrapolated": math.nan,
            "npass": math.nan,
            "nit": below.iterations + above.iterations,
            "success": bool(np.isfinite(found).all()),
            "upper_bound": found.upper,
            "error_bound": self.per_tau * tau,
            "solver_time": below.solver_time + above.solver_time,
            "time": time.perf_counter() - started,
            "status": f"{below.status}/{above.status}",
        }, found

    def extrapolated(self, points: list[dict[int, Any]], ratio: float) -> float:
        """The original objective at (r·x_{τ/r} − x_τ)/(r − 1), where that is feasible."""
        warm, cold = points
        if any(value is None for point in points for value in point.values()):
            return math.nan
        problem = self.sides.problem
        for variable in problem.variables():
            variable.save_value((ratio * cold[variable.id] - warm[variable.id]) / (ratio - 1))
        value = problem.objective.value
        inside = violation(problem, self.sides.restricted.problem)[0] <= LOOSE
        for variable in problem.variables():
            variable.save_value(cold[variable.id])
        return float(value) if inside and value is not None else math.nan
