"""How fast are the operators beside SciPy's, the entmax package's, and attention in one piece?

Times are the best of many, in milliseconds, in turns. Peers of sparsemax and entmax are the functions of the entmax
package on PyTorch tensors, one thread, which return the weights alone, where ours returns the maximum too; `k=100` is
their way for small supports. The peer of attention is softmax of the whole score matrix, in NumPy and in place; memory
is the peak of another run, with the result and without the arguments.
"""

from __future__ import annotations

import importlib
import math
import timeit
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import scipy.special
from matplotlib.figure import Figure

from experiments._tables import Rows, groups
from experiments._words import between, listed, number
from smoothmax import plots
from smoothmax.losses import attention
from smoothmax.operators import logsumexp, softmax
from smoothmax.regularizers import gini, tsallis

TIMED = True  # a clock runs: nothing else should
SHAPES: tuple[tuple[int, ...], ...] = (
    (100,),
    (10_000,),
    (1_000_000,),
    (100_000, 10),
    (1000, 1000),
    (10, 100_000),
)
QUICK = ((100,), (20, 30))
BARS = {"logsumexp": 4.0, "softmax": 2.0, "sparsemax": 1.0, "attention": 1 / 1.5}  # of matrices: the peer over ours
MEMORY = 10.0  # of attention
COLOURS = {
    "logsumexp": plots.BLUE,
    "softmax": plots.VERMILLION,
    "sparsemax": plots.GREEN,
    "entmax-1.5": plots.ORANGE,
    "attention": plots.PURPLE,
}
LOOKS: dict[str, dict[str, Any]] = {
    "float64": {"linestyle": "", "marker": "o", "markersize": 3.5},
    "float32": {"linestyle": "", "marker": "o", "markersize": 6.5, "markerfacecolor": "none", "markeredgewidth": 0.9},
}
Call = Callable[[], Any]
ABSENT = "not installed"


def run(*, quick: bool = False) -> Rows:
    """One row per task, shape, dtype and peer; 1-d arrays are reduced whole, matrices along axis -1."""
    repeats = 2 if quick else 15
    rows = [*_scipy(QUICK if quick else SHAPES, repeats), *_entmax((20, 30) if quick else (1000, 1000), repeats)]
    rows += [_attention(96 if quick else 4096, dtype, repeats) for dtype in (np.float64, np.float32)]
    return [row | {"bar": None, "memory_bar": None} for row in rows] if quick else rows


def summary(table: Rows) -> Rows:
    """The times, their ratio and its bar; and attention's memory."""
    shown = ("task", "shape", "dtype", "peer", "ours_ms", "peer_ms", "ratio", "bar", "memory_ratio", "said")
    return [{what: row.get(what) for what in shown} for row in table]


def answer(table: Rows) -> str:
    """The peers' times over ours, task by task, and the memory of attention."""
    timed = [row for row in table if row["ratio"] is not None]
    said = []
    for task, rows in groups(timed, "task").items():
        ahead = sum(row["ratio"] > 1 for row in rows)
        said.append(f"{task} {between([row['ratio'] for row in rows])} times (ours faster in {ahead} of {len(rows)})")
    text = f"The peers' times over ours: {'; '.join(said)}."
    memory = [row["memory_ratio"] for row in table if row.get("memory_ratio") is not None]
    if memory:
        text += f" Attention in one piece holds {between(memory)} times the memory of ours in blocks."
    wrong = max((row["difference"] for row in timed), default=0.0)
    text += f" Results differ by {number(wrong)} at most."
    absent = sorted({row["peer"] for row in table if row.get("said") == ABSENT})
    return text + (f" Not installed here, and so not timed: {listed(absent)}." if absent else "")


def plot(table: Rows) -> Figure:
    """Ratios, a line for each work and peer: dots in float64, rings in float32; black ticks: what was asked for."""
    lines = groups(_marks(table), "label")
    figure, (panel,) = plots.panels(1, 1, 12.5, 2.4 + 0.48 * len(lines))
    with plots.style():
        for k, (label, marks) in enumerate(lines.items()):
            colour = COLOURS[label.split(" ")[0]]
            furthest = max((mark["ratio"] for mark in marks), key=lambda ratio: abs(math.log(ratio)))
            panel.plot([1.0, furthest], [-k, -k], color=colour, linewidth=1.0, alpha=0.5, zorder=1)
            for mark in marks:
                panel.plot(mark["ratio"], -k, color=colour, zorder=3, **LOOKS[mark["dtype"]])
                if mark["bar"] is not None:
                    panel.plot(mark["bar"], -k, "|", color=plots.BLACK, markersize=9, markeredgewidth=1.4, zorder=2)
        panel.axvline(1.0, color=plots.GREY, linewidth=0.8, zorder=0)
        for name, look in LOOKS.items():
            panel.plot([], [], color=plots.BLACK, label=name, **look)
        panel.plot([], [], "|", color=plots.BLACK, markersize=9, markeredgewidth=1.4, label="what was asked for")
        panel.set_xscale("log")
        ticks = [0.5, 1, 2, 4, 10, 20, 40]
        panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        panel.minorticks_off()
        panel.set_xlim(0.45, max(50.0, 1.3 * max(mark["ratio"] for marks in lines.values() for mark in marks)))
        panel.set_yticks([-k for k in range(len(lines))], list(lines))
        panel.set_ylim(-len(lines) + 0.4, 0.6)
        panel.set_xlabel("the peer's time, or memory, over ours")
        panel.grid(True, axis="x", color="#DDDDDD", linewidth=0.4)
        panel.set_axisbelow(True)
        figure.legend(loc="outside lower center", ncols=3, handletextpad=0.2)
    return figure


