"""Interior-point steps where all is affine; Newton on τ·log tr exp(A(x)/τ) with falling τ where those do not finish.

    x_k = argmin over X of F_τ (Newton, with a barrier for the domain),      τ_{k+1} = τ_k/4 … τ_k/10,
    W' = W + DW[dx] has ⟨W', A_k⟩ + (terms of the domain) = 0 exactly (identity 5), and proves λ* ≥ ⟨W', A(x)⟩

A last Newton step dx that is short against τ repairs the weights; what it takes below zero, in the second order, is
made up by a little of the density of a warmer stage (`blend`). Density matrices hold at every x, so the best of all
stages counts. The error falls with τ: F_τ − λ_max ≤ τ·log m. The steps of `interior` are far fewer where the optimum is
degenerate; they want affine functions, and an optimal density with neighbours. Their proofs are blended the same way.
"""

from collections.abc import Iterator

import numpy as np

from ... import schedules
from ..._linalg import all_finite
from ...certificate import prove
from ...components import turned
from ...problem import Minimax
from ...surrogate import Point, Seen, Smoothed
from ..base import Direct, State, Step, Task
from ..newton import Newton
from ..status import Status
from .blend import Proof, blend, definite
from .interior import Interior, falls, takes

EPS = float(np.finfo(float).eps)
SHRINK, SHRINK_FAST = 4.0, 10.0  # τ from stage to stage; the latter after stages of at most EASY steps
EASY = 3
PATIENCE = 60  # steps after which a stage ends in any case
FAILURES = 4  # stages in a row that gain nothing, after which nothing more can be had
GAIN = 0.9
COLDEST = 64.0  # times eps and the size of the eigenvalues: τ below that is rounding


class SpectralNewton(Direct):
    """Continuation in τ for components with eigenvalues among them."""

    name = "spectral"
    needs = "components with a Spectral among them, up to 5000 variables; a domain of linear constraints"

    @classmethod
    def refuses(cls, problem: Minimax) -> str | None:
        """No Spectral inside, one that is not convex, or what Newton refuses."""
        if not problem.components.spectral:
            return "it is for largest eigenvalues, and there is no Spectral among the components"
        if not problem.convex:
            return "it needs convex components beside the Spectral ones"
        return Newton.refuses(problem)

    def steps(self, task: Task) -> Iterator[Step]:
        """Interior-point steps, then stages: each of those a temperature, until nothing is gained any more."""
        yield Step(State(Seen(task.first), np.inf, steps=0))
        step: Step | None = None
        for step in self._inner(task) if takes(self.problem) else ():
            yield step
        if step is None or step.ending is None:
            yield from self._stages(task)

    def _inner(self, task: Task) -> Iterator[Step]:
        """Interior-point steps; a ray along which all eigenvalues fall ends the solve."""
        newton = Newton(self.problem, {})
        x = newton.walls.inside(task.first.x, newton.core)
        interior = Interior(self.problem, newton.walls, self.problem.at(x, task.meter))
        core: Proof | None = None
        best, failures = np.inf, 0
        for iterate in interior.iterates():
            lin = self.problem.at(iterate.x, task.meter)
            if not all_finite(lin.range, *iterate.weights):
                return
            proof = Proof(iterate.weights, iterate.multipliers)
            mixed = blend(proof, core)
            certificate = prove(self.problem, lin, mixed.weights, mixed.multipliers)
            if definite(proof.weights) and np.isfinite(certificate.lower):
                core = proof
            ending = Status.UNBOUNDED if falls(self.problem, iterate.x - x) else None
            yield Step(State(Seen(lin), np.inf, mixed.multipliers), certificate, ending=ending)
            if ending is not None:
                return
            failures = 0 if iterate.complementarity < GAIN * best else failures + 1
            best = min(best, iterate.complementarity)
            if failures == FAILURES:
                return

    def _stages(self, task: Task) -> Iterator[Step]:
        """Stages of falling τ until nothing is gained any more; each ends with a proof."""
        newton, x, f = Newton(self.problem, {}), task.first.x, task.first.range
        tau = schedules.first(float(f[1] / 4 - f[0] / 4)) if f[1] > f[0] else 1.0
        coldest = COLDEST * EPS * float(np.abs(f).max())
        core: Proof | None = None
        best, failures = np.inf, 0
        while failures < FAILURES and tau > coldest:
            surrogate = Smoothed(self.problem, tau, meter=task.meter)
            state, count = None, 0
            for count, state in enumerate(newton.states(surrogate, x)):
                if state.stuck or count >= PATIENCE or (count and state.decrement <= newton.target(tau)):
                    break
                yield Step(state)
            if state is None or not np.isfinite(state.point.fun):
                return
            proof = self._proof(state.point, newton)
            if not all_finite(*proof.weights):
                yield Step(state)
                return
            core = core or (proof if definite(proof.weights) else None)
            mixed = blend(proof, core)
            certificate = prove(self.problem, state.point.lin, mixed.weights, mixed.multipliers)
            if not np.isfinite(certificate.lower):  # the eigenvalues' own weights may do on a bounded domain
                certificate = prove(self.problem, state.point.lin, state.point.weights, proof.multipliers)
            yield Step(State(state.point, state.decrement, proof.multipliers, stuck=state.stuck), certificate)
            failures = 0 if certificate.gap < GAIN * best else failures + 1
            best, x = min(best, certificate.gap), state.point.x
            tau /= SHRINK_FAST if count <= EASY else SHRINK
            newton.learn(tau, max(tau, EPS))

    def _proof(self, point: Point, newton: Newton) -> Proof:
        """W + DW[dx] and the multipliers, for the Newton step dx from the point."""
        walls, mu = newton.walls, newton.mu
        r = -(point.jac + walls.gradient(point.x, mu))
        M = point.hess + walls.matrix(point.x)
        if walls.fixed or not (all_finite(M, r) and M.any()):
            dx = np.zeros_like(r)
        else:
            dx, nu = walls.solve(M, r, point.x)
            walls.predict(point.x, dx, nu, mu)
        weights = turned(self.problem.components, point.x, point.weights, point.tau, dx, float(point.jac @ dx))
        return Proof(weights, walls.multipliers())
