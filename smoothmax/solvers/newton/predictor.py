"""From one minimizer to the next: the Euler step of the path in τ and in the prior.

At a minimizer of F_τ with prior w the weights are p. The path to the next surrogate, τ' with prior w', is followed in
the coordinates τ and τ·log w, in which the minimizer of an affine problem with a settled active set moves straight:

    ∇²F_τ dx = −Jᵀ(diag p − ppᵀ)·δ,        δ = (f + τ'·log(w'/p))/τ

With one prior for both this is dx/dτ·(τ' − τ) (Allgower and Georg 1990, chapter 2), and with w' = p it leads to where
Var_p f is least: where all weight is on active components, to the optimum itself. Whether F is lower there decides.
"""

import numpy as np

from ..._linalg import Factor
from ..._typing import Array
from ...surrogate import Point, Smoothed


@np.errstate(all="ignore")
def tangent(point: Point) -> Array:
    """dx/dτ at a minimizer of F_τ over R^d (identity 3)."""
    pull = turned(point, -(point.f[point.live] / point.tau) / point.tau)
    return Factor(point.hess)(-pull) if np.isfinite(point.hess).all() else np.zeros_like(pull)


@np.errstate(all="ignore")
def turn(point: Point, there: Smoothed) -> Array:
    """Jᵀ(diag p − ppᵀ)·δ on the way to another surrogate."""
    live = point.live
    prior = 1.0 if there.prior is None else there.prior[live]
    return turned(point, (point.f[live] + there.tau * np.log(prior / point.weights[live])) / point.tau)


@np.errstate(all="ignore")
def value(point: Point, there: Smoothed) -> float:
    """F of another surrogate at the same x, which needs no pass."""
    return there.value(point.f)


@np.errstate(all="ignore")
def turned(point: Point, delta: Array) -> Array:
    """Jᵀ(diag s − ssᵀ/Σs)·δ for δ over the live rows; s = p for the softmax."""
    live, v = point.live, np.zeros(point.f.size)
    s = point.slopes[live]
    v[live] = s * (delta - s @ delta / s.sum())
    return point.lin.vjp(v)
