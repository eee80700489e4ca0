"""cvxpy as routes: τ·log_sum_exp(f/τ) by Clarabel and by SCS, and max f itself."""

from functools import partial

from ..solvers import conic
from .route import Found, Question, Route

TRUST = 1e-6
SCS = "scs log-sum-exp"


def _smoothed(solver: str, form: str, asked: Question) -> Found:
    state = conic.attempt(asked.surrogate, asked.start, solver, form)
    if state is None:
        return Found(None, False, f"{solver} found no point.")
    near = state.decrement < float("inf")
    said = f"{solver} {'is near an optimum' if near else 'came to a halt'} after {state.steps} iterations."
    return Found(state.point.x, near, said, state.point.weights, state.multipliers)


def _exact(asked: Question) -> Found:
    found = conic.exact(asked.problem, asked.start)
    if found is None:
        return Found(None, False, "CLARABEL found no point.")
    said = f"CLARABEL {'is near an optimum' if found.near else 'came to a halt'}."
    return Found(found.x, found.near, said, found.weights, found.multipliers)


SMOOTHED = (
    Route(
        "clarabel log-sum-exp",
        "smoothed",
        conic.obstacle,
        partial(_smoothed, "CLARABEL", "log-sum-exp"),
        TRUST,
    ),
    Route(SCS, "smoothed", conic.obstacle, partial(_smoothed, "SCS", "log-sum-exp"), 1e-4),
)
EXACT = (Route("cvxpy max", "exact", conic.obstacle, _exact, TRUST),)
