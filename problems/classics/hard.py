"""Uniform fits that rounding or scaling makes hard."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import gammaln

import smoothmax as sm
from problems.case import Case
from problems.classics.forms import LV, Array, Map, bars


def cases() -> Iterator[Case]:
    """A narrow valley, a singular basis, moduli of complex numbers."""
    yield gamma()
    yield watson()
    yield transformer()


T = np.concatenate(
    [
        [1, 1.01, 1.02, 1.03, 1.05, 1.075, 1.1, 1.125, 1.15, 1.2, 1.25, 1.3, 1.35, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2],
        [2.1, 2.2, 2.3, 2.5, 2.75, 3, 3.25, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5, 9, 10, 11, 12, 13, 15, 17.5],
        [20, 22.5, 25, 30, 35, 40, 50, 60, 70, 80, 100, 150, 200, 300, 500, 100000],
    ]
)


def gamma() -> Case:
    """r = x1 |t + delta|^(t + 1/2) exp(-t)/Gamma(t + 1) - 1, delta = x2 + 1/(x3 t + x4).

    Computed as x1 exp((t + 1/2) ln|1 + delta/t| - ln(2 pi)/2 - S(t)) - 1: the terms of the formula as it is written
    reach 1e6 and cancel, and would lose a ten-thousandth of the optimum at t = 100000.
    """
    fixed = np.log(2 * np.pi) / 2 + stirling(T)

    def growth(x: Array) -> tuple[Array, Array]:
        far = x[2] * T + x[3]
        z = (x[1] + 1 / far) / T
        log = np.where(z > -1, np.log1p(np.where(z > -1, z, 0)), np.log(np.abs(1 + z)))
        return np.exp((T + 0.5) * log - fixed), far

    def r(x: Array) -> Array:
        return x[0] * growth(x)[0] - 1

    def jac(x: Array) -> Array:
        e, far = growth(x)
        by_delta = x[0] * e * (T + 0.5) / (T + x[1] + 1 / far)
        return np.column_stack([e, by_delta, -by_delta * T / far**2, -by_delta / far**2])

    def hess(x: Array, v: Array) -> Array:
        """With u = (1, -t/q^2, -1/q^2), the gradient of delta, and a = (t + 1/2)/(t + delta): e' = e a u."""
        e, far = growth(x)
        base = T + x[1] + 1 / far
        a, u = (T + 0.5) / base, np.column_stack([np.ones(T.size), -T / far**2, -1 / far**2])
        H = np.zeros((4, 4))
        H[0, 1:] = H[1:, 0] = (v * e * a) @ u
        H[1:, 1:] = x[0] * (u.T * (v * e * (a * a - a / base))) @ u
        q = np.column_stack([T, np.ones(T.size)])
        H[2:, 2:] += x[0] * (q.T * (v * e * a * 2 / far**3)) @ q
        return H

    problem, printed = sm.Minimax(bars(r, jac, T.size, 4, hess=hess)), "0.12041887e-6"
    x0, optimum = [1, 1, 10, 1], 1.19870246328e-07
    return Case("GAMMA", problem, x0, optimum, LV, printed, convex=False, agrees="better")


def stirling(t: Array) -> Array:
    """S(t) = ln Gamma(t + 1) - (t + 1/2) ln t + t - ln(2 pi)/2 = 1/(12 t) - 1/(360 t^3) + ..., the rest of
    Stirling's formula; by its series from t = 10 on."""
    coefficients = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
    series = sum(c / t ** (2 * k + 1) for k, c in enumerate(coefficients))
    direct = gammaln(t + 1) - (t + 0.5) * np.log(t) + t - np.log(2 * np.pi) / 2
    return np.where(t < 10, direct, series)


def watson_residuals(d: int) -> tuple[Map, Map]:
    """r_i = sum (j - 1) x_j t^(j-2) - (sum x_j t^(j-1))^2 - 1 at t = i/29, i = 1..29, then x1 and x2 - x1^2 - 1."""
    t = np.arange(1, 30) / 29
    V = np.vander(t, d, increasing=True)
    slope = np.arange(d) * V / t[:, None]

    def r(x: Array) -> Array:
        return np.concatenate([slope @ x - (V @ x) ** 2 - 1, [x[0], x[1] - x[0] ** 2 - 1]])

    def jac(x: Array) -> Array:
        ends = np.eye(2, d)
        ends[1, 0] = -2 * x[0]
        return np.vstack([slope - 2 * (V @ x)[:, None] * V, ends])

    return r, jac


def watson() -> Case:
    """Watson's differential equation y' = y^2 + 1, y(0) = 0, by a polynomial of twenty monomials."""
    problem = sm.Minimax(bars(*watson_residuals(20), 31, 20))
    note = "numerically singular: values below the print are reached far from each other, and the least is not known"
    return Case(
        "Watson",
        problem,
        np.zeros(20),
        3.2e-10,
        LV,
        "0.14743027e-7",
        convex=False,
        agrees="better",
        at_most=True,
        note=note,
    )


def transformer() -> Case:
    """|V - I|/|V + I| at 11 frequencies, (V, I) = T(L1, Z1) T(L2, Z2) T(L3, Z3) (10, 1), x = (L1, Z1, ..., Z3).

    T(L, Z) = [cos a, j Z sin a; (j/Z) sin a, cos a] with a = theta L: three line sections between resistances 1 and
    10 (J. W. Bandler).
    """
    theta = np.pi / 2 * np.array([0.5, 0.6, 0.7, 0.77, 0.9, 1, 1.1, 1.23, 1.3, 1.4, 1.5])

    def section(L: float, Z: float) -> Array:
        c, s = np.cos(theta * L), 1j * np.sin(theta * L)
        return np.array([[c, Z * s], [s / Z, c]])

    def slopes(L: float, Z: float) -> list[Array]:
        c, s, zero = 1j * np.cos(theta * L), np.sin(theta * L), np.zeros(11)
        return [
            theta * np.array([[-s, Z * c], [c / Z, -s]]),
            np.array([[zero, 1j * s], [-1j * s / Z**2, zero]]),
        ]

    def cascade(matrices: list[Array]) -> Array:
        state = np.array([np.full(11, 10.0), np.ones(11)])
        for M in reversed(matrices):
            state = np.einsum("ijt,jt->it", M, state)
        return state

    def fun(x: Array) -> Array:
        V, current = cascade([section(L, Z) for L, Z in x.reshape(3, 2)])
        return np.abs(V - current) / np.abs(V + current)

    def jac(x: Array) -> Array:
        sections = [section(L, Z) for L, Z in x.reshape(3, 2)]
        V, current = cascade(sections)
        reflection = (V - current) / (V + current)
        columns = []
        for k, (L, Z) in enumerate(x.reshape(3, 2)):
            for M in slopes(L, Z):
                dV, dI = cascade([*sections[:k], M, *sections[k + 1 :]])
                change = 2 * (current * dV - V * dI) / (V + current) ** 2
                columns.append(np.real(np.conj(reflection) * change) / np.abs(reflection))
        return np.column_stack(columns)

    problem = sm.Minimax(sm.Smooth(fun, jac, n=11, d=6))
    note = "9/sqrt(2081) on the whole band: a Chebyshev transformer; the frequencies miss its inner extrema"
    x0 = [0.8, 1.5, 1.2, 3, 0.8, 6]
    return Case("Transformer", problem, x0, 0.197290626923, LV, "0.19729063", convex=False, note=note)
