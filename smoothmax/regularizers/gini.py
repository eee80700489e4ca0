"""Ω(p) = (‖p‖² − 1)/2: the Gini index, whose p* = sparsemax is the projection of z/τ onto the simplex.

    p*_i = [y_i − θ]_+,   y = (z − max z)/τ,   Σ p*_i = 1,      max_Ω(z) = max z + τ·(‖p*‖²/2 + θ + 1/2)

(Martins and Astudillo, *From softmax to sparsemax*, ICML 2016.) θ lies in [−1, 0), so only elements within τ of the
maximum take part. θ is found by Michelot's rounds, until nothing drops out (J. Optim. Theory Appl. 50, 1986), and for
other libraries than NumPy from the sorted elements (Held, Wolfe and Crowder, Math. Program. 6, 1974).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..operators.anywhere import Rows, limits
from ..operators.door import Array, Axis, as_real, as_tau
from ..operators.library import cast, foreign, namespace, place
from ..operators.slices import Slices
from ..operators.terms import BLOCK
from .base import Regularizer, distribution, lse_like, nothing
from .near import near

FEW = 8  # elements within τ of the maximum are few below one in so many


class Gini(Regularizer):
    """max_Ω = max over p of ⟨p, z⟩ + τ/2·(1 − ‖p‖²); p* is sparse."""

    name = "gini"
    alpha = 2.0

    @np.errstate(all="ignore")
    def value(self, p: Any, *, axis: Axis = None) -> Any:
        """(‖p‖² − 1)/2 = −Σ p_i (1 − p_i)/2."""
        p = as_real(p, "p")
        wide, slices = distribution(p, axis)
        xp = namespace(p)
        return cast(slices.reduced(xp.sum(wide * (wide - 1.0), axis=1) / 2, False), p.dtype)

    @np.errstate(all="ignore")
    def maximum(self, z: Any, tau: float = 1.0, *, axis: Axis = None) -> tuple[Any, Any]:
        """(max_Ω, sparsemax(z/τ))."""
        tau, z = as_tau(tau), as_real(z, "z")
        slices = Slices.of(z, axis)
        if 0 in z.shape:
            return nothing(z, slices)
        found = None if foreign(z) or tau == 0.0 else _by_rounds(slices.matrix(z), tau)
        value, p = found or _by_sorting(z, tau, axis)
        return cast(slices.reduced(value, False), z.dtype), cast(slices.restored(p), z.dtype)

    def slopes(self, p: Any) -> Any:
        """1 on the support."""
        p = as_real(p, "p")
        return cast(p > 0, p.dtype)

    def gradient(self, p: Any) -> Any:
        """p − 1/2."""
        return as_real(p, "p") - 0.5

    def _depth(self, n: int) -> float:
        """(1 − 1/n)/2."""
        return 0.5 * (n - 1) / n


gini = Gini()


def _by_sorting(z: Any, tau: float, axis: Axis) -> tuple[Any, Any]:
    """Whatever the library, and whatever the elements."""
    rows = Rows.of(z, tau, axis, None, None)
    xp = rows.xp
    y = xp.where(rows.z > -1.0, rows.z, -xp.ones_like(rows.z))
    down = xp.flip(xp.sort(y, axis=1), axis=1)
    above = xp.cumulative_sum(down, axis=1) - 1.0
    k = cast(xp.arange(1, y.shape[1] + 1, **place(z)), y.dtype)[None, :]
    inside = k * down > above
    size = xp.sum(cast(inside, y.dtype), axis=1, keepdims=True)
    last = k == size
    theta = xp.sum(xp.where(last, above, xp.zeros_like(above)), axis=1, keepdims=True) / size
    p = xp.where(y > theta, y - theta, xp.zeros_like(y))
    excess = xp.sum(p * p, axis=1, keepdims=True) / 2 + theta + 0.5
    value = lse_like(rows.m, tau, excess, gini.bound(y.shape[1]))
    return value[:, 0], limits(rows, p, log=False)


def _by_rounds(z: Array, tau: float) -> tuple[Array, Array] | None:
    """θ ← (the sum of what is above it − 1)/its number, until nothing drops out; None where ``near`` has none."""
    found = near(z, tau)
    if found is None:
        return None
    m, where = found
    n, p = z.shape[1], np.zeros_like(z, order="C")
    if FEW * where.size < z.size:
        excess = _few(z, m, tau, where, p)
    else:
        excess = np.empty_like(m)
        for i in range(0, m.size, step := max(BLOCK // n, 1)):
            s = slice(i, i + step)
            excess[s], p[s] = _many((z[s] - m[s, None]) / tau)
    return lse_like(m, tau, excess, gini.bound(n)), p


def _few(z: Array, m: Array, tau: float, where: Array, p: Array) -> Array:
    """Among the elements at `where`; fills p, and returns the excesses."""
    row = where // z.shape[1]
    y = (z.ravel()[where] - m[row]) / tau
    while True:
        theta = (np.bincount(row, y, m.size) - 1.0) / np.bincount(row, minlength=m.size)
        stays = y > theta[row]
        if stays.all():
            break
        y, row, where = y[stays], row[stays], where[stays]
    share = y - theta[row]
    p.ravel()[where] = share
    return np.asarray(np.bincount(row, share * share, m.size) / 2 + theta + 0.5)


def _many(y: Array) -> tuple[Array, Array]:
    """Excesses and weights of whole rows."""
    theta, size = np.full((len(y), 1), -1.0), np.zeros((len(y), 1))
    while True:
        share = y - theta
        before, size = size, np.count_nonzero(share > 0, axis=1, keepdims=True)
        np.maximum(share, 0.0, out=share)
        if (size == before).all():
            break
        theta += np.maximum(share.sum(axis=1, keepdims=True) - 1.0, 0.0) / size  # only up, whatever rounding says
    return np.einsum("ij,ij->i", share, share) / 2 + theta[:, 0] + 0.5, share
