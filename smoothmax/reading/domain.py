"""Domains by name: free, nonneg, simplex, box, ball."""

import math
from collections.abc import Callable

import numpy as np

from ..domains import Ball, Box, Domain, Free, Simplex
from .stated import Wishes


def domain(w: Wishes, d: int) -> Domain:
    """The domain of this name; its numbers hold for every variable."""
    name = w.domain or "free"
    if name not in DOMAINS:
        raise ValueError(f"--domain must be one of {', '.join(DOMAINS)}; got {name!r}")
    for option, owner in (("lower", "box"), ("upper", "box"), ("radius", "ball")):
        if getattr(w, option) is not None and name != owner:
            raise ValueError(f"--{option} is for --domain {owner}; the domain is {name}")
    return DOMAINS[name](w, d)


def _box(w: Wishes, d: int) -> Domain:
    if w.lower is None and w.upper is None:
        raise ValueError("--domain box needs --lower, --upper or both")
    lower = -math.inf if w.lower is None else w.lower
    upper = math.inf if w.upper is None else w.upper
    if not lower <= upper:
        raise ValueError(f"--lower must be a number ≤ --upper; got {lower:g} and {upper:g}")
    return Box(np.full(d, lower), np.full(d, upper))


DOMAINS: dict[str, Callable[[Wishes, int], Domain]] = {
    "free": lambda w, d: Free(d),
    "nonneg": lambda w, d: Box(np.zeros(d), np.full(d, np.inf)),
    "simplex": lambda w, d: Simplex(d),
    "box": _box,
    "ball": lambda w, d: Ball(np.zeros(d), 1.0 if w.radius is None else w.radius),
}
