"""sm.minimax, SciPy's habit: the forms a function may take, what is done when it misbehaves, and what it is told."""

import math
import time

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse as sp

import smoothmax as sm
from smoothmax.components.wrap import from_callables
from smoothmax.solvers import METHODS
from tests.laws import assert_refuses
from tests.methods import asked

A, B = np.array([[1.0, 1], [-1, 1], [0, -1]]), np.array([2.0, -3, 4])
PLAIN = ("gradient", "accelerated", "lbfgs", "newton", "working-set")  # those that take callables on a free domain


def pieces(x):
    return A @ x + B


def curved(x):
    """Two parabolas and a line: 1 at (1, 0), where all three meet."""
    return np.array([x[0] ** 2 + x[1] ** 2, (x[0] - 2) ** 2 + x[1] ** 2, x[0] - 3 * x[1]])


def curved_jac(x):
    return np.array([[2 * x[0], 2 * x[1]], [2 * x[0] - 4, 2 * x[1]], [1.0, -3.0]])


def curved_hess(x, v):
    return 2 * (v[0] + v[1]) * np.eye(2)


def slsqp(fun, x0, bounds=None):
    """The epigraph by SciPy: min t with f ≤ t."""
    found = scipy.optimize.minimize(
        lambda z: z[-1],
        np.r_[x0, np.max(fun(np.asarray(x0)))],
        bounds=None if bounds is None else [*bounds, (None, None)],
        constraints={"type": "ineq", "fun": lambda z: z[-1] - fun(z[:-1])},
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert found.success, found.message
    return found.fun


class Counted:
    """A function that counts, remembers when it was called, and may misbehave from its k-th call on."""

    def __init__(self, fun, after=math.inf, wrong=None, pause=0.0):
        self.fun, self.after, self.wrong, self.pause = fun, after, wrong, pause
        self.calls, self.times = 0, []

    def __call__(self, x, *args):
        self.calls += 1
        self.times.append(time.perf_counter())
        if self.pause:
            time.sleep(self.pause)
        if self.calls > self.after:
            return self.wrong(x) if callable(self.wrong) else self.wrong
        return self.fun(x, *args)


def problem_of(fun, jac=None, n=3, **more):
    return sm.Minimax(sm.Smooth(fun, jac, d=2, n=n, convex=True, **more))


# ------------------------------------------------------------------------------------- forms a function may take


@pytest.mark.parametrize("method", ["auto", *PLAIN])
@pytest.mark.parametrize("given", ["nothing", "jac", "jac and hess", "sparse jac"])
def test_derivatives_given_or_not_the_answer_is_the_same(method, given):
    jac = {"nothing": None, "sparse jac": lambda x: sp.csr_array(curved_jac(x))}.get(given, curved_jac)
    hess = curved_hess if "hess" in given else None
    tol = 1e-3 if method in ("gradient", "accelerated") else 1e-7
    r = sm.minimax(curved, [3.0, 2.0], jac=jac, hess=hess, convex=True, method=method, tol=tol)
    assert r.success, r.message
    want = slsqp(curved, [3.0, 2.0])
    assert r.fun == pytest.approx(want, rel=10 * tol)
    assert r.lower_bound <= want + 1e-8
    assert r.certificate.kind == "assumed-convex"


def test_a_list_of_functions_is_one_function():
    several = [lambda x, i=i: curved(x)[i] for i in range(3)]
    slopes = [lambda x, i=i: curved_jac(x)[i] for i in range(3)]
    one, many, sloped = (
        sm.minimax(f, [3.0, 2.0], jac=j, convex=True) for f, j in ((curved, None), (several, None), (several, slopes))
    )
    assert many.fun == pytest.approx(one.fun, rel=1e-9)
    assert sloped.fun == pytest.approx(one.fun, rel=1e-7)


def test_args_reach_the_function_its_jacobian_and_its_hessian():
    seen = []

    def fun(x, scale, shift):
        seen.append("fun")
        return scale * curved(x) + shift

    def jac(x, scale, shift):
        seen.append("jac")
        return scale * curved_jac(x)

    def hess(x, v, scale, shift):
        seen.append("hess")
        return scale * curved_hess(x, v)

    plain = sm.minimax(curved, [3.0, 2.0], jac=curved_jac, convex=True)
    r = sm.minimax(fun, [3.0, 2.0], args=(2.0, 5.0), jac=jac, hess=hess, convex=True, method="newton")
    assert r.fun == pytest.approx(2 * plain.fun + 5, rel=1e-7)
    assert set(seen) == {"fun", "jac", "hess"}


def test_a_single_valued_function_is_plain_minimization():
    r = sm.minimax(lambda x: float((x[0] - 1) ** 2 + 3), [5.0], convex=True)
    assert r.success, r.message
    assert r.fun == pytest.approx(3.0, rel=1e-7)
    assert r.x[0] == pytest.approx(1.0, abs=1e-3)
    assert r.weights.shape == (1,)


def test_one_smooth_component_may_be_active_alone():
    """Plain minimization in disguise: the second component is far below."""

    def fun(x):
        return np.array([np.cosh(x[0] - 1) + np.cosh(x[1]), -50.0])

    r = sm.minimax(fun, [2.0, 2.0], convex=True, tol=1e-6)
    assert r.success, r.message
    assert r.fun == pytest.approx(2.0, rel=1e-6)


@pytest.mark.parametrize("jac", [None, lambda x: A])
def test_absolute_takes_both_signs(jac):
    r = sm.minimax(pieces, [0.0, 0.0], jac=jac, absolute=True, convex=True, tol=1e-7)
    want = sm.solve(sm.Minimax(sm.Affine(A, B, absolute=True)), tol=1e-10)
    assert r.success, r.message
    assert r.fun == pytest.approx(want.fun, rel=1e-6)
    assert r.weights.shape == (6,)


def test_bounds_in_either_form_and_constraints():
    pairs, bounds = [(0, None), (None, 1.5)], scipy.optimize.Bounds([0, -np.inf], [np.inf, 1.5])
    a, b = (sm.minimax(curved, [3.0, 2.0], bounds=form, convex=True, tol=1e-7) for form in (pairs, bounds))
    want = slsqp(curved, [3.0, 1.0], bounds=pairs)
    for r in (a, b):
        assert r.success, r.message
        assert r.fun == pytest.approx(want, abs=1e-6)
        assert "projected" in r.message
    line = scipy.optimize.LinearConstraint([[1.0, 1.0]], -np.inf, -1.0)
    c = sm.minimax(curved, [-3.0, 1.0], constraints=line, convex=True, tol=1e-7)
    assert c.success, c.message
    assert c.x.sum() <= -1 + 1e-9
    assert c.fun > a.fun


class Corners:
    """The box [0, 3] × [0, 1.5] by its oracle alone."""

    def lmo(self, c):
        return np.where(np.asarray(c) > 0, 0.0, [3.0, 1.5])


def test_bounds_may_be_whatever_stands_for_a_domain():
    want = sm.minimax(curved, [3.0, 2.0], bounds=[(0, 3), (0, 1.5)], convex=True, tol=1e-7)
    forms = [
        sm.Box([0.0, 0.0], [3.0, 1.5]),
        scipy.optimize.LinearConstraint(np.eye(2), [0.0, 0.0], [3.0, 1.5]),
        Corners(),
        np.array([[0.0, 3.0], [0.0, 1.5]]),
        np.array([[0, 3], [0, 1.5]], object),
        zip((0, 0), (3, 1.5)),
    ]
    for form in forms:
        r = sm.minimax(curved, [3.0, 1.5], bounds=form, convex=True, tol=1e-5)
        assert r.fun == pytest.approx(want.fun, rel=1e-4)
        assert r.x[1] <= 1.5 + 1e-9


@pytest.mark.parametrize(
    ("answers", "error", "words"),
    [(lambda f, jobs: None, TypeError, "None"), (lambda f, jobs: [f(jobs[0])], ValueError, "1")],
)
def test_what_workers_return_is_checked(answers, error, words):
    assert_refuses(error, ["workers", words], sm.minimax, curved, [3.0, 2.0], workers=answers)


def test_bounds_are_kept_by_finite_differences_of_the_answer():
    r = sm.minimax(curved, [0.0, 0.0], bounds=[(-1, 0), (-1, 1)], convex=True)
    assert r.success, r.message
    assert -1 <= r.x[0] <= 0


def test_x0_is_not_changed():
    x0 = np.array([3.0, 2.0])
    sm.minimax(curved, x0, convex=True)
    assert np.array_equal(x0, [3.0, 2.0])


def test_a_function_may_spoil_its_argument():
    def greedy(x):
        f = curved(x)
        x[:] = np.nan
        return f

    assert sm.minimax(greedy, [3.0, 2.0], convex=True).fun == pytest.approx(slsqp(curved, [3.0, 2.0]), rel=1e-6)


def test_nonconvex_is_local_without_lower_bound():
    r = sm.minimax(lambda x: np.array([np.sin(x[0]), -x[0] / 10]), [5.5])
    assert r.success, r.message
    assert r.lower_bound == -math.inf
    assert r.certificate.kind == "local"
    assert "local minimax" in r.message
    near = r.x[0] + np.linspace(-0.1, 0.1, 20_001)
    assert r.fun <= np.maximum(np.sin(near), -near / 10).min() + 1e-9  # nothing better nearby


@pytest.mark.parametrize("method", PLAIN)
def test_nfev_counts_the_users_calls(method):
    for jac in (None, curved_jac):
        fun = Counted(curved)
        r = sm.solve(problem_of(fun, jac), [3.0, 2.0], method=method, tol=1e-3)
        assert r.nfev == fun.calls
        assert r.npass > 0


@pytest.mark.parametrize("method", PLAIN)
def test_a_given_jacobian_saves_calls(method):
    few, many = (sm.solve(problem_of(curved, j), [3.0, 2.0], method=method, tol=1e-3).nfev for j in (curved_jac, None))
    assert few < many


# ---------------------------------------------------------------------------------- absolute values of some components


def hand_made(marks):
    """curved with the mirror images of `marks` below it, written out."""

    def fun(x):
        return np.concatenate([curved(x), -curved(x)[marks]])

    def jac(x):
        return np.vstack([curved_jac(x), -curved_jac(x)[marks]])

    def hess(x, v):
        return curved_hess(x, v[:3]) - sum(v[3 + k] * curved_hess(x, np.eye(3)[i]) for k, i in enumerate(marks))

    return fun, jac, hess


MARKS = [(True, [0, 1, 2]), (2, [0, 1]), (0, []), ([False, True, True], [1, 2]), ([2, 0], [2, 0]), (np.array([1]), [1])]


@pytest.mark.parametrize(("absolute", "marks"), MARKS, ids=lambda v: str(v))
@pytest.mark.parametrize("form", [np.asarray, sp.csr_array, None], ids=["dense", "sparse", "differences"])
def test_absolute_is_the_stack_written_by_hand(absolute, marks, form):
    fun, jac, hess = hand_made(marks)
    slope = None if form is None else lambda x: form(curved_jac(x))
    called = Counted(curved)
    parts = from_callables(called, np.array([3.0, 2.0]), jac=slope, hess=curved_hess, absolute=absolute)
    x, v = np.array([0.3, -0.7]), np.arange(1.0, 4 + len(marks))
    asked = called.calls
    np.testing.assert_array_equal(parts.value(x), fun(x))
    assert called.calls == asked + 1  # once for both signs
    blocks = list(parts.at(x))
    J = np.vstack([b.jacobian.toarray() if sp.issparse(b.jacobian) else b.jacobian for b in blocks])
    np.testing.assert_allclose(J, jac(x), rtol=1e-8, atol=1e-8)
    assert all(sp.issparse(b.jacobian) == (form is sp.csr_array) for b in blocks)
    np.testing.assert_allclose(parts.hess(x, v), hess(x, v), rtol=1e-14)
    assert parts.exact_hess
    rows = np.arange(3 + len(marks))
    np.testing.assert_array_equal(parts.rounding(x, rows), 4 * np.finfo(float).eps * np.abs(fun(x)))
    r = sm.minimax(curved, [3.0, 2.0], jac=slope, hess=curved_hess, absolute=absolute)
    want = sm.minimax(fun, [3.0, 2.0], jac=jac, hess=hess)
    assert r.success, r.message
    assert want.success, want.message
    assert r.fun == pytest.approx(want.fun, rel=1e-7)
    assert r.weights.shape == (3 + len(marks),)


@pytest.mark.parametrize(
    ("absolute", "error", "words"),
    [
        (4, ValueError, ("4", "3")),
        (-1, ValueError, ("-1",)),
        ([True, False], ValueError, ("mask", "2")),
        ([0, 3], ValueError, ("index", "3")),
        ([0, -1], ValueError, ("index",)),
        ([1, 1], ValueError, ("once",)),
        ([0.5], TypeError, ("0.5",)),
        ("all", TypeError, ("absolute",)),
        ([[0], [1]], TypeError, ("indices",)),
    ],
)
def test_marks_that_make_no_sense(absolute, error, words):
    assert_refuses(error, ("absolute", *words), sm.minimax, curved, [3.0, 2.0], absolute=absolute)


# -------------------------------------------------------------------------------------------- published values


def mathworks(x):
    a, b = x
    return np.array([2 * a**2 + b**2 - 48 * a - 40 * b + 304, -(a**2) - 3 * b**2, a + 3 * b - 18, -a - b, a + b - 8])


def cb2(x):
    a, b = x
    return np.array([a**2 + b**4, (2 - a) ** 2 + (2 - b) ** 2, 2 * np.exp(b - a)])


@pytest.mark.parametrize("jac", [None, "2-point", "3-point", "cs"])
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("fun", "x0", "absolute", "published", "digits"),
    [(cb2, [2.0, 2.0], False, 1.95222449387, 1e-8), (mathworks, [0.1, 0.1], True, 37.2356, 5e-5)],
    ids=["Charalambous-Bandler", "MathWorks, absolute"],
)
def test_published_values_by_every_difference(fun, x0, absolute, published, digits, jac, workers):
    r = sm.minimax(fun, x0, jac=jac, absolute=absolute, workers=workers)
    assert r.success, r.message
    assert r.fun == pytest.approx(published, abs=digits)
    assert r.certificate.kind == "local"


