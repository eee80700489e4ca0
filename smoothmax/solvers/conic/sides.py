"""A linearly described domain in the variables z, {z : G z ≤ h, E z = e}, and its multipliers in the units of x.

Bounds are rows −e_j and e_j, equal bounds equalities; every row has unit length, so a multiplier of z is one of x times
that length.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from ..._typing import Array
from ...certificate import Multipliers
from ...domains import Linear
from .units import Units


@dataclass(frozen=True)
class Sides:
    """{z : G z ≤ h, E z = e} and where its rows come from."""

    G: Any
    h: Array
    E: Any
    e: Array
    lengths: tuple[Array, Array]  # of the rows of G and E before they were divided by them
    bounds: tuple[Any, Any, Any]  # the coordinates with a lower bound, an upper bound, one value

    @classmethod
    def of(cls, linear: Linear, units: Units) -> "Sides":
        """The rows of the bounds, then those of A_ub or A_eq."""
        unit, fixed = sp.csr_array(sp.eye(units.origin.size)), linear.lb == linear.ub
        low, high = np.isfinite(linear.lb) & ~fixed, np.isfinite(linear.ub) & ~fixed
        upper = [(-unit[low], -linear.lb[low]), (unit[high], linear.ub[high]), (linear.A_ub, linear.b_ub)]
        G, h, g_lengths = _rows(upper, units)
        E, e, e_lengths = _rows([(unit[fixed], linear.lb[fixed]), (linear.A_eq, linear.b_eq)], units)
        return cls(G, h, E, e, (g_lengths, e_lengths), (low, high, fixed))

    def multipliers(self, scale: float, lam: Any, nu: Any) -> Multipliers | None:
        """λ ≥ 0 and ν as the certificate takes them, `scale` being that of g; None on R^d."""
        if not (self.h.size or self.e.size):
            return None
        lam, nu = (
            scale * np.ravel(0.0 if one is None else one) / lengths
            for one, lengths in zip((lam, nu), self.lengths, strict=True)
        )
        lam, (low, high, fixed) = np.maximum(lam, 0.0), self.bounds
        a, b, k = int(low.sum()), int(high.sum()), int(fixed.sum())
        lower, upper = np.zeros(fixed.size), np.zeros(fixed.size)
        lower[low], upper[high] = lam[:a], lam[a : a + b]
        lower[fixed], upper[fixed] = np.maximum(-nu[:k], 0.0), np.maximum(nu[:k], 0.0)
        return Multipliers(lam[a + b :], nu[k:], lower, upper)


def _rows(groups: list[tuple[Any, Any]], units: Units) -> tuple[Any, Array, Array]:
    """The groups (A, b) as one: A D z against b − A x₀, each row divided by its length; and the lengths."""
    known = [(sp.csr_array(A), b) for A, b in groups if A is not None]
    A = sp.csr_array(sp.vstack([A for A, _ in known]))
    b = np.concatenate([b for _, b in known]) - A @ units.origin
    A = sp.csr_array(A.multiply(units.D))
    lengths = np.sqrt(np.asarray(A.multiply(A).sum(axis=1)).ravel())
    lengths = np.where(lengths > 0, lengths, 1.0)
    return sp.csr_array(A.multiply(1 / lengths[:, None])), b / lengths, lengths
