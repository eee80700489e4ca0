"""Does every method reach a proven optimum on well-known problems, at what cost, and beside what others use?

Every problem of the tour by every method that can take it, and by the software a stranger would have used. A solver's
own word counts for nothing here: max f is evaluated again at its point, and the gap is recomputed from its weights.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import smoothmax as sm
from experiments import ball_map, equioscillation, gap_vs_temperature
from experiments._cases import find
from experiments._judge import TOL, Verdict, inside, judge, scale
from experiments._peers import Answer, convex_program, linear_program
from experiments._tables import Rows, columns, groups
from experiments._words import between, listed, number, of
from problems import Case
from smoothmax import plots

TIMED = True  # a clock runs: nothing else should
NAMES = (
    "stackloss",
    "diabetes",
    "longley",
    "abs-deg16",
    "exp-deg5",
    "runge-deg8",
    "rps",
    "kuhn-poker",
    "game-50x50-0",
    "linear3",
    "us-airports",
    "european-cities",
)
QUICK = ("stackloss", "rps", "linear3")
METHODS = ("working-set", "saddle", "newton", "accelerated", "gradient", "lbfgs", "cvxpy")
CAPTIONS = {
    "path-linf_regression": "The regression stackloss along the temperature.",
    "path-chebyshev": "The best polynomial of degree 16 for |t| along the temperature.",
    "path-games": "Kuhn poker along the temperature.",
    "path-enclosing_ball": "The smallest ball around the airports along the temperature.",
    "equioscillation": "Errors of the Chebyshev approximations as τ falls.",
    "ball-map": "The smallest circles around airports and cities.",
}
MAX_PASSES, SECONDS = 10_000, 4.0  # budget of one solve
ENDS = {1: "budget", 2: "budget", 3: "unbounded", 4: "not finite", 5: "stalled", 6: "stopped"}
SHADES = {"proven": "green", "agrees": "dim", "contradicted": "red", "no answer": "red"}
COLOURS = {
    "working-set": plots.BLACK,
    "saddle": plots.ORANGE,
    "newton": plots.VERMILLION,
    "accelerated": plots.BLUE,
    "gradient": plots.SKY,
    "lbfgs": plots.GREEN,
    "cvxpy": plots.PURPLE,
}
MARKERS = {
    "working-set": "*",
    "saddle": "P",
    "newton": "o",
    "accelerated": "^",
    "gradient": "v",
    "lbfgs": "s",
    "cvxpy": "D",
}
PATHS = {
    "linf_regression": "stackloss",
    "chebyshev": "abs-deg16",
    "games": "kuhn-poker",
    "enclosing_ball": "us-airports",
}


def run(names: Sequence[str] = (), *, quick: bool = False) -> Rows:
    """One row per problem and method, a method that refuses included with its reason, and one for the peer."""
    cases = [find(name) for name in names or (QUICK if quick else NAMES)]
    warm_up()
    table: Rows = []
    with progress() as bar:
        task = bar.add_task("", total=len(cases) * (len(METHODS) + 1))
        for case in cases:
            rows: Rows = []
            for row in _rows(case):
                rows.append(row)
                bar.update(task, advance=1, description=f"{case.name}: {row['method']}")
            table += _referred(rows)
    return table


def warm_up() -> None:
    """First calls load modules (cvxpy alone takes seconds); none of the times below should hold that."""
    case = find("linear3")
    linear_program(case.problem)
    convex_program(case.problem)
    for method in METHODS:
        _solve(case, method)


def progress() -> Progress:
    """A progress bar on the error stream; silent where that is no terminal."""
    console = Console(stderr=True)
    parts = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    return Progress(*parts, console=console, transient=True, disable=not console.is_terminal)


def pictures(table: Rows) -> dict[str, Figure]:
    """The other experiments that the tour's problems call for, by file name."""
    seen = {row["problem"] for row in table}
    found: dict[str, Figure] = {}
    for family, name in PATHS.items():
        if name in seen:
            rows = gap_vs_temperature.run([name])
            units = gap_vs_temperature.UNITS[name]
            optimum = rows[0]["optimum"]
            found[f"path-{family}"] = plots.path_figure(columns(rows), title=name, optimum=optimum, units=units)
    if curves := [name for name in equioscillation.NAMES if name in seen]:
        found["equioscillation"] = equioscillation.plot(equioscillation.run(curves))
    if maps := [name for name in ball_map.NAMES if name in seen]:
        found["ball-map"] = ball_map.plot(ball_map.run(maps))
    return found


