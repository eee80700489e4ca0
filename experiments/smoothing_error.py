"""What does smoothing change, and what was promised?

Every problem of problems/disciplined, smoothed on both sides at several τ: |p*_τ − p*| against `error_bound`, whether
the bracket contains p*, and whether the conservative point is feasible for the original problem. All of it is judged
here, with plain cvxpy; p* is the exact problem solved by an interior-point method.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments._tables import Rows, groups
from experiments._words import listed, many, number, of
from problems.disciplined import DisciplinedCase, cases, get
from smoothmax import plots

QUICK = ("stackloss-linf", "mixed-atoms", "advertising", "exponential-barrier", "drawdown")
SHARES = (1e-1, 1e-2, 1e-3)  # τ over the size of what stands under the atoms
COLDER = (1e-4, 1e-5)  # in full: where conic solvers begin to fail
SIDES = ("conservative", "optimistic")
SLACK = 1e-6  # of max(|p*|, size): what interior-point answers may be off by
# By status: the violation, relative to the sides of the constraint, above which a point counts as infeasible.
INFEASIBLE = {"optimal": 1e-6, "optimal_inaccurate": 1e-5}
SPLITTING = 1e-4  # the same for SCS, which cvxpy takes for cones of matrices
ZERO = 1e-6  # below this a number at a solution is the solver's idea of zero
MAXIMA = {"max", "maximum", "norm_inf", "abs", "norm1", "min", "minimum", "sum_largest", "dotsort", "cummax"}
MATRICES = {"lambda_max", "sigma_max", "log_det", "normNuc"}
GREEN, PURPLE = plots.GREEN, plots.PURPLE
COLOURS = {"conservative": plots.VERMILLION, "optimistic": plots.BLUE}
MARKERS = {"conservative": "^", "optimistic": "v"}


def run(names: Sequence[str] = (), *, quick: bool = False, full: bool = False) -> Rows:
    """One row per problem, τ and side."""
    chosen = [get(name) for name in names or (QUICK if quick else ())] or cases()
    shares = SHARES[:2] if quick else (*SHARES, *COLDER) if full else SHARES
    return [row for case in chosen for row in _rows(case, shares)]


def summary(table: Rows) -> Rows:
    """Per problem, broken ones first: the bound at the middle τ and the most that was used of it."""
    short = []
    for name, rows in groups(table, "problem").items():
        used = [row["used"] for row in rows if row["used"] is not None]
        middle = rows[len(rows) // 2]
        broken = sorted({row["broken"] for row in rows if row["broken"]})
        short.append(
            {
                "problem": name,
                "optimum": middle["optimum"],
                "τ": middle["tau"],
                "bound": middle["error_bound"],
                "used at most": max(used, default=None),
                "bracket": middle["width"],
                "broken": "; ".join(broken),
            }
        )
    return sorted(short, key=lambda row: not row["broken"])


def answer(table: Rows) -> str:
    """What was promised and broken, the part of the bound that was used, and how the bracket narrows."""
    problems, taus = groups(table, "problem"), sorted({row["share"] for row in table})
    broken = [name for name, rows in problems.items() if any(row["broken"] for row in rows)]
    used = sorted(row["used"] for row in table if row["used"] is not None)
    text = (
        f"On {of(len(problems) - len(broken), len(problems), 'problem')}, at {many(len(taus), 'temperature')} and on "
        "both sides, everything that was promised holds: the optimum is in the bracket and no error exceeds its bound"
    )
    text += f"; something is broken on {listed(broken)}." if broken else "."
    if used:
        text += (
            f" Where the bound is finite and larger than what the solvers leave open, the error uses "
            f"{number(used[len(used) // 2])} of it in the median and {number(used[-1])} at most."
        )
    ends = [(rows[0]["width"], rows[-1]["width"]) for rows in problems.values()]
    falls = sorted(last / first for first, last in ends if 0 < first < math.inf and last < math.inf)
    if falls and len(taus) > 1:
        text += (
            f" From τ = {number(taus[-1], 1)} to {number(taus[0], 1)} of the size under the maxima the bracket narrows "
            f"to {number(falls[len(falls) // 2])} of its width, in the median of {many(len(falls), 'problem')}."
        )
    return text


def plot(table: Rows) -> Figure:
    """The share of the bound that was used, and where in its bracket the optimum lies: a dot a problem, τ and side."""
    figure, (left, right) = plots.panels(1, 2, 14.6, 8.0)
    names = list(groups(table, "problem"))
    nudge = dict(zip(names, 10 ** np.linspace(-0.3, 0.3, len(names)), strict=True))  # so that dots stand side by side
    with plots.style():
        for side in SIDES:
            rows = [row for row in table if row["side"] == side and row["used"] is not None]
            look: dict[str, Any] = {"color": COLOURS[side], "marker": MARKERS[side]}
            _dots(left, rows, "used", nudge, label=f"{side} value", **look)
        inner = [row for row in table if row["side"] == SIDES[0] and row["where"] is not None]
        for infinite, label, colour in (
            (False, "error bound finite", GREEN),
            (True, "infinite (constraint, exp)", PURPLE),
        ):
            rows = [row for row in inner if (row["error_bound"] == math.inf) == infinite]
            _dots(right, rows, "where", nudge, label=label, color=colour, marker="o")
        left.set_ylabel("|p*$_τ$ − p*| / error_bound")
        right.set_ylabel("place of p* in its bracket (0: better end)")
        for panel in (left, right):
            for end in (0.0, 1.0):
                panel.axhline(end, color=plots.BLACK, linewidth=0.8)
            panel.set_xscale("log")
            panel.set_ylim(-0.1, 1.1)
            panel.set_xlabel("τ over the size under the maxima")
            panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, handletextpad=0.2, fontsize=6.5)
    return figure


def _dots(panel: Any, rows: Rows, what: str, nudge: dict[str, float], **look: Any) -> None:
    across = [row["share"] * nudge[row["problem"]] for row in rows]
    panel.plot(across, [row[what] for row in rows], linestyle="", markersize=3, alpha=0.7, clip_on=False, **look)


def _rows(case: DisciplinedCase, shares: Sequence[float]) -> Rows:
    from smoothmax import cvx

    exact = case.build()
    optimum, slack = _optimum(exact, case)
    size = _size(exact)
    sign = 1.0 if type(exact.objective).__name__ == "Minimize" else -1.0
    near = slack * max(abs(optimum), size)
    rows: Rows = []
    for share in shares:
        tau = share * size
        problem = case.build()
        begun = time.perf_counter()
        bracket = cvx.bracket(problem, tau)
        seconds = time.perf_counter() - begun
        point = {"attained": _value(problem), "violation": _violation(problem)}
        place = _place(bracket, optimum, sign, near)
        for side in SIDES:
            smoothing = cvx.smooth(problem, tau, side=side)
            solved = getattr(bracket, side)
            row = {
                "problem": case.name,
                "side": side,
                "share": share,
                "tau": tau,
                "optimum": optimum,
                "status": solved.status,
                "value": solved.value if solved.usable else None,
                "admitted": solved.error,
                "error_bound": smoothing.error_bound,
                "reason": smoothing.reason,
                "replaced": len(smoothing.replaced),
                "kept": len(smoothing.kept),
                "lower": bracket.lower,
                "upper": bracket.upper,
                "width": bracket.width,
                "seconds": seconds,
                "slack": near,
                **place,
                **point,
            }
            rows.append(row | _judged(row, sign))
    return rows


def _judged(row: dict[str, Any], sign: float) -> dict[str, Any]:
    """The error, the share of the bound that it uses, and what was promised but does not hold."""
    near, broken = row["slack"] + (row["admitted"] if row["status"] == "optimal_inaccurate" else 0.0), []
    if not row["lower"] - near <= row["optimum"] <= row["upper"] + near:
        broken.append("p* outside of the bracket")
    if row["value"] is None:
        return {"error": None, "used": None, "broken": "; ".join(broken)}
    worse = sign * (row["value"] - row["optimum"])
    if (worse if row["side"] == "conservative" else -worse) < -near:
        broken.append(f"{row['side']} value on the wrong side")
    if abs(worse) > row["error_bound"] + near:
        broken.append("error beyond the bound")
    if row["side"] == "conservative" and row["violation"] > INFEASIBLE[row["status"]]:
        broken.append("conservative point infeasible")
    if row["side"] == "conservative" and sign * (row["attained"] - row["value"]) > near:
        broken.append("smoothed value better than the true one")
    bound = row["error_bound"]
    # Errors below what the solvers leave open say nothing about the bound.
    used = abs(worse) / bound if 0 < bound < math.inf and bound > near else None
    return {"error": abs(worse), "used": used, "broken": "; ".join(broken)}


def _place(bracket: Any, optimum: float, sign: float, near: float) -> dict[str, float | None]:
    """Where p* lies in its bracket; None where the bracket is open, or too narrow to tell."""
    if not near < bracket.width < math.inf:
        return {"where": None}
    share = (optimum - bracket.lower) / bracket.width
    return {"where": share if sign > 0 else 1.0 - share}


def _optimum(problem: Any, case: DisciplinedCase) -> tuple[float, float]:
    """p* and the relative error to be expected of it."""
    matrices = any(type(node).__name__ in MATRICES for node in _nodes(problem))
    matrices |= any(variable.attributes["PSD"] for variable in problem.variables())
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Solution may be inaccurate", category=UserWarning)
        if matrices:
            return float(problem.solve(solver="SCS", eps=1e-8, max_iters=50_000)), SPLITTING
        return float(problem.solve(solver=case.solver or "CLARABEL")), SLACK


def _size(problem: Any) -> float:
    """The largest number that stands under a maximum at the solution; 1 where there is none but zeros."""
    found = [
        float(np.max(np.abs(arg.value)))
        for node in _nodes(problem)
        if type(node).__name__ in MAXIMA and node.variables()
        for arg in node.args
        if arg.value is not None
    ]
    largest = max(found, default=0.0)
    return largest if largest > ZERO else 1.0


def _nodes(problem: Any) -> list[Any]:
    seen, open_ = [], [problem.objective.expr, *problem.constraints]
    while open_:
        node = open_.pop()
        seen.append(node)
        open_ += node.args
    return seen


def _value(problem: Any) -> float:
    value = problem.objective.expr.value
    return math.nan if value is None else float(value)


def _violation(problem: Any) -> float:
    """The largest violation of a constraint, relative to the sizes of its sides."""
    worst = 0.0
    for side in problem.constraints:
        if any(arg.value is None for arg in side.args):
            return math.nan
        size = 1.0 + max(float(np.max(np.abs(arg.value))) for arg in side.args)
        worst = max(worst, float(np.max(side.violation())) / size)
    return worst
