"""Proofs: no lower bound above the optimum and no upper bound below it, in exact arithmetic; repair; every kind."""

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import NonlinearConstraint, linprog
from scipy.sparse.linalg import aslinearoperator

import problems
import smoothmax as sm
from problems import linf_regression
from smoothmax import Multipliers, certificate, inner
from smoothmax.certificate import _lagrangian
from tests import naive
from tests.effort import law
from tests.laws import assert_brackets, assert_refuses
from tests.trust.random_problems import random_problem

EPS = float(np.finfo(float).eps)
INF = np.inf
CASES = {c.name: c for c in problems.cases() if c.optimum is not None and c.convex}
DATA = ("stackloss", "longley", "diabetes")


def is_integer(case):
    parts = case.problem.components
    return isinstance(parts, sm.Affine) and all(np.all(v == np.round(v)) for v in (parts.A, parts.b))


def allowance(case):
    """How far the optimum of the data as floats may be from that of the data as written."""
    parts = case.problem.components
    if is_integer(case) or case.name == "hilbert-10":
        return Fraction(0)
    x = np.abs(case.x0) if case.problem.domain.bounded else None
    if isinstance(parts, sm.Affine):
        size = np.abs(parts.A).max() * (x.sum() if x is not None else 1.0) + np.abs(parts.b).max(initial=0.0)
    else:
        size = 1.0 + np.abs(parts.q).max() + np.abs(parts.r).max()
    return Fraction(64 * EPS * size)


def assert_near_brackets(case, found):
    """assert_brackets, up to what rounding the data itself may move the optimum."""
    optimum, room = Fraction(case.exact if case.exact is not None else case.optimum), allowance(case)
    if np.isfinite(found.lower):
        assert Fraction(found.lower) <= optimum + room, f"{found} against {float(optimum)}"
    if np.isfinite(found.upper):
        assert Fraction(found.upper) >= optimum - room, f"{found} against {float(optimum)}"
    assert found.gap >= 0


def newton(problem, x, tau, steps=12, shrink=4.0, stages=1):
    """A few damped Newton steps on F_tau with equilibrated columns, tau falling: the plainest solver there is."""
    s = sm.Smoothed(problem, tau)
    for stage in range(stages):
        s = sm.Smoothed(problem, tau / shrink**stage)
        for _ in range(steps):
            H, g = s.hess(x), s.jac(x)
            scale = 1 / np.sqrt(np.maximum(np.diagonal(H), 1e-300))
            step = -scale * np.linalg.lstsq(H * scale * scale[:, None], scale * g, rcond=1e-13)[0]
            t = 1.0
            while s.fun(x + t * step) > s.fun(x) + 1e-4 * t * (g @ step) and t > 1e-12:
                t /= 2
            x = x + t * step
    return s, x


def least_squares(problem):
    parts = problem.components
    scale = np.abs(naive.dense(parts.A)).max(axis=0)
    return np.linalg.lstsq(naive.dense(parts.A) / scale, -parts.b, rcond=None)[0] / scale


@pytest.fixture(scope="module", params=DATA)
def regression(request):
    """(problem, exact optimum of the data as floats, exact x, exact weights over 2m components)."""
    known = linf_regression.reference()[request.param]
    A, y = linf_regression.data(request.param)
    both, offset = np.vstack([A, -A]), np.concatenate([-y, y])
    x = np.array([float(v) for v in known["coefficients"]])
    signed = [i if (both[i] @ x + offset[i]) > 0 else i + len(A) for i in known["active_rows"]]
    optimum, point, p = naive.exact_minimax(both, offset, signed)
    weights = np.zeros(2 * len(A))
    weights[signed] = [float(v) for v in p]
    return linf_regression.residuals(A, y), optimum, point, weights


# --- never a false proof


def is_data(case):
    components = case.problem.components
    return getattr(case.problem.domain, "projects", True) and not (components.assumed or components.spectral)


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if is_data(c)])
def test_no_bound_crosses_the_optimum(name):
    case = CASES[name]
    rng = np.random.default_rng(0)
    problem = case.problem
    n, d = problem.n, problem.d
    some = [np.ones(n), *(rng.exponential(size=(3, n)) ** 4), *np.eye(n)[rng.integers(0, n, 3)]]
    for size in (0.0, 1e-3, 1.0, 1e3) if d < 50 else (0.0, 1.0):
        x = problem.domain.project(case.x0 + size * rng.standard_normal(d))
        for weights in some:
            assert_near_brackets(case, sm.certify(problem, x, weights))
        soft = sm.Smoothed(problem, 0.1 * (1e-9 + np.ptp(problem.components.value(x)))).weights(x)
        for weights, multipliers in [(soft, None), sm.repair(problem, x, soft) or (soft, None)]:
            assert_near_brackets(case, sm.certify(problem, x, weights, multipliers))


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if isinstance(c.problem.domain, sm.Simplex)])
def test_games_certify_any_pair_of_strategies(name):
    """The value of a game lies between what any two mixed strategies secure."""
    case = CASES[name]
    rng = np.random.default_rng(1)
    M = case.problem.components.A
    for _ in range(20):
        x, p = rng.exponential(size=M.shape[1]) ** 3, rng.exponential(size=M.shape[0]) ** 3
        x, p = x / x.sum(), p / p.sum()
        found = sm.certify(case.problem, x, p)
        assert found.kind == "bounded"
        assert_near_brackets(case, found)
        room = 64 * EPS * np.abs(M).max()
        assert found.lower == pytest.approx((p @ M).min(), abs=room)
        assert found.upper == pytest.approx((M @ x).max(), abs=room)


def test_the_exact_weights_close_the_gap_of_real_data(regression):
    problem, optimum, point, weights = regression
    x = np.array([float(v) for v in point])
    found = sm.certify(problem, x, weights)
    assert_brackets(found, optimum)
    assert found.kind == "rounding"
    size = float(problem.components.rounding(x, np.arange(problem.n)).max())
    assert found.gap <= 8 * size
    assert found.residual <= 8 * EPS


@pytest.mark.parametrize("spread", [0.0, 1e-6, 1.0])
def test_exact_weights_prove_the_optimum_from_near_the_solution(regression, spread):
    problem, optimum, point, weights = regression
    rng = np.random.default_rng(3)
    for _ in range(5):
        x = np.array([float(v) for v in point]) * (1 + spread * rng.standard_normal(problem.d))
        assert_brackets(sm.certify(problem, x, weights), optimum)


def test_a_proof_far_from_the_solution_is_wrong_by_its_residual_at_most(regression):
    """From x = 0, c = A'p is all that rounding left: lower exceeds the optimum by no more than |c|.|x*|."""
    problem, optimum, point, weights = regression
    A = problem.components.A
    c = np.abs(A.T @ (weights[: len(A)] - weights[len(A) :])) + EPS * np.abs(A).T @ (
        weights[: len(A)] + weights[len(A) :]
    )
    found = sm.certify(problem, np.zeros(problem.d), weights)
    room = sum((Fraction(float(v)) * abs(w) for v, w in zip(c, point, strict=True)), Fraction(0))
    assert Fraction(found.lower) <= optimum + 4 * room
    assert Fraction(found.lower) >= optimum - 4 * room - Fraction(1, 10**6)


@pytest.mark.parametrize("power", [-27, 27])
def test_columns_of_wildly_different_units(regression, power):
    """Powers of two from 2^-27 to 2^27 (1e-8 to 1e8) on the columns change no digit of the optimum."""
    problem, optimum, point, weights = regression
    parts = problem.components
    scale = 2.0 ** np.round(np.linspace(-power, power, problem.d))
    moved = sm.Minimax(sm.Affine(parts.A * scale, parts.b, absolute=True))
    x = np.array([float(v) for v in point]) / scale
    one, two = sm.certify(problem, x * scale, weights), sm.certify(moved, x, weights)
    assert_brackets(two, optimum)
    assert two.lower == pytest.approx(one.lower, rel=1e-12)
    assert two.upper == pytest.approx(one.upper, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-100, 1e-8, 1e8, 1e100])
def test_the_proof_scales_with_the_data(scale):
    case = CASES["linear3"]
    A, b = case.problem.components.A, case.problem.components.b
    weights = [1 / 4, 1 / 4, 1 / 2]
    one = sm.certify(case.problem, [-2.5, 2.25], weights)
    for A_scaled, x_scaled in ((A * scale, 1.0), (A, scale)):
        found = sm.certify(sm.Minimax(sm.Affine(A_scaled, b * scale)), np.array([-2.5, 2.25]) * x_scaled, weights)
        assert found.lower / scale == pytest.approx(one.lower, rel=1e-14)
        assert found.upper / scale == pytest.approx(one.upper, rel=1e-14)
        assert found.kind == one.kind == "rounding"


