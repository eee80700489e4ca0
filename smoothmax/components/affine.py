"""Affine components f = A x + b; with `absolute`, the 2m components (A x + b, −A x − b) from one copy of A."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator

from .. import _doors
from .._typing import Array, Index, Matrix
from .base import Components, by_blocks, row_slices
from .block import Block

UNIT = float(np.finfo(np.float64).eps) / 2  # unit roundoff
TINY = float(np.finfo(np.float64).smallest_subnormal)  # twice what a product can lose by underflow


class Affine(Components):
    """f(x) = A x + b, or its absolute values.

    Parameters
    ----------
    A : (m, d) array, scipy.sparse matrix or LinearOperator
        Kept as it is when it is already floating point (memory-mapped arrays too); nothing as large as A is made.
    b : (m,) array, optional
        Zero by default.
    absolute : bool
        max |A x + b| through the n = 2m components (A x + b, −A x − b): the + rows, then the − rows.

    Raises
    ------
    ValueError, TypeError
        Empty, non-finite or non-numeric data, or shapes that do not fit.
    """

    affine = True
    quadratic = True

    def __init__(self, A: Any, b: Any = None, *, absolute: bool = False) -> None:
        self.A: Matrix = _matrix(A)
        m, self.d = self.A.shape
        self.b = np.zeros(m) if b is None else _doors.vector("b", b)
        if self.b.size != m:
            raise ValueError(f"b must have as many entries as A has rows, {m}; it has {self.b.size}")
        self.m = m
        self.absolute = bool(absolute)
        self.n = 2 * m if self.absolute else m
        self.rows = not isinstance(self.A, LinearOperator)
        self.assumed = not self.rows  # what an operator's products cancel inside cannot be seen

    def __repr__(self) -> str:
        kind = "sparse" if sp.issparse(self.A) else "dense" if self.rows else "operator"
        return f"Affine({self.m}×{self.d} {kind}{', absolute' if self.absolute else ''})"

    def at(self, x: Array) -> Iterator[Block]:
        """Row blocks of A: one pass."""
        for rows in self._slices():
            A = self._piece(rows)
            mirror = (rows, slice(rows.start + self.m, rows.stop + self.m)) if self.absolute else (rows,)
            yield Block(mirror, lambda A=A, s=rows: np.asarray(A @ x) + self.b[s], lambda A=A: A)  # type: ignore[misc]

    @np.errstate(all="ignore")
    def rounding(self, x: Array, rows: Index, f: Array | None = None) -> Array:
        """γ·(|A||x| + |b|)_i + underflow, γ = (terms + 2)·u: for any order of summation (Higham 2002, section 3.1).

        Of an operator the inside is not known: its convention is the size of the result, and its proofs are assumed.
        """
        base = rows % self.m if self.absolute else rows
        if not self.rows:
            size = np.abs(np.asarray(self.A @ x)) + 2 * np.abs(self.b)
            return np.asarray((self.d + 2) * (UNIT * size[base] + TINY))
        return by_blocks(lambda some: self._rounding(np.abs(x), some), base, self._row_bytes)

    def _rounding(self, size: Array, base: Index) -> Array:
        picked = self.A[base]
        terms = int(np.diff(picked.indptr).max(initial=0)) if sp.issparse(picked) else self.d
        return np.asarray((terms + 2) * (UNIT * (np.asarray(abs(picked) @ size) + np.abs(self.b[base])) + TINY))

    def rounding_limit(self, x: Array) -> float:
        """`rounding` with the largest entry of each column in the place of |A|, which is looked up once."""
        if not self.rows:
            return float("inf")
        size = float(self._tallest @ np.abs(x)) + float(np.abs(self.b).max())
        return (self.d + 2) * (UNIT * size + TINY)

    def column_peaks(self) -> Array | None:
        """max_i |A_ij|, looked up once; None for an operator."""
        return self._tallest if self.rows else None

    @cached_property
    def _tallest(self) -> Array:
        """max_i |A_ij|."""
        tallest = np.zeros(self.d)
        for rows in self._slices():
            most = abs(self._piece(rows)).max(axis=0)
            tallest = np.maximum(tallest, most.toarray().ravel() if sp.issparse(most) else most)
        return tallest

    @property
    def _row_bytes(self) -> int:
        return 12 * max(1, self.A.nnz // self.m) if sp.issparse(self.A) else int(self.A.itemsize * self.d)

    def _slices(self) -> Iterator[slice]:
        return row_slices(self.m, self._row_bytes) if self.rows else iter([slice(0, self.m)])

    def _piece(self, rows: slice) -> Matrix:
        """A[rows] without copying: a view, or for CSR a matrix that shares the arrays."""
        A = self.A
        if rows.stop - rows.start == self.m:
            return A
        if not sp.issparse(A):
            return A[rows]
        ptr = A.indptr[rows.start : rows.stop + 1]
        span = slice(ptr[0], ptr[-1])
        piece = sp.csr_array((ptr.size - 1, self.d), dtype=A.dtype)  # filled by hand: the constructor would copy views
        piece.data, piece.indices, piece.indptr = A.data[span], A.indices[span], ptr - ptr[0]
        return piece


def _matrix(A: Any) -> Matrix:
    """A checked and in a form that multiplies fast: dense floating, CSR, or the operator itself."""
    operator = isinstance(A, LinearOperator)
    if sp.issparse(A):
        A = sp.csr_array(A)
        if (
            not A.has_canonical_format
        ):  # SciPy sums duplicates in place when it first needs to: not in the user's arrays
            A = A.copy()
            A.sum_duplicates()
    elif not operator and not isinstance(A, np.memmap):
        A = _doors.real_array("A", A, "(m, d)")
    if A.dtype is not None:  # an operator may leave it open
        _doors.check_real("A", A.dtype)
    if len(A.shape) != 2 or min(A.shape) < 1:
        raise ValueError(f"A must have shape (m, d) with m, d ≥ 1; its shape is {A.shape}")
    if operator:
        return A
    if A.dtype.kind != "f" or A.dtype.itemsize > 8:
        with np.errstate(over="ignore"):
            A = A.astype(np.float64)
    _refuse_nonfinite(A)
    return A


def _refuse_nonfinite(A: Matrix) -> None:
    """Look at every entry once, a block at a time: a finite sum needs no second look."""
    data = A.data if sp.issparse(A) else A
    for rows in row_slices(data.shape[0], data.itemsize * (data.shape[1] if data.ndim == 2 else 1)):
        with np.errstate(all="ignore"):
            total = data[rows].sum()
        if not np.isfinite(total) and not np.isfinite(data[rows]).all():
            first = np.argwhere(~np.isfinite(np.asarray(data[rows])))[0]
            place = (int(first[0]) + rows.start, *map(int, first[1:]))
            raise ValueError(f"A must be finite; entry {_entry(A, place)} is {data[place]}")


def _entry(A: Matrix, place: tuple[int, ...]) -> list[int]:
    """[row, column] of a place in A, or in the data of a CSR matrix."""
    if not sp.issparse(A):
        return list(place)
    return [int(np.searchsorted(A.indptr, place[0], "right")) - 1, int(A.indices[place[0]])]
