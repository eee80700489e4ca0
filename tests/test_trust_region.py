"""The trust-region method: its program, its curvature, its steps, its constraints, and what it says at the end."""

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, NonlinearConstraint

import problems
import smoothmax as sm
from smoothmax.solvers import Status
from smoothmax.solvers.trust_region import method, restoration
from smoothmax.solvers.trust_region.curvature import Secants, convexified
from smoothmax.solvers.trust_region.program import Program, minimize
from tests.effort import law

EPS = float(np.finfo(float).eps)


# ------------------------------------------------------------------------------------------------- the program


def random_program(rng, n, d, m, k):
    """Feasible at a known point, bounded by a box."""
    R = rng.standard_normal((int(rng.integers(0, d + 1)), d))
    u = rng.uniform(-0.5, 0.5, d)
    A, E = rng.standard_normal((m, d)), rng.standard_normal((k, d))
    G = np.vstack([A, np.eye(d), -np.eye(d)])
    h = np.concatenate([A @ u + rng.exponential(size=m) * (rng.random(m) < 0.7), np.ones(2 * d)])
    return Program(R.T @ R, rng.standard_normal(d), G, h, E, E @ u)


@pytest.mark.parametrize("seed", range(40))
def test_the_program_ends_at_a_kkt_point(seed):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 12))
    p = random_program(rng, 0, d, int(rng.integers(0, 30)), int(rng.integers(0, max(d // 3, 1))))
    a = minimize(p, np.zeros(d))
    room = p.h - p.G @ a.u
    assert np.abs(p.Q @ a.u + p.c + p.G.T @ a.z + p.E.T @ a.y).max() < 1e-9
    assert room.min() > -1e-9
    assert a.z.min() >= 0
    assert np.abs(p.E @ a.u - p.e).max(initial=0.0) < 1e-9
    assert np.abs(np.minimum(room, a.z)).max() < 1e-7
    assert a.residual < 1e-7


@pytest.mark.parametrize("seed", range(10))
def test_the_program_agrees_with_another_solver(seed):
    cp = pytest.importorskip("cvxpy")
    rng = np.random.default_rng(seed)
    p = random_program(rng, 0, 6, 15, 1)
    u = cp.Variable(6)
    value = 0.5 * cp.quad_form(u, cp.psd_wrap(p.Q)) + p.c @ u
    cp.Problem(cp.Minimize(value), [p.G @ u <= p.h, p.E @ u == p.e]).solve(solver="CLARABEL")
    a = minimize(p, np.zeros(6))
    assert 0.5 * a.u @ p.Q @ a.u + p.c @ a.u == pytest.approx(float(value.value), abs=1e-7)


def test_a_program_without_a_solution_says_so_by_its_residual():
    empty = Program(
        np.zeros((1, 1)), np.ones(1), np.array([[1.0], [-1.0]]), np.array([-1.0, -1.0]), np.zeros((0, 1)), np.zeros(0)
    )
    assert minimize(empty, np.zeros(1)).residual > 0.1


# ------------------------------------------------------------------------------------------------- the curvature


@law(50, 1000)
@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 10_000))
def test_secants_find_the_curvature_of_quadratics_for_any_weights(d, n, seed):
    """Orthogonal steps; the newest shows the least curvature, so that no update divides by zero."""
    rng = np.random.default_rng(seed)
    unit, Q = rng.uniform(0.5, 2.0, d), np.linalg.qr(rng.standard_normal((d, d)))[0]
    w = np.column_stack([np.ones(n), rng.uniform(1.0, 9.0, (n, d - 1))])
    P = (Q * w[:, None]) @ Q.T / np.outer(unit, unit)
    others = Q[:, 1:] @ np.linalg.qr(rng.standard_normal((d - 1, d - 1)))[0]
    secants = Secants(unit)
    for s in np.column_stack([others, Q[:, 0]]).T * unit:
        secants.learn(s, P @ s)
    p, s = rng.dirichlet(np.ones(n)), rng.standard_normal(d)
    assert secants.matrix(p) == pytest.approx(np.tensordot(p, P, 1), abs=1e-9)
    assert secants.bends(np.arange(n), s) == pytest.approx(0.5 * np.einsum("j,ijk,k", s, P, s), rel=1e-9)


def test_old_steps_that_newer_ones_repeat_are_forgotten():
    """The curvature has changed from 1 to 2: nothing of the old is mixed in."""
    secants = Secants(np.ones(2))
    for s, curvature in (([1.0, 0], 1.0), ([0, 1.0], 1.0), ([1.0, 1e-3], 2.0), ([0, 1.0], 2.0)):
        secants.learn(np.array(s), curvature * np.array([s]))
    assert secants.matrix(np.ones(1)) == pytest.approx(2.0 * np.eye(2))


def test_affine_components_have_no_curvature():
    secants = Secants(np.ones(3))
    secants.learn(np.array([1.0, 2, 3]), np.zeros((4, 3)))
    assert not secants.matrix(np.full(4, 0.25)).any()


def test_convexified_changes_only_what_is_negative():
    B = np.diag([2.0, -3.0])
    assert convexified(B, np.ones(2)) == pytest.approx(np.diag([2.0, 0.0]))
    assert convexified(np.eye(2), np.array([1.0, 5.0])) == pytest.approx(np.eye(2))


# ------------------------------------------------------------------------------------------- published problems

# Hock and Schittkowski, Test Examples for Nonlinear Programming Codes, 1981: one component, nonlinear constraints.
HS = {
    "HS6": (
        lambda x: (1 - x[0]) ** 2,
        [(lambda x: 10 * (x[1] - x[0] ** 2), 0, 0)],
        [-1.2, 1], None, 0.0,
    ),
    "HS7": (
        lambda x: np.log(1 + x[0] ** 2) - x[1],
        [(lambda x: (1 + x[0] ** 2) ** 2 + x[1] ** 2, 4, 4)],
        [2, 2], None, -np.sqrt(3),
    ),
    "HS39": (
        lambda x: -x[0],
        [(lambda x: [x[1] - x[0] ** 3 - x[2] ** 2, x[0] ** 2 - x[1] - x[3] ** 2], 0, 0)],
        [2, 2, 2, 2], None, -1.0,
    ),
    "HS40": (
        lambda x: -x[0] * x[1] * x[2] * x[3],
        [(lambda x: [x[0] ** 3 + x[1] ** 2 - 1, x[0] ** 2 * x[3] - x[2], x[3] ** 2 - x[1]], 0, 0)],
        [0.8] * 4, None, -0.25,
    ),
    "HS43": (
        lambda x: x[0] ** 2 + x[1] ** 2 + 2 * x[2] ** 2 + x[3] ** 2 - 5 * x[0] - 5 * x[1] - 21 * x[2] + 7 * x[3],
        [
            (lambda x: 8 - x @ x - x[0] + x[1] - x[2] + x[3], 0, np.inf),
            (lambda x: 10 - x[0] ** 2 - 2 * x[1] ** 2 - x[2] ** 2 - 2 * x[3] ** 2 + x[0] + x[3], 0, np.inf),
            (lambda x: 2 * x[0] ** 2 + x[1] ** 2 + x[2] ** 2 + 2 * x[0] - x[1] - x[3] - 5, -np.inf, 0),
        ],
        [0, 0, 0, 0], None, -44.0,
    ),
    "HS71": (
        lambda x: x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2],
        [(lambda x: x[0] * x[1] * x[2] * x[3], 25, np.inf), (lambda x: x @ x, 40, 40)],
        [1, 5, 5, 1], (1, 5), 17.0140173,
    ),
    "HS78": (
        lambda x: np.prod(x),
        [(lambda x: [x @ x - 10, x[1] * x[2] - 5 * x[3] * x[4], x[0] ** 3 + x[1] ** 3 + 1], 0, 0)],
        [-2, 1.5, 2, -1, -1], None, -2.91970041,
    ),
}  # fmt: skip


def stated(name):
    fun, rules, x0, bounds, optimum = HS[name]
    constraints = [NonlinearConstraint(c, low, high, jac="cs") for c, low, high in rules]
    box = None if bounds is None else [bounds] * len(x0)
    return fun, {"jac": "cs", "bounds": box, "constraints": constraints}, np.array(x0, float), optimum


@pytest.mark.parametrize("name", HS)
def test_nonlinear_constraints_of_every_kind(name):
    fun, given, x0, optimum = stated(name)
    r = sm.minimax(fun, x0, **given)
    assert r.success, r.message
    assert r.fun == pytest.approx(optimum, abs=1e-7 * max(1, abs(optimum)))
    assert r.certificate.kind == "local"
    assert r.lower_bound == -np.inf
    assert r.certificate.residual <= 1e-8
    assert r.constr_violation <= 1e-9


@pytest.mark.parametrize("name", ["HS43", "HS71", "HS40"])
def test_multipliers_make_the_lagrangian_stationary(name):
    """Recomputed with differences of the functions alone."""
    fun, given, x0, _ = stated(name)
    r = sm.minimax(fun, x0, **given)

    def lagrangian(x):
        values = np.concatenate([np.atleast_1d(item.fun(x)) for item in given["constraints"]])
        return fun(x) + r.multipliers.nonlinear @ values

    slope = scipy.optimize.approx_fprime(r.x, lagrangian, 1e-7) + r.multipliers.upper - r.multipliers.lower
    assert slope == pytest.approx(np.zeros(x0.size), abs=1e-5)
    again = (
        sm.certify(
            sm.Minimax(sm.Smooth(fun, "cs", d=x0.size), constraints=given["constraints"]), r.x, r.weights, r.multipliers
        )
        if given["bounds"] is None
        else r.certificate
    )
    assert again.residual <= 1e-7


def test_mathworks_page():
    """1.75 at (−2.5, 2.25): Optimization Toolbox documentation, Compare fminimax and fminunc."""
    r = sm.minimax(lambda x: np.array([x[0] + x[1] + 2, -x[0] + x[1] - 3, -x[1] + 4]), [0.0, 0.0])
    assert r.success
    assert r.fun == pytest.approx(1.75, abs=1e-12)
    assert r.x == pytest.approx([-2.5, 2.25], abs=1e-9)


# ------------------------------------------------------------------------------------------- how it behaves


def rosen_suzuki(x):
    q = x[0] ** 2 + x[1] ** 2 + 2 * x[2] ** 2 + x[3] ** 2 - 5 * x[0] - 5 * x[1] - 21 * x[2] + 7 * x[3]
    g = np.array(
        [
            x @ x + x[0] - x[1] + x[2] - x[3] - 8,
            x[0] ** 2 + 2 * x[1] ** 2 + x[2] ** 2 + 2 * x[3] ** 2 - x[0] - x[3] - 10,
            x[0] ** 2 + x[1] ** 2 + x[2] ** 2 + 2 * x[0] - x[1] - x[3] - 5,
        ]
    )
    return np.concatenate([[q], q + 10 * g])


def rosen_suzuki_jac(x):
    q = np.array([2 * x[0] - 5, 2 * x[1] - 5, 4 * x[2] - 21, 2 * x[3] + 7])
    g = np.array(
        [
            2 * x + [1, -1, 1, -1],
            [2 * x[0] - 1, 4 * x[1], 2 * x[2], 4 * x[3] - 1],
            [2 * x[0] + 2, 2 * x[1] - 1, 2 * x[2], -1],
        ]
    )
    return np.vstack([q, q + 10 * g])


def rosen_suzuki_hess(x, v):
    P = [np.diag([2.0, 2, 4, 2]), np.diag([22.0, 22, 24, 22]), np.diag([22.0, 42, 24, 42]), np.diag([22.0, 22, 24, 2])]
    P[2] = np.diag([2.0 + 20, 2 + 40, 4 + 20, 2 + 40])
    P[3] = np.diag([2.0 + 20, 2 + 20, 4 + 20, 2.0])
    return np.tensordot(v, P, 1)


@pytest.mark.parametrize(("size", "length"), [(1e-8, 1.0), (1e8, 1.0), (1.0, 1e-6), (1.0, 1e6), (1e-12, 1e9)])
def test_units_change_nothing(size, length):
    start = np.array([0.5, 1.0, 1.0, -2.0])
    plain = sm.minimax(rosen_suzuki, start, jac=rosen_suzuki_jac)
    scaled = sm.minimax(
        lambda x: size * rosen_suzuki(x / length),
        start * length,
        jac=lambda x: size / length * rosen_suzuki_jac(x / length),
    )
    assert scaled.success
    assert abs(scaled.nit - plain.nit) <= 2
    assert scaled.fun == pytest.approx(-44 * size, rel=1e-9)
    assert scaled.x == pytest.approx(length * np.array([0, 1, 2, -1]), abs=1e-5 * length)


def test_hessians_that_are_given_are_used():
    with_hess = sm.minimax(rosen_suzuki, np.zeros(4), jac=rosen_suzuki_jac, hess=rosen_suzuki_hess, convex=True)
    without = sm.minimax(rosen_suzuki, np.zeros(4), jac=rosen_suzuki_jac, convex=True)
    assert with_hess.success
    assert without.success
    assert with_hess.nit <= without.nit
    assert with_hess.fun == pytest.approx(-44, abs=1e-9)
    assert with_hess.certificate.kind == "assumed-convex"
    assert with_hess.lower_bound <= -44 + 1e-9


def test_fewer_evaluations_than_the_epigraph():
    calls = [0, 0]

    def counted(k):
        def fun(x):
            calls[k] += 1
            return rosen_suzuki(x)

        return fun

    r = sm.minimax(counted(0), np.zeros(4), jac=rosen_suzuki_jac)
    one = counted(1)
    scipy.optimize.minimize(
        lambda z: z[-1],
        np.zeros(5),
        jac=lambda z: np.eye(5)[-1],
        constraints={
            "type": "ineq",
            "fun": lambda z: z[-1] - one(z[:-1]),
            "jac": lambda z: np.column_stack([-rosen_suzuki_jac(z[:-1]), np.ones(4)]),
        },
        method="SLSQP",
        options={"ftol": 1e-10},
    )
    assert r.success
    assert calls[0] < calls[1]
    assert r.nfev == calls[0]


def test_more_active_than_a_vertex_has():
    """Seven functions meet at the solution of two variables."""
    t = 2 * np.pi * np.arange(7) / 7
    U = np.column_stack([np.cos(t), np.sin(t)])
    r = sm.minimax(lambda x: U @ x + x @ x, [0.3, 0.4], jac=lambda x: U + 2 * x, convex=True)
    assert r.success
    assert r.fun == pytest.approx(0.0, abs=1e-12)
    assert r.x == pytest.approx([0, 0], abs=1e-9)


def test_a_start_where_all_gradients_vanish_is_left():
    r = sm.minimax(lambda x: np.array([np.cos(x[0]), -1.0]), [0.0], jac=lambda x: np.array([[-np.sin(x[0])], [0.0]]))
    assert r.success
    assert r.fun == pytest.approx(-1.0, abs=1e-7)


@pytest.mark.parametrize("fun", [lambda x: np.array([3.0, 2.0]), lambda x: np.round(x)])
def test_a_flat_function_is_not_solved(fun):
    r = sm.minimax(fun, [0.2, 0.1], bounds=[(0, 0.4), (0, 0.4)])
    assert not r.success
    assert r.status == Status.FLAT
    assert "do not change" in r.message
    assert r.x == pytest.approx([0.2, 0.1])


def test_constraints_that_contradict_each_other():
    circle = NonlinearConstraint(lambda x: x @ x, -np.inf, 1, jac=lambda x: 2 * x[None])
    far = NonlinearConstraint(lambda x: x[0], 3, np.inf, jac=lambda x: np.array([[1.0, 0]]))
    r = sm.minimax(lambda x: x, [2.0, 2.0], jac=lambda x: np.eye(2), constraints=[circle, far])
    assert not r.success
    assert r.status == Status.INFEASIBLE
    assert r.constr_violation > 0.1
    assert r.upper_bound == np.inf


DISCS = [  # of which one has no point at all, two are 2 apart, and three meet in no point
    ([NonlinearConstraint(lambda x: x @ x, -np.inf, -1)], 1.0),
    ([NonlinearConstraint(lambda x, c=c: (x - c) @ (x - c), -np.inf, 1) for c in ([0, 0], [4, 0])], 3.0),
    ([NonlinearConstraint(lambda x, c=c: (x - c) @ (x - c), 0, 1) for c in ([0, 0], [4, 0], [2, 3])], 3.6944444),
]
OBJECTIVES = [lambda x: [x[0], x[1]], lambda x: [x @ x, (x - 1) @ (x - 1)], lambda x: [x[0] ** 3 - x[1], -5 * x[0]]]


@pytest.mark.parametrize(("discs", "least"), DISCS)
@pytest.mark.parametrize("fun", OBJECTIVES)
@pytest.mark.parametrize("x0", [[2.0, 2.0], [0.5, 0.5], [5.0, -3.0]])
def test_what_cannot_be_met_ends_at_the_least_violation(discs, least, fun, x0):
    r = sm.minimax(fun, x0, constraints=discs)
    assert r.status == Status.INFEASIBLE
    assert r.constr_violation == pytest.approx(least, rel=1e-6)
    over = max(np.ravel(one.fun(r.x) - one.ub)[0] for one in discs)
    assert r.constr_violation == pytest.approx(over, rel=1e-12)


def test_a_walk_that_ends_outside_comes_back(monkeypatch):
    """Where the least violation is 0 after all, the walk goes on from there to a solution."""
    ends, restore = [], restoration.restore

    def watched(walk):
        assert walk.site.seen.violation > 0
        yield from restore(walk)
        ends.append(walk.site.seen.violation)

    monkeypatch.setattr(method, "restore", watched)
    rng, back = np.random.default_rng(1), 0
    for _ in range(25):
        d = int(rng.integers(1, 4))
        W, turn, A = rng.standard_normal((3, d)) * 3, rng.uniform(0, 6, 3), rng.standard_normal((3, d))
        waves = NonlinearConstraint(lambda x, W=W, turn=turn: np.sin(W @ x + turn)[:1] + 0.1 * (x @ x), -np.inf, -0.6)
        ends.clear()
        r = sm.minimax(lambda x, A=A, W=W: A @ x + np.cos(W @ x), rng.uniform(-3, 3, d), constraints=waves)
        if ends and ends[-1] < 1e-9:
            back += 1
            assert r.success, r.message
            assert r.constr_violation < 1e-9
    assert back >= 1


def test_a_derivative_of_a_constraint_is_compared_with_its_function():
    wrong = NonlinearConstraint(lambda x: x @ x, -np.inf, 1, jac=lambda x: -2 * x[None])
    with pytest.raises(ValueError, match="a NonlinearConstraint's jac disagrees with fun: component 0, variable 0"):
        sm.minimax(lambda x: x, [0.5, 0.5], constraints=wrong)
    subtly = NonlinearConstraint(lambda x: x @ x, -np.inf, 1, hess=lambda x, v: v[0] * np.eye(2))
    with pytest.raises(ValueError, match="a NonlinearConstraint's hess disagrees with the Jacobian"):
        sm.minimax(lambda x: x, [0.5, 0.5], constraints=subtly, check="full")
    r = sm.minimax(lambda x: x, [0.5, 0.5], constraints=wrong, check=False)
    assert r.constr_violation == 0
    assert r.status != Status.INFEASIBLE


def test_what_a_constraint_returns_is_told_by_its_name():
    for answer, words in (
        (None, r"a NonlinearConstraint's fun\(x\) .*None"),
        (np.eye(2), r"a NonlinearConstraint's fun\(x\) .*\(2, 2\)"),
    ):
        with pytest.raises((TypeError, ValueError), match=words):
            sm.minimax(lambda x: x, [0.5, 0.5], constraints=NonlinearConstraint(lambda x, a=answer: a, 0, 1))
    with pytest.raises(ValueError, match=r"a NonlinearConstraint's jac\(x\) must return shape \(1, 2\)"):
        sm.minimax(lambda x: x, [0.5, 0.5], constraints=NonlinearConstraint(lambda x: x @ x, 0, 1, jac=lambda x: x[:1]))


@pytest.mark.parametrize(("unit", "shift"), [(1e-12, 0.0), (1.0, 1e5), (1e9, 0.0)])
def test_the_middle_of_an_interval_is_not_its_end_in_any_unit(unit, shift):
    def fun(x):
        t = (x[0] / unit) - shift
        return [(t - 4) ** 2, (t - 4) ** 2 - 1]

    r = sm.minimax(fun, [(8 + shift) * unit], bounds=[((1 + shift) * unit, (10 + shift) * unit)])
    assert r.fun < 1e-7
    assert r.x / unit - shift == pytest.approx(4, abs=1e-3)


@pytest.mark.parametrize("convex", [False, True])
def test_a_box_that_is_one_point_is_solved(convex):
    r = sm.minimax(lambda x: [x[0] ** 2 + 1, x[1]], [0, 1.0], bounds=[(0, 0), (1, 1)], convex=convex)
    assert r.success
    assert r.fun == 1.0


def test_crossed_bounds_are_refused():
    crossed = NonlinearConstraint(lambda x: x @ x, 2, 1)
    with pytest.raises(ValueError, match=r"constraints are inconsistent.*lb = 2 > ub = 1"):
        sm.minimax(lambda x: x, [2.0, 2.0], constraints=crossed)


def test_other_methods_refuse_nonlinear_constraints():
    ball = NonlinearConstraint(lambda x: x @ x, -np.inf, 1)
    with pytest.raises(ValueError, match=r"'newton' cannot take.*nonlinear constraints.*trust-region"):
        sm.minimax(lambda x: x, [0.5, 0.5], constraints=ball, method="newton")


def test_linear_and_nonlinear_constraints_together():
    """max(x, y) with x + y ≥ 1 outside the unit disc: (√½, √½) by symmetry."""
    outside = NonlinearConstraint(lambda x: x @ x, 1, np.inf, jac=lambda x: 2 * x[None])
    r = sm.minimax(
        lambda x: x, [2.0, 1.5], constraints=[outside, LinearConstraint([[1, 1]], 1, np.inf)], bounds=[(0, 3)] * 2
    )
    assert r.success
    assert r.fun == pytest.approx(np.sqrt(0.5), abs=1e-9)


def test_affine_components_with_a_nonlinear_constraint():
    disc = NonlinearConstraint(
        lambda x: x @ x, -np.inf, 4, jac=lambda x: 2 * x[None], hess=lambda x, v: 2 * v[0] * np.eye(2)
    )
    r = sm.solve(sm.Minimax(sm.Affine([[-1.0, 0], [0, -1]]), constraints=disc), [0.1, 0.2])
    assert r.success
    assert r.method == "trust-region"
    assert r.fun == pytest.approx(-np.sqrt(2), abs=1e-9)
    assert r.multipliers.nonlinear[0] > 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_stepped_back_from(bad):
    """log x is asked for at negative points."""

    def fun(x):
        return np.array([x[0] - np.log(x[0]) if x[0] > 0 else bad, 0.5 * x[0]])

    r = sm.minimax(fun, [8.0], jac=lambda x: np.array([[1 - 1 / x[0]], [0.5]]))
    assert r.success
    assert r.fun == pytest.approx(1.0, abs=1e-9)


def test_a_start_outside_the_bounds_is_moved_in_and_said():
    r = sm.minimax(lambda x: np.array([x[0] ** 2, x[0]]), [5.0], bounds=[(1, 2)])
    assert r.success
    assert r.fun == pytest.approx(1.0)
    assert "projected" in r.message


def test_the_callback_sees_every_step_and_may_stop():
    seen = []

    def stop(intermediate_result):
        seen.append(intermediate_result.fun)
        if len(seen) == 3:
            raise StopIteration

    r = sm.minimax(rosen_suzuki, np.zeros(4), jac=rosen_suzuki_jac, callback=stop)
    assert len(seen) == 3
    assert r.status == Status.CALLBACK
    assert r.fun == min(seen)


def test_ks_constraint_aggregates_many_into_one():
    """Kreisselmeier and Steinhauser's use: minimize a weight under 400 stress limits, handed to SciPy as one."""
    t = np.linspace(0, 1, 400)
    stress = sm.Minimax(
        sm.Smooth(lambda x: (1 + np.sin(3 * t)) / (x[0] + t * x[1]) - 1, d=2), sm.Box([0.1, 0.1], [9, 9])
    )
    limit = sm.Smoothed(stress, 1e-3).as_constraint(0.0)
    found = scipy.optimize.minimize(
        lambda x: x[0] + 0.6 * x[1],
        [3.0, 3.0],
        constraints=[limit],
        bounds=[(0.1, 9)] * 2,
        method="trust-constr",
        jac=lambda x: np.array([1.0, 0.6]),
        hess=lambda x: np.zeros((2, 2)),
        options={"gtol": 1e-8, "maxiter": 500},
    )
    exact = scipy.optimize.minimize(
        lambda x: x[0] + 0.6 * x[1], [3.0, 3.0], method="SLSQP", bounds=[(0.1, 9)] * 2,
        constraints={"type": "ineq", "fun": lambda x: 1 - (1 + np.sin(3 * t)) / (x[0] + t * x[1])},
        options={"ftol": 1e-12},
    )  # fmt: skip
    assert stress.value(found.x) <= 1e-9  # the aggregate is conservative
    assert exact.fun - 1e-9 <= found.fun <= exact.fun + 0.02


# --------------------------------------------------------------------------------------------------- at the edges


def test_a_maximum_at_the_start_is_left_even_where_differences_show_a_slope():
    r = sm.minimax(lambda x: np.array([np.cos(x[0]), np.cos(x[0]) - 0.1]), [0.0])
    assert r.success
    assert r.fun == pytest.approx(-1.0, abs=1e-12)


def test_what_neither_the_function_nor_the_constraint_feels_stays_where_it_is():
    """Unbounded in x_0; x_1 has no reason to leave the unit interval on the way."""
    held = NonlinearConstraint(lambda x: x[1] ** 2, -np.inf, 1)
    r = sm.minimax(lambda x: np.array([-x[0]]), [1.0, 1.0], constraints=held)
    assert r.status == Status.UNBOUNDED
    assert r.fun < -1e10
    assert r.constr_violation <= 1e-8


@pytest.mark.parametrize("unit", [1e200, 1e-200])
def test_extreme_units(unit):
    def fun(x):
        values = [x[0] ** 2 + x[1] ** 4, (2 - x[0]) ** 2 + (2 - x[1]) ** 2, 2 * np.exp(x[1] - x[0])]
        return unit * np.array(values)

    r = sm.minimax(fun, [1.0, -0.1])
    assert r.success
    assert r.fun == pytest.approx(1.9522244938706 * unit, rel=1e-9)


def test_a_constraint_that_is_nan_at_the_start_says_so():
    held = NonlinearConstraint(lambda x: np.nan * x[0], -np.inf, 1)
    r = sm.minimax(lambda x: x, [1.0, 2.0], constraints=held)
    assert r.status == Status.NOT_FINITE


def test_values_far_below_the_step_are_resolved():
    """max |f| falls from 2.7 to 2e-7 in one step: the model's program must be solved far below the units of its box."""
    case = problems.get("exp-deg7")
    components = case.problem.components
    told = sm.Smooth(components.value, lambda x: case.problem.at(x).jac(np.arange(components.n)), d=8, n=components.n)
    r = sm.solve(sm.Minimax(told, case.problem.domain), case.x0, tol=1e-10)
    assert r.fun == pytest.approx(case.optimum, rel=1e-6)
    assert r.nfev <= 8
