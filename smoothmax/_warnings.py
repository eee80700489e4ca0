"""Warning filters of the process, which all its threads share: each goes when its last user leaves, and no other."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Literal

LOCK = Lock()
INSIDE: list[tuple[Any, ...]] = []  # one entry for each user


@contextmanager
def filtered(action: Literal["ignore", "error"], category: type[Warning]) -> Iterator[None]:
    """`category` is ignored, or raised, in all threads while anybody is inside.

    Unlike `warnings.catch_warnings`, which puts back the list that it found: of two threads inside together, the one
    that leaves last would put back the filter of the other, for good.
    """
    entry = (action, None, category, None, 0)
    with LOCK:
        if entry not in INSIDE:
            warnings.filters.insert(0, entry)  # type: ignore[attr-defined]
        INSIDE.append(entry)
    try:
        yield
    finally:
        with LOCK:
            INSIDE.remove(entry)
            if entry not in INSIDE and entry in warnings.filters:
                warnings.filters.remove(entry)  # type: ignore[attr-defined]
