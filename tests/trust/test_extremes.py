"""Solves where floats end: data, offsets, sets, starts and temperatures from 5e-324 to 1e307, each in its own unit.

Little can be promised there, and this is: nothing raises, warns or hangs, the point is finite, and no bound is nan or
crosses another.
"""

import math
import time
import traceback
import warnings
from collections import Counter

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from scipy.optimize import Bounds, NonlinearConstraint
from scipy.sparse.linalg import aslinearoperator
from scipy.special import xlogy

import smoothmax as sm
from smoothmax._linalg import least_squares, symmetrized
from smoothmax.certificate import linear_walls
from smoothmax.choose import obstacle
from smoothmax.components.returned import symmetric
from smoothmax.result import joined
from smoothmax.solvers import METHODS, Status
from tests.effort import cases, seed

SCALES = [5e-324, 1e-320, 1e-310, 1e-308, 1e-300, 1e-160, 1e-100, 1e-8, 1.0, 1e8, 1e100, 1e160, 1e300, 1e307]
TAUS = [5e-324, 1e-300, 1e-8, 1.0, 1e8, 1e154, 1e200, 1e300, 1.7e308]
PASSES, LIMIT, LATE = 100, 3.0, 60.0


@pytest.mark.parametrize("batch", range(8))
def test_nothing_raises_where_floats_end(batch):
    tried(trial, batch, cases(60, 4000))


@pytest.mark.parametrize("batch", range(8))
def test_no_function_raises_where_floats_end(batch):
    tried(trial_of_functions, batch, cases(15, 1000))


def tried(one, batch, each):
    """Nothing is wrong with that many trials."""
    first, wrong = seed() + batch * each, []
    for k in range(first, first + each):
        try:
            one(k)
        except Exception as why:
            wrong.append(f"{k}: {''.join(traceback.format_exception(why, limit=-4))}")
    assert not wrong, f"{len(wrong)} of {each} from seed {first} on:\n\n" + "\n".join(wrong[:10])


def trial(k):
    rng = np.random.default_rng(k)
    unit = lambda: SCALES[rng.integers(len(SCALES))]  # noqa: E731
    problem, start = stated(rng, unit)
    if problem is None:  # data that no float holds
        return
    tau = None if rng.random() < 0.7 else TAUS[rng.integers(len(TAUS))]
    regularizer = "gini" if rng.random() < 0.2 else "shannon"
    fitting = ["auto", *(m for m in METHODS if obstacle(METHODS[m], problem, tau is not None, regularizer) is None)]
    if len(fitting) == 1:
        return
    options = {"tau": tau, "regularizer": regularizer, "method": fitting[rng.integers(len(fitting))]}
    p = None if problem.components.spectral else rng.random(problem.n)
    if p is not None and rng.random() < 0.3:
        w = p * np.where(rng.random(p.size) < 0.4, [0.0, 5e-324, 1e-300, 1e300][rng.integers(4)], 1.0)
        options["prior"] = w / w.sum() if w.any() else p / p.sum()
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        r = sm.solve(problem, start, max_passes=PASSES, time_limit=LIMIT, **options)
        walls = linear_walls(problem)
        m = None
        if walls is not None and rng.random() < 0.5:
            rows = [0 if b is None else b.size for b in (walls.b_ub, walls.b_eq)]
            m = sm.Multipliers(rng.random(rows[0]) * unit(), rng.standard_normal(rows[1]) * min(unit(), 1e300), [], [])
        c = sm.certify(problem, r.x if rng.random() < 0.5 else rng.standard_normal(problem.d) * unit(), p, m)
        if rng.random() < 0.1 and not problem.components.spectral:
            sm.path(problem, [unit(), unit()], max_passes=PASSES, time_limit=LIMIT)
    told = f"{options}, {problem!r}: {r.message}"
    assert time.perf_counter() - began < LATE, told
    honest(r, tau, problem.convex, told)
    assert not np.isnan([c.upper, c.lower]).any(), told
    assert c.lower <= c.upper or r.status == Status.CONTRADICTED, told


def honest(r, tau, convex, told):
    """The point is finite, no bound is nan or crosses another, and no gap without end is small enough."""
    assert np.isfinite(r.x).all(), told
    assert not np.isnan([r.upper_bound, r.lower_bound]).any() or r.status == Status.NOT_FINITE, told
    left = r.gap if tau is None else r.smoothed_fun - r.smoothed_lower_bound
    assert np.isfinite([left, r.threshold]).all() or not (r.success and convex), told
    assert not r.lower_bound > r.upper_bound or r.status == Status.CONTRADICTED, told


