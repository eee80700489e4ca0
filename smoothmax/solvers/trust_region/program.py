"""A small convex quadratic program by a primal–dual predictor–corrector (Mehrotra 1992; Nocedal and Wright 2006, 16.6):

    min ½ uᵀQu + cᵀu   subject to   G u ≤ h,   E u = e

    ⎡ Q + Gᵀdiag(z/w)G   Eᵀ ⎤ ⎡ du ⎤
    ⎣ E                  0  ⎦ ⎣ dy ⎦ = −residuals,     w = h − G u ≥ 0,   z ≥ 0,   w∘z = μ → 0

The barrier is a smoothing of its own, driven to rounding; then the rows that the multipliers call active are solved for
once more as equations, which takes the last digits that the barrier leaves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dgetrf, dgetrs

from ..._linalg import least_squares
from ..._typing import Array

STEPS = 50
ENOUGH = 1e-14  # what complementarity and residuals come down to; the numbers of the program are near 1
FINE, PATIENCE = 1e-11, 2  # below this, so many steps that do not halve the residual end it
MOST = 2  # times the variables: rows that are taken for active in the end, those with the largest multipliers
BACK = 0.995  # of the way to the boundary
EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Program:
    """The data: Q (N, N) ⪰ 0, c (N,), G (m, N), h (m,), E (k, N), e (k,)."""

    Q: Array
    c: Array
    G: Array
    h: Array
    E: Array
    e: Array


class Answer(NamedTuple):
    """u, the multipliers z ≥ 0 of G u ≤ h and y of E u = e, and by how much the optimality conditions fail."""

    u: Array
    z: Array
    y: Array
    residual: float


@np.errstate(all="ignore")
def minimize(program: Program, u: Array) -> Answer:
    """The minimizer, from u on, which need not be feasible."""
    iterate = _Iterate(program, u)
    best, stale = iterate.answer(), 0
    for _ in range(STEPS):
        if not iterate.step():
            break
        now = iterate.answer()
        stale = 0 if now.residual < 0.5 * best.residual else stale + 1
        best = now if now.residual < best.residual else best
        if best.residual < ENOUGH or (best.residual < FINE and stale > PATIENCE):
            break
    return polished(program, best)


@np.errstate(all="ignore")
def polished(program: Program, answer: Answer) -> Answer:
    """The active rows as equations: the least correction in u, z, y, where it makes the conditions hold better."""
    Q, c, G, h, E, e = program.Q, program.c, program.G, program.h, program.E, program.e
    u, z, y = answer.u, answer.z, answer.y
    active = np.flatnonzero(z > h - G @ u)
    N = u.size
    if active.size > MOST * N:
        active = active[np.argsort(-z[active], kind="stable")[: MOST * N]]
    A, k = G[active], active.size
    K = np.zeros((N + k + e.size, N + k + e.size))
    K[:N, :N], K[:N, N : N + k], K[:N, N + k :] = Q, A.T, E.T
    K[N : N + k, :N], K[N + k :, :N] = A, E
    still = np.zeros_like(z)
    still[active] = z[active]
    right = -np.concatenate([Q @ u + c + A.T @ z[active] + E.T @ y, A @ u - h[active], E @ u - e])
    step = least_squares(K, right, 1e-13)
    still[active] += step[N : N + k]
    found = Answer(u + step[:N], np.maximum(still, 0.0), y + step[N + k :], np.inf)
    found = found._replace(residual=_residual(program, found))
    return found if found.residual < answer.residual else answer


def _residual(program: Program, a: Answer) -> float:
    """The largest failure of stationarity, feasibility and complementarity."""
    room = program.h - program.G @ a.u
    parts = (
        program.Q @ a.u + program.c + program.G.T @ a.z + program.E.T @ a.y,
        np.minimum(room, 0.0),
        program.E @ a.u - program.e,
        np.minimum(np.abs(room), a.z),
    )
    worst = max(float(np.abs(part).max(initial=0.0)) for part in parts)
    return worst if np.isfinite(worst) else np.inf


class _Iterate:
    """u, w, z, y of the predictor–corrector."""

    def __init__(self, program: Program, u: Array) -> None:
        self.program, self.u, self.y = program, u, np.zeros(program.e.size)
        self.w = np.maximum(program.h - program.G @ u, 1e-2)
        self.z = 0.1 / self.w

    def answer(self) -> Answer:
        """As it stands."""
        a = Answer(self.u, self.z, self.y, np.inf)
        return a._replace(residual=_residual(self.program, a))

    def step(self) -> bool:
        """One predictor–corrector step; False where there is none."""
        p, w, z = self.program, self.w, self.z
        dual = p.Q @ self.u + p.c + p.G.T @ z + p.E.T @ self.y
        primal, equal = p.G @ self.u + w - p.h, p.E @ self.u - p.e
        mu = float(w @ z) / max(w.size, 1)
        solve = _factor(p.Q + p.G.T @ ((z / w)[:, None] * p.G), p.E)
        if solve is None:
            return False

        def towards(centre: Array | float) -> tuple[Array, Array, Array, Array]:
            """(du, dy, dw, dz) with w∘z going to `centre`."""
            du, dy = solve(-dual - p.G.T @ ((z * primal + centre) / w - z), -equal)
            dw = -primal - p.G @ du
            return du, dy, dw, (centre - z * dw) / w - z

        _, _, dw, dz = towards(0.0)
        a, b = _longest(w, dw), _longest(z, dz)
        ahead = float((w + a * dw) @ (z + b * dz)) / max(w.size, 1)
        sigma = min(max(ahead / mu, 0.0), 1.0) ** 3 if mu > 0 else 0.0
        du, dy, dw, dz = towards(sigma * mu - dw * dz)
        t = BACK * min(_longest(w, dw, 1.0 / BACK), _longest(z, dz, 1.0 / BACK))
        if not np.isfinite(du).all() or not t > 1e-10:
            return False
        self.u, self.y = self.u + t * du, self.y + t * dy
        self.w, self.z = np.maximum(w + t * dw, 1e-300), np.maximum(z + t * dz, 1e-300)
        return True


def _longest(v: Array, dv: Array, most: float = 1.0) -> float:
    """The largest t ≤ most with v + t·dv ≥ 0."""
    falls = float(np.max(-dv / v, initial=0.0))
    return 1.0 / falls if falls * most > 1.0 else most


def _factor(M: Array, E: Array) -> Callable[[Array, Array], tuple[Array, Array]] | None:
    """(r, q) → (u, y) with M u + Eᵀy = r, E u = q, in equilibrated variables; None where the numbers are spoilt."""
    if not np.isfinite(M).all():
        return None
    N, k = M.shape[0], E.shape[0]
    scale = 1.0 / np.sqrt(np.where(np.diagonal(M) > 0, np.diagonal(M), 1.0))
    K = np.zeros((N + k, N + k))
    K[:N, :N] = scale[:, None] * M * scale
    K[:N, N:], K[N:, :N] = (E * scale).T, E * scale
    shifted = K.copy()
    shifted.flat[:: N + k + 1] += np.where(np.arange(N + k) < N, 4 * EPS, -4 * EPS)
    lu, pivots, wrong = dgetrf(shifted, overwrite_a=True)  # without SciPy's checks, which cost more than it does
    if wrong:
        return None

    def solve(r: Array, q: Array) -> tuple[Array, Array]:
        right = np.concatenate([scale * r, q])
        x = dgetrs(lu, pivots, right)[0]
        x = x + dgetrs(lu, pivots, right - K @ x)[0]
        return scale * x[:N], x[N:]

    return solve
