"""Newton's method on few affine rows held in memory: the same steps as `newton`, without the machinery of a pass.

z = J x + b + τ·log w,   p = softmax(z/τ),   (Jᵀ(diag p − ppᵀ)J/τ + β B) dx = −Jᵀp,   z ← z + t·J dx
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from ..._linalg import Factor
from ..._typing import Array
from ...components.passes import QUIET
from ...domains import Box
from ...problem import Minimax
from ..continuation import floored
from .damping import Damping, lifted
from .line import log_sum_exp, search

NEGLIGIBLE = 32.0  # rows this many τ below the top do not show in the Hessian
ROUGH = 0.1  # of τ: decrement that ends a temperature
SHARP, SHARPEST = 1e-3, 1e-9  # of τ: the same where weights are to be repaired, a tenth each time that they refuse
STEPS = 30  # at one temperature
SHRINK, KEEP = 4.0, 0.06  # τ falls by this from stage to stage, and stays above this share of the gap
IDLE = 3  # stages in a row that do not bring the gap down
FINEST = 64 * float(np.finfo(float).eps)  # of the size of f: what is left of f/τ below is mostly rounding
DENSE = 1 << 22  # entries of the matrix


def fits(problem: Minimax, count: int) -> bool:
    """Affine rows over R^d, `count` of which fit into memory as a dense matrix."""
    free = isinstance(problem.domain, Box) and problem.domain.linear().free
    return free and problem.affine and problem.components.gathers and count * problem.d <= DENSE


def minimize_few(J: Array, b: Array, logw: Array, taus: Iterable[float], x: Array) -> tuple[Array, int]:
    """(x, steps) with F_τ(x) − min F_τ about ROUGH·τ at the last of falling temperatures.

    Parameters
    ----------
    J : (k, d) array
    b, logw : (k,) arrays
        f = J x + b with prior exp(logw).
    """
    few = Few(J, b, x)
    for tau in taus:
        few.go(tau, logw)
        few.minimize(ROUGH)
    return few.x, few.steps


class Stage(NamedTuple):
    """The end of a temperature: x, f there, weights p ≥ 0 with Jᵀp = 0 (None: not to be had), and all steps so far."""

    x: Array
    f: Array
    weights: Array | None
    steps: int

    @property
    def lower(self) -> float:
        """⟨p, f⟩, a lower bound on min max f but for rounding."""
        return -np.inf if self.weights is None else float(self.weights @ self.f)


def falling_few(J: Array, b: Array, tau: float, prior: Array, x: Array) -> Iterator[Stage]:
    """Stages of falling τ with multipliers (as `continuation` has them) on few rows; ends where nothing is gained."""
    few, w, best, idle = Few(J, b, x), prior / prior.sum(), np.inf, 0
    while tau > FINEST * float(np.abs(few.f).max()) and idle < IDLE:
        before, target = few.steps, SHARP
        few.go(tau, np.log(w))
        while few.minimize(target) and few.repaired() is None and target > SHARPEST:
            target *= 0.1
        few.settle()
        stage = Stage(few.x, few.f, few.repaired(), few.steps)
        yield stage
        if stage.weights is None:
            return
        w, gap = floored(stage.weights), float(few.f.max()) - stage.lower
        best, idle = min(best, gap), 0 if gap < 0.99 * best else idle + 1
        easy = few.steps - before <= 2 and gap < tau
        tau = max(tau / SHRINK ** (2 if easy else 1), min(tau, KEEP * gap))


class Few:
    """Where Newton's method stands: x, f = J x + b, and at a temperature p and the Hessian over the rows that show."""

    def __init__(self, J: Array, b: Array, x: Array) -> None:
        self.J, self.b, self.x, self.f = J, b, x, J @ x + b
        self.tau, self.steps, self.damping = 0.0, 0, Damping()
        self.solve: Factor | None = None

    def settle(self) -> None:
        """Values without the rounding that the steps have gathered."""
        self.f = self.J @ self.x + self.b

    @QUIET
    def go(self, tau: float, logw: Array) -> None:
        """To another temperature and prior: by the Euler step from a minimizer (`predictor`) where F is lower there."""
        dx = None if self.solve is None else self._turn(tau, logw)
        self.tau, self.logw = tau, logw
        if dx is not None:
            moved = self.f + self.J @ dx
            if _value(moved, logw, tau) < _value(self.f, logw, tau):
                self.x, self.f = self.x + dx, moved

    def _turn(self, tau: float, logw: Array) -> Array:
        assert self.solve is not None
        delta = (self.f[self.live] + tau * (logw[self.live] - np.log(self.p))) / self.tau
        return -self.solve(self.centred.T @ (self.root * delta))

    @QUIET
    def minimize(self, target: float) -> bool:
        """Steps until the decrement is below target·τ; False where it does not get there."""
        for _ in range(STEPS):
            M = self._hessian()
            self.solve = Factor(M) if np.isfinite(M).all() and M.any() else None
            self.dx = -self.g if self.solve is None else -self.solve(self.g)
            slope = float(self.g @ self.dx)
            if not -slope > 2 * target * self.tau:
                return self.solve is not None
            dx = self.dx
            if self.damping.on:
                dx = -Factor(M + self.damping.shift(self._metric, self.tau, self.g))(self.g)
                slope = float(self.g @ dx)
            c = self.J @ dx
            t = search(log_sum_exp(self.f + self.tau * self.logw, c, self.tau), slope, 1.0, np.inf)
            self.damping.learn(t)
            self.x, self.f, self.steps = self.x + t * dx, self.f + t * c, self.steps + 1
        return False

    def _hessian(self) -> Array:
        """∇²F_τ = SᵀS/τ with S = diag(√p)·(J − 1·Jᵀp), beside p and Jᵀp."""
        z = self.f + self.tau * self.logw
        top = z.max()
        self.live = (z > top - NEGLIGIBLE * self.tau).nonzero()[0]
        p = np.exp((z[self.live] - top) / self.tau)
        self.p = p / p.sum()
        self.root = np.sqrt(self.p)
        self.centred = self.J[self.live]
        self.g = self.p @ self.centred
        self.centred -= self.g
        self.centred *= self.root[:, None]
        return np.asarray(self.centred.T @ self.centred) / self.tau

    def _metric(self) -> Array:
        return lifted(self.J.T @ self.J / len(self.J))

    def repaired(self) -> Array | None:
        """p∘(1 + (J dx − ⟨p, J dx⟩)/τ) with the Newton step dx: Jᵀp = 0 (identity 5); None where it is not ≥ 0."""
        q = self.p + self.root * (self.centred @ self.dx) / self.tau
        if self.solve is None or not q.min() >= 0:
            return None
        weights = np.zeros(self.f.size)
        weights[self.live] = q / q.sum()
        return weights


def _value(f: Array, logw: Array, tau: float) -> float:
    z = f + tau * logw
    top = float(z.max())
    return top + tau * float(np.log(np.exp((z - top) / tau).sum()))
