"""Newton's method: the theorem behind its step control, the predictor, the walls that keep x in, and what it costs."""

import math
import tracemalloc
from itertools import islice, pairwise

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse as sp

import problems
import smoothmax as sm
from problems import linf_regression
from smoothmax._linalg import Factor, solve_kkt
from smoothmax.components import Meter
from smoothmax.domains import Linear, Sphere
from smoothmax.solvers.finish import finish
from smoothmax.solvers.newton import Newton, barrier
from smoothmax.solvers.newton.barrier import Walls, core, interior
from smoothmax.solvers.newton.damping import SHARE, Damping, metric
from smoothmax.solvers.newton.equalities import Equalities
from smoothmax.solvers.newton.few import ROUGH, falling_few, fits, minimize_few
from smoothmax.solvers.newton.line import line, search
from smoothmax.solvers.newton.predictor import turn, value
from smoothmax.solvers.newton.sampling import approach
from tests.laws import EPS

COLD = ("stackloss", "diabetes", "exp-deg5", "longley", "us-airports", "kuhn-poker")


def far_case(name):
    case = problems.get(name)
    return case.problem, case.x0


def newton_states(problem, tau, x0, steps):
    return list(islice(Newton(problem, {}).states(sm.Smoothed(problem, tau), x0), steps))


def lp_value(A, b, bounds):
    lp = scipy.optimize.linprog(
        np.eye(A.shape[1] + 1)[-1],
        A_ub=np.column_stack([A, -np.ones(len(A))]),
        b_ub=-b,
        bounds=[*bounds, (None, None)],
    )
    return -math.inf if lp.status == 3 else lp.fun


# ----------------------------------------------------------------------------------------------- the theorem


@pytest.mark.parametrize("seed", range(4))
def test_the_surrogate_is_quasi_self_concordant(seed):
    """|D³F[u, u, v]| ≤ (1/τ)·max_i|⟨a_i − ∇F, v⟩|·D²F[u, u], the third derivative by differences of the second."""
    rng = np.random.default_rng(seed)
    A, b, tau = rng.standard_normal((30, 4)), rng.standard_normal(30), 0.3
    s = sm.Smoothed(sm.Minimax(sm.Affine(A, b)), tau)
    x, u, v, h = rng.standard_normal(4), rng.standard_normal(4), rng.standard_normal(4), 1e-5
    third = (u @ s.hess(x + h * v) @ u - u @ s.hess(x - h * v) @ u) / (2 * h)
    bound = np.abs((A - s.jac(x)) @ v).max() / tau * (u @ s.hess(x) @ u)
    assert abs(third) <= bound * (1 + 1e-6)


def full_step(surrogate, x, sigma):
    """One step of Doikov's method in a metric that bounds max_i|⟨a_i − ∇F, v⟩|: B = max‖a_i − a_j‖²·I."""
    A = surrogate.problem.components.A
    A = np.vstack([A, -A]) if surrogate.problem.components.absolute else A
    diameter = 2 * np.linalg.norm(A, axis=1).max()
    B = diameter**2 * np.eye(A.shape[1])
    damping, point = Damping(), surrogate.at(x)
    damping.sigma = sigma
    M = point.hess + damping.shift(lambda: B, surrogate.tau, -point.jac)
    return np.linalg.lstsq(M, -point.jac, rcond=None)[0], diameter


@pytest.mark.parametrize("share", [1e-1, 1e-2, 1e-3, 1e-6])
@pytest.mark.parametrize("seed", range(5))
def test_a_full_regularized_step_always_gains_its_share(seed, share):
    """F(x) − F(x + dx) ≥ (3 − e)·|⟨∇F, dx⟩| and ‖dx‖_B ≤ τ, from anywhere, at any temperature, without line search."""
    rng = np.random.default_rng(seed)
    problem = sm.Minimax(sm.Affine(rng.standard_normal((60, 5)), rng.standard_normal(60), absolute=bool(seed % 2)))
    x = 10.0 ** rng.integers(-1, 3) * rng.standard_normal(5)
    s = sm.Smoothed(problem, share * float(np.ptp(problem.components(x))))
    for _ in range(15):
        dx, diameter = full_step(s, x, 1.0)
        slope = float(s.jac(x) @ dx)
        noise = 64 * EPS * (abs(s.fun(x)) + np.abs(x).sum() * diameter)
        assert slope <= 0
        assert diameter * np.linalg.norm(dx) <= s.tau * (1 + 1e-9)
        assert s.fun(x) - s.fun(x + dx) >= -SHARE * slope - noise
        x = x + dx


