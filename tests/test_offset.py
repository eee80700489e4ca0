"""Points of a polyhedron that are proven to be near: upper bounds against exact optima, and the limits of each way."""

import math
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

import smoothmax as sm
from smoothmax.components import Block, Components
from smoothmax.domains import Linear, Polyhedron, equations, offset
from smoothmax.domains import implied as implied_module
from smoothmax.domains.equations import Equations
from smoothmax.domains.implied import implied, whole
from smoothmax.domains.offset import Offset
from smoothmax.inner import RESIDUAL
from tests.effort import law

EPS = float(np.finfo(float).eps)
INF = math.inf


def upper(domain, c, x):
    return sm.certify(sm.Minimax(sm.Affine([c]), domain), x).upper


# ----------------------------------------------------------------------------- what only seems to follow from others


@pytest.mark.parametrize("w", [2.0**-36, 2.0**-41, 2.0**-46])
def test_a_row_that_nearly_follows_from_others_is_no_copy_of_them(w):
    """y ≤ 1 + w x and y ≥ 1 (or y = 1) leave x ≥ 0; rows of one size are not told apart by their numbers."""
    box, c = ([-1, -9], [1, 9]), [1.0, 0.0]
    x = [-EPS / (16 * w) if w < 1e-12 else -1e-6, 1.0]
    for wedge in (
        Polyhedron([[-w, 1], [0, -1]], [1, -1], bounds=box),
        Polyhedron([[-w, 1]], [1], [[0, 1]], [1], bounds=box),
        Polyhedron([[-1, 1 / w], [0, -1]], [1 / w, -1], bounds=box),
    ):
        assert upper(wedge, c, x) >= 0
        r = sm.solve(sm.Minimax(sm.Affine([c]), wedge), max_passes=200)
        assert r.lower_bound <= 0 <= r.upper_bound


@pytest.mark.parametrize("t", [2.0**-30, 2.0**-41])
def test_equalities_that_are_nearly_the_same_are_two(t):
    """x + y = 2 and x + (1 + t) y = 2 + t leave (1, 1) alone."""
    point = Polyhedron(A_eq=[[1, 1], [1, 1 + t]], b_eq=[2, 2 + t])
    x = [1 + 1e-15 / t, 1 - 1e-15 / t]
    assert -1 <= upper(point, [-1.0, 0.0], x) <= -1 + 1e-12 / t
    held = Polyhedron(A_eq=[[1, 1], [1, 1 + t]], b_eq=[2, 2 + t], bounds=([0, 0], [2, 2]))
    r = sm.solve(sm.Minimax(sm.Affine([[-1.0, 0.0]]), held), max_passes=200)
    assert r.lower_bound <= -1 <= r.upper_bound


def test_a_small_coefficient_may_belong_to_a_variable_in_large_units():
    """x + y = 1 and x + y + 2⁻⁵⁰z = 1 + 2⁻⁵⁰ leave z = 1, however little the rows differ in their numbers."""
    rows = Polyhedron(A_eq=[[1, 1, 0], [1, 1, 2.0**-50]], b_eq=[1, 1 + 2.0**-50], bounds=([0, 0, 0], [1, 1, 4]))
    assert upper(rows, [0.0, 0.0, 1.0], [0.5, 0.5, 0.0]) >= 1
    r = sm.solve(sm.Minimax(sm.Affine([[0.0, 0.0, 1.0]]), rows), max_passes=200)
    assert r.lower_bound <= 1 <= r.upper_bound


def test_a_row_may_follow_from_others_and_its_side_not():
    """x_0 ≤ 1, −(2⁵¹ + 2) x_0 + (2⁵⁰ − 2) x_1 ≤ −3 and more: of f = −2 x_1 no point proves less than the optimum."""
    A = np.array([[2.0, 0.0], [-2251799813685250.0, 1125899906842622.0], [2.0, 2.0]])
    b = np.array([2.0, -3.0, 6.0])
    rows = Polyhedron(A, b, bounds=([-INF, 1.0], [INF, INF]))
    best = Fraction(int(b[1]) - int(A[1, 0]), int(A[1, 1]))  # x_1 where x_0 = 1
    for ulps in range(9):
        assert Fraction(upper(rows, [0.0, -2.0], [1.0, 2 + 2 * ulps * EPS])) >= -2 * best


@pytest.mark.parametrize("second", [(1.0, 1.0), (1.0, 2.0), (0.0, 1.0)])
def test_what_stays_at_its_bound_does_not_excuse_a_row(second):
    """−x + 2⁵⁰y = 2⁵⁰ − 1 (or ≤) and y ≥ 1 leave x = 1; to rounding (0, 1) will do."""
    K, box = 2.0**50, ([0.0, second[0]], [1.0, second[1]])
    for rows in (Polyhedron([[-1, K]], [K - 1], bounds=box), Polyhedron(A_eq=[[-1, K]], b_eq=[K - 1], bounds=box)):
        least = 1 if second[0] == 1 else 0
        assert upper(rows, [1.0, 0.0], [0.0, 1.0]) >= least
        r = sm.solve(sm.Minimax(sm.Affine([[1.0, 0.0]]), rows), max_passes=200)
        assert r.upper_bound >= least >= r.lower_bound


