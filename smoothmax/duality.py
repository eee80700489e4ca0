"""Convex duality of the smooth maximum, checked by routes that do not know each other.

    F_τ(x) = τ·log Σ exp(x_i/τ),    F*(q) = τ·Σ q_i log q_i on the simplex, +∞ elsewhere,
    F_τ(x) + F*(q) − ⟨q, x⟩ = τ·KL(q‖softmax(x/τ)) ≥ 0,    min over X of F_τ(f(x)) = max over p of min over X of
    ⟨p, f(x)⟩ + τ·H(p)

(Boyd and Vandenberghe 2004, example 3.25; Rockafellar 1970, theorem 37.3 for the exchange of min and max).
"""

import math
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np

from . import _doors
from ._typing import Array
from .checks import Check, Duality
from .conjugates import closed_form, supremum
from .front import solve
from .operators import entropy, log_softmax, logsumexp, softmax
from .problem import Minimax
from .solvers import conic
from .surrogate import Smoothed

EPS = float(np.finfo(float).eps)
ROUTE = {"CLARABEL": 1e-7, "SCS": 1e-4}  # what a solver's value is trusted to, relative to the scale of the problem
ASCENT = 1e-9  # the same for the numerical supremum, in units of τ·(1 + log n)


@dataclass(frozen=True)
class Conjugacy(Duality):
    """At an array x: F_τ(x), its weights softmax(x/τ), and F*(q) at the q asked for (the weights by default)."""

    value: float
    weights: Array = field(repr=False)
    q: Array = field(repr=False)
    conjugate: float


@dataclass(frozen=True)
class MinimaxDuality(Duality):
    """For a problem: min F_τ by the library, the dual by cvxpy, and the weights of both.

    `difference` = primal − dual, zero by strong duality; `x` is the primal minimizer.
    """

    primal: float
    dual: float
    difference: float
    x: Array = field(repr=False)
    weights: Array = field(repr=False)
    dual_weights: Array = field(repr=False)


def check_duality(
    x_or_problem: Any, tau: float, *, q: Any = None, solver: str = "CLARABEL"
) -> Conjugacy | MinimaxDuality:
    """Check conjugacy at an array, or strong duality of a smoothed problem, by independent routes.

    Parameters
    ----------
    x_or_problem : (n,) array or Minimax
        Finite real numbers, or a problem with affine or convex quadratic components over Free, Box, Simplex, Ball or
        Polyhedron.
    tau : float
        Temperature τ > 0, in the units of x or f.
    q : (n,) array, optional
        With an array: where the conjugate is evaluated besides softmax(x/τ) (default: the uniform weights). Off the
        simplex, beyond rounding, the conjugate is +inf, and all routes must say so.
    solver : "CLARABEL" | "SCS"
        What cvxpy solves with.

    Returns
    -------
    Conjugacy or MinimaxDuality
        Tolerances of closed forms are a few eps of the dtype times the size of the terms; those of solvers are ROUTE
        and ASCENT; those of weights follow from the values' by strong concavity (Pinsker: τ/2·‖p − p'‖₁² ≤ error).

    Raises
    ------
    TypeError, ValueError
        An argument that does not fit, named; a problem that no dual is stated for.
    ImportError
        cvxpy is not installed.
    """
    tau = _doors.positive("tau", tau)
    conic.check_solver(solver)
    if find_spec("cvxpy") is None:
        raise ImportError(conic.INSTALL)
    if isinstance(x_or_problem, Minimax):
        if q is not None:
            raise ValueError("q belongs to an array x; for a problem the dual finds its own weights")
        return _of_problem(x_or_problem, tau, solver)
    return _of_array(_array("x", x_or_problem), tau, q, solver)


def _of_problem(problem: Minimax, tau: float, solver: str) -> MinimaxDuality:
    obstacle = conic.Conic.refuses(problem)
    if obstacle:
        raise ValueError(f"no dual is stated for this problem: {obstacle}")
    surrogate = Smoothed(problem, tau)
    found = solve(problem, tau=tau)
    dual, dual_weights = conic.dual(problem, tau, solver=solver)
    point = surrogate.at(found.x)
    scale = conic.scale_of(surrogate, surrogate.at(problem.start()))
    tolerance = ROUTE[solver] * (scale + tau * math.log(problem.n)) + 8 * EPS * abs(point.fun)
    apart = float(np.abs(point.weights - dual_weights).sum())
    checks = (
        Check("min F_τ = max over p of min ⟨p,f⟩ + τH(p)", "cvxpy", dual, point.fun, tolerance),
        Check("‖p − p'‖₁ = 0", "cvxpy", apart, 0.0, 2 * math.sqrt(2 * tolerance / tau)),
    )
    return MinimaxDuality(tau, checks, point.fun, dual, point.fun - dual, point.x, point.weights.copy(), dual_weights)


