"""Uniform fits: min over x of max_i |r_i(x)|, r the error of a curve at points t_i."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import smoothmax as sm
from problems.case import Case
from problems.classics.forms import CUTEST, IPOPT, LLS, LV, Array, bars

IDENTIFIED = "that this is the problem of the paper is inferred from its sizes and all printed digits"


def cases() -> Iterator[Case]:
    """Powers under a square, polynomials, exponential sums, rational functions."""
    yield bard()
    yield from (root(*row) for row in ROOTS)
    yield oet1()
    yield oet2()
    yield from (sine(*row) for row in SINES)
    yield oet4()
    yield oet7()
    yield from (polak_tits(*row) for row in POLAK_TITS)
    yield pbc1()


def bard() -> Case:
    """r_i = y_i - x1 - u_i/(v_i x2 + w_i x3), u = i, v = 16 - i, w = min(u, v)."""
    y = np.array([14, 18, 22, 25, 29, 32, 35, 39, 37, 58, 73, 96, 134, 210, 439]) / 100
    u = np.arange(1.0, 16)
    v = 16 - u
    w = np.minimum(u, v)

    def r(x: Array) -> Array:
        return y - x[0] - u / (v * x[1] + w * x[2])

    def jac(x: Array) -> Array:
        pull = u / (v * x[1] + w * x[2]) ** 2
        return np.column_stack([-np.ones(15), pull * v, pull * w])

    source, note = LV, "249/4900 to 24 digits"
    problem = sm.Minimax(bars(r, jac, 15, 3))
    return Case("Bard", problem, np.ones(3), 249 / 4900, source, "0.50816327e-1", convex=False, note=note)


ROOTS = (  # name, points, optimum, source, print, how they agree
    ("OET5", 21, 0.00263597349737, LV, "0.26359735e-2", "digits"),
    ("OET5-501", 501, 0.00265008663413, IPOPT, "0.0026500766742341727", "relaxed"),
    ("PRW6.3", 25, 0.00263663557734, LLS, "2.637E-03", "digits"),
    ("PRW6.4", 51, 0.00264951078640, LLS, "2.650E-03", "digits"),
    ("PRW6.5", 101, 0.00264951078640, LLS, "2.650E-03", "digits"),
)


def root(name: str, m: int, optimum: float, source: str, printed: str, agrees: str) -> Case:
    """r = x4 - (x1 t^2 + x2 t + x3)^2 - sqrt(t) on m equispaced points of [1/4, 1]."""
    t = np.linspace(0.25, 1, m)
    V = np.column_stack([t**2, t, np.ones(m)])

    def r(x: Array) -> Array:
        return x[3] - (V @ x[:3]) ** 2 - np.sqrt(t)

    def jac(x: Array) -> Array:
        return np.column_stack([-2 * (V @ x[:3])[:, None] * V, np.ones(m)])

    def hess(x: Array, v: Array) -> Array:
        return np.pad(-2 * (V.T * v) @ V, (0, 1))

    problem = sm.Minimax(bars(r, jac, m, 4, hess))
    note = IDENTIFIED if source is LLS else ""
    return Case(name, problem, np.ones(4), optimum, source, printed, convex=False, agrees=agrees, note=note)


def oet1() -> Case:
    """r = x1 t + x2 exp(t) - t^2 on 501 points of [0, 2]."""
    t = np.linspace(0, 2, 501)
    problem = sm.Minimax(sm.Affine(np.column_stack([t, np.exp(t)]), -(t**2), absolute=True))
    return Case("OET1-501", problem, np.zeros(2), 0.5382431192, IPOPT, "0.5382431096584037", agrees="relaxed")


def oet2() -> Case:
    """r = x1 exp(x2 t) - 1/(1 + t) on 501 points of [-1/2, 1/2]; the Jacobian at the start has rank 1."""
    t = np.linspace(-0.5, 0.5, 501)

    def r(x: Array) -> Array:
        return x[0] * np.exp(x[1] * t) - 1 / (1 + t)

    def jac(x: Array) -> Array:
        e = np.exp(x[1] * t)
        return np.column_stack([e, x[0] * t * e])

    note = "global: the error alternates in sign at 3 points, the difference of two such curves has one zero at most"
    problem, printed = sm.Minimax(bars(r, jac, 501, 2)), "0.08715962390059094"
    x0, optimum = np.zeros(2), 0.0871596338780
    return Case("OET2-501", problem, x0, optimum, IPOPT, printed, convex=False, agrees="relaxed", note=note)


SINES = (  # name, points, start, optimum, source, print, how they agree
    ("OET3-501", 501, 0.0, 0.00450505289236, IPOPT, "0.004505042931227994", "relaxed"),
    ("PRW6.7", 51, 1.0, 0.00450481206517, LLS, "4.505E-03", "digits"),
    ("PRW6.8", 101, 1.0, 0.00450481206517, LLS, "4.505E-03", "digits"),
)


def sine(name: str, m: int, start: float, optimum: float, source: str, printed: str, agrees: str) -> Case:
    """r = x1 + x2 t + x3 t^2 - sin t on m equispaced points of [0, 1]."""
    t = np.linspace(0, 1, m)
    problem = sm.Minimax(sm.Affine(np.vander(t, 3, increasing=True), -np.sin(t), absolute=True))
    note = IDENTIFIED if source is LLS else ""
    return Case(name, problem, np.full(3, start), optimum, source, printed, agrees=agrees, note=note)


def oet4() -> Case:
    """r = (x1 + x2 t)/(1 + x3 t) - exp(t) on 501 points of [0, 1]."""
    t = np.linspace(0, 1, 501)
    note = "best among all x with 1 + x3 t > 0 on [0, 1]: the error alternates in sign at 4 points"
    problem, printed = sm.Minimax(_rational(t, np.exp(t), 2, 1)), "0.004295420787716771"
    x0, optimum = np.zeros(3), 0.00429543069355
    return Case("OET4-501", problem, x0, optimum, IPOPT, printed, convex=False, agrees="relaxed", note=note)


def pbc1() -> Case:
    """r = (x1 + x2 t + x3 t^2)/(1 + x4 t + x5 t^2) - y, y = sqrt((8t - 1)^2 + 1) arctan(8t)/(8t), 30 points."""
    t = 2 * np.arange(30) / 29 - 1
    y = np.sqrt((8 * t - 1) ** 2 + 1) * np.arctan(8 * t) / (8 * t)
    note = "best among all x with a positive denominator: the error alternates in sign at 6 points"
    problem, x0 = sm.Minimax(_rational(t, y, 3, 2)), [0, -1, 10, 1, 10]
    return Case("PBC1", problem, x0, 0.0223404960477, LV, "0.22340496e-1", convex=False, note=note)


def _rational(t: Array, y: Array, above: int, below: int) -> sm.Smooth:
    """r = (x_1 + ... + x_a t^(a-1))/(1 + x_(a+1) t + ... + x_(a+b) t^b) - y."""
    powers = np.vander(t, max(above, below + 1), increasing=True)
    N, D = powers[:, :above], powers[:, 1 : below + 1]

    def r(x: Array) -> Array:
        return (N @ x[:above]) / (1 + D @ x[above:]) - y

    def jac(x: Array) -> Array:
        bottom = 1 + D @ x[above:]
        return np.hstack([N / bottom[:, None], -(N @ x[:above] / bottom**2)[:, None] * D])

    return bars(r, jac, t.size, above + below)


def oet7() -> Case:
    """r = x1 exp(x4 t) + x2 exp(x5 t) + x3 exp(x6 t) - 1/(1 + t) on 501 points of [-1/2, 1/2]."""
    t = np.linspace(-0.5, 0.5, 501)

    def r(x: Array) -> Array:
        return np.exp(np.outer(t, x[3:])) @ x[:3] - 1 / (1 + t)

    def jac(x: Array) -> Array:
        e = np.exp(np.outer(t, x[3:]))
        return np.hstack([e, t[:, None] * e * x[:3]])

    x0 = [0.7, 0.3, 0.005, -0.4, -2.4, -7]
    note = (
        "global: the error alternates in sign at 7 points, the difference of two such sums has 5 zeros at most; "
        "the start is ours, the source gives none"
    )
    problem, source = sm.Minimax(bars(r, jac, 501, 6)), CUTEST
    optimum, printed = 4.44557482781e-05, "4.446419e-05"
    return Case("OET7-501", problem, x0, optimum, source, printed, convex=False, agrees="better", note=note)


POLAK_TITS = (  # name, points, start, optimum, source, print, how they agree
    ("PT-501", 501, 0.0, 0.178394225430, IPOPT, "0.17839421576558134", "relaxed"),
    ("PRW6.12", 101, 5.0, 0.178384401114, LLS, "1.784E-01", "digits"),
)


def polak_tits(name: str, m: int, start: float, optimum: float, source: str, printed: str, agrees: str) -> Case:
    """f = (2 w^2 - 1) x + w (1 - w)(1 - x) on m equispaced points of [0, 1]: one variable, no bars."""
    w = np.linspace(0, 1, m)
    problem = sm.Minimax(sm.Affine((2 * w**2 - 1 - w * (1 - w))[:, None], w * (1 - w)))
    note = IDENTIFIED if source is LLS else ""
    return Case(name, problem, [start], optimum, source, printed, agrees=agrees, note=note)
