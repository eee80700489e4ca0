"""HiGHS on affine components: the whole linear program, primal or dual, and constraint generation by hand.

The primal is min t over (x, t) with a_i·x + b_i ≤ t, one row a component; the dual is max ⟨b, p⟩ + s·total over weights
p ≥ 0, Σp = 1, with (Aᵀp)_j ≥ s on a simplex and Aᵀp = 0 on R^d, one column a component, and x are its row duals.
"""

from __future__ import annotations

import time
from typing import Any

import highspy
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

import smoothmax as sm
from experiments._peers import Answer, rows, timed
from experiments.race.entrants import Entrant

Array = NDArray[np.float64]
FEASIBLE = 1e-9  # below HiGHS's default of 1e-7, with which the true max is off by as much
OPTIMAL = highspy.HighsModelStatus.kOptimal


def whole(solver: str, dual: bool) -> Entrant:
    """The whole program by HiGHS's "simplex" or "ipm"."""

    def entrant(problem: sm.Minimax, limit: float) -> Answer:
        def solve() -> tuple[Any, str]:
            highs = _silent(limit, solver)
            (_dual if dual else _primal)(highs, problem)
            highs.run()
            found = highs.getSolution()
            x = np.array((found.row_dual if dual else found.col_value)[: problem.d])
            return (x if x.size == problem.d else None), _said(highs)

        return timed(solve)

    return entrant


def loop(problem: sm.Minimax, limit: float) -> Answer:
    """Constraint generation: a sample of rows, then the worst a round, on one hot basis; nothing is dropped."""
    A, b, absolute, d = problem.components.A, problem.components.b, problem.components.absolute, problem.d
    many = 3 * d  # the best of d, 3 d, 10 d and 40 d, on the whole

    def solve() -> tuple[Any, str]:
        begun = time.perf_counter()
        highs = _silent(limit, "simplex")
        _variables(highs, problem)
        start = np.random.default_rng(0).choice(len(b), min(many, len(b)), replace=False)
        _add(highs, A[start], b[start])
        if absolute:
            _add(highs, -A[start], -b[start])
        for k in range(1, 1000):
            highs.setOptionValue("time_limit", highs.getRunTime() + begun + limit - time.perf_counter())
            highs.run()
            z = np.array(highs.getSolution().col_value)
            f = A @ z[:d] + b
            size = np.abs(f) if absolute else f
            solved = highs.getModelStatus() == OPTIMAL
            if not solved or size.max() <= z[d] + FEASIBLE * max(1.0, abs(z[d])) or time.perf_counter() > begun + limit:
                return z[:d], f"{_said(highs)} after {k} rounds"
            bad = np.flatnonzero(size > z[d])
            worst = bad[np.argpartition(size[bad], -many)[-many:]] if bad.size > many else bad
            sign = np.sign(f[worst]) if absolute else np.ones(worst.size)
            _add(highs, sign[:, None] * A[worst], sign * b[worst])
        return z[:d], "1000 rounds"

    return timed(solve)


def _silent(limit: float, solver: str) -> highspy.Highs:
    highs = highspy.Highs()
    tolerances = dict.fromkeys(("primal_feasibility_tolerance", "dual_feasibility_tolerance"), FEASIBLE)
    options = {"output_flag": False, "threads": 1, "solver": solver, "time_limit": limit, **tolerances}
    for name, value in options.items():
        highs.setOptionValue(name, value)
    return highs


def _primal(highs: highspy.Highs, problem: sm.Minimax) -> None:
    _variables(highs, problem)
    A, b = rows(problem)
    _add(highs, A, b)


def _dual(highs: highspy.Highs, problem: sm.Minimax) -> None:
    """min −⟨b, p⟩ − s·total: the rows first, then a column (a_i, 1) for each weight."""
    game, d = isinstance(problem.domain, sm.Simplex), problem.d
    for _ in range(d):
        highs.addRow(0.0, highs.inf if game else 0.0, 0, [], [])
    highs.addRow(1.0, 1.0, 0, [], [])
    if game:
        highs.addCol(-problem.domain.total, -highs.inf, highs.inf, d, np.arange(d), np.full(d, -1.0))
    A, b = rows(problem)
    start, index, value = _beside(A, 1.0)
    n = b.size
    highs.addCols(n, -b, np.zeros(n), np.full(n, highs.inf), value.size, start, index, value)


def _variables(highs: highspy.Highs, problem: sm.Minimax) -> None:
    """x and t, and Σx = total on a simplex."""
    game, d = isinstance(problem.domain, sm.Simplex), problem.d
    low, none = np.full(d + 1, 0.0 if game else -highs.inf), np.zeros(0, np.int32)
    low[d] = -highs.inf
    highs.addCols(d + 1, np.eye(d + 1)[d], low, np.full(d + 1, highs.inf), 0, none, none, np.zeros(0))
    if game:
        highs.addRow(problem.domain.total, problem.domain.total, d, np.arange(d), np.ones(d))


def _add(highs: highspy.Highs, A: Any, b: Array) -> None:
    """The rows a·x − t ≤ −b."""
    start, index, value = _beside(A, -1.0)
    highs.addRows(b.size, np.full(b.size, -highs.inf), -b, value.size, start, index, value)


def _beside(A: Any, last: float) -> tuple[Array, Array, Array]:
    """CSR arrays of (A, last·1)."""
    m, d = A.shape
    if sp.issparse(A):
        wide = sp.hstack([A, np.full((m, 1), last)], format="csr")
        return wide.indptr, wide.indices, wide.data
    start = np.arange(m, dtype=np.int32) * (d + 1)
    return start, np.tile(np.arange(d + 1, dtype=np.int32), m), np.column_stack([A, np.full(m, last)]).ravel()


def _said(highs: highspy.Highs) -> str:
    return str(highs.modelStatusToString(highs.getModelStatus()))
