"""How tight is each inequality of the log-sum-exp, over τ and n, on real data?

Slack of every statement of `check_inequalities` at the deviations of the best uniform fit to the diabetes data (and of
the least-squares fit, for a second point), τ and slack in units of the spread of the deviations.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

import smoothmax as sm
from experiments._cases import find
from experiments._tables import Rows, groups
from experiments._words import number
from smoothmax import plots

SHARES = tuple(float(share) for share in np.logspace(-4, 3, 29))
SIZES = (2, 5, 10, 30, 100, 300, 884)
AT_SIZE, AT_SHARE = 100, 0.1  # what is held while the other varies
EXPONENT = 2.0
FLOOR = 1e-12  # of the spread: below it a slack is drawn here
PANELS = {
    "F against max and mean": (
        "maximum below",
        "maximum above",
        "margin",
        "cold, above",
        "mean",
        "hot",
    ),
    "weighted bounds, p = softmax(x/2τ)": ("Cauchy–Schwarz", "Hölder falls in t", "Gibbs", "Pinsker", "prior above"),
    "F as a function": ("1-Lipschitz", "convex", "convex, by its tangent", "Jensen", "smooth, from above", "monotone"),
}


def run(*, quick: bool = False) -> Rows:
    """One row per τ or n, and statement."""
    x, y = _deviations()
    shares = SHARES[::7] if quick else SHARES
    rows = [row for share in shares for row in _rows(x, y, AT_SIZE, share, "τ")]
    return rows + [row for n in (SIZES[:3] if quick else SIZES) for row in _rows(x, y, n, AT_SHARE, "n")]


def _deviations() -> tuple[np.ndarray, np.ndarray]:
    """±(A x − y) of the two fits, in one order that is drawn."""
    components = find("diabetes").problem.components
    best = sm.solve(find("diabetes").problem)
    least_squares = np.linalg.lstsq(components.A, -components.b, rcond=None)[0]
    order = np.random.default_rng(0).permutation(components.n)
    return components.value(best.x)[order], components.value(least_squares)[order]


def _rows(x: np.ndarray, y: np.ndarray, n: int, share: float, over: str) -> Rows:
    x, y = x[:n], y[:n]
    spread = float(np.ptp(x))
    report = sm.check_inequalities(x, y, tau=share * spread, t=EXPONENT)
    facts = {"over": over, "n": n, "share": share, "tau": share * spread, "spread": spread}
    return [
        {**facts, **row, "tight": row["slack"] / spread if spread else 0.0}
        for row in ({key: value for key, value in d.items() if key != "formula"} for d in report.to_dict())
    ]


def summary(table: Rows) -> Rows:
    """The least and the largest slack of every inequality over all τ, and whether it always held."""
    return [
        {
            "statement": name,
            "held": f"{sum(row['ok'] for row in rows)} of {len(rows)}",
            "least slack": max(min(row["tight"] for row in rows), 0.0),
            "at τ": min(rows, key=lambda row: row["tight"])["share"],
            "largest": max(row["tight"] for row in rows),
            "equality": rows[0]["equality"],
        }
        for name, rows in groups([row for row in table if row["over"] == "τ"], "name").items()
        if rows[0]["relation"] == "≤"
    ]


def answer(table: Rows) -> str:
    """Whether all held, and which side of max f ≤ F ≤ max f + τ·log n is the tighter where."""
    held, statements = sum(bool(row["ok"]) for row in table), {row["name"] for row in table}
    over = [row for row in table if row["over"] == "τ"]
    below, above = (
        {row["share"]: row["tight"] for row in over if row["name"] == name}
        for name in ("maximum below", "maximum above")
    )
    cold, hot = min(below), max(below)
    tighter = [share for share in below if above[share] < below[share]]
    text = (
        f"{held} of {len(table)} checks of {len(statements)} statements hold, over {len(below)} temperatures and "
        f"{len({row['n'] for row in table})} sizes. At τ = {number(cold, 1)} of the spread F exceeds max x by "
        f"{number(max(below[cold], 0.0))} of the spread, and stays {number(above[cold])} below max x + τ·log n; at τ = "
        f"{number(hot, 1)} these are {number(below[hot])} and {number(above[hot])}."
    )
    if not tighter:
        return f"{text} The lower bound is the tighter one at all temperatures here."
    return f"{text} Here the upper bound is the tighter one from τ = {number(min(tighter))} of the spread on."


def plot(table: Rows) -> Figure:
    """A panel a family against τ, and below it the same against n."""
    figure, axes = plots.panels(2, 3, 19, 13.5, sharey="row")
    colours = (plots.BLACK, plots.VERMILLION, plots.BLUE, plots.ORANGE, plots.GREEN, plots.PURPLE)
    with plots.style():
        for column, (title, names) in enumerate(PANELS.items()):
            for over, panel in (("τ", axes[column]), ("n", axes[3 + column])):
                for k, (name, colour) in enumerate(zip(names, colours, strict=False)):
                    rows = [row for row in table if row["over"] == over and row["name"] == name]
                    _draw(panel, rows, name, colour, "-" if k % 2 else (0, (4, 1.2)))
                plots.decades(panel)
            axes[column].set_title(title)
            axes[column].set_xlabel(f"τ, in units of the spread of x   (n = {AT_SIZE})")
            axes[3 + column].set_xlabel(f"n   (τ = {AT_SHARE:g} of the spread)")
            axes[column].legend(loc="lower right", fontsize=6)
            axes[column].set_ylim(FLOOR / 2, 1e5)
            axes[3 + column].set_ylim(1e-4, 1e2)
        for panel in (axes[0], axes[3]):
            panel.set_ylabel("slack, in units of the spread of x")
    return figure


def _draw(panel: Any, rows: Rows, name: str, colour: str, line: Any) -> None:
    horizontal = [row["share" if rows[0]["over"] == "τ" else "n"] for row in rows]
    slack = [max(row["tight"], FLOOR) for row in rows]
    panel.plot(horizontal, slack, color=colour, linestyle=line, label=name)
