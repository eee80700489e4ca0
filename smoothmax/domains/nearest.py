"""Least-distance programming: the point of {y : G y ≥ h} nearest to x, with y = x + u,

    min ‖u‖  s.t.  G u ≥ h − G x      ⇔      min over λ ≥ 0 of ‖[Gᵀ; (h − G x)ᵀ] λ − e_last‖

(Lawson and Hanson 1974, chapter 23): with r the residual of the right side, u = −r_{1…d}/r_last.
"""

import numpy as np
import scipy.sparse as sp

from .._linalg import nonnegative
from .._typing import Array
from .base import Linear
from .program import unit_rows


@np.errstate(all="ignore")
def nearest(G: Array, h: Array, x: Array, close: bool = False) -> Array | None:
    """The point, by scipy's nnls; None where units span more than its numbers can resolve (then r_last vanishes).

    The last row is in units of the largest |h − G x|; with `close`, of what is violated, for moves far shorter than the
    ways to other rows.
    """
    need = h - G @ x
    scale = float((need if close else np.abs(need)).max(initial=0.0))
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


def halfspaces(linear: Linear, unit: Array) -> tuple[Array, Array]:
    """(G, h) with X = {unit·z : G z ≥ h}, dense, rows of unit norm."""
    (A, a), (E, e) = (
        (None, None) if M is None else unit_rows(sp.csr_array(M) * unit, b)
        for M, b in ((linear.A_ub, linear.b_ub), (linear.A_eq, linear.b_eq))
    )
    eye, below, above = np.eye(unit.size), np.isfinite(linear.lb), np.isfinite(linear.ub)
    parts, sides = [eye[below], -eye[above]], [(linear.lb / unit)[below], -(linear.ub / unit)[above]]
    if A is not None and a is not None:
        parts, sides = [*parts, -A.toarray()], [*sides, -a]
    if E is not None and e is not None:
        parts, sides = [*parts, E.toarray(), -E.toarray()], [*sides, e, -e]
    return np.vstack(parts), np.concatenate(sides)