# ---------------------------------------------------------------------------------------------- older and other forms


def test_constraints_as_dictionaries():
    """max of curved on x₁ + 2 x₂ = 3, x₁ x₂ ≥ 1, in SciPy's older form with args, and in the newer."""
    old = [
        {"type": "eq", "fun": lambda x, s: x[0] + 2 * x[1] - s, "args": (3.0,)},
        {"type": "ineq", "fun": lambda x: x[0] * x[1] - 1, "jac": lambda x: np.array([x[1], x[0]])},
    ]
    new = [
        scipy.optimize.LinearConstraint([[1.0, 2.0]], 3.0, 3.0),
        scipy.optimize.NonlinearConstraint(lambda x: x[0] * x[1], 1.0, np.inf),
    ]
    a, b = (sm.minimax(curved, [2.0, 1.0], jac=curved_jac, constraints=form) for form in (old, new))
    for r in (a, b):
        assert r.success, r.message
        assert r.x @ [1.0, 2.0] == pytest.approx(3.0)
        assert r.x[0] * r.x[1] >= 1 - 1e-7
    assert a.fun == pytest.approx(b.fun, rel=1e-7)
    one = sm.minimax(curved, [2.0, 1.0], jac=curved_jac, constraints=old[1])
    assert one.fun <= a.fun + 1e-7


