"""Lower bounds by a distribution p: Cauchy–Schwarz, Hölder and Gibbs, and what is left over.

⟨p, x⟩ + τ·H_t(p) ≤ F(x),     H_t(p) = −log(Σ pᵢ^t)/(t − 1), the Rényi entropy, which falls in t from H(p) at t → 1
"""

from __future__ import annotations

import math

import numpy as np

from ..operators import entropy, logsumexp, softmax
from .data import Data, divergence
from .statement import ALWAYS, ENTROPY, Sides, states

RENYI = "Rényi, Proc. 4th Berkeley Symp. 1, 1961"
BOTH = "all x are equal and p is uniform"
FLAT = "p is uniform on its support"


def renyi(p: np.ndarray, t: float) -> float:
    """H_t(p) = −log(Σ p^t)/(t − 1), stable near t = 1, where Σ p·(p^{t−1} − 1) is small, and for large t."""
    q = p[p > 0]
    less = float(np.sum(q * np.expm1((t - 1) * np.log(q))))
    return -(math.log1p(less) if less > -0.5 else float(logsumexp(t * np.log(q)))) / (t - 1)


def _flat(d: Data) -> bool:
    q = d.p[d.p > 0]
    return bool(np.all(q == q[0]))


def _bound(d: Data, t: float) -> float:
    return float(d.p @ d.x) + d.tau * renyi(d.p, t)


@states("Cauchy–Schwarz", "⟨p, x⟩ − τ·log Σ pᵢ² ≤ F(x)", BOTH, "Cauchy 1821, Schwarz 1888, with Jensen")
def _(d: Data) -> Sides:
    return float(d.p @ d.x) - d.tau * math.log(float(d.p @ d.p)), d.value, d.level and d.uniform


@states("Hölder", "⟨p, x⟩ − τ·log(Σ pᵢ^t)/(t − 1) ≤ F(x)", BOTH, "Hölder 1889, with Jensen")
def _(d: Data) -> Sides:
    return _bound(d, d.t), d.value, d.level and d.uniform


@states("Hölder falls in t", "the bound at t + 1 ≤ the bound at t", FLAT, RENYI)
def _(d: Data) -> Sides:
    return _bound(d, d.t + 1), _bound(d, d.t), _flat(d)


@states("Hölder below Gibbs", "the bound at t ≤ ⟨p, x⟩ + τ·H(p), its limit at t → 1", FLAT, RENYI)
def _(d: Data) -> Sides:
    return _bound(d, d.t), float(d.p @ d.x) + d.tau * d.entropy, _flat(d)


@states("Gibbs", "⟨p, x⟩ + τ·H(p) ≤ F(x)", "p = softmax(x/τ)", ENTROPY)
def _(d: Data) -> Sides:
    return float(d.p @ d.x) + d.tau * d.entropy, d.value, bool(np.array_equal(d.p, d.weights))


@states("KL identity", "F(x) = ⟨p, x⟩ + τ·H(p) + τ·KL(p‖softmax(x/τ))", ALWAYS, "Csiszár, Ann. Probab. 3, 1975")
def _(d: Data) -> Sides:
    return d.value, float(d.p @ d.x) + d.tau * d.entropy + d.tau * divergence(d.p, d.x, d.tau), True


@states("entropy rises with τ", "H(softmax(x/τ)) ≤ H(softmax(x/(tτ)))", "all x are equal", "dH/dτ = Var(x)/τ³ ≥ 0", "1")
def _(d: Data) -> Sides:
    return float(entropy(d.weights)), float(entropy(softmax(d.x, tau=d.t * d.tau))), d.level


@states("Pinsker", "‖p − softmax(x/τ)‖₁²·τ/2 ≤ τ·KL(p‖softmax(x/τ))", "p = softmax(x/τ)", "Pinsker 1964")
def _(d: Data) -> Sides:
    apart = float(np.abs(d.p - d.weights).sum())
    return d.tau * apart**2 / 2, d.tau * divergence(d.p, d.x, d.tau), bool(np.array_equal(d.p, d.weights))
