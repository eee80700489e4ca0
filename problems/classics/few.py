"""Classics of two to ten variables: small, smooth, and each with a trap of its own."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

import smoothmax as sm
from problems.case import Case
from problems.classics.forms import CUTEST, IPOPT, LV, Array, bars


def cases() -> Iterator[Case]:
    """In the order of their sizes."""
    yield from (cb2(), cb3(), wf(), spiral(), lq(), mifflin1(), crescent(), polak4(), minmaxrb(), madsen())
    yield from (davidon2(), rosen_suzuki(), polak6(), polak2())


def cb2() -> Case:
    """f = (x1^2 + x2^4, (2 - x1)^2 + (2 - x2)^2, 2 exp(x2 - x1)), Charalambous and Bandler."""

    def fun(x: Array) -> Array:
        return np.array([x[0] ** 2 + x[1] ** 4, (2 - x[0]) ** 2 + (2 - x[1]) ** 2, 2 * np.exp(x[1] - x[0])])

    def jac(x: Array) -> Array:
        e = 2 * np.exp(x[1] - x[0])
        return np.array([[2 * x[0], 4 * x[1] ** 3], [2 * x[0] - 4, 2 * x[1] - 4], [-e, e]])

    def hess(x: Array, v: Array) -> Array:
        e = 2 * v[2] * np.exp(x[1] - x[0])
        return np.diag([2 * v[0] + 2 * v[1], 12 * v[0] * x[1] ** 2 + 2 * v[1]]) + e * np.array([[1, -1], [-1, 1]])

    components = sm.Smooth(fun, jac, hess, n=3, d=2, convex=True)
    note = "CHACONN1 and GIGOMEZ2 of CUTEst are the same functions; a second start in use is (1, -0.1)"
    return Case("CB2", sm.Minimax(components), [2, 2], 1.95222449387, LV, "1.9522245", note=note)


def cb3() -> Case:
    """f = (x1^4 + x2^2, (2 - x1)^2 + (2 - x2)^2, 2 exp(x2 - x1)): all three are 2 at (1, 1)."""

    def fun(x: Array) -> Array:
        return np.array([x[0] ** 4 + x[1] ** 2, (2 - x[0]) ** 2 + (2 - x[1]) ** 2, 2 * np.exp(x[1] - x[0])])

    def jac(x: Array) -> Array:
        e = 2 * np.exp(x[1] - x[0])
        return np.array([[4 * x[0] ** 3, 2 * x[1]], [2 * x[0] - 4, 2 * x[1] - 4], [-e, e]])

    def hess(x: Array, v: Array) -> Array:
        e = 2 * v[2] * np.exp(x[1] - x[0])
        return np.diag([12 * v[0] * x[0] ** 2 + 2 * v[1], 2 * v[0] + 2 * v[1]]) + e * np.array([[1, -1], [-1, 1]])

    components = sm.Smooth(fun, jac, hess, n=3, d=2, convex=True)
    return Case("CB3", sm.Minimax(components), [2, 2], 2.0, LV, "2.0", Fraction(2))


def wf() -> Case:
    """f = (x1 + g, -x1 + g, x1 - g)/2 + x2^2 with g = 10 x1/(x1 + 0.1), Womersley and Fletcher."""

    def fun(x: Array) -> Array:
        g = 10 * x[0] / (x[0] + 0.1)
        return np.array([x[0] + g, g - x[0], x[0] - g]) / 2 + x[1] ** 2

    def jac(x: Array) -> Array:
        slope = 1 / (x[0] + 0.1) ** 2
        return np.column_stack([np.array([1 + slope, slope - 1, 1 - slope]) / 2, np.full(3, 2 * x[1])])

    note = "a spurious local minimum 6.05 at (-1.1, 0), beyond the pole x1 = -0.1"
    return Case("WF", _local(fun, jac, 3, 2), [3, 1], 0.0, LV, "0.0", Fraction(0), convex=False, note=note)


def spiral() -> Case:
    """f_i = (x_i - r c_i)^2 + 0.005 r^2 with r = |x|, c = (cos r, sin r): a long curved valley down to 0.

    r is not differentiable at 0, but f is, with the gradient 0.
    """

    def fun(x: Array) -> Array:
        r = np.sqrt(x @ x)
        return (x - r * np.array([np.cos(r), np.sin(r)])) ** 2 + 0.005 * r**2

    def jac(x: Array) -> Array:
        r = np.sqrt(x @ x)
        if r == 0:
            return np.zeros((2, 2))
        c, s = np.cos(r), np.sin(r)
        turning = np.array([c - r * s, s + r * c])  # the derivative of r (cos r, sin r) by r
        return 2 * (x - r * np.array([c, s]))[:, None] * (np.eye(2) - np.outer(turning, x / r)) + 0.01 * x

    x0 = [1.41831, -4.79462]
    return Case("SPIRAL", _local(fun, jac, 2, 2), x0, 0.0, LV, "0.0", Fraction(0), convex=False)


def lq() -> Case:
    """f = (-x1 - x2, -x1 - x2 + |x|^2 - 1): -sqrt(2) at (1, 1)/sqrt(2)."""
    components = sm.Quadratic([np.zeros((2, 2)), 2 * np.eye(2)], [[-1, -1], [-1, -1]], [0, -1])
    note = "MAKELA1 of CUTEst, whose comment prints -1.4142121558"
    return Case("LQ", sm.Minimax(components), [-0.5, -0.5], -float(np.sqrt(2)), LV, "-1.4142136", note=note)


def mifflin1() -> Case:
    """f = (-x1, -x1 + 20 (|x|^2 - 1)): -1 at (1, 0)."""
    components = sm.Quadratic([np.zeros((2, 2)), 40 * np.eye(2)], [[-1, 0], [-1, 0]], [0, -20])
    return Case("Mifflin1", sm.Minimax(components), [0.8, 0.6], -1.0, LV, "-1.0", Fraction(-1))


def crescent() -> Case:
    """f = (s + x2 - 1, -s + x2 + 1) with s = x1^2 + (x2 - 1)^2: 0 at 0; the second is concave."""

    def fun(x: Array) -> Array:
        s = x[0] ** 2 + (x[1] - 1) ** 2
        return np.array([s + x[1] - 1, -s + x[1] + 1])

    def jac(x: Array) -> Array:
        return np.array([[2 * x[0], 2 * x[1] - 1], [-2 * x[0], 3 - 2 * x[1]]])

    components = sm.Smooth(fun, jac, lambda x, v: 2 * (v[0] - v[1]) * np.eye(2), n=2, d=2)
    return Case("Crescent", sm.Minimax(components), [-1.5, 2], 0.0, LV, "0.0", Fraction(0), convex=False)


def polak4() -> Case:
    """f = (2|x|^2 - x1 - 1, (|x|^2 - 1)/100, 10^5 ((x1 - 2)^2 - 1) + x2^2): 0 at (1, 0).

    The gradients of the components differ by seven decades.
    """
    P = [4 * np.eye(2), 0.02 * np.eye(2), np.diag([200000.0, 2.0])]
    components = sm.Quadratic(P, [[-1, 0], [0, 0], [-400000, 0]], [-1, -0.01, 300000])
    return Case("POLAK4", sm.Minimax(components), [0.9, 0.1], 0.0, CUTEST, "0.0", Fraction(0))


def minmaxrb() -> Case:
    """r = (10 (x2 - x1^2), 1 - x1), Rosenbrock's function by Hald and Madsen: 0 at (1, 1)."""

    def r(x: Array) -> Array:
        return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])

    def jac(x: Array) -> Array:
        return np.array([[-20 * x[0], 10], [-1, 0]])

    components = bars(r, jac, 2, 2, lambda x, v: np.diag([-20 * v[0], 0]))
    return Case("MINMAXRB", sm.Minimax(components), [-1.2, 1], 0.0, CUTEST, "0.0", Fraction(0), convex=False)