@pytest.mark.parametrize(
    "item",
    [{"type": "le", "fun": curved}, {"type": "eq"}, {"type": "eq", "fun": 3}, {"type": "eq", "fun": curved, "x": 1}],
)
def test_dictionaries_that_are_no_constraint(item):
    assert_refuses(
        ValueError, ("constraints", "ineq", "NonlinearConstraint"), sm.minimax, curved, [3, 2], constraints=item
    )


def test_functions_of_one_and_of_several_values_in_one_list():
    mixed = [lambda x: curved(x)[0], lambda x: curved(x)[1:]]
    slopes = [lambda x: curved_jac(x)[0], lambda x: sp.csr_array(curved_jac(x)[1:])]
    want = sm.minimax(curved, [3.0, 2.0], convex=True)
    for jac in (None, slopes):
        r = sm.minimax(mixed, [3.0, 2.0], jac=jac, convex=True)
        assert r.fun == pytest.approx(want.fun, rel=1e-7)
        assert r.weights.shape == (3,)
    assert_refuses(ValueError, ("jac", "2", "1"), sm.minimax, mixed, [3.0, 2.0], jac=slopes[:1])
    assert_refuses(ValueError, ("jac[0]", "(3,)"), sm.minimax, mixed, [3.0, 2.0], jac=[lambda x: np.ones(3), slopes[1]])
    assert_refuses(ValueError, ("fun[1]", "(1, 3)"), sm.minimax, [mixed[0], lambda x: curved(x)[None]], [3.0, 2.0])


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array, np.ndarray.tolist], ids=["dense", "sparse", "lists"])
def test_a_constant_jacobian_is_a_matrix(form):
    r = sm.minimax(pieces, [3.0, 2.0], jac=form(A), convex=True)
    assert r.success, r.message
    assert r.fun == pytest.approx(sm.solve(sm.Minimax(sm.Affine(A, B))).fun, rel=1e-9)
    assert_refuses(ValueError, ("jac", "component"), sm.minimax, pieces, [3.0, 2.0], jac=form(2 * A))
    assert_refuses(ValueError, ("jac", "(3, 3)"), sm.minimax, pieces, [3.0, 2.0], jac=form(np.eye(3)))


