"""Log-sum-exp of a stream: values may arrive in any order, in any pieces, on any machine."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from smoothmax.operators import anywhere
from smoothmax.operators.door import as_real, as_tau
from smoothmax.operators.library import foreign
from smoothmax.operators.line import EMPTY, State, line, merge, value


class LogSumExpAccumulator:
    """tau * log( sum exp(x / tau) ) over everything seen so far, as a peak m and a tail t:

    the sum is exp(m/tau)*(1 + t), and (m, t) + (m', t') = (m, t + (1 + t')*exp((m' - m)/tau)) for m >= m'.
    The merge is associative and commutative up to rounding; float64 throughout.

    Parameters
    ----------
    tau : float
        Temperature, finite and >= 0, in the units of the values. At 0 the accumulator keeps the maximum.

    Raises
    ------
    TypeError, ValueError
        A tau that does not fit; of `update`, values that are not real numbers; of `merge`, something else than an
        accumulator with the same tau.
    """

    def __init__(self, tau: float = 1.0) -> None:
        self.tau = as_tau(tau)
        self.n = 0  # how many values were seen
        self._state: State = EMPTY

    @np.errstate(all="ignore")
    def update(self, x: ArrayLike) -> LogSumExpAccumulator:
        """Take in every element of an array (or one number); returns the accumulator itself."""
        a = as_real(x)
        if foreign(a):
            state, size = anywhere.state(a, self.tau), math.prod(a.shape)
        else:
            state, size = line(a.ravel("K"), self.tau), a.size
        self._state = merge(self._state, state, self.tau)
        self.n += size
        return self

    def merge(self, other: LogSumExpAccumulator) -> LogSumExpAccumulator:
        """Take in everything ``other`` has seen, and leave that alone; returns the accumulator itself."""
        if not isinstance(other, LogSumExpAccumulator):
            raise TypeError(f"other: expected a LogSumExpAccumulator, got a {type(other).__name__}")
        if other.tau != self.tau:
            raise ValueError(f"other: its tau is {other.tau}, but this accumulator's is {self.tau}")
        self._state = merge(self._state, other._state, self.tau)
        self.n += other.n
        return self

    @property
    def value(self) -> float:
        """The log-sum-exp so far: -inf before anything was seen."""
        return value(self._state, self.tau, self.n)

    def __repr__(self) -> str:
        return f"LogSumExpAccumulator(tau={self.tau}, n={self.n}, value={self.value})"
