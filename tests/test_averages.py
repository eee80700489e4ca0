"""Averaged weights of the first-order methods: the theorem, the slow twin, and the better of the two certificates."""

from itertools import islice

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import linprog

import smoothmax as sm
from smoothmax.certificate import prove
from smoothmax.solvers.accelerated import Accelerated
from smoothmax.solvers.average import Average
from smoothmax.solvers.base import State, slack
from smoothmax.solvers.continuation import proof
from smoothmax.solvers.gradient import Gradient
from smoothmax.solvers.metric import column_scale, curvature_scale, gap_on
from smoothmax.solvers.momentum import Stand, advance


def affine(domain, n=120, seed=0, absolute=False):
    rng = np.random.default_rng(seed)
    return sm.Minimax(sm.Affine(rng.standard_normal((n, domain.d)), rng.standard_normal(n), absolute=absolute), domain)


DOMAINS = [sm.Box(-np.ones(12), np.ones(12)), sm.Simplex(12), sm.Ball(np.zeros(12), 1.5)]


@pytest.mark.parametrize("domain", DOMAINS, ids=repr)
def test_average_matches_its_slow_twin(domain):
    problem = affine(domain)
    s = sm.Smoothed(problem, 0.3, prior=np.random.default_rng(1).exponential(size=problem.n))
    rng, average = np.random.default_rng(2), Average(problem)
    points = [s.at(domain.project(rng.standard_normal(12))) for _ in range(6)]
    thetas = rng.exponential(size=6)
    for point, theta in zip(points, thetas, strict=True):
        average.add(point, theta)
    share = thetas / thetas.sum()
    np.testing.assert_allclose(average.weights, sum(t * p.weights for t, p in zip(share, points)), atol=1e-15)
    z = domain.lmo(sum(t * p.jac for t, p in zip(share, points)))
    model = sum(t * (p.fun + p.jac @ (z - p.x)) for t, p in zip(share, points))
    x = s.at(domain.project(np.ones(12)))
    assert average.gap(x) == pytest.approx(x.fun - model, rel=1e-10)
    # what p̄ proves is at least what the model promised: H is concave
    assert slack(x, prove(problem, x.lin, average.weights)) <= average.gap(x) + 1e-12


@pytest.mark.parametrize("domain", DOMAINS, ids=repr)
@pytest.mark.parametrize("tau", [0.3, 0.01])
def test_the_averaged_gap_obeys_the_accelerated_rate(domain, tau):
    """F_τ(x_{k+1}) − min of the averaged model ≤ L D²/(2 t_k²) ≤ 2 L D²/(k + 2)², L fixed, no restart (Tseng 2008)."""
    problem = affine(domain, seed=3)
    s = sm.Smoothed(problem, tau)
    L, x0 = s.lipschitz, domain.start()
    far = max(np.linalg.norm(domain.lmo(c) - x0) for c in np.random.default_rng(4).standard_normal((200, 12)))
    D2 = far**2 if isinstance(domain, sm.Box | sm.Ball) else 1.0  # corners are all equally far; the simplex: ≤ 1
    average, x, y, t = Average(problem), x0, s.at(x0), 1.0
    for k in range(150):
        average.add(y, t)
        new = domain.project(y.x - y.jac / L)
        point = s.at(new)
        bound = L * D2 / (2 * t * t)
        assert bound <= 2 * L * D2 / (k + 2) ** 2 * (1 + 1e-12)
        assert average.gap(point) <= bound + 1e-12
        assert slack(point, prove(problem, point.lin, average.weights)) <= bound + 1e-10
        t_next = (1 + np.sqrt(1 + 4 * t * t)) / 2
        y = s.at(domain.project(new + (t - 1) / t_next * (new - x)))
        x, t = new, t_next


