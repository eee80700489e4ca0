"""What a surrogate's regularizer makes of a prior w, and what the smoothing is worth.

    Shannon, F_τ = τ·log Σ w_i exp(f_i/τ):              the prior adds τ·log w to f;    F_τ − ⟨p, f⟩ = −τ·KL(p‖w)
    Gini, F_τ = max over p of ⟨p, f⟩ − (τ/2)·‖p − w‖²:  the prior adds τ·w to f;        F_τ − ⟨p, f⟩ = −(τ/2)·‖p − w‖²

Without a prior F_τ − ⟨p, f⟩ = −τ·Ω(p). Priors that sum to 1 make lower surrogates; Shannon's may have any sum, Gini's
is the proximal point method on the dual (Rockafellar, *Monotone operators and the proximal point algorithm*, 1976).
"""

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from .. import _doors
from .._typing import Array
from ..operators import entropy, kl_divergence
from ..regularizers import Regularizer, gini, named, shannon

ON_SIMPLEX = 1e-9  # by how much the sum of a prior of Gini's may miss 1


class Kind(ABC):
    """One way of smoothing; `prior` is None for the bare regularizer."""

    regularizer: Regularizer

    @abstractmethod
    def check(self, prior: Array) -> None:
        """Refuse a prior that this way does not take."""

    @abstractmethod
    def offset(self, prior: Array, tau: float) -> Array:
        """What a prior adds to f."""

    @abstractmethod
    def constant(self, prior: Array | None, tau: float) -> float:
        """F_τ minus the smooth maximum of f + offset."""

    @abstractmethod
    def information(self, p: Array, prior: Array | None) -> float:
        """(F_τ − ⟨p, f⟩)/τ where p are the weights of f."""

    @abstractmethod
    def bound(self, n: int, prior: Array | None, tau: float) -> float:
        """max over all f of |F_τ − max f|."""

    @abstractmethod
    def lipschitz(self, squares: Array) -> float:
        """τ times a Lipschitz constant of ∇F_τ in ℓ2, from the squared row norms of affine components."""


class LogSumExp(Kind):
    """Shannon's."""

    regularizer = shannon

    def check(self, prior: Array) -> None:
        """Any will do."""

    def offset(self, prior: Array, tau: float) -> Array:
        """τ·log w; −inf takes a row out."""
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(tau * np.log(prior))

    def constant(self, prior: Array | None, tau: float) -> float:
        """Nothing."""
        return 0.0

    def information(self, p: Array, prior: Array | None) -> float:
        """H(p), or −KL(p‖w)."""
        return float(entropy(p)) if prior is None else -float(kl_divergence(p, prior))

    def bound(self, n: int, prior: Array | None, tau: float) -> float:
        """τ·log n, or max(τ·log Σw, −τ·log min w)."""
        if prior is None:
            return tau * math.log(n)
        least, top = float(prior.min()), float(prior.max())
        return tau * max(math.log(top) + math.log((prior / top).sum()), -math.log(least) if least > 0 else math.inf)

    def lipschitz(self, squares: Array) -> float:
        """max_i ‖A_i‖²."""
        return float(np.max(squares))


class Sparsemax(Kind):
    """Gini's."""

    regularizer = gini

    def check(self, prior: Array) -> None:
        """Only of the simplex."""
        with np.errstate(over="ignore"):
            total = float(prior.sum())
        if abs(total - 1.0) > ON_SIMPLEX:
            raise ValueError(f"prior must sum to 1 for the regularizer 'gini'; its sum is {total}")

    def offset(self, prior: Array, tau: float) -> Array:
        """τ·w."""
        return tau * prior

    def constant(self, prior: Array | None, tau: float) -> float:
        """−(τ/2)·(1 + ‖w‖²)."""
        return 0.0 if prior is None else -0.5 * tau * (1.0 + float(prior @ prior))

    def information(self, p: Array, prior: Array | None) -> float:
        """(1 − ‖p‖²)/2, or −‖p − w‖²/2."""
        return 0.5 * (1.0 - float(p @ p)) if prior is None else -0.5 * float((p - prior) @ (p - prior))

    def bound(self, n: int, prior: Array | None, tau: float) -> float:
        """τ/2·(1 − 1/n), or the largest τ/2·‖e_i − w‖²."""
        if prior is None:
            return self.regularizer.bound(n, tau)
        return 0.5 * tau * (1.0 + float(prior @ prior) - 2.0 * float(prior.min()))

    def lipschitz(self, squares: Array) -> float:
        """Σ_i ‖A_i‖² ≥ ‖A‖²."""
        return float(np.sum(squares))


KINDS: dict[str, Kind] = {"shannon": LogSumExp(), "gini": Sparsemax()}
SMOOTHINGS = tuple(KINDS)  # the regularizers that a surrogate may have


def kind_of(regularizer: Any) -> Kind:
    """The way of smoothing that is meant, by name or object."""
    return KINDS[named(regularizer, SMOOTHINGS).name]


def check_prior(prior: Any, n: int, kind: Kind = KINDS["shannon"]) -> Array:
    """The prior as an array: n nonnegative numbers, not all zero, that this way of smoothing takes."""
    w = _doors.vector("prior", prior, n).copy()
    if np.any(w < 0) or not w.any():
        raise ValueError(f"prior must be ≥ 0 with a positive sum; its least entry is {w.min()}")
    kind.check(w)
    return w
