"""Largest eigenvalues: derivatives, density matrices, proofs, graphs with known values."""

import json

import cvxpy as cp
import numpy as np
import pytest
import scipy.sparse as sp
from scipy.linalg import expm, logm
from scipy.optimize import NonlinearConstraint, linprog

import smoothmax as sm
from problems import spectral
from smoothmax.certificate import prove
from smoothmax.components import Meter, densities, frozen, turned
from smoothmax.components.spectral import quotients
from smoothmax.solvers import METHODS
from tests.laws import (
    assert_blocks,
    assert_gradient,
    assert_hessian,
    assert_refuses,
    assert_sandwich,
    assert_semidefinite,
)

CASES = tuple(spectral.cases())


def symmetric(rng, *shape):
    B = rng.standard_normal(shape)
    return B + np.swapaxes(B, -1, -2)


def random_problem(seed, m=6, d=4, domain=None):
    rng = np.random.default_rng(seed)
    parts = sm.Spectral(symmetric(rng, m, m), symmetric(rng, d, m, m))
    return sm.Minimax(parts, sm.Box(-np.ones(d), np.ones(d)) if domain is None else domain)


def naive_matrix(parts, x):
    """A(x), one matrix after the other."""
    flat = parts.family.flat
    rows = flat.toarray() if sp.issparse(flat) else flat
    return parts.A0 + sum(v * row.reshape(parts.n, parts.n) for v, row in zip(x, rows, strict=True))


def degenerate():
    """At x = 0 all eigenvalues are equal, at (1, 0, 0) two of four."""
    rng = np.random.default_rng(5)
    A = np.concatenate([[np.diag([1.0, 1, 0, -1])], symmetric(rng, 2, 4, 4)])
    return sm.Spectral(np.eye(4), A)


@pytest.mark.parametrize("tau", [10.0, 0.3, 0.02])
def test_the_surrogate_is_the_trace_of_the_exponential(tau):
    problem, x = random_problem(0), np.array([0.3, -0.2, 0.5, 0.1])
    M = naive_matrix(problem.components, x)
    shifted = expm((M - np.linalg.eigvalsh(M)[-1] * np.eye(6)) / tau)
    s = sm.Smoothed(problem, tau)
    assert s.fun(x) == pytest.approx(np.linalg.eigvalsh(M)[-1] + tau * np.log(np.trace(shifted)), rel=1e-13)
    (W,) = densities(problem.components, x, s.weights(x))
    np.testing.assert_allclose(W, shifted / np.trace(shifted), atol=1e-12)
    if tau > 1:  # a logarithm of a nearly singular matrix is no twin
        assert s.entropy(x) == pytest.approx(-np.trace(W @ logm(W)).real, rel=1e-9)
    assert s.fun(x) - tau * s.entropy(x) == pytest.approx(np.sum(W * M), rel=1e-12)


def test_values_are_eigenvalues_in_one_block_largest_first():
    problem, x = random_problem(1), np.array([0.3, -0.2, 0.5, 0.1])
    assert_blocks(problem.components, x)
    expected = np.linalg.eigvalsh(naive_matrix(problem.components, x))[::-1]
    np.testing.assert_allclose(problem.components.value(x), expected, rtol=1e-13)


