"""The largest eigenvalue of a symmetric affine matrix function, λ_max(A0 + Σ x_k A_k), as m components.

    f_i(x) = λ_i(A(x)),  largest first        J_ik = q_iᵀ A_k q_i        p = softmax of f/τ
    F_τ(x) = τ·log tr exp(A(x)/τ)             W = Q diag(p) Qᵀ = exp(A/τ)/tr exp(A/τ), a density matrix

so ∇F_τ = Jᵀp = ⟨W, A_k⟩, and λ_max ≤ F_τ ≤ λ_max + τ·log m (Nesterov 2007, Math. Program. 110, 245–259). Single
eigenvalues are neither convex nor smooth, but F_τ is both: with divided differences κ_ij = (p_i − p_j)/(λ_i − λ_j),
κ_ij = p_i/τ where λ_i = λ_j,

    DW[u] = Q (κ∘QᵀA(u)Q − ⟨W, A(u)⟩ diag(p)/τ) Qᵀ,      D²F_τ[u, u] = Σ κ_ij (q_iᵀA(u)q_j)² − ⟨W, A(u)⟩²/τ.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

from .._typing import Array, Index
from .base import Components
from .block import Block
from .subset import Subset
from .symmetric import stated

EPS = float(np.finfo(float).eps)
NEGLIGIBLE = 1e-16  # eigenvalues with less weight than this share of the largest do not show in the Hessian


class Spectral(Components):
    """λ_max(A0 + Σ x_k A_k).

    Parameters
    ----------
    A0 : (m, m) symmetric array or sparse matrix
    A : (d, m, m) array, or a sequence of d symmetric (m, m) arrays or sparse matrices
        Kept sparse where most entries are zero, as those of graphs are.

    Raises
    ------
    TypeError, ValueError
        Complex or non-numeric data, nan or inf, shapes that do not fit, matrices that are not symmetric; no A_k at all.
    """

    spectral = True
    convex = True
    assumed = False

    def __init__(self, A0: Any, A: Any) -> None:
        self.A0, self.family = stated(A0, A)
        self.n, self.d = self.A0.shape[0], self.family.d
        self._last: tuple[Array, Array, Array] | None = None

    def __repr__(self) -> str:
        return f"Spectral({self.n}×{self.n}, d={self.d}{', sparse' if sp.issparse(self.family.flat) else ''})"

    def matrix(self, x: Array) -> Array:
        """A(x) = A0 + Σ x_k A_k, (m, m)."""
        return self.A0 + self.family.sum(x)

    def spectrum(self, x: Array) -> tuple[Array, Array]:
        """(λ, Q) with A(x) = Q diag(λ) Qᵀ, the largest eigenvalue first; the last x is remembered."""
        last = self._last  # another thread may put its own there
        if last is None or not np.array_equal(last[0], x):
            M = self.matrix(x)
            if np.isfinite(M).all():
                values, vectors = np.linalg.eigh(M)
                last = self._last = x.copy(), values[::-1].copy(), vectors[:, ::-1].copy()
            else:
                last = self._last = x.copy(), np.full(self.n, np.nan), np.full_like(M, np.nan)
        return last[1:]

    def at(self, x: Array) -> Iterator[Block]:
        """All eigenvalues: one block."""
        values, vectors = self.spectrum(x)
        yield Block((slice(0, self.n),), values.copy, lambda: self.family.diagonals(vectors))

    def subset(self, rows: Index) -> Components:
        """Some of the eigenvalues."""
        return Subset(self, rows)

    def rounding(self, x: Array, rows: Index, f: Array | None = None) -> Array:
        """The same for every eigenvalue."""
        return np.full(rows.size, self.rounding_limit(x))

    def rounding_limit(self, x: Array) -> float:
        """m·eps·‖A(x)‖₂ of the eigenvalues, plus ‖γ(|A0| + Σ |x_k||A_k|)‖_∞ of the sum.

        LAPACK Users' Guide, 3rd ed., section 4.7: |fl(λ_i) − λ_i| ≤ p(m)·eps·‖A‖₂ with p(m) a modestly growing function
        of m, for which m is taken. The second term bounds the rounding of A(x) entry by entry (Higham 2002, section
        3.1), and the spectral norm of a symmetric matrix by its largest row sum; Weyl's inequality hands both on.
        """
        return self.n * EPS * float(np.abs(self.spectrum(x)[0]).max()) + float(self.blur(x).sum(axis=1).max())

    def blur(self, x: Array) -> Array:
        """A bound on |fl(A(x)) − A(x)|, entry by entry."""
        return EPS * (self.family.terms + 2) * (np.abs(self.A0) + self.family.size(np.abs(x)))

    def column_peaks(self, size: Array) -> Array | None:
        """|∂λ_i/∂x_k| ≤ ‖A_k‖₂ ≤ ‖A_k‖_F, wherever x is."""
        return self.family.norms

    def hess(self, x: Array, v: Array) -> Array | None:
        """None: where two meet, single eigenvalues have none."""
        return None

    def soft_hess(self, x: Array, p: Array, tau: float) -> Array | None:
        """Σ over i ≠ j of κ_ij (q_iᵀA_k q_j)(q_iᵀA_l q_j), (d, d): what D²F_τ has beyond the spread of the rows."""
        values, vectors = self.spectrum(x)
        count = int(np.searchsorted(-p, -NEGLIGIBLE * p[0]))
        kappa = quotients(values, p, tau)[:count]
        i, j = np.triu_indices(count, 1, self.n)  # each pair once: two with weight, or one with and one without
        B = self.family.rotated(vectors[:, :count], vectors)[:, i, j] * np.sqrt(2.0 * kappa[i, j])
        return np.asarray(B @ B.T)

    def density(self, x: Array, p: Array) -> Array:
        """W = Q diag(p) Qᵀ."""
        vectors = self.spectrum(x)[1]
        return np.asarray((vectors * p) @ vectors.T)

    def turned(self, x: Array, p: Array, tau: float, u: Array, mean: float) -> Array:
        """W + DW[u], with `mean` the derivative of F_τ along u: symmetric, and with ⟨·, A_k⟩ exactly as after the step
        in a quadratic model (identity 5 for matrices)."""
        values, vectors = self.spectrum(x)
        inner = quotients(values, p, tau) * (vectors.T @ self.family.sum(u) @ vectors)
        inner[np.diag_indices(self.n)] += p * (1.0 - mean / tau)
        moved = vectors @ inner @ vectors.T
        return np.asarray((moved + moved.T) / 2)


def quotients(values: Array, p: Array, tau: float) -> Array:
    """κ_ij = (p_i − p_j)/(λ_i − λ_j) for λ falling and p proportional to exp(λ/τ), without cancellation; p_i/τ on the
    diagonal and wherever λ_i = λ_j."""
    gap = np.abs(values[:, None] - values) / tau
    close = gap < 1e-8
    share = np.where(close, 1.0 - gap / 2, -np.expm1(-gap) / np.where(close, 1.0, gap))
    return np.asarray(np.maximum(p[:, None], p) / tau * share)
