"""Some of the components as a problem of their own: its minimum is a lower bound of the whole's."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..._typing import Array, Index
from ...certificate import Certificate, Multipliers, prove
from ...components import Linearization, Meter, Portion
from ...problem import Minimax
from ...repairs import damped
from ..continuation import falling
from ..newton.few import falling_few, fits
from ..newton.method import Newton

STEPS = 120  # Newton steps after which the other components are asked in any case
FALLEN = 10.0  # spreads of f at the start: a fall this deep means that rows are missing

Enough = Callable[[Certificate, float], bool]  # what is proven, and max f − min f


class Solved(NamedTuple):
    """Where smoothing has come to on a part."""

    x: Array
    f: Array  # the part's components at x
    certificate: Certificate
    steps: int


class Part:
    """The components in `rows` (sorted) over the same domain; their passes are fractions of one."""

    def __init__(self, whole: Minimax, rows: Index, meter: Meter) -> None:
        self.whole, self.rows = whole, rows
        every = rows.size == whole.n and not whole.components.remote
        self.problem = whole if every else whole.only(rows)
        self.meter = Portion(meter, rows.size / whole.n if whole.components.gathers else 1.0)

    def at(self, x: Array) -> Linearization:
        """The part's components at x."""
        return self.problem.at(x, self.meter)

    def smooth(self, x: Array, tau: float | None, prior: Array | None, enough: Enough) -> Solved | None:
        """Newton under falling τ until `enough`; None where the numbers gave out at the start."""
        first = self.at(x)
        spread = float(np.ptp(first.f)) or float(np.abs(first.f).max()) or 1.0
        deep = float(first.f.max()) - FALLEN * spread
        steps, tau = 0, tau or spread / 4
        best = self._in_memory(first, tau, prior, enough, deep) if fits(self.problem, self.problem.n) else None
        if best is not None:
            had = best.certificate
            if enough(had, float(np.ptp(best.f))) or best.steps >= STEPS or float(best.f.max()) < deep:
                return best
            x, steps, prior = best.x, best.steps, had.vector
            tau = min(tau, had.gap) if np.isfinite(had.gap) else tau
        method = Newton(self.problem, {})
        for step in falling(self.problem, method, x, tau, prior, self.meter):
            steps += step.state.steps
            c, point = step.certificate, step.state.point
            if c is None:
                continue
            if best is None or c.gap < best.certificate.gap or not np.isfinite(best.certificate.gap):
                best = Solved(point.x, point.f, c, steps)
            if enough(c, float(np.ptp(point.f))) or steps >= STEPS or point.upper < deep:
                break
        return None if best is None else best._replace(steps=steps)

    def _in_memory(
        self, first: Linearization, tau: float, prior: Array | None, enough: Enough, deep: float
    ) -> Solved | None:
        """The same on the rows as a matrix, judged by ⟨p, f⟩ on the way and proven at the end."""
        J = first.jac(np.arange(self.rows.size))
        w = np.full(self.rows.size, 1.0) if prior is None else prior
        last = None
        for stage in falling_few(J, first.f - J @ first.x, tau, w, first.x):
            if not np.isfinite(stage.f).all():
                break
            self.meter.spend(1.0)
            last = stage
            low, top = float(stage.f.min()), float(stage.f.max())
            if enough(Certificate(stage.lower, top, "rounding"), top - low) or stage.steps >= STEPS or top < deep:
                break
        if last is None or last.weights is None:
            return None
        c = self.prove(last.x, last.weights, None)
        return Solved(last.x, self.at(last.x).f, c, last.steps)

    def prove(self, x: Array, weights: Array, multipliers: Multipliers | None) -> Certificate:
        """The best certificate that these weights give, as they are or repaired."""
        lin = self.at(x)
        plain = prove(self.problem, lin, weights, multipliers)
        repaired = damped(self.problem, lin, weights, multipliers)
        if repaired is None:
            return plain
        found = prove(self.problem, lin, *repaired)
        return found if found.lower > plain.lower else plain

    def lift(self, certificate: Certificate, upper: float) -> Certificate:
        """What the part has proven, for the whole, whose max at the same x is `upper`."""
        c = certificate
        weights = None if c.vector is None else self.place(c.vector)
        optimization = c.parts[1]
        parts = (upper - c.lower - optimization, optimization)
        return replace(c, upper=upper, weights=weights, parts=parts)

    def place(self, v: Array) -> Array:
        """The n-vector with v in the part's rows."""
        out = np.zeros(self.whole.n)
        out[self.rows] = v
        return out
