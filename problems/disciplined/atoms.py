"""Atoms at one point, as cvxpy's test suite evaluates them (cvxpy/tests/test_constant_atoms.py, test_atoms.py)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from problems.disciplined.case import DisciplinedCase

SOURCE = "cvxpy/cvxpy cvxpy/tests/test_constant_atoms.py and test_atoms.py"
V, GRID = (1, 3, 2, -5, 0), np.arange(25).reshape(5, 5)


def _at(objective: Callable[[Any], Any], value: Any, maximize: bool = False) -> Callable[[], Any]:
    """The atom at one point, which an equation fixes: how the test suite evaluates atoms."""

    def build() -> Any:
        import cvxpy as cp

        x = cp.Variable(np.shape(value))
        sense = cp.Maximize if maximize else cp.Minimize
        return cp.Problem(sense(objective(cp)(x)), [x == np.array(value)])

    return build


SQUARE = ((-5.0, -3.0), (2.0, 1.0))
XEXP = sum(v * math.exp(v) for v in (1, 3, 2, 0.5))
FIXED: dict[str, tuple[Callable[[Any], Any], Any, float, bool]] = {
    "dotsort-1d": (lambda cp: lambda x: cp.dotsort(x, np.array([-1, 5, 2, 0, 5])), V, 32.0, False),
    "dotsort-2d": (
        lambda cp: lambda x: cp.dotsort(x, np.arange(4).reshape(2, 2)),
        np.arange(25).reshape(5, 5),
        140.0,
        False,
    ),
    "dotsort-smallest": (lambda cp: lambda x: -cp.dotsort(x, np.array([-1, -1, -1, 0])), V, -4.0, True),
    "dotsort-abs": (lambda cp: lambda x: cp.dotsort(cp.abs(x), np.array([2, 1, 0.1])), (1, 2, 3, -4, -5), 14.3, False),
    "sum-largest-abs": (lambda cp: lambda x: cp.sum_largest(cp.abs(x), 3), (1, 2, 3, -4, -5), 12.0, False),
    "sum-smallest": (lambda cp: lambda x: cp.sum_smallest(x, 3), (-1, 2, 3, 4, 5), 4.0, True),
    "xexp-pos": (lambda cp: lambda x: cp.sum(cp.xexp(cp.pos(x))), ((1, 2), (3, 0.5)), XEXP, False),
    "mixed-norm": (lambda cp: lambda x: cp.mixed_norm(x, 1, "inf"), ((1, 5), (4, 6)), 10.0, False),
    "scalene": (lambda cp: lambda x: cp.sum(cp.scalene(x, 2, 3)), SQUARE, 30.0, False),
    "tv-vector": (lambda cp: lambda x: cp.tv(x), (1, -1, 2), 5.0, False),
    "lambda-max": (lambda cp: lambda x: cp.lambda_max(x), ((5, 7), (7, -3)), 9.06225775, False),
    "huber": (lambda cp: lambda x: cp.sum(cp.huber(x)), ((0.5, 4), (-1.5, 0)), 9.25, False),
}


def cases() -> tuple[DisciplinedCase, ...]:
    """Each with the value that the suite states; sums where the atom is an array."""
    return tuple(
        DisciplinedCase(name, _at(atom, value, most), SOURCE, optimum)
        for name, (atom, value, optimum, most) in FIXED.items()
    )
