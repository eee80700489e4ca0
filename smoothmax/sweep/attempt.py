"""One cell, computed: what a worker does. A failure is an outcome, with its traceback, and stops nothing."""

import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from .cell import Cell, Plain, plainly

Task = Callable[..., Mapping[str, Any]]  # task(declaration, rng), or task(declaration, rng, context)
DONE, FAILED = "done", "failed"
RESERVED = {"status", "error", "seconds", "key"}  # columns of the table that are not the task's


@dataclass(frozen=True)
class Outcome:
    """What became of a cell; `row` is empty where it failed."""

    status: str
    row: Plain
    seconds: float
    error: str = ""
    traceback: str = ""

    @classmethod
    def failure(cls, error: BaseException | str, seconds: float = 0.0) -> "Outcome":
        """From an exception, or from a sentence."""
        if isinstance(error, str):
            return cls(FAILED, {}, seconds, error)
        lines = traceback.format_exception(error)
        return cls(FAILED, {}, seconds, f"{type(error).__name__}: {error}".rstrip(": "), "".join(lines))


@dataclass(frozen=True)
class Attempt:
    """A task with what all its cells share; called with a cell. `limits`: it sees to the threads of each call."""

    task: Task
    context: Any = None
    limits: bool = True

    def __call__(self, cell: Cell, context: Any = None) -> Outcome:
        """The outcome; only Ctrl-C gets through."""
        shared = self.context if context is None else context
        begun = time.perf_counter()
        try:
            with one_thread() if self.limits else nullcontext():
                extra = () if shared is None else (shared,)
                row = plainly(dict(self.task(dict(cell.declaration), cell.rng, *extra)), "row")
            if taken := RESERVED.intersection(row):
                raise ValueError(f"row must not hold {', '.join(sorted(taken))}, which are columns of the sweep's own")
        except Exception as error:
            return Outcome.failure(error, time.perf_counter() - begun)
        return Outcome(DONE, row, time.perf_counter() - begun)


def one_thread() -> AbstractContextManager[Any]:
    """Linear algebra on one thread: cells run side by side, and sums do not depend on how many cores there are."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)  # type: ignore[no-any-return]
