"""max x = LSE over one entry or more; of a single entry it is that entry."""

from typing import Any

import cvxpy as cp

from ..atoms import LogSumExp
from .rewritten import Rewritten


def rewrite_max(atom: Any, args: list[Any], tau: Any, lift: float) -> Rewritten:
    # max x ≤ τ·log Σ exp(x/τ) ≤ max x + τ·log n: the largest term alone, and n times the largest term
    return soft_max([args[0]], tau, atom.axis, atom.keepdims, lift, atom.is_nonneg())


def soft_max(pieces: list[Any], tau: Any, axis: Any, keepdims: bool, lift: float, signed: bool) -> Rewritten:
    """The surrogate of the largest entry along `axis` of all pieces."""
    soft = LogSumExp(*pieces, tau, axis, keepdims, lift, signed)
    if soft.excess == 0:
        return Rewritten(pieces[0] if axis == () else cp.sum(pieces[0], axis=axis, keepdims=keepdims), 0.0)
    return Rewritten.of(soft)
