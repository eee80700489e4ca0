"""How good are minimax filters beside scipy.signal.remez, and how soon?

Both work on a grid, and a filter that is best there errs a little more between the points: so compare equal densities.
The last way is told the extremal frequencies of the answer, and shows only that nothing but the grid was missing. Every
filter is judged on a grid of density 1024, against the ripple known to 18 digits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.signal import remez

import smoothmax as sm
from experiments._tables import Rows, groups
from experiments._words import between, many, number
from problems import filters
from smoothmax import plots

TIMED = True  # a clock runs: nothing else should
DENSITIES = (16, 256)  # remez's default, and a fine one
JUDGE = 1024
SHOWN = "fir-bandpass18"


def run(*, quick: bool = False) -> Rows:
    """One row a specification and way: the true ripple, its excess over the published one, the time."""
    specs = list(filters.filters().values())[: 2 if quick else None]
    return [row for spec in specs for row in _rows(spec, 1 if quick else 10)]


def _rows(spec: filters.Filter, repeats: int) -> Rows:
    ways: dict[str, Callable[[], NDArray[np.float64]]] = {
        **{f"remez, grid {k}": (lambda k=k: exchange(spec, k)) for k in DENSITIES},
        **{f"ours, grid {k}": (lambda k=k: ours(spec, spec.grid(k))) for k in DENSITIES},
        "ours, told the extremal points": lambda: ours(spec, spec.with_extremal()),
    }
    best, table = float(spec.ripple), []
    for way, make in ways.items():
        c, seconds = _timed(make, repeats)
        found = ripple(spec, c)
        table.append(
            {"filter": spec.name, "way": way, "published": best, "ripple": found, "excess": found / best - 1}
            | {"seconds": seconds, "coefficients": " ".join(map(repr, c.tolist()))}
        )
    reference = table[0]["seconds"]  # remez as it comes
    return [row | {"over_remez": row["seconds"] / reference} for row in table]


def ours(spec: filters.Filter, grid: Any) -> NDArray[np.float64]:
    """The coefficients c of our filter, proven best on the grid."""
    return np.asarray(sm.solve(filters.design(spec.numtaps, *grid)).x)


def exchange(spec: filters.Filter, density: int) -> NDArray[np.float64]:
    """The coefficients of remez's filter: h halved, its centre whole."""
    h = remez(spec.numtaps, spec.bands.ravel(), spec.desired, weight=list(spec.weights), fs=1.0, grid_density=density)
    T = filters.taps(spec.numtaps)
    return np.asarray(np.linalg.lstsq(T, h, rcond=None)[0])


def ripple(spec: filters.Filter, c: NDArray[np.float64]) -> float:
    """The largest weighted error on the fine grid and at the extremal frequencies."""
    f, desired, weights = spec.with_extremal(JUDGE)
    return float(np.abs(weights * (filters.amplitude(f, spec.numtaps) @ c - desired)).max())


def _timed(make: Callable[[], NDArray[np.float64]], repeats: int) -> tuple[NDArray[np.float64], float]:
    best, c = np.inf, make()
    for _ in range(repeats):
        start = time.perf_counter()
        c = make()
        best = min(best, time.perf_counter() - start)
    return c, best


def summary(table: Rows) -> Rows:
    """Without the coefficients."""
    return [{key: value for key, value in row.items() if key != "coefficients"} for row in table]


def answer(table: Rows) -> str:
    """The excess over the published ripple at each density, and the times."""
    ways = groups(table, "way")
    count = many(len(next(iter(ways.values()))), "filter")
    text = f"{count}, judged by how far the ripple is above the published one, relative."
    for k in DENSITIES:
        ours, theirs = ways[f"ours, grid {k}"], ways[f"remez, grid {k}"]
        mine, peers = ([max(row["excess"], 0.0) for row in rows] for rows in (ours, theirs))
        longer = between([a["seconds"] / b["seconds"] for a, b in zip(ours, theirs, strict=True)])
        text += (
            f" On a grid of density {k} that is {between(mine)} for ours and {between(peers)} for remez, and ours, "
            f"with its proof, takes {longer} times as long."
        )
    told = max(max(row["excess"], 0.0) for row in ways["ours, told the extremal points"])
    return f"{text} Told the extremal frequencies, ours is off by {number(told)} at most."


def plot(table: Rows) -> Figure:
    """The magnitude in dB of ours and remez's, and the weighted errors divided by the published ripple."""
    names = {row["filter"] for row in table}
    name = SHOWN if SHOWN in names else table[0]["filter"]
    spec = filters.filters()[name]
    shown = {row["way"]: np.array(row["coefficients"].split(), float) for row in table if row["filter"] == name}
    ways = {"ours, grid 256": (plots.BLUE, "-"), "remez, grid 16": (plots.ORANGE, "--")}
    figure, (above, below) = plots.panels(2, 1, 17.0, 12.0)
    with plots.style():
        f = np.linspace(0.0, 0.5, 4000)
        for way, (colour, dashes) in ways.items():
            A = np.abs(filters.amplitude(f, spec.numtaps) @ shown[way])
            above.plot(f, 20 * np.log10(np.maximum(A, 1e-6)), color=colour, linestyle=dashes, linewidth=1.4, label=way)
            for band in spec.bands:
                g, desired, weights = spec.on(np.linspace(*band, 1000))
                e = weights * (filters.amplitude(g, spec.numtaps) @ shown[way] - desired)
                below.plot(g, e / float(spec.ripple), color=colour, linestyle=dashes, linewidth=1.4)
        g, desired, weights = spec.on(spec.extremal)
        e = weights * (filters.amplitude(g, spec.numtaps) @ shown["ours, grid 256"] - desired)
        below.plot(g, e / float(spec.ripple), linestyle="", marker="o", markersize=3, color=plots.VERMILLION)
        for side in (-1, 1):
            below.axhline(side, color=plots.GREY, linewidth=0.6, linestyle=(0, (4, 2)), zorder=0)
        above.set_ylim(-60, 5)
        above.set_ylabel("|A(f)| in dB")
        above.set_title(f"{name}: ripple {float(spec.ripple):.7f}, touched {len(spec.extremal)} times")
        below.set_ylabel("weighted error / ripple")
        below.set_xlabel("f, cycles a sample")
        above.legend(loc="upper right")
    return figure
