"""The sum of the k largest entries (cvar is 1/k of it, sum_smallest its negative at −x)."""

import math
from typing import Any

import cvxpy as cp

from ..atoms import SoftSumLargest
from .max import soft_max
from .rewritten import Rewritten


def rewrite_sum_largest(atom: Any, args: list[Any], tau: Any, lift: float) -> Rewritten:
    axis, keepdims = getattr(atom, "axis", None), getattr(atom, "keepdims", False)  # cvxpy 1.8 has no axis here
    return soft_sum_largest(args[0], atom.k, tau, axis, keepdims, lift, atom.is_nonneg())


def soft_sum_largest(x: Any, k: float, tau: Any, axis: Any, keepdims: bool, lift: float, signed: bool) -> Rewritten:
    # sum_largest(x, k) = min over q of k·q + Σ max(x_i − q, 0) (Rockafellar and Uryasev 2000), with the max smoothed
    total = cp.sum(x, axis=axis, keepdims=keepdims)
    if k >= math.prod(x.shape) / max(total.size, 1):
        return Rewritten(total, 0.0)
    if k == 1:
        return soft_max([x], tau, axis, keepdims, lift, signed)
    return Rewritten.of(SoftSumLargest(x, tau, k, axis, keepdims, lift, signed))
