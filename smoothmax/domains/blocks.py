"""Linear descriptions side by side: bounds one after another, rows on a block diagonal."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from .._typing import Array, Matrix
from .base import Linear

DENSE = 1 << 16  # entries up to which rows are kept as a dense array


def joined(parts: Sequence[Linear]) -> Linear:
    """{(y_1, …, y_k) : y_i in the i-th description}; rows sparse where they are large."""
    lb, ub = (np.concatenate([getattr(part, side) for part in parts]) for side in ("lb", "ub"))
    sizes = [part.lb.size for part in parts]
    A_ub, b_ub = _diagonal([(part.A_ub, part.b_ub) for part in parts], sizes)
    A_eq, b_eq = _diagonal([(part.A_eq, part.b_eq) for part in parts], sizes)
    return Linear(lb, ub, A_ub, b_ub, A_eq, b_eq)


def _diagonal(groups: Sequence[tuple[Matrix, Array | None]], sizes: Sequence[int]) -> tuple[Matrix, Array | None]:
    """(A, b) of rows on consecutive blocks of columns; (None, None) where there are none."""
    sides = [b for _, b in groups if b is not None]
    if not sides:
        return None, None
    blocks = [sp.csr_array((0, d)) if A is None else sp.csr_array(A) for (A, _), d in zip(groups, sizes)]
    rows = sp.csr_array(sp.block_diag(blocks, format="csr"))
    return (rows.toarray() if rows.shape[0] * rows.shape[1] <= DENSE else rows), np.concatenate(sides)
