"""The components as rows: f = (A x + b, −A x − b) shares one copy of A between its two signs.

With weights (p⁺, p⁻) on the two signs only their difference multiplies A, and of Σ = (Σ⁺, Σ⁻) only

    w = Σ⁺ + Σ⁻,    c = (Σ⁺ − Σ⁻)/w,    η = Σ_i w_i (1 − c_i²)        (one-sided: w = Σ, c = 1, η = 0)

enter the normal matrix.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from ..._typing import Array, Index, Matrix
from ...components import Affine, Components, Linearization


@dataclass(frozen=True)
class Rows:
    """A, (m, d), and whether each row stands for two components."""

    A: Matrix
    absolute: bool

    def both(self, v: Array) -> Array:
        """(v, −v), or v."""
        return np.concatenate([v, -v]) if self.absolute else v

    def fold(self, v: Array) -> Array:
        """v⁺ − v⁻, or v."""
        return v[: v.size // 2] - v[v.size // 2 :] if self.absolute else v

    def total(self, v: Array) -> Array:
        """v⁺ + v⁻, or v."""
        return v[: v.size // 2] + v[v.size // 2 :] if self.absolute else v


def rows_of(components: Components, first: Linearization, columns: Index) -> Rows:
    """The matrix of affine components, as it is where that is possible; only `columns` of it."""
    if isinstance(components, Affine):
        A, absolute = components.A, components.absolute
    else:
        A, absolute = first.jac(np.arange(components.n)), False
    if columns.size < components.d:
        A = A[:, columns]
    return Rows(sp.csr_array(A) if sp.issparse(A) else np.asarray(A, dtype=np.float64), absolute)
