"""The smooth maximum on arrays of any library, in the words of the array API standard.

The same arithmetic as on NumPy's (see ``kernel``), a slice a row, without blocks: subtract the maximum, *then* divide
by tau, keep the maximum apart. Functions of the libraries can be differentiated, and here they are differentiated
right: the maximum is one element, so that ties count once, and what is removed or infinite stays out of every branch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from smoothmax.operators.door import Axis, as_prior, as_where
from smoothmax.operators.kernel import HUGE, above, log_count
from smoothmax.operators.library import cast, namespace, place, still, widest
from smoothmax.operators.line import EMPTY, State
from smoothmax.operators.slices import Slices


@dataclass(frozen=True)
class Rows:
    """A reduction in working precision: z = (x - m)/tau (+ log prior), at most 0, and the peak m; all (rows, n).

    Where m is not finite it is the value of its row, and z is -inf or 0 there; ``keep`` is None or what takes part.
    """

    xp: Any
    x: Any  # -inf where removed
    z: Any
    m: Any  # (rows, 1)
    keep: Any

    @classmethod
    def of(cls, x: Any, tau: float, axis: Axis, prior: Any, where: Any) -> Rows:
        """The slices of x along `axis`; what `where` or a prior of 0 removes is -inf."""
        xp, slices = namespace(x), Slices.of(x, axis)
        keep: Any = None if where is None else slices.spread(as_where(where, x))
        a, log_w = cast(slices.matrix(x), widest(x)), None
        if prior is not None:
            w: Any = slices.spread(cast(as_prior(prior, x), a.dtype))
            present = w > 0
            log_w = xp.log(xp.where(present, w, xp.ones_like(w)))
            keep = present if keep is None else keep & present
        if keep is not None:
            a = xp.where(keep, a, xp.full_like(a, -math.inf))
        z, m = _exponents(xp, a, tau)
        if log_w is not None:
            z = z + log_w
            top = _largest(xp, z)
            top = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
            z, m = z - top, xp.where(xp.isfinite(m), above(m, tau, top), m)
        return cls(xp, a, z, m, keep)

    @property
    def tail(self) -> Any:
        """(rows, 1): the sum of exp(z) but for the one largest term, which is 1."""
        xp, e = self.xp, self.xp.exp(self.z)
        first = xp.argmax(self.z, axis=-1, keepdims=True)
        others = xp.arange(e.shape[1], dtype=first.dtype, **place(first))[None, :] != first
        return xp.sum(xp.where(others, e, xp.zeros_like(e)), axis=-1, keepdims=True)


def _exponents(xp: Any, x: Any, tau: float) -> tuple[Any, Any]:
    m = _largest(xp, x)
    nan = xp.any(xp.isnan(x), axis=-1, keepdims=True)
    m = xp.where(nan, xp.full_like(m, math.nan), m)
    tame = xp.isfinite(m) & (x > -math.inf)
    here, peak = xp.where(tame, x, xp.zeros_like(x)), xp.where(xp.isfinite(m), m, xp.zeros_like(m))
    if tau > HUGE:
        here, peak, tau = here / 2, peak / 2, tau / 2
    below = here - peak
    if tau == 0.0:
        below = xp.where(below < 0, xp.full_like(below, -math.inf), below)
    elif tau != 1.0:
        below = below / tau
    return xp.where(tame, below, xp.full_like(below, -math.inf)), m


def _largest(xp: Any, x: Any) -> Any:
    return xp.take_along_axis(x, xp.argmax(x, axis=-1, keepdims=True), axis=-1)


def logsumexp(x: Any, tau: float, axis: Axis, prior: Any, where: Any, keepdims: bool) -> Any:
    """m + tau*log1p(tail), at most m + tau*log n without a prior."""
    xp, slices = namespace(x), Slices.of(x, axis)
    if not slices.n:
        return slices.reduced(xp.full(slices.rows, -math.inf, dtype=x.dtype, **place(x)), keepdims)
    rows = Rows.of(x, tau, axis, prior, where)
    log_sum = xp.log1p(rows.tail)
    if prior is None:
        over = log_sum - log_count(slices.n)
        log_sum = log_sum - still(xp.where(over > 0, over, xp.zeros_like(over)))
    finite = xp.isfinite(rows.m)
    value = xp.where(finite, above(rows.m, tau, log_sum), rows.m)
    return cast(slices.reduced(value[:, 0], keepdims), x.dtype)


def state(x: Any, tau: float) -> State:
    """The peak and tail of all elements, as floats."""
    if 0 in x.shape:
        return EMPTY
    rows = Rows.of(x, tau, None, None, None)
    return float(rows.m[0, 0]), float(rows.tail[0, 0])


def mellowmax(x: Any, tau: float, axis: Axis, where: Any, keepdims: bool) -> Any:
    """m + tau*log1p(mean of expm1(z)), by the tail where most of the mass is at the maximum."""
    xp, slices = namespace(x), Slices.of(x, axis)
    if not slices.n:
        return logsumexp(x, tau, axis, None, None, keepdims)
    rows = Rows.of(x, tau, axis, None, where)
    below = xp.expm1(rows.z)
    count = cast(xp.full_like(rows.m, slices.n), rows.m.dtype)
    if rows.keep is not None:
        below = xp.where(rows.keep, below, xp.zeros_like(below))
        count = xp.sum(cast(rows.keep, rows.m.dtype), axis=-1, keepdims=True)
        count = xp.where(count > 0, count, xp.ones_like(count))
    mean = xp.sum(below, axis=-1, keepdims=True) / count
    near = mean > -0.5
    by_mean = xp.log1p(xp.where(near, mean, xp.zeros_like(mean)))
    log_mean = xp.where(near, by_mean, xp.log1p(rows.tail) - xp.log(count))
    value = above(rows.m, tau, log_mean)
    flat = mean > -float(xp.finfo(mean.dtype).smallest_normal / xp.finfo(mean.dtype).eps)
    there = xp.isfinite(rows.m) & (rows.x > -math.inf)
    apart = xp.where(there, rows.x, xp.zeros_like(rows.x)) - xp.where(there, rows.m, xp.zeros_like(rows.x))
    value = xp.where(flat, rows.m + xp.sum(apart, axis=-1, keepdims=True) / count, value)
    value = xp.where(xp.isfinite(rows.m), value, rows.m)
    return cast(slices.reduced(value[:, 0], keepdims), x.dtype)


def softmax(x: Any, tau: float, axis: Axis, prior: Any, where: Any, log: bool) -> Any:
    """exp(z)/sum(exp(z)), or its logarithm z - log1p(tail)."""
    xp, slices = namespace(x), Slices.of(x, axis)
    if 0 in x.shape:
        return xp.zeros_like(x)
    rows = Rows.of(x, tau, axis, prior, where)
    if log:
        p = rows.z - xp.log1p(rows.tail)
    else:
        e = xp.exp(rows.z)
        total = xp.sum(e, axis=-1, keepdims=True)
        p = e / xp.where(total > 0, total, xp.ones_like(total))
    p = limits(rows, p, log)
    return cast(slices.restored(p), x.dtype)


def limits(rows: Rows, p: Any, log: bool) -> Any:
    """Rows that have no finite maximum: one +inf takes everything, several leave their shares open (nan)."""
    xp, m = rows.xp, rows.m
    none, one, open_ = (xp.full_like(p, v) for v in (-math.inf if log else 0.0, 0.0 if log else 1.0, math.nan))
    hit = rows.x == math.inf
    several = xp.sum(cast(hit, p.dtype), axis=-1, keepdims=True) > 1
    p = xp.where(m == math.inf, xp.where(hit, xp.where(several, open_, one), none), p)
    p = xp.where(xp.isnan(m) | (m == -math.inf), open_, p)
    return p if rows.keep is None else xp.where(rows.keep, p, none)
