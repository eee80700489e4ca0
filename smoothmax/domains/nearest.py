"""Least-distance programming: the point of {y : G y ≥ h} nearest to x, with y = x + u,

    min ‖u‖  s.t.  G u ≥ h − G x      ⇔      min over λ ≥ 0 of ‖[Gᵀ; (h − G x)ᵀ] λ − e_last‖

(Lawson and Hanson 1974, chapter 23): with r the residual of the right side, u = −r_{1…d}/r_last.
"""

import numpy as np

from .._linalg import nonnegative
from .._typing import Array


@np.errstate(all="ignore")
def nearest(G: Array, h: Array, x: Array) -> Array | None:
    """The point, by scipy's nnls; None where units span more than its numbers can resolve (then r_last vanishes)."""
    need = h - G @ x
    scale = float(np.abs(need).max(initial=0.0))
    if np.all(need <= 0):
        return x
    if not np.isfinite(scale):
        return None
    E = np.vstack([G.T, need / scale])
    target = np.zeros(E.shape[0])
    target[-1] = 1.0
    lam = nonnegative(E, target, max(300, 10 * G.shape[0]))
    if lam is None:
        return None
    residual = E @ lam - target
    y = np.asarray(x - scale * residual[:-1] / residual[-1])
    return y if np.isfinite(y).all() else None
