"""Passes: whatever looks at all n components, a block at a time.

A pass reads each block once, while it is in cache, and hands it to tallies (value and gradient of the surrogate, the
values, the worst violators, products with Jᵀ), which merge associatively: dense, sparse and memory-mapped data look the
same from above, and nothing as large as the data is ever made.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from .._typing import Array, Index
from .base import Components, row_slices
from .block import PROBES, Block
from .subset import Subset, picked
from .tallies import Extent, Pull, Sizes, Soft, Tally, Values, Worst

QUIET = np.errstate(all="ignore")  # nan and inf are numerical trouble, which the values show
LEADERS = (5, 500, 5000)  # largest values that a survey remembers: so many for each variable, and from … to …
FEW = 8  # rows with weight are gathered, not swept over, when they are fewer than one in FEW


class Meter:
    """Counts passes: the unit of cost. A fraction is counted where only some rows are touched."""

    def __init__(self) -> None:
        self.npass = 0.0
        self.nonfinite = 0  # evaluations that gave nan or inf

    def spend(self, passes: float) -> None:
        """Count; a budget overrides this to refuse."""
        self.npass += float(passes)

    def trouble(self) -> None:
        """Count an evaluation that gave nan or inf."""
        self.nonfinite += 1

    def left(self) -> float:
        """Seconds until the deadline, for guests that cannot be asked to look at the clock."""
        return np.inf


class Portion(Meter):
    """A meter for some of the rows: their passes are a fraction of the whole's, and spent there too."""

    def __init__(self, whole: Meter, share: float) -> None:
        super().__init__()
        self.whole, self.share = whole, share

    def trouble(self) -> None:
        """Count here, and there."""
        super().trouble()
        self.whole.trouble()

    def spend(self, passes: float) -> None:
        """Count here, and the fraction there."""
        self.whole.spend(passes * self.share)
        super().spend(passes)

    def left(self) -> float:
        """The whole's."""
        return self.whole.left()


def leading(d: int) -> int:
    """How many of the largest values of d variables a survey remembers."""
    return min(max(LEADERS[0] * d, LEADERS[1]), LEADERS[2])


class Survey(NamedTuple):
    """What one look at all components remembers: the largest values, largest first, and the range."""

    rows: Index
    values: Array
    low: float
    high: float


