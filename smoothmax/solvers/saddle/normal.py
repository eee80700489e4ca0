"""The one factorization of an interior-point step, on the smaller side of the game.

    ⎡ H    Bᵀ    g   0 ⎤ ⎡u⎤   ⎡r₁⎤        K = Bᵀ(W − W h hᵀW/(hᵀWh + η)) B + H + ρ g gᵀ
    ⎢ gᵀ   0    −ε   0 ⎥ ⎢β⎥ = ⎢r₂⎥
    ⎢ B  −W⁻¹    0   h ⎥ ⎢v⎥   ⎢r₃⎥        = Σ_i w_i (B_i − h_i a)(B_i − h_i a)ᵀ + η a aᵀ + H + ρ g gᵀ,
    ⎣ 0    hᵀ    0   η ⎦ ⎣γ⎦   ⎣r₄⎦        a = BᵀWh/(hᵀWh + η)

H, W > 0 diagonal. v and γ are eliminated into *centred* rows, so that nothing cancels; the border g is kept apart and
its square is added with ρ of the size of K, which changes no solution and keeps K definite along the direction that g
alone controls (the equalizing strategy, along which the centred rows vanish). One symmetric rank-k update and one
Cholesky factor a step.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg.blas import dsyr
from scipy.linalg.lapack import dpotrf, dpotrs

from ..._typing import Array
from .gram import Gram

SHIFTS = (1e-15, 1e-12, 1e-9, 1e-6)  # of the diagonal, tried in turn until the factorization goes through


@dataclass(frozen=True)
class Diagonals:
    """The diagonals and borders of the system above; g or h None where there is no such border."""

    H: Array
    W: Array
    g: Array | None
    eps: float
    h: Array | None
    eta: float


class Factor:
    """The system above, factorized; `failed` where it is singular, or no shift made it definite."""

    def __init__(self, gram: Gram, D: Diagonals) -> None:
        self.B, self.scale, self.D = gram.B, gram.scale, D
        self.a: Array | None = None
        if D.h is not None:
            Wh = D.W * D.h
            self.pivot = float(Wh @ D.h) + D.eta
            self.a = self._down(Wh) / self.pivot
        self.failed = True
        if D.g is not None and not float(D.g @ D.g) > 0:  # the last column has shrunk to nothing
            return
        for shift in SHIFTS:
            self.L, info = dpotrf(self._matrix(gram, shift), lower=1, clean=0, overwrite_a=1)
            if info == 0 and np.isfinite(self.L[-1, -1]):
                self.failed = False
                break
        if D.g is not None and not self.failed:
            self.Kg = self._back(D.g)
            self.corner = (1.0 - self.rho * D.eps) * float(D.g @ self.Kg) + D.eps

    def _matrix(self, gram: Gram, shift: float) -> Array:
        D, K = self.D, gram(self.D.W, self.D.h, self.a)
        if self.a is not None and D.eta > 0:
            K = dsyr(D.eta, self.a, lower=1, a=K, overwrite_a=1)
        if D.g is not None:
            size = float(np.trace(K)) / float(D.g @ D.g)
            self.rho = size / (1.0 + size * D.eps)
            K = dsyr(self.rho, D.g, lower=1, a=K, overwrite_a=1)
        diagonal = np.einsum("ii->i", K)
        diagonal += D.H
        diagonal *= 1.0 + shift
        return K

    def _down(self, v: Array) -> Array:
        return self.scale * np.asarray(self.B.T @ v)

    def _up(self, u: Array) -> Array:
        return self.scale * np.asarray(self.B @ u)

    def _back(self, r: Array) -> Array:
        return np.asarray(dpotrs(self.L, r, lower=1)[0])

    def solve(self, r1: Array, r2: float, r3: Array, r4: float) -> tuple[Array, float, Array, float]:
        """(u, β, v, γ), with two products with B."""
        D, rest = self.D, self.D.W * r3
        shift = 0.0
        if self.a is not None and D.h is not None:
            shift = (r4 + float(D.h @ rest)) / self.pivot
            rest = rest - shift * D.W * D.h
        right = r1 + self._down(rest)
        beta = 0.0
        if D.g is not None:
            right = right + (self.rho * r2) * D.g
        u = self._back(right)
        if D.g is not None:
            beta = (float(D.g @ u) - r2) / self.corner
            u = u - ((1.0 - self.rho * D.eps) * beta) * self.Kg
        Bu, gamma = self._up(u), 0.0
        if self.a is not None and D.h is not None:
            gamma = shift - float(self.a @ u)
            Bu = Bu + gamma * D.h
        return u, beta, D.W * (Bu - r3), gamma
