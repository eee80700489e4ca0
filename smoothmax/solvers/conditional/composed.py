"""Components along atoms:  λ ↦ F(Yλ),  J ↦ J Y,  Σ v_i ∇²f_i ↦ Yᵀ(Σ v_i ∇²f_i)Y."""

from collections.abc import Callable, Iterator

import numpy as np

from ..._typing import Array, Index, Matrix
from ...components import Components
from ...components.block import Block


class Composed(Components):
    """F after the linear map Y (d, a); every evaluation is one of F."""

    def __init__(self, components: Components, Y: Array) -> None:
        self.inner, self.Y = components, Y
        self.n, self.d = components.n, Y.shape[1]
        self.convex, self.affine, self.quadratic = components.convex, components.affine, components.quadratic
        self.assumed, self.rows = components.assumed, True

    def at(self, x: Array) -> Iterator[Block]:
        """The blocks of F at Yλ."""
        for block in self.inner.at(self.Y @ x):
            yield Block(block.rows, _values(block), _jacobian(block, self.Y), _shared(block, self.Y))

    def subset(self, rows: Index) -> Components:
        """Some of them along the same atoms."""
        return Composed(self.inner.subset(rows), self.Y)

    def rounding(self, x: Array, rows: Index, f: Array | None = None) -> Array:
        """That of F."""
        return self.inner.rounding(self.Y @ x, rows, f)

    def hess(self, x: Array, v: Array) -> Array | None:
        """YᵀHY."""
        H = self.inner.hess(self.Y @ x, v)
        return None if H is None else np.asarray(self.Y.T @ (H @ self.Y))


def _values(block: Block) -> Callable[[], Array]:
    return lambda: block.f[: block.size]


def _jacobian(block: Block, Y: Array) -> Callable[[], Matrix]:
    return lambda: np.asarray(block.jacobian @ Y)


def _shared(block: Block, Y: Array) -> Callable[[], Array] | None:
    shared = block.shared
    return None if shared is None else lambda: np.asarray(shared @ Y)
