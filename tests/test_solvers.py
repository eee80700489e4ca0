"""Every method on every kind of case, judged from outside; the theorems the methods stand on; the iterator contract."""

import math
from fractions import Fraction
from itertools import islice, pairwise

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse as sp
from scipy.sparse.linalg import aslinearoperator

import problems
import smoothmax as sm
from problems import linf_regression
from smoothmax.components import Meter
from smoothmax.solvers.base import Task
from tests.laws import EPS, assert_brackets
from tests.methods import DIRECT, METHODS, SMOOTHING, fitting, within

SAMPLE = ("linear3", "midrange", "stackloss", "diabetes", "exp-deg3", "abs-deg2", "pole-5over4-deg3", "hilbert-10")
SAMPLE += ("rps", "kuhn-poker", "durer", "diag-4", "blotto-7v5", "ball-cube-2", "european-cities", "nesterov-10")
FIRST_ORDER = ("gradient", "accelerated")
HARD = {"gradient": ("stackloss", "diabetes"), "accelerated": ("stackloss", "diabetes")}  # ill-conditioned columns
LARGE = ("diabetes", "abs-deg2", "pole-5over4-deg3")  # seconds each for a conic solver
PAIRS = [(m, c) for m in METHODS for c in SAMPLE if METHODS[m].refuses(problems.get(c).problem) is None]
PAIRS = [(m, c) for m, c in PAIRS if not (m == "cvxpy" and c in LARGE)]


def tolerance(method):
    return {"gradient": 1e-4, "accelerated": 1e-4, "lbfgs": 1e-7}.get(method, 1e-8)


def threshold(problem, r, tol):
    """What success means, without the allowance atol: tol·max(|fun|, spread at x)."""
    f = problem.components(r.x)
    return tol * max(abs(r.fun), f.max() - f.min())


def judged(problem, r):
    """Everything the result says, recomputed by someone who did not solve it."""
    assert problem.domain.contains(r.x, 1e-12)
    assert problem(r.x) == pytest.approx(r.fun, rel=4 * EPS, abs=1e-300)
    again = sm.certify(problem, r.x, r.weights, r.multipliers)
    f = np.abs(problem.components(r.x)).max()
    if math.isfinite(r.gap):
        assert again.gap == pytest.approx(r.gap, rel=1e-9, abs=1e-12 * (f + 1e-3))
    assert again.upper == pytest.approx(r.certificate.upper, rel=1e-14, abs=64 * EPS * f)
    assert r.gap >= 0
    assert r.lower_bound <= r.fun
    if math.isfinite(r.gap):
        assert sum(r.gap_parts) == pytest.approx(r.gap, rel=1e-9, abs=64 * EPS * f)
    if r.weights is not None:
        assert r.weights.shape == (problem.n,)
        assert r.weights.min() >= 0
        assert r.weights.sum() == pytest.approx(1.0, abs=1e-12)


# -------------------------------------------------------------------------------------------------- case × method


@pytest.mark.parametrize(("method", "name"), PAIRS)
def test_a_case_by_a_method_is_proven_and_right(method, name):
    case = problems.get(name)
    start, tol = case.x0.copy(), tolerance(method)
    r = sm.solve(case.problem, case.x0, method=method, tol=tol, max_passes=3000)
    judged(case.problem, r)
    assert np.array_equal(case.x0, start)
    optimum = Fraction(case.exact if case.exact is not None else case.optimum)
    data = (
        256 * EPS * float(np.abs(case.problem.components(case.x0)).max())
    )  # the optimum is that of the data as written
    assert r.lower_bound <= float(optimum) + data
    assert r.upper_bound >= float(optimum) - data
    assert r.method == method
    assert method in r.message
    if name not in (*HARD.get(method, ()), "hilbert-10"):
        assert r.success, r.message
        assert r.gap <= threshold(case.problem, r, tol) + data
        assert r.fun - float(optimum) <= threshold(case.problem, r, tol) + data
    elif not r.success:
        assert r.status in (1, 5)
        assert "tol" in r.message


