"""What a polyhedron is stated by, checked: rows A y ≤ b or A y = b, and bounds."""

from typing import Any

import numpy as np
import scipy.optimize
import scipy.sparse as sp

from .. import _doors
from .._typing import Array, Matrix
from .boxes import Box


def rows_of(kind: str, A: Any, b: Any) -> tuple[Matrix, Array | None]:
    """A and b of A y ≤ b or A y = b, (m, d) and (m,); (None, None) for no rows."""
    if A is None and b is None:
        return None, None
    if A is None or b is None:
        raise ValueError(f"A_{kind} and b_{kind} must be given together")
    if sp.issparse(A):
        A = sp.csr_array(A).copy()
        A.sum_duplicates()
        _doors.check_real(f"A_{kind}", A.dtype)
        A = sp.csr_array(A, dtype=np.float64)
        if not np.isfinite(A.data).all():
            k = int(np.argmin(np.isfinite(A.data)))
            place = [int(np.searchsorted(A.indptr, k, "right")) - 1, int(A.indices[k])]
            raise ValueError(f"A_{kind} must be finite; A_{kind}{place} is {A.data[k]}")
    else:
        A = _doors.finite_array(f"A_{kind}", A, "(m, d)", 2)
    b = _doors.vector(f"b_{kind}", np.atleast_1d(_doors.real_array(f"b_{kind}", b, "(m,)")), length=str(A.shape[0]))
    if A.shape[0] != b.size:
        raise ValueError(f"b_{kind} must have as many entries as A_{kind} has rows, {A.shape[0]}; it has {b.size}")
    return (A, b) if b.size else (None, None)


def bounds_of(bounds: Any, d: int | None) -> tuple[Array, Array]:
    """(lb, ub), (d,) each; of None everything."""
    if bounds is None:
        if d is None:
            raise ValueError("a polyhedron needs A_ub, A_eq or bounds to know its number of variables; all are None")
        return np.full(d, -np.inf), np.full(d, np.inf)
    if isinstance(bounds, scipy.optimize.Bounds):
        bounds = bounds.lb, bounds.ub
    try:
        lb, ub = (np.asarray(_doors.float_array("bounds", side, f"({d},)")) for side in bounds)
        shape = np.broadcast_shapes(lb.shape, ub.shape, () if d is None else (d,))
    except (TypeError, ValueError):
        raise ValueError(
            f"bounds must be a pair (lb, ub) of numbers or vectors of length {d}; got {bounds!r}"
        ) from None
    with _doors.about("bounds"):
        box = Box(np.broadcast_to(lb, shape), np.broadcast_to(ub, shape))
    return box.lb, box.ub
