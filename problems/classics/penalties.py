"""Exact penalties: "minimize q subject to g_k <= 0" as max(q, q + w g_1, ..., q + w g_K)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import smoothmax as sm
from problems.case import Case
from problems.classics.forms import LV, Array, penalty


def cases() -> Iterator[Case]:
    """Two of Wong's and Colville's first problem."""
    yield wong1()
    yield wong3()
    yield colville1()


def wong1() -> Case:
    """Hock-Schittkowski 100, w = 10."""

    def value(x: Array) -> tuple[Array, Array]:
        x1, x2, x3, x4, x5, x6, x7 = x
        q = (x1 - 10) ** 2 + 5 * (x2 - 12) ** 2 + x3**4 + 3 * (x4 - 11) ** 2 + 10 * x5**6 + 7 * x6**2 + x7**4
        g = [
            2 * x1**2 + 3 * x2**4 + x3 + 4 * x4**2 + 5 * x5 - 127,
            7 * x1 + 3 * x2 + 10 * x3**2 + x4 - x5 - 282,
            23 * x1 + x2**2 + 6 * x6**2 - 8 * x7 - 196,
            4 * x1**2 + x2**2 - 3 * x1 * x2 + 2 * x3**2 + 5 * x6 - 11 * x7,
        ]
        return q - 4 * x6 * x7 - 10 * x6 - 8 * x7, np.array(g)

    def jac(x: Array) -> tuple[Array, Array]:
        x1, x2, x3, x4, x5, x6, x7 = x
        q = [2 * (x1 - 10), 10 * (x2 - 12), 4 * x3**3, 6 * (x4 - 11), 60 * x5**5]
        q += [14 * x6 - 4 * x7 - 10, 4 * x7**3 - 4 * x6 - 8]
        g = [
            [4 * x1, 12 * x2**3, 1, 8 * x4, 5, 0, 0],
            [7, 3, 20 * x3, 1, -1, 0, 0],
            [23, 2 * x2, 0, 0, 0, 12 * x6, -8],
            [8 * x1 - 3 * x2, 2 * x2 - 3 * x1, 4 * x3, 0, 0, 5, -11],
        ]
        return np.array(q), np.array(g)

    problem = sm.Minimax(sm.Smooth(*penalty(10, value, jac), n=5, d=7))
    x0 = [1, 2, 0, 4, 0, 1, 1]
    return Case("Wong1", problem, x0, 680.630057374, LV, "680.63006", convex=False)


# Terms of q, g_1, ..., g_17: a (x_j - c)^2 as (a, j, c); a x_i x_j as (a, i, j); a x_j as (a, j); a x_j^4 as (a, j).
Q_SQUARES = ((1, 1, 0), (1, 2, 0), (1, 3, 10), (4, 4, 5), (1, 5, 3), (2, 6, 1), (5, 7, 0), (7, 8, 11), (2, 9, 10)) + (
    ((1, 10, 7), (1, 11, 9), (10, 12, 1), (5, 13, 7), (4, 14, 14), (27, 15, 1), (1, 17, 2), (13, 18, 2), (1, 19, 3))
    + ((1, 20, 0),)
)
TERMS = (  # squares, products, linear, fourth powers, constant
    (Q_SQUARES, ((1, 1, 2),), ((-14, 1), (-16, 2)), ((1, 16),), 95),
    (((3, 1, 2), (4, 2, 3), (2, 3, 0)), (), ((-7, 4),), (), -120),
    (((5, 1, 0), (1, 3, 6)), (), ((8, 2), (-2, 4)), (), -40),
    (((0.5, 1, 8), (2, 2, 4), (3, 5, 0)), (), ((-1, 6),), (), -30),
    (((1, 1, 0), (2, 2, 2)), ((-2, 1, 2),), ((14, 5), (-6, 6)), (), 0),
    ((), (), ((4, 1), (5, 2), (-3, 7), (9, 8)), (), -105),
    ((), (), ((10, 1), (-8, 2), (-17, 7), (2, 8)), (), 0),
    (((12, 9, 8),), (), ((6, 2), (-3, 1), (-7, 10)), (), 0),
    ((), (), ((2, 2), (-8, 1), (5, 9), (-2, 10)), (), -12),
    ((), (), ((1, 1), (1, 2), (4, 11), (-21, 12)), (), 0),
    (((1, 1, 0),), (), ((15, 11), (-8, 12)), (), -28),
    (((5, 13, 0),), (), ((4, 1), (9, 2), (-9, 14)), (), -87),
    (((3, 13, 6),), (), ((3, 1), (4, 2), (-14, 14)), (), -10),
    (((14, 1, 0),), (), ((35, 15), (-79, 16)), (), -92),
    (((15, 2, 0),), (), ((11, 15), (-61, 16)), (), -54),
    (((5, 1, 0),), (), ((2, 2), (-1, 18)), ((9, 17),), -68),
    (((1, 1, 0),), (), ((-1, 2), (19, 19), (-20, 20)), (), 19),
    (((7, 1, 0), (5, 2, 0), (1, 19, 0)), (), ((-30, 20),), (), 0),
)


def wong3() -> Case:
    """Wong's problem of 20 variables and 17 constraints, w = 10: quadratics but for two fourth powers."""
    P, b, c, quartic = np.zeros((18, 20, 20)), np.zeros((18, 20)), np.zeros(18), np.zeros((18, 20))
    for k, (squares, products, linear, fourth, constant) in enumerate(TERMS):
        c[k] = constant
        for a, j, centre in squares:
            P[k, j - 1, j - 1] += 2 * a
            b[k, j - 1] -= 2 * a * centre
            c[k] += a * centre**2
        for a, i, j in products:
            P[k, i - 1, j - 1] += a
            P[k, j - 1, i - 1] += a
        for a, j in linear:
            b[k, j - 1] += a
        for a, j in fourth:
            quartic[k, j - 1] = a

    def penalized(all_terms: Array) -> Array:
        return np.concatenate([all_terms[:1], all_terms[0] + 10 * all_terms[1:]])

    P, b, c, quartic = (penalized(part) for part in (P, b, c, quartic))

    def fun(x: Array) -> Array:
        return P @ x @ x / 2 + b @ x + quartic @ x**4 + c

    def jac(x: Array) -> Array:
        return P @ x + b + 4 * quartic * x**3

    def hess(x: Array, v: Array) -> Array:
        return np.tensordot(v, P, 1) + np.diag(12 * (v @ quartic) * x**2)

    problem = sm.Minimax(sm.Smooth(fun, jac, hess, n=18, d=20, convex=True))
    x0 = [2, 3, 5, 5, 1, 2, 7, 3, 6, 10, 2, 2, 6, 15, 1, 2, 1, 2, 1, 3]
    return Case("Wong3", problem, x0, 133.728276168, LV, "133.72828")


