"""One constraint ‖x − c‖₂ ≤ r on the only variable, a vector: the Euclidean ball.

Any expression s·x + b with a number s ≠ 0 under the norm will do: ‖s·x + b‖ ≤ r is ‖x + b/s‖ ≤ r/|s|.
"""

from typing import Any

import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from ... import domains
from ..errors import shortened
from .affine import affine
from .infeasible import Infeasible
from .layout import Layout


def ball_of(constraints: list[Any], layout: Layout) -> tuple[domains.Ball, float] | None:
    """The ball and |s|, or None where the constraints are anything else."""
    if len(constraints) != 1 or not isinstance(constraints[0], cp.constraints.Inequality):
        return None
    left, right = constraints[0].args
    if type(left).__name__ not in ("Pnorm", "PnormApprox") or float(left.p) != 2.0 or not right.is_constant():
        return None
    if left.size != 1 or right.size != 1 or not left.args[0].is_affine() or left.args[0].size != layout.d:
        return None
    scale, shift = _multiple_of_identity(left.args[0], layout)
    radius = float(np.ravel(right.value)[0])
    if radius < 0:
        raise Infeasible(f"{shortened(constraints[0])} bounds a norm by a negative number")
    if not scale or not 0 < radius < np.inf:
        return None
    return domains.Ball(-shift / scale, radius / abs(scale)), abs(scale)


def _multiple_of_identity(expr: Any, layout: Layout) -> tuple[float, Any]:
    """(s, b) of s·x + b; s = 0 where the expression is not of this form."""
    found = affine(expr, layout)
    A = sp.coo_array(found.A)
    A.sum_duplicates()
    if A.nnz != layout.d or np.any(A.row != A.col) or np.any(A.data != A.data[0]):
        return 0.0, found.b
    return float(A.data[0]), found.b