@law(80, 1600)
@given(st.integers(0, 10**6), st.integers(1, 4), st.sampled_from(["free", "box", "simplex", "half-open"]))
def test_random_integer_problems(seed, d, kind):
    """Small integers: the optimum is found by scipy's linear program and rounded to the rational it must be near."""
    rng = np.random.default_rng(seed)
    n = d + 3
    A, b = rng.integers(-4, 5, (n, d)).astype(float), rng.integers(-9, 10, n).astype(float)
    sides = {"free": (-INF, INF), "box": (-3.0, 2.0), "simplex": (0.0, INF), "half-open": (-1.0, INF)}[kind]
    domain = {"free": sm.Free(d), "simplex": sm.Simplex(d)}.get(
        kind, sm.Box(np.full(d, sides[0]), np.full(d, sides[1]))
    )
    equal = {"A_eq": np.r_[np.ones(d), 0.0][None], "b_eq": [1.0]} if kind == "simplex" else {}
    limits = [sides] * d + [(-INF, INF)]
    best = linprog(np.eye(d + 1)[-1], np.column_stack([A, -np.ones(n)]), -b, bounds=limits, method="highs", **equal)
    problem = sm.Minimax(sm.Affine(A, b), domain)
    x = domain.project(rng.integers(-8, 9, d) / 4)
    weights = rng.integers(0, 3, n) + np.eye(n)[0]
    tested = [sm.certify(problem, x, weights)]
    if best.status == 0:
        tested.append(sm.certify(problem, domain.project(best.x[:-1]), -best.ineqlin.marginals))
        room = 1e-9 * (1 + abs(best.fun))
        assert tested[1].gap <= room or tested[1].kind == "none"
        assert all(t.lower <= best.fun + room and t.upper >= best.fun - room for t in tested)
    else:
        assert all(t.lower == -INF for t in tested)


# --- where false proofs hide


def test_a_component_that_rounds_badly_cannot_hide_below_the_top():
    """One point: max f = 1 there, though rounding shows 0.5 and 0."""
    problem = sm.Minimax(sm.Affine([[0.0, 0.0, 0.0], [1e16, 1.0, -1e16]], [0.5, 0.0]), sm.Box(np.ones(3), np.ones(3)))
    assert_brackets(sm.certify(problem, np.ones(3), [0.0, 1.0]), 1)
    assert_brackets(sm.certify(problem, np.ones(3)), 1)


@pytest.mark.parametrize(
    ("domain", "f", "x", "optimum"),
    [
        (lambda: sm.Box(0.0, 1.0), -1e6, [1 + 1e-12], -1e6),
        (lambda: sm.Box(0.0, 1.0), -1e6, [1 + 5e-13], -1e6),
        (lambda: sm.Box(0.0, 1e-13), -1e13, [1e-12], -Fraction(1e-13) * 10**13),
        (lambda: sm.Box(1e6, 1e6), 1.0, [1e6 - 5e-7], 1e6),
        (lambda: sm.Polyhedron([[1e-12]], [1e-12], bounds=(0.0, 100.0)), -1.0, [1.9], -1),
        (lambda: sm.Polyhedron([[1.0]], [1.0], bounds=(0.0, 100.0)), -1e6, [1 + 9e-13], -1e6),
        (lambda: sm.Simplex(1), -1e6, [1 + 9e-13], -1e6),
        (lambda: sm.Simplex(2), [1e6, 1e6], [0.5 - 4e-13, 0.5 - 4e-13], 10**6),
        (lambda: sm.Ball([0.0], 1.0), -1e6, [1 + 9e-13], -1e6),
        (lambda: sm.Ball([2.0**20], 2.0**-20), -1e6, [2.0**20 + 1.5e-6], -(2**20 + Fraction(1, 2**20)) * 10**6),
    ],
    ids=["box", "box-closer", "tiny-box", "point", "small-row", "row", "simplex-1", "simplex-2", "ball", "far-ball"],
)
def test_a_point_slightly_outside_proves_no_upper_bound_below_the_optimum(domain, f, x, optimum):
    problem = sm.Minimax(sm.Affine(np.atleast_2d(f)), domain())
    assert_brackets(sm.certify(problem, x, [1.0]), optimum)


def test_weights_as_large_as_the_numbers():
    problem = sm.Minimax(sm.Affine([[1.0], [-1.0]], [-5.0, -5.0]))  # the optimum is -5
    for weights in ([1e308, 1e308], [5e-324, 5e-324], [1e-310, 1e-310], [1e308, 1.0]):
        assert_brackets(sm.certify(problem, [0.0], weights), -5)
    assert sm.certify(problem, [0.0], [1e-310, 1e-310]).gap < 1e-13
    assert sm.certify(problem, [0.0], [1e308, 1e308]).gap < 1e-13


def test_a_quadratic_that_bends_down_in_small_units():
    """f = 0.5(1e16 x1^2 - x2^2) on [-1, 1]^2 is not convex: its least value is -1/2, at (0, 1)."""
    problem = sm.Minimax(sm.Quadratic(np.diag([1e16, -1.0]), np.zeros((1, 2))), sm.Box([-1, -1], [1, 1]))
    assert_brackets(sm.certify(problem, [0.0, 0.0], [1.0]), Fraction(-1, 2))


def test_a_quadratic_that_bends_down_by_rounding_only():
    """0.5(x1^2 - 2^-53 x2^2) on a box of width 1e9: -2^-54 1e18 = -55.5, however small the bend."""
    problem = sm.Minimax(sm.Quadratic(np.diag([1.0, -(2.0**-53)]), np.zeros((1, 2))), sm.Box([-1, -1e9], [1, 1e9]))
    assert_brackets(sm.certify(problem, [0.0, 0.0], [1.0]), -Fraction(10**18, 2**54))


def test_the_gradient_of_a_quadratic_is_rounded_too(monkeypatch):
    """P singular: along its null direction f falls by q alone, which P x + q rounds away; the box is wide."""
    P, q = np.array([[1.0, 3.0], [3.0, 9.0]]), np.array([[-1e8 / 3, -1e8]])
    null = [3, -1]
    slope = sum(Fraction(float(v)) * w for v, w in zip(q[0], null, strict=True))
    x = np.array([1e8 / 3, 0.0])
    assert slope != 0
    W = 1e12
    problem = sm.Minimax(sm.Quadratic(P, q), sm.Box([-W, -W], [W, W]))
    t = -Fraction(W) / 3 if slope > 0 else Fraction(W) / 3  # a point of the box far along the null direction
    far = [Fraction(float(x[0])) + 3 * t, Fraction(float(x[1])) - t]
    far[0] = max(min(far[0], Fraction(W)), Fraction(-W))
    value = sum(Fraction(float(P[j, k])) * far[j] * far[k] for j in range(2) for k in range(2)) / 2
    value += sum(Fraction(float(v)) * w for v, w in zip(q[0], far, strict=True))
    monkeypatch.setattr(inner, "HARMLESS", INF)  # a proof for the very data, whatever it costs
    found = sm.certify(problem, x, [1.0])
    assert found.kind == "bounded"
    assert Fraction(found.lower) <= value, f"{found.lower} is above a value, {float(value)}"
    free = sm.certify(sm.Minimax(problem.components), x, [1.0])  # proven for q' = q_1·(1, 3), where f has a minimum
    assert free.kind == "rounding"
    assert abs(3 * Fraction(float(q[0, 0])) / Fraction(float(q[0, 1])) - 1) <= 256 * EPS
    assert Fraction(free.lower) <= -(Fraction(float(q[0, 0])) ** 2) / 2
    assert free.gap <= 1e-14 * abs(free.upper)


def test_beside_a_variable_without_bounds_a_wide_interval_costs_no_more_than_none():
    """|x1 + x2| over 0 ≤ x1 ≤ 1e5 is 0; for the very data the interval alone costs 1e-15·1e5, and x2 has no proof."""
    affine, x, p = sm.Affine([[0.1, 0.1]], absolute=True), [0.5, -0.5], [0.5, 0.5]
    wide, free = sm.Box([0.0], [1e5]), sm.Free(1)
    for domain in (sm.Box([0.0, -INF], [1e5, INF]), sm.Product([wide, free])):
        found = sm.certify(sm.Minimax(affine, domain), x, p)
        assert found.kind == "rounding"
        assert -1e-15 <= found.lower <= 0 <= found.upper <= 1e-15
    alone = sm.certify(sm.Minimax(sm.Affine([[0.1]], absolute=True), wide), [0.5], p)
    assert alone.kind == "bounded"
    assert -1e-10 <= alone.lower <= 0


def test_an_operator_shows_no_entries_and_still_proves_only_what_is_true():
    rng = np.random.default_rng(0)
    A, b = rng.standard_normal((30, 3)), rng.standard_normal(30)
    dense, hidden = (sm.Minimax(sm.Affine(B, b), sm.Box(-np.ones(3), np.ones(3))) for B in (A, aslinearoperator(A)))
    p = rng.exponential(size=30)
    one, two = sm.certify(dense, np.zeros(3), p), sm.certify(hidden, np.zeros(3), p)
    assert two.lower == pytest.approx(one.lower, rel=1e-12)
    assert two.upper == pytest.approx(one.upper, rel=1e-12)


@pytest.mark.parametrize("form", [sp.csr_array, np.asfortranarray, lambda A: A.astype(np.float32).astype(float)])
def test_the_proof_does_not_depend_on_the_storage(form):
    A, y = linf_regression.data("stackloss")
    p = np.linspace(0, 1, 42)
    one = sm.certify(sm.Minimax(sm.Affine(A, -y, absolute=True), sm.Box(-np.ones(4), np.ones(4))), np.zeros(4), p)
    two = sm.certify(sm.Minimax(sm.Affine(form(A), -y, absolute=True), sm.Box(-np.ones(4), np.ones(4))), np.zeros(4), p)
    assert one.lower == pytest.approx(two.lower, rel=1e-14)


# --- half-open domains and polyhedra


