"""What a method is: for one surrogate, an iterator of states that never ends by itself.

A method has no iteration limit, callback or clock (`loop` owns those) and no temperature schedule (`continuation` owns
that). It is made for one solve and may carry what it has learned (step sizes, multipliers) from stage to stage.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from .._typing import Array
from ..certificate import Multipliers
from ..problem import Minimax
from ..surrogate import Point, Smoothed


@dataclass(frozen=True)
class State:
    """Where a method stands."""

    point: Point  # F_τ at a feasible x
    decrement: float  # estimate of F_τ(x) − min F_τ, in the units of f; inf while unknown
    multipliers: Multipliers | None = None  # of a linear domain, where the method has them
    steps: int = 1  # iterations since the last state
    stuck: bool = False  # no further decrease is possible in floating point


class Method(ABC):
    """One way of minimizing F_τ over X."""

    name: ClassVar[str]
    needs: ClassVar[str]  # the assumptions in a phrase, for error messages and the docs
    shrink: ClassVar[float] = 4.0  # τ is divided by this from stage to stage
    kappa: ClassVar[float] = 1e-3  # a stage ends when the decrement is below kappa·τ

    keep: ClassVar[float] = 0.06  # τ stays above this share of the gap; < 1/log(1/FLOOR), or rows at the floor stall it
    cold: ClassVar[bool] = True  # small τ costs nothing extra
    warms: ClassVar[bool] = True  # a cold start at small τ is better approached from warmer temperatures
    patience: ClassVar[int] = 60  # states after which a stage ends in any case

    def __init__(self, problem: Minimax, options: dict[str, Any]) -> None:
        self.problem, self.options = problem, options

    @classmethod
    @abstractmethod
    def refuses(cls, problem: Minimax) -> str | None:
        """Why this method cannot take the problem, or None."""

    @abstractmethod
    def states(self, surrogate: Smoothed, x: Array) -> Iterator[State]:
        """States from x on; the first is at x itself (moved inside where the method needs an interior)."""

    def target(self, tau: float) -> float:
        """The decrement that ends a stage."""
        return self.kappa * tau

    def round(self, tau: float) -> float:
        """At a fixed τ: the decrement below which the method wants to be told the gap and start afresh; 0 for never."""
        return 0.0

    def learn(self, tau: float, gap: float) -> None:  # noqa: B027 - most methods have nothing to learn
        """Told after each stage how far the certificate is from closing."""
