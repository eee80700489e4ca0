"""Weights that prove a bound on R^d when d is too large to factorize: Jᵀq = 0 by conjugate gradients on few rows.

One step moves q to q∘(1 + J u) with Jᵀ diag(q) J u = −Jᵀq (identity 5 of a repair, without the rank-one term, which
only scales q); it is damped so that q stays positive and repeated on what rounding and damping left over.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..._typing import Array
from .conjugate import conjugate_gradients
from .gathered import Gathered

EPS = float(np.finfo(float).eps)
BALANCED = 24 * EPS  # |Jᵀq|_j relative to Σ q_i|J_ij|: what is aimed at
ENOUGH = 128 * EPS  # and what proves a bound with certainty
ROUNDS = 20
TO_ZERO = 0.9  # a step takes at most this share of a weight away
SAME = 64.0  # in units of rounding: how near |Jᵀq|_j must be to Σ q_i|J_ij|
FORCED = 1e-3  # rows that must weigh nothing may weigh this much together, or there is no balance
SHORTEST = 1e-2  # damped steps below this go nowhere
NEAR = 1e-3  # from this residual on the equations are solved sharply


@dataclass
class Balance:
    """What a repair came to."""

    weights: Array | None  # (n,), or None where no nonnegative weights near p balance the open coordinates
    residual: float
    products: int
    reached: Array | None = None  # (n,), where it stopped: to go on from


def _forced(rows: Gathered, c: Array, size: Array) -> NDArray[np.bool_]:
    """Rows with an entry in a column all of whose entries pull one way: Jᵀq = 0 there means that they weigh nothing."""
    one_way = (c >= (1 - EPS * SAME) * size) & (c > 0)
    return np.asarray(rows.sums(one_way.astype(np.float64)) > 0)


def balance(rows: Gathered, p: Array, width: Array, side: Array, spare: float, limit: int) -> Balance:
    """Weights q ≥ 0 on the gathered rows, near p, that leave little of Jᵀq.

    Parameters
    ----------
    width : (d,) array
        How far a coordinate may go in X. inf: (Jᵀq)_j must vanish up to rounding; finite: |(Jᵀq)_j|·width_j is what it
        costs the bound.
    side : (d,) array
        1 for a coordinate at its lower bound, −1 at its upper one: there (Jᵀq)_j of that sign costs nothing.
    spare : float
        What all finite widths may cost together.
    limit : int
        Products with JᵀJ, at most.
    """
    plus, minus = rows.split(p)
    finite = np.where(np.isinf(width), 0.0, width)
    used, best, residual = 0, np.inf, np.inf
    for _ in range(ROUNDS):
        total = plus + minus
        c, size = rows.JT @ (plus - minus), rows.sizes(total)
        free = np.where((side * c > 0) | (width == 0), 0.0, 1.0)
        c, endless = free * c, np.isinf(width)
        forced = _forced(rows, np.where(endless & (free > 0), np.abs(c), 0.0), size)
        if total[forced].any() and total[forced].sum() <= FORCED * total.sum():
            plus, minus = np.where(forced, 0.0, plus), np.where(forced, 0.0, minus)
            continue
        residual = float(np.max(np.abs(c[endless]) / np.where(size > 0, size, 1.0)[endless], initial=0.0))
        cost = float(np.abs(c) @ finite) / float(total.sum())
        settled = residual <= BALANCED or (residual <= ENOUGH and residual > 0.5 * best)
        if (settled and cost <= spare) or used >= limit:
            break
        best = min(best, residual)
        rtol = 1e-2 if residual > NEAR else 1e-6 if not settled else max(1e-3, min(0.3, 0.1 * spare / cost))
        product = rows.curvature(total, free=free)
        u, k = conjugate_gradients(product, -c, rows.diagonal(total), rtol, limit - used)
        used += k
        change = rows.J @ u
        worst = max(float(-change[plus > 0].min(initial=0.0)), float(change[minus > 0].max(initial=0.0)))
        t = min(1.0, TO_ZERO / worst) if worst > 0 else 1.0
        if not t >= SHORTEST:
            break
        plus, minus = plus * (1 + t * change), minus * (1 - t * change)
    if not residual <= ENOUGH or not total.any():
        return Balance(None, residual, used, rows.whole(plus, minus) if total.any() else None)
    return Balance(rows.whole(plus, minus) / float(plus.sum() + minus.sum()), residual, used)
