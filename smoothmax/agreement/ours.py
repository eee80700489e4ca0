"""The library's own methods as routes."""

from functools import partial

from ..front import solve
from ..problem import Minimax
from ..solvers import METHODS
from .route import Found, Question, Route

AT_TAU = ("gradient", "accelerated", "lbfgs", "newton", "cvxpy")
# these go for the minimax, by temperatures of their own
DIRECT = (
    "auto",
    "working-set",
    "saddle",
    "newton-cg",
    "conditional-gradient",
)  # they go for the minimax, by temperatures of their own


def _by(method: str, smoothed: bool, asked: Question) -> Found:
    tau = asked.tau if smoothed else None
    limits = {"tol": asked.tol, "time_limit": asked.time_limit}
    r = solve(asked.problem, asked.start, tau=tau, method=method, **limits)  # type: ignore[arg-type]
    return Found(r.x, bool(r.success), r.message, r.weights, r.multipliers)


def _obstacle(method: str, problem: Minimax) -> str | None:
    return None if method == "auto" else METHODS[method].refuses(problem)


SMOOTHED = tuple(Route(name, "smoothed", partial(_obstacle, name), partial(_by, name, True)) for name in AT_TAU)
EXACT = tuple(Route(name, "exact", partial(_obstacle, name), partial(_by, name, False)) for name in DIRECT)
