"""Smooth sum of the k largest entries along an axis, 0 < k < n:

    min over q of k·q + τ·Σ_i log(1 + exp((x_i − q)/τ))  =  max over 0 ≤ p ≤ 1, Σp = k of ⟨p, x⟩ + τ·Σ_i h(p_i),

h the binary entropy. The maximum without it is the sum of the k largest, and Σ h(p_i) ≤ n·h(k/n) since h is concave.
k need not be whole (cvar).
"""

import math
from typing import Any

import cvxpy as cp
import numpy as np

from ..._typing import Array
from .reducing import Reducing

STEPS = 200  # of a bisection; it ends far sooner, where doubles do


class SoftSumLargest(Reducing):
    """sum_largest ≤ value ≤ sum_largest + τ·n·h(k/n)."""

    data = 5

    def __init__(self, *args: Any) -> None:
        """x, τ, k, axis, keepdims, lift, sign."""
        self.k = float(args[-5])
        super().__init__(*args)

    def get_data(self) -> list[Any]:
        """What follows the expressions."""
        return [self.k, self.axis, self.keepdims, self.lift, self.signed]

    @property
    def excess(self) -> float:
        """n·h(k/n)."""
        share = self.k / self.among
        return -self.among * (share * math.log(share) + (1 - share) * math.log1p(-share))

    def numeric(self, values: list[Any]) -> Any:
        """The value: every q gives an upper bound, and an error in q counts squared."""
        (x,), tau = self.numbers(values)
        kept = tuple(i for i in range(x.ndim) if i not in self.axes)
        rows = np.moveaxis(x, kept, range(len(kept))).reshape(*(x.shape[i] for i in kept), -1)
        return self.settled(np.reshape(smooth_sum_largest(rows, self.k, tau), self.shape), tau)

    @classmethod
    def cones(cls, expr: Any, args: list[Any], solver_context: Any = None) -> tuple[Any, list[Any]]:
        """s ≥ τ·log(1 + exp((x − q)/τ))  ⇔  u + v ≤ τ, (x − q − s, τ, u) and (−s, τ, v) in the cone, for each x_i."""
        x, tau = args
        q, s = cp.Variable(expr.shape), cp.Variable(x.shape)
        u, v = cp.Variable(x.shape), cp.Variable(x.shape)
        taus = tau * np.ones(x.shape)
        above = x - cp.reshape(q, expr.kept, order="F")
        t = cp.sum(s, axis=expr.axis, keepdims=expr.keepdims) + expr.k * q
        value, floor = expr.lowered(t, tau)
        return value, [cp.ExpCone(above - s, taus, u), cp.ExpCone(-s, taus, v), u + v <= tau, *floor]


def smooth_sum_largest(x: Array, k: float, tau: float) -> Array:
    """The value along the last axis, by bisection for the q at which Σ 1/(1 + exp((q − x_i)/τ)) = k."""
    n = x.shape[-1]
    shift = tau * math.log((n - k) / k)  # were all x_i equal to m, then q = m + shift
    low, high = x.min(axis=-1) + shift, x.max(axis=-1) + shift
    for _ in range(STEPS):
        q = low + (high - low) / 2
        if np.all((q <= low) | (q >= high)):
            break
        count = np.exp(-np.logaddexp(0.0, (q[..., None] - x) / tau)).sum(axis=-1)
        low, high = np.where(count > k, q, low), np.where(count > k, high, q)
    q = low + (high - low) / 2
    return np.asarray(k * q + tau * np.logaddexp(0.0, (x - q[..., None]) / tau).sum(axis=-1))
