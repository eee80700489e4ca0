"""Tallies: what a pass keeps of each block, merged associatively, so that blocks may come in any order or in pieces.

The surrogate's tally is, with z = f + τ·log w over the blocks seen,

    m = max z,   s = Σ exp((z − m)/τ),   g = Σ exp((z − m)/τ)·∇f,      F_τ = m + τ·log s,   ∇F_τ = g/s

(m, s, g) ⊕ (m', s', g'): both rescaled to the larger maximum, then added.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from typing import Self

import numpy as np
import scipy.sparse as sp

from .._typing import Array, Index
from .block import Block
from .spans import Entries, Even, Section

FADED = 80.0  # terms this many τ below the largest add less than 2e-35 of it
SAMPLE = 4096  # values from which a level is guessed
UNMIRRORED = 300.0  # beyond this many τ a component's mirror image −r weighs less than 1e-130


class Tally(ABC):
    """What a pass collects."""

    @abstractmethod
    def see(self, block: Block) -> None:
        """Take a block in."""

    @abstractmethod
    def merge(self, other: Self) -> None:
        """Take in what another tally of the same kind has seen elsewhere."""

    @abstractmethod
    def part(self, spans: Sequence[slice]) -> Self:
        """One of this kind that has seen nothing yet, for the components in `spans`: what is sent elsewhere."""

    def pack(self) -> None:  # noqa: B027 - most are small
        """Let go of what need not travel, once everything has been seen."""


class Soft(Tally):
    """(F_τ, ∇F_τ); `offset` = τ·log w. A prior of 0 (offset −inf) removes its component, whatever it holds."""

    def __init__(self, d: int, tau: float, offset: Entries | None = None) -> None:
        self.tau, self.offset = tau, offset
        self.m, self.s, self.g = -math.inf, 0.0, np.zeros(d)

    @property
    def fun(self) -> float:
        """F_τ; nan where a component was not finite."""
        return self.m + self.tau * math.log(self.s) if self.s > 0 else math.nan

    @property
    def jac(self) -> Array:
        """∇F_τ, (d,)."""
        return self.g / self.s

    def see(self, block: Block) -> None:
        """Exponentials of the terms that show; the others are not even read again for the gradient."""
        if block.absolute and self.offset is None:
            self._mirrored(block)
            return
        z = block.f
        if self.offset is not None:
            offset = block.take(self.offset)
            z = z + offset
            z[offset == -math.inf] = -math.inf
            low = float(block.f[offset > -math.inf].min(initial=math.inf))
        else:
            low = float(z.min())
        if not self._raise(float(z.max()), low):
            return
        live = z >= self.m - FADED * self.tau
        if 4 * np.count_nonzero(live) > z.size:
            self._add(block, None, self._exp(z))
        else:
            rows = np.flatnonzero(live)
            self._add(block, rows, self._exp(z[rows]))

    def _mirrored(self, block: Block) -> None:
        """f = (r, −r) with one exponential: e^{(−|r|−m)/τ} = e^{−2m/τ}/e^{(|r|−m)/τ}."""
        r = block.base
        size = np.abs(r)
        if not self._raise(float(size.max()), 0.0):
            return
        near = size >= self.m - FADED * self.tau
        rows = None if 4 * np.count_nonzero(near) > size.size else np.flatnonzero(near)
        if rows is not None:
            r, size = r[rows], size[rows]
        e = self._exp(size)
        self.s += float(e.sum())
        if self.m < UNMIRRORED * self.tau:
            mirror = math.exp(-2 * self.m / self.tau) / e
            self.s += float(mirror.sum())
            e -= mirror
        self.g += block.pull(np.copysign(e, r), rows)

    def _raise(self, top: float, low: float) -> bool:
        """A new maximum, or nothing; False where the block adds nothing. nan and inf spoil the sum for good."""
        if not (top < math.inf and low > -math.inf):
            self.s = math.nan
        if not self.s >= 0 or top == -math.inf:
            return False
        if top > self.m:
            shrink = math.exp((self.m - top) / self.tau)
            self.m, self.s = top, self.s * shrink
            self.g *= shrink
        return (top - self.m) / self.tau >= -FADED

    def _exp(self, z: Array) -> Array:
        e = z - self.m
        e /= self.tau
        return np.exp(e, out=e)

    def _add(self, block: Block, rows: Index | None, e: Array) -> None:
        self.s += float(e.sum())
        if rows is None:
            self.g += block.vjp(e)
            return
        k = block.size
        if not block.absolute:
            self.g += block.pull(e, rows)
            return
        mirrored = rows >= k
        self.g += block.pull(np.where(mirrored, -e, e), np.where(mirrored, rows - k, rows))

    def merge(self, other: "Soft") -> None:
        """(m, s, g) ⊕ (m', s', g')."""
        if other.s == 0:
            return
        if self._raise(other.m, other.m if other.s > 0 else math.nan):
            scale = math.exp((other.m - self.m) / self.tau)
            self.s += scale * other.s
            self.g += scale * other.g

    def part(self, spans: Sequence[slice]) -> "Soft":
        """With the prior there."""
        offset = None if self.offset is None else Section.of(self.offset, spans)
        return Soft(self.g.size, self.tau, offset)

    def pack(self) -> None:
        """The prior stays."""
        self.offset = None


class Values(Tally):
    """F itself, and its largest entry."""

    def __init__(self, n: int) -> None:
        self.out: Array | Section = np.empty(n)
        self.seen: list[slice] = []

    @property
    def f(self) -> Array:
        """F, (n,), where all of it is here."""
        assert isinstance(self.out, np.ndarray)
        return self.out

    def see(self, block: Block) -> None:
        """Write the block's values to their place."""
        block.put_values(self.out)
        self.seen.extend(block.rows)

    def merge(self, other: "Values") -> None:
        """Copy what the other has seen."""
        for s in other.seen:
            self.out[s] = other.out[s]
        self.seen.extend(other.seen)

    def part(self, spans: Sequence[slice]) -> Self:
        """With room for the values there."""
        other = copy(self)
        other.out, other.seen = Section.empty(spans), []
        return other


class Image(Values):
    """J u in the place of F."""

    def __init__(self, n: int, u: Array) -> None:
        super().__init__(n)
        self.u = u

    def see(self, block: Block) -> None:
        """Write the block's product to its place."""
        block.put(self.out, block.jvp(self.u))
        self.seen.extend(block.rows)


class Extent(Tally):
    """min f and max f; nan where a component is nan."""

    def __init__(self) -> None:
        self.low, self.high = np.float64(math.inf), np.float64(-math.inf)

    def see(self, block: Block) -> None:
        """Of an absolute block one is the other's negative."""
        low, high = block.base.min(), block.base.max()
        if block.absolute:
            high = np.maximum(high, -low)
            low = -high
        self._widen(low, high)

    def take(self, f: Array, start: int) -> None:
        """The values of consecutive components."""
        self._widen(f.min(), f.max())

    def merge(self, other: "Extent") -> None:
        """Of both."""
        self._widen(other.low, other.high)

    def part(self, spans: Sequence[slice]) -> Self:
        """The same for all."""
        other = copy(self)
        Extent.__init__(other)
        return other

    def _widen(self, low: np.float64, high: np.float64) -> None:
        self.low, self.high = np.minimum(self.low, low), np.maximum(self.high, high)


class Along(Extent):
    """min and max of J u."""

    def __init__(self, u: Array) -> None:
        super().__init__()
        self.u = u

    def see(self, block: Block) -> None:
        """Of an absolute block both signs are there."""
        self.take(block.jvp(self.u), 0)


class Worst(Tally):
    """The `count` components with the largest values, of those above `level`."""

    def __init__(self, count: int, level: float = -math.inf) -> None:
        self.count, self.level = count, level
        self._rows, self._values = np.zeros(0, np.intp), np.zeros(0)

    @property
    def found(self) -> tuple[Index, Array]:
        """(rows, values), largest first, the lower number first among equals."""
        order = np.lexsort((self._rows, -self._values))[: self.count]
        return self._rows[order], self._values[order]

    def see(self, block: Block) -> None:
        """The block's largest among those so far; above a level ≥ 0 only one sign of an absolute row can be."""
        if block.absolute and self.level >= 0:
            size = np.abs(block.base)
            local = np.flatnonzero(size > self.level)
            if local.size:
                start = np.where(block.base[local] > 0, block.rows[0].start, block.rows[1].start)
                self._keep(local + start, size[local])
            return
        for part, s in enumerate(block.rows):
            self.take(-block.base if part else block.base, s.start)

    def take(self, f: Array, start: int) -> None:
        """The values of consecutive components."""
        if self.level == -math.inf and f.size > 8 * self.count:
            self._aim(f)
        local = np.flatnonzero(f > self.level)
        if local.size:
            self._keep(local + start, f[local])

    def _aim(self, f: Array) -> None:
        """A level from a sample, where enough values lie above it: sorting them all out costs more."""
        stride = max(f.size // SAMPLE, 1)
        some = f[::stride]
        k = some.size - 2 * self.count // stride - 8
        guess = float(np.partition(some, k)[k]) if k > 0 else -math.inf
        if np.count_nonzero(f > guess) >= self.count:
            self.level = guess

    def merge(self, other: "Worst") -> None:
        """The largest of both."""
        self._keep(other._rows, other._values)

    def part(self, spans: Sequence[slice]) -> "Worst":
        """The same for all."""
        return Worst(self.count, self.level)

    def pack(self) -> None:
        """No more than asked for."""
        self._trim()

    def _keep(self, rows: Index, values: Array) -> None:
        self._rows = np.concatenate([self._rows, rows])
        self._values = np.concatenate([self._values, values])
        if self._values.size > 4 * self.count:  # not each time: sorting out costs more than carrying a few
            self._trim()

    def _trim(self) -> None:
        if self._values.size > self.count:
            chosen = np.argpartition(-self._values, self.count - 1)[: self.count]
            self._rows, self._values = self._rows[chosen], self._values[chosen]
            self.level = float(self._values.min())


class Pull(Tally):
    """Jᵀv."""

    def __init__(self, d: int, v: Entries) -> None:
        self.v, self.g = v, np.zeros(d)

    def see(self, block: Block) -> None:
        """Blocks on which v vanishes are not read."""
        mine = block.take(self.v)
        if mine.any():
            self.g += block.vjp(mine)

    def merge(self, other: "Pull") -> None:
        """The sum."""
        self.g += other.g

    def part(self, spans: Sequence[slice]) -> Self:
        """With v there."""
        other = copy(self)
        other.v = self.v if isinstance(self.v, Even) else Section.of(self.v, spans)
        other.g = np.zeros_like(self.g)
        return other

    def pack(self) -> None:
        """v stays."""
        self.v = Even(0.0)


class Sizes(Pull):
    """Σ v_i |J_ij| for v ≥ 0."""

    def see(self, block: Block) -> None:
        """Blocks on which v vanishes are not read."""
        mine = block.take(self.v)
        if mine.any():
            self.g += block.column_sizes(mine)


class Gram(Pull):
    """Jᵀ diag(v) J for v ≥ 0."""

    def __init__(self, d: int, v: Entries) -> None:
        super().__init__(d, v)
        self.g = np.zeros((d, d))

    def see(self, block: Block) -> None:
        """Only rows with v > 0 are touched."""
        mine = block.take(self.v)
        if block.absolute:
            mine = mine[: block.size] + mine[block.size :]
        live = np.flatnonzero(mine)
        if live.size:
            self.g += _gram(block, live, np.sqrt(mine[live])[:, None])


def _gram(block: Block, live: Index, root: Array) -> Array:
    """Jᵀ diag(root²) J over the base rows in `live`."""
    if sp.issparse(block.jacobian) and block.shared is None:
        J = block.jacobian[live].multiply(root).tocsr()
        return np.asarray((J.T @ J).toarray())
    dense = block.jac(live if live.size < block.size else slice(None)) * root
    return np.asarray(dense.T @ dense)
