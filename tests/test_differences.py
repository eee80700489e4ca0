"""Derivatives of user functions: by differences, by complex steps, inside bounds, by several workers; their check."""

import threading
import time
import warnings
from multiprocessing.pool import ThreadPool

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

import smoothmax as sm
from smoothmax._warnings import filtered
from smoothmax.components import CLOCK, Linearization
from tests.effort import law
from tests.laws import assert_refuses

D = 3
X = np.array([0.4, -0.8, 1.3])
ROWS = np.arange(3)


def mixed(x):
    """Analytic, and computed by what takes complex numbers too."""
    return np.array([np.sin(x[0]) * x[1], np.exp(x[0] - x[2]) + x[1] ** 3, x[0] * x[1] * x[2]])


def mixed_jac(x):
    return np.array(
        [
            [np.cos(x[0]) * x[1], np.sin(x[0]), 0.0],
            [np.exp(x[0] - x[2]), 3 * x[1] ** 2, -np.exp(x[0] - x[2])],
            [x[1] * x[2], x[0] * x[2], x[0] * x[1]],
        ]
    )


def mixed_hess(x, v):
    e = np.exp(x[0] - x[2])
    H = v[0] * np.array([[-np.sin(x[0]) * x[1], np.cos(x[0]), 0], [np.cos(x[0]), 0, 0], [0, 0, 0]])
    H = H + v[1] * np.array([[e, 0, -e], [0, 6 * x[1], 0], [-e, 0, e]])
    return H + v[2] * np.array([[0, x[2], x[1]], [x[2], 0, x[0]], [x[1], x[0], 0]])


def slopes(jac, x=X, fun=mixed, **more):
    return Linearization(sm.Smooth(fun, jac, d=D, n=3, **more), x).jac(ROWS)


# ------------------------------------------------------------------------------------------------------ how exact


@law(50, 1000)
@given(st.lists(st.floats(-3, 3), min_size=D, max_size=D))
def test_complex_steps_are_exact_to_rounding(x):
    x = np.array(x)
    J = mixed_jac(x)
    assert np.all(np.abs(slopes("cs", x) - J) <= 1e-14 * (np.abs(J) + 1e-14))


def test_errors_of_differences_fall_with_the_step_as_they_should():
    """Through the curvature: F(x) = exp(Lx) at 0 has an error of L³h²/6 (central) or L²h/2, h fixed by the scheme."""
    eps = np.finfo(float).eps
    for L in (30.0, 60.0, 120.0):
        found = {s: slopes(s, np.zeros(D), lambda x, L=L: np.exp(L * x)) for s in ("2-point", "3-point")}
        error = {s: np.abs(np.diag(J) - L) for s, J in found.items()}
        np.testing.assert_allclose(error["3-point"], L**3 * eps ** (2 / 3) / 6, rtol=0.05)
        np.testing.assert_allclose(error["2-point"], L**2 * eps**0.5 / 2, rtol=0.1)


def test_one_sided_three_point_differences_are_of_second_order_too():
    """exp(Lx) for x ≥ 0 only: through x, x + h, x + 2h the error is L³h²/3."""
    eps = np.finfo(float).eps
    for L in (60.0, 120.0):
        J = slopes("3-point", np.zeros(D), lambda x, L=L: np.exp(L * x), bounds=(np.zeros(D), np.full(D, np.inf)))
        np.testing.assert_allclose(np.abs(np.diag(J) - L), L**3 * eps ** (2 / 3) / 3, rtol=0.05)


@pytest.mark.parametrize(("scheme", "calls"), [("2-point", D), ("3-point", 2 * D), ("cs", D), (None, 2 * D)])
def test_calls_of_a_difference_jacobian(scheme, calls):
    parts = sm.Smooth(mixed, scheme, d=D, n=3)
    Linearization(parts, X).jac(ROWS)
    assert parts.evaluations == calls + (scheme == "2-point")  # F(x) itself is only needed there


