"""Does every case of the catalogue reach its optimum, and at how many evaluations beside other people's solvers?

Every case from its start: by the default method told nothing but the functions and their Jacobian ("smoothmax"), by
every method that takes the case as it is stated, and by SLSQP, NLopt's MMA and Ipopt on min t subject to f(x) ≤ t.
An answer counts by the true max at its point, moved into the domain, within 1e-6 of the optimum. Evaluations are
points at which F was asked for, those of the Jacobian stand beside them.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console

import problems
from experiments._tables import Rows, groups
from experiments._words import many, number, of
from experiments.catalogue.epigraph import PEERS
from experiments.catalogue.papers import DF, evaluations
from experiments.catalogue.printing import duel, printed
from experiments.catalogue.trial import DIFFERENCES, FUNCTIONS, STATED, contest
from smoothmax import plots
from smoothmax.solvers import METHODS

SECONDS, LONG = 3.0, 10.0  # for one solve; the latter with `full`
AUTO = "auto"
LOOKS = (
    (FUNCTIONS, plots.VERMILLION, "-"),
    (f"{AUTO}{STATED}", plots.ORANGE, "-"),
    ("SLSQP", plots.BLACK, "--"),
    ("Ipopt", plots.BLUE, "-."),
    ("MMA", plots.GREEN, ":"),
)


def run(*, quick: bool = False, full: bool = False, only: str = "") -> Rows:
    """A row per case and contender; `quick`: the default method and SLSQP on the classics; `full`: MMA and all methods
    on the other families too; `only`: cases whose name or family holds it."""
    paper, table = evaluations(), []
    for case in problems.cases():
        if only not in f"{case.family}/{case.name}" or (quick and case.family != "classics"):
            continue
        broad = full or (case.family == "classics" and not quick)
        methods = (AUTO, *METHODS) if broad else (AUTO,)
        peers = [name for name in PEERS if broad or name == "SLSQP" or (name == "Ipopt" and not quick)]
        table += contest(case, methods, peers, LONG if full else SECONDS, paper.get(case.name, ()))
    return table


def report(table: Rows, console: Console) -> int:
    """The case table, the methods, the papers and the summary; 0 whatever they say."""
    for shown in printed(table):
        console.print(shown)
    for line in duel(table):
        console.print(line, highlight=False, soft_wrap=True)
    return 0


def answer(table: Rows) -> str:
    """How many each solves, and evaluations where both do."""
    said, problems = [], groups(table, "problem")
    peers = [
        name for name in PEERS if any(row["contender"] == name and row["solved"] != "not installed" for row in table)
    ]
    for who in (FUNCTIONS, f"{AUTO}{STATED}", *peers):
        tried = [row for row in table if row["contender"] == who and row["solved"] not in ("refused", "not installed")]
        words = {
            FUNCTIONS: "smoothmax, told the functions alone,",
            f"{AUTO}{STATED}": "told the structure too, it",
        }.get(who, who)
        said.append(f"{words} reaches {sum(row['solved'] == 'yes' for row in tried)} of {len(tried)}")
    text = f"On {many(len(problems), 'case')}, from the published starts: {'; '.join(said)}."
    ours = costs(table, FUNCTIONS)
    for who in peers:
        theirs = costs(table, who)
        both = np.isfinite(ours) & np.isfinite(theirs)
        if both.any():
            fewer, times = int((ours[both] < theirs[both]).sum()), float(np.median(theirs[both] / ours[both]))
            text += (
                f" Where {who} gets there as well, it asks for {number(times)} times our evaluations in the median; "
                f"we need fewer on {of(fewer, int(both.sum()), 'case')}."
            )
    return text


def plot(table: Rows) -> Figure:
    """The performance profile: the share of the classics a contender solves within a factor of the fewest evaluations
    (E. D. Dolan, J. J. Moré, Math. Program. 91 (2002) 201-213)."""
    figure, (axes,) = plots.panels(1, 1, 13.0, 9.0)
    classics = [row for row in table if row["family"] == "classics"]
    cost = {who: costs(classics, who) for who, *_ in LOOKS}
    cost = {who: found for who, found in cost.items() if np.isfinite(found).any()}
    with plots.style():
        if cost:
            least = np.minimum.reduce(list(cost.values()))
            least[np.isinf(least)] = 1.0  # solved by nobody
            for who, colour, dashes in LOOKS:
                if who in cost:
                    ratio = np.sort(cost[who] / least)
                    solved = np.isfinite(ratio).sum()
                    share = np.arange(1, solved + 1) / ratio.size
                    steps = np.append(ratio[:solved], max(100.0, ratio[solved - 1])), np.append(share, share[-1])
                    axes.step(*steps, where="post", color=colour, linestyle=dashes, linewidth=1.6, label=who)
            axes.legend(loc="lower right")
        axes.set_xscale("log")
        axes.set_xlim(1, 100)
        axes.set_ylim(0, 1.02)
        axes.set_xticks([1, 2, 5, 10, 20, 50, 100], labels=["1", "2", "5", "10", "20", "50", "100"])
        axes.minorticks_off()
        axes.grid(True, color="#DDDDDD", linewidth=0.4)
        axes.set_axisbelow(True)
        axes.set_title(f"{len({row['problem'] for row in classics})} classics: true max within 1e-6 of the optimum")
        axes.set_xlabel("function evaluations, over the fewest of all")
        axes.set_ylabel("share of the classics solved")
    return figure


def costs(table: Rows, contender: str) -> np.ndarray:
    """Evaluations of one contender on each problem, inf where it did not solve it."""
    found = []
    for rows in groups(table, "problem").values():
        mine = [row for row in rows if row["contender"] == contender and row["solved"] == "yes"]
        found.append(mine[0]["nfev"] if mine else np.inf)
    return np.array(found, dtype=float)


__all__ = ["DF", "DIFFERENCES", "FUNCTIONS", "costs", "plot", "report", "run"]
