"""The library's own methods as routes."""

from collections.abc import Sequence
from functools import partial

from ..choose import obstacle
from ..front import solve
from ..problem import Minimax
from ..solvers import METHODS
from .route import Found, Question, Route

AT_TAU = ("gradient", "accelerated", "lbfgs", "newton", "cvxpy")
# these go for the minimax, by temperatures of their own
DIRECT = ("auto", "working-set", "saddle", "newton-cg", "conditional-gradient", "trust-region", "spectral")


def _by(method: str, smoothed: bool, asked: Question) -> Found:
    tau = asked.tau if smoothed else None
    limits = {"tol": asked.tol, "time_limit": asked.time_limit}
    r = solve(asked.problem, asked.start, tau=tau, method=method, **limits)  # type: ignore[arg-type]
    return Found(r.x, bool(r.success), r.message, r.weights, r.multipliers)


def _obstacle(method: str, smoothed: bool, problem: Minimax) -> str | None:
    return None if method == "auto" else obstacle(METHODS[method], problem, smoothed)


def _routes(names: Sequence[str], smoothed: bool) -> tuple[Route, ...]:
    aim = "smoothed" if smoothed else "exact"
    return tuple(Route(name, aim, partial(_obstacle, name, smoothed), partial(_by, name, smoothed)) for name in names)


SMOOTHED, EXACT = _routes(AT_TAU, True), _routes(DIRECT, False)
