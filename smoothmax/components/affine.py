"""Affine components f = A x + b; with `absolute`, the 2m components (A x + b, −A x − b) from one copy of A."""

from collections.abc import Iterator
from copy import copy
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator

from .. import _doors
from .._typing import Array, Index, Matrix
from .base import Components, by_blocks, row_slices
from .block import Block
from .matrix import checked, piece, row_bytes, signed, tallest, times
from .subset import Subset

UNIT = float(np.finfo(np.float64).eps) / 2  # unit roundoff
TINY = float(np.finfo(np.float64).smallest_subnormal)  # twice what a product can lose by underflow
DASK = ("dask", "dask_expr")  # where its collections are from


class Affine(Components):
    """f(x) = A x + b, or its absolute values.

    Parameters
    ----------
    A : (m, d) array, scipy.sparse matrix, LinearOperator or Dask array
        Kept as it is when it is floating point (memory-mapped too; sparse: float32 or float64); nothing as large as A
        is made. Integers become float64, rounded beyond 2⁵³: proofs are for the rounded data. A Dask array stays where
        it is, and passes go to its chunks (see `components.dask`).
    b : (m,) array, optional
        Zero by default. Beside a Dask array it may be one too.
    absolute : bool
        max |A x + b| through the n = 2m components (A x + b, −A x − b): the + rows, then the − rows.

    Raises
    ------
    ValueError, TypeError
        Empty, non-finite or non-numeric data, or shapes that do not fit.
    """

    affine = True
    quadratic = True
    assumed = False

    def __new__(cls, A: Any = None, *_: Any, **__: Any) -> "Affine":
        """For a Dask array, the family of that file; Dask itself is not loaded for any other A."""
        if cls is Affine and type(A).__module__.partition(".")[0] in DASK:
            from .dask import Chunked

            return object.__new__(Chunked)
        return object.__new__(cls)

    def __init__(self, A: Any, b: Any = None, *, absolute: bool = False) -> None:
        self.A: Matrix = checked(A)
        m, self.d = self.A.shape
        self.b = np.zeros(m) if b is None else _doors.vector("b", b, length=str(m))
        if self.b.size != m:
            raise ValueError(f"b must have as many entries as A has rows, {m}; it has {self.b.size}")
        self.m = m
        self.absolute = _doors.flag("absolute", absolute)
        self.n = 2 * m if self.absolute else m
        self.rows = not isinstance(self.A, LinearOperator)
        self.gathers, self.sparse = self.rows, sp.issparse(self.A)
        self._tallest = tallest(self.A) if self.rows else np.zeros(0)
        self.assumed = not self.rows  # what an operator's products cancel inside cannot be seen

    @classmethod
    def known(cls, A: Matrix, b: Array, absolute: bool, peaks: Array) -> "Affine":
        """Of data that were checked before; `peaks` ≥ |A|, column by column."""
        some = object.__new__(Affine)
        some.A, some.b, some.absolute, some._tallest = A, b, absolute, peaks
        some.m, some.d = A.shape
        some.n = 2 * some.m if absolute else some.m
        some.rows = some.gathers = True
        some.sparse = some.assumed = False
        return some

    def __repr__(self) -> str:
        kind = "sparse" if sp.issparse(self.A) else "dense" if self.rows else "operator"
        return f"Affine({self.m}×{self.d} {kind}{', absolute' if self.absolute else ''})"

    def at(self, x: Array) -> Iterator[Block]:
        """Row blocks of A: one pass. At 0 the values are b, and A is not read for them."""
        zero = self.rows and not x.any()
        for rows in self._slices():
            A, b = piece(self.A, rows), self.b[rows]
            mirror = (rows, slice(rows.start + self.m, rows.stop + self.m)) if self.absolute else (rows,)
            values = partial(np.copy, b) if zero else partial(_values, A, x, b)
            yield Block(mirror, values, lambda A=A: A)  # type: ignore[misc]

    def subset(self, rows: Index) -> Components:
        """Rows of A with their signs; still absolute where `rows` holds both signs of the same ones."""
        if not self.rows:
            return Subset(self, rows)
        some, half = copy(self), rows.size // 2
        some.absolute = self.absolute and np.array_equal(rows[:half] + self.m, rows[half:])
        base = rows[:half] if some.absolute else rows % self.m
        some.A, some.b = self.A[base], self.b[base]
        if self.absolute and not some.absolute:
            signs = np.where(rows < self.m, 1.0, -1.0)
            some.A, some.b = signed(some.A, signs), signs * some.b
        some.m, some.n = base.size, rows.size
        return some

    def siblings(self, rows: Index) -> Index:
        """Both signs of every row."""
        base = np.unique(rows % self.m)
        return np.concatenate([base, base + self.m]) if self.absolute else base

    @np.errstate(all="ignore")
    def rounding(self, x: Array, rows: Index, f: Array | None = None) -> Array:
        """γ·(|A||x| + |b|)_i + underflow, γ = (terms + 2)·u: for any order of summation (Higham 2002, section 3.1).

        Of an operator the inside is not known: its convention is the size of the result, and its proofs are assumed.
        """
        base = rows % self.m if self.absolute else rows
        if not self.rows:
            size = np.abs(np.asarray(self.A @ x)) + 2 * np.abs(self.b)
            return np.asarray((self.d + 2) * (UNIT * size[base] + TINY))
        return by_blocks(lambda some: self._rounding(np.abs(x), some), base, row_bytes(self.A))

    def _rounding(self, size: Array, base: Index) -> Array:
        picked = self.A[base]
        terms = int(np.diff(picked.indptr).max(initial=0)) if sp.issparse(picked) else self.d
        return np.asarray((terms + 2) * (UNIT * (np.asarray(abs(picked) @ size) + np.abs(self.b[base])) + TINY))

    def rounding_limit(self, x: Array) -> float:
        """`rounding` with the largest entry of each column in the place of |A|."""
        if not self.rows:
            return float("inf")
        size = float(self._tallest @ np.abs(x)) + float(np.abs(self.b).max())
        return (self.d + 2) * (UNIT * size + TINY)

    def column_peaks(self, size: Array) -> Array | None:
        """max_i |A_ij|, known from the door (of a subset: not less); None for an operator."""
        return self._tallest if self.rows else None

    def _slices(self) -> Iterator[slice]:
        return row_slices(self.m, row_bytes(self.A)) if self.rows else iter([slice(0, self.m)])


def _values(A: Matrix, x: Array, b: Array) -> Array:
    return times(A, x) + b