def test_an_unknown_distance_of_a_variable_that_no_component_has_costs_nothing():
    """0 times inf is 0 there, and inf where one has it."""
    rows = Polyhedron(A_eq=[[-1, 2.0**50]], b_eq=[2.0**50 - 1], bounds=([0, 1], [1, 1]))
    assert upper(rows, [1.0, 0.0], [0.0, 1.0]) == INF
    assert sm.certify(sm.Minimax(sm.Quadratic(np.diag([1.0, 0.0]), np.zeros((1, 2))), rows), [0.0, 1.0]).upper == INF
    beside = Polyhedron(A_eq=[[-1, 2.0**50, 0]], b_eq=[2.0**50 - 1], bounds=([0, 1, 0], [1, 1, 1]))
    assert upper(beside, [0.0, 0.0, 1.0], [0.0, 1.0, 0.5]) == pytest.approx(0.5)
    loose = Polyhedron([[1, 2, 0], [-1, -2, 0], [0, 1, 1]], [0.3, -0.3, 1], bounds=([0, 0, 0], [1, 0.1, 1]))
    rng = np.random.default_rng(0)
    for _ in range(50):
        found = sm.certify(sm.Minimax(sm.Affine([[1.0, 0.0, 0.0]]), loose), loose.project(rng.standard_normal(3)))
        assert not math.isnan(found.upper)


@pytest.mark.parametrize("walls", ["rows", "bounds"])
@pytest.mark.parametrize(("x", "proven"), [(-1.0, True), (-1e-20, True), (-1e-22, False)])
def test_what_the_point_inside_misses_is_made_good_by_the_other(walls, x, proven, monkeypatch):
    """x_0 is 1e-9 too high, and y goes that share of the way to s, where x_1 is 1e-12 too high."""
    monkeypatch.setattr(offset, "FEW", 0)  # no rows are taken for equations
    A, free = np.eye(2)[: 2 if walls == "rows" else 1], np.full(2, INF)
    ub = free if walls == "rows" else np.array([INF, 0.0])
    linear = Linear(-free, ub, A, np.zeros(len(A)))
    off, sure = Offset(linear, np.array([-1.0, 1e-12]), np.ones(2)).at(np.array([1e-9, x]), np.ones(2), np.ones(2))
    assert sure
    assert np.isfinite(off).all() == proven
    assert not proven or 1e-9 <= off[0] <= 1.0001e-9


# ------------------------------------------------------------------------------------------------ what does follow


def test_copies_and_sums_of_rows_change_nothing():
    """In whole numbers, fractions and units of any size: the bound is sure, and that of the rows alone."""
    E = np.array([[1.0, 2.0, 0.0, -1.0], [0.3, 0.0, 1.0, 0.7]])
    e, f = np.array([1.0, 0.5]), sm.Affine(np.array([[1.0, -1.0, 2.0, 0.0], [-1.0, 0.5, -1.0, 1.0]]))
    alone = sm.solve(sm.Minimax(f, Polyhedron(A_eq=E, b_eq=e, bounds=(-np.ones(4), np.ones(4)))))
    for rows in ([[1, 0]], [[2, 0], [0, -8]], [[-1, 0], [4, 0], [0.25, 0]], [[0, 2.0**40]]):
        more = np.array(rows) @ E, np.array(rows) @ e
        same = Polyhedron(A_eq=np.vstack([E, more[0]]), b_eq=np.r_[e, more[1]], bounds=(-np.ones(4), np.ones(4)))
        r = sm.solve(sm.Minimax(f, same))
        assert r.success
        assert r.certificate.kind == "bounded"
        assert r.fun == pytest.approx(alone.fun, abs=1e-7)
        assert same.missed(r.x)[1]


def test_a_transport_polytope_is_proven_though_one_of_its_rows_is_not_needed():
    """Whole marginals: the rows of sources and those of sinks have the same sum, exactly."""
    m, n, rng = 6, 9, np.random.default_rng(0)
    E = transport(m, n)
    rows = Polyhedron(A_eq=E, b_eq=np.r_[np.full(m, 3.0), np.full(n, 2.0)], bounds=(0, np.full(m * n, INF)))
    cost = sm.Affine(rng.integers(0, 9, (4, m * n)).astype(float))
    r = sm.solve(sm.Minimax(cost, rows))
    assert r.success, r.message
    assert rows.missed(r.x)[1]
    tenths = Polyhedron(A_eq=E, b_eq=np.r_[np.full(m, 0.3), np.full(n, 0.2)], bounds=(0, np.full(m * n, INF)))
    r = sm.solve(sm.Minimax(cost, tenths))  # 6·0.3 = 9·0.2, but not of the doubles: in exact arithmetic X is empty
    assert r.success, r.message
    assert not tenths.missed(r.x)[1]
    assert r.certificate.kind == "rounding"
    assert r.certificate.residual >= RESIDUAL
    assert sm.certify(sm.Minimax(cost, tenths), r.x).residual == RESIDUAL
    both = sm.Product([tenths, sm.Box([0.0], [1.0])])
    assert not both.missed(np.append(r.x, 0.5))[1]
    assert sm.Product([rows, sm.Box([0.0], [1.0])]).missed(np.append(10 * r.x, 0.5))[1]


