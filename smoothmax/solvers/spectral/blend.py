"""Positive semidefinite weights from weights that are so only to first order.

W' = (1 − θ)·W + θ·C with the least θ that makes every entry of W' positive semidefinite. Where W and C both satisfy
⟨·, A_k⟩ + (terms of the domain) = 0, with multipliers m and m_C, so does W' with (1 − θ)·m + θ·m_C.
"""

from typing import NamedTuple

import numpy as np

from ..._typing import Array
from ...certificate import Multipliers
from ...components import Weights

DEFINITE = 1e-12  # least eigenvalue, relative to the largest, from which a density can lend what another one lacks


class Proof(NamedTuple):
    """Weights with the multipliers of the domain that belong to them."""

    weights: Weights
    multipliers: Multipliers | None


def least(w: Array) -> float:
    """The least eigenvalue of a density, the least entry of a vector."""
    return float(np.linalg.eigvalsh(w)[0] if w.ndim == 2 else w.min())


def definite(weights: Weights) -> bool:
    """Every entry is positive definite, by more than rounding."""
    return all(least(w) > DEFINITE * float(np.abs(w).max()) for w in weights)


def blend(proof: Proof, core: Proof | None) -> Proof:
    """The proof with as little of the core as makes it one; itself where it is one already or there is no core."""
    if core is None or (core.multipliers is None and proof.multipliers is not None):
        return proof
    theta = 0.0
    for w, c in zip(proof.weights, core.weights, strict=True):
        low = least(w)
        if low < 0:
            theta = max(theta, -low / (least(c) - low))
    if theta == 0.0:
        return proof
    weights = tuple((1 - theta) * w + theta * c for w, c in zip(proof.weights, core.weights, strict=True))
    if proof.multipliers is None or core.multipliers is None:
        return Proof(weights, proof.multipliers)
    pairs = zip(proof.multipliers, core.multipliers, strict=True)
    return Proof(weights, Multipliers(*((1 - theta) * m + theta * n for m, n in pairs)))
