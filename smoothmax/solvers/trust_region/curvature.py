"""The curvature B = Σ p_i ∇²f_i of the weighted components, given or learned from differences of their gradients:

    y_k = Σ_i p_i (∇f_i(x_{k+1}) − ∇f_i(x_k)),   B ← B + (y − Bs)(y − Bs)ᵀ/⟨y − Bs, s⟩     (symmetric rank one)

What steps have shown is kept for each component, so B is always that of the *present* weights: it is built anew from
the last steps whenever p changes, and only from those that say something of their own. Affine components give y = 0,
and B = 0 then. Constraints count as components, with their multipliers for weights (Nocedal and Wright 2006, sections
6.2 and 18.3).
"""

import numpy as np

from ..._typing import Array, Index

SAFE = 1e-2  # |⟨y − Bs, s⟩| below this share of ‖y − Bs‖‖s‖ says nothing
INDEPENDENT = 0.3  # share of a step that newer steps must leave
ENTRIES = 1 << 24  # numbers that are kept, at most


class Secants:
    """What steps s (d,) have shown of each component, in units of the variables: the change of its gradient (n, d), or
    where a step was refused, from values alone, the curvature along it (n,)."""

    def __init__(self, unit: Array) -> None:
        self.unit = unit
        self.shown: list[tuple[Array, Array]] = []

    def learn(self, s: Array, change: Array) -> None:
        """J(x + s) − J(x) = change, (n, d), or 2·(F(x + s) − F(x) − J s) = change, (n,)."""
        if not s.any():
            return
        keep = max(1, min(2 * s.size + 5, ENTRIES // change.size))
        self.shown = [*self.shown, (s / self.unit, change * self.unit if change.ndim == 2 else change)][-keep:]

    def matrix(self, p: Array) -> Array:
        """B for weights p; the last change of gradients sets the scale in the directions that none has shown."""
        live, B = np.flatnonzero(p), np.zeros((self.unit.size, self.unit.size))
        shown = [(s, p[live] @ change[live]) for s, change in _fresh(self.shown)]
        for s, y in reversed(shown):
            if np.ndim(y):
                B += np.fmax(s @ y / (s @ s), 0.0) * np.eye(s.size)
                break
        for s, y in shown:
            B += _symmetric_rank_one(B, s, y) if np.ndim(y) else _along(B, s, float(y))
        return np.asarray(B / self.unit / self.unit[:, None])

    def bends(self, rows: Index, s: Array) -> Array:
        """½ sᵀB_i s for some of the components, each with a matrix of its own."""
        u, d = s / self.unit, self.unit.size
        B = np.zeros((rows.size, d, d))
        for v, change in _fresh(self.shown):
            B += _rank_one_each(B, v, change[rows]) if change.ndim == 2 else _along_each(B, v, change[rows])
        return np.asarray(0.5 * np.einsum("j,ijk,k->i", u, B, u))


def _fresh(shown: list[tuple[Array, Array]]) -> list[tuple[Array, Array]]:
    """The newest of what was shown, without the older that say the same again: where r is what the newer leave of a
    step s, ‖r‖ < INDEPENDENT·‖s‖. (An update divides by what is new in s; rounding is all that there is in too little.)
    """
    Q, chosen = np.zeros((0, shown[0][0].size if shown else 0)), []
    for s, change in reversed(shown):
        r = s / np.linalg.norm(s)
        r = r - Q.T @ (Q @ r)
        r = r - Q.T @ (Q @ r)
        size = float(np.linalg.norm(r))
        if size >= INDEPENDENT:
            Q = np.vstack([Q, r / size])
            chosen.append((s, change))
    return chosen[::-1]


@np.errstate(all="ignore")
def _rank_one_each(B: Array, s: Array, y: Array) -> Array:
    """The symmetric rank-one changes that make B_i s = y_i, for a pile of matrices."""
    r = y - B @ s
    size = r @ s
    sure = np.abs(size) > SAFE * np.linalg.norm(r, axis=1) * np.linalg.norm(s)
    return np.asarray(r[:, :, None] * r[:, None, :] * np.where(sure, 1.0 / size, 0.0)[:, None, None])


def _along_each(B: Array, s: Array, curvature: Array) -> Array:
    """The least changes that make sᵀB_i s right."""
    off = (curvature - (B @ s) @ s) / (s @ s) ** 2
    return np.asarray(off[:, None, None] * np.outer(s, s))


def _symmetric_rank_one(B: Array, s: Array, y: Array) -> Array:
    """The change of B that makes Bs = y; nothing where that is not well determined."""
    r = y - B @ s
    size = float(r @ s)
    if not abs(size) > SAFE * float(np.linalg.norm(r) * np.linalg.norm(s)):
        return np.zeros_like(B)
    return np.outer(r, r) / size


def _along(B: Array, s: Array, curvature: float) -> Array:
    """The least change of B that makes sᵀBs right."""
    return np.outer(s, s) * ((curvature - s @ B @ s) / (s @ s) ** 2)


def convexified(B: Array, unit: Array) -> Array:
    """B with its negative eigenvalues, in units of the variables, set to zero; B itself where there are none.

    None of it where its numbers have no end in these units: the model is linear then.
    """
    S = B * unit * unit[:, None]
    if not np.isfinite(S).all():
        return np.zeros_like(B)
    values, vectors = np.linalg.eigh(S)
    if values[0] >= 0:
        return B
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T / unit / unit[:, None])
