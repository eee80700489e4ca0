"""What does a cluster cost beside one machine's memory, and what travels?

ℓ∞ regression on Gaussian data in 16 chunks of rows: by the same working set in memory, on Dask's threads and on
clusters of this machine. Bytes are those of everything that the tasks of a solve are given and give back, pickled;
reading the data once would be 8·n·d of them.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
import time
from collections.abc import Callable, Iterator
from typing import Any

import dask
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster
from matplotlib.figure import Figure

import smoothmax as sm
from experiments._tables import Rows, groups
from experiments._words import listed, number, ratio
from smoothmax import plots
from smoothmax.components import dask as chunked

CHUNKS = 16
SIZES = ((10_000, 50), (100_000, 50), (1_000_000, 50))
QUICK = ((4_000, 5), (16_000, 5))
MEMORY, THREADS = "in memory", "Dask, threads"
CLUSTERS: dict[str, dict[str, Any]] = {
    "cluster, 1 process of 2 threads": {"n_workers": 1, "threads_per_worker": 2, "processes": False},
    "cluster, 4 processes": {"n_workers": 4, "threads_per_worker": 1, "processes": True},
}
COLOURS = dict(zip((MEMORY, THREADS, *CLUSTERS), (plots.GREY, plots.VERMILLION, plots.BLUE, plots.PURPLE), strict=True))
REPEATS = 5


def run(*, quick: bool = False) -> Rows:
    """One row per size and way; `ratio` is its time over that in memory."""
    table: Rows = []
    for n, d in QUICK if quick else SIZES:
        table += _size(n, d, list(CLUSTERS)[: 1 if quick else None], 2 if quick else REPEATS)
    return table


def summary(table: Rows) -> Rows:
    """Who, how long, and what has travelled."""
    hidden = ("fun", "lower_bound", "gap")
    return [{what: value for what, value in row.items() if what not in hidden} for row in table]


def plot(table: Rows) -> Figure:
    """Seconds of a solve, and bytes of a pass, against n."""
    figure, (left, right) = plots.panels(1, 2, 11.5, 6.2)
    with plots.style():
        for way, rows in groups(table, "way").items():
            n = [row["n"] for row in rows]
            left.plot(n, [row["seconds"] for row in rows], color=COLOURS[way], marker="o", markersize=4, label=way)
        rows = groups(table, "way")[THREADS]
        n = [row["n"] for row in rows]
        right.plot(n, [row["data"] for row in rows], color=plots.GREY, marker="o", markersize=4, label="the data")
        for what, colour, label in (
            ("pass_bytes", plots.VERMILLION, f"a pass over {CHUNKS} chunks"),
            ("row_bytes", plots.BLUE, "rows brought, the whole solve"),
        ):
            right.plot(n, [row[what] for row in rows], color=colour, marker="o", markersize=4, label=label)
        for axes, label in ((left, "time of a solve (s)"), (right, "bytes that travel")):
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlabel("rows n")
            axes.set_ylabel(label)
        for axes, side in ((left, "left"), (right, "right")):
            figure.legend(*axes.get_legend_handles_labels(), loc=f"outside lower {side}")
    return figure


def load(k: int, n: int, d: int) -> np.ndarray:
    """The rows of chunk k, made anew wherever they are wanted."""
    return np.random.default_rng(k).standard_normal((n // CHUNKS, d))


def _size(n: int, d: int, clusters: list[str], repeats: int) -> Rows:
    b = np.random.default_rng(CHUNKS).standard_normal(n)
    A = np.concatenate([load(k, n, d) for k in range(CHUNKS)])
    rows = [_row(MEMORY, n, d, *_timed(sm.Minimax(sm.Affine(A, b, absolute=True)), repeats))]
    here = da.from_array(A, chunks=(n // CHUNKS, -1), name=False)
    with dask.config.set(scheduler="threads"):
        rows.append(_row(THREADS, n, d, *_timed(_problem(here, b), repeats)))
        rows[-1].update(_traffic(here, b))
    del A, here
    for way in clusters:
        quiet = {"dashboard_address": ":0", "silence_logs": logging.CRITICAL, "memory_limit": 0}
        with LocalCluster(**CLUSTERS[way], **quiet) as cluster, Client(cluster):
            parts = [da.from_delayed(dask.delayed(load)(k, n, d), (n // CHUNKS, d), float) for k in range(CHUNKS)]
            rows.append(_row(way, n, d, *_timed(_problem(da.concatenate(parts), b), repeats)))
    for row in rows:
        row["ratio"] = row["seconds"] / rows[0]["seconds"]
        row["same"] = abs(row["fun"] - rows[0]["fun"]) <= max(row["gap"], rows[0]["gap"])
    return rows


def _problem(A: da.Array, b: np.ndarray) -> sm.Minimax:
    return sm.Minimax(sm.Affine(A, b, absolute=True))


def _timed(problem: sm.Minimax, repeats: int) -> tuple[sm.MinimaxResult, float, float]:
    """The result, the least seconds of a solve that has brought no rows yet, and those of one pass."""
    solves, passes = [], []
    for _ in range(repeats):
        if isinstance(problem.components, chunked.Chunked):
            problem.components.forget()
        begun = time.perf_counter()
        r = sm.solve(problem, method="working-set")
        solves.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        _ = problem.at(r.x).range
        passes.append(time.perf_counter() - begun)
    return r, min(solves), min(passes)


def _row(way: str, n: int, d: int, r: sm.MinimaxResult, seconds: float, a_pass: float) -> dict[str, Any]:
    return {
        "way": way,
        "n": n,
        "d": d,
        "fun": r.fun,
        "lower_bound": r.lower_bound,
        "gap": r.gap,
        "proven": r.success,
        "npass": r.npass,
        "seconds": seconds,
        "pass_seconds": a_pass,
    }


def _traffic(A: da.Array, b: np.ndarray) -> dict[str, Any]:
    """Bytes: of the data, to and from each chunk in a pass, of a whole pass, and of rows in a whole solve."""
    problem = _problem(A, b)
    with _weighed() as sizes:
        sm.solve(problem, method="working-set")
    passes = len(sizes["out"]) / CHUNKS
    travelled = sum(sizes["out"]) + sum(sizes["back"]) + sum(sizes["merged"])
    return {
        "data": 8 * A.size,
        "out_bytes": max(sizes["out"]),
        "back_bytes": max(sizes["back"]),
        "pass_bytes": round(travelled / passes),
        "row_bytes": sum(sizes["rows"]),
    }


@contextlib.contextmanager
def _weighed() -> Iterator[dict[str, list[int]]]:
    """The sizes of what tasks are given and give back, while it lasts."""
    sizes: dict[str, list[int]] = {"out": [], "back": [], "merged": [], "rows": []}
    before = {name: getattr(chunked, name) for name in ("_visited", "_merged", "_picked")}

    def weighed(kind: str, task: Callable[..., Any], given: int = 0) -> Callable[..., Any]:
        def done(*arguments: Any) -> Any:
            if given:
                sizes["out"].append(len(pickle.dumps(arguments[:given])))
            found = task(*arguments)
            sizes[kind].append(len(pickle.dumps(found)))
            return found

        return done

    chunked._visited = weighed("back", before["_visited"], 3)
    chunked._merged = weighed("merged", before["_merged"])
    chunked._picked = weighed("rows", before["_picked"])
    try:
        yield sizes
    finally:
        for name, task in before.items():
            setattr(chunked, name, task)


def answer(table: Rows) -> str:
    """Times over those in memory at the largest size, whether all agree, and what travels."""
    n = max(row["n"] for row in table)
    rows = [row for row in table if row["n"] == n]
    others = [f"{row['way']} {ratio(row['ratio'])}" for row in rows if row["way"] != MEMORY]
    text = f"At n = {number(n)}, beside the solve in memory: {listed(others)}."
    text += f" {sum(row['same'] for row in table)} of {len(table)} answers agree within their gaps."
    for row in rows:
        if row.get("pass_bytes"):
            moved, brought = (number(row[what] / row["data"]) for what in ("pass_bytes", "row_bytes"))
            text += f" One pass over the chunks moves {moved} of the bytes of the data,"
            text += f" the rows of a whole solve {brought}."
    return text


TIMED = True  # a clock runs: nothing else should
