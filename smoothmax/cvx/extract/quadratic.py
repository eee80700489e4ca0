"""The curved part of quadratic rows:  g_k(x) = Σ_{j: row_j = k} w_j (a_jᵀx + c_j)² + Σ_f u_fk · ½ yᵀH_f y.

Squares wait as rows, and H only as what is shared by all k, until it is known whether Σ w_j a_j a_jᵀ is one matrix (or
one multiple of the identity) for every k: enclosing balls never make n matrices.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from ..._typing import Array, Index, Matrix
from .rows import Linear


@dataclass(frozen=True)
class Squares:
    """w_j (a_jᵀx + c_j)² added to row_j."""

    linear: Linear
    row: Index
    weight: Array


@dataclass(frozen=True)
class Form:
    """u_k · ½ yᵀ H y with y = the affine rows `of`: one H (None for the identity) for every k."""

    u: Array
    H: Matrix | None
    of: Linear


@dataclass(frozen=True)
class Curved:
    """The curved part of n rows."""

    n: int
    squares: tuple[Squares, ...] = ()
    forms: tuple[Form, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.squares or self.forms)

    @property
    def held(self) -> int:
        """Numbers held."""
        forms = sum(f.of.nnz + (0 if f.H is None else f.H.size) for f in self.forms)
        return forms + sum(s.linear.nnz for s in self.squares)

    def mapped(self, T: Matrix) -> "Curved":
        """T · rows, for T ≥ 0."""
        if not self:
            return Curved(T.shape[0])
        T = sp.csr_array(T)
        if T.shape[0] == 1:
            return Curved(1, (), self._joined(T.toarray()[0]))
        return Curved(
            T.shape[0],
            tuple(_mapped(some, T) for some in self.squares),
            tuple(Form(np.asarray(T @ f.u), f.H, f.of) for f in self.forms),
        )

    def _joined(self, weight: Array) -> tuple[Form, ...]:
        """As forms of the one row Σ_k weight_k g_k."""
        forms = [Form(np.array([weight @ f.u]), f.H, f.of) for f in self.forms]
        for some in self.squares:
            w = weight[some.row] * some.weight
            alike = w.size > 0 and bool(np.all(w == w[0]))
            H = None if alike else sp.csr_array(sp.diags_array(w))
            forms.append(Form(np.full(1, 2 * w[0] if alike else 2.0), H, some.linear))
        return tuple(forms)

    def plus(self, other: "Curved") -> "Curved":
        """The sum, row by row."""
        return Curved(self.n, self.squares + other.squares, self.forms + other.forms)


def _mapped(some: Squares, T: Matrix) -> Squares:
    """Square j of row k appears in every row i with T_ik > 0, with weight T_ik w_j."""
    n = T.shape[1]
    member = sp.csr_array((some.weight, (some.row, np.arange(some.row.size))), (n, some.row.size))
    spread = sp.coo_array(T @ member)
    row, j = spread.coords
    order = np.argsort(j, kind="stable")
    return Squares(some.linear.take(j[order].astype(np.intp)), row[order], spread.data[order])
