"""Passes: whatever looks at all n components, a block at a time.

A pass reads each block once, while it is in cache, and hands it to tallies (value and gradient of the surrogate, the
values, the worst violators, products with Jᵀ), which merge associatively: dense, sparse and memory-mapped data look the
same from above, and nothing as large as the data is ever made. Where the data are elsewhere, the tallies go there.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .._cached import cached_property
from .._typing import Array, Index
from .base import Components, row_slices
from .block import PROBES, Block
from .spans import Even
from .subset import Subset, picked
from .tallies import Along, Extent, Gram, Image, Pull, Sizes, Soft, Tally, Values, Worst

QUIET = np.errstate(all="ignore")  # nan and inf are numerical trouble, which the values show
LEADERS = (5, 500, 5000)  # largest values that a survey remembers: so many for each variable, and from … to …
FEW = 8  # rows with weight are gathered, not swept over, when they are fewer than one in FEW
GATHERED = 1 << 20  # numbers in rows up to which these are brought here from elsewhere


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


def metered(meter: Meter | None) -> Meter:
    """The meter, or a new one.

    Raises
    ------
    TypeError
        Something else.
    """
    if not (meter is None or isinstance(meter, Meter)):
        raise TypeError(f"meter must be a Meter or None; got {type(meter).__name__}")
    return Meter() if meter is None else meter


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
    """F at x with its Jacobian products; every method below is one pass, counted by `meter`.

    Where x is not finite F is nan, and nobody's functions are asked for its values.
    """

    def __init__(self, components: Components, x: Array, meter: Meter | None = None) -> None:
        self.meter = metered(meter)
        self._blocks: list[Block] | None = None
        self._survey: Survey | None = None
        self.components, self.x, self.beyond = components, x, not np.isfinite(x).all()
        if self.beyond:
            self.__dict__["f"] = np.broadcast_to(np.nan, components.n)
        else:
            self.components = components.bound(x)

    def blocks(self, cost: float = 1.0) -> Iterator[Block]:
        """The blocks, for a pass or a fraction of one; kept, since a block remembers what it has evaluated."""
        if self.components.remote:
            raise TypeError(f"{self.components!r} has no blocks to hand out: its data stay where they are")
        self.meter.spend(cost)
        if self._blocks is None:
            self._blocks = list(self.components.at(self.x))
        return iter(self._blocks)

    @QUIET
    def sweep(self, *tallies: Tally) -> None:
        """One pass that shows each block to all tallies."""
        if self.components.remote:
            self.meter.spend(1.0)
            self.components.visit(self.x, tallies)
            return
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
        """(F_τ(x), ∇F_τ(x)) in one pass, `offset` = τ·log w; both nan where f is not finite.

        Fills `f` on the way; of data that are elsewhere, whose f would have to travel, the survey.
        """
        if self.beyond:
            return np.nan, np.full(self.components.d, np.nan)
        soft, remote = Soft(self.components.d, tau, offset), self.components.remote
        if remote:
            worst, extent = Worst(leading(self.components.d)), Extent()
            self.sweep(soft, worst, extent)
            self._survey = _surveyed(worst, extent)
        else:
            values = Values(self.components.n)
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
            seen = self._survey = _surveyed(worst, extent)
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
        if self.crowded(within):
            return self._above(seen.high - within)
        order = np.argsort(seen.rows[near])
        return seen.rows[near][order], seen.values[near][order]

    def crowded(self, within: float) -> bool:
        """There may be more components within this much of the max than a survey remembers."""
        seen = self.survey()
        return seen.rows.size < self.components.n and bool((seen.values >= seen.high - within).all())

    def _above(self, level: float) -> tuple[Index, Array]:
        """All components at a level or above; what is elsewhere is sorted out there."""
        if self.components.remote and "f" not in self.__dict__:
            worst = Worst(self.components.n, float(np.nextafter(level, -np.inf)))
            self.sweep(worst)
            rows, values = worst.found
            order = np.argsort(rows)
            return rows[order], values[order]
        rows = np.flatnonzero(self.f >= level)
        return rows, self.f[rows]

    def highest(self) -> tuple[Index, Array]:
        """One component at the max and its value, as arrays."""
        if self.components.remote:
            seen = self.survey()
            return seen.rows[:1], seen.values[:1]
        rows, f = self.leaders(0.0)
        return rows[:1], f[:1]

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
        near = not self.components.remote or rows.size * self.components.d <= GATHERED
        return self.components.rows and near and FEW * rows.size < self.components.n

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
        if self.components.remote:
            image = Image(self.components.n, u)
            self.sweep(image)
            return image.f
        out = np.empty(self.components.n)
        for block in self.blocks():
            block.put(out, block.jvp(u))
        return out

    def along(self, u: Array) -> tuple[float, float]:
        """(min, max) of J u."""
        if self.components.remote:
            extent = Along(u)
            self.sweep(extent)
            return float(extent.low), float(extent.high)
        change = self.jvp(u)
        return float(change.min()), float(change.max())

    @QUIET
    def jac(self, rows: Index) -> Array:
        """The dense (k, d) Jacobian of the components in `rows` (sorted): k/n of a pass."""
        if self.components.remote:
            return self.only(rows).jac(np.arange(rows.size))
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
        gram = Gram(self.components.d, v)
        if self.components.remote:
            self.sweep(gram)
            return gram.g
        for block in self.blocks(np.count_nonzero(v) / v.size):
            gram.see(block)
        return gram.g

    def column_sizes(self, v: Array | None = None) -> Array:
        """Σ_i v_i |J_ij|, shape (d,), over the rows with v > 0 (all rows, v = 1/n, by default); an operator's columns
        are estimated from below (see Block.column_sizes)."""
        if not self.components.rows:
            self.meter.spend(PROBES - 1.0)
        if v is not None and self.few(np.flatnonzero(v)):
            live = np.flatnonzero(v)
            return self.only(live).column_sizes(v[live]) if live.size else np.zeros(self.components.d)
        sizes = Sizes(self.components.d, Even(1.0 / self.components.n) if v is None else v)
        self.sweep(sizes)
        return sizes.g


def _surveyed(worst: Worst, extent: Extent) -> Survey:
    return Survey(*worst.found, float(extent.low), float(extent.high))
