"""What do applications cost beside what one would have used: linprog, or cvxpy with Clarabel?

Chebyshev centres and portfolios are linear programs, the fair regression one over exponential cones, theta numbers and
mixing chains semidefinite programs. Both sides are timed with building their model; Clarabel also without. Whoever
answers, the true max at the point is compared with our proven bounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import cvxpy as cp
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial import HalfspaceIntersection

import problems
import smoothmax as sm
from experiments._judge import inside
from experiments._peers import linear_program
from experiments._tables import Rows, groups
from experiments._words import between, duration, number
from problems import Case, chebyshev_centre, fairness
from smoothmax import plots

TIMED = True  # a clock runs: nothing else should
FAMILIES = ("chebyshev_centre", "portfolio", "fairness", "spectral")
CITY, GROUPING = "Zaragoza", "age"
AGES = ("under 35", "35 to 54", "55 and over")
REPEATS = 3


def run(*, quick: bool = False) -> Rows:
    """One row for each case and way: the best of three times, excess over our lower bound, ratio to ours."""
    chosen = [case for family in FAMILIES for case in problems.cases(family)[: 2 if quick else None]]
    return [row for case in chosen for row in contest(case)]


def contest(case: Case) -> Rows:
    """Ours, and what else takes the case."""
    r, seconds = _best(lambda: sm.solve(case.problem, case.x0))
    facts = {"problem": case.name, "family": case.family, "n": case.problem.n, "d": case.problem.d}
    rows: Rows = [facts | {"way": "smoothmax", "seconds": seconds, "excess": r.fun - r.lower_bound, "over_ours": 1.0}]
    for way, answer in _peers(case):
        (x, own), taken = _best(answer)
        worst = None if x is None else case.problem(inside(case, x)) - r.lower_bound
        for label, spent in ((way, taken), (f"{way}, solver alone", own)):
            if spent is not None:
                rows.append(facts | {"way": label, "seconds": spent, "excess": worst, "over_ours": spent / seconds})
    return rows


def _peers(case: Case) -> list[tuple[str, Callable[[], tuple[Any, float | None]]]]:
    found: list[tuple[str, Callable[[], tuple[Any, float | None]]]] = [("Clarabel", lambda: _conic(case))]
    if isinstance(case.problem.components, sm.Affine) and isinstance(case.problem.domain, sm.Free | sm.Simplex):
        found.append(("linprog", lambda: (linear_program(case.problem).x, None)))
    return found


def _conic(case: Case) -> tuple[Any, float | None]:
    """x and the seconds of the solver alone."""
    x = cp.Variable(case.problem.d)
    components = case.problem.components
    parts = components.parts if isinstance(components, sm.Stack) else (components,)
    tops = cp.max(cp.hstack([top for part in parts for top in _tops(part, x, case)]))
    program = cp.Problem(cp.Minimize(tops), _held(case.problem.domain, x))
    program.solve(solver="CLARABEL")
    return x.value, float(program.solver_stats.solve_time)


def _tops(part: Any, x: cp.Variable, case: Case) -> list[Any]:
    """What the largest component of a family is."""
    if isinstance(part, sm.Spectral):
        A = part.family
        both = cp.reshape(part.A0.ravel() + A.flat.T @ x, (part.n, part.n), order="C")
        return [cp.lambda_max((both + both.T) / 2)]
    if isinstance(part, sm.Affine):
        return [cp.max(part.A @ x + part.b)]
    loss = fairness.survey(next(g for g in fairness.GROUPS if case.name.endswith(g.lower())))
    return [mean @ cp.logistic(-loss.margins @ x) + loss.lam / 2 * cp.sum_squares(x) for mean in loss.averaging]


def _held(domain: Any, x: cp.Variable) -> list[Any]:
    linear = domain.linear()
    low, high = np.isfinite(linear.lb), np.isfinite(linear.ub)
    held = [x[low] >= linear.lb[low]] if low.any() else []
    held += [x[high] <= linear.ub[high]] if high.any() else []
    held += [] if linear.A_ub is None else [linear.A_ub @ x <= linear.b_ub]
    return held + ([] if linear.A_eq is None else [linear.A_eq @ x == linear.b_eq])


def _best(call: Callable[[], Any]) -> tuple[Any, float]:
    """The last answer and the shortest time."""
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        answer = call()
        times.append(time.perf_counter() - begun)
    return answer, min(times)


def answer(table: Rows) -> str:
    """Their times over ours by family, and how far off anybody's answer is."""
    said = []
    for family, rows in groups(table, "family").items():
        ours = [row["seconds"] for row in rows if row["way"] == "smoothmax"]
        ways = groups([row for row in rows if row["way"] != "smoothmax"], "way")
        told = [f"{way} {between([row['over_ours'] for row in some])}" for way, some in ways.items()]
        said.append(f"{family.replace('_', ' ')} {duration(max(ours))} at most ({', '.join(told)})")
    excess = {
        way: max((max(row["excess"], 0.0) for row in rows if row["excess"] is not None), default=0.0)
        for way, rows in groups(table, "way").items()
    }
    off = max(excess, key=excess.__getitem__)
    return (
        f"Our time, and in brackets that of the others over ours, below 1 where they are faster: {'; '.join(said)}. "
        f"The true maximum at our points is within {number(excess['smoothmax'])} of the lower bound that we prove; "
        f"the largest excess of all is {number(excess[off])}, by {off}."
    )


