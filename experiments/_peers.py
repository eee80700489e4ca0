"""What a stranger would have used instead: the same problem in other people's software, with its defaults."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.optimize
import scipy.sparse
from numpy.typing import NDArray

import smoothmax as sm


class Answer(NamedTuple):
    """x (None where there is none), how long the call took with building the model, and what the software said."""

    x: NDArray[np.float64] | None
    seconds: float
    said: str


Peer = Callable[[sm.Minimax], Answer]


def timed(solve: Callable[[], tuple[Any, str]]) -> Answer:
    """The answer with its time; an exception is an answer too, and never ends an experiment, nor does a warning."""
    begun = time.perf_counter()
    try:
        with warnings.catch_warnings(action="ignore"):
            x, said = solve()
    except Exception as trouble:
        return Answer(None, time.perf_counter() - begun, f"{type(trouble).__name__}: {trouble}".splitlines()[0])
    seconds = time.perf_counter() - begun
    return Answer(None if x is None or not np.isfinite(x).all() else np.asarray(x, float), seconds, said)


def linear_program(problem: sm.Minimax) -> Answer:
    """HiGHS through scipy.optimize.linprog: min t with f(x) ≤ t, for affine f over R^d or a simplex."""

    def solve() -> tuple[Any, str]:
        A, b = rows(problem)
        game = isinstance(problem.domain, sm.Simplex)
        found = scipy.optimize.linprog(
            np.eye(problem.d + 1)[-1],
            A_ub=np.column_stack([A, -np.ones(len(A))]),
            b_ub=-b,
            A_eq=np.append(np.ones(problem.d), 0.0)[None] if game else None,
            b_eq=[problem.domain.total] if game else None,
            bounds=[(0 if game else None, None)] * problem.d + [(None, None)],
            method="highs",
        )
        return (None if found.x is None else found.x[:-1]), str(found.message).split(". ")[0]

    return timed(solve)


def convex_program(problem: sm.Minimax) -> Answer:
    """cvxpy with its default solver: the max of affine functions, or the largest distance for enclosing balls."""

    def solve() -> tuple[Any, str]:
        import cvxpy as cp  # takes seconds: run once before the clock counts

        x = cp.Variable(problem.d)
        components = problem.components
        if isinstance(components, sm.Quadratic):
            # |x|² + q·x + r = |x − p|² with p = −q/2
            objective = cp.max(cp.norm(centres(problem) - cp.reshape(x, (1, problem.d), order="C"), axis=1))
        elif components.absolute:
            objective = cp.norm_inf(components.A @ x + components.b)
        else:
            objective = cp.max(components.A @ x + components.b)
        game = isinstance(problem.domain, sm.Simplex)
        program = cp.Problem(cp.Minimize(objective), [x >= 0, cp.sum(x) == problem.domain.total] if game else [])
        program.solve()
        return x.value, f"{program.status} ({program.solver_stats.solver_name})"

    return timed(solve)


def centres(problem: sm.Minimax) -> NDArray[np.float64]:
    """The points p_i of a problem whose components are |x − p_i|²."""
    return np.asarray(-0.5 * problem.components.q)


def two_lines(tau: float) -> Peer:
    """SciPy's L-BFGS-B on the log-sum-exp at one small τ, as one would write it in two lines; R^d only."""

    def peer(problem: sm.Minimax) -> Answer:
        A, b = rows(problem)

        def fun_and_jac(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            f = A @ x + b
            top = f.max()
            e = np.exp((f - top) / tau)
            return float(top + tau * math.log(e.sum())), A.T @ (e / e.sum())

        def solve() -> tuple[Any, str]:
            found = scipy.optimize.minimize(fun_and_jac, np.zeros(problem.d), jac=True, method="L-BFGS-B")
            return found.x, str(found.message)

        return timed(solve)

    return peer


def rows(problem: sm.Minimax) -> tuple[Any, NDArray[np.float64]]:
    """A (dense or sparse) and b of affine components, absolute ones written out."""
    A, b = problem.components.A, problem.components.b
    if not problem.components.absolute:
        return A, b
    return (scipy.sparse.vstack if scipy.sparse.issparse(A) else np.vstack)([A, -A]), np.concatenate([b, -b])
