"""How does the smoothing error fall with the temperature, and what do the bounds know of it?

Along the path of τ: the error max f(x_τ) − min max f, the gap proven there, τ·H(p) and τ·log n, and the error of the
Richardson point; with the slope of each over its cold half (1: proportional to τ).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import smoothmax as sm
from experiments._cases import find
from experiments._tables import Rows, columns, groups
from experiments._words import between, number
from smoothmax import plots

NAMES = ("stackloss", "diabetes", "kuhn-poker", "abs-deg16", "us-airports")
QUICK = ("linear3", "stackloss")
UNITS = {
    "stackloss": "0.1 % of NH₃ lost",
    "diabetes": "disease score",
    "kuhn-poker": "antes",
    "abs-deg16": "units of |x|",
    "us-airports": "earth radii²",
    "linear3": "units of f",
}
TOL = 1e-11  # of each temperature: extrapolation enlarges what is left open there
FITTED = ("error", "gap", "tau_entropy", "tau_log_n")


def run(names: Sequence[str] = (), *, quick: bool = False) -> Rows:
    """One row per problem and temperature."""
    table = []
    for name in names or (QUICK if quick else NAMES):
        case = find(name)
        path = sm.path(case.problem, x0=case.x0, tol=TOL)
        best = path.lower_bound if case.optimum is None else case.optimum
        rows: Rows = [
            {
                "problem": name,
                "n": case.problem.n,
                "d": case.problem.d,
                "optimum": case.optimum,
                **record,
                "error": record["fun"] - best,
                "extrapolated_error": record["extrapolated"] - best,
            }
            for record in path.records
        ]
        fitted = {f"slope_{what}": slope(columns(rows), what) for what in FITTED}
        table += [{**row, **fitted} for row in rows]
    return table


def slope(table: dict[str, list[Any]], what: str) -> float:
    """The exponent k of what ∝ τᵏ over the colder half of the temperatures, by least squares; nan below two."""
    tau, y = np.array(table["tau"], float), np.array(table[what], float)
    kept = (tau <= math.sqrt(tau.min() * tau.max())) & np.isfinite(y) & (y > 10 * plots.rounding(table))
    return float(np.polyfit(np.log(tau[kept]), np.log(y[kept]), 1)[0]) if kept.sum() > 1 else math.nan


def summary(table: Rows) -> Rows:
    """The slopes, and where the coldest temperature stands."""
    short = {"error": "error", "gap": "gap", "tau_entropy": "τH(p)", "tau_log_n": "τ log n"}
    return [
        {"problem": name}
        | {f"slope {label}": round(rows[-1][f"slope_{what}"], 3) for what, label in short.items()}
        | {"coldest τ": rows[-1]["tau"]}
        | {label: rows[-1][what] for what, label in short.items()}
        for name, rows in groups(table, "problem").items()
    ]


def answer(table: Rows) -> str:
    """The slopes, and what the bounds are worth at the coldest temperature."""
    ends = [rows[-1] for rows in groups(table, "problem").values()]
    errors, gaps = ([row[f"slope_{what}"] for row in ends] for what in ("error", "gap"))
    straight = all(abs(slope - 1) < 0.05 for slope in (*errors, *gaps))
    judged = [row for row in ends if row["error"] > 10 * plots.rounding(columns([row]))]
    text = (
        f"Over the colder half of the temperatures the error falls like τ to the power of {between(errors, 3)} and the "
        f"proven gap like {between(gaps, 3)} on {len(ends)} problems"
        f"{': both in proportion to τ.' if straight else '; not everywhere in proportion to τ.'}"
    )
    if judged:
        worth = {w: between([row[w] / row["error"] for row in judged]) for w in ("gap", "tau_entropy", "tau_log_n")}
        text += (
            f" At the coldest τ the gap is {worth['gap']} times the true error, τ·H(p) {worth['tau_entropy']} times, "
            f"τ·log n {worth['tau_log_n']} times."
        )
    known = [abs(row["extrapolated_error"]) / row["error"] for row in judged if np.isfinite(row["extrapolated_error"])]
    return text + (f" Extrapolation there leaves at most {number(max(known))} of the error." if known else "")


def plot(table: Rows) -> Figure:
    """A panel a problem; the legend takes the place of the last."""
    found = groups(table, "problem")
    across = min(3, len(found) + 1)
    down = -(-(len(found) + 1) // across)
    figure, axes = plots.panels(down, across, 6 * across, 5.6 * down)
    with plots.style():
        for panel, (name, rows) in zip(axes, found.items(), strict=False):
            plots.draw_path(panel, columns(rows), optimum=rows[0]["optimum"], units=UNITS.get(name, "units of f"))
            slopes = ", ".join(f"{what} {rows[0][f'slope_{what}']:.2f}" for what in ("error", "gap"))
            panel.set_title(f"{name}  (n = {rows[0]['n']}, d = {rows[0]['d']})\nslopes: {slopes}", fontsize=7)
        for panel in axes[len(found) :]:
            panel.set_axis_off()
        handles, labels = axes[0].get_legend_handles_labels()
        axes[len(found)].legend(handles, labels, loc="center", handlelength=2.2, fontsize=6.5)
    return figure
