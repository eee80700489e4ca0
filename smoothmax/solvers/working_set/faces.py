"""A max of planes over a paraboloid, by its dual on the simplex and active sets.

    min over s of max_i (f_i + ⟨V_i, s⟩) + ½|s|²   =   max over p in the simplex of ⟨p, f⟩ − ½|Vᵀp|²,     s = −Vᵀp

On a face of the simplex, the rows B, the optimum is the solution of one system,

    V_B V_Bᵀ w + t·1 = f_B,   1ᵀw = 1.

A negative weight ends the way there and leaves B; the plane that is highest above t enters. This is Wolfe's (1976)
nearest point in a polytope, with a linear term; each face is left for a better one, so that it ends. Where planes are
many, B is guessed first: with a little curvature along t, too, the problem is one of least distance,

    min |u| over f_i + ⟨V_i, s⟩ ≤ t,    u = (s, ε·(t + 1/ε²)),

which compiled nonnegative least squares solve (Lawson and Hanson 1974, chapter 23).
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dposv, dpotrs

from ..._linalg import nonnegative
from ..._typing import Array, Index

RIDGE = 1e-12  # of the largest |V_i|²: planes that depend on each other have one solution too, and p its sign
EPSILON = 1e-2  # curvature along t, in units where max f has about 1 to fall: a guess is wrong by its square
CROWD = 1.5  # planes for each that can be at the top, from which on these are guessed
SHARP = 16 * float(np.finfo(float).eps)
TURNS = 20  # faces for each plane that can be on one


class Face(NamedTuple):
    """Planes at the top with their weights, the common value t there, and Vᵀp."""

    rows: Index
    weights: Array
    top: float
    pull: Array


def highest(f: Array, V: Array, rows: Index, p: Array, tol: float) -> Face | None:
    """The face of the optimum, from weights p > 0 on `rows`; None where the numbers give none.

    Parameters
    ----------
    f, V : (k,) and (k, d) arrays
    tol : float
        How far above t another plane may be (units of f).
    """
    size = float(np.einsum("ij,ij->i", V, V).max()) or 1.0
    ridge, high, tol = RIDGE * size, float(f.max()), max(tol, SHARP * size)
    right = np.ones((f.size, 2))
    right[:, 0] = f - high
    for _ in range(TURNS * (V.shape[1] + 2)):
        W = V[rows]
        K = W @ W.T
        K += size  # w sums to 1: t moves by as much, and a simplex of d + 1 planes becomes definite
        K.flat[:: rows.size + 1] += ridge
        L, z, failed = dposv(K, right[rows], lower=1)
        ones = float(z[:, 1].sum())
        t = (float(z[:, 0].sum()) - 1.0) / ones if ones else np.nan
        w = z[:, 0] - t * z[:, 1]
        if failed or not math.isfinite(t):
            return None
        if w.min() < 0:
            rows, p = _shortened(rows, p, w)
            continue
        t, above = t + size, right[:, 0] - V @ (w @ W)
        if above.max() <= t + max(tol, 4 * ridge):  # the end, but for the ridge
            w = _refined(w, W, right[rows, 0], L, z[:, 1])
            above = right[:, 0] - V @ (w @ W)
            t = float(w @ above[rows])
        j = int(above.argmax())
        if above[j] <= t + tol or (rows == j).any():
            return Face(rows, w, t + high, w @ W)
        rows, p = np.append(rows, j), np.append(w, 0.0)
    return None


def _refined(w: Array, W: Array, f: Array, L: Array, ones: Array) -> Array:
    """w without what the ridge has changed; as it is where that would make a weight negative."""
    new = w
    for _ in range(2):
        y = dpotrs(L, f - W @ (new @ W), lower=1)[0]
        new = new + y - (float(y.sum() + new.sum()) - 1.0) / float(ones.sum()) * ones
    return new if new.min() >= 0 else w


def guessed(f: Array, V: Array, fall: float) -> tuple[Index, Array] | None:
    """Planes at the top and weights, nearly right; `fall` is about what max f has to fall."""
    if f.size <= CROWD * (V.shape[1] + 1) or not 0 < fall < np.inf:
        return None
    E = np.empty((V.shape[1] + 2, f.size))
    np.divide(V.T, -math.sqrt(fall), out=E[:-2])
    E[-2] = 1.0 / EPSILON
    E[-1] = (f - f.max()) / fall + 1.0 / EPSILON**2
    last = np.zeros(len(E))
    last[-1] = 1.0
    p = nonnegative(E, last, 3 * f.size)
    if p is None:
        return None
    rows = np.flatnonzero(p)
    return (rows, p[rows] / p[rows].sum()) if rows.size else None


def _shortened(rows: Index, p: Array, w: Array) -> tuple[Index, Array]:
    """From p towards w until a weight is zero, and without it."""
    falls = np.where(w < 0, p / (p - np.minimum(w, -1e-300)), np.inf)
    theta = falls.min()
    worst = int(np.where(falls <= theta, w, np.inf).argmin())
    kept = np.arange(rows.size) != worst
    p = np.maximum(p + theta * (w - p), 0.0)[kept]
    return rows[kept], p / p.sum()
