"""The whole problem in units of its own: min over z of θ·log Σ exp(g_i(z)/θ), θ = τ/scale."""

from dataclasses import dataclass

import numpy as np

from ..._typing import Array
from ...domains import Ball
from ...problem import Minimax
from ...surrogate import Smoothed
from .accepts import families, linear
from .family import Family
from .sides import Sides
from .units import Units, shifted


@dataclass(frozen=True)
class Scaled:
    """What both the primal and the dual are stated from."""

    units: Units
    theta: float
    families: list[Family]
    rows: Array  # which of the n components they hold: those to which the prior gives weight
    domain: Sides | Ball

    @classmethod
    def of(cls, surrogate: Smoothed, x: Array) -> "Scaled":
        """Around x."""
        problem, point = surrogate.problem, surrogate.point(x)
        units, values = Units.of(surrogate, point), shifted(surrogate, point)
        parts, rows, start = [], [], 0
        for part in families(problem.components):
            mine = values[start : start + part.n]
            kept = np.flatnonzero(np.isfinite(mine))
            if kept.size:
                parts.append(Family.of(part, units, kept, mine[kept]))
                rows.append(start + kept)
            start += part.n
        return cls(units, surrogate.tau / units.scale, parts, np.concatenate(rows), _domain(problem, units))


def _domain(problem: Minimax, units: Units) -> Sides | Ball:
    described = linear(problem)
    if described is not None:
        return Sides.of(described, units)
    assert isinstance(problem.domain, Ball)
    return problem.domain