@pytest.mark.parametrize("tau", [5.0, 0.5, 0.05])
def test_derivatives_by_differences(tau):
    s = sm.Smoothed(random_problem(2), tau)
    x = np.array([0.3, -0.2, 0.5, 0.1])
    assert_gradient(s.fun, s.jac, x)
    assert_hessian(s.jac, s.hess, x)
    assert_semidefinite(s.hess(x))
    v = np.array([1.0, -2.0, 0.5, 3.0])
    np.testing.assert_allclose(s.hessp(x, v), s.hess(x) @ v, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("x", [[0.0, 0, 0], [1.0, 0, 0], [1.0, 1e-9, 0], [1.0, 1e-6, -1e-6]])
def test_derivatives_where_eigenvalues_meet(x):
    s = sm.Smoothed(sm.Minimax(degenerate()), 0.4)
    assert_gradient(s.fun, s.jac, x)
    assert_hessian(s.jac, s.hess, x)


def test_divided_differences_have_no_seam():
    p, tau = np.array([1.0, 1.0]), 0.25
    for gap in [0.0, 1e-300, 1e-16, 2.49e-9, 2.51e-9, 1e-4, 1.0, 1e3]:
        values = np.array([1.0, 1.0 - gap])
        weights = p * np.exp((values - 1.0) / tau)
        kappa = quotients(np.array([gap, 0.0]), weights, tau)
        exact = 1 / tau if gap == 0 else -np.expm1(-gap / tau) / gap
        np.testing.assert_allclose(kappa[0, 1], exact, rtol=1e-14)
        np.testing.assert_allclose(np.diagonal(kappa), weights / tau)


@pytest.mark.parametrize("tau", [3.0, 0.1, 1e-3, 1e-8])
def test_sandwich(tau):
    problem = random_problem(3)
    for x in np.random.default_rng(0).uniform(-1, 1, (5, 4)):
        assert_sandwich(sm.Smoothed(problem, tau).fun(x), problem.components.value(x), tau)


def test_the_turned_density_is_the_derivative_and_balances_exactly():
    problem = random_problem(4, domain=sm.Free(4))
    tau, x, u = 0.7, np.array([0.3, -0.2, 0.5, 0.1]), np.array([1.0, 2.0, -1.0, 0.5])
    s, parts = sm.Smoothed(problem, tau), problem.components
    h = 1e-5
    ahead, behind = (densities(parts, x + t * u, s.weights(x + t * u))[0] for t in (h, -h))
    (W,) = densities(parts, x, s.weights(x))
    (moved,) = turned(parts, x, s.weights(x), tau, u, float(s.jac(x) @ u))
    np.testing.assert_allclose(moved - W, (ahead - behind) / (2 * h), atol=1e-8)
    newton = np.linalg.solve(s.hess(x), -s.jac(x))
    (repaired,) = turned(parts, x, s.weights(x), tau, newton, float(s.jac(x) @ newton))
    np.testing.assert_allclose(parts.family.flat @ repaired.ravel(), 0.0, atol=1e-12)
    assert np.trace(repaired) == pytest.approx(1.0, abs=1e-13)


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_published_graphs(case):
    size = max(1.0, abs(case.optimum))
    r = sm.solve(case.problem, case.x0, tol=1e-9)
    assert r.success, r.message
    assert r.method == "spectral"
    assert abs(r.fun - case.optimum) <= r.threshold + 1e-12 * size
    assert r.lower_bound <= case.optimum + 1e-11 * size  # the karate club's is known to 1e-12 only
    assert r.upper_bound >= case.optimum - 1e-11 * size
    again = sm.certify(case.problem, r.x, r.weights, r.multipliers)
    assert again.gap <= 1.01 * r.gap + 1e-13 * size


@pytest.mark.parametrize("name", ["theta-C7", "theta-wheel-hub-plus-C5", "mixing-bdx2004-b-triangle-plus-edge"])
def test_ten_digits(name):
    case = next(c for c in CASES if c.name == name)
    r = sm.solve(case.problem, case.x0, tol=1e-11)
    assert r.gap <= 2e-10 * case.optimum
    assert abs(r.fun - case.optimum) <= 2e-10 * case.optimum


def test_theta_of_self_complementary_graphs_is_the_root():
    """Paley graphs: theta² = n (Lovász 1979, Theorem 8), built here from quadratic residues."""
    for q in (5, 13, 17):
        residues = {i * i % q for i in range(1, q)}
        edges = [(i, j) for i in range(q) for j in range(i) if (i - j) % q in residues]
        r = sm.solve(spectral.theta(q, edges))
        assert r.success
        assert r.lower_bound <= np.sqrt(q) * (1 + 1e-13)
        assert r.fun == pytest.approx(np.sqrt(q), rel=2e-8)


def clarabel(problem, more=()):
    """The same by cvxpy's lambda_max: an interior-point method on the semidefinite program."""
    linear, x = problem.domain.linear(), cp.Variable(problem.d)
    low, high = np.isfinite(linear.lb), np.isfinite(linear.ub)
    held = [x[low] >= linear.lb[low]] if low.any() else []
    held += [x[high] <= linear.ub[high]] if high.any() else []
    parts = getattr(problem.components, "parts", (problem.components,))
    tops = []
    for part in parts:
        if isinstance(part, sm.Affine):
            tops.append(cp.max(part.A @ x + part.b))
            continue
        flat = part.family.flat.T
        M = part.A0 + cp.reshape(flat @ x, (part.n, part.n), order="C")
        tops.append(cp.lambda_max((M + M.T) / 2))
    return cp.Problem(cp.Minimize(cp.maximum(*tops) if len(tops) > 1 else tops[0]), held).solve(solver="CLARABEL")


@pytest.mark.parametrize(("m", "d"), [(3, 2), (6, 4), (12, 5), (5, 9)])
@pytest.mark.parametrize("kind", ["box", "free", "mixed"])
def test_against_an_interior_point_method(m, d, kind):
    rng = np.random.default_rng(10 * m + d)
    A = symmetric(rng, d, m, m)
    if kind != "box":
        A -= np.einsum("kii->k", A)[:, None, None] * np.eye(m) / m  # no direction makes all eigenvalues fall
    parts = sm.Spectral(symmetric(rng, m, m), A)
    if kind == "mixed":
        parts = sm.Stack([sm.Affine(rng.standard_normal((2 * d, d)), rng.standard_normal(2 * d)), parts])
    problem = sm.Minimax(parts, sm.Box(-np.ones(d), np.ones(d)) if kind == "box" else sm.Free(d))
    r = sm.solve(problem)
    assert r.success, r.message
    assert r.fun == pytest.approx(clarabel(problem), rel=1e-6, abs=1e-6)
    assert [w.shape for w in r.weights] == ([(2 * d,), (m, m)] if kind == "mixed" else [(m, m)])
    assert sum(np.trace(w) if w.ndim == 2 else w.sum() for w in r.weights) == pytest.approx(1.0, abs=1e-12)
    for w in r.weights:
        assert (np.linalg.eigvalsh(w)[0] if w.ndim == 2 else w.min()) >= -1e-12


def test_diagonal_matrices_are_affine_components():
    """A linear program, by HiGHS, by the affine family and by eigenvalues."""
    rng = np.random.default_rng(7)
    A, b = rng.standard_normal((9, 3)), rng.standard_normal(9)
    box = sm.Box(-np.ones(3), np.ones(3))
    problem = sm.Minimax(sm.Spectral(np.diag(b), [sp.diags_array(a) for a in A.T]), box)
    found = linprog([0, 0, 0, 1], np.c_[A, -np.ones(9)], -b, bounds=[(-1, 1)] * 3 + [(None, None)])
    r = sm.solve(problem, tol=1e-10)
    assert r.success
    assert r.fun == pytest.approx(found.fun, rel=1e-9)
    assert r.fun == pytest.approx(sm.solve(sm.Minimax(sm.Affine(A, b), box)).fun, rel=1e-7)


def test_one_by_one_matrices_are_one_affine_component():
    a, b, box = np.array([1.0, -2.0, 0.5]), 0.25, sm.Box(-np.ones(3), 2 * np.ones(3))
    one = sm.Minimax(sm.Spectral([[b]], a.reshape(3, 1, 1)), box)
    two = sm.Minimax(sm.Affine(a[None], [b]), box)
    x = np.array([0.1, 0.2, 0.3])
    assert one.value(x) == pytest.approx(two.value(x), rel=1e-15)
    np.testing.assert_allclose(sm.Smoothed(one, 0.3).jac(x), a)
    assert np.abs(sm.Smoothed(one, 0.3).hess(x)).max() <= 1e-14
    mine, theirs = sm.certify(one, x, ([[1.0]],)), sm.certify(two, x, [1.0])
    assert mine.lower == pytest.approx(theirs.lower, rel=1e-12)
    assert sm.solve(one).fun == pytest.approx(sm.solve(two).fun, rel=1e-8)


def test_any_density_proves_a_bound_below_the_minimum():
    for seed in range(6):
        problem, rng = random_problem(seed), np.random.default_rng(seed)
        least = sm.solve(problem, tol=1e-10).fun
        for _ in range(30):
            B = rng.standard_normal((6, rng.integers(1, 7)))
            x = rng.uniform(-1, 1, 4)
            c = sm.certify(problem, x, (B @ B.T,))
            assert c.kind == "bounded"
            assert c.lower <= least
            assert c.upper >= least
            W = B @ B.T / np.sum(B * B)
            slopes = problem.components.family.flat @ W.ravel()
            by_hand = np.sum(W * problem.components.A0) - np.abs(slopes).sum()
            assert c.lower == pytest.approx(by_hand, rel=1e-10)
            assert c.lower <= by_hand + 1e-13 * np.abs(by_hand)


def test_densities_prove_the_same_at_every_point():
    problem = random_problem(8)
    r = sm.solve(problem)
    for x in np.random.default_rng(0).uniform(-1, 1, (5, 4)):
        c = sm.certify(problem, x, r.weights)
        assert c.lower == pytest.approx(r.lower_bound, rel=1e-12)
        assert c.upper >= r.fun - 1e-12
        assert sum(c.parts) == pytest.approx(c.gap, rel=1e-9)


def test_a_vector_of_weights_belongs_to_the_eigenvectors_at_hand():
    problem = random_problem(8)
    lin = problem.at(np.array([0.3, -0.2, 0.1, 0.5]))
    V = np.linalg.eigh(naive_matrix(problem.components, lin.x))[1][:, ::-1]
    for weights in ([2.0, 0, 0, 0, 0, 0], [1.0, 3.0, 0, 0, 0, 0]):
        p = np.array(weights) / sum(weights)
        mine, theirs = prove(problem, lin, np.array(weights)), prove(problem, lin, ((V * p) @ V.T,))
        assert mine.lower == pytest.approx(theirs.lower, rel=1e-12)
        np.testing.assert_allclose(mine.weights[0], theirs.weights[0], atol=1e-14)
        assert mine.vector is None


def test_the_bound_of_densities_is_that_of_their_affine_functions_rounded_down():
    problem, B = random_problem(8), np.random.default_rng(1).standard_normal((6, 3))
    x, W = np.array([0.3, -0.2, 0.1, 0.5]), B @ B.T
    below, p, _ = frozen(problem.components, (W,))
    fixed, meters = sm.Minimax(below, problem.domain), [Meter() for _ in range(3)]
    plain = prove(fixed, fixed.at(x, meters[0]), p)
    prove(problem, problem.at(x, meters[1]), None)
    found = prove(problem, problem.at(x, meters[2]), (W,))
    assert meters[2].npass == meters[0].npass + meters[1].npass
    assert found.lower == plain.lower - 24 * np.finfo(float).eps * abs(plain.lower)
    assert np.trace(found.weights[0]) == pytest.approx(1.0, rel=1e-14)
    assert sum(found.parts) == pytest.approx(found.gap, rel=1e-14)
    nothing = sm.certify(sm.Minimax(problem.components), x, (W,))
    assert (nothing.kind, nothing.lower, nothing.parts) == ("none", -np.inf, (np.inf, np.inf))


def test_densities_meet_multipliers_constraints_and_slopes_that_count_as_large():
    falling = sm.Spectral([[0.0]], [[[-1.0]]])
    walled = sm.Minimax(falling, sm.Polyhedron([[1.0]], [2.0]))
    found = sm.certify(walled, [1.0], ([[1.0]],), sm.Multipliers([1.0], [], [], []))
    assert found.lower == pytest.approx(-2.0, rel=1e-13)
    round_ = sm.Minimax(
        falling, constraints=NonlinearConstraint(lambda y: y**2, -np.inf, 4.0, jac=lambda y: 2 * np.diag(y))
    )
    for v, residual in ((0.25, 0.0), (0.0, 1.0)):
        multipliers = sm.Multipliers([], [], [], [], np.array([v]))
        assert sm.certify(round_, [2.0], ([[1.0]],), multipliers).residual == pytest.approx(residual, abs=1e-14)
    bowl = sm.Smooth(lambda y: y**2, lambda y: 2 * np.diag(y), d=1, n=1, convex=True)
    problem = sm.Minimax(sm.Stack([sm.Spectral([[-5.0]], [[[0.0]]]), bowl]))
    weights = (np.zeros((1, 1)), np.ones(1))
    for floor, kind in ((None, "none"), (np.ones(1), "assumed-convex")):
        assert prove(problem, problem.at(np.array([1e-9])), weights, None, floor).kind == kind


def test_frozen_components_lie_below():
    problem, rng = random_problem(9), np.random.default_rng(0)
    B = rng.standard_normal((6, 3))
    below, p, _ = frozen(problem.components, (B @ B.T / np.sum(B * B),))
    assert p.sum() == pytest.approx(1.0)
    for y in rng.standard_normal((20, 4)):
        assert below.value(y).max() <= problem.value(y) + 1e-12


def test_sparse_and_dense_data_agree():
    rng = np.random.default_rng(11)
    edges = [(i, j) for i in range(12) for j in range(i) if rng.random() < 0.3]
    thin = spectral.theta(12, edges).components
    full = sm.Spectral(np.ones((12, 12)), thin.family.flat.toarray().reshape(-1, 12, 12) + 0.0)
    full.family = type(full.family)(thin.family.flat.toarray(), 12)
    assert sp.issparse(thin.family.flat)
    x = rng.standard_normal(len(edges))
    for tau in (1.0, 1e-2):
        one, two = (sm.Smoothed(sm.Minimax(parts), tau) for parts in (thin, full))
        assert one.fun(x) == pytest.approx(two.fun(x), rel=1e-14)
        np.testing.assert_allclose(one.jac(x), two.jac(x), atol=1e-12)
        np.testing.assert_allclose(one.hess(x), two.hess(x), atol=1e-10 * np.abs(two.hess(x)).max())


def test_units_do_not_matter():
    problem = random_problem(12)
    parts, base = problem.components, sm.solve(random_problem(12))
    for unit in (1e-8, 1e8):
        A = unit * parts.family.flat.reshape(4, 6, 6)
        r = sm.solve(sm.Minimax(sm.Spectral(unit * parts.A0, A), problem.domain))
        assert r.success
        assert r.fun / unit == pytest.approx(base.fun, rel=2e-8)


def test_active_are_the_indices_of_the_largest_eigenvalues():
    r = sm.solve(next(c for c in CASES if c.name == "theta-petersen").problem)
    values = r.fun - np.linalg.eigvalsh(naive_matrix(CASES[3].problem.components, r.x))[::-1]
    np.testing.assert_array_equal(r.active, np.flatnonzero(values <= r.threshold + 1e-14))
    assert r.active[0] == 0


@pytest.mark.parametrize("method", ["newton", "lbfgs", "accelerated", "auto"])
def test_a_given_temperature(method):
    problem = random_problem(13)
    r = sm.solve(problem, tau=0.2, tol=1e-6, method=method)
    assert r.success, r.message
    assert r.fun <= r.smoothed_fun <= r.fun + 0.2 * np.log(6)
    g = sm.Smoothed(problem, 0.2).jac(r.x)
    step = r.x - np.clip(r.x - g, -1, 1)
    assert np.abs(step).max() < 1e-2


def test_unbounded_and_constant_problems():
    falls = sm.solve(sm.Minimax(sm.Spectral(np.eye(3), [np.eye(3)])))
    assert not falls.success
    assert "unbounded" in falls.message
    flat = sm.solve(sm.Minimax(sm.Spectral(np.diag([1.0, 2, 3]), [np.zeros((3, 3))])))
    assert flat.success
    assert flat.fun == pytest.approx(3.0)


def test_a_budget_never_loses_the_best_point():
    case = next(c for c in CASES if c.name == "theta-C7")
    r = sm.solve(case.problem, case.x0, max_passes=12)
    assert r.status == 1
    assert r.fun <= case.problem.value(case.x0)
    assert r.lower_bound <= case.optimum + 1e-12


@pytest.mark.parametrize(
    ("A0", "A", "error", "words"),
    [
        (np.eye(3), np.zeros((0, 3, 3)), ValueError, ["A", "0"]),
        (np.eye(3), [], ValueError, ["A", "0"]),
        (np.eye(3), np.eye(3), ValueError, ["A", "3, 3"]),
        (np.eye(3), [np.eye(2)], ValueError, ["A[0]", "2, 2"]),
        (np.ones((2, 3)), [np.eye(2)], ValueError, ["A0", "2, 3"]),
        (np.zeros((0, 0)), [np.zeros((0, 0))], ValueError, ["A0", "0, 0"]),
        (np.array([[0.0, 1], [2, 0]]), [np.eye(2)], ValueError, ["A0", "symmetric"]),
        (np.eye(2), [np.array([[0.0, 1], [2, 0]])], ValueError, ["A[0]", "symmetric"]),
        (np.eye(2), [sp.csr_array([[0.0, 1], [2, 0]])], ValueError, ["A[0]", "symmetric"]),
        (np.eye(2), [np.eye(2), np.diag([1, np.nan])], ValueError, ["A[1]", "nan"]),
        (np.eye(2), [sp.diags_array([1.0, np.inf])], ValueError, ["A[0]", "inf"]),
        (np.eye(2) * 1j, [np.eye(2)], TypeError, ["A0", "complex128"]),
        (np.eye(2), [sp.diags_array([1.0j, 1])], TypeError, ["A[0]", "complex128"]),
        (np.eye(2), "abc", TypeError, ["A", "str"]),
        (np.eye(2), None, TypeError, ["A", "NoneType"]),
        (np.eye(2), sp.eye_array(2), TypeError, ["A", "dia_array"]),
        ([["a"]], [np.eye(1)], TypeError, ["A0"]),
    ],
)
def test_bad_data_are_named(A0, A, error, words):
    assert_refuses(error, words, sm.Spectral, A0, A)


@pytest.mark.parametrize(
    ("weights", "error", "words"),
    [
        (np.eye(6), TypeError, ["weights", "tuple"]),
        ((np.eye(6), np.eye(6)), ValueError, ["weights", "2"]),
        ((np.eye(5),), ValueError, ["weights[0]", "5, 5"]),
        ((np.ones(6),), ValueError, ["weights[0]", "(6, 6)"]),
        ((np.diag([1.0, 1, 1, 1, 1, -1]),), ValueError, ["weights[0]", "semidefinite"]),
        ((np.triu(np.ones((6, 6))),), ValueError, ["weights[0]", "symmetric"]),
        ((np.zeros((6, 6)),), ValueError, ["weights", "zero"]),
        ((np.full((6, 6), np.nan),), ValueError, ["weights[0]", "nan"]),
    ],
)
def test_bad_weights_are_named(weights, error, words):
    assert_refuses(error, words, sm.certify, random_problem(0), np.zeros(4), weights)


def test_methods_that_reuse_weights_refuse():
    for method in set(METHODS) - {"spectral"}:
        assert_refuses(ValueError, ["spectral", "method"], sm.solve, random_problem(0), method=method)
    assert_refuses(ValueError, ["Spectral"], sm.solve, sm.Minimax(np.eye(2)), method="spectral")
    uneven = np.arange(1.0, 7.0)
    assert_refuses(ValueError, ["prior", "constant"], sm.Smoothed, random_problem(0), 0.1, prior=uneven)


def test_the_data_are_the_callers_no_longer():
    A0, A = np.eye(2), np.stack([np.eye(2)])
    parts = sm.Spectral(A0, A)
    A0[:], A[:] = 7.0, 7.0
    assert parts.value([0.0])[0] == 1.0
    assert parts.value([1.0])[0] == 2.0


def test_the_file_names_every_source():
    graphs = json.loads(spectral.DATA.read_text(encoding="utf-8"))
    for g in [*graphs["theta"], *graphs["mixing"]]:
        ends = np.array(g["edges"])
        assert g["source"]
        assert 0 <= ends.min() < ends.max() == g["n"] - 1
        assert len({frozenset(e) for e in g["edges"]}) == len(ends)