@pytest.mark.parametrize("method", [Gradient, Accelerated])
@pytest.mark.parametrize("domain", DOMAINS, ids=repr)
def test_the_decrement_is_never_worse_than_without_averages(method, domain):
    problem = affine(domain, seed=5, absolute=True)
    s = sm.Smoothed(problem, 0.02)
    best = min(state.point.fun for state in islice(method(problem, {}).walk(s, domain.start()), 300))
    used = 0
    for state in islice(method(problem, {}).walk(s, domain.start()), 150):
        own = gap_on(problem, state.point)
        assert state.decrement <= own
        assert state.decrement >= state.point.fun - best - 1e-9  # a bound on F − min F all the same
        assert (state.average is not None) == (state.decrement < own)
        used += state.average is not None
        if state.average is not None:
            assert state.average.min() >= 0
            assert state.average.sum() == pytest.approx(1.0)
            assert slack(state.point, prove(problem, state.point.lin, state.average)) <= state.decrement + 1e-9
    assert used > 0 or method is Gradient


def test_the_proof_takes_the_better_of_the_two():
    problem = affine(sm.Simplex(12), seed=6)
    s = sm.Smoothed(problem, 0.01)
    good = sm.solve(problem, tol=1e-10)
    point = s.at(problem.domain.start())
    alone = proof(problem, State(point, np.inf))
    better = proof(problem, State(point, np.inf, average=good.weights))
    assert better.lower > alone.lower
    assert better.lower == pytest.approx(good.lower_bound, abs=1e-8)
    worse = np.zeros(problem.n)
    worse[int(np.argmin(point.f))] = 1.0
    assert proof(problem, State(point, np.inf, average=worse)).lower == alone.lower


def test_a_restart_keeps_the_better_average():
    problem = affine(sm.Box(-np.ones(12), np.ones(12)), seed=7)
    s, average = sm.Smoothed(problem, 0.1), Average(problem)
    for state in islice(Accelerated(problem, {}).walk(s, np.zeros(12)), 60):
        near = state.point
    average.add(near, 1.0)
    kept = average.gap(near)
    average.restart()
    assert average.gap(near) == kept
    average.add(s.at(np.ones(12)), 1.0)  # a worse point
    assert average.gap(near) == kept
    np.testing.assert_allclose(average.weights, near.weights, atol=1e-15)


@pytest.mark.parametrize(
    "problem",
    [
        affine(sm.Free(4), absolute=True),  # few variables: p itself is repaired
        sm.Minimax(sm.Quadratic(np.eye(4), np.eye(4)), sm.Box(-np.ones(4), np.ones(4))),
    ],
    ids=["unbounded", "curved"],
)
def test_no_average_where_it_proves_nothing(problem):
    state = next(islice(Accelerated(problem, {}).walk(sm.Smoothed(problem, 0.1), np.full(4, 0.5)), 10, None))
    assert state.average is None


@pytest.mark.parametrize(("method", "tol"), [("gradient", 2e-2), ("accelerated", 1e-3)])
def test_a_sparse_box_problem_against_highs(method, tol):
    rng = np.random.default_rng(8)
    A = sp.random_array((200, 50), density=0.1, rng=rng, data_sampler=rng.standard_normal)
    b = rng.standard_normal(200)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True), sm.Box(-np.ones(50), np.ones(50)))
    result = sm.solve(problem, method=method, tol=tol, max_passes=20_000)
    one = np.ones((200, 1))
    G = sp.vstack([sp.hstack([A, -one]), sp.hstack([-A, -one])]).tocsr()
    found = linprog(np.r_[np.zeros(50), 1.0], A_ub=G, b_ub=np.r_[-b, b], bounds=[(-1, 1)] * 50 + [(None, None)])
    assert result.success, result.message
    assert result.lower_bound - 1e-8 <= found.fun <= result.fun + 1e-8
    again = sm.certify(problem, result.x, result.weights)
    assert again.lower == pytest.approx(result.lower_bound, abs=1e-12)