@pytest.mark.parametrize("jac", [None, "2-point", "3-point", "cs", mixed_jac, "at a bound", "in a corner"])
def test_second_derivatives_by_differences(jac):
    v = np.array([0.2, 0.5, -0.3])
    box = {"at a bound": (X, X + 1), "in a corner": (X - 1, X)}.get(jac)
    parts = sm.Smooth(mixed, None if box else jac, d=D, n=3, bounds=box)
    exact = callable(jac) or jac == "cs"
    np.testing.assert_allclose(parts.hess(X, v), mixed_hess(X, v), atol=2e-7 if exact else 2e-3)


# ------------------------------------------------------------------------------------------------------ inside bounds


@law(100, 2000)
@given(
    st.lists(st.tuples(st.floats(-2, 2), st.sampled_from([0.0, 1e-12, 1e-7, 1e-3, 1.0])), min_size=D, max_size=D),
    st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=D, max_size=D),
    st.sampled_from(["2-point", "3-point"]),
)
def test_no_difference_leaves_the_bounds(sides, where, scheme):
    lb = np.array([low for low, _ in sides])
    ub = lb + np.array([width for _, width in sides])
    x = np.clip(lb + np.array(where) * (ub - lb), lb, ub)
    seen = []

    def fun(y):
        seen.append(y)
        return mixed(y)

    parts = sm.Smooth(fun, scheme, d=D, n=3, bounds=(lb, ub))
    J = Linearization(parts, x).jac(ROWS)
    parts.hess(x, np.ones(3))
    sm.Smooth(fun, mixed_jac, d=D, n=3, bounds=(lb, ub)).check(x)
    assert all(np.all((lb <= y) & (y <= ub)) for y in seen)
    assert not J[:, lb == ub].any()  # a variable that cannot move
    wide = ub - lb > 1e-3
    np.testing.assert_allclose(J[:, wide], mixed_jac(x)[:, wide], atol=1e-5)
    assert np.isfinite(J).all()


def test_a_function_that_exists_only_inside_the_bounds():
    """√x₁ on x ≥ 0, from the corner where its neighbours raise: max(x₁² − x₂, x₂ − x₁, …) by differences alone."""

    def fun(x):
        if np.any(x < 0) or np.any(x > 4):
            raise ArithmeticError(f"not defined at {x}")
        return np.array([(x[0] - 3) ** 2 + x[1], 2 - x[1], x[0] + x[1]])

    free = sm.minimax(lambda x: np.array([(x[0] - 3) ** 2 + x[1], 2 - x[1], x[0] + x[1]]), [1.0, 1.0], convex=True)
    for x0 in ([0.0, 0.0], [4.0, 4.0], [9.0, -1.0]):
        r = sm.minimax(fun, x0, bounds=[(0, 4), (0, 4)], convex=True)
        assert r.success, r.message
        assert r.fun == pytest.approx(free.fun, rel=1e-6)
        assert ("projected" in r.message) == (x0 == [9.0, -1.0])


# ------------------------------------------------------------------------------------------------------ complex steps


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: np.array([__import__("math").sin(x[0]), x[1], x[2]]),  # TypeError inside
        lambda x: np.abs(x),  # a real answer
        lambda x: x.real * 2,
        lambda x: np.array([float(x[0]), 0.0, 0.0]),
        lambda x: np.array(x, dtype=float),  # a ComplexWarning inside
    ],
    ids=["math", "abs", "real", "float", "cast"],
)
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
def test_a_function_that_cannot_take_complex_x_is_told_so(fun):
    assert_refuses(TypeError, ['jac="cs"'[:3], "complex"], slopes, "cs", fun=fun)


def test_imaginary_parts_that_vanish_are_found_by_the_check():
    def fun(x):
        return np.abs(x) ** 2 + 0j if np.iscomplexobj(x) else np.abs(x) ** 2

    parts = sm.Smooth(fun, "cs", d=D, n=3)
    assert_refuses(ValueError, ["jac", "component 0", "variable 0", "complex"], parts.check, X)
    sm.Smooth(mixed, "cs", d=D, n=3).check(X)


# ------------------------------------------------------------------------------------------------------ the check


