"""Clarabel and SCS on the epigraph, min t with f_i(x) ≤ t, and core sets: a growing set of components by Clarabel.

Affine f_i: one row each. f_i = ½ρ|x|² + q_i·x + r_i: a quadratic program, min ½ρ|x|² + t with q_i·x + r_i ≤ t.
f_i = ½ xᵀP_i x + q_i·x + r_i with P_i = L Lᵀ and u = t − q_i·x − r_i: the cone |(Lᵀx, u − ½)| ≤ u + ½.
For balls the textbook's form is kept beside the quadratic program: the cone |x − p_i| ≤ t of each point.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import clarabel
import numpy as np
import scipy.sparse as sp
import scs
from numpy.typing import NDArray

import smoothmax as sm
from experiments._peers import Answer, centres, rows, timed
from experiments.race.referee import values

Array = NDArray[np.float64]
TIGHT = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), 1e-10)  # what 1e-8 of the true max needs


class Program(NamedTuple):
    """min ½zᵀPz + c·z with A z + s = b, s in zero^zeros × R₊^bounds × (second-order cones of `cone` entries)."""

    P: Any
    c: Array
    A: Any
    b: Array
    zeros: int
    bounds: int
    cones: int
    cone: int


def interior_point(problem: sm.Minimax, limit: float) -> Answer:
    """Clarabel on all components, model and set-up included."""
    return timed(lambda: _clarabel(epigraph(problem), problem.d, limit))


def interior_point_cones(problem: sm.Minimax, limit: float) -> Answer:
    """The same for a ball, a cone for each point."""
    return timed(lambda: _clarabel(distances(problem), problem.d, limit))


def solve_alone(problem: sm.Minimax, limit: float) -> Answer:
    """Clarabel on all components, only its solve counted."""
    try:
        solver = _solver(epigraph(problem), limit)
    except Exception as trouble:
        return Answer(None, 0.0, f"{type(trouble).__name__}: {trouble}")
    return timed(lambda: _read(solver.solve(), problem.d))


def splitting(problem: sm.Minimax, limit: float) -> Answer:
    """SCS at 1e-9 on all components."""

    def solve() -> tuple[Any, str]:
        p = epigraph(problem)
        data = {"A": sp.csc_matrix(p.A), "b": p.b, "c": p.c, "P": None if p.P is None else sp.csc_matrix(p.P)}
        cone = {"z": p.zeros, "l": p.bounds, "q": [p.cone] * p.cones}
        settings = {"eps_abs": 1e-9, "eps_rel": 1e-9, "max_iters": 10**7, "time_limit_secs": limit, "verbose": False}
        found = scs.SCS({k: v for k, v in data.items() if v is not None}, cone, **settings).solve()
        return found["x"][: problem.d], str(found["info"]["status"])

    return timed(solve)


def core_sets(problem: sm.Minimax, limit: float) -> Answer:
    """The worst d + 1 components a round, until none is above those in the set; nothing is dropped."""
    return _grow(problem, limit, lambda core, left: _clarabel(epigraph(problem, core), problem.d, left))


def core_modelled(problem: sm.Minimax, limit: float) -> Answer:
    """The same for a ball as one would write it in cvxpy, the largest distance; with the same tolerances."""
    import cvxpy as cp

    points, x = centres(problem), cp.Variable((1, problem.d))

    def smaller(core: Any, left: float) -> tuple[Any, str]:
        program = cp.Problem(cp.Minimize(cp.max(cp.norm(points[core] - x, axis=1))))
        program.solve(solver="CLARABEL", time_limit=left, **TIGHT)
        return x.value[0], str(program.status)

    return _grow(problem, limit, smaller)


def _grow(problem: sm.Minimax, limit: float, smaller: Callable[[Any, float], tuple[Any, str]]) -> Answer:
    components, d = problem.components, problem.d

    def solve() -> tuple[Any, str]:
        begun = time.perf_counter()
        x, core = np.zeros(d), np.zeros(0, np.intp)
        for k in range(1000):
            f = values(components, x)
            inside = f[core].max(initial=-np.inf)
            left = begun + limit - time.perf_counter()
            if f.max() <= inside + 1e-9 * max(abs(f.max()), np.ptp(f)) or left <= 0:
                return x, f"core set of {core.size} after {k} rounds"
            core = np.union1d(core, np.argpartition(f, -(d + 1))[-(d + 1) :] if f.size > d + 1 else np.arange(f.size))
            x, said = smaller(core, left)
        return x, f"1000 rounds, {said}"

    return timed(solve)


def epigraph(problem: sm.Minimax, some: Any = slice(None)) -> Program:
    """The cone program of all components, or of some."""
    components, d = problem.components, problem.d
    c, curved = np.eye(d + 1)[d], isinstance(components, sm.Quadratic)
    if curved and components.P.ndim == 3:
        A, b = _discs(components.P[some], components.q[some], components.r[some])
        return Program(sp.csc_matrix((d + 1, d + 1)), c, A, b, 0, 0, len(b) // (d + 2), d + 2)
    Q, r = (components.q, components.r) if curved else rows(problem)
    A, b = _beside(Q[some], -1.0), -r[some]
    P = sp.diags_array([float(components.P)] * d + [0.0] if curved else [0.0] * (d + 1), format="csc")
    if not isinstance(problem.domain, sm.Simplex):
        return Program(P, c, A, b, 0, b.size, 0, 0)
    sum_one, positive = np.append(np.ones(d), 0.0)[None], -np.eye(d, d + 1)
    A, b = sp.vstack([sum_one, A, positive], format="csc"), np.concatenate([[problem.domain.total], b, np.zeros(d)])
    return Program(P, c, A, b, 1, b.size - 1, 0, 0)


def distances(problem: sm.Minimax, some: Any = slice(None)) -> Program:
    """min t with |x − p_i| ≤ t, s = b − A z = (t, p_i − x)."""
    points, d = centres(problem)[some], problem.d
    n = len(points)
    A = sp.vstack([sp.csc_matrix(([-1.0], ([0], [d])), (1, d + 1)), sp.eye_array(d, d + 1)])
    b = np.hstack([np.zeros((n, 1)), points]).ravel()
    every = sp.csc_matrix(sp.kron(np.ones((n, 1)), A))
    return Program(sp.csc_matrix((d + 1, d + 1)), np.eye(d + 1)[d], every, b, 0, 0, n, d + 1)


def _discs(P: Array, q: Array, r: Array) -> tuple[Any, Array]:
    """s = b − A z = (u + ½, u − ½, Lᵀx) for each component, so |Lᵀx|² ≤ 2u."""
    n, d = q.shape
    L = np.linalg.cholesky(P + 1e-14 * np.trace(P, axis1=1, axis2=2)[:, None, None] * np.eye(d))
    A, b = np.zeros((n, d + 2, d + 1)), np.zeros((n, d + 2))
    A[:, :2, :d], A[:, :2, d], A[:, 2:, :d] = q[:, None], -1.0, -np.swapaxes(L, 1, 2)
    b[:, 0], b[:, 1] = 0.5 - r, -0.5 - r
    return sp.csc_matrix(A.reshape(-1, d + 1)), b.ravel()


def _beside(A: Any, last: float) -> Any:
    column = np.full((A.shape[0], 1), last)
    return sp.hstack([A, column], format="csc") if sp.issparse(A) else sp.csc_matrix(np.hstack([A, column]))


def _clarabel(program: Program, d: int, limit: float) -> tuple[Any, str]:
    return _read(_solver(program, limit).solve(), d)


def _solver(p: Program, limit: float) -> Any:
    settings = clarabel.DefaultSettings()
    settings.verbose, settings.time_limit, settings.max_threads = False, max(limit, 1e-3), 1
    for name, tol in TIGHT.items():
        setattr(settings, name, tol)
    cones = [clarabel.ZeroConeT(p.zeros)] * bool(p.zeros) + [clarabel.NonnegativeConeT(p.bounds)] * bool(p.bounds)
    cones += [clarabel.SecondOrderConeT(p.cone)] * p.cones
    return clarabel.DefaultSolver(sp.triu(p.P, format="csc"), p.c, p.A, p.b, cones, settings)


def _read(found: Any, d: int) -> tuple[Any, str]:
    return np.array(found.x)[:d], str(found.status)
