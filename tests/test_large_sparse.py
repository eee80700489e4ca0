"""Large and sparse: truncated Newton and its parts, against linear programming, dense algebra and the certificate."""

import time
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import linprog

import smoothmax as sm
from smoothmax.components import Linearization
from smoothmax.solvers.sparse.balance import balance
from smoothmax.solvers.sparse.conjugate import conjugate_gradients
from smoothmax.solvers.sparse.face import Face
from smoothmax.solvers.sparse.gathered import Gathered, mean_squares
from smoothmax.solvers.sparse.tilt import Tilt


def sparse(m, d, k, seed=0):
    """k Gaussian entries a row in random columns, and a Gaussian right-hand side."""
    rng = np.random.default_rng(seed)
    rows, cols = np.repeat(np.arange(m), k), rng.integers(0, d, m * k)
    return sp.csr_array((rng.standard_normal(m * k), (rows, cols)), shape=(m, d)), rng.standard_normal(m)


def highs(A, b, absolute, bounds=(None, None)):
    """min t: A x + b ≤ t (and ≥ −t), by HiGHS."""
    one = np.ones((A.shape[0], 1))
    G, h = sp.hstack([A, -one]), -b
    if absolute:
        G, h = sp.vstack([G, sp.hstack([-A, -one])]), np.r_[h, b]
    c = np.r_[np.zeros(A.shape[1]), 1.0]
    found = linprog(c, A_ub=G.tocsr(), b_ub=h, bounds=[bounds] * A.shape[1] + [(None, None)], method="highs")
    assert found.status == 0
    return found.fun


def solved(problem, tol, **more):
    """A solve by truncated Newton, with its certificate recomputed from outside."""
    result = sm.solve(problem, method="newton-cg", tol=tol, **more)
    again = sm.certify(problem, result.x, result.weights, result.multipliers)
    assert again.upper == pytest.approx(result.fun, rel=1e-12)
    assert again.lower == pytest.approx(result.lower_bound, rel=1e-9, abs=1e-12)
    assert again.lower <= again.upper
    return result


def proves(result, optimum, tol):
    """Success, the bounds around the optimum, and the gap that was asked for."""
    assert result.success, result.message
    slack = 1e-7 * abs(optimum)  # HiGHS's own tolerance
    assert result.lower_bound - slack <= optimum <= result.fun + slack
    assert result.fun - result.lower_bound <= tol * max(abs(result.fun), 2 * abs(result.fun)) * 1.01


@pytest.mark.parametrize("tol", [1e-4, 1e-6])
def test_linf_regression_agrees_with_highs(tol):
    A, b = sparse(900, 150, 6)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True))
    proves(solved(problem, tol, max_passes=1e6), highs(A, b, True), tol)


def test_one_sided_components_in_a_box_agree_with_highs():
    A, b = sparse(800, 200, 5, seed=1)
    problem = sm.Minimax(sm.Affine(A, b), sm.Box(-np.ones(200), np.ones(200)))
    result = solved(problem, 1e-5, max_passes=1e6)
    optimum = highs(A, b, False, (-1, 1))
    assert result.success, result.message
    assert result.lower_bound - 1e-8 <= optimum <= result.fun + 1e-8
    assert problem.domain.contains(result.x, 0.0)


def test_absolute_components_in_a_tight_box_agree_with_highs():
    A, b = sparse(600, 200, 5, seed=2)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True), sm.Box(-0.1, np.full(200, 0.3)))
    result = solved(problem, 1e-6, max_passes=1e6)
    assert result.success, result.message
    assert result.lower_bound - 1e-7 <= highs(A, b, True, (-0.1, 0.3)) <= result.fun + 1e-7


def test_half_open_box_agrees_with_highs():
    A, noise = sparse(600, 60, 5, seed=3)
    b = 0.3 * noise - A @ np.maximum(np.random.default_rng(4).standard_normal(60), 0.0)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True), sm.Box(np.zeros(60), np.full(60, np.inf)))
    result = solved(problem, 1e-5, max_passes=1e6)
    assert result.success, result.message
    assert result.lower_bound - 1e-7 <= highs(A, b, True, (0, None)) <= result.fun + 1e-7


