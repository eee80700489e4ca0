"""The catalogue: minimax problems with a known optimum, one family per file.

Nothing is built, and no file is read, before the first call of `cases` or `get`.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Any

from problems import (
    chebyshev,
    chebyshev_centre,
    classics,
    classics_convex,
    enclosing_ball,
    fairness,
    filters,
    games,
    linf_regression,
    portfolio,
    spectral,
    traffic,
)
from problems.case import Case

__all__ = ["Case", "cases", "get"]

_FAMILIES = (
    linf_regression,
    chebyshev,
    filters,
    games,
    enclosing_ball,
    chebyshev_centre,
    portfolio,
    fairness,
    spectral,
    classics_convex,
    classics,
    traffic,
)


@cache
def _catalogue() -> MappingProxyType[str, Case]:
    named: dict[str, Case] = {}
    for family in _FAMILIES:
        for case in family.cases():
            if case.name in named:
                raise ValueError(f"two cases are called {case.name!r}")
            named[case.name] = replace(case, family=family.__name__.rpartition(".")[2])
    return MappingProxyType(named)


def cases(family: str | None = None) -> tuple[Case, ...]:
    """Every case with a known optimum, or those of one family."""
    found = tuple(c for c in _catalogue().values() if family is None or c.family == family)
    if not found:
        known = ", ".join(sorted({c.family for c in _catalogue().values()}))
        raise ValueError(f"no family is called {family!r}; there are {known}")
    return found


def get(name: str) -> Case:
    """The case of this name.

    Raises
    ------
    ValueError
        If there is none; the message lists the closest names.
    """
    catalogue = _catalogue()
    if name not in catalogue:
        close = get_close_matches(name, catalogue, n=5, cutoff=0.4) or catalogue
        raise ValueError(f"no case is called {name!r}; close to it: {', '.join(close)}")
    return catalogue[name]


def __getattr__(name: str) -> Any:
    """`problems.NAME` is `get(NAME)`, so that `smoothmax solve problems:kuhn-poker` finds a case."""
    if name.startswith("_") or name not in _catalogue():
        raise AttributeError(f"module 'problems' has no attribute {name!r}")
    return _catalogue()[name]
