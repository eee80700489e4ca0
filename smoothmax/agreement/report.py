"""What the routes have found, side by side, and whether it agrees."""

import csv
import io
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._files import write_whole
from .._typing import Array
from .rational import Rational

EPS = float(np.finfo(float).eps)
ZERO = 1e-4  # of the size of f at the start, at which a tolerance may count where the optimum is 0
NOISE = 64 * EPS  # relative: what rounding of F_τ and of a bound "up to a backward error" may leave
COLUMNS = (
    "route",
    "aim",
    "status",
    "fun",
    "smoothed_fun",
    "lower_bound",
    "smoothed_lower_bound",
    "gap",
    "smoothed_gap",
    "kind",
    "seconds",
    "said",
)
SHOWN = 6


@dataclass(frozen=True)
class Row:
    """One route. Bounds hold for the problem, not only for this row; gaps are those of its own point and weights."""

    route: str
    aim: str  # "smoothed" | "exact"
    tolerance: float  # what its claim of optimality is held to, relative to max(|value|, spread)
    status: str = "failed"  # "optimal" | "stopped" | "failed" | "not applicable"
    said: str = ""
    seconds: float = 0.0
    fun: float = math.nan
    smoothed_fun: float = math.nan
    lower_bound: float = -math.inf
    smoothed_lower_bound: float = -math.inf
    spread: float = 0.0
    kind: str = "none"
    x: Array | None = field(default=None, repr=False)
    weights: Array | None = field(default=None, repr=False)

    @property
    def gap(self) -> float:
        """max f(x) − lower_bound."""
        return self.fun - self.lower_bound

    @property
    def smoothed_gap(self) -> float:
        """F_τ(x) − smoothed_lower_bound."""
        return self.smoothed_fun - self.smoothed_lower_bound

    @property
    def value(self) -> float:
        """What this route minimizes, at its x."""
        return self.fun if self.aim == "exact" else self.smoothed_fun

    def to_dict(self) -> dict[str, Any]:
        """The columns of the table."""
        return {name: getattr(self, name) for name in COLUMNS}


