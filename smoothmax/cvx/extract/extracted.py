"""A cvxpy problem as a Minimax, and the way back: values of its variables, dual values of its constraints."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from ..._typing import Array
from ...certificate import normalized, prove
from ...problem import Minimax
from ...result import MinimaxResult
from ..doors import check_problem
from ..errors import NotMinimax
from .domain import Sides, domain_of
from .duals import duals
from .layout import Layout
from .objective import components_of


@dataclass(frozen=True)
class Extracted:
    """objective = sign · max_i f_i(x) over the domain of `minimax`; sign is −1 for Maximize."""

    minimax: Minimax
    layout: Layout
    sign: float
    sides: Sides

    def point(self, values: dict[int, Any]) -> Array | None:
        """x of {variable.id: value}; None where one has no value, or none that is finite."""
        x = np.full(self.layout.d, np.nan)
        for variable in self.layout.variables:
            value = values.get(variable.id)
            if value is not None:
                dense = value.toarray() if sp.issparse(value) else np.asarray(value, dtype=np.float64)
                x[self.layout.place(variable)] = dense.ravel(order="F")
        return x if np.isfinite(x).all() else None

    def values(self, x: Array) -> dict[int, Any]:
        """{variable.id: value} in the form that cvxpy stores, for diagonal matrices a sparse one."""
        found: dict[int, Any] = dict(self.layout.values(x))
        for variable in self.layout.variables:
            if variable.attributes["diag"]:
                found[variable.id] = sp.diags_array(np.diagonal(found[variable.id]).copy())
        return found

    def duals(self, result: MinimaxResult) -> dict[int, Any]:
        """{constraint.id: dual value}; empty where the solve proved no bound, and so has no weights."""
        weights = result.certificate.vector
        if weights is None or not self.sides.constraints:
            return {}
        p = normalized(weights)
        lin = self.minimax.at(result.x)
        live = np.flatnonzero(p)
        c = lin.only(live).vjp(p[live]) if lin.few(live) else lin.vjp(p)
        return duals(self.sides, c, result.multipliers, result.x, result.gap)

    def bounds(self, result: MinimaxResult) -> tuple[float, float]:
        """(lower, upper) of the problem's own optimal value."""
        lower, upper = float(result.lower_bound), float(result.upper_bound)
        if not np.isfinite(upper) and np.isfinite(result.fun):  # stopped before any proof
            upper = prove(self.minimax, self.minimax.at(result.x), None).upper
        return (lower, upper) if self.sign > 0 else (-upper, -lower)


def extract(problem: Any) -> Extracted:
    """The minimax structure of a DCP problem with values for all its parameters.

    Raises
    ------
    TypeError, cvxpy.error.DCPError, cvxpy.error.ParameterError
        Not a problem that cvxpy would take as it is.
    NotMinimax
        Something else than a maximum of affine and convex quadratic functions subject to affine constraints.
    Infeasible
        A ValueError: no point satisfies the constraints.
    """
    check_problem(problem)
    if not problem.variables():
        raise NotMinimax(problem.objective, "the problem has no variables", "an objective of at least one variable")
    layout = Layout.of(problem)
    objective = components_of(problem.objective, layout)
    sides = domain_of(problem.constraints, layout)
    return Extracted(Minimax(objective.components, sides.domain), layout, objective.sign, sides)


def from_cvxpy(problem: Any) -> Minimax:
    """The problem as a Minimax: its objective (negated for Maximize) is max_i f_i over the domain.

    Taken are maxima (max, maximum, abs, norm_inf, sums with affine terms, nonnegative factors) of affine and convex
    quadratic expressions, subject to affine constraints and bounds, or to one ball ‖x − c‖₂ ≤ r. The variables stand
    one after another in the order of `problem.variables()`, each in Fortran order.

    Parameters
    ----------
    problem : cvxpy.Problem
        DCP, with parameters that have values.

    Returns
    -------
    Minimax

    Raises
    ------
    TypeError, ValueError, cvxpy.error.DCPError, cvxpy.error.ParameterError
        As for `extract`; a NotMinimax names the sub-expression that stands in the way.
    """
    return extract(problem).minimax
