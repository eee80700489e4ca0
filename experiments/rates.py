"""How fast in ε: smoothing with an accelerated method, or the subgradient method?

Evaluations until the true max f − minimum ≤ ε, on ℓ∞ regressions (orthonormal columns) and games. Theory: Nesterov's
smoothing, τ = ε/(2·log n) and constant steps 1/L, needs O(1/ε) (Math. Program. 103, 2005), the subgradient method with
steps R/√k along g/‖g‖ needs O(1/ε²); both are told R = ‖x₀ − x*‖. Beside them the library's accelerated method at the
same τ, and its continuation, which is told neither ε nor R. The minimum is exact, or certified to 1e-10.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import smoothmax as sm
from experiments._powers import draw_means, mean, power, series, slope, swept, typical
from experiments._stated import Stated, promise, stated
from experiments._tables import Rows, groups
from experiments._words import listed, number
from smoothmax import plots
from smoothmax.components import Meter
from smoothmax.solvers import METHODS

NAMES = ("stackloss", "diabetes", "abs-deg6", *(f"gaussian-200x10-{seed}" for seed in range(4)), "kuhn-poker",
         *(f"game-50x50-{seed}" for seed in range(2)))  # fmt: skip
QUICK = ("diabetes", "gaussian-200x10-0", "gaussian-200x10-1")
SHARES = tuple(10.0**-k for k in (1, 1.5, 2, 2.5, 3, 3.5))  # ε, in units of the error at the start
LIMIT = 60_000  # evaluations
THEORY = {"subgradient": 2, "Nesterov 2005": 1, "accelerated, same τ": 1}
METHODS_OF = (*THEORY, "continuation, accelerated", "continuation, newton")
COLOURS = dict(zip(METHODS_OF, (plots.ORANGE, plots.BLUE, plots.SKY, plots.GREEN, plots.VERMILLION), strict=True))
MARKERS = dict(zip(METHODS_OF, "^sDov", strict=True))
Trail = Iterator[tuple[float, float]]  # evaluations so far, true max f above the minimum


def subgradient(s: Stated) -> Trail:
    """x⁺ = P(x − R/√k·g/‖g‖), k = 1, 2, …, with g the gradient of a largest component; the best point counts."""
    x = s.x0
    for k in itertools.count(1):
        yield k, s.error(x)
        g = s.A[int(np.argmax(s.A @ x + s.b))]
        x = s.project(x - s.R / math.sqrt(k) / np.linalg.norm(g) * g)


def nesterov(s: Stated, tau: float) -> Trail:
    """Nesterov 2005, (3.11), with d(x) = ½‖x − x₀‖²:  y = P(x − ∇F/L),  z = P(x₀ − Σ (i+1)/2·∇F(x_i)/L)."""
    L, x, total = s.G**2 / tau, s.x0, np.zeros_like(s.x0)
    for k in itertools.count():
        f = s.A @ x + s.b
        p = np.exp((f - f.max()) / tau)
        g = (p / p.sum()) @ s.A
        y = s.project(x - g / L)
        yield k + 1, s.error(y)
        total = total + (k + 1) / 2 * g
        x = 2 / (k + 3) * s.project(s.x0 - total / L) + (k + 1) / (k + 3) * y


def adaptive(s: Stated, tau: float) -> Trail:
    """The library's accelerated method on F_τ."""
    meter = Meter()
    for state in METHODS["accelerated"](s.problem, {}).states(sm.Smoothed(s.problem, tau, meter=meter), s.x0):
        yield (math.inf if state.stuck else meter.npass), s.error(state.point.x)


def continued(s: Stated, method: str, goal: float) -> Trail:
    """`solve`, of which the goal is hidden: it is stopped from outside."""
    seen: list[tuple[float, float]] = []

    def look(intermediate_result: Any) -> None:
        seen.append((intermediate_result.npass, s.error(intermediate_result.x)))
        if seen[-1][1] <= goal:
            raise StopIteration

    r = sm.solve(s.problem, s.x0, method=method, tol=1e-12, max_passes=LIMIT, callback=look)
    return iter([*seen, (r.npass, s.error(r.x))])


def reached(trail: Trail, goals: list[float]) -> list[float | None]:
    """Evaluations until each of the falling goals; None where LIMIT came first."""
    found: list[float | None] = []
    for spent, error in trail:
        while len(found) < len(goals) and spent <= LIMIT and error <= goals[len(found)]:
            found.append(spent)
        if len(found) == len(goals) or spent >= LIMIT:
            break
    return found + [None] * (len(goals) - len(found))