def answer(table: Rows) -> str:
    """Who proves what, and how the fastest proof stands beside the peers."""
    problems = groups(table, "problem")
    proofs = groups([row for row in table if row["role"] == "ours" and row["status"] != "skipped"], "method")
    counts = {method: (sum(row["proven"] for row in rows), len(rows)) for method, rows in proofs.items()}
    every = [method for method, (proven, _) in counts.items() if proven == len(problems)]
    some = [f"{method} {proven} of {taken}" for method, (proven, taken) in counts.items() if method not in every]
    text = f"Every optimum is proven to a relative gap of {number(TOL)} by {listed(every)}" if every else ""
    text = text or f"No method proves the optimum of all {len(problems)} problems"
    text = f"Of {len(problems)} problems: {text[0].lower()}{text[1:]}"
    text += f"; of those that they take, {listed(some, 9)}." if some else "."
    proven = [row["error"] for row in table if row["proven"] and row["optimum"] is not None]
    if proven:
        text += f" Proven points are within {number(max(map(abs, proven)))} of the known optima, in units of f."
    best = {name: min((r["seconds"] for r in rows if r["proven"]), default=None) for name, rows in problems.items()}
    peers = [row for row in table if row["role"] == "peer"]
    over = [row["seconds"] / best[row["problem"]] for row in peers if best[row["problem"]]]
    if over:
        agree = of(sum(row["status"] == "agrees" for row in peers), len(peers), "problem")
        text += (
            f" The peers' answers agree on {agree}; "
            f"their time is {between(over)} times that of our fastest method that proves its answer."
        )
    return text


def plot(table: Rows) -> Figure:
    """Passes and seconds of every solve; hollow where the budget ran out before the proof."""
    found = list(groups(table, "problem").items())[::-1]
    figure, axes = plots.panels(1, 2, 17.0, 1.6 + 0.72 * len(found) + 1.6, sharey=True)
    with plots.style():
        for panel, what in zip(axes, ("passes", "seconds"), strict=True):
            for y, (_, rows) in enumerate(found):
                panel.axhline(y, color="#E6E6E6", linewidth=0.6, zorder=0)
                for row in rows:
                    if row[what] is None or row["status"] == "skipped":
                        continue
                    peer = row["role"] == "peer"
                    colour = plots.BLACK if peer else COLOURS[row["method"]]
                    face = colour if row["proven"] or peer else "white"
                    marker = "x" if peer else MARKERS[row["method"]]
                    high = y if peer else y + 0.1 * (3 - METHODS.index(row["method"]))
                    panel.plot(
                        max(row[what], 1e-4), high, marker=marker, color=colour, markerfacecolor=face, linestyle=""
                    )
            plots.decades(panel, y=False)
            panel.grid(True, axis="x", color="#DDDDDD", linewidth=0.4)
            panel.set_axisbelow(True)
        axes[0].set_yticks(range(len(found)), [name for name, _ in found])
        axes[0].set_xlabel("passes over the components")
        axes[1].set_xlabel("time (s)")
        for method in (m for m in METHODS if any(row["method"] == m and row["passes"] for row in table)):
            axes[0].plot([], [], marker=MARKERS[method], color=COLOURS[method], linestyle="", label=method)
        axes[0].plot([], [], marker="x", color=plots.BLACK, linestyle="", label="peer (time only)")
        axes[0].plot([], [], marker="o", color=plots.GREY, markerfacecolor="white", linestyle="", label="not proven")
        figure.legend(
            *axes[0].get_legend_handles_labels(),
            loc="outside lower center",
            ncols=7,
            handletextpad=0.2,
            columnspacing=1.2,
        )
    return figure


def report(table: Rows, console: Console) -> int:
    """The table side by side and the verdict; 0 where newton proved every problem, else 1."""
    console.print(_side_by_side(table))
    for method, rows in groups([row for row in table if row["status"] == "skipped"], "method").items():
        where = ", ".join(row["problem"] for row in rows)
        console.print(f"Skipped: {method} on {where} ({reason(rows[0]['note'])})", highlight=False, style="dim")
    problems = groups(table, "problem")
    proven = [name for name, rows in problems.items() if any(row["proven"] for row in rows)]
    newton = [
        name for name, rows in problems.items() if any(row["proven"] and row["method"] == "newton" for row in rows)
    ]
    good = len(proven) == len(newton) == len(problems)
    missing = [name for name in problems if name not in newton]
    console.print(
        f"All {len(problems)} answers are proven to a relative gap of {TOL:g}, by newton and by others."
        if good
        else f"Proven: {len(proven)} of {len(problems)}; not by newton: {', '.join(missing)}.",
        style="bold green" if good else "bold red",
        highlight=False,
    )
    return 0 if good else 1


def reason(refusal: str) -> str:
    """The obstacle in the sentence with which `solve` refuses a method."""
    return refusal.partition("cannot take this problem: ")[2].partition(". Methods")[0] or refusal


