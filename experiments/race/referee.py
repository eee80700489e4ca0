"""The judge from outside: the true max at a point, in plain NumPy, against our certified lower bound.

Within the gap means value − lower ≤ tol·max(|value|, spread), with F_τ in the place of max f where τ is given. The
bound is recomputed by `certify`, and comes from a further solve to tol/10 where ours has not gone beyond tol itself, so
that no peer pays for the slack of our proof.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.special
from numpy.typing import NDArray

import smoothmax as sm

Array = NDArray[np.float64]


class Verdict(NamedTuple):
    """max f (or F_τ), how far it is above the bound over the scale of f, and whether that is within the gap."""

    value: float
    gap: float
    within: bool


class Referee:
    """Judges the points of one problem by the best bound it has been shown."""

    def __init__(self, problem: sm.Minimax, tol: float, tau: float | None = None) -> None:
        self.problem, self.tol, self.tau, self.lower = problem, tol, tau, -np.inf

    def proven(self, result: Any) -> Verdict:
        """Our own result by its own weights, which become the bound for everybody."""
        certificate = sm.certify(self.problem, result.x, result.weights, result.multipliers)
        own = certificate.lower
        if self.tau is not None and certificate.weights is not None:
            own += self.tau * float(scipy.special.entr(certificate.weights).sum())
        self.lower = max(self.lower, own)
        return self._verdict(result.x, own)

    def judge(self, x: Any) -> Verdict | None:
        """A peer's point, moved into the domain: solvers are feasible up to their own tolerance."""
        if x is None:
            return None
        domain = self.problem.domain
        return self._verdict(x if domain.contains(x, 0.0) else np.asarray(domain.project(x)), self.lower)

    def _verdict(self, x: Array, lower: float) -> Verdict:
        f = values(self.problem.components, x)
        value = float(f.max() if self.tau is None else self.tau * scipy.special.logsumexp(f / self.tau))
        scale = max(abs(value), float(np.ptp(f)))
        gap = (value - lower) / scale
        return Verdict(value, gap, bool(gap <= self.tol + 1e-14))


def values(components: Any, x: Array) -> Array:
    """All f_i(x) in plain NumPy."""
    if isinstance(components, sm.Quadratic):
        P = components.P
        curved = ((P @ x) @ x if P.ndim == 3 else P * (x @ x)) / 2
        return np.asarray(components.q @ x + components.r + curved)
    f = components.A @ x + components.b
    return np.concatenate([f, -f]) if components.absolute else np.asarray(f)
