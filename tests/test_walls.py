"""Newton's method over domains with round walls, equalities and fixed variables, against conic solvers."""

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import smoothmax as sm
from problems.disciplined import notebooks
from smoothmax import cvx
from smoothmax.solvers import Status
from tests.effort import law


def _affine(seed, n=40, d=8):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal(n)


@pytest.mark.parametrize(("centre", "radius"), [(0.0, 1.0), (0.3, 1e-6), (1e3, 2.0), (0.0, 1e3)])
def test_balls_against_a_conic_solver(centre, radius):
    A, b = _affine(0)
    x = cp.Variable(8)
    program = cp.Problem(cp.Minimize(cp.max(A @ (centre + radius * x) + b)), [cp.norm(x) <= 1])
    best = float(program.solve(solver="CLARABEL"))
    r = sm.solve(sm.Minimax(sm.Affine(A, b), sm.Ball(np.full(8, centre), radius)), method="newton")
    assert r.success
    assert r.lower_bound - 1e-7 * abs(best) <= best <= r.upper_bound + 1e-7 * abs(best)


@law(15, 300)
@given(st.integers(0, 1000), st.floats(1e-3, 1e3))
def test_balls_turn_and_stretch_with_their_problem(seed, stretch):
    A, b = _affine(seed, 12, 4)
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((4, 4)))[0]
    plain = sm.solve(sm.Minimax(sm.Affine(A, b), sm.Ball(np.ones(4), 1.0)), method="newton")
    turned = sm.Minimax(sm.Affine(A @ Q.T / stretch, b), sm.Ball(stretch * Q @ np.ones(4), stretch))
    assert sm.solve(turned, method="newton").fun == pytest.approx(plain.fun, rel=1e-7, abs=1e-7)


def test_a_ball_beside_a_half_open_box_and_a_simplex():
    A, b = _affine(0)
    domain = sm.Product([sm.Ball(np.zeros(3), 1.0), sm.Box([0, 0], [np.inf, np.inf]), sm.Simplex(3)])
    x = cp.Variable(8)
    held = [cp.norm(x[:3]) <= 1, x[3:] >= 0, cp.sum(x[5:]) == 1]
    best = float(cp.Problem(cp.Minimize(cp.max(A @ x + b)), held).solve(solver="CLARABEL"))
    r = sm.solve(sm.Minimax(sm.Affine(A, b), domain), method="newton")
    assert r.success
    assert r.lower_bound - 1e-7 <= best <= r.upper_bound + 1e-7


def test_a_control_problem_of_four_hundred_equalities():
    """Unstable dynamics, fixed ends, bounded inputs (the notebooks of cvxpy), against Clarabel."""
    program = notebooks.control()
    best = float(program.solve(solver="CLARABEL"))
    problem = cvx.from_cvxpy(notebooks.control())
    r = sm.solve(problem, method="newton")
    assert r.success
    assert r.lower_bound <= best * (1 + 1e-7)
    assert best <= r.upper_bound * (1 + 1e-7)
    fixed = problem.domain.lb == problem.domain.ub
    assert np.array_equal(r.x[fixed], problem.domain.lb[fixed])


@pytest.mark.parametrize("method", ["newton", "lbfgs", "newton-cg", "saddle", "working-set", "trust-region"])
def test_a_box_of_one_point(method):
    A, b = _affine(1)
    r = sm.solve(sm.Minimax(sm.Affine(A, b), sm.Box(np.ones(8), np.ones(8))), method=method)
    assert r.success
    assert r.fun == pytest.approx(float((A.sum(axis=1) + b).max()), rel=1e-12)


@pytest.mark.parametrize("method", ["auto", "newton", "newton-cg"])
def test_a_ray_beside_coordinates_that_stop_at_their_bounds(method):
    """Unbounded in x_0 alone; the others move between their bounds on the way down."""
    box = sm.Box([-np.inf, -1, -np.inf], [0, np.inf, 2])
    A = np.array([[1.0, 0.3, -0.2], [2.0, 1.0, 0.1], [1.5, 0.2, -1.0]])
    r = sm.solve(sm.Minimax(sm.Affine(A, np.ones(3)), box), method=method)
    assert r.status == Status.UNBOUNDED
    assert r.lower_bound == -np.inf
