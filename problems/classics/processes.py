"""Two chemical processes of R. S. Dembo, minimize q subject to g <= 1, with exact penalties: badly scaled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import smoothmax as sm
from problems.case import Case
from problems.classics.forms import LV, Array, penalty


def cases() -> Iterator[Case]:
    """Alkylation and membrane separation."""
    yield dembo3()
    yield dembo7()


def _filled(row: dict[int, Array], d: int) -> Array:
    """A gradient from its entries, numbered from 1."""
    full = np.zeros(d)
    full[np.array(list(row)) - 1] = list(row.values())
    return full


def dembo3() -> Case:
    """Alkylation, penalty factor 100000."""

    def value(x: Array) -> tuple[Array, Array]:
        x1, x2, x3, x4, x5, x6, x7 = x
        q = 1.715 * x1 + 0.035 * x1 * x6 + 4.0565 * x3 + 10 * x2 + 3000 - 0.063 * x3 * x5
        g = [
            0.0059553571 * x6**2 + 0.88392857 * x3 / x1 - 0.1175625 * x6,
            (1.1088 + 0.1303533 * x6 - 0.0066033 * x6**2) * x1 / x3,
            0.00066173269 * x6**2 + 0.017239878 * x5 - 0.0056595559 * x4 - 0.019120592 * x6,
            (56.85075 + 1.08702 * x6 + 0.32175 * x4 - 0.03762 * x6**2) / x5,
            0.006198 * x7 + (2462.3121 / x4 - 25.125634) * x2 / x3,
            (161.18996 + (5000 - 489510 / x4) * x2 / x3) / x7,
            (44.333333 + 0.33 * x7) / x5,
            (0.819672 * x1 + 0.819672) / x3,
            (24500 / x4 - 250) * x2 / x3,
            (0.010204082 + 0.000012244898 * x3 / x2) * x4,
            0.0000625 * x1 * x6 + 0.0000625 * x1 - 0.00007625 * x3,
            (1.22 * x3 + 1) / x1 - x6,
        ]
        return q, np.array(g) - 1

    def jac(x: Array) -> tuple[Array, Array]:
        x1, x2, x3, x4, x5, x6, x7 = x
        c2 = 1.1088 + 0.1303533 * x6 - 0.0066033 * x6**2
        c4 = 56.85075 + 1.08702 * x6 + 0.32175 * x4 - 0.03762 * x6**2
        c5, c6, c9 = 2462.3121 / x4 - 25.125634, 5000 - 489510 / x4, 24500 / x4 - 250
        y = x2 / x3
        q = {1: 1.715 + 0.035 * x6, 2: 10, 3: 4.0565 - 0.063 * x5, 5: -0.063 * x3, 6: 0.035 * x1}
        g = [
            {1: -0.88392857 * x3 / x1**2, 3: 0.88392857 / x1, 6: 0.0119107142 * x6 - 0.1175625},
            {1: c2 / x3, 3: -c2 * x1 / x3**2, 6: (0.1303533 - 0.0132066 * x6) * x1 / x3},
            {4: -0.0056595559, 5: 0.017239878, 6: 0.00132346538 * x6 - 0.019120592},
            {4: 0.32175 / x5, 5: -c4 / x5**2, 6: (1.08702 - 0.07524 * x6) / x5},
            {2: c5 / x3, 3: -c5 * y / x3, 4: -2462.3121 * y / x4**2, 7: 0.006198},
            {2: c6 / x3 / x7, 3: -c6 * y / x3 / x7, 4: 489510 * y / x4**2 / x7, 7: -(161.18996 + c6 * y) / x7**2},
            {5: -(44.333333 + 0.33 * x7) / x5**2, 7: 0.33 / x5},
            {1: 0.819672 / x3, 3: -0.819672 * (x1 + 1) / x3**2},
            {2: c9 / x3, 3: -c9 * y / x3, 4: -24500 * y / x4**2},
            {2: -0.000012244898 * x4 / y / x2, 3: 0.000012244898 * x4 / x2, 4: 0.010204082 + 0.000012244898 / y},
            {1: 0.0000625 * (x6 + 1), 3: -0.00007625, 6: 0.0000625 * x1},
            {1: -(1.22 * x3 + 1) / x1**2, 3: 1.22 / x1, 6: -1},
        ]
        return _filled(q, 7), np.array([_filled(row, 7) for row in g])

    domain = sm.Polyhedron(
        A_ub=[[0, 0, 0, 0, 0.022556, 0, -0.007595], [-0.0005, 0, 0.00061, 0, 0, 0, 0]],
        b_ub=[1, 1],
        bounds=([1, 1, 1, 85, 90, 3, 145], [2000, 120, 5000, 93, 95, 12, 162]),
    )
    problem = sm.Minimax(sm.Smooth(*penalty(100000, value, jac), n=13, d=7), domain)
    x0 = [1745, 110, 3048, 89, 92, 8, 145]
    return Case("Dembo3", problem, x0, 1227.22607572, LV, "1227.2260", convex=False)


def dembo7() -> Case:
    """Membrane separation, penalty factor 1000: variables span six decades."""

    def value(x: Array) -> tuple[Array, Array]:
        x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15, x16 = x
        q = 1.262626 * x[11:].sum() - 1.23106 * x[:5] @ x[11:]
        g = [
            *(x[:5] * ((0.03475 - 0.00975 * x[:5]) / x[5:10] + 0.975)),
            (x6 + (x1 - x6) * x12 / x11) / x7,
            (x7 + 0.002 * (x7 - x1) * x12 + 0.002 * x13 * x2) / x8 - 0.002 * x13,
            x8 + x9 + 0.002 * x13 * (x8 - x2) + 0.002 * x14 * (x3 - x9),
            (x9 + ((x4 - x8) * x15 + 500 * (x10 - x9)) / x14) / x3,
            x10 / x4 + (x5 / x4 - 1) * x16 / x15 + 500 * (1 - x10 / x4) / x15,
            0.9 / x4 + 0.002 * x16 * (1 - x5 / x4),
            *(x[ABOVE - 1] / x[BELOW - 1]),
        ]
        return q, np.array(g) - 1

    def jac(x: Array) -> tuple[Array, Array]:
        x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15, x16 = x
        top7 = x7 + 0.002 * (x7 - x1) * x12 + 0.002 * x13 * x2
        flow9 = (x4 - x8) * x15 + 500 * (x10 - x9)
        flow10 = (x5 / x4 - 1) * x16 + 500 * (1 - x10 / x4)
        g6 = {1: x12 / x11, 6: 1 - x12 / x11, 7: -(x6 + (x1 - x6) * x12 / x11) / x7}
        g6 |= {11: -(x1 - x6) * x12 / x11**2, 12: (x1 - x6) / x11}
        g7 = {1: -0.002 * x12, 2: 0.002 * x13, 7: 1 + 0.002 * x12, 8: -top7 / x8}
        g7 |= {12: 0.002 * (x7 - x1), 13: 0.002 * (x2 - x8)}
        g8 = {2: -0.002 * x13, 3: 0.002 * x14, 8: 1 + 0.002 * x13, 9: 1 - 0.002 * x14}
        g8 |= {13: 0.002 * (x8 - x2), 14: 0.002 * (x3 - x9)}
        g9 = {3: -(x9 + flow9 / x14) / x3, 4: x15 / x14, 8: -x15 / x14, 9: 1 - 500 / x14, 10: 500 / x14}
        g9 |= {14: -flow9 / x14**2, 15: (x4 - x8) / x14}
        g10 = {4: (500 * x10 - x5 * x16) / x15 / x4 - x10 / x4, 5: x16 / x15, 10: 1 - 500 / x15}
        g10 |= {15: -flow10 * x4 / x15**2, 16: (x5 - x4) / x15}
        g11 = {4: (0.002 * x16 * x5 - 0.9) / x4, 5: -0.002 * x16, 16: 0.002 * (x4 - x5)}
        stages = [
            {i + 1: (0.03475 - 0.0195 * a) / b + 0.975, i + 6: -a * (0.03475 - 0.00975 * a) / b**2}
            for i, (a, b) in enumerate(zip(x[:5], x[5:10], strict=True))
        ]
        over = ((g6, x7), (g7, x8), (g8, 1.0), (g9, x3), (g10, x4), (g11, x4))
        middle = [{j: v / c for j, v in g.items()} for g, c in over]
        ratios = [{i: 1 / x[j - 1], j: -x[i - 1] / x[j - 1] ** 2} for i, j in zip(ABOVE, BELOW, strict=True)]
        q = np.concatenate([-1.23106 * x[11:], np.zeros(6), 1.262626 - 1.23106 * x[:5]])
        return q, np.array([_filled(row, 16) for row in (*stages, *middle, *ratios)])

    lb = [0.1] * 4 + [0.9, 0.0001] + [0.1] * 4 + [1, 1e-6, 1, 500, 500, 1e-6]
    ub = [0.9] * 4 + [1, 0.1] + [0.9] * 4 + [10000, 5000, 5000, 10000, 10000, 5000]
    domain = sm.Polyhedron(A_ub=[[0] * 10 + [0.002, -0.002] + [0] * 4], b_ub=[1], bounds=(lb, ub))
    problem = sm.Minimax(sm.Smooth(*penalty(1000, value, jac), n=19, d=16), domain)
    x0 = [0.8, 0.83, 0.85, 0.87, 0.9, 0.1, 0.12, 0.19, 0.25, 0.29, 512, 13.1, 71.8, 640, 650, 5.7]
    return Case("Dembo7", problem, x0, 174.786994409, LV, "174.78699", convex=False)


ABOVE = np.array([12, 4, 3, 2, 1, 9, 8])  # g_12 ... g_18 are the ratios x_above/x_below
BELOW = np.array([11, 5, 4, 3, 2, 10, 9])