def test_the_plain_newton_step_does_not():
    """What the regularization is for: from the same starts a full plain step raises F by orders of magnitude."""
    worse = 0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        problem = sm.Minimax(sm.Affine(rng.standard_normal((60, 5)), rng.standard_normal(60), absolute=True))
        x = 10.0 * rng.standard_normal(5)
        s = sm.Smoothed(problem, 1e-2 * float(np.ptp(problem.components(x))))
        worse += s.fun(x + full_step(s, x, 0.0)[0]) > 10 * s.fun(x)
    assert worse >= 3


@pytest.mark.parametrize("share", [1e-2, 1e-3, 1e-4, 1e-6])
@pytest.mark.parametrize("name", COLD)
def test_a_cold_start_at_a_small_temperature_arrives(name, share):
    """No continuation: F never rises, and ends at what falling temperatures prove, in a counted number of steps."""
    problem, x0 = far_case(name)
    tau = share * float(np.ptp(problem.components(x0)))
    states = newton_states(problem, tau, x0, 400)
    done = next(k for k, state in enumerate(states) if state.stuck or state.decrement <= 1e-9 * tau)
    assert done <= 40 * (1 - math.log10(share))
    proven = sm.solve(problem, x0, tau=tau, tol=1e-9)
    barrier = 0.0 if problem.domain.linear().free else 0.1 * tau
    assert states[done].point.fun - proven.smoothed_lower_bound <= 1e-6 * tau + barrier + 4e-9 * abs(proven.fun)
    if problem.domain.linear().free:  # a barrier moves its own weight around
        values = [state.point.fun for state in states[: done + 1]]
        assert all(b <= a + 1e5 * EPS * (abs(a) + tau) for a, b in pairwise(values))


@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_a_far_start_arrives_where_a_linear_program_says(scale):
    """max f at x_τ is within τ·log n of the optimum (identity 2)."""
    problem = linf_regression.gaussian(400, 8).problem
    A, b = problem.components.A, problem.components.b
    best = lp_value(np.vstack([A, -A]), np.r_[b, -b], [(None, None)] * 8)
    tau = 1e-4 * best
    last = newton_states(problem, tau, np.full(8, scale), 150)[-1]
    assert last.decrement <= 1e-6 * tau
    assert best - 1e-9 <= last.point.upper <= best + tau * math.log(800) + 1e-9


def test_sigma_rises_after_bad_steps_and_fades_after_good_ones():
    damping = Damping()
    damping.learn(0.0)
    first = damping.sigma
    damping.learn(0.05)
    assert damping.sigma == 4 * first
    damping.learn(0.3)
    assert damping.sigma == 4 * first
    for _ in range(60):
        damping.learn(1.0)
    assert damping.sigma == 0.0
    assert damping.shift(lambda: 1 / 0, 1.0, np.ones(2)) == 0.0  # the metric is not even made


def test_the_metric_does_not_know_the_units_of_the_variables():
    """β·B transforms like the Hessian: steps are the same points in other units."""
    rng = np.random.default_rng(0)
    A, b, units = rng.standard_normal((50, 3)), rng.standard_normal(50), np.array([1e-6, 1.0, 1e5])
    plain, scaled = (sm.Minimax(sm.Affine(M, b)).at(np.zeros(3)) for M in (A, A * units))
    np.testing.assert_allclose(metric(scaled, 0.1), metric(plain, 0.1) * np.outer(units, units), rtol=1e-8)


# ------------------------------------------------------------------------------------------------ the line search


