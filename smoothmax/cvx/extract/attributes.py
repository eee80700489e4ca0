"""What a variable's attributes say: bounds on its entries, and equations between them.

nonneg, nonpos, pos, neg, bounds=[lb, ub] are bounds (of pos and neg the closure, as in cvxpy); diag and sparsity fix
entries at 0, symmetric is X_ij = X_ji.
"""

from typing import Any

import numpy as np
import scipy.sparse as sp

from ..._typing import Array
from .layout import Layout


def attribute_bounds(layout: Layout) -> tuple[Array, Array]:
    """(lb, ub) of x, (d,) each, that the attributes of the variables give."""
    lb, ub = np.full(layout.d, -np.inf), np.full(layout.d, np.inf)
    for variable in layout.variables:
        place = layout.place(variable)
        low, high = _sides(variable)
        outside = _outside(variable)
        low[outside] = high[outside] = 0.0
        lb[place], ub[place] = low.ravel(order="F"), high.ravel(order="F")
    return lb, ub


def symmetries(layout: Layout) -> sp.csr_array | None:
    """Rows x_ij − x_ji = 0 of the symmetric variables, None where there are none."""
    first, second = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    for variable in layout.variables:
        if _has(variable, "symmetric"):
            columns = np.arange(variable.size).reshape(variable.shape, order="F") + layout.place(variable).start
            i, j = np.triu_indices(variable.shape[-1], 1)
            first.append(columns[..., i, j].ravel())
            second.append(columns[..., j, i].ravel())
    a, b = np.concatenate(first), np.concatenate(second)
    if not a.size:
        return None
    row = np.arange(a.size)
    ones = np.ones(a.size)
    return sp.csr_array((np.r_[ones, -ones], (np.r_[row, row], np.r_[a, b])), (a.size, layout.d))


def _sides(variable: Any) -> tuple[Array, Array]:
    """The bounds in the variable's shape."""
    low, high = (np.full(variable.shape, side) for side in (-np.inf, np.inf))
    for side, bound in zip((low, high), variable.attributes.get("bounds") or (None, None), strict=True):
        if bound is not None:
            side[...] = _number(bound)
    if _has(variable, "nonneg") or _has(variable, "pos"):
        np.maximum(low, 0.0, out=low)
    if _has(variable, "nonpos") or _has(variable, "neg"):
        np.minimum(high, 0.0, out=high)
    return low, high


def _number(bound: Any) -> Any:
    """A bound is a number, an array, a sparse array, or an expression of parameters."""
    bound = getattr(bound, "value", bound)
    return bound.toarray() if sp.issparse(bound) else bound


def _outside(variable: Any) -> Any:
    """A mask of the entries that diag or sparsity hold at 0."""
    held = np.zeros(variable.shape, bool)
    if _has(variable, "diag"):
        held |= ~np.eye(variable.shape[-1], dtype=bool)
    if getattr(variable, "sparse_idx", None) is not None:
        held[...] = True
        held[variable.sparse_idx] = False
    return held


def _has(variable: Any, name: str) -> bool:
    value = variable.attributes.get(name)
    return (isinstance(value, (list, tuple)) and len(value) > 0) or value is True
