"""The cones of min {t : Z = q + B u ⪰ 0} with u = (x, t), each with its slack Z and its weight W.

    Z = t·I − A(x) of a Spectral family        Z = t − f(x) of an Affine one        Z = h − G x of the domain
    dW = core − W − sym(W dZ Z⁻¹),   core = sym((μI − C)Z⁻¹),      ⟨B_j, W B_l Z⁻¹⟩ the Schur complement

The direction of Helmberg, Rendl, Vanderbei, Wolkowicz 1996, Kojima, Shindoh, Hara 1997 and Monteiro 1997 (HKM); C is
Mehrotra's second order, dW dZ of the predictor. For numbers in place of matrices it is the step of linear programming.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.linalg.lapack import dpotrf, dpotri, dtrtrs

from ..._typing import Array, Matrix
from ...components.base import row_slices
from ...components.spectral import Spectral


class Cone(ABC):
    """Z(u) ⪰ 0 and W ⪰ 0; `n` is the degree of the barrier."""

    n: int
    Z: Array
    W: Array

    @abstractmethod
    def at(self, x: Array, t: float) -> Array:
        """Z(x, t)."""

    @abstractmethod
    def push(self, u: Array) -> Array:
        """dZ = B u."""

    @abstractmethod
    def pull(self, Y: Array) -> Array:
        """(⟨Y, B_j⟩), (d + 1,)."""

    @abstractmethod
    def schur(self) -> Array:
        """(⟨B_j, W B_l Z⁻¹⟩), (d + 1, d + 1)."""

    @abstractmethod
    def core(self, mu: float, second: Any) -> Array:
        """sym((μI − C)Z⁻¹)."""

    @abstractmethod
    def turned(self, dZ: Array) -> Array:
        """sym(W dZ Z⁻¹)."""

    @abstractmethod
    def product(self, dW: Array, dZ: Array) -> Array:
        """The second order C."""

    @abstractmethod
    def weigh(self, mu: float) -> None:
        """W = μ Z⁻¹."""

    @abstractmethod
    def accept(self, Z: Array, W: Array) -> bool:
        """Take them over where both are definite."""

    @abstractmethod
    def longest(self, dZ: Array, dW: Array) -> tuple[float, float]:
        """The steps to the boundary, of Z and of W."""


class Rows(Cone):
    """q + B u ≥ 0 with W a vector: affine components, or the walls of the domain."""

    def __init__(self, B: Matrix, q: Array) -> None:
        self.B, self.q, self.n = B, q, q.size

    def at(self, x: Array, t: float) -> Array:
        return np.asarray(self.q + self.B @ np.append(x, t))

    def push(self, u: Array) -> Array:
        return np.asarray(self.B @ u)

    def pull(self, Y: Array) -> Array:
        return np.asarray(self.B.T @ Y)

    def schur(self) -> Array:
        ratio = self.W / self.Z
        if sp.issparse(self.B):
            return np.asarray((self.B.T @ sp.diags_array(ratio) @ self.B).toarray())
        return np.asarray((self.B.T * ratio) @ self.B)

    def core(self, mu: float, second: Any) -> Array:
        return np.asarray((mu - second) / self.Z)

    def turned(self, dZ: Array) -> Array:
        return self.W * dZ / self.Z

    def product(self, dW: Array, dZ: Array) -> Array:
        return dW * dZ

    def weigh(self, mu: float) -> None:
        self.W = mu / self.Z

    def accept(self, Z: Array, W: Array) -> bool:
        if not (Z.min(initial=np.inf) > 0 and W.min(initial=np.inf) > 0):
            return False
        self.Z, self.W = Z, W
        return True

    def longest(self, dZ: Array, dW: Array) -> tuple[float, float]:
        return _ratio(self.Z, dZ), _ratio(self.W, dW)


class Semidefinite(Cone):
    """t·I − A(x) ⪰ 0 with W a density matrix."""

    def __init__(self, part: Spectral) -> None:
        self.part, self.family, self.n = part, part.family, part.n
        m, d, flat = self.n, self.family.d, self.family.flat
        self.few = self.family.sparse and flat.nnz**2 <= d * m**3 + d**2 * m**2
        if self.few:  # entries (row, column) of the A_k, one after the other
            self.row, self.column = np.divmod(flat.indices, m)
            ends = np.arange(flat.nnz)
            self.sums = sp.csr_array((flat.data, ends, flat.indptr), shape=(d, flat.nnz))

    def at(self, x: Array, t: float) -> Array:
        return np.asarray(t * np.eye(self.n) - self.part.matrix(x))

    def push(self, u: Array) -> Array:
        return np.asarray(u[-1] * np.eye(self.n) - self.family.sum(u[:-1]))

    def pull(self, Y: Array) -> Array:
        return np.append(-np.asarray(self.family.flat @ Y.ravel()), np.trace(Y))

    def schur(self) -> Array:
        d = self.family.d
        M = np.empty((d + 1, d + 1))
        M[:d, :d] = self._entries() if self.few else self._matrices()
        M[d] = M[:, d] = self.pull(self.turned(np.eye(self.n)))
        return M

    def _entries(self) -> Array:
        """Σ over entries (a, b) of A_j and (a', b') of A_l of W_aa' (Z⁻¹)_bb', times both entries."""
        M = np.zeros((self.family.d, self.family.d))
        for s in row_slices(self.row.size, 8 * self.row.size):
            pairs = np.take(self.W[self.row[s]], self.row, axis=1)
            pairs *= np.take(self.inverse[self.column[s]], self.column, axis=1)
            M += self.sums[:, s] @ np.ascontiguousarray((self.sums @ pairs.T).T)
        return np.asarray((M + M.T) / 2)

    def _matrices(self) -> Array:
        flat, m = self.family.flat, self.n
        M = np.zeros((self.family.d, self.family.d))
        for s in row_slices(self.family.d, 16 * m * m):
            some = (flat[s].toarray() if self.family.sparse else flat[s]).reshape(-1, m, m)
            M[:, s] = flat @ (self.W @ some @ self.inverse).reshape(-1, m * m).T
        return np.asarray((M + M.T) / 2)

    def core(self, mu: float, second: Any) -> Array:
        return np.asarray(mu * self.inverse - (_even(second @ self.inverse) if np.ndim(second) else 0.0))

    def turned(self, dZ: Array) -> Array:
        return _even(self.W @ dZ @ self.inverse)

    def product(self, dW: Array, dZ: Array) -> Array:
        return np.asarray(dW @ dZ)

    def weigh(self, mu: float) -> None:
        self.W = mu * self.inverse
        self.root_W = dpotrf(self.W, lower=True)[0]

    def accept(self, Z: Array, W: Array) -> bool:
        """Go there, if both are positive definite."""
        root_Z, failed = dpotrf(Z, lower=True)
        root_W, broken = dpotrf(W, lower=True)
        if failed or broken:
            return False
        lower = np.tril(dpotri(root_Z, lower=True)[0])
        self.inverse = lower + np.tril(lower, -1).T
        self.Z, self.W, self.root_Z, self.root_W = Z, W, root_Z, root_W
        return True

    def longest(self, dZ: Array, dW: Array) -> tuple[float, float]:
        return _room(self.root_Z, dZ), _room(self.root_W, dW)


def _even(M: Array) -> Array:
    return np.asarray((M + M.T) / 2)


def _ratio(z: Array, dz: Array) -> float:
    worst = float(np.max(-dz / z, initial=0.0))
    return 1.0 / worst if worst > 0 else np.inf


def _room(L: Array, D: Array) -> float:
    """The largest t with L Lᵀ + t D ⪰ 0: −1/λ_min(L⁻¹ D L⁻ᵀ)."""
    half = dtrtrs(L, D, lower=True)[0]
    both = dtrtrs(L, np.asfortranarray(half.T), lower=True)[0]
    if not np.isfinite(both).all():
        return 0.0
    least = float(np.linalg.eigvalsh(_even(both))[0])
    return -1.0 / least if least < 0 else np.inf
