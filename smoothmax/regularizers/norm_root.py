"""entmax for 1 < α ≤ 2, c = α − 1:  p_i = (e^{cs} + c·y_i)_+^{1/c} with Σ p_i = 1, for rows y with maximum 0.

At s = 0 the sum is at least 1, and from there Newton's method on the norm ‖(μ + c·y)_+‖_{1/c} = 1 in μ = e^{cs}, which
is convex, falls to the root monotonically. As c → 0 a step becomes s − log Σ p_i. Powers go through expm1 and log1p.
"""

from __future__ import annotations

from typing import Any

from ..operators.library import namespace, seen, still

ROUNDS = 60  # at most: a few are enough
SETTLED = 1e-10  # of Σ p; one step of Newton's is to come


def weights(y: Any, some: Any, c: float) -> Any:
    """p, (rows, n); `some` holds what of y may be in the support."""
    xp, s = namespace(y), still(_peak(some, c))
    total, rate = _mass(xp, some, s, c)  # automatic differentiation sees this one step: there s depends on y
    p, _ = _powers(xp, y, s - xp.log(total) * still(total / rate), c)
    return p


def _peak(y: Any, c: float) -> Any:
    """s = log max p, (rows, 1)."""
    xp = namespace(y)
    s = xp.zeros_like(y[:, :1])
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
