"""Cells onto workers, outcomes back as they finish: this process, processes of our own, an executor, or a map.

An executor is what has `submit`: one of concurrent.futures, a dask.distributed.Client. A map-like is called with a
function and an iterable, as `map` is; joblib.Parallel is called with its own (function, arguments, keywords).
"""

import multiprocessing
import os
import queue
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler
from threading import Thread
from typing import Any

from .. import _doors
from .attempt import Attempt, Outcome, one_thread
from .cell import Cell

Arrival = tuple[int, Outcome]  # the number of a cell, and what became of it
AHEAD = 4  # cells handed to each process of our own before it asks
WINDOW = 1000  # cells handed to a foreign executor at a time
DEATH = "the process that computed it died (killed, or out of memory)"


def outcomes(attempt: Attempt, cells: Sequence[Cell], workers: Any) -> Iterator[Arrival]:
    """Every cell once, in whatever order they finish.

    Raises
    ------
    TypeError, ValueError
        `workers` is no number, executor or map.
    """
    if hasattr(workers, "submit"):
        return _executed(workers, attempt, cells)
    if callable(workers):
        return _mapped(workers, attempt, cells)
    number, attempt = _number(workers), replace(attempt, limits=False)
    return _here(attempt, cells) if min(number, len(cells)) == 1 else _processes(number, attempt, cells)


def _here(attempt: Attempt, cells: Sequence[Cell]) -> Iterator[Arrival]:
    with one_thread():
        yield from enumerate(map(attempt, cells))


def _number(workers: Any) -> int:
    if workers == -1 and not isinstance(workers, bool):
        return os.cpu_count() or 1
    try:
        return _doors.count("workers", workers)
    except (TypeError, ValueError) as wrong:
        other = "−1 for one a core, an executor with submit, or a map-like callable"
        raise type(wrong)(f"{wrong} (or {other})") from None


def _mapped(workers: Callable[..., Iterable[Any]], attempt: Attempt, cells: Sequence[Cell]) -> Iterator[Arrival]:
    if hasattr(workers, "n_jobs"):  # joblib.Parallel
        found = workers((attempt, (cell,), {}) for cell in cells)
    else:
        found = workers(attempt, cells)
    yield from zip(range(len(cells)), found, strict=True)


def _executed(executor: Any, attempt: Attempt, cells: Sequence[Cell]) -> Iterator[Arrival]:
    """What all cells share is sent to a cluster once."""
    shared = attempt.context
    if shared is not None and hasattr(executor, "scatter"):
        shared = executor.scatter(shared, broadcast=True, hash=False)
        attempt = Attempt(attempt.task)
    more = {"pure": False} if hasattr(executor, "scatter") else {}
    arguments = (shared,) if more and shared is not None else ()
    yield from _submitted(
        lambda cell: executor.submit(attempt, cell, *arguments, **more), list(enumerate(cells)), WINDOW
    )


def _submitted(submit: Callable[[Cell], Any], todo: list[tuple[int, Cell]], window: int) -> Iterator[Arrival]:
    """At most `window` at a time; a future that raises is a cell that failed."""
    arrived: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
    flying: dict[int, Any] = {}
    waiting = iter(todo)
    try:
        while True:
            for number, cell in waiting:
                flying[number] = submit(cell)
                flying[number].add_done_callback(lambda done, number=number: arrived.put((number, done)))
                if len(flying) >= window:
                    break
            if not flying:
                return
            number, done = arrived.get()
            del flying[number]
            try:
                found = done.result()
            except BrokenExecutor:
                raise
            except Exception as error:  # of the executor's own
                found = Outcome.failure(error)
            yield number, found
    finally:
        for future in flying.values():
            future.cancel()


def _processes(number: int, attempt: Attempt, cells: Sequence[Cell]) -> Iterator[Arrival]:
    """Processes of our own. Where one dies, what was in flight is tried again alone, so that its cell is known."""
    todo = dict(enumerate(cells))
    try:
        ForkingPickler.dumps((attempt, cells[0]))
    except Exception as error:
        raise TypeError(
            f"workers={number}: what the cells share cannot be sent to other processes ({error}); "
            "name problems as module:attribute, or take workers=1"
        ) from None
    while todo:
        with _Pool(number, attempt) as pool:
            try:
                for index, outcome in _submitted(pool.submit, list(todo.items()), AHEAD * number):
                    del todo[index]
                    yield index, outcome
                return
            except BrokenExecutor:
                suspects = list(todo.items())[: AHEAD * number]
        for index, cell in suspects:
            with _Pool(1, attempt) as pool:
                try:
                    outcome = pool.submit(cell).result()
                except BrokenExecutor:
                    outcome = Outcome.failure(DEATH)
            del todo[index]
            yield index, outcome


_attempt: Attempt | None = None  # of a worker process


class _Pool:
    """Fresh processes, each told once what all cells share."""

    def __init__(self, number: int, attempt: Attempt) -> None:
        fresh = multiprocessing.get_context("spawn")
        self.executor = ProcessPoolExecutor(number, mp_context=fresh, initializer=_begin, initargs=(attempt,))

    def submit(self, cell: Cell) -> Any:
        """Its future."""
        return self.executor.submit(_work, cell)

    def __enter__(self) -> "_Pool":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        stopped = kind is not None and issubclass(kind, (KeyboardInterrupt, GeneratorExit))
        if stopped:  # nobody wants to wait for the cells in flight
            for process in list((self.executor._processes or {}).values()):
                process.terminate()
        self.executor.shutdown(wait=True, cancel_futures=True)


def _begin(attempt: Attempt) -> None:
    global _attempt
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    Thread(target=_follow_the_parent, daemon=True).start()
    one_thread()  # for good
    _attempt = attempt


def _follow_the_parent() -> None:
    """A parent that was killed cannot stop its workers, and they would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _work(cell: Cell) -> Outcome:
    assert _attempt is not None
    return _attempt(cell)
