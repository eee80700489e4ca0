"""The classics: finite minimax problems that papers have been solving since the 1970s, with their printed optima.

Formulas, starts and optima are those of the collection of Lukšan and Vlček, of CUTEst and of the papers named in
each case; the optimum here is the value computed again, to 12 digits, and `agrees` says how the print compares.
"""

from __future__ import annotations

from collections.abc import Iterator

from problems.case import Case
from problems.classics import constrained, few, fits, hard, many, penalties, processes


def cases() -> Iterator[Case]:
    """All of them, small before large within each file."""
    for file in (few, fits, hard, penalties, many, constrained, processes):
        yield from file.cases()