def off_by(i, j, factor):
    def jac(x):
        J = mixed_jac(x)
        J[i, j] *= factor
        return J

    return jac


@pytest.mark.parametrize(("i", "j"), [(0, 0), (1, 2), (2, 1)])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_array], ids=["dense", "sparse"])
def test_a_wrong_entry_is_named_with_both_numbers(i, j, form):
    wrong = off_by(i, j, 1.25)
    parts = sm.Smooth(mixed, lambda x: form(wrong(x)), d=D, n=3)
    says = (f"{wrong(X)[i, j]:.6g}"[:6], f"{mixed_jac(X)[i, j]:.6g}"[:6])
    with pytest.raises(
        ValueError, match=rf"component {i}, variable {j}: jac says {says[0]}.*difference says {says[1]}"
    ):
        parts.check(X)


def test_a_right_jacobian_costs_one_call_and_is_not_asked_for_twice():
    parts = sm.Smooth(mixed, mixed_jac, d=D, n=3)
    parts.evaluate(X)
    parts.check(X)
    assert (parts.evaluations, parts.jacobians) == (2, 1)
    Linearization(parts, X).jac(ROWS)
    assert (parts.evaluations, parts.jacobians) == (2, 1)


@law(200, 4000)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1e-9, 1e-4, 1.0, 1e4, 1e9]),
    st.sampled_from([1e-6, 1e-3, 1.0, 1e3]),
    st.sampled_from([0.0, 1.0, 1e6]),
    st.booleans(),
)
def test_no_false_alarm_and_no_sign_error_missed(seed, scale, length, offset, at_zero):
    """f = scale·(offset + sin, exp, squares of (x/length)): right Jacobians pass, one with a flipped sign does not."""
    rng = np.random.default_rng(seed)
    A, b = rng.standard_normal((6, 4)), rng.standard_normal(6)
    x = np.zeros(4) if at_zero else length * rng.standard_normal(4)

    def fun(x):
        z = A @ (x / length) + b
        return scale * (offset + np.concatenate([np.sin(z[:2]), np.exp(z[2:4] / 3), z[4:] ** 2]))

    def jac(x):
        z = A @ (x / length) + b
        inner = np.concatenate([np.cos(z[:2]), np.exp(z[2:4] / 3) / 3, 2 * z[4:]])
        return scale * inner[:, None] * A / length

    sm.Smooth(fun, jac, d=4, n=6).check(x)
    sm.Smooth(fun, jac, d=4, n=6, check="full").check(x)
    if offset <= 1.0 and length <= 1.0:
        with pytest.raises(ValueError, match="jac disagrees"):
            sm.Smooth(fun, lambda x: -jac(x), d=4, n=6).check(x)


@pytest.mark.parametrize("curvature", [1.0, 1e6, 1e12])
def test_no_false_alarm_where_the_slope_vanishes(curvature):
    sm.Smooth(lambda x: curvature * x**2, lambda x: np.diag(2 * curvature * x), d=D, n=D).check(np.zeros(D))


def test_no_false_alarm_where_the_function_cancels_inside():
    sm.Smooth(lambda x: (1e8 + mixed(x)) - 1e8, mixed_jac, d=D, n=3).check(X)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_is_no_disagreement(bad):
    sm.Smooth(lambda x: np.full(3, bad), mixed_jac, d=D, n=3).check(X)
    sm.Smooth(mixed, lambda x: np.full((3, D), bad), d=D, n=3).check(X)
    sm.Smooth(mixed, lambda x: np.full((3, D), bad), lambda x, v: np.full((D, D), bad), d=D, n=3, check="full").check(X)


def test_the_check_can_be_left_out_or_be_thorough():
    slight = off_by(1, 1, 1.004)
    weak = sm.Smooth(
        lambda x: mixed(x) + [0, 9 * x[0], 0], lambda x: slight(x) + [[0] * 3, [9, 0, 0], [0] * 3], d=D, n=3
    )
    weak.check(X)  # lost among the others along one direction
    full = sm.Smooth(mixed, slight, d=D, n=3, check="full")
    assert_refuses(ValueError, ["component 1", "variable 1"], full.check, X)
    parts = sm.Smooth(mixed, off_by(1, 1, -1.0), d=D, n=3, check=False)
    parts.check(X)
    assert parts.evaluations == parts.jacobians == 0
    assert_refuses(ValueError, ["check", "'half'"], sm.Smooth, mixed, check="half")


