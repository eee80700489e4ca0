"""How fast are the operators beside SciPy's? Times are the best of many, in milliseconds, in turns."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.special

from smoothmax.operators import logsumexp, softmax

SHAPES: tuple[tuple[int, ...], ...] = (
    (100,),
    (10_000,),
    (1_000_000,),
    (100_000, 10),
    (1000, 1000),
    (10, 100_000),
)


def run(repeats: int = 15) -> list[dict[str, Any]]:
    """One row per operator and shape; 1-d arrays are reduced whole, matrices along axis -1."""
    rng = np.random.default_rng(0)
    rows = []
    for name, ours, theirs in (
        ("logsumexp", logsumexp, scipy.special.logsumexp),
        ("softmax", softmax, scipy.special.softmax),
    ):
        for shape in SHAPES:
            x = rng.normal(size=shape)
            axis = None if x.ndim == 1 else -1
            a, b = _best((partial(ours, x, axis=axis), partial(theirs, x, axis=axis)), repeats)
            rows.append({"operator": name, "n": shape, "ours_ms": a, "scipy_ms": b, "ratio": b / a})
    return rows


def _best(calls: tuple[Callable[[], Any], ...], repeats: int) -> list[float]:
    """The least time of one call of each, in milliseconds: in turns, so that both meet the same machine,
    and several calls a turn, so that neither pays for the memory the other left behind."""
    numbers = [max(5, int(2e-3 / max(timeit.timeit(call, number=2) / 2, 1e-9))) for call in calls]
    best = [float("inf")] * len(calls)
    for _ in range(repeats):
        for i, (call, number) in enumerate(zip(calls, numbers, strict=True)):
            best[i] = min(best[i], timeit.timeit(call, number=number) / number * 1e3)
    return best


if __name__ == "__main__":
    print(f"{'operator':10} {'shape':>14} {'ours ms':>10} {'scipy ms':>10} {'ratio':>7}")
    for row in run():
        what, times = (
            f"{row['operator']:10} {row['n']!s:>14}",
            f"{row['ours_ms']:10.4f} {row['scipy_ms']:10.4f}",
        )
        print(f"{what} {times} {row['ratio']:7.1f}")