@pytest.mark.parametrize("regularizer", ["shannon", "gini"])
@pytest.mark.parametrize("seed", range(20))
def test_the_line_search_ends_where_the_slope_has_halved(seed, regularizer):
    """Judged by the surrogate itself, evaluated at the end of the ray."""
    rng = np.random.default_rng(seed)
    tau = 10.0 ** rng.uniform(-4, 0)
    A, b = rng.standard_normal((40, 3)), rng.standard_normal(40)
    s = sm.Smoothed(sm.Minimax(sm.Affine(A, b, absolute=True)), tau, regularizer=regularizer)
    x = rng.standard_normal(3)
    dx = -(10.0 ** rng.uniform(-3, 3)) * s.jac(x)
    slope, c = float(s.jac(x) @ dx), np.r_[A @ dx, -A @ dx]
    t = search(line(s, s.problem.components(x), c), slope, 1.0, np.inf)
    assert t > 0
    assert abs(s.jac(x + t * dx) @ dx) <= 0.5 * abs(slope) * (1 + 1e-6)
    assert s.fun(x + t * dx) < s.fun(x)


def test_a_good_step_costs_one_pass():
    """The values, and those rows that weigh for the Hessian; a line search is one pass more."""
    problem = linf_regression.gaussian(3000, 6).problem
    s, spent = sm.Smoothed(problem, 0.02), []
    for state in islice(Newton(problem, {}).states(s, np.full(6, 0.1)), 9):
        spent.append(s.meter.npass)
        assert state.point.live.size < 60
    assert np.diff(spent).max() <= 2.3
    assert np.diff(spent)[-3:].max() <= 1.02


# ------------------------------------------------------------------------------------------------- the predictor


@pytest.mark.parametrize("seed", range(3))
def test_the_euler_step_is_first_order_in_temperature_and_prior(seed):
    """x(τ + hτ', w·e^{hu}) − x = −∇²F⁻¹·turn + O(h²), minimizers found by SciPy's trust-exact on the surrogate."""
    rng = np.random.default_rng(seed)
    problem = sm.Minimax(sm.Affine(rng.standard_normal((40, 3)), rng.standard_normal(40), absolute=True))
    w, u = rng.uniform(0.5, 2, 80), rng.standard_normal(80)

    def least(s, x):
        for _ in range(40):
            x = x - np.linalg.solve(s.hess(x), s.jac(x))
        return x

    warm = sm.Smoothed(problem, 2.0, prior=w)
    start = scipy.optimize.minimize(warm.fun, np.zeros(3), jac=warm.jac, hess=warm.hess, method="trust-exact").x
    x = least(warm, start)
    errors = []
    for h in (1e-2, 1e-3):
        there = sm.Smoothed(problem, 2.0 * (1 - h), prior=w * np.exp(h * u))
        step = -np.linalg.solve(warm.hess(x), turn(warm.at(x), there))
        errors.append(np.linalg.norm(least(there, x) - x - step) / np.linalg.norm(step))
        assert value(warm.at(x), there) == pytest.approx(there.fun(x), rel=1e-14)
    assert errors[0] < 0.1
    assert errors[1] < 0.15 * errors[0]


def test_with_all_weight_on_active_rows_the_euler_step_is_the_optimum():
    """w' = p: Var_p f vanishes where the active components are equal. The optimum by HiGHS."""
    problem = linf_regression.gaussian(200, 5).problem
    A, b = problem.components.A, problem.components.b
    best = lp_value(np.vstack([A, -A]), np.r_[b, -b], [(None, None)] * 5)
    point = newton_states(problem, 1e-3, sm.solve(problem, tau=1e-2).x, 60)[-1].point
    there = sm.Smoothed(problem, 2.5e-4, prior=np.maximum(point.weights, 1e-12))
    x = point.x - np.linalg.solve(point.hess, turn(point, there))
    assert point.upper - best > 1e-4
    assert problem(x) - best < 1e-9


@pytest.mark.parametrize("name", ["gaussian", "abs-deg4", "stackloss"])
def test_the_predictor_pays(monkeypatch, name):
    problem = linf_regression.gaussian(2000, 20).problem if name == "gaussian" else problems.get(name).problem
    with_it = sm.solve(problem, method="newton", tol=1e-10)
    monkeypatch.setattr(Newton, "_predict", lambda self, surrogate, x: None)
    without = sm.solve(problem, method="newton", tol=1e-10)
    assert with_it.success
    assert without.success
    assert with_it.fun == pytest.approx(without.fun, rel=1e-9)
    assert with_it.nit <= 0.9 * without.nit


