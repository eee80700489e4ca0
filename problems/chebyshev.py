"""Best uniform approximation on a grid: min over polynomials p of max_t |y(t) - p(t)|.

A grid that contains the extremal points of the problem on the whole interval has the optimum of the interval
(de la Vallee Poussin), and rounding those points costs only the square of the rounding. So a grid here is the
extremal points and 1000 equispaced others (2^k lives on integers alone). The basis is T_0 ... T_degree, moved
to the interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
from numpy.polynomial.chebyshev import chebvander
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

import smoothmax as sm
from problems.case import Case
from problems.tables import rows

TABLE = "best_uniform.csv"
REMEZ = "Remez exchange with 45 digits, twice and independently"


def fit(t: ArrayLike, y: ArrayLike, degree: int) -> sm.Minimax:
    """The problem min over p of max_i |p(t_i) - y_i|, p a polynomial in Chebyshev's basis."""
    t = np.asarray(t, dtype=float)
    V = chebvander((2 * t - t.max() - t.min()) / (t.max() - t.min()), degree)
    return sm.Minimax(sm.Affine(V, -np.asarray(y, dtype=float), absolute=True))


def grid(extremal: ArrayLike, others: int = 1000) -> NDArray[np.float64]:
    """The extremal points and equispaced others between the outermost two."""
    return np.union1d(extremal, np.linspace(np.min(extremal), np.max(extremal), others))


def pole_extremal(a: float, degree: int) -> NDArray[np.float64]:
    """Where the best approximation of 1/(a - x) errs most: x = cos(s), degree*s + delta(s) = k*pi.

    The error is E*cos(degree*s + delta) with cos(delta) = (a*x - 1)/(a - x) (Chebyshev, Bernstein).
    """

    def phase(s: float) -> float:
        x = np.cos(s)
        return float(degree * s + np.arccos(np.clip((a * x - 1) / (a - x), -1, 1)))

    inner = [brentq(lambda s, k=k: phase(s) - k * np.pi, 0, np.pi) for k in range(1, degree + 1)]
    return np.concatenate([[-1.0], np.cos(inner[::-1]), [1.0]])


def cases() -> Iterator[Case]:
    """Monic polynomials, |x|, the square root, exp, poles, Runge's function, residual polynomials, 2^k."""
    for n in (2, 3, 4, 6, 8, 12):
        yield _monic(n)
    yield from _absolute_value()
    reason = "p = x + 1/8 errs by 1/8 at 0, 1/4 and 1"
    yield _case("sqrt-deg1", np.sqrt, 1, (0, 0.25, 1), 0.125, reason, exact=Fraction(1, 8))
    yield from _exponential()
    for a in (Fraction(5, 4), Fraction(5, 3)):
        for degree in (1, 3, 6):
            yield _pole(a, degree)
    for degree in (2, 8):
        yield _runge(degree)
    for n in (1, 2, 3, 8):
        yield _residual_polynomial(n)
    for n in (2, 4, 6, 9):
        yield _powers_of_two(n)


def _case(
    name: str,
    y: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    degree: int,
    extremal: ArrayLike,
    optimum: float,
    source: str,
    printed: str | None = None,
    exact: Fraction | None = None,
) -> Case:
    t = grid(extremal)
    return Case(name, fit(t, y(t), degree), np.zeros(degree + 1), optimum, source, printed, exact)


def _monic(n: int) -> Case:
    """x^n by degree n - 1: the error is 2^(1-n) T_n, extremal at cos(k pi/n)."""
    value = Fraction(2, 2**n)
    extremal = np.cos(np.pi * np.arange(n + 1) / n)
    source = "P. L. Chebyshev: 2^(1-n) T_n is the monic polynomial of least deviation"
    return _case(f"monic-{n}", lambda x: x**n, n - 1, extremal, float(value), source, exact=value)


def _absolute_value() -> Iterator[Case]:
    """|x| on [-1, 1]; 2n E_2n tends to Bernstein's constant 0.28016949902 (Varga and Carpenter 1987)."""
    half, eighth = Fraction(1, 2), Fraction(1, 8)
    yield _case("abs-deg0", abs, 0, (-1, 0, 1), 0.5, "midrange", exact=half)
    yield _case("abs-deg1", abs, 1, (-1, 0, 1), 0.5, "|x| is even", exact=half)
    reason = "p = x^2 + 1/8 errs by 1/8 at 0, +-1/2 and +-1"
    yield _case("abs-deg2", abs, 2, (-1, -0.5, 0, 0.5, 1), 0.125, reason, exact=eighth)
    yield from _tabulated("abs", abs)


