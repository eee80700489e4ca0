"""One family of components in the variables z: g = c + S G z + ½‖L_i z‖²."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from ..._typing import Array, Matrix
from ...components import Components, Quadratic
from .accepts import gradients
from .units import Units

EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Family:
    """The rows of one family that count."""

    c: Array
    S: Any  # picks and signs the rows of G, so that ± rows share one copy of A
    G: Matrix
    L: Array | None  # (k, r, d) with k = 1 when shared; None where all P_i are zero

    @classmethod
    def of(cls, part: Components, units: Units, kept: Any, values: Array) -> "Family":
        """The components `kept` of a family, whose values at the origin are `values`."""
        J, factor = gradients(part, units.origin), units.D / units.scale
        G = sp.csr_array(J.multiply(factor)) if sp.issparse(J) else np.asarray(J * factor)
        m = G.shape[0]
        S = sp.csr_array((np.where(kept < m, 1.0, -1.0), (np.arange(kept.size), kept % m)), shape=(kept.size, m))
        L = _factors(part, kept, units.D / math.sqrt(units.scale))
        return cls((values - units.centre) / units.scale, S, G, L)


def _factors(part: Components, kept: Any, D: Array) -> Array | None:
    """L_i with L_iᵀL_i = diag(D) P_i diag(D), (k, r, d), from eigenvalues above rounding; None where all are zero."""
    if not isinstance(part, Quadratic) or part.affine:
        return None
    P = part.P if part.P.ndim else part.P * np.eye(part.d)
    P = P[kept] if P.ndim == 3 else P[None]
    values, vectors = np.linalg.eigh(P * D * D[:, None])
    values = np.where(values > part.d * EPS * values.max(), values, 0.0)
    r = int((values > 0).sum(axis=1).max())
    L = np.sqrt(values)[:, :, None] * np.swapaxes(vectors, 1, 2)
    return np.asarray(L[:, part.d - r :])  # eigh sorts upwards
