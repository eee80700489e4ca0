"""Atoms that only move entries (reshape, transpose, index, hstack, …): where each entry goes, learnt from the atom.

Applied to the numbers 1, 2, … of the entries its own `numeric` says which entry stands where; 0 is an entry put in.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

from .rows import Linear, stacked

MOVERS = {
    *("reshape", "transpose", "squeeze", "moveaxis", "swapaxes", "permute_dims", "Promote", "broadcast_to"),
    *("index", "special_index", "Hstack", "Vstack", "Concatenate", "upper_tri", "diag_vec", "diag_mat", "real"),
    *("nonneg_wrap", "nonpos_wrap", "psd_wrap", "symmetric_wrap"),
}


def moved(expr: Any, walk: Callable[[Any], Linear]) -> Linear | None:
    """The rows of an atom that moves entries, None for another atom."""
    if type(expr).__name__ not in MOVERS:
        return None
    ends = np.cumsum([1, *(arg.size for arg in expr.args)])
    numbers = [
        np.arange(a, a + arg.size, dtype=np.float64).reshape(arg.shape, order="F")
        for a, arg in zip(ends, expr.args, strict=False)
    ]
    found = expr.numeric(numbers)
    where = found.toarray() if sp.issparse(found) else np.asarray(found)
    return stacked([walk(arg) for arg in expr.args]).take(where.ravel(order="F").astype(np.intp) - 1)
