"""⟨sort x, sort w⟩ for numbers w: a combination of sums of largest entries.

With w_(1) ≥ … ≥ w_(n), filled up with zeros, and S_j the sum of the j largest x (Abel summation),

    dotsort(x, w) = Σ_{j<n} (w_(j) − w_(j+1))·S_j(x) + w_(n)·Σ x,    all differences ≥ 0.
"""

from typing import Any

import cvxpy as cp
import numpy as np

from .rewritten import Rewritten
from .sum_largest import soft_sum_largest


def rewrite_dotsort(atom: Any, args: list[Any], tau: Any, lift: float) -> Rewritten:
    """One smooth sum for each step between different weights."""
    x = cp.vec(args[0], order="F")
    w = np.zeros(x.size)
    given = atom.args[1].value
    given = np.ravel(given.toarray() if hasattr(given, "toarray") else given)
    w[: given.size] = given
    w = -np.sort(-w)
    steps = w[:-1] - w[1:]
    value, error = w[-1] * cp.sum(x), 0.0
    for j in np.flatnonzero(steps):
        part = soft_sum_largest(x, float(j + 1), tau, None, False, lift, atom.args[0].is_nonneg())
        value, error = value + steps[j] * part.expression, error + steps[j] * float(part.error)
    return Rewritten(value, error)