def transport(m, n):
    """The rows of sources, then those of sinks."""
    return sp.vstack([sp.kron(sp.eye_array(m), np.ones((1, n))), sp.kron(np.ones((1, m)), sp.eye_array(n))], "csr")


@pytest.mark.parametrize("share", [1, 3])
@pytest.mark.parametrize("size", [(2, 2), (3, 4), (6, 6)])
def test_sources_that_have_nothing_to_give(size, share):
    """x and s are at the bound 0 there; thirds of the sides do not balance, and the rows count as the same."""
    rng = np.random.default_rng(size[0])
    q = rng.integers(1, 9, size)
    q[0], q[:, 1] = 0, 0
    rows = Polyhedron(A_eq=transport(*size), b_eq=np.r_[q.sum(axis=1), q.sum(axis=0)] / share, bounds=(0, INF))
    r = sm.solve(sm.Minimax(sm.Affine(rng.integers(0, 9, (3, q.size)).astype(float)), rows))
    assert r.success, r.message
    E, e = rows.A_eq.toarray(), rows.b_eq
    balance = sum(map(Fraction, e[: size[0]])) == sum(map(Fraction, e[size[0] :]))
    assert balance or share == 3
    assert rows.missed(r.x)[1] == balance
    assert np.abs(E @ r.x - e).max() <= 1e-12


@pytest.mark.parametrize("size", [(3, 4), (6, 6)])
def test_equalities_written_as_pairs_of_inequalities(size):
    """s is a vertex, with bounds that leave no room, and x is as good as at them."""
    rng = np.random.default_rng(size[0])
    q, E = rng.integers(1, 9, size), transport(*size).toarray()
    e = np.r_[q.sum(axis=1), q.sum(axis=0)]
    cost = sm.Affine(rng.integers(0, 9, (3, q.size)).astype(float))
    pairs = sm.solve(sm.Minimax(cost, Polyhedron(np.vstack([E, -E]), np.r_[e, -e], bounds=(0, INF))))
    assert pairs.success, pairs.message
    alone = sm.solve(sm.Minimax(cost, Polyhedron(A_eq=E, b_eq=e, bounds=(0, INF))))
    assert pairs.fun == pytest.approx(alone.fun, rel=1e-7)


@pytest.mark.parametrize("small", [0.0, 1e-25, 1e-17, 1e-15])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_what_is_as_good_as_at_a_bound_is_put_there(small, side):
    """Two pairs of rows and bounds on one side: (½, 0, ½) is the vertex at which s may lie."""
    A = side * np.array([[1.0, 1, 1], [-1, -1, -1], [0, 1, 2], [0, -1, -2]])
    rows = Polyhedron(A, [1, -1, 1, -1], bounds=(0, INF) if side > 0 else (-INF, 0))
    off, sure = rows.missed(side * np.array([0.5, small, 0.5]))
    assert sure
    assert off[1] <= small + 1e-15
    assert off.max() <= 3e-15
    far = rows.missed(side * np.array([0.5, 1e-3, 0.5]))[0]
    assert far.max() >= 1e-4


WEDGE = Polyhedron([[-(2.0**-46), 1.0], [0.0, -1.0]], [1.0, -1.0], bounds=([-1, -9], [1, 9]))


def test_slopes_on_the_way_to_the_point():
    """Of bowls |P|(|x| + |y − x|) + |q|; of functions the slope of the one that is highest at x."""
    x = np.array([-0.05, 1.0])
    off = WEDGE.missed(x)[0]
    assert off[0] >= 0.05
    bowl = sm.Quadratic(np.diag([100.0, 2.0]), [[5.0, -2.0]])
    slope = [100 * (0.05 + off[0]) + 5, 2 * (1 + off[1]) + 2]
    assert sm.certify(sm.Minimax(bowl, WEDGE), x).upper == pytest.approx(bowl_at(x) + slope @ off, rel=1e-12)
    rows = np.array([[100.0, 0.0], [0.0, 0.0], [1000.0, 0.0]])
    family = sm.Smooth(lambda x: rows @ x + [4.5, 0.0, -9.0], lambda x: rows, d=2, n=3, convex=True)
    assert sm.certify(sm.Minimax(family, WEDGE), x).upper == pytest.approx(0, abs=1e-12)


def bowl_at(x):
    return 50 * x[0] ** 2 + x[1] ** 2 + 5 * x[0] - 2 * x[1]


