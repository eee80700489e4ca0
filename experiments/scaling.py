"""How does the work grow with n and d?

ℓ∞ regression on standard normal data, and on the diabetes data resampled (covariates, squares and products of patients
drawn with replacement, each value moved by a fifth of its standard deviation): passes, steps and seconds over n at a
fixed d and over d at a fixed n, with the exponents k of n^k and d^k. newton and working-set prove a relative gap of
1e-8, accelerated one of 1e-3; every gap is recomputed by `certify`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import smoothmax as sm
from experiments._powers import power, series, slope, swept
from experiments._tables import Rows, groups
from experiments._words import number
from problems.linf_regression import data, gaussian, residuals
from smoothmax import plots

TOLS = {"newton": 1e-8, "working-set": 1e-8, "accelerated": 1e-3}
SOURCES = ("gaussian", "diabetes, resampled")
SIZES = {"n": (1_000, 3_162, 10_000, 31_623, 100_000), "d": (5, 10, 20, 40, 60)}
QUICK = {"n": (500, 1_500, 5_000), "d": (5, 10, 20)}
AT_D, AT_N, AT_N_QUICK = 20, 10_000, 1_000  # what is held while the other grows
SEEDS = 3
JITTER = 0.2  # standard deviations
WORK = {"npass": "passes", "nit": "steps", "clock": "time (s)"}
COLOURS = dict(zip(TOLS, (plots.VERMILLION, plots.BLUE, plots.GREEN), strict=True))
MARKERS = dict(zip(SOURCES, "os", strict=True))
DASHES = dict(zip(SOURCES, ("-", "--"), strict=True))


def run(*, quick: bool = False, out: Any = None, workers: Any = 1) -> Rows:
    """One row per source, size, seed and method. Seconds of cells that run side by side are those of busy cores."""
    sizes, at_n = (QUICK, AT_N_QUICK) if quick else (SIZES, AT_N)
    cells = [
        {"source": source, "over": over, "n": n, "d": d, "seed": seed, "method": method}
        for source in SOURCES
        for over, n, d in [("n", n, AT_D) for n in sizes["n"]] + [("d", at_n, d) for d in sizes["d"]]
        for seed in range(1 if quick else SEEDS)
        for method in TOLS
    ]
    return swept(cell, cells, out, workers)


def cell(declared: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """One solve, its gap recomputed. The data come from the declared seed: all methods meet the same."""
    method, make = declared["method"], gaussian_problem if declared["source"] == "gaussian" else resampled
    problem = make(declared["n"], declared["d"], declared["seed"])
    _warmed(method)
    begun = time.perf_counter()
    r = sm.solve(problem, method=method, tol=TOLS[method])
    clock = time.perf_counter() - begun
    c = sm.certify(problem, r.x, r.weights, r.multipliers)
    f = problem.components.value(r.x)
    relative = c.gap / float(np.ptp(f))
    proven = bool(relative <= 1.01 * TOLS[method])
    return {"npass": r.npass, "nit": r.nit, "clock": clock, "fun": float(f.max()), "gap": relative, "proven": proven}


@cache
def _warmed(method: str) -> None:
    """The first solve of a process loads modules."""
    sm.solve(gaussian_problem(100, 3, 0), method=method, tol=1e-3)


def gaussian_problem(n: int, d: int, seed: int) -> sm.Minimax:
    """Standard normal design and response."""
    return gaussian(n, d, seed).problem


def resampled(n: int, d: int, seed: int) -> sm.Minimax:
    """The diabetes data by the smoothed bootstrap; d − 1 of the 65 columns of covariates, squares and products."""
    rng = np.random.default_rng(seed)
    A, y = data("diabetes")
    Z = (A[:, 1:] - A[:, 1:].mean(axis=0)) / A[:, 1:].std(axis=0)
    drawn = rng.integers(len(Z), size=n)
    Z = Z[drawn] + JITTER * rng.standard_normal((n, Z.shape[1]))
    response = y[drawn] + JITTER * y.std() * rng.standard_normal(n)
    j, k = np.triu_indices(Z.shape[1])
    X = np.hstack([Z, Z[:, j] * Z[:, k]])[:, : d - 1]
    return residuals(np.column_stack([np.ones(n), (X - X.mean(axis=0)) / X.std(axis=0)]), response)


def fits(table: Rows) -> Rows:
    """Exponents of passes, steps and seconds, per source, method and what grows."""
    found = []
    for (source, over, method), rows in series(table, "source", "over", "method").items():
        powers = {what: power([row[over] for row in rows], [row[what] for row in rows]) for what in WORK}
        found.append({"source": source, "over": over, "method": method, "rows": rows, **powers})
    return found


def summary(table: Rows) -> Rows:
    """The exponents with their 95 % intervals, and what the largest size took."""
    return [
        {"source": fit["source"], "method": fit["method"], "grows": fit["over"]}
        | {f"{label} ~": f"{fit[what].k:.2f} ± {fit[what].half:.2f}" for what, label in WORK.items()}
        | {"at": fit["rows"][-1][fit["over"]]}
        | {label: float(np.median(_at_largest(fit, what))) for what, label in WORK.items()}
        | {"proven": f"{sum(row['proven'] for row in fit['rows'])} of {len(fit['rows'])}"}
        for fit in fits(table)
    ]


def _at_largest(fit: dict[str, Any], what: str) -> list[float]:
    largest = max(row[fit["over"]] for row in fit["rows"])
    return [row[what] for row in fit["rows"] if row[fit["over"]] == largest]


def plot(table: Rows) -> Figure:
    """Passes, steps and seconds, over n above and over d below."""
    figure, axes = plots.panels(2, len(WORK), 18, 13)
    with plots.style():
        for fit in fits(table):
            for column, what in enumerate(WORK):
                _draw(axes[len(WORK) * (fit["over"] == "d") + column], fit, what)
        for k, panel in enumerate(axes):
            over, label = ("n", "d")[k // len(WORK)], list(WORK.values())[k % len(WORK)]
            plots.decades(panel)
            held = f"d = {AT_D}" if over == "n" else f"n = {min(r['n'] for r in table if r['over'] == 'd'):,}"
            panel.set_xlabel(f"{'residuals n' if over == 'n' else 'variables d'}   ({held.replace(',', ' ')})")
            panel.set_ylabel(label)
            _sized(panel, sorted({row[over] for row in table if row["over"] == over}))
            if label == "time (s)":
                _reference(panel)
        for method, tol in TOLS.items():
            axes[0].plot([], [], color=COLOURS[method], label=f"{method}, to {power_of_ten(tol)}")
        for source in SOURCES:
            look = {"color": plots.GREY, "marker": MARKERS[source], "linestyle": DASHES[source]}
            axes[0].plot([], [], label=source, **look)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def power_of_ten(tol: float) -> str:
    """10⁻⁸"""
    return "10" + f"{math.log10(tol):.0f}".translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _draw(panel: Any, fit: dict[str, Any], what: str) -> None:
    """Every run as a point, their medians as a line."""
    look = {"color": COLOURS[fit["method"]], "marker": MARKERS[fit["source"]]}
    at = groups(fit["rows"], fit["over"])
    panel.plot([row[fit["over"]] for row in fit["rows"]], [row[what] for row in fit["rows"]], linestyle="",
               markersize=2.5, alpha=0.5, **look)  # fmt: skip
    panel.plot(list(at), [np.median([row[what] for row in rows]) for rows in at.values()], color=look["color"],
               linestyle=DASHES[fit["source"]])  # fmt: skip


def _sized(panel: Any, sizes: Sequence[int]) -> None:
    """Sizes below two decades as they are: powers of ten would be too few."""
    if sizes[-1] < 100 * sizes[0]:
        panel.set_xticks(sizes, [str(size) for size in sizes])


def _reference(panel: Any) -> None:
    """A line of slope 1 with room of its own below the data."""
    (left, right), (low, high) = panel.get_xlim(), panel.get_ylim()
    low = low / 5
    panel.set_ylim(low, high)
    slope(panel, 1, (left * (right / left) ** 0.55, 1.3 * low), left * (right / left) ** 0.95)


def answer(table: Rows) -> str:
    """How time and passes grow, by method, and what was proven."""
    found, said = fits(table), []
    for method in TOLS:
        grown = []
        for over in ("n", "d"):
            for what, words in (("clock", "time"), ("npass", "passes")):
                mine = sorted(fit[what].k for fit in found if (fit["method"], fit["over"]) == (method, over))
                known = [f"{k:.2f}".replace("-", "−") for k in mine if np.isfinite(k)]
                if known:
                    grown.append(f"{words} {over}^({' to '.join(dict.fromkeys((known[0], known[-1])))})")
        said.append(f"{method}: {', '.join(grown) or 'too few sizes'}")
    sizes = {over: [row[over] for row in table if row["over"] == over] for over in ("n", "d")}
    return (
        f"Over n from {number(min(sizes['n']))} to {number(max(sizes['n']))} and d from {min(sizes['d'])} to "
        f"{max(sizes['d'])} the work changes as follows, with ranges over the two kinds of data. {'; '.join(said)}. "
        f"{sum(row['proven'] for row in table)} of {len(table)} answers are proven to the gap that was asked for."
    )


TIMED = True  # a clock runs: nothing else should
