"""Calls of user functions side by side, with the results in order: the answer does not depend on the workers.

An integer means so many threads: they take lambdas and closures, and they help wherever a function lets go of the
interpreter (NumPy and SciPy inside, files, sockets, subprocesses, sleeping). For pure Python, hand in the `map` of a
process pool; then the functions must be picklable. Each batch has its own threads, so none outlives the solve.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import numpy as np

from .. import _asking, _doors
from .._asking import tick
from .._typing import Array
from .forms import Functions

Workers = int | Callable[..., Iterable[Any]]
Job = tuple[Callable[..., Any], tuple[Any, ...]]  # a function, its arguments


def as_workers(workers: Any) -> Workers:
    """A number of threads ≥ 1 (−1: one a core), or a map-like callable workers(func, iterable).

    Raises
    ------
    TypeError, ValueError
        Something else.
    """
    if callable(workers):
        return workers  # type: ignore[no-any-return]
    if isinstance(workers, int | np.integer) and not isinstance(workers, bool) and workers == -1:
        return os.cpu_count() or 1
    try:
        return _doors.count("workers", workers)
    except (TypeError, ValueError) as wrong:
        raise type(wrong)(f"{wrong} (or −1 for one a core, or a map-like callable workers(func, iterable))") from None


def called(job: Job) -> Any:
    """One call."""
    function, arguments = job
    return _asking.called(function, *arguments)


def ask(
    functions: Functions, points: Iterable[Array], workers: Workers, count: Callable[[], None]
) -> Iterator[list[Any]]:
    """What the functions return at each point; the deadline speaks before every call, `count` is told of every
    point."""

    def jobs() -> Iterator[Job]:
        for x in points:
            for k, function in enumerate(functions):
                tick()
                if k == 0:
                    count()
                yield function, (x.copy(),)

    results = run(workers, jobs())
    for first in results:
        yield [first, *(next(results) for _ in functions[1:])]


def run(workers: Workers, jobs: Iterable[Job]) -> Iterator[Any]:
    """The results, in the order of the jobs; a job is drawn, in the calling thread, right before it starts."""
    if callable(workers):
        return _mapped(workers, jobs)
    return map(called, jobs) if workers == 1 else _threaded(workers, iter(jobs))


def _mapped(workers: Callable[..., Iterable[Any]], jobs: Iterable[Job]) -> Iterator[Any]:
    asked = list(jobs)
    found = map(called, asked) if len(asked) == 1 else workers(called, asked)
    if not hasattr(found, "__iter__"):
        raise TypeError(f"workers(func, iterable) must return the results, one for each element; it returned {found!r}")
    results = list(found)
    if len(results) != len(asked):
        raise ValueError(
            f"workers(func, iterable) must return one result for each element; {len(asked)} gave {len(results)}"
        )
    return iter(results)


def _threaded(size: int, jobs: Iterator[Job]) -> Iterator[Any]:
    """At most `size` calls at a time, so that a deadline or an error is at most that many calls late."""
    first, second = next(jobs, None), next(jobs, None)
    if first is None:
        return
    if second is None:
        yield called(first)
        return
    pool = ThreadPoolExecutor(size)
    wait = True
    try:
        waiting: deque[Future[Any]] = deque(pool.submit(copy_context().run, called, job) for job in (first, second))
        while waiting:
            if len(waiting) >= size:
                yield waiting.popleft().result()
            job = next(jobs, None)
            if job is not None:
                waiting.append(pool.submit(copy_context().run, called, job))
            elif waiting:
                yield waiting.popleft().result()
    except KeyboardInterrupt:
        wait = False  # whoever pressed Ctrl-C does not want to wait for the calls in flight
        raise
    finally:
        pool.shutdown(wait=wait, cancel_futures=True)


__all__ = ["Job", "Workers", "as_workers", "ask", "run"]
