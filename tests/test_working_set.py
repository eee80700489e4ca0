"""The working set, the finish and the linear program behind it: exact optima of adversarial problems, faults, cost."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, linprog

import problems
import smoothmax as sm
from smoothmax.certificate import Multipliers, prove
from smoothmax.components import Meter
from smoothmax.solvers import Status, linear
from smoothmax.solvers.finish import finish
from smoothmax.solvers.linear import Epigraph
from smoothmax.solvers.working_set import method as working_set
from smoothmax.solvers.working_set import vertices
from smoothmax.solvers.working_set.part import Part
from tests.effort import cases, law

N, D = 4000, 6
EPS = np.finfo(float).eps


def gaussian(seed=0, n=N, d=D):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal(n)


def exact(A, b, *, absolute=True, lb=None, ub=None, total=None, rows=None):
    """The same problem as one linear program, by HiGHS."""
    d = A.shape[1]
    scale = np.abs(A).max(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    F, c = (np.vstack([A, -A]), np.r_[b, -b]) if absolute else (A, b)
    G, h = np.c_[F / scale, -np.ones(len(F))], -c
    if rows is not None:
        G, h = np.vstack([G, np.c_[rows[0] / scale, np.zeros(len(rows[1]))]]), np.r_[h, rows[1]]
    low = np.full(d, -np.inf) if lb is None else lb * scale
    high = np.full(d, np.inf) if ub is None else ub * scale
    more = {} if total is None else {"A_eq": np.r_[1 / scale, 0][None], "b_eq": [total]}
    box = [*zip(low, high, strict=True), (None, None)]
    found = linprog(np.r_[np.zeros(d), 1.0], A_ub=G, b_ub=h, bounds=box, **more)
    assert found.status == 0, found.message
    return found.fun


def solved(A, b, domain=None, *, absolute=True, **options):
    problem = sm.Minimax(sm.Affine(A, b, absolute=absolute), domain)
    r = sm.solve(problem, method="working-set", **{"tol": 1e-10} | options)
    assert r.success, r.message
    again = sm.certify(problem, r.x, r.weights, r.multipliers)
    assert again.lower <= r.fun <= again.upper
    assert again.gap <= 1.01 * r.gap + 1e-15 * abs(r.fun)
    return r


def adversaries():
    A, b = gaussian()
    rng = np.random.default_rng(7)
    few = np.repeat(A[:400], 10, axis=0)
    yield "gaussian", A, b
    yield "duplicated rows", few, np.repeat(b[:400], 10)
    yield "rows equal to 1e-12", few * (1 + 1e-12 * rng.standard_normal(few.shape)), np.repeat(b[:400], 10)
    yield "rows equal to 1e-6", few + 1e-6 * rng.standard_normal(few.shape), np.repeat(b[:400], 10)
    yield "all active", A, rng.choice([-1.0, 1.0], N) - A @ rng.standard_normal(D)
    yield "rank 3", A[:, :3] @ rng.standard_normal((3, D)), b
    yield "a zero column", A * np.r_[np.ones(D - 1), 0.0], b
    yield "columns from 1e-8 to 1e8", A * np.logspace(-8, 8, D), b
    yield "heavy tails", rng.standard_t(1.1, A.shape), rng.standard_t(1.1, N)
    order = np.argsort(A[:, 0])
    yield "sorted, the large last", A[order], b[order] * np.linspace(0, 5, N)
    yield "one far row", np.r_[A, 1e6 * np.eye(D)[:1]], np.r_[b, 1e7]
    hidden = 1e-3 * np.eye(D)[:1] * rng.standard_normal((N, 1))
    hidden[::400] = A[::400]
    yield "what matters is in few rows", hidden, b
    yield "polynomials on a grid", np.vander(np.linspace(-1, 1, N), D), np.abs(np.linspace(-1, 1, N))


@pytest.mark.parametrize(("A", "b"), [case[1:] for case in adversaries()], ids=[case[0] for case in adversaries()])
def test_adversaries_agree_with_their_linear_program(A, b):
    r = solved(A, b)
    assert r.fun == pytest.approx(exact(A, b), rel=2e-8)  # HiGHS's own tolerance is 1e-7


@pytest.mark.parametrize("absolute", [True, False])
@pytest.mark.parametrize("kind", ["box", "half-open", "fixed", "simplex", "polyhedron"])
def test_domains(kind, absolute):
    A, b = gaussian(1)
    rng = np.random.default_rng(3)
    lb, ub = np.full(D, -0.02), np.full(D, 0.01)
    G, h = rng.standard_normal((5, D)), np.full(5, -0.05)
    domain, known = {
        "box": (sm.Box(lb, ub), {"lb": lb, "ub": ub}),
        "half-open": (sm.Box(lb, np.full(D, np.inf)), {"lb": lb}),
        "fixed": (sm.Box(np.r_[0.3, lb[1:]], np.r_[0.3, ub[1:]]), {"lb": np.r_[0.3, lb[1:]], "ub": np.r_[0.3, ub[1:]]}),
        "simplex": (sm.Simplex(D), {"lb": np.zeros(D), "total": 1.0}),
        "polyhedron": (sm.Polyhedron(A_ub=G, b_ub=h), {"rows": (G, h)}),
    }[kind]
    r = solved(A, b, domain, absolute=absolute)
    assert r.fun == pytest.approx(exact(A, b, absolute=absolute, **known), rel=1e-8)
    assert domain.contains(r.x, 1e-12)


@pytest.mark.parametrize("apart", [2.0**-20, 2.0**-30])
def test_nearly_collinear_columns(apart):
    """Another basis of the same column space, so the same optimum; smoothing alone has no bound to offer here."""
    A, b = gaussian(21, 2000, 5)
    near = A.copy()
    near[:, 0] = A[:, 1] + apart * A[:, 0]
    optimum = solved(A, b, absolute=False).fun
    r = sm.solve(sm.Minimax(sm.Affine(near, b)), method="working-set")
    rounding = 4 * EPS * np.abs(r.x).max()  # x grows as the columns close in, and |A||x| takes the digits of f
    assert r.lower_bound <= optimum + 1e-12
    assert optimum - rounding <= r.fun <= optimum + max(1e-7, 1e3 * rounding)
    assert r.success or apart < 2.0**-25


@pytest.mark.parametrize("seed", range(cases(6, 12)))
@pytest.mark.parametrize("noise", [1e-6, 1e-9, 1e-12])
def test_nearly_duplicated_rows_that_can_all_be_met(noise, seed):
    """k rows in d > k variables, each a few times up to noise: the optimum is as small as the noise."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(2, 8))
    k = int(rng.integers(1, d + 1))
    which = np.arange(k * int(rng.integers(2, 6))) % k
    A, b = rng.standard_normal((k, d))[which], rng.standard_normal(k)[which]
    A, b = A + noise * rng.standard_normal(A.shape), b + noise * rng.standard_normal(b.size)
    r = sm.solve(sm.Minimax(sm.Affine(A, b, absolute=True)), max_passes=1000)
    assert r.status != Status.CONTRADICTED, r.message
    assert r.success or noise < 1e-6  # below, the rows' condition leaves less than the threshold, 1e-14 of the spread
    assert r.fun <= 100 * noise
    assert 0 <= r.gap <= (r.threshold if r.success else 10 * noise)


