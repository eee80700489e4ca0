"""An interior point where it is obvious: the middle x₀ of the bounds, moved onto the equalities by least squares,

    x = x₀ + E⁺(e − E x₀)

(LSQR, Paige and Saunders 1982): the barycentre of a product of simplices, the origin of a symmetric box. It is taken
where its least slack is no smaller than CLEAR times its largest, else the linear program of `program` decides.
"""

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import lsqr

from .._typing import Array
from .base import Linear
from .boxes import Box
from .program import unit_rows

CLEAR = 1e-3
STEPS = 100  # of LSQR: few where rows are orthogonal, and not obvious where there are many


@np.errstate(all="ignore")
def central(linear: Linear) -> Array | None:
    """The point, or None where it is not clearly inside."""
    x = Box(linear.lb, linear.ub).start()
    E, e = unit_rows(linear.A_eq, linear.b_eq)
    if E is not None and e is not None:
        for _ in range(2):  # the second removes the rounding of the first
            x = x + lsqr(sp.csr_array(E), e - E @ x, atol=1e-15, btol=1e-15, iter_lim=STEPS)[0]
    wide = linear.lb < linear.ub
    slack = [(x - linear.lb)[wide], (linear.ub - x)[wide]]
    A, b = unit_rows(linear.A_ub, linear.b_ub)
    if A is not None and b is not None:
        slack.append(b - A @ x)
    every = np.concatenate(slack)
    every = every[np.isfinite(every)]
    clear = not every.size or float(every.min()) > CLEAR * float(every.max()) > 0
    return np.clip(x, linear.lb, linear.ub) if clear and np.isfinite(x).all() else None
