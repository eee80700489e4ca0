"""Peers for constrained nonlinear programs, on min t over (x, t) with f(x) ≤ t, all derivatives given.

SLSQP is SciPy's; MMA is NLopt's (K. Svanberg 2002); Ipopt (A. Wächter, L. T. Biegler 2006) comes with `ipyopt`, builds
its Hessians by L-BFGS here, and is told not to relax the constraints.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from experiments._peers import Answer, timed
from experiments.catalogue.oracle import Oracle

Array = NDArray[np.float64]
FINE = 1e-12
ITERATIONS = 3000


class Epigraph:
    """The rows f(x) − t ≤ 0 and A_ub x ≤ b_ub, A_eq x = b_eq and the bounds, in z = (x, t); t begins at max f(x0)."""

    def __init__(self, oracle: Oracle, x0: Array) -> None:
        linear = getattr(oracle.problem.domain, "linear", lambda: None)()
        if linear is None:
            raise ValueError("the domain has no description by linear constraints")
        self.oracle = oracle
        self.start = np.append(x0, oracle.fun(x0).max())
        self.lower, self.upper = np.append(linear.lb, -np.inf), np.append(linear.ub, np.inf)
        self.ub, self.eq = _rows(linear.A_ub, linear.b_ub), _rows(linear.A_eq, linear.b_eq)
        self.d = x0.size

    def above(self, z: Array) -> Array:
        """f(x) − t."""
        return self.oracle.fun(z[:-1]) - z[-1]

    def slopes(self, z: Array) -> Array:
        """The Jacobian of f(x) − t, (n, d + 1)."""
        J = self.oracle.jac(z[:-1])
        return np.column_stack([J, -np.ones(len(J))])


def _rows(A: Any, b: Any) -> tuple[Array, Array] | None:
    """A with a column of zeros for t, dense, and b."""
    if A is None:
        return None
    A = A.toarray() if hasattr(A, "toarray") else np.asarray(A)
    return np.column_stack([A, np.zeros(len(A))]), b


def slsqp(program: Epigraph, seconds: float) -> tuple[Any, str]:
    """scipy.optimize.minimize(method="SLSQP").

    Its ftol is in units of f: below their rounding the line search would wander, at a thousand evaluations or more.
    """
    t = np.eye(program.d + 1)[-1]
    limits = [{"type": "ineq", "fun": lambda z: -program.above(z), "jac": lambda z: -program.slopes(z)}]
    for kind, rows in (("ineq", program.ub), ("eq", program.eq)):
        if rows is not None:
            A, b = rows
            limits.append({"type": kind, "fun": lambda z, A=A, b=b: b - A @ z, "jac": lambda z, A=A: -A})
    found = scipy.optimize.minimize(
        lambda z: z[-1],
        program.start,
        jac=lambda z: t,
        method="SLSQP",
        bounds=scipy.optimize.Bounds(program.lower, program.upper),
        constraints=limits,
        options={"ftol": FINE * max(1.0, abs(program.start[-1])), "maxiter": ITERATIONS},
    )
    return found.x[:-1], str(found.message)


def mma(program: Epigraph, seconds: float) -> tuple[Any, str]:
    """nlopt.LD_MMA, which takes no equality constraints."""
    import nlopt

    if program.eq is not None:
        raise ValueError("takes no equality constraints")
    solver = nlopt.opt(nlopt.LD_MMA, program.d + 1)

    def objective(z: Array, slope: Array) -> float:
        if slope.size:
            slope[:] = np.eye(program.d + 1)[-1]
        return float(z[-1])

    def below(out: Array, z: Array, slopes: Array) -> None:
        out[:] = program.above(z)
        if slopes.size:
            slopes[:] = program.slopes(z)

    solver.set_min_objective(objective)
    solver.add_inequality_mconstraint(below, np.zeros(program.oracle.problem.n))
    if program.ub is not None:
        A, b = program.ub

        def rows(out: Array, z: Array, slopes: Array) -> None:
            out[:] = A @ z - b
            if slopes.size:
                slopes[:] = A

        solver.add_inequality_mconstraint(rows, np.zeros(b.size))
    solver.set_lower_bounds(program.lower)
    solver.set_upper_bounds(program.upper)
    solver.set_ftol_rel(FINE)
    solver.set_xtol_rel(FINE)
    solver.set_maxeval(10 * ITERATIONS)
    solver.set_maxtime(seconds)
    z = solver.optimize(program.start)
    return z[:-1], f"nlopt result {solver.last_optimize_result()}"


def ipopt(program: Epigraph, seconds: float) -> tuple[Any, str]:
    """Ipopt through ipyopt."""
    import ipyopt

    n, d = program.oracle.problem.n, program.d
    extra = [rows for rows in (program.ub, program.eq) if rows is not None]
    A = np.vstack([np.zeros((0, d + 1)), *(rows[0] for rows in extra)])
    top = np.concatenate([np.zeros(n), *(rows[1] for rows in extra)])
    bottom = np.full(top.size, -np.inf)
    if program.eq is not None:
        bottom[-program.eq[1].size :] = program.eq[1]

    def constraints(z: Array, out: Array) -> None:
        out[:] = np.concatenate([program.above(z), A @ z])

    def slopes(z: Array, out: Array) -> None:
        out[:] = np.vstack([program.slopes(z), A]).ravel()

    def direction(z: Array, out: Array) -> None:
        out[:] = np.eye(d + 1)[-1]

    entries = np.indices((top.size, d + 1)).reshape(2, -1)
    options = {"print_level": 0, "sb": "yes", "tol": 1e-10, "max_iter": ITERATIONS, "max_cpu_time": float(seconds)}
    solver = ipyopt.Problem(
        d + 1,
        np.maximum(program.lower, -1e20),
        np.minimum(program.upper, 1e20),
        top.size,
        np.maximum(bottom, -1e20),
        top,
        (entries[0].tolist(), entries[1].tolist()),
        ([], []),
        lambda z: float(z[-1]),
        direction,
        constraints,
        slopes,
        ipopt_options={**options, "hessian_approximation": "limited-memory", "bound_relax_factor": 0.0},
    )
    z, _, status = solver.solve(program.start.copy())
    return np.asarray(z)[:-1], f"Ipopt status {status}"


PEERS: dict[str, tuple[str, Callable[[Epigraph, float], tuple[Any, str]]]] = {
    "SLSQP": ("scipy", slsqp),
    "MMA": ("nlopt", mma),
    "Ipopt": ("ipyopt", ipopt),
}


def ask(name: str, oracle: Oracle, x0: Array, seconds: float) -> Answer:
    """A peer's answer; what it could not do is said in its words."""
    return timed(lambda: PEERS[name][1](Epigraph(oracle, x0), seconds))
