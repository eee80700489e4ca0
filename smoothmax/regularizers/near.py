"""The elements so near to the maximum of their row that they may have weight: few, as a rule. For NumPy's arrays."""

from __future__ import annotations

import numpy as np

from ..operators.door import Array


def near(z: Array, reach: float) -> tuple[Array, Array] | None:
    """The maxima in working precision, and the flat indices of what is less than `reach` below its own.

    None where a maximum is not finite, or wider than float64, or nothing is within reach.
    """
    m = z.max(axis=1)
    if m.itemsize > 8 or not np.isfinite(m).all() or not reach > 0:
        return None
    m = m.astype(np.float64)
    level = np.nextafter(m - reach, -np.inf)  # a difference that was rounded must not leave an element out
    where = np.flatnonzero(z > level[:, None])
    below = z.ravel()[where] - m[where // z.shape[1]]
    return m, where[(below > -reach) | (below == 0)]
