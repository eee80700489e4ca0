"""entmax for 1 < α ≤ 2, c = α − 1:  p_i = (e^{cs} + c·y_i)_+^{1/c} with Σ p_i = 1, for rows y with maximum 0.

At s = 0 the sum is at least 1, and from there Newton's method on the norm ‖(μ + c·y)_+‖_{1/c} = 1 in μ = e^{cs}, which
is convex, falls to the root monotonically. As c → 0 a step becomes s − log Σ p_i. Powers go through expm1 and log1p.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..operators.door import Array
from ..operators.library import namespace, seen, still

ROUNDS = 60  # at most: a few are enough
SETTLED = 1e-10  # of Σ p; one step of Newton's is to come
MARGIN = 1e-9  # of μ: far above what rounding does to it


def weights(y: Any, some: Any, c: float, start: Any = None) -> Any:
    """p, (rows, n); `some` holds what of y may be in the support, and `start`, (rows, 1), is an upper bound of μ."""
    xp, s = namespace(y), still(_peak(some, c, start))
    total, rate = _mass(xp, some, s, c)  # automatic differentiation sees this one step: there s depends on y
    p, _ = _powers(xp, y, s - xp.log(total) * still(total / rate), c)
    return p


def candidates(y: Array, row: Array, rows: int, c: float) -> tuple[Array, Array]:
    """Which of the elements y, element i of row row[i], may be in the support, and upper bounds of μ.

    These are steps of Newton's, as long as one drops a quarter of the elements: those with c·y ≤ −μ. NumPy's arrays.
    """
    kept, mu = np.arange(y.size), np.ones(rows)
    while True:
        t = np.maximum(mu[row] + c * y, 0.0)
        powers = t ** (1.0 / c - 1.0)
        total, slope = np.bincount(row, powers * t, rows), np.bincount(row, powers, rows)
        mu = mu - (total - total ** (1.0 - c)) / slope
        stays = c * y > -(1.0 + MARGIN) * mu[row]
        y, row, kept = y[stays], row[stays], kept[stays]
        if 4 * y.size > 3 * stays.size:
            return kept, mu


def _peak(y: Any, c: float, start: Any) -> Any:
    """s = log max p, (rows, 1)."""
    xp = namespace(y)
    s = xp.zeros_like(y[:, :1]) if start is None else xp.log(start) / c
    for _ in range(ROUNDS):
        total, rate = _mass(xp, y, s, c)
        done = xp.abs(total - 1.0) <= SETTLED
        step = xp.log1p(-xp.expm1(c * xp.log(total)) * total ** (1.0 - c) / rate) / c
        s = xp.where(done, s, s + step)
        if seen(xp.all(done)):
            break
    return s


def _mass(xp: Any, y: Any, s: Any, c: float) -> tuple[Any, Any]:
    """Σ p and its derivative in s, (rows, 1)."""
    p, growth = _powers(xp, y, s, c)
    return xp.sum(p, axis=1, keepdims=True), xp.sum(p * growth, axis=1, keepdims=True)


def _powers(xp: Any, y: Any, s: Any, c: float) -> tuple[Any, Any]:
    """p, and the derivative of log p in s."""
    below = c * xp.where(y > -2.0 / c, y, xp.full_like(y, -2.0 / c))
    less, base = xp.expm1(c * s) + below, xp.exp(c * s) + below
    near, there = less > -0.5, base > 0
    by_sum = xp.log1p(xp.where(near, less, xp.zeros_like(less)))
    log_base = xp.where(near, by_sum, xp.log(xp.where(near | ~there, xp.ones_like(base), base)))
    nothing = xp.zeros_like(y)
    return xp.where(there, xp.exp(log_base / c), nothing), xp.where(there, xp.exp(c * s - log_base), nothing)
