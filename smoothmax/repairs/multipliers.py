"""Multipliers of the constraints that are nearly active, estimated by nonnegative least squares."""

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from .._linalg import dense, least_squares, nonnegative
from .._typing import Array
from ..certificate import Multipliers
from ..domains import Linear


def estimate_multipliers(linear: Linear, x: Array, g: Array) -> Multipliers:
    """Multipliers of the constraints that are nearly active at x, from −g ≈ A_ubᵀλ + A_eqᵀν + λ_upper − λ_lower.

    Nonnegative least squares (Lawson and Hanson 1974) over the active rows; a start for `repair`, not a proof.
    """
    if linear.free:
        return Multipliers(np.zeros(0), np.zeros(0), np.zeros(x.size), np.zeros(x.size))
    near = 1e-6 * np.maximum(1.0, np.abs(x))
    still = linear.lb == linear.ub
    low, high = (x - linear.lb <= near) & ~still, (linear.ub - x <= near) & ~still
    rows, parts = np.zeros(0, bool), [_unit_columns(x.size, high), -_unit_columns(x.size, low)]
    if linear.A_ub is not None and linear.b_ub is not None:
        size = np.maximum(1.0, np.maximum(np.abs(linear.b_ub), abs(linear.A_ub) @ np.abs(x)))
        rows = linear.b_ub - linear.A_ub @ x <= 1e-6 * size
        parts.append(dense(linear.A_ub)[rows].T)
    E = _unit_columns(x.size, still)
    if linear.A_eq is not None:
        E = np.hstack([dense(linear.A_eq).T, E])
    lam, nu = _least_squares(np.hstack(parts), E, -g)
    upper, lower, active = np.split(lam, np.cumsum([part.shape[1] for part in parts[:2]]))
    found = Multipliers(np.zeros(rows.size), nu[: nu.size - still.sum()], np.zeros(x.size), np.zeros(x.size))
    fixed = nu[nu.size - still.sum() :]
    found.upper[high], found.lower[low], found.ub[rows] = upper, lower, active
    found.upper[still], found.lower[still] = np.maximum(fixed, 0.0), np.maximum(-fixed, 0.0)
    return found


def _least_squares(G: Array, E: Array, r: Array) -> tuple[Array, Array]:
    """min over λ ≥ 0 and ν of ‖G λ + E ν − r‖: λ first, in what E leaves of the space."""
    Q = scipy.linalg.orth(E)
    rest = G - Q @ (Q.T @ G)
    scale = 1.0 / np.maximum(np.linalg.norm(G, axis=0), 1e-300)
    found = nonnegative(rest * scale, r - Q @ (Q.T @ r), 30 * G.shape[1]) if G.shape[1] else None
    lam = np.zeros(G.shape[1]) if found is None else scale * found
    return lam, np.nan_to_num(least_squares(E, r - G @ lam))


def _unit_columns(d: int, chosen: NDArray[np.bool_]) -> Array:
    columns = np.zeros((d, int(chosen.sum())))
    columns[np.flatnonzero(chosen), np.arange(columns.shape[1])] = 1.0
    return columns
