"""Components one after another: F = (F_1, …, F_k)."""

from collections.abc import Iterator, Sequence

import numpy as np

from .._typing import Array, Index
from .base import Components
from .block import Block
from .calls import Calls
from .tallies import Tally


class Stack(Components):
    """The components of several families in one vector, in the order given.

    Sizes that a Smooth family leaves open are found by the problem; until then n (or d) is −1.

    Parameters
    ----------
    parts : sequence of components
        Of the same d; `weights` and `active` number their components in this order.

    Raises
    ------
    TypeError, ValueError
        For something that is not components, an empty list, or different numbers of variables.
    """

    def __init__(self, parts: Sequence[Components]) -> None:
        try:
            self.parts = tuple(parts)
        except TypeError:
            raise TypeError(f"parts must be a sequence of components; got {type(parts).__name__}") from None
        if not self.parts:
            raise ValueError("parts: a Stack needs at least one family of components; the list is empty")
        for part in self.parts:
            if not isinstance(part, Components):
                raise TypeError(f"parts: a Stack is of components (Affine, Quadratic, …); got {type(part).__name__}")
        sizes = {part.d for part in self.parts if part.d > 0}
        if len(sizes) > 1:
            raise ValueError(f"parts: the families of a Stack have the same number of variables; got {sorted(sizes)}")
        self.d = sizes.pop() if sizes else -1
        self.offsets = np.cumsum([0, *(part.n for part in self.parts)])
        self.n = int(self.offsets[-1]) if all(part.n > 0 for part in self.parts) else -1
        self.convex = all(part.convex for part in self.parts)
        self.affine = all(part.affine for part in self.parts)
        self.quadratic = all(part.quadratic for part in self.parts)
        self.assumed = any(part.assumed for part in self.parts)
        self.rows = all(part.rows for part in self.parts)
        self.gathers = all(part.gathers for part in self.parts)
        self.spectral = any(part.spectral for part in self.parts)
        self.remote = any(part.remote for part in self.parts)
        if self.remote and not self.quadratic:
            raise TypeError("parts beside a Dask array must be affine or quadratic data; functions show no rounding")

    def __repr__(self) -> str:
        return f"Stack([{', '.join(map(repr, self.parts))}])"

    @property
    def callers(self) -> tuple[Calls, ...]:  # type: ignore[override]
        """Those of all parts."""
        return tuple(calls for part in self.parts for calls in part.callers)

    @property
    def exact_hess(self) -> bool:
        """All parts' are."""
        return all(part.exact_hess for part in self.parts)

    def cheaper(self) -> Components:
        """The stack of what is cheaper of the parts."""
        parts = [part.cheaper() for part in self.parts]
        return self if all(new is old for new, old in zip(parts, self.parts, strict=True)) else Stack(parts)

    def at(self, x: Array) -> Iterator[Block]:
        """The parts' blocks, moved to their place."""
        self._refuse_open_sizes()
        for offset, part in zip(self.offsets, self.parts, strict=False):
            for block in part.at(x):
                block.rows = tuple(slice(s.start + int(offset), s.stop + int(offset)) for s in block.rows)
                yield block

    def visit(self, x: Array, tallies: Sequence[Tally], offset: int = 0) -> None:
        """Each part's own."""
        for part, start, _ in self._spans():
            part.visit(x, tallies, offset + int(start))

    def subset(self, rows: Index) -> Components:
        """The stack of the parts' subsets."""
        ends = np.searchsorted(rows, self.offsets)
        spans = zip(self._spans(), ends[:-1], ends[1:], strict=True)
        return Stack([part.subset(rows[i:j] - a) for (part, a, _), i, j in spans if i < j])

    def siblings(self, rows: Index) -> Index:
        """Each part's own."""
        ends = np.searchsorted(rows, self.offsets)
        spans = zip(self._spans(), ends[:-1], ends[1:], strict=True)
        return np.concatenate([part.siblings(rows[i:j] - a) + a for (part, a, _), i, j in spans])

    def column_peaks(self, size: Array) -> Array | None:
        """The largest of the parts', where all know theirs."""
        peaks = [part.column_peaks(size) for part in self.parts]
        known = [p for p in peaks if p is not None]
        return np.max(known, axis=0) if len(known) == len(peaks) else None

    def inspect(self, x: Array) -> None:
        """Each part's own."""
        for part in self.parts:
            part.inspect(x)

    def check(self, x: Array) -> None:
        """Each part's own."""
        for part in self.parts:
            part.check(x)

    def hess(self, x: Array, v: Array) -> Array | None:
        """The sum of the parts' Σ v_i ∇²f_i."""
        found = [part.hess(x, v[a:b]) for part, a, b in self._spans()]
        known = [H for H in found if H is not None]
        return np.sum(known, axis=0) if known else None

    def soft_hess(self, x: Array, p: Array, tau: float) -> Array | None:
        """The sum of the parts'."""
        found = [part.soft_hess(x, p[a:b], tau) for part, a, b in self._spans()]
        known = [H for H in found if H is not None]
        return np.sum(known, axis=0) if known else None

    def rounding(self, x: Array, rows: Index, f: Array | None = None) -> Array:
        """Each part's own bound."""
        out = np.empty(rows.size)
        for part, a, b in self._spans():
            mine = (rows >= a) & (rows < b)
            if mine.any():
                out[mine] = part.rounding(x, rows[mine] - a, None if f is None else f[mine])
        return out

    def rounding_limit(self, x: Array) -> float:
        """The largest of the parts'."""
        return max(part.rounding_limit(x) for part in self.parts)

    def slope_rounding(self, x: Array, p: Array) -> Array:
        """The sum of the parts'."""
        return np.asarray(sum(part.slope_rounding(x, p[a:b]) for part, a, b in self._spans()))

    def data_sizes(self, p: Array) -> Array:
        """The sum of the parts'."""
        return np.asarray(sum(part.data_sizes(p[a:b]) for part, a, b in self._spans()))

    def curvature_slack(self, p: Array) -> Array:
        """The sum of the parts'."""
        return np.asarray(sum(part.curvature_slack(p[a:b]) for part, a, b in self._spans()))

    def within(self, lb: Array, ub: Array) -> "Stack":
        """The parts' own."""
        parts = [part.within(lb, ub) for part in self.parts]
        return self if all(new is old for new, old in zip(parts, self.parts, strict=True)) else Stack(parts)

    def bound(self, x: Array) -> "Stack":
        """The stack of the parts with their sizes filled in."""
        parts = [part.bound(x) for part in self.parts]
        return self if all(new is old for new, old in zip(parts, self.parts, strict=True)) else Stack(parts)

    def _refuse_open_sizes(self) -> None:
        if self.n < 0:
            raise ValueError(f"{self!r} has parts of unknown size: give Smooth(…, n=…, d=…), or a Minimax finds them")

    def _spans(self) -> Iterator[tuple[Components, int, int]]:
        self._refuse_open_sizes()
        return zip(self.parts, self.offsets[:-1], self.offsets[1:], strict=True)
