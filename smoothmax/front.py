"""The doors: solve() for a stated problem, minimax() in SciPy's habit."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import _doors
from .choose import second
from .components.wrap import from_callables
from .domains import as_domain
from .domains.coerce import from_pairs
from .engine import solve_with
from .problem import Minimax
from .result import Interrupted, MinimaxResult, joined
from .settings import Settings
from .solvers import Status
from .solvers.loop import Budget

FAR = 100.0  # thresholds that a stalled gap may be away before "auto" tries a second method


def solve(
    problem: Minimax,
    x0: Any = None,
    *,
    tau: float | None = None,
    tol: float = 1e-8,
    atol: float | None = None,
    method: str = "auto",
    regularizer: str = "shannon",
    prior: Any = None,
    max_passes: float = 10_000,
    time_limit: float | None = None,
    callback: Callable[..., Any] | None = None,
    progress: bool = False,
    rng: Any = None,
    options: dict[str, Any] | None = None,
) -> MinimaxResult:
    """Minimize max_i f_i over X, or with a number `tau` its surrogate F_τ, to a proven gap.

    Parameters
    ----------
    problem : Minimax
    x0 : (d,) array, optional
        Start; moved into the domain by projection where it lies outside (the message says so).
    tau : float, optional
        None: continue in τ until the minimax gap is proven. A number (units of f): minimize F_τ, proven as well.
    tol, atol : float
        Success when gap ≤ atol + tol·max(|fun|, max f − min f). `atol` defaults to 1e-14 × the spread of f at the start
        (plus what rounding allows there), so that data times 1e-8 behave like the data.
    method : "auto" | "gradient" | "accelerated" | "lbfgs" | "newton" | "newton-cg" | "working-set" | "saddle" |
        "conditional-gradient" | "cvxpy"
        "auto" chooses from the structure; the message says what and why.
    regularizer : "shannon"
    prior : (n,) array, optional
        w in τ·log Σ w_i exp(f_i/τ); with tau=None the first prior of the continuation.
    max_passes, time_limit : float
        Budget in passes over the components, and in seconds (overshoots by at most one evaluation).
    callback : callable
        callback(intermediate_result) after every step; raising StopIteration stops the solve.
    progress : bool
        A progress line on a terminal.
    rng : optional
        Seed or Generator of the methods that draw at random ("working-set" its first rows); 0 by default.
    options : dict, optional
        For method="cvxpy": {"solver": "CLARABEL" | "SCS"}.

    Returns
    -------
    MinimaxResult
        Numerical trouble never raises: it comes back as a status, a sentence and the best point.

    Raises
    ------
    TypeError, ValueError
        Bad arguments, named; a method that cannot take the problem, before the first iteration.
    Interrupted
        On Ctrl-C, with the best certified point so far.
    """
    settings = Settings.of(
        problem,
        tau=tau,
        tol=tol,
        atol=atol,
        method=method,
        regularizer=regularizer,
        prior=prior,
        max_passes=max_passes,
        time_limit=time_limit,
        callback=callback,
        progress=progress,
        rng=rng,
        options=options,
    )
    budget = Budget(settings.max_passes, settings.time_limit)
    result = solve_with(problem, x0, settings, budget=budget)
    return _second_try(problem, x0, settings, result, budget) if settings.auto else result


def minimax(
    fun: Any,
    x0: Any,
    *,
    args: tuple[Any, ...] = (),
    jac: Any = None,
    hess: Any = None,
    absolute: bool = False,
    bounds: Any = None,
    constraints: Any = (),
    convex: bool = False,
    **solve_options: Any,
) -> MinimaxResult:
    """Minimize the largest of the functions `fun`, in SciPy's habit.

    Parameters
    ----------
    fun : callable or sequence of callables
        fun(x, *args) → (n,), or n functions of one value each.
    x0 : (d,) array
        Start; moved into the bounds where it lies outside.
    jac : callable, "2-point", "3-point" or None
        jac(x, *args) → (n, d); finite differences otherwise. A given Jacobian is checked once at x0.
    hess : callable, optional
        hess(x, v, *args) → Σ v_i ∇²f_i.
    absolute : bool
        Minimize max |f_i| instead.
    bounds : scipy Bounds or sequence of (low, high) pairs
    constraints : LinearConstraint or sequence of them
    convex : bool
        The user's word that every f_i is convex; otherwise the result is a local minimax without lower bound.
    **solve_options
        As for `solve`.
    """
    x = _doors.vector("x0", x0)
    if not x.size:
        raise ValueError("x0 must have at least one entry; it is empty")
    components = from_callables(fun, x, args, jac, hess, absolute, convex)
    domain = as_domain(from_pairs(bounds, x.size), x.size)
    return solve(Minimax(components, domain, constraints), x, **solve_options)


def _second_try(problem: Minimax, x0: Any, s: Settings, result: MinimaxResult, budget: Budget) -> MinimaxResult:
    """Where "auto" has stalled far from a proof (a minimum attained on an unbounded set, say), other methods."""
    tried = s.method
    while result.status == Status.STALLED and problem.convex and result.gap > FAR * result.threshold:
        other = second(problem, tried)
        if other is None:
            break
        why = f"{other.name}, since {tried.name} stalled"
        try:
            again = solve_with(problem, x0, replace(s, method=other, why=why, options={}), budget=budget)
        except Interrupted as stop:
            raise Interrupted(joined(problem, result, stop.result)) from None
        result, tried = joined(problem, result, again), other
    return result