@pytest.mark.parametrize("name", ["rps", "rps-15", "pennies", "morra-guess-3", "blotto-5v5"])
@pytest.mark.parametrize("method", [m for m in METHODS if m != "lbfgs"])
def test_games_of_value_zero(method, name):
    """No relative tolerance of the value helps here: max f and the spread both vanish at the optimum of some."""
    case = problems.get(name)
    if METHODS[method].refuses(case.problem):
        return
    r = sm.solve(case.problem, case.x0, method=method, tol=1e-6, max_passes=3000)
    judged(case.problem, r)
    assert r.lower_bound <= 0 <= r.fun + 1e-15
    assert r.fun <= (1e-3 if method in FIRST_ORDER else 1e-6)
    if method in ("newton", "working-set", "saddle"):
        assert r.success, r.message


@pytest.mark.parametrize(("name", "tau"), [("exp-deg3", 0.01), ("linear3", 0.2), ("kuhn-poker", 0.05), ("durer", 1.0)])
def test_methods_agree_to_1e_7(name, tau):
    case = problems.get(name)
    found = {
        m: sm.solve(case.problem, case.x0, tau=tau, method=m, tol=1e-9, max_passes=5000)
        for m in fitting(case.problem, tau)
    }
    assert len(found) >= 3
    best = min(r.smoothed_fun for r in found.values())
    for m, r in found.items():
        assert r.success, f"{m}: {r.message}"
        assert r.smoothed_fun == pytest.approx(best, rel=1e-7), m
        assert r.smoothed_lower_bound <= best + 1e-13 * abs(best)
        assert r.smoothed_fun == pytest.approx(sm.Smoothed(case.problem, tau).fun(r.x), rel=1e-14)


@pytest.mark.parametrize("name", ["linear3", "exp-deg3", "diag-4", "ball-cube-2", "nesterov-10", "pole-5over4-deg3"])
def test_methods_agree_on_the_minimax_value(name):
    case = problems.get(name)
    able = [m for m in fitting(case.problem) if not (m == "cvxpy" and case.problem.n > 100)]
    found = {m: sm.solve(case.problem, case.x0, method=m, tol=1e-7, max_passes=20_000) for m in able}
    for m, r in found.items():
        assert r.success, f"{m}: {r.message}"
        for other in found.values():
            assert r.lower_bound <= other.fun + 1e-15
        assert abs(r.fun - case.optimum) <= threshold(case.problem, r, 1e-7) + 1e-14, m


@pytest.mark.parametrize("method", ["auto", "newton"])
def test_an_independent_linear_program_agrees(method):
    rng = np.random.default_rng(7)
    for _ in range(6):
        n, d = int(rng.integers(3, 60)), int(rng.integers(1, 6))
        A, b = rng.standard_normal((n, d)), rng.standard_normal(n)
        lp = scipy.optimize.linprog(
            np.eye(d + 1)[-1],
            A_ub=np.column_stack([A, -np.ones(n)]),
            b_ub=-b,
            bounds=[(-2, 3)] * d + [(None, None)],
        )
        r = sm.solve(sm.Minimax(sm.Affine(A, b), sm.Box(np.full(d, -2.0), 3.0)), tol=1e-10, method=method)
        assert r.success, r.message
        assert r.fun == pytest.approx(lp.fun, abs=1e-8)
        assert r.lower_bound <= lp.fun + 1e-9


@pytest.mark.parametrize("method", METHODS)
def test_a_polyhedron_agrees_with_its_linear_program(method):
    rng = np.random.default_rng(3)
    A, b = rng.standard_normal((30, 3)), rng.standard_normal(30)
    G, h = np.vstack([rng.standard_normal((4, 3)), np.eye(3), -np.eye(3)]), np.r_[np.ones(4), np.full(6, 0.4)]
    problem = sm.Minimax(sm.Affine(A, b), sm.Polyhedron(G, h, A_eq=[[1.0, 1, 1]], b_eq=[0.1]))
    if METHODS[method].refuses(problem):
        assert method in ("lbfgs", "newton-cg", "saddle", "conditional-gradient")
        return
    lp = scipy.optimize.linprog(
        [0, 0, 0, 1.0],
        A_ub=np.vstack([np.column_stack([A, -np.ones(30)]), np.column_stack([G, np.zeros(10)])]),
        b_ub=np.r_[-b, h],
        A_eq=[[1.0, 1, 1, 0]],
        b_eq=[0.1],
        bounds=[(None, None)] * 4,
    )
    tol = 1e-9 if method in ("newton", "working-set") else 1e-5
    r = sm.solve(problem, method=method, tol=tol, max_passes=2000)
    judged(problem, r)
    assert r.lower_bound <= lp.fun + 1e-9
    assert r.fun >= lp.fun - 1e-9
    assert r.success, r.message
    assert abs(r.fun - lp.fun) <= 10 * tol * max(1.0, abs(lp.fun))


