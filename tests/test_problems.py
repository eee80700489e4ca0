"""The catalogue: every case is consistent, and its optimum is reached again by another route."""

import math
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

import problems
import smoothmax as sm
from problems import enclosing_ball, games, linf_regression

ROOT = Path(problems.__file__).parents[1]
CASES = problems.cases()
LISTED = [c for c in CASES if isinstance(c.problem.domain, (sm.Free, sm.Simplex))]  # the others are tested by family
AFFINE = [c for c in LISTED if isinstance(c.problem.components, sm.Affine)]
QUADRATIC = [c for c in CASES if isinstance(c.problem.components, sm.Quadratic) and not c.problem.components.P.ndim]
# The points that hold the ball, by row: EPM, MTH, 0Q5; Skhidni Kvartaly, Queluz, Oulu.
SUPPORT = {"us-airports": (1293, 2124, 75), "european-cities": (708, 698, 267)}


def each(cases):
    return pytest.mark.parametrize("case", cases, ids=[c.name for c in cases])


def rational_solve(A, b):
    """The solution of a square system in rational arithmetic (Gauss-Jordan)."""
    M = [[*map(Fraction, row), Fraction(right)] for row, right in zip(A, b, strict=True)]
    n = len(M)
    for c in range(n):
        pivot = next(r for r in range(c, n) if M[r][c])
        M[c], M[pivot] = M[pivot], M[c]
        M[c] = [v / M[c][c] for v in M[c]]
        for r in range(n):
            if r != c and M[r][c]:
                M[r] = [v - M[r][c] * w for v, w in zip(M[r], M[c], strict=True)]
    return [row[-1] for row in M]


def dot(a, b):
    return sum(v * w for v, w in zip(a, b, strict=True))


def epigraph(case, scale=1.0):
    """(optimum, x, weights) of min t with A x + b <= t as a linear program, f divided by the scale."""
    parts = case.problem.components
    game = isinstance(case.problem.domain, sm.Simplex)
    assert game or isinstance(case.problem.domain, sm.Free)
    columns = np.full(parts.d, scale) if game else np.abs(parts.A).max(axis=0)
    A, b = parts.A / columns, parts.b / scale
    if parts.absolute:
        A, b = np.vstack([A, -A]), np.concatenate([b, -b])
    found = linprog(
        c=np.eye(parts.d + 1)[-1],
        A_ub=np.column_stack([A, -np.ones(len(A))]),
        b_ub=-b,
        A_eq=np.append(np.ones(parts.d), 0.0)[None] if game else None,
        b_eq=[1.0] if game else None,
        bounds=[(0 if game else None, None)] * parts.d + [(None, None)],
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    assert found.success, found.message
    return found.fun * scale, found.x[:-1] * scale / columns, -found.ineqlin.marginals


def rational_ball(points, support):
    """(squared radius, weights) of the ball the support holds, proven for all points in rationals."""
    p = [[Fraction(v) for v in point] for point in points.tolist()]
    held = [p[i] for i in support]
    # The centre sum(w_i p_i), sum(w) = 1, is equally far from all of them: 2 <p_i, centre> - t = |p_i|^2.
    rows = [[*(2 * dot(a, b) for b in held), -1] for a in held] + [[1] * len(held) + [0]]
    *weights, _ = rational_solve(rows, [*(dot(a, a) for a in held), 1])
    centre = [dot(weights, column) for column in zip(*held, strict=True)]
    far = [sum((v - c) ** 2 for v, c in zip(a, centre, strict=True)) for a in p]
    assert min(weights) >= 0
    assert all(far[i] == max(far) for i in support)
    return max(far), weights


def test_the_catalogue_has_its_families():
    assert {c.family for c in CASES} == {
        "linf_regression",
        "chebyshev",
        "games",
        "enclosing_ball",
        "classics_convex",
        "classics",
        "traffic",
        "chebyshev_centre",
        "fairness",
        "filters",
        "portfolio",
        "spectral",
    }
    assert problems.cases("games") == tuple(c for c in CASES if c.family == "games")
    assert problems.get("kuhn-poker") in CASES


def test_unknown_names_are_answered_with_known_ones():
    with pytest.raises(ValueError, match=r"'kuhn'.*kuhn-poker"):
        problems.get("kuhn")
    with pytest.raises(ValueError, match=r"'@'.*stackloss.*hilbert-10"):
        problems.get("@")
    with pytest.raises(ValueError, match=r"'game'.*chebyshev.*games"):
        problems.cases("game")


def test_importing_reads_no_data():
    script = """if True:
        import sys
        opened = []
        sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
        import problems
        assert not any("stackloss.csv" in name for name in opened)
        problems.get("stackloss")
        assert any("stackloss.csv" in name for name in opened)
    """
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, cwd=ROOT)