def plot(table: Rows) -> Figure:
    """The largest circle in a cell of the map of cities, and the losses of three age groups by two regressions."""
    figure, (left, right) = plots.panels(1, 2, 18.0, 7.5)
    with plots.style():
        _cell(left)
        _groups(right)
    return figure


def _cell(axes: Axes) -> None:
    problem = chebyshev_centre.voronoi(CITY)
    affine: Any = problem.components
    r = sm.solve(problem)
    corners = HalfspaceIntersection(np.column_stack([affine.A, affine.b]), r.x).intersections
    order = np.argsort(np.arctan2(*(corners - r.x).T[::-1]))
    others = 2 * -affine.b[:, None] * affine.A  # a_i·x ≤ |p_i|/2 with a_i = p_i/|p_i|
    near = others[np.abs(others).max(axis=1) < 250]
    axes.add_patch(Polygon(corners[order], facecolor=plots.SKY, alpha=0.5, edgecolor=plots.BLUE))
    axes.add_patch(Circle(tuple(r.x), -r.fun, fill=False, color=plots.VERMILLION, linewidth=1.4))
    axes.plot(*near.T, ".", color=plots.GREY, markersize=3)
    axes.plot(0, 0, ".", color=plots.BLACK)
    axes.annotate(CITY, (0, 0), (-5, 2), textcoords="offset points", ha="right")
    axes.annotate(
        f"radius {-r.fun:.2f} km",
        (r.x[0], r.x[1] - r.fun),
        (24, 10),
        textcoords="offset points",
        color=plots.VERMILLION,
    )
    axes.set_aspect("equal")
    axes.set(xlabel="km east", ylabel="km north", title=f"Largest circle in the Voronoi cell of {CITY}")


def _groups(axes: Axes) -> None:
    loss = fairness.survey(GROUPING)
    share = np.bincount(loss.group) / loss.group.size
    plain = minimize(lambda w: share @ loss.fun(w), np.zeros(loss.margins.shape[1]), jac=lambda w: share @ loss.jac(w))
    fair = sm.solve(fairness.fair(loss)).x
    ways: tuple[tuple[str, NDArray[np.float64], str, str], ...] = (
        ("plain", plain.x, plots.ORANGE, "s"),
        ("min–max", fair, plots.BLUE, "o"),
    )
    for name, w, colour, marker in ways:
        axes.plot(np.arange(3), loss.fun(w), color=colour, marker=marker, linestyle="", markersize=7, label=name)
    axes.axhline(loss.fun(fair).max(), color=plots.GREY, linewidth=0.8, linestyle=(0, (4, 2)), zorder=0)
    axes.set_xticks(np.arange(3), AGES)
    axes.set_xlim(-0.5, 2.5)
    axes.set(ylabel="mean logistic loss", title="Loss of each age group")
    axes.legend(loc="lower left")
