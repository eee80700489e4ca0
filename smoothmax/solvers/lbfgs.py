"""Limited-memory BFGS: SciPy's L-BFGS-B (Byrd, Lu, Nocedal, Zhu 1995) on (F_τ − F_τ(x₀))/τ in equilibrated variables.

SciPy's routine cannot be stepped, so it is run in bursts of doubling length; a state is yielded after each.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.optimize import minimize

from .._typing import Array
from ..domains import Box
from ..problem import Minimax
from ..surrogate import Point, Smoothed
from .base import Method, State
from .metric import column_scale, gap_on

HUGE = 1e300  # bounds beyond it, in units of the scale, count as that
WALL = 1e3  # in units of τ: where F is not finite
FAR = 1e140  # at most this far from the start of a burst: its square is a number still


class LBFGS(Method):
    """Quasi-Newton: one pass an evaluation, memory of 20 pairs."""

    name = "lbfgs"
    remote = True
    smoothings = ("shannon", "gini")
    needs = "the domain Free or Box"
    kappa = 0.01
    patience = 12

    def __init__(self, problem: Minimax, options: dict[str, Any]) -> None:
        super().__init__(problem, options)
        self.scale: Array | None = None  # of the variables, so that a unit step changes f by about the first τ

    @classmethod
    def refuses(cls, problem: Minimax) -> str | None:
        """Anything but a box."""
        if isinstance(problem.domain, Box):
            return None
        return f"it needs the domain Free or Box; this one is {problem.domain!r}"

    def states(self, surrogate: Smoothed, x: Array) -> Iterator[State[Point]]:
        """Bursts of 16, 32, 64, … iterations."""
        point = surrogate.point(x)
        if self.scale is None:
            self.scale = surrogate.tau * column_scale(self.problem, point)
        yield State(point, gap_on(self.problem, point))
        length = 16
        while True:
            new, steps = self._burst(surrogate, point, self.scale, length)
            stuck = steps == 0 or not new.fun < point.fun
            point = new if new.fun <= point.fun else point
            yield State(point, gap_on(self.problem, point), steps=max(steps, 1), stuck=stuck)
            length = min(2 * length, 1024)

    def _burst(self, surrogate: Smoothed, point: Point, scale: Array, length: int) -> tuple[Point, int]:
        box = self.problem.domain
        assert isinstance(box, Box)
        tau, start, origin = surrogate.tau, point.fun, point.x / scale

        def placed(z: Array) -> Point:
            with np.errstate(over="ignore", invalid="ignore"):
                return surrogate.point(np.clip(z * scale, box.lb, box.ub))

        def objective(z: Array) -> tuple[float, Array]:
            at = placed(z)
            if not np.isfinite(at.fun):  # a bowl around the start of the burst, so that the line search comes back
                away = np.nan_to_num(np.clip(z - origin, -FAR, FAR))
                return WALL + float(away @ away), 2 * away
            return (at.fun - start) / tau, at.jac * (scale / tau)

        found = minimize(
            objective,
            origin,
            jac=True,
            method="L-BFGS-B",
            bounds=np.column_stack([_scaled(box.lb, scale), _scaled(box.ub, scale)]),
            options={"maxiter": length, "maxfun": 20 * length, "maxcor": 20, "ftol": 0.0, "gtol": 0.0},
        )
        return placed(found.x), int(found.get("nit", 0))  # none where all is fixed


@np.errstate(all="ignore")
def _scaled(side: Array, scale: Array) -> Array:
    """Bounds in these units: finite ones stay so, for SciPy knows no interval from inf to inf."""
    return np.asarray(np.where(np.isfinite(side), np.clip(side / scale, -HUGE, HUGE), side))
