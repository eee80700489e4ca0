"""What does a proven answer cost beside what one would have used instead?

ℓ∞ regression on Gaussian data and a random game, by us and by SciPy's linprog (HiGHS), cvxpy's default solver, and
L-BFGS-B on the log-sum-exp at one small τ in two lines. All in one process and on one thread (see the package); every
answer is judged by the true max at its point against our certified lower bound.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import smoothmax as sm
from experiments._cases import find
from experiments._judge import inside, judge, scale
from experiments._peers import Answer, Peer, convex_program, linear_program, two_lines
from experiments._tables import Rows, groups
from experiments._words import duration, listed, number, ratio
from problems import Case
from smoothmax import plots

TIMED = True  # a clock runs: nothing else should
QUICK = ("gaussian-400x5-0", "game-30x30-0")
NAMES = ("gaussian-2000x20-0", "gaussian-20000x20-0", "game-200x200-0")
FULL = (*NAMES[:2], "gaussian-100000x50-0", NAMES[2])
OURS = "smoothmax (auto)"
PEERS: dict[str, Peer] = {
    "linprog (HiGHS)": linear_program,
    "cvxpy (default)": convex_program,
    "L-BFGS-B, τ = 1e-3": two_lines(1e-3),
    "L-BFGS-B, τ = 1e-6": two_lines(1e-6),
}
COLOURS = dict(zip((OURS, *PEERS), (plots.VERMILLION, plots.BLUE, plots.PURPLE, plots.SKY, plots.GREEN), strict=True))
MARKERS = dict(zip((OURS, *PEERS), "os^vD", strict=True))
TITLES = {"linf_regression": "ℓ∞ regression", "games": "random game"}
REPEATED = 1.0  # s: what takes less is timed three times, and the least counts


def run(*, quick: bool = False, full: bool = False) -> Rows:
    """One row per problem and contender; `ratio` is its time over ours."""
    for case in (find("linear3"), find("rps")):  # first calls load modules
        for contender in PEERS.values():
            contender(case.problem)
        sm.solve(case.problem, case.x0)
    table: Rows = []
    for name in QUICK if quick else FULL if full else NAMES:
        table += _contest(find(name))
    return table


def summary(table: Rows) -> Rows:
    """Who, how long, how far off."""
    shown = ("problem", "contender", "value", "above", "relative", "seconds", "ratio")
    return [{what: row[what] for what in shown} for row in table]


def answer(table: Rows) -> str:
    """Ours, and everybody's time and error beside it, problem by problem."""
    said = []
    for rows in groups(table, "problem").values():
        ours, *peers = rows
        told = [
            f"{row['contender']} {ratio(row['ratio'])}"
            + ("" if row["relative"] is None else f" ({number(max(row['relative'], 0.0))})")
            for row in peers
        ]
        proof = "proves its answer" if ours["proven"] else "does not prove its answer"
        size = ours["problem"].split("-")[1].replace("x", " × ")
        said.append(
            f"On the {TITLES[ours['family']]} of {size} ours takes {duration(ours['seconds'])} and {proof}; "
            f"{listed(told)}."
        )
    return (
        f"{' '.join(said)} In brackets stands how far the true maximum at their answer is above our proven lower "
        "bound, relative."
    )


def plot(table: Rows) -> Figure:
    """Seconds against what is left open, a panel a problem."""
    found = groups(table, "problem")
    figure, axes = plots.panels(1, len(found), 5.8 * len(found), 7.4, sharey=True)
    with plots.style():
        for panel, rows in zip(axes, found.values(), strict=True):
            for row in rows:
                if row["relative"] is not None:
                    look = {"color": COLOURS[row["contender"]], "marker": MARKERS[row["contender"]]}
                    panel.plot(row["seconds"], max(row["relative"], 1e-16), linestyle="", markersize=5.5, **look)
            plots.decades(panel)
            low, high = min(r["seconds"] for r in rows), max(r["seconds"] for r in rows)
            panel.set_xlim(10 ** np.floor(np.log10(low / 1.5)), 10 ** np.ceil(np.log10(high * 1.5)))
            panel.grid(True, color="#DDDDDD", linewidth=0.4)
            panel.set_axisbelow(True)
            panel.axhline(1e-8, color=plots.GREY, linewidth=0.6, linestyle=(0, (4, 2)))
            size = rows[0]["problem"].split("-")[1].replace("x", " × ")
            panel.set_title(f"{TITLES[rows[0]['family']]}, {size}")
            panel.set_xlabel("time (s)")
        axes[0].set_ylim(3e-17, 3.0)
        axes[0].set_ylabel("true max f above the proven lower bound,\nrelative to max(|max f|, spread)")
        for contender in (OURS, *PEERS):
            look = {"color": COLOURS[contender], "marker": MARKERS[contender]}
            axes[0].plot([], [], linestyle="", label=contender, **look)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(5, 2 * len(found)), handletextpad=0.2)
    return figure


def _contest(case: Case) -> Rows:
    found: dict[str, Any] = {}

    def ours(problem: sm.Minimax) -> Answer:
        begun = time.perf_counter()
        r = found["result"] = sm.solve(problem, case.x0)
        return Answer(r.x, time.perf_counter() - begun, r.message)

    answers = {OURS: _least(ours, case)}
    r = found["result"]
    verdict = judge(case, r.x, r.weights, r.multipliers)
    lower = verdict.value - verdict.gap
    for name, peer in PEERS.items():
        if peer in (linear_program, convex_program) or isinstance(case.problem.domain, sm.Free):
            answers[name] = _least(peer, case)
    rows = []
    for name, answer in answers.items():
        value = None if answer.x is None else case.problem(inside(case, answer.x))
        above = None if value is None else value - lower
        size = None if value is None else scale(case, inside(case, answer.x))
        rows.append(
            {
                "problem": case.name,
                "family": case.family,
                "n": case.problem.n,
                "d": case.problem.d,
                "contender": name,
                "value": value,
                "lower_bound": lower,
                "above": above,
                "relative": None if above is None or size is None else above / size,
                "seconds": answer.seconds,
                "ratio": answer.seconds / answers[OURS].seconds,
                "proven": verdict.proven if name == OURS else None,
                "said": answer.said,
            }
        )
    return rows


def _least(contender: Peer, case: Case) -> Answer:
    """The answer with the least of three times; once where once takes a second."""
    answer = contender(case.problem)
    if answer.seconds > REPEATED:
        return answer
    again = [contender(case.problem).seconds for _ in range(2)]
    return answer._replace(seconds=float(np.min([answer.seconds, *again])))
