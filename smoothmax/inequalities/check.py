"""The door: data in, every inequality out."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _doors
from .._typing import Array
from ..operators import softmax
from ..operators.door import sum_slack
from . import bounds as bounds
from . import geometry as geometry
from . import weighted as weighted
from .data import Data
from .statement import STATEMENTS, Inequalities

HUGE, TINIEST = 1e305, 1e-305  # of what is added up, and of τ: what float64 leaves room for


def check_inequalities(x: Any, y: Any = None, p: Any = None, tau: float = 1.0, t: float = 2.0) -> Inequalities:
    """Every inequality and identity of F(x) = τ·log Σ exp(x_i/τ) at the data: both sides, slack, equality, source.

    Parameters
    ----------
    x : (n,) array of finite real numbers
    y : (n,) array, optional
        The second point of what compares two (Lipschitz, convexity, Bregman); x in reverse by default.
    p : (n,) array, optional
        A distribution for the weighted bounds and the prior; softmax(x/(2τ)) by default.
    tau : float
        Temperature τ > 0, in the units of x.
    t : float
        The exponent t > 1 of Hölder's bound; also the factor by which τ is raised where two temperatures are compared.

    Returns
    -------
    Inequalities
        Iterable, `["mean"]` is one of them, `str()` a table, `.ok` whether all hold up to rounding in the dtype of x.

    Raises
    ------
    TypeError, ValueError
        Empty, infinite or nan data, lengths that differ, a p that is no distribution, τ ≤ 0, t ≤ 1, sums that
        overflow: by name.
    """
    eps = max((_eps(v) for v in (x, y, p) if v is not None), default=0.0)
    x = _doors.vector("x", x, length="n")
    if not x.size:
        raise ValueError("x must have at least one entry; it is empty")
    tau = _doors.positive("tau", tau)
    y = x[::-1].copy() if y is None else _doors.vector("y", y, x.size)
    t = _exponent(t)
    if not (tau >= TINIEST and max(t, 2.0) * tau <= HUGE and max(np.abs(x).max(), np.abs(y).max()) <= HUGE):
        raise ValueError(
            f"x, y and t·tau must not exceed {HUGE:g}, nor tau fall below {TINIEST:g}, for sums to have room; "
            f"max |x| is {np.abs(x).max():g}, max |y| {np.abs(y).max():g}, t {t:g}, tau {tau:g}"
        )
    p = softmax(x, tau=2.0 * tau) if p is None else _distribution(p, x.size, eps)
    data = Data(x, y, p, tau, t, eps)
    with np.errstate(all="ignore"):
        return Inequalities(tau, data.n, tuple(statement.at(data) for statement in STATEMENTS))


def _eps(value: Any) -> float:
    """Of the dtype it comes in."""
    dtype = getattr(value, "dtype", None)
    narrow = isinstance(dtype, np.dtype) and dtype.kind == "f" and dtype.itemsize < 8
    return float(np.finfo(dtype if narrow else np.float64).eps)


def _distribution(p: Any, n: int, eps: float) -> Array:
    q = _doors.vector("p", p, n)
    if q.min() < 0:
        raise ValueError(f"p must be ≥ 0; its least entry is {q.min()}")
    if not abs(float(q.sum()) - 1.0) <= sum_slack(eps, n):
        raise ValueError(f"p must sum to 1; its sum is {q.sum()}")
    return np.asarray(q / q.sum())


def _exponent(t: Any) -> float:
    exponent = _doors.number("t", t, " > 1")
    if not 1.0 < exponent < np.inf:
        raise ValueError(f"t must be finite and > 1; got {t}")
    return exponent
