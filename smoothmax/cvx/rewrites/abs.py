"""|x| = max(x, −x) entry by entry; norm1 is their sum, norm_inf their maximum.

Where the sign of x is known, |x| is ±x, exact: there x need not be affine, and −x would break the rules.
"""

import math
from typing import Any

import cvxpy as cp

from .max import soft_max
from .rewritten import Rewritten


def rewrite_abs(atom: Any, args: list[Any], tau: Any, lift: float) -> Rewritten:
    # |x| ≤ τ·log(exp(x/τ) + exp(−x/τ)) ≤ |x| + τ·log 2
    pieces = signs(atom, args[0])
    return soft_max(pieces, tau, (), False, lift, True)


def rewrite_norm1(atom: Any, args: list[Any], tau: Any, lift: float) -> Rewritten:
    # Σ|x_i|, each with an error of its own: n·τ·log 2
    absolute = rewrite_abs(atom, args, tau, lift)
    value = cp.sum(absolute.expression, axis=atom.axis, keepdims=atom.keepdims)
    return Rewritten(value, absolute.error * (math.prod(args[0].shape) / max(value.size, 1)))


def rewrite_norm_inf(atom: Any, args: list[Any], tau: Any, lift: float) -> Rewritten:
    # max_i |x_i| = the largest of the 2n numbers x_i and −x_i
    return soft_max(signs(atom, args[0]), tau, atom.axis, atom.keepdims, lift, True)


def signs(atom: Any, x: Any) -> list[Any]:
    """Those of x and −x that can be the larger one."""
    if atom.args[0].is_nonneg():
        return [x]
    return [-x] if atom.args[0].is_nonpos() else [x, -x]
