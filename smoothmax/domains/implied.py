"""Rows that say nothing new: exact combinations of others, found in floating point and checked in whole numbers.

D a = Wᵀ E  and  D b = Wᵀ e,  of an inequality D b ≥ Wᵀ e,  D > 0
"""

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from .._typing import Array

MOST = 1 << 16  # entries of E and a that are looked at
DENOMINATOR = 64  # the largest of a coefficient, or of its inverse where it is below 1
NOISE = 1e-9  # coefficients of balanced rows that are rounding


def implied(a: Array, E: Array, w: Array, balanced: Array, side: int, sides: NDArray[np.object_], below: bool) -> bool:
    """Whether a is the combination of the rows of E that w says up to rounding, and so are the sides, as whole numbers
    in any common unit; `balanced` are the coefficients of rows of one size."""
    some = np.flatnonzero(np.abs(balanced) > NOISE)
    if not some.size:
        return not a.any() and (side >= 0 if below else side == 0)
    if not np.isfinite(w[some]).all() or np.count_nonzero(E[some]) + np.count_nonzero(a) > MOST:
        return False
    simple = [_simple(float(v)) for v in w[some]]
    D = math.lcm(*(v.denominator for v in simple))
    W = np.array([int(D * v) for v in simple], dtype=object)
    columns = np.flatnonzero(np.any(E[some] != 0, axis=0) | (a != 0))
    rows = whole(np.vstack([E[np.ix_(some, columns)], a[columns]]))
    if np.any(D * rows[-1] != W @ rows[:-1]):
        return False
    left, right = D * side, int(W @ sides[some])
    return left >= right if below else left == right


def whole(v: Array) -> NDArray[np.object_]:
    """v as whole numbers, in units of a power of 2."""
    mantissa, exponent = np.frexp(v)
    exponent = np.where(v != 0, exponent, exponent.max(initial=0)).astype(np.int64)
    numbers = (mantissa * 2.0**53).astype(np.int64).astype(object)
    return np.asarray(numbers << (exponent - exponent.min(initial=0)).astype(object), dtype=object)


def _simple(v: float) -> Fraction:
    """The fraction near v whose denominator, or numerator where |v| < 1, is small."""
    if not v:
        return Fraction(0)
    if abs(v) >= 1:
        return Fraction(v).limit_denominator(DENOMINATOR)
    return 1 / (1 / Fraction(v)).limit_denominator(DENOMINATOR)
