"""A convex expression as a maximum:  entry e of it is max of f_k over the rows k that belong to e.

The rows f_k are affine plus a curved part; an absolute family stands for f_k and −f_k without a second copy.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from ..._typing import Array, Index, Matrix
from .quadratic import Curved
from .rows import Linear


@dataclass(frozen=True)
class Family:
    """Rows and the entry (Fortran order) of the expression that each is a piece of."""

    linear: Linear
    curved: Curved
    entry: Index
    absolute: bool = False

    @classmethod
    def of(cls, linear: Linear, curved: Curved | None = None, absolute: bool = False) -> "Family":
        """One row for each entry."""
        return cls(linear, curved or Curved(linear.m), np.arange(linear.m), absolute)

    @property
    def pieces(self) -> int:
        """Pieces that a row stands for."""
        return 2 if self.absolute else 1

    def take(self, rows: Index, entry: Index) -> "Family":
        """These rows as pieces of these entries."""
        curved = self.curved
        if curved and not (rows.size == self.linear.m and np.array_equal(rows, np.arange(rows.size))):
            pick = sp.csr_array((np.ones(rows.size), (np.arange(rows.size), rows)), (rows.size, self.linear.m))
            curved = curved.mapped(pick)
        return Family(self.linear.take(rows), curved if curved else Curved(rows.size), entry, self.absolute)

    def scaled(self, factor: Array) -> "Family":
        """factor_k · f_k, factor ≥ 0."""
        if np.all(factor == 1):
            return self
        curved = self.curved.mapped(sp.diags_array(factor)) if self.curved else self.curved
        return replace(self, linear=self.linear.scaled(factor), curved=curved)

    def split(self) -> list["Family"]:
        """Without `absolute`: the rows and their negatives."""
        if not self.absolute:
            return [self]
        plain = replace(self, absolute=False)
        return [plain, replace(plain, linear=self.linear.scaled(-1.0))]


def counts(families: list[Family], size: int) -> Array:
    """How many pieces each entry has, as floats."""
    found = np.zeros(size)
    for family in families:
        found += family.pieces * np.bincount(family.entry, minlength=size)
    return found


def gathered(families: list[Family], T: Matrix) -> list[Family]:
    """T · expression for T ≥ 0 with at most one nonzero in a row."""
    n, size = T.shape
    if n == size and T.nnz == n and np.array_equal(T.indices, np.arange(n)):
        return [family.scaled(T.data[family.entry]) for family in families]
    found = []
    for family in families:
        N = family.entry.size
        member = sp.csr_array((np.ones(N), (family.entry, np.arange(N))), (size, N))
        pairs = sp.coo_array(T @ member)
        entry, rows = (part.astype(np.intp) for part in pairs.coords)
        order = np.lexsort((entry, rows))
        if rows.size:
            found.append(family.take(rows[order], entry[order]).scaled(pairs.data[order]))
    return found


def picked(families: list[Family], source: Index, size: int) -> list[Family]:
    """Entry k of the result is entry source_k of the expression."""
    n = source.size
    return gathered(families, sp.csr_array((np.ones(n), (np.arange(n), source)), (n, size)))


def shifted(families: list[Family], base: Family) -> list[Family]:
    """families + base, where base has one row for each entry."""
    found: list[Family] = []
    for family in families:
        below = base.take(family.entry, family.entry)
        if not below.curved and not below.linear.nonzero:
            found.append(family)
            continue
        for plain in family.split():
            linear, curved = plain.linear.plus(below.linear), plain.curved.plus(below.curved)
            found.append(replace(plain, linear=linear, curved=curved))
    return found


def merged_axis(families: list[Family], place: Any) -> list[Family]:
    """The maximum over the entries that get the same number in `place`."""
    return [replace(family, entry=place[family.entry]) for family in families]
