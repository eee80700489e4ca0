"""The portfolio with the least worst loss: min over x >= 0, sum x = 1, of max over scenarios t of -r_t.x.

M. R. Young, A minimax portfolio selection rule with linear programming solution, Management Science 44 (1998) 673-683.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint

import smoothmax as sm
from problems.case import Case
from problems.tables import rows

LEAST_MEAN = Fraction(1, 40)  # a month
WORST = 0.13462376579666435
WORST_WITH_MEAN = 0.13985713985263298


def prices() -> dict[str, dict[str, Fraction]]:
    """Per stock, the first price of each month, as printed: {symbol: {date: price}}."""
    found: dict[str, dict[str, Fraction]] = {}
    for row in rows("stocks.csv"):
        found.setdefault(row["symbol"], {})[row["date"]] = Fraction(row["price"])
    return found


def exact_returns() -> tuple[list[str], list[list[Fraction]]]:
    """(symbols, returns): one row for each month in which all the stocks have a price, and the month before too."""
    table = prices()
    symbols = sorted(table)
    dates = [date for date in table[symbols[0]] if all(date in table[s] for s in symbols)]
    pairs = pairwise(dates)
    return symbols, [[table[s][now] / table[s][before] - 1 for s in symbols] for before, now in pairs]


def returns() -> NDArray[np.float64]:
    """The same as floats, (T, 5)."""
    return np.array(exact_returns()[1], dtype=float)


def worst_loss(least_mean: float | None = None) -> sm.Minimax:
    """The problem over the simplex, the mean return held at or above `least_mean` if that is given."""
    r = returns()
    held = () if least_mean is None else LinearConstraint(r.mean(axis=0), least_mean, np.inf)
    return sm.Minimax(sm.Affine(-r), sm.Simplex(r.shape[1]), held)


def cases() -> Iterator[Case]:
    """Five stocks from August 2004 to March 2010, freely and with a mean return of 2.5 % a month."""
    source = "prices: Vega's stocks; optimum certified in rational arithmetic"
    for name, problem, value in (
        ("stocks-worst-month", worst_loss(), WORST),
        ("stocks-worst-month-mean", worst_loss(float(LEAST_MEAN)), WORST_WITH_MEAN),
    ):
        yield Case(name, problem, problem.start(), value, source, note="the optimum is that of the decimal prices")
