"""What a method is: an iterator, stopped by one loop.

A `Method` minimizes one surrogate: its states never end by themselves, and `continuation` owns the temperatures. A
`Direct` solver goes for the minimax itself, by whatever surrogates and subproblems it likes, and yields steps with
their proofs. Neither has an iteration limit, callback or clock (`loop` owns those); both are made for one solve and may
carry what they have learned.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from .._typing import Array
from ..certificate import Certificate, Multipliers
from ..components import Linearization, Meter
from ..problem import Minimax
from ..surrogate import Point, Seen, Smoothed
from .status import Status

P = TypeVar("P", bound=Seen, covariant=True)


@dataclass(frozen=True)
class State(Generic[P]):
    """Where a method stands."""

    point: P  # F (of a Method: F_τ) at a feasible x
    decrement: float  # estimate of F_τ(x) − min F_τ, in the units of f; inf while unknown
    multipliers: Multipliers | None = None  # of a linear domain, where the method has them
    steps: int = 1  # iterations since the last state
    stuck: bool = False  # no further decrease is possible in floating point
    average: Array | None = None  # weights averaged along a first-order method, (n,)


@dataclass(frozen=True)
class Step:
    """A state with what is proven there (None between proofs), or could be if the solve ended here."""

    state: State[Seen]
    certificate: Certificate | None = None
    later: Callable[[], Certificate] | None = None
    ending: Status | None = None  # why nothing comes after this step, where more is known than that it stalled

    @property
    def decrement(self) -> float:
        """F_τ − a proven lower bound of min F_τ, in the units of f."""
        return self.state.decrement if self.certificate is None else slack(self.state.point, self.certificate)


def slack(point: Seen, certificate: Certificate) -> float:
    """F_τ(x) − (lower + τ·H(p)): how far x is, proven, from the minimum of F_τ (identity 5); inf where that is beyond
    the numbers."""
    if certificate.weights is None or not np.isfinite([certificate.lower, point.tau]).all():
        return np.inf
    bound = certificate.lower + point.tau * point.information(certificate.weights)
    return point.fun - bound if bound < np.inf else np.inf


class Solver(ABC):
    """What methods and direct solvers have in common."""

    name: ClassVar[str]
    needs: ClassVar[str]  # the assumptions in a phrase, for error messages and the docs
    takes: ClassVar[tuple[str, ...]] = ()  # the names that solve(options=…) may hold
    constrained: ClassVar[bool] = False  # it takes nonlinear constraints
    remote: ClassVar[bool] = False  # it takes components whose data are elsewhere: it asks for passes and few rows
    smoothings: ClassVar[tuple[str, ...]] = ("shannon",)  # the regularizers it takes

    def __init__(self, problem: Minimax, options: dict[str, Any]) -> None:
        self.problem, self.options = problem, options

    @classmethod
    @abstractmethod
    def refuses(cls, problem: Minimax) -> str | None:
        """Why this method cannot take the problem, or None."""


@dataclass(frozen=True)
class Task:
    """What a direct solver is given: min over X of max f, from `first` on, until the gap is below `goal(f)`."""

    first: Linearization  # F at the start, evaluated; a point of X
    meter: Meter  # every pass is spent here, a fraction where only some rows are touched
    goal: Callable[[Array], float]  # the threshold on the gap at a point with values f
    rng: np.random.Generator
    prior: Array | None = None
    tol: float = 0.0  # of the goal: what is asked for, relative to the values


class Direct(Solver):
    """One way of solving min over X of max f."""

    @abstractmethod
    def steps(self, task: Task) -> Iterator[Step]:
        """Steps from the start on, each with a certificate where one is at hand; ends where nothing more can be had.

        The first step stands at the start.
        """


class Method(Solver):
    """One way of minimizing F_τ over X."""

    shrink: ClassVar[float] = 4.0  # τ is divided by this from stage to stage
    kappa: ClassVar[float] = 1e-3  # a stage ends when the decrement is below kappa·τ

    keep: ClassVar[float] = 0.06  # τ stays above this share of the gap; < 1/log(1/FLOOR), or rows at the floor stall it
    cold: ClassVar[bool] = True  # small τ costs nothing extra
    warms: ClassVar[bool] = True  # a cold start at small τ is better approached from warmer temperatures
    patience: ClassVar[int] = 60  # states after which a stage ends in any case

    @abstractmethod
    def states(self, surrogate: Smoothed, x: Array) -> Iterator[State[Point]]:
        """States from x on; the first is at x itself (moved inside where the method needs an interior)."""

    def shortcut(self, surrogate: Smoothed, x: Array, tau: float) -> Iterator[State[Point]]:
        """A cheaper way from a warmer `tau` to the surrogate's own than falling temperatures; none by default."""
        return iter(())

    def target(self, tau: float) -> float:
        """The decrement that ends a stage."""
        return self.kappa * tau

    def round(self, tau: float) -> float:
        """At a fixed τ: the decrement below which the method wants to be told the gap and start afresh; 0 for never."""
        return 0.0

    def learn(self, tau: float, gap: float) -> None:
        """Told after each stage how far the certificate is from closing."""
