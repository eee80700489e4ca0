"""What is known of a user's functions: how often each was called, and what they said at the last few points."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np

from .._typing import Array, Matrix

REMEMBERED = 4  # points: the walk's own, and those that it tries from there


@dataclass(eq=False)
class Calls:
    """Shared by a family and its copies, so that what one has asked is counted, and known, for all.

    Threads may share it too: what is remembered is replaced, never changed.
    """

    evaluations: int = 0
    jacobians: int = 0
    hessians: int = 0
    recent: tuple[tuple[Array, Array], ...] = ()
    slope: tuple[Array, Matrix] | None = None  # of a check, for the solve that follows it

    def count_evaluation(self) -> None:
        """One more call of fun."""
        self._count("evaluations")

    def count_jacobian(self) -> None:
        """One more call of jac."""
        self._count("jacobians")

    def count_hessian(self) -> None:
        """One more call of hess."""
        self._count("hessians")

    def _count(self, what: str) -> None:
        solve = COUNTS.get()
        for counts in (self, solve) if solve is not None and self in solve.of else (self,):
            setattr(counts, what, getattr(counts, what) + 1)

    def value(self, x: Array) -> Array | None:
        """F(x) if x is one of the last points."""
        return next((f.copy() for at, f in self.recent if np.array_equal(at, x)), None)

    def remember(self, x: Array, f: Array) -> None:
        """F(x) = f."""
        self.recent = (*self.recent[1 - REMEMBERED :], (x.copy(), f.copy()))

    def take_slope(self, x: Array) -> Matrix | None:
        """The Jacobian kept for x; given away once, since it may be large."""
        kept, self.slope = self.slope, None
        return kept[1] if kept is not None and np.array_equal(kept[0], x) else None


@dataclass
class Counts:
    """The calls that one solve makes of the functions it is about, whoever else calls them meanwhile."""

    of: tuple[Calls, ...]
    evaluations: int = 0
    jacobians: int = 0
    hessians: int = 0


COUNTS: ContextVar[Counts | None] = ContextVar("COUNTS", default=None)


@contextmanager
def counted(of: tuple[Calls, ...]) -> Iterator[Counts]:
    """Count the calls of these functions that are made inside, in this thread or for it."""
    counts = Counts(of)
    token = COUNTS.set(counts)
    try:
        yield counts
    finally:
        COUNTS.reset(token)


__all__ = ["Calls", "Counts", "counted"]
