"""The data that the statements meet, with what several of them need."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .._cached import cached_property
from .._typing import Array
from ..operators import entropy, kl_divergence, log_softmax, logsumexp, softmax

TINY = 1e-290  # a weight below it has lost digits
ROUNDING = 32.0  # times eps: of what is added up on both sides


@dataclass(frozen=True)
class Data:
    """x, y (n,), p on the simplex, τ > 0 and t > 1; float64, with the eps of the dtype that they came in."""

    x: Array
    y: Array
    p: Array
    tau: float
    t: float
    eps: float

    @property
    def n(self) -> int:
        """How many numbers."""
        return self.x.size

    def F(self, x: Array, tau: float | None = None) -> float:
        """τ·log Σ exp(x_i/τ)."""
        return float(logsumexp(x, tau=self.tau if tau is None else tau))

    @cached_property
    def value(self) -> float:
        """F(x)."""
        return self.F(self.x)

    @cached_property
    def weights(self) -> Array:
        """softmax(x/τ) = ∇F(x)."""
        return softmax(self.x, tau=self.tau)

    @cached_property
    def weights_y(self) -> Array:
        """softmax(y/τ)."""
        return softmax(self.y, tau=self.tau)

    @cached_property
    def top(self) -> float:
        """max x."""
        return float(self.x.max())

    @cached_property
    def mean(self) -> float:
        """x̄."""
        return float(self.x.mean())

    @cached_property
    def entropy(self) -> float:
        """H(p)."""
        return float(entropy(self.p))

    @cached_property
    def down(self) -> Array:
        """x from the largest to the smallest."""
        return np.sort(self.x)[::-1]

    @cached_property
    def level(self) -> bool:
        """All x are equal."""
        return bool(self.down[0] == self.down[-1])

    @cached_property
    def parallel(self) -> bool:
        """x − y is a multiple of (1, …, 1)."""
        away = self.x - self.y
        return bool(np.all(away == away[0]))

    @cached_property
    def uniform(self) -> bool:
        """p gives all the same."""
        return bool(np.all(self.p == self.p[0]))

    def rounding(self, of: str) -> float:
        """A few eps of what a statement adds up: "x" and τ·log n, with "y", with "t"·τ; numbers of size "1"; "y/τ"."""
        x, y, spread = float(np.abs(self.x).max()), float(np.abs(self.y).max()), 1.0 + math.log(self.n)
        scale = {
            "x": x + self.tau * spread,
            "y": x + y + self.tau * spread,
            "t": x + self.t * self.tau * spread,
            "1": spread,
            "y/τ": spread + (x + y) / self.tau,
        }
        return ROUNDING * self.eps * scale[of]


def divergence(p: Array, x: Array, tau: float) -> float:
    """KL(p‖softmax(x/τ)), by logarithms where the softmax underflows."""
    q, live = softmax(x, tau=tau), p > 0
    if q[live].min() > TINY:
        return float(kl_divergence(p, q))
    log_q = log_softmax(x, tau=tau)
    return float(np.sum(p[live] * (np.log(p[live]) - log_q[live])))
