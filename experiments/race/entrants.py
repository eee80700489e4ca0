"""What takes part: a work, who races on it, and the bars it has to clear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import smoothmax as sm
from experiments._peers import Answer

Entrant = Callable[[sm.Minimax, float], Answer]  # problem, time limit in s


@dataclass(frozen=True)
class Peer:
    """A solver under a name; `attempts` run in order until one answer is within the gap, and that one is counted."""

    name: str
    kind: str  # whose bar it belongs to: direct, loop, …
    attempts: tuple[Entrant, ...]


@dataclass(frozen=True)
class Work:
    """One problem for all; `targets` says how many times our time the best peer of a kind should take."""

    name: str
    build: Callable[[], sm.Minimax]
    peers: tuple[Peer, ...]
    targets: dict[str, float] = field(default_factory=dict)
    tol: float = 1e-8  # relative gap that counts as solved
    tau: float | None = None  # the temperature where F_τ is the work
    most_passes: float | None = None
    size: int = 0  # what the picture draws time against: rows, points, taps
    family: str = ""  # works of one line in the picture
