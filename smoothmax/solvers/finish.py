"""The finish: from weights that show which components are active to the exact optimum.

Newton's method on the KKT system of the active components B and the active walls G (bounds and rows with multipliers):

    ⎡ H   Jᵀ  Gᵀ  0 ⎤ ⎡ dx ⎤   ⎡   0    ⎤
    ⎢ J   0   0  −1 ⎥ ⎢ p⁺ ⎥ = ⎢  −f_B  ⎥        H = Σ p_i ∇²f_i,    t⁺ = the common value
    ⎢ G   0   0   0 ⎥ ⎢ λ⁺ ⎥   ⎢ h − Gx ⎥
    ⎣ 0   1ᵀ  0   0 ⎦ ⎣ t⁺ ⎦   ⎣   1    ⎦

(one step for affine components, quadratic convergence for smooth ones; Nocedal and Wright 2006, chapters 16 and 18). A
component whose weight comes out negative leaves B, one that is above t⁺ enters. The certificate accepts or refuses.
"""

from typing import NamedTuple

import numpy as np

from .._linalg import all_finite, least_squares
from .._typing import Array, Index
from ..certificate import Multipliers
from ..components import Linearization, Meter
from ..domains import Linear
from ..problem import Minimax
from .active import ActiveWalls

SHARE = 1e-3  # of the largest weight: what a component carries at least to be taken for active (walls: when too many)
CHANGES = 30  # of the active set
SHARP = 16 * float(np.finfo(float).eps)


class Finished(NamedTuple):
    """A KKT point of the components it was given."""

    x: Array
    weights: Array
    multipliers: Multipliers


class Move(NamedTuple):
    """A Newton step on the KKT system: dx, the new weights on B, multipliers of G and common value."""

    dx: Array
    p: Array
    lam: Array
    top: float


def finish(
    problem: Minimax, x: Array, weights: Array, multipliers: Multipliers | None, meter: Meter
) -> Finished | None:
    """The optimum through the active components; None where the active set does not settle."""
    linear: Linear = problem.domain.linear()  # type: ignore[attr-defined]
    walls = ActiveWalls(linear, multipliers, problem.d)
    p = np.where(weights > SHARE * weights.max(), weights, 0.0)
    if np.count_nonzero(p) > 2 * (problem.d + 1):
        return None  # at a vertex d + 1 are enough: the weights do not show them yet
    last = np.inf
    for _ in range(CHANGES):
        lin = problem.at(x, meter)
        live = np.flatnonzero(p)
        move = _step(problem, lin, live, p, walls)
        if move is None and walls.thin(SHARE):
            continue  # an interior point gives every wall a multiplier
        if move is None:
            room = problem.d + 1 - walls.lam.size
            if live.size <= max(room, 1):
                return None
            p[live[np.argsort(-p[live])][max(room, 1) :]] = 0.0  # more of them than equations can hold
        elif not _drop_worst(p, live, move, walls):
            p[live], walls.lam = np.maximum(move.p, 0.0), move.lam
            x = np.clip(x + move.dx, linear.lb, linear.ub)
            if not np.isfinite(x).all():
                return None
            x = problem.placed(x)
            size = float(np.abs(lin.f[live]).max())
            off = float(np.abs(lin.f[live] - move.top).max())
            if problem.affine or off <= SHARP * size or off >= 0.5 * last:
                f = problem.at(x, meter).f
                over = np.flatnonzero((f > move.top + 16 * SHARP * size) & (p == 0))
                if not over.size:
                    return Finished(x, p / p.sum(), walls.multipliers())
                p[over[np.argmax(f[over])]] = SHARE * p.max()
                off = np.inf
            last = off
    return None


def _drop_worst(p: Array, live: Index, move: Move, walls: ActiveWalls) -> bool:
    """The most negative weight or multiplier, if there is one, leaves the active set (p in place)."""
    lam = move.lam[: walls.inequalities]
    signs = (move.p / np.abs(move.p).max(), lam / max(float(np.abs(lam).max(initial=0.0)), 1e-300))
    least = [float(part.min(initial=0.0)) for part in signs]
    if min(least) >= -SHARP:
        return False
    if least[1] < least[0]:
        walls.drop(int(np.argmin(lam)))
    else:
        p[live[int(np.argmin(move.p))]] = 0.0
    return True


def _step(problem: Minimax, lin: Linearization, live: Index, p: Array, walls: ActiveWalls) -> Move | None:
    """The step in equilibrated variables; None where B is empty or the numbers give no step."""
    if not live.size or not np.isfinite(lin.f).all():
        return None
    f, J, d, k = lin.f[live], lin.jac(live), problem.d, live.size
    G, room = walls.system(lin.x)
    top = float(f.max())
    unit = np.abs(J).max(axis=0)
    unit = 1.0 / np.where(unit > 0, unit, 1.0)
    norm = np.abs(G * unit).max(axis=1, initial=0.0)
    norm = np.where(norm > 0, norm, 1.0)
    N = d + k + norm.size + 1
    K, r = np.zeros((N, N)), np.zeros(N)
    H = None if problem.affine else problem.components.hess(lin.x, p)
    if H is not None:
        K[:d, :d] = unit[:, None] * H * unit
    K[d : d + k, :d] = J * unit
    K[d + k : N - 1, :d] = (G * unit) / norm[:, None]
    K[:d, d : N - 1] = K[d : N - 1, :d].T
    K[d : d + k, N - 1] = K[N - 1, d : d + k] = -1.0
    r[d : d + k], r[d + k : N - 1], r[N - 1] = top - f, room / norm, -1.0
    z = _solve(K, r)
    if z is None:
        return None
    return Move(unit * z[:d], z[d : d + k], z[d + k : N - 1] / norm, top + float(z[N - 1]))


def _solve(K: Array, r: Array) -> Array | None:
    """LU with one step of refinement, least squares where K is singular."""
    if not all_finite(K, r):
        return None
    try:
        z = np.linalg.solve(K, r)
        z = z + np.linalg.solve(K, r - K @ z)
    except np.linalg.LinAlgError:
        z = np.full_like(r, np.nan)
    if not np.abs(K @ z - r).max() <= 1e-9 * max(np.abs(z).max(), 1.0):
        z = least_squares(K, r, 1e-13)
    fits = np.abs(K @ z - r).max() <= 1e-9 * max(np.abs(z).max(), 1.0)
    return np.asarray(z, dtype=np.float64) if fits else None
