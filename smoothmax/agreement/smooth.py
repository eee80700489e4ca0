"""SciPy's own minimizers as routes: on F_τ itself, and on the epigraph  min t,  f_i(x) ≤ t.

f is divided by its spread at the start: the stopping rules of both are absolute.
"""

import math
from typing import Any

import numpy as np
import scipy.optimize

from .._typing import Array
from ..domains import Ball, Box, Free
from ..problem import Minimax
from ..solvers.conic.accepts import linear
from .route import Found, Question, Route

TRUST = 1e-6
ENTRIES = 200_000  # of the dense Jacobian that SLSQP factorizes at every step
VARIABLES = 500


def _domain_obstacle(problem: Minimax) -> str | None:
    if isinstance(problem.domain, Ball) or linear(problem) is not None:
        return None
    return f"it needs bounds, linear constraints or a ball; this domain is {problem.domain!r}"


def _too_large(problem: Minimax) -> str | None:
    if problem.d > VARIABLES:
        return f"it would factorize dense {problem.d} × {problem.d} matrices; the limit is {VARIABLES} variables"
    return _domain_obstacle(problem)


def _scipy_obstacle(problem: Minimax) -> str | None:
    return None if isinstance(problem.domain, (Free, Box)) else _too_large(problem)


def _slsqp_obstacle(problem: Minimax) -> str | None:
    if problem.n * problem.d > ENTRIES:
        return f"it would factorize a dense {problem.n} × {problem.d} Jacobian at every step; the limit is {ENTRIES}"
    return _too_large(problem)


def _bounds(problem: Minimax) -> Any:
    sides = linear(problem)
    return None if sides is None else scipy.optimize.Bounds(sides.lb, sides.ub)


def _constraints(problem: Minimax, extra: int = 0) -> list[Any]:
    """The domain's rows, or its ball, for SLSQP; `extra` variables behind x take no part."""
    d = problem.d
    if isinstance(problem.domain, Ball):
        c, r = problem.domain.center, problem.domain.radius
        inside = {
            "type": "ineq",
            "fun": lambda y: 1 - (((y[:d] - c) / r) ** 2).sum(),
            "jac": lambda y: np.append(-2 * (y[:d] - c) / r**2, np.zeros(extra)),
        }
        return [inside]
    sides, out = linear(problem), []
    assert sides is not None
    for A, b, low in ((sides.A_ub, sides.b_ub, False), (sides.A_eq, sides.b_eq, True)):
        if A is not None:
            wide = np.hstack([np.asarray(A.toarray() if hasattr(A, "toarray") else A), np.zeros((A.shape[0], extra))])
            out.append(scipy.optimize.LinearConstraint(wide, b if low else -np.inf, b))
    return out


def _of_surrogate(asked: Question) -> Found:
    """min F_τ: L-BFGS-B over bounds alone, SLSQP otherwise."""
    s, unit = asked.surrogate, asked.unit
    plain = isinstance(asked.problem.domain, (Free, Box))
    options = {"ftol": 1e-15, "gtol": 1e-10} if plain else {"ftol": 1e-15}
    found = scipy.optimize.minimize(
        lambda x: (s.fun(x) / unit, s.jac(x) / unit),
        asked.start,
        jac=True,
        method="L-BFGS-B" if plain else "SLSQP",
        bounds=_bounds(asked.problem),
        constraints=() if plain else _constraints(asked.problem),
        callback=asked.deadline(),
        options={"maxiter": 2000, **options},
    )
    x = asked.problem.start(found.x)
    return Found(x, bool(found.success), f"SciPy: {found.message}", s.weights(x))


def _of_epigraph(asked: Question) -> Found:
    """min t with f(x) ≤ t, t in units of the spread, from t = max f; its multipliers are the weights."""
    problem, unit, d = asked.problem, asked.unit, asked.problem.d
    top, every = problem.value(asked.start), np.arange(problem.n)

    def room(y: Array) -> Array:
        return np.asarray(y[d] - (problem.components.value(y[:d]) - top) / unit)

    def slopes(y: Array) -> Array:
        return np.column_stack([-problem.at(y[:d]).jac(every) / unit, np.ones(problem.n)])

    last, sides = np.eye(d + 1)[d], linear(problem)
    bounds = None
    if sides is not None:
        bounds = scipy.optimize.Bounds(np.append(sides.lb, -np.inf), np.append(sides.ub, np.inf))
    found = scipy.optimize.minimize(
        lambda y: y[d],
        np.append(asked.start, 0.0),
        jac=lambda y: last,
        method="SLSQP",
        bounds=bounds,
        constraints=[{"type": "ineq", "fun": room, "jac": slopes}, *_constraints(problem, 1)],
        callback=asked.deadline(),
        options={"ftol": 1e-12, "maxiter": 500},
    )
    x = problem.start(found.x[:d])
    return Found(x, bool(found.success), f"SciPy: {found.message}", _weights(problem, found, x))


def _weights(problem: Minimax, found: Any, x: Array) -> Array:
    """SLSQP's multipliers where this SciPy tells them, else the softmax at a thousandth of the spread."""
    told = np.asarray(getattr(found, "multipliers", ()), dtype=float)
    equalities = problem.domain.linear().b_eq if linear(problem) is not None else None  # type: ignore[attr-defined]
    behind = 0 if equalities is None else equalities.size  # SLSQP puts equalities first
    p = np.maximum(told[behind : behind + problem.n], 0.0)
    if p.size == problem.n and np.isfinite(p).all() and p.any():
        return np.asarray(p / p.sum())
    f = problem.components.value(x)
    spread = float(np.ptp(f))
    p = np.exp((f - f.max()) / (1e-3 * spread if spread > 0 and math.isfinite(spread) else 1.0))
    return np.asarray(p / p.sum())


SMOOTHED = (Route("scipy", "smoothed", _scipy_obstacle, _of_surrogate, TRUST),)
EXACT = (Route("slsqp epigraph", "exact", _slsqp_obstacle, _of_epigraph, TRUST),)