@np.errstate(under="ignore")  # weights vanish
def cell(declared: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Evaluations for every ε, one method on one problem; and what theory had promised one evaluation before."""
    s, method = stated(declared["problem"]), declared["method"]
    goals = [share * s.error(s.x0) for share in declared["shares"]]
    taus = [eps / (2 * math.log(len(s.A))) for eps in goals]
    if method == "subgradient":
        found = reached(subgradient(s), goals)
    elif method in THEORY:
        kind = nesterov if method == "Nesterov 2005" else adaptive
        found = [reached(kind(s, tau), [eps])[0] for tau, eps in zip(taus, goals, strict=True)]
    else:
        found = reached(continued(s, method.split()[-1], goals[-1]), goals)
    promised = [promise(s, method, tau, k and int(k) - 1) for tau, k in zip(taus, found, strict=True)]
    return {"n": len(s.A), "d": s.problem.d, "eps": goals, "evaluations": found, "promised": promised}


def run(*, quick: bool = False, out: Any = None, workers: Any = 1) -> Rows:
    """One row per problem, method and ε; `evaluations` is None where LIMIT came first."""
    shares = list(SHARES[: 4 if quick else None])
    names = QUICK if quick else NAMES
    cells = [{"problem": name, "method": method, "shares": shares} for name in names for method in METHODS_OF]
    return [
        {key: row[key] for key in ("problem", "n", "d", "method")}
        | {"share": share, **{key: row[key][k] for key in ("eps", "evaluations", "promised")}}
        for row in swept(cell, cells, out, workers)
        for k, share in enumerate(shares)
    ]


def exponents(table: Rows) -> dict[str, list[float]]:
    """By method: k of evaluations ∝ (1/ε)^k on each problem."""
    found: dict[str, list[float]] = {}
    for (method, _), rows in series(table, "method", "problem").items():
        done = [row for row in rows if row["evaluations"]]
        found.setdefault(method, []).append(
            power([1 / row["eps"] for row in done], [row["evaluations"] for row in done]).k
        )
    return found


def summary(table: Rows) -> Rows:
    """The exponents, and the evaluations at every ε in the geometric mean where all problems were done."""
    short = []
    for method, exponent in exponents(table).items():
        fit, mine = mean(exponent), [row for row in table if row["method"] == method]
        short.append(
            {"method": method, "exponent": f"{fit.k:.2f} ± {fit.half:.2f}", "theory": THEORY.get(method)}
            | {f"ε = {share:.0e}": typical(rows, "evaluations") for share, rows in groups(mine, "share").items()}
        )
    return short


def plot(table: Rows) -> Figure:
    """Evaluations against ε, and the exponents."""
    figure, (left, right) = plots.panels(1, 2, 18, 8.5, width_ratios=(1.6, 1))
    with plots.style():
        for method, mine in groups(table, "method").items():
            look = {"color": COLOURS[method], "marker": MARKERS[method]}
            for rows in groups(mine, "problem").values():
                left.plot([r["share"] for r in rows], [r["evaluations"] or math.nan for r in rows], linewidth=0.5,
                          alpha=0.3, color=COLOURS[method])  # fmt: skip
            means = [(share, typical(rows, "evaluations")) for share, rows in groups(mine, "share").items()]
            left.plot([s for s, _ in means], [y or math.nan for _, y in means], label=method, linewidth=1.6, **look)
        plots.decades(left)
        left.invert_xaxis()
        left.set(xlabel="ε, in units of the error at the start, finer →", ylim=(3, 1e5))
        left.set_ylabel("evaluations until max f − minimum ≤ ε")
        slope(left, 1, (8e-3, 4.0), 1e-3)
        slope(left, 2, (6e-2, 3e3), 1.2e-2)
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=5)
        _exponents(right, exponents(table))
    return figure


def _exponents(panel: Any, found: dict[str, list[float]]) -> None:
    """The fitted ones and those of theory."""
    draw_means(panel, found, {method: {"color": COLOURS[method], "marker": MARKERS[method]} for method in found})
    for place, method in enumerate(reversed(found)):
        if method in THEORY:
            panel.plot([THEORY[method]] * 2, [place - 0.35, place + 0.12], color=plots.BLACK, linewidth=1.0)
    panel.set_xlim(-0.1, 2.2)
    panel.set_xlabel("exponent k of (1/ε)ᵏ, mean and 95 % interval\n(points: problems; bars: worst case)")


def answer(table: Rows) -> str:
    """The exponents beside theory's, and the evaluations at the finest ε that all have reached."""
    said = []
    for method, exponent in exponents(table).items():
        fit = mean(exponent)
        if math.isfinite(fit.k):
            half = f" ± {fit.half:.2f}" if math.isfinite(fit.half) else ""
            promised = f" (theory's worst case: {THEORY[method]})" if method in THEORY else ""
            said.append(f"{fit.k:.2f}{half} for {method}{promised}")
    text = (
        f"Fitted where ε was reached within the limit, evaluations change like (1/ε)^k with k = {listed(said)}; "
        "the interval is that of the mean over problems."
    )
    counts = {
        share: {method: typical(mine, "evaluations") for method, mine in groups(rows, "method").items()}
        for share, rows in groups(table, "share").items()
    }
    done = [share for share, by in counts.items() if None not in by.values()]
    if done:
        taken = listed([f"{number(count)} by {method}" for method, count in counts[min(done)].items()])
        text += (
            f" The finest ε that all reach on all problems is {number(min(done), 1)} of the error at the start, after "
            f"so many evaluations in the geometric mean: {taken}."
        )
    return text
