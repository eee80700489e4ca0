"""solve(): what its words mean, what it does when things go wrong, and what it refuses at the door."""

import inspect
import math
import re
import sys
import time

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse as sp
import scipy.special
from scipy.optimize import NonlinearConstraint
from scipy.sparse.linalg import aslinearoperator

import problems
import smoothmax as sm
from problems import linf_regression
from smoothmax.choose import worth
from smoothmax.result import joined
from smoothmax.solvers import METHODS as SOLVERS
from smoothmax.solvers import Status
from smoothmax.solvers.working_set import method as working_set
from tests.laws import EPS, assert_refuses
from tests.methods import DIRECT, METHODS, SMOOTHING, asked, within

A, B = np.array([[1.0, 1], [-1, 1], [0, -1]]), np.array([2.0, -3, 4])
PIECES = sm.Minimax(sm.Affine(A, B))
STACKLOSS = problems.get("stackloss").problem
PLAIN = ("gradient", "accelerated", "lbfgs", "newton")
ALL = (*PLAIN, *DIRECT)  # a cone solver takes seconds where these take milliseconds


def goal(problem, r, tol, atol=0.0):
    f = problem.components(r.x)
    return atol + tol * max(abs(f.max()), np.ptp(f))


# ------------------------------------------------------------------------------------- what tol, tau and success mean


@pytest.mark.parametrize("method", ["auto", "newton"])
@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-6, 1e-9, 1e-12])
def test_success_means_the_gap_is_within_tol_of_the_scale(tol, method):
    r = sm.solve(STACKLOSS, tol=tol, method=method)
    assert r.success, r.message
    assert r.status == 0
    assert 0 <= r.gap <= goal(STACKLOSS, r, tol) * (1 + 1e-9) + 1e-12
    assert r.gap == r.certificate.gap
    assert r.fun - 19705 / 4154 <= r.gap
    assert "proven" in r.message


@pytest.mark.parametrize("method", ["auto", "newton"])
def test_a_smaller_tolerance_never_costs_less(method):
    nit = [sm.solve(STACKLOSS, tol=tol, method=method).nit for tol in (1e-2, 1e-4, 1e-6, 1e-8, 1e-10)]
    assert nit == sorted(nit)


@pytest.mark.parametrize("method", ["auto", "newton"])
def test_atol_alone_is_enough_and_is_in_the_units_of_f(method):
    r = sm.solve(STACKLOSS, tol=0, atol=0.5, method=method)
    assert r.success, r.message
    assert 1e-6 < r.gap <= 0.5
    scaled = sm.solve(
        sm.Minimax(sm.Affine(STACKLOSS.components.A * 1e8, STACKLOSS.components.b * 1e8, absolute=True)),
        tol=0,
        atol=0.5e8,
        method=method,
    )
    assert scaled.nit == r.nit
    assert scaled.gap == pytest.approx(1e8 * r.gap, rel=1e-6)


def test_tol_zero_goes_as_far_as_rounding_allows():
    for method in ("lbfgs", "newton"):
        r = sm.solve(STACKLOSS, tol=0, atol=0, method=method, max_passes=2000)
        assert r.gap <= 1e-11
        assert r.fun == pytest.approx(19705 / 4154, rel=1e-12)
        assert r.success or r.status in (1, 5)
        assert "tol" in r.message


@pytest.mark.parametrize("tau", [100.0, 1.0, 0.01])
def test_a_given_temperature_is_proven_for_the_surrogate(tau):
    r = sm.solve(STACKLOSS, tau=tau, tol=1e-9)
    assert r.success, r.message
    assert r.tau == tau
    assert "smoothed" in r.message
    assert r.smoothed_fun == pytest.approx(sm.Smoothed(STACKLOSS, tau).fun(r.x), rel=1e-14)
    assert r.smoothed_fun - r.smoothed_lower_bound <= goal(STACKLOSS, r, 1e-9) * (1 + 1e-9)
    assert r.smoothed_lower_bound <= r.smoothed_fun
    assert r.gap == pytest.approx(r.certificate.upper - r.lower_bound, rel=1e-12)
    assert r.gap > 1e-4 * tau  # the minimax gap stays what it is …
    assert r.gap <= tau * math.log(42) * (1 + 1e-9) + 1e-9  # … at most τ·log n
    assert r.lower_bound <= 19705 / 4154 <= r.fun


def test_without_a_temperature_tau_and_smoothed_fun_are_those_of_the_last_surrogate():
    r = sm.solve(STACKLOSS, method="newton")
    assert r.tau > 0
    assert r.lower_bound <= r.fun
    assert math.isfinite(r.smoothed_fun)
    assert r.smoothed_lower_bound <= r.smoothed_fun + 1e-9


@pytest.mark.parametrize(("method", "tau"), asked(ALL, 1.0))
def test_the_parts_add_up(method, tau):
    for options in ({}, {"max_passes": 40}):
        r = sm.solve(within(method, PIECES), method=method, tau=tau, tol=1e-6, **options)
        if math.isfinite(r.gap):
            assert sum(r.gap_parts) == pytest.approx(r.gap, rel=1e-9, abs=1e-14)
            assert min(r.gap_parts) >= -1e-14
            p, f = r.weights, PIECES.components(r.x)
            assert r.gap_parts[0] == pytest.approx(f.max() - p @ f, abs=1e-12)


def test_parts_on_a_bounded_domain_are_the_smoothing_and_the_frank_wolfe_gap():
    problem = problems.get("kuhn-poker").problem
    r = sm.solve(problem, tau=0.05, method="gradient", tol=1e-3)
    p, f = r.weights, problem.components(r.x)
    pull = problem.components.A.T @ p
    if r.multipliers is None:
        assert r.gap_parts[0] == pytest.approx(f.max() - p @ f, abs=1e-12)
        assert r.gap_parts[1] == pytest.approx(pull @ r.x - pull.min(), abs=1e-12)


