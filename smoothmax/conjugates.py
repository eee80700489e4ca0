"""The conjugate of F_τ in closed form, and as the supremum that it is, by ascent:

    F*(q) = sup over x of ⟨q, x⟩ − F_τ(x) = τ·Σ q_i log q_i on the simplex, +∞ elsewhere

(Boyd and Vandenberghe 2004, example 3.25).
"""

import math

import numpy as np

from ._typing import Array
from .operators import entropy, logsumexp, softmax

EPS = float(np.finfo(float).eps)


def closed_form(q: Array, tau: float) -> float:
    """F*(q) = τ·Σ q_i log q_i on the simplex (up to rounding in the dtype of q), +inf elsewhere."""
    if not _on_simplex(q):
        return math.inf
    return -tau * float(entropy(q))


def supremum(q: Array, tau: float, steps: int = 5000) -> float:
    """sup over x of ⟨q, x⟩ − F_τ(x) by Newton's ascent on v = x/τ: dv_i = q_i/p_i − 1, each kept within [−1, 2].

    Newton's matrix diag p − ppᵀ is singular only along (1, …, 1), where nothing changes on the simplex; coordinates
    with q_i = 0 run to −∞ and are left out. Off the simplex there is a ray of unbounded growth, which is followed.
    """
    if not _on_simplex(q):
        return _along_ray(q, tau)
    q = q[q > 0]
    v = np.zeros(q.size)
    value = -float(logsumexp(v))
    for _ in range(steps):
        p = softmax(v)
        with np.errstate(divide="ignore", over="ignore"):
            step = np.clip(q / p - 1.0, -1.0, 2.0)
        slope, t = float((q - p) @ step), 1.0
        while (ahead := float(q @ (v + t * step) - logsumexp(v + t * step))) < value + 0.25 * t * slope and t > 1e-8:
            t /= 2
        if t <= 1e-8 or slope <= EPS**2:
            break
        v, value = v + t * step, max(ahead, value)
    return tau * value


def _on_simplex(q: Array) -> bool:
    """Up to rounding in the dtype of q."""
    off = abs(float(q.astype(np.float64).sum()) - 1.0)
    return bool(q.min() >= 0 and off <= float(np.finfo(q.dtype).eps) * max(4, q.size))


def _along_ray(q: Array, tau: float) -> float:
    """⟨q, x⟩ − F_τ(x) at growing distances along ±(1, …, 1) or −e_i: inf when it grows in proportion, else the last."""
    over = float(q.sum()) - 1.0
    if q.min() < 0:
        ray, rate = np.where(np.arange(q.size) == q.argmin(), -1.0, 0.0), -float(q.min())
    else:
        ray, rate = np.sign(over) * np.ones(q.size), abs(over)
    far = [(1 + math.log(q.size)) / rate * 10.0**k for k in (1, 3, 5)]
    values = [float(q @ (t * ray) - logsumexp(t * ray)) for t in far]
    grows = values[2] > 10 * values[1] > 100 * values[0] > 0
    return math.inf if grows else tau * values[-1]
