"""Games and other affine problems with n ≈ d: both routes against HiGHS, exact values, laws, and the slow twins."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse as sp
from scipy.sparse.linalg import aslinearoperator

import problems
import smoothmax as sm
from problems.games import cyclic, random_game
from smoothmax.components import Meter
from smoothmax.solvers.base import Task
from smoothmax.solvers.saddle import Saddle
from smoothmax.solvers.saddle.fold import Rows
from smoothmax.solvers.saddle.gram import Gram
from smoothmax.solvers.saddle.iterate import Game, Iterate, Residuals
from smoothmax.solvers.saddle.newton import Newton
from smoothmax.solvers.saddle.normal import Diagonals, Factor
from smoothmax.solvers.saddle.operator import Steps
from smoothmax.solvers.saddle.proof import Pair
from tests.laws import assert_brackets, assert_refuses

ROUTES = ("barrier", "primal-dual")
GAMES = problems.cases("games")
rand = np.random.default_rng


def play(problem, route="barrier", **options):
    return sm.solve(problem, method="saddle", options={"route": route}, **options)


def game(A, b=None, domain=None, **more):
    return sm.Minimax(sm.Affine(A, b, **more), domain or sm.Simplex(A.shape[1]))


def by_highs(problem, method="highs"):
    """The value by linear programming, from nothing but the values of the components."""
    d, n, domain = problem.d, problem.n, problem.domain
    b = problem.components(np.zeros(d))
    A = np.column_stack([problem.components(e) - b for e in np.eye(d)])
    bounds = [(0, None)] * d if isinstance(domain, sm.Simplex) else list(zip(domain.lb, domain.ub, strict=True))
    equal = (np.r_[np.ones(d), 0.0][None], [domain.total]) if isinstance(domain, sm.Simplex) else (None, None)
    left = np.hstack([A, -np.ones((n, 1))])
    found = scipy.optimize.linprog(np.r_[np.zeros(d), 1.0], left, -b, *equal, [*bounds, (None, None)], method=method)
    assert found.status == 0
    return found.fun


def judged(problem, r):
    """The result is what it says, by someone who did not solve it."""
    assert r.success, r.message
    assert problem.domain.contains(r.x, 1e-12)
    assert r.gap <= r.threshold
    again = sm.certify(problem, r.x, r.weights, r.multipliers)
    assert again.kind in ("bounded", "assumed-convex")
    scale = np.abs(problem.components(problem.start())).max() + np.abs(problem.components(r.x)).max()
    assert again.gap <= r.gap * (1 + 1e-9) + 1e-15 * scale  # p is normalized once more
    assert r.lower_bound <= r.fun <= r.upper_bound


# --- values -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("case", GAMES, ids=lambda c: c.name)
def test_the_games_of_the_catalogue(case, route):
    r = play(case.problem, route, x0=case.x0, tol=1e-9)
    judged(case.problem, r)
    assert_brackets(r.certificate, case.exact)
    assert r.fun == pytest.approx(case.optimum, abs=1e-9 * max(1.0, abs(case.optimum)))


@pytest.mark.parametrize("case", GAMES, ids=lambda c: c.name)
def test_the_barrier_goes_on_to_the_last_digits(case):
    r = play(case.problem, tol=1e-12)
    judged(case.problem, r)
    assert_brackets(r.certificate, case.exact)


SHAPES = ((40, 40), (70, 25), (25, 70), (1, 9), (9, 1), (2, 2))


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("kind", ["simplex", "box"])
@pytest.mark.parametrize("shape", SHAPES)
def test_against_linear_programming(shape, kind, absolute, route):
    rng = rand(shape[0])
    A, b, d = rng.standard_normal(shape), rng.standard_normal(shape[0]), shape[1]
    domain = sm.Simplex(d, total=2.5) if kind == "simplex" else sm.Box(-rng.random(d) / d, rng.random(d))
    problem = game(A, b, domain, absolute=absolute)
    r = play(problem, route, tol=1e-8 if route == "barrier" else 1e-6)
    judged(problem, r)
    value = by_highs(problem)
    size = 1e-9 * (1 + abs(value))
    assert r.lower_bound - size <= value <= r.upper_bound + size


@pytest.mark.parametrize("route", ROUTES)
def test_rock_paper_scissors_is_played_uniformly(route):
    r = play(game(cyclic(7)), route, x0=np.r_[1.0, np.zeros(6)], tol=1e-10)
    np.testing.assert_allclose(r.x, 1 / 7, atol=1e-8)
    np.testing.assert_allclose(r.weights, 1 / 7, atol=1e-8)
    assert_brackets(r.certificate, 0)


@pytest.mark.parametrize("route", ROUTES)
def test_a_diagonal_game_has_the_harmonic_value(route):
    """1/Σ(1/d_i), both strategies proportional to 1/d_i."""
    sizes = [1, 2, 4, 8, 16]
    r = play(game(np.diag(np.array(sizes, float))), route, tol=1e-11)
    assert_brackets(r.certificate, 1 / sum(Fraction(1, k) for k in sizes))
    np.testing.assert_allclose(r.x * sizes, r.fun, rtol=1e-8)
    np.testing.assert_allclose(r.weights * sizes, r.fun, rtol=1e-8)


# --- laws -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ROUTES)
def test_minus_the_transpose_has_minus_the_value(route):
    A = rand(5).standard_normal((30, 22))
    one, other = play(game(A), route), play(game(-A.T), route)
    assert one.fun == pytest.approx(-other.fun, abs=one.gap + other.gap)
    assert one.lower_bound <= -other.lower_bound + 1e-15
    assert -other.lower_bound <= one.upper_bound + other.gap


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("factor", [1e150, 1e-150])
def test_units_do_not_matter(factor, route):
    A = rand(6).standard_normal((20, 24))
    plain, scaled = play(game(A), route), play(game(A * factor), route)
    judged(game(A * factor), scaled)
    assert scaled.nit == pytest.approx(plain.nit, abs=max(3, 0.3 * plain.nit))
    assert scaled.fun / factor == pytest.approx(plain.fun, abs=plain.gap + scaled.gap / factor)


@pytest.mark.parametrize("route", ROUTES)
def test_a_constant_payment_shifts_the_value(route):
    A = rand(7).standard_normal((25, 25))
    plain, lifted = play(game(A), route), play(game(A + 1e5), route, tol=1e-12)
    judged(game(A + 1e5), lifted)
    assert lifted.fun - 1e5 == pytest.approx(plain.fun, abs=1e-6)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("total", [1e-8, 1e8])
def test_the_total_scales_a_game(total, route):
    A = rand(8).standard_normal((12, 15))
    plain, scaled = play(game(A), route), play(game(A, None, sm.Simplex(15, total)), route)
    assert scaled.success
    assert scaled.fun / total == pytest.approx(plain.fun, abs=plain.gap + scaled.gap / total)


# --- shapes that break things -----------------------------------------------------------------------------------

M = rand(1).standard_normal((8, 8))
ODD = {
    "zero": np.zeros((4, 3)),
    "constant": np.full((3, 5), 2.0),
    "one by one": np.array([[3.0]]),
    "rank one": np.outer(rand(2).standard_normal(9), rand(3).standard_normal(7)),
    "duplicate rows": np.vstack([M, M, M[:3]]),
    "duplicate columns": np.hstack([M, M]),
    "duplicate both": np.tile(M, (3, 2)),
    "pure saddle": np.add.outer(np.arange(9.0), -np.arange(8.0)),
    "skew": M - M.T,
    "signs": rand(4).integers(-1, 2, (15, 20)).astype(float),
    "binary": (rand(5).random((60, 12)) < 0.5).astype(float),
    "single precision": rand(6).standard_normal((12, 9)).astype(np.float32),
    "bad rows": M * 10.0 ** np.linspace(-3, 3, 8)[:, None],
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("kind", ["simplex", "box"])
def test_degenerate_games(name, kind):
    A = ODD[name]
    d = A.shape[1]
    problem = game(A, None, sm.Simplex(d) if kind == "simplex" else sm.Box(np.full(d, -0.5), np.linspace(0.2, 1, d)))
    r = play(problem)
    value = by_highs(problem)
    f = np.abs(problem.components(r.x)).max()
    assert r.gap <= max(r.threshold, 1e-11 * np.abs(A).max())
    assert r.lower_bound - 1e-7 * f - 1e-12 <= value <= r.upper_bound + 1e-7 * f + 1e-12


@pytest.mark.parametrize(
    "name", ["zero", "constant", "one by one", "rank one", "duplicate both", "pure saddle", "skew"]
)
def test_degenerate_games_by_primal_dual_steps(name):
    problem = game(ODD[name])
    r = play(problem, "primal-dual", tol=1e-7)
    judged(problem, r)
    assert r.fun == pytest.approx(by_highs(problem), abs=2 * r.gap + 1e-9)


@pytest.mark.parametrize("route", ROUTES)
def test_a_box_with_fixed_coordinates(route):
    rng = rand(9)
    lb, ub = -rng.random(10), rng.random(10)
    ub[[0, 4, 9]] = lb[[0, 4, 9]]
    problem = game(rng.standard_normal((12, 10)), rng.standard_normal(12), sm.Box(lb, ub))
    r = play(problem, route)
    judged(problem, r)
    assert np.array_equal(r.x[[0, 4, 9]], lb[[0, 4, 9]])
    assert r.fun == pytest.approx(by_highs(problem), abs=1e-7)


@pytest.mark.parametrize("route", ROUTES)
def test_a_box_that_is_a_point(route):
    problem = game(M, np.arange(8.0), sm.Box(np.ones(8), np.ones(8)))
    r = play(problem, route)
    judged(problem, r)
    assert r.fun == pytest.approx(np.max(M.sum(axis=1) + np.arange(8.0)), rel=1e-14)


def test_sparse_stacked_and_memory_mapped_rows_give_the_same_value(tmp_path):
    rng = rand(10)
    S = sp.random_array((300, 240), density=0.04, rng=rng, format="csr")
    b = rng.standard_normal(300)
    np.save(tmp_path / "A.npy", S.toarray())
    mapped = np.load(tmp_path / "A.npy", mmap_mode="r")
    stacked = sm.Stack([sm.Affine(S[:100], b[:100]), sm.Affine(S[100:].toarray(), b[100:])])
    for domain in (sm.Simplex(240), sm.Box(-np.ones(240), np.ones(240))):
        values = []
        for components in (sm.Affine(S, b), sm.Affine(mapped, b), stacked):
            problem = sm.Minimax(components, domain)
            r = play(problem)
            judged(problem, r)
            values.append(r.fun)
        assert np.ptp(values) <= 1e-7
    tall = sm.Minimax(sm.Affine(sp.csr_array(S.T), absolute=True), sm.Box(-np.ones(300), 0.5 * np.ones(300)))
    assert play(tall).gap <= 1e-10


# --- the slow twins ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("form", ["dense", "sparse", "thin"])
def test_the_centred_gram_matrix(form, transposed, monkeypatch):
    monkeypatch.setattr("smoothmax.solvers.saddle.gram.CHUNK_BYTES", 1)  # several chunks of the least length
    monkeypatch.setattr("smoothmax.solvers.saddle.gram.SMALL", 0)
    rng = rand(11)
    A = rng.standard_normal((600, 7)) * (rng.random((600, 7)) < (0.05 if form == "thin" else 0.9))
    A = A.T.copy() if transposed else A
    gram = Gram(A if form == "dense" else sp.csr_array(A), 0.5, transposed)
    assert gram.thin == (form == "thin")
    B = 0.5 * (A.T if transposed else A)
    w, h, a = 10.0 ** rng.uniform(-8, 8, 600), rng.standard_normal(600), rng.standard_normal(7)
    rows = np.sqrt(w)[:, None] * (B - np.outer(h, a))
    for given, twin in (((w, h, a), rows.T @ rows), ((w, None, None), B.T @ (w[:, None] * B))):
        np.testing.assert_allclose(np.tril(gram(*given)), np.tril(twin), rtol=1e-8, atol=1e-12 * np.abs(twin).max())


@pytest.mark.parametrize(("border", "centre"), list(product([False, True], repeat=2)))
def test_the_bordered_system_is_solved(border, centre):
    rng = rand(12)
    A = rng.standard_normal((9, 6))
    g, h = (rng.standard_normal(k) if on else None for k, on in ((6, border), (9, centre)))
    D = Diagonals(rng.random(6), rng.random(9), g, 0.3 * border, h, 0.7 * centre)
    r1, r2, r3, r4 = rng.standard_normal(6), 0.4 * border, rng.standard_normal(9), -0.9 * centre
    u, beta, v, gamma = Factor(Gram(A, 2.0, False), D).solve(r1, r2, r3, r4)
    g, h = np.zeros(6) if g is None else g, np.zeros(9) if h is None else h
    np.testing.assert_allclose(D.H * u + 2 * A.T @ v + beta * g, r1, atol=1e-11)
    np.testing.assert_allclose(2 * A @ u - v / D.W + gamma * h, r3, atol=1e-11)
    assert g @ u - D.eps * beta == pytest.approx(r2, abs=1e-11)
    assert h @ v + D.eta * gamma == pytest.approx(r4, abs=1e-11)


@pytest.mark.parametrize("refined", [False, True])
@pytest.mark.parametrize(("absolute", "box", "shape"), list(product([False, True], [False, True], [(5, 8), (8, 5)])))
def test_a_direction_solves_every_linearized_equation(absolute, box, shape, refined):
    """The unreduced equations, one by one, at a point that satisfies none of them."""
    rng = rand(13)
    A = rng.standard_normal(shape)
    m, d = shape
    n = 2 * m if absolute else m
    width = 1 + rng.random(d) if box else None
    it = Iterate(*(0.1 + rng.random(k) if k else np.zeros(0) for k in (d, d * box)), 0.3, *0.1 + rng.random((2, n)),
                 0.2, *(0.1 + rng.random(k) if k else np.zeros(0) for k in (d, d * box)))  # fmt: skip
    res = Residuals(*(rng.standard_normal(k) for k in (n, d, d * box)), 0.0 if box else 0.3, -0.2)
    newton = Newton(Game(Rows(A, absolute), 1.0, width, Gram(A, 1.0, m < d)), it, res, Meter())
    newton.refined = refined
    target = rng.standard_normal(it.products.size)
    D = newton.direction(target)
    F = np.vstack([A, -A]) if absolute else A
    near = {"atol": 1e-10}
    np.testing.assert_allclose(F @ D.y + D.s - D.t, res.f, **near)
    np.testing.assert_allclose(F.T @ D.p + (0.0 if box else D.nu) - D.z + (D.zup if box else 0.0), res.x, **near)
    np.testing.assert_allclose(D.p.sum(), res.sum_p, **near)
    np.testing.assert_allclose(it.p * D.s + it.s * D.p, target[:n], **near)
    np.testing.assert_allclose(it.y * D.z + it.z * D.y, target[n : n + d], **near)
    if box:
        np.testing.assert_allclose(D.y + D.up, res.up, **near)
        np.testing.assert_allclose(it.up * D.zup + it.zup * D.up, target[n + d :], **near)
    else:
        np.testing.assert_allclose(D.y.sum(), res.sum_x, **near)


def halpern(problem):
    first = problem.at(problem.start())
    task = Task(first, Meter(), lambda f: 0.0, rand(0))
    return Steps.of(problem, task), task


def test_a_saddle_point_stays_where_it_is():
    problem = game(cyclic(5))
    steps, task = halpern(problem)
    at = Pair.of(problem, task, np.full(5, 0.2), np.full(5, 0.2))
    _, after = steps.apply(steps.spot(at))
    np.testing.assert_allclose(after.x, 0.2, atol=1e-15)
    np.testing.assert_allclose(after.p, 0.2, atol=1e-15)


def test_combined_points_carry_their_products_and_steps_contract():
    """F and Aᵀp of every combination are those of the point; ‖T z − T w‖ ≤ ‖z − w‖ in the metric of the step."""
    rng = rand(14)
    A, b = rng.standard_normal((9, 6)), rng.standard_normal(9)
    problem = game(A, b, sm.Box(-np.ones(6), np.arange(1.0, 7.0)))
    steps, task = halpern(problem)
    ends = [rng.uniform(-1, 1, 6), rng.dirichlet(np.ones(9))], [rng.uniform(0, 1, 6), rng.dirichlet(np.ones(9))]
    z, w = (steps.spot(Pair.of(problem, task, *end)) for end in ends)
    mix = z.mixed(1.7, w, -0.7)
    np.testing.assert_allclose(mix.f * steps.unit, A @ mix.x + b, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(mix.g * steps.unit, A.T @ mix.p, rtol=1e-12, atol=1e-12)
    before = steps.residual(z, w)
    assert steps.residual(steps.apply(z)[1], steps.apply(w)[1]) <= before * (1 + 1e-12)


# --- effort, limits, the door -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(250, 250), (700, 90), (90, 700)])
def test_a_random_game_takes_few_factorizations(shape):
    r = play(random_game(*shape).problem, tol=1e-8)
    judged(random_game(*shape).problem, r)
    assert r.nit <= 18


def test_products_alone_are_enough():
    A = rand(15).standard_normal((60, 45))
    operator = sm.Minimax(sm.Affine(aslinearoperator(A)), sm.Simplex(45))
    r = sm.solve(operator, method="saddle", tol=1e-6)
    judged(operator, r)
    assert r.certificate.kind == "assumed-convex"
    assert r.fun == pytest.approx(play(game(A)).fun, abs=r.gap)
    assert_refuses(ValueError, ["route", "barrier", "LinearOperator"], play, operator)


@pytest.mark.parametrize("route", ROUTES)
def test_limits_keep_what_was_proven(route):
    problem = random_game(250, 250).problem
    value = by_highs(problem)
    few = play(problem, route, max_passes=80 if route == "barrier" else 200, tol=1e-12)
    soon = play(problem, route, time_limit=0.01, tol=1e-12)
    none = play(problem, route, time_limit=0.0)
    assert (few.status, soon.status, none.status) == (1, 2, 2)
    assert few.gap < 0.1
    for r in (few, soon, none):
        assert not r.success
        assert r.lower_bound <= value + 1e-12
        assert r.fun >= value - 1e-12
    assert few.npass <= (80 if route == "barrier" else 200) + 16


@pytest.mark.parametrize("route", ROUTES)
def test_the_bounds_of_the_trace_are_valid_at_every_step(route):
    case = problems.get("kuhn-poker")
    r = play(case.problem, route, tol=1e-6)
    lower = [row["lower_bound"] for row in r.trace]
    assert sum(math.isfinite(v) for v in lower) >= 2
    assert all(v <= case.optimum for v in lower)
    assert all(row["fun"] >= case.optimum - 1e-15 for row in r.trace)
    assert r.npass > r.nit


def test_an_unreachable_tolerance_ends_with_an_honest_gap():
    r = play(random_game(30, 30).problem, tol=0.0, atol=0.0)
    assert r.status == 5
    assert 0 < r.gap < 1e-12


def test_it_says_what_it_cannot_take():
    A = np.ones((3, 2))
    assert Saddle.refuses(game(A)) is None
    assert Saddle.refuses(game(A, None, sm.Box([0, 0], [1, 1]))) is None
    assert "affine" in Saddle.refuses(sm.Minimax(sm.Quadratic(1.0, np.eye(2)), sm.Simplex(2)))
    for domain in (sm.Free(2), sm.Box([0, 0], [1, np.inf]), sm.Ball([0, 0], 1)):
        assert "Simplex" in Saddle.refuses(sm.Minimax(sm.Affine(A), domain))
    assert_refuses(ValueError, ["route", "barrier", "primal-dual", "simplex"], play, game(A), "simplex")
    assert_refuses(ValueError, ["steps", "route"], sm.solve, game(A), method="saddle", options={"steps": 3})
