"""Smooth maximum of all entries along an axis of all pieces: τ·log Σ_k Σ_axis exp(x_k/τ).

One atom for max (one piece), maximum (several, no axis), abs (x and −x) and norm_inf (x and −x along an axis).
"""

import math
from typing import Any

import cvxpy as cp
import numpy as np

from ...operators import logsumexp
from .reducing import Reducing


class LogSumExp(Reducing):
    """max ≤ τ·log Σ exp(·/τ) ≤ max + τ·log n, n the number of entries behind one of the result.

    LogSumExp(*pieces, tau, axis, keepdims, lift, signed); axis=() is entry by entry.
    """

    data = 4

    def get_data(self) -> list[Any]:
        """What follows the expressions."""
        return [self.axis, self.keepdims, self.lift, self.signed]

    def name(self) -> str:
        """As one would write it."""
        pieces = ", ".join(str(piece) for piece in self.args[:-1])
        lowered = f" - {self.lift * self.excess:.6g}*{self.tau}" if self.lift else ""
        return f"{self.tau}*log_sum_exp(({pieces})/{self.tau}){lowered}"

    @property
    def full(self) -> tuple[int, ...]:
        """The common shape of the pieces."""
        return np.broadcast_shapes(*(piece.shape for piece in self.args[:-1]))

    @property
    def excess(self) -> float:
        """log n."""
        return math.log((len(self.args) - 1) * self.among)

    def numeric(self, values: list[Any]) -> Any:
        """The value."""
        pieces, tau = self.numbers(values)
        x = np.stack(np.broadcast_arrays(*pieces))
        out = logsumexp(x, tau=tau, axis=(0, *(i + 1 for i in self.axes)))
        return self.settled(np.reshape(out, self.shape), tau)

    @classmethod
    def cones(cls, expr: Any, args: list[Any], solver_context: Any = None) -> tuple[Any, list[Any]]:
        """τ·log Σ exp(x/τ) ≤ t  ⇔  Σ u ≤ τ, (x − t, τ, u) in the exponential cone, i.e. u ≥ τ·exp((x − t)/τ)."""
        *pieces, tau = args
        t = cp.Variable(expr.shape)
        below = t if expr.axis == () else cp.reshape(t, expr.kept, order="F")
        units = [cp.Variable(expr.full) for _ in pieces]
        ones = np.ones(expr.full)
        constraints = [cp.ExpCone(piece - below, tau * ones, u) for piece, u in zip(pieces, units, strict=True)]
        total = sum(units[1:], start=units[0])
        if expr.axis != ():
            total = cp.sum(total, axis=expr.axis, keepdims=expr.keepdims)
        value, floor = expr.lowered(t, tau)
        return value, [*constraints, total <= tau, *floor]
