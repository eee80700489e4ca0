"""Matrix products with a constant:  vec(C Y) = (I ⊗ C) vec Y  and  vec(Y C) = (Cᵀ ⊗ I) vec Y."""

import numpy as np
import scipy.sparse as sp

from ..._typing import Matrix
from .rows import Linear


def left_product(C: Matrix, rows: Linear, columns: int) -> Linear:
    """C Y for Y of so many columns; for one column C itself is the map, and is not copied."""
    C = C if C.ndim == 2 else C.reshape(1, -1)
    return rows.mapped(C if columns == 1 else _csr_kron(sp.eye_array(columns), C))


def right_product(rows: Linear, C: Matrix, count: int) -> Linear:
    """Y C for Y of `count` rows."""
    C = C if C.ndim == 2 else C.reshape(-1, 1)
    if count == 1:
        return rows.mapped(sp.csr_array(C.T) if sp.issparse(C) else np.asarray(C.T))
    return rows.mapped(_csr_kron(C.T, sp.eye_array(count)))


def _csr_kron(A: Matrix, B: Matrix) -> Matrix:
    return sp.csr_array(sp.kron(A, B, format="csr"))
