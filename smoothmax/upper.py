"""What a point proves by its value alone: max_i f_i(x), rounded up by a bound on the rounding of f.

A point a little outside X stands for its projection, whose value differs by no more than the slope times the rounding
of the projection (Higham 2002, section 3.1, for the bounds on rounding).
"""

import math
from collections.abc import Iterator

import numpy as np

from ._typing import Array
from .components import Linearization
from .inner import gamma, underflow
from .problem import Minimax

CLOSE = 1e-9  # within this x is projected before its value counts as an upper bound
FEASIBLE = 1e-8  # relative violation of a nonlinear constraint up to which a point counts as feasible
PORTION = 1 << 14
MANY = 256  # rows with weight: far from a vertex, where a bound common to all rows is sharp enough


def upper_value(problem: Minimax, lin: Linearization) -> tuple[float, bool]:
    """max_i f_i(x), rounded up, and whether X is the very set; for x a little outside X, at its projection; inf farther
    out or for f not finite."""
    if not np.isfinite(lin.range).all():
        return math.inf, True
    if problem.constraints is not None and not problem.constraints.at(lin.x).excess <= FEASIBLE:
        return math.inf, True
    if not problem.domain.contains(lin.x, 0.0):
        if not problem.domain.contains(lin.x, CLOSE):
            return math.inf, True
        inside = np.asarray(problem.domain.project(lin.x), dtype=np.float64)
        if not np.isfinite(inside).all():
            return math.inf, True
        lin = lin if np.array_equal(inside, lin.x) else problem.at(inside, lin.meter)
    slope, sure = _slope(problem, lin)
    return _rounded_up(problem, lin) + slope, sure


def _slope(problem: Minimax, lin: Linearization) -> tuple[float, bool]:
    """What max f may change over the rounding of a projection, Σ max_i |J_ij|·miss_j, and whether that is sure: of
    components that do not know max_i |J_ij| wherever they may be, it is taken at x, and of functions from the top row.
    """
    missed = getattr(problem.domain, "missed", None)
    if missed is None or not problem.components.rows or not np.isfinite(lin.range).all():
        return 0.0, True
    off, sure = missed(lin.x)
    if not off.any():
        return 0.0, sure
    peaks = problem.components.column_peaks(np.abs(lin.x) + off)  # the mean value theorem
    if peaks is None and problem.components.assumed:
        peaks = np.abs(lin.jac(lin.leaders(0.0)[0][:1])[0])
    elif peaks is None:
        parts = _portions(problem.n)
        peaks = np.max([np.abs(lin.jac(np.arange(problem.n)[s])).max(axis=0) for s in parts], axis=0)
        sure = sure and problem.affine
    lost = float(np.where(peaks == 0, 0.0, peaks * off).sum())  # 0 times inf is 0
    return (lost if lost >= 0 else math.inf), sure


def _rounded_up(problem: Minimax, lin: Linearization) -> float:
    """max_i (f_i + rounding_i), looking only at rows that the largest possible rounding could lift to the top; inf for
    what is no number."""
    if not np.isfinite(lin.range).all():
        return math.inf
    limit = problem.components.rounding_limit(lin.x)
    if problem.components.remote and lin.crowded(2 * limit):  # so many rows would have to be brought here
        return float(lin.range[1]) + limit
    rows, f = lin.leaders(2 * limit)
    top = np.max([(f[s] + problem.components.rounding(lin.x, rows[s], f[s])).max() for s in _portions(rows.size)])
    return math.inf if np.isnan(top) else float(top)


def mean_error(lin: Linearization, p: Array) -> float:
    """A bound on the rounding of ⟨p, f⟩: that of f itself, and that of the sum."""
    live = np.flatnonzero(p)
    p, f, components = p[live], lin.f[live], lin.components
    limit = components.rounding_limit(lin.x)
    many = live.size > MANY and limit < 1e-12 * float(np.abs(f).max())
    if many or components.remote:  # many rows share what none can miss
        of_f = limit
    else:
        of_f = sum(float(p[s] @ components.rounding(lin.x, live[s], f[s])) for s in _portions(live.size))
    return of_f + gamma(live.size) * float(p @ np.abs(f)) + underflow(live.size)


def _portions(size: int) -> Iterator[slice]:
    """Portions of a long list of rows, so that nothing as large as A is made when all of them are asked for."""
    return (slice(k, k + PORTION) for k in range(0, size, PORTION))
