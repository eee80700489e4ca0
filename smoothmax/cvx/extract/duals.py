"""Dual values of the user's constraints, from the weights and multipliers of a certificate.

With c = Jᵀp + A_ubᵀλ + A_eqᵀν the bounds take what is left: c_j where x_j ≥ lo_j and c_j > 0, −c_j where x_j ≤ hi_j and
c_j < 0, either at an equation; but none that is so far that its product with c_j is more than the gap. So the
Lagrangian  f + λᵀ(lhs − rhs) + νᵀ(lhs − rhs)  is stationary in x, up to c_j where x_j is free, and complementary up to
the gap. Of several constraints that say the same, the tightest has the dual value; a redundant one has zero.
"""

from typing import Any

import numpy as np

from ... import domains
from ..._typing import Array
from ...certificate import Multipliers
from .domain import Sides
from .tightest import NONE

NOISE = 1e-12  # of |c_j x_j|: what rounding leaves of a product that is zero


def duals(sides: Sides, c: Array, multipliers: Multipliers | None, x: Array, gap: float) -> dict[int, Any]:
    """{constraint.id: value} with cvxpy's shapes and signs; `c` = Jᵀp, (d,), at x, where `gap` is left open."""
    if isinstance(sides.domain, domains.Ball):
        only, value = sides.constraints[0], np.float64(np.linalg.norm(c) / sides.factor)
        shape = only.dual_variables[0].shape
        return {only.id: np.full(shape, value) if shape else value}
    row = np.zeros(sides.rows.b.size)
    if sides.upper.size and multipliers is not None:
        row[sides.upper] = np.maximum(multipliers.ub, 0.0)
    _of_equations(sides, _equation_multipliers(sides, c, multipliers), row)
    c = c + np.asarray(row @ sides.rows.A) if sides.upper.size or sides.equal.size else c
    _of_bounds(sides, c + _of_symmetries(sides, multipliers), row, x, gap)
    return _by_constraint(sides, row)


def _equation_multipliers(sides: Sides, c: Array, multipliers: Multipliers | None) -> Array:
    """ν of the user's equations; on a simplex the one that leaves min_j c_j = 0."""
    if isinstance(sides.domain, domains.Simplex):
        return np.array([-float(c.min()) / sides.pivot[sides.equal[0]]])
    return np.zeros(sides.equal.size) if multipliers is None else multipliers.eq[: sides.equal.size]


def _of_equations(sides: Sides, nu: Array, row: Array) -> None:
    """ν of ⟨a, x⟩ = hi goes to the equation, or to the one of two inequalities that its sign belongs to."""
    i, k, equal = sides.equal, sides.mate, sides.rows.equal
    to_mate = ~equal[i] & (equal[k] | (nu < 0))
    row[i[~to_mate]] = nu[~to_mate]
    row[k[to_mate]] = (nu * sides.pivot[i] / sides.pivot[k])[to_mate]


def _of_symmetries(sides: Sides, multipliers: Multipliers | None) -> Array:
    """What the equations X = Xᵀ of the attributes add to c."""
    if sides.links is None or multipliers is None:
        return np.zeros(sides.domain.d)
    return np.asarray(multipliers.eq[sides.equal.size :] @ sides.links)


def _of_bounds(sides: Sides, c: Array, row: Array, x: Array, gap: float) -> None:
    """r·λ = −c_j for the row r·x_j + b ≤ 0 (or = 0) that stops x_j in the direction of −c_j."""
    source = np.where(c > 0, sides.bounds.from_lo, sides.bounds.from_hi)
    slack = np.abs(np.where(c > 0, sides.bounds.lo, sides.bounds.hi) - x)
    near = np.abs(c) * np.where(np.isfinite(slack), slack, 0.0) <= max(2 * gap, 0.0) + NOISE * np.abs(c) * np.abs(x)
    j = np.flatnonzero((source != NONE) & (c != 0) & near)
    row[source[j]] = -c[j] / sides.pivot[source[j]]


def _by_constraint(sides: Sides, row: Array) -> dict[int, Any]:
    """The rows' values added up in the entries of each constraint's dual variable."""
    found: dict[int, Any] = {}
    ends = np.searchsorted(sides.rows.owner, np.arange(len(sides.constraints) + 1))
    for constraint, start, end in zip(sides.constraints, ends[:-1], ends[1:], strict=True):
        shape = constraint.dual_variables[0].shape
        value = np.bincount(sides.rows.entry[start:end], row[start:end], int(np.prod(shape)))
        shaped: Any = value.reshape(shape, order="F") if shape else np.float64(value[0])
        found[constraint.id] = found.get(constraint.id, 0.0) + shaped  # one constraint may be listed twice
    return found
