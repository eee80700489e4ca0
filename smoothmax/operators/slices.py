"""Any array and any axes, seen as a matrix: one row per kept index, one column per reduced index."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from smoothmax.operators.door import Array, Axis, as_axes


@dataclass(frozen=True)
class Slices:
    """The way from an array of shape ``shape`` to its (rows, n) matrix over ``axes``, and back."""

    shape: tuple[int, ...]
    axes: tuple[int, ...]

    @classmethod
    def of(cls, x: Array, axis: Axis) -> Slices:
        return cls(x.shape, as_axes(axis, x.ndim))

    @property
    def order(self) -> tuple[int, ...]:
        """The permutation that puts the reduced axes last."""
        return tuple(i for i in range(len(self.shape)) if i not in self.axes) + self.axes

    @property
    def n(self) -> int:
        """How many elements each reduction meets."""
        return prod(self.shape[i] for i in self.axes)

    def matrix(self, a: Array) -> Array:
        """(rows, n): a view where the strides allow one."""
        rows = prod(size for i, size in enumerate(self.shape) if i not in self.axes)
        return a.transpose(self.order).reshape(rows, self.n)

    def spread(self, a: Array | None) -> Array | None:
        """The matrix of an array that broadcasts to the shape: a view, mostly."""
        return None if a is None else self.matrix(np.broadcast_to(a, self.shape))

    def restored(self, matrix: Array) -> Array:
        """The inverse of ``matrix``."""
        moved = matrix.reshape([self.shape[i] for i in self.order])
        return moved.transpose(np.argsort(self.order)) if self.order else moved

    def reduced(self, values: Array, keepdims: bool) -> Array:
        """(rows,) values in the shape ``np.sum`` would return; a scalar where that is one."""
        kept = [1 if i in self.axes else size for i, size in enumerate(self.shape)]
        if not keepdims:
            kept = [size for i, size in enumerate(self.shape) if i not in self.axes]
        return values.reshape(kept)[()]
