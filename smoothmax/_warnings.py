"""Warning filters of the process, which all its threads share: each goes when its last user leaves, and no other."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Literal


class Changed(Warning):
    """Nobody warns so: a filter for it, added in the public way, tells Python that the filters have changed."""


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
        held: Any = warnings.filters
        if entry not in INSIDE:
            held.insert(0, entry)
            warnings.filterwarnings("ignore", category=Changed)  # places that have warned before ask the filters again
            held.remove(("ignore", None, Changed, None, 0))
        INSIDE.append(entry)
    try:
        yield
    finally:
        with LOCK:
            INSIDE.remove(entry)
            if entry not in INSIDE:
                now: Any = warnings.filters
                for filters in (held, now):  # another thread may put the old list back
                    if entry in filters:
                        filters.remove(entry)
