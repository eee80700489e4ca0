"""The judge from outside: what a point and its weights prove, whatever the solver said about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import smoothmax as sm
from problems import Case

TOL = 1e-8


@dataclass(frozen=True)
class Verdict:
    """max f and the gap proven there; `relative` is the gap over the scale of the problem."""

    value: float
    gap: float
    relative: float
    kind: str
    proven: bool


def judge(case: Case, x: Any, weights: Any = None, multipliers: Any = None, tol: float = TOL) -> Verdict:
    """Recompute max f(x) and the certificate.

    Proven means gap ≤ atol + tol·max(|max f|, max f − min f), atol = 1e-14 × the spread of f at the catalogue's start
    plus what rounding of f leaves open there: the rule of `solve`, applied from outside.
    """
    components, value, start = case.problem.components, case.problem(x), case.problem.components.value(case.x0)
    noise = float(components.rounding(case.x0, np.array([int(np.argmax(start))]))[0])
    certificate = sm.certify(case.problem, x, weights, multipliers)
    proven = certificate.gap <= 1e-14 * float(np.ptp(start)) + 16 * noise + tol * _size(components.value(x))
    relative = certificate.gap / scale(case, x)
    return Verdict(value, certificate.gap, relative, certificate.kind, bool(proven))


def scale(case: Case, x: Any) -> float:
    """max(|max f|, max f − min f); where all components vanish together, as in fair games, the spread at the start."""
    here, begun = _size(case.problem.components.value(x)), float(np.ptp(case.problem.components.value(case.x0)))
    return here if here > 1e-6 * begun else begun


def _size(f: NDArray[np.float64]) -> float:
    return max(abs(float(f.max())), float(np.ptp(f)))


def inside(case: Case, x: Any) -> NDArray[np.float64]:
    """The point moved into the domain: other people's solvers are feasible up to their own tolerance."""
    x = np.asarray(x, dtype=float)
    return x if case.problem.domain.contains(x, 0.0) else np.asarray(case.problem.domain.project(x))
