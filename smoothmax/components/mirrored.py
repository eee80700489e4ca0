"""Absolute values of some components:  F = (f_1, …, f_n, −f_i for the marked i in their order)."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import _doors
from .._typing import Array, Index
from .base import Components
from .block import Block
from .calls import Calls
from .subset import Subset


def marked(absolute: Any, n: int) -> Index:
    """The marked among n components: all (True), none (False), the first k, a mask (n,) or a list of indices.

    Raises
    ------
    TypeError, ValueError
        Something else, or more than there are.
    """
    forms = f"True, False, a count ≤ {n}, a mask ({n},) or a list of indices below {n}"
    if isinstance(absolute, bool | np.bool_):
        return np.arange(n if absolute else 0)
    if isinstance(absolute, int | np.integer):
        if not 0 <= absolute <= n:
            raise ValueError(f"absolute must be {forms}; got the count {absolute}")
        return np.arange(int(absolute))
    marks = _doors.real_array("absolute", absolute, forms)
    if marks.ndim == 1 and marks.dtype.kind == "b":
        if marks.size != n:
            raise ValueError(f"absolute must be {forms}; got a mask of {marks.size}")
        return np.flatnonzero(marks)
    if marks.ndim != 1 or (marks.dtype.kind not in "iu" and marks.size):
        raise TypeError(f"absolute must be {forms}; got {absolute!r}")
    rows = np.asarray(marks, dtype=np.intp)
    wrong = rows[(rows < 0) | (rows >= n)]
    if wrong.size:
        raise ValueError(f"absolute must be {forms}; got the index {wrong[0]}")
    if np.unique(rows).size != rows.size:
        raise ValueError(f"absolute must be {forms}, each once; got {absolute!r}")
    return rows


class Mirrored(Components):
    """max |f_i| for the components `rows` of a family, f_i as it is for the others: one evaluation for both signs."""

    def __init__(self, inner: Components, rows: Index) -> None:
        self.inner, self.marks = inner, rows
        self.n, self.d = inner.n + rows.size, inner.d
        self.convex, self.affine, self.quadratic = inner.convex, inner.affine, inner.quadratic
        self.assumed, self.rows, self.sparse = inner.assumed, inner.rows, inner.sparse

    def __repr__(self) -> str:
        return f"Mirrored({self.inner!r}, {self.marks.size} absolute)"

    @property
    def callers(self) -> tuple[Calls, ...]:  # type: ignore[override]
        """As inside."""
        return self.inner.callers

    @property
    def exact_hess(self) -> bool:
        """As inside."""
        return self.inner.exact_hess

    def cheaper(self) -> Components:
        """The mirror of what is cheaper inside."""
        inner = self.inner.cheaper()
        return self if inner is self.inner else Mirrored(inner, self.marks)

    def at(self, x: Array) -> Iterator[Block]:
        """The blocks inside, then one of the marked components, which reads them."""
        blocks = list(self.inner.at(x))
        yield from (_shown(block) for block in blocks)

        def values() -> Array:
            f = np.empty(self.inner.n)
            for block in blocks:
                block.put(f, block.f)
            return np.asarray(-f[self.marks])

        if self.marks.size:
            yield Block((slice(self.inner.n, self.n),), values, lambda: -blocks[0].jacobian[self.marks])

    def inspect(self, x: Array) -> None:
        """As inside."""
        self.inner.inspect(x)

    def check(self, x: Array) -> None:
        """As inside."""
        self.inner.check(x)

    def subset(self, rows: Index) -> Components:
        """Those components, through the functions that give all."""
        return Subset(self, rows)

    def hess(self, x: Array, v: Array) -> Array | None:
        """Σ (v_i − v_{−i}) ∇²f_i."""
        return self.inner.hess(x, self._folded(v))

    def rounding(self, x: Array, rows: Index, f: Array | None = None) -> Array:
        """That of the component without its sign."""
        base = np.concatenate([np.arange(self.inner.n), self.marks])[rows]
        return self.inner.rounding(x, base, f)

    def _folded(self, v: Array) -> Array:
        w = v[: self.inner.n].copy()
        w[self.marks] -= v[self.inner.n :]
        return w


def _shown(block: Block) -> Block:
    """The same block; what it has evaluated stays known when a pass lets go of this one."""
    return Block(block.rows, lambda: block.f, lambda: block.jacobian)