def test_a_wrong_hessian_is_named_when_asked():
    def wrong(x, v):
        H = mixed_hess(x, v)
        H[0, 1] *= 2
        return H

    sm.Smooth(mixed, mixed_jac, wrong, d=D, n=3).check(X)
    sm.Smooth(mixed, mixed_jac, mixed_hess, d=D, n=3, check="full").check(X)
    for jac in (mixed_jac, "cs"):
        assert_refuses(ValueError, ["hess", "(1, 0)"], sm.Smooth(mixed, jac, wrong, d=D, n=3, check="full").check, X)


# ------------------------------------------------------------------------------------------------------ workers


def several(pause=0.0):
    def part(x, i):
        time.sleep(pause)
        return mixed(x)[i]

    return [lambda x, i=i: part(x, i) for i in range(3)]


@pytest.mark.parametrize("fun", [mixed, several()], ids=["one", "several"])
@pytest.mark.parametrize("jac", [None, "2-point", "3-point", "cs", mixed_jac])
def test_the_answer_does_not_depend_on_the_workers(fun, jac):
    jac = [lambda x, i=i: mixed_jac(x)[i] for i in range(3)] if callable(jac) and isinstance(fun, list) else jac
    v = np.array([0.2, 0.5, 0.3])
    with ThreadPool(2) as pool:
        for workers in (2, -1, pool.map, map):
            a, b = (sm.Smooth(fun, jac, d=D, n=3, workers=w) for w in (1, workers))
            np.testing.assert_array_equal(a.derivative(X), b.derivative(X))
            np.testing.assert_array_equal(a.value(X), b.value(X))
            np.testing.assert_array_equal(a.hess(X, v), b.hess(X, v))
            assert (a.evaluations, a.jacobians) == (b.evaluations, b.jacobians)
            one, many = (sm.minimax(fun, X, jac=jac, workers=w, bounds=[(-2, 2)] * D) for w in (1, workers))
            np.testing.assert_array_equal(one.x, many.x)
            assert (one.fun, one.nfev) == (many.fun, many.nfev)


def test_workers_save_time_and_leave_no_threads():
    before = threading.active_count()
    taken = []
    for workers in (1, 6):
        begun = time.perf_counter()
        sm.Smooth(several(0.01), "3-point", d=D, n=3, workers=workers).derivative(X)
        taken.append(time.perf_counter() - begun)
    assert taken[1] < 0.5 * taken[0]
    assert threading.active_count() <= before


class Mine(Exception):
    """Raised by the user's function."""


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("error", [Mine("inside"), KeyboardInterrupt()])
def test_errors_in_a_worker_come_through(workers, error):
    def fail(x):
        if x[1] != X[1]:
            raise error
        return mixed(x)

    before = threading.active_count()
    with pytest.raises(type(error)) as caught:
        sm.Smooth(fail, "2-point", d=D, n=3, workers=workers).derivative(X)
    assert caught.value is error
    time.sleep(0.05)
    assert threading.active_count() == before


@pytest.mark.parametrize("workers", [1, 2])
def test_the_deadline_speaks_before_every_call(workers):
    calls, late = [], Mine("too late")

    def clock():
        if len(calls) >= 3:
            raise late

    def fun(x):
        calls.append(x)
        time.sleep(0.01)
        return mixed(x)

    parts = sm.Smooth(fun, "3-point", d=D, n=3, workers=workers)
    token = CLOCK.set(clock)
    try:
        with pytest.raises(Mine):
            parts.derivative(X)
    finally:
        CLOCK.reset(token)
    assert len(calls) <= parts.evaluations <= 2 + workers  # a call in the queue may be withdrawn