def test_a_chain_of_sparse_rows_is_not_made_dense():
    """x_0 ≤ x_1 ≤ … all at once, which a dense matrix of long doubles would hold 16·d² bytes for."""
    d = 1500
    chain = sp.diags_array([np.ones(d - 1), -np.ones(d - 1)], offsets=[0, 1], shape=(d - 1, d), format="csr")
    rows = Polyhedron(chain, np.zeros(d - 1), bounds=(np.zeros(d), np.ones(d)))
    tracemalloc.start()
    off, sure = rows.missed(np.full(d, 0.3))
    assert tracemalloc.get_traced_memory()[1] < 4 * d**2
    tracemalloc.stop()
    assert sure
    assert off.max() <= 1e-12
    x, b = np.linspace(0, 1, d), np.full(d - 1, 0.1)
    (found, error), others = equations.beyond(chain, b, x), equations.beyond(chain.toarray(), b, x)
    assert found == pytest.approx(others[0], abs=1e-18)
    assert error == pytest.approx(others[1], rel=1e-9, abs=0)


class Mine(Components):
    """Rows by a class that answers for its numbers, and knows no largest entry of a column."""

    convex, assumed = True, False

    def __init__(self, A, b, affine=True):
        self.A, self.b, self.affine = np.array(A, float), np.array(b, float), affine
        self.n, self.d = self.A.shape

    def at(self, x):
        yield Block((slice(0, self.n),), lambda: self.A @ x + self.b, lambda: self.A)

    def subset(self, rows):
        return Mine(self.A[rows], self.b[rows], self.affine)

    def rounding(self, x, rows, f=None):
        return 1e-15 * (np.abs(self.A[rows]) @ np.abs(x) + np.abs(self.b[rows]))

    def slope_rounding(self, x, p):
        return np.zeros(self.d)


@pytest.mark.parametrize("beside", [False, True])
def test_every_row_of_a_class_of_ones_own_may_rise_on_the_way_to_the_point(beside):
    """The row that leads at x = −0.05 is flat; the other leads at every point of X, x ≥ 0."""
    for affine, kind in ((True, "bounded"), (False, "rounding")):
        family = Mine([[0, 0], [100, 0]], [-1, 3.9], affine)
        if beside:
            family = sm.Stack([family, sm.Affine([[0.0, 0.0]])])
        found = sm.certify(sm.Minimax(family, WEDGE), [-0.05, 1.0], [0, 1.0] + [0.0] * beside)
        assert found.upper >= 3.9
        assert found.kind == kind


def sides(e):
    return -whole(-np.asarray(e, dtype=float))


@pytest.mark.parametrize("unit", [2.0**-700, 1.0, 2.0**900])
def test_a_combination_is_checked_in_whole_numbers(unit):
    E, e = np.array([[1.0, 3.0, 0.1], [2.0, -1.0, 0.2]]) * unit, [0.5, 0.25, 0.0]
    for w, a in (([1.0, 0.0], E[0]), ([3.0, -2.0], [-unit, 11 * unit, None]), ([1 / 3, 0.0], None)):
        if a is None:  # a third of these doubles is no row of doubles
            a = E[0] / 3
        elif a[2] is None:
            a = np.array([a[0], a[1], float(3 * Fraction(E[0, 2]) - 2 * Fraction(E[1, 2]))])
        exact = all(
            Fraction(a[j]) == sum(Fraction(v).limit_denominator(99) * Fraction(E[i, j]) for i, v in enumerate(w))
            for j in range(3)
        )
        for side in (sum(v * s for v, s in zip(w, e, strict=False)), 1.0, -1.0):
            told = sides([*e[:2], side])
            right = Fraction(side) == sum(Fraction(v).limit_denominator(99) * Fraction(s) for v, s in zip(w, e))
            above = Fraction(side) >= sum(Fraction(v).limit_denominator(99) * Fraction(s) for v, s in zip(w, e))
            given_ = a, E, np.array(w), np.array(w), told[2], told[:2]
            assert implied(*given_, False) == (exact and right)
            assert implied(*given_, True) == (exact and above)


def test_a_row_of_zeros_follows_from_nothing():
    none = np.zeros((0, 2)), np.zeros(0), np.zeros(0)
    for side, equal, below in ((0, True, True), (1, False, True), (-1, False, False)):
        assert implied(np.zeros(2), *none, side, sides([]), False) == equal
        assert implied(np.zeros(2), *none, side, sides([]), True) == below
    assert not implied(np.array([0.0, 1.0]), *none, 0, sides([]), False)
    for w in (0.0, INF, math.nan):  # a coefficient that has left the numbers
        assert not implied(np.ones(2), np.ones((1, 2)), np.array([w]), np.ones(1), 1, np.ones(1, dtype=object), False)


