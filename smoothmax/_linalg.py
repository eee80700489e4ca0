"""Symmetric systems after equilibration: columns of wildly different units are met daily, so none is solved raw."""

import math

import numpy as np
import scipy.optimize
from scipy.linalg.lapack import dpotrf, dpotrs

from ._cached import cached_property
from ._typing import Array, Matrix

EPS = float(np.finfo(float).eps)
SURE = 1e-8  # least pivot of a matrix that is far from singular


def all_finite(*arrays: Array) -> bool:
    """Every entry of every one is a number."""
    return all(bool(np.isfinite(a).all()) for a in arrays)


def symmetrized(M: Array) -> Array:
    """(M + Mᵀ)/2 over the last two axes, without overflow; M itself where it is symmetric, for a half may underflow."""
    turned = np.swapaxes(M, -1, -2)
    return M if np.array_equal(M, turned) else M / 2 + turned / 2


def equilibrate(M: Array) -> tuple[Array, Array]:
    """(S, s) with S = diag(s) M diag(s) of unit diagonal (where the diagonal is positive)."""
    diagonal = np.abs(np.diagonal(M))
    scale = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    return M * scale * scale[:, None], scale


def nonnegative(A: Array, b: Array, turns: int) -> Array | None:
    """argmin over y ≥ 0 of ‖A y − b‖ by scipy's nnls; None where its turns run out, or beyond the numbers."""
    try:
        return np.asarray(scipy.optimize.nnls(A, b, maxiter=turns)[0], dtype=np.float64)
    except (RuntimeError, ValueError):
        return None