def _rows(case: Case) -> Iterator[dict[str, Any]]:
    common = {
        "problem": case.name,
        "family": case.family,
        "n": case.problem.n,
        "d": case.problem.d,
        "optimum": case.optimum,
    }
    for method in METHODS:
        yield {**common, "role": "ours", "method": method, **_solve(case, method)}
    affine = case.problem.affine
    answer = linear_program(case.problem) if affine else convex_program(case.problem)
    yield {
        **common,
        "role": "peer",
        "method": "HiGHS (linprog)" if affine else "Clarabel (cvxpy)",
        **_peer(case, answer),
    }


def _solve(case: Case, method: str) -> dict[str, Any]:
    begun = time.perf_counter()
    try:
        r = sm.solve(case.problem, case.x0, method=method, tol=TOL, max_passes=MAX_PASSES, time_limit=SECONDS)
    except ValueError as refusal:
        return {**_judged(None), "status": "skipped", "note": str(refusal)}
    seconds = time.perf_counter() - begun
    verdict = judge(case, r.x, r.weights, r.multipliers)
    status = "proven" if verdict.proven else "contradicted" if r.success else ENDS.get(r.status, "stopped")
    return {
        **_judged(verdict),
        "passes": r.npass,
        "steps": r.nit,
        "seconds": seconds,
        "success": bool(r.success),
        "status": status,
        "note": r.message,
    }


def _peer(case: Case, answer: Answer) -> dict[str, Any]:
    if answer.x is None:
        return {**_judged(None), "seconds": answer.seconds, "status": "no answer", "note": answer.said}
    verdict = judge(case, inside(case, answer.x))
    size = scale(case, inside(case, answer.x))
    return {**_judged(verdict), "seconds": answer.seconds, "scale": size, "note": answer.said}


def _judged(verdict: Verdict | None) -> dict[str, Any]:
    return {
        "value": None if verdict is None else verdict.value,
        "error": None,
        "gap": None if verdict is None else verdict.gap,
        "relative_gap": None if verdict is None else verdict.relative,
        "kind": None if verdict is None else verdict.kind,
        "passes": None,
        "steps": None,
        "seconds": None,
        "success": None,
        "proven": verdict is not None and verdict.proven,
        "status": "",
        "note": "",
    }


def _referred(rows: Rows) -> Rows:
    """Errors against the known optimum, else the best lower bound proven here; the peer's gap against the latter."""
    bounds = [row["value"] - row["gap"] for row in rows if row["gap"] is not None and np.isfinite(row["gap"])]
    best = max(bounds, default=None)
    for row in rows:
        reference = best if row["optimum"] is None else row["optimum"]
        if row["value"] is not None and reference is not None:
            row["error"] = row["value"] - reference
        if row["role"] == "peer" and row["value"] is not None and best is not None:
            row["gap"] = row["value"] - best
            row["relative_gap"] = row["gap"] / row.pop("scale")
            row["status"] = "agrees" if row["relative_gap"] <= TOL else "off"
    return rows


def _side_by_side(table: Rows) -> Table:
    shown = Table(
        title="Judged from outside: max f and what the weights prove (a peer's gap is over our lower bound)",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    shown.add_column("problem", no_wrap=True)
    shown.add_column("method", no_wrap=True)
    for name in ("max f", "− optimum", "rel. gap"):
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("proof", no_wrap=True)
    for name in ("passes", "steps", "time, s"):
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("verdict")
    for name, rows in groups(table, "problem").items():
        known = rows[0]["optimum"]
        heads = iter(
            [
                f"[bold]{name}[/bold]",
                f"n = {rows[0]['n']}, d = {rows[0]['d']}",
                "optimum unknown" if known is None else f"optimum {known:.9g}",
            ]
        )
        kept = [row for row in rows if row["status"] != "skipped"]
        for k, row in enumerate(kept):
            shown.add_row(next(heads, ""), *_cells(row), end_section=k == len(kept) - 1)
    return shown


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    def number(value: Any, form: str) -> str:
        return "–" if value is None or not np.isfinite(value) else format(value, form)

    peer = row["role"] == "peer"
    colour = SHADES.get(row["status"], "yellow")
    return (
        f"[dim]{row['method']}[/dim]" if peer else row["method"],
        number(row["value"], ".9g"),
        number(row["error"], ".1e"),
        f"[{colour}]{number(row['relative_gap'], '.1e')}[/{colour}]",
        "ours" if peer else str(row["kind"]),
        number(row["passes"], ".0f"),
        number(row["steps"], "d"),
        number(row["seconds"], ".3f"),
        f"[{colour}]{row['status']}[/{colour}]",
    )
