"""One cell, computed: what a worker does. A failure is an outcome, with its traceback, and stops nothing."""

import os
import platform
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

from .cell import Cell, Plain, plainly, text

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
        try:
            said, lines = f"{type(error).__name__}: {error}".rstrip(": "), "".join(traceback.format_exception(error))
        except Exception:  # of an exception that cannot say what it is
            said, lines = type(error).__name__, ""
        return cls(FAILED, {}, seconds, _printable(said), _printable(lines))


@dataclass(frozen=True)
class Attempt:
    """A task with what all its cells share; called with a cell.

    `home` is the process that sees to its own threads; elsewhere the first call does, for good. None: all have.
    """

    task: Task
    context: Any = None
    home: tuple[str, int] | None = None

    def __call__(self, cell: Cell, context: Any = None) -> tuple[str, Outcome]:
        """The cell's key and its outcome; only Ctrl-C gets through."""
        shared = self.context if context is None else context
        begun = time.perf_counter()
        try:
            if self.home not in (None, here()):
                _limit_for_good()
            extra = () if shared is None else (shared,)
            row = plainly(dict(self.task(deepcopy(cell.declaration), cell.rng, *extra)), "row")
            if taken := (RESERVED | set(cell.declaration)).intersection(row):
                raise ValueError(f"row must not hold {', '.join(sorted(taken))}, which are columns of the cell's own")
            text(row).encode()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return cell.key, Outcome.failure(error, time.perf_counter() - begun)
        return cell.key, Outcome(DONE, row, time.perf_counter() - begun)


def here() -> tuple[str, int]:
    """This process, among all machines'."""
    return platform.node(), os.getpid()


@cache
def _limit_for_good() -> None:
    one_thread()


def _printable(said: str) -> str:
    return said.encode("utf-8", "backslashreplace").decode()


def one_thread() -> AbstractContextManager[Any]:
    """Linear algebra on one thread: cells run side by side, and sums do not depend on how many cores there are."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)  # type: ignore[no-any-return]
