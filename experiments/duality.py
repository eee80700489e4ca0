"""How exactly does duality hold, over n, τ and dtype, for every regularizer?

On the deviations of a real regression: conjugate, biconjugate, Fenchel and Young, Moreau and the multiplier of Σp = 1,
by closed forms, by an ascent that proves its supremum, and by a conic solver; and min F against the dual optimum.
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
from smoothmax.regularizers import Regularizer, gini, shannon, tsallis

KINDS: tuple[Regularizer, ...] = (shannon, tsallis(1.5), gini, tsallis(3.0))
PROBLEMS = ("stackloss", "kuhn-poker", "abs-deg16", "linear3")
SIZES, SHARES = (3, 30, 300), tuple(10.0**k for k in range(-6, 3))
DTYPES = ("float64", "float32", "float16")
ROUTES = {"closed form": "closed forms", "ascent": "ascent", "cvxpy": "conic solver"}


def run(*, quick: bool = False) -> Rows:
    """One row per regularizer, n, τ, dtype and route: the worst residual there, and its share of what it may be."""
    deviations = _deviations()
    sizes, shares = (SIZES[:2], SHARES[::4]) if quick else (SIZES, SHARES)
    rows: Rows = []
    for n in sizes:
        x = deviations[:n]
        spread = float(np.ptp(x))
        for dtype in DTYPES:
            for share in shares:
                for kind in KINDS:
                    report = sm.check_duality(x.astype(dtype), share * spread, regularizer=kind)
                    rows += _worst(report, subject="deviations", n=n, dtype=dtype, share=share)
    for name in PROBLEMS[-1:] if quick else PROBLEMS:
        case = find(name)
        f = case.problem.components.value(case.problem.start(case.x0))
        for share in shares:
            for kind in (shannon, gini):
                report = sm.check_duality(case.problem, share * float(np.ptp(f)), regularizer=kind.name)
                rows += _worst(report, subject=name, n=case.problem.n, dtype="float64", share=share)
    return rows


def _deviations() -> np.ndarray:
    """±(A x − y) at the best uniform fit to the diabetes data, in an order that is drawn."""
    problem = find("diabetes").problem
    f = problem.components.value(sm.solve(problem).x)
    return np.random.default_rng(0).permutation(f)


def _worst(report: Any, **facts: Any) -> Rows:
    """By route (∇Ω is a closed form too), values and weights apart."""
    found: dict[tuple[str, str], Any] = {}
    for check in report.checks:
        route = "closed form" if check.route == "∇Ω(p)" else check.route
        found.setdefault((route, "weights" if "‖" in check.identity else "values"), []).append(check)
    return [
        {
            **facts,
            "tau": report.tau,
            "regularizer": repr(report.regularizer),
            "route": route,
            "of": of,
            "identities": len(checks),
            "residual": max(check.residual for check in checks),
            "share_of_tolerance": max(check.error / check.tolerance for check in checks),
            "ok": all(check.ok for check in checks),
        }
        for (route, of), checks in found.items()
    ]


def summary(table: Rows) -> Rows:
    """The worst of each route, dtype and subject."""
    short: Rows = []
    for (subject, dtype, route, of), rows in _grouped(table, ("subject", "dtype", "route", "of")).items():
        worst = max(rows, key=lambda row: row["share_of_tolerance"])
        short.append(
            {
                "subject": subject,
                "dtype": dtype,
                "by": ROUTES[route],
                "of": of,
                "identities": sum(row["identities"] for row in rows),
                "worst residual": max(row["residual"] for row in rows),
                "as a share of what is allowed": worst["share_of_tolerance"],
                "all hold": all(row["ok"] for row in rows),
            }
        )
    return short


def _grouped(table: Rows, keys: tuple[str, ...]) -> dict[tuple[Any, ...], Rows]:
    found: dict[tuple[Any, ...], Rows] = {}
    for row in table:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return found


def answer(table: Rows) -> str:
    """How many identities held, and the worst residuals by route and dtype."""
    checks, bad = sum(row["identities"] for row in table), sum(not row["ok"] for row in table)
    text = f"{checks} identities were checked for {len({row['regularizer'] for row in table})} regularizers; " + (
        "all hold within what rounding and the routes leave open." if not bad else f"{bad} groups of them do not hold."
    )
    for route, words in ROUTES.items():
        rows = [row for row in table if row["route"] == route and row["of"] == "values"]
        worst = {dtype: max(row["residual"] for row in some) for dtype, some in groups(rows, "dtype").items()}
        if worst:
            told = ", ".join(f"{number(value)} in {dtype}" for dtype, value in worst.items())
            text += (
                f" By {'the ' if words != 'closed forms' else ''}{words} values are off by at most {told}, relative."
            )
    return text


def plot(table: Rows) -> Figure:
    """Residuals of values against τ: a panel a route, a colour a dtype, a marker a regularizer; problems apart."""
    table = [row for row in table if row["of"] == "values"]
    figure, axes = plots.panels(2, 2, 18, 13.5, sharex=True, sharey=True)
    colours = dict(zip(DTYPES, (plots.BLUE, plots.ORANGE, plots.VERMILLION), strict=True))
    markers = dict(zip(map(repr, KINDS), "os^D", strict=True))
    arrays = [row for row in table if row["subject"] == "deviations"]
    with plots.style():
        for panel, route in zip(axes, ROUTES, strict=False):
            for (dtype, kind), rows in _grouped(
                [row for row in arrays if row["route"] == route], ("dtype", "regularizer")
            ).items():
                tau, worst = _envelope(rows)
                panel.plot(tau, worst, color=colours[dtype], marker=markers[kind], linewidth=0.7, markersize=3)
            panel.set_title(f"deviations of a regression, by {ROUTES[route]}")
        last = axes[3]
        for (subject, kind), rows in _grouped(
            [row for row in table if row["subject"] != "deviations"],
            ("subject", "regularizer"),
        ).items():
            colour = (plots.GREEN, plots.PURPLE, plots.SKY, plots.BLACK)[PROBLEMS.index(subject)]
            tau, worst = _envelope(rows)
            last.plot(tau, worst, color=colour, marker=markers[kind], linewidth=0.7, markersize=3)
            last.plot([], [], color=colour, label=subject)
        last.set_title("problems: min F − dual optimum")
        for panel in axes:
            plots.decades(panel)
        for panel in axes[2:]:
            panel.set_xlabel("τ, in units of the spread of f")
        for panel in axes[::2]:
            panel.set_ylabel("worst residual, relative")
        for dtype, colour in colours.items():
            axes[0].plot([], [], color=colour, label=dtype)
        for kind, marker in markers.items():
            axes[1].plot([], [], color=plots.GREY, marker=marker, linestyle="", label=kind)
        handles = {label: handle for handle, label in zip(*last.get_legend_handles_labels(), strict=True)}
        axes[0].legend(loc="upper left")
        axes[1].legend(loc="upper left")
        last.legend(handles.values(), handles.keys(), loc="upper left")
        axes[0].set_ylim(1e-18, 1e2)
    return figure


def _envelope(rows: Rows) -> tuple[list[float], list[float]]:
    """The worst residual at each τ; what is exact is drawn at 1e-17."""
    by = groups(sorted(rows, key=lambda row: row["share"]), "share")
    return list(by), [max(1e-17, max(row["residual"] for row in rows)) for rows in by.values()]
