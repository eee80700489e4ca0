"""A soft atom that reduces an array along an axis: None for all, () for none, else an int or a tuple, as NumPy does."""

import math
from typing import Any

from .soft import Soft


class Reducing(Soft):
    """Axis and keepdims come before lift and sign."""

    def __init__(self, *args: Any) -> None:
        self.axis, self.keepdims = args[-4], bool(args[-3])
        super().__init__(*args)

    @property
    def full(self) -> tuple[int, ...]:
        """The shape before the reduction."""
        return tuple(self.args[0].shape)

    @property
    def axes(self) -> tuple[int, ...]:
        """The places that are reduced."""
        if self.axis is None:
            return tuple(range(len(self.full)))
        axes = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        return tuple(axis % len(self.full) for axis in axes)

    @property
    def among(self) -> int:
        """How many entries stand behind one of the result."""
        return math.prod(self.full[i] for i in self.axes)

    @property
    def kept(self) -> tuple[int, ...]:
        """The shape with reduced places of size 1."""
        return tuple(1 if i in self.axes else size for i, size in enumerate(self.full))

    def shape_from_args(self) -> tuple[int, ...]:
        """Reduced."""
        return self.kept if self.keepdims else tuple(s for i, s in enumerate(self.full) if i not in self.axes)
