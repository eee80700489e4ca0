"""Regressions and games in matrix form, with what the theory of first-order methods asks to know."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import smoothmax as sm
from experiments._cases import find
from experiments._peers import rows

Array = NDArray[np.float64]


class Stated(NamedTuple):
    """A problem in matrix form, with what theory asks to know."""

    problem: sm.Minimax
    A: Array
    b: Array
    x0: Array
    minimum: float
    R: float  # ‖x₀ − x*‖
    G: float  # max ‖A_i‖, the Lipschitz constant of max f

    def error(self, x: Array) -> float:
        """True max f above the minimum."""
        return float((self.A @ x + self.b).max()) - self.minimum

    @property
    def project(self) -> Callable[[Array], Array]:
        """Onto the domain."""
        return (lambda x: x) if isinstance(self.problem.domain, sm.Free) else self.problem.domain.project


def orthonormal(problem: sm.Minimax) -> sm.Minimax:
    """The same regression in other coordinates: columns made orthogonal and of mean square 1 (QR); others as they are.

    On raw columns first-order methods would measure the condition of the data.
    """
    f = problem.components
    if not isinstance(problem.domain, sm.Free) or not problem.affine:
        return problem
    return sm.Minimax(sm.Affine(np.linalg.qr(f.A)[0] * math.sqrt(len(f.A)), f.b, absolute=f.absolute))


@cache
def stated(name: str) -> Stated:
    """By name, solved once; a minimum that cannot be proven ends the cell."""
    case = find(name)
    problem = orthonormal(case.problem)
    x0 = problem.start(case.x0)
    r = sm.solve(problem, x0, tol=1e-10)
    if not r.success:
        raise RuntimeError(f"{name}: {r.message}")
    A, b = rows(problem)
    minimum = r.lower_bound if case.optimum is None else case.optimum
    return Stated(problem, A, b, x0, minimum, float(np.linalg.norm(r.x - x0)), float(np.linalg.norm(A, axis=1).max()))


def promise(s: Stated, method: str, tau: float, k: int | None) -> float | None:
    """The error that theory allows after k evaluations: not below ε as long as ε is not reached."""
    if not k or method not in ("subgradient", "Nesterov 2005"):
        return None
    if method == "subgradient":  # (R² + Σh²)/(2·Σh) with the steps h = R/√i
        i = np.arange(1, k + 1)
        return float(s.G * s.R * (1 + np.sum(1 / i)) / (2 * np.sum(1 / np.sqrt(i))))
    return tau * math.log(len(s.A)) + 2 * s.G**2 / tau * s.R**2 / (k * (k + 1))