@pytest.mark.parametrize("x", [0.0, 0.5, 100.0])
def test_a_half_open_box_is_closed_on_the_side_that_matters(x):
    problem = sm.Minimax(sm.Affine([[1.0]], [1.0]), sm.Box(0.0, INF))
    found = sm.certify(problem, [x], [1.0])
    assert_brackets(found, 1)
    assert found.lower == pytest.approx(1.0, abs=1e-12)
    assert found.kind == "bounded"
    down = sm.Minimax(sm.Affine([[-1.0]], [1.0]), sm.Box(-INF, 3.0))
    assert sm.certify(down, [min(x, 3.0)], [1.0]).lower == pytest.approx(-2.0, abs=1e-12)
    for away in (sm.Minimax(sm.Affine([[-1.0]]), sm.Box(0.0, INF)), sm.Minimax(sm.Affine([[1.0]]), sm.Box(-INF, 0.0))):
        assert sm.certify(away, [0.0], [1.0]).lower == -INF


def epigraph(problem):
    """min t, A x + b <= t over a linear domain, by scipy: (optimum, x, weights, multipliers)."""
    A, b, linear = naive.dense(problem.components.A), problem.components.b, problem.domain.linear()
    n, d = A.shape
    rows, right = [np.column_stack([A, -np.ones(n)])], [-b]
    if linear.A_ub is not None:
        rows.append(np.column_stack([naive.dense(linear.A_ub), np.zeros(linear.b_ub.size)]))
        right.append(linear.b_ub)
    equal = {}
    if linear.A_eq is not None:
        equal = {"A_eq": np.column_stack([naive.dense(linear.A_eq), np.zeros(linear.b_eq.size)]), "b_eq": linear.b_eq}
    sides = np.column_stack([np.r_[linear.lb, -INF], np.r_[linear.ub, INF]])
    found = linprog(np.eye(d + 1)[-1], np.vstack(rows), np.concatenate(right), bounds=sides, method="highs", **equal)
    assert found.status == 0
    dual = -found.ineqlin.marginals
    nu = -found.eqlin.marginals if equal else np.zeros(0)
    lower, upper = found.lower.marginals[:d], -found.upper.marginals[:d]
    return found.fun, found.x[:d], dual[:n], Multipliers(np.maximum(dual[n:], 0), nu, lower, upper)


def polyhedral(seed, bounds=None, equalities=1, sparse=False):
    """A random problem over a bounded polyhedron around the origin."""
    rng = np.random.default_rng(seed)
    d, m = 4, 12
    G = rng.standard_normal((m, d))
    G = np.vstack([G, -G])  # bounded through its rows
    E = rng.standard_normal((equalities, d))
    domain = sm.Polyhedron(
        sp.csr_array(G) if sparse else G, np.ones(2 * m), E, 0.1 * rng.standard_normal(equalities), bounds
    )
    return sm.Minimax(sm.Affine(rng.standard_normal((9, d)), rng.standard_normal(9)), domain)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("bounds", [None, (-0.3, 0.3), (0.0, INF), (-INF, 0.05)], ids=str)
@pytest.mark.parametrize("sparse", [False, True])
def test_multipliers_of_a_linear_program_close_the_gap(seed, bounds, sparse):
    problem = polyhedral(seed, bounds, sparse=sparse)
    optimum, x, p, multipliers = epigraph(problem)
    x = problem.domain.project(x)
    found = sm.certify(problem, x, p, multipliers)
    room = 1e-9 * (1 + abs(optimum))
    assert found.gap <= room
    assert found.lower <= optimum + room
    assert found.upper >= optimum - room
    assert found.kind in ("rounding", "bounded")


def test_without_multipliers_an_open_polyhedron_is_asked_for_them():
    problem = polyhedral(0)
    optimum, x, p, multipliers = epigraph(problem)
    assert sm.certify(problem, x, p).lower == pytest.approx(optimum, abs=1e-9)
    wrong = Multipliers(multipliers.ub * 0, multipliers.eq, multipliers.lower, multipliers.upper)
    assert sm.certify(problem, x, p, wrong).lower == -INF


@pytest.mark.parametrize("seed", range(3))
def test_any_multipliers_give_a_true_bound_where_the_bounds_close(seed):
    problem = polyhedral(seed, (-1.0, 1.0), equalities=2)
    optimum = epigraph(problem)[0]
    rng = np.random.default_rng(seed)
    for size in (0.0, 0.1, 10.0):
        random = Multipliers(size * rng.random(24), size * rng.standard_normal(2), np.zeros(4), np.zeros(4))
        found = sm.certify(problem, problem.domain.start(), rng.exponential(size=9), random)
        assert found.kind == "bounded"
        assert found.lower <= optimum + 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_repair_finds_the_multipliers_of_an_optimal_point(seed):
    problem = polyhedral(seed)
    optimum, x, p, _ = epigraph(problem)
    found = sm.repair(problem, x, p + 1e-9)
    assert found is not None
    proof = sm.certify(problem, x, *found)
    assert proof.lower == pytest.approx(optimum, abs=1e-6)
    assert proof.lower <= optimum + 1e-9


# --- repair


@pytest.mark.parametrize("name", ["stackloss", "longley", "diabetes"])
def test_a_few_newton_steps_and_repair_close_the_bound(name):
    case = CASES[name]
    problem = case.problem
    x = least_squares(problem)
    tau = 0.25 * problem.value(x)
    s, x = newton(problem, x, tau, steps=15, stages=5)
    careless = sm.certify(problem, x, s.weights(x))
    weights, _ = sm.repair(problem, x, s.weights(x))
    found = sm.certify(problem, x, weights)
    assert found.kind == "rounding"
    assert found.residual <= 1e-13
    assert careless.residual > found.residual
    assert_near_brackets(case, found)
    assert found.gap <= 1.01 * s.tau * s.entropy(x)  # identity 2
    assert found.gap <= s.tau * np.log(problem.n)
    assert found.lower > 0


def test_repaired_weights_are_weights(regression):
    problem = regression[0]
    s, x = newton(problem, least_squares(problem), 100.0, steps=20)
    before = s.weights(x).copy()
    weights, multipliers = sm.repair(problem, x, before)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1.0, abs=1e-14)
    np.testing.assert_array_equal(s.weights(x), before)
    assert multipliers is None or not np.any(multipliers.lower + multipliers.upper)
    again, _ = sm.repair(problem, x, weights)
    np.testing.assert_allclose(again, weights, rtol=1e-9, atol=1e-15)


def test_repair_of_collinear_columns():
    """The same column twice, once in other units: J'p = 0 is asked of both."""
    A, y = linf_regression.data("stackloss")
    twice = np.column_stack([A, A[:, 1] * 2.0**40, A[:, 1] + A[:, 2]])
    problem = sm.Minimax(sm.Affine(twice, -y, absolute=True))
    s, x = newton(problem, np.r_[least_squares(linf_regression.residuals(A, y)), 0.0, 0.0], 0.5, steps=15)
    found = sm.certify(problem, x, sm.repair(problem, x, s.weights(x))[0])
    assert_brackets(found, Fraction(19705, 4154))
    assert found.gap <= 1.01 * s.tau * s.entropy(x)


def test_repair_too_far_from_a_minimizer_refuses():
    problem = CASES["linear3"].problem
    assert sm.repair(problem, [50.0, 50.0], [1.0, 1e-3, 1e-3]) is None or np.isfinite(
        sm.certify(problem, [50.0, 50.0], *sm.repair(problem, [50.0, 50.0], [1.0, 1e-3, 1e-3])).lower
    )
    single = sm.repair(problem, [0.0, 0.0], [1.0, 0.0, 0.0])
    assert single is None or sm.certify(problem, [0.0, 0.0], single[0]).lower == -INF


@pytest.mark.parametrize("scale", [1e-100, 1e-8, 1e8, 1e100])
def test_repair_scales_with_the_data(scale):
    A, y = linf_regression.data("stackloss")
    problem = linf_regression.residuals(A, y)
    s, x = newton(problem, least_squares(problem), 1.0)
    weights, _ = sm.repair(problem, x, s.weights(x))
    scaled, _ = sm.repair(linf_regression.residuals(A * scale, y * scale), x, s.weights(x))
    np.testing.assert_allclose(scaled, weights, rtol=1e-9, atol=1e-16)


@pytest.mark.parametrize(
    ("weights", "error"),
    [([np.nan, 1, 1], ValueError), ([1.0, 1], ValueError), ([0, 0, 0], ValueError), ([-1.0, 1, 1], ValueError)],
    ids=["nan", "short", "zero", "negative"],
)
def test_repair_checks_what_it_is_given(weights, error):
    assert_refuses(error, "weights", sm.repair, CASES["linear3"].problem, [0.0, 0.0], weights)


def test_repair_needs_no_square_of_the_variables_when_no_bound_is_near():
    """The active bounds are listed, not picked from a d x d identity: d may be large."""
    import tracemalloc

    from smoothmax.repairs import estimate_multipliers

    d = 4000
    tracemalloc.start()
    try:
        estimate_multipliers(sm.Free(d).linear(), np.zeros(d), np.ones(d))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * d * d / 10, f"peak {peak / 1e6:.0f} MB"


# --- kinds, parts, infeasible points


