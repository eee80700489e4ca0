"""The sum of squared rows that an interior-point step is made of, at the speed of a symmetric rank-k update.

    Σ_i w_i (B_i − h_i a)(B_i − h_i a)ᵀ        B = scale·A or its transpose, w ≥ 0

Dense rows are weighted and centred in one buffer, a chunk at a time, and squared by BLAS (`dsyrk`: half the flops of a
product). Sparse rows are summed over their entries, where only light ones may be centred after they are squared.
"""

import numpy as np
import scipy.sparse as sp
from scipy.linalg.blas import dger, dsyrk

from ..._typing import Array, Matrix

CHUNK_BYTES = 1 << 25  # of weighted rows at a time: long enough for the rank-k update to run at full speed
SPARSE = 0.1  # below this density the sum runs over the entries that are there
SMALL = 200  # a sparse matrix with fewer rows or columns is treated as dense
HEAVY = 1e4  # times the weight of a light row: what centring after squaring may cancel


class Gram:
    """Σ w_i (B_i − h_i a)(B_i − h_i a)ᵀ, lower triangle, for B = `scale`·A or its transpose; buffers are kept."""

    def __init__(self, A: Matrix, scale: float, transposed: bool) -> None:
        self.B, self.scale, self.transposed = A.T if transposed else A, scale, transposed
        self.sparse = sp.issparse(A)
        self.thin = self.sparse and min(A.shape) > SMALL and A.nnz < SPARSE * A.shape[0] * A.shape[1]
        if self.sparse:
            self.B = sp.csr_array(self.B)
        rows, self.size = self.B.shape
        self.chunk = min(rows, max(256, CHUNK_BYTES // (8 * self.size)))
        self.buffer: Array | None = None
        self.out: Array | None = None

    def __call__(self, w: Array, h: Array | None, a: Array | None) -> Array:
        """The (size, size) sum, in Fortran order, lower triangle only; overwritten by the next call."""
        if self.out is None:
            self.out = np.empty((self.size, self.size), order="F")
        if self.thin:
            return self._entries(w, h, a)
        for k, start in enumerate(range(0, self.B.shape[0], self.chunk)):
            rows = self._rows(slice(start, start + self.chunk), w, h, a)
            side = {"a": rows, "trans": 1} if self.transposed else {"a": rows.T, "trans": 0}
            self.out = dsyrk(1.0, beta=float(k > 0), c=self.out, lower=1, overwrite_c=1, **side)
        return self.out

    def _rows(self, part: slice, w: Array, h: Array | None, a: Array | None) -> Array:
        """√w_i (B_i − h_i a) in the buffer, in the memory order of B."""
        B = self.B[part].toarray() if self.sparse else self.B[part]
        if self.buffer is None:
            shape = (self.chunk, self.size)
            self.buffer = np.empty(shape[::-1]).T if self.transposed else np.empty(shape)
        rows, root = self.buffer[: B.shape[0]], np.sqrt(w[part])
        if rows.shape[0] < self.chunk and self.transposed:
            rows = np.empty(rows.shape[::-1]).T
        np.multiply(B, (self.scale * root)[:, None], out=rows)
        if h is not None and a is not None:
            if self.transposed:
                dger(-1.0, root * h[part], a, a=rows, overwrite_a=1)
            else:
                dger(-1.0, a, root * h[part], a=rows.T, overwrite_a=1)
        return rows

    def _entries(self, w: Array, h: Array | None, a: Array | None) -> Array:
        """The same over the entries that are there: heavy rows centred before they are squared, light ones after."""
        heavy = np.zeros(w.size, bool)
        if h is not None:
            heavy[np.argsort(-w)[: self.size]] = True
            heavy &= w > HEAVY * np.quantile(w, 0.1)
        light = np.where(heavy, 0.0, w)
        G = (self.B.T @ (sp.diags_array(self.scale**2 * light) @ self.B)).toarray()
        if h is not None and a is not None:
            c = self.scale * (self.B.T @ (light * h))
            G -= np.outer(a, c) + np.outer(c, a) - (light @ (h * h)) * np.outer(a, a)
            root = np.sqrt(w[heavy])
            rows = (self.scale * root)[:, None] * self.B[np.flatnonzero(heavy)].toarray() - np.outer(root * h[heavy], a)
            G += rows.T @ rows
        return np.asfortranarray(G)
