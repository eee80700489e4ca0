"""What does a temperature cost?

Steps and passes until F_τ(x) − min F_τ ≤ 1e-6 of the spread of f at the start, over τ: by four methods, each through
warmer temperatures first, as `solve(tau=…)` goes, and from a cold start at that τ alone. F_τ is evaluated again at
every point, against a proven lower bound of its minimum. Columns of the regressions are made orthonormal, or gradient
steps would end at their limit everywhere. The exponent k of passes ∝ (1/τ)^k is fitted from a hundredth of the spread
on. Newton's predictor between temperatures costs passes, and counts as no step.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import smoothmax as sm
from experiments._cases import find
from experiments._powers import Power, power, series, slope, swept
from experiments._stated import orthonormal
from experiments._tables import Rows, groups
from experiments._words import number
from smoothmax import plots
from smoothmax.components import Meter
from smoothmax.schedules import Geometric
from smoothmax.solvers import METHODS
from smoothmax.solvers.continuation import fixed

NAMES = ("stackloss", "diabetes", "abs-deg16", "kuhn-poker", "us-airports")
QUICK = ("stackloss", "us-airports")
SHARES = tuple(10.0 ** (-k / 2) for k in range(2, 11))  # τ, in units of the spread of f at the start
COLD = 0.011  # of the spread: exponents are fitted from here on
USED = ("gradient", "accelerated", "lbfgs", "newton")
STARTS = ("continuation", "cold start")
EPS = 1e-6  # of the spread
LIMIT, LIMIT_QUICK = 10_000, 1_000  # passes; the first as in `solve`
COLOURS = dict(zip(USED, (plots.ORANGE, plots.GREEN, plots.BLUE, plots.VERMILLION), strict=True))
MARKERS = dict(zip(USED, "^Dso", strict=True))
DASHES = dict(zip(STARTS, ("-", (0, (2.5, 1.2))), strict=True))


class Posed(NamedTuple):
    """F_τ to be minimized from x0, and what is known of its minimum."""

    problem: sm.Minimax
    x0: Any
    spread: float
    lower: float  # proven

    def error(self, x: Any, tau: float) -> float:
        """F_τ(x) − the lower bound, in units of the spread."""
        return (float(sm.logsumexp(self.problem.components.value(x), tau=tau)) - self.lower) / self.spread


def run(*, quick: bool = False, out: Any = None, workers: Any = 1) -> Rows:
    """One row per problem, method, start and τ; `npass` is None where the limit came first."""
    limit = LIMIT_QUICK if quick else LIMIT
    cells = [
        {"problem": name, "method": method, "start": start, "share": share, "limit": limit}
        for name in (QUICK if quick else NAMES)
        for method in USED
        if METHODS[method].refuses(find(name).problem) is None
        for start in STARTS
        for share in (SHARES[2::2] if quick else SHARES)
    ]
    return swept(cell, cells, out, workers)


@cache
def posed(name: str, share: float) -> Posed:
    """With a bound by Newton's method to rounding, whose gap is a small part of what is asked for."""
    case = find(name)
    problem = orthonormal(case.problem)
    x0 = problem.start(case.x0)
    spread = float(np.ptp(problem.components.value(x0)))
    r = sm.solve(problem, x0, tau=share * spread, tol=1e-11, method="newton")
    if not r.smoothed_fun - r.smoothed_lower_bound <= 0.01 * EPS * spread:
        raise RuntimeError(f"{name}, τ = {share:g} of the spread: the minimum of F_τ is not known well enough")
    return Posed(problem, x0, spread, r.smoothed_lower_bound)


