"""The doors: solve() for a stated problem, minimax() in SciPy's habit."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Unpack

import numpy as np

from . import _doors
from .choose import others, worth
from .components.dictionaries import restated
from .components.wrap import from_callables
from .constraints import as_constraints, split
from .domains import as_domain, intersect
from .domains.coerce import from_pairs
from .engine import solve_with
from .problem import Minimax
from .result import Interrupted, MinimaxResult, interrupted, joined
from .settings import Settings, SolveOptions, refuse_unknown
from .solvers import Status
from .solvers.loop import Budget


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
    method : str
        "auto" chooses from the structure, and the message says what and why; or "gradient", "accelerated", "lbfgs",
        "newton", "newton-cg", "working-set", "saddle", "conditional-gradient", "trust-region", "spectral", "cvxpy".
    regularizer : "shannon" | "gini"
        What the maximum is smoothed by: the log-sum-exp, or Gini's index, whose weights are sparse (sparsemax). The
        methods "newton", "lbfgs", "accelerated" and "gradient" take both.
    prior : (n,) array, optional
        w in τ·log Σ w_i exp(f_i/τ) (of "gini", in −(τ/2)·‖p − w‖², with sum 1); with tau=None the first prior of the
        continuation.
    max_passes, time_limit : float
        Budget in passes over the components, looked at before each (the last proof may take a few more), and in seconds
        (late by at most one evaluation).
    callback : callable
        callback(intermediate_result) after every step; raising StopIteration stops the solve.
    progress : bool
        A progress line on a terminal.
    rng : optional
        Seed or Generator of the methods that draw at random ("working-set" its first rows); 0 by default.
    options : dict, optional
        Of the method: {"solver": "CLARABEL" | "SCS"} of "cvxpy", {"route": "barrier" | "primal-dual"} of "saddle".

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
    absolute: Any = False,
    bounds: Any = None,
    constraints: Any = (),
    convex: bool = False,
    workers: int | Callable[..., Any] = 1,
    check: bool | str = True,
    **solve_options: Unpack[SolveOptions],
) -> MinimaxResult:
    """Minimize the largest of several smooth functions, in SciPy's habit:

        min over x of max_i f_i(x),   lb ≤ x ≤ ub,   A x ∈ [a, b],   c(x) ∈ [l, u],

    with |f_i(x)| in the place of f_i(x) where `absolute` says so.

    Parameters
    ----------
    fun : callable or sequence of callables
        fun(x, *args) → (n,), or several functions of one or more values each. It is given a copy of x.
    x0 : (d,) array
        Start; moved into the bounds (and linear constraints) where it lies outside, and the message says so.
    args : tuple
        Further arguments of fun, jac and hess.
    jac : callable(s), (n, d) array or sparse matrix, "2-point", "3-point", "cs" or None
        jac(x, *args) → (n, d), dense or sparse; one function for each in `fun` where that is a sequence; a matrix
        where it does not depend on x. "cs" takes complex steps through `fun`: exact to rounding, for d calls. None
        means differences, coarse ones far from the solution and central ones near it. Differences stay within the
        bounds.
    hess : callable, optional
        hess(x, v, *args) → Σ v_i ∇²f_i(x), (d, d), for the f_i that `fun` returns.
    absolute : bool, int k, (n,) mask or list of indices
        Minimize |f_i| instead of f_i: for all, for the first k, for those marked. The result's weights then are those
        of (f_1, …, f_n, −f_i for the marked i in their order).
    bounds : scipy Bounds, sequence of (low, high) pairs, or a domain
    constraints : LinearConstraint, NonlinearConstraint, {"type", "fun", "jac", "args"}, or a sequence of them
        A dictionary is SciPy's older form: fun(x) ≥ 0 for "ineq", = 0 for "eq".
    convex : bool
        The user's word that every component is convex (with `absolute`, that the marked ones are affine); otherwise
        the result is a local minimax without lower bound.
    workers : int or map-like callable
        How many threads call the functions of a sequence and the points of differences (−1: one a core), or
        workers(func, iterable), a process pool's `map` say. Threads help where the functions leave the interpreter
        (NumPy, files, subprocesses). The answer is the same, bit for bit.
    check : True, False or "full"
        Compare `jac` with a difference of `fun` along one direction at the start (one call); not at all; or every
        entry of it there, and those of `hess` (at least 2d calls).
    **solve_options
        As for `solve`.

    Returns
    -------
    MinimaxResult
        `nfev` counts all calls of `fun`, those for differences and checks included.

    Raises
    ------
    TypeError, ValueError
        Bad arguments, named; a derivative that disagrees, with component, variable and both numbers. What the user's
        functions raise comes through as it is.
    """
    refuse_unknown("minimax", solve_options, SolveOptions)
    x = _doors.vector("x0", x0)
    if not x.size:
        raise ValueError("x0 must have at least one entry; it is empty")
    box = from_pairs(bounds, x.size)
    linear, nonlinear = split(restated(constraints))
    domain = intersect(as_domain(box, x.size, "bounds"), linear)
    inside = x if domain.contains(x, 0.0) else domain.project(x)
    sides = getattr(domain, "linear", lambda: None)()
    near = {"workers": workers, "bounds": sides and (sides.lb, sides.ub)}
    parts = from_callables(fun, np.asarray(inside), args, jac, hess, absolute, convex=convex, check=check, **near)
    asked = parts.evaluations
    rules = as_constraints(nonlinear, np.asarray(inside), check=check, **near)
    try:
        result = solve(Minimax(parts, domain, rules or ()), x, **solve_options)
    except Interrupted as stop:
        stop.result.nfev += asked
        raise
    result.nfev += asked
    return result


def _second_try(problem: Minimax, x0: Any, s: Settings, result: MinimaxResult, budget: Budget) -> MinimaxResult:
    """Where "auto" has stalled short of a proof (a minimum attained on an unbounded set, say), other methods."""
    tried = s.method
    for other in others(problem, s.method, s.tau is not None, s.regularizer.name) if problem.convex else ():
        least = float(max(result.threshold, np.spacing(abs(result.fun))))
        if result.status != Status.STALLED or not worth(problem, other, result.gap / least):
            break
        why = f"{other.name}, since {tried.name} stalled"
        try:
            again = solve_with(problem, x0, replace(s, method=other, why=why, options={}), budget=budget)
            result, tried = joined(problem, result, again, smoothed=s.tau is not None), other
        except Interrupted as stop:
            raise Interrupted(joined(problem, result, stop.result, smoothed=s.tau is not None)) from None
        except KeyboardInterrupt:  # between the two
            raise Interrupted(interrupted(result)) from None
    return result
