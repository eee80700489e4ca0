"""Affine rows  Σ_v s_v M_v vec(v) + b  of cvxpy variables v, kept per variable until they are laid out as A x + b.

s_v is a number and M_v is None for the identity: that is how the user's own matrix passes through uncopied.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from ..._typing import Array, Index, Matrix
from .layout import Layout

DENSE = 0.5  # share of nonzeros from which on rows are stored dense


class Rows(NamedTuple):
    """A x + b: A (m, d) dense or CSR, b (m,)."""

    A: Matrix
    b: Array


class Part(NamedTuple):
    """scale · M, with M = None for the identity."""

    scale: float
    M: Matrix | None
    columns: int

    def matrix(self) -> Matrix:
        """The product; M itself where the scale is 1."""
        if self.M is None:
            return sp.csr_array(self.scale * sp.eye_array(self.columns))
        return self.M if self.scale == 1 else self.M * self.scale

    @property
    def nnz(self) -> int:
        """Numbers held."""
        return self.columns if self.M is None else int(self.M.nnz if sp.issparse(self.M) else self.M.size)


@dataclass(frozen=True)
class Linear:
    """Affine rows by variable id."""

    parts: dict[int, Part]
    b: Array

    @property
    def m(self) -> int:
        """Number of rows."""
        return self.b.size

    @property
    def nnz(self) -> int:
        """Numbers held, those of b included."""
        return self.m + sum(part.nnz for part in self.parts.values())

    @property
    def nonzero(self) -> bool:
        """Some row is not zero for all x."""
        matrices = (part.M for part in self.parts.values())
        held = (M is None or bool(M.data.any() if sp.issparse(M) else M.any()) for M in matrices)
        return bool(self.b.any()) or any(held)

    def without(self, ids: Sequence[int]) -> "Linear":
        """The rows without these variables."""
        return replace(self, parts={key: part for key, part in self.parts.items() if key not in ids})

    def scaled(self, factor: Any) -> "Linear":
        """factor · rows, for a number or one factor per row."""
        factor = np.asarray(factor, dtype=np.float64)
        if factor.ndim == 0 or (self.m and np.all(factor == factor[0])):
            one = float(factor) if factor.ndim == 0 else float(factor[0])
            if one == 1:
                return self
            parts = {key: part._replace(scale=one * part.scale) for key, part in self.parts.items()}
            return Linear(parts, one * self.b)
        weights = sp.dia_array((factor[None], [0]), shape=(self.m, self.m)).tocsr()
        return self._each(lambda M: M * factor[:, None] if isinstance(M, np.ndarray) else weights @ M, factor * self.b)

    def take(self, rows: Index) -> "Linear":
        """The rows in this order; −1 stands for a row of zeros."""
        if rows.size == self.m and np.array_equal(rows, np.arange(self.m)):
            return self
        if (rows < 0).any():
            live = np.flatnonzero(rows >= 0)
            return self.mapped(sp.csr_array((np.ones(live.size), (live, rows[live])), (rows.size, self.m)))
        return self._each(lambda M: M[rows], self.b[rows])

    def mapped(self, T: Matrix) -> "Linear":
        """T · rows."""
        return self._each(lambda M: product(T, M), np.asarray(T @ self.b), T)

    def plus(self, other: "Linear") -> "Linear":
        """The sum, row by row."""
        parts = dict(self.parts)
        for key, part in other.parts.items():
            mine = parts.get(key)
            if mine is None:
                parts[key] = part
            elif mine.M is part.M:
                parts[key] = part._replace(scale=mine.scale + part.scale)
            else:
                parts[key] = Part(1.0, _sum(mine.matrix(), part.matrix()), part.columns)
        return Linear(parts, self.b + other.b)

    def laid_out(self, layout: Layout) -> Rows:
        """A x + b in the columns of `layout`; dense where at least half of A may be nonzero."""
        places = {v.id: layout.place(v) for v in layout.variables if v.id in self.parts}
        if len(places) == 1 and len(layout.variables) == 1:
            (part,) = self.parts.values()
            return Rows(part.matrix(), self.b)
        if sum(self.parts[key].nnz for key in places) >= DENSE * self.m * layout.d and self.m:
            A = np.zeros((self.m, layout.d))
            for key, place in places.items():
                A[:, place] = dense(self.parts[key].matrix())
            return Rows(A, self.b)
        blocks = [
            sp.csr_array(self.parts[v.id].matrix()) if v.id in self.parts else sp.csr_array((self.m, v.size))
            for v in layout.variables
        ]
        return Rows(sp.csr_array(sp.hstack(blocks)) if blocks else sp.csr_array((self.m, 0)), self.b)

    def _each(self, change: Callable[[Matrix], Matrix], b: Array, of_identity: Matrix | None = None) -> "Linear":
        parts = {}
        for key, part in self.parts.items():
            if part.M is None and of_identity is not None:
                parts[key] = part._replace(M=of_identity)
            else:
                M = sp.csr_array(sp.eye_array(part.columns)) if part.M is None else part.M
                parts[key] = part._replace(M=change(M))
        return Linear(parts, b)


def total(some: Sequence[Linear]) -> Linear:
    """The sum of all."""
    return reduce(Linear.plus, some)


def stacked(some: Sequence[Linear]) -> Linear:
    """The rows of all, one below the other."""
    if len(some) == 1:
        return some[0]
    starts = np.cumsum([0, *(rows.m for rows in some)]).tolist()
    blocks: dict[int, list[tuple[int, Part]]] = {}
    for start, rows in zip(starts, some, strict=False):
        for key, part in rows.parts.items():
            blocks.setdefault(key, []).append((start, part))
    parts = {key: Part(1.0, _placed(mine, starts[-1]), mine[0][1].columns) for key, mine in blocks.items()}
    return Linear(parts, np.concatenate([rows.b for rows in some]))


def _placed(blocks: list[tuple[int, Part]], m: int) -> Matrix:
    """Row blocks from their starts on, in m rows; dense where at least half may be nonzero."""
    width = blocks[0][1].columns
    if sum(part.nnz for _, part in blocks) >= DENSE * width * m:
        M = np.zeros((m, width))
        for start, part in blocks:
            block = dense(part.matrix())
            M[start : start + block.shape[0]] = block
        return M
    found = [(start, sp.coo_array(part.matrix())) for start, part in blocks]
    row = np.concatenate([block.coords[0] + start for start, block in found])
    column = np.concatenate([block.coords[1] for _, block in found])
    return sp.csr_array((np.concatenate([block.data for _, block in found]), (row, column)), (m, width))


def product(T: Matrix, M: Matrix) -> Matrix:
    """T M; dense T times a sparse M stays sparse where M touches less than half of the columns."""
    if sp.issparse(T) or not sp.issparse(M):
        return T @ M
    if np.unique(M.indices).size < DENSE * M.shape[1]:
        return sp.csr_array(sp.csr_array(T) @ M)
    return T @ M.toarray() if M.shape[0] * M.shape[1] <= T.size else np.asarray(T @ M)


def dense(M: Matrix) -> Array:
    """M as an array."""
    return M.toarray() if sp.issparse(M) else np.asarray(M)


def _sum(A: Matrix, B: Matrix) -> Matrix:
    return sp.csr_array(A + B) if sp.issparse(A) and sp.issparse(B) else dense(A) + dense(B)