@pytest.mark.parametrize("domain", [sm.Free(12), *DOMAINS], ids=repr)
def test_one_evaluation_a_step_gives_the_iterates_of_two(domain):
    """The slow twin evaluates f at x and at y; the values at x that the recursion carries are those of A x + b."""
    problem = affine(domain, seed=9, absolute=True)
    s = sm.Smoothed(problem, 0.3, prior=np.random.default_rng(3).exponential(size=problem.n))
    s2, L = np.full(12, 1.0), s.lipschitz
    x = y = domain.start()
    stand, t, restarts = Stand.at(s.at(x)), 1.0, 0
    for _ in range(500):
        stand, curve = advance(problem, s, stand, s2, L * s.tau)
        assert curve == L * s.tau
        new = domain.project(y - s.jac(y) / L)
        uphill = (y - new) @ (new - x) > 0
        t_next = 1.0 if uphill else (1 + np.sqrt(1 + 4 * t * t)) / 2
        y = new if uphill else new + (t - 1) / t_next * (new - x)
        x, t, restarts = new, t_next, restarts + uphill
        np.testing.assert_allclose(stand.x, x, atol=1e-9)
        np.testing.assert_allclose(stand.f, problem.at(stand.x).f, atol=1e-13)
        assert stand.fun == pytest.approx(s.fun(stand.x), abs=1e-13)
        assert stand.t == pytest.approx(t)
    assert restarts > 0


def test_an_accelerated_step_on_affine_components_is_one_pass():
    problem = affine(sm.Box(-np.ones(12), np.ones(12)), seed=10)
    s = sm.Smoothed(problem, 0.2)
    stand, L = Stand.at(s.at(np.zeros(12))), s.lipschitz
    for _ in range(20):
        before = s.meter.npass
        stand, _ = advance(problem, s, stand, np.ones(12), L * s.tau)
        assert s.meter.npass - before == 1


def test_the_metric_does_not_know_the_units_of_the_variables():
    rng, units = np.random.default_rng(11), 10.0 ** np.linspace(-4, 4, 8)
    A, b = rng.standard_normal((50, 8)), rng.standard_normal(50)
    found = []
    for M in (A, A * units):
        problem = sm.Minimax(sm.Affine(M, b))
        point = sm.Smoothed(problem, 0.1).at(np.zeros(8))
        found.append(curvature_scale(problem, column_scale(problem, point), point))
        p, size = point.weights, np.abs(M).mean(axis=0)
        np.testing.assert_allclose(1 / found[-1], size * np.maximum(p @ np.abs(M), 0.1 * size))
    np.testing.assert_allclose(found[1] * units**2, found[0])


def test_on_an_open_box_the_model_is_minimized_as_far_as_the_iterates_went():
    rng, scale = np.random.default_rng(12), np.full(5, 0.5)
    domain = sm.Box(np.array([0.0, -np.inf, -np.inf, 0.0, -np.inf]), np.array([np.inf, np.inf, 1.0, 1.0, np.inf]))
    problem = affine(domain, seed=12)
    s, average = sm.Smoothed(problem, 0.3), Average(problem, scale)
    points = [s.at(domain.project(3 * rng.standard_normal(5))) for _ in range(4)]
    for point in points:
        average.add(point, 1.0)
    xs = np.array([point.x for point in points])
    reach = max(np.abs(xs).max(), np.abs(xs - xs[0]).max())  # in units of scale, times scale
    c = np.mean([point.jac for point in points], axis=0)
    low, high = np.maximum(xs[-1] - reach, domain.lb), np.minimum(xs[-1] + reach, domain.ub)
    model = np.mean([p.fun - p.jac @ p.x for p in points]) + np.minimum(c * low, c * high).sum()
    assert average.gap(points[0]) == pytest.approx(points[0].fun - model, rel=1e-10)
    np.testing.assert_allclose(average.weights, np.mean([p.weights for p in points], axis=0), atol=1e-15)
    assert not Average(problem).useful
