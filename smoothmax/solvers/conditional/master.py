"""The restricted master: min over λ ∈ Δ × … × Δ of τ·log Σ w_i exp(f_i(Yλ)/τ), a fully corrective step.

For affine F the values are b + Lᵀλ with the stored loads L, so a master costs no pass.
"""

import numpy as np

from ..._linalg import all_finite
from ..._typing import Array
from ...components import Affine, Meter
from ...problem import Minimax
from ...surrogate import Smoothed
from ..continuation import proof
from ..newton import Newton
from .atoms import Atoms, dense
from .composed import Composed
from .simplices import Simplices

STEPS = 40  # Newton steps after which a master is good enough
SHARP = 1e-8  # of τ: decrement that ends a sharp master; p is as accurate as its square root
ROUGH = 1e-2  # of τ: the same far from the optimum
BARRIER = 1e-3  # of τ: what the barrier of λ ≥ 0 may cost
LARGEST = 4000  # components that take part in a master
NEAR = 1e-2  # relative gap from which on the weights are repaired


class Ticking(Meter):
    """A master on stored loads costs no pass, but its Newton steps look at the clock of the solve."""

    def __init__(self, outer: Meter) -> None:
        super().__init__()
        self.outer = outer

    def spend(self, passes: float) -> None:
        """Nothing, unless it is late."""
        self.outer.spend(0.0)


def master(
    problem: Minimax,
    atoms: Atoms,
    base: Array,
    meter: Meter,
    tau: float,
    prior: Array,
    gap: float,
    scale: float,
) -> tuple[Array, Array] | None:
    """(λ, p), as sharp as a proven gap on values of size `scale` asks for; None where F or J·atom overflows.

    Of very many affine components only the LARGEST at the present x take part; the others have no weight in p, which is
    a restriction of the dual and so costs nothing but sharpness.
    """
    if not problem.affine:
        small = Minimax(Composed(problem.components, dense(atoms.Y).T), Simplices(atoms.owner))
        return _solved(small, atoms.weights, tau, prior, meter, gap, scale)
    rows = np.arange(problem.n)
    if problem.n > LARGEST:
        rows = np.sort(np.argpartition(-(base + atoms.load), LARGEST)[:LARGEST])
    L = dense(atoms.L[:, rows])
    if not all_finite(L, base):
        return None
    small = Minimax(Affine(np.ascontiguousarray(L.T), base[rows]), Simplices(atoms.owner))
    weights, some = _solved(small, atoms.weights, tau, prior[rows], Ticking(meter), gap, scale)
    p = np.zeros(problem.n)
    p[rows] = some
    return weights, p


def _solved(
    small: Minimax, start: Array, tau: float, prior: Array, meter: Meter, gap: float, scale: float
) -> tuple[Array, Array]:
    """Newton's method from `start`; near the optimum the weights are repaired."""
    newton = Newton(small, {}, mu=min(BARRIER * tau, 0.01 * gap) / small.d)
    relative = min(gap / scale, 1.0) if scale > 0 else 1.0
    sharp = min(ROUGH, max(SHARP, (0.1 * relative) ** 2))
    state = None
    for k, state in enumerate(newton.states(Smoothed(small, tau, prior=prior, meter=meter), start)):
        if state.stuck or state.decrement <= sharp * tau or k >= STEPS:
            break
    assert state is not None  # the first state is at the start
    p = proof(small, state).vector if small.affine and relative <= NEAR else None
    return state.point.x, state.point.weights if p is None else p
