"""SLSQP on a growing set: min t over (x, t) with f_i(x) ≤ t for the worst components so far."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

import smoothmax as sm
from experiments._peers import Answer, timed
from experiments.race.referee import values

Array = NDArray[np.float64]


def growing_set(problem: sm.Minimax, limit: float) -> Answer:
    """The worst d + 1 quadratics a round, each solve from the last point; nothing is dropped."""
    c, d = problem.components, problem.d
    end = time.perf_counter() + limit

    def solve() -> tuple[Any, str]:
        z, core = np.zeros(d + 1), np.zeros(0, np.intp)
        for k in range(1000):
            f = values(c, z[:d])
            if core.size and f.max() <= f[core].max() + 1e-9 * max(abs(f.max()), np.ptp(f)):
                return z[:d], f"{core.size} components after {k} rounds"
            core = np.union1d(core, np.argsort(f)[-(d + 1) :])
            z[d] = f.max()
            z = _slsqp(c.P[core], c.q[core], c.r[core], z, end)
        return z[:d], "1000 rounds"

    return timed(solve)


def _slsqp(P: Array, q: Array, r: Array, z: Array, end: float) -> Array:
    d = z.size - 1

    def slack(z: Array) -> Array:
        if time.perf_counter() > end:
            raise TimeoutError("the limit")
        x = z[:d]
        return np.asarray(z[d] - (0.5 * (P @ x) + q) @ x - r)

    def slope(z: Array) -> Array:
        return np.hstack([-(P @ z[:d] + q), np.ones((len(r), 1))])

    inside = {"type": "ineq", "fun": slack, "jac": slope}
    options = {"ftol": 1e-12, "maxiter": 500}
    last = np.eye(d + 1)[d]
    found = scipy.optimize.minimize(
        lambda z: z[d], z, jac=lambda z: last, method="SLSQP", constraints=[inside], options=options
    )
    return np.asarray(found.x)
