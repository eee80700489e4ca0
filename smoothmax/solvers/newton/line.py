"""The line search of affine components, in closed form but for n-vectors: no pass over the data.

φ(t) = F_τ(z + t·c) + wall(t),    φ'(t) = ⟨p(t), c⟩ + wall'(t),    z = f and what the prior adds to it,  c = J dx
"""

from collections.abc import Callable

import numpy as np

from ..._typing import Array
from ...surrogate import Smoothed

FADED = 50.0  # components this many τ below the max weigh less than 2e-22
FAR = 1e12  # steps longer than this many Newton steps are not taken
HALF = 0.5  # of the first derivative may be left
End = tuple[float, float, float]  # t, φ and φ' at one end of a bracket
Line = Callable[[float], tuple[float, float]]  # t to φ and φ'


def search(phi: Line, slope: float, first: float, longest: float) -> float:
    """t with |φ'(t)| ≤ HALF·|φ'(0)| and φ(t) ≤ φ(0), tried from `first` on; 0 where there is none.

    Four times as far while φ falls; then where the tangents at both ends of the bracket meet, as a max of lines has it.
    """
    start, t = phi(0.0), first
    low: End = (0.0, *start)
    high: End | None = None
    for k in range(100):
        value, here = phi(t)
        if abs(here) <= HALF * abs(slope) and (here <= 0 or value <= start[0]):
            return t
        if here <= 0:
            low = (t, value, here)
            if t >= min(longest * (1 - 1e-12), FAR):
                return t
        else:  # uphill, or beyond the numbers
            high = (t, value, here)
        t = min(4 * t, longest) if high is None else _meet(low, high, k % 4 == 3)
    return low[0]


def line(surrogate: Smoothed, f: Array, c: Array) -> Line:
    """F_τ and its derivative where the components are f + t·c."""
    if surrogate.entropic:
        return log_sum_exp(f if surrogate.offset is None else f + surrogate.offset, c, surrogate.tau)

    def phi(t: float) -> tuple[float, float]:
        value, p = surrogate.maximum(f + t * c)
        return value, float(p @ c)

    return phi


def log_sum_exp(z: Array, c: Array, tau: float) -> Line:
    """τ·log Σ exp((z + t·c)/τ), by the components that show."""

    def phi(t: float) -> tuple[float, float]:
        at = z + t * c
        top = float(at.max())
        seen = (at > top - FADED * tau).nonzero()[0]
        w = np.exp((at[seen] - top) / tau)
        total = float(w.sum()) or np.nan  # nan: beyond the numbers
        return top + tau * float(np.log(total)), float(w @ c[seen]) / total

    return phi


def _meet(low: End, high: End, halve: bool) -> float:
    """Where the tangents at both ends meet; the middle now and then, or where they do not."""
    (a, f, down), (b, g, up) = low, high
    if halve or not down < 0 < up:
        return (a + b) / 2
    t = (f - g + b * up - a * down) / (up - down)
    return t if a + 1e-3 * (b - a) < t < b - 1e-3 * (b - a) else (a + b) / 2
