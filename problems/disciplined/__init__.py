"""Disciplined convex problems that others wrote, with maxima, absolute values and sorts in them; one source per file.

Importing this does not import cvxpy; only `DisciplinedCase.build` does.
"""

from __future__ import annotations

from problems.disciplined import atoms, book, literature, notebooks, suite
from problems.disciplined.case import DisciplinedCase

__all__ = ["DisciplinedCase", "cases", "get"]


def cases() -> tuple[DisciplinedCase, ...]:
    """All of them."""
    return tuple(case for family in (notebooks, suite, atoms, book, literature) for case in family.cases())


def get(name: str) -> DisciplinedCase:
    """The case of this name."""
    named = {case.name: case for case in cases()}
    if name not in named:
        raise ValueError(f"no disciplined case is called {name!r}; there are {', '.join(named)}")
    return named[name]
