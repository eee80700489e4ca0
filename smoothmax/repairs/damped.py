"""Repaired weights by damped Newton steps:  p' = p∘(1 + J u − ⟨p, J u⟩),  Jᵀ(diag p − ppᵀ)J u = −Jᵀp  (identity 5)."""

from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg

from .. import _doors
from .._linalg import all_finite, solve_semidefinite
from .._typing import Array, Index
from ..certificate import Multipliers, check_multipliers, check_weights, normalized
from ..components import Linearization, Meter
from ..inner import linear_walls
from ..problem import Minimax, checked
from ..surrogate import spread_matrix
from .cones import Cone, cone_at

EPS = float(np.finfo(float).eps)
ROUNDS = 16  # steps of a repair; two or three are enough near a minimizer
TO_ZERO = 0.9  # a step of a repair takes at most this share of a weight away
FACTORIZE = 2000  # variables up to which a step factorizes a d × d matrix


def repair(
    problem: Minimax,
    x: Any,
    weights: Any,
    multipliers: Multipliers | None = None,
    *,
    meter: Meter | None = None,
) -> tuple[Array, Multipliers | None] | None:
    """From approximate weights to weights that prove a bound: Jᵀp' + (terms of the domain) = 0 up to rounding.

    One Newton step of the smoothed problem moves p to p' = p∘(1 + J u − ⟨p, J u⟩) with Jᵀ(diag p − ppᵀ)J u = −Jᵀp
    (identity 5; u = dx/τ, so no temperature enters); multipliers of a linear domain move along, λ' = λ∘(1 + G u). The
    matrix is unshifted with its columns equilibrated, and the step is repeated on what rounding left over.

    Parameters
    ----------
    problem : Minimax
    x : (d,) array
        A point near the minimizer of some F_τ.
    weights : (n,) array
        p at x, those of `Smoothed.weights` say; ≥ 0 and not all zero.
    multipliers : Multipliers, optional
        Of a linear domain, where they are known.

    Returns
    -------
    (weights, multipliers) or None
        None where the repaired weights would be negative. Far from the minimizers of surrogates they may also prove
        nothing: `certify` says so.

    Raises
    ------
    TypeError, ValueError
        Arguments that do not fit the problem.
    """
    lin = checked(problem).at(_doors.vector("x", x, problem.d), meter)
    multipliers = None if multipliers is None else check_multipliers(multipliers, problem)
    return damped(problem, lin, check_weights(weights, problem.n), multipliers)


@np.errstate(all="ignore")
def damped(
    problem: Minimax, lin: Linearization, weights: Array, multipliers: Multipliers | None = None
) -> tuple[Array, Multipliers | None] | None:
    """`repair` at a linearization that may hold f already; None also for weights that are no numbers."""
    p = normalized(weights)
    if not all_finite(p):
        return None
    p = np.where(p > 1e-30 * p.max(), p, 0.0)
    cone = cone_at(problem, lin, p, multipliers)
    if cone is None:
        return p, multipliers
    live = np.flatnonzero(p)
    part, q = (lin.only(live), p[live]) if lin.few(live) else (lin, p.copy())
    for _ in range(ROUNDS):
        c = part.vjp(q) + cone.pull()
        size = part.column_sizes(q) + cone.size()
        if np.all(np.abs(c) <= 2 * EPS * size):
            break
        u = _repair_step(part, q, c, cone)
        if not np.isfinite(u).all():
            return None
        Ju = part.jvp(u)
        change = Ju - q @ Ju / q.sum()
        t = min(1.0, TO_ZERO / max(-float(change[q > 0].min()), cone.shrinks(u), 1e-300))
        cone.move(t * u)
        q *= 1.0 + t * change
        q /= q.sum()
    if not all_finite(q, *cone.multipliers):
        return None
    return q if part is lin else _placed(q, live, problem.n), cone.multipliers if linear_walls(problem) else None


def _placed(q: Array, live: Index, n: int) -> Array:
    """The n-vector with q in the places `live`."""
    p = np.zeros(n)
    p[live] = q
    return p


def _repair_step(lin: Linearization, p: Array, c: Array, cone: Cone) -> Array:
    """u with (Jᵀ(diag p − ppᵀ)J + cone) u = −c; by conjugate gradients where no d × d matrix should or can be made."""
    if lin.components.rows and c.size <= FACTORIZE:
        M = spread_matrix(lin, p, np.flatnonzero(p))
        cone.lift = float(np.trace(M)) / c.size or 1.0
        M = M + cone.matrix()
        return solve_semidefinite(M, -c) if np.isfinite(M).all() else np.full_like(c, np.nan)

    extra = cone.matrix() if cone.any() else None

    def product(v: Array) -> Array:
        dv = lin.jvp(v)
        smooth = lin.vjp(p * (dv - p @ dv))
        return smooth if extra is None else smooth + extra @ v

    M = LinearOperator((c.size, c.size), matvec=product, dtype=np.float64)
    return np.asarray(cg(M, -c, rtol=1e-13, atol=0.0, maxiter=4 * c.size)[0])