@pytest.mark.parametrize(
    ("a", "row", "w", "follows"),
    [
        ([1, 1, 0], [1, 1, 0], 1, True),
        ([1, 1, 5], [1, 1, 0], 1, False),
        ([1, 1, 1], [1, 1, 0], 1, False),
        ([1, 1, 0], [1, 1, 5], 1, False),
        ([1, 0, 0], [1, 1, 0], 1, False),
        ([127, 381, 0], [64, 192, 0], 127 / 64, True),
        ([64, 192, 0], [127, 381, 0], 64 / 127, True),
        ([127, 0, 0], [192, 0, 0], 127 / 192, False),
        ([64, 192, 0], [6400, 19200, 0], 0.01, True),
        ([192, 0, 0], [127, 0, 0], 192 / 127, False),
    ],
)
def test_a_combination_has_the_same_number_in_every_column(a, row, w, follows):
    """Multiples by simple numbers; 192/127 is not: the lesser of numerator and denominator is above 64."""
    E, a, w = np.array([row], dtype=float), np.array(a, dtype=float), np.array([float(w)])
    simple = Fraction(w[0]).limit_denominator(10**4)
    side, sides_ = 7 * simple.numerator, np.array([7 * simple.denominator], dtype=object)
    assert implied(a, E, w, np.ones(1), side, sides_, False) == follows
    assert not implied(a, E, w, np.ones(1), side + 1, sides_, False)


def test_long_rows_are_not_checked(monkeypatch):
    """Five numbers in a row and the one that it is the double of; rows that do not matter do not count."""
    E, a = np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]]), np.array([2.0, 4.0, 6.0])
    E[0, 2], a[2] = 0.0, 0.0
    given_ = a, E, np.array([2.0, 0.0]), np.array([1.0, 0.0]), 2, np.array([1, 1], dtype=object), False
    for most, checked in ((3, False), (4, True), (5, True)):
        monkeypatch.setattr(implied_module, "MOST", most)
        assert implied(*given_) == checked


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6))
def test_whole_numbers_are_the_very_numbers(v):
    numbers = whole(np.array(v))
    units = {Fraction(x) / int(k) for x, k in zip(v, numbers, strict=True) if x}
    assert len(units) <= 1
    assert all((k == 0) == (x == 0) for x, k in zip(v, numbers, strict=True))


# -------------------------------------------------------------------------------------------------- equations