def trial_of_functions(k):
    """minimax of functions that overflow, are no numbers somewhere, or become so after some calls."""
    rng = np.random.default_rng(k)
    unit = lambda: SCALES[rng.integers(len(SCALES))]  # noqa: E731
    n, d = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    with np.errstate(all="ignore"):
        A, b = rng.standard_normal((n, d)) * unit(), rng.standard_normal(n) * unit()
        s = rng.standard_normal(n) * (unit() if rng.random() < 0.6 else 0.0)
        w, x0 = 10.0 ** rng.uniform(-3, 3, d) * unit(), rng.standard_normal(d) * unit()
    if not all(np.isfinite(part).all() for part in (A, b, s, w, x0)) or not w.all():
        return
    value, slope = CURVES[rng.integers(len(CURVES))]
    bad, count = rng.choice([math.nan, math.inf, -math.inf, 1e308, -1e308]), [0]
    spoilt = int(rng.integers(1, 15)) if rng.random() < 0.25 else math.inf

    def fun(x):
        count[0] += 1
        f = value(A @ x + b, s, x)
        return f if count[0] < spoilt else np.where(np.arange(n) == 0, bad, f)

    def jac(x):
        return slope(A @ x + b, s, x, A)

    options = {
        "jac": [None, "2-point", "3-point", jac, jac][rng.integers(5)],
        "bounds": [None, Bounds(-w, w), Bounds(w, w), sm.Ball(np.zeros(d), w[0]), sm.Simplex(d, w[0])][rng.integers(5)],
        "absolute": [False, False, True, 1][rng.integers(4)],
        "convex": bool(rng.random() < 0.3),
        "max_passes": [1, PASSES, PASSES][rng.integers(3)],
        "time_limit": [LIMIT, LIMIT, 1e-9][rng.integers(3)],
        "tol": [1e-8, 1e-8, 0.0, 1e300][rng.integers(4)],
    }
    u = unit()
    if rng.random() < 0.3 and not isinstance(options["bounds"], sm.Ball):
        rules = [lambda x: [u * (x @ x) - 1.0], lambda x: [u * np.exp(x[0])], lambda x: [np.sqrt(x[0]) * u]]
        sides = [(-math.inf, 0.0), (-u, u), (u, u)][rng.integers(3)]
        options["constraints"] = NonlinearConstraint(rules[rng.integers(3)], *sides)
    elif rng.random() < 0.2:
        options["tau"] = unit()
    began = time.perf_counter()
    with warnings.catch_warnings(), np.errstate(all="ignore"):  # those of the functions are the user's
        warnings.simplefilter("error")
        r = sm.minimax(fun, x0, check=False, **options)
    told = f"{options}: {r.message}"
    assert time.perf_counter() - began < LATE, told
    honest(r, options.get("tau"), options["convex"] and "constraints" not in options, told)


CURVES = [  # values and slopes by y = A x + b, s and x
    (lambda y, s, x: y + s * (x @ x), lambda y, s, x, A: A + 2 * np.outer(s, x)),
    (lambda y, s, x: y + s * np.exp(x[0]), lambda y, s, x, A: A + s[:, None] * np.exp(x[0]) * (np.arange(x.size) == 0)),
    (lambda y, s, x: np.sqrt(y), lambda y, s, x, A: A * (0.5 / np.sqrt(y))[:, None]),
    (lambda y, s, x: np.log(y), lambda y, s, x, A: A / y[:, None]),
    (lambda y, s, x: y**3, lambda y, s, x, A: A * (3 * y**2)[:, None]),
    (lambda y, s, x: s * np.sin(y), lambda y, s, x, A: A * (s * np.cos(y))[:, None]),
]