def test_fewer_rows_than_variables():
    rng = np.random.default_rng(0)
    A, b = rng.standard_normal((8, 40)), rng.standard_normal(8)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True))
    r = sm.solve(problem, method="working-set")
    assert r.success
    assert r.fun <= 1e-9
    lb, ub = np.full(40, -0.02), np.full(40, 0.02)
    assert solved(A, b, sm.Box(lb, ub)).fun == pytest.approx(exact(A, b, lb=lb, ub=ub), rel=1e-8)


@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, sp.csr_array, sp.coo_array])
def test_the_layout_changes_nothing(form):
    A, b = gaussian(2)
    A[np.abs(A) < 1] = 0.0
    r, plain = solved(form(A), b), solved(A, b)
    assert r.fun == pytest.approx(plain.fun, rel=1e-10)
    assert r.npass == pytest.approx(plain.npass, rel=0.2)


@pytest.mark.parametrize("scale", [1e-150, 1e-8, 1e8, 1e150])
def test_units_of_f_do_not_matter(scale):
    A, b = gaussian(3)
    one, other = solved(A, b), solved(scale * A, scale * b)
    assert other.fun == pytest.approx(scale * one.fun, rel=1e-10)
    assert other.nit == one.nit


def test_the_order_of_the_rows_does_not_matter():
    A, b = gaussian(4)
    order = np.argsort(np.abs(b))
    assert solved(A[order], b[order]).fun == pytest.approx(solved(A, b).fun, rel=1e-12)


