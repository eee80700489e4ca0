"""Convex problems from textbooks and manuals, each stated by its formula."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

import smoothmax as sm
from problems.case import Case


def linear3() -> Case:
    """f = (x1 + x2 + 2, -x1 + x2 - 3, -x2 + 4): 7/4 at (-5/2, 9/4)."""
    return Case(
        "linear3",
        sm.Minimax(sm.Affine(np.array([[1.0, 1], [-1, 1], [0, -1]]), np.array([2.0, -3, 4]))),
        np.zeros(2),
        1.75,
        "MathWorks, Optimization Toolbox documentation, Compare fminimax and fminunc",
        printed="1.7500",
        exact=Fraction(7, 4),
    )


def nesterov(n: int) -> Case:
    """f_i = x_i + |x|^2/2, the worst case of first-order methods: -1/(2n) at x_i = -1/n."""
    return Case(
        f"nesterov-{n}",
        sm.Minimax(sm.Quadratic(1.0, np.eye(n), np.zeros(n))),
        np.zeros(n),
        -1 / (2 * n),
        "Y. Nesterov, Introductory Lectures on Convex Optimization, 2004, section 3.2.1",
        exact=Fraction(-1, 2 * n),
    )


def hilbert(n: int) -> Case:
    """max_i |sum_j x_j/(i + j - 1)|, tiny far from its only minimizer 0: test the value, never the point."""
    i = np.arange(n)
    return Case(
        f"hilbert-{n}",
        sm.Minimax(sm.Affine(1 / (i[:, None] + i + 1.0), absolute=True)),
        np.ones(n),
        0.0,
        "zero only at x = 0, the Hilbert matrix being nonsingular",
        exact=Fraction(0),
    )


def cases() -> Iterator[Case]:
    """A small start."""
    yield linear3()
    yield nesterov(10)
    yield nesterov(100)
    yield hilbert(10)