def madsen() -> Case:
    """r = (x1^2 + x2^2 + x1 x2, sin x1, cos x2)."""

    def r(x: Array) -> Array:
        return np.array([x[0] ** 2 + x[1] ** 2 + x[0] * x[1], np.sin(x[0]), np.cos(x[1])])

    def jac(x: Array) -> Array:
        return np.array([[2 * x[0] + x[1], 2 * x[1] + x[0]], [np.cos(x[0]), 0], [0, -np.sin(x[1])]])

    def hess(x: Array, v: Array) -> Array:
        bent = np.diag([-v[1] * np.sin(x[0]), -v[2] * np.cos(x[1])])
        return v[0] * np.array([[2, 1], [1, 2]]) + bent

    problem = sm.Minimax(bars(r, jac, 3, 2, hess))
    printed = "0.6164324255695417"
    return Case("MADSEN", problem, [3, 1], 0.616432435561, IPOPT, printed, convex=False, agrees="relaxed")


def davidon2() -> Case:
    """f_i = (x1 + x2 t - exp t)^2 + (x3 + x4 sin t - cos t)^2 at t = 0.2 i, i = 1..20."""
    t = 0.2 * np.arange(1, 21)
    one, zero = np.ones(20), np.zeros(20)
    a, b = np.column_stack([one, t, zero, zero]), np.column_stack([zero, zero, one, np.sin(t)])
    c, s = np.exp(t), np.cos(t)
    P = 2 * (a[:, :, None] * a[:, None] + b[:, :, None] * b[:, None])
    components = sm.Quadratic(P, -2 * (c[:, None] * a + s[:, None] * b), c**2 + s**2)
    return Case("Davidon2", sm.Minimax(components), [25, 5, -5, -1], 115.706439521, LV, "115.70644")


