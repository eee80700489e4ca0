"""Random largest eigenvalues, alone and beside convex functions, against Clarabel and against diagonal twins."""

import warnings

import cvxpy as cp
import numpy as np
import pytest

import smoothmax as sm
from smoothmax.certificate import prove
from smoothmax.solvers import Status
from tests.effort import cases, seed

SHAPES = ("plain", "diagonal", "low rank", "commuting", "repeated", "tiny entries")
BESIDE = ("alone", "affine", "quadratic", "two spectral")
FLOOR = -50.0  # beside the rest: keeps the peer bounded, and its tolerance, which is relative, small
DOMAINS = ("free", "box", "half-open", "simplex", "rows")


def symmetric(rng, m, rank=None):
    B = rng.standard_normal((m, rank or m))
    if rank is not None:
        return B @ np.diag(rng.standard_normal(rank)) @ B.T
    return (B + B.T) / 2


def matrices(rng, shape, m, d):
    """(A0, [A_1 … A_d]) of one kind."""
    if shape == "diagonal":
        return np.diag(rng.standard_normal(m)), [np.diag(rng.standard_normal(m)) for _ in range(d)]
    if shape == "commuting":
        Q = np.linalg.qr(rng.standard_normal((m, m)))[0]
        drawn = [Q @ np.diag(rng.standard_normal(m)) @ Q.T for _ in range(d + 1)]
        return drawn[0], [(M + M.T) / 2 for M in drawn[1:]]
    rank = 2 if shape == "low rank" else None
    A0, A = symmetric(rng, m), [symmetric(rng, m, rank) for _ in range(d)]
    if shape == "repeated":
        A = [A[k // 2] for k in range(d)]
    if shape == "tiny entries":
        A = [M * 10.0 ** rng.integers(-4, 3) for M in A]
    return (A0 + A0.T) / 2, [(M + M.T) / 2 for M in A]


def stated(number):
    """The problem of that number, and the same in cvxpy."""
    rng = np.random.default_rng(number)
    shape, beside, over = SHAPES[number % 6], BESIDE[number // 6 % 4], DOMAINS[number % 5]
    m, d = int(rng.integers(1, 6)), int(rng.integers(1, 5))
    x = cp.Variable(d)
    parts, terms = [], []
    for _ in range(2 if beside == "two spectral" else 1):
        A0, A = matrices(rng, shape, m, d)
        parts.append(sm.Spectral(A0, A))
        terms.append(cp.lambda_max(A0 + sum(x[k] * A[k] for k in range(d))))
    if beside == "affine":
        B, b = rng.standard_normal((4, d)), rng.standard_normal(4)
        parts.append(sm.Affine(B, b))
        terms.append(cp.max(B @ x + b))
    if beside == "quadratic":
        q = rng.standard_normal((2, d))
        parts.append(sm.Quadratic(2.0, q, np.zeros(2)))
        terms.append(cp.max(cp.sum_squares(x) + q @ x))
    domain, rules = {
        "free": (sm.Free(d), []),
        "box": (sm.Box(-np.ones(d), np.ones(d)), [x >= -1, x <= 1]),
        "half-open": (sm.Box(np.full(d, -0.5), np.full(d, np.inf)), [x >= -0.5]),
        "simplex": (sm.Simplex(d), [x >= 0, cp.sum(x) == 1]),
        "rows": (
            sm.Polyhedron(np.ones((1, d)), [1.0], bounds=(np.full(d, -2.0), np.full(d, 3.0))),
            [cp.sum(x) <= 1, x >= -2, x <= 3],
        ),
    }[over]
    components = parts[0] if len(parts) == 1 else sm.Stack(parts)
    name = f"{shape}, {beside}, {over}, m={m}, d={d}"
    return name, sm.Minimax(components, domain), cp.Problem(cp.Minimize(cp.maximum(*terms, FLOOR)), rules)


@pytest.mark.parametrize("batch", range(cases(4, 150)))
def test_values_and_bounds_agree_with_clarabel(batch):
    """Where the floor is reached the problem itself may be unbounded.

    What stalls (mostly infima that no point attains) is compared with its own certificate alone: there the peer calls
    values optimal that are off by 1e-3.
    """
    start, proven = seed(), 0
    for number in range(start + 8 * batch, start + 8 * batch + 8):
        name, problem, twin = stated(number)
        r = sm.solve(problem, time_limit=20.0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the peer's "may be inaccurate"
            twin.solve(solver=cp.CLARABEL)
        said = f"number {number} ({name}): {r.status} [{r.lower_bound}, {r.fun}], the peer {twin.value}: {r.message}"
        room = 1e-5 * max(1.0, abs(twin.value))
        assert r.fun == pytest.approx(problem.value(r.x), rel=1e-12), said
        assert r.lower_bound <= min(r.fun, twin.value + room), said
        if twin.value <= FLOOR + 1e-3:
            assert r.status == Status.UNBOUNDED or r.lower_bound <= FLOOR + 1e-3, said
            continue
        assert r.status != Status.UNBOUNDED, said
        again = sm.certify(problem, r.x, r.weights, r.multipliers)
        assert again.gap <= r.gap * (1 + 1e-6) + 1e-9, said
        proven += r.success
        if r.success:
            assert abs(r.fun - twin.value) <= room, said
    assert proven >= 3


@pytest.mark.parametrize("number", range(cases(12, 400)))
def test_diagonal_matrices_are_affine_components(number):
    start = seed() + number
    rng = np.random.default_rng(start)
    m, d = int(rng.integers(2, 8)), int(rng.integers(1, 4))
    D = rng.standard_normal((d, m)) * 10.0 ** rng.integers(-6, 7)
    c = rng.standard_normal(m)
    box = sm.Box(-np.ones(d), np.ones(d))
    spectral = sm.solve(sm.Minimax(sm.Spectral(np.diag(c), [np.diag(row) for row in D]), box))
    affine = sm.solve(sm.Minimax(sm.Affine(D.T, c), box))
    assert max(spectral.lower_bound, affine.lower_bound) <= min(spectral.fun, affine.fun), start
    assert abs(spectral.fun - affine.fun) <= max(spectral.gap, affine.gap), start
    assert affine.gap <= 1e-6 * max(1.0, np.abs(D).max()), start


@pytest.mark.parametrize("size", [1e-9, 1e-6, 1e-2])
def test_negative_weights_of_a_step_prove_nothing_wrong(size):
    """W + DW[dx] may hold what is negative, in the second order of dx: the proof leaves it out."""
    rng = np.random.default_rng(0)
    m, d = 4, 3
    A0, A = matrices(rng, "plain", m, d)
    B, b = rng.standard_normal((5, d)), np.array([0.0, 0.0, 0.0, 0.0, -1e6])
    problem = sm.Minimax(sm.Stack([sm.Spectral(A0, A), sm.Affine(B, b)]), sm.Box(-np.ones(d), np.ones(d)))
    best = sm.solve(problem)
    W, p = best.weights
    for bad in ((W, p - size), (W - size * np.eye(m), p), (W - size * np.eye(m), p - size)):
        c = prove(problem, problem.at(best.x), bad)
        assert c.lower <= best.fun
        again = sm.certify(problem, best.x, c.weights)  # what it hands over is a density and a vector ≥ 0
        assert again.lower == pytest.approx(c.lower, rel=1e-9)