# --------------------------------------------------------------------------------------- weights, active, multipliers


@pytest.mark.parametrize("method", ["auto", "newton"])
def test_weights_of_absolute_components_are_the_plus_rows_then_the_minus_rows(method):
    twice = sm.Minimax(sm.Affine(np.vstack([A, -A]), np.r_[B, -B]))
    once = sm.Minimax(sm.Affine(A, B, absolute=True))
    a, b = (sm.solve(problem, tol=1e-11, method=method) for problem in (once, twice))
    assert a.weights.shape == (6,)
    np.testing.assert_allclose(a.weights, b.weights, atol=1e-6)
    np.testing.assert_array_equal(a.active, b.active)
    signed = a.weights[:3] - a.weights[3:]
    assert np.abs(A.T @ signed).max() <= 1e-14  # stationarity in that order and sign
    assert a.weights @ np.r_[A @ a.x + B, -(A @ a.x + B)] == pytest.approx(a.fun, rel=1e-9)


@pytest.mark.parametrize("method", ["auto", "newton"])
def test_weights_of_a_stack_are_concatenated(method):
    parts = [sm.Affine(A, B, absolute=True), sm.Quadratic(1.0, np.eye(2)), sm.Affine([[0.0, 0.0]], [-50.0])]
    problem = sm.Minimax(sm.Stack(parts))
    r = sm.solve(problem, tol=1e-10, method=method)
    assert r.success, r.message
    assert r.weights.shape == (9,)
    f = np.concatenate([part(r.x) for part in parts])
    np.testing.assert_array_equal(r.active, np.flatnonzero(f >= f.max() - goal(problem, r, 1e-10, 1e-12)))
    assert r.weights[8] < 1e-6
    assert r.weights @ f == pytest.approx(r.fun, abs=1e-8)
    swapped = sm.solve(sm.Minimax(sm.Stack(parts[::-1])), tol=1e-10, method=method)
    np.testing.assert_allclose(
        np.concatenate([swapped.weights[3:], swapped.weights[1:3], swapped.weights[:1]]), r.weights, atol=1e-5
    )


def test_active_lists_the_components_at_the_max_in_order():
    r = sm.solve(PIECES, tol=1e-10)
    np.testing.assert_array_equal(r.active, [0, 1, 2])
    far = sm.solve(sm.Minimax(sm.Affine(np.vstack([A, [[0.0, 0.0]]]), np.r_[B, 1.0])), tol=1e-10)
    np.testing.assert_array_equal(far.active, [0, 1, 2])
    np.testing.assert_allclose(far.weights, [0.25, 0.25, 0.5, 0.0], atol=1e-5)
    assert r.active.dtype.kind == "i"


@pytest.mark.parametrize("tau", [None, 0.1])
def test_multipliers_of_a_polyhedron_make_the_gradient_vanish(tau):
    """Jᵀp + Gᵀλ + Eᵀν − λ_lower + λ_upper = 0, λ ≥ 0, complementary."""
    G, h, E, e = np.array([[1.0, 2.0, 0.0]]), np.array([-1.0]), np.array([[1.0, 0.0, 1.0]]), np.array([0.5])
    rng = np.random.default_rng(0)
    M, b = rng.standard_normal((12, 3)), rng.standard_normal(12)
    problem = sm.Minimax(sm.Affine(M, b), sm.Polyhedron(G, h, E, e, bounds=(-2.0, 2.0)))
    r = sm.solve(problem, tau=tau, method="newton", tol=1e-10)
    assert r.success, r.message
    m = r.multipliers
    pull = M.T @ r.weights + G.T @ m.ub + E.T @ m.eq + m.upper - m.lower
    assert np.abs(pull).max() <= 1e-6 * np.abs(M).max()
    assert m.ub.min() >= 0
    assert m.ub @ (h - G @ r.x) <= 1e-6
    assert sm.certify(problem, r.x, r.weights, m).gap == pytest.approx(r.gap, rel=1e-9, abs=1e-12)


# -------------------------------------------------------------------------------------------- message, counts, trace


@pytest.mark.parametrize("method", METHODS)
def test_the_message_names_the_method(method):
    r = sm.solve(within(method, PIECES), method=method, tol=1e-4)
    assert r.method == method
    assert f"Method: {method}" in r.message


class Corners:
    """The unit simplex as a user may state it: an oracle and nothing else."""

    d = 2

    def lmo(self, c):
        return np.eye(2)[np.argmin(c)]


OPERATOR = aslinearoperator(A)
AUTO = [  # what it chooses, for which problem, and what the reason names
    (sm.Minimax(sm.Affine(np.eye(5)), sm.Simplex(5)), None, "saddle", "5 × 5"),
    (sm.Minimax(sm.Affine(np.eye(5)), sm.Simplex(5)), 0.1, "newton", "d = 5"),
    (PIECES, None, "trust-region", "3 components"),
    (sm.Minimax(sm.Quadratic(1.0, np.eye(2), np.ones(2))), None, "working-set", "2 quadratics"),
    (PIECES, 0.1, "newton", "d = 2"),
    (sm.Minimax(sm.Affine(sp.eye_array(2001).tocsr(), np.arange(2001.0), absolute=True)), None, "newton-cg", "2001"),
    (sm.Minimax(sm.Affine(OPERATOR, B)), None, "lbfgs", "LinearOperator"),
    (sm.Minimax(sm.Affine(np.eye(2)), sm.Ball([0.0, 0.0], 1.0)), None, "newton", "d = 2"),
    (sm.Minimax(aslinearoperator(np.eye(2)), sm.Ball([0.0, 0.0], 1.0)), None, "accelerated", "LinearOperator"),
    (sm.Minimax(sm.Affine(np.eye(2)), Corners()), None, "conditional-gradient", "no projection"),
]


