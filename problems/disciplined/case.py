"""One disciplined convex problem that someone else wrote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DisciplinedCase:
    """A problem as a cvxpy user would state it, and where it comes from.

    Attributes
    ----------
    name : str
    build : callable
        () -> cvxpy.Problem, with fresh variables at each call; parameters have values. Only this imports cvxpy.
    source : str
        File and repository, or book and section; and what differs from it.
    optimum : float, optional
        The optimal value stated there.
    digits : float
        Relative to max(|optimum|, 1), what the statement may be off by: its last printed digit, or its solver's.
    minimax : bool
        True where it is the min of a max of affine or convex quadratic functions over affine constraints.
    solver : str, optional
        For `problem.solve`, where cvxpy's own choice fails.
    """

    name: str
    build: Callable[[], Any]
    source: str
    optimum: float | None = None
    digits: float = 1e-6
    minimax: bool = False
    solver: str | None = None
