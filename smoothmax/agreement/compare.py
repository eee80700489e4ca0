"""`verify`: every route that can take a problem, on that problem."""

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from .. import _doors
from ..problem import Minimax, checked
from . import cones, ours, program, smooth
from .judge import judge
from .rational import rational_bound, rational_obstacle
from .report import Agreement, Row
from .route import Question, Route

TABLE = (*ours.SMOOTHED, *cones.SMOOTHED, *smooth.SMOOTHED, *ours.EXACT, *cones.EXACT, *smooth.EXACT, *program.EXACT)
ROUTES: dict[str, Route] = {route.name: route for route in TABLE}
DEFAULT = tuple(name for name in ROUTES if name != cones.SCS)  # minutes, for few digits: only where it is named


def verify(
    problem: Minimax,
    tau: float,
    *,
    routes: Iterable[str] | None = None,
    tol: float = 1e-8,
    time_limit: float | None = None,
    x0: Any = None,
) -> Agreement:
    """Solve one problem by every route that can take it, and let the certificate judge them all.

    Parameters
    ----------
    problem : Minimax
    tau : float
        Temperature τ > 0 of the smoothed routes, in the units of f.
    routes : iterable of names in ROUTES, optional
        All but SCS by default.
    tol : float
        Relative gap asked of the library's methods, as in `solve`; other people's solvers run at their own.
    time_limit : float, optional
        Seconds for each route that can be stopped.
    x0 : (d,) array, optional
        Start of every route.

    Returns
    -------
    Agreement
        One row per route with values, proven bounds, x and weights; `agree`, `value`, `differences`, `str()`. A route
        that fails or cannot take the problem is listed with the reason.

    Raises
    ------
    TypeError, ValueError
        Arguments that do not fit, named.
    """
    checked(problem)
    if isinstance(routes, str) or not (routes is None or isinstance(routes, Iterable)):
        raise TypeError(f"routes must be an iterable of names; got {routes!r}")
    names = DEFAULT if routes is None else tuple(_doors.one_of("routes", name, tuple(ROUTES)) for name in routes)
    if time_limit is not None:
        time_limit = _doors.positive("time_limit", time_limit)
    asked = Question(problem, _doors.positive("tau", tau), _doors.positive("tol", tol), time_limit, problem.start(x0))
    f = problem.components.value(asked.start)
    if not np.isfinite(f).all():
        raise ValueError(f"x0 must be a point where every component is finite; the largest |f_i| is {np.abs(f).max()}")
    rows = tuple(_row(asked, ROUTES[name]) for name in dict.fromkeys(names))
    report = Agreement(
        repr(problem), problem.n, problem.convex, asked.tau, asked.tol, rows, size=float(np.abs(f).max())
    )
    return _rechecked(problem, report)


def _row(asked: Question, route: Route) -> Row:
    """The route's row, whatever happens on it."""
    empty = Row(route.name, route.aim, asked.tol if route.trust is None else route.trust)
    obstacle = route.obstacle(asked.problem)
    if obstacle:
        return replace(empty, status="not applicable", said=obstacle)
    begun = time.perf_counter()
    try:
        with np.errstate(all="ignore"):
            found = route.find(asked)
            seconds = time.perf_counter() - begun
            if found.x is None or not np.isfinite(found.x).all():
                return replace(empty, status="failed", said=found.said, seconds=seconds)
            judged = judge(asked, found, route.aim)
    except Exception as trouble:  # of other people's solvers anything may be expected
        said = f"{type(trouble).__name__}: {' '.join(str(trouble).split())}"
        return replace(empty, status="failed", said=said, seconds=time.perf_counter() - begun)
    point, c = judged.point, judged.certificate
    return replace(
        empty,
        status="optimal" if found.claims else "stopped",
        said=found.said,
        seconds=seconds,
        fun=point.upper,
        smoothed_fun=point.fun,
        lower_bound=judged.lower,
        smoothed_lower_bound=judged.smoothed_lower,
        spread=float(point.range[1] - point.range[0]),
        kind=c.kind,
        x=point.x.copy(),
        weights=judged.weights,
    )


def _rechecked(problem: Minimax, report: Agreement) -> Agreement:
    """The bound of the best exact row once more, in rational arithmetic."""
    exact = [row for row in report.rows if row.aim == "exact" and row.weights is not None]
    if rational_obstacle(problem) or not exact:
        return report
    best = max(exact, key=lambda row: row.lower_bound)
    assert best.x is not None
    assert best.weights is not None
    return replace(report, rational=rational_bound(problem, best.x, best.weights))
