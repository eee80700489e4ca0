"""A predictor–corrector interior-point method for min {t : t·I ⪰ A(x), t ≥ f(x), x ∈ X}, the dual density with it.

    Z(u) W = μ I,    Σ ⟨W, B_j⟩ = (Eᵀν, 1),    E x = e,      u = (x, t)

(Helmberg, Rendl, Vanderbei, Wolkowicz 1996, with Mehrotra's corrector.) −μ log det Z is self-concordant, as F_τ is not:
so the number of steps hardly depends on the problem. Z is feasible all the time; W becomes so with the first full step.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from ..._linalg import Factor, dense
from ..._typing import Array
from ...certificate import Multipliers
from ...components import Affine, Linearization, Weights, families
from ...components.spectral import Spectral
from ...problem import Minimax
from ..newton.barrier import Walls
from ..newton.equalities import Equalities
from .cones import Cone, Rows, Semidefinite

MOST = 60  # steps; a problem that is solvable at all takes 10 to 30
LEAST = 1e-6  # length of a step below which nothing moves any more
NEAR, WIDE = 0.9, 0.98  # share of the way to the boundary, at first and once steps are long
FLOOR = 1e-15  # least eigenvalue that is trusted in the equilibrated Schur complement
FALLING = 1e-9  # relative to the largest slope: a ray falls by more than rounding
REFINED = 2  # corrections of what rounding leaves of ⟨W, B_j⟩


def takes(problem: Minimax) -> bool:
    """Affine and Spectral families over linear constraints."""
    parts = families(problem.components)
    described = getattr(problem.domain, "linear", None)
    linear = described is not None and described() is not None
    return linear and all(isinstance(part, (Affine, Spectral)) for part in parts)


def falls(problem: Minimax, v: Array) -> bool:
    """λ_max(Σ v_k A_k) < 0 and ⟨a_i, v⟩ < 0, by more than rounding, along a ray of the domain: unbounded, proven."""
    recedes = getattr(problem.domain, "recedes", None)
    if recedes is None or getattr(problem.domain, "bounded", False) or not np.isfinite(v).all() or not recedes(v):
        return False
    for part in families(problem.components):
        if isinstance(part, Spectral):
            values = np.linalg.eigvalsh(part.family.sum(v))
        else:
            values = Linearization(part, np.zeros_like(v)).jvp(v)
        if not float(np.max(values)) < -FALLING * float(np.abs(values).max()):
            return False
    return True


class Iterate(NamedTuple):
    """Where the method stands: x, weights of the families, multipliers, μ times the degree, and both steps' lengths."""

    x: Array
    weights: Weights
    multipliers: Multipliers | None
    complementarity: float
    lengths: tuple[float, float]