# ------------------------------------------------------------------------------------------------ layouts of A

RNG = np.random.default_rng(11)
LAYOUT_A = np.where(RNG.random((60, 5)) < 0.6, RNG.standard_normal((60, 5)), 0.0)
LAYOUT_B = RNG.standard_normal(60)
LAYOUTS = {
    "fortran": np.asfortranarray,
    "csr": sp.csr_array,
    "csc": sp.csc_matrix,
    "coo": sp.coo_array,
    "strided": lambda A: np.repeat(A, 2, axis=1)[:, ::2],
    "operator": lambda A: aslinearoperator(A),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("method", METHODS)
def test_the_layout_of_a_changes_nothing(method, layout):
    options = {"method": method, "tol": tolerance(method), "max_passes": 5000}
    dense, other = (
        within(method, sm.Minimax(sm.Affine(form(LAYOUT_A), LAYOUT_B, absolute=True)))
        for form in (np.asarray, LAYOUTS[layout])
    )
    if METHODS[method].refuses(other):
        assert layout == "operator"
        assert method in ("newton", "newton-cg", "working-set", "trust-region", "cvxpy")
        return
    a, b = sm.solve(dense, **options), sm.solve(other, **options)
    assert a.success, a.message
    assert b.success, b.message
    size = 2 * tolerance(method)
    assert b.fun == pytest.approx(a.fun, rel=size)
    assert b.lower_bound == pytest.approx(a.lower_bound, rel=size)
    assert dense(b.x) == pytest.approx(b.fun, rel=1e-14)
    if layout in ("fortran", "strided"):
        assert b.fun == pytest.approx(a.fun, rel=1e-6 if method == "gradient" else 1e-7)


@pytest.mark.parametrize("method", [m for m in METHODS if m != "cvxpy"])
def test_float32_data_are_the_same_data(method):
    A, b = LAYOUT_A.astype(np.float32), LAYOUT_B.astype(np.float32)
    a, c = (
        sm.solve(
            within(method, sm.Minimax(sm.Affine(A.astype(t), b.astype(float), absolute=True))), method=method, tol=1e-4
        )
        for t in (np.float32, np.float64)
    )
    assert a.success, a.message
    assert a.fun == pytest.approx(c.fun, rel=2e-4)


# ---------------------------------------------------------------------------------------------------- theorems


def tridiagonal(d, L):
    """Nesterov's worst quadratic ½xᵀPx − bᵀx, λmax(P) ≤ L (Introductory Lectures 2004, section 2.1.2)."""
    P = (L / 4) * (2 * np.eye(d) - np.eye(d, k=1) - np.eye(d, k=-1))
    return P, (L / 4) * np.eye(d)[0]


def quadratic(d=60, L=1.0):
    """One component: F_τ is the quadratic itself at every τ; minimum and constant known."""
    P, b = tridiagonal(d, L)
    problem = sm.Minimax(sm.Quadratic(P[None], -b[None], np.zeros(1)))
    x = np.linalg.solve(P, b)
    return problem, x, float(0.5 * x @ P @ x - b @ x), float(np.linalg.eigvalsh(P)[-1])


def curve(method, problem, tau, x0, k):
    """F at the first k states (stuck ones dropped)."""
    states = METHODS[method](problem, {}).states(sm.Smoothed(problem, tau), np.asarray(x0, dtype=float))
    return [s for s in islice(states, k) if not s.stuck]


def metric_of(problem, surrogate, x0):
    """The diagonal metric, as the first-order methods choose it."""
    from smoothmax.solvers.metric import column_scale

    return column_scale(problem, surrogate.at(x0))


@pytest.mark.parametrize("name", SAMPLE)
@pytest.mark.parametrize("share", [0.3, 0.01])
def test_gradient_descent_never_rises(name, share):
    case = problems.get(name)
    tau = share * (float(np.ptp(case.problem.components(case.x0))) or 1.0)
    values = [s.point.fun for s in curve("gradient", case.problem, tau, case.x0, 60)]
    noise = 64 * EPS * (np.abs(values).max() + tau)
    assert all(b <= a + noise for a, b in pairwise(values))
    assert values[-1] <= values[0]


def test_gradient_descent_decreases_by_the_descent_lemma():
    """F(x) − F(x⁺) ≥ ‖x⁺ − x‖²_{L}/2 for a free step that satisfies the quadratic bound."""
    problem, _, _, _ = quadratic()
    s = sm.Smoothed(problem, 1.0)
    scale = metric_of(problem, s, np.full(60, 0.3))
    states = curve("gradient", problem, 1.0, np.full(60, 0.3), 80)
    L = 2 * float(np.linalg.eigvalsh(scale[:, None] * s.hess(states[0].point.x) * scale)[-1])
    for a, b in pairwise(states):
        slope = scale * a.point.jac
        assert a.point.fun - b.point.fun >= float(slope @ slope) / (2 * L) * (1 - 1e-9) - 1e-15


@pytest.mark.parametrize(("method", "order"), [("gradient", 1), ("accelerated", 2)])
@pytest.mark.parametrize("start", [0.0, 3.0])
def test_first_order_rates_of_beck_and_teboulle(method, order, start):
    """Theorem 3.1: F(x_k) − F* ≤ αL‖x₀ − x*‖²/(2k);  theorem 4.4: ≤ 2αL‖x₀ − x*‖²/(k + 1)², α = 2 for backtracking."""
    problem, x, least, _ = quadratic()
    x0 = np.full(60, start)
    s = sm.Smoothed(problem, 1.0)
    scale = metric_of(problem, s, x0)
    L = float(np.linalg.eigvalsh(scale[:, None] * s.hess(x0) * scale)[-1])
    distance = float(np.sum(((x0 - x) / scale) ** 2))
    for k, state in enumerate(curve(method, problem, 1.0, x0, 120)):
        if k:
            bound = 2 * L * distance * (1 / (2 * k) if order == 1 else 2 / (k + 1) ** 2)
            assert state.point.fun - least <= bound * (1 + 1e-9)


def test_acceleration_accelerates():
    problem, _, least, _ = quadratic()
    slow, fast = (curve(m, problem, 1.0, np.zeros(60), 200)[-1].point.fun - least for m in FIRST_ORDER)
    assert fast < 0.1 * slow


@pytest.mark.parametrize(("name", "share"), [("exp-deg3", 0.05), ("diabetes", 0.02), ("linear3", 0.1)])
def test_newton_converges_quadratically(name, share):
    """decrement⁺ ≤ C·decrement²/τ once it is below τ/20 (−log is self-concordant up to a constant here)."""
    case = problems.get(name)
    tau = share * float(np.ptp(case.problem.components(case.x0)))
    seen = [s.decrement for s in curve("newton", case.problem, tau, case.x0, 60)]
    floor = 1e-13 * tau
    last = [d for d in seen if d < tau / 20]
    assert last
    for a, b in pairwise(last):
        assert b <= max(20 * a * a / tau, floor), f"{a / tau:.1e} → {b / tau:.1e} of tau"
    assert sum(d > floor for d in last) <= 5


def test_newton_on_one_quadratic_is_one_step():
    problem, x, least, _ = quadratic(12)
    states = curve("newton", problem, 1.0, np.full(12, 5.0), 3)
    assert states[1].point.fun == pytest.approx(least, abs=1e-12)
    np.testing.assert_allclose(states[1].point.x, x, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_multipliers_reach_1e_12_at_a_temperature_far_above_it(seed):
    """Identity 9: the proximal point method on the dual converges without τ → 0."""
    problem = linf_regression.gaussian(2000, 20, seed).problem
    r = sm.solve(problem, method="newton", tol=1e-12)
    assert r.success, r.message
    assert r.gap <= 1.01e-12 * r.fun
    assert r.tau >= 1e4 * r.gap
    assert r.tau >= 1e-8 * r.fun
    assert r.nit < 80


def test_without_multipliers_the_same_temperature_is_worth_much_less():
    problem = linf_regression.gaussian(2000, 20).problem
    r = sm.solve(problem, method="newton", tol=1e-12)
    plain = sm.solve(problem, method="newton", tau=r.tau, tol=1e-10)
    assert plain.success, plain.message
    assert plain.gap > 100 * r.gap


@pytest.mark.parametrize("name", ["exp-deg3", "kuhn-poker", "nesterov-10", "linear3"])
def test_the_smoothed_minimum_is_within_the_sandwich(name):
    """max f at x_τ exceeds the optimum by at most τ·H(p) ≤ τ·log n (identity 2)."""
    case = problems.get(name)
    for tau in (0.3, 0.003):
        r = sm.solve(case.problem, case.x0, tau=tau, tol=1e-10)
        assert r.success, r.message
        entropy = sm.Smoothed(case.problem, tau).entropy(r.x)
        assert -1e-12 <= r.fun - case.optimum <= tau * entropy * (1 + 1e-6) + 1e-9
        assert case.optimum <= r.smoothed_fun + 1e-12 <= case.optimum + tau * math.log(case.problem.n) + 2e-9


# ------------------------------------------------------------------------------------------- the iterator contract


@pytest.mark.parametrize("name", ["linear3", "exp-deg3", "diag-4", "nesterov-10"])
@pytest.mark.parametrize("method", [m for m in SMOOTHING if m != "cvxpy"])
def test_a_method_has_no_limit_of_its_own(method, name):
    case = problems.get(name)
    if METHODS[method].refuses(case.problem):
        return
    start = case.x0.copy()
    surrogate = sm.Smoothed(case.problem, 0.1)
    states = list(islice(METHODS[method](case.problem, {}).states(surrogate, case.x0), 300))
    assert len(states) == 300
    assert np.array_equal(case.x0, start)
    assert np.array_equal(states[0].point.x, start)
    assert all(case.problem.domain.contains(s.point.x, 1e-9) for s in states[::50])
    assert all(s.decrement >= 0 and s.steps >= 1 for s in states)
    assert states[-1].point.fun <= states[0].point.fun


@pytest.mark.parametrize("name", ["linear3", "exp-deg3", "diag-4", "nesterov-10", "rps-15"])
@pytest.mark.parametrize("method", DIRECT)
def test_a_direct_method_ends_by_itself_and_every_bound_on_the_way_holds(method, name):
    """Asked for a gap of nothing at all."""
    case = problems.get(name)
    problem, start, meter = case.problem, case.x0.copy(), Meter()
    if METHODS[method].refuses(problem):
        return
    with np.errstate(all="ignore"):
        task = Task(problem.at(case.x0, meter), meter, lambda f: 0.0, np.random.default_rng(0))
        first, *rest = islice(METHODS[method](problem, {}).steps(task), 2000)
    assert 1 <= len(rest) < 1999
    assert np.array_equal(case.x0, start)
    assert np.array_equal(first.state.point.x, start)
    data = 256 * EPS * float(np.abs(task.first.f).max())  # the optimum is that of the data as written
    upper, lower = math.inf, -math.inf
    for step in rest:
        point, c = step.state.point, step.certificate
        assert step.state.steps >= 1
        assert step.decrement >= 0
        assert problem.domain.contains(point.x, 1e-9)
        assert point.upper == pytest.approx(problem(point.x), rel=1e-14, abs=data)
        upper = min(upper, point.upper)
        if c is not None:
            assert c.lower <= case.optimum + data <= c.upper + 2 * data
            lower = max(lower, c.lower)
    assert upper - lower <= 1e-8 * max(1.0, float(np.ptp(task.first.f)))
    assert meter.npass >= len({step.state.point.x.tobytes() for step in rest})


@pytest.mark.parametrize("method", SMOOTHING)
def test_the_first_state_is_at_x_and_stuck_states_stay(method):
    case = problems.get("linear3")
    first, *rest = islice(METHODS[method](case.problem, {}).states(sm.Smoothed(case.problem, 0.1), case.x0), 80)
    assert np.array_equal(first.point.x, case.x0)
    assert first.point.fun == pytest.approx(sm.Smoothed(case.problem, 0.1).fun(case.x0), rel=1e-15)
    stuck = [s for s in rest if s.stuck]
    assert all(s.point.fun <= stuck[0].point.fun for s in stuck)
    if stuck:  # no further decrease in floating point, judged from outside
        best = scipy.optimize.minimize(
            sm.Smoothed(case.problem, 0.1).fun_and_jac, stuck[-1].point.x, jac=True, method="BFGS", tol=1e-14
        )
        assert stuck[-1].point.fun <= best.fun + 1e-9


@pytest.mark.parametrize("method", ["gradient", "accelerated"])
def test_the_decrement_bounds_the_distance_to_the_minimum_on_bounded_domains(method):
    case = problems.get("kuhn-poker")
    least = sm.solve(case.problem, tau=0.1, tol=1e-11).smoothed_lower_bound
    for s in curve(method, case.problem, 0.1, case.x0, 50):
        assert s.decrement >= s.point.fun - least - 1e-10


@pytest.mark.parametrize("name", METHODS)
def test_a_method_says_what_it_needs(name):
    method = METHODS[name]
    assert method.name == name
    assert len(method.needs) > 10


class Halfplane:
    """A user's domain: three verbs and nothing else."""

    d = 2

    def project(self, x):
        return x - max(0.0, x[0] + x[1] - 1) / 2 * np.ones(2)

    def contains(self, x, tol=1e-9):
        return x[0] + x[1] <= 1 + tol

    def lmo(self, c):
        if c[0] == c[1] <= 0:
            return np.array([0.5, 0.5])
        return np.where(c > 0, -np.inf, np.inf)


class Disc(Halfplane):
    """The unit disc."""

    def project(self, x):
        return x / max(1.0, float(np.linalg.norm(x)))

    def contains(self, x, tol=1e-9):
        return float(np.linalg.norm(x)) <= 1 + tol

    def lmo(self, c):
        length = float(np.linalg.norm(c))
        return -c / length if length else np.zeros(2)


@pytest.mark.parametrize("method", ["auto", "gradient", "accelerated"])
def test_a_users_domain_of_three_verbs_will_do(method):
    """min over the disc of max(x, y) is −1/√2 on the diagonal."""
    r = sm.solve(sm.Minimax(sm.Affine(np.eye(2)), Disc()), method=method, tol=1e-6)
    assert r.success, r.message
    assert r.fun == pytest.approx(-math.sqrt(0.5), abs=1e-6)
    assert r.lower_bound <= -math.sqrt(0.5) + 1e-15
    ball = sm.solve(sm.Minimax(sm.Affine(np.eye(2)), sm.Ball([0.0, 0.0], 1.0)), method=method, tol=1e-6)
    assert ball.fun == pytest.approx(r.fun, abs=2e-6)


# --------------------------------------------------------------------------------------------- brackets on hard shapes

ROWS = np.random.default_rng(5).standard_normal((100, 5))
RIGHT = np.random.default_rng(6).standard_normal(100)
SHAPES = {
    "fewer rows than columns": sm.Minimax(sm.Affine(ROWS[:3], RIGHT[:3], absolute=True)),
    "rank deficient": sm.Minimax(sm.Affine(ROWS[:, :2] @ ROWS[:2], RIGHT, absolute=True)),
    "duplicated rows": sm.Minimax(sm.Affine(np.repeat(ROWS, 3, 0), np.repeat(RIGHT, 3), absolute=True)),
    "columns from 1e-8 to 1e8": sm.Minimax(sm.Affine(ROWS * 10.0 ** np.arange(-8, 9, 4), RIGHT, absolute=True)),
    "a zero column": sm.Minimax(sm.Affine(np.column_stack([ROWS, np.zeros(100)]), RIGHT, absolute=True)),
    "constant components": sm.Minimax(sm.Affine(np.zeros((3, 2)), [1.0, 3.0, 2.0])),
    "equal constants": sm.Minimax(sm.Affine(np.zeros((3, 2)), np.ones(3))),
    "all zero": sm.Minimax(sm.Affine(np.zeros((3, 2)))),
    "one constant above all": sm.Minimax(sm.Affine(np.vstack([ROWS[:4], 0 * ROWS[:1]]), [0.0, 0, 0, 0, 9.0])),
    "a single component in a box": sm.Minimax(sm.Affine([[1.0, 2.0]]), sm.Box([-1.0, -1.0], [2.0, 3.0])),
    "a single component in a simplex": sm.Minimax(sm.Affine([[3.0, 1.0, 2.0]]), sm.Simplex(3)),
    "a single component in a ball": sm.Minimax(sm.Affine([[3.0, 4.0]]), sm.Ball([0.0, 0.0], 2.0)),
    "one variable": sm.Minimax(sm.Affine(np.ones((8, 1)), RIGHT[:8], absolute=True)),
    "a fixed variable": sm.Minimax(sm.Affine(np.eye(2)), sm.Box([1.0, -1.0], [1.0, 1.0])),
    "a far centre": sm.Minimax(sm.Affine(ROWS, 1e6 + RIGHT)),
}


def optimum_of(problem):
    """By linear programming with unit columns; the ball by its formula."""
    if isinstance(problem.domain, sm.Ball):
        return -10.0
    parts, linear = problem.components, problem.domain.linear()
    A = np.vstack([parts.A, -parts.A]) if parts.absolute else parts.A
    b = np.r_[parts.b, -parts.b] if parts.absolute else parts.b
    unit = np.abs(A).max(axis=0)
    unit = np.where(unit > 0, unit, 1.0)
    lp = scipy.optimize.linprog(
        np.eye(problem.d + 1)[-1],
        A_ub=np.column_stack([A / unit, -np.ones(len(A))]),
        b_ub=-b,
        A_eq=None if linear.A_eq is None else np.column_stack([linear.A_eq / unit, [[0.0]]]),
        b_eq=linear.b_eq,
        bounds=np.vstack([np.column_stack([linear.lb * unit, linear.ub * unit]), [[-np.inf, np.inf]]]),
    )
    return lp.fun if lp.status == 0 else -math.inf


@pytest.mark.parametrize("shape", [s for s in SHAPES if s != "a far centre"])
@pytest.mark.parametrize("method", METHODS)
def test_hard_shapes(method, shape):
    problem = SHAPES[shape]
    if METHODS[method].refuses(problem):
        return
    known, tol = optimum_of(problem), max(tolerance(method), 1e-6)
    r = sm.solve(problem, method=method, tol=tol, max_passes=20_000)
    judged(problem, r)
    size = 1e-9 + 2 * tol * max(abs(known), float(np.ptp(problem.components(r.x))))
    assert r.lower_bound <= known + 1e-9
    assert r.fun >= known - 1e-9
    assert r.success, r.message
    assert abs(r.fun - known) <= size


@pytest.mark.parametrize("method", ["auto", "newton"])
@pytest.mark.parametrize("seed", range(5))
def test_optima_that_are_not_unique(seed, method):
    """Sparse random rows: the worst rows share few columns, and most of x is left open."""
    rng = np.random.default_rng(seed)
    A = sp.random_array((2000, 30), density=0.1, rng=rng, data_sampler=rng.standard_normal).tocsr()
    problem = sm.Minimax(sm.Affine(A, rng.standard_normal(2000), absolute=True))
    r = sm.solve(problem, tol=1e-10, method=method)
    judged(problem, r)
    assert r.success, r.message
    dense = A.toarray()
    b = problem.components.b
    lp = scipy.optimize.linprog(
        np.eye(31)[-1],
        A_ub=np.column_stack([np.vstack([dense, -dense]), -np.ones(4000)]),
        b_ub=np.r_[-b, b],
        bounds=[(None, None)] * 31,
    )
    assert r.fun == pytest.approx(lp.fun, rel=1e-8)


@pytest.mark.parametrize("method", ["auto", "newton"])
@pytest.mark.parametrize("seed", range(20))
def test_random_problems_are_bracketed_exactly(seed, method):
    """Integer data: the optimum in rationals from the support that the weights name."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 5))
    A, b = rng.integers(-5, 6, (4 * d + 2, d)).astype(float), rng.integers(-9, 10, 4 * d + 2).astype(float)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True))
    r = sm.solve(problem, tol=1e-9, method=method)
    judged(problem, r)
    lp = optimum_of(problem)
    assert r.success, r.message
    assert_brackets(r.certificate, Fraction(lp).limit_denominator(10**6))