def test_one_row_that_pushes_against_its_bounds_decides():
    A, b = sparse(600, 60, 5, seed=3)
    A.data[A.indptr[np.argmax(b)] : A.indptr[np.argmax(b) + 1]] = 1.0  # the largest b, which no x ≥ 0 makes smaller
    problem = sm.Minimax(sm.Affine(A, b), sm.Box(np.zeros(60), np.full(60, np.inf)))
    result = solved(problem, 1e-9)
    assert result.success, result.message
    assert result.fun == pytest.approx(b.max(), rel=1e-8)


def test_empty_columns_empty_rows_and_duplicate_columns():
    A, b = sparse(700, 100, 5, seed=4)
    A = A.tolil()
    A[:, 7] = 0.0
    A[11] = 0.0
    A = sp.csr_array(A)
    A = sp.csr_array(sp.hstack([A, A[:, [3]], A[:, [3]], A[:, [20]] + A[:, [21]]]))
    b[11] = 0.1
    problem = sm.Minimax(sm.Affine(A, b, absolute=True))
    proves(solved(problem, 1e-4, max_passes=1e6), highs(A, b, True), 1e-4)


def test_badly_scaled_columns_do_not_change_the_answer():
    A, b = sparse(900, 120, 5, seed=5)
    scale = 10.0 ** np.random.default_rng(0).uniform(-8, 8, 120)
    plain = solved(sm.Minimax(sm.Affine(A, b, absolute=True)), 1e-4, max_passes=1e6)
    scaled = solved(sm.Minimax(sm.Affine(sp.csr_array(A * scale), b, absolute=True)), 1e-4, max_passes=1e6)
    assert plain.success
    assert scaled.success
    assert max(plain.lower_bound, scaled.lower_bound) <= min(plain.fun, scaled.fun) * (1 + 1e-12)


def test_data_in_small_units_behaves_like_the_data():
    A, b = sparse(500, 80, 5, seed=6)
    plain = solved(sm.Minimax(sm.Affine(A, b, absolute=True)), 1e-4, max_passes=1e6)
    small = solved(sm.Minimax(sm.Affine(1e-8 * A, 1e-8 * b, absolute=True)), 1e-4, max_passes=1e6)
    assert small.success
    assert 1e8 * small.lower_bound <= plain.fun
    assert plain.lower_bound <= 1e8 * small.fun


def test_stack_of_sparse_and_dense_parts():
    A, b = sparse(400, 60, 5, seed=7)
    D = np.random.default_rng(8).standard_normal((50, 60))
    problem = sm.Minimax(sm.Stack([sm.Affine(A, b, absolute=True), sm.Affine(D)]), sm.Box(-np.ones(60), np.ones(60)))
    both = sp.csr_array(sp.vstack([A, -A, D]))
    result = solved(problem, 1e-5, max_passes=1e6)
    assert result.success, result.message
    optimum = highs(both, np.r_[b, -b, np.zeros(50)], False, (-1, 1))
    assert result.lower_bound - 1e-8 <= optimum <= result.fun + 1e-8


def test_dimensions_too_large_to_factorize():
    A, b = sparse(30_000, 5_000, 8, seed=9)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True), sm.Box(-np.ones(5_000), np.ones(5_000)))
    result = solved(problem, 1e-3)
    assert result.success, result.message
    assert result.npass < 3000


def test_time_limit_keeps_the_best_point_and_bound():
    A, b = sparse(20_000, 4000, 8, seed=10)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True))
    start = time.perf_counter()
    result = solved(problem, 1e-12, time_limit=1.0)
    assert time.perf_counter() - start < 3.0
    assert not result.success
    assert "time limit" in result.message
    assert result.fun <= np.abs(b).max()
    assert result.lower_bound <= result.fun