@pytest.mark.parametrize("bounds", [None, [(-5, 2), (-5, 5)]])
@pytest.mark.parametrize("jac", [None, "cs", curved_jac])
def test_nfev_of_minimax_is_every_call_there_was(bounds, jac):
    fun = Counted(curved)
    r = sm.minimax(fun, [3.0, 2.0], jac=jac, bounds=bounds)
    assert r.nfev == fun.calls


def test_a_lying_jacobian_is_named_unless_nobody_asks():
    def lie(x):
        J = curved_jac(x)
        J[1, 0] += 0.5
        return J

    with pytest.raises(ValueError, match=r"component 1, variable 0: jac says 2\.5, a central difference says 2"):
        sm.minimax(curved, [3.0, 2.0], jac=lie)
    sm.minimax(curved, [3.0, 2.0], jac=lie, check=False, max_passes=20)
    with pytest.raises(ValueError, match=r"hess disagrees with the Jacobian: entry \(0, 0\)"):
        sm.minimax(curved, [3.0, 2.0], jac=curved_jac, hess=lambda x, v: 3 * curved_hess(x, v), check="full")


# ------------------------------------------------------------------------------------------- functions that misbehave


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(("method", "tau"), asked(PLAIN, 0.1))
def test_nan_from_the_start(method, bad, tau):
    fun = Counted(curved, 0, np.array([1.0, bad, 2.0]))
    r = sm.solve(problem_of(fun, curved_jac), [3.0, 2.0], method=method, tau=tau)
    assert not r.success
    assert r.status == 4
    assert "nan" in r.message
    assert "restrict" in r.message
    assert np.array_equal(r.x, [3.0, 2.0])
    assert r.lower_bound == -math.inf
    assert not r.gap < math.inf


