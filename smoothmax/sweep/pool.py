"""Cells onto workers, outcomes back as they finish: this process, processes of our own, an executor, or a map.

An executor is what has `submit`: one of concurrent.futures, a dask.distributed.Client. A map-like is called with a
function and an iterable, as `map` is; joblib.Parallel is called with its own (function, arguments, keywords). Outcomes
bring the key of their cell along, so that any order will do.
"""

import multiprocessing
import os
import queue
import signal
from collections import Counter
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

Arrival = tuple[str, Outcome]  # the key of a cell, and what became of it
AHEAD = 4  # cells handed to each process of our own before it asks
WINDOW = 1000  # cells handed to a foreign executor at a time
DEATHS = 2  # of a process alone with a cell, before the cell is at fault
DEATH = "the process that computed it died (killed, or out of memory)"


def outcomes(attempt: Attempt, cells: Sequence[Cell], workers: Any) -> Iterator[Arrival]:
    """Every cell once, in whatever order they finish.

    Raises
    ------
    TypeError, ValueError
        `workers` is no number, executor or map, or does not return what it was given.
    """
    if hasattr(workers, "submit"):
        return _limited(_executed(workers, attempt, cells))
    if callable(workers):
        return _limited(_mapped(workers, attempt, cells))
    number, attempt = _number(workers), replace(attempt, home=None)
    return _limited(map(attempt, cells)) if number == 1 else _processes(number, attempt, cells)


def _limited(arrivals: Iterator[Arrival]) -> Iterator[Arrival]:
    """One thread for linear algebra in this process as long as any are to come."""
    with one_thread():
        yield from arrivals


def _number(workers: Any) -> int:
    if isinstance(workers, int) and workers == -1:
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
    missing = {cell.key for cell in cells}
    for key, outcome in found:
        if key in missing:
            missing.remove(key)
            yield key, outcome
    if missing:
        raise ValueError(f"workers(func, iterable) must return one result for each element; {len(missing)} are missing")


def _executed(executor: Any, attempt: Attempt, cells: Sequence[Cell]) -> Iterator[Arrival]:
    """What all cells share is sent to a cluster once."""
    cluster, shared = hasattr(executor, "scatter"), attempt.context
    if cluster and shared is not None:
        (shared,) = executor.scatter(
            [shared], broadcast=True, hash=False
        )  # in a list: of a dictionary the parts are sent
        attempt = replace(attempt, context=None)
    more = {"pure": False} if cluster else {}
    arguments = (shared,) if cluster and shared is not None else ()
    yield from _submitted(lambda cell: executor.submit(attempt, cell, *arguments, **more), cells, WINDOW)


def _submitted(submit: Callable[[Cell], Any], cells: Iterable[Cell], window: int) -> Iterator[Arrival]:
    """At most `window` at a time; a future that raises is a cell that failed."""
    arrived: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    flying: dict[str, Any] = {}
    waiting = iter(cells)
    try:
        while True:
            for cell in waiting:
                flying[cell.key] = submit(cell)
                flying[cell.key].add_done_callback(lambda done, key=cell.key: arrived.put((key, done)))
                if len(flying) >= window:
                    break
            if not flying:
                return
            key, done = arrived.get()
            del flying[key]
            try:
                found = done.result()
            except BrokenExecutor:
                raise
            except Exception as error:  # of the executor's own
                found = key, Outcome.failure(error)
            yield found
    finally:
        for future in flying.values():
            future.cancel()


def _processes(number: int, attempt: Attempt, cells: Sequence[Cell]) -> Iterator[Arrival]:
    """Processes of our own. Where one dies, what was in flight is tried again alone, so that its cell is known."""
    try:
        ForkingPickler.dumps((attempt, cells[0]))
    except Exception as error:
        raise TypeError(
            f"workers={number}: what the cells share cannot be sent to other processes ({error}); "
            "name problems as module:attribute, or take workers=1"
        ) from None
    todo = {cell.key: cell for cell in cells}
    while todo:
        with _Pool(number, attempt) as pool:
            try:
                for key, outcome in _submitted(pool.submit, list(todo.values()), AHEAD * number):
                    del todo[key]
                    yield key, outcome
                return
            except BrokenExecutor:
                suspects = list(todo.values())[: AHEAD * number]
        for key, outcome in _alone(attempt, suspects):
            del todo[key]
            yield key, outcome


def _alone(attempt: Attempt, cells: list[Cell]) -> Iterator[Arrival]:
    """One after another in one process, and in a new one when it dies."""
    deaths: Counter[str] = Counter()
    while cells:
        with _Pool(1, attempt) as pool:
            while cells:
                try:
                    arrival = pool.submit(cells[0]).result()
                except BrokenExecutor:
                    deaths[cells[0].key] += 1
                    if deaths[cells[0].key] == DEATHS:
                        yield cells.pop(0).key, Outcome.failure(DEATH)
                    break
                cells.pop(0)
                yield arrival


_attempt: Attempt | None = None  # of a worker process


class _Pool:
    """Fresh processes, each told once what all cells share."""

    def __init__(self, number: int, attempt: Attempt) -> None:
        fresh = multiprocessing.get_context("spawn")
        self.number = number
        self.executor = ProcessPoolExecutor(number, mp_context=fresh, initializer=_begin, initargs=(attempt,))

    def submit(self, cell: Cell) -> Any:
        """Its future."""
        return self.executor.submit(_work, cell)

    def __enter__(self) -> "_Pool":
        try:
            begun = [self.executor.submit(_ready) for _ in range(self.number)]  # all start at once
            begun[0].result()
        except BrokenExecutor:
            self.executor.shutdown(wait=True, cancel_futures=True)
            raise RuntimeError(
                "worker processes cannot be started: a script needs `if __name__ == '__main__':` around what it does, "
                "and the task must be in a module that can be imported, not in a session; or take workers=1"
            ) from None
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        stopped = kind is not None and issubclass(kind, (KeyboardInterrupt, GeneratorExit))
        if stopped:  # nobody wants to wait for the cells in flight
            for process in list((self.executor._processes or {}).values()):
                process.terminate()
        self.executor.shutdown(wait=True, cancel_futures=True)


def _ready() -> bool:
    return True


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


def _work(cell: Cell) -> Arrival:
    assert _attempt is not None
    return _attempt(cell)
