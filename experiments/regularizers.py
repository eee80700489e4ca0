"""What does a regularizer buy: gap against cost, for log-sum-exp and for sparse smoothing?

Minimized at falling τ by one method, the surrogates of Shannon and of Gini: the error of the point, the proven gap, the
components with weight, and the passes they cost; and the minimax itself by either. Tsallis in between, as an operator.
"""

from __future__ import annotations

import timeit
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import smoothmax as sm
from experiments._cases import find
from experiments._tables import Rows, groups
from experiments._words import between, listed, number, of
from smoothmax import plots
from smoothmax.regularizers import Regularizer, gini, shannon, tsallis

NAMES = ("stackloss", "diabetes", "kuhn-poker", "abs-deg16", "us-airports")
SHARES = tuple(float(share) for share in np.logspace(0, -5, 11))
METHOD = "newton"
KINDS: tuple[Regularizer, ...] = (shannon, tsallis(1.5), gini)
LOOKS = {"shannon": ("o", "-"), "gini": ("^", "--"), "tsallis(1.5)": ("s", ":")}
COLOURS = (plots.BLACK, plots.BLUE, plots.ORANGE, plots.GREEN, plots.VERMILLION)
LENGTH = 1000  # of the scores that the operators meet
SEEN = 1e-12  # of the largest weight: what is more counts as weight


def run(names: Sequence[str] = (), *, quick: bool = False) -> Rows:
    """One row per problem, regularizer and τ (0: the minimax), and one per operator and τ."""
    table: Rows = []
    for name in names or (NAMES[:1] if quick else NAMES):
        case = find(name)
        best = sm.solve(case.problem, case.x0)
        spread = float(np.ptp(case.problem.components.value(case.problem.start(case.x0))))
        for kind in (shannon, gini):
            for share in (*(SHARES[::5] if quick else SHARES), 0.0):
                table.append(_solved(case, kind, share, share * spread, best.lower_bound))
    return table + _operators(quick)


def _solved(case: Any, kind: Regularizer, share: float, tau: float, best: float) -> dict[str, Any]:
    """Judged by max f at the point against a proven lower bound of the minimax, and by the certificate."""
    r = sm.solve(case.problem, case.x0, tau=tau or None, regularizer=kind.name, method=METHOD)
    c = sm.certify(case.problem, r.x, r.weights, r.multipliers)
    return {
        "what": "solve",
        "problem": case.name,
        "n": case.problem.n,
        "regularizer": repr(kind),
        "share": share,
        "tau": tau,
        "success": r.success,
        "error": c.upper - best,
        "gap": c.gap,
        "bound": kind.bound(case.problem.n, tau),
        "with_weight": int(np.count_nonzero(r.weights > SEEN * np.max(r.weights))),
        "npass": r.npass,
        "nit": r.nit,
        "size": max(abs(best), r.threshold / 1e-8),
    }


def _operators(quick: bool) -> Rows:
    """One array of standard normal scores, the operator and its weights."""
    z = np.random.default_rng(0).standard_normal(LENGTH)
    spread, rows = float(np.ptp(z)), []
    for kind in KINDS:
        for share in SHARES[::5] if quick else SHARES:
            tau = share * spread
            value, p = kind.maximum(z, tau)
            calls = timeit.Timer(lambda kind=kind, tau=tau: kind.maximum(z, tau))
            rows.append(
                {
                    "what": "operator",
                    "n": LENGTH,
                    "regularizer": repr(kind),
                    "share": share,
                    "tau": tau,
                    "excess": float(value - z.max()),
                    "gap": float(z.max() - p @ z),
                    "bound": kind.bound(LENGTH, tau),
                    "with_weight": int(np.count_nonzero(p > SEEN * p.max())),
                    "us": 1e6 * min(calls.repeat(3, 5 if quick else 50)) / (5 if quick else 50),
                }
            )
    return rows