def least_squares(A: Array, b: Array, cut: float | None = None) -> Array:
    """The shortest argmin of ‖A y − b‖, singular values below `cut` dropped; nan where these do not converge, and for
    data with nan or inf, of which LAPACK may never come back."""
    if not all_finite(A, b):
        return np.full(A.shape[1], np.nan)
    try:
        return np.asarray(np.linalg.lstsq(A, b, rcond=cut)[0], dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.full(A.shape[1], np.nan)


def _unit(M: Array) -> float:
    """The power of two that brings the largest diagonal entry near 1: in other units, the same numbers to the bit."""
    largest = float(np.abs(np.diagonal(M)).max(initial=0.0))
    return math.ldexp(1.0, -min(max(math.frexp(largest)[1], -1000), 1000)) if math.isfinite(largest) else 1.0


def solve_semidefinite(M: Array, rhs: Array) -> Array:
    """The least-norm solution (in the equilibrated metric) of M u = rhs for M ⪰ 0: eigenvalues below rounding dropped.

    Nothing is shifted, so that J u satisfies the equations to rounding wherever they can be satisfied.
    """
    if not rhs.size:
        return rhs
    unit = _unit(M)
    S, scale = equilibrate(unit * M)
    L, failed = dpotrf(S, lower=True)
    if not failed and float(np.diagonal(L).min(initial=np.inf)) ** 2 > SURE:  # nothing to drop: a thirtieth of the cost
        return np.asarray(unit * scale * dpotrs(L, scale * rhs, lower=True)[0])
    values, vectors = np.linalg.eigh(S)
    keep = values > S.shape[0] * EPS * max(float(values[-1]), 0.0)
    t = vectors[:, keep].T @ (scale * rhs)
    return np.asarray(unit * scale * (vectors[:, keep] @ (t / values[keep])))


class Factor:
    """A solver for M u = r, M symmetric: Cholesky where M is safely positive definite, else eigenvalues made positive.

    The fallback replaces each eigenvalue of the equilibrated M by its absolute value and lifts tiny ones to `floor` of
    the largest: directions stay descent directions on nonconvex and rank-deficient problems. Where M is not finite, no
    solution is: the caller sees nan.
    """

    def __init__(self, M: Array, floor: float = 1e-13) -> None:
        self.unit = _unit(M)
        S, self.scale = equilibrate(self.unit * M)
        L, failed = dpotrf(S, lower=True)  # without SciPy's checks, which cost more than a small factorization
        self._cholesky = L if not failed and float(np.diagonal(L).min(initial=np.inf)) ** 2 > floor else None
        self._floor, self._matrix = floor, S

    @property
    def definite(self) -> bool:
        """M is safely positive definite."""
        return self._cholesky is not None

    @cached_property
    def _eigen(self) -> tuple[Array, Array]:
        """(positive values, vectors): made when first needed, since they cost thirty factorizations."""
        S = self._matrix
        if not np.isfinite(S).all():  # eigh would raise
            return np.ones(S.shape[0]), np.full_like(S, np.nan)
        values, vectors = np.linalg.eigh(S)
        size = np.abs(values)
        return np.maximum(size, self._floor * max(float(size.max()), 1e-300)), vectors

    def __call__(self, rhs: Array) -> Array:
        """M⁻¹ rhs for a vector or the columns of a matrix."""
        if not rhs.size:
            return rhs
        scale = self.scale if rhs.ndim == 1 else self.scale[:, None]
        if self._cholesky is not None:
            return np.asarray(self.unit * scale * dpotrs(self._cholesky, scale * rhs, lower=True)[0])
        values, vectors = self._eigen
        values = values if rhs.ndim == 1 else values[:, None]
        with np.errstate(over="ignore", invalid="ignore"):  # a matrix that has underflowed: the caller sees inf or nan
            return np.asarray(self.unit * scale * (vectors @ ((vectors.T @ (scale * rhs)) / values)))


def solve_kkt(M: Array, r: Array, E: Array | None, e: Array | None, floor: float = 1e-13) -> tuple[Array, Array]:
    """(u, ν) with M u + Eᵀν = r, E u = e, through the Schur complement E M⁻¹ Eᵀ; refined until rounding stops it.

    Where M is definite on the null space of E alone, M + EᵀDE takes its place for any D > 0: u is the same, and the
    refinement finds the ν of M.
    """
    solve = Factor(M, floor)
    if E is None or e is None:
        return solve(r), np.zeros(0)
    if not solve.definite:
        held = Factor(M + _outer(E, M), floor)
        solve = held if held.definite else solve
    W = solve(np.asarray(E.T))
    schur = Factor(E @ W)
    u, nu = np.zeros_like(r), np.zeros_like(e)
    for _ in range(3):
        rest, miss = r - M @ u - E.T @ nu, e - E @ u
        down = solve(rest)
        step = schur(E @ down - miss)
        u, nu = u + down - W @ step, nu + step
    return u, nu


def _outer(E: Array, M: Array) -> Array:
    """EᵀDE with rows of unit norm in the variables in which M has a unit diagonal."""
    diagonal = np.abs(np.diagonal(M))
    largest = float(diagonal.max(initial=0.0))
    scale = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, largest or 1.0))
    norm = np.linalg.norm(E * scale, axis=1)
    rows = E / np.where(norm > 0, norm, 1.0)[:, None]
    return np.asarray(rows.T @ rows)


def dense(A: Matrix) -> Array:
    """A sparse or dense matrix as a float64 array."""
    return np.asarray(A.toarray() if hasattr(A, "toarray") else A, dtype=np.float64)


def balanced(E: Array) -> tuple[Array, Array]:
    """Powers of 2 that bring the largest entry of each row and column near 1."""
    rows, columns = np.ones(E.shape[0]), np.ones(E.shape[1])
    for _ in range(3):
        scaled = np.abs(E) * rows[:, None] * columns
        rows = rows * halved(scaled.max(axis=1, initial=0.0))
        scaled = np.abs(E) * rows[:, None] * columns
        columns = columns * halved(scaled.max(axis=0, initial=0.0))
    return rows, columns


def halved(size: Array) -> Array:
    """The powers of 2, not beyond 2^±1000, that bring sizes between a half and 1; 1 for 0."""
    return np.asarray(np.ldexp(1.0, -np.clip(np.where(size > 0, np.frexp(size)[1], 0), -1000, 1000)))