def _of_array(x: Array, tau: float, q: Any, solver: str) -> Conjugacy:
    if not x.size:
        raise ValueError("x must have at least one entry; it is empty")
    if not np.isfinite(logsumexp(x, tau=tau)):  # F_τ(x) overflows a narrow dtype
        x = x.astype(np.float64)
    p = softmax(x, tau=tau)
    at = np.full(x.size, 1 / x.size, x.dtype) if q is None else _array("q", q, x.size)
    checks = _biconjugate(x, tau, p, solver)
    for name, point in (("p", p), ("q", at)):
        checks += _conjugate(name, point, tau, solver) + [_fenchel_young(name, x, point, tau)]
    shown = p if q is None else at
    return Conjugacy(tau, tuple(checks), float(logsumexp(x, tau=tau)), p, shown, closed_form(shown, tau))


def _biconjugate(x: Array, tau: float, p: Array, solver: str) -> list[Check]:
    """F** = F, and the maximizer is the softmax."""
    wide = x.astype(np.float64)
    value, weights = conic.biconjugate(wide, tau, solver=solver)
    size = float(wide.max() - wide.min()) + tau * (1 + math.log(x.size))
    rounding = _rounding(x, tau)
    route = ROUTE[solver] * size + rounding
    apart = float(np.abs(weights - p).sum())
    close = math.sqrt(2 * route / tau) + _eps(x) * x.size
    return [
        Check("F(x) = max over p of ⟨p,x⟩ + τH(p)", "cvxpy", value, float(logsumexp(x, tau=tau)), route),
        Check("its argmax = softmax: ‖p − p'‖₁ = 0", "cvxpy", apart, 0.0, close),
    ]


def _conjugate(name: str, q: Array, tau: float, solver: str) -> list[Check]:
    """F*(q) = sup over x of ⟨q, x⟩ − F(x), by a solver and by ascent, against the closed form."""
    expected = closed_form(q, tau)
    wide = q.astype(np.float64)
    size = tau * (1 + math.log(q.size))
    rounding = 8 * _eps(q) * size + (ASCENT if math.isfinite(expected) else 0.0) * size
    by_solver = tau * conic.conjugate(_normal(wide, expected), 1.0, solver=solver)
    by_ascent = supremum(_normal(wide, expected), tau)
    identity = f"F*({name}) = sup over x of ⟨{name},x⟩ − F(x)"
    return [
        Check(identity, "cvxpy", by_solver, expected, ROUTE[solver] * size + rounding),
        Check(identity, "ascent", by_ascent, expected, rounding),
    ]


def _fenchel_young(name: str, x: Array, q: Array, tau: float) -> Check:
    """F(x) + F*(q) − ⟨q, x⟩ against τ·KL(q‖softmax): zero at the softmax, positive elsewhere."""
    with np.errstate(over="ignore"):
        pairing = float(np.dot(q.astype(np.float64), x.astype(np.float64)))
    residual = float(logsumexp(x, tau=tau)) + closed_form(q, tau) - pairing
    expected = 0.0 if name == "p" else math.inf
    if name != "p" and math.isfinite(residual):
        log_p = log_softmax(x.astype(np.float64), tau=tau)
        wide = q.astype(np.float64)
        expected = -tau * float(entropy(wide)) - tau * float(np.sum(wide * log_p))
    identity = f"F(x) + F*({name}) − ⟨{name},x⟩ = τKL({name}‖softmax)"
    return Check(identity, "closed form", residual, expected, _rounding(x, tau, _eps(q)))


def _array(name: str, value: Any, size: int | None = None) -> Array:
    """A finite vector in its own floating dtype (integers become float64)."""
    checked = _doors.vector(name, value, size)
    raw = np.asarray(value)
    return checked if raw.dtype.kind != "f" or raw.dtype.itemsize > 8 else raw.astype(raw.dtype.newbyteorder("="))


def _normal(q: Array, expected: float) -> Array:
    """q scaled to sum to 1 where it does up to rounding: narrow dtypes miss that by more than float64 forgives."""
    return q / q.sum() if math.isfinite(expected) else q


def _eps(x: Array) -> float:
    return float(np.finfo(x.dtype).eps)


def _rounding(x: Array, tau: float, eps: float = 0.0) -> float:
    """A few eps of everything that is added up in F, F* and ⟨p, x⟩."""
    return 16 * max(_eps(x), eps) * (float(np.abs(x).max()) + tau * (1 + math.log(x.size)))
