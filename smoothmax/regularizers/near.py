"""The elements so near to the maximum of their row that they may have weight: few, as a rule. For NumPy's arrays."""

from __future__ import annotations

import numpy as np

from ..operators.door import Array


def near(z: Array, reach: float) -> tuple[Array, Array] | None:
    """The maxima in working precision, and the flat indices of what is less than `reach` below its own.

    None where a maximum is not finite, or `reach` is below its rounding.
    """
    m = z.max(axis=1)
    m = m.astype(np.promote_types(m.dtype, np.float64))
    if not np.isfinite(m).all():
        return None
    where = np.flatnonzero(z > (m - reach)[:, None])
    return None if where.size < m.size else (m, where)
