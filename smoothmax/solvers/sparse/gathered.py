"""The rows that carry weight, gathered once into a small matrix on which thousands of products are cheap.

For base rows J_i with weights p⁺_i of f_i and p⁻_i of its mirror image −f_i (zero where there is none),

    Jᵀp = Σ (p⁺_i − p⁻_i)·J_i,      Jᵀ(diag p − ppᵀ)J = Σ (p⁺_i + p⁻_i)·J_i J_iᵀ − (Jᵀp)(Jᵀp)ᵀ
"""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from ..._cached import cached_property
from ..._typing import Array, Index, Matrix
from ...components import Linearization
from ...components.block import Block

ABSENT = -1


class Gathered:
    """The base rows on which p (or its mirror image's) exceeds `share` of the largest weight."""

    def __init__(self, lin: Linearization, p: Array, share: float) -> None:
        level, parts, plus, minus = share * float(p.max()), [], [], []
        for block in lin.blocks(0.0):
            mine = block.take(p)
            if block.absolute:
                mine = np.maximum(mine[: block.size], mine[block.size :])
            local = np.flatnonzero(mine > level)
            if local.size:
                parts.append(_some(block, local))
                plus.append(block.rows[0].start + local)
                minus.append(block.rows[1].start + local if block.absolute else np.full(local.size, ABSENT))
        self.J = _stacked(parts)
        self.JT = self.J.T
        self.plus, self.minus = np.concatenate(plus), np.concatenate(minus)
        self.n, self.meter = lin.components.n, lin.meter
        self.size = self.plus.size

    def split(self, p: Array) -> tuple[Array, Array]:
        """(p⁺, p⁻) of an n-vector."""
        return p[self.plus], np.where(self.minus == ABSENT, 0.0, p[self.minus])

    def whole(self, plus: Array, minus: Array) -> Array:
        """The n-vector with p⁺ and p⁻ in their places."""
        p = np.zeros(self.n)
        mirrored = self.minus != ABSENT
        p[self.minus[mirrored]] = minus[mirrored]
        p[self.plus] = plus
        return p

    def diagonal(self, w: Array) -> Array:
        """The diagonal of Jᵀ diag(w) J."""
        return np.asarray(self._squares.T @ w)

    def sizes(self, w: Array) -> Array:
        """Σ w_i |J_ij|."""
        return np.asarray(self._absolute.T @ w)

    def sums(self, v: Array) -> Array:
        """|J| v."""
        return np.asarray(self._absolute @ v)

    def curvature(
        self, w: Array, g: Array | None = None, shift: Array | float = 0.0, free: Array | float = 1.0
    ) -> Callable[[Array], Array]:
        """v ↦ free∘((Jᵀ diag(w) J − ggᵀ + diag(shift)) v); each product costs its share of two passes."""
        cost = 2.0 * self.size / self.n

        def product(v: Array) -> Array:
            self.meter.spend(cost)
            out = np.asarray(self.JT @ (w * (self.J @ v)))
            if g is not None:
                out -= (g @ v) * g
            return np.asarray(free * (out + shift * v))

        return product

    @cached_property
    def _squares(self) -> Matrix:
        return self._entrywise(np.square)

    @cached_property
    def _absolute(self) -> Matrix:
        return self._entrywise(np.abs)

    def _entrywise(self, fun: Callable[[Array], Array]) -> Matrix:
        if not sp.issparse(self.J):
            return fun(self.J)
        return sp.csr_array((fun(self.J.data), self.J.indices, self.J.indptr), shape=self.J.shape)


def mean_squares(lin: Linearization) -> Array:
    """(1/n)·Σ_i J_ij²: the curvature were all weights equal; 1 for columns of zeros."""
    total, rows = np.zeros(lin.components.d), 0
    for block in lin.blocks():
        J, rows = block.jacobian, rows + block.size
        total += np.asarray(J.multiply(J).sum(axis=0)).ravel() if sp.issparse(J) else np.einsum("ij,ij->j", J, J)
    return np.where(total > 0, total / rows, 1.0)


def _some(block: Block, local: Index) -> Matrix:
    """Rows of a block's Jacobian in float64, sparse where the block is."""
    sparse = sp.issparse(block.jacobian) and block.shared is None
    return sp.csr_array(block.jacobian[local], dtype=np.float64) if sparse else block.jac(local)


def _stacked(parts: list[Matrix]) -> Matrix:
    """One matrix under the other, sparse if one of them is."""
    if any(sp.issparse(part) for part in parts):
        return sp.csr_array(sp.vstack(parts, format="csr"))
    return np.concatenate(parts)
