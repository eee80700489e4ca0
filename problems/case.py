"""One entry of the catalogue: a minimax problem, where to start, and what its optimum is known to be."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

import smoothmax as sm


@dataclass(frozen=True, eq=False)
class Case:
    """A problem min over x in X of max_i f_i(x) with a start, the optimum and where that is known from.

    The optimum is None where nobody knows it. How the print agrees with it: to a unit of the last printed "digits";
    "better": the optimum is smaller than the print, in a feasible point; "close": larger, by less than 1e-6 relative;
    "relaxed": the print is of an interior-point method that moves constraints by 1e-8, and lies that much too low.
    The start is copied and locked, so that no method can spoil it for the next one.

    Raises
    ------
    ValueError
        If ``exact`` contradicts ``optimum``.
    """

    name: str
    problem: sm.Minimax
    x0: NDArray[np.float64]  # a feasible start, shape (d,)
    optimum: float | None  # of the problem as written; its data as floats move it by about eps max |f|
    source: str  # who says so
    printed: str | None = None  # the optimum as the source prints it
    exact: Fraction | None = None  # the optimum where it is rational
    convex: bool = True
    agrees: Literal["digits", "better", "close", "relaxed"] = "digits"
    at_most: bool = False  # the optimum is the least value known near the start: a smaller one is no error
    note: str = ""
    family: str = ""  # the module of the catalogue it comes from

    def __post_init__(self) -> None:
        start = np.array(self.x0, dtype=float)
        start.flags.writeable = False
        object.__setattr__(self, "x0", start)
        if self.exact is not None and self.optimum != float(self.exact):
            raise ValueError(f"{self.name}: optimum is {self.optimum!r}, exact is {self.exact}")
