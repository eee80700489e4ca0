"""Symmetric matrices A_1, …, A_d as one (d, m²) matrix, dense or sparse: sums, inner products and rotations of them."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from .. import _doors
from .._cached import cached_property
from .._typing import Array, Index, Matrix
from .base import row_slices

SPARSE = 0.1  # share of entries that are not zero up to which matrices are kept sparse
SYMMETRIC = 1e-12  # relative: what rounding in the caller's construction may leave between A and Aᵀ


class Family:
    """A_1, …, A_d, symmetric (m, m), in the rows of `flat`."""

    def __init__(self, flat: Matrix, m: int) -> None:
        self.flat, self.m, self.d = flat, m, flat.shape[0]
        self.sparse = sp.issparse(flat)
        squares = flat.multiply(flat).sum(axis=1) if self.sparse else np.einsum("ij,ij->i", flat, flat)
        self.norms = np.sqrt(np.asarray(squares, dtype=np.float64).ravel())  # Frobenius
        met = np.bincount(flat.indices, minlength=m * m) if self.sparse else np.array([self.d])
        self.terms = int(met.max()) + 1  # of the sum in any entry

    @cached_property
    def sizes(self) -> Matrix:
        """|A_k|, in rows."""
        return abs(self.flat)

    def sum(self, x: Array) -> Array:
        """Σ x_k A_k."""
        return np.asarray(self.flat.T @ x).reshape(self.m, self.m)

    def size(self, x: Array) -> Array:
        """Σ x_k |A_k|."""
        return np.asarray(self.sizes.T @ x).reshape(self.m, self.m)

    def diagonals(self, V: Array) -> Array:
        """(v_iᵀ A_k v_i), (r, d), for the columns of V."""
        return self._diagonals(self.flat, V)

    def diagonal_sizes(self, V: Array) -> Array:
        """(|v_i|ᵀ |A_k| |v_i|), (r, d)."""
        return self._diagonals(self.sizes, np.abs(V))

    def _diagonals(self, flat: Matrix, V: Array) -> Array:
        return np.stack([np.asarray(flat @ np.outer(v, v).ravel()) for v in V.T])

    def rotated(self, V: Array, Q: Array) -> Array:
        """(v_iᵀ A_k q_j), (d, r, m), for the r columns of V and the m of Q."""
        d, m, r = self.d, self.m, V.shape[1]
        if not self.sparse:
            left = np.tensordot(self.flat.reshape(d, m, m), V, (2, 0))  # (d, m, r)
            return np.asarray(np.swapaxes(left, 1, 2) @ Q)
        out = np.zeros((d, r, m))
        left = np.asarray(self._tall @ V)  # one row for each row of an A_k that is not zero
        for some in self._layers:  # at most one row of each A_k at a time, so that nothing is added twice
            for s in row_slices(some.size, 8 * r * m):
                rows = some[s]
                out[self._of[rows]] += left[rows, :, None] * Q[self._row[rows]][:, None, :]
        return out

    @cached_property
    def _tall(self) -> Matrix:
        tall = sp.csr_array(self.flat.reshape((self.d * self.m, self.m)))
        return tall[self._kept]

    @cached_property
    def _kept(self) -> Index:
        tall = sp.csr_array(self.flat.reshape((self.d * self.m, self.m)))
        return np.asarray(np.flatnonzero(np.diff(tall.indptr)))

    @cached_property
    def _of(self) -> Index:
        return np.asarray(self._kept // self.m)

    @cached_property
    def _layers(self) -> list[Index]:
        first = np.searchsorted(self._of, self._of)
        rank = np.arange(self._of.size) - first
        return [np.flatnonzero(rank == k) for k in range(int(rank.max(initial=-1)) + 1)]

    @cached_property
    def _row(self) -> Index:
        return np.asarray(self._kept % self.m)


def stated(A0: Any, A: Any) -> tuple[Array, Family]:
    """A0 and the family of the A_k, checked."""
    first = _symmetric("A0", A0)
    base = first.toarray() if sp.issparse(first) else first
    m = base.shape[0]
    if not isinstance(A, (np.ndarray, list, tuple)):
        raise TypeError(f"A must be a (d, m, m) array or a sequence of d symmetric matrices; got {type(A).__name__}")
    if isinstance(A, np.ndarray) and A.ndim != 3:
        raise ValueError(f"A must have shape (d, {m}, {m}); its shape is {A.shape}")
    if len(A) == 0:
        raise ValueError("A must hold at least one matrix; d = 0 leaves nothing to choose")
    matrices = [_symmetric(f"A[{k}]", matrix, m) for k, matrix in enumerate(A)]
    full = sum(M.nnz if sp.issparse(M) else np.count_nonzero(M) for M in matrices)
    if full <= SPARSE * len(matrices) * m * m:
        return base, Family(sp.csr_array(sp.vstack([sp.csr_array(M).reshape((1, m * m)) for M in matrices])), m)
    dense = [M.toarray() if sp.issparse(M) else M for M in matrices]
    return base, Family(np.stack(dense).reshape(len(dense), m * m), m)


def _symmetric(name: str, value: Any, m: int | None = None) -> Matrix:
    """A symmetric (m, m) matrix of finite numbers, in float64; the caller's own is never kept."""
    if sp.issparse(value):
        _doors.check_real(name, value.dtype)
        M = sp.csr_array(value).astype(np.float64)
        M.sum_duplicates()
        if not np.isfinite(M.data).all():
            raise ValueError(f"{name} must be finite; it holds {M.data[~np.isfinite(M.data)][0]}")
    else:
        M = _doors.finite_array(name, value, "(m, m)" if m is None else f"({m}, {m})", 2).copy()
    if M.shape[0] != M.shape[1] or M.shape[0] < 1 or (m is not None and M.shape[0] != m):
        right = "(m, m) with m ≥ 1" if m is None else f"({m}, {m}), that of A0"
        raise ValueError(f"{name} must have shape {right}; its shape is {M.shape}")
    with np.errstate(over="ignore"):
        off = abs(M - M.T)
    if off.max() > SYMMETRIC * abs(M).max():
        i, j = np.unravel_index(int(off.argmax()), M.shape)
        raise ValueError(f"{name} must be symmetric; {name}[{i}, {j}] = {M[i, j]}, {name}[{j}, {i}] = {M[j, i]}")
    return M if off.max() == 0.0 else M / 2 + M.T / 2
