"""How fast is a proven answer, beside everybody else's and in units of reading the data once?

Every work by us, by the solvers a user would call on the whole of it (`direct`) and by the clever loop that a good
engineer would write in twenty lines (`loop`); then the bars that no peer sets. One process, one thread for everybody's
linear algebra (see the package `experiments`), PDLP in a process of its own on one thread, its start not counted. An
answer counts when the true max at its point is within the gap above our certified lower bound, whatever the solver
said; where a solve takes less than a second, ours or a peer's, the least of three times counts. A peer that ends
outside the gap, or not at all, gives a lower bound of its ratio (">") if it took longer than we did.
"""

from __future__ import annotations

import gc
import os
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich import box
from rich.console import Console
from rich.table import Table

from experiments._tables import Rows, groups
from experiments._words import listed, many, number
from experiments.race.heats import OURS, contest
from experiments.race.programme import DEFAULT, FULL, LIMITS, QUICK, works
from experiments.race.stopwatch import measures
from smoothmax import plots

TIMED = True  # a clock runs: nothing else should
LOOKS = (
    (OURS, plots.VERMILLION, "o"),
    ("clever loop (HiGHS)", plots.BLACK, "s"),
    ("HiGHS interior point, primal LP", plots.BLUE, "^"),
    ("HiGHS interior point, dual LP", plots.BLUE, "v"),
    ("HiGHS simplex, primal LP", plots.SKY, "^"),
    ("HiGHS simplex, dual LP", plots.SKY, "v"),
    ("Clarabel", plots.PURPLE, "D"),
    ("PDLP", plots.GREEN, "P"),
    ("SCS", plots.ORANGE, "X"),
)


def run(*, quick: bool = False, full: bool = False, only: str = "") -> Rows:
    """A row per work and contender, and one per measurement; `only`: works whose name holds it."""
    level = QUICK if quick else FULL if full else DEFAULT
    limit, table = LIMITS[level], []
    if level != QUICK:
        _warm_up()
    for work in works(level):
        if only in work.name:
            table += contest(work, limit)
            gc.collect()
    for rows in measures(level, limit) if not only else ():
        table += rows
    if level == QUICK:  # bars hold for the sizes they were set for
        table = [row | {"target": None, "met": None} for row in table]
    return table


def report(table: Rows, console: Console) -> int:
    """The bars, then everybody; 0 whatever the bars say: they are a comparison, not a test."""
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "all")
    limit = f", {table[0]['limit']:g} s for each solve" if table and "limit" in table[0] else ""
    console.print(f"One process, BLAS threads: {threads}{limit}; gaps are relative, against our certified bound.")
    headed = [row for row in table if row.get("best") or row.get("measured") is not None]
    _print(console, "Bars: the best peer's time over ours", headed, _bar_cells)
    contested = [row for row in table if row["kind"] != "measure"]
    _print(console, "All contenders", contested, _cells)
    met = [row["met"] for row in table if row.get("met")]
    console.print(f"{met.count('yes')} bars met, {met.count('no')} not, {met.count('open')} open at the time limit.")
    return 0


def answer(table: Rows) -> str:
    """Who proves what, and the best peer's time over ours."""
    contested = groups([row for row in table if row["kind"] != "measure"], "work")
    proven = sum(bool(rows[0]["within"]) for rows in contested.values())
    ahead, behind, unanswered = [], [], []
    for work, rows in contested.items():
        exact = [row for row in rows[1:] if row["ratio"] is not None and not row["sign"]]
        best = min(exact, key=lambda row: row["ratio"], default=None)
        if best is None:
            unanswered.append(work)
        else:
            told = best["ratio"], f"{work} ({best['contender']}, {number(best['ratio'])})"
            (ahead if best["ratio"] > 1 else behind).append(told)
    ahead, behind = ([told for _, told in sorted(some)] for some in (ahead, behind))  # the least of our ratios first
    text = f"Ours proves its answer on {proven} of {many(len(contested), 'work')}."
    text += f" The fastest peer within the gap takes longer than we do on {len(ahead)}"
    text += f", in brackets its time over ours: {listed(ahead)}." if ahead else "."
    text += f" A peer is as fast or faster on {len(behind)}: {listed(behind)}." if behind else ""
    text += f" No peer's answer is within the gap on {listed(unanswered)}." if unanswered else ""
    met = [row["met"] for row in table if row.get("met")]
    bars = (
        f" Of {len(met)} bars {met.count('yes')} are met, {met.count('no')} not, {met.count('open')} open at the limit."
    )
    return text + (bars if met else "")


