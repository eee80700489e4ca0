"""The elements of a reduction as matrices, handed out in pieces that stay in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from smoothmax.operators.door import Array, as_prior, as_where
from smoothmax.operators.slices import Slices

BLOCK = 65_536  # elements worked on at a time: 512 KiB of float64 stay in the second-level cache
SHORT = 64  # rows up to this length are reduced across, many rows abreast
ABREAST = 128  # rows that lie side by side in memory go at least so many together


@dataclass(frozen=True)
class Terms:
    """(rows, n) matrices: the values, and where given which of them are kept and the log of their prior."""

    x: Array
    keep: Array | None = None
    log_prior: Array | None = None

    @classmethod
    def of(cls, x: Array, slices: Slices, prior: ArrayLike | None, where: ArrayLike | None) -> Terms:
        """The slices of x with what `where` and the prior keep of them, and the log of the prior there."""
        keep = None if where is None else as_where(where, x)
        log_w = None
        if prior is not None:
            w = as_prior(prior, x).astype(np.float64, copy=False)
            present = w > 0
            log_w = np.log(w, out=np.zeros(w.shape), where=present)
            keep = present if keep is None else keep & present
        return cls(slices.matrix(x), slices.spread(keep), slices.spread(log_w))

    def blocks(self) -> Iterator[tuple[slice, Terms]]:
        """Whole rows, about BLOCK elements at a time (more where a row is longer)."""
        rows, n = self.x.shape
        r = max(ABREAST if self._sideways else 1, BLOCK // max(n, 1))
        for i in range(0, rows, r):
            yield slice(i, i + r), self._at(np.s_[i : i + r])

    def cuts(self) -> Iterator[Terms]:
        """The same rows, cut into columns of about BLOCK elements."""
        rows, n = self.x.shape
        c = max(BLOCK // max(rows, 1), 1)
        for j in range(0, n, c):
            yield self._at(np.s_[:, j : j + c]) if c < n else self

    @property
    def tall(self) -> bool:
        """Whether to transpose, and reduce along axis 0: many short rows, or rows side by side in memory."""
        rows, n = self.x.shape
        return bool(rows > n if n <= SHORT else self._sideways)

    @property
    def _sideways(self) -> bool:
        rows, columns = self.x.strides
        return abs(rows) < abs(columns) and self.x.shape[0] >= 8

    @property
    def T(self) -> Terms:
        """The transposed terms, contiguous along axis 1."""
        x = self.x.T if self._sideways else np.ascontiguousarray(self.x.T)
        return Terms(x, _T(self.keep), _T(self.log_prior))

    def _at(self, place: Any) -> Terms:
        return Terms(self.x[place], _at(self.keep, place), _at(self.log_prior, place))


def _T(a: Array | None) -> Array | None:
    return None if a is None else a.T


def _at(a: Array | None, place: Any) -> Array | None:
    return None if a is None else a[place]
