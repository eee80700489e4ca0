"""The linear program of affine components by HiGHS:  min t,  A x + b ≤ t·1,  x ∈ X;  its marginals are the weights."""

from typing import Any

import numpy as np
import scipy.optimize
import scipy.sparse as sp

from .._typing import Array
from ..certificate import Multipliers
from ..components import Affine
from ..domains import Linear
from ..problem import Minimax
from ..solvers.conic.accepts import families, linear
from .route import Found, Question, Route

TRUST = 1e-6


def _obstacle(problem: Minimax) -> str | None:
    for part in families(problem.components):
        if not (isinstance(part, Affine) and part.rows) or part.remote:
            return f"it needs affine components with explicit A; {part!r} is not"
    if linear(problem) is None:
        return f"it needs a linearly described domain; this one is {problem.domain!r}"
    return None


def rows(problem: Minimax) -> tuple[Any, Array]:
    """A (CSR) and b of all components; absolute ones written out."""
    A, b = [], []
    for part in families(problem.components):
        assert isinstance(part, Affine)
        for sign in (1.0, -1.0)[: 1 + part.absolute]:
            A.append(sp.csr_array(part.A) * sign)
            b.append(part.b * sign)
    return sp.csr_array(sp.vstack(A)), np.concatenate(b)


def _find(asked: Question) -> Found:
    """t and f in units of the spread, centred at max f of the start: HiGHS allows itself absolute errors."""
    A, b = rows(asked.problem)
    sides, unit, top = linear(asked.problem), asked.unit, asked.problem.value(asked.start)
    assert sides is not None
    n, d = A.shape
    G = [sp.hstack([A / unit, -np.ones((n, 1))])]
    h = [(top - b) / unit]
    if sides.A_ub is not None:
        G.append(sp.hstack([sp.csr_array(sides.A_ub), sp.csr_array((sides.A_ub.shape[0], 1))]))
        h.append(np.asarray(sides.b_ub))
    E = None if sides.A_eq is None else sp.hstack([sp.csr_array(sides.A_eq), sp.csr_array((sides.A_eq.shape[0], 1))])
    options = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    if asked.time_limit is not None:
        options["time_limit"] = asked.time_limit
    found = scipy.optimize.linprog(
        np.eye(d + 1)[d],
        A_ub=sp.csr_array(sp.vstack(G)),
        b_ub=np.concatenate(h),
        A_eq=E,
        b_eq=sides.b_eq,
        bounds=np.column_stack([np.append(sides.lb, -np.inf), np.append(sides.ub, np.inf)]),
        method="highs",
        options=options,
    )
    said = f"HiGHS: {found.message}"
    if found.x is None:
        return Found(None, False, said)
    x = asked.problem.start(found.x[:d])
    return Found(x, found.status == 0, said, *_duals(found, sides, n, d, unit))


def _duals(found: Any, sides: Linear, n: int, d: int, unit: float) -> tuple[Array | None, Multipliers | None]:
    """(weights, multipliers): marginals are derivatives of the optimum, so ≤ 0 for rows and upper bounds."""
    p = np.maximum(-found.ineqlin.marginals[:n], 0.0)
    if not p.any():
        return None, None
    if sides.free:
        return p / p.sum(), None
    lam, nu = np.maximum(-unit * found.ineqlin.marginals[n:], 0.0), -unit * np.asarray(found.eqlin.marginals)
    lower, upper = np.maximum(unit * found.lower.marginals[:d], 0.0), np.maximum(-unit * found.upper.marginals[:d], 0.0)
    return p / p.sum(), Multipliers(lam, nu, lower, upper)


EXACT = (Route("linprog", "exact", _obstacle, _find, TRUST),)
