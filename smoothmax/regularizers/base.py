"""What a regularizer is: a strictly convex Ω on the simplex, Ω ≤ 0 and zero at the vertices.

    max_Ω(z) = max over p on the simplex of ⟨p, z⟩ − τ·Ω(p),      ∇max_Ω(z) = p*,      0 ≤ max_Ω(z) − max z ≤ τ·max(−Ω)
    max z − ⟨p*, z⟩ ≤ −τ·Ω(p*)

(Blondel, Martins and Niculae, *Learning with Fenchel–Young losses*, JMLR 21, 2020; Nesterov, *Smooth minimization of
non-smooth functions*, Math. Program. 103, 2005.) Arrays may come from any array-API library, along any axis.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from ..operators.door import Axis, as_pair, as_real, as_tau, fits, sum_slack
from ..operators.kernel import above
from ..operators.library import cast, namespace, place, seen, widest
from ..operators.slices import Slices

OFF = 1e-3  # how far from 1 the sum of a distribution may be in the narrowest dtype; else 8 eps an entry


class Regularizer(ABC):
    """One Ω: its value, the smooth maximum it makes, that maximum's second derivative, and what the smoothing costs."""

    name: str
    alpha: float  # of the Tsallis family that it belongs to: 1 is Shannon's, 2 Gini's

    @abstractmethod
    def value(self, p: Any, *, axis: Axis = None) -> Any:
        """Ω(p) along `axis`; p must lie on the simplex.

        Raises
        ------
        ValueError
            p has a negative entry, or does not sum to 1.
        """

    @abstractmethod
    def maximum(self, z: Any, tau: float = 1.0, *, axis: Axis = None) -> tuple[Any, Any]:
        """(max_Ω(z), p*) along `axis`: a value for each slice, and weights in the shape of z; in the dtype of z.

        `tau` ≥ 0 has the units of z; at 0 it is the maximum and the uniform weights of the maximizers. A slice with a
        nan is nan; one +inf takes everything, several leave their shares open (nan); of −inf alone, −inf and nan.
        """

    @abstractmethod
    def slopes(self, p: Any) -> Any:
        """s(p) ≥ 0 with ∂p*/∂z = (diag s − s sᵀ/Σs)/τ, at the weights p."""

    @abstractmethod
    def gradient(self, p: Any) -> Any:
        """∇Ω(p) entry by entry: x − τ·∇Ω(p*) is constant on the support of p* = ∇max_Ω(x), and no larger elsewhere.

        Of Ω as a sum over entries, Σ p_i log p_i or Σ (p_i^α − p_i)/(α(α − 1)); so that constant, the multiplier of
        Σ p_i = 1, is max_Ω(x) − τ for Shannon's and max_Ω(x) − τ·Σ p_i^α/α for the others.
        """

    def bound(self, n: int, tau: float = 1.0) -> float:
        """max of −τ·Ω over the simplex of n ≥ 1: it bounds max_Ω(z) − max z, and max z − ⟨p*, z⟩, for every z."""
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
            raise ValueError(f"n: expected an integer ≥ 1, got {n!r}")
        return as_tau(tau) * self._depth(int(n))

    @abstractmethod
    def _depth(self, n: int) -> float:
        """max of −Ω: at the uniform weights."""

    def hvp(self, z: Any, v: Any, tau: float = 1.0, *, axis: Axis = None) -> Any:
        """∇²max_Ω(z)·v = s∘(v − ⟨s, v⟩/Σs)/τ, in the shape and dtype of z; v broadcasts to it, τ > 0."""
        tau = as_tau(tau, positive=True)
        z, v, _ = as_pair(z, v, ("z", "v"))
        if not fits(v.shape, z.shape):
            raise ValueError(f"v: its shape {tuple(v.shape)} does not broadcast to the shape {tuple(z.shape)} of z")
        xp, slices, wide = namespace(z), Slices.of(z, axis), widest(z, v)
        if 0 in z.shape:
            return xp.zeros_like(z)
        with np.errstate(all="ignore"):
            p = slices.matrix(self.maximum(cast(z, wide), tau, axis=axis)[1])
            s = self.slopes(p)
            u = cast(slices.matrix(xp.broadcast_to(v, z.shape)), wide)
            u = (u - xp.take_along_axis(u, xp.argmax(s, axis=1)[:, None], axis=1)) / tau  # nothing cancels at that s
            u = xp.where(s > 0, u, xp.zeros_like(u))
            u = u - xp.sum(s * u, axis=1, keepdims=True) / xp.sum(s, axis=1, keepdims=True)
            return cast(slices.restored(s * u), z.dtype)

    def __repr__(self) -> str:
        return self.name


def distribution(p: Any, axis: Axis) -> tuple[Any, Any]:
    """(p in working precision as (rows, n), its slices), if every slice lies on the simplex up to rounding."""
    p = as_real(p, "p")
    xp, slices = namespace(p), Slices.of(p, axis)
    rows = slices.matrix(p)
    if seen(xp.any(~(rows >= 0))):
        raise ValueError(f"p: expected numbers >= 0, got {float(rows[~(rows >= 0)][0])}")
    wide = cast(rows, widest(p))
    total = xp.sum(wide, axis=1)
    off = xp.abs(total - 1.0)
    if seen(xp.any(~(off <= min(OFF, sum_slack(float(xp.finfo(p.dtype).eps), slices.n))))):
        raise ValueError(f"p: a distribution sums to 1; this one sums to {float(total[xp.argmax(off)])}")
    return wide, slices


def lse_like(m: Any, tau: float, excess: Any, ceiling: float) -> Any:
    """m + τ·excess, kept between m and m + τ·ceiling; m where that is not finite."""
    xp = namespace(m)
    kept = xp.where(excess > 0, excess, xp.zeros_like(excess))
    kept = xp.where(kept > ceiling, xp.full_like(kept, ceiling), kept)
    return xp.where(xp.isfinite(m), above(m, tau, kept), m)


def nothing(z: Any, slices: Slices) -> tuple[Any, Any]:
    """Where there is nothing to take the maximum of: −inf, and no weights."""
    xp = namespace(z)
    return slices.reduced(xp.full((slices.rows,), -math.inf, dtype=z.dtype, **place(z)), False), xp.zeros_like(z)
