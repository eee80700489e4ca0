"""Some of the components of a family, as a family of their own: what a working set is solved on."""

from collections.abc import Iterable, Iterator

import numpy as np

from .._typing import Array, Index
from .base import Components
from .block import Block
from .calls import Calls


def picked(blocks: Iterable[Block], rows: Index) -> Iterator[Block]:
    """The components in `rows` (sorted) out of the blocks of a family, numbered by their place in `rows`."""
    for block in blocks:
        for part, s in enumerate(block.rows):
            a, b = np.searchsorted(rows, (s.start, s.stop))
            if a < b:
                yield _piece(block, part, rows[a:b] - s.start, slice(int(a), int(b)))


def _piece(block: Block, part: int, local: Index, place: slice) -> Block:
    def jacobian() -> Array:
        J = block.jac(local)
        return -J if part else J

    return Block((place,), lambda: block.f[part * block.size + local], jacobian)


class Subset(Components):
    """f_i for i in `rows`, evaluated through the whole family: for functions that give all components at once."""

    def __init__(self, whole: Components, rows: Index) -> None:
        self.whole, self.rows_of = whole, rows
        self.n, self.d = rows.size, whole.d
        self.convex, self.affine, self.quadratic = whole.convex, whole.affine, whole.quadratic
        self.assumed, self.rows = whole.assumed, whole.rows

    @property
    def callers(self) -> tuple[Calls, ...]:  # type: ignore[override]
        """Those of the whole."""
        return self.whole.callers

    @property
    def exact_hess(self) -> bool:
        """That of the whole."""
        return self.whole.exact_hess

    def cheaper(self) -> Components:
        """Some of what is cheaper of the whole."""
        whole = self.whole.cheaper()
        return self if whole is self.whole else whole.subset(self.rows_of)

    def at(self, x: Array) -> Iterator[Block]:
        """The blocks of the whole, picked."""
        return picked(self.whole.at(x), self.rows_of)

    def subset(self, rows: Index) -> Components:
        """Some of the same whole."""
        return self.whole.subset(self.rows_of[rows])

    def hess(self, x: Array, v: Array) -> Array | None:
        """Σ v_i ∇²f_i(x) over the rows."""
        return self.whole.hess(x, self._spread(v))

    def rounding(self, x: Array, rows: Index, f: Array | None = None) -> Array:
        """That of the whole."""
        return self.whole.rounding(x, self.rows_of[rows], f)

    def rounding_limit(self, x: Array) -> float:
        """That of the whole."""
        return self.whole.rounding_limit(x)

    def slope_rounding(self, x: Array, p: Array) -> Array:
        """That of the whole, with no weight elsewhere."""
        return self.whole.slope_rounding(x, self._spread(p))

    def curvature_slack(self, p: Array) -> Array:
        """That of the whole, with no weight elsewhere."""
        return self.whole.curvature_slack(self._spread(p))

    def _spread(self, v: Array) -> Array:
        out = np.zeros(self.whole.n)
        out[self.rows_of] = v
        return out