def colville1() -> Case:
    """q = d.x^3 + x'Cx + e.x and f_(k+1) = q + 50 (b_k - a_k.x): unbounded below, its optimum is local."""
    A = np.array(
        [
            [-16, 2, 0, 1, 0],
            [0, -2, 0, 4, 2],
            [-3.5, 0, 2, 0, 0],
            [0, -2, 0, -4, -1],
            [0, -9, -2, 1, -2.8],
            [2, 0, -4, 0, 0],
            [-1, -1, -1, -1, -1],
            [-1, -2, -3, -2, -1],
            [1, 2, 3, 4, 5],
            [1, 1, 1, 1, 1],
        ]
    )
    b = np.array([-40, -2, -0.25, -4, -4, -1, -40, -60, 5, 1])
    C = np.array(
        [
            [30, -20, -10, 32, -10],
            [-20, 39, -6, -31, 32],
            [-10, -6, 10, -6, -10],
            [32, -31, -6, 39, -20],
            [-10, 32, -10, -20, 30],
        ]
    )
    d, e = np.array([4, 8, 10, 6, 2]), np.array([-15, -27, -36, -18, -12])

    def value(x: Array) -> tuple[Array, Array]:
        return d @ x**3 + x @ C @ x + e @ x, b - A @ x

    def jac(x: Array) -> tuple[Array, Array]:
        return 3 * d * x**2 + 2 * C @ x + e, -A

    def hess(x: Array, v: Array) -> Array:
        return v.sum() * (np.diag(6 * d * x) + 2 * C)

    fun, slopes = penalty(50, value, jac)
    problem = sm.Minimax(sm.Smooth(fun, slopes, hess, n=11, d=5))
    note = "unbounded below far away: the optimum is the local minimum reached from the start"
    x0 = [0, 0, 0, 0, 1]
    return Case("Colville1", problem, x0, -32.3486789657, LV, "-32.348679", convex=False, at_most=True, note=note)