@pytest.mark.parametrize(
    ("workers", "error"), [(0, ValueError), (-2, ValueError), (1.5, TypeError), (True, TypeError), ("two", TypeError)]
)
def test_workers_that_are_none(workers, error):
    assert_refuses(error, ["workers", "map"], sm.Smooth, mixed, workers=workers)


def test_a_map_that_loses_results():
    parts = sm.Smooth(mixed, "2-point", d=D, n=3, workers=lambda f, jobs: list(map(f, jobs))[1:])
    assert_refuses(ValueError, ["workers", "3", "2"], parts.derivative, X)


# ------------------------------------------------------------------------------------------------------ counting


def test_cheaper_is_coarser_and_counted_on_the_original():
    parts = sm.Smooth(mixed, d=D, n=3)
    rough = sm.Stack([parts, sm.Affine(np.eye(D))]).cheaper().parts[0]
    J = rough.derivative(X)
    assert parts.evaluations == 1 + D
    np.testing.assert_array_equal(J, slopes("2-point"))
    parts.derivative(X)
    parts.evaluate(X)  # known
    assert parts.evaluations == 1 + 3 * D
    some = parts.subset(np.array([0, 2]))
    np.testing.assert_array_equal(some.cheaper().value(X), mixed(X)[[0, 2]])
    for jac in ("2-point", "3-point", "cs", mixed_jac, mixed_jac(X)):
        named = sm.Smooth(mixed, jac, d=D, n=3)
        assert named.cheaper() is named
    assert sm.Stack([named]).cheaper().parts[0] is named


def test_jacobians_and_hessians_are_counted():
    parts = sm.Smooth(mixed, mixed_jac, mixed_hess, d=D, n=3)
    stack = sm.Stack([parts, sm.Affine(np.eye(D))])
    Linearization(stack, X).jac(np.arange(6))
    stack.hess(X, np.ones(6))
    assert (stack.evaluations, stack.jacobians, stack.hessians) == (0, 1, 1)
    assert stack.exact_hess
    assert parts.subset(ROWS[:1]).exact_hess
    assert not sm.Stack([sm.Smooth(mixed, mixed_jac, d=D, n=3)]).exact_hess
    assert sm.Smooth(mixed, np.ones((3, D))).exact_hess


def rings(x):
    """Two discs' squares, with complex numbers too."""
    return np.array([(x[0] - 1) ** 2 + x[1] ** 2, (x[0] + 1) ** 2 + x[1] ** 2 - 1])


def test_imaginary_parts_that_are_dropped_only_later_are_noticed_though_python_has_warned_before():
    def fun(x):
        if np.real(x[0]) >= 2:
            return rings(x)
        y = np.zeros(2)
        y[:] = rings(x)  # drops the imaginary parts, with a warning that Python shows once a place
        return y.astype(x.dtype)

    with warnings.catch_warnings():
        warnings.simplefilter("default")
        with pytest.warns(np.exceptions.ComplexWarning):
            fun(np.array([1 + 1j, 0j]))
        with pytest.raises(TypeError, match="complex"):
            sm.minimax(fun, [3.0, -1.0], jac="cs", convex=True)


def test_imaginary_parts_that_are_dropped_in_silence_are_noticed():
    def fun(x):
        return rings(x) if np.real(x[0]) >= 2 or np.isrealobj(x) else np.real(rings(x)).astype(complex)

    with pytest.raises(ValueError, match=r'jac="cs" disagrees.*complex'):
        sm.minimax(fun, [3.0, -1.0], jac="cs", convex=True)


def test_a_component_that_is_constant_is_no_dropped_imaginary_part():
    r = sm.minimax(lambda x: np.array([*rings(x), 0.3 + 0 * x[0]]), [3.0, -1.0], jac="cs", convex=True)
    assert r.success


def test_a_filter_leaves_with_its_user_whatever_other_threads_put_back():
    category = np.exceptions.ComplexWarning
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = filtered("error", category)
        ours.__enter__()
        with warnings.catch_warnings():  # another thread comes while ours is inside, and leaves later
            ours.__exit__(None, None, None)
        assert [entry for entry in warnings.filters if entry[:3] == ("error", None, category)] == []
