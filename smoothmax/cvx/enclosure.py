"""An interval around the true optimal value of any DCP problem, from two smoothed ones.

The optimistic problem relaxes the original, the conservative one restricts it:

    p*(optimistic) ≤ p* ≤ original objective at the conservative point ≤ p*(conservative)       (Minimize)

whatever stands around the maxima: constraints, exponentials, other cones. Both ends are widened by what the conic
solver leaves open: its duality gap and residuals.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import cvxpy as cp
import numpy as np

from .doors import check_continuous, check_problem, check_solver, temperature_now
from .smoothing import Smoothing, smooth
from .solving import LOOSE, Solved, attempt, nothing, violation


class _Ends(NamedTuple):
    lower: float
    upper: float


class Bracket(_Ends):
    """(lower, upper) with lower ≤ p* ≤ upper; unpacks like the pair it is.

    `optimistic`, `conservative`: how the two solves went; `message`: a sentence; `width` = upper − lower.
    """

    optimistic: Solved
    conservative: Solved
    message: str

    @property
    def width(self) -> float:
        """upper − lower; 0 where both are the same infinity."""
        return 0.0 if self.lower == self.upper else self.upper - self.lower

    def __repr__(self) -> str:
        return f"Bracket(lower={self.lower!r}, upper={self.upper!r}, message={self.message!r})"


@np.errstate(all="ignore")
def bracket(problem: Any, tau: Any, *, solver: str | None = None, atoms: Any = None, **solver_options: Any) -> Bracket:
    """Solve both sides of `smooth` and return an interval that contains the optimal value.

    Afterwards the variables hold the conservative point, which is feasible for `problem` up to the solver's tolerance.

    Parameters
    ----------
    problem : cvxpy.Problem
        DCP, with parameters that have values.
    tau : float or Parameter
        As for `smooth`; the smaller, the narrower the bracket, until the solver fails.
    solver, **solver_options
        As for problem.solve; Clarabel by default.
    atoms
        As for `smooth`.

    Returns
    -------
    Bracket
        (lower, upper) in the units of the objective.

    Raises
    ------
    TypeError, ValueError, cvxpy.error.DCPError, cvxpy.error.ParameterError, cvxpy.error.SolverError
        As for `smooth`; integer variables. Trouble of a solver leaves an end infinite and is told in `message`.
    """
    solver, sides = check_solver(solver), Sides.of(problem, tau, atoms)
    temperature_now(sides.restricted.tau)
    return sides.solve(solver, solver_options)


@dataclass(frozen=True)
class Sides:
    """Both smoothings of one problem."""

    problem: cp.Problem
    relaxed: Smoothing
    restricted: Smoothing

    @classmethod
    def of(cls, problem: Any, tau: Any, atoms: Any) -> "Sides":
        """Of a DCP problem in continuous variables."""
        check_problem(problem)
        check_continuous(problem)
        return cls(problem, *(smooth(problem, tau, side=side, atoms=atoms) for side in ("optimistic", "conservative")))

    def solve(self, solver: str | None, options: dict[str, Any]) -> Bracket:
        """At the present τ; the variables are left at the conservative point."""
        below = attempt(self.relaxed.problem, solver, point=False, **options)
        above = attempt(self.restricted.problem, solver, **options)
        return _enclose(self.problem, self.restricted.problem, below, above)


def _enclose(problem: cp.Problem, restricted: cp.Problem, optimistic: Solved, conservative: Solved) -> Bracket:
    """The bracket of two solves, the variables holding the point of the restricted problem."""
    sign = -1.0 if isinstance(problem.objective, cp.Maximize) else 1.0
    low, one = _better(optimistic, sign)
    high, two = _attained(problem, restricted, conservative, sign)
    if low == math.inf or high == -math.inf:  # the relaxation is infeasible, or the restriction unbounded
        low = high = math.inf if low == math.inf else -math.inf
    if low > high:
        low, high = high, low
        two += " The solver's values contradict each other by more than it admits."
    found = Bracket(*((low, high) if sign > 0 else (-high, -low)))
    found.optimistic, found.conservative, found.message = optimistic, conservative, f"{one} {two}"
    return found


def _better(solved: Solved, sign: float) -> tuple[float, str]:
    """A bound of the better side, as for Minimize, and what it is."""
    if solved.status == cp.INFEASIBLE:
        return math.inf, "The problem is infeasible: even its relaxation is."
    if solved.status == cp.UNBOUNDED:
        return -math.inf, "The relaxation is unbounded."
    if not solved.usable:
        return -math.inf, f"The solver has no trustworthy answer for the relaxation ({solved.status})."
    return sign * solved.value - solved.better, "The better end is the optimum of the relaxation."


def _attained(problem: cp.Problem, restricted: cp.Problem, solved: Solved, sign: float) -> tuple[float, str]:
    """A bound of the worse side, as for Minimize, and what it is."""
    if solved.status == cp.UNBOUNDED:
        return -math.inf, "The problem is unbounded: even its restriction is."
    if solved.status == cp.INFEASIBLE:
        return math.inf, "The restriction is infeasible; a smaller tau may help."
    if not solved.usable or problem.objective.expr.value is None:
        return math.inf, f"The solver has no trustworthy answer for the restriction ({solved.status})."
    worst, cost = violation(problem, restricted)
    value = sign * float(problem.objective.value)
    if worst > LOOSE or math.isnan(value):
        return math.inf, f"The solver's point violates a constraint by a relative {worst:.1e}."
    return value + 2 * cost + nothing(value), "The other end is the original objective at a feasible point."
