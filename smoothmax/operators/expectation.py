"""Σ p_i v_i with p = softmax of scores that arrive in pieces: what attention is made of.

For each row a peak m, s = Σ exp(score − m) and o = Σ exp(score − m)·v; the merge rescales both to the larger peak,
 (m, s, o) ⊕ (m', s', o'), is associative, and forgets the scores (Milakov and Gimelshein,
arXiv:1805.02867, 2018).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from smoothmax.operators.library import cast, namespace, seen


class SoftmaxAccumulator:
    """Weighted means by softmax over all that was seen, for rows abreast: scores (..., r, k) weigh values (..., k, c).

    Arrays of any array-API library, in the dtype they come in. A score of −inf weighs nothing, whatever its value
    holds; where nothing else was seen the mean is zero. ``value`` is (..., r, c), ``lse``, (..., r), the log-sum-exp of
    the scores.
    """

    def __init__(self) -> None:
        self._state: tuple[Any, Any, Any] | None = None

    @np.errstate(all="ignore")
    def update(self, scores: Any, values: Any) -> SoftmaxAccumulator:
        """Take in scores and the values that they weigh; returns the accumulator itself."""
        xp = namespace(scores)
        m = xp.max(scores, axis=-1, keepdims=True)
        e = xp.exp(scores - _finite(xp, m))
        return self._take(xp, m, xp.sum(e, axis=-1, keepdims=True), _weighted(xp, e, values))

    @np.errstate(all="ignore")
    def merge(self, other: SoftmaxAccumulator) -> SoftmaxAccumulator:
        """Take in what ``other`` has seen of the same rows, and leave that alone; returns the accumulator itself."""
        if not isinstance(other, SoftmaxAccumulator):
            raise TypeError(f"other: expected a SoftmaxAccumulator, got a {type(other).__name__}")
        return self if other._state is None else self._take(namespace(other._state[0]), *other._state)

    def _take(self, xp: Any, m: Any, s: Any, o: Any) -> SoftmaxAccumulator:
        if self._state is not None:
            before, sum_before, o_before = self._state
            top = xp.where(before > m, before, m)
            base = _finite(xp, top)
            old, new = xp.exp(before - base), xp.exp(m - base)
            m, s, o = top, old * sum_before + new * s, old * o_before + new * o
        self._state = (m, s, o)
        return self

    @property
    def value(self) -> Any:
        """The weighted means so far."""
        _, s, o = self._seen()
        return o / namespace(s).where(s == 0, namespace(s).ones_like(s), s)

    @property
    def lse(self) -> Any:
        """log Σ exp(score) so far."""
        m, s, _ = self._seen()
        xp = namespace(s)
        return (m + xp.log(xp.where(s == 0, xp.ones_like(s), s)))[..., 0]

    def _seen(self) -> tuple[Any, Any, Any]:
        if self._state is None:
            raise ValueError("nothing was seen yet: call update first")
        return self._state


def _weighted(xp: Any, e: Any, values: Any) -> Any:
    """e·values, where what has no weight may hold nan and inf."""
    fine = xp.isfinite(values)
    if not seen(xp.any(~fine)):
        return xp.matmul(e, values)
    clean = xp.matmul(e, xp.where(fine, values, xp.zeros_like(values)))
    spoiled = xp.matmul(cast(e != 0, e.dtype), cast(~fine, e.dtype)) > 0
    return xp.where(spoiled, xp.matmul(e, values), clean)


def _finite(xp: Any, m: Any) -> Any:
    """A peak to subtract: 0 where there is none."""
    return xp.where(m == -math.inf, xp.zeros_like(m), m)