def stated(rng, unit):
    """(problem, start); (None, None) where its numbers overflow."""
    n, d = int(rng.integers(1, 9)), int(rng.integers(1, 5))
    with np.errstate(all="ignore"):
        A, b = rng.standard_normal((n, d)) * unit(), rng.standard_normal(n) * unit()
        if rng.random() < 0.3:
            A[rng.random(A.shape) < 0.5] = 0.0
        if rng.random() < 0.2:
            A *= 10.0 ** rng.uniform(-150, 150, d)
        P = [L @ L.T * unit() for L in rng.standard_normal((n, d, d))]
        M = [(S + S.T) * unit() for S in rng.standard_normal((d + 1, 3, 3))]
        w = 10.0 ** rng.uniform(-3, 3, d) * (1.0 if rng.random() < 0.6 else unit())
        G = rng.standard_normal((2, d)) / w
    held = [A, b, P, M, w, G]
    if not all(np.isfinite(part).all() for part in held) or not w.all():
        return None, None
    components = FORMS[rng.integers(len(FORMS))](A, b, P, M)
    start = None if rng.random() < 0.7 else rng.standard_normal(d) * min(unit(), 1e300)
    try:
        return sm.Minimax(components, PLACES[rng.integers(len(PLACES))](w, G, unit())), start
    except ValueError as why:
        if str(why).startswith("the polyhedron"):  # of which nobody can tell here whether it is empty
            return None, None
        raise


def curved(A, b, s):
    """Functions A x + b + s·‖x‖²/2."""
    return sm.Smooth(lambda x: A @ x + b + s * (x @ x / 2), lambda x: A + s * x, d=A.shape[1], convex=True, check=False)


FORMS = [
    lambda A, b, P, M: sm.Affine(A, b),
    lambda A, b, P, M: sm.Affine(A, b, absolute=True),
    lambda A, b, P, M: sm.Affine(sp.csr_array(A), b),
    lambda A, b, P, M: sm.Quadratic(np.array(P), A, b),
    lambda A, b, P, M: curved(A, b, P[0][0, 0]),
    lambda A, b, P, M: sm.Stack([sm.Affine(A, b), sm.Quadratic(np.array(P[:1]), A[:1], b[:1])]),
    lambda A, b, P, M: sm.Spectral(M[0], M[1:]),
    lambda A, b, P, M: sm.Affine(aslinearoperator(A), b),
    lambda A, b, P, M: sm.Affine(np.asfortranarray(A)[::-1], b, absolute=True),
]
PLACES = [
    lambda w, G, u: sm.Box(-w, w),
    lambda w, G, u: sm.Box(w - np.abs(w) / 2, w),
    lambda w, G, u: sm.Box(np.r_[w[:1], np.full(w.size - 1, -np.inf)], np.r_[w[:1], np.full(w.size - 1, np.inf)]),
    lambda w, G, u: sm.Free(w.size),
    lambda w, G, u: sm.Simplex(w.size),
    lambda w, G, u: sm.Ball(np.zeros(w.size), w[0]),
    lambda w, G, u: sm.Box(np.zeros(w.size), np.full(w.size, np.inf)),
    lambda w, G, u: sm.Polyhedron(A_ub=G, b_ub=np.ones(2), bounds=(-w, w)),
    lambda w, G, u: sm.Polyhedron(A_eq=G[:1], b_eq=np.zeros(1)),
    lambda w, G, u: sm.Polyhedron(A_eq=np.abs(G[:1]), b_eq=np.ones(1), bounds=(np.zeros(w.size), np.inf)),
    lambda w, G, u: sm.Box(-w, w) if w.size == 1 else sm.Product([sm.Box(-w[1:], w[1:]), sm.Ball([0.0], 1.0)]),
    lambda w, G, u: sm.Simplex(w.size, u),
    lambda w, G, u: sm.Ball(w, u),
    lambda w, G, u: sm.Polyhedron(np.vstack([G, -G]), [u, u, 0.0, 0.0], bounds=(-w, w)),
]


@pytest.mark.parametrize("number", [2, 12, 34, 58])
@pytest.mark.parametrize("method", ["auto", "trust-region"])
def test_data_below_the_normal_numbers_are_proven(number, method):
    # LAPACK's least squares did not come back from these
    rng = np.random.default_rng(number)
    n, d = rng.integers(2, 9), rng.integers(2, 5)
    A, b = rng.standard_normal((n, d)) * 1e-310, rng.standard_normal(n) * 1e-310
    box = sm.Box(-(10.0 ** rng.uniform(-3, 3, d)), 10.0 ** rng.uniform(-3, 3, d))
    assert sm.solve(sm.Minimax(sm.Affine(A, b), box), max_passes=200, method=method).success


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_least_squares_of_what_is_no_number_are_none(bad):
    A, b = np.eye(3), np.ones(3)
    assert np.isnan(least_squares(np.where(A, bad, 0.0), b)).all()
    assert np.isnan(least_squares(A, b * bad)).all()
    assert np.array_equal(least_squares(A, b), b)


