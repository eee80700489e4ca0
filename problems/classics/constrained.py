"""Classics over boxes and polyhedra."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

import smoothmax as sm
from problems.case import Case
from problems.classics.forms import LV, Array, bars


def cases() -> Iterator[Case]:
    """Two variables, a pentagon, an economy, quadratics with bounds, a filter."""
    yield from (mad1(), mad4(), pentagon(), equil(), mad8(), bandpass())


def mad1() -> Case:
    """f = (x1^2 + x2^2 + x1 x2 - 1, sin x1, -cos x2) over x1 + x2 >= 1/2."""

    def fun(x: Array) -> Array:
        return np.array([x[0] ** 2 + x[1] ** 2 + x[0] * x[1] - 1, np.sin(x[0]), -np.cos(x[1])])

    def jac(x: Array) -> Array:
        return np.array([[2 * x[0] + x[1], 2 * x[1] + x[0]], [np.cos(x[0]), 0], [0, np.sin(x[1])]])

    def hess(x: Array, v: Array) -> Array:
        bent = np.diag([-v[1] * np.sin(x[0]), v[2] * np.cos(x[1])])
        return v[0] * np.array([[2, 1], [1, 2]]) + bent

    domain = sm.Polyhedron(A_ub=[[-1, -1]], b_ub=[-0.5])
    problem = sm.Minimax(sm.Smooth(fun, jac, hess, n=3, d=2), domain)
    return Case("MAD1", problem, [1, 2], -0.389659516097, LV, "-0.38965952", convex=False)


def mad4() -> Case:
    """f = (-exp(x1 - x2), sinh(x1 - 1) - 1, -ln(x2) - 1) over x1/20 - x2 >= -1/2, x2 >= 1/100."""

    def fun(x: Array) -> Array:
        return np.array([-np.exp(x[0] - x[1]), np.sinh(x[0] - 1) - 1, -np.log(x[1]) - 1])

    def jac(x: Array) -> Array:
        e = np.exp(x[0] - x[1])
        return np.array([[-e, e], [np.cosh(x[0] - 1), 0], [0, -1 / x[1]]])

    domain = sm.Polyhedron(A_ub=[[-0.05, 1]], b_ub=[0.5], bounds=([-np.inf, 0.01], [np.inf, np.inf]))
    problem = sm.Minimax(sm.Smooth(fun, jac, n=3, d=2), domain)
    note = "the logarithm needs x2 > 0 at every trial point"
    return Case("MAD4", problem, [-1, 0.01], -0.448910786107, LV, "-0.44891079", convex=False, note=note)


def pentagon() -> Case:
    """Three points of a regular pentagon with inradius 1, as far apart as possible: minus their distances."""
    pairs = ((0, 1), (1, 2), (2, 0))
    apart = np.zeros((3, 2, 6))  # the difference of each pair, as a matrix
    for k, (a, b) in enumerate(pairs):
        apart[k, :, 2 * a : 2 * a + 2] += np.eye(2)
        apart[k, :, 2 * b : 2 * b + 2] -= np.eye(2)

    def fun(x: Array) -> Array:
        return -np.sqrt(((apart @ x) ** 2).sum(axis=1))

    def jac(x: Array) -> Array:
        return np.einsum("kc,kcj->kj", apart @ x, apart) / fun(x)[:, None]

    angle = 2 * np.pi * np.arange(5) / 5
    sides = np.column_stack([np.sin(angle), np.cos(angle)])
    domain = sm.Polyhedron(A_ub=np.kron(np.eye(3), sides), b_ub=np.ones(15))
    degree = np.pi / 180
    value = -(1 + np.sin(18 * degree) / np.cos(36 * degree)) / np.sin(48 * degree)
    problem = sm.Minimax(sm.Smooth(fun, jac, n=3, d=6), domain)
    note = "the printed start has x6 = 1, outside; several global minimizers by symmetry"
    x0 = [-1, 0, 0, -1, 1, 0]
    return Case("PENTAGON", problem, x0, float(value), LV, "-1.85961870", convex=False, note=note)


def equil() -> Case:
    """Excess demand of an economy of 5 agents and 8 goods over the unit simplex, its prices.

    f_j = sum_i a_ij p_i/(x_j^b_i s_i) - w_ij with the incomes p = w x and s_i = sum_l a_il x_l^(1 - b_i). By Walras's
    law sum_j x_j f_j = 0, so the least maximum is 0.
    """
    a = np.array(
        [
            [1, 1, 1, 1, 1, 1, 1, 1],
            [2, 0.8, 1, 0.5, 1, 1, 1, 1],
            [1, 1.2, 0.8, 1.2, 1.6, 2, 0.6, 0.1],
            [2, 0.1, 0.6, 2, 1, 1, 1, 2],
            [1.2, 1.2, 0.8, 1, 1.2, 0.1, 3, 4],
        ]
    )
    b = np.array([0.5, 1.2, 0.8, 2, 1.5])[:, None]
    w = np.array(
        [
            [3, 1, 0.1, 0.1, 5, 0.1, 0.1, 6],
            [0.1, 10, 0.1, 0.1, 5, 0.1, 0.1, 0.1],
            [0.1, 9, 10, 0.1, 4, 0.1, 7, 0.1],
            [0.1, 0.1, 0.1, 10, 0.1, 3, 0.1, 0.1],
            [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 11],
        ]
    )

    def fun(x: Array) -> Array:
        demand = a * x**-b
        return (w @ x / (demand @ x)) @ demand - w.sum(axis=0)

    def jac(x: Array) -> Array:
        demand = a * x**-b
        s = (demand @ x)[:, None]
        rate = (w @ x)[:, None] / s  # income over the sum that shares it out
        spread = w / s - rate / s * (1 - b) * demand
        return demand.T @ spread - np.diag((rate * b * demand).sum(axis=0) / x)

    domain = sm.Polyhedron(A_eq=np.ones((1, 8)), b_eq=[1], bounds=(np.full(8, 1e-8), np.full(8, np.inf)))
    problem = sm.Minimax(sm.Smooth(fun, jac, n=8, d=8), domain)
    return Case("EQUIL", problem, np.full(8, 0.125), 0.0, LV, "0.0", Fraction(0), convex=False)


def mad8() -> Case:
    """r = 2 x_k^2 - 1 + others (k = 1..19) and x_k^2 - 1 + others (k = 2..20) in turn, x_1..x_10 >= 1/2."""
    k = np.concatenate([[0], np.repeat(np.arange(1, 19), 2), [19]])
    a = np.concatenate([[2.0], np.tile([1.0, 2.0], 18), [1.0]])
    unit = np.eye(20)[k]

    def r(x: Array) -> Array:
        return a * x[k] ** 2 - 1 + (x.sum() - x[k])

    def jac(x: Array) -> Array:
        return 1 + unit * (2 * a * x[k] - 1)[:, None]

    def hess(x: Array, v: Array) -> Array:
        return np.diag((2 * v * a) @ unit)

    domain = sm.Box(np.where(np.arange(20) < 10, 0.5, -np.inf), np.full(20, np.inf))
    problem = sm.Minimax(bars(r, jac, 38, 20, hess), domain)
    return Case("MAD8", problem, np.full(20, 100.0), 0.506947995720, LV, "0.50694799", convex=False)


def bandpass() -> Case:
    """The losses R(z) of a band-pass filter: |R| in the pass band, R + 3.0164 at two frequencies beside it.

    R(z) = -4 ln z + sum_k ln((x_(k+4)^2 - z^2)^2 + z^2 x_k^2)/2 - x9.
    """
    inside = 0.987423 + 0.025154 * np.arange(61) / 60
    z2 = (np.append(inside, [0.96732, 1.03268]) ** 2)[:, None]
    row = np.concatenate([np.arange(61), np.arange(61), [61, 62]])
    sign = np.repeat([1.0, -1.0, 1.0], [61, 61, 2])

    def factors(x: Array) -> Array:
        return (x[4:8] ** 2 - z2) ** 2 + z2 * x[:4] ** 2

    def fun(x: Array) -> Array:
        R = -2 * np.log(z2[:, 0]) + np.log(factors(x)).sum(axis=1) / 2 - x[8]
        return sign * R[row] + np.repeat([0, 3.0164], [122, 2])

    def jac(x: Array) -> Array:
        D = factors(x)
        J = np.hstack([z2 * x[:4] / D, 2 * (x[4:8] ** 2 - z2) * x[4:8] / D, -np.ones((63, 1))])
        return sign[:, None] * J[row]

    rows = np.hstack([-10000 * np.eye(4), np.eye(4), np.zeros((4, 1))])
    lb = np.where(np.arange(9) < 8, 0, -np.inf)
    domain = sm.Polyhedron(A_ub=rows, b_ub=np.zeros(4), bounds=(lb, np.full(9, np.inf)))
    problem = sm.Minimax(sm.Smooth(fun, jac, n=124, d=9), domain)
    x0 = [0.0398, 0.0000968, 0.000103, 0.0389, 1.01, 0.968, 1.03, 0.988, -11.6]
    optimum, printed = 0.000276077236869, "0.27607734e-3"
    return Case("BPfilter", problem, x0, optimum, LV, printed, convex=False, agrees="better")
