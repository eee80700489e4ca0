"""Pairwise conditional gradients on F_τ, one summand of X after the other:  x_k⁺ = x_k + t(y − a),  t ≤ λ_a.

y is the best atom of the summand at the weights p of the moment and a the worst one in use (Lacoste-Julien and Jaggi
2015; by blocks, Lacoste-Julien et al. 2013); t is an exact line search. For affine F all of it happens on stored loads
J y, so that several sweeps through the summands cost no pass, and far less than an answer of the oracle.
"""

import numpy as np

from ..._typing import Array
from .atoms import Atoms, Group

SWEEPS = 6  # through the summands for each answer of the oracle, which is dear
FLAT = 0.05  # share of the slope at which the line search is content
TRIES = 30


def sweep(atoms: Atoms, f: Array, tau: float) -> Array:
    """SWEEPS times through the groups; f = F(x) follows along."""
    for r in range(SWEEPS):
        for group in atoms.groups:
            f = _correct(group, f, tau, toward=r == 0)
    return f


def soft(f: Array, tau: float) -> Array:
    """p = softmax(f/τ)."""
    e = np.exp((f - f.max()) / tau)
    return np.asarray(e / e.sum())


def _correct(group: Group, f: Array, tau: float, toward: bool) -> Array:
    """One step of one group, to its best atom from its worst (`toward`: from where it stands)."""
    slopes = group.L @ soft(f, tau)
    best, worst = int(np.argmin(slopes)), int(np.argmax(np.where(group.weights > 0, slopes, -np.inf)))
    if best == worst:
        return f
    change = group.along(best) - (group.load if toward else group.along(worst))
    t = line_search(f, change, tau, 1.0 if toward else float(group.weights[worst]))
    if toward:
        group.weights *= 1.0 - t
    else:
        group.weights[worst] = max(group.weights[worst] - t, 0.0)
    group.weights[best] += t
    return np.asarray(f + t * change)


def line_search(f: Array, change: Array, tau: float, longest: float) -> float:
    """A near-zero of ⟨p, change⟩ = dF_τ(f + t·change)/dt in [0, longest]: Newton's method, bisecting where lost."""
    slope, _ = _slope(f, change, tau)
    if slope >= 0:
        return 0.0
    if _slope(f + longest * change, change, tau)[0] <= 0:
        return longest
    low, high, t = 0.0, longest, 0.0
    for _ in range(TRIES):
        here, curvature = _slope(f + t * change, change, tau)
        if t and abs(here) <= FLAT * abs(slope):
            break
        low, high = (t, high) if here < 0 else (low, t)
        t = t - here / curvature if curvature > 0 else high
        if not low < t < high:
            t = 0.5 * (low + high)
    return t


def _slope(f: Array, change: Array, tau: float) -> tuple[float, float]:
    """First and second derivative of F_τ along `change`."""
    p = soft(f, tau)
    mean = float(p @ change)
    return mean, float(p @ (change - mean) ** 2) / tau
