"""Finite differences of a vector-valued map, and the one-call check of a Jacobian that was given.

2-point   J e_j ≈ (F(x + h e_j) − F(x)) / h            h_j = √eps · max(1, |x_j|)
3-point   J e_j ≈ (F(x + h e_j) − F(x − h e_j)) / 2h   h_j = eps^(1/3) · max(1, |x_j|)
"""

from collections.abc import Callable

import numpy as np

from .._typing import Array, Matrix

EPS = float(np.finfo(float).eps)


def jacobian(fun: Callable[[Array], Array], x: Array, f: Array, scheme: str) -> Array:
    """The (n, d) Jacobian of `fun` at x, where fun(x) = f, by `scheme` "2-point" or "3-point"."""
    central = scheme == "3-point"
    steps = (EPS ** (1 / 3) if central else EPS**0.5) * np.maximum(1.0, np.abs(x))
    J = np.empty((f.size, x.size))
    for j, h in enumerate(steps):
        ahead = x.copy()
        ahead[j] += h
        if central:
            behind = x.copy()
            behind[j] -= h
            J[:, j] = (fun(ahead) - fun(behind)) / (ahead[j] - behind[j])
        else:
            J[:, j] = (fun(ahead) - f) / (ahead[j] - x[j])
    return J


def hessian(pull: Callable[[Array], Array], x: Array, g: Array) -> Array:
    """The (d, d) Hessian of ⟨v, F⟩ from forward differences of its gradient `pull`(x) = J(x)ᵀv, where pull(x) = g."""
    H = np.empty((x.size, x.size))
    for j, h in enumerate(EPS**0.5 * np.maximum(1.0, np.abs(x))):
        ahead = x.copy()
        ahead[j] += h
        H[:, j] = (pull(ahead) - g) / (ahead[j] - x[j])
    return (H + H.T) / 2


def hessian_from_values(value: Callable[[Array], float], x: Array) -> Array:
    """The (d, d) Hessian of a scalar function from its values alone, d(d + 3)/2 + 1 of them (step eps^(1/4))."""
    d, at = x.size, value(x)
    steps = EPS**0.25 * np.maximum(1.0, np.abs(x))
    shifts = np.diag(steps)
    single = np.array([value(x + s) for s in shifts])
    H = np.empty((d, d))
    for i in range(d):
        for j in range(i, d):
            both = value(x + shifts[i] + shifts[j])
            H[i, j] = H[j, i] = (both - single[i] - single[j] + at) / (steps[i] * steps[j])
    return H


@np.errstate(all="ignore")
def disagreement(fun: Callable[[Array], Array], x: Array, J: Matrix, seed: int = 0) -> tuple[int, float, float] | None:
    """Compare J u with a central difference of `fun` along one random u: (component, given, difference) of the worst
    mismatch, or None when all agree within the accuracy of the difference."""
    u = np.random.default_rng(seed).standard_normal(x.size)
    u *= np.maximum(1.0, np.abs(x)) / max(1.0, float(np.abs(u).max()))
    h = EPS ** (1 / 3)
    ahead, behind = fun(x + h * u), fun(x - h * u)
    slope = (ahead - behind) / (2 * h)
    given = J @ u
    excess = np.abs(given - slope) - 1e-3 * (abs(J) @ np.abs(u) + np.abs(slope))
    excess -= EPS ** (2 / 3) * (np.abs(ahead) + np.abs(behind))  # the rounding of the difference
    worst = int(np.argmax(np.where(np.isfinite(excess), excess, -np.inf)))
    return (worst, float(given[worst]), float(slope[worst])) if excess[worst] > 0 else None