def test_every_kind_in_its_place():
    case = CASES["linear3"]
    x, p = [-2.5, 2.25], [0.25, 0.25, 0.5]
    assert sm.certify(case.problem, x, p).kind == "rounding"
    assert sm.certify(case.problem, x).kind == "none"
    assert sm.certify(case.problem, x, [1.0, 0.0, 0.0]).kind == "none"
    boxed = sm.Minimax(case.problem.components, sm.Box([-5, -5], [5, 5]))
    assert sm.certify(boxed, x, [1.0, 0.0, 0.0]).kind == "bounded"
    ball = sm.Minimax(case.problem.components, sm.Ball([0.0, 0.0], 9.0))
    assert sm.certify(ball, x, p).kind == "bounded"
    bowl = sm.Minimax(sm.Quadratic(1.0, np.eye(3)))
    assert sm.certify(bowl, [0.0, 0, 0], [1, 1, 1.0]).kind == "bounded"  # curvature closes R^d

    def fun(x):
        return np.array([x @ x, (x - 1) @ (x - 1)])

    def jac(x):
        return np.array([2 * x, 2 * (x - 1)])

    box = sm.Box([-2, -2], [2, 2])
    told = sm.certify(sm.Minimax(sm.Smooth(fun, jac, convex=True), box), [0.5, 0.5], [0.5, 0.5])
    assert told.kind == "assumed-convex"
    assert told.lower <= 0.5 <= told.upper
    assert told.gap < 1e-12
    rough = sm.certify(sm.Minimax(sm.Smooth(fun, d=2, convex=True)), [0.5, 0.5], [0.5, 0.5])
    assert rough.kind == "assumed-convex"
    assert rough.gap < 1e-7
    silent = sm.certify(sm.Minimax(sm.Smooth(fun, jac), box), [0.5, 0.5], [0.5, 0.5])
    assert silent.kind == "local"
    assert silent.lower == -INF
    assert silent.residual < 1e-12
    elsewhere = sm.certify(sm.Minimax(sm.Smooth(fun, jac), box), [0.5, -0.5], [0.5, 0.5])
    assert elsewhere.residual > 0.1
    stacked = sm.Stack([sm.Affine(np.eye(2)), sm.Smooth(fun, jac, d=2, n=2, convex=True)])
    assert sm.certify(sm.Minimax(stacked, box), [0.0, 0.0], np.ones(4)).kind == "assumed-convex"
    saddle = sm.Minimax(sm.Quadratic(np.diag([1.0, -1.0]), np.zeros((1, 2))), box)
    assert sm.certify(saddle, [0.0, 2.0], [1.0]).kind == "local"
    assert sm.certify(saddle, [0.0, 2.0], [1.0]).residual < 1e-12  # at the bound, pushed outwards


def test_kkt_residuals_of_nonconvex_problems_at_the_bounds():
    down = sm.Minimax(sm.Smooth(lambda x: -(x**2), lambda x: np.diag(-2 * x), d=1, n=1), sm.Box(-1.0, 2.0))
    assert sm.certify(down, [2.0], [1.0]).residual < 1e-12
    assert sm.certify(down, [-1.0], [1.0]).residual < 1e-12
    assert sm.certify(down, [1.0], [1.0]).residual > 0.5
    assert sm.certify(down, [2.0], [1.0]).lower == -INF


@pytest.mark.parametrize("name", ["linear3", "kuhn-poker", "nesterov-10", "ball-cube-2", "stackloss"])
def test_parts_add_up_to_the_gap(name):
    case = CASES[name]
    problem = case.problem
    s = sm.Smoothed(problem, 0.05)
    x = problem.start(case.x0)
    for domain in (problem.domain, sm.Box(np.full(problem.d, -9.0), np.full(problem.d, 9.0))):
        problem = sm.Minimax(case.problem.components, domain)
        found = sm.certify(problem, problem.start(x), s.weights(x))
        assert sum(found.parts) == pytest.approx(found.gap, rel=1e-13)
        if np.isfinite(found.gap):
            f, p = problem.components.value(problem.start(x)), found.weights
            assert found.parts[0] == pytest.approx(f.max() - p @ f, rel=1e-9, abs=1e-9)
            assert min(found.parts) >= -1e-12 * (1 + abs(found.gap))


def test_outside_the_domain_there_is_no_upper_bound():
    problem = sm.Minimax(sm.Affine([[1.0, 0.0]]), sm.Simplex(2))
    for x in ([0.9, 0.9], [-0.1, 1.1], [2.0, -1.0]):
        found = sm.certify(problem, x, [1.0])
        assert found.upper == INF
        assert found.lower == pytest.approx(0.0, abs=1e-12)
        assert found.lower <= 0
        assert found.gap == INF


def test_without_weights_there_is_an_upper_bound_only():
    found = sm.certify(CASES["linear3"].problem, [0, 0])
    assert (found.lower, found.weights, found.gap) == (-INF, None, INF)
    assert 4 <= found.upper < 4 + 1e-14


def test_functions_that_fail_prove_nothing():
    for bad in (np.nan, INF):
        problem = sm.Minimax(sm.Smooth(lambda x, v=bad: np.array([1.0, v]), lambda x: np.zeros((2, 1)), d=1, n=2))
        found = sm.certify(problem, [0.0], [0.5, 0.5])
        assert (found.lower, found.upper, found.kind) == (-INF, INF, "none")


def test_values_beyond_the_numbers_prove_nothing():
    found = sm.certify(sm.Minimax(sm.Affine([[1e300]])), [1e300], [1.0])
    assert (found.lower, found.upper, found.kind) == (-INF, INF, "none")


def test_a_quadratic_is_proven_through_its_curvature():
    rng = np.random.default_rng(0)
    q, r = rng.standard_normal((5, 3)), rng.standard_normal(5)
    problem = sm.Minimax(sm.Quadratic(np.diag([1.0, 2.0, 3.0]), q, r))
    p = np.full(5, 0.2)
    mean_q, mean_r = q.mean(axis=0), r.mean()
    best = mean_r - 0.5 * mean_q @ (mean_q / [1.0, 2.0, 3.0])  # min of the mean of the f_i, wherever x is
    for x in (np.zeros(3), 100 * rng.standard_normal(3)):
        found = sm.certify(problem, x, p)
        assert found.lower == pytest.approx(best, rel=1e-7)
        assert found.lower <= best + 1e-12


@pytest.mark.parametrize("units", [1e-8, 1e-3, 1e3, 1e8])
def test_a_quadratic_is_proven_in_any_units(units):
    P, q = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[1.0, -1.0]])
    s = np.array([1.0, units])
    plain = sm.certify(sm.Minimax(sm.Quadratic(P, q)), [0.5, 0.5], [1.0])
    moved = sm.certify(sm.Minimax(sm.Quadratic(P * s * s[:, None], q * s)), np.array([0.5, 0.5]) / s, [1.0])
    assert moved.kind == plain.kind == "bounded"
    assert moved.lower == pytest.approx(plain.lower, rel=1e-7)


def test_the_weights_come_back_normalised_and_the_input_unchanged():
    problem = CASES["linear3"].problem
    given, x = np.array([1.0, 1.0, 2.0]), np.array([-2.5, 2.25])
    given.flags.writeable = x.flags.writeable = False
    found = sm.certify(problem, x, given)
    np.testing.assert_array_equal(found.weights, [0.25, 0.25, 0.5])
    assert sm.certify(problem, x, found.weights).lower == found.lower
    with pytest.raises(AttributeError):
        found.lower = 0.0