def test_max_passes_are_respected_within_one_product():
    A, b = sparse(5000, 1000, 6, seed=11)
    result = solved(sm.Minimax(sm.Affine(A, b, absolute=True)), 1e-10, max_passes=150)
    assert not result.success
    assert 150 <= result.npass <= 153
    assert result.nit > 3


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (sm.Minimax(sm.Affine(np.eye(3)), sm.Simplex(3)), "Free or Box"),
        (sm.Minimax(sm.Quadratic(np.eye(3), np.eye(3)[:1])), "affine"),
        (sm.Minimax(sm.Affine(sp.linalg.aslinearoperator(np.eye(3)), absolute=True)), "rows"),
    ],
)
def test_refuses_what_it_cannot_take(problem, reason):
    with pytest.raises(ValueError, match=reason):
        sm.solve(problem, method="newton-cg")


def test_unbounded_problem_says_so():
    A = sp.csr_array(np.array([[1.0, 1.0], [2.0, 1.0]]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = sm.solve(sm.Minimax(sm.Affine(A)), method="newton-cg", tol=1e-4)
    assert not result.success
    assert "unbounded" in result.message.lower()


def test_a_prior_is_where_the_weights_start():
    A, b = sparse(300, 40, 5, seed=12)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True))
    prior = np.random.default_rng(0).exponential(size=600) ** 4
    prior[::7] = 0.0
    plain, given = (solved(problem, 1e-5, max_passes=1e6, prior=w) for w in (None, prior))
    assert plain.success
    assert given.success
    assert given.lower_bound <= plain.fun
    assert plain.lower_bound <= given.fun


# the parts, against their slow twins


def test_conjugate_gradients_match_a_dense_solve():
    rng = np.random.default_rng(0)
    R = rng.standard_normal((60, 30))
    M, r = R.T @ R, rng.standard_normal(30)
    u, k = conjugate_gradients(lambda v: M @ v, r, np.diag(M).copy(), 1e-12, 200)
    np.testing.assert_allclose(u, np.linalg.solve(M, r), rtol=1e-8)
    assert 0 < k <= 60
    zero, none = conjugate_gradients(lambda v: M @ v, np.zeros(30), np.diag(M).copy(), 1e-12, 200)
    assert none == 0
    assert not zero.any()


@pytest.mark.parametrize("absolute", [False, True])
def test_gathered_rows_match_dense_algebra(absolute):
    A, b = sparse(50, 12, 4, seed=13)
    components = sm.Affine(A, b, absolute=absolute)
    lin, rng = Linearization(components, np.zeros(12)), np.random.default_rng(1)
    p = rng.exponential(size=components.n)
    p[rng.random(components.n) < 0.5] = 0.0
    p /= p.sum()
    J = np.vstack([A.toarray(), -A.toarray()]) if absolute else A.toarray()
    rows = Gathered(lin, p, 0.0)
    plus, minus = rows.split(p)
    v = rng.standard_normal(12)
    g = J.T @ p
    np.testing.assert_allclose(rows.JT @ (plus - minus), g, atol=1e-14)
    expected = J.T @ (p * (J @ v)) - g * (g @ v)
    np.testing.assert_allclose(rows.curvature(plus + minus, g)(v), expected, atol=1e-13)
    np.testing.assert_allclose(rows.diagonal(plus + minus), np.diag(J.T @ (p[:, None] * J)), atol=1e-14)
    np.testing.assert_allclose(rows.sizes(plus + minus), np.abs(J).T @ p, atol=1e-14)
    np.testing.assert_allclose(rows.whole(plus, minus), p)
    expected = (A.toarray() ** 2).mean(axis=0)
    np.testing.assert_allclose(mean_squares(lin), np.where(expected > 0, expected, 1.0))


