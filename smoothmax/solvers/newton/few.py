"""Newton's method on few affine rows held in memory: the same steps as `newton`, without the machinery of a pass.

z = J x + b + τ·log w,   p = softmax(z/τ),   (Jᵀ(diag p − ppᵀ)J/τ + β B) dx = −Jᵀp,   z ← z + t·J dx
"""

from collections.abc import Iterable

import numpy as np

from ..._linalg import Factor
from ..._typing import Array
from .damping import Damping, lifted
from .line import search

NEGLIGIBLE = 32.0  # rows this many τ below the top do not show in the Hessian
ROUGH = 0.1  # of τ: decrement that ends a temperature
STEPS = 30  # at one temperature


@np.errstate(all="ignore")
def minimize_few(J: Array, b: Array, logw: Array, taus: Iterable[float], x: Array) -> tuple[Array, int]:
    """(x, steps) with F_τ(x) − min F_τ about ROUGH·τ at the last of falling temperatures.

    Parameters
    ----------
    J : (k, d) array
    b, logw : (k,) arrays
        f = J x + b with prior exp(logw).
    """
    f, damping, steps, ahead = J @ x + b, Damping(), 0, None
    for tau in taus:
        x, f = _euler(J, logw, tau, x, f, ahead)
        z = f + tau * logw
        for _ in range(STEPS):
            top = z.max()
            live = (z > top - NEGLIGIBLE * tau).nonzero()[0]
            p = np.exp((z[live] - top) / tau)
            p /= p.sum()
            centred = J[live]
            g = p @ centred
            centred -= g
            M = (centred.T * (p / tau)) @ centred
            solve = Factor(M) if np.isfinite(M).all() and M.any() else None
            dx = -g if solve is None else -solve(g)
            if not -float(g @ dx) > 2 * ROUGH * tau:
                ahead = None if solve is None else (tau, solve(centred.T @ (p * f[live])) / -(tau**2))
                break
            if damping.on:
                dx = -Factor(M + damping.shift(lambda: lifted(J.T @ J / len(J)), tau, g))(g)
            c = J @ dx
            t = search(z, c, tau, float(g @ dx), 1.0, np.inf, None)
            damping.learn(t)
            x, f, z, steps = x + t * dx, f + t * c, z + t * c, steps + 1
    return x, steps


def _euler(
    J: Array, logw: Array, tau: float, x: Array, f: Array, ahead: tuple[float, Array] | None
) -> tuple[Array, Array]:
    """x + dx/dτ·(τ' − τ) and f there, where F is lower at τ' (`predictor`, with one prior)."""
    if ahead is None:
        return x, f
    dx = (ahead[0] - tau) * ahead[1]
    moved = f + J @ dx
    return (x + dx, moved) if _value(moved, logw, tau) < _value(f, logw, tau) else (x, f)


def _value(f: Array, logw: Array, tau: float) -> float:
    z = f + tau * logw
    top = float(z.max())
    return top + tau * float(np.log(np.exp((z - top) / tau).sum()))
