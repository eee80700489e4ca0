"""Candidates and their proofs: any p on the simplex bounds the game through the domain's linear minimization oracle.

    ⟨p, F(x)⟩ + min over y ∈ X of ⟨Aᵀp, y − x⟩  ≤  min max f  ≤  max F(x)

Both sides cost one product each; the proof with its rounding is made where it closes the gap, or where much is gained.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..._typing import Array
from ...certificate import Certificate, prove
from ...components import Linearization
from ...domains import Domain
from ...problem import Minimax
from ...surrogate import Seen
from ..base import State, Step, Task

GAINED = 3.0  # the gap has fallen by this factor since the last proof: worth another


@dataclass(frozen=True)
class Pair:
    """A strategy of each side, with the products that price them."""

    lin: Linearization
    p: Array
    g: Array  # Aᵀp, (d,)

    @classmethod
    def of(cls, problem: Minimax, task: Task, x: Array, p: Array) -> "Pair":
        """x ∈ X and p ≥ 0 (normalized here): two passes."""
        lin, p = problem.at(x, task.meter), p / p.sum()
        lin.f  # noqa: B018 - evaluated first, so that a proof finds it
        return cls(lin, p, lin.vjp(p))

    def lower(self, domain: Domain) -> float:
        """What p proves, up to rounding."""
        y = domain.lmo(self.g)
        return float(self.p @ self.lin.f) + float(self.g @ (y - self.lin.x))

    def upper(self) -> float:
        """max F(x)."""
        return float(self.lin.f.max())


@dataclass
class Ledger:
    """The best pair of each side so far, and the steps that show it."""

    problem: Minimax
    task: Task
    best_x: Linearization | None = None
    best_p: Pair | None = None
    upper: float = math.inf
    lower: float = -math.inf
    proven: float = math.inf  # the least gap of a proof
    rounding: float = 0.0  # what the last proof was wider than the gap

    @property
    def gap(self) -> float:
        """The gap of the best pair, up to rounding."""
        return self.upper - self.lower

    @property
    def closed(self) -> bool:
        """The gap is within what was asked for."""
        return self.best_x is not None and self.gap + self.rounding <= self.task.goal(self.best_x.f)

    def flat(self, lin: Linearization) -> Iterator[Step]:
        """The one step where X is a point or all components change alike: a top one, and the best answer to it."""
        p = np.zeros(self.problem.n)
        p[int(np.argmax(lin.f))] = 1.0
        best = self.problem.at(self.problem.domain.lmo(lin.vjp(p)), self.task.meter)
        yield Step(State(Seen(best), 0.0), prove(self.problem, best, p))

    def take(self, pair: Pair) -> bool:
        """Keep what is better on either side; True where something is."""
        upper, lower = pair.upper(), pair.lower(self.problem.domain)
        found = False
        if upper < self.upper:
            self.best_x, self.upper, found = pair.lin, upper, True
        if lower > self.lower:
            self.best_p, self.lower, found = pair, lower, True
        return found

    def step(self, iterations: int = 1, last: bool = False) -> Iterator[Step]:
        """A step at the best x, with a proof where the gap is closed, has fallen far, or nothing more will come."""
        if self.best_x is None or self.best_p is None:
            return
        worth = self.closed or self.gap <= self.proven / GAINED or (last and self.gap < self.proven)
        certificate: Certificate | None = None
        if worth:
            certificate = prove(self.problem, self.best_x, self.best_p.p)
            self.proven = min(self.proven, certificate.gap)
            self.rounding = max(certificate.gap - self.gap, 0.0)
        yield Step(State(Seen(self.best_x), self.gap, None, iterations), certificate)
