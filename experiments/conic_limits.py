"""Where does the conic route break?

min F_τ by exponential-cone solvers, over τ from the scale of f down to 1e-10 of it and over n: Clarabel and SCS on
τ·log_sum_exp((A x + b)/τ) as one writes it in cvxpy, Clarabel on the perspective form of the same data, our
method="cvxpy" (normalised, both forms in turn, judged by the certificate) and our Newton. Every point is judged by its
true F_τ against the best proven lower bound of min F_τ; the clock runs over the whole call.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import smoothmax as sm
from experiments._cases import find
from experiments._peers import Answer, rows, timed
from experiments._tables import Rows, groups
from experiments._words import duration, number
from problems import Case
from smoothmax import plots

TIMED = True  # a clock runs: nothing else should
REAL = ("stackloss", "diabetes")
SHARES = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)
SIZES, COLUMNS, SHARE = (50, 200, 1000, 3000), 10, 1e-3
RIGHT = 1e-6  # relative error up to which a point counts as right
PATIENCE = {"quick": 0.5, "default": 2.0, "full": 60.0}  # s that SCS is given; Clarabel comes to an end by itself
TINY = 1e-8  # the same data in other units
FLOOR = 1e-16

LOG_SUM_EXP, PERSPECTIVE, SCS = "Clarabel, log_sum_exp", "Clarabel, perspective", "SCS, log_sum_exp"
CONIC, NEWTON = 'ours, method="cvxpy"', "ours, Newton"
COLOURS = dict(
    zip(
        (LOG_SUM_EXP, PERSPECTIVE, SCS, CONIC, NEWTON),
        (plots.BLUE, plots.SKY, plots.PURPLE, plots.GREEN, plots.VERMILLION),
        strict=True,
    )
)
MARKERS = dict(zip(COLOURS, "s^vDo", strict=True))
Contender = Callable[[sm.Minimax, float], Answer]


def run(*, quick: bool = False, full: bool = False) -> Rows:
    """One row per problem, temperature and contender."""
    shares, sizes = (SHARES[::3], SIZES[:3]) if quick else (SHARES, (*SIZES, 20_000) if full else SIZES)
    patience = PATIENCE["quick" if quick else "full" if full else "default"]
    _contest(find("linear3"), 0.1, "warm-up", patience)  # first calls load modules
    table: Rows = []
    for name in REAL:
        for share in shares:
            table += _contest(find(name), share, name, patience)
    for share in shares[:: 1 if quick else 2]:
        table += _contest(_in_other_units(find(REAL[0])), share, f"{REAL[0]} × {TINY:g}", patience)
    for n in sizes:
        table += _contest(find(f"gaussian-{n}x{COLUMNS}-0"), SHARE, "gaussian", patience)
    return table


def summary(table: Rows) -> Rows:
    """Per sweep and contender: how often right, how often called optimal though wrong, the worst, the time."""
    out = []
    for sweep, some in groups(table, "sweep").items():
        for contender, mine in groups(some, "contender").items():
            wrong = [row for row in mine if not _right(row)]
            out.append(
                {
                    "sweep": sweep,
                    "contender": contender,
                    "right": f"{len(mine) - len(wrong)} of {len(mine)}",
                    'wrong, yet "optimal"': sum(bool(row["claims"]) for row in wrong),
                    "no point": sum(row["error"] is None for row in mine),
                    "worst error": max((row["error"] for row in mine if row["error"] is not None), default=None),
                    "wrong from τ/scale": max((row["share"] for row in wrong), default=None),
                    "seconds": sum(row["seconds"] for row in mine),
                }
            )
    return out


def answer(table: Rows) -> str:
    """How often each is right, and how often it is wrong without saying so."""
    said = []
    for contender, mine in groups(table, "contender").items():
        wrong = [row for row in mine if not _right(row)]
        claimed = [row["error"] for row in wrong if row["claims"] and row["error"] is not None]
        text = f"{contender}: {len(mine) - len(wrong)} of {len(mine)}"
        if claimed:
            text += f", of the others {len(claimed)} called optimal and off by up to {number(max(claimed))}"
        said.append(f"{text} ({duration(sum(row['seconds'] for row in mine))} in all)")
    return (
        "Right is an F_τ within 10⁻⁶ of the best lower bound that was proven, relative. How often each was right: "
        f"{'; '.join(said)}."
    )


def plot(table: Rows) -> Figure:
    """Errors above, seconds below; a panel a sweep. Open marks: wrong, and said to be optimal. Crosses: no point."""
    found = groups(table, "sweep")
    figure, axes = plots.panels(2, len(found), 4.9 * len(found), 10.5, sharey="row")
    with plots.style():
        for k, (sweep, some) in enumerate(found.items()):
            along = "n" if sweep == "gaussian" else "share"
            for contender, mine in groups(some, "contender").items():
                _draw(axes[k], axes[len(found) + k], along, contender, mine)
            axes[k].axhline(RIGHT, color=plots.GREY, linewidth=0.6, linestyle=(0, (4, 2)))
            first = some[0]
            size = f"n = {first['n']}, d = {first['d']}" if along == "share" else f"d = {first['d']}, τ = 1e-3 of scale"
            axes[k].set_title(f"{sweep}\n{size}", fontsize=7)
            for panel in (axes[k], axes[len(found) + k]):
                plots.decades(panel)
                if along == "share":
                    panel.set_xlim(3.0, 3e-11)
            axes[len(found) + k].set_xlabel("n" if along == "n" else "τ / spread of f at the start")
        axes[0].set_ylim(3e-17, 3e4)
        axes[0].set_ylabel("F_τ above its proven\nlower bound, relative")
        axes[len(found)].set_ylabel("time (s)")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), columnspacing=1.2)
    return figure


def _draw(above: Any, below: Any, along: str, contender: str, mine: Rows) -> None:
    look: dict[str, Any] = {"color": COLOURS[contender], "marker": MARKERS[contender], "markersize": 3.5}
    at = [row[along] for row in mine]
    heights = [math.nan if row["error"] is None else max(row["error"], FLOOR) for row in mine]
    above.plot(at, heights, linewidth=0.9, label=contender, **look)
    lies = [(x, y) for x, y, row in zip(at, heights, mine, strict=True) if row["claims"] and not _right(row)]
    above.plot(*zip(*lies, strict=True) if lies else ((), ()), linestyle="", **look, markerfacecolor="white", zorder=4)
    missing = [row[along] for row in mine if row["error"] is None]
    place = 10 ** (3.9 - 0.5 * list(COLOURS).index(contender))
    above.plot(missing, [place] * len(missing), linestyle="", color=look["color"], marker="x", markersize=4)
    below.plot(at, [row["seconds"] for row in mine], linewidth=0.9, **look)


def _right(row: dict[str, Any]) -> bool:
    return row["error"] is not None and row["error"] <= RIGHT


def _in_other_units(case: Case) -> Case:
    """The same regression with its data times TINY; x is what it was."""
    part = case.problem.components
    tiny = sm.Affine(TINY * part.A, TINY * part.b, absolute=part.absolute)
    return replace(case, problem=sm.Minimax(tiny, case.problem.domain), optimum=None, exact=None)


def _contest(case: Case, share: float, sweep: str, patience: float) -> Rows:
    problem = case.problem
    scale = float(np.ptp(problem.components.value(case.x0)))
    tau, bounds = share * scale, []

    def ours(method: str, problem: sm.Minimax, tau: float) -> Answer:
        def solve() -> tuple[Any, str]:
            r = sm.solve(problem, case.x0, tau=tau, method=method)
            bounds.append(r.smoothed_lower_bound)
            return r.x, f"{'optimal' if r.success else 'not proven'}: {r.message}"

        return timed(solve)

    contenders: dict[str, Contender] = {
        LOG_SUM_EXP: _log_sum_exp,
        PERSPECTIVE: _perspective,
        SCS: partial(_log_sum_exp, solver="SCS", time_limit_secs=patience),
        CONIC: partial(ours, "cvxpy"),
        NEWTON: partial(ours, "newton"),
    }
    answers = {name: contender(problem, tau) for name, contender in contenders.items()}
    values = {n: None if a.x is None else _value(problem, tau, a.x) for n, a in answers.items()}
    lower, known = max(bounds), [v for v in values.values() if v is not None]
    size = max(abs(min(known)), scale)
    return [
        {
            "sweep": sweep,
            "problem": case.name,
            "n": problem.n,
            "d": problem.d,
            "share": share,
            "tau": tau,
            "contender": name,
            "smoothed_fun": values[name],
            "lower_bound": lower,
            "error": None if values[name] is None else (values[name] - lower) / size,
            "seconds": answer.seconds,
            "claims": answer.said.split(":")[0] == "optimal",
            "said": answer.said,
        }
        for name, answer in answers.items()
    ]


def _value(problem: sm.Minimax, tau: float, x: Any) -> float | None:
    value = sm.Smoothed(problem, tau).fun(x)
    return value if math.isfinite(value) else None


def _log_sum_exp(problem: sm.Minimax, tau: float, solver: str = "CLARABEL", **settings: Any) -> Answer:
    def solve() -> tuple[Any, str]:
        import cvxpy as cp

        (A, b), x = rows(problem), cp.Variable(problem.d)
        program = cp.Problem(cp.Minimize(tau * cp.log_sum_exp((A @ x + b) / tau)))
        program.solve(solver=solver, **settings)
        return x.value, str(program.status)

    return timed(solve)


def _perspective(problem: sm.Minimax, tau: float) -> Answer:
    """min t with Σu ≤ τ and (f_i − t, τ, u_i) in the exponential cone, in the units of the data."""

    def solve() -> tuple[Any, str]:
        import cvxpy as cp

        (A, b), x, t, u = rows(problem), cp.Variable(problem.d), cp.Variable(), cp.Variable(problem.n)
        cones = [cp.sum(u) <= tau, cp.ExpCone(A @ x + b - t, np.full(problem.n, tau), u)]
        program = cp.Problem(cp.Minimize(t), cones)
        program.solve(solver="CLARABEL")
        return x.value, str(program.status)

    return timed(solve)