@law(60, 600)
@given(st.integers(0, 2**32 - 1))
def test_a_solution_of_equations_is_as_near_as_is_said(seed):
    """Against the exact least change in whole numbers: some solution within the bound, in each coordinate."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 6))
    k = int(rng.integers(1, d + 1))
    E = rng.integers(-3, 4, (k, d)) * 2.0 ** rng.integers(-20, 21, d)
    if rng.random() < 0.3:
        E[-1] = E[0] * (1 + 2.0**-30)
    y = rng.integers(-9, 10, d) * 1.0
    e, x = E @ y, y * (1 + EPS * rng.integers(-2, 3, d))
    below = np.zeros(k, bool)
    unit = 2.0 ** rng.integers(-3, 4, d) / np.maximum(np.abs(E).max(axis=0), 1e-300)
    found = Equations.of(E, e, below, np.where(np.isfinite(unit), unit, 1.0), x)
    far = found.move(x)
    if not found.sure or not np.isfinite(far).all():
        return
    # E δ = e − E x has a solution within ±far: a linear program in exact data, HiGHS to its tolerance
    from scipy.optimize import linprog

    rest = np.array(
        [float(Fraction(b) - sum(Fraction(a) * Fraction(z) for a, z in zip(row, x))) for row, b in zip(E, e)]
    )
    size = np.abs(E) @ far
    scale = np.where(size > 0, size, 1.0)
    assert np.all(np.abs(rest) <= size)
    told = linprog(np.zeros(d), A_eq=E * far / scale[:, None], b_eq=rest / scale, bounds=(-1, 1))
    assert told.status == 0


def off_by(A, b, x):
    return [
        sum((Fraction(a) * Fraction(z) for a, z in zip(row, x, strict=True)), -Fraction(side))
        for row, side in zip(A, b, strict=True)
    ]


@pytest.mark.parametrize("form", [np.array, sp.csr_array])
@pytest.mark.parametrize(
    ("A", "b", "x"),
    [
        ([[0.1, 0.0]], [0.3], [3.0, 1.0]),  # 0.1·3 − 0.3 in doubles is twice what it is
        ([[1.0, 2.0**-54]], [0.0], [1.0, 1.0]),  # lost on the way to a double
        ([[1e-200, 0.0]], [0.0], [1e-200, 0.0]),
        ([[0.0, 5.0]], [0.0], [1.0, 0.0]),
        ([[1.0] * 50, [0.1] * 50], [49.0, 5.0], [1.0] * 25 + [1 / 3] * 25),
        ([[1e300, -1e300]], [1e300], [1e5, 1e5]),
    ],
)
def test_residuals_in_the_longest_numbers(form, A, b, x):
    found, error = equations.beyond(form(A), np.array(b), np.array(x))
    size = np.abs(A) @ np.abs(x) + np.abs(b)
    assert found.dtype == error.dtype == np.float64
    for value, room, exact, most in zip(found, error, off_by(A, b, x), size, strict=True):
        assert abs(Fraction(value) - exact) <= Fraction(room)
        assert room <= 4 * (len(x) + 2) * (equations.LAST * most + 5e-324) + 4 * EPS * abs(value)
        assert room >= len(x) * equations.LAST * most
    if not np.any((np.array(A) != 0) & (np.array(x) != 0)):
        assert not error.any()


def given_equations(leak, inverse=((1.0, 0.0), (0.0, 1.0))):
    yes, none = np.ones(2, bool), np.zeros((0, 2))
    rest = equations.Assumed(none, np.zeros(0), none, np.zeros(0, bool))
    peaks = np.array([2.0, 4.0])
    return Equations(np.eye(2), np.zeros(2), np.array([1.0, 2.0]), np.array(inverse), peaks, leak, yes, ~yes, rest)


def test_what_an_inexact_inverse_adds():
    """r = (1, 0), scaled by (1, 2): far = ½, and half of that of the peaks (2, 4) comes to it."""
    assert given_equations(0.0).move(np.array([1.0, 0.0])) == pytest.approx([1.01, 0.0], abs=1e-15)
    assert given_equations(0.5).move(np.array([1.0, 0.0])) == pytest.approx([1.01 * 1.5, 1.01 * 1.0])
    assert given_equations(0.5).move(np.array([0.0, 3.0])) == pytest.approx([1.01 * 1.5, 1.01 * 9.0])
    assert np.all(given_equations(INF, ((1.0, 0.0), (0.0, 0.0))).move(np.array([1.0, 0.0])) == INF)


def test_how_inexact_an_inverse_is(monkeypatch):
    """ρ/(1 − ρ) of an inverse that is a tenth too large; nothing where it is off by more than a half, or not one."""
    eye, ones, exact = np.eye(2), np.ones(2), equations.solve_triangular
    inverse, peaks, leak = equations._inverse(1e-5 * eye, ones)
    assert inverse == pytest.approx(1e5 * eye)
    assert peaks == pytest.approx([1e-5, 1e-5])
    assert 0 < leak <= 1e-14
    for E in (
        np.zeros((1, 2)),
        np.array([[1.0, 0.0], [1.0, 0.0]]),
        np.array([[1e300, 0.0]]),
        np.array([[1e-300, 0.0]]),
    ):
        with np.errstate(over="ignore"):
            assert equations._inverse(E, 1e10 * ones if E.max() > 1 else ones)[2] == INF
    assert equations._inverse(np.zeros((0, 2)), ones)[2] == 0
    for more, leak in ((1.1, 0.101 / 0.899), (0.75, 0.2525 / 0.7475), (1.6, INF)):
        monkeypatch.setattr(equations, "solve_triangular", lambda R, b, more=more: more * exact(R, b))
        assert equations._inverse(eye, ones)[2] == pytest.approx(leak)


def test_rows_that_are_known():
    """x + y ≤ b beside 3 x + 3 y = 3; a row of zeros beside none."""
    E, below = np.array([[3.0, 3.0], [1.0, 1.0]]), np.array([False, True])
    for b, known in ((1.5, True), (1.0, True), (0.5, False)):
        found = Equations.of(E, np.array([3.0, b]), below, np.ones(2), np.zeros(2))
        assert list(found.known) == [True, known]
        assert found.sure
    zero = Equations.of(np.zeros((1, 2)), np.ones(1), np.zeros(1, bool), np.ones(2), np.zeros(2))
    assert not zero.sure
    assert not zero.nearly(np.zeros(2), False)


def nearly(e, below, x=(0.05, 0.05), rows=((3.0, 3.0), (1.0, 1.0))):
    """What is said of the rows that hold by assumption, without inequalities and with them; the first row is kept."""
    E = np.array(rows)
    found = Equations.of(E, np.array(e), np.array(below), np.ones(2), np.array(x))
    assert found.known[0]
    return [found.nearly(np.array(x), also) for also in (False, True)]


def test_rows_are_assumed_where_they_hold_up_to_rounding():
    """18 eps of 0.4, the numbers of both rows, wherever x is; an inequality may hold by more."""
    equal, mixed = [False, False], [False, True]
    for x in ((0.05, 0.05), (0.05 + 1e-6, 0.05)):
        assert nearly([0.3, 0.1 + 1.4e-15], equal, x) == [True, True]
        assert nearly([0.3, 0.1 - 1.4e-15], equal, x) == [True, True]
        assert nearly([0.3, 0.1 - 1.4e-15], mixed, x) == [True, True]
    for off in (1.8e-15, -1.8e-15, 0.1, -0.1):
        assert nearly([0.3, 0.1 + off], equal) == [False, False]
        assert nearly([0.3, 0.1 + off], mixed) == [True, off > 0]
    assert nearly([0.3, 0.1 - 1e-13], equal, (-1e3, 1e3 + 0.1)) == [True, True]
    odd = ((1.9, 1.9), (0.07, 0.07))  # no simple multiple
    assert nearly([1.9, 1.0], mixed, rows=odd) == [True, True]
    assert nearly([1.9, 1.0], equal, rows=odd) == [False, False]
    assert nearly([1.9, 0.07], equal, rows=odd) == [True, True]


def placed(linear, inside, x, enough=1.0):
    ones = np.ones(len(x))
    return Offset(linear, np.array(inside), ones).at(np.array(x), ones, enough * ones)


@pytest.mark.parametrize(
    ("ways", "chosen", "looked"),
    [
        ([(0.5, True), (0.1, True)], 0.5, 1),  # enough is enough
        ([(1.0, True), (0.1, True)], 1.0, 1),
        ([(1.5, True), (0.1, True)], 0.1, 2),
        ([(0.5, False), (0.7, True), (0.1, True)], 0.7, 2),  # what is sure goes before what is near
        ([(0.5, False), (1.5, True), (0.1, False)], 0.1, 3),
        ([(2.0, True), (0.5, False)], 0.5, 2),  # what is near enough before what is sure
        ([(2.0, False), (3.0, True)], 3.0, 2),
        ([(3.0, True), (2.0, True)], 2.0, 2),
        ([(INF, True), (2.0, False)], 2.0, 2),  # anything before nothing
        ([(math.nan, True), (2.0, False)], 2.0, 2),
        ([(INF, True), (INF, False)], INF, 2),
    ],
)
def test_which_of_several_ways_is_taken(ways, chosen, looked, monkeypatch):
    """In units of what is enough; of the first variable, the second being in no row."""
    seen = []

    def given_(self, x, unit):
        for off, sure in ways:
            seen.append(off)
            yield np.array([off * 1e-9, 7.0]), sure

    monkeypatch.setattr(Offset, "_ways", given_)
    free = np.full(2, INF)
    found = Offset(Linear(-free, free), np.zeros(2), np.ones(2)).at(np.zeros(2), np.ones(2), np.array([1e-9, INF]))
    assert found[0][0] == pytest.approx(chosen * 1e-9)
    assert found[1] == next(sure for off, sure in ways if off == chosen)
    assert len(seen) == looked


def test_where_a_point_is_put_at_a_bound():
    """Within 8 eps of the unit of a bound at which s lies; and the way there is added."""
    lb, ub, unit, s = np.array([1.0, -5.0, 1.0]), np.array([3.0, 7.0, 3.0]), np.array([4.0, 0.5, 4.0]), [1.0, 7.0, 2.0]
    tight = Offset(Linear(lb, ub), np.array(s), np.ones(3))
    for way, put in ((7.0, True), (20.0, False)):
        x = np.array([1 + way * EPS * 4, 7 - way * EPS * 0.5, 1 + EPS])
        y = tight._at_bounds(x, unit)
        assert np.array_equal(y == [1.0, 7.0, 1.0], [put, put, False])
        assert np.array_equal(y[~np.array([put, put, False])], x[~np.array([put, put, False])])
        off, sure = tight.at(x, unit, np.ones(3))
        assert sure
        assert np.array_equal(off, np.abs(y - x))


FREE = np.full(2, INF)


def test_the_share_of_the_way():
    """θ = 1/(1 + 3), and |y − x| ≤ there + θ(|s − x| + there + back); no share of 1 or more."""
    half = Offset(Linear(-FREE, FREE), np.zeros(2), np.ones(2))
    x, there, back, none = np.array([1.0, 0.0]), np.array([0.1, 0.1]), np.array([0.2, 0.2]), np.zeros(2)
    found = half._share(x, there, back, np.array([1.0, -1.0]), np.array([3.0, -1.0]))
    assert found == pytest.approx([0.1 + 0.25 * 1.3, 0.1 + 0.25 * 0.3])
    assert np.array_equal(half._share(x, there, back, np.array([0.0, -1.0]), none), there)
    for need, slack in ((1.0, 0.0), (1.0, -2.0), (1.0, 1e-17), (1.0, 4 * EPS), (math.nan, 1.0)):
        assert np.all(half._share(x, there, back, np.array([need]), np.array([slack])) == INF)
    assert np.all(half._share(x, there, back, np.array([1.0, -0.5]), np.array([1.0, -0.6])) == INF)
    assert np.isfinite(half._share(x, there, back, np.array([5e-324]), np.array([INF]))).all()


def test_what_mends_s_takes_of_its_slack():
    """s = (1 − 1e-12, 1e-9) is off x + y = 1, and what mends it may cross x ≤ 1, a bound or a row that x holds."""
    E, e, s = np.array([[1.0, 1.0, 0.0]]), np.array([1.0]), [1 - 1e-12, 1e-9, -0.5]
    far, top = np.full(3, INF), np.array([1.0, INF, 0.0])
    assert placed(Linear(-far, top, A_eq=E, b_eq=e), s, [1 + 1e-13, -1e-13, -0.1])[0].max() == INF
    row = np.array([[1.0, 0.0, 0.0]])
    assert placed(Linear(-far, top + [INF, 0, 0], row, e, E, e), s, [1 - 1e-13, 1e-13, 0.5])[0].max() == INF
    assert placed(Linear(-far, top + [INF, 0, 0], row, e + 1, E, e), s, [1 - 1e-13, 1e-13, 0.5])[0].max() < 1


def test_equalities_that_neither_follow_nor_hold_prove_nothing():
    rows = np.array([[3.0, 3.0], [1.0, 1.0]])
    off, sure = placed(Linear(-FREE, FREE, A_eq=rows, b_eq=np.array([0.3, 0.1 + 1e-10])), [0.05, 0.05], [0.05, 0.05])
    assert np.all(off == INF)
    assert not sure


def test_rows_without_room_may_be_assumed_to_say_the_same():
    """Copies by no simple number, with the same sides or with others."""
    odd, x, s = np.array([[1.9, 1.9], [0.07, 0.07]]), [0.5, 0.5], [0.4, 0.6]
    off, sure = placed(Linear(-FREE, FREE, odd, odd[:, 0]), s, x)
    assert off.max() <= 1e-15
    assert not sure
    assert placed(Linear(-FREE, FREE, odd, odd[:, 0] - [0, 1e-13]), s, x)[0].max() == INF


def ways(linear, s, x):
    ones = np.ones(2)
    with np.errstate(all="ignore"):
        return list(Offset(linear, np.array(s), ones)._ways(np.array(x), ones))


@pytest.mark.parametrize("size", [1.0, 1e6])
def test_which_rows_leave_no_room(size, monkeypatch):
    """Less than 1e-12 of their numbers at s: tried as equations, then as all that x misses, then as assumed."""
    A, x = np.array([[1.0, 1.0]]), [0.5 * size, 0.5 * size * (1 + 1e-14)]
    roomy, flat = [0.0, 0.0], [0.5 * size, 0.5 * size * (1 - 4e-13)]
    linear = Linear(-FREE, FREE, A, np.array([size]))
    for few, tried in ((2, 4), (1, 1)):
        monkeypatch.setattr(offset, "FEW", few)
        assert len(ways(linear, roomy, x)) == min(tried, 2)
        assert len(ways(linear, flat, x)) == tried
    both = Offset(Linear(-FREE, FREE, A, np.ones(1), A, np.ones(1)), np.array(flat), np.ones(2))
    assert list(both._equations(np.ones(1, bool), np.ones(2), np.array(x)).below) == [False, True]


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_variables_stay_where_s_and_x_are_at_the_same_bound(side, monkeypatch):
    """x_0 = 0 for both, and the equality is mended by x_1."""
    monkeypatch.setattr(offset, "FEW", 0)
    bounds = (np.array([0.0, -INF]), FREE) if side > 0 else (-FREE, np.array([0.0, INF]))
    linear = Linear(*bounds, A_eq=np.array([[3.0, 3.0]]), b_eq=np.array([1.9]))
    off, sure = placed(linear, [0.0, 1.9 / 3], [0.0, 1.9 / 3])
    assert sure
    assert off[0] == 0
    assert 0 < off[1] <= 1e-15
    assert placed(linear, [side, 1.9 / 3 - side], [0.0, 1.9 / 3])[0].max() <= 1e-15


def test_fixed_variables_do_not_move(monkeypatch):
    """x_1 = 1 by its bounds and 3 x_0 + x_1 = 1.9: x_0 alone is mended."""
    monkeypatch.setattr(offset, "FEW", 0)
    linear = Linear(np.array([-INF, 1.0]), np.array([INF, 1.0]), A_eq=np.array([[3.0, 1.0]]), b_eq=np.array([1.9]))
    off, sure = placed(linear, [0.3, 1.0], [0.3, 1.0])
    assert sure
    assert off[1] == 0
    assert 0 < off[0] <= 1e-16


def test_variables_at_their_bounds_leave_no_more_to_assumption_than_there_is():
    """−x + 2⁵⁰y = 2⁵⁰ − 1 (or ≤) and y ≥ 1 at (0, 1) of both points; a row that is off by 1e-12, at s too; a copy."""
    K, lb, ub = 2.0**50, np.array([0.0, 1.0]), np.array([1.0, 2.0])
    row, side = np.array([[-1.0, K]]), np.array([K - 1])
    for linear in (Linear(lb, ub, row, side), Linear(lb, ub, A_eq=row, b_eq=side)):
        assert placed(linear, [0.0, 1.0], [0.0, 1.0])[0].max() == INF
    lb, ub = np.array([0.0, -INF]), np.full(2, INF)
    odd = np.array([[1.9, 1.9], [0.07, 0.07]])  # the second is dropped, and no simple multiple of the first
    assert placed(Linear(lb, ub, odd, np.array([1.9, 0.07 - 1e-13])), [0.0, 1.0], [0.0, 1.0])[0].max() == INF
    for linear in (Linear(lb, ub, odd, odd[:, 0]), Linear(lb, ub, A_eq=odd, b_eq=odd[:, 0])):
        for enough in (1.0, 1e-300):
            off, sure = placed(linear, [0.0, 1.0], [0.0, 1.0], enough)
            assert off.max() <= 1e-15
            assert not sure


def test_no_equations_cost_nothing():
    empty = Equations.of(np.zeros((0, 2)), np.zeros(0), np.zeros(0, bool), np.ones(2), np.ones(2))
    assert not empty.move(np.ones(2)).any()
    assert empty.sure