@pytest.mark.parametrize("taus", [[1e160, 1e-160], [1e300, 1.0], [1.7e308, 1e154, 5e-324]])
def test_paths_begin_at_any_temperature(taus):
    path = sm.path(sm.Minimax(sm.Affine([[1.0], [-2.0]], [0.0, 1.0]), sm.Box(-1.0, 1.0)), taus)
    assert path.lower_bound <= 1 / 3 <= path.best


def test_rounding_of_a_huge_tau_does_not_carry_the_point_away():
    functions = [
        lambda x: x[0] ** 2 + x[1] ** 4,
        lambda x: (2 - x[0]) ** 2 + (2 - x[1]) ** 2,
        lambda x: 2 * np.exp(x[1] - x[0]),
    ]
    r = sm.minimax(functions, [0.0, 0.0], tau=1e100, convex=True)
    assert r.fun <= 8.0  # max f at the start


@pytest.mark.parametrize("method", ["auto", "newton", "lbfgs", "accelerated", "gradient"])
@pytest.mark.parametrize("tau", [None, 0.1])
@np.errstate(all="ignore")
def test_a_gap_without_end_is_never_small_enough(method, tau):
    """Where a slope at the start is infinite, or the spread of f is, nothing says what is small."""
    root = sm.Smooth(lambda x: -np.sqrt(x - 1), lambda x: -0.5 / np.sqrt(x - 1)[:, None], d=1, convex=True)
    steep = sm.Affine([[1e308], [-1e308]])
    for problem, start in (
        (sm.Minimax(root, sm.Box(1.0, 2.0)), 1.0),
        (sm.Minimax(root, sm.Box(1.0, np.inf)), 1.0),
        (sm.Minimax(steep, sm.Box(-1.0, 1.0)), 0.95),
    ):
        r = sm.solve(problem, [start], method=method, tau=tau, max_passes=200)
        assert np.isfinite(r.threshold)
        assert np.isfinite(r.gap) or not r.success


@np.errstate(all="ignore")
def test_f_that_overflows_beside_x_proves_nothing():
    rising = sm.Smooth(lambda x: np.exp(1000 * x), lambda x: 1000 * np.exp(1000 * x)[:, None], d=1, convex=True)
    c = sm.certify(sm.Minimax(rising, sm.Box(1.0, 1e12)), [0.0], [1.0])
    assert (c.upper, c.lower) == (math.inf, -math.inf)


def test_curvature_at_a_temperature_below_the_normal_numbers_is_silent():
    assert not np.isfinite(sm.Smoothed(sm.Minimax(sm.Affine([[1.0], [-1.0]])), 1e-320).at(np.zeros(1)).hess).any()


@pytest.mark.parametrize("regularizer", ["shannon", "gini"])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_beyond_the_floats_f_is_nan_and_nobody_is_asked(bad, regularizer):
    def asked(x):
        assert np.isfinite(x).all()
        return np.array([x[0], -x[0]])

    rule = NonlinearConstraint(lambda x: asked(x)[:1], -1.0, 1.0)
    functions = sm.Smooth(asked, lambda x: np.array([[1.0], [-1.0]]), d=1)
    problem = sm.Minimax(functions, sm.Box(-2.0, 2.0), rule)
    x = problem.placed(np.array([bad]))
    point = sm.Smoothed(problem, 1.0, regularizer=regularizer).point(x)
    assert np.isnan([point.fun, point.upper, *point.jac, *point.f, *point.lin.range]).all()
    assert np.isnan(problem.constraints.at(x).c).all()
    assert problem.constraints.at(x).excess == math.inf
    assert point.lin.meter.npass == 0


@pytest.mark.parametrize("method", ["auto", "newton", "lbfgs", "accelerated", "gradient"])
@pytest.mark.parametrize("tau", [None, 1.0])
def test_eigenvalues_of_matrices_whose_sums_overflow(method, tau):
    """v'A_k v is no number, λ_max(A(x)) is one."""
    huge = sm.Spectral(np.zeros((3, 3)), [np.full((3, 3), 1.5e308), -1e308 * np.eye(3)])
    problem = sm.Minimax(huge, sm.Box([-1e-300] * 2, [1e-300] * 2))
    if tau is None and method != "auto":
        method = "spectral"
    r = sm.solve(problem, [1e-301, 0.0], method=method, tau=tau, max_passes=50)
    c = sm.certify(problem, [1e-301, 0.0])
    assert r.lower_bound <= 0.0 <= r.fun <= c.upper
    assert c.lower <= 0.0
    r = sm.solve(sm.Minimax(huge, sm.Box(-1.0, [1.0, 1e-3])), method=method, tau=tau, max_passes=50)
    assert r.lower_bound <= 0.0 <= r.fun