@pytest.mark.parametrize(("method", "tau"), asked(PLAIN, 0.1))
@pytest.mark.parametrize("after", [3, 4, 5, 6, 8, 11, 15, 20, 30])
def test_nan_always_after_k_calls(method, tau, after):
    fun = Counted(curved, after, np.full(3, math.nan))
    r = sm.solve(problem_of(fun, curved_jac), [3.0, 2.0], method=method, tau=tau, max_passes=1000)
    assert np.isfinite(r.x).all()
    assert r.fun <= curved(np.array([3.0, 2.0])).max()
    assert r.fun == pytest.approx(curved(r.x).max(), rel=1e-14)
    assert not math.isnan(r.gap)
    assert r.gap == r.certificate.gap
    if math.isfinite(r.gap):
        assert r.gap == pytest.approx(r.fun - r.lower_bound, rel=1e-6, abs=1e-12)
    if fun.calls > after and not r.success:
        assert r.status == 4
        assert "nan" in r.message
    if r.success and tau is None:
        assert r.gap <= 1e-7 * (r.fun + 20)


@pytest.mark.parametrize("method", PLAIN)
def test_nan_beyond_the_edge_of_the_functions_domain_is_stepped_around(method):
    """−√x₁ is nan for x₁ < 0; the minimum is inside, at −√x = x: x = … within."""

    def fun(x):
        with np.errstate(all="ignore"):
            return np.array([-np.sqrt(x[0]) + x[1] ** 2, x[0] + x[1]])

    r = sm.minimax(fun, [1.0, 1.0], convex=True, method=method, tol=1e-6)
    assert r.success, r.message
    assert r.fun == pytest.approx(-0.25, abs=1e-5)