@pytest.mark.parametrize(("problem", "tau", "method", "why"), AUTO, ids=[f"{m}-{w}" for _, _, m, w in AUTO])
def test_auto_says_why(problem, tau, method, why):
    r = sm.solve(problem, tau=tau, tol=1e-4, max_passes=200)
    assert r.method == method
    assert f"Method: {method}" in r.message
    assert why in r.message.partition("Method: ")[2]
    assert METHODS[method].refuses(problem) is None


def test_a_start_outside_is_projected_and_said():
    problem = sm.Minimax(sm.Affine(A, B), sm.Box([-1.0, -1.0], [1.0, 1.0]))
    for method in ALL:
        r = sm.solve(problem, [50.0, -70.0], method=method, tol=1e-4)
        inside = sm.solve(problem, [1.0, -1.0], method=method, tol=1e-4)
        assert "projected" in r.message
        assert "projected" not in inside.message
        assert problem.domain.contains(r.x, 0.0)
        np.testing.assert_array_equal(r.x, inside.x)
    assert "projected" not in sm.solve(problem).message


@pytest.mark.parametrize("method", METHODS)
def test_the_trace_is_a_table_of_what_happened(method):
    r = sm.solve(within(method, PIECES), method=method, tol=1e-5)
    assert r.trace
    names = {"nit", "npass", "tau", "fun", "smoothed_fun", "lower_bound", "gap", "decrement", "seconds"}
    for row in r.trace:
        assert names <= set(row)
        assert row["lower_bound"] <= 1.75 + 1e-12
        assert row["fun"] >= 1.75 - 1e-12
        if method in SMOOTHING or not math.isnan(row["tau"]):
            assert row["fun"] <= row["smoothed_fun"] + row["tau"] * 40
        else:
            assert math.isnan(row["smoothed_fun"])
    for name in ("nit", "npass", "seconds"):
        column = [row[name] for row in r.trace]
        assert column == sorted(column)
    assert r.trace[0]["nit"] == 0
    assert r.trace[-1]["nit"] == r.nit
    assert r.trace[-1]["npass"] <= r.npass
    assert r.npass > 0
    assert r.nfev >= 1
    assert isinstance(r, scipy.optimize.OptimizeResult)
    assert {type(r.fun), type(r.gap), type(r.lower_bound)} == {float}
    assert isinstance(r.success, bool)
    assert isinstance(r.status, int)
    assert f"trace: {len(r.trace)} rows" in repr(r)
    assert "smoothed_fun" in repr(r)


def test_the_callback_sees_every_step_and_its_copy_is_its_own():
    seen = []

    def callback(intermediate_result):
        seen.append((intermediate_result.nit, intermediate_result.fun, intermediate_result.x.copy()))
        intermediate_result.x[:] = np.nan

    r = sm.solve(PIECES, callback=callback, method="newton")
    assert r.success, r.message
    assert len(seen) == len(r.trace) - 1  # the last step ends the solve
    for _, fun, x in seen:
        assert PIECES(x) == pytest.approx(fun, rel=1e-14)


@pytest.mark.parametrize(("method", "tau"), asked(METHODS, 0.05))
def test_stop_iteration_ends_the_solve_with_the_best_point(method, tau):
    def stop(intermediate_result):
        if intermediate_result.nit >= 2:
            raise StopIteration

    r = sm.solve(within(method, PIECES), method=method, tau=tau, callback=stop, tol=1e-13)
    if not r.success:
        assert r.status == 6
        assert "callback" in r.message
    assert r.fun <= 4.0
    assert r.fun == PIECES(r.x)
    assert r.fun <= min(row["fun"] for row in r.trace) + 1e-15 or tau is not None


# ----------------------------------------------------------------------------------------------------------- prior


def with_prior(tau, w):
    """min over R² of τ·log Σ w_i exp(f_i/τ) by SciPy."""

    def value(x):
        return float(tau * scipy.special.logsumexp((A @ x + B) / tau, b=w))

    found = scipy.optimize.minimize(value, [-2.5, 2.25], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13})
    return found.fun


