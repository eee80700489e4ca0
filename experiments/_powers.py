"""Powers fitted to measurements, with their 95 % intervals, and drawn; and sweeps as tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.stats

from experiments._tables import Rows, groups
from smoothmax import plots
from smoothmax.sweep import Sweep


class Power(NamedTuple):
    """y ≈ c·x^k: k, half of its 95 % interval, and the share r² of the variance of log y that it explains."""

    k: float
    half: float
    r2: float


def power(x: Sequence[float], y: Sequence[float]) -> Power:
    """By least squares on the logarithms; the interval by Student's t; nan below three points."""
    if len(set(x)) < 3:
        return Power(math.nan, math.nan, math.nan)
    fit = scipy.stats.linregress(np.log(x), np.log(y))
    return Power(float(fit.slope), interval(len(x) - 2) * float(fit.stderr), float(fit.rvalue**2))


def interval(freedom: int) -> float:
    """Half of the 95 % interval, in standard errors."""
    return float(scipy.stats.t.ppf(0.975, freedom)) if freedom > 0 else math.nan


def swept(task: Callable[..., Mapping[str, Any]], cells: Rows, out: Any, workers: Any) -> Rows:
    """The rows of a sweep; with `out` it resumes. A failed cell raises, after all others were computed and kept."""
    found = Sweep(task, cells).run(out, workers=workers)
    if found.failed:
        broken = found.failed[0]
        raise RuntimeError(f"{len(found.failed)} of {len(cells)} cells failed, the first with {broken['error']}")
    return list(found)


def mean(exponent: list[float]) -> Power:
    """Over the problems, with its 95 % interval."""
    k = np.array([one for one in exponent if math.isfinite(one)])
    if not k.size:
        return Power(math.nan, math.nan, math.nan)
    spread = float(k.std(ddof=1) / math.sqrt(k.size)) if k.size > 1 else math.nan
    return Power(float(k.mean()), interval(k.size - 1) * spread, math.nan)


def typical(rows: Rows, column: str) -> float | None:
    """The geometric mean of a column; None where one is open."""
    known = [row[column] for row in rows if row[column] is not None]
    return float(np.exp(np.mean(np.log(known)))) if len(known) == len(rows) else None


def series(table: Rows, *columns: str) -> dict[tuple[Any, ...], Rows]:
    """Rows by the values of some columns."""
    return groups([{**row, "series": tuple(row[name] for name in columns)} for row in table], "series")


def slope(panel: Any, k: float, start: tuple[float, float], stop: float) -> None:
    """A reference line that rises like a power from `start` to where x is `stop`, with its label before it."""
    x, y = start
    panel.plot([x, stop], [y, y * max(x / stop, stop / x) ** k], color=plots.GREY, linewidth=0.8, zorder=1)
    label = f"slope {'½' if k == 0.5 else f'{k:g}'}"
    panel.annotate(label, start, (-3, 0), textcoords="offset points", ha="right", va="center", color=plots.GREY,
                   fontsize=6)  # fmt: skip


def draw_means(panel: Any, found: dict[str, list[float]], looks: dict[str, dict[str, str]]) -> None:
    """Exponents: a point a problem, below the mean with its interval; what was fitted is a row."""
    for place, (name, exponent) in enumerate(reversed(found.items())):
        fit, look = mean(exponent), looks[name]
        panel.plot(exponent, [place - 0.22] * len(exponent), ".", color=look["color"], alpha=0.5, markersize=3)
        panel.errorbar(fit.k, place, xerr=fit.half, capsize=2, **look)
        panel.annotate(f"{fit.k:.2f} ± {fit.half:.2f}", (fit.k, place), (0, 5), textcoords="offset points", ha="center",
                       fontsize=6)  # fmt: skip
    panel.set_yticks(range(len(found)), [name.replace(", ", ",\n") for name in reversed(found)])
