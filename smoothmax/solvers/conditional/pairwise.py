"""Pairwise conditional gradients on F_τ, one summand of X after the other:  x_k⁺ = x_k + t(y − a),  t ≤ λ_a.

y is the best atom of the summand at the weights p of the moment and a the worst one in use (Lacoste-Julien and Jaggi
2015; by blocks, Lacoste-Julien et al. 2013); t is an exact line search. The summands that take part are those with the
largest gaps  Σ_a λ_a⟨Jᵀp, a − y⟩  (Osokin et al. 2016). For affine F all of it happens on stored loads J y, costs no
pass, and touches only the components that a step changes.
"""

import numpy as np
import scipy.sparse as sp

from ..._typing import Array, Matrix
from .atoms import Atoms

SWEEPS = 12  # through the summands for each answer of the oracle, which is dear
SHARE = 0.7  # of the sum of all gaps that the summands of a sweep make up
FLAT = 0.05  # share of the slope at which the line search is content
TRIES = 30


def sweep(atoms: Atoms, f: Array, tau: float) -> Array:
    """SWEEPS times through the groups with the largest gaps; returns F(x), which was f."""
    starts, f, weights = atoms.starts, f.copy(), atoms.weights.copy()
    ends = np.append(starts[1:], atoms.count)
    for _ in range(SWEEPS):
        e = np.exp((f - f.max()) / tau)
        slopes = np.asarray(atoms.L @ (e / e.sum()))
        gaps = np.add.reduceat(weights * slopes, starts) - np.minimum.reduceat(slopes, starts)
        order = np.argsort(-gaps, kind="stable")
        sums = np.cumsum(gaps[order])
        for k in order[: 1 + int(np.searchsorted(sums, SHARE * sums[-1]))]:
            _correct(_Rows(atoms.L, starts[k], ends[k]), weights[starts[k] : ends[k]], f, e, tau)
    atoms.weigh(weights)
    return f


def soft(f: Array, tau: float) -> Array:
    """p = softmax(f/τ)."""
    e = np.exp((f - f.max()) / tau)
    return np.asarray(e / e.sum())


class _Rows:
    """Some rows of a matrix; scipy's own slices of CSR would cost more than the steps they are for."""

    def __init__(self, L: Matrix, start: int, end: int) -> None:
        self.n, self.sparse = L.shape[1], sp.issparse(L)
        if self.sparse:
            self.ends = L.indptr[start : end + 1] - L.indptr[start]
            inside = slice(L.indptr[start], L.indptr[end])
            self.where, self.data = L.indices[inside], L.data[inside]
        else:
            self.dense = L[start:end]

    def dot(self, e: Array) -> Array:
        """Each row times e."""
        if not self.sparse:
            return np.asarray(self.dense @ e)
        sums = np.append(0.0, np.cumsum(self.data * e[self.where]))
        return np.asarray(np.diff(sums[self.ends]))

    def difference(self, a: int, b: int) -> Array:
        """Row a less row b, (n,)."""
        if not self.sparse:
            return np.asarray(self.dense[a] - self.dense[b])
        out = np.zeros(self.n)
        for k, sign in ((a, 1.0), (b, -1.0)):
            mine = slice(self.ends[k], self.ends[k + 1])
            out[self.where[mine]] += sign * self.data[mine]
        return out


def _correct(rows: _Rows, weights: Array, f: Array, e: Array, tau: float) -> None:
    """One step of one group, to its best atom from its worst; f, e ∝ exp(f/τ) and the weights follow in place."""
    slopes = rows.dot(e)
    best, worst = int(slopes.argmin()), int(np.where(weights > 0, slopes, -np.inf).argmax())
    if best == worst:
        return
    change = rows.difference(best, worst)
    live = np.flatnonzero(change)
    here, change = e[live], change[live]
    e[live] = 0.0
    t = line_search(here, float(e.sum()), change / tau, float(weights[worst]))
    weights[worst] -= t
    weights[best] += t
    f[live] += t * change
    e[live] = here * np.exp(t * change / tau)


def line_search(e: Array, rest: float, change: Array, longest: float) -> float:
    """A near-least of log(rest + Σ e_i exp(t·change_i)) over t in [0, longest]: Newton's method, bisecting where lost.

    `change` is in units of τ, and `rest` what the other components add to the sum.
    """
    slope, curvature = _slope(e, rest, change, 0.0)
    if slope >= 0:
        return 0.0
    if _slope(e, rest, change, longest)[0] <= 0:
        return longest
    low, high, t, here = 0.0, longest, 0.0, slope
    for _ in range(TRIES):
        t = t - here / curvature if curvature > 0 else high
        if not low < t < high:
            t = 0.5 * (low + high)
        here, curvature = _slope(e, rest, change, t)
        if abs(here) <= FLAT * abs(slope):
            break
        low, high = (t, high) if here < 0 else (low, t)
    return t


def _slope(e: Array, rest: float, change: Array, t: float) -> tuple[float, float]:
    """First and second derivative at t."""
    z = t * change
    top = max(float(z.max()), 0.0)
    p = e * np.exp(z - top)
    total = float(p.sum()) + rest * np.exp(-top)
    mean = float(p @ change) / total
    return mean, float(p @ change**2) / total - mean**2