@pytest.mark.parametrize("w", [[1.0, 20.0, 3.0], [0.2, 0.3, 0.5], [1e-6, 1.0, 1e6], [2.0, 2.0, 2.0]])
@pytest.mark.parametrize("method", ["gradient", "lbfgs", "newton", "cvxpy"])
def test_a_prior_is_in_the_surrogate(w, method):
    if method not in METHODS:
        return
    for tau in (1.0, 0.1):
        r = sm.solve(PIECES, tau=tau, prior=w, method=method, tol=1e-9)
        want = with_prior(tau, np.array(w))
        assert r.success, r.message
        assert r.smoothed_fun == pytest.approx(want, abs=2e-8)
        assert r.smoothed_lower_bound <= want + 1e-12
        assert r.smoothed_fun == pytest.approx(sm.Smoothed(PIECES, tau, prior=w).fun(r.x), rel=1e-13)
        assert r.lower_bound <= 1.75 <= r.fun + 1e-12


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("w", [[1.0, 20.0, 3.0], [1e-6, 1.0, 1e6], [1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
def test_a_first_prior_does_not_move_the_optimum(method, w):
    r = sm.solve(within(method, PIECES), prior=w, method=method, tol=1e-6)
    assert r.success, r.message
    assert r.fun == pytest.approx(1.75, abs=1e-5)


def test_a_zero_prior_takes_the_component_out_of_the_surrogate():
    """Without the third of four, F_τ is that of the other three; the minimax gap is still about all four."""
    rows, right = np.vstack([A[:2], [[5.0, 5.0]], A[2:]]), np.r_[B[:2], 30.0, B[2:]]
    problem = sm.Minimax(sm.Affine(rows, right))
    r = sm.solve(problem, tau=0.1, prior=[1, 1, 0, 1], tol=1e-9)
    three = sm.solve(PIECES, tau=0.1, tol=1e-9)
    assert r.success, r.message
    assert r.smoothed_fun == pytest.approx(three.smoothed_fun, rel=1e-8)
    assert r.fun == pytest.approx(problem(r.x))
    assert r.weights[2] == 0


# ------------------------------------------------------------------------------------------------------- unbounded

RAY = np.array([[1.0, 2.0], [2.0, 1.0]])
UNBOUNDED = {
    "one row": sm.Minimax(sm.Affine([[1.0]])),
    "one row, two variables": sm.Minimax(sm.Affine([[1.0, -2.0]], [5.0])),
    "two rows": sm.Minimax(sm.Affine(RAY)),
    "far offset": sm.Minimax(sm.Affine(RAY, [1e9, -1e9])),
    "half-open box": sm.Minimax(sm.Affine(RAY), sm.Box([0.0, -np.inf], [np.inf, np.inf])),
    "half-open box from above": sm.Minimax(sm.Affine(-RAY), sm.Box([0.0, 1.0], [np.inf, np.inf])),
    "half-space": sm.Minimax(sm.Affine(RAY), sm.Polyhedron([[1.0, -1.0]], [1.0])),
    "tiny rows": sm.Minimax(sm.Affine(RAY * 1e-8)),
    "single row, half-open": sm.Minimax(sm.Affine([[1.0]]), sm.Box([-np.inf], [3.0])),
}


@pytest.mark.parametrize("name", UNBOUNDED)
@pytest.mark.parametrize(("method", "tau"), asked(ALL, 0.5))
def test_unbounded_problems_are_called_unbounded(method, tau, name):
    problem = UNBOUNDED[name]
    if METHODS[method].refuses(problem):
        return
    r = sm.solve(problem, method=method, tau=tau, max_passes=3000)
    assert not r.success
    assert r.status == 3, r.message
    assert "unbounded" in r.message
    assert "bound the domain" in r.message
    assert r.lower_bound == -math.inf
    assert r.fun <= problem(problem.start())
    assert problem.domain.contains(r.x, 1e-12)


@pytest.mark.parametrize("method", ALL)
def test_a_problem_held_by_one_far_component_is_not_called_unbounded(method):
    problem = sm.Minimax(sm.Affine(np.vstack([RAY, [[-1e-3, 0.0], [0.0, -1e-3]]]), [0.0, 0.0, -5.0, -5.0]))
    r = sm.solve(within(method, problem, 1e5), method=method, tol=1e-4)
    assert r.status != 3
    assert r.lower_bound <= r.fun
    if method not in ("gradient", "accelerated"):
        assert r.success, r.message


# ---------------------------------------------------------------------------------------------------------- limits


@pytest.mark.parametrize(("method", "tau"), asked(ALL, 1e-3))
def test_a_budget_of_passes_is_kept_and_named(method, tau):
    for passes in (1, 3, 10, 30, 100):
        r = sm.solve(within(method, STACKLOSS), method=method, tau=tau, max_passes=passes, tol=1e-13)
        if r.success:
            assert passes == 100 or (method in DIRECT and r.gap <= r.threshold)
            assert r.npass <= passes + 20
            continue
        assert r.status == 1
        assert f"budget of {passes} passes" in r.message
        assert "increase" in r.message
        assert r.fun == pytest.approx(STACKLOSS(r.x), rel=1e-14)
        assert r.fun <= STACKLOSS(np.zeros(4))
        assert r.npass <= passes + 20  # the last certificate may cost a few
        assert r.lower_bound <= 19705 / 4154


@pytest.mark.parametrize("method", PLAIN)
def test_a_budget_never_throws_away_what_was_found_on_the_way_to_a_cold_temperature(method):
    """A cold start at small τ comes down warmer temperatures first: their points count too."""
    for passes in (60, 100):
        warm = sm.solve(PIECES, method=method, tau=1e-3, max_passes=passes)
        assert warm.fun < 2.5, f"{passes} passes bought nothing: {warm.fun}"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("limit", [0.0, 1e-9])
def test_no_time_at_all(method, limit):
    r = sm.solve(within(method, STACKLOSS), method=method, time_limit=limit, tol=1e-13)
    assert not r.success
    assert r.status == 2
    assert "time limit" in r.message
    assert "increase" in r.message
    assert np.isfinite(r.fun)
    assert r.fun <= STACKLOSS(np.zeros(4))


def test_a_time_limit_is_kept():
    problem = linf_regression.gaussian(2000, 20).problem
    begun = time.perf_counter()
    r = sm.solve(problem, method="gradient", time_limit=0.1, tol=1e-12, max_passes=math.inf)
    assert time.perf_counter() - begun < 1.0
    assert r.status == 2
    assert "0.1" in r.message


# ------------------------------------------------------------------------------------------------ Ctrl-C at any time


def interrupt_at(k):
    """A profiler that raises KeyboardInterrupt at the k-th Python call inside the library's loop."""
    left = [k]
    inside = [False]

    def watch(frame, event, arg):
        if event != "call" or "smoothmax" not in frame.f_code.co_filename:
            return
        if frame.f_code.co_name == "run" and frame.f_code.co_filename.endswith("loop.py"):
            inside[0] = True
        if not inside[0]:
            return
        left[0] -= 1
        closing = (
            frame.f_code.co_flags & inspect.CO_GENERATOR
        )  # perhaps by the collector, where Python drops what is raised
        if left[0] <= 0 and not closing:
            sys.setprofile(None)
            raise KeyboardInterrupt

    return watch


@pytest.mark.parametrize(("method", "tau"), asked(ALL, 0.01))
def test_ctrl_c_at_any_moment_hands_over_the_best_point(method, tau):
    previous, problem = sys.getprofile(), within(method, STACKLOSS)
    for k in (2, 20, 60, 100, 200, 333, 500, 800, 1300, 2100, 3400):
        try:
            sys.setprofile(interrupt_at(k))
            sm.solve(problem, method=method, tau=tau, tol=1e-12, max_passes=300)
        except sm.Interrupted as stopped:
            r = stopped.result
            assert not r.success
            assert r.status == 7
            assert "interrupted" in r.message
            assert r.lower_bound <= 19705 / 4154 + 1e-9
            assert np.isfinite(r.x).all()
            if math.isfinite(r.fun):
                assert r.fun == pytest.approx(STACKLOSS(r.x), rel=1e-14)
                again = sm.certify(problem, r.x, r.weights, r.multipliers)
                assert r.gap >= again.gap - 1e-9
            if r.trace:
                assert r.fun <= max(row["fun"] for row in r.trace)
        finally:
            sys.setprofile(previous)


@pytest.mark.parametrize("method", [*PLAIN, "working-set"])
@pytest.mark.parametrize("call", range(1, 40, 3))
def test_ctrl_c_inside_the_users_function(method, call):
    calls = [0]

    def fun(x):
        calls[0] += 1
        if calls[0] == call:
            raise KeyboardInterrupt
        return A @ x + B

    problem = sm.Minimax(sm.Smooth(fun, lambda x: A, d=2, n=3, convex=True))
    try:
        sm.solve(problem, [0.0, 0.0], method=method, tol=1e-9)
    except sm.Interrupted as stopped:
        found = stopped.result
    else:
        return  # finished in fewer calls
    assert issubclass(sm.Interrupted, KeyboardInterrupt)
    assert found.status == 7
    assert math.isnan(found.fun) or found.fun <= 4.0


def test_ctrl_c_from_the_callback():
    def callback(intermediate_result):
        if intermediate_result.nit >= 3:
            raise KeyboardInterrupt

    with pytest.raises(sm.Interrupted) as caught:
        sm.solve(STACKLOSS, callback=callback, method="newton", tol=1e-12)
    r = caught.value.result
    assert r.fun == pytest.approx(min(row["fun"] for row in r.trace))
    assert r.nit >= 3


# ---------------------------------------------------------------------------------------------- extreme temperatures


@pytest.mark.parametrize("method", PLAIN)
@pytest.mark.parametrize("tau", [5e-324, 1e-300, 1e-100, 1e-20, 1e20, 1e100, 1e300])
def test_any_positive_temperature_gives_an_answer_in_silence(method, tau):
    r = sm.solve(PIECES, tau=tau, method=method, max_passes=2000)
    assert r.tau == tau
    assert np.isfinite(r.x).all()
    assert r.lower_bound <= 1.75
    assert r.fun >= 1.75 - 1e-12
    assert r.fun == pytest.approx(PIECES(r.x), rel=1e-14)
    assert r.smoothed_fun == pytest.approx(sm.Smoothed(PIECES, tau).fun(r.x), rel=1e-14)
    assert r.fun * (1 - 4 * EPS) <= r.smoothed_fun <= r.fun + tau * math.log(3) * (1 + 1e-12)
    if method == "newton":
        assert r.success, r.message


@pytest.mark.parametrize("method", ["auto", "newton"])
@pytest.mark.parametrize("scale", [1e-150, 1e-30, 1e30, 1e150])
def test_data_of_any_size(scale, method):
    r = sm.solve(sm.Minimax(sm.Affine(A * scale, B * scale)), tol=1e-9, method=method)
    assert r.success, r.message
    assert r.fun == pytest.approx(1.75 * scale, rel=1e-8)
    np.testing.assert_allclose(r.x, [-2.5, 2.25], rtol=1e-6)


# --------------------------------------------------------------------------------------------------------- the doors

BAD = [
    ({"problem": A}, TypeError, ("problem", "ndarray", "Minimax")),
    ({"problem": None}, TypeError, ("problem", "NoneType", "Minimax")),
    ({"x0": [1.0]}, ValueError, ("x0", "2", "1")),
    ({"x0": [1.0, 2.0, 3.0]}, ValueError, ("x0", "2", "3")),
    ({"x0": [[1.0, 2.0]]}, ValueError, ("x0", "(1, 2)")),
    ({"x0": [math.inf, 0.0]}, ValueError, ("x0", "inf", "finite")),
    ({"x0": "origin"}, (TypeError, ValueError), ("x0",)),
    ({"x0": [1j, 0.0]}, TypeError, ("x0", "complex128")),
    ({"tau": 0}, ValueError, ("tau", "0", "> 0")),
    ({"tau": 0.0}, ValueError, ("tau", "0.0", "> 0")),
    ({"tau": -2.5}, ValueError, ("tau", "-2.5", "> 0")),
    ({"tau": math.nan}, ValueError, ("tau", "nan", "finite")),
    ({"tau": math.inf}, ValueError, ("tau", "inf", "finite")),
    ({"tau": "warm"}, TypeError, ("tau", "warm", "number")),
    ({"tau": True}, TypeError, ("tau", "True", "number")),
    ({"tau": [1.0]}, TypeError, ("tau", "[1.0]", "number")),
    ({"tau": 1j}, TypeError, ("tau", "1j", "number")),
    ({"tol": -1e-3}, ValueError, ("tol", "-0.001", "≥ 0")),
    ({"tol": math.nan}, ValueError, ("tol", "nan", "finite")),
    ({"tol": None}, TypeError, ("tol", "None", "number")),
    ({"atol": -1.0}, ValueError, ("atol", "-1.0", "≥ 0")),
    ({"atol": math.inf}, ValueError, ("atol", "inf", "finite")),
    ({"method": "Newton"}, ValueError, ("method", "Newton", "newton", "auto")),
    ({"method": None}, (TypeError, ValueError), ("method", "None", "newton")),
    ({"method": 3}, (TypeError, ValueError), ("method", "3", "newton")),
    ({"regularizer": "renyi"}, ValueError, ("regularizer", "gini", "shannon")),
    ({"regularizer": None}, (TypeError, ValueError), ("regularizer", "None", "shannon")),
    ({"prior": [1.0, 2.0]}, ValueError, ("prior", "3", "2")),
    ({"prior": [1.0, -2.0, 1.0]}, ValueError, ("prior", "-2.0", "≥ 0")),
    ({"prior": [0.0, 0.0, 0.0]}, ValueError, ("prior", "0.0")),
    ({"prior": [math.nan, 1.0, 1.0]}, ValueError, ("prior", "nan", "finite")),
    ({"prior": ["a", "b", "c"]}, TypeError, ("prior", "real numbers")),
    ({"max_passes": 0}, ValueError, ("max_passes", "0", "> 0")),
    ({"max_passes": -3}, ValueError, ("max_passes", "-3", "> 0")),
    ({"max_passes": math.nan}, ValueError, ("max_passes", "nan")),
    ({"max_passes": "many"}, TypeError, ("max_passes", "many", "number")),
    ({"time_limit": -1}, ValueError, ("time_limit", "-1", "≥ 0")),
    ({"time_limit": "soon"}, TypeError, ("time_limit", "soon", "number")),
    ({"callback": 3}, TypeError, ("callback", "int", "callable")),
    ({"options": ["solver"]}, TypeError, ("options", "list", "dict")),
    ({"options": {"solver": "SCS"}, "method": "newton"}, ValueError, ("solver", "newton", "'cvxpy' takes it")),
    ({"options": {"solvers": "SCS"}, "method": "cvxpy"}, ValueError, ("options", "'solvers'", "knows 'solver'")),
    ({"nonsense": 1}, TypeError, ("nonsense",)),
]


def call(function, arguments):
    given = {"problem": PIECES, **arguments}
    return function(given.pop("problem"), **given)


def refused(error, words, function, arguments):
    """As `assert_refuses`, for one exception type or several."""
    with pytest.raises(error) as caught:
        call(function, arguments)
    assert_refuses(type(caught.value), words, call, function, arguments)


def ids(table):
    return [f"{next(iter(a))}={next(iter(a.values()))!r}"[:40] for a, _, _ in table]


@pytest.mark.parametrize(("arguments", "error", "words"), BAD, ids=ids(BAD))
def test_solve_refuses(arguments, error, words):
    refused(error, words, sm.solve, arguments)


SURROGATE = [row for row in BAD if next(iter(row[0])) in ("problem", "regularizer", "prior")]
SURROGATE += [row for row in BAD if next(iter(row[0])) == "tau"]


@pytest.mark.parametrize(("arguments", "error", "words"), SURROGATE, ids=ids(SURROGATE))
def test_smoothed_refuses(arguments, error, words):
    refused(error, words, sm.Smoothed, {"tau": 1.0, **arguments})


PATH = [row for row in BAD if next(iter(row[0])) not in ("tau", "problem")]
PATH += [row for row in BAD if next(iter(row[0])) == "problem"]
PATH += [
    ({"taus": []}, ValueError, ("taus", "empty")),
    ({"taus": [1.0, 0.0]}, ValueError, ("taus", "0.0", "> 0")),
    ({"taus": [1.0, math.nan]}, ValueError, ("taus", "nan", "finite")),
    ({"taus": 3.0}, TypeError, ("taus", "3.0", "iterable")),
    ({"taus": ["warm"]}, TypeError, ("taus", "warm")),
    ({"eps": 0.0}, ValueError, ("eps", "0.0", "> 0")),
    ({"eps": "small"}, TypeError, ("eps", "small", "number")),
    ({"eps": 0.1, "taus": [1.0]}, ValueError, ("eps", "taus")),
    ({"tau": 1.0}, TypeError, ("tau",)),
]


@pytest.mark.parametrize(("arguments", "error", "words"), PATH, ids=ids(PATH))
def test_path_refuses(arguments, error, words):
    refused(error, words, sm.path, arguments)


class Watched(sm.Affine):
    """Counts how often it is looked at."""

    looks = 0

    def at(self, x):
        type(self).looks += 1
        return super().at(x)


def test_a_method_that_cannot_is_named_before_the_first_evaluation():
    refusing = [
        ("newton", Watched(OPERATOR, B), None, ("newton", "LinearOperator", "gradient", "lbfgs")),
        ("trust-region", Watched(np.eye(2)), sm.Ball([0.0, 0.0], 1.0), ("trust-region", "Ball", "newton")),
        ("lbfgs", Watched(np.eye(3)), sm.Simplex(3), ("lbfgs", "Simplex", "newton")),
        ("cvxpy", Watched(OPERATOR, B), None, ("cvxpy", "gradient")),
        ("working-set", Watched(OPERATOR, B), None, ("working-set", "LinearOperator", "lbfgs")),
        ("working-set", Watched(np.eye(2)), sm.Ball([0.0, 0.0], 1.0), ("working-set", "Ball", "accelerated")),
        ("newton-cg", Watched(OPERATOR, B), None, ("newton-cg", "LinearOperator", "lbfgs")),
        ("newton-cg", Watched(np.eye(3)), sm.Simplex(3), ("newton-cg", "Simplex", "newton", "working-set")),
        ("saddle", Watched(A, B), None, ("saddle", "Free", "Simplex", "Box", "newton", "working-set")),
        ("conditional-gradient", Watched(A, B), None, ("conditional-gradient", "Free", "bounded", "newton")),
    ]
    for method, components, domain, words in refusing:
        if method not in METHODS:
            continue
        problem = sm.Minimax(components, domain)
        Watched.looks = 0
        assert_refuses(ValueError, words, sm.solve, problem, method=method)
        if method in SMOOTHING:
            assert_refuses(ValueError, words, sm.solve, problem, method=method, tau=0.1)
            assert_refuses(ValueError, words, sm.path, problem, [0.1], method=method)
        assert Watched.looks == 0


@pytest.mark.parametrize("method", DIRECT)
def test_a_method_for_the_minimax_itself_takes_no_temperature(method):
    problem = within(method, sm.Minimax(Watched(A, B)))
    Watched.looks = 0
    for call in (lambda: sm.solve(problem, method=method, tau=0.1), lambda: sm.path(problem, [0.1], method=method)):
        with pytest.raises(ValueError, match=rf"'{method}' .* not F_τ at a given tau\. Methods that can: ") as caught:
            call()
        able = str(caught.value).rpartition(": ")[2].split(", ")
        assert {"newton", "accelerated"} <= set(able) <= set(SMOOTHING)
    assert Watched.looks == 0


def test_every_refusal_comes_before_the_first_evaluation():
    problem = sm.Minimax(Watched(A, B))
    for arguments, _, _ in BAD:
        if "problem" not in arguments:
            Watched.looks = 0
            with pytest.raises((TypeError, ValueError)):
                sm.solve(problem, **arguments)
            assert Watched.looks == 0, arguments


def test_generous_types_are_taken():
    for options in (
        {"x0": (0, 0)},
        {"x0": [0, 1]},
        {"tau": 1},
        {"tau": np.float32(0.5)},
        {"tau": np.array(0.5)},
        {"tol": 0.1},
        {"max_passes": math.inf},
        {"max_passes": 1e4},
        {"time_limit": 10},
        {"prior": (1, 2, 3)},
        {"options": {}},
        {"rng": 3},
        {"progress": False},
    ):
        r = sm.solve(PIECES, **options)
        assert r.success, (options, r.message)


def test_the_door_keeps_the_problem_frozen_and_the_data_untouched():
    a, b = A.copy(), B.copy()
    problem = sm.Minimax(sm.Affine(a, b))
    sm.solve(problem, tol=1e-10)
    sm.solve(problem, tau=0.1, method="lbfgs")
    assert np.array_equal(a, A)
    assert np.array_equal(b, B)
    with pytest.raises(AttributeError, match="frozen"):
        problem.domain = sm.Free(2)
    with pytest.raises(AttributeError, match="frozen"):
        problem.components = sm.Affine(A)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_call_gives_the_same_answer(method):
    a, b = (sm.solve(within(method, PIECES), method=method) for _ in range(2))
    assert np.array_equal(a.x, b.x)
    assert (a.fun, a.gap, a.nit, a.npass) == (b.fun, b.gap, b.nit, b.npass)


# --- a second method, where the first has stalled


@pytest.mark.parametrize("curved", [False, True])
def test_two_solves_are_joined_to_the_better_point_with_the_better_bound(curved):
    rng = np.random.default_rng(0)
    A, b = rng.standard_normal((200, 4)), rng.standard_normal(200)
    parts = sm.Quadratic(0.3, A, b) if curved else sm.Affine(A, b, absolute=True)
    problem = sm.Minimax(parts, sm.Box(-np.ones(4), np.ones(4)))
    one, two = (sm.solve(problem, method="newton", max_passes=k, tol=0.0, atol=0.0) for k in (12, 20))
    for pair in ((one, two), (two, one)):
        found = joined(problem, *pair)
        assert found.fun == min(one.fun, two.fun)
        assert found.lower_bound >= max(one.lower_bound, two.lower_bound)
        assert found.gap == pytest.approx(sum(found.gap_parts), rel=1e-9)
        assert found.nit == one.nit + two.nit
        assert found.npass == pair[1].npass
        assert found.lower_bound <= sm.solve(problem).fun <= found.fun + found.gap


def test_a_second_method_goes_on_with_the_budget_of_the_first(monkeypatch):
    monkeypatch.setattr(working_set, "ROUNDS", 0)  # it gives up at once
    rng = np.random.default_rng(4)
    problem = sm.Minimax(sm.Affine(rng.standard_normal((300, 5)), rng.standard_normal(300), absolute=True))
    r = sm.solve(problem)
    assert r.success
    assert "trust-region, since working-set stalled" in r.message
    assert [row["npass"] for row in r.trace] == sorted(row["npass"] for row in r.trace)
    assert sm.solve(problem, max_passes=10).npass <= 13
    late = sm.solve(problem, time_limit=1e-6)
    assert late.status == Status.TIME


@pytest.mark.parametrize(
    ("n", "d", "method", "left", "tried"),
    [
        (9, 50, "trust-region", 1.1, True),
        (9, 50, "trust-region", 1.0, False),
        (9, 50, "accelerated", 99.0, False),  # it takes many steps
        (9, 50, "accelerated", 101.0, True),
        (9, 51, "newton", 99.0, False),
        (9, 51, "newton", 101.0, True),
        (5000, 2, "newton", 99.0, False),
        (9, 2, "newton", math.nan, False),
    ],
)
def test_another_method_is_asked_for_little_only_where_it_costs_little(n, d, method, left, tried):
    assert worth(sm.Minimax(sm.Affine(np.ones((n, d)))), SOLVERS[method], left) is tried


@pytest.mark.parametrize("unit", [1e-301, 1e-310, 1e290])
def test_data_at_the_ends_of_the_numbers_never_raise(unit):
    rng = np.random.default_rng(0)
    A, b = unit * rng.standard_normal((2, 3)), unit * rng.standard_normal(2)
    for domain in (sm.Free(3), sm.Box(-np.ones(3), np.ones(3)), sm.Simplex(3)):
        r = sm.solve(sm.Minimax(sm.Affine(A, b, absolute=True), domain), max_passes=3000)
        assert np.isfinite(r.x).all()
        assert not r.lower_bound > r.upper_bound


@pytest.mark.parametrize("regularizer", ["shannon", "gini"])
def test_success_at_a_given_temperature_is_a_proven_smoothed_gap(regularizer):
    """Also where "auto" goes on with a second method: it is F_τ that the better point is better in."""
    rng = np.random.default_rng(5)
    for k in range(25):
        A, b = rng.standard_normal((6, 3)), rng.standard_normal(6)
        domain = [sm.Ball(np.zeros(3), 1.0), sm.Box(-np.ones(3), np.ones(3)), sm.Simplex(3)][k % 3]
        tau = 10.0 ** rng.uniform(-3, 3)
        r = sm.solve(sm.Minimax(sm.Affine(A, b), domain), tau=tau, regularizer=regularizer)
        left = r.smoothed_fun - r.smoothed_lower_bound
        assert not r.success or left <= r.threshold * (1 + 1e-6) + 1e-14 * tau, (k, tau, left, r.threshold)
        s = sm.Smoothed(sm.Minimax(sm.Affine(A, b), domain), tau, regularizer=regularizer)
        assert s.fun(r.x) == pytest.approx(r.smoothed_fun, rel=1e-12)


@pytest.mark.parametrize(
    ("fun", "rules", "words"),
    [
        (lambda x: np.array([x[0], np.nan, np.inf]), (), "At the start component 1 is nan."),
        (lambda x: np.array([x[0], np.inf]), (), "At the start component 1 is inf."),
        (
            lambda x: np.array([x[0], -x[0]]),
            NonlinearConstraint(lambda x: np.array([x[0], np.nan]), 0, 1),
            "At the start nonlinear constraint 1 is nan.",
        ),
    ],
)
def test_what_is_not_finite_at_the_start_is_named(fun, rules, words):
    r = sm.minimax(fun, [0.5], constraints=rules)
    assert r.status == Status.NOT_FINITE
    assert words in r.message


@pytest.mark.parametrize(("function", "name"), [(sm.minimax, "minimax"), (sm.path, "path")])
def test_an_option_that_there_is_not_is_refused_in_the_name_of_the_function_called(function, name):
    first = sm.Minimax(np.eye(2)) if name == "path" else np.sin
    with pytest.raises(TypeError, match=rf"{name}\(\) got an unexpected keyword argument 'convx'"):
        function(first, x0=[0.0, 0.0], convx=True)


def test_an_upper_bound_that_is_missing_is_explained(monkeypatch):
    """As where no point of a thin polyhedron is known to be near."""
    problem = sm.Minimax(sm.Affine([[1.0, 2.0], [-1.0, 1.0], [0.0, -1.0]]), sm.Polyhedron([[1.0, 1.0]], [1.0]))
    assert "upper bound" not in sm.solve(problem).message
    monkeypatch.setattr(sm.Polyhedron, "missed", lambda self, x: (np.full(x.size, np.inf), True))
    r = sm.solve(problem, method="trust-region")
    assert (r.status, r.upper_bound) == (Status.STALLED, np.inf)
    assert "no upper bound" in r.message


def test_what_a_path_shows():
    A = np.array([[1.0, 2], [3, -4], [-5, 1]])
    found = sm.path(sm.Minimax(sm.Affine(A, np.ones(3), absolute=True)), taus=[1.0, 0.1])
    assert re.fullmatch(r"Path\(2 temperatures, 1 to 0.1: -?[\d.e-]+ ≤ minimum ≤ [\d.e-]+\)", repr(found))
    assert repr(sm.Path(())) == "Path(no temperatures)"


@pytest.mark.parametrize("width", [1e7, 1e8, 1e9, 1e12])
@pytest.mark.parametrize("name", ["stackloss", "longley"])
def test_bounds_that_are_far_away_stop_no_proof(name, width):
    """Near the end of what one method can do in floating point another one that costs little is asked."""
    components = problems.get(name).problem.components
    r = sm.solve(sm.Minimax(components, sm.Box(-np.full(components.d, width), width)))
    assert r.success
    assert r.fun == pytest.approx(sm.solve(sm.Minimax(components)).fun, rel=3e-8)


def test_a_minimum_of_zero_has_no_sign():
    assert str(sm.solve(sm.Minimax(sm.Affine(np.eye(2), absolute=True))).fun) == "0.0"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (lambda: sm.Minimax([np.sin, np.cos]), "not a list of .* functions; smoothmax.minimax takes one"),
        (lambda: sm.Minimax([sm.Affine(A)]), "not a list of such .*; smoothmax.Stack takes one"),
        (lambda: sm.Affine(A, B.reshape(-1, 1)), r"b must have shape \(3,\); its shape is \(3, 1\)"),
        (lambda: sm.Polyhedron(A, B.reshape(-1, 1)), r"b_ub must have shape \(3,\); its shape is \(3, 1\)"),
        (lambda: sm.Box(np.ones((2, 1)), np.ones(2)), r"must have shape \(d,\) .* got \(2, 1\) and \(2,\)"),
    ],
)
def test_shapes_are_told_as_they_were_given(statement, words):
    with pytest.raises((TypeError, ValueError), match=words):
        statement()


def test_nonlinear_constraints_beside_a_ball_are_refused_by_what_is_missing():
    rule = NonlinearConstraint(lambda x: x, 0.0, 1.0)
    with pytest.raises(ValueError, match="no method can take this problem: it needs a domain with a linear"):
        sm.minimax(lambda x: [x[0], -x[0]], [0.0], bounds=sm.Ball([0.0], 1.0), constraints=rule)


def test_why_nothing_is_proven_beside_nonlinear_constraints_is_said():
    rule = NonlinearConstraint(lambda x: x @ x, -np.inf, 2.0)
    r = sm.minimax(lambda x: [x[0], -x[1]], [0.5, 0.5], convex=True, constraints=rule)
    assert "Nothing is known of nonlinear constraints" in r.message
    assert r.lower_bound == -math.inf
    assert "nonlinear" not in sm.minimax(lambda x: [x[0], -x[1]], [0.5, 0.5], bounds=sm.Ball([0.0, 0.0], 1.0)).message