@pytest.mark.parametrize("method", PLAIN)
def test_infinity_beyond_the_edge_is_stepped_around(method):
    """max(−log x, x) is least where −log x = x, at the omega constant 0.56714…"""

    def fun(x):
        return np.array([-math.log(x[0]) if x[0] > 0 else math.inf, x[0]])

    r = sm.minimax(fun, [5.0], convex=True, method=method, tol=1e-6, max_passes=5000)
    assert r.success, r.message
    assert r.fun == pytest.approx(0.56714329, abs=1e-5)


class Mine(Exception):
    """Raised by the user's function."""


@pytest.mark.parametrize("method", PLAIN)
@pytest.mark.parametrize("after", [0, 1, 3, 9])
def test_an_exception_of_the_function_comes_through_untouched(method, after):
    error = Mine("from inside")

    def fail(x):
        raise error

    with pytest.raises(Mine) as caught:
        sm.solve(problem_of(Counted(curved, after, fail), curved_jac), [3.0, 2.0], method=method)
    assert caught.value is error


@pytest.mark.parametrize("method", PLAIN)
@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (np.zeros(2), ValueError, ("fun(x", "(2,)", "(3,)")),
        (np.zeros((3, 1)), ValueError, ("fun(x", "(3, 1)", "(3,)")),
        (np.zeros(3, complex), TypeError, ("fun(x", "complex128")),
        (None, TypeError, ("fun(x", "None")),
    ],
)
def test_a_wrong_shape_or_type_midway_is_named(method, wrong, error, words):
    for after in (1, 6):
        with pytest.raises(error) as caught:
            sm.solve(problem_of(Counted(curved, after, wrong), curved_jac), [3.0, 2.0], method=method)
        assert all(word in str(caught.value) for word in words), caught.value