@pytest.mark.parametrize(
    "M", [np.full((2, 2), 1.5e308), np.full((2, 2), 5e-324), [[0.0, 1.5e308], [1.5e308 * (1 - 1e-15), 0.0]]]
)
def test_a_mean_with_the_transpose_neither_overflows_nor_vanishes(M):
    M = np.array(M)
    for found in (symmetrized(M), sm.Quadratic(M[None]).P[0], sm.Spectral(M, [M]).A0, symmetric(M, 2)):
        assert np.array_equal(found, found.T)
        assert_allclose(found, M, rtol=1e-15)


@pytest.mark.parametrize(("offset", "tol"), [(1e10, 1e300), (1e5, 1e305)])
@pytest.mark.parametrize("tau", [None, 1.0])
def test_no_tolerance_is_so_large_that_nothing_has_to_be_proven(offset, tol, tau):
    unbounded = sm.Minimax(sm.Affine([[1e5], [2.0]], [offset, 1.0]))
    for problem, passes in ((unbounded, 100), (sm.Minimax(sm.Affine([[1.0]], [offset]), sm.Box(-1.0, 1.0)), 1)):
        r = sm.solve(problem, tau=tau, tol=tol, atol=1.7e308, max_passes=passes)
        assert not r.success or r.lower_bound > -math.inf
        assert not r.threshold > 1.8e308


@pytest.mark.parametrize("seed", [19, 37])
@pytest.mark.parametrize("method", ["accelerated", "gradient"])
def test_an_infinite_slope_on_the_way_does_not_spoil_the_steps_after_it(seed, method):
    """f is finite on the faces of the simplex, and its slope there is not."""
    C = np.random.default_rng(seed).integers(-9, 10, (3, 3)).astype(float)

    def jac(x):
        with np.errstate(divide="ignore"):
            return C + np.log(x) + 1

    entropy = sm.Smooth(lambda x: C @ x + xlogy(x, x).sum(), jac, d=3, convex=True)
    asked = Counter()

    class Corner(sm.Simplex):
        def project(self, x):
            asked[bool(np.isfinite(x).all())] += 1
            return super().project(x)

    problem = sm.Minimax(entropy, Corner(3))
    assert sm.solve(problem, [0.2, 0.3, 0.5], method=method, max_passes=1000).gap < 1e-3
    assert asked[False] < 10


def test_a_point_beyond_the_floats_is_not_remembered():
    surrogate = sm.Smoothed(sm.Minimax(sm.Affine(np.eye(2))), 1.0)
    here = surrogate.point(np.zeros(2))
    surrogate.point(np.full(2, np.inf))
    assert surrogate.point(np.zeros(2)) is here


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e308])
@pytest.mark.parametrize("W", [np.eye(2), np.ones((2, 2))])
def test_density_matrices_of_any_size_are_the_same_weights(scale, W):
    problem = sm.Minimax(sm.Spectral(np.eye(2), [np.ones((2, 2)), -np.eye(2)]), sm.Box([-1.0] * 2, [1.0] * 2))
    c = sm.certify(problem, [0.0, 0.0], (scale * W,))
    assert c.lower == sm.certify(problem, [0.0, 0.0], (W,)).lower > -math.inf
    assert_allclose(np.trace(c.weights[0]), 1.0, rtol=1e-12)


def test_highs_is_not_waited_for_without_end():
    # the simplex method has no answer, the interior point method never comes back
    A = np.array([[3.02294177e-301, 9.21098286e-301, 5.27128296e-301]])
    w = np.array([2.98625962e10, 3.25430954e07, 1.58311414e10])
    X = sm.Polyhedron(np.vstack([A, -A]), [1e-310, 5e-324], bounds=(-w, w))
    assert X.contains(X.start())