REFUSED = {
    "problem": (TypeError, ["problem", "ndarray"], lambda p: sm.certify(np.eye(2), [0, 0])),
    "x-size": (ValueError, ["x", "2", "3"], lambda p: sm.certify(p, [0, 0, 0])),
    "x-nan": (ValueError, ["x", "nan"], lambda p: sm.certify(p, [np.nan, 0])),
    "weights-size": (ValueError, ["weights", "3", "2"], lambda p: sm.certify(p, [0, 0], [1, 1])),
    "weights-negative": (ValueError, ["weights", "-1.0"], lambda p: sm.certify(p, [0, 0], [-1, 1, 1])),
    "weights-zero": (ValueError, ["weights"], lambda p: sm.certify(p, [0, 0], [0, 0, 0])),
    "weights-nan": (ValueError, ["weights", "nan"], lambda p: sm.certify(p, [0, 0], [np.nan, 1, 1])),
    "weights-inf": (ValueError, ["weights", "inf"], lambda p: sm.certify(p, [0, 0], [INF, 1, 1])),
    "weights-string": (TypeError, ["weights"], lambda p: sm.certify(p, [0, 0], ["a", "b", "c"])),
    "multipliers-number": (TypeError, ["multipliers", "float"], lambda p: sm.certify(p, [0, 0], [1, 1, 1], 3.0)),
    **{
        f"multipliers-{name}": (
            ValueError,
            [f"multipliers.{name}"],
            lambda p, k=k: sm.certify(p, [0, 0], [1, 1, 1], Multipliers(*([[]] * k), [1.0], *([[]] * (4 - k)))),
        )
        for k, name in enumerate(Multipliers._fields)
    },
    "multipliers-short": (TypeError, ["multipliers"], lambda p: sm.certify(p, [0, 0], [1, 1, 1], ([], []))),
    "multipliers-size": (
        ValueError,
        ["multipliers.ub"],
        lambda p: sm.certify(p, [0, 0], [1, 1, 1], Multipliers([1.0], [], [], [])),
    ),
    "multipliers-negative": (
        ValueError,
        ["multipliers.ub", "-1.0"],
        lambda p: sm.certify(
            sm.Minimax(p.components, sm.Polyhedron([[1.0, 1.0]], [1.0])), [0, 0], [1, 1, 1], ([-1.0], [], [], [])
        ),
    ),
    "multipliers-of-a-ball": (
        ValueError,
        ["multipliers", "Ball"],
        lambda p: sm.certify(sm.Minimax(p.components, sm.Ball([0, 0], 1)), [0, 0], [1, 1, 1], ([], [], [], [])),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_arguments_are_named(case):
    error, words, call = REFUSED[case]
    assert_refuses(error, words, call, CASES["linear3"].problem)


@pytest.mark.parametrize(
    ("components", "domain", "x", "least"),
    [
        (sm.Affine([[-1.0]]), sm.Box([-1e10], [1.0]), [1 + 8e-6], -1.0),
        (sm.Affine([[1e10, 0.0]]), sm.Simplex(2), [-8e-16, 1.0], 0.0),
        (sm.Affine([[-1.0, 0.0]]), sm.Ball([0.0, 1e10], 1.0), [1 + 3e-6, 1e10], -1.0),
        (
            sm.Affine([[-1.0, 0.0]]),
            sm.Polyhedron([[1.0, 1.0]], [1e10 + 1], bounds=([-1, 1e10], [5, 2e10])),
            [1 + 3e-6, 1e10],
            -1.0,
        ),
    ],
    ids=["wide-box", "steep-simplex", "far-ball", "far-polyhedron"],
)
def test_a_point_just_outside_proves_nothing_below_the_minimum(components, domain, x, least):
    """However wide the domain, a miss of it times the slope of f must not show in the upper bound."""
    assert sm.certify(sm.Minimax(components, domain), x).upper >= least - 1e-15


# ------------------------------------------------------------------------- bounds far away, and curvature that vanishes


def exact_rest(A, b, p):
    """⟨p, b⟩/Σp and max_j |Σ p_i A_ij| / Σ p_i|A_ij|, in exact arithmetic."""
    p = [Fraction(float(v)) for v in p]
    total, worst = sum(p), Fraction(0)
    for column in A.T:
        column = [Fraction(float(v)) for v in column]
        rest = abs(sum(v * w for v, w in zip(p, column, strict=True)))
        worst = max(worst, rest / sum(v * abs(w) for v, w in zip(p, column, strict=True)))
    return sum(v * Fraction(float(w)) for v, w in zip(p, b, strict=True)) / total, worst


@pytest.mark.parametrize("method", ["auto", "newton"])
@pytest.mark.parametrize("width", [1.0, 1e4, 1e8, 1e25])
def test_a_box_is_no_worse_than_no_box(method, width):
    """A_ij changed by a relative rest_j makes Σ p_i f_i constant, ⟨p, b⟩: the claim of "rounding", exactly."""
    A, b = np.random.default_rng(0).standard_normal((600, 3)), np.ones(600)
    free = sm.solve(sm.Minimax(sm.Affine(A, b)), method=method)
    boxed = sm.solve(sm.Minimax(sm.Affine(A, b), sm.Box(-width * np.ones(3), width * np.ones(3))), method=method)
    assert boxed.success, boxed.message
    assert boxed.gap <= max(free.gap, 1e-8)
    if width == 1.0:
        assert boxed.certificate.kind == "bounded"
        assert boxed.lower_bound <= 1.0 <= boxed.upper_bound
    if width >= 1e8:
        assert boxed.certificate.kind == "rounding"
        constant, rest = exact_rest(A, b, boxed.weights)
        assert rest <= 256 * EPS
        assert Fraction(boxed.lower_bound) <= constant


@pytest.mark.parametrize("width", [1e2, 1e8])
def test_a_far_bound_that_carries_weight_still_counts(width):
    """c_j ≠ 0 beyond rounding: nothing is let pass, however wide the interval."""
    problem = sm.Minimax(sm.Affine([[1.0, 0.0], [1.0, 2.0]]), sm.Box([-width, -1.0], [width, 1.0]))
    found = sm.certify(problem, np.zeros(2), [1.0, 1e-3])
    assert found.kind == "bounded"
    assert found.lower == pytest.approx(-width - 2e-3 / 1.001)


def singular(seed):
    """Shared integer P of low rank, f_i = v_i + ⟨g_i, s⟩ + ½ sᵀP s, s = x − x0, Σ w_i g_i = 0 over v_i = 0."""
    rng = np.random.default_rng(seed)
    d = 5
    L = rng.integers(-3, 4, (d, 1 + seed % 3)).astype(float)
    P = L @ L.T
    g = rng.integers(-9, 10, (d, d)).astype(float)
    w = np.r_[rng.integers(1, 5, d), 1].astype(float)
    g = np.vstack([g, -(w[:-1] @ g), rng.integers(-9, 10, (4, d))])
    v = np.r_[np.zeros(d + 1), -rng.integers(20, 40, 4)]
    x0 = rng.integers(-9, 10, d).astype(float)
    problem = sm.Minimax(sm.Quadratic(P, g - P @ x0, v + 0.5 * x0 @ P @ x0 - g @ x0))
    return problem, x0, np.r_[w, np.zeros(4)], P


@pytest.mark.parametrize("seed", range(9))
def test_shared_curvature_of_low_rank_needs_no_gradient_of_zero(seed):
    """Away from x0 the gradient lies in the range of P, and the bound is that of x0; outside it there is none."""
    problem, x0, w, P = singular(seed)
    rng = np.random.default_rng(seed)
    size = 1e-11 * float(np.abs(problem(x0)).max() + np.abs(P).sum() * (x0 @ x0) + 100)
    for far in (0.0, 1e-8, 1e-3, 1.0):
        x = x0 + far * rng.standard_normal(x0.size)
        found = sm.certify(problem, x, w)
        assert found.kind == "rounding"
        assert Fraction(found.lower) <= 0 <= Fraction(found.upper)
        assert found.lower >= -size
        assert found.residual <= 256 * EPS
    null = np.linalg.eigh(P)[1][:, 0]
    off = np.abs(problem.at(x0).jac(np.arange(6)) @ null)
    w[int(np.argmax(off))] *= 1 + 1e-6
    assert sm.certify(problem, x0, w).kind == "none"


@pytest.mark.parametrize("terms", [10, 10**6, 10**9])
def test_the_sum_of_many_curvatures_is_rounded_too(terms):
    """Entries of P changed by γ_k·√(P_jj P_ll) and c by its noise: the minimum stays above value − error."""
    rng = np.random.default_rng(terms)
    d = 4
    L = rng.standard_normal((d, d)) * [1e3, 1.0, 1e-3, 1.0]
    P, c = L.T @ L, L.T @ rng.standard_normal(d)
    size, noise = np.abs(c), 1e-15 * np.abs(c)
    found = inner._quadratic_minimum(P, np.zeros(d), c, size, noise, terms)
    assert found.kind == "bounded"
    reach = inner.gamma(terms) * np.sqrt(np.outer(np.diagonal(P), np.diagonal(P)))
    least = found.value
    for _ in range(200):
        sign = np.triu(rng.choice([-1.0, 1.0], (d, d)))
        near, moved = P + reach * np.where(sign, sign, sign.T), c + noise * rng.choice([-1.0, 1.0], d)
        least = min(least, -0.5 * moved @ np.linalg.solve(near, moved))
    assert found.value - found.error <= least
    assert least < found.value
    condition = np.linalg.cond(L / np.linalg.norm(L, axis=0)) ** 2
    assert found.error <= 100 * condition * (inner.gamma(terms) + 1e-14) * abs(found.value)


@law(60, 1200)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.sampled_from([0.0, 1e-9, 1e-3, 1.0]))
def test_curvature_and_half_open_bounds_together_prove_no_more_than_is_true(seed, n, off):
    """x ≥ 0, a minimizer known by construction with some bounds active: any weights, any x near or far."""
    rng = np.random.default_rng(seed)
    d = 5
    C = rng.standard_normal((n, d, d))
    P = np.einsum("nij,nkj->nik", C, C) + 0.1 * np.eye(d)
    best, push = np.maximum(rng.standard_normal(d), 0.0), np.abs(rng.standard_normal(d))
    weights = rng.dirichlet(np.ones(n))
    q = rng.standard_normal((n, d))
    q -= weights @ (P @ best + q) - np.where(best > 0, 0.0, push)  # Σ p_i ∇f_i(best) = push ≥ 0 where best is 0, else 0
    value = 0.5 * np.einsum("i,nij,j->n", best, P, best) + q @ best
    problem = sm.Minimax(sm.Quadratic(P, q, -value), sm.Box(np.zeros(d), np.full(d, np.inf)))  # all are 0 at best
    x = np.maximum(best + off * rng.standard_normal(d), 0.0)
    c = sm.certify(problem, x, weights)
    assert c.lower <= 0.0 <= c.upper
    assert c.gap <= 1e3 * (off + 1e-13)
    assert sm.certify(problem, x, rng.dirichlet(np.ones(n))).lower <= 0.0


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [1, 3, 12])
def test_quadratics_over_half_open_boxes_are_solved(seed, n):
    rng = np.random.default_rng(seed)
    C, q = rng.standard_normal((n, 10, 10)), 5 * rng.standard_normal((n, 10))
    r = sm.solve(
        sm.Minimax(sm.Quadratic(np.einsum("nij,nkj->nik", C, C), q), sm.Box(np.zeros(10), np.full(10, np.inf)))
    )
    assert r.success, r.message


# --- the first-order condition of nonconvex problems, to the number

HALF = [[2.5, 0.6], [-1.5, -0.2]]  # weights of ½ each: Jᵀp = (½, ⅕), Σ p_i|J_ij| = (2, ⅖)


