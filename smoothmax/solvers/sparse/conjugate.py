"""Preconditioned conjugate gradients (Hestenes and Stiefel 1952), stopped where the accuracy asked for is reached.

M u = r,   M ⪰ 0 given by its products, preconditioned by its diagonal
"""

from collections.abc import Callable

import numpy as np

from ..._typing import Array


def conjugate_gradients(
    product: Callable[[Array], Array], rhs: Array, diagonal: Array, rtol: float, limit: int
) -> tuple[Array, int]:
    """(u, iterations): until ‖rhs − M u‖ ≤ rtol·‖rhs‖ in the norm of diagonal⁻¹, or curvature is lost in rounding."""
    inverse = 1.0 / np.where(diagonal > 0, diagonal, 1.0)
    u, r = np.zeros_like(rhs), rhs.copy()
    z = inverse * r
    step, rz = z.copy(), float(r @ z)
    goal, k = rtol**2 * rz, 0
    while rz > goal and k < limit:
        along = product(step)
        curvature = float(step @ along)
        if not curvature > 0:
            break
        t = rz / curvature
        u += t * step
        r -= t * along
        z = inverse * r
        rz, before, k = float(r @ z), rz, k + 1
        step *= rz / before
        step += z
    return u, k