def plot(table: Rows) -> Figure:
    """Time against n, a panel for the regression with most sizes; hollow: not within the gap when it ended."""
    families = groups([row for row in table if row.get("family")], "family")
    figure, (axes,) = plots.panels(1, 1, 13.0, 11.0)
    if not families:
        axes.set_axis_off()
        return figure
    family, rows = max(families.items(), key=lambda item: len({row["size"] for row in item[1]}))
    with plots.style():
        for name, colour, marker in LOOKS:
            mine = sorted((row for row in rows if row["contender"] == name), key=lambda row: row["size"])
            if not mine:
                continue
            n, seconds = ([row[what] for row in mine] for what in ("size", "seconds"))
            width = 2.0 if name == OURS else 0.9
            axes.plot(n, seconds, color=colour, linewidth=width, zorder=3 if name == OURS else 2)
            for row in mine:
                face = colour if row["within"] else "white"
                look = {"marker": marker, "markerfacecolor": face, "markeredgecolor": colour, "markersize": 5}
                axes.plot(row["size"], row["seconds"], linestyle="", zorder=4, **look)
            axes.plot([], [], color=colour, marker=marker, linewidth=width, label=name)
        axes.plot([], [], color=plots.GREY, marker="o", markerfacecolor="white", linestyle="", label="not within 1e-8")
        plots.decades(axes)
        low, high = min(row["size"] for row in rows), max(row["size"] for row in rows)
        axes.set_xlim(low / 1.6, 1.6 * high)
        axes.grid(True, color="#DDDDDD", linewidth=0.4)
        axes.set_axisbelow(True)
        axes.set_title(f"{family}: time to a relative gap of 1e-8")
        axes.set_xlabel("rows n")
        axes.set_ylabel("time (s)")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, handlelength=2.4)
    return figure


def _warm_up() -> None:
    """First calls load modules (cvxpy alone takes seconds); no clock should hold that."""
    for work in works(QUICK):
        contest(work, LIMITS[QUICK])


def _print(console: Console, title: str, rows: Rows, cells: Any) -> None:
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in cells(None):
        left = column in ("work", "contender", "met", "said")
        shown.add_column(column, justify="left" if left else "right", overflow="fold")
    last = None
    for row in rows:
        name, *rest = cells(row)
        shown.add_row("" if name == last else name, *rest)
        last = name
    console.print(shown)


def _bar_cells(row: dict[str, Any] | None) -> tuple[str, ...]:
    if row is None:
        return "work", "contender", "its s", "our s", "measured", "target", "met", "its gap", "our gap"
    if row["kind"] in ("measure", "ours"):
        target = _bound("≥" if row["unit"].startswith("×") else "≤", row["target"], "")
        times = ("", _number(row.get("seconds")), f"{row['measured']:.3g} {row['unit']}")
        return row["work"], "–", *times, target, row["met"] or "", "", _number(row.get("gap"), ".0e")
    ratio = "not counted" if row["ratio"] is None else f"{row['sign']} {row['ratio']:.3g}×".strip()
    target, gaps = _bound("≥", row.get("target"), "×"), (_number(row["gap"], ".0e"), _number(row["ours_gap"], ".0e"))
    times = (_number(row["seconds"]), _number(row["ours"]), ratio)
    return row["work"], row["contender"], *times, target, row.get("met") or "", *gaps


def _cells(row: dict[str, Any] | None) -> tuple[str, ...]:
    if row is None:
        return "work", "contender", "seconds", "gap", "ratio", "said"
    ratio = "" if row.get("ratio") is None else f"{row['sign']} {row['ratio']:.3g}".strip()
    gap = _number(row["gap"], ".0e")
    gap = gap if row["within"] else f"not within: {gap}"
    return row["work"], row["contender"], _number(row["seconds"]), gap, ratio, str(row["said"])[:60]


def _bound(sign: str, target: float | None, unit: str) -> str:
    return "" if target is None else f"{sign} {target:.3g}{unit}"


def _number(value: float | None, form: str = ".3g") -> str:
    return "–" if value is None or not np.isfinite(value) else format(value, form)
