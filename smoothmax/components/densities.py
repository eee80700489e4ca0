"""Weights that outlive a point: one density matrix for each Spectral family, a vector for each other one.

    λ_max(A(y)) ≥ ⟨W, A(y)⟩ = Σ p_i (v_iᵀA0 v_i + Σ y_k v_iᵀA_k v_i)   for every y,   W = Σ p_i v_i v_iᵀ ⪰ 0, tr W = 1

so a Spectral family with its weight fixed is an Affine one with rows v_iᵀA_k v_i, which proves bounds like any other.
Softmax weights p of the eigenvalues at one x belong to the eigenvectors there, and say nothing at another x.
"""

from copy import copy
from typing import Any

import numpy as np

from .. import _doors
from .._linalg import all_finite, symmetrized
from .._typing import Array, Index
from .affine import Affine
from .base import Components
from .passes import Linearization
from .spectral import EPS, Spectral
from .stack import Stack
from .symmetric import SYMMETRIC

Weights = tuple[Array, ...]


def families(components: Components) -> tuple[Components, ...]:
    """The families that a Stack holds, in order; of other components, themselves."""
    if not isinstance(components, Stack):
        return (components,)
    return tuple(family for part in components.parts for family in families(part))


def densities(components: Components, x: Array, p: Array) -> Weights:
    """Softmax weights (n,) at x as weights that hold everywhere."""
    parts = families(components)
    pieces = np.split(p, np.cumsum([part.n for part in parts])[:-1])
    return tuple(part.density(x, q) if isinstance(part, Spectral) else q for part, q in zip(parts, pieces, strict=True))


def turned(components: Components, x: Array, p: Array, tau: float, u: Array, mean: float) -> Weights:
    """W + DW[u] for weights p at x: those after a step u, to first order (identity 5); `mean` = ⟨∇F_τ, u⟩."""
    parts = families(components)
    pieces = np.split(p, np.cumsum([part.n for part in parts])[:-1])
    found = []
    for part, q in zip(parts, pieces, strict=True):
        if isinstance(part, Spectral):
            found.append(part.turned(x, q, tau, u, mean))
        else:
            found.append(q * (1.0 + (Linearization(part, x).jvp(u) - mean) / tau))
    return tuple(found)


def frozen(components: Components, weights: Weights) -> tuple[Components, Array, Weights] | None:
    """The components with every λ_max replaced by the affine functions below it that the weights choose; their p.

    What is negative in the weights (they come of a step to first order) is left out; the last is what they are then.
    None where a weight or one of the functions is no number.
    """
    parts, p, kept = [], [], []
    for part, w in zip(families(components), weights, strict=True):
        if not all_finite(w):
            return None
        if isinstance(part, Spectral):
            below = Frozen.of(part, w)
            if below is None:
                return None
            kept.append(w if below.semidefinite else (below.vectors * below.weights) @ below.vectors.T)
            part, w = below, below.weights
        else:
            w = np.maximum(w, 0.0)
            kept.append(w)
        parts.append(part)
        p.append(w)
    return (parts[0] if len(parts) == 1 else Stack(parts)), np.concatenate(p), tuple(kept)


def checked_weights(weights: Any, components: Components) -> Weights:
    """The weights as a tuple of arrays: symmetric positive semidefinite (up to rounding), or vectors ≥ 0; the largest
    entry of all is 1, so that no sum overflows.

    Raises
    ------
    TypeError, ValueError
        Naming the entry that does not fit.
    """
    parts = families(components)
    if not isinstance(weights, (tuple, list)):
        kind = type(weights).__name__
        raise TypeError(f"weights must be a tuple with one entry for each of the {len(parts)} families; got {kind}")
    if len(weights) != len(parts):
        raise ValueError(f"weights must have one entry for each of the {len(parts)} families; it has {len(weights)}")
    found = tuple(_entry(f"weights[{k}]", w, part) for k, (w, part) in enumerate(zip(weights, parts, strict=True)))
    largest = max(float(w.max()) for w in found)
    if not largest > 0:
        raise ValueError("weights must not all be zero")
    return tuple(w / largest for w in found)