@dataclass(frozen=True)
class Agreement:
    """The rows of `verify`; `agree`, and the `differences` in sentences."""

    problem: str
    n: int
    convex: bool
    tau: float
    tol: float
    rows: tuple[Row, ...]
    rational: Rational | None = None
    size: float = 0.0  # the largest |f_i| at the start: an optimum of 0 is no sharper than the data

    @property
    def value(self) -> tuple[float, float]:
        """The best proven interval for min max f."""
        return self._interval("lower_bound", "fun")

    @property
    def smoothed_value(self) -> tuple[float, float]:
        """The best proven interval for min F_τ."""
        return self._interval("smoothed_lower_bound", "smoothed_fun")

    @property
    def x(self) -> dict[str, Array]:
        """The point of every route that has one."""
        return {row.route: row.x for row in self.rows if row.x is not None}

    @property
    def weights(self) -> dict[str, Array]:
        """The weights that prove each route's bound."""
        return {row.route: row.weights for row in self.rows if row.weights is not None}

    @property
    def agree(self) -> bool:
        """Some route claims an optimum, and nothing found contradicts it."""
        return any(row.status == "optimal" for row in self.rows) and not self.differences

    @property
    def differences(self) -> list[str]:
        """Every claim that another route refutes, and every bound that passes a value."""
        return [*self._false_claims(), *self._crossed()]

    def _interval(self, lower: str, upper: str) -> tuple[float, float]:
        found = [row for row in self.rows if not math.isnan(row.fun)]
        return (
            max((getattr(row, lower) for row in found), default=-math.inf),
            min((getattr(row, upper) for row in found), default=math.inf),
        )

    def _false_claims(self) -> Iterator[str]:
        """A route that says "optimal" may stand above the best value known by its tolerance, not more."""
        for row in self.rows:
            best = (self.value if row.aim == "exact" else self.smoothed_value)[1]
            allowed = row.tolerance * max(abs(row.value), row.spread, ZERO * self.size) + self._noise()
            if row.status == "optimal" and row.value - best > allowed:
                what = "max f" if row.aim == "exact" else "F_tau"
                local = "" if self.convex else " The components are not convex: both may be local minima."
                yield (
                    f"{row.route} says it is optimal, and its {what} is {row.value - best:.3g} above the best, "
                    f"{best:.15g} (its tolerance is {allowed:.3g}).{local}"
                )

    def _crossed(self) -> Iterator[str]:
        """lower ≤ upper for both, and min F_τ − τ·log n ≤ min max f ≤ min F_τ."""
        (low, high), (soft_low, soft_high) = self.value, self.smoothed_value
        room = self.tau * math.log(self.n)
        for name, lower, upper in (
            ("min max f", low, high),
            ("min F_tau", soft_low, soft_high),
            ("min max f <= min F_tau", low, soft_high),
            ("min F_tau - tau*log(n) <= min max f", soft_low - room, high),
        ):
            if lower > upper + self._noise():
                yield f"{name}: the lower bound {lower:.15g} is above the value {upper:.15g}."

    def _noise(self) -> float:
        sizes = [max(abs(row.fun), abs(row.smoothed_fun), row.spread) for row in self.rows if not math.isnan(row.fun)]
        return NOISE * max([self.size, *sizes]) + 16 * EPS * self.tau * math.log(max(self.n, 2))

    def __str__(self) -> str:
        (low, high), (soft_low, soft_high) = self.value, self.smoothed_value
        head = ["route", "aim", "max f", "gap", "F_tau", "its gap", "seconds", "status", "x", "largest weights"]
        lines = [head, *(_line(row) for row in self.rows if row.x is not None)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        without = [f"{row.route}: {row.status}. {row.said}" for row in self.rows if row.x is None]
        exact = [] if self.rational is None else [f"in rational arithmetic: min max f >= {_short(self.rational)}"]
        return "\n".join(
            [
                f"{self.problem} at tau = {self.tau:g}: {'the routes agree' if self.agree else 'THEY DO NOT AGREE'}",
                f"min max f in [{low:.15g}, {high:.15g}], min F_tau in [{soft_low:.15g}, {soft_high:.15g}]",
                *exact,
                *table,
                *without,
                *self.differences,
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and texts."""
        rows = [
            {**row.to_dict(), "x": _listed(row.x), "weights": _listed(row.weights), "tolerance": row.tolerance}
            for row in self.rows
        ]
        return {
            "problem": self.problem,
            "tau": self.tau,
            "agree": self.agree,
            "value": list(self.value),
            "smoothed_value": list(self.smoothed_value),
            "rational_lower_bound": None if self.rational is None else str(self.rational.lower),
            "differences": self.differences,
            "rows": rows,
        }

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """One line a route as CSV text; also written to `path` (whole or not at all) where one is given."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in self.rows:
            writer.writerow({k: repr(float(v)) if isinstance(v, float) else v for k, v in row.to_dict().items()})
        if path is not None:
            write_whole(path, lambda file: file.write(text.getvalue().encode()))
        return text.getvalue()


def _line(row: Row) -> list[str]:
    assert row.x is not None
    more = " ..." if row.x.size > SHOWN else ""
    numbers = [f"{row.fun:.10g}", f"{row.gap:.1e}", f"{row.smoothed_fun:.10g}", f"{row.smoothed_gap:.1e}"]
    shown = " ".join(f"{v:.5g}" for v in row.x[:SHOWN]) + more
    return [row.route, row.aim, *numbers, f"{row.seconds:.3f}", row.status, shown, _largest(row.weights)]


def _largest(weights: Array | None) -> str:
    """The first few of the weights by size, as component:weight."""
    if weights is None:
        return ""
    order = np.argsort(-weights, kind="stable")[:SHOWN]
    return " ".join(f"{i}:{weights[i]:.3g}" for i in order if weights[i] > 0)


def _short(rational: Rational) -> str:
    """The fraction where it is short, else its decimals."""
    text = str(rational.lower)
    return text if len(text) <= 40 else f"{float(rational.lower):.17g} (a fraction of {len(text)} digits)"


def _listed(array: Array | None) -> list[float] | None:
    return None if array is None else array.tolist()