@pytest.mark.parametrize("seed", range(3))
def test_a_certified_1e_12_takes_few_steps(seed):
    problem = linf_regression.gaussian(20_000, 20, seed).problem
    r = sm.solve(problem, method="newton", tol=5e-13)
    assert r.success, r.message
    assert r.gap <= 1.01e-12 * r.fun
    assert r.nit <= 45


# ----------------------------------------------------------------------------------------------------- the walls


def half_open(kind, seed):
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(8, 60)), int(rng.integers(2, 8))
    A, b = rng.standard_normal((n, d)), rng.standard_normal(n)
    if kind == "rank-deficient":
        A = A[:, : max(1, d // 2)] @ rng.standard_normal((max(1, d // 2), d))
    if kind == "duplicated":
        A[:, -1] = A[:, 0]
    if kind == "opposite":
        A[:, -1] = -A[:, 0]
    return A, b


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", ["rank-deficient", "duplicated", "opposite"])
def test_half_open_walls_do_not_push_x_to_infinity(kind, seed):
    """lb = 0 and no more, f unchanged along some rays: x stays where f put it, and HiGHS agrees on the value."""
    A, b = half_open(kind, seed)
    d = A.shape[1]
    known = lp_value(np.vstack([A, -A]), np.r_[b, -b], [(0, None)] * d)
    r = sm.solve(sm.Minimax(sm.Affine(A, b, absolute=True), sm.Box(np.zeros(d), np.full(d, np.inf))), method="newton")
    assert r.success, r.message
    assert r.lower_bound <= known + 1e-9
    assert r.fun == pytest.approx(known, abs=2e-7)
    assert np.abs(r.x).max() <= 1e5


def test_a_free_flat_direction_beside_a_wall_does_not_drift():
    """Two free columns are the same one: rounding must not be amplified along their difference."""
    rng = np.random.default_rng(19)
    A, b = rng.standard_normal((38, 4)), rng.standard_normal(38)
    A[:, -1] = A[:, 0]
    known = lp_value(A, b, [(None, None), (0, None), (None, None), (None, None)])
    r = sm.solve(sm.Minimax(sm.Affine(A, b), sm.Box([-np.inf, 0, -np.inf, -np.inf], np.inf)), method="newton")
    assert r.success, r.message
    assert r.fun == pytest.approx(known, abs=1e-7)
    assert np.abs(r.x).max() <= 1e3


def test_a_wall_is_the_derivative_of_its_value_and_settles_at_its_reach():
    linear = Linear(
        lb=np.array([0.0, -1.0, -np.inf]), ub=np.array([np.inf, 1.0, 2.0]), A_ub=np.ones((1, 3)), b_ub=np.array([9.0])
    )
    walls, x, mu = Walls(linear, 3), np.array([1.0, 0.3, -1.0]), 0.1
    walls.reach(x, np.ones(3))
    for j in range(3):
        h = 1e-6 * np.eye(3)[j]
        slope = (walls.value(x + h, mu) - walls.value(x - h, mu)) / 2e-6
        assert walls.gradient(x, mu)[j] == pytest.approx(slope, rel=1e-6, abs=1e-9)
        assert walls.slope(x, np.eye(3)[j], mu) == pytest.approx(slope, rel=1e-6, abs=1e-9)
    assert (walls.near > 0).tolist() == [True, False, False, True, True]  # the second variable is between two walls


def test_a_flat_direction_settles_at_its_reach():
    """min −log s + s/R is at s = R, and the multiplier that is handed on vanishes there."""
    problem = sm.Minimax(sm.Affine([[0.0, 1.0], [0.0, -1.0]]), sm.Box([0.0, -np.inf], [np.inf, np.inf]))
    method = Newton(problem, {})
    last = list(islice(method.states(sm.Smoothed(problem, 0.1), np.array([1.0, 0.3])), 40))[-1]
    assert last.point.x[0] == pytest.approx(1.0 / method.walls.near[0], rel=1e-6)
    assert last.multipliers.lower[0] == pytest.approx(0.0, abs=1e-9)


# --------------------------------------------------------------------------------------------- at a fixed temperature


@pytest.mark.parametrize("tau", [1.0, 0.1, 1e-3])
def test_newton_on_few_rows_is_newton(tau):
    """The lean loop against the surrogate's minimum by the full machinery."""
    problem = linf_regression.gaussian(150, 6).problem
    rows = np.arange(problem.n)
    lin = problem.at(np.zeros(6))
    prior = np.random.default_rng(0).uniform(0.5, 2, problem.n)
    x, steps = minimize_few(lin.jac(rows), lin.f, np.log(prior), [1.0, 0.3, tau], np.zeros(6))
    s = sm.Smoothed(problem, tau, prior=prior)
    r = sm.solve(problem, tau=tau, prior=prior, method="newton", tol=1e-12)
    assert -1e-12 <= s.fun(x) - r.smoothed_fun <= 4 * ROUGH * tau
    assert 0 < steps <= 40


@pytest.mark.parametrize(("absolute", "unit"), [(True, 1.0), (False, 1.0), (True, 1e-8), (False, 1e150)])
def test_stages_on_few_rows_close_on_the_linear_program(absolute, unit):
    """Each stage's weights have Jᵀp = 0 and ⟨p, f⟩ ≤ min max f ≤ max f; the gap falls to rounding."""
    rng = np.random.default_rng(4)
    A, b = rng.standard_normal((120, 6)), rng.standard_normal(120)
    if absolute:
        A, b = np.vstack([A, -A]), np.concatenate([b, -b])
    optimum = unit * lp_value(A, b, [(None, None)] * 6)
    stages = list(falling_few(unit * A, unit * b, unit * float(np.ptp(b)) / 4, np.ones(len(b)), np.zeros(6)))
    proven = [stage for stage in stages if stage.weights is not None]
    for stage in proven:
        assert stage.weights.min() >= 0
        assert stage.weights.sum() == pytest.approx(1.0, abs=1e-14)
        assert np.abs(A.T @ stage.weights).max() <= 1e-13
        assert stage.lower - 1e-9 * unit <= optimum <= float(stage.f.max()) + 1e-9 * unit
        np.testing.assert_allclose(stage.f, unit * (A @ stage.x + b), rtol=0, atol=1e-14 * unit)
    gaps = [float(stage.f.max()) - stage.lower for stage in proven]
    assert min(gaps) <= 1e-13 * unit
    assert next(stage.steps for stage, gap in zip(proven, gaps, strict=True) if gap <= 1e-12 * unit) <= 30
    assert len(stages) < 60


def test_stages_on_few_rows_end_where_nothing_is_left():
    """All rows alike, fewer rows than variables, no minimum: a few stages and no proof that is not one."""
    rng = np.random.default_rng(5)
    flat = list(islice(falling_few(np.zeros((5, 2)), np.arange(5.0), 1.0, np.ones(5), np.zeros(2)), 100))
    assert len(flat) < 60
    A = rng.standard_normal((4, 6))
    zero = list(islice(falling_few(np.vstack([A, -A]), np.tile([1.0, -1.0], 4), 1.0, np.ones(8), np.zeros(6)), 2000))
    assert len(zero) < 2000
    falls = list(islice(falling_few(np.ones((5, 2)), np.arange(5.0), 1.0, np.ones(5), np.zeros(2)), 100))
    assert len(falls) < 60
    assert all(stage.weights is None for stage in falls)


def test_what_fits():
    problem = linf_regression.gaussian(150, 6).problem
    assert fits(problem, problem.n)
    assert not fits(problem, 10**7)
    assert not fits(sm.Minimax(problem.components, sm.Box(np.zeros(6), np.ones(6))), problem.n)
    assert not fits(sm.Minimax(sm.Quadratic(1.0, np.ones((4, 6)))), 4)


@pytest.mark.parametrize("tau", [1.0, 0.01])
def test_the_approach_falls_and_leaves_little_to_do(tau):
    problem = linf_regression.gaussian(20_000, 10).problem
    s = sm.Smoothed(problem, tau)
    points = [state.point for state in approach(s, np.zeros(10), 2.0)]
    values = [point.fun for point in points]
    assert all(b < a for a, b in pairwise(values))
    assert s.meter.npass <= 8
    assert values[-1] - sm.solve(problem, tau=tau, tol=1e-10).smoothed_fun <= 2 * tau


@pytest.mark.parametrize(("tau", "order"), [(0.01, "random"), (0.01, "sorted"), (1.0, "random"), (1e-4, "sorted")])
def test_a_fixed_temperature_takes_few_passes_and_scipy_agrees(tau, order):
    problem = linf_regression.gaussian(20_000, 10).problem
    if order == "sorted":  # evenly spaced rows must not depend on the order
        by = np.argsort(problem.components.b)
        problem = sm.Minimax(sm.Affine(problem.components.A[by], problem.components.b[by], absolute=True))
    r = sm.solve(problem, tau=tau, method="newton")
    assert r.success, r.message
    assert r.smoothed_fun - r.smoothed_lower_bound <= 1e-8 * 2.1 * r.fun
    assert r.npass <= 25
    s = sm.Smoothed(problem, tau)
    peer = scipy.optimize.minimize(s.fun_and_jac, r.x, jac=True, method="BFGS", options={"gtol": 1e-9})
    assert r.smoothed_fun <= peer.fun + 1e-7 * abs(peer.fun)


def test_a_prior_of_zeros_stays_out_of_the_sample():
    problem = linf_regression.gaussian(20_000, 5).problem
    prior = np.zeros(problem.n)
    prior[::2] = 1.0
    r = sm.solve(problem, tau=0.05, prior=prior, method="newton")
    few = sm.solve(problem.only(np.arange(0, problem.n, 2)), tau=0.05, method="newton")
    assert r.success, r.message
    assert r.smoothed_fun == pytest.approx(few.smoothed_fun, rel=1e-8)


# --------------------------------------------------------------------------------------- at the door, and nowhere to go


def large_boxed(d):
    """A sparse game over a box with one variable fixed."""
    lb, ub = -np.ones(d), np.ones(d)
    lb[0] = ub[0] = 0.5
    return sm.Minimax(sm.Affine(sp.random_array((50, d), density=1e-3, format="csr", rng=0)), sm.Box(lb, ub))


def large_chain(d):
    """Sparse components over a sparse polyhedron, x_j + x_{j+1} ≤ 1."""
    G = sp.eye_array(d, format="csr") + sp.eye_array(d, k=1, format="csr")
    A = sp.random_array((40, d), density=2e-3, format="csr", rng=1)
    return sm.Minimax(sm.Affine(A), sm.Polyhedron(G, np.ones(d), bounds=(-1.0, 1.0)))


@pytest.mark.parametrize("make", [large_boxed, large_chain])
def test_refusing_costs_no_more_than_the_data(make):
    problem = make(60_000)
    tracemalloc.start()
    sentence = Newton.refuses(problem)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "60000" in sentence
    assert peak < 1e7


def test_what_newton_refuses_goes_on_to_another_method_and_highs_agrees():
    problem = large_chain(9_000)
    r = sm.solve(problem)
    A, linear = problem.components.A, problem.domain.linear()
    rows = sp.hstack([A, sp.csr_array(-np.ones((40, 1)))])
    lp = scipy.optimize.linprog(
        np.eye(1, 9_001, 9_000).ravel(),
        A_ub=sp.vstack([rows, sp.hstack([linear.A_ub, sp.csr_array((9_000, 1))])]),
        b_ub=np.r_[np.zeros(40), linear.b_ub],
        bounds=[*zip(linear.lb, linear.ub, strict=True), (None, None)],
    )
    assert r.success, r.message
    assert r.lower_bound - 1e-8 * abs(lp.fun) <= lp.fun <= r.fun + 1e-8 * abs(lp.fun)
    with pytest.raises(ValueError, match="factorize d = 9000"):
        sm.solve(problem, method="newton")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_the_walls_of_sparse_rows_are_those_of_dense_ones(seed, form, monkeypatch):
    rng = np.random.default_rng(seed)
    d, m = 5, 7
    lb, ub = np.full(d, -np.inf), np.full(d, 3.0)
    lb[:3], ub[0] = [0.5, -2.0, -1.0], 0.5
    G = rng.integers(-2, 3, (m, d)).astype(float)
    x = np.r_[0.5, rng.uniform(-1, 1, d - 1)]
    h = G @ x + rng.choice([0.0, 1.0], p=[0.1, 0.9], size=m)
    linear = Linear(lb, ub, form(G), h, form(np.ones((1, d))), np.array([x.sum()]))
    twin = Walls(Linear(lb, ub, G, h, np.ones((1, d)), np.array([x.sum()])), d)
    if form is sp.csr_array:
        monkeypatch.setattr(barrier, "DENSE", 0)
    walls = Walls(linear, d)
    assert interior(linear, x) == bool(twin.slack(x).min() > 0)
    assert interior(linear, core(linear, np.where(np.isfinite(lb), lb, 0.0))) <= bool((h > 0).any())
    assert np.array_equal(walls.held.E[np.argsort(walls.held.kept)], np.vstack([np.ones(d), np.eye(d)[0]]))
    if interior(linear, x):
        walls.begin(x, 0.1)
        twin.begin(x, 0.1)
        assert np.allclose(walls.matrix(x), twin.matrix(x), rtol=1e-13, atol=0)
        slack = twin.slack(x)
        slow = sum(0.1 / s**2 * np.outer(row, row) for s, row in zip(slack, twin_rows(linear, G), strict=True))
        assert np.allclose(walls.matrix(x), slow, rtol=1e-12, atol=1e-12)


def twin_rows(linear, G):
    """The rows of −x ≤ −lb, x ≤ ub and G x ≤ h, one after the other."""
    eye, wide = np.eye(linear.lb.size), linear.lb < linear.ub
    return np.vstack([-eye[wide & np.isfinite(linear.lb)], eye[wide & np.isfinite(linear.ub)], G])


def test_a_matrix_that_is_not_finite_has_no_solution():
    M = np.array([[1.0, np.inf], [np.inf, 1.0]])
    assert np.isnan(Factor(M)(np.ones(2))).all()
    u, nu = solve_kkt(np.full((2, 2), np.nan), np.ones(2), np.ones((1, 2)), np.zeros(1))
    assert np.isnan(u).all()
    assert np.isnan(nu).all()


@pytest.mark.parametrize("method", ["newton", "working-set", "auto"])
@pytest.mark.parametrize("kind", ["box", "polyhedron", "curved"])
def test_where_all_variables_are_fixed_the_point_is_the_answer(method, kind):
    A = np.random.default_rng(0).standard_normal((50, 3))
    x = np.array([1.0, -2.0, 0.5])
    f = A @ x + 1.0
    F = sm.Affine(A, np.ones(50))
    if kind == "curved":
        F, f = sm.Quadratic(np.eye(3), A, np.ones(50)), f + 0.5 * x @ x
    domain = sm.Polyhedron(np.ones((1, 3)), [4.0], bounds=(x, x)) if kind == "polyhedron" else sm.Box(x, x)
    r = sm.solve(sm.Minimax(F, domain), method=method)
    assert r.success, r.message
    assert np.array_equal(r.x, x)
    assert r.certificate.kind == "bounded"
    assert r.lower_bound <= f.max() * (1 + 1e-14)
    assert r.gap <= 1e-9


# --------------------------------------------------------------------------------------------- equalities, balls


@pytest.mark.parametrize("walls", [False, True])
@pytest.mark.parametrize("m", [2, 14])
def test_steps_under_equalities_against_the_whole_kkt_system(m, walls):
    """Few rows (Schur complement) and many (null space), one of them twice, M singular off the null space."""
    rng = np.random.default_rng(m)
    d = 20
    E = rng.standard_normal((m, d)) * 10.0 ** rng.uniform(-3, 3, (m, 1))
    E = np.vstack([E, 2 * E[:1]])
    R = rng.standard_normal((d, d - 1))
    M, r, x = R @ R.T, rng.standard_normal(d), rng.standard_normal(d)
    held = Equalities(E, E @ x)
    assert held.kept.size == m
    u, nu = held.solve(M, r, held.missing(np.zeros(d)), 1e-13, walls)
    K = np.block([[M, E.T], [E, np.zeros((m + 1, m + 1))]])
    known = np.linalg.lstsq(K, np.r_[r, E @ x], rcond=1e-15)[0]
    np.testing.assert_allclose(u, known[:d], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(E.T @ nu, r - M @ u, atol=1e-7)
    np.testing.assert_allclose(E @ held.settle(u + 1e-9, np.full(d, np.inf)), E @ x, rtol=1e-10, atol=1e-11)


def test_round_walls_are_the_derivatives_of_their_values():
    spheres = [Sphere(slice(0, 2), np.array([1.0, 0.0]), 2.0), Sphere(slice(2, 3), np.array([5.0]), 0.5)]
    walls, x, mu = Walls(sm.Free(3).linear(), 3, spheres), np.array([0.3, -0.8, 5.2]), 0.1
    for j in range(3):
        h = 1e-6 * np.eye(3)[j]
        assert walls.gradient(x, mu)[j] == pytest.approx(
            (walls.value(x + h, mu) - walls.value(x - h, mu)) / 2e-6, rel=1e-6
        )
    walls.begin(x, mu)  # λ = μ/s: the primal–dual Hessian is the barrier's own
    slopes = [(walls.gradient(x + h, mu) - walls.gradient(x - h, mu)) / 2e-6 for h in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(walls.matrix(x), slopes, rtol=1e-6, atol=1e-8)
    for v in np.random.default_rng(0).standard_normal((20, 3)):
        ahead = walls.slack(x + walls.longest(x, v) * v) / walls.slack(x)
        assert ahead.min() == pytest.approx(0.005, rel=1e-6)


def test_the_finish_leaves_out_walls_that_only_the_barrier_feels():
    """Rows twice and dependent ones: what the finish returns is optimal, and mostly it returns something."""
    finished = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        d = int(rng.integers(2, 6))
        A, b = rng.standard_normal((12, d)), rng.standard_normal(12)
        G, h = rng.standard_normal((3, d)), 0.2 + rng.random(3)
        G, h = np.vstack([G, G[:1], 2 * G[1:2]]), np.r_[h, h[:1], 2 * h[1:2]]
        problem = sm.Minimax(sm.Affine(A, b), sm.Polyhedron(G, h, bounds=(-2.0, 2.0)))
        near = sm.solve(problem, method="newton", tol=1e-6)
        found = finish(problem, near.x, near.weights, near.multipliers, Meter())
        if found is not None:
            c = sm.certify(problem, found.x, found.weights, found.multipliers)
            assert c.gap <= 1e-11
            finished += 1
    assert finished >= 16


def test_of_an_equality_at_zero_nothing_is_left():
    """−3e-5 x_2 = 0 holds at 0 alone: each settling left 1e-16 of what was off, for ever. Small entries of rows that
    hold stay, and so do those of rows that are off by something else than rounding."""
    alone = Equalities(np.array([[0.0, 0.0, -3e-5]]), np.zeros(1))
    room = np.full(3, np.inf)
    for off in (6.5e-24, -2e-47, 1e-3):
        assert alone.settle(np.array([7e3, 2e5, off]), room).tolist() == [7e3, 2e5, 0.0]
    two = Equalities(np.array([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -2.0]]), np.array([0.0, 3.0]))
    small = two.settle(np.array([1e-26, 1e-26, 1e5, 5e4 - 1.4999999999]), np.full(4, np.inf))
    assert small[:2].tolist() == [1e-26, 1e-26]
    assert small[2] - 2 * small[3] == pytest.approx(3.0, abs=1e-10)
    E = np.array([[1.0, 1.0, 0.0], [1.0, -2.0, 0.0]])
    x = Equalities(E, np.zeros(2)).settle(np.array([1e-24, 3e-31, 5.0]), room)
    assert x.tolist() == [0.0, 0.0, 5.0]
    set_ = sm.Polyhedron(A_eq=E, b_eq=[0.0, 0.0], bounds=(-10, 10))
    assert set_.contains(x, 0.0)


def test_a_polyhedron_without_an_interior_is_refused_though_a_point_off_its_equality_has_room():
    """x_2 = x_1 − 4 with −x_1 + x_2 ≤ −4, which is the same line: off it the inequality has slack."""
    line = sm.Polyhedron([[-1.0, 1.0]], [-4.0], [[-2.0, 2.0]], [-8.0], bounds=([-3.0, -4.0], [np.inf, -1.0]))
    problem = sm.Minimax(sm.Affine(np.eye(2), np.ones(2), absolute=True), line)
    with pytest.raises(ValueError, match="no interior point"):
        sm.solve(problem, method="newton")
    r = sm.solve(problem)
    assert r.success
    assert line.contains(r.x, 1e-12)