def test_balanced_weights_annihilate_the_jacobian():
    A, b = sparse(400, 30, 5, seed=14)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True))
    x = sp.linalg.lsqr(A, -b)[0]
    point = sm.Smoothed(problem, 2.0).at(x)
    rows = Gathered(point.lin, point.weights, 1e-9)
    found = balance(rows, point.weights, np.full(30, np.inf), np.zeros(30), 0.0, 1000)
    q = found.weights
    assert q is not None
    assert q.min() >= 0
    assert q.sum() == pytest.approx(1.0)
    J = np.vstack([A.toarray(), -A.toarray()])
    assert np.all(np.abs(J.T @ q) <= 256 * np.finfo(float).eps * (np.abs(J).T @ q))
    assert sm.certify(problem, x, q).lower > 0


def test_balance_leaves_held_coordinates_and_respects_the_limit():
    A, b = sparse(400, 30, 5, seed=15)
    point = sm.Smoothed(sm.Minimax(sm.Affine(A, b)), 1.0).at(np.zeros(30))
    rows = Gathered(point.lin, point.weights, 0.0)
    held = balance(rows, point.weights, np.zeros(30), np.zeros(30), 0.0, 1000)
    assert held.products == 0
    np.testing.assert_allclose(held.weights, point.weights, atol=1e-15)
    assert balance(rows, point.weights, np.full(30, np.inf), np.zeros(30), 0.0, 3).weights is None


def test_tilt_matches_the_surrogate_and_its_search_stops_downhill():
    A, b = sparse(200, 20, 5, seed=16)
    problem, rng = sm.Minimax(sm.Affine(A, b)), np.random.default_rng(2)
    prior = rng.exponential(size=200)
    s = sm.Smoothed(problem, 0.3, prior=prior)
    point = s.at(rng.standard_normal(20))
    tilt = Tilt(point.f + s.offset, 0.3)
    assert tilt.fun == pytest.approx(point.fun, rel=1e-13)
    np.testing.assert_allclose(tilt.p, point.weights, atol=1e-15)
    change = point.lin.jvp(-point.jac)
    for longest in (1.0, np.inf):
        t = tilt.search(change, longest)
        assert 0 < t <= longest
        assert s.fun(point.x - t * point.jac) <= point.fun
    assert tilt.search(-change) == 0.0


def test_search_does_not_climb_the_far_side_of_a_kink():
    f, change = np.array([0.0, -1e-3]), np.array([-1.0, 0.25])
    tilt = Tilt(f, 1e-6)
    t = tilt.search(change)
    assert tilt.ahead(change, t).fun <= tilt.fun


def test_face_matches_a_projected_gradient_run_on_the_model():
    rng = np.random.default_rng(3)
    R = rng.standard_normal((40, 15))
    M, r = R.T @ R / 40, rng.standard_normal(15)
    box = sm.Box(-np.full(15, 0.3), np.full(15, 0.3))
    x = box.project(rng.standard_normal(15))
    face = Face(box, x)
    d, _ = face.minimize(lambda v: M @ v, r, np.diag(M).copy(), 1e-10, 500)
    step = face.feasible(d, r)
    assert box.contains(x + step, 1e-15)
    assert r @ step < 0
    slow = np.zeros(15)
    for _ in range(5000):
        slow = box.project(x + slow - (M @ slow + r) / np.linalg.norm(M, 2)) - x
    model = lambda s: 0.5 * s @ M @ s + r @ s  # noqa: E731
    assert model(slow) - 1e-12 <= model(step) <= 0.5 * model(slow)


def test_face_on_free_space_is_the_newton_step():
    rng = np.random.default_rng(4)
    R = rng.standard_normal((40, 10))
    M, r = R.T @ R, rng.standard_normal(10)
    d, _ = Face(sm.Free(10), np.zeros(10)).minimize(lambda v: M @ v, r, np.diag(M).copy(), 1e-13, 500)
    np.testing.assert_allclose(d, -np.linalg.solve(M, r), rtol=1e-7)


# accelerated gradients on the same problems


