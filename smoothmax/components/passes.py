"""Passes: whatever looks at all n components, a block at a time, merged associatively.

One pass gives value and gradient of the surrogate together: with z = f + τ·log w over the blocks B,

    m ← max z,   s = Σ exp((z − m)/τ),   g = Σ exp((z − m)/τ)·∇f,      F_τ = m + τ·log s,   ∇F_τ = g/s,

rescaled whenever a block brings a larger maximum, so each block of A is read once, while it is in cache.
"""

import math
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from .._typing import Array, Index
from .base import Components
from .block import PROBES, Block

QUIET = np.errstate(all="ignore")  # nan and inf are numerical trouble, which the values show


class Meter:
    """Counts passes: the unit of cost. A fraction is counted where only some rows are touched."""

    def __init__(self) -> None:
        self.npass = 0.0
        self.nonfinite = 0  # evaluations that gave nan or inf

    def spend(self, passes: float) -> None:
        """Count; a budget overrides this to refuse."""
        self.npass += passes


class Linearization:
    """F at x with its Jacobian products; every method below is one pass, counted by `meter`."""

    def __init__(self, components: Components, x: Array, meter: Meter | None = None) -> None:
        self.components, self.x = components.bound(x), x
        self.meter = meter or Meter()
        self._blocks: list[Block] | None = None

    def blocks(self, cost: float = 1.0) -> Iterator[Block]:
        """The blocks, for a pass or a fraction of one; kept, since a block remembers what it has evaluated."""
        self.meter.spend(cost)
        if self._blocks is None:
            self._blocks = list(self.components.at(self.x))
        return iter(self._blocks)

    @cached_property
    @QUIET
    def f(self) -> Array:
        """F(x), shape (n,)."""
        out = np.empty(self.components.n)
        for block in self.blocks():
            block.put(out, block.f)
        return out

    @QUIET
    def soft(self, tau: float, offset: Array | None) -> tuple[float, Array]:
        """(F_τ(x), ∇F_τ(x)) in one pass, `offset` = τ·log w; fills `f` on the way.

        A prior of 0 (offset −inf) removes its component, whatever it holds.
        """
        f = np.empty(self.components.n)
        m, s, g = -math.inf, 0.0, np.zeros(self.components.d)
        for block in self.blocks():
            block.put(f, block.f)
            z = block.f if offset is None else _lifted(block.f, block.take(offset))
            top = float(z.max())
            if top > m:
                shrink = math.exp(max((m - top) / tau, -800.0)) if m > -math.inf else 0.0
                m, s, g = top, s * shrink, g * shrink
            elif top == -math.inf or (top - m) / tau < -750.0:
                continue  # every term of this block underflows
            e = np.exp((z - m) / tau)
            s += float(e.sum())
            g += block.vjp(e)
        self.__dict__["f"] = f
        if not np.isfinite(f if offset is None else f[offset > -math.inf]).all():
            self.meter.nonfinite += 1
            return math.nan, np.full_like(g, np.nan)
        return m + tau * math.log(s), g / s

    @QUIET
    def vjp(self, v: Array) -> Array:
        """Jᵀv; blocks on which v vanishes are not read."""
        g = np.zeros(self.components.d)
        for block in self.blocks():
            mine = block.take(v)
            if mine.any():
                g += block.vjp(mine)
        return g

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
                J = block.jac(live if live.size < block.size else slice(None))
                J = J * np.sqrt(mine[live])[:, None]
                H += J.T @ J
        return H

    @QUIET
    def column_sizes(self, v: Array | None = None) -> Array:
        """Σ_i v_i |J_ij|, shape (d,), over the rows with v > 0 (all rows, v = 1/n, by default); an operator's columns
        are estimated from below (see Block.column_sizes)."""
        if not self.components.rows:
            self.meter.spend(PROBES - 1.0)
        total = np.zeros(self.components.d)
        for block in self.blocks():
            copies = len(block.rows) * block.size
            mine = np.full(copies, 1.0 / self.components.n) if v is None else block.take(v)
            if mine.any():
                total += block.column_sizes(mine)
        return total


def _lifted(f: Array, offset: Array) -> Array:
    """f + τ·log w, −inf where w = 0."""
    z = f + offset
    z[offset == -math.inf] = -math.inf
    return z
