"""Any array and any axes, seen as a matrix: one row per kept index, one column per reduced index."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from smoothmax.operators.door import Array, Axis, as_axes
from smoothmax.operators.library import namespace, scalar


@dataclass(frozen=True)
class Slices:
    """The way from an array of shape ``shape`` to its (rows, n) matrix over ``axes``, and back."""

    shape: tuple[int, ...]
    axes: tuple[int, ...]
    xp: Any = np

    @classmethod
    def of(cls, x: Array, axis: Axis) -> Slices:
        return cls(tuple(x.shape), as_axes(axis, x.ndim), namespace(x))

    @property
    def order(self) -> tuple[int, ...]:
        """The permutation that puts the reduced axes last."""
        return tuple(i for i in range(len(self.shape)) if i not in self.axes) + self.axes

    @property
    def n(self) -> int:
        """How many elements each reduction meets."""
        return prod(self.shape[i] for i in self.axes)

    @property
    def rows(self) -> int:
        """How many reductions there are."""
        return prod(size for i, size in enumerate(self.shape) if i not in self.axes)

    def matrix(self, a: Array) -> Array:
        """(rows, n): a view where the strides allow one."""
        seen: Array = self.xp.reshape(self.xp.permute_dims(a, self.order), (self.rows, self.n))
        return seen

    def spread(self, a: Array | None) -> Array | None:
        """The matrix of an array that broadcasts to the shape: a view, mostly."""
        return None if a is None else self.matrix(self.xp.broadcast_to(a, self.shape))

    def restored(self, matrix: Array) -> Any:
        """The inverse of ``matrix``."""
        moved = self.xp.reshape(matrix, tuple(self.shape[i] for i in self.order))
        back = tuple(self.order.index(i) for i in range(len(self.order)))
        return self.xp.permute_dims(moved, back)

    def reduced(self, values: Array, keepdims: bool) -> Any:
        """(rows,) values in the shape ``np.sum`` would return; a scalar where that is one."""
        kept = [1 if i in self.axes else size for i, size in enumerate(self.shape)]
        if not keepdims:
            kept = [size for i, size in enumerate(self.shape) if i not in self.axes]
        return scalar(self.xp.reshape(values, tuple(kept)))
