"""Asking what a user has written: functions, derivatives, domains.

The clock looks first, so that a solve is late by one call at most. What is handed over are copies, and so is what is
kept of the answer: nothing changes when a function writes into its argument, or into what it has returned before.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import numpy as np
import scipy.sparse as sp

# Called before every call of what a user has written: a solve lets its deadline speak there, also inside a loop of
# differences.
CLOCK: ContextVar[Callable[[], None] | None] = ContextVar("CLOCK", default=None)


def tick() -> None:
    """Let the deadline speak."""
    clock = CLOCK.get()
    if clock is not None:
        clock()


def ask(function: Callable[..., Any], *arguments: Any) -> Any:
    """One call in its time; arrays among the arguments are copied."""
    tick()
    return called(function, *(one.copy() if isinstance(one, np.ndarray) else one for one in arguments))


def called(function: Callable[..., Any], *arguments: Any) -> Any:
    """One call, quiet about floating point, and a copy of its answer.

    Raises
    ------
    RuntimeError
        In place of a StopIteration, which ends a loop somewhere instead of coming through.
    Exception
        Whatever else it raises, as it is.
    """
    try:
        with np.errstate(all="ignore"):
            return _kept(function(*arguments))
    except StopIteration as stop:
        raise RuntimeError("a function or domain raised StopIteration; only the callback stops a solve by it") from stop


def _kept(answer: Any) -> Any:
    """An array or list of its own: it may be a buffer that is written into at the next call."""
    if isinstance(answer, np.ndarray):
        return answer.copy(order="K")
    if isinstance(answer, list | tuple):
        return [one if isinstance(one, float) else _kept(one) for one in answer]
    if sp.issparse(answer):
        return answer.copy()
    held = hasattr(answer, "__array__") or _buffer(answer)
    return np.array(answer) if held and not isinstance(answer, np.generic) else answer


def _buffer(answer: Any) -> bool:
    """Memory that others may write into: array.array, memoryview and their like."""
    try:
        memoryview(answer)
    except TypeError:
        return False
    return True
