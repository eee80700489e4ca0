"""From approximate weights to weights that prove a bound, by linear algebra alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, cg

from . import _doors
from ._linalg import dense, solve_semidefinite
from ._typing import Array, Index
from .certificate import Multipliers, check_weights, normalized
from .components import Linearization, Meter
from .domains import Linear
from .inner import linear_part
from .problem import Minimax
from .surrogate import spread_matrix

EPS = float(np.finfo(float).eps)
ROUNDS = 16  # steps of a repair; two or three are enough near a minimizer
TO_ZERO = 0.9  # a step of a repair takes at most this share of a weight away
FACTORIZE = 2000  # variables up to which a step factorizes a d × d matrix
ESTIMATE = 500  # variables up to which multipliers of a bounded domain are estimated to sharpen its bound
COST = 1e-3  # of a row at the bottom, against a unit residual, in the least squares for weights on few rows
SPARSE = 200  # variables up to which nonnegative least squares looks for weights on few rows


@np.errstate(all="ignore")
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

    Returns
    -------
    (weights, multipliers) or None
        None where the repaired weights would be negative: x is too far from the minimizer of a surrogate.
    """
    lin = x if isinstance(x, Linearization) else problem.at(_doors.vector("x", x, problem.d), meter)
    p = normalized(check_weights(weights, problem.n))
    p = np.where(p > 1e-30 * p.max(), p, 0.0)
    cone = _cone(problem, lin, p, multipliers)
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
    return q if part is lin else _placed(q, live, problem.n), cone.multipliers


def _placed(q: Array, live: Index, n: int) -> Array:
    """The n-vector with q in the places `live`."""
    p = np.zeros(n)
    p[live] = q
    return p


def sparse_weights(lin: Linearization, p: Array) -> Array | None:
    """Weights on few rows with Jᵀp = 0, for where damped steps do not get there (degenerate or non-unique optima).

    Nonnegative least squares (Lawson and Hanson 1974) over the heaviest rows in equilibrated columns, with a small cost
    on rows below the max; None where d is too large for it or the rows do not reach zero.
    """
    d = lin.components.d
    if not lin.components.rows or d > SPARSE:
        return None
    rows = np.sort(np.argsort(-p)[: min(np.count_nonzero(p > 1e-20 * p.max()), 8 * d + 8)])
    J, below = lin.jac(rows), lin.f.max() - lin.f[rows]
    size = np.abs(J).max(axis=0)
    cost = COST * below / (below.max() or 1.0)
    system = np.vstack([J.T / np.where(size > 0, size, 1.0)[:, None], cost, np.ones(rows.size)])
    y, _ = scipy.optimize.nnls(system, np.r_[np.zeros(d + 1), 1.0], maxiter=30 * rows.size)
    if np.abs(system[:d] @ y).max() > COST * y.sum():
        return None
    out = np.zeros(p.size)
    out[rows] = np.where(y > COST**2 * y.max(), y, 0.0)
    return np.asarray(out / out.sum())


def _repair_step(lin: Linearization, p: Array, c: Array, cone: "_Cone | _Normal") -> Array:
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


def _cone(problem: Minimax, lin: Linearization, p: Array, multipliers: Multipliers | None) -> "_Cone | _Normal | None":
    """What may balance Jᵀp; None where any weights prove a bound and a sharper one would cost more than it is worth."""
    linear, domain, g = linear_part(problem), problem.domain, lin.vjp(p)
    if not np.isfinite(g).all():
        return None
    dear = getattr(domain, "bounded", False) and problem.d > ESTIMATE
    if linear is not None:
        if multipliers is None and dear:
            return None
        return _Cone(linear, multipliers or estimate_multipliers(linear, lin.x, g), problem.d)
    normal = getattr(domain, "normal", None)
    return None if normal is None or dear else _Normal(np.asarray(normal(lin.x, g)))


@dataclass
class _Normal:
    """A curved domain: the part of Jᵀp that its normal cone at x absorbs, held fixed."""

    part: Array
    lift: float = 1.0
    multipliers: None = None

    def any(self) -> bool:
        """Nothing moves."""
        return False

    def pull(self) -> Array:
        """What leaves the rest to be repaired."""
        return -self.part

    def size(self) -> Array:
        """Its size."""
        return np.abs(self.part)

    def matrix(self) -> Array:
        """No curvature of its own."""
        return np.zeros((self.part.size, self.part.size))

    def shrinks(self, u: Array) -> float:
        """Nothing shrinks."""
        return 0.0

    def move(self, u: Array) -> None:
        """Nothing moves."""


