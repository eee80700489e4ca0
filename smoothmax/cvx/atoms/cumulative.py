"""Smooth running maximum y_j = τ·log Σ_{i ≤ j} exp(x_i/τ) along an axis, by y_j = LSE(y_{j−1}, x_j)."""

from typing import Any

import cvxpy as cp
import numpy as np

from ..._typing import Array
from .soft import Soft


class LogCumSumExp(Soft):
    """cummax_j ≤ y_j ≤ cummax_j + τ·log j."""

    data = 3

    def __init__(self, *args: Any) -> None:
        """x, τ, axis, lift, sign."""
        self.axis = int(args[-3])
        super().__init__(*args)

    def get_data(self) -> list[Any]:
        """What follows the expressions."""
        return [self.axis, self.lift, self.signed]

    def shape_from_args(self) -> tuple[int, ...]:
        """That of x."""
        return tuple(self.args[0].shape)

    @property
    def excess(self) -> Array:
        """log j at the j-th place."""
        places = np.ones(len(self.shape), int)
        places[self.axis] = -1
        logs = np.log(np.arange(1, self.shape[self.axis] + 1)).reshape(tuple(places))
        return np.broadcast_to(logs, self.shape)

    def numeric(self, values: list[Any]) -> Any:
        """The value."""
        (x,), tau = self.numbers(values)
        return self.settled(tau * np.logaddexp.accumulate(x / tau, axis=self.axis), tau)

    @classmethod
    def cones(cls, expr: Any, args: list[Any], solver_context: Any = None) -> tuple[Any, list[Any]]:
        """u + v ≤ τ, (x_j − y_j, τ, u_j) and (y_{j−1} − y_j, τ, v_j) in the cone; y_1 ≥ x_1."""
        x, tau = args
        y = cp.Variable(expr.shape)
        first, rest, before = (_along(expr.axis, s) for s in (slice(0, 1), slice(1, None), slice(0, -1)))
        constraints = [y[first] >= x[first]]
        if expr.shape[expr.axis] > 1:
            shape = y[rest].shape
            u, v, taus = cp.Variable(shape), cp.Variable(shape), tau * np.ones(shape)
            constraints += [cp.ExpCone(x[rest] - y[rest], taus, u), cp.ExpCone(y[before] - y[rest], taus, v)]
            constraints.append(u + v <= tau)
        value, floor = expr.lowered(y, tau)
        return value, constraints + floor


def _along(axis: int, places: slice) -> tuple[slice, ...]:
    return (slice(None),) * axis + (places,)