def test_a_case_is_frozen_and_its_optimum_is_its_fraction():
    case = problems.get("diag-4")
    with pytest.raises(FrozenInstanceError):
        case.optimum = 0.0
    with pytest.raises(ValueError, match="read-only"):
        case.x0[0] = 1.0
    with pytest.raises(ValueError, match="12/25"):
        replace(case, optimum=0.5)


@each(CASES)
def test_sizes_start_and_source(case):
    x0, parts = case.x0, case.problem.components
    assert x0.shape == (parts.d,)
    assert np.isfinite(x0).all()
    assert case.problem.domain.contains(x0)
    assert parts.value(x0).shape == (parts.n,)
    assert np.isfinite(case.problem.value(x0))
    assert case.problem.value(x0) == parts.value(x0).max()
    assert parts.convex == case.convex
    assert case.source


@each([c for c in CASES if c.printed])
def test_the_print_compares_with_the_optimum_as_it_says(case):
    printed, optimum = Fraction(case.printed), Fraction(repr(case.optimum))
    last = 0 if "/" in case.printed else Fraction(10) ** Decimal(case.printed).as_tuple().exponent
    if case.agrees == "digits":
        assert float(printed) == case.optimum or abs(printed - optimum) <= last
    elif case.agrees == "better":
        assert optimum < printed - last / 2
    elif case.agrees == "relaxed":
        assert 0.9e-8 < optimum - printed < 1.1e-8
    else:
        assert last < optimum - printed < 1e-6 * abs(optimum)


@each([c for c in LISTED if not c.at_most])
def test_no_feasible_point_lies_below_the_optimum(case):
    rng = np.random.default_rng(0)
    for radius in (1e-3, 0.1, 1.0, 10.0):
        if isinstance(case.problem.domain, sm.Simplex):
            x = rng.dirichlet(np.full(case.x0.size, radius))
        else:
            x = case.x0 + radius * rng.standard_normal(case.x0.size)
        assert case.problem.value(x) >= case.optimum - 1e-15 * max(1.0, abs(case.optimum))


@each(AFFINE)
def test_linear_programming_finds_the_same_optimum(case):
    scale = abs(case.optimum) if case.optimum and case.family != "games" else 1.0
    value, x, _ = epigraph(case, scale)
    assert value == pytest.approx(case.optimum, abs=1e-8 * scale)
    assert case.problem.value(x) == pytest.approx(case.optimum, abs=1e-7 * scale)


@each(problems.cases("games"))
def test_a_pair_of_rational_strategies_proves_the_value_of_a_game(case):
    M = [[Fraction(v).limit_denominator(6) for v in row] for row in case.problem.components.A.tolist()]
    assert np.array_equal(np.array(M, dtype=float), case.problem.components.A)
    _, y, x = epigraph(case)
    y, x = ([Fraction(v).limit_denominator(1000) for v in strategy] for strategy in (y, x))
    assert sum(y) == sum(x) == 1
    assert min(*y, *x) >= 0
    assert max(dot(row, y) for row in M) == case.exact
    assert min(dot(column, x) for column in zip(*M, strict=True)) == case.exact


