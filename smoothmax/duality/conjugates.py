"""The conjugate of a smooth maximum in closed form, and as the supremum that it is, by ascent with a certificate.

    F*(q) = sup over x of ⟨q, x⟩ − F(x) = τ·Ω(q) on the simplex, +∞ elsewhere   (Blondel, Martins, Niculae 2020)

The certificate sees F and ∇F only, however v was found. Any v gives F*(q) ≥ ⟨q, v⟩ − F(v). With p = ∇F(v),
F*(p) = ⟨p, v⟩ − F(v) by Fenchel and Young, F* ≤ 0 since F ≥ max, and q = κ·p + (1 − κ)·r with κ = min q_i/p_i ≤ 1 and
r on the simplex; so by convexity F*(q) ≤ κ·F*(p).
"""

import math
from typing import NamedTuple

import numpy as np

from .._typing import Array
from ..operators.door import sum_slack
from ..regularizers import Regularizer

CLOSE = 1e-11  # of a step in v, where the ascent ends
SLACK = 4 * float(np.finfo(float).eps)  # by how much, relative, rounding may lower the value of a good step
CUTS = (0.0, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3)
LONGEST = 50.0  # of a step, in each coordinate
SHORTEST = 1e-8  # of a step, below which it is not tried again


class Supremum(NamedTuple):
    """lower ≤ sup ≤ upper, proven."""

    lower: float
    upper: float


def closed_form(q: Array, tau: float, kind: Regularizer) -> float:
    """τ·Ω(q) on the simplex (up to rounding in the dtype of q), +inf elsewhere."""
    return tau * float(kind.value(snapped(q))) if on_simplex(q) else math.inf


@np.errstate(all="ignore")
def supremum(q: Array, tau: float, kind: Regularizer, steps: int = 5000) -> Supremum:
    """sup over x of ⟨q, x⟩ − F(x) by ascent on v = x/τ along ∇Ω(q) − ∇Ω(p), which is uphill since Ω is convex.

    Coordinates with q_i = 0 run to −∞ and are left out. Off the simplex there is a ray of unbounded growth, which is
    followed.
    """
    if not on_simplex(q):
        end = _along_ray(q, tau, kind)
        return Supremum(end, math.inf)
    q = snapped(q)
    q = q[q > 0]
    v = np.zeros(q.size)
    value, p = _dual(q, v, kind)
    for _ in range(steps):
        step = np.clip(np.asarray(kind.gradient(q) - kind.gradient(p)), -LONGEST, LONGEST)
        if float(np.abs(step).max()) <= CLOSE:
            break
        slope, t = float((q - p) @ step), 1.0
        room = SLACK * (1.0 + abs(value) + float(np.abs(v).max()))
        while not (new := _dual(q, v + t * step, kind))[0] >= value + 0.25 * t * slope - room:
            t /= 2
            if t <= SHORTEST:
                return _proven(q, v, value, tau, kind)
        v, (value, p) = v + t * step, new
    return _proven(q, v, value, tau, kind)


def _dual(q: Array, v: Array, kind: Regularizer) -> tuple[float, Array]:
    """⟨q, v⟩ − F(v) and ∇F(v), τ = 1."""
    value, p = kind.maximum(v)
    return float(q @ v - value), np.asarray(p)


def _proven(q: Array, v: Array, value: float, tau: float, kind: Regularizer) -> Supremum:
    """The least of several bounds: small q_i, whose p_i have lost digits, may be given up (v_i → −∞)."""
    found = [_bound(q[q > cut], v[q > cut], kind) for cut in CUTS if float(q.max()) > cut]
    return Supremum(tau * value, tau * max(min(found), value))


def _bound(q: Array, v: Array, kind: Regularizer) -> float:
    """κ·F*(p) at p = ∇F(v)."""
    value, p = kind.maximum(v)
    p, live = np.asarray(p), np.asarray(p) > 0
    return min(float((q[live] / p[live]).min()), 1.0) * float(p @ v - value)


def off_simplex(q: Array) -> float:
    """How far q misses it: in its sum, or by its least entry."""
    return max(abs(float(q.astype(np.float64).sum()) - 1.0), -float(q.min()))


def on_simplex(q: Array) -> bool:
    """Up to rounding in the dtype of q."""
    return off_simplex(q) <= 2 * sum_slack(float(np.finfo(q.dtype).eps), q.size)


def snapped(q: Array) -> Array:
    """q in float64, and on the simplex exactly where it is so up to rounding."""
    wide = q.astype(np.float64)
    if not on_simplex(q):
        return wide
    wide = np.maximum(wide, 0.0)
    return np.asarray(wide / wide.sum())


def _along_ray(q: Array, tau: float, kind: Regularizer) -> float:
    """⟨q, x⟩ − F(x) at growing distances along ±(1, …, 1) or −e_i: inf when it grows in proportion, else the last."""
    over = float(q.sum()) - 1.0
    if q.min() < 0:
        ray, rate = np.where(np.arange(q.size) == q.argmin(), -1.0, 0.0), -float(q.min())
    else:
        ray, rate = np.sign(over) * np.ones(q.size), abs(over)
    far = [(1 + math.log(q.size)) / rate * 10.0**k for k in (1, 3, 5)]
    values = [_dual(q, t * ray, kind)[0] for t in far]
    grows = values[2] > 10 * values[1] > 100 * values[0] > 0
    return math.inf if grows else tau * values[-1]
