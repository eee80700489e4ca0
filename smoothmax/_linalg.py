"""Symmetric systems after equilibration: columns of wildly different units are met daily, so none is solved raw."""

import math

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from ._typing import Array, Matrix

EPS = float(np.finfo(float).eps)


def equilibrate(M: Array) -> tuple[Array, Array]:
    """(S, s) with S = diag(s) M diag(s) of unit diagonal (where the diagonal is positive)."""
    diagonal = np.abs(np.diagonal(M))
    scale = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    return M * scale * scale[:, None], scale


def _unit(M: Array) -> float:
    """The power of two that brings the largest diagonal entry near 1: in other units, the same numbers to the bit."""
    largest = float(np.abs(np.diagonal(M)).max(initial=0.0))
    return math.ldexp(1.0, -min(max(math.frexp(largest)[1], -1000), 1000)) if math.isfinite(largest) else 1.0


def solve_semidefinite(M: Array, rhs: Array) -> Array:
    """The least-norm solution (in the equilibrated metric) of M u = rhs for M ⪰ 0: eigenvalues below rounding dropped.

    Nothing is shifted, so that J u satisfies the equations to rounding wherever they can be satisfied.
    """
    unit = _unit(M)
    S, scale = equilibrate(unit * M)
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
        self._cholesky = L if not failed and float(np.diagonal(L).min()) ** 2 > floor else None
        if self._cholesky is not None:
            return
        if not np.isfinite(S).all():  # eigh would raise
            self._vectors, self._values = np.full_like(S, np.nan), np.ones(S.shape[0])
            return
        values, self._vectors = np.linalg.eigh(S)
        size = np.abs(values)
        self._values = np.maximum(size, floor * max(float(size.max()), 1e-300))

    def __call__(self, rhs: Array) -> Array:
        """M⁻¹ rhs for a vector or the columns of a matrix."""
        scale = self.scale if rhs.ndim == 1 else self.scale[:, None]
        if self._cholesky is not None:
            return np.asarray(self.unit * scale * dpotrs(self._cholesky, scale * rhs, lower=True)[0])
        values = self._values if rhs.ndim == 1 else self._values[:, None]
        with np.errstate(over="ignore", invalid="ignore"):  # a matrix that has underflowed: the caller sees inf or nan
            return np.asarray(self.unit * scale * (self._vectors @ ((self._vectors.T @ (scale * rhs)) / values)))


def solve_kkt(M: Array, r: Array, E: Array | None, e: Array | None, floor: float = 1e-13) -> tuple[Array, Array]:
    """(u, ν) with M u + Eᵀν = r, E u = e, through the Schur complement E M⁻¹ Eᵀ; refined until rounding stops it."""
    solve = Factor(M, floor)
    if E is None or e is None:
        return solve(r), np.zeros(0)
    W = solve(np.asarray(E.T))
    schur = Factor(E @ W)
    u, nu = np.zeros_like(r), np.zeros_like(e)
    for _ in range(3):
        rest, miss = r - M @ u - E.T @ nu, e - E @ u
        down = solve(rest)
        step = schur(E @ down - miss)
        u, nu = u + down - W @ step, nu + step
    return u, nu


def dense(A: Matrix) -> Array:
    """A sparse or dense matrix as a float64 array."""
    return np.asarray(A.toarray() if hasattr(A, "toarray") else A, dtype=np.float64)