@np.errstate(under="ignore")  # weights vanish
def cell(declared: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """One method at one τ, stopped from outside."""
    p = posed(declared["problem"], declared["share"])
    tau, meter = declared["share"] * p.spread, Meter()
    method = METHODS[declared["method"]](p.problem, {})
    warm = declared["start"] == "continuation" and p.spread / 4 > tau
    ladder = list(Geometric(p.spread / 4, tau, method.shrink))[:-1] if warm else []
    surrogate, nit = sm.Smoothed(p.problem, tau, meter=meter), 0
    facts = {"n": p.problem.n, "d": p.problem.d, "tau": tau, "stages": len(ladder) + 1}
    for k, step in enumerate(fixed(p.problem, method, surrogate, p.x0, 0.25 * EPS * p.spread, ladder)):
        nit += step.state.steps if k else 0
        error = p.error(step.state.point.x, tau)
        if error <= EPS or meter.npass > declared["limit"]:
            break
    done = error <= EPS and meter.npass <= declared["limit"]
    return facts | {"nit": nit if done else None, "npass": meter.npass if done else None, "left": error}


def fits(table: Rows) -> dict[tuple[str, str, str], Power]:
    """By problem, method and start: the exponent over the cold τ that were done; nan below three of them."""
    found = {}
    for which, rows in series(table, "problem", "method", "start").items():
        done = [row for row in rows if row["npass"] and row["share"] <= COLD]
        found[which] = power([1 / row["tau"] for row in done], [row["npass"] for row in done])
    return found


def summary(table: Rows) -> Rows:
    """Exponents, and the passes and steps at the coldest τ that was done; r² near 1: a power."""
    short = []
    powers = fits(table)
    for (problem, method, start), rows in series(table, "problem", "method", "start").items():
        done, fit = [row for row in rows if row["npass"]], powers[problem, method, start]
        last, known = (done[-1] if done else None), not math.isnan(fit.k)
        short.append(
            {
                "problem": problem,
                "method": method,
                "start": start,
                "k": f"{fit.k:.2f} ± {fit.half:.2f}" if known else None,
                "r²": round(fit.r2, 2) if known else None,
                "done": f"{len(done)} of {len(rows)}",
                "to τ/spread": last and last["share"],
                "passes": last and round(last["npass"]),
                "steps": last and last["nit"],
            }
        )
    return short


def plot(table: Rows) -> Figure:
    """Passes against τ, a panel a problem; crosses on the upper edge: not done within the limit."""
    found = groups(table, "problem")
    across, down = 3, -(-(len(found) + 1) // 3)
    figure, axes = plots.panels(down, across, 6 * across, 5.6 * down, sharey=True, sharex=True)
    with plots.style():
        for panel, (name, mine) in zip(axes, found.items(), strict=False):
            for (method, start), rows in series(mine, "method", "start").items():
                _draw(panel, rows, method, start)
            plots.decades(panel)
            panel.set_title(f"{name}  (n = {mine[0]['n']}, d = {mine[0]['d']})")
            panel.set_ylim(4, 2 * mine[0]["limit"])
            panel.tick_params(labelbottom=True)
            panel.set_xlabel("τ, in units of the spread, colder →")
            slope(panel, 0.5, (10**-1.7, 5.0), 10**-3.2)
            slope(panel, 1, (10**-3.6, 5.0), 10**-4.7)
        axes[0].invert_xaxis()
        for panel in axes[::across]:
            panel.set_ylabel("passes to 1e-6 of the spread")
        _legend(axes[len(found)], axes[len(found) :])
    return figure


def _draw(panel: Any, rows: Rows, method: str, start: str) -> None:
    look = {"color": COLOURS[method], "marker": MARKERS[method], "linestyle": DASHES[start], "markersize": 3}
    face = COLOURS[method] if start == STARTS[0] else "white"
    done, open_ = ([row for row in rows if bool(row["npass"]) is known] for known in (True, False))
    panel.plot([r["share"] for r in done], [r["npass"] for r in done], markerfacecolor=face, linewidth=1, **look)
    look |= {"linestyle": "", "marker": "x"}
    panel.plot([r["share"] for r in open_], [1.3 * r["limit"] for r in open_], **look)


def _legend(panel: Any, empty: Any) -> None:
    for one in empty:
        one.set_axis_off()
    for method in USED:
        panel.plot([], [], color=COLOURS[method], marker=MARKERS[method], label=method)
    for start in STARTS:
        face = plots.GREY if start == STARTS[0] else "white"
        panel.plot([], [], color=plots.GREY, marker="o", markerfacecolor=face, linestyle=DASHES[start], label=start)
    panel.plot([], [], color=plots.GREY, marker="x", linestyle="", label="not within the limit")
    panel.legend(loc="center", handlelength=2.6)


def answer(table: Rows) -> str:
    """The exponents by method and start, and how many were done within the limit."""
    powers, said = fits(table), []
    for method, rows in groups(table, "method").items():
        told = []
        for start, mine in groups(rows, "start").items():
            ks = sorted(fit.k for (_, *of), fit in powers.items() if of == [method, start])
            fitted = [f"{k:.2f}".replace("-", "−") for k in ks if not math.isnan(k)]
            exponent = f"k = {' to '.join(dict.fromkeys((fitted[0], fitted[-1])))}, " if fitted else ""
            told.append(f"{start} {exponent}{sum(bool(row['npass']) for row in mine)} of {len(mine)} done")
        said.append(f"{method}: {'; '.join(told)}")
    coldest = min(row["share"] for row in table)
    ends = [row for row in table if row["share"] == coldest and row["npass"]]
    text = f"Fitted below a hundredth of the spread, passes change like (1/τ)^k. {'. '.join(said)}."
    if ends:
        least = min(ends, key=lambda row: row["npass"])
        text += (
            f" At the coldest τ, {number(coldest, 1)} of the spread, the fewest passes are {number(least['npass'])}, "
            f"by {least['method']} ({least['start']}) on {least['problem']}."
        )
    return text