def test_a_jacobian_that_does_not_fit_or_lies_is_named_before_the_first_step():
    assert_refuses(
        ValueError, ("jac", "(3, 2)", "(2, 3)"), sm.minimax, curved, [3.0, 2.0], jac=lambda x: np.ones((2, 3))
    )
    assert_refuses(
        ValueError,
        ("jac", "component 1"),
        sm.minimax,
        curved,
        [3.0, 2.0],
        jac=lambda x: curved_jac(x) * [[1], [-1], [1]],
    )
    with pytest.raises(ValueError, match=r"hess\(x, v\) must return shape \(2, 2\); it returned shape \(3, 3\)"):
        sm.minimax(curved, [3.0, 2.0], jac=curved_jac, hess=lambda x, v: np.eye(3), method="newton")


# --------------------------------------------------------------------------------------------- limits on the clock


@pytest.mark.parametrize(("method", "tau"), asked(PLAIN, 0.05))
@pytest.mark.parametrize("limit", [0.0, 0.1])
@pytest.mark.parametrize("jac", [curved_jac, None])
def test_a_slow_function_overshoots_the_time_limit_by_one_call(method, limit, tau, jac):
    fun = Counted(curved, pause=0.015)
    begun = time.perf_counter()
    r = sm.solve(problem_of(fun, jac), [3.0, 2.0], method=method, time_limit=limit, tau=tau, tol=1e-13)
    late = sum(t >= begun + limit + 1e-3 for t in fun.times)
    first = 1 if limit == 0 else 0  # something has to be known of x0
    assert late <= first + 1, f"{late} calls were begun after the limit of {limit} s"
    assert r.fun == pytest.approx(curved(r.x).max(), rel=1e-14)  # at least the first point is reported
    assert r.fun <= curved(np.array([3.0, 2.0])).max()
    if not r.success:
        assert r.status == 2
        assert f"time limit of {limit:g} s" in r.message
        assert "increase" in r.message


@pytest.mark.parametrize("method", PLAIN)
def test_a_budget_of_passes_keeps_the_best_point_and_names_the_remedy(method):
    start = curved(np.array([3.0, 2.0])).max()
    last = start
    for passes in (1, 2, 5, 10, 20, 40):
        r = sm.solve(problem_of(curved, curved_jac), [3.0, 2.0], method=method, max_passes=passes, tol=1e-13)
        assert r.fun == pytest.approx(curved(r.x).max(), rel=1e-14)
        assert r.fun <= last + 1e-12
        last = r.fun
        assert r.npass <= passes + 20  # the last certificate may cost a few
        if not r.success:
            assert r.status == 1
            assert f"budget of {passes} passes" in r.message
            assert "increase" in r.message
    assert last < start