class Linearization:
    """F at x with its Jacobian products; every method below is one pass, counted by `meter`."""

    def __init__(self, components: Components, x: Array, meter: Meter | None = None) -> None:
        self.components, self.x = components.bound(x), x
        self.meter = meter or Meter()
        self._blocks: list[Block] | None = None
        self._survey: Survey | None = None

    def blocks(self, cost: float = 1.0) -> Iterator[Block]:
        """The blocks, for a pass or a fraction of one; kept, since a block remembers what it has evaluated."""
        self.meter.spend(cost)
        if self._blocks is None:
            self._blocks = list(self.components.at(self.x))
        return iter(self._blocks)

    @QUIET
    def sweep(self, *tallies: Tally) -> None:
        """One pass that shows each block to all tallies."""
        for block in self.blocks():
            for tally in tallies:
                tally.see(block)
            block.forget()

    @cached_property
    def f(self) -> Array:
        """F(x), shape (n,)."""
        values = Values(self.components.n)
        self.sweep(values)
        if not np.isfinite(values.f).all():
            self.meter.trouble()
        return values.f

    def soft(self, tau: float, offset: Array | None) -> tuple[float, Array]:
        """(F_τ(x), ∇F_τ(x)) in one pass, `offset` = τ·log w; fills `f` on the way. Both nan where f is not finite."""
        soft, values = Soft(self.components.d, tau, offset), Values(self.components.n)
        self.sweep(soft, values)
        self.__dict__["f"] = values.f
        if not soft.s > 0:
            self.meter.trouble()
            return np.nan, np.full(self.components.d, np.nan)
        return soft.fun, soft.jac

    def survey(self, count: int = 0, above: float = -np.inf) -> Survey:
        """The range of F and its `count` largest values (at least a few for each variable), in one pass.

        F itself is kept only where it was known before, or functions gave it anyway: a vector of n is not free. Values
        that are not `above` a level are not remembered: passing over them costs least.
        """
        seen = self._survey
        if seen is None or seen.rows.size < min(count, self.components.n):
            worst, extent = Worst(max(count, leading(self.components.d)), above), Extent()
            if "f" in self.__dict__ or not self.components.gathers:
                for s in row_slices(self.f.size, 8):
                    worst.take(self.f[s], s.start)
                    extent.take(self.f[s], s.start)
            else:
                self.sweep(worst, extent)
                if not np.isfinite([extent.low, extent.high]).all():
                    self.meter.trouble()
            seen = self._survey = Survey(*worst.found, float(extent.low), float(extent.high))
        return seen

    @property
    def range(self) -> Array:
        """(min f, max f): nan where a component is nan."""
        if "f" in self.__dict__:
            return np.array([self.f.min(), self.f.max()])
        seen = self.survey()
        return np.array([seen.low, seen.high])

    def leaders(self, within: float) -> tuple[Index, Array]:
        """The components within this much of the max, sorted, and their values; a pass only where they are many."""
        if "f" in self.__dict__ and self._survey is None:
            rows = np.flatnonzero(self.f >= self.f.max() - within)
            return rows, self.f[rows]
        seen = self.survey()
        near = seen.values >= seen.high - within
        if near.all() and seen.rows.size < self.components.n:
            rows = np.flatnonzero(self.f >= seen.high - within)
            return rows, self.f[rows]
        order = np.argsort(seen.rows[near])
        return seen.rows[near][order], seen.values[near][order]

    def only(self, rows: Index) -> "Linearization":
        """The same at some of the components (sorted): what they cost is a fraction of a pass."""
        some = self.components.subset(rows)
        found = Linearization(some, self.x, Portion(self.meter, rows.size / self.components.n))
        if isinstance(some, Subset):
            found._blocks = list(picked(self.blocks(0.0), rows))
        if "f" in self.__dict__:
            found.__dict__["f"] = self.f[rows]
        return found

    def few(self, rows: Index) -> bool:
        """Gathering these rows is cheaper than a sweep."""
        return self.components.rows and FEW * rows.size < self.components.n

    def vjp(self, v: Array) -> Array:
        """Jᵀv; rows in which v vanishes add nothing and, where they are most, are not read."""
        live = np.flatnonzero(v)
        if self.few(live):
            return self.only(live).vjp(v[live]) if live.size else np.zeros(self.components.d)
        pull = Pull(self.components.d, v)
        self.sweep(pull)
        return pull.g

    @QUIET
    def jvp(self, u: Array) -> Array:
        """J u."""
        out = np.empty(self.components.n)
        for block in self.blocks():
            block.put(out, block.jvp(u))
        return out

    @QUIET
    def jac(self, rows: Index) -> Array:
        """The dense (k, d) Jacobian of the components in `rows` (sorted): k/n of a pass."""
        out = np.empty((rows.size, self.components.d))
        for block in self.blocks(rows.size / self.components.n):
            for part, s in enumerate(block.rows):
                a, b = np.searchsorted(rows, (s.start, s.stop))
                if a < b:
                    out[a:b] = block.jac(rows[a:b] - s.start)
                    if part:
                        out[a:b] *= -1.0
        return out

    @QUIET
    def gram(self, v: Array) -> Array:
        """Jᵀ diag(v) J for v ≥ 0, (d, d); only rows with v > 0 are touched."""
        H = np.zeros((self.components.d, self.components.d))
        for block in self.blocks(np.count_nonzero(v) / v.size):
            mine = block.take(v)
            if block.absolute:
                mine = mine[: block.size] + mine[block.size :]
            live = np.flatnonzero(mine)
            if live.size:
                H += _gram(block, live, np.sqrt(mine[live])[:, None])
        return H

    def column_sizes(self, v: Array | None = None) -> Array:
        """Σ_i v_i |J_ij|, shape (d,), over the rows with v > 0 (all rows, v = 1/n, by default); an operator's columns
        are estimated from below (see Block.column_sizes)."""
        if not self.components.rows:
            self.meter.spend(PROBES - 1.0)
        if v is not None and self.few(np.flatnonzero(v)):
            live = np.flatnonzero(v)
            return self.only(live).column_sizes(v[live]) if live.size else np.zeros(self.components.d)
        sizes = Sizes(self.components.d, np.full(self.components.n, 1.0 / self.components.n) if v is None else v)
        self.sweep(sizes)
        return sizes.g


def _gram(block: Block, live: Index, root: Array) -> Array:
    """Jᵀ diag(root²) J over the base rows in `live`."""
    if sp.issparse(block.jacobian) and block.shared is None:
        J = block.jacobian[live].multiply(root).tocsr()
        return np.asarray((J.T @ J).toarray())
    dense = block.jac(live if live.size < block.size else slice(None)) * root
    return np.asarray(dense.T @ dense)