def summary(table: Rows) -> Rows:
    """What the minimax itself costs by either, and what a thousandth of the spread leaves open."""
    short: Rows = []
    for name, rows in groups([row for row in table if row["what"] == "solve"], "problem").items():
        for kind, mine in groups(rows, "regularizer").items():
            whole = next(row for row in mine if row["share"] == 0)
            near = min((row for row in mine if row["share"] > 0), key=lambda row: abs(np.log10(row["share"]) + 3))
            short.append(
                {
                    "problem": name,
                    "regularizer": kind,
                    "minimax proven": whole["success"],
                    "passes": round(whole["npass"]),
                    "steps": whole["nit"],
                    "τ/spread": near["share"],
                    "error there": near["error"],
                    "of at most": near["bound"],
                    "with weight": f"{near['with_weight']} of {near['n']}",
                    "its passes": round(near["npass"]),
                }
            )
    return short


def answer(table: Rows) -> str:
    """The minimax by either, the error and the weights at a middle τ, and the operators."""
    solved = [row for row in table if row["what"] == "solve"]
    shares = sorted({row["share"] for row in solved if row["share"]})
    middle, said = shares[len(shares) // 2], []
    for kind, words in (("shannon", "the log-sum-exp"), ("gini", "sparse smoothing")):
        rows = [row for row in solved if row["regularizer"] == kind]
        whole, near = ([row for row in rows if row["share"] == share] for share in (0.0, middle))
        proven = of(sum(row["success"] for row in whole), len(whole), "problem")
        off = between([max(row["error"], 0.0) / row["size"] for row in near])
        weight = between([100 * row["with_weight"] / row["n"] for row in near])
        said.append(
            f"By {words} the minimax is proven on {proven}, in {between([row['npass'] for row in whole])} passes; "
            f"at τ = {number(middle, 1)} of the spread its point errs by {off}, relative, and {weight} % of the "
            "components have weight."
        )
    rows = [row for row in table if row["what"] == "operator" and row["share"] == middle]
    count = listed([f"{row['with_weight']} by {row['regularizer']}" for row in rows])
    return " ".join([*said, f"Of {LENGTH} normal scores at that τ keep weight: {count}."])


def plot(table: Rows) -> Figure:
    """Error against τ, against the components with weight, and against passes; the sparsity of the operators."""
    figure, axes = plots.panels(2, 2, 18, 14)
    solved = [row for row in table if row["what"] == "solve" and row["share"] > 0]
    with plots.style():
        for colour, (name, rows) in zip(COLOURS, groups(solved, "problem").items(), strict=False):
            for kind, mine in groups(rows, "regularizer").items():
                marker, line = LOOKS[kind]
                look = {"color": colour, "marker": marker, "linestyle": line, "linewidth": 0.9, "markersize": 3}
                error = [max(row["error"] / row["size"], 1e-14) for row in mine]
                axes[0].plot([row["share"] for row in mine], error, label=name if kind == "shannon" else None, **look)
                axes[1].plot([row["with_weight"] for row in mine], error, **look)
                axes[2].plot([row["npass"] for row in mine], error, **{**look, "linestyle": ""})
        for kind, rows in groups([row for row in table if row["what"] == "operator"], "regularizer").items():
            marker, line = LOOKS[kind]
            by = [row["share"] for row in rows], [row["with_weight"] for row in rows]
            axes[3].plot(
                *by, color=plots.PURPLE, marker=marker, linestyle=line, linewidth=0.9, markersize=3, label=kind
            )
        for kind in ("shannon", "gini"):
            marker, line = LOOKS[kind]
            axes[1].plot([], [], color=plots.GREY, marker=marker, linestyle=line, markersize=3, label=kind)
        labels = (
            ("τ, in units of the spread of f", "error of max f at x(τ), relative"),
            ("components with weight", "error of max f at x(τ), relative"),
            (f"passes ({METHOD})", "error of max f at x(τ), relative"),
            ("τ, in units of the spread of z", f"elements with weight, of {LENGTH} normal scores"),
        )
        for panel, (x, y) in zip(axes, labels, strict=True):
            plots.decades(panel)
            panel.set_xlabel(x)
            panel.set_ylabel(y)
        axes[0].legend(loc="lower right")
        axes[1].legend(loc="lower right")
        axes[3].legend(loc="upper left")
    return figure