@pytest.mark.parametrize("name", ["stackloss", "longley", "diabetes"])
def test_the_active_rows_prove_a_regression_in_rational_arithmetic(name):
    known = linf_regression.reference()[name]
    A, y = linf_regression.data(name)
    rows, coefficients = known["active_rows"], [float(v) for v in known["coefficients"]]
    sign = [int(s) for s in np.sign(y - A @ coefficients)[rows]]
    A = [[Fraction(repr(v)) for v in row] for row in A.tolist()]  # the decimals of the file
    y = [Fraction(repr(v)) for v in y.tolist()]
    active = [A[i] for i in rows]
    *x, E = rational_solve([[*a, s] for a, s in zip(active, sign, strict=True)], [y[i] for i in rows])
    signed = [[s * v for v in a] for a, s in zip(active, sign, strict=True)]
    p = rational_solve([*zip(*signed, strict=True), [1] * len(rows)], [0] * len(x) + [1])
    assert min(p) >= 0
    assert sum(w * s * y[i] for w, s, i in zip(p, sign, rows, strict=True)) == E  # a lower bound, as p'A = 0
    assert max(abs(right - dot(a, x)) for a, right in zip(A, y, strict=True)) == E
    assert float(E) == problems.get(name).optimum
    assert problems.get(name).exact in (None, E)
    np.testing.assert_allclose([float(w) for w in p], [float(known["dual_weights"][str(i)]) for i in rows])


@pytest.mark.parametrize("name", SUPPORT)
def test_three_places_hold_the_ball_around_all_of_them(name):
    points = {"us-airports": enclosing_ball.airports, "european-cities": enclosing_ball.cities}[name]()
    squared_radius, _ = rational_ball(points, SUPPORT[name])
    assert float(squared_radius) == pytest.approx(problems.get(name).optimum, rel=2e-15)


@each(QUADRATIC)
def test_weights_prove_the_optimum_of_a_quadratic(case):
    """For f_i = a|x|^2/2 + q_i.x + r_i the least p.f is p.r - |q'p|^2/(2a), at -q'p/a."""
    parts = case.problem.components
    p = np.full(parts.n, 1 / parts.n)
    if case.name == "ball-345":
        p = np.array([0, 0.5, 0.5])
    if case.name in SUPPORT:
        _, held = rational_ball(parts.q / -2, SUPPORT[case.name])
        p = np.zeros(parts.n)
        p[list(SUPPORT[case.name])] = [float(w) for w in held]
    lower = p @ parts.r - np.sum((p @ parts.q) ** 2) / (2 * float(parts.P))
    upper = case.problem.value(-(p @ parts.q) / float(parts.P))
    assert lower == pytest.approx(case.optimum, abs=1e-14 * max(1.0, abs(case.optimum)))
    assert upper == pytest.approx(case.optimum, abs=1e-14 * max(1.0, abs(case.optimum)))


def test_errors_of_the_absolute_value_tend_to_bernsteins_constant():
    """2n E_2n(|x|) -> 0.280169499023869..., by polynomial extrapolation in 1/n^2 (Varga and Carpenter 1987)."""
    table = {int(c.name[7:]): c.printed or c.optimum for c in CASES if c.name.startswith("abs-deg")}
    found = {Fraction(4, k**2): k * Fraction(value) for k, value in table.items() if k > 1}
    weights = {h: math.prod(g / (g - h) for g in found if g != h) for h in found}
    assert len(found) == 9
    assert float(sum(weights[h] * found[h] for h in found)) == pytest.approx(0.28016949902386913, abs=1e-12)


@pytest.mark.parametrize("make", [linf_regression.gaussian, games.random_game])
def test_synthetic_cases_repeat_with_their_seed(make):
    one, same, other = make(30, 4, 1), make(30, 4, 1), make(30, 4, 2)
    assert one.optimum is None
    assert "synthetic" in one.source
    assert one.problem.domain.contains(one.x0)
    assert np.array_equal(one.problem.components.A, same.problem.components.A)
    assert not np.array_equal(one.problem.components.A, other.problem.components.A)


def test_places_are_centred_points_of_the_unit_sphere():
    points = enclosing_ball.sphere([90, 0, 0], [17, 0, 90])
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-16)
    np.testing.assert_allclose(np.sum((points[0] - points[1:]) ** 2, axis=1), 2)


def test_a_case_is_an_attribute_too():
    """For `smoothmax solve problems:NAME`."""
    assert getattr(problems, "kuhn-poker") is problems.get("kuhn-poker")
    with pytest.raises(AttributeError, match="no-such-case"):
        getattr(problems, "no-such-case")
