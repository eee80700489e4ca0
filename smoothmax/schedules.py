"""Temperature schedules: objects asked `at(k)` for the τ of stage k."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from . import _doors
from .regularizers import Regularizer, named

COLDEST, WARMEST = float(np.finfo(float).smallest_subnormal), 1e300  # between which F_τ has values


@dataclass(frozen=True)
class Constant:
    """τ_k = tau."""

    tau: float

    def __post_init__(self) -> None:
        _doors.positive("tau", self.tau)

    def at(self, k: int) -> float:
        """The same at every stage."""
        return self.tau


@dataclass(frozen=True)
class Geometric:
    """τ_k = max(start / factor^k, stop)."""

    start: float
    stop: float
    factor: float = 4.0

    def __post_init__(self) -> None:
        _doors.positive("start", self.start)
        _doors.positive("stop", self.stop)
        if not (_doors.positive("factor", self.factor) > 1):
            raise ValueError(f"factor must be > 1; got {self.factor}")

    def at(self, k: int) -> float:
        """The temperature of stage k."""
        return max(self.start * self.factor**-k, self.stop)

    def __iter__(self) -> Iterator[float]:
        """From start down to stop, both included."""
        tau, k = self.start, 0
        while tau > self.stop * (1 + 1e-12):
            yield tau
            k += 1
            tau = self.at(k)
        yield self.stop


def first(size: float) -> float:
    """A τ to begin with where f is of this size: the nearest at which F_τ has values, and 1 where the size is nan."""
    return 1.0 if math.isnan(size) else min(max(size, COLDEST), WARMEST)


def for_tolerance(
    eps: float, n: int, start: float, factor: float = 4.0, regularizer: str | Regularizer = "shannon"
) -> Geometric:
    """Down to where the worst-case bound on the smoothing error reaches `eps` (units of f): τ = eps/log n for Shannon's
    regularizer, 2·eps/(1 − 1/n) for Gini's."""
    stop = _doors.positive("eps", eps) / named(regularizer).bound(max(n, 2))
    return Geometric(max(start, stop), stop, factor)