def _marks(table: Rows) -> Rows:
    """What is drawn of the rows that were timed."""
    marks = []
    for row in table:
        size = " × ".join(f"{n:,}".replace(",", " ") if n > 9999 else str(n) for n in row["shape"])
        label = f"{row['task']} · {row['peer'] if row['peer'].startswith('entmax') else size}"
        for what, ratio, bar in (("", "ratio", "bar"), (", memory", "memory_ratio", "memory_bar")):
            if row.get(ratio) is not None:
                marks.append({"label": label + what, "dtype": row["dtype"], "ratio": row[ratio], "bar": row[bar]})
    return marks


def _scipy(shapes: tuple[tuple[int, ...], ...], repeats: int) -> Iterator[dict[str, Any]]:
    rng = np.random.default_rng(0)
    peers = {"logsumexp": (logsumexp, scipy.special.logsumexp), "softmax": (softmax, scipy.special.softmax)}
    for name, (ours, theirs) in peers.items():
        for shape in shapes:
            x = rng.normal(size=shape)
            axis = None if x.ndim == 1 else -1
            calls = (partial(ours, x, axis=axis), partial(theirs, x, axis=axis))
            yield _row(name, x, "SciPy", calls, repeats, None if x.ndim == 1 else BARS[name])


def _entmax(shape: tuple[int, int], repeats: int) -> Iterator[dict[str, Any]]:
    """Sparse weights, where PyTorch and the entmax package are there."""
    try:
        entmax, torch = importlib.import_module("entmax"), importlib.import_module("torch")
        torch.set_num_threads(1)
    except ImportError:
        entmax = None
    half = tsallis(1.5)
    for dtype in (np.float64, np.float32):
        z = np.random.default_rng(0).normal(size=shape).astype(dtype)
        for task, ours, peer, options in (
            ("sparsemax", gini, "sparsemax", {}),
            ("sparsemax", gini, "sparsemax", {"k": 100}),
            ("entmax-1.5", half, "entmax15", {}),
            ("entmax-1.5", half, "entmax15", {"k": 100}),
            ("entmax-1.5", half, "entmax_bisect", {"alpha": 1.5}),
        ):
            name = f"entmax.{peer}" + ("(k=100)" if "k" in options else "")
            if entmax is None:
                yield {**_named(task, z, name, BARS.get(task)), "said": ABSENT}
                continue
            calls = (
                lambda z=z, ours=ours: ours.maximum(z, axis=-1)[1],
                partial(getattr(entmax, peer), torch.from_numpy(z), dim=-1, **options),
            )
            yield _row(task, z, name, calls, max(repeats // 3, 1), BARS.get(task))


def _attention(n: int, dtype: type, repeats: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    q, k, v = (rng.normal(size=(n, 64)).astype(dtype) for _ in range(3))
    calls = (partial(attention, q, k, v), partial(_whole, q, k, v))
    row = _row("attention", q, "NumPy, in one piece", calls, max(repeats // 3, 1), BARS["attention"])
    ours, peer = (_peak(call) for call in calls)
    return row | {"ours_mib": ours, "peer_mib": peer, "memory_ratio": peer / ours, "memory_bar": MEMORY}


def _whole(q: Any, k: Any, v: Any) -> Any:
    s = (q * q.dtype.type(1 / math.sqrt(q.shape[1]))) @ k.T
    s -= s.max(axis=1, keepdims=True)
    np.exp(s, out=s)
    return (s @ v) / s.sum(axis=1, keepdims=True)


def _named(task: str, x: Any, peer: str, bar: float | None) -> dict[str, Any]:
    times = {"ours_ms": None, "peer_ms": None, "ratio": None, "difference": None}
    return {"task": task, "shape": x.shape, "dtype": x.dtype.name, "peer": peer, **times, "bar": bar}


def _row(task: str, x: Any, peer: str, calls: tuple[Call, Call], repeats: int, bar: float | None) -> dict[str, Any]:
    difference = float(np.abs(np.asarray(calls[0]()) - np.asarray(calls[1]())).max())
    ours, theirs = _best(calls, repeats)
    times = {"ours_ms": ours, "peer_ms": theirs, "ratio": theirs / ours, "difference": difference}
    return _named(task, x, peer, bar) | times


def _best(calls: tuple[Call, ...], repeats: int) -> list[float]:
    """The least time of one call of each, in milliseconds: in turns, so that both meet the same machine,
    and several calls a turn, so that neither pays for the memory the other left behind."""
    numbers = [max(5, int(2e-3 / max(timeit.timeit(call, number=2) / 2, 1e-9))) for call in calls]
    best = [float("inf")] * len(calls)
    for _ in range(repeats):
        for i, (call, count) in enumerate(zip(calls, numbers, strict=True)):
            best[i] = min(best[i], timeit.timeit(call, number=count) / count * 1e3)
    return best


def _peak(call: Call) -> float:
    """MiB that one call holds at most beyond its arguments."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()
