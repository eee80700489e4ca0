"""Multipliers of the constraints that are nearly active, estimated by nonnegative least squares."""

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from .._linalg import dense
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
    low, high = x - linear.lb <= near, linear.ub - x <= near
    rows, E = np.zeros(0, bool), None
    parts = [_unit_columns(x.size, high), -_unit_columns(x.size, low)]
    if linear.A_ub is not None and linear.b_ub is not None:
        size = np.maximum(1.0, np.maximum(np.abs(linear.b_ub), abs(linear.A_ub) @ np.abs(x)))
        rows = linear.b_ub - linear.A_ub @ x <= 1e-6 * size
        parts.append(dense(linear.A_ub)[rows].T)
    if linear.A_eq is not None:
        E = dense(linear.A_eq)
        parts += [E.T, -E.T]
    G = np.hstack(parts)
    zero = Multipliers(
        np.zeros(rows.size), np.zeros(0 if E is None else E.shape[0]), np.zeros(x.size), np.zeros(x.size)
    )
    if not G.shape[1]:
        return zero
    scale = 1.0 / np.maximum(np.linalg.norm(G, axis=0), 1e-300)
    lam = scale * scipy.optimize.nnls(G * scale, -g, maxiter=30 * G.shape[1])[0]
    pieces = np.split(lam, np.cumsum([part.shape[1] for part in parts])[:-1])
    zero.upper[high], zero.lower[low] = pieces[0], pieces[1]
    if rows.size:
        zero.ub[rows] = pieces[2]
    if E is not None:
        zero.eq[:] = pieces[-2] - pieces[-1]
    return zero


def _unit_columns(d: int, chosen: NDArray[np.bool_]) -> Array:
    columns = np.zeros((d, int(chosen.sum())))
    columns[np.flatnonzero(chosen), np.arange(columns.shape[1])] = 1.0
    return columns
