"""What does the runner of sweeps cost a cell, and what does a second process gain?

Empty cells, kept on disk one by one, beside the loop and joblib, which keep nothing; and cells of a second, by one and
by two processes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from matplotlib.figure import Figure

from experiments._tables import Rows
from smoothmax import plots
from smoothmax.sweep import Sweep

TIMED = True
EMPTY, LONG, SECOND = 200, 24, 1.0


def cell(declaration: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """So many seconds of arithmetic, on one core."""
    end, rounds = time.perf_counter() + declaration["length"], 0
    while time.perf_counter() < end:
        rounds += 1
    return {"drawn": float(rng.random()), "worked": rounds > 0 or declaration["length"] == 0}


def run(*, quick: bool = False) -> Rows:
    """One row per way: cells, workers, seconds, and milliseconds a cell beyond its own length."""
    number, length = (8, 0.25) if quick else (LONG, SECOND)
    empty = [{"number": k, "length": 0.0} for k in range(EMPTY)]
    long = [{"number": k, "length": length} for k in range(number)]
    rows = [
        _timed("a loop", 1, empty, lambda: [cell(one, np.random.default_rng(k)) for k, one in enumerate(empty)]),
        _timed("joblib", 2, empty, lambda: _parallel(empty)),
    ]
    for cells, workers in ((empty, 1), (empty, 2), (long, 1), (long, 2)):
        with tempfile.TemporaryDirectory() as folder:
            sweep = Sweep(cell, cells)
            rows.append(_timed("sweep", workers, cells, lambda s=sweep, f=folder, w=workers: s.run(f, workers=w)))
            if workers == 1:
                rows.append(_timed("sweep, resumed", 1, cells, lambda s=sweep, f=folder: s.run(f)))
    rows.append(_timed("joblib", 2, long, lambda: _parallel(long)))
    return sorted(rows, key=lambda row: row["length"])


def _parallel(cells: list[dict[str, Any]]) -> list[Any]:
    return Parallel(2, backend="multiprocessing")(
        delayed(cell)(one, np.random.default_rng(k)) for k, one in enumerate(cells)
    )


def _timed(way: str, workers: int, cells: list[dict[str, Any]], work: Callable[[], Any]) -> dict[str, Any]:
    begun = time.perf_counter()
    work()
    seconds, length = time.perf_counter() - begun, cells[0]["length"]
    return {
        "way": way,
        "workers": workers,
        "cells": len(cells),
        "length": length,
        "seconds": seconds,
        "ms_a_cell": 1e3 * seconds / len(cells),
    }


def gain(table: Rows) -> float:
    """How many times as fast two processes are as one, on the long cells."""
    one, two = (
        next(row["seconds"] for row in table if row["way"] == "sweep" and row["length"] and row["workers"] == w)
        for w in (1, 2)
    )
    return one / two


def answer(table: Rows) -> str:
    """Overhead and gain, in numbers."""
    empty = {(row["way"], row["workers"]): row["ms_a_cell"] for row in table if not row["length"]}
    long = next(row for row in table if row["length"])
    return (
        f"An empty cell costs {empty['sweep', 1]:.1f} ms, its file on the disk before the next begins; one that is "
        f"there already {empty['sweep, resumed', 1]:.2f} ms. With two processes, whose start is counted, it is "
        f"{empty['sweep', 2]:.1f} ms; joblib, which keeps nothing, takes {empty['joblib', 2]:.1f} ms. On "
        f"{long['cells']} cells of {long['length']:g} s two processes are {gain(table):.2f} times as fast as one."
    )


def plot(table: Rows) -> Figure:
    """Milliseconds a cell, empty cells on the left, long ones on the right."""
    figure, axes = plots.panels(1, 2, 18, 7)
    colours = {"a loop": plots.GREY, "joblib": plots.ORANGE, "sweep": plots.BLUE, "sweep, resumed": plots.SKY}
    with plots.style():
        for panel, length in zip(axes, sorted({row["length"] for row in table}), strict=True):
            rows = [row for row in table if row["length"] == length]
            names = [f"{row['way']}, {row['workers']} process{'es' if row['workers'] > 1 else ''}" for row in rows]
            shown = [max(row["ms_a_cell"], 1e-3) for row in rows]
            panel.barh(names, shown, color=[colours[row["way"]] for row in rows])
            panel.invert_yaxis()
            plots.decades(panel, y=False)
            panel.set_xlabel("milliseconds a cell")
            panel.set_title("empty cells" if not length else f"cells of {length:g} s")
        axes[0].axvline(5, color=plots.VERMILLION, linestyle=":", linewidth=1, label="5 ms, the bar for the runner")
        axes[0].legend(loc="lower right")
    return figure