def _entry(name: str, value: Any, part: Components) -> Array:
    if not isinstance(part, Spectral):
        w = _doors.vector(name, value, part.n)
        if np.any(w < 0):
            raise ValueError(f"{name} must be ≥ 0; its least entry is {w.min()}")
        return w
    W = _doors.finite_array(name, value, f"({part.n}, {part.n})", 2)
    if W.shape != (part.n, part.n):
        raise ValueError(f"{name} must have shape ({part.n}, {part.n}); its shape is {W.shape}")
    size = float(np.abs(W).max())
    with np.errstate(over="ignore"):
        off = float(np.abs(W - W.T).max())
    if off > SYMMETRIC * size:
        raise ValueError(f"{name} must be symmetric; it differs from its transpose by {off}")
    W = symmetrized(W)
    least = float(np.linalg.eigvalsh(W)[0])
    if least < -1e-8 * size:
        raise ValueError(f"{name} must be positive semidefinite; its least eigenvalue is {least}")
    return np.asarray(W)


def spread(weights: Weights) -> Array:
    """The probabilities whose entropy the weights have: eigenvalues of the matrices, entries of the vectors."""
    return np.concatenate([np.maximum(np.linalg.eigvalsh(w), 0.0) if w.ndim == 2 else w for w in weights])


class Frozen(Affine):
    """v_iᵀA(y)v_i for the eigenvectors v_i of a density matrix: affine functions of y below λ_max(A(y)).

    Rounding moves v_iᵀA_k v_i by at most γ·|v_i|ᵀ|A_k||v_i| with γ = γ_{2m+2} (Higham 2002, section 3.1), which comes
    on top of Affine's; v_i has length 1 up to m·eps, which scales f_i by as much.
    """

    @classmethod
    def of(cls, whole: Spectral, W: Array) -> "Frozen | None":
        """Those of W; None where one of them overflows."""
        values, V = np.linalg.eigh(W)
        live = values > 0
        if not live.any():
            live[-1] = True
        V = V[:, live]
        A, b = whole.family.diagonals(V), np.einsum("ai,ab,bi->i", V, whole.A0, V, optimize=True)
        if not all_finite(A, b):
            return None
        return cls(whole, V, np.maximum(values[live], 0.0), A, b, bool(values[0] >= 0))

    def __init__(self, whole: Spectral, V: Array, weights: Array, A: Array, b: Array, semidefinite: bool) -> None:
        super().__init__(A, b)
        self.vectors, self.weights, self.semidefinite = V, weights, semidefinite
        self._norms = whole.family.norms
        self._slopes = 2 * (whole.n + 1) * EPS * whole.family.diagonal_sizes(V)
        self._offsets = 2 * (whole.n + 1) * EPS * np.einsum("ai,ab,bi->i", abs(V), abs(whole.A0), abs(V), optimize=True)

    def subset(self, rows: Index) -> Components:
        """The rows with what rounding does to them."""
        some = super().subset(rows)
        assert isinstance(some, Frozen)
        some = copy(some)
        some.weights, some._slopes = self.weights[rows], self._slopes[rows]
        some._offsets = self._offsets[rows]
        return some

    def rounding(self, x: Array, rows: Index, f: Array | None = None) -> Array:
        """Affine's, and that of the rows themselves."""
        return np.asarray(super().rounding(x, rows, f) + self._slopes[rows] @ np.abs(x) + self._offsets[rows])

    def rounding_limit(self, x: Array) -> float:
        """The largest of them."""
        own = float((self._slopes @ np.abs(x) + self._offsets).max())
        return super().rounding_limit(x) + own

    def data_sizes(self, p: Array) -> Array:
        """‖A_k‖_F·Σ p_i: ⟨W, A_k⟩ = c_k vanishes for a matrix within |c_k| of A_k in norm, whatever the v_i."""
        return np.asarray(float(p.sum()) * self._norms)

    def slope_rounding(self, x: Array, p: Array) -> Array:
        """Σ p_i times what rounding does to row i."""
        return np.asarray(p @ self._slopes)