def test_the_same_seed_gives_the_same_bits():
    A, b = gaussian(5)
    one, two = solved(A, b, rng=11), solved(A, b, rng=11)
    np.testing.assert_array_equal(one.x, two.x)
    assert one.npass == two.npass
    assert solved(A, b, rng=12).fun == pytest.approx(one.fun, rel=1e-12)


@law(25, 500)
@given(st.integers(0, 10**6), st.integers(1, 5), st.sampled_from([0.0, 0.5, 0.98]), st.booleans())
def test_random_problems(seed, d, share, absolute):
    """Random shapes with many zeros, a box where that is needed for a minimum, against HiGHS."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2600, 4000))
    A, b = rng.standard_normal((n, d)), rng.standard_normal(n)
    A[rng.random(A.shape) < share] = 0.0
    lb, ub = -np.ones(d), np.ones(d)
    r = solved(A, b, sm.Box(lb, ub), absolute=absolute)
    assert r.fun == pytest.approx(exact(A, b, absolute=absolute, lb=lb, ub=ub), rel=1e-8)


# --- curved components


@pytest.mark.parametrize(("n", "d"), [(20_000, 2), (5000, 8)])
def test_enclosing_balls_agree_with_newton(n, d):
    C = np.random.default_rng(d).standard_normal((n, d))
    problem = sm.Minimax(sm.Quadratic(2.0, -2 * C, np.einsum("ij,ij->i", C, C)))
    r = sm.solve(problem, method="working-set", tol=1e-12)
    other = sm.solve(problem, method="newton", tol=1e-10)
    assert r.success
    assert abs(r.fun - other.fun) <= r.gap + other.gap
    radii = np.linalg.norm(C - r.x, axis=1)
    assert radii.max() ** 2 == pytest.approx(r.fun, rel=1e-12)
    assert r.npass < 20


def quadratics(n=3000, d=5, seed=0):
    rng = np.random.default_rng(seed)
    B = rng.standard_normal((n, d, d))
    return sm.Quadratic(B @ B.swapaxes(1, 2) / d, rng.standard_normal((n, d)), rng.standard_normal(n))


@pytest.mark.parametrize(
    "domain", [None, sm.Box(np.zeros(5), np.ones(5)), sm.Simplex(5)], ids=["free", "box", "simplex"]
)
def test_quadratics_agree_with_newton(domain):
    problem = sm.Minimax(quadratics(), domain)
    r = sm.solve(problem, method="working-set", tol=1e-11)
    other = sm.solve(problem, method="newton", tol=1e-8)
    assert r.success, r.message
    assert abs(r.fun - other.fun) <= r.gap + other.gap
    assert r.lower_bound <= other.fun


def test_smooth_convex_components():
    A, b = gaussian(6, 3000, 4)
    problem = sm.Minimax(
        sm.Smooth(
            lambda x: np.logaddexp(0.0, A @ x + b) + 0.05 * x @ x,
            lambda x: A / (1.0 + np.exp(-(A @ x + b)))[:, None] + 0.1 * x,
            d=4,
            convex=True,
        )
    )
    r = sm.solve(problem, method="working-set", tol=1e-9)
    other = sm.solve(problem, method="newton", tol=1e-8)
    assert r.success, r.message
    assert r.certificate.kind == "assumed-convex"
    assert abs(r.fun - other.fun) <= r.gap + other.gap


def test_a_stack_of_both():
    A, b = gaussian(8, 3000, 5)
    problem = sm.Minimax(sm.Stack([sm.Affine(A, b, absolute=True), quadratics()]))
    r = sm.solve(problem, method="working-set", tol=1e-10)
    other = sm.solve(problem, method="newton", tol=1e-8)
    assert r.success, r.message
    assert abs(r.fun - other.fun) <= r.gap + other.gap


def test_nonconvex_components_are_refused():
    problem = sm.Minimax(sm.Smooth(lambda x: np.array([np.sin(x[0])]), d=1))
    with pytest.raises(ValueError, match=r"working-set.*convex"):
        sm.solve(problem, method="working-set")


# --- published and exact optima


@pytest.mark.parametrize("name", ["stackloss-linf", "longley-linf", "diabetes-linf"])
def test_published_regressions(name):
    found = [c for c in problems.cases() if c.name == name or c.name.startswith(name.split("-")[0])]
    assert found
    for case in found:
        r = sm.solve(case.problem, case.x0, method="working-set", tol=1e-9)
        assert r.success
        assert r.fun == pytest.approx(case.optimum, rel=1e-8)


@pytest.mark.parametrize("row", [slice(None), slice(0, 1)])
def test_constraints_that_say_nothing_cost_no_digits(row):
    """Rounding of a projection would be 2e-3 in the units of f, for columns up to 1e6 in size; but x is inside."""
    family = next(c for c in problems.cases() if c.name == "longley").problem.components
    A = family.A[row]
    r = sm.solve(sm.Minimax(family, LinearConstraint(A, -1e9, np.inf)), tol=1e-9)
    assert r.success, r.message
    assert r.upper_bound - r.fun < 1e-7
    assert r.fun == pytest.approx(sm.solve(sm.Minimax(family)).fun, rel=1e-8)


# --- cost


def test_a_handful_of_passes_whatever_n():
    passes = [solved(*gaussian(0, n, 10), tol=1e-9).npass for n in (10_000, 40_000, 160_000)]
    assert passes[-1] <= passes[0] * math.log(160_000) / math.log(10_000)
    assert passes[-1] <= 8


def test_the_multipliers_are_exact():
    A, b = gaussian(9)
    r = solved(A, b, tol=1e-13)
    live = np.flatnonzero(r.weights)
    assert live.size == D + 1  # a vertex of a generic problem
    np.testing.assert_allclose(np.abs((A @ r.x + b)[live % N]), r.fun, rtol=1e-13)
    rows = np.where(live < N, 1.0, -1.0)[:, None] * A[live % N]
    assert np.abs(rows.T @ r.weights[live]).max() <= 8 * EPS
    assert set(live) == set(r.active)


# --- faults


def test_no_highspy(monkeypatch):
    A, b = gaussian(10)
    monkeypatch.setattr(working_set, "available", lambda: False)
    monkeypatch.setattr(vertices, "Epigraph", None)
    assert solved(A, b, tol=1e-9).fun == pytest.approx(exact(A, b), rel=1e-8)


def test_highs_fails(monkeypatch):
    A, b = gaussian(10)
    calls = []
    monkeypatch.setattr(Epigraph, "solve", lambda self, seconds=0.0: calls.append(1))
    assert solved(A, b, tol=1e-9).fun == pytest.approx(exact(A, b), rel=1e-8)
    assert calls


def test_highs_errs(monkeypatch):
    """A wrong vertex with weights of no meaning is looked at, proves nothing, and the solve goes on."""
    A, b = gaussian(10)
    true = Epigraph.solve

    def wrong(self, seconds=np.inf):
        found = true(self, seconds)
        return found._replace(x=found.x + 1.0, weights=found.weights[::-1].copy())

    monkeypatch.setattr(Epigraph, "solve", wrong)
    assert solved(A, b, tol=1e-9).fun == pytest.approx(exact(A, b), rel=1e-8)


def test_an_unbounded_program_is_told_apart():
    lp = Epigraph(sm.Free(1).linear(), np.zeros(1), np.ones(1), 1.0)
    lp.add(np.ones((1, 1)), np.zeros(1))
    lp.begin(np.ones(1), None)
    assert lp.solve() is None
    lp.add(-np.ones((1, 1)), np.zeros(1))  # and is solved once the row that was missing is there
    assert lp.solve().weights == pytest.approx([0.5, 0.5])


def test_an_unbounded_problem():
    A, b = gaussian(11)
    r = sm.solve(sm.Minimax(sm.Affine(np.abs(A), b)), method="working-set")
    assert r.status == Status.UNBOUNDED
    assert r.lower_bound == -math.inf


def test_few_rows_decide_whether_there_is_a_minimum():
    """One-sided rows, all but a few of which fall along one ray: the sample is unbounded, the problem is not."""
    A, b = gaussian(12)
    A[:, 0] = np.abs(A[:, 0])
    A[17, 0] = A[1903, 0] = -3.0
    r = sm.solve(sm.Minimax(sm.Affine(A, b)), method="working-set", tol=1e-9)
    assert r.success, r.message
    assert r.fun == pytest.approx(exact(A, b, absolute=False), rel=1e-7)


@pytest.mark.parametrize("limit", [0.0, 1e-3, 3e-3])
def test_time_limit(limit):
    A, b = gaussian(13, 200_000, 10)
    r = sm.solve(sm.Minimax(sm.Affine(A, b, absolute=True)), method="working-set", time_limit=limit, tol=0.0)
    assert r.status == Status.TIME
    assert np.isfinite(r.fun)
    assert r.trace[-1]["seconds"] <= limit + 0.5  # one pass, one small factorization


def test_the_budget_of_passes():
    A, b = gaussian(13, 200_000, 10)
    r = sm.solve(sm.Minimax(sm.Affine(A, b, absolute=True)), method="working-set", max_passes=4, tol=0.0, atol=0.0)
    assert r.status == Status.PASSES
    assert r.npass <= 6
    assert -math.inf < r.lower_bound <= r.fun


def test_interrupted_with_what_was_proven():
    A, b = gaussian(14, 20_000)

    def callback(intermediate_result):
        if intermediate_result.npass > 3:
            raise KeyboardInterrupt

    with pytest.raises(sm.Interrupted) as stop:
        sm.solve(sm.Minimax(sm.Affine(A, b, absolute=True)), method="working-set", callback=callback, tol=0.0, atol=0.0)
    r = stop.value.result
    assert -math.inf < r.lower_bound <= r.fun < np.abs(b).max()


def test_memory_runs_out(monkeypatch):
    A, b = gaussian(14, 20_000)
    looks = []
    true = working_set.WorkingSet.look

    def look(self, *args, **more):
        if looks:
            raise MemoryError
        looks.append(1)
        return (yield from true(self, *args, **more))

    monkeypatch.setattr(working_set.WorkingSet, "look", look)
    r = sm.solve(sm.Minimax(sm.Affine(A, b, absolute=True)), method="working-set")
    assert r.status == Status.MEMORY
    assert "memory-map" in r.message
    assert np.isfinite([r.fun, r.lower_bound]).all()


def test_components_that_are_not_finite():
    problem = sm.Minimax(sm.Smooth(lambda x: np.full(3, np.nan), lambda x: np.ones((3, 1)), d=1, convex=True))
    assert sm.solve(problem, method="working-set").status == Status.NOT_FINITE


# --- the pieces


def test_a_part_proves_for_the_whole():
    A, b = gaussian(15)
    whole = sm.Minimax(sm.Affine(A, b, absolute=True))
    rows = np.sort(np.random.default_rng(0).choice(2 * N, 300, replace=False))
    part = Part(whole, rows, Meter())
    done = part.smooth(np.zeros(D), None, None, lambda c, spread: c.gap < 1e-6)
    lifted = part.lift(done.certificate, prove(whole, whole.at(done.x), None).upper)
    assert lifted.gap == pytest.approx(sum(lifted.parts), rel=1e-12)
    again = sm.certify(whole, done.x, lifted.weights)
    assert again.lower == pytest.approx(lifted.lower, rel=1e-12)
    assert again.upper == lifted.upper
    assert lifted.lower <= exact(A, b) + 1e-9


def test_the_finish_from_rough_weights():
    """Newton on the KKT system from smoothed weights lands on the vertex that HiGHS finds."""
    A, b = gaussian(16, 200, 4)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True))
    rough = sm.solve(problem, method="newton", tol=1e-3)
    found = finish(problem, rough.x, rough.weights, None, Meter())
    assert found is not None
    assert problem(found.x) == pytest.approx(exact(A, b), rel=1e-12)
    assert sm.certify(problem, found.x, found.weights).gap <= 1e-13


def test_the_finish_on_curved_components_converges_quadratically():
    problem = sm.Minimax(quadratics(60, 3))
    rough = sm.solve(problem, method="newton", tol=1e-3)
    found = finish(problem, rough.x, rough.weights, None, Meter())
    assert found is not None
    assert sm.certify(problem, found.x, found.weights).gap <= 1e-13 * abs(problem(found.x)) + 1e-14


def test_the_finish_refuses_weights_that_show_nothing():
    A, b = gaussian(16, 200, 4)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True))
    assert finish(problem, np.zeros(4), np.ones(400), None, Meter()) is None


@pytest.mark.parametrize("seed", range(5))
def test_the_program_agrees_with_linprog(seed):
    """Any centre and unit, bounds, rows and equalities; duals in the form the certificate takes."""
    rng = np.random.default_rng(seed)
    A, b = rng.standard_normal((40, 3)), rng.standard_normal(40)
    domain = sm.Polyhedron(A_ub=[[1.0, 1.0, 1.0]], b_ub=[0.5], A_eq=[[1.0, -1.0, 2.0]], b_eq=[0.1], bounds=(-1, 1))
    problem = sm.Minimax(sm.Affine(A, b), domain)
    center = np.array([0.1, 0.0, 0.0])
    lp = Epigraph(domain.linear(), center, 10.0 ** rng.integers(-3, 3, 3), 0.01)
    lp.add(A[:25], (A @ center + b)[:25])
    lp.begin(rng.random(25), Multipliers(np.ones(1), np.ones(1), np.zeros(3), np.zeros(3)))
    assert lp.solve() is not None
    lp.add(A[25:], (A @ center + b)[25:])
    found = lp.solve()
    truth = linprog(
        [0, 0, 0, 1],
        A_ub=np.r_[np.c_[A, -np.ones(40)], [[1, 1, 1, 0]]],
        b_ub=np.r_[-b, 0.5],
        A_eq=[[1, -1, 2, 0]],
        b_eq=[0.1],
        bounds=[(-1, 1)] * 3 + [(None, None)],
    )
    assert problem(found.x) == pytest.approx(truth.fun, abs=1e-9)
    proven = sm.certify(problem, found.x, found.weights, found.multipliers)
    assert truth.fun - 1e-8 <= proven.lower <= truth.fun + 1e-12


def test_highspy_is_loaded_when_it_is_needed():
    assert linear.available()
