"""entmax for α > 2, c = α − 1:  p_i = (v + c·(y_i − e))^{1/c} for y_i ≥ e, the least element in the support, Σ p_i = 1.

An element enters the support with infinite slope, so the root is not looked for across such a kink: an element e is in
the support when the mass above it, Σ (c·(y_i − e))_+^{1/c}, is below 1 (bisection over the sorted elements); what is
left for v is smooth in log v, which may be far below the range of v itself.
"""

from __future__ import annotations

import math
from typing import Any

from ..operators.library import cast, namespace, place, seen, still

ROUNDS = 80  # at most, of Newton's method, and of bisection where that leaves its bracket
SETTLED = 1e-12  # of log Σ p


def weights(y: Any, some: Any, c: float) -> Any:
    """p, (rows, n); `some` holds what of y may be in the support."""
    xp = namespace(y)
    e, size = _least(xp, some, c)
    w = still(_level(xp, some, e, size, c))
    total, rate = _mass(xp, some, e, w, c)  # automatic differentiation sees this one step: there log v depends on y
    return _powers(xp, y, e, w - xp.log(total) * still(total / rate), c)[0]


def _least(xp: Any, y: Any, c: float) -> tuple[Any, Any]:
    """The least element in the support, and how many are in it, (rows, 1)."""
    n, down = y.shape[1], xp.flip(xp.sort(y, axis=1), axis=1)
    place_of = xp.arange(n, **place(y))[None, :]
    low = xp.ones_like(xp.argmax(y, axis=1, keepdims=True))
    high = low * n
    for _ in range(math.ceil(math.log2(n)) + 1 if n > 1 else 0):
        middle = (low + high) // 2
        last = xp.where(middle < n, middle, n - 1 + 0 * middle)
        inside = (low < high) & (_above(xp, y, _at(xp, down, place_of, last), c) < 1.0)
        low, high = xp.where(inside, middle + 1, low), xp.where(inside | (low >= high), high, middle)
    return _at(xp, down, place_of, low - 1), cast(low, y.dtype)


def _at(xp: Any, rows: Any, place_of: Any, index: Any) -> Any:
    return xp.sum(xp.where(place_of == index, rows, xp.zeros_like(rows)), axis=1, keepdims=True)


def _above(xp: Any, y: Any, e: Any, c: float) -> Any:
    """Σ (c·(y_i − e))_+^{1/c}, (rows, 1)."""
    higher = y > e
    gap = xp.where(higher, c * (y - e), xp.ones_like(y))
    return xp.sum(xp.where(higher, gap ** (1.0 / c), xp.zeros_like(y)), axis=1, keepdims=True)


def _level(xp: Any, y: Any, e: Any, size: Any, c: float) -> Any:
    """log v, (rows, 1): between c·log((1 − mass above)/size) and −c·log(size), by the subadditivity of the power."""
    free = 1.0 - _above(xp, y, e, c)
    low, high = c * xp.log(xp.where(free > 1e-300, free, xp.full_like(free, 1e-300)) / size), -c * xp.log(size)
    w = high
    for _ in range(ROUNDS):
        total, rate = _mass(xp, y, e, w, c)
        over = total > 1.0
        low, high = xp.where(over, low, w), xp.where(over, w, high)
        done = (xp.abs(total - 1.0) <= SETTLED) | (high - low <= SETTLED)
        ahead = w - total * xp.log(total) / rate
        ahead = xp.where((ahead >= low) & (ahead <= high), ahead, (low + high) / 2)
        w = xp.where(done, w, ahead)
        if seen(xp.all(done)):
            break
    return w


def _mass(xp: Any, y: Any, e: Any, w: Any, c: float) -> tuple[Any, Any]:
    """Σ p and its derivative in log v, (rows, 1)."""
    p, growth = _powers(xp, y, e, w, c)
    return xp.sum(p, axis=1, keepdims=True), xp.sum(p * growth, axis=1, keepdims=True)


def _powers(xp: Any, y: Any, e: Any, w: Any, c: float) -> tuple[Any, Any]:
    """p, and the derivative of log p in w = log v."""
    inside, higher = y >= e, y > e
    gap = c * xp.where(higher, y - e, xp.ones_like(y))
    log_base = xp.where(higher, xp.log(gap + xp.exp(w)), w + xp.zeros_like(y))
    nothing = xp.zeros_like(y)
    return xp.where(inside, xp.exp(log_base / c), nothing), xp.where(inside, xp.exp(w - log_base) / c, nothing)
