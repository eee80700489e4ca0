"""What a temperature path has to show: errors against τ, and the level below which they cannot be read off."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .._typing import Array
from .look import BLACK, BLUE, GREEN, ORANGE, VERMILLION

Table = Mapping[str, Sequence[Any]]


class Curve(NamedTuple):
    """Values against τ, what they are, and how they are drawn."""

    label: str
    y: Array
    look: dict[str, Any]


class Shown(NamedTuple):
    """The curves of a table, and the floor: what is not above it is drawn there, hollow."""

    curves: list[Curve]
    floor: float
    floor_label: str


DASHED = {"color": BLACK, "linestyle": (0, (4, 1.5))}


BOUNDS = {  # what the columns of bounds are
    "shannon": ("τ·log n (bound for any data)", "τ·H(p) (bound at the weights)"),
    "gini": ("τ/2·(1 − 1/n) (bound for any data)", "τ/2·(1 − ‖p‖²) (bound at the weights)"),
}


def shown(table: Table, optimum: float | None, regularizer: str = "shannon") -> Shown:
    """Of a path of problems (`Path`), or of brackets (`cvx.path`, whose table has an error bound)."""
    known = None if optimum is None or not math.isfinite(optimum) else float(optimum)
    return _of_brackets(table, known) if "error_bound" in table else _of_gaps(table, known, regularizer)


def _of_gaps(table: Table, optimum: float | None, regularizer: str) -> Shown:
    bounds = finite(column(table, "lower_bound"))
    best = optimum if optimum is not None else float(bounds.max()) if bounds.size else math.nan
    error = "− best lower bound" if optimum is None else "− minimum"
    floor = rounding(table)
    curves = [
        Curve(BOUNDS[regularizer][0], column(table, "tau_log_n"), DASHED),
        Curve(BOUNDS[regularizer][1], column(table, "tau_entropy"), _line(BLUE, "s")),
        Curve("proven gap of max f", column(table, "gap"), _line(VERMILLION, "o")),
        Curve(f"extrapolated max f {error}", column(table, "extrapolated") - best, _line(GREEN, "D", ":")),
    ]
    if optimum is not None:
        true = column(table, "fun") - best
        curves.append(Curve("max f at x(τ) − minimum", np.where(true > floor, true, np.nan), CROSS))
    return Shown(curves, floor, "rounding")


def _of_brackets(table: Table, optimum: float | None) -> Shown:
    """Measured against the optimum, or the middle of what all brackets have in common, known to half its width."""
    lower, upper = finite(column(table, "lower_bound")), finite(column(table, "upper_bound"))
    floor, best = rounding(table), math.nan if optimum is None else optimum
    if optimum is None and lower.size and upper.size:
        best = (lower.max() + upper.min()) / 2
        floor = max(floor, abs(upper.min() - lower.max()) / 2)
    curves = [
        Curve("error bound, before any solve", column(table, "error_bound"), DASHED),
        Curve("width of the bracket", column(table, "gap"), _line(VERMILLION, "o")),
        Curve("|smoothed optimum − optimum|", abs(column(table, "smoothed_fun") - best), _line(BLUE, "s")),
        Curve("|value at x(τ) − optimum|", abs(column(table, "fun") - best), CROSS),
        Curve("|extrapolated value − optimum|", abs(column(table, "extrapolated") - best), _line(GREEN, "D", ":")),
    ]
    return Shown(curves, floor, "rounding" if optimum is not None else "left open")


def rounding(table: Table) -> float:
    """The floor below which differences of max f are rounding: 16 eps · the largest |max f| of the table."""
    values = finite(column(table, "fun"))
    return 16 * float(np.finfo(float).eps) * (float(np.abs(values).max()) if values.size else 0.0) or 1e-300


def column(table: Table, name: str) -> Array:
    """A column as floats; None is nan."""
    return np.array([math.nan if value is None else float(value) for value in table[name]], dtype=float)


def finite(values: Array) -> Array:
    """Those that are."""
    return values[np.isfinite(values)]


CROSS = {"color": ORANGE, "linestyle": "", "marker": "x", "zorder": 4}


def _line(color: str, marker: str, style: str = "-") -> dict[str, Any]:
    return {"color": color, "linestyle": style, "marker": marker}