class Interior:
    """Cones, equalities, and u on its way."""

    def __init__(self, problem: Minimax, walls: Walls, first: Linearization) -> None:
        self.problem, self.walls, self.d = problem, walls, problem.d
        self.families = families(problem.components)
        self.cones: list[Cone] = [_cone(part) for part in self.families]
        if walls.count:
            G, h = _rows(walls)
            self.cones.append(Rows(sp.csr_array(sp.hstack([-G, sp.csr_array((h.size, 1))])), h))
        self.held: Equalities | None = None
        if walls.held is not None:
            E, e = walls.held.E, walls.held.e
            self.held = Equalities(np.column_stack([E, np.zeros(e.size)]), e)
        self.degree = sum(cone.n for cone in self.cones)
        self.x = first.x
        low, top = first.range
        self.t = float(top) + (float(top - low) or float(np.abs(first.column_sizes()).max()) or 1.0)
        self.nu = np.zeros(0)

    def begin(self) -> bool:
        """W = μ Z⁻¹ with Σ tr W = 1; False where x is not in the interior."""
        for cone in self.cones:
            Z = cone.at(self.x, self.t)
            if not np.isfinite(Z).all() or not cone.accept(Z, np.eye(cone.n) if Z.ndim == 2 else np.ones(cone.n)):
                return False
        mu = 1.0 / sum(cone.pull(cone.core(1.0, 0.0))[-1] for cone in self.cones)
        for cone in self.cones:
            cone.weigh(mu)
        return True

    def iterates(self) -> Iterator[Iterate]:
        """Predictor, corrector, step; ends where nothing moves or a matrix is not definite any more."""
        if not self.begin():
            return
        for _ in range(MOST):
            mu = self._mu()
            solve = self._factor()
            if solve is None or not mu > 0:
                return
            _, dZ, dW = self._direction(solve, 0.0, [0.0] * len(self.cones))
            a, b = self._lengths(dZ, dW, 1.0)
            after = sum(float(np.vdot(c.Z + a * z, c.W + b * w)) for c, z, w in zip(self.cones, dZ, dW))
            sigma = min(1.0, max(after / (mu * self.degree), 0.0)) ** (3.0 if min(a, b) > 0.1 else 1.0)
            second = [c.product(w, z) for c, z, w in zip(self.cones, dZ, dW)]
            u, dZ, dW = self._direction(solve, max(sigma, 1e-6) * mu, second)
            a, b = self._lengths(dZ, dW, NEAR + (WIDE - NEAR) * min(a, b))
            full = [c.W + w for c, w in zip(self.cones, dW)]
            if not np.isfinite(u).all() or not self._move(u, dW, a, b):
                return
            yield Iterate(self.x, *self._parted(full), self._mu() * self.degree, (a, b))
            if max(a, b) < LEAST:
                return

    def _mu(self) -> float:
        return sum(float(np.vdot(c.Z, c.W)) for c in self.cones) / self.degree

    def _factor(self) -> "_Solve | None":
        M = sum((cone.schur() for cone in self.cones), np.zeros((self.d + 1, self.d + 1)))
        return _Solve(M, self.held, np.append(self.x, self.t)) if np.isfinite(M).all() else None

    def _direction(
        self, solve: "_Solve", mu: float, second: Sequence[Array | float]
    ) -> tuple[Array, list[Array], list[Array]]:
        """(u, dZ, dW), with what rounding leaves of the equations for W removed."""
        core = [c.core(mu, s) for c, s in zip(self.cones, second)]
        rest = self._rest(core)
        u = np.zeros(self.d + 1)
        nu = np.zeros(0)
        W = core
        for k in range(1 + REFINED):
            step, more = solve(rest, u)
            u = u + step
            nu = more if k == 0 else nu + more
            dZ = [c.push(u) for c in self.cones]
            W = [c0 - c.turned(z) for c0, c, z in zip(core, self.cones, dZ)]
            rest = self._rest(W) - solve.pull(nu)
        self.nu = nu
        return u, dZ, [w - c.W for w, c in zip(W, self.cones)]

    def _rest(self, W: list[Array]) -> Array:
        rest = sum((c.pull(w) for c, w in zip(self.cones, W)), np.zeros(self.d + 1))
        rest[-1] -= 1.0
        return np.asarray(rest)

    def _lengths(self, dZ: list[Array], dW: list[Array], share: float) -> tuple[float, float]:
        pairs = [c.longest(z, w) for c, z, w in zip(self.cones, dZ, dW)]
        return min(1.0, share * min(p[0] for p in pairs)), min(1.0, share * min(p[1] for p in pairs))

    def _move(self, u: Array, dW: list[Array], a: float, b: float) -> bool:
        """Take the step, shortened while rounding keeps something from being definite."""
        for _ in range(6):
            x, t = self.x + a * u[:-1], self.t + a * float(u[-1])
            new = [(c.at(x, t), c.W + b * w) for c, w in zip(self.cones, dW)]
            old = [(c.Z, c.W) for c in self.cones]
            if all(c.accept(Z, W) for c, (Z, W) in zip(self.cones, new)):
                self.x, self.t = x, t
                return True
            for c, (Z, W) in zip(self.cones, old):
                c.accept(Z, W)
            a, b = a / 4, b / 4
        return False

    def _parted(self, W: list[Array]) -> tuple[Weights, Multipliers | None]:
        """The weights of the families, and the multipliers of the domain."""
        k = len(self.families)
        if self.walls.count:
            self.walls.next = W[k]
        if self.walls.held is not None:
            self.walls.nu = np.zeros(self.walls.held.m)
            self.walls.nu[self.walls.held.kept] = self.nu
        return tuple(W[:k]), self.walls.multipliers()


class _Solve:
    """M u + Eᵀν = r, E (u₀ + u) = e."""

    def __init__(self, M: Array, held: Equalities | None, begin: Array) -> None:
        self.M, self.held, self.begin = M, held, begin
        self.factor = Factor(M, FLOOR) if held is None else None

    def __call__(self, r: Array, u: Array) -> tuple[Array, Array]:
        if self.held is None:
            assert self.factor is not None
            return self.factor(r), np.zeros(0)
        return self.held.solve(self.M, r, self.held.missing(self.begin + u), FLOOR, walls=True)

    def pull(self, nu: Array) -> Array | float:
        if self.held is None:
            return 0.0
        return np.asarray(self.held.E.T @ nu[self.held.kept])


def _cone(part: object) -> Cone:
    if isinstance(part, Spectral):
        return Semidefinite(part)
    assert isinstance(part, Affine)
    A = dense(part.A)
    A, b = (np.vstack([A, -A]), np.concatenate([part.b, -part.b])) if part.absolute else (A, part.b)
    return Rows(np.column_stack([-A, np.ones(b.size)]), -b)


def _rows(walls: Walls) -> tuple[sp.csr_array, Array]:
    """G and h of the walls, in their order."""
    eye = sp.eye_array(walls.d, format="csr")
    parts, h = [-eye[walls.low], eye[walls.high]], [-walls.lb[walls.low], walls.ub[walls.high]]
    if walls.A is not None:
        parts, h = [*parts, sp.csr_array(walls.A)], [*h, walls.b]
    return sp.csr_array(sp.vstack(parts)), np.concatenate(h)
