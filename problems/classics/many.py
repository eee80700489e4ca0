"""Classics of ten to fifty variables."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

import smoothmax as sm
from problems.case import Case
from problems.classics.forms import CUTEST, LV, Array
from problems.classics.hard import watson_residuals


def cases() -> Iterator[Case]:
    """Quadratics, exponentials, and two Hilbert matrices."""
    yield maxquad()
    yield gill()
    yield maxq()
    yield mxhilb()
    yield l1hilb()
    yield polak3()
    yield from (madsschj(*row) for row in MADSSCHJ)


def maxquad() -> Case:
    """f_k = x'A_k x - b_k'x, A_k(i, j) = exp(i/j) cos(ij) sin(k) for i < j, diagonally dominant (C. Lemarechal)."""
    i, k = np.arange(1.0, 11), np.arange(1.0, 6)
    upper = np.triu(np.exp(i[:, None] / i) * np.cos(np.outer(i, i)), 1)
    A = np.sin(k)[:, None, None] * (upper + upper.T)
    A += np.eye(10) * (np.abs(np.sin(k))[:, None] * i / 10 + np.abs(A).sum(axis=2))[:, None]
    b = np.exp(i / k[:, None]) * np.sin(i * k[:, None])
    problem = sm.Minimax(sm.Quadratic(2 * A, -b))
    note = "also printed as -0.8414084, from the start 0"
    return Case("Maxquad", problem, np.ones(10), -0.841408334596, LV, "-0.8414083", note=note)


def gill() -> Case:
    """A penalty function, Watson's sum of squares and Rosenbrock's chain, ten variables each."""
    r, r_jac = watson_residuals(10)

    def fun(x: Array) -> Array:
        chain = 100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[1:]) ** 2
        first = ((x - 1) ** 2).sum() + 0.001 * (x @ x - 0.25) ** 2
        return np.array([first, (r(x) ** 2).sum(), chain.sum()])

    def jac(x: Array) -> Array:
        uphill = 200 * (x[1:] - x[:-1] ** 2)
        chain = np.append(-2 * x[:-1] * uphill, 0) + np.append(0, uphill - 2 * (1 - x[1:]))
        first = 2 * (x - 1) + 0.004 * (x @ x - 0.25) * x
        return np.array([first, 2 * r(x) @ r_jac(x), chain])

    problem = sm.Minimax(sm.Smooth(fun, jac, n=3, d=10))
    return Case("Gill", problem, np.full(10, -0.1), 9.78577208082, LV, "9.7857721", convex=False)


def maxq() -> Case:
    """f_i = x_i^2, all gradients zero at the solution 0."""
    eye, i = np.eye(20), np.arange(1.0, 21)
    problem = sm.Minimax(sm.Quadratic(2 * eye[:, :, None] * eye[:, None]))
    return Case("Maxq", problem, np.where(i <= 10, i, -i), 0.0, LV, "0.0", Fraction(0))


def _hilbert(n: int) -> Array:
    i = np.arange(1.0, n + 1)
    return 1 / (i[:, None] + i - 1)


def mxhilb() -> Case:
    """max_i |sum_j x_j/(i + j - 1)| in 50 variables: numerically singular, test values and never points."""
    problem = sm.Minimax(sm.Affine(_hilbert(50), absolute=True))
    return Case("MXHILB", problem, np.ones(50), 0.0, LV, "0.0", Fraction(0))


def l1hilb() -> Case:
    """sum_i |sum_j x_j/(i + j - 1)| in 50 variables, as min of sum(u) over -u <= Hx <= u: one component."""
    H, eye = _hilbert(50), np.eye(50)
    domain = sm.Polyhedron(A_ub=np.block([[H, -eye], [-H, -eye]]), b_ub=np.zeros(100))
    problem = sm.Minimax(sm.Affine(np.repeat([0.0, 1.0], 50)[None]), domain)
    x0 = np.concatenate([np.ones(50), H.sum(axis=1)])
    note = "a sum of maxima, so its variables are (x, u)"
    return Case("L1HILB", problem, x0, 0.0, LV, "0.0", Fraction(0), note=note)


def polak3() -> Case:
    """f_i = sum_j exp((x_j - sin(i - 1 + 2j))^2)/j, i = 1..10, j = 1..11."""
    j = np.arange(1.0, 12)
    s = np.sin(np.arange(10.0)[:, None] + 2 * j)

    def fun(x: Array) -> Array:
        return np.exp((x - s) ** 2) @ (1 / j)

    def jac(x: Array) -> Array:
        return 2 * (x - s) * np.exp((x - s) ** 2) / j

    def hess(x: Array, v: Array) -> Array:
        u = (x - s) ** 2
        return np.diag(v @ ((2 + 4 * u) * np.exp(u) / j))

    problem = sm.Minimax(sm.Smooth(fun, jac, hess, n=10, d=11, convex=True))
    note = "the function of the CUTEst file; its print lies below the minimum of a convex problem"
    return Case("POLAK3", problem, np.ones(11), 5.93300334870, CUTEST, "5.93300252", agrees="close", note=note)


MADSSCHJ = (  # size, optimum, print, how they agree
    (4, -2.61211046285, "-2.6121094144", "better"),
    (10, -12.8144534077, "-12.814452425", "better"),
    (20, -49.8698881751, "-49.869888156", "better"),
    (30, -111.935455556, "-111.93545559", "close"),
)


def madsschj(N: int, optimum: float, printed: str, agrees: str) -> Case:
    """f = a x_k^2 - 1 + sum of the other x_j, a = 1 for k = 1..N and a = 2 for k = 2..N-1, alternating.

    K. Madsen and H. Schjaer-Jacobsen 1978.
    """
    k = np.concatenate([[0], np.repeat(np.arange(1, N - 1), 2), [N - 1]])
    a = np.concatenate([[1], np.tile([1, 2], N - 2), [1]])
    unit = np.eye(N)[k]
    problem = sm.Minimax(
        sm.Quadratic(2 * a[:, None, None] * unit[:, :, None] * unit[:, None], 1 - unit, -np.ones(k.size))
    )
    return Case(f"MADSSCHJ{N}", problem, np.full(N, 10.0), optimum, CUTEST, printed, agrees=agrees)