@pytest.mark.parametrize("bounds", [(None, None), (-1.0, 1.0)], ids=["free", "box"])
def test_accelerated_gradients_agree_with_highs(bounds):
    A, b = sparse(2000, 400, 6, seed=20)
    low, high = (-np.inf if bounds[0] is None else bounds[0]), (np.inf if bounds[1] is None else bounds[1])
    problem = sm.Minimax(sm.Affine(A, b, absolute=True), sm.Box(np.full(400, low), np.full(400, high)))
    result = sm.solve(problem, method="accelerated", tol=1e-4)
    proves(result, highs(A, b, True, bounds), 1e-4)
    again = sm.certify(problem, result.x, result.weights)
    assert again.lower == pytest.approx(result.lower_bound, rel=1e-9)


@pytest.mark.parametrize("domain", [sm.Free(2000), sm.Box(-np.ones(2000), np.ones(2000))], ids=repr)
def test_accelerated_gradients_certify_1e_4_in_few_thousand_passes(domain):
    A, b = sparse(20_000, 2000, 10, seed=21)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True), domain)
    result = sm.solve(problem, method="accelerated", tol=1e-4)
    assert result.success, result.message
    assert result.npass < 6000
    other = solved(problem, 1e-4, max_passes=1e6)
    assert result.lower_bound <= other.fun
    assert other.lower_bound <= result.fun


def test_accelerated_gradients_on_a_grid_and_on_a_simplex():
    """Differences on a grid (ill-conditioned, unlike random rows), and a game with sparse rows."""
    k = 40
    D, eye = sp.diags_array([-np.ones(k - 1), np.ones(k - 1)], offsets=[0, 1], shape=(k - 1, k)), sp.eye_array(k)
    G = sp.csr_array(sp.vstack([sp.kron(D, eye), sp.kron(eye, D)]))
    b = np.random.default_rng(22).standard_normal(G.shape[0])
    grid = sm.Minimax(sm.Affine(G, b, absolute=True), sm.Box(-np.full(k * k, 2.0), np.full(k * k, 2.0)))
    proves(sm.solve(grid, method="accelerated", tol=1e-4), highs(G, b, True, (-2.0, 2.0)), 1e-4)
    A, b = sparse(500, 800, 20, seed=23)
    game = sm.Minimax(sm.Affine(A, b), sm.Simplex(800))
    result = sm.solve(game, method="accelerated", tol=1e-4)
    one = np.ones((500, 1))
    found = linprog(
        np.r_[np.zeros(800), 1.0],
        A_ub=sp.hstack([A, -one]).tocsr(),
        b_ub=-b,
        A_eq=np.r_[np.ones(800), 0.0][None],
        b_eq=[1.0],
        bounds=[(0, None)] * 800 + [(None, None)],
    )
    assert result.success, result.message
    assert result.lower_bound - 1e-8 <= found.fun <= result.fun + 1e-8


def test_a_given_temperature_on_an_open_domain_is_proven_by_balanced_averages():
    A, b = sparse(3000, 400, 6, seed=24)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True))
    result = sm.solve(problem, tau=0.05, method="accelerated", tol=1e-6)
    assert result.success, result.message
    newton = sm.solve(problem, tau=0.05, method="newton", tol=1e-9)
    assert result.smoothed_fun == pytest.approx(newton.smoothed_fun, rel=2e-6)
    assert result.smoothed_lower_bound <= newton.smoothed_fun


def test_a_balance_goes_on_from_where_it_stopped():
    A, b = sparse(400, 30, 5, seed=25)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True))
    x = sp.linalg.lsqr(A, -b)[0]
    p = sm.Smoothed(problem, 2.0).at(x).weights
    lin, far, side = problem.at(x), np.full(30, np.inf), np.zeros(30)
    first = balance(Gathered(lin, p, 1e-9), p, far, side, 0.0, 10)
    assert first.weights is None
    assert first.reached.min() >= 0
    again = balance(Gathered(lin, first.reached, 1e-12), first.reached, far, side, 0.0, 1000)
    whole = balance(Gathered(lin, p, 1e-9), p, far, side, 0.0, 1000)
    assert again.weights is not None
    assert again.products < whole.products
