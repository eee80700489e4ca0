"""One long row, without a prior: the peak and tail of blocks, merged as they come.

(m, t) + (m', t')  with m >= m'  is  (m, t + (1 + t')*exp((m' - m)/tau)):
associative, with identity (-inf, 0).
"""

from __future__ import annotations

import math

import numpy as np

from smoothmax.operators.door import Array
from smoothmax.operators.kernel import HUGE, above, log_count
from smoothmax.operators.terms import BLOCK

State = tuple[float, float]
EMPTY: State = (-math.inf, 0.0)


def line(x: Array, tau: float) -> State:
    """The peak and tail of a 1-d array, in float64; no tail (0) where the peak is not finite or tau is 0."""
    if x.size <= BLOCK:
        return _block(x, tau)
    state = EMPTY
    for i in range(0, x.size, BLOCK):
        state = merge(state, _block(x[i : i + BLOCK], tau), tau)
    return state


def merge(a: State, b: State, tau: float) -> State:
    """The state of both sets of terms together."""
    if a[0] < b[0] or math.isnan(b[0]):
        a, b = b, a
    (m, t), (low, u) = a, b
    if not math.isfinite(m) or tau == 0.0:
        return m, 0.0
    s = 0.5 if tau > HUGE else 1.0
    return m, t + (1.0 + u) * math.exp((s * low - s * m) / (s * tau))


def value(state: State, tau: float, n: int) -> float:
    """m + tau*log1p(t), kept between m and m + tau*log n."""
    m, t = state
    return float(above(m, tau, min(math.log1p(t), log_count(n)))) if math.isfinite(m) else m


def _block(x: Array, tau: float) -> State:
    if x.size == 0:
        return EMPTY
    k = int(x.argmax())  # the first nan, if there is one
    m = float(x[k])
    if not math.isfinite(m) or tau == 0.0:
        return m, 0.0
    s = 0.5 if tau > HUGE else 1.0
    e = np.subtract(x if s == 1.0 else s * x, s * m, dtype=np.float64)
    if tau != 1.0:
        np.divide(e, s * tau, out=e)
    np.exp(e, out=e)
    e[k] = 0.0
    return m, float(np.add.reduce(e))