# -------------------------------------------------------------------------------------------------- the door


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"fun": 3}, TypeError, ("fun", "3", "callable")),
        ({"fun": []}, TypeError, ("fun", "callable")),
        ({"fun": [curved, 2]}, TypeError, ("fun", "callable")),
        ({"fun": lambda x: []}, ValueError, ("fun", "shape", "(0,)")),
        ({"fun": lambda x: "high"}, TypeError, ("fun", "real numbers")),
        ({"fun": lambda x: x + 1j}, TypeError, ("fun", "complex128")),
        ({"fun": lambda x: np.zeros((2, 2))}, ValueError, ("fun", "(2, 2)")),
        ({"x0": []}, ValueError, ("x0", "empty")),
        ({"x0": [math.nan, 0.0]}, ValueError, ("x0", "nan", "finite")),
        ({"x0": [[1.0, 2.0]]}, ValueError, ("x0", "(1, 2)")),
        ({"x0": 1.0}, ValueError, ("x0", "shape")),
        ({"x0": ["a", "b"]}, TypeError, ("x0", "real numbers")),
        ({"x0": [1 + 1j, 2.0]}, TypeError, ("x0", "complex128")),
        ({"x0": None}, TypeError, ("x0", "real numbers")),
        ({"jac": "4-point"}, ValueError, ("jac", "4-point", "3-point")),
        ({"jac": 2}, ValueError, ("jac", "2", "3-point")),
        ({"hess": 7}, TypeError, ("hess", "callable")),
        ({"bounds": [(0, 1)]}, ValueError, ("bounds", "2", "1")),
        ({"bounds": [(1, 0), (0, 1)]}, ValueError, ("lb", "ub", "1.0", "0.0")),
        ({"bounds": "wide"}, ValueError, ("bounds", "wide", "pairs")),
        ({"bounds": [(0, math.nan), (0, 1)]}, ValueError, ("ub", "nan")),
        ({"bounds": [("0", "1"), ("0", "1")]}, TypeError, ("bounds[0][0]", "number", "'0'")),
        ({"bounds": [(0, None), (0, True)]}, TypeError, ("bounds[1][1]", "number", "True")),
        ({"bounds": [(0, 1, 2), (0, 1, 2)]}, ValueError, ("bounds", "pairs", "(0, 1, 2)")),
        ({"bounds": 5}, TypeError, ("bounds", "Bounds", "int")),
        ({"bounds": scipy.optimize.LinearConstraint(np.eye(3))}, ValueError, ("bounds", "d = 2", "3")),
        ({"constraints": lambda x: x}, TypeError, ("constraints", "LinearConstraint")),
        ({"constraints": scipy.optimize.LinearConstraint([[1.0, 0, 0]])}, ValueError, ("3", "2")),
        ({"args": 3}, TypeError, ("args", "tuple")),
        ({"nonsense": 1}, TypeError, ("nonsense",)),
        ({"method": "magic"}, ValueError, ("method", "magic", "newton")),
        ({"tau": -1.0}, ValueError, ("tau", "-1.0", "> 0")),
    ],
    ids=lambda v: "-".join(v) if isinstance(v, dict) else None,
)
def test_refusals_name_the_argument_its_value_and_what_is_right(arguments, error, words):
    given = {"fun": curved, "x0": [3.0, 2.0], **arguments}
    assert_refuses(error, words, lambda: sm.minimax(given.pop("fun"), given.pop("x0"), **given))


def test_bad_options_are_refused_before_the_function_is_called_by_the_solver():
    fun = Counted(curved)
    for wrong in ({"tol": -1}, {"method": "cvxpy"}, {"tau": 0.0}, {"max_passes": 0}):
        problem = problem_of(fun, curved_jac)
        with pytest.raises(ValueError):
            sm.solve(problem, [3.0, 2.0], **wrong)
    assert fun.calls == 0


def test_cvxpy_says_what_it_cannot_take():
    if "cvxpy" in METHODS:
        assert_refuses(ValueError, ("cvxpy", "Smooth", "newton"), sm.minimax, curved, [3.0, 2.0], method="cvxpy")


@pytest.mark.parametrize("method", ["gradient", "accelerated", "lbfgs", "newton"])
def test_a_given_temperature_without_convexity_ends_at_a_minimum_of_the_surrogate(method):
    """Weights that balance the gradients exist far from it: they must be those of the point, too."""

    def fun(x):
        return np.array([x[0] ** 2 + x[1] ** 4, (2 - x[0]) ** 2 + (2 - x[1]) ** 2, 2 * np.exp(x[1] - x[0])])

    problem = sm.Minimax(sm.Smooth(fun, d=2))
    surrogate = sm.Smoothed(problem, 0.1)
    best = scipy.optimize.minimize(surrogate.fun, [0.0, 0.0], jac=surrogate.jac, tol=1e-12).fun
    r = sm.solve(problem, [0.0, 0.0], method=method, tau=0.1)
    assert r.success
    assert surrogate.fun(r.x) == pytest.approx(best, abs=3e-8)
