"""Few convex quadratics in memory: the minimum of their max by Newton's method with active sets.

    s  minimizes  max_i (f_i(x) + ⟨∇f_i(x), s⟩) + ½ sᵀHs,       H = Σ p_i P_i,        x ← x + s

with the weights p of the last model (sequential quadratic programming; Nocedal and Wright 2006, chapter 18): one step
where all P_i are one, quadratic convergence where they are not. A step that does not lower the max is bent once by
what the model left out (their section 18.3), and then shortened.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotrf, dtrtrs

from ..._linalg import equilibrate
from ..._typing import Array, Index
from ...components import Quadratic
from .faces import Face, guessed, highest

STEPS = 40
LOOSE = 0.1  # of the gap at the start, and of the whole one
DEFINITE = 1e-10  # least squared pivot of the equilibrated H
MIXED = 0.1  # share of all P_i in H where those with weight have no inverse
FALLEN = 0.1  # of the fall that the model promises
HALVES = 12
LOST = 3  # steps without progress, after which rounding has the word
SHARP = 64 * float(np.finfo(float).eps)


class Bottom(NamedTuple):
    """x, the values there, the active rows with their weights, and what max f may still fall by, up to rounding."""

    x: Array
    f: Array
    rows: Index
    weights: Array
    gap: float
    steps: int


class Place(NamedTuple):
    """Values and Jacobian at one x."""

    x: Array
    f: Array
    J: Array

    @property
    def high(self) -> float:
        """max f; inf beyond the numbers."""
        high = float(self.f.max())
        return high if high == high else np.inf


class Metric(NamedTuple):
    """H = D⁻¹LLᵀD⁻¹, so that sᵀHs = |LᵀD⁻¹s|²."""

    L: Array
    scale: Array

    def shrink(self, J: Array) -> Array:
        """J D L⁻ᵀ."""
        return np.asarray(dtrtrs(self.L, (J * self.scale).T, lower=1)[0].T)

    def grow(self, y: Array) -> Array:
        """D L⁻ᵀ y."""
        return np.asarray(self.scale * dtrtrs(self.L, y, lower=1, trans=1)[0])


@np.errstate(all="ignore")
def bottom(
    family: Quadratic,
    x: Array,
    active: tuple[Index, Array] | None,
    target: float,
    whole: float,
    spend: Callable[[], None],
) -> Bottom | None:
    """The minimum of max f to within `target` or what the gap `whole` of all components deserves, or rounding.

    None where no P gives a metric or the numbers give out.
    """
    bowls = Bowls(family, spend)
    here = bowls.at(x)
    rows, p = active or _even(np.argsort(-here.f, kind="stable")[: family.d + 1])
    best, lost = None, 0
    for k in range(STEPS):
        metric = bowls.metric(rows, p)
        if metric is None:
            break
        V = metric.shrink(here.J)
        pull = p @ V[rows]
        gap = here.high - float(p @ here.f[rows]) + 0.5 * float(pull @ pull)
        if not np.isfinite(gap):
            break
        target = target if k else max(target, LOOSE * min(gap, whole))
        lost = 0 if best is None or gap < 0.9 * best.gap else lost + 1
        if best is None or gap < best.gap:
            best = Bottom(here.x, here.f, rows, p, gap, k)
        if gap <= max(target, SHARP * np.abs(here.f).max()) or lost == LOST:
            break
        tol = 0.01 * min(gap, target)
        face = highest(here.f, V, *(guessed(here.f, V, gap) or (rows, p)), tol)
        if face is None:
            break
        here, rows, p = bowls.step(here, metric, V, face, tol), face.rows, face.weights
    return best


class Bowls:
    """The quadratics as arrays; each evaluation of them is one `spend`."""

    def __init__(self, family: Quadratic, spend: Callable[[], None]) -> None:
        self.P, self.q, self.r, self.spend = family.P, family.q, family.r, spend
        self.exact = self.P.ndim < 3  # the model is the function
        self.flat = self.P.reshape(family.n, -1) if not self.exact else self.P
        self.known: Metric | None = None

    def at(self, x: Array) -> Place:
        """f and J."""
        self.spend()
        if self.P.ndim:
            Px = (self.P.reshape(-1, x.size) @ x).reshape(-1, x.size)
        else:
            Px = (self.P * x)[None]
        return Place(x, (0.5 * Px + self.q) @ x + self.r, Px + self.q)

    def metric(self, rows: Index, p: Array) -> Metric | None:
        """Of H = Σ p_i P_i, with some of all P_i where that is singular; None where even so it is."""
        if self.exact:
            d = self.q.shape[1]
            self.known = self.known or _factored(self.P if self.P.ndim else self.P * np.eye(d))
            return self.known
        H = self.curvature(rows, p)
        return _factored(H) or _factored((1 - MIXED) * H + MIXED * self.P.mean(axis=0))

    def curvature(self, rows: Index, p: Array) -> Array:
        """Σ p_i P_i."""
        if self.exact:
            return np.asarray(self.P if self.P.ndim else self.P * np.eye(self.q.shape[1]))
        return np.asarray(p @ self.flat[rows]).reshape(self.P.shape[1:])

    def step(self, here: Place, metric: Metric, V: Array, face: Face, tol: float) -> Place:
        """Along the model's minimizer, bent or shortened as it must be; `here` where nothing falls."""
        s = metric.grow(-face.pull)
        there = self.at(here.x + s)
        fall = here.high - face.top - 0.5 * float(face.pull @ face.pull)
        if there.high <= here.high - FALLEN * fall or self.exact:
            return there
        bent = highest(there.f - here.J @ s, V, face.rows, face.weights, tol)
        if bent is not None:
            other = self.at(here.x + metric.grow(-bent.pull))
            there = other if other.high < there.high else there
        for k in range(1, HALVES):
            if there.high < here.high:
                return there
            there = self.at(here.x + 0.5**k * s)
        return here


def _even(rows: Index) -> tuple[Index, Array]:
    return rows, np.full(rows.size, 1.0 / rows.size)


def _factored(H: Array) -> Metric | None:
    S, scale = equilibrate(H)
    L, failed = dpotrf(S, lower=1)
    definite = not failed and float(np.diagonal(L).min()) ** 2 > DEFINITE
    return Metric(L, scale) if definite else None
