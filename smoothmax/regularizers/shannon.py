"""Ω(p) = Σ p_i log p_i: the log-sum-exp, with p* = softmax."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..operators import entropy, logsumexp, logsumexp_hvp, softmax
from ..operators.door import Axis, as_real
from ..operators.library import namespace
from .base import Regularizer, distribution


class Shannon(Regularizer):
    """max_Ω = τ·log Σ exp(z_i/τ)  (Boyd and Vandenberghe, *Convex Optimization*, 2004, example 3.25)."""

    name = "shannon"
    alpha = 1.0

    @np.errstate(all="ignore")
    def value(self, p: Any, *, axis: Axis = None) -> Any:
        """Σ p_i log p_i = −H(p)."""
        p = as_real(p, "p")
        distribution(p, axis)
        return -entropy(p, axis=axis)

    def maximum(self, z: Any, tau: float = 1.0, *, axis: Axis = None) -> tuple[Any, Any]:
        """(logsumexp, softmax)."""
        z = as_real(z, "z")
        return logsumexp(z, tau=tau, axis=axis), softmax(z, tau=tau, axis=axis)

    def slopes(self, p: Any) -> Any:
        """p itself."""
        return as_real(p, "p")

    @np.errstate(all="ignore")
    def gradient(self, p: Any) -> Any:
        """log p + 1; −inf at 0."""
        p = as_real(p, "p")
        return namespace(p).log(p) + 1.0

    def hvp(self, z: Any, v: Any, tau: float = 1.0, *, axis: Axis = None) -> Any:
        """p∘(v − ⟨p, v⟩)/τ."""
        return logsumexp_hvp(as_real(z, "z"), v, tau=tau, axis=axis)

    def _depth(self, n: int) -> float:
        """log n."""
        return math.log(n)


shannon = Shannon()