def _rosen_suzuki() -> sm.Quadratic:
    """f = (q, q + 10 g1, q + 10 g2, q + 10 g3)."""
    q = np.diag([1.0, 1, 2, 1]), np.array([-5.0, -5, -21, 7]), 0
    g1 = np.eye(4), np.array([1, -1, 1, -1]), -8
    g2 = np.diag([1, 2, 1, 2]), np.array([-1, 0, 0, -1]), -10
    g3 = np.diag([1, 1, 1, 0]), np.array([2, -1, 0, -1]), -5
    parts = [q, *((q[0] + 10 * P, q[1] + 10 * b, 10 * c) for P, b, c in (g1, g2, g3))]
    return sm.Quadratic([2 * P for P, _, _ in parts], [b for _, b, _ in parts], [c for *_, c in parts])


def rosen_suzuki() -> Case:
    """The Rosen-Suzuki program with the exact penalty factor 10: -44 at (0, 1, 2, -1)."""
    return Case("RosenSuzuki", sm.Minimax(_rosen_suzuki()), np.zeros(4), -44.0, LV, "-44.0", Fraction(-44))


def polak6() -> Case:
    """Rosen-Suzuki at z = (x1 - (x4 + 1)^4, x2 - z1^4, x3, x4): -44 at (0, 1, 2, -1)."""
    inner = _rosen_suzuki()

    def z(x: Array) -> Array:
        z1 = x[0] - (x[3] + 1) ** 4
        return np.array([z1, x[1] - z1**4, x[2], x[3]])

    def fun(x: Array) -> Array:
        y = z(x)
        return inner.P @ y @ y / 2 + inner.q @ y + inner.r

    def jac(x: Array) -> Array:
        y, bend = z(x), np.eye(4)
        bend[0, 3] = -4 * (x[3] + 1) ** 3
        bend[1] -= 4 * y[0] ** 3 * bend[0]
        return (inner.P @ y + inner.q) @ bend

    note = "Ipopt stops at -29.68 at its iteration limit"
    return Case("Polak6", _local(fun, jac, 4, 4), np.zeros(4), -44.0, LV, "-44.0", Fraction(-44), False, note=note)


def polak2() -> Case:
    """f = exp(s + (x2 +- 2)^2), s = 1e-8 x1^2 + x3^2 + 4 x4^2 + x5^2 + ... + x10^2: e^4 at 0.

    The exponentials overflow a few units away from the start.
    """
    a = np.array([1e-8, 1, 1, 4, 1, 1, 1, 1, 1, 1])
    shift = 2 * np.eye(10)[[1, 1]] * [[1], [-1]]

    def fun(x: Array) -> Array:
        return np.exp((x + shift) ** 2 @ a)

    def jac(x: Array) -> Array:
        return 2 * fun(x)[:, None] * a * (x + shift)

    def hess(x: Array, v: Array) -> Array:
        slopes, f = 2 * a * (x + shift), v * fun(x)
        return f.sum() * np.diag(2 * a) + (slopes.T * f) @ slopes

    x0 = np.where(np.arange(10) == 0, 100, 0.1)
    components = sm.Smooth(fun, jac, hess, n=2, d=10, convex=True)
    return Case("Polak2", sm.Minimax(components), x0, float(np.exp(4)), LV, "54.598150")


def _local(fun: object, jac: object, n: int, d: int) -> sm.Minimax:
    return sm.Minimax(sm.Smooth(fun, jac, n=n, d=d))
