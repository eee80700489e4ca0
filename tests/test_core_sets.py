"""Core sets: a max of quadratics by active sets on a few of them, and passes over the rest."""

import itertools

import cvxpy as cp
import numpy as np
import pytest

import smoothmax as sm
from problems.enclosing_ball import squared_distances
from smoothmax.solvers.working_set import bowls, core, faces


def family(kind, n, d, seed=0):
    """Convex quadratics: one P each (of full or of half rank), one for all, or a multiple of the identity."""
    rng = np.random.default_rng(seed)
    rank = max(d // 2, 1) if kind == "rank" else d
    G = rng.standard_normal((n, d, rank))
    P = {"shared": G[0] @ G[0].T, "scalar": 1.5}.get(kind, G @ G.swapaxes(1, 2) / d)
    if kind == "rank":
        P[0] = np.eye(d)  # else there may be no minimum
    return sm.Quadratic(P, rng.standard_normal((n, d)), rng.standard_normal(n))


def by_cvxpy(f, x):
    """max_i f_i as cvxpy states it, at its own variable."""
    parts = []
    for i in range(f.n):
        P = f.P[i] if f.P.ndim == 3 else f.P if f.P.ndim else f.P * np.eye(f.d)
        parts.append(0.5 * cp.quad_form(x, cp.psd_wrap(P)) + f.q[i] @ x + f.r[i])
    return cp.max(cp.hstack(parts))


def solved(f, **options):
    problem = sm.Minimax(f)
    result = sm.solve(problem, method="working-set", **options)
    assert result.success, result.message
    again = sm.certify(problem, result.x, result.weights, result.multipliers)
    assert again.gap <= 2 * result.threshold
    assert again.upper >= f.value(result.x).max() >= result.lower_bound - 1e-12 * abs(result.lower_bound)
    return result


@pytest.mark.parametrize(("n", "d"), [(1, 3), (4, 6), (40, 2), (150, 5)])
@pytest.mark.parametrize("kind", ["full", "rank", "shared", "scalar"])
def test_agrees_with_a_conic_solver(kind, n, d):
    f = family(kind, n, d, seed=n)
    result = solved(f, tol=1e-10)
    x = cp.Variable(d)
    value = cp.Problem(cp.Minimize(by_cvxpy(f, x))).solve(solver="CLARABEL")
    assert result.fun == pytest.approx(value, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("kind", ["full", "rank", "shared", "scalar"])
def test_agrees_with_newton(kind):
    f = family(kind, 3000, 4)
    one, two = solved(f), sm.solve(sm.Minimax(f), method="newton")
    assert abs(one.fun - two.fun) <= one.threshold + two.threshold


@pytest.mark.parametrize("d", [1, 2, 5, 9])
def test_the_ball_around_a_simplex(d):
    """All d + 1 vertices of the standard simplex and many points within: radius² = d/(d + 1) (Jung 1901)."""
    inner = np.random.default_rng(0).dirichlet(np.ones(d + 1), 500)
    result = sm.solve(squared_distances(np.vstack([np.eye(d + 1), inner])))
    assert result.success
    assert result.fun == pytest.approx(d / (d + 1), rel=1e-9)


def test_all_points_on_one_sphere():
    rng = np.random.default_rng(1)
    points = rng.standard_normal((2000, 4))
    points /= np.linalg.norm(points, axis=1)[:, None]
    result = sm.solve(squared_distances(3.0 + points), tol=1e-9)
    assert result.success
    assert result.fun == pytest.approx(1.0, rel=1e-8)


def adversaries():
    base = family("full", 600, 4)
    yield "repeated", sm.Quadratic(*(np.repeat(a[:20], 50, axis=0) for a in (base.P, base.q, base.r)))
    q = np.repeat(base.q[:20], 50, axis=0) * (1 + 1e-14 * np.arange(1000)[:, None])
    yield "nearly", sm.Quadratic(np.repeat(base.P[:20], 50, axis=0), q, np.repeat(base.r[:20], 50))
    yield "same", sm.Quadratic(1.0, np.ones((500, 3)), np.ones(500))
    line = np.outer(np.linspace(-1, 1, 700), [1.0, 2.0, 3.0])
    yield "collinear", squared_distances(line).components
    flat = base.P.copy()
    flat[:, 3], flat[:, :, 3] = 0.0, 0.0  # no curvature along the last variable anywhere
    yield "flat", sm.Quadratic(np.vstack([flat, flat]), np.vstack([base.q, -base.q]), np.tile(base.r, 2))
    first = np.zeros((600, 4, 4))
    first[:, 0, 0] = 1.0  # only ever the first variable is curved
    yield "mostly linear", sm.Quadratic(np.vstack([first, first]), np.vstack([base.q, -base.q]), np.tile(base.r, 2))
    heavy = np.random.default_rng(0).standard_t(1.5, (5000, 3))
    yield "heavy tails", squared_distances(heavy).components


@pytest.mark.parametrize("f", [case[1] for case in adversaries()], ids=[case[0] for case in adversaries()])
def test_adversaries_agree_with_newton(f):
    one, two = solved(f), sm.solve(sm.Minimax(f), method="newton")
    assert one.fun <= two.fun + one.threshold + two.threshold
    assert one.lower_bound <= two.upper_bound


@pytest.mark.parametrize("scale", [1e-150, 1e-8, 1e8, 1e100])
def test_units_of_f_do_not_matter(scale):
    f = family("full", 500, 3)
    one, two = solved(f), solved(sm.Quadratic(scale * f.P, scale * f.q, scale * f.r))
    assert two.fun == pytest.approx(scale * one.fun, rel=1e-7)


def test_units_of_x_do_not_matter():
    f, unit = family("full", 500, 4), np.array([1e-8, 1.0, 1e3, 1e8])
    one, two = solved(f), solved(sm.Quadratic(f.P * unit * unit[:, None], f.q * unit, f.r))
    assert two.fun == pytest.approx(one.fun, rel=1e-7)


def test_a_handful_of_passes():
    """Balls are exact in as many rounds as the farthest points need, and the start at 0 is one of the passes."""
    for n in (2000, 200_000):
        points = np.random.default_rng(0).standard_normal((n, 4))
        assert sm.solve(squared_distances(points)).npass <= 6


def test_many_nearly_active():
    from experiments.race.programme import near_ties

    result = sm.solve(near_ties(400, 8))
    assert result.success
    assert result.fun == pytest.approx(1.0, abs=2e-8)
    assert result.npass <= 12


def test_every_dear_pass_is_proven(monkeypatch):
    monkeypatch.setattr(core, "DEAR", 0)
    result = solved(family("full", 3000, 6))
    bounds = [row["lower_bound"] for row in result.trace][1:]
    assert len(bounds) > 1
    assert np.isfinite(bounds).all()
    assert max(bounds) <= result.fun


@pytest.mark.parametrize("kind", ["full", "rank", "shared", "scalar"])
def test_no_tolerance_ends_at_rounding(kind):
    """What cannot be had is not claimed, and what was had is proven."""
    f = family(kind, 300, 4)
    result = sm.solve(sm.Minimax(f), tol=0.0)
    assert 0 <= result.gap <= 1e-12 * np.abs(f.value(result.x)).max()


def test_wide_problems_go_another_way(monkeypatch):
    f = family("full", 100, 5)
    fun = solved(f).fun
    monkeypatch.setattr(core, "WIDE", 4)
    assert solved(f).fun == pytest.approx(fun, rel=1e-7)


def test_the_budget_ends_it_anywhere():
    problem = sm.Minimax(family("full", 3000, 6))
    exact = sm.solve(problem)
    for passes in (1, 1.5, 2, 3, 4):
        result = sm.solve(problem, max_passes=passes)
        assert result.lower_bound <= exact.fun + exact.threshold
        assert result.fun >= exact.lower_bound
        assert result.fun == pytest.approx(problem.value(result.x), rel=1e-12)


@pytest.mark.parametrize("fail", ["highest", "guessed"])
def test_other_means_where_active_sets_fail(monkeypatch, fail):
    f = family("full", 800, 4)
    fun = solved(f).fun
    monkeypatch.setattr(bowls, fail, lambda *_: None)
    assert solved(f).fun == pytest.approx(fun, rel=1e-7)


def brute(f, V):
    """The highest of all faces' common values that carry nonnegative weights and leave no plane above."""
    k = f.size
    for size in range(1, min(k, V.shape[1] + 1) + 1):
        for rows in map(list, itertools.combinations(range(k), size)):
            K = np.block([[V[rows] @ V[rows].T, np.ones((size, 1))], [np.ones((1, size)), np.zeros((1, 1))]])
            z = np.linalg.lstsq(K, np.append(f[rows], 1.0), rcond=None)[0]
            if z[:-1].min() >= -1e-9 and (f - V @ (z[:-1] @ V[rows])).max() <= z[-1] + 1e-9:
                return z[-1]
    raise AssertionError("no face fits")


@pytest.mark.parametrize("seed", range(20))
def test_faces_agree_with_trying_all(seed):
    rng = np.random.default_rng(seed)
    k, d = int(rng.integers(1, 8)), int(rng.integers(1, 4))
    f, V = rng.standard_normal(k), rng.standard_normal((k, d))
    face = faces.highest(f, V, np.arange(1), np.ones(1), 0.0)
    assert face.top == pytest.approx(brute(f, V), abs=1e-8)
    assert face.weights.min() >= 0
    assert face.weights.sum() == pytest.approx(1.0)
    assert (f - V @ face.pull).max() <= face.top + 1e-8


@pytest.mark.parametrize("seed", range(5))
def test_guesses_are_nearly_right(seed):
    rng = np.random.default_rng(seed)
    f, V = rng.standard_normal(200), rng.standard_normal((200, 6))
    cold = faces.highest(f, V, np.arange(1), np.ones(1), 1e-12)
    rows, p = faces.guessed(f, V, float(f.max()) - cold.top)
    warm = faces.highest(f, V, rows, p, 1e-12)
    assert warm.top == pytest.approx(cold.top, abs=1e-9)
    assert len(np.setxor1d(rows, warm.rows)) <= 2


@pytest.mark.parametrize("n", [1, 2, 7, 4096, 5001])
@pytest.mark.parametrize("d", range(1, 10))
def test_products_of_short_rows(n, d):
    """Long matrices of short rows are multiplied in pairs."""
    rng = np.random.default_rng(n + d)
    q, x = rng.standard_normal((n, d)), rng.standard_normal(d)
    expected = np.einsum("ij,j->i", q, x)
    for form in (q, np.asfortranarray(q), np.repeat(q, 2, axis=0)[::2]):
        f = sm.Quadratic(2.0, form, np.ones(n))
        np.testing.assert_allclose(f.value(x), expected + x @ x + 1.0, rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(sm.Affine(form).value(x), expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("call", range(1, 4))
@pytest.mark.parametrize("stop", [StopIteration, KeyboardInterrupt])
def test_stopped_with_a_bound(call, stop):
    """Rounds before the last are not proven, but what is known when the solve ends is handed over."""
    rng = np.random.default_rng(1)
    c = rng.standard_normal((20_000, 20))
    c *= (1 + 0.01 * rng.standard_normal((20_000, 1))) / np.linalg.norm(c, axis=1, keepdims=True)
    calls = []

    def callback(intermediate_result):
        calls.append(intermediate_result)
        if len(calls) == call + 1:  # the first is at the start
            raise stop

    try:
        r = sm.solve(squared_distances(c), callback=callback)
    except sm.Interrupted as interrupted:
        r = interrupted.result
    best = sm.solve(squared_distances(c))
    assert best.success
    assert best.lower_bound - 0.1 * best.fun <= r.lower_bound <= best.fun
    assert r.gap == pytest.approx(r.upper_bound - r.lower_bound)


@pytest.mark.parametrize("kind", ["full", "shared", "scalar"])
def test_nothing_is_read_at_zero(kind):
    f, x = family(kind, 30, 4), np.zeros(4)
    lin = sm.Minimax(f).at(x)
    np.testing.assert_array_equal(lin.f, f.r)
    np.testing.assert_array_equal(lin.jac(np.arange(30)), f.q)
    lin.f[:] = np.nan
    assert np.isfinite(f.r).all()