class _Cone:
    """The multipliers of a linear domain while they are being repaired."""

    def __init__(self, linear: Linear, multipliers: Multipliers, d: int) -> None:
        self.linear, self.multipliers, self.d = linear, multipliers, d
        self.lift = 1.0  # the scale at which equalities enter the matrix

    def any(self) -> bool:
        """There is a multiplier that can move."""
        m, linear = self.multipliers, self.linear
        return linear.A_eq is not None or any(part.any() for part in (m.ub, m.lower, m.upper))

    def pull(self) -> Array:
        """A_ubᵀλ + A_eqᵀν + λ_upper − λ_lower."""
        total = np.zeros(self.d)
        m = self.multipliers
        if self.linear.A_ub is not None:
            total += self.linear.A_ub.T @ m.ub
        if self.linear.A_eq is not None:
            total += self.linear.A_eq.T @ m.eq
        return total + m.upper - m.lower

    def size(self) -> Array:
        """The same with absolute values."""
        total = np.zeros(self.d)
        m = self.multipliers
        if self.linear.A_ub is not None:
            total += abs(self.linear.A_ub).T @ m.ub
        if self.linear.A_eq is not None:
            total += abs(self.linear.A_eq).T @ np.abs(m.eq)
        return total + m.upper + m.lower

    def matrix(self) -> Array:
        """Gᵀ diag(λ) G over inequalities and bounds, plus EᵀE at the scale of the multipliers."""
        M = np.zeros((self.d, self.d))
        m = self.multipliers
        if self.linear.A_ub is not None:
            G = dense(self.linear.A_ub)
            M += (G.T * m.ub) @ G
        if self.linear.A_eq is not None:
            E = dense(self.linear.A_eq)
            M += self.lift * (E.T @ E)
        return M + np.diag(m.upper + m.lower)

    def shrinks(self, u: Array) -> float:
        """The largest relative decrease of a multiplier under λ ← λ∘(1 + G u)."""
        m, rows = self.multipliers, self.linear.A_ub
        falls = [-u[m.upper > 0], u[m.lower > 0], np.zeros(1) if rows is None else -(rows @ u)[m.ub > 0]]
        return float(max(fall.max(initial=0.0) for fall in falls))

    def move(self, u: Array) -> None:
        """λ ← λ∘(1 + G u), ν ← ν + E u."""
        m, linear = self.multipliers, self.linear
        ub = m.ub if linear.A_ub is None else m.ub * (1 + linear.A_ub @ u)
        eq = m.eq if linear.A_eq is None else m.eq + self.lift * (linear.A_eq @ u)
        self.multipliers = Multipliers(ub, eq, m.lower * (1 - u), m.upper * (1 + u))


def estimate_multipliers(linear: Linear, x: Array, g: Array) -> Multipliers:
    """Multipliers of the constraints that are nearly active at x, from −g ≈ A_ubᵀλ + A_eqᵀν + λ_upper − λ_lower.

    Nonnegative least squares (Lawson and Hanson 1974) over the active rows; a start for `repair`, not a proof.
    """
    if linear.free:
        return Multipliers(np.zeros(0), np.zeros(0), np.zeros(x.size), np.zeros(x.size))
    near = 1e-6 * np.maximum(1.0, np.abs(x))
    low, high = x - linear.lb <= near, linear.ub - x <= near
    rows, E = np.zeros(0, bool), None
    parts = [_unit_columns(x.size, high), -_unit_columns(x.size, low)]
    if linear.A_ub is not None and linear.b_ub is not None:
        size = np.maximum(1.0, np.maximum(np.abs(linear.b_ub), abs(linear.A_ub) @ np.abs(x)))
        rows = linear.b_ub - linear.A_ub @ x <= 1e-6 * size
        parts.append(dense(linear.A_ub)[rows].T)
    if linear.A_eq is not None:
        E = dense(linear.A_eq)
        parts += [E.T, -E.T]
    G = np.hstack(parts)
    zero = Multipliers(
        np.zeros(rows.size), np.zeros(0 if E is None else E.shape[0]), np.zeros(x.size), np.zeros(x.size)
    )
    if not G.shape[1]:
        return zero
    scale = 1.0 / np.maximum(np.linalg.norm(G, axis=0), 1e-300)
    lam = scale * scipy.optimize.nnls(G * scale, -g, maxiter=30 * G.shape[1])[0]
    pieces = np.split(lam, np.cumsum([part.shape[1] for part in parts])[:-1])
    zero.upper[high], zero.lower[low] = pieces[0], pieces[1]
    if rows.size:
        zero.ub[rows] = pieces[2]
    if E is not None:
        zero.eq[:] = pieces[-2] - pieces[-1]
    return zero


def _unit_columns(d: int, chosen: NDArray[np.bool_]) -> Array:
    columns = np.zeros((d, int(chosen.sum())))
    columns[np.flatnonzero(chosen), np.arange(columns.shape[1])] = 1.0
    return columns
