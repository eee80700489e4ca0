"""Which τ for an error of ε?

Four rules, each by Newton's method: τ = ε/log n, for the worst case; the warmest τ with τ·H(p) ≤ ε at its own solution,
that is ε over the logarithm of the effective number exp(H(p)) of components; the warmest τ whose proven gap is ≤ ε; and
continuation with its prior until the proven gap is ≤ ε. The second and third walk down a path of τ, a factor √2 a step,
and pay for all of it. Error: the true max f − the known minimum; gap: as `certify` recomputes it.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import smoothmax as sm
from experiments._cases import find
from experiments._powers import swept
from experiments._tables import Rows, groups
from experiments._words import number
from smoothmax import plots
from smoothmax.schedules import Geometric

NAMES = ("stackloss", "diabetes", "abs-deg16", "fir-lowpass24", "kuhn-poker", "stocks-worst-month", "us-airports",
         "european-cities")  # fmt: skip
QUICK = ("stackloss", "kuhn-poker", "european-cities")
SHARES = tuple(10.0 ** (-k / 2) for k in range(2, 9))  # ε, in units of the spread of f at the start
WORST, SUPPORT, PROVEN, CONTINUED = RULES = ("τ = ε/log n", "τ·H(p) ≤ ε", "gap ≤ ε on the path", "continuation")
FACTOR = math.sqrt(2)
TOL = 1e-9  # of the smoothed optimum at each τ
COLOURS = dict(zip(RULES, (plots.BLACK, plots.BLUE, plots.VERMILLION, plots.GREEN), strict=True))
MARKERS = dict(zip(RULES, "vsoD", strict=True))
Answer = tuple[Any, float, float]  # a result, the τ that it was found at, and the passes of all that led to it


def run(*, quick: bool = False, out: Any = None, workers: Any = 1) -> Rows:
    """One row per problem, ε and rule."""
    cells = [
        {"problem": name, "share": share, "rule": rule}
        for name in (QUICK if quick else NAMES)
        for share in (SHARES[::3] if quick else SHARES)
        for rule in RULES
    ]
    return swept(cell, cells, out, workers)


@np.errstate(under="ignore")  # weights vanish
def cell(declared: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """One rule at one ε, judged by max f at its point and by the certificate."""
    case, rule = find(declared["problem"]), declared["rule"]
    problem = case.problem
    spread = float(np.ptp(problem.components.value(case.x0)))
    eps = declared["share"] * spread
    r, tau, npass = {WORST: worst, CONTINUED: continued}.get(rule, walked)(case, eps, rule)
    c = sm.certify(problem, r.x, r.weights, r.multipliers)
    return {
        "n": problem.n,
        "eps": eps,
        "tau": tau,
        "true_error": problem(r.x) - case.optimum,
        "gap": c.gap,
        "effective": float(np.exp(sm.entropy(r.weights))),
        "npass": npass,
        "nit": r.nit,
    }


def worst(case: Any, eps: float, rule: str) -> Answer:
    """One τ from n alone; `solve` goes to it through warmer ones."""
    tau = eps / math.log(case.problem.n)
    r = sm.solve(case.problem, case.x0, tau=tau, tol=TOL, method="newton")
    return r, tau, r.npass


def continued(case: Any, eps: float, rule: str) -> Answer:
    """`solve` to a gap of ε: the τ of its last stage, whose surrogate has the last weights as its prior."""
    r = sm.solve(case.problem, case.x0, tol=0.0, atol=eps, method="newton")
    return r, r.tau, r.npass


def walked(case: Any, eps: float, rule: str) -> Answer:
    """The first of a falling sequence of τ that shows ε."""
    path = _path(case.name, eps)
    what, spent = {SUPPORT: "tau_entropy", PROVEN: "gap"}[rule], 0.0
    for record, r in zip(path.records, path.results, strict=True):
        spent += record["npass"]
        if record[what] <= eps:
            return r, record["tau"], spent
    raise RuntimeError(f"{case.name}: no τ of the path has {rule}, ε = {eps:g}")


@cache
def _path(name: str, eps: float) -> sm.Path:
    """From a quarter of the spread to ε/log n, where every rule is content."""
    case = find(name)
    start = float(np.ptp(case.problem.components.value(case.x0))) / 4
    stop = eps / math.log(case.problem.n) / FACTOR
    return sm.path(case.problem, Geometric(max(start, stop), stop, FACTOR), x0=case.x0, tol=TOL, method="newton")


def summary(table: Rows) -> Rows:
    """Over all problems and ε: what each rule made of ε, and what it cost."""
    short = []
    for rule, rows in groups(table, "rule").items():
        ratios = {what: np.array([row[what] / row["eps"] for row in rows]) for what in ("tau", "true_error", "gap")}
        short.append(
            {
                "rule": rule,
                "error ≤ ε": f"{int((ratios['true_error'] <= 1).sum())} of {len(rows)}",
                "proven": f"{int((ratios['gap'] <= 1).sum())} of {len(rows)}",
                "τ/ε, median": float(np.median(ratios["tau"])),
                "largest τ/ε": float(ratios["tau"].max()),
                "error/ε, median": float(np.median(ratios["true_error"])),
                "largest error/ε": float(ratios["true_error"].max()),
                "gap/ε, median": float(np.median(ratios["gap"])),
                "passes, median": float(np.median([row["npass"] for row in rows])),
                "largest": float(np.max([row["npass"] for row in rows])),
            }
        )
    return short


def plot(table: Rows) -> Figure:
    """τ, error, gap and passes against ε: points are problems, lines their medians."""
    figure, axes = plots.panels(2, 2, 16, 12.5)
    shown = {
        "tau": "τ used, in units of ε",
        "true_error": "true error, in units of ε",
        "gap": "proven gap, in units of ε",
        "npass": "passes (newton)",
    }
    with plots.style():
        for panel, (what, label) in zip(axes, shown.items(), strict=True):
            for rule, rows in groups(table, "rule").items():
                _draw(panel, rows, what, rule)
            if what in ("true_error", "gap"):
                panel.axhline(1.0, color=plots.GREY, linewidth=0.8, linestyle=(0, (4, 2)))
                panel.annotate("ε", (1.0, 1.0), (2, 0), xycoords=("axes fraction", "data"), va="center",
                               textcoords="offset points", color=plots.GREY)  # fmt: skip
            plots.decades(panel)
            panel.set_xlabel("ε, in units of the spread, finer →")
            panel.set_ylabel(label)
            panel.invert_xaxis()
        low = min(axes[1].get_ylim()[0], axes[2].get_ylim()[0])
        for panel in axes[1:3]:
            panel.set_ylim(low, 3.0)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def _draw(panel: Any, rows: Rows, what: str, rule: str) -> None:
    """Rules side by side, so that their points do not hide each other."""
    aside = 1.12 ** (RULES.index(rule) - 1.5)
    at = {share: [row[what] / (1 if what == "npass" else row["eps"]) for row in mine]
          for share, mine in groups(rows, "share").items()}  # fmt: skip
    for share, values in at.items():
        panel.plot([share / aside] * len(values), values, ".", color=COLOURS[rule], markersize=2.2, alpha=0.45)
    panel.plot([share / aside for share in at], [np.median(values) for values in at.values()], color=COLOURS[rule],
               marker=MARKERS[rule], label=rule)  # fmt: skip


def answer(table: Rows) -> str:
    """At the finest ε: passes, proven gap and τ of each rule."""
    finest = min(row["share"] for row in table)
    rules = groups([row for row in table if row["share"] == finest], "rule")
    worst_case, said = {row["problem"]: row["tau"] for row in rules[WORST]}, []
    for rule, rows in rules.items():
        passes, gap = (float(np.median(v)) for v in ([r["npass"] for r in rows], [r["gap"] / r["eps"] for r in rows]))
        warmer = float(np.median([row["tau"] / worst_case[row["problem"]] for row in rows]))
        told = "" if rule == WORST else f" at a τ {number(warmer)} times that of the worst case"
        said.append(f"“{rule}” takes {number(passes)} passes and leaves a proven gap of {number(gap)} ε{told}")
    held = sum(row["gap"] <= row["eps"] * (1 + 1e-9) for row in table)
    return (
        f"For ε = {number(finest, 1)} of the spread, in the median of {len(rules[WORST])} problems: {'; '.join(said)}. "
        f"Over all ε and rules the proven gap is within ε in {held} of {len(table)} cases."
    )
