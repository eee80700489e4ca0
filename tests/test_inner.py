"""The inner minimum of the certificate where nothing larger hides it: each way, its kind, and the price of rounding."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import NonlinearConstraint
from scipy.sparse.linalg import aslinearoperator

import smoothmax as sm
from smoothmax import certificate, inner, upper
from smoothmax.components import Meter
from smoothmax.domains import Linear

EPS = float(np.finfo(float).eps)
TINY = float(np.finfo(float).smallest_subnormal)
INF = math.inf


def test_each_coordinate_pays_by_its_bound_or_by_its_curvature():
    """f = Σ y_j² + ⟨q, y⟩: the slope is paid for by c_j·(y_j − x_j) at the bound, or by −c_j²/4, whichever is less."""
    x = np.array([1.0, 1.0, -1.0, -1.0, 2.0, 3.0])
    c = np.array([2.0, 2.0, -2.0, -2.0, 0.5, 0.0])
    lb = np.array([0.55, 0.45, -INF, -INF, 1.99, -INF])
    ub = np.array([INF, INF, -0.55, -0.45, INF, INF])
    problem = sm.Minimax(sm.Quadratic(2.0, (c - 2 * x)[None]), sm.Box(lb, ub))
    found = sm.certify(problem, x, [1.0])
    assert found.kind == "bounded"
    assert found.residual == 0
    assert found.gap == pytest.approx(0.9 + 1 + 0.9 + 1 + 0.005, abs=1e-12)
    wide = sm.Minimax(problem.components, sm.Box(np.where(x == 3, -INF, -1e3), 1e3))  # the curvature alone
    assert sm.certify(wide, x, [1.0]).gap == pytest.approx(4 * 1 + 0.0625, abs=1e-12)
    assert sm.certify(sm.Minimax(problem.components), x, [1.0]).gap == pytest.approx(4 * 1 + 0.0625, abs=1e-12)


def test_a_variable_that_neither_a_bound_nor_curvature_holds_is_proven_for_other_data():
    """½ y_0² over y_0 ∈ R, and y_1 ≥ 0 with a slope of its own, y_2 free, of slopes that cancel or in no component."""
    P, q, r = np.diag([1.0, 0.0, 0.0]), np.array([[1.0, 2.0, 0.0]]), [1.0]
    half = sm.Box([-INF, 0.0, -INF], [INF, INF, INF])
    for slope, kind in ((3.0, "rounding"), (0.0, "bounded")):
        both = sm.Quadratic(P, np.vstack([q, q]) + [[0.0, 0.0, slope], [0.0, 0.0, -slope]], r * 2)
        found = sm.certify(sm.Minimax(both, half), [0.0, 0.0, 1.0], [0.5, 0.5])
        assert found.kind == kind
        assert found.lower == pytest.approx(0.5, abs=4e-14)  # 6·u·Σ p_i|J_i2|·|x_2| of it for the slopes that cancel
    assert sm.certify(sm.Minimax(sm.Quadratic(P, q, r)), np.zeros(3), [1.0]).kind == "none"
    closed = sm.Minimax(sm.Quadratic(P, q, r), sm.Box(-np.ones(3), np.ones(3)))  # y_0 by curvature, y_1 by its bound
    found = sm.certify(closed, np.zeros(3), [1.0])
    assert found.kind == "bounded"
    assert found.lower == pytest.approx(-1.5, abs=1e-14)


def test_curvature_of_components_without_weight_is_none():
    """Σ p_i P_i is asked for where one of the families is curved, and there may be none."""
    family = sm.Stack([sm.Quadratic(1.0, np.zeros((1, 2))), sm.Affine(np.array([[1.0, 0.0], [0.0, 1.0]]))])
    problem = sm.Minimax(family, sm.Box(-np.ones(2), np.ones(2)))
    assert sm.certify(problem, np.zeros(2), [0.0, 0.5, 0.5]).lower == pytest.approx(-1.0, abs=1e-14)


def test_a_simplex_is_closed_by_its_oracle_even_where_curvature_would_do():
    bowls = sm.Quadratic(2.0, [[1.0, -1.0], [0.5, 2.0]])
    found = sm.certify(sm.Minimax(bowls, sm.Simplex(2)), [0.5, 0.5], [0.5, 0.5])
    assert found.kind == "bounded"
    c = np.array([1.75, 1.5])
    assert found.gap == pytest.approx(np.ptp([0.5, 1.75]) / 2 + c.mean() - c.min(), abs=1e-13)


def test_a_bend_down_by_rounding_is_paid_for_over_the_whole_set():
    """½((y_0 + y_1)² − 2⁻⁵³ y_1²) falls along (1, −1): a box, a set that does not say how far it reaches, and R²."""
    P, W = np.array([[1.0, 1.0], [1.0, 1.0 - 2.0**-53]]), 100.0
    family = sm.Quadratic(P, np.zeros((1, 2)), [1.0])
    assert family.convex
    shift = np.sqrt(family.curvature_slack(np.ones(1)))
    found = sm.certify(sm.Minimax(family, sm.Box([-W, -W], [W, W])), np.zeros(2), [1.0])
    assert found.kind == "bounded"
    assert Fraction(found.lower) <= 1 - Fraction(W) ** 2 / 2**54
    assert 1 - found.lower == pytest.approx(0.5 * (shift.sum() * W) ** 2, rel=1e-2)

    class Silent:
        d, bounded = 2, True

        def lmo(self, c):
            return np.where(c > 0, -W, W)

        def project(self, x):
            return np.clip(x, -W, W)

        def contains(self, x, tol=0.0):
            return bool(np.all(np.abs(x) <= W))

    endless = sm.Box([-1e200, -1e200], [1e200, 1e200])  # where the price is no number
    for open_ended in (sm.Minimax(family), sm.Minimax(family, Silent()), sm.Minimax(family, endless)):
        assert sm.certify(open_ended, np.zeros(2), [1.0]).kind == "rounding"
    sure = sm.Minimax(sm.Quadratic(np.eye(2), np.zeros((1, 2)), [1.0]), sm.Box([-W, -W], [W, W]))
    assert sm.certify(sure, np.zeros(2), [1.0]).lower == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("terms", [1, 1000, 10**6])
def test_curvature_near_the_end_of_the_numbers_may_have_underflowed(terms):
    """P = k·2⁻¹⁰⁷⁴ is a sum of products that lost up to 2·2⁻¹⁰⁷⁴ each."""
    whole, c = 2 * 10**15, 1e-160
    P, slope, none = np.array([[whole * TINY]]), np.array([c]), np.zeros(1)
    found = inner._quadratic_minimum(P, none, slope, slope, none, terms)
    least = -(Fraction(c) ** 2) / (2 * (whole - 2 * (terms + 2)) * Fraction(TINY))
    assert found.kind == "bounded"
    assert Fraction(found.value) - Fraction(found.error) <= least
    assert found.error <= 1e-13 * abs(found.value) + 3 * float(Fraction(found.value) - least)


def test_what_is_left_of_a_slope_where_there_is_no_curvature_must_be_rounding():
    """P = vvᵀ with v of wide units: c along v is paid for, c beside it only up to 256 eps of the sizes."""
    v = np.array([1e6, 1e-3])
    P, size = np.outer(v, v), np.array([1e3, 1e-6])
    for off, kind in ((0.0, "rounding"), (100 * EPS, "rounding"), (1e4 * EPS, "none")):
        c = v + off * size * [1, 0]
        found = inner._quadratic_minimum(P, np.zeros(2), c, size, np.zeros(2), 1)
        assert found.kind == kind, off
        if kind == "rounding":
            assert found.value == pytest.approx(-0.5, rel=1e-9)
            assert found.residual <= 256 * EPS
    noise = np.array([10.0, 1e-8])  # below its own rounding c may be 0
    assert inner._quadratic_minimum(P, np.zeros(2), v + [1.0, 0.0], size, noise, 1).kind == "rounding"


@pytest.mark.parametrize(("least", "kind"), [(1e-8, "bounded"), (1e-12, "none"), (0.0, "rounding")])
def test_what_is_neither_definite_nor_singular_proves_nothing(least, kind):
    """Eigenvalues of a matrix of unit diagonal: divided by from 1e-10 on, zero up to 256 eps."""
    P = np.array([[1.0, 1.0 - least], [1.0 - least, 1.0]])
    c = np.array([1.0, 1.0])
    assert inner._quadratic_minimum(P, np.zeros(2), c, c, np.zeros(2), 1).kind == kind


@pytest.mark.parametrize("unit", [1e-300, 0.1, 1.0, 1e300])
def test_lengths_in_any_units(unit):
    assert inner._length(unit * np.array([3.0, -4.0])) == pytest.approx(5 * unit, abs=0)
    assert inner._length(np.array([unit])) == pytest.approx(unit, abs=0)
    assert inner._length(np.zeros(3)) == 0
    assert inner._length(np.zeros(0)) == 0
    assert inner._length(np.array([1.0, -INF])) == INF


@pytest.mark.parametrize("size", [1.0, 1e-12])
def test_what_noise_may_add_where_there_is_little_curvature(size):
    """c = size·(1, −1), along the eigenvector of 1e-8, with noise of 1e-12: −½‖c‖²/1e-8, to first and second order."""
    P, noise = np.array([[1.0, 1.0 - 1e-8], [1.0 - 1e-8, 1.0]]), np.full(2, 1e-12)
    c = size * np.array([1.0, -1.0])
    found = inner._quadratic_minimum(P, np.zeros(2), c, np.abs(c), noise, 1)
    least = -0.5 * 2 * (size + 1e-12) ** 2 / 1e-8
    assert found.value - found.error <= least * (1 - 1e-6)
    assert found.value - found.error >= least * 1.5


def test_a_variable_without_curvature_pays_for_its_rounding_at_x():
    """P = diag(1, 0): (|c_1| + noise_1)·|x_1| beside the rest, and the proof is one for other data."""
    P, c, size = np.diag([1.0, 0.0]), np.array([1.0, 1e-15]), np.ones(2)
    told = [
        inner._quadratic_minimum(P, x, c, size, np.array([0.0, 3e-15]), 1) for x in (np.zeros(2), np.array([5.0, -2.0]))
    ]
    assert [one.kind for one in told] == ["rounding", "rounding"]
    assert told[0].error > 0
    assert told[1].error - told[0].error == pytest.approx(8e-15, rel=1e-3, abs=0)
    assert inner._quadratic_minimum(P, np.ones(2), c * [1, 0], size, np.array([0.0, 3e-15]), 1).kind == "rounding"
    assert inner._quadratic_minimum(P, np.ones(2), c * [1, 0], size, np.zeros(2), 1).kind == "bounded"


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_a_slope_that_rounding_left_is_let_pass_beside_a_variable_without_bounds(size):
    """|s(x_0 + x_1)| over 0 ≤ x_0 ≤ 1e5 with weights that differ by 4 eps: c = 2·eps·s, and not times 1e5."""
    problem = sm.Minimax(sm.Affine([[size, size]], absolute=True), sm.Box([0.0, -INF], [1e5, INF]))
    found = sm.certify(problem, [0.5, -0.5], [0.5, 0.5 * (1 + 4 * EPS)])
    assert found.kind == "rounding"
    assert -1e-14 * size <= found.lower <= 0


def test_products_are_proven_factor_by_factor():
    """A ball, an interval and a variable without bounds: 3 y_0 + 4 y_1 + y_2 is least at −5 + 2; a wide interval."""
    ball = sm.Ball([0.0, 0.0], 1.0)
    found = sm.certify(
        sm.Minimax(sm.Affine([[3.0, 4.0, 1.0]]), sm.Product([ball, sm.Box([2.0], [5.0])])), [0.0, 0.0, 3.0], [1.0]
    )
    assert found.kind == "bounded"
    assert found.lower == pytest.approx(-3, abs=1e-13)
    affine, x, p = sm.Affine([[0.0, 0.0, 0.1, 0.1]], absolute=True), [0.0, 0.0, 0.5, -0.5], [0.5, 0.5]
    found = sm.certify(sm.Minimax(affine, sm.Product([ball, sm.Box([0.0], [1e5]), sm.Free(1)])), x, p)
    assert found.kind == "rounding"
    assert 0 <= found.residual <= 1e-15
    assert -1e-15 <= found.lower <= 0
    found = sm.certify(sm.Minimax(affine, sm.Product([ball, sm.Box([0.0, -1.0], [1e5, 1.0])])), x, p)
    assert found.kind == "bounded"
    assert -1e-9 <= found.lower <= -1e-15
    free = sm.Product([ball, sm.Free(2)])
    assert sm.certify(sm.Minimax(affine, free), x, [0.5, 0.5 + 1e-9]).kind == "none"


def test_a_proof_for_the_very_data_goes_before_one_for_others():
    """Where both are, the sharper one; a proof for other data only where it saves more than 1e-9 of the numbers."""
    box = sm.Box([-1.0, -1.0], [1.0, 1.0])
    sharp = sm.certify(sm.Minimax(sm.Quadratic(1.0, [[1e-10, 0.0]], [1.0]), box), [0.0, 0.0], [1.0])
    assert sharp.kind == "bounded"
    assert sharp.lower >= 1 - 1e-14
    for r, slope, kind in ((1e3, 5e-9, "bounded"), (1e-3, 5e-9, "rounding"), (1e3, 5e-3, "rounding")):
        family = sm.Quadratic(np.ones((2, 2)), [[slope, slope]], [r])
        assert sm.certify(sm.Minimax(family, box), [0.0, 0.0], [1.0]).kind == kind


def test_ways_to_the_bounds():
    lb, ub = np.array([-10.0, -1.0, -1.0, -INF, -1.0]), np.array([4.0, 10.0, 10.0, INF, 2.0])
    x, c = np.array([3.0, 3.0, 3.0, 0.0, 0.5]), np.array([0.0, 0.0, -2.0, 1.0, 1.0])
    far, width = inner._ways(Linear(lb, ub), x, c, np.array([1e-3, 1e-3, 1e-3, 2.0, 0.0]))
    assert list(far) == [0.0, 0.0, 7.0, -INF, -1.5]
    assert list(width) == [13.0, 7.0, 7.0, INF, 0.0]


def test_a_set_that_does_not_say_how_far_it_reaches_pays_for_the_way_to_its_vertex_and_back():
    """2·Σ noise_j (|x_j| + |y_j|), at the vertex too."""

    class Corner:
        def lmo(self, c):
            return np.full(2, -100.0)

    ones = np.ones(2)
    found = inner._over(Corner(), -100 * ones, 0.1 * ones, ones, 1e-3 * ones, 0.0, 0.0)
    assert found.kind == "rounding"
    assert found.error == pytest.approx(0.8)


def test_outside_the_set_a_lower_bound_of_affine_components_is_sure():
    found = sm.certify(sm.Minimax(sm.Affine([[1.0]]), sm.Box([0.0], [1.0])), [2.0], [1.0])
    assert (found.upper, found.kind) == (INF, "bounded")
    assert found.lower == pytest.approx(0, abs=1e-14)


def test_portions(monkeypatch):
    monkeypatch.setattr(upper, "PORTION", 2)
    assert list(upper._portions(5)) == [slice(0, 2), slice(2, 4), slice(4, 6)]


@pytest.mark.parametrize("terms", [0, 3, 2**40])
def test_what_rounding_and_underflow_of_many_terms_may_take(terms):
    k = Fraction(terms + 2, 2**53)
    assert inner.gamma(terms) == pytest.approx(float(k / (1 - k)), rel=1e-15, abs=0)
    assert inner.underflow(terms) == 2 * (terms + 2) * TINY


def test_columns_in_which_something_may_have_underflowed():
    """Those of a component, and those of the rows that have a multiplier."""
    lin = sm.Minimax(sm.Affine([[1.0, 0.0, 0.0, 0.0, 0.0]])).at(np.zeros(5))
    one = np.eye(5)
    linear = Linear(np.full(5, -INF), np.full(5, INF), one[1:3], np.zeros(2), -one[3:4], np.zeros(1))
    lam, nu, none = np.array([1.0, 0.0]), np.array([2.0]), np.zeros(0)
    assert inner.touched(lin, np.ones(1), np.zeros(5), linear, lam, nu).tolist() == [True, True, False, True, False]
    assert inner.touched(lin, np.ones(1), np.zeros(5), linear, none, none).tolist() == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert inner.touched(lin, np.ones(1), np.zeros(5), None, lam, nu).tolist() == [True, False, False, False, False]
    assert inner.touched(lin, np.ones(1), one[4], None, lam, nu).tolist() == [True, False, False, False, True]
    assert inner.touched(lin, np.ones(1), np.ones(5), None, lam, nu).all()


def test_rows_elsewhere_share_a_bound_where_many_of_them_are_at_the_top():
    """1 + the largest rounding of all, 1e-8 of a row far below; brought here, they have bounds of their own."""
    many = 5000
    for spread, shared in ((0.0, True), (1e-3, False)):
        A, b = np.zeros((many, 1)), 1 - spread * np.arange(many)
        A[-1], b[-1] = 1e8, -2e8
        family = sm.Affine(A, b)
        problem, limit = sm.Minimax(family), family.rounding_limit(np.ones(1))
        assert limit > 1e-8
        assert upper._rounded_up(problem, problem.at(np.ones(1))) == pytest.approx(1.0, rel=1e-14)
        family.remote = True
        there = upper._rounded_up(problem, problem.at(np.ones(1)))
        assert there == pytest.approx(1 + limit * shared, rel=1e-14)


def test_without_weights_the_residual_says_whether_upper_is_sure():
    row = sm.Affine([[1.0, 2.0]])
    sure = sm.Polyhedron(A_eq=[[1.0, 3.0]], b_eq=[4.0])
    nearly = sm.Polyhedron(A_eq=[[1.0, 3.0], [0.1, 0.3]], b_eq=[4.0, 0.4])
    assert math.isnan(sm.certify(sm.Minimax(row, sure), [1.0, 1.0]).residual)
    assert math.isnan(sm.certify(sm.Minimax(aslinearoperator(row.A), sure), [1.0, 1.0]).residual)
    assert sm.certify(sm.Minimax(row, nearly), [1.0, 1.0]).residual == inner.RESIDUAL


@pytest.mark.parametrize(("above", "crosses"), [(6e-6, False), (9e-6, True)])
def test_a_bound_for_other_data_may_pass_the_point_by_what_they_differ(monkeypatch, above, crosses):
    """By 4·residual·|J||x| = 8e-6 here, and no more."""
    monkeypatch.setattr(certificate, "inner_minimum", lambda *_: inner.Inner(above, 0.0, "rounding", 1e-6))
    c = sm.certify(sm.Minimax(sm.Affine([[1.0]])), [2.0], [1.0])
    assert c.upper == pytest.approx(2.0, rel=1e-14)
    assert c.lower == (pytest.approx(2.0 + above, rel=1e-14) if crosses else c.upper)


class Shy:
    """[0, 1], which denies its ends where they are asked for exactly; beyond 1 + 2⁻⁴⁰ it has no nearest points."""

    d = 1

    def contains(self, x, tol=0.0):
        return bool(np.all((x > -tol) & (x < 1 + tol)))

    def project(self, x):
        return np.where(x > 1 + 2.0**-40, np.nan, np.clip(x, 0.0, 1.0))

    def lmo(self, c):
        return np.where(c > 0, 0.0, 1.0)


def test_where_there_is_no_upper_bound_nothing_is_unsure():
    steep = sm.Smooth(lambda x: np.exp(1e3 * x), lambda x: 1e3 * np.exp(1e3 * x)[:, None], d=1, convex=True)
    ring = NonlinearConstraint(lambda x: x**2, 1.0, 4.0)
    for problem, x in (
        (sm.Minimax([[1.0]], sm.Box(0.0, 1.0)), 2.0),
        (sm.Minimax(steep, sm.Box(0.0, 1.0)), 1.0),
        (sm.Minimax([[1.0]], sm.Box(-9.0, 9.0), ring), 3.0),
        (sm.Minimax([[1.0]], Shy()), 1 + 2.0**-35),
    ):
        with np.errstate(over="ignore"):
            assert upper.upper_value(problem, problem.at(np.array([x]))) == (INF, True)


def test_a_projection_costs_a_pass_where_it_moves_anything():
    problem = sm.Minimax([[1.0], [-1.0]], Shy())
    for x, passes in ((0.5, 0), (1.0, 0), (1 + 2.0**-45, 1)):
        meter = Meter()
        lin = problem.at(np.array([x]), meter)
        assert np.isfinite(lin.range).all()
        before = meter.npass
        assert upper.upper_value(problem, lin)[0] == pytest.approx(min(x, 1.0), rel=1e-14)
        assert meter.npass == before + passes


def test_a_rounding_that_is_no_number_bounds_nothing():
    family = sm.Affine([[1.0], [-1.0]])
    problem = sm.Minimax(family)
    assert upper._rounded_up(problem, problem.at(np.ones(1))) == pytest.approx(1.0, rel=1e-14)
    family.rounding = lambda x, rows, f=None: np.full(rows.size, np.nan)
    assert upper._rounded_up(problem, problem.at(np.ones(1))) == INF


def test_a_slope_that_may_be_lost_below_the_normal_numbers_is_not_zero_along_an_open_way():
    """p_2·J_2 = −2e-402 is no float, and max(p-weighted f) falls along y all the same."""
    half = sm.Box([0.0], [INF])
    found = sm.certify(sm.Minimax(sm.Affine([[0.0], [-2e-101]], [0.0, 1.0]), half), [0.0], [1.0, 1e-301])
    assert (found.kind, found.lower, found.residual) == ("none", -INF, INF)
    for slope, kind in ((1e-310, "none"), (1e-305, "rounding"), (1.0, "rounding")):  # 3e-323 of the first may be lost
        pair = sm.Minimax(sm.Affine([[slope], [-slope]], [1.0, 1.0]))
        assert sm.certify(pair, [0.0], [0.5, 0.5]).kind == kind
    closed = sm.Minimax(sm.Affine([[0.0], [-2e-101]], [0.0, 1.0]), sm.Box([0.0], [1e300]))
    found = sm.certify(closed, [0.0], [1.0, 1e-301])
    assert found.kind == "bounded"
    assert -1e-20 < found.lower < 0.0
    silent = sm.Minimax(sm.Affine([[0.0, 1.0], [0.0, -1.0]], [1.0, 1.0]))  # of zeros nothing is lost
    assert sm.certify(silent, [0.0, 0.0], [0.5, 0.5]).kind == "rounding"
    unweighted = sm.Minimax(sm.Affine([[0.0], [1.0]], [1.0, 0.0]))  # nor of what has no weight
    assert sm.certify(unweighted, [0.0], [1.0, 0.0]).kind == "bounded"


@pytest.mark.parametrize("P", [np.zeros((1, 3, 3)), np.diag([2.0, 0.0, 0.0]), [np.diag([2.0, 0.0, 0.0])], 0.0])
def test_slopes_of_bowls_lose_nothing_in_columns_of_zeros(P):
    bowl = sm.Quadratic(P, [[1.0, 3.0, 0.0]])
    lost = bowl.slope_rounding(np.zeros(3), np.ones(1))
    assert (lost > 0).tolist() == [True, True, False]
    lost = sm.Quadratic(P, np.zeros((1, 3))).slope_rounding(np.zeros(3), np.ones(1))
    assert (lost > 0).tolist() == [np.any(P), False, False]
