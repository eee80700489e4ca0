"""What do smoothed Chebyshev approximations look like as τ falls?

At high τ the error curve is near that of least squares, large at a few places; as τ falls it levels out until it
touches ±E with alternating signs at one point more than there are coefficients, as the best approximation must
(Chebyshev; de la Vallée Poussin).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

import smoothmax as sm
from experiments._cases import find
from experiments._tables import Rows, groups
from experiments._words import between, listed, number
from smoothmax import plots

NAMES = ("abs-deg16", "exp-deg5", "runge-deg8")
TITLES = {
    "abs-deg16": "|t| by degree 16",
    "exp-deg5": "exp t by degree 5",
    "runge-deg8": "1/(1 + 25t²) by degree 8",
}
TIMES_E = (2.0, 0.5, 0.1)  # temperatures, in units of the best error E
COLOURS = {2.0: plots.ORANGE, 0.5: plots.SKY, 0.1: plots.BLUE, 0.0: plots.BLACK}


def run(names: Sequence[str] = (), *, quick: bool = False) -> Rows:
    """One row per problem, temperature (0: the minimax itself) and grid point."""
    table: Rows = []
    for name in names or (NAMES[1:2] if quick else NAMES):
        case = find(name)
        A, b = case.problem.components.A, case.problem.components.b
        t, x, best = A[:, 1], case.x0, case.optimum or 0.0  # the column of T₁ is t itself on [−1, 1]
        for times in (*TIMES_E, 0.0):
            found = sm.solve(case.problem, x, tau=times * best or None)
            x = found.x
            table += [
                {"problem": name, "optimum": best, "times_E": times, "tau": times * best, "t": s, "error": e}
                for s, e in zip(t.tolist(), (A @ found.x + b).tolist(), strict=True)
            ]
    return table


def summary(table: Rows) -> Rows:
    """The largest error at each temperature, and how many grid points touch it."""
    rows: Rows = []
    for name, points in groups(table, "problem").items():
        for tau, curve in groups(points, "tau").items():
            e = np.abs([row["error"] for row in curve])
            touching = int(np.sum(e > e.max() * (1 - 1e-6)))
            best = curve[0]["optimum"]
            rows.append(
                {"problem": name, "tau": tau, "max_error": e.max(), "over_E": e.max() / best, "touching": touching}
            )
    return rows


def answer(table: Rows) -> str:
    """The largest error at the temperatures, and the alternation of the best approximation."""
    rows, ends = summary(table), []
    warm, cold = (
        between([row["over_E"] for row in rows if math.isclose(row["tau"], times * _best(table, row["problem"]))], 3)
        for times in (TIMES_E[0], TIMES_E[-1])
    )
    for name, points in groups([row for row in table if not row["tau"]], "problem").items():
        best = max(abs(row["error"]) for row in points)
        along = sorted(points, key=lambda row: row["t"])
        signs = [row["error"] > 0 for row in along if abs(row["error"]) > (1 - 1e-6) * best]
        turns = 1 + sum(a != b for a, b in itertools.pairwise(signs))
        ends.append(f"{turns} times on {TITLES.get(name, name)} (E = {number(best, 4)})")
    return (
        f"At τ = {TIMES_E[0]:g}·E the largest error is {warm} times the best possible one, E, and at τ = "
        f"{TIMES_E[-1]:g}·E {cold} times. The minimax itself touches +E and −E in turns: {listed(ends)}."
    )


def _best(table: Rows, name: str) -> float:
    return next(row["optimum"] for row in table if row["problem"] == name)


def plot(table: Rows) -> Figure:
    """A panel a function: the error over t, divided by the best error E."""
    found = groups(table, "problem")
    figure, axes = plots.panels(len(found), 1, 17.0, 4.2 * len(found) + 1.0, sharex=True)
    with plots.style():
        for panel, (name, rows) in zip(axes, found.items(), strict=True):
            best = rows[0]["optimum"]
            for times, curve in groups(rows, "times_E").items():
                t, e = (np.array([row[what] for row in curve]) for what in ("t", "error"))
                label = f"τ = {times:g}·E" if times else "minimax (proven)"
                panel.plot(t, e / best, color=COLOURS[times], linewidth=1.4 if not times else 0.9, label=label)
                if not times:
                    top = np.abs(e) > best * (1 - 1e-6)
                    panel.plot(
                        t[top],
                        e[top] / best,
                        linestyle="",
                        marker="o",
                        markersize=3,
                        color=plots.VERMILLION,
                        label="touches ±E",
                    )
            for side in (-1, 1):
                panel.axhline(side, color=plots.GREY, linewidth=0.6, linestyle=(0, (4, 2)), zorder=0)
            panel.set_title(f"{TITLES.get(name, name)}:  E = {best:.6g}")
            panel.set_xlim(-1.02, 1.02)
            panel.set_ylabel("error / E")
        axes[-1].set_xlabel("t")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(handles))
    return figure
