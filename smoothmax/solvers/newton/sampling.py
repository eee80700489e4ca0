"""The way to a given temperature on few of the rows: what matters there is found before all of them are read.

    F_τ(x) ≈ τ·log Σ_{i ∈ S} w_i·exp(f_i(x)/τ)

S starts as evenly spaced rows; F_τ of S is minimized roughly, by falling temperatures; then, a pass a round, the rows
that top F there are added, until none is missing. At a cold τ the rows left out weigh nothing; at a warm one, where
all weigh, S stands for all with the prior scaled by n/|S|. A few Newton steps on all rows do the rest.
"""

from collections.abc import Iterator

import numpy as np

from ..._typing import Array
from ...components import Linearization
from ...components.passes import Portion
from ...problem import Minimax
from ...schedules import Geometric
from ...surrogate import Point, Smoothed
from ..base import State
from .few import fits, minimize_few

PER_VARIABLE, AT_LEAST = 25, 500  # rows of the first sample, and rows added in a round
WORTH = 5  # rows are sampled when they are this many times as many
HEAVY = 20.0  # rows this many τ below the top of S need not join it
SHRINK = 4.0  # of τ between the rough solves
MOST = 2  # and no longer sampled when this many times the sample would be all of them
ROUNDS = 8


def worth(problem: Minimax) -> bool:
    """Many affine rows over R^d."""
    return problem.n >= WORTH * _size(problem) and fits(problem, _size(problem))


def approach(surrogate: Smoothed, x: Array, tau: float) -> Iterator[State[Point]]:
    """Points at the temperature asked for, each lower than the last."""
    problem = surrogate.problem
    n, size = problem.n, _size(problem)
    rows = np.unique(np.linspace(0, n - 1, size).astype(np.intp))
    best, log_scale = None, float(np.log(n / size))
    for _ in range(ROUNDS):
        lin = Linearization(problem.components.subset(rows), x, Portion(surrogate.meter, rows.size / n))
        J = lin.jac(np.arange(rows.size))
        b = lin.f - J @ x
        logw = np.full(rows.size, log_scale)
        if surrogate.prior is not None:
            logw += np.log(surrogate.prior[rows])
        x, steps = minimize_few(J, b, logw, Geometric(max(tau, surrogate.tau), surrogate.tau, SHRINK), x)
        point = surrogate.point(x)
        if best is None or point.fun < best.fun:
            yield State(point, np.inf, steps=steps)
            best = point
        log_scale = 0.0
        top = float(point.f[rows].max())
        worst = np.flatnonzero(point.f > top - HEAVY * surrogate.tau)
        if worst.size > size:
            worst = worst[np.argpartition(point.f[worst], worst.size - size)[-size:]]
        merged = np.union1d(rows, worst)
        if merged.size == rows.size or MOST * merged.size > n:
            return
        rows, tau = merged, (point.upper - top) / 4


def _size(problem: Minimax) -> int:
    return AT_LEAST + PER_VARIABLE * problem.d