def test_a_factor_that_projects_onto_nan_is_named():
    class Lost:
        d = 1
        project = staticmethod(lambda x: np.array([np.nan]))
        contains = staticmethod(lambda x, tol=1e-9: bool(abs(x[0]) <= 1))
        lmo = staticmethod(lambda c: np.ones(1))
        start = staticmethod(lambda: np.zeros(1))

    problem = sm.Minimax(sm.Affine([[1.0, 1.0]]), sm.Product([Lost(), sm.Box(1.0, 2.0)]))
    for call in (sm.solve, lambda problem, x0: sm.path(problem, [1.0, 0.1], x0=x0)):
        with pytest.raises(ValueError, match=r"domain must project onto finite numbers; Lost\.project"):
            call(problem, [0.0, 0.0])


def test_sums_of_squares_and_of_priors_overflow_silently():
    pair = sm.Minimax(sm.Affine([[1e154], [-1e154]]), sm.Box(-1.0, 1.0))
    assert sm.Smoothed(pair, 1.0, regularizer="gini").lipschitz == math.inf
    assert sm.Smoothed(pair, 1e307, prior=[1.0, 1e-300]).fun([0.0]) == 0.0
    assert_allclose(sm.Smoothed(pair, 1.0, prior=[1e308, 1e308]).bound, math.log(1e308) + math.log(2.0), rtol=1e-15)
    assert np.isinf(sm.Smoothed(pair, 1.0).as_constraint(0.0).hess(np.zeros(1), np.array([2.0]))).all()
    with pytest.raises(ValueError, match="prior must sum to 1"):
        sm.Smoothed(pair, 1.0, regularizer="gini", prior=[1e308, 1e308])
    slab = np.array([[5e111, 2e111, 9e111]])
    w = np.array([6e248, 3e250, 4e250])
    X = sm.Polyhedron(np.vstack([slab, -slab]), [3e-115, -3e-115], bounds=(-w, w))
    assert np.isfinite(sm.solve(sm.Minimax(sm.Affine([[1.0, 1.0, 1.0]]), X), max_passes=5).x).all()
    assert sm.Polyhedron([[-2.33e-309, 9.83e-309], [2.33e-309, -9.83e-309]], [1.0, 1e-320]).d == 2


@pytest.mark.parametrize("scale", [1e-305, 1e305])
def test_conjugacy_at_the_ends_of_the_floats(scale):
    assert sm.check_duality(np.array([-1.0, 0.5, 1.0]) * scale, scale).ok


@pytest.mark.parametrize(("x", "tau"), [(1e308, 1.0), (1.0, 1e308), (1e-310, 1e-310)])
def test_conjugacy_beyond_what_sums_can_hold_is_refused(x, tau):
    with pytest.raises(ValueError, match=r"x and tau must not exceed 1e\+305, nor tau fall below 1e-305"):
        sm.check_duality([x, -x], tau)


def test_slopes_that_only_the_best_differences_see_begin_the_walk_anew():
    """The values jump by 1e308 after the first call: one-sided differences are inf, central ones 0."""
    calls = []

    def fun(x):
        calls.append(x)
        return [0.0 if len(calls) == 1 else 1e308]

    rule = NonlinearConstraint(lambda x: x[0] + x[1], -math.inf, 0.0)
    assert np.isfinite(sm.minimax(fun, [0.5, 0.5], constraints=rule, check=False).x).all()


def test_bounds_of_two_methods_that_cross_are_a_contradiction():
    problem = sm.Minimax(sm.Affine([[1.0], [-1.0]], [1.0, 1.0]), sm.Box(-1.0, 1.0))
    one = sm.solve(problem)
    for above, status in ((1e-15, Status.PROVEN), (0.5, Status.CONTRADICTED)):
        two = sm.MinimaxResult(one, lower_bound=1.0 + above, upper_bound=1.1 + above, fun=1.1 + above)
        found = joined(problem, one, two)
        assert (found.status, found.success) == (status, status == Status.PROVEN)


@pytest.mark.parametrize("k", [-1000, 996, 1000, 1023])
def test_projections_onto_simplices_know_no_unit(k):
    rng = np.random.default_rng(0)
    for v in (np.zeros(5), np.full(5, 0.99), *rng.uniform(-0.99, 0.99, (20, 5))):
        y = sm.Simplex(5, 2.0**k).project(2.0**k * v)
        assert_allclose(y / 2.0**k, sm.Simplex(5).project(v), rtol=1e-15)
        assert sm.Simplex(5, 2.0**k).contains(y)