class OnlyAnOracle:
    """The segment from 0 to (1, 0), which does not project."""

    d = 2

    def contains(self, x, tol=0.0):
        return abs(x[1]) <= tol and -tol <= x[0] <= 1 + tol

    def lmo(self, c):
        return np.array([float(c[0] < 0), 0.0])


@pytest.mark.parametrize("units", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize(
    ("domain", "x", "J", "residual"),
    [
        (sm.Box([-1, -1], [1, 1]), [0, 0], HALF, 0.5),
        (sm.Box([1, -1], [9, 1]), [1, 0], [[0.5, 0], [0.5, 0]], 0.0),  # pushed against the lower bound
        (sm.Box([1, -1], [9, 1]), [1, 0], [[-0.5, 0], [-0.5, 0]], 1.0),
        (sm.Box([-9, -1], [-1, 1]), [-1, 0], [[-0.5, 0], [-0.5, 0]], 0.0),  # against the upper one
        (sm.Box([-9, -1], [-1, 1]), [-1, 0], [[0.5, 0], [0.5, 0]], 1.0),
        (sm.Box([0, 0], [9, 9]), [0.5, 0.5], [[1, 0], [1, 0]], 1.0),  # near is not at
        (sm.Box([0, 0], [9, 9]), [1.5e-8, 1], [[1, 0], [1, 0]], 1.0),
        (sm.Box([-9, -9], [0, 0]), [-1.5e-8, -1], [[-1, 0], [-1, 0]], 1.0),
        (sm.Box([1e6, 0], [2e6, 9]), [1e6 + 1e-4, 1], [[1, 0], [1, 0]], 0.0),  # at, up to rounding
        (sm.Box([-2e6, 0], [-1e6, 9]), [-1e6 - 1e-4, 1], [[-1, 0], [-1, 0]], 0.0),
        (sm.Box([1e-12, 0], [1e-11, 9]), [8e-12, 1], [[1, 0], [1, 0]], 1.0),  # in the middle of a short interval
        (sm.Box([0, 0], [np.inf, 9]), [8e-12, 1], [[1, 0], [1, 0]], 1.0),
        (sm.Box([1.7e9, 0], [1.7e9 + 1, 9]), [1.7e9 + 0.5, 1], [[1, 0], [1, 1.7e9]], 1.0),
        (sm.Simplex(2, 1e-9), [5e-10, 5e-10], [[1, -1], [1, -1]], 0.5),
        (sm.Ball([0, 0], 1.0), [0.5, 0], [[4, 0], [-2, 0]], 1 / 3),  # a step of c over the largest column
        (sm.Ball([0, 0], 1.0), [0.5, 0], [[0, 0], [0, 0]], 0.0),
        (sm.Ball([0, 0], 1.0), [1, 0], [[-1, 0], [-1, 0]], 0.0),  # pushed outwards
        (sm.Ball([0, 0], 1.0), [-1, 0], [[-1, 0], [-1, 0]], 1.0),
        (sm.Simplex(2), [0.5, 0.5], [[1, -1], [1, -1]], 0.5),  # as far as the vertex
        (OnlyAnOracle(), [0.5, 0], [[1, 0], [1, 0]], np.nan),
    ],
)
def test_the_residual_of_a_first_order_point_is_relative(domain, x, J, residual, units):
    J = units * np.array(J, dtype=float)
    found = sm.certify(sm.Minimax(sm.Smooth(lambda x: J @ x, lambda x: J, d=2, n=2), domain), x, [0.5, 0.5])
    assert (found.kind, found.lower) == ("local", -INF)
    assert found.residual == pytest.approx(residual, rel=1e-12, abs=1e-15, nan_ok=True)


def test_functions_prove_nothing_where_nobody_called_them_convex():
    """x³ is convex on [0, 10], where its minimum is 0; the tangent at −5 lies above it there."""
    cube = sm.Smooth(lambda x: [x[0] ** 3], lambda x: [[3 * x[0] ** 2]], d=1, n=1, convex=True)
    problem = sm.Minimax(cube, sm.Box([0.0], [10.0]))
    c = sm.certify(problem, [-5.0], [1.0])
    assert (c.lower, c.upper, c.kind) == (-INF, INF, "none")
    assert sm.certify(problem, [0.0], [1.0]).lower == pytest.approx(0.0, abs=1e-12)


J, B = np.array([[1.0, 2.0], [3.0, -1.0], [-2.0, 0.5]]), np.array([0.5, -1.0, 0.25])
CURVED = NonlinearConstraint(lambda x: [x @ x, x[0] - x[1]], [1.0, -3.0], [4.0, 3.0], jac=lambda x: [2 * x, [1.0, -1]])


@pytest.mark.parametrize("p", [[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]])
@pytest.mark.parametrize("v", [[0.3, 0.0], [-0.7, 0.2], [0.0, -0.4], [0.0, 0.0]])
def test_a_first_order_point_is_judged_by_all_that_it_is_given(v, p):
    """c = Jᵀp + Cᵀv; what the constraints leave open to the bound that v pushes from counts as not yet closed."""
    family = sm.Smooth(lambda x: J @ x + B, lambda x: J, d=2, n=3)
    problem = sm.Minimax(family, constraints=CURVED)
    x, p, v = np.array([1.25, 0.5]), np.array(p), np.array(v)
    none = np.zeros(0)
    found = sm.certify(problem, x, 4 * p, Multipliers(none, none, np.zeros(2), np.zeros(2), v))
    f, c, C = J @ x + B, np.array([x @ x, x[0] - x[1]]), np.array([2 * x, [1.0, -1.0]])
    left = np.where(v > 0, np.array([4.0, 3.0]) - c, c - np.array([1.0, -3.0]))
    off, size = J.T @ p + C.T @ v, np.abs(J).T @ p + np.abs(C).T @ np.abs(v)
    assert (found.kind, found.lower) == ("local", -INF)
    assert found.weights == pytest.approx(p)
    assert found.multipliers.nonlinear == pytest.approx(v)
    assert found.residual == pytest.approx(np.max(np.abs(off) / size), rel=1e-12)
    assert found.parts[0] == pytest.approx(f.max() - p @ f + np.abs(v) @ left, rel=1e-12)
    assert found.parts[1] == INF
    assert found.upper == pytest.approx(f.max(), rel=1e-12)
    outside = sm.certify(problem, [3.0, 0.5], p)
    assert (outside.kind, outside.upper, outside.parts) == ("local", INF, (INF, INF))


def test_what_proves_nothing_is_handed_back():
    rows = sm.Polyhedron([[1.0, 1.0]], [1.0])
    given = Multipliers(np.array([0.5]), np.zeros(0), np.zeros(2), np.zeros(2))
    found = sm.certify(sm.Minimax(sm.Affine(J, B), rows), [0.0, 0.0], [1, 0, 0], given)
    assert (found.kind, found.lower) == ("none", -INF)
    assert found.weights == pytest.approx([1, 0, 0])
    assert found.multipliers.ub == pytest.approx([0.5])
    assert found.residual > 0.1


class Shaky(sm.Affine):
    """The same data, of which the Jacobian is known to 1e-3 only."""

    def slope_rounding(self, x, p):
        return np.full(self.d, 1e-3 * p.sum())


def test_what_slopes_may_lose_is_taken_off():
    box, p = sm.Box([-1.0, -2.0], [3.0, 2.0]), [0.2, 0.3, 0.5]
    sure, shaky = (sm.certify(sm.Minimax(kind(J, B), box), [0.5, 0.5], p) for kind in (sm.Affine, Shaky))
    c = J.T @ p
    far = np.where(c > 0, [-1.0, -2.0], [3.0, 2.0]) - 0.5
    assert sure.lower - shaky.lower == pytest.approx(1e-3 * np.abs(far).sum(), rel=1e-6)
    assert shaky.kind == sure.kind == "bounded"


@pytest.mark.parametrize("size", [1, 3])
def test_a_point_of_another_size_is_refused(size):
    assert_refuses(ValueError, ["x", "2", str(size)], sm.certify, sm.Minimax(sm.Affine(J, B)), np.zeros(size))


# --- points that satisfy a row up to rounding


def test_what_many_terms_of_a_row_may_lose_is_paid_for():
    """Σx ≥ 100 at x a hundred ulps below 1 each: the row holds up to its rounding, and Σx is below the minimum."""
    domain = sm.Polyhedron(-np.ones((1, 100)), [-100.0])
    c = sm.certify(sm.Minimax(np.ones((1, 100)), domain), np.full(100, 1 - 100 * EPS), [1.0])
    assert c.upper >= 100


def test_what_only_one_variable_can_mend_is_paid_for_by_that_one():
    """x_0 ≥ Σ x_j, where all other x_j are at their bound 1: x_0 must rise, by what the long row may lose."""
    d = 60
    low, high = np.ones(d), np.full(d, np.inf)
    low[0] = -np.inf
    domain = sm.Polyhedron(np.r_[-1.0, np.ones(d - 1)][None], [0.0], bounds=(low, high))
    x = np.ones(d)
    x[0] = (d - 1) * (1 - 2 * d * EPS * 0.99)
    family = sp.csr_array(([1.0], ([0], [0])), shape=(1, d))
    r = sm.solve(sm.Minimax(family, domain), x, tol=0, atol=0, max_passes=5)
    assert r.gap >= 0
    assert r.upper_bound >= d - 1


def test_equalities_of_variables_in_any_units_are_proven():
    """Coordinates lose what rounding takes of their own size, not of the largest; powers of 2 change no digit."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        d, n, whole = int(rng.integers(2, 7)), int(rng.integers(2, 12)), rng.integers
        E, A, b = whole(-2, 3, (max(1, d // 2), d)), whole(-3, 4, (n, d)), whole(-3, 4, n)
        e, found = E @ whole(-1, 2, d), []
        for unit in (np.ones(d), 2.0 ** whole(-20, 21, d)):
            rows = sm.Polyhedron(A_eq=E / unit, b_eq=e, bounds=(-9 * unit, 9 * unit))
            family = (
                sm.Quadratic(np.diag(1 / unit**2), A / unit, b) if seed % 2 else sm.Affine(A / unit, b, absolute=True)
            )
            found.append(sm.solve(sm.Minimax(family, rows), max_passes=400))
        plain, wide = found
        if plain.fun > 1e-3:  # an optimum of 0 is sought to the last digit, and not always found
            assert plain.success, (seed, plain.message)
            assert wide.success, (seed, wide.message)
        assert plain.lower_bound <= wide.upper_bound
        assert wide.lower_bound <= plain.upper_bound
        assert wide.upper_bound == pytest.approx(plain.upper_bound, abs=1e-12 + wide.threshold + plain.threshold)


@pytest.mark.parametrize("far", [1e3, 1e6, 1e9])
def test_a_small_variable_that_a_large_one_holds_pays_for_it(far):
    """x_0 ≤ far and x_1 ≤ x_0 + 1 − far: what rounding leaves of x_0 is added to x_1, however small that is."""
    x = [far * (1 + 2 * EPS), 1 + 3 * far * EPS]
    held = sm.Polyhedron([[1.0, 0.0], [-1.0, 1.0]], [far, 1 - far], bounds=([-INF, -2], [INF, 2]))
    assert sm.certify(sm.Minimax(sm.Affine([[0.0, -1.0]]), held), x, [1.0]).upper >= -1
    low = sm.Polyhedron([[1.0, 1.0]], [far + 1], bounds=([-1, far], [5, 2 * far]))
    assert sm.certify(sm.Minimax(sm.Affine([[-1.0, 0.0]]), low), [1 + far * EPS, far]).upper >= -1
    tied = sm.Polyhedron(A_eq=[[1.0, 0.0], [1.0, -1.0]], b_eq=[far, far - 1], bounds=([-INF, -2], [INF, 2]))
    assert sm.solve(sm.Minimax(sm.Affine([[0.0, 1.0]]), tied), max_passes=100).upper_bound >= 1


def test_what_equalities_pass_on_to_each_other_is_paid_for():
    """Unimodular rows, of variables from 1 to 1e8: the point is the only one, or the slope a combination of rows."""
    for seed in range(100):
        rng = np.random.default_rng(seed)
        d = int(rng.integers(2, 6))
        E = np.eye(d)
        for _ in range(2 * d):
            i, j = rng.choice(d, 2, replace=False)
            E[i] += rng.choice([-1, 1]) * E[j]
        x = np.round(10.0 ** rng.uniform(0, 8, d)) * rng.choice([-1, 1], d)
        E = E[: rng.integers(1, d + 1)]
        away = [np.where(rng.random(d) < 0.7, np.round(np.abs(x) * rng.random(d)), INF) for _ in range(2)]
        c = rng.integers(-2, 3, d) if len(E) == d else rng.integers(-2, 3, len(E)) @ E
        rows = sm.Polyhedron(A_eq=E, b_eq=E @ x, bounds=(x - away[0], x + away[1]))
        r = sm.solve(sm.Minimax(sm.Affine(c[None].astype(float)), rows), max_passes=100)
        assert r.upper_bound >= c @ x - 1e-15 * np.abs(c @ x), seed
        assert r.lower_bound <= c @ x + 1e-15 * np.abs(c @ x), seed


@pytest.mark.parametrize(("slope", "x"), [(2.0**-30, -1e-7), (2.0**-46, -0.05)])
def test_rows_that_are_nearly_parallel_are_paid_for(slope, x):
    """y ≤ 1 + ε·x and y ≥ 1 leave x ≥ 0, and both hold to rounding at an x below."""
    thin = sm.Polyhedron([[-slope, 1.0], [0.0, -1.0]], [1.0, -1.0])
    assert thin.contains([x, 1.0], 0.0)
    assert 0 <= sm.certify(sm.Minimax(sm.Affine([[1.0, 0.0]]), thin), [x, 1.0], [1.0]).upper <= 3 * abs(x)


@pytest.mark.parametrize("steep", [2.0**-10, 2.0**-20, 2.0**-33])
def test_a_wedge_has_more_rows_than_variables_at_its_corner(steep):
    """|y − 1| ≤ ε (x − 1) − 4e and x ≥ 1: all rows hold to rounding at (1, 1), and x is at least 1 + 4e/ε."""
    wedge = sm.Polyhedron(
        [[-steep, 1], [-steep, -1], [-1, 0]], [1 - steep - 4 * EPS, -1 - steep - 4 * EPS, -1], bounds=(-10, 10)
    )
    family, least = sm.Minimax(sm.Affine([[1.0, 0.0]]), wedge), 1 + 4 * EPS / steep
    assert wedge.contains([1.0, 1.0], 0.0)
    assert least <= sm.certify(family, [1.0, 1.0], [1.0]).upper <= 1 + 5 * EPS / steep
    assert sm.solve(family).upper_bound >= least
    assert sm.certify(sm.Minimax(family.components, sm.Product([wedge])), [1.0, 1.0], [1.0]).upper >= least


@pytest.mark.parametrize("low", [1 - 1e-8, -10.0])
def test_what_mends_one_row_may_cross_another_or_a_bound(low):
    """x_0 + M·x_1 + 1e-6·x_2 is to fall by 2eM, x_1 may not fall, x_0 hardly: x_2 falls by a half, and −x_2 rises."""
    M, rows = 2.0**30, [[1, 2.0**30, 1e-6], [-1, 0, 0]]
    held = sm.Polyhedron(rows, [1 + M + 1e-6 - 2 * EPS * M, -(1 - 1e-14)], bounds=([low, 1, -10], [10, 2, 10]))
    upper = sm.certify(sm.Minimax(sm.Affine([[0.0, 0.0, -1.0]]), held), np.ones(3), [1.0]).upper
    assert -0.53 <= upper <= 1


def test_sets_without_interior_are_proven():
    """Copies of rows with the opposite sign, equalities at a corner, and both at once."""
    family = sm.Affine([[1.0, 2.0], [-2.0, 1.0], [0.5, -1.0]], [0.0, 1.0, 0.3])
    pinned = [[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]], [1.0, -1.0, 0.0]
    for rows in (pinned, ([*pinned[0], [2.0, 2.0]], [*pinned[1], 2.0])):
        r = sm.solve(sm.Minimax(family, sm.Polyhedron(*rows)))
        assert r.success, r.message
    r = sm.solve(sm.Minimax(family, sm.Polyhedron([[1.0, 1.0], [0.0, -1.0]], [0.0, 0.0], [[1.0, -3.0]], [0.0])))
    assert r.success, r.message


def test_a_bound_for_other_data_is_no_higher_than_the_point():
    problem = random_problem(1258220).problem
    r = sm.solve(problem, max_passes=1000)
    assert r.gap >= 0
    c = sm.certify(problem, r.x, r.weights, r.multipliers)
    assert 0 <= c.gap <= 1e-10


@pytest.mark.parametrize(("rows", "x"), [([[1.0, -1.0]], 1e-310), ([[1e-308, -1e-308]], 1e-8), ([[0.0, 0.0]], 1.0)])
def test_what_is_paid_for_is_a_number(rows, x):
    domain = sm.Polyhedron(A_eq=rows, b_eq=[0.0])
    c = sm.certify(sm.Minimax(sm.Affine([[1.0, 0.0]], [1.0]), domain), [x, x], [1.0])
    assert 1 + x <= c.upper <= (1 + x) * (1 + 1e-14)


@pytest.mark.parametrize("small", [1e-3, 1e-9, 1e-12, 1e-17])
def test_a_small_entry_makes_no_large_unit(small):
    """x_1 is 1, however little it means to the row."""
    rows = sm.Polyhedron(A_eq=[[1.0, small]], b_eq=[1.0 + small])
    assert rows.miss(np.ones(2)) == pytest.approx([0.0, 0.0], abs=1e-14)
    r = sm.solve(sm.Minimax(sm.Affine(np.diag([1.0, 2.0]), [-3.0, 0.0], absolute=True), rows))
    assert r.success, r.message


def test_a_variable_in_no_row_loses_nothing():
    rows = sm.Polyhedron(A_eq=[[1.0, -3.0, 0.0]], b_eq=[0.5])
    for far in (0.0, 1e12, -1e300):
        lost = rows.miss(np.array([0.8, 0.1, far]))
        assert lost[2] == 0
        assert lost[:2] == pytest.approx(rows.miss(np.array([0.8, 0.1, 0.0]))[:2])
        assert 0 < lost[1] < lost[0] * 2 < 1e-14


RIGHT = [[1.0, 0.0], [1.0, 0.0]]


@pytest.mark.parametrize(
    ("domain", "x", "J", "level", "held"),
    [
        (sm.Box([-9, -1], [9, 1]), [-9 + 1e-8, 0], RIGHT, 0.0, True),  # slight beside the interval
        (sm.Box([-9, -1], [9, 1]), [-9 + 3e-8, 0], RIGHT, 0.0, False),
        (sm.Box([0, -1], [9, 1]), [5e-9, 0], RIGHT, 0.0, True),
        (sm.Box([0, -1], [9, 1]), [2e-8, 0], RIGHT, 0.0, False),
        (sm.Box([5, -1], [INF, 1]), [5 + 5e-9, 0], RIGHT, 0.0, True),  # beside the numbers, where it has no other end
        (sm.Box([5, -1], [INF, 1]), [5 + 3e-8, 0], RIGHT, 0.0, False),
        (sm.Box([0, -1], [9, 1]), [1e-7, 0], RIGHT, 1e3, True),  # or nothing to be gained on the way
        (sm.Box([0, -1], [9, 1]), [1e-5, 0], RIGHT, 1e3, False),
    ],
)
def test_what_counts_as_at_a_bound(domain, x, J, level, held):
    J, x = np.array(J), np.array(x)
    family = sm.Smooth(lambda y: J @ (y - x) + level, lambda y: J, d=2, n=2)
    assert sm.certify(sm.Minimax(family, domain), x, [0.5, 0.5]).residual == pytest.approx(0.0 if held else 1.0)


class Disc:
    """The unit disc, which does not say how far it reaches."""

    d = 2

    def project(self, x):
        return x / max(1.0, np.linalg.norm(x))

    def contains(self, x, tol=0.0):
        return bool(np.linalg.norm(x) <= 1 + tol)

    def lmo(self, c):
        return -c / np.linalg.norm(c)


def test_a_projected_step_where_a_set_has_no_size():
    """Its own length is then 1: x − project(x − c/size)."""
    J = np.array([[0.3, 0.0], [0.1, 0.0]])
    found = sm.certify(sm.Minimax(sm.Smooth(lambda x: J @ x, lambda x: J, d=2, n=2), Disc()), [0.5, 0.0], [0.5, 0.5])
    assert found.residual == pytest.approx(1.0)  # from 0.5 to −0.5
    open_end = sm.Product([sm.Ball([0.0, 0.0], 1.0), sm.Free(1)])
    J = np.array([[0.3, 0.0, 0.1], [0.1, 0.0, -0.1]])
    found = sm.certify(sm.Minimax(sm.Smooth(lambda x: J @ x, lambda x: J, d=3, n=2), open_end), [0.5, 0, 0], [0.5, 0.5])
    assert found.residual == pytest.approx(1.0)


# --- multipliers of rows


def test_the_share_of_the_rows_is_rounded_down():
    """By no less than the rounding of its sums, and what they lose where products underflow."""
    rng, unit = np.random.default_rng(0), Fraction(EPS) / 2
    for m, d, scale in [
        *itertools.product((1, 3, 8), (1, 2, 6), (1.0, 1e8)),
        *itertools.product((1, 3), (1, 2), (1e-200,)),
    ]:
        A, b, x = scale * rng.standard_normal((m, d)), scale * rng.standard_normal(m), rng.standard_normal(d)
        v, c, size = rng.random(m) * min(scale, 1.0), rng.standard_normal(d), rng.random(d)
        for rows, multipliers in (
            ({"A_ub": A, "b_ub": b}, Multipliers(v, np.zeros(0), np.zeros(d), np.zeros(d))),
            ({"A_eq": A, "b_eq": b}, Multipliers(np.zeros(0), v - 0.5 * v.max(), np.zeros(d), np.zeros(d))),
        ):
            linear = replace(sm.Free(d).linear(), **rows)
            found, large, extra = certificate._reduce(linear, multipliers, x, c, size)
            w = multipliers.ub if "A_ub" in rows else multipliers.eq
            exact, rounding = Fraction(0), Fraction(0)
            for i in range(m):
                terms = [Fraction(w[i]) * Fraction(A[i, j]) * Fraction(x[j]) for j in range(d)] + [
                    -Fraction(w[i]) * Fraction(b[i])
                ]
                exact, rounding = exact + sum(terms), rounding + sum(map(abs, terms))
            slack = (m + d) * unit * rounding
            assert exact - 4 * slack - Fraction(1e-300) <= Fraction(extra) <= exact - slack / 2 * (scale > 1e-100), (
                m,
                d,
                scale,
            )
            np.testing.assert_allclose(found, c + A.T @ w, rtol=1e-12, atol=1e-14)
            np.testing.assert_allclose(large, size + np.abs(A).T @ np.abs(w), rtol=1e-14)


def test_rows_whose_products_underflow_give_no_more_than_they_are():
    none = np.zeros(1)
    for A, b, x in (([[-1e-200]], [0.0], 1.0), ([[0.0]], [1e-200], 1.0)):
        linear = sm.Polyhedron(A, b).linear()
        m = Multipliers(np.array([1e-200]), np.zeros(0), none, none)
        extra = certificate._reduce(linear, m, np.array([x]), none, none)[2]
        assert Fraction(extra) <= Fraction(1e-200) * (Fraction(A[0][0]) - Fraction(b[0]))


def test_multipliers_come_back_as_they_were_given():
    square = sm.Minimax(sm.Affine(np.eye(2)), sm.Polyhedron([[1.0, 1.0]], [9.0], bounds=[(-5, 5), (-5, 5)]))
    found = sm.certify(square, [0, 0], [1, 1], Multipliers([0.5], [], [1.0, 2.0], [3.0, 4.0])).multipliers
    for one, other in zip(found, ([0.5], [], [1.0, 2.0], [3.0, 4.0], [])):
        np.testing.assert_array_equal(one, other)
    walled = NonlinearConstraint(lambda y: y @ y, -INF, 4.0, jac=lambda y: 2 * y[None])
    held = sm.Minimax(sm.Affine(np.eye(2)), square.domain, constraints=walled)
    found = sm.certify(held, [0, 0], [1, 1], Multipliers([0.5], [], [], [])).multipliers
    for one, other in zip(found, ([0.5], [], [0.0, 0.0], [0.0, 0.0], [0.0])):
        np.testing.assert_array_equal(one, other)


def test_prices_of_rows_are_found_where_there_are_any():
    falling = sm.Affine([[-1.0, -1.0]])
    below = sm.certify(sm.Minimax(falling, sm.Polyhedron([[1.0, 1.0]], [2.0])), [0, 0], [1])
    level = sm.certify(sm.Minimax(falling, sm.Polyhedron(A_eq=[[1.0, 1.0]], b_eq=[2.0])), [1, 1], [1])
    for found in (below, level):
        assert found.lower == pytest.approx(-2.0, rel=1e-13)
        np.testing.assert_array_equal(found.multipliers.lower, [0, 0])
        np.testing.assert_array_equal(found.multipliers.upper, [0, 0])
    segment = sm.certify(sm.Minimax(falling, OnlyAnOracle()), [0.5, 0.0], [1])
    assert (segment.lower, segment.multipliers) == (pytest.approx(-1.0, rel=1e-13), None)
    loose = sm.Polyhedron([[1.0, 1.0]], [99.0], bounds=[(-1, 1), (-1, 1)])
    assert sm.certify(sm.Minimax(falling, loose), [0, 0], [1]).multipliers is None
    steep = sm.Minimax(sm.Quadratic(1e300, np.zeros((1, 2))), loose)
    found = sm.certify(steep, [1e300, 0.0], [1])
    assert (found.kind, found.multipliers) == ("none", None)


def test_densities_that_are_no_numbers_prove_nothing():
    problem = sm.Minimax(sm.Spectral(np.eye(2), [np.diag([1.0, -1.0])]), sm.Box(-1.0, 1.0))
    assert certificate.prove(problem, problem.at(np.zeros(1)), (np.eye(2) / 2,)).lower == pytest.approx(1.0, rel=1e-12)
    for W in (np.full((2, 2), np.nan), np.diag([1.0, INF])):
        c = certificate.prove(problem, problem.at(np.zeros(1)), (W,))
        assert (c.lower, c.kind, c.weights) == (-INF, "none", None)
        assert c.upper == pytest.approx(1.0, rel=1e-12)


def test_a_class_of_ones_own_is_looked_at_where_it_is_certified():
    class Nothing(sm.components.Components):
        n, d = 2, 1

        def at(self, x):
            assert x == 3.0

        def subset(self, rows):
            return self

        def rounding(self, x, rows, f=None):
            return np.zeros(rows.size)

    with pytest.raises(TypeError, match=r"Nothing\.at\(x\) must yield Blocks; it returned NoneType"):
        sm.certify(sm.Minimax(Nothing()), [3.0])


def test_every_term_of_the_slope_counts_among_what_may_be_rounded():
    problem = sm.Minimax(np.eye(3), sm.Polyhedron(np.ones((2, 3)), np.ones(2), np.ones((1, 3)), np.ones(1)))
    lin, p = problem.at(np.zeros(3)), np.array([0.5, 0.0, 0.5])
    assert _lagrangian(problem, lin, lin, p, None, None).terms == 2
    m = sm.Multipliers(np.ones(2), np.ones(1), np.zeros(3), np.zeros(3))
    assert _lagrangian(problem, lin, lin, p, m, None).terms == 5


def test_products_of_rows_and_multipliers_that_floats_lose_leave_the_way_open():
    """λ·A = 1e-400 > 0, and y falls without end along it."""
    problem = sm.Minimax(sm.Affine([[0.0]], [1.0]), sm.Polyhedron([[1e-200]], [1.0]))
    m = sm.Multipliers(np.array([1e-200]), np.zeros(0), np.zeros(1), np.zeros(1))
    assert sm.certify(problem, [0.0], [1.0], m).kind == "none"
    assert sm.certify(problem, [0.0], [1.0]).kind == "bounded"
