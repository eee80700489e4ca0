"""Sentences from numbers: what the answers of the experiments are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any


def number(value: Any, digits: int = 2) -> str:
    """So many digits, as one writes them: 0.031, 4.7, 12 000, 3.2·10⁻⁹."""
    value = float(value)
    if not math.isfinite(value):
        return "nothing known" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    exponent = int(power)
    if -3 <= exponent < max(digits, 4):
        return f"{float(f'{mantissa}e{power}'):.{max(digits - 1 - exponent, 0)}f}".replace("-", "−")
    if 4 <= exponent < 7:
        return f"{float(f'{mantissa}e{power}'):,.0f}".replace(",", " ").replace("-", "−")
    raised = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{'' if float(mantissa) == 1 else mantissa.replace('-', '−') + '·'}10{raised}"


def duration(seconds: float) -> str:
    """1.4 ms, 3.2 s, 2 min."""
    if not math.isfinite(seconds):
        return "unknown time"
    for size, unit in ((1e-6, "µs"), (1e-3, "ms"), (1.0, "s"), (60.0, "min")):
        if seconds < {1e-6: 1e-3, 1e-3: 1.0, 1.0: 120.0}.get(size, math.inf):
            return f"{number(seconds / size)} {unit}"
    raise AssertionError("every time has a unit")


def ratio(value: float) -> str:
    """A time over another one in words: "3.1 times as long", "as long", "0.4 of the time"."""
    if 0.95 <= value < 1.05:
        return "as long"
    return f"{number(value)} times as long" if value > 1 else f"{number(value)} of the time"


def between(values: Iterable[float], digits: int = 2) -> str:
    """The least and the largest: "0.2 to 3", or the one where they read the same."""
    values = list(values)
    low, high = number(min(values), digits), number(max(values), digits)
    return low if low == high else f"{low} to {high}"


def listed(names: Sequence[str], most: int = 6) -> str:
    """a, b and c; of many the first, and how many more."""
    names = list(names)
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} others"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def of(count: int, total: int, what: str) -> str:
    """all 5 problems, 3 of 5 problems, none of 5 problems; "the one problem" is one of one."""
    plural = what if total == 1 else f"{what[:-1]}ies" if what.endswith("y") and what[-2] not in "aeou" else f"{what}s"
    if total == 1:
        return f"the one {what}" if count else f"not the one {what}"
    return f"all {total} {plural}" if count == total else f"{count or 'none'} of {total} {plural}"


def many(count: int, what: str) -> str:
    """One problem, 2 problems."""
    return f"one {what}" if count == 1 else f"{count} {what}s"