def _exponential() -> Iterator[Case]:
    """exp on [-1, 1]; the line of degree 1 has the slope sinh 1, by equal errors at the ends."""
    s = np.sinh(1)
    yield _case("exp-deg0", np.exp, 0, (-1, 1), float(s), "sinh 1, the midrange")
    line = float((np.exp(-1) + s * np.log(s)) / 2)
    yield _case("exp-deg1", np.exp, 1, (-1, np.log(s), 1), line, "(1/e + sinh 1 ln sinh 1)/2")
    yield from _tabulated("exp", np.exp)


def _tabulated(name: str, y: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Iterator[Case]:
    """The degrees of `TABLE`; of an even error function it holds the extremal points x >= 0."""
    for row in rows(TABLE):
        if row["function"] == name:
            degree, printed = int(row["degree"]), row["error"]
            extremal = np.array(row["extremal_points"].split(), dtype=float)
            both = np.union1d(extremal, -extremal) if extremal[0] == 0 else extremal
            yield _case(f"{name}-deg{degree}", y, degree, both, float(printed), REMEZ, printed)


def _pole(a: Fraction, degree: int) -> Case:
    """1/(a - x) on [-1, 1]: (a - sqrt(a^2 - 1))^degree/(a^2 - 1), rational for a = 5/4 and 5/3."""
    root = {Fraction(5, 4): Fraction(3, 4), Fraction(5, 3): Fraction(4, 3)}[a]
    value = (a - root) ** degree / root**2
    source = "P. L. Chebyshev, S. N. Bernstein: (a - sqrt(a^2 - 1))^n/(a^2 - 1)"
    extremal = pole_extremal(float(a), degree)
    name = f"pole-{a.numerator}over{a.denominator}-deg{degree}"
    return _case(name, lambda x: 1 / (float(a) - x), degree, extremal, float(value), source, exact=value)


def _runge(degree: int) -> Case:
    """1/(1 + 25 x^2) = (2/25)/(s + 27/25) with s = 2 x^2 - 1: a pole again, of half the degree."""
    a, half = 27 / 25, degree // 2
    right = np.sqrt((1 - pole_extremal(a, half)) / 2)
    value = 50 / 104 / float(a + np.sqrt(104) / 25) ** half  # A - sqrt(A^2 - 1) = 1/(A + sqrt(A^2 - 1))
    source = "C. Runge's function; (2/25)(A - sqrt(A^2 - 1))^n/(A^2 - 1), A = 27/25, degree 2n"
    extremal = np.union1d(right, -right)
    return _case(f"runge-deg{degree}", lambda x: 1 / (1 + 25 * x**2), degree, extremal, value, source)


def _residual_polynomial(n: int) -> Case:
    """min over c of max on [1, 9] of |1 + x (c_1 + ... + c_n T_(n-1))| = 1/T_n(5/4) = 2/(2^n + 2^-n)."""
    s = np.union1d(np.cos(np.pi * np.arange(n + 1) / n), np.linspace(-1, 1, 1000))
    x = 5 + 4 * s
    basis = (x / 9)[:, None] * chebvander(s, n - 1)
    value = Fraction(2) / (2**n + Fraction(1, 2**n))
    problem = sm.Minimax(sm.Affine(basis, np.ones(len(x)), absolute=True))
    source = "1/T_n(5/4), the bound behind the Chebyshev iteration"
    return Case(f"residual-poly-{n}", problem, np.zeros(n), float(value), source, exact=value)


def _powers_of_two(n: int) -> Case:
    """2^k at k = 0..n by degree n - 1: every point is extremal and the n-th difference is 1, so 2^-n."""
    k = np.arange(n + 1.0)
    value = Fraction(1, 2**n)
    source = "C. de la Vallee Poussin: the n-th difference over 2^n"
    return Case(f"diff-pow2-{n}", fit(k, 2**k, n - 1), np.zeros(n), float(value), source, exact=value)
