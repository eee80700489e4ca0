"""Weights on few rows with Jᵀp = 0, by nonnegative least squares."""

import numpy as np

from .._linalg import nonnegative
from .._typing import Array
from ..components import Linearization

COST = 1e-3  # of a row at the bottom, against a unit residual, in the least squares for weights on few rows
SPARSE = 200  # variables up to which nonnegative least squares looks for weights on few rows


def sparse_weights(lin: Linearization, p: Array) -> Array | None:
    """Weights on few rows with Jᵀp = 0, for where damped steps do not get there (degenerate or non-unique optima).

    Nonnegative least squares (Lawson and Hanson 1974) over the heaviest rows in equilibrated columns, with a small cost
    on rows below the max; None where d is too large for it or the rows do not reach zero.
    """
    d = lin.components.d
    if not lin.components.rows or d > SPARSE:
        return None
    rows = np.sort(np.argsort(-p)[: min(np.count_nonzero(p > 1e-20 * p.max()), 8 * d + 8)])
    J, below = lin.jac(rows), lin.f.max() - lin.f[rows]
    size = np.abs(J).max(axis=0)
    cost = COST * below / (below.max() or 1.0)
    system = np.vstack([J.T / np.where(size > 0, size, 1.0)[:, None], cost, np.ones(rows.size)])
    y = nonnegative(system, np.r_[np.zeros(d + 1), 1.0], 30 * rows.size)
    if y is None or np.abs(system[:d] @ y).max() > COST * y.sum():
        return None
    out = np.zeros(p.size)
    out[rows] = np.where(y > COST**2 * y.max(), y, 0.0)
    return np.asarray(out / out.sum())
