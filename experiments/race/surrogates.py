"""F_τ = τ·log Σ exp((a_i·x + b_i)/τ) at one τ by other people's software."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import scipy.optimize
import scipy.special
from numpy.typing import NDArray

import smoothmax as sm
from experiments._peers import Answer, rows, timed
from experiments.race.entrants import Entrant

Array = NDArray[np.float64]
SECOND_ORDER = ("Newton-CG", "trust-ncg", "trust-exact")


def log_sum_exp(tau: float, solver: str, cone: bool = False) -> Entrant:
    """cvxpy's atom, or with `cone` its perspective: Σu ≤ τ, (f_i − t, τ, u_i) in the exponential cone."""

    def entrant(problem: sm.Minimax, limit: float) -> Answer:
        import cvxpy as cp

        limits = {"time_limit": limit} if solver == "CLARABEL" else {"time_limit_secs": limit, "max_iters": 10**7}

        def solve() -> tuple[Any, str]:
            x = cp.Variable(problem.d)
            A, b = rows(problem)
            if cone:
                t, u, ones = cp.Variable(), cp.Variable(b.size), np.ones(b.size)
                within = [cp.sum(u) <= tau, cp.constraints.ExpCone(A @ x + b - t * ones, tau * ones, u)]
                program = cp.Problem(cp.Minimize(t), within)
            else:
                program = cp.Problem(cp.Minimize(tau * cp.log_sum_exp((A @ x + b) / tau)))
            program.solve(solver=solver, **limits)
            return x.value, str(program.status)

        return timed(solve)

    return entrant


def two_lines(tau: float, method: str, tol: float | None = None) -> Entrant:
    """scipy.optimize.minimize on the surrogate as one would write it."""

    def entrant(problem: sm.Minimax, limit: float) -> Answer:
        A, b = rows(problem)
        end = time.perf_counter() + limit

        def fun_and_jac(x: Array) -> tuple[float, Array]:
            if time.perf_counter() > end:
                raise TimeoutError(f"{limit:g} s")
            z = (A @ x + b) / tau
            return tau * float(scipy.special.logsumexp(z)), A.T @ scipy.special.softmax(z)

        def hess(x: Array) -> Array:
            p = scipy.special.softmax((A @ x + b) / tau)
            mean = A.T @ p
            return np.asarray((A.T @ (p[:, None] * A) - np.outer(mean, mean)) / tau)

        def solve() -> tuple[Any, str]:
            second = {"hess": hess} if method in SECOND_ORDER else {}
            x0 = np.zeros(problem.d)
            found = scipy.optimize.minimize(fun_and_jac, x0, jac=True, method=method, tol=tol, **second)
            return found.x, str(found.message)

        return timed(solve)

    return entrant
