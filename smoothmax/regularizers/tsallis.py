"""Ω(p) = (Σ p_i^α − 1)/(α(α − 1)): Tsallis entropies between Shannon's (α → 1) and Gini's (α = 2), and beyond.

    p*_i = [(α − 1)(y_i − λ) + 1]_+^{1/(α − 1)},   y = (z − max z)/τ

(entmax: Peters, Niculae and Martins, *Sparse sequence-to-sequence models*, ACL 2019; Tsallis, J. Stat. Phys. 52, 1988.)
λ ≥ 0, so only elements with y_i > −1/(α − 1) take part.
"""

from __future__ import annotations

import math
import sys
from numbers import Real
from typing import Any

import numpy as np

from ..operators.anywhere import Rows, limits
from ..operators.door import Array, Axis, as_real, as_tau
from ..operators.kernel import HUGE, working
from ..operators.library import cast, foreign, namespace, number
from ..operators.slices import Slices
from ..operators.terms import BLOCK
from . import kink_root, norm_root
from .base import Regularizer, distribution, lse_like, nothing
from .near import near


class Tsallis(Regularizer):
    """max_Ω of the Tsallis entropy with parameter α > 1; p* = α-entmax(z/τ) is sparse."""

    name = "tsallis"

    def __init__(self, alpha: Any) -> None:
        if isinstance(alpha, bool) or not isinstance(alpha, Real):
            raise TypeError(f"alpha: expected a number > 1, got {alpha!r}")
        if not 1.0 < alpha <= sys.float_info.max:  # type: ignore[operator]
            raise ValueError(f"alpha: expected a finite number > 1, got {alpha!r} (1 is the limit, 'shannon')")
        self.alpha = float(alpha)

    def __repr__(self) -> str:
        return f"tsallis({self.alpha:.15g})"

    @np.errstate(all="ignore")
    def value(self, p: Any, *, axis: Axis = None) -> Any:
        """(Σ p_i^α − Σ p_i)/(α(α − 1)) = Σ p_i·expm1((α − 1)·log p_i)/(α(α − 1))."""
        p = as_real(p, "p")
        wide, slices = distribution(p, axis)
        return cast(slices.reduced(self._omega(wide)[:, 0], False), p.dtype)

    @np.errstate(all="ignore")
    def maximum(self, z: Any, tau: float = 1.0, *, axis: Axis = None) -> tuple[Any, Any]:
        """(max_Ω, entmax(z/τ))."""
        tau, z = as_tau(tau), as_real(z, "z")
        slices = Slices.of(z, axis)
        if 0 in z.shape:
            return nothing(z, slices)
        value, p = self._of_all(z, tau, axis) if foreign(z) else self._in_blocks(slices.matrix(z), tau)
        return cast(slices.reduced(value[:, 0], False), z.dtype), cast(slices.restored(p), z.dtype)

    @np.errstate(all="ignore")
    def slopes(self, p: Any) -> Any:
        """p^(2 − α) on the support, and no more than what is still far from overflow."""
        p = as_real(p, "p")
        xp = namespace(p)
        there = p > 0
        power = (2.0 - self.alpha) * xp.log(xp.where(there, p, xp.ones_like(p)))
        most = math.log(float(xp.finfo(p.dtype).max)) * 0.8
        power = xp.where(power > most, xp.full_like(power, most), power)
        return xp.where(there, xp.exp(power), xp.zeros_like(p))

    @np.errstate(all="ignore")
    def gradient(self, p: Any) -> Any:
        """(p^(α − 1) − 1)/(α − 1) + 1/α, which is log p + 1 in the limit."""
        p, c = as_real(p, "p"), self.alpha - 1.0
        return namespace(p).expm1(c * namespace(p).log(p)) / c + 1.0 / self.alpha

    def _depth(self, n: int) -> float:
        """(1 − n^(1 − α))/(α(α − 1))."""
        c = self.alpha - 1.0
        return -math.expm1(-c * math.log(n)) / (c * self.alpha)

    def _omega(self, p: Any) -> Any:
        """Ω of rows, (rows, 1)."""
        xp, c = namespace(p), self.alpha - 1.0
        log_p = xp.log(xp.where(p > 0, p, xp.ones_like(p)))
        return xp.sum(p * xp.expm1(c * log_p), axis=1, keepdims=True) / (c * self.alpha)

    def _in_blocks(self, z: Array, tau: float) -> tuple[Array, Array]:
        """NumPy's arrays, some rows at a time: what it takes to find their weights stays in the cache."""
        value, p = np.empty((len(z), 1), working(z.dtype)), np.empty_like(z, order="C")
        for i in range(0, len(z), step := max(BLOCK // z.shape[1], 1)):
            here = slice(i, i + step)
            value[here], p[here] = self._of_few(z[here], tau) or self._of_all(z[here], tau, 1)
        return value, p

    def _of_all(self, z: Any, tau: float, axis: Axis) -> tuple[Any, Any]:
        """Whatever the library, and whatever the elements."""
        rows = Rows.of(z, tau, axis, None, None)
        xp, c, y = rows.xp, self.alpha - 1.0, rows.z
        longest = number(xp.max(xp.sum(cast(y > -1.0 / c, xp.int64), axis=1)), y.shape[1])
        some = y if 2 * longest > y.shape[1] else xp.sort(y, axis=1)[:, y.shape[1] - max(longest, 1) :]
        p = self._weights(y, some)
        return self._maximum(rows.m, y, p, tau, y.shape[1]), limits(rows, p, False)

    def _of_few(self, z: Array, tau: float) -> tuple[Array, Array] | None:
        """Those near the maximum, moved to the left of a narrow matrix; None where that would not be narrow."""
        c, n = self.alpha - 1.0, z.shape[1]
        found = None if tau > HUGE else near(z, tau / c)
        if found is None:
            return None
        m, where = found
        row = where // n
        y = (z.ravel()[where] - m[row]) / tau
        start = None
        if c <= 1.0:
            stays, mu = norm_root.candidates(y, row, m.size, c)
            start, y, row, where = mu[:, None], y[stays], row[stays], where[stays]
        size = np.bincount(row, minlength=m.size)
        if 2 * size.max() > n:
            return None
        taken = np.arange(size.max()) < size[:, None]
        packed, p = np.full(taken.shape, -np.inf), np.zeros(z.shape)
        packed[taken] = y
        few = self._weights(packed, packed, start)
        p.ravel()[where] = few[taken]
        return self._maximum(m[:, None], packed, few, tau, n), p

    def _weights(self, y: Any, some: Any, start: Any = None) -> Any:
        """p* of rows with maximum 0; `some` holds what of them may be in the support."""
        c = self.alpha - 1.0
        p = norm_root.weights(y, some, c, start) if c <= 1.0 else kink_root.weights(y, some, c)
        return p / namespace(y).sum(p, axis=1, keepdims=True)

    def _maximum(self, m: Any, y: Any, p: Any, tau: float, n: int) -> Any:
        """m + τ·(⟨p, y⟩ − Ω(p)), (rows, 1)."""
        xp = namespace(p)
        gain = xp.sum(xp.where(p > 0, p * y, 0.0 * p), axis=1, keepdims=True)
        return lse_like(m, tau, gain - self._omega(p), self.bound(n))


def tsallis(alpha: float) -> Tsallis:
    """Ω(p) = (Σ p_i^α − 1)/(α(α − 1)): 1.5 is a common choice, α = 2 is "gini", α → 1 the limit "shannon".

    B. Peters, V. Niculae, A. F. T. Martins, *Sparse Sequence-to-Sequence Models*, ACL 2019.

    Parameters
    ----------
    alpha : float
        α > 1, finite.

    Returns
    -------
    Tsallis
        For `smooth_max(regularizer=…)`; its `maximum(z, tau)` gives the value and the weights, α-entmax(z/τ).

    Raises
    ------
    TypeError, ValueError
        An α that is not finite and above 1.
    """
    return Tsallis(alpha)
