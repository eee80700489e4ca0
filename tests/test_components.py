"""Components: values and products against their formulas, passes, memory, rounding bounds, the door."""

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.linalg import LinearOperator, aslinearoperator

import smoothmax as sm
from smoothmax.components import Linearization, Meter, base, differences
from tests import naive
from tests.effort import law
from tests.laws import assert_blocks, assert_gradient, assert_hessian, assert_refuses

RNG = np.random.default_rng(7)
M, D = 37, 5
A = RNG.standard_normal((M, D)) * 10.0 ** RNG.integers(-3, 4, D)
B = RNG.standard_normal(M)
A[3] = 0.0  # a row without entries
A[:, 2][::2] = 0.0
X = RNG.standard_normal(D)
PS = np.array([G @ G.T for G in RNG.standard_normal((M, D, 3))])  # rank 3: not definite
LOPSIDED = PS + np.triu(RNG.standard_normal((M, D, D)), 1)  # not symmetric
Q = RNG.standard_normal((M, D))


def memmapped(array, folder):
    np.save(folder / "A.npy", array)
    return np.load(folder / "A.npy", mmap_mode="r")


def locked(array):
    array = array.copy()
    array.flags.writeable = False
    return array


STORED = {
    "dense": lambda _: A.copy(),
    "fortran": lambda _: np.asfortranarray(A),
    "strided": lambda _: np.repeat(np.repeat(A, 2, axis=0), 3, axis=1)[::2, ::3],
    "reversed": lambda _: A[::-1, ::-1].copy()[::-1, ::-1],
    "read-only": lambda _: locked(A),
    "big-endian": lambda _: A.astype(">f8"),
    "lists": lambda _: A.tolist(),
    "matrix-of-float32": lambda _: A.astype(np.float32),
    "integers": lambda _: (10 * A).astype(np.int32),
    "booleans": lambda _: A > 0,
    "memmap": lambda folder: memmapped(A, folder),
    "csr_array": lambda _: sp.csr_array(A),
    "csr_matrix": lambda _: sp.csr_matrix(A),
    "csc": lambda _: sp.csc_array(A),
    "coo-with-duplicates": lambda _: sp.coo_array(
        (np.r_[A.ravel(), A.ravel()] / 2, tuple(np.tile(np.indices(A.shape).reshape(2, -1), 2))), A.shape
    ),
    "csr-unsorted": lambda _: sp.csr_array(A[:, ::-1])[:, ::-1],
    "operator": lambda _: aslinearoperator(A),
}


@pytest.fixture(params=STORED)
def stored(request, tmp_path):
    return STORED[request.param](tmp_path)


@pytest.fixture(params=[None, 64, 400])
def block_bytes(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(base, "BLOCK_BYTES", request.param)
    return request.param


def families():
    """name: (components, f, J, Hessians or None) at X, by the formulas."""
    smooth = sm.Smooth(lambda x: Q @ x + 0.5 * x @ x, lambda x: Q + x, lambda x, v: v.sum() * np.eye(D), d=D, n=M)
    sparse = sm.Smooth(lambda x: Q @ x, lambda x: sp.csr_array(Q), d=D, n=M)
    eye = np.broadcast_to(3.5 * np.eye(D), (M, D, D))
    shared = np.broadcast_to(LOPSIDED[0], (M, D, D))
    known = {
        "affine": (sm.Affine(A, B), *naive.affine(A, B, X), None),
        "absolute": (sm.Affine(A, B, absolute=True), *naive.affine(A, B, X, True), None),
        "sparse-absolute": (sm.Affine(sp.csr_array(A), B, absolute=True), *naive.affine(A, B, X, True), None),
        "no-offset": (sm.Affine(A), *naive.affine(A, None, X), None),
        "quadratics": (sm.Quadratic(LOPSIDED, Q, B), *naive.quadratic(LOPSIDED, Q, B, X), LOPSIDED),
        "shared": (sm.Quadratic(LOPSIDED[0], Q, B), *naive.quadratic(shared, Q, B, X), shared),
        "identity": (sm.Quadratic(3.5, Q, B), *naive.quadratic(eye, Q, B, X), eye),
        "bare-quadratics": (sm.Quadratic(PS), *naive.quadratic(PS, 0 * Q, 0 * B, X), PS),
        "smooth": (smooth, Q @ X + 0.5 * X @ X, Q + X, np.broadcast_to(np.eye(D), (M, D, D))),
        "smooth-sparse": (sparse, Q @ X, Q, None),
    }
    parts = ["absolute", "quadratics", "smooth", "identity"]
    zero = np.zeros((2 * M, D, D))
    known["stack"] = (
        sm.Stack([known[k][0] for k in parts]),
        np.concatenate([known[k][1] for k in parts]),
        np.vstack([known[k][2] for k in parts]),
        np.concatenate([zero, LOPSIDED, known["smooth"][3], eye]),
    )
    known["stack-of-stacks"] = (
        sm.Stack([sm.Stack([known["affine"][0]]), sm.Stack([known["absolute"][0], known["shared"][0]])]),
        np.concatenate([known[k][1] for k in ("affine", "absolute", "shared")]),
        np.vstack([known[k][2] for k in ("affine", "absolute", "shared")]),
        np.concatenate([np.zeros((3 * M, D, D)), shared]),
    )
    return known


FAMILIES = families()
every_family = pytest.mark.parametrize("name", FAMILIES)


def close(actual, desired, tol=1e-13):
    np.testing.assert_allclose(actual, desired, rtol=tol, atol=tol * np.abs(desired).max(initial=0.0))


# --- values and products, against the formulas


@pytest.mark.parametrize("absolute", [False, True])
def test_affine_is_the_same_however_it_is_stored(stored, absolute, block_bytes):
    given = naive.dense(stored)
    f, J = naive.affine(given, B, X, absolute)
    parts = sm.Affine(stored, B, absolute=absolute)
    lin = Linearization(parts, X)
    assert (parts.n, parts.d) == J.shape
    assert_blocks(parts, X)
    v, u = np.linspace(-1, 1, parts.n), np.linspace(1, 2, D)
    close(parts.value(X), f)
    close(parts(X), f)
    close(lin.f, f)
    close(lin.jvp(u), J @ u)
    close(lin.vjp(v), J.T @ v, 1e-12)
    if parts.rows:
        close(lin.gram(v**2), J.T @ (v[:, None] ** 2 * J), 1e-12)
        rows = np.arange(0, parts.n, 3)
        close(lin.jac(rows), J[rows])
        close(lin.column_sizes(v**2), v**2 @ np.abs(J))
        close(lin.column_sizes(), np.abs(J).mean(axis=0))
        assert np.all(np.abs(parts.value(X) - f) <= 2 * parts.rounding(X, np.arange(parts.n)))


@every_family
def test_products_are_those_of_the_dense_jacobian(name, block_bytes):
    parts, f, J, _ = FAMILIES[name]
    lin = Linearization(parts, X)
    v, u = np.cos(np.arange(parts.n)), np.linspace(1, 2, D)
    assert_blocks(parts, X)
    close(lin.f, f)
    close(lin.jvp(u), J @ u, 1e-12)
    close(lin.vjp(v), J.T @ v, 1e-12)
    close(lin.gram(v**2), J.T @ (v[:, None] ** 2 * J), 1e-12)
    close(lin.column_sizes(v**2), v**2 @ np.abs(J), 1e-12)
    close(lin.column_sizes(), np.abs(J).mean(axis=0), 1e-12)


@every_family
@pytest.mark.parametrize("rows", [[0], [M - 1], [0, 1, 5, M - 1], range(M), []])
def test_single_jacobian_rows(name, rows, block_bytes):
    parts, _, J, _ = FAMILIES[name]
    rows = np.array(list(rows), dtype=np.intp)
    both = np.union1d(rows, parts.n - 1 - rows)
    for some in (rows, both):
        got = Linearization(parts, X).jac(some)
        close(got, J[some])
        got[:] = np.nan  # a copy: the data must not suffer
    close(Linearization(parts, X).jac(np.arange(parts.n)), J)


@every_family
def test_products_that_touch_few_rows(name, block_bytes):
    parts, _, J, _ = FAMILIES[name]
    v = np.zeros(parts.n)
    v[[1, parts.n - 1]] = 0.25, 2.0
    lin = Linearization(parts, X)
    close(lin.vjp(v), J.T @ v, 1e-12)
    close(lin.gram(v), J.T @ (v[:, None] * J), 1e-12)
    close(lin.column_sizes(v), v @ np.abs(J), 1e-12)
    nothing = np.zeros(parts.n)
    assert not lin.vjp(nothing).any()
    assert not lin.gram(nothing).any()


@every_family
def test_second_derivatives(name):
    parts, *_, own = FAMILIES[name]
    v = np.linspace(-1, 2, parts.n)
    H = parts.hess(X, v)
    if own is None:
        assert H is None or not np.any(H)
        return
    close(H, sum(vi * (Hi + Hi.T) / 2 for vi, Hi in zip(v, own, strict=True)), 1e-12)
    assert_hessian(lambda x: Linearization(parts, x).vjp(v), lambda x: parts.hess(x, v), X)


@every_family
def test_jacobians_are_derivatives(name):
    parts = FAMILIES[name][0]
    assert_gradient(parts.value, lambda x: Linearization(parts, x).jac(np.arange(parts.n)), X)


def test_an_operator_is_asked_for_products_only():
    calls = []

    class Counted(LinearOperator):
        def _matvec(self, x):
            calls.append("A x")
            return A @ x.ravel()

        def _rmatvec(self, y):
            calls.append("A'y")
            return A.T @ y.ravel()

    s = sm.Smoothed(sm.Minimax(sm.Affine(Counted(np.float64, A.shape), B, absolute=True)), 0.1)
    s.fun_and_jac(X)
    s.weights(X)
    assert calls == ["A x", "A'y"]


def test_columns_of_an_absolute_operator_are_not_all_zero():
    lin = Linearization(sm.Affine(aslinearoperator(A), absolute=True), X)
    sizes = lin.column_sizes()
    assert np.all(sizes > 0)
    assert np.all(sizes <= np.abs(A).mean(axis=0) * (1 + 1e-12))


# --- one pass


@pytest.mark.parametrize("absolute", [False, True])
def test_value_and_gradient_are_one_pass(absolute, block_bytes):
    visits = []

    class Watched(sm.Affine):
        def at(self, x):
            for block in super().at(x):
                visits.append(block.rows[0].start)
                yield block

    meter = Meter()
    parts = Watched(A, B, absolute=absolute)
    s = sm.Smoothed(sm.Minimax(parts), 100.0, meter=meter)
    s.fun(X)
    s.jac(X)
    s.weights(X)
    s.entropy(X)
    assert s.fun_and_jac(X.copy())[0] == s.fun(X)
    assert meter.npass == 1.0
    assert len(visits) == len(set(visits))
    s.hessp(X, X)
    assert meter.npass == 3.0
    s.fun(X + 1)
    assert meter.npass == 4.0


def test_touching_k_rows_counts_k_over_n():
    meter = Meter()
    lin = Linearization(sm.Affine(A, B), X, meter)
    lin.jac(np.arange(5))
    assert meter.npass == pytest.approx(5 / M)
    v = np.zeros(M)
    v[:4] = 1.0
    lin.gram(v)
    assert meter.npass == pytest.approx(9 / M)


@pytest.mark.parametrize(("jac", "calls"), [(lambda x: np.diag(2 * x), 1), ("2-point", 1 + D), ("3-point", 1 + 2 * D)])
def test_user_functions_are_called_no_more_than_needed(jac, calls):
    parts = sm.Smooth(lambda x: x**2, jac, d=D, n=D)
    s = sm.Smoothed(sm.Minimax(parts), 0.1)
    s.fun_and_jac(X)
    assert parts.evaluations == calls
    s.weights(X)
    s.entropy(X)
    s.jac(X)
    assert parts.evaluations == calls
    assert sm.Stack([parts, parts]).evaluations == 2 * calls


BIG = (50_000, 100)  # 40 MB in float64


@pytest.fixture(scope="module")
def big():
    return np.random.default_rng(0).standard_normal(BIG)


@pytest.mark.parametrize("kind", ["dense", "fortran", "float32", "memmap", "csr"])
def test_nothing_as_large_as_the_data_is_made(kind, big, tmp_path):
    forms = {
        "dense": lambda: big,
        "fortran": lambda: np.asfortranarray(big),
        "float32": lambda: big.astype(np.float32),
        "memmap": lambda: memmapped(big, tmp_path),
        "csr": lambda: sp.csr_array(big),
    }
    data = forms[kind]()
    n, d = BIG
    x, v = np.ones(d), np.zeros(2 * n)
    v[::100] = 1.0

    def passes():
        parts = sm.Affine(data, absolute=True)
        s = sm.Smoothed(sm.Minimax(parts), 0.05)
        point = s.at(x)
        assert np.isfinite(s.lipschitz)
        point.lin.jvp(x)
        point.lin.vjp(v)
        point.lin.gram(v)
        point.lin.column_sizes()
        point.lin.jac(np.flatnonzero(v)[:200])
        s.hess(x)

    assert peak(passes) < 40e6 / 4


def peak(call):
    """The most memory, in bytes, that a call held at one time."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_proof_makes_nothing_as_large_as_the_data(big):
    """Weights on every row: the bound on their rounding is summed a block at a time too."""
    problem = sm.Minimax(sm.Affine(big, absolute=True), sm.Box(-np.ones(100), np.ones(100)))
    assert peak(lambda: sm.certify(problem, np.ones(100), np.ones(100_000))) < 40e6 / 4


def test_the_data_is_kept_and_never_changed():
    data, offset, x = locked(A), locked(B), locked(X)
    parts = sm.Affine(data, offset, absolute=True)
    assert parts.A is data
    s = sm.Smoothed(sm.Minimax(parts), 0.1)
    s.hess(x)
    s.hessp(x, x)
    assert sm.Affine(big_endian := A.astype(">f8")).A is big_endian
    assert isinstance(parts.value(x), np.ndarray)


# --- rounding bounds


def exactly(parts, x):
    if isinstance(parts, sm.Affine):
        return naive.exact_affine(parts.A, parts.b, x, parts.absolute)
    if isinstance(parts, sm.Quadratic):
        P = parts.P if parts.P.ndim else float(parts.P) * np.eye(parts.d)
        return naive.exact_quadratic(np.broadcast_to(P, (parts.n, parts.d, parts.d)), parts.q, parts.r, x)
    return [v for part in parts.parts for v in exactly(part, x)]


def assert_rounding(parts, x):
    """|fl(f_i) - f_i| <= rounding, in fractions; and the bound is no more than the size of the terms allows."""
    f, bound = parts.value(x), parts.rounding(x, np.arange(parts.n))
    for i, (value, exact) in enumerate(zip(f, exactly(parts, x), strict=True)):
        error = abs(Fraction(float(value)) - exact)
        assert error <= Fraction(float(bound[i])), f"component {i}: error {float(error):g}, bound {bound[i]:g}"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("spread", [0, 8, 60])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_array, lambda a: a.astype(np.float32)], ids=["f8", "csr", "f4"])
def test_rounding_bounds_the_error_of_affine_values(seed, spread, form):
    rng = np.random.default_rng(seed)
    spread = min(spread, 8) if form not in (np.asarray, sp.csr_array) else spread
    data = rng.standard_normal((20, 9)) * 10.0 ** rng.uniform(-spread, spread, (20, 9))
    x = rng.standard_normal(9) * 10.0 ** rng.uniform(-spread, spread, 9)
    data[:10, -1] = -(data[:10, :-1] @ x[:-1]) / x[-1]  # half of the rows cancel
    assert_rounding(sm.Affine(form(data), rng.standard_normal(20), absolute=True), x)


@pytest.mark.parametrize("seed", range(3))
def test_rounding_bounds_the_error_of_quadratic_values(seed):
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.uniform(-6, 6, 4)
    P = np.array([G @ G.T for G in rng.standard_normal((12, 4, 4))]) / scale / scale[:, None]
    x, q = scale * rng.standard_normal(4), rng.standard_normal((12, 4)) / scale
    r = -np.array([0.5 * x @ p @ x + qi @ x for p, qi in zip(P, q, strict=True)])  # cancels to rounding
    assert_rounding(sm.Quadratic(P, q, r), x)
    assert_rounding(sm.Quadratic(P[0], q, r), x)
    assert_rounding(sm.Quadratic(2.0, q, -(x @ x) - q @ x), x)
    assert_rounding(sm.Stack([sm.Affine(q, r), sm.Quadratic(P, q, r), sm.Affine(q, r, absolute=True)]), x)


@law(60, 1200)
@given(st.lists(st.floats(-1e15, 1e15, allow_subnormal=False), min_size=2, max_size=6), st.floats(-1e6, 1e6))
def test_rounding_of_sums_that_cancel(row, b):
    data = np.array([row, row[::-1]])
    assert_rounding(sm.Affine(data, [b, -b]), np.r_[np.ones(len(row) - 1), -1.0])


def test_rounding_covers_underflow():
    assert_rounding(sm.Affine([[1e-200, 3e-170]]), np.array([1e-200, 1e-160]))
    assert_rounding(sm.Quadratic(1e-100, [[0.0]]), np.array([1e-150]))


def test_rounding_of_an_operator_that_cancels_inside():
    inside = np.array([[1e16, 1.0, -1e16]])
    problem = sm.Minimax(sm.Affine(aslinearoperator(inside)), sm.Box(np.ones(3), np.ones(3)))  # one point: f = 1
    found = sm.certify(problem, np.ones(3), [1.0])
    proven = found.kind in ("rounding", "bounded")
    assert not proven or found.lower <= 1 <= found.upper, f"{found} claims a proof, and min max f = 1"


@pytest.mark.parametrize("seed", range(3))
def test_rounding_bounds_the_error_of_jacobian_rows(seed):
    rng = np.random.default_rng(seed)
    P, q = rng.standard_normal((2, 8, 5, 5)) * 10.0 ** rng.uniform(-6, 6, (2, 8, 5, 5))
    x, q, p = rng.standard_normal(5) * 10.0 ** rng.uniform(-6, 6, 5), q[:, 0], rng.random(8)
    q[:4] = -(P[:4] + np.swapaxes(P[:4], 1, 2)) / 2 @ x  # half of the rows cancel
    for parts in (sm.Quadratic(P, q), sm.Quadratic(P[0], q), sm.Quadratic(1 / 3, q)):
        J, total = Linearization(parts, x).jac(np.arange(8)), np.zeros(5, dtype=object)
        for i in range(8):
            Pi = parts.P[i] if parts.P.ndim == 3 else parts.P if parts.P.ndim else parts.P * np.eye(5)
            for j in range(5):
                terms = zip(Pi[j], x, strict=True)
                exact = sum((Fraction(float(a)) * Fraction(float(b)) for a, b in terms), Fraction(float(q[i, j])))
                total[j] += Fraction(float(p[i])) * abs(Fraction(float(J[i, j])) - exact)
        bound = parts.slope_rounding(x, p)
        assert all(t <= Fraction(float(b)) for t, b in zip(total, bound, strict=True))
        both = sm.Stack([sm.Affine(q), parts])
        np.testing.assert_array_equal(both.slope_rounding(x, np.r_[p, p]), bound)


@every_family
def test_the_limit_of_rounding_bounds_all_of_it(name):
    parts = FAMILIES[name][0]
    assert parts.rounding_limit(X) >= parts.rounding(X, np.arange(parts.n)).max() * (1 - 1e-14)


def test_rounding_of_user_functions_is_four_eps():
    parts = sm.Smooth(lambda x: np.array([1.0, -200.0]), d=1, n=2)
    np.testing.assert_array_equal(parts.rounding(np.zeros(1), np.array([1])), [800 * differences.EPS])


# --- convexity


@pytest.mark.parametrize(
    ("P", "convex"),
    [
        (0.0, True),
        (2.0, True),
        (-1e-300, False),
        (np.zeros((2, 2)), True),
        (np.ones((3, 3)), True),
        (np.ones((3, 3)) / 3, True),
        (np.diag([1.0, -1.0]), False),
        (np.diag([1.0, -1e-8]), False),
        (np.diag([1e-300, -1e-300]), False),
        (np.diag([1e300, 1e-300]), True),
        (np.array([[0.0, 1.0], [1.0, 0.0]]), False),
        (np.array([[1.0, 3.0], [-1.0, 1.0]]), True),  # its symmetric part is [[1, 1], [1, 1]]
        (np.outer([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]), True),
    ],
    ids=str,
)
def test_convexity_is_found_out(P, convex):
    d = np.shape(P)[-1] if np.ndim(P) else 2
    assert sm.Quadratic(P, np.zeros((1, d))).convex is convex
    if np.ndim(P):
        assert sm.Quadratic(np.array([np.eye(d), P])).convex is convex


def test_convexity_does_not_depend_on_units():
    """f = 0.5(y1^2 - y2^2) is not convex, and stays so when y1 is measured in 1e-8 of its unit."""
    assert not sm.Quadratic(np.diag([1e16, -1.0]), np.zeros((1, 2))).convex
    P = np.array([[4.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 1.0]])  # singular
    for s in (np.array([1e8, 1.0, 1e-8]), np.array([1e-8, 1e8, 1.0])):
        assert sm.Quadratic(P * s * s[:, None], np.zeros((1, 3))).convex
        assert not sm.Quadratic((P - 0.01 * np.diag([0, 0, 200.0])) * s * s[:, None], np.zeros((1, 3))).convex


def sign_of_least(M):
    """-1 where a symmetric matrix of fractions is indefinite, else 0: by elimination."""
    M = [list(row) for row in M]
    for k in range(len(M)):
        if M[k][k] < 0 or (M[k][k] == 0 and any(M[k][k:])):
            return -1
        for i in range(k + 1, len(M)):
            factor = M[i][k] / M[k][k] if M[k][k] else Fraction(0)
            M[i] = [a - factor * b for a, b in zip(M[i], M[k], strict=True)]
    return 0


@pytest.mark.parametrize("spread", [0, 6])
@pytest.mark.parametrize("rank", [1, 3, 6])
def test_the_shift_makes_a_singular_quadratic_surely_convex(rank, spread):
    rng = np.random.default_rng(rank)
    G = rng.standard_normal((20, 6, rank)) * 10.0 ** rng.uniform(-spread, spread, (6, 1))
    family = sm.Quadratic(np.array([g @ g.T for g in G]))
    assert family.convex
    for P, shift in zip(family.P, family.semidefinite_shift, strict=True):
        exact = [[Fraction(float(v)) for v in row] for row in P]
        shifted = [[v + Fraction(float(shift[i])) * (i == j) for j, v in enumerate(r)] for i, r in enumerate(exact)]
        assert sign_of_least(shifted) >= 0
        assert np.all(shift <= 1e-13 * np.diag(P))
    p = rng.random(20)
    close(family.curvature_slack(p), p @ family.semidefinite_shift)
    if rank == 6:
        assert not family.semidefinite_shift.any()


def test_no_shift_where_convexity_is_certain():
    for P in (0.0, 2.0, np.zeros((2, 2)), np.diag([1e300, 1e-300]), np.diag([1.0, 0.0]), np.eye(2) * 1.7e308):
        family = sm.Quadratic(P, np.zeros((3, 2)))
        assert family.convex
        assert not family.curvature_slack(np.ones(3)).any()
    assert not sm.Quadratic(np.diag([1.0, -(2.0**-53)]), np.zeros((1, 2))).convex
    both = sm.Stack([sm.Affine(np.eye(2)), sm.Quadratic(np.ones((2, 2)), np.zeros((1, 2)))])
    close(both.curvature_slack(np.array([1.0, 1.0, 2.0])), 2 * both.parts[1].semidefinite_shift)
    assert both.parts[1].semidefinite_shift.all()


def test_stack_adds_up_what_its_parts_are():
    flat, bent = sm.Affine(A), sm.Quadratic(-1.0, Q)
    user = sm.Smooth(lambda x: x, d=D, n=D, convex=True)
    assert sm.Stack([flat, flat]).affine
    assert not sm.Stack([flat, bent]).affine
    assert sm.Stack([flat, bent]).quadratic
    assert not sm.Stack([flat, bent]).convex
    assert sm.Stack([flat, user]).convex
    assert sm.Stack([flat, user]).assumed
    assert not sm.Stack([flat, bent]).assumed
    assert not sm.Stack([flat, sm.Affine(aslinearoperator(A))]).rows
    assert sm.Quadratic(0.0, Q).affine


# --- user functions


def trig(x):
    return np.array([np.sin(x[0]) * x[1], np.exp(x[0]) + x[1] ** 2, x[0] - x[1]])


def trig_jac(x):
    return np.array([[np.cos(x[0]) * x[1], np.sin(x[0])], [np.exp(x[0]), 2 * x[1]], [1.0, -1.0]])


@pytest.mark.parametrize(("scheme", "tol"), [("2-point", 1e-7), ("3-point", 1e-9), (None, 1e-9)])
@pytest.mark.parametrize("x", [[0.3, -0.7], [0.0, 0.0], [1e-9, 1e6], [-3.0, -1e-9]])
def test_finite_differences(scheme, tol, x):
    x = np.array(x)
    lin = Linearization(sm.Smooth(trig, scheme, d=2, n=3), x)
    J, size = trig_jac(x), 1.0 + np.abs(trig(x)).max() / np.maximum(1.0, np.abs(x))
    assert np.all(np.abs(lin.jac(np.arange(3)) - J) <= tol * (np.abs(J) + size))


def test_rounding_reuses_the_value_of_a_pass():
    parts = sm.Smooth(trig, trig_jac, d=2, n=3)
    x, rows = np.array([0.3, -0.7]), np.arange(3)
    f = Linearization(parts, x).f
    np.testing.assert_array_equal(parts.rounding(x, rows, f), 4 * differences.EPS * np.abs(f))
    assert parts.evaluations == 1
    np.testing.assert_array_equal(parts.rounding(2 * x, rows), 4 * differences.EPS * np.abs(trig(2 * x)))
    assert parts.evaluations == 2


def test_two_point_differences_reuse_the_value():
    calls = []

    def fun(x):
        calls.append(x.copy())
        return x**2

    Linearization(sm.Smooth(fun, "2-point", d=2, n=2), np.zeros(2)).soft(1.0, None)
    assert len(calls) == 3


def test_check_finds_the_component_whose_derivative_is_wrong():
    def wrong(x):
        J = trig_jac(x)
        J[1, 1] *= 1.1
        return J

    x = np.array([0.3, -0.7])
    assert_refuses(ValueError, ["jac", "component 1"], sm.Smooth(trig, wrong, d=2, n=3).check, x)
    assert_refuses(ValueError, ["jac"], sm.Smooth(trig, lambda x: -trig_jac(x), d=2, n=3).check, x)
    sm.Smooth(trig, trig_jac, d=2, n=3).check(x)
    sm.Smooth(trig, "2-point", d=2, n=3).check(x)
    sm.Smooth(lambda x: 1e150 * trig(x), lambda x: 1e150 * trig_jac(x), d=2, n=3).check(x)


@pytest.mark.parametrize("offset", [1e6, 1e9, -1e12])
def test_check_allows_for_the_rounding_of_the_difference(offset):
    sm.Smooth(lambda x: offset + trig(x), trig_jac, d=2, n=3).check([0.3, -0.7])


def test_check_sees_a_wrong_derivative_at_any_scale():
    for scale in (1e-12, 1.0, 1e12):
        parts = sm.Smooth(lambda x, s=scale: s * trig(x), lambda x, s=scale: -s * trig_jac(x), d=2, n=3)
        assert_refuses(ValueError, "jac", parts.check, [0.3, -0.7])


@pytest.mark.parametrize(
    ("fun", "error", "words"),
    [
        (lambda x: np.ones((2, 2)), ValueError, ["fun(x", "(3,)", "(2, 2)"]),
        (lambda x: np.ones(4), ValueError, ["fun(x", "(3,)", "(4,)"]),
        (lambda x: 1j * np.ones(3), TypeError, ["fun(x", "complex128"]),
        (lambda x: ["a", "b", "c"], TypeError, ["fun(x"]),
        (lambda x: [1.0, None, 2.0], TypeError, ["fun(x", "object"]),
        (lambda x: None, TypeError, ["fun(x"]),
        (lambda x: [1.0, [2.0], [3.0, 4.0]], ValueError, ["fun(x"]),
    ],
    ids=["2-d", "too-long", "complex", "strings", "objects", "nothing", "ragged"],
)
def test_functions_that_return_something_else(fun, error, words):
    assert_refuses(error, words, sm.Smooth(fun, d=2, n=3).value, np.zeros(2))


@pytest.mark.parametrize(
    ("jac", "error"),
    [
        (lambda x: np.ones((2, 3)), ValueError),
        (lambda x: np.ones(3), ValueError),
        (lambda x: sp.eye_array(3), ValueError),
        (lambda x: 1j * np.ones((3, 2)), TypeError),
        (lambda x: [["a", "b"]] * 3, TypeError),
        (lambda x: None, TypeError),
        (lambda x: [[1.0, 2.0], [1.0], [1.0, 2.0]], ValueError),
        (lambda x: 1j * sp.eye_array(3, 2), TypeError),
    ],
    ids=["transposed", "flat", "sparse", "complex", "strings", "nothing", "ragged", "sparse-complex"],
)
def test_jacobians_that_are_something_else(jac, error):
    lin = Linearization(sm.Smooth(lambda x: np.ones(3), jac, d=2, n=3), np.zeros(2))
    assert_refuses(error, "jac(x", lin.vjp, np.ones(3))


def test_hessians_that_are_something_else():
    parts = sm.Smooth(trig, trig_jac, lambda x, v: np.ones(2), d=2, n=3)
    assert_refuses(ValueError, ["hess(x", "(2, 2)", "(2,)"], parts.hess, np.zeros(2), np.ones(3))
    sparse = sm.Smooth(trig, trig_jac, lambda x, v: sp.eye_array(2), d=2, n=3)
    np.testing.assert_array_equal(sparse.hess(np.zeros(2), np.ones(3)), np.eye(2))


def test_a_function_may_not_change_our_point():
    def spoil(x):
        x[:] = np.nan
        return np.ones(2)

    x = np.zeros(2)
    sm.Smooth(spoil, d=2, n=2).value(x)
    assert not x.any()


def test_sizes_are_found_by_the_problem():
    problem = sm.Minimax(sm.Smooth(trig, trig_jac), sm.Box([0, 0], [1, 1]))
    assert (problem.n, problem.d) == (3, 2)
    assert sm.Minimax(sm.Smooth(lambda x: x @ x, lambda x: 2 * x, d=2)).n == 1
    assert_refuses(ValueError, "d", sm.Minimax, sm.Smooth(trig))
    assert_refuses(ValueError, ["d", "3", "2"], sm.Minimax, sm.Smooth(trig, d=3), sm.Box([0, 0], [1, 1]))


@pytest.mark.parametrize("d", [None, 2])
def test_a_stack_of_functions_whose_sizes_are_not_known_yet(d):
    """Sizes are found by the problem, or from the point; never a wrong n."""
    stack = sm.Stack([sm.Affine(np.eye(2)), sm.Stack([sm.Smooth(trig, trig_jac, d=d)])])
    assert (stack.n, stack.d) == (-1, 2)
    problem = sm.Minimax(stack)
    assert problem.n == 5
    x = np.array([0.5, 1.0])
    for parts in (stack, problem.components):
        np.testing.assert_allclose(parts.value(x), np.r_[x, trig(x)])
    np.testing.assert_allclose(Linearization(stack, x).jvp(x), np.r_[x, trig_jac(x) @ x])
    assert_refuses(ValueError, ["n", "Smooth"], stack.rounding, x, np.arange(5))


def test_a_value_finds_the_sizes_it_needs():
    for parts in (sm.Smooth(trig, d=2), sm.Smooth(trig)):
        np.testing.assert_array_equal(parts.value([0.5, 1.0]), trig([0.5, 1.0]))
    assert_refuses(ValueError, ["x", "2", "3"], sm.Smooth(trig, d=2).value, np.zeros(3))


# --- the door

NAN, INF = np.array([[1.0, np.nan]]), np.array([[1.0, 2.0], [np.inf, 3.0]])
REFUSED = {
    "A-nan": (ValueError, ["A", "nan", "[0, 1]"], lambda: sm.Affine(NAN)),
    "A-inf": (ValueError, ["A", "inf", "[1, 0]"], lambda: sm.Affine(INF)),
    "A-inf-float32": (ValueError, ["A", "inf"], lambda: sm.Affine(INF.astype(np.float32))),
    "A-both-infinities": (ValueError, ["A"], lambda: sm.Affine([[np.inf, -np.inf]])),
    "A-sparse-nan": (ValueError, ["A", "nan", "[0, 1]"], lambda: sm.Affine(sp.csr_array(NAN))),
    "A-sparse-inf": (ValueError, ["A", "inf", "[1, 0]"], lambda: sm.Affine(sp.csc_array(INF))),
    "A-operator-complex": (TypeError, ["A", "complex128"], lambda: sm.Affine(aslinearoperator(np.eye(2) * 1j))),
    "A-empty": (ValueError, ["A", "(0, 2)"], lambda: sm.Affine(np.ones((0, 2)))),
    "A-no-columns": (ValueError, ["A", "(2, 0)"], lambda: sm.Affine(np.ones((2, 0)))),
    "A-flat": (ValueError, ["A", "(2,)"], lambda: sm.Affine([1.0, 2.0])),
    "A-cube": (ValueError, ["A", "(1, 1, 1)"], lambda: sm.Affine(np.ones((1, 1, 1)))),
    "A-strings": (TypeError, ["A"], lambda: sm.Affine([["a", "b"]])),
    "A-complex": (TypeError, ["A", "complex128"], lambda: sm.Affine(np.ones((1, 2)) * 1j)),
    "A-sparse-complex": (TypeError, ["A", "complex128"], lambda: sm.Affine(sp.csr_array(np.ones((1, 2)) * 1j))),
    "A-objects": (TypeError, ["A", "object"], lambda: sm.Affine([[Fraction(1, 2)]])),
    "A-ragged": (ValueError, ["A"], lambda: sm.Affine([[1.0], [1.0, 2.0]])),
    "A-none": (TypeError, ["A"], lambda: sm.Affine(None)),
    "A-masked": ((TypeError, ValueError), ["A"], lambda: sm.Affine(np.ma.masked_invalid(NAN))),
    "A-too-large-for-float64": (ValueError, ["A"], lambda: sm.Affine(np.array([[np.longdouble("1e400")]]))),
    "b-nan": (ValueError, ["b", "nan", "b[1]"], lambda: sm.Affine(np.eye(2), [1.0, np.nan])),
    "b-long": (ValueError, ["b", "2", "3"], lambda: sm.Affine(np.eye(2), np.ones(3))),
    "b-square": (ValueError, ["b", "(2, 1)"], lambda: sm.Affine(np.eye(2), np.ones((2, 1)))),
    "b-string": (TypeError, ["b"], lambda: sm.Affine(np.eye(2), ["x", "y"])),
    "P-nan": (ValueError, ["P", "nan"], lambda: sm.Quadratic([[np.nan]])),
    "P-not-square": (ValueError, ["P", "square", "(1, 2, 3)"], lambda: sm.Quadratic(np.ones((1, 2, 3)))),
    "P-flat": (ValueError, ["P", "(3,)"], lambda: sm.Quadratic(np.ones(3))),
    "P-alone": (ValueError, ["n"], lambda: sm.Quadratic(np.eye(2))),
    "P-number-alone": (ValueError, ["P"], lambda: sm.Quadratic(1.0, r=[0.0])),
    "r-huge": (ValueError, ["r", "inf"], lambda: sm.Quadratic(np.eye(1), r=np.array([np.longdouble("1e400")]))),
    "q-ragged": (ValueError, ["q"], lambda: sm.Quadratic(np.eye(2), [[1.0, 2.0], [1.0]])),
    "P-string": (TypeError, ["P"], lambda: sm.Quadratic("one", np.ones((1, 1)))),
    "q-mismatch": (ValueError, ["q", "2", "3"], lambda: sm.Quadratic(np.eye(2), np.ones((1, 3)))),
    "q-flat": (ValueError, ["q", "(2,)"], lambda: sm.Quadratic(np.eye(2), np.ones(2))),
    "r-mismatch": (ValueError, ["r"], lambda: sm.Quadratic(np.eye(2), np.ones((1, 2)), [1.0, 2.0])),
    "no-components": (ValueError, ["component"], lambda: sm.Quadratic(np.eye(2), np.ones((0, 2)))),
    "fun-not-callable": (TypeError, ["fun"], lambda: sm.Smooth(3)),
    "jac-unknown": (ValueError, ["jac", "'4-point'"], lambda: sm.Smooth(trig, "4-point")),
    "jac-matrix": (ValueError, ["jac"], lambda: sm.Smooth(trig, np.eye(2), d=3)),
    "hess-not-callable": (TypeError, ["hess"], lambda: sm.Smooth(trig, trig_jac, np.eye(2))),
    "d-zero": (ValueError, ["d", "0"], lambda: sm.Smooth(trig, d=0)),
    "d-float": (TypeError, ["d", "2.0"], lambda: sm.Smooth(trig, d=2.0)),
    "n-true": (TypeError, ["n"], lambda: sm.Smooth(trig, d=2, n=True)),
    "stack-empty": (ValueError, ["Stack"], lambda: sm.Stack([])),
    "stack-array": (TypeError, ["Stack", "ndarray"], lambda: sm.Stack([np.eye(2)])),
    "stack-sizes": (ValueError, ["variables", "[2, 3]"], lambda: sm.Stack([sm.Affine(np.eye(k)) for k in (2, 3)])),
    "problem-function": (TypeError, ["components", "sm.Smooth"], lambda: sm.Minimax(trig)),
    "problem-nan": (ValueError, ["A"], lambda: sm.Minimax(NAN)),
    "x-short": (ValueError, ["x", "2", "3"], lambda: sm.Affine(np.eye(3)).value([1.0, 2.0])),
    "x-nan": (ValueError, ["x", "nan"], lambda: sm.Affine(np.eye(2)).value([1.0, np.nan])),
    "x-string": (TypeError, ["x"], lambda: sm.Affine(np.eye(2)).value("ab")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_named_at_the_door(case):
    error, words, call = REFUSED[case]
    assert_refuses(error, words, call)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_values_at_extreme_scales(scale):
    f, J = naive.affine(A * 1e-4, B, X, True)
    parts = sm.Affine(A * 1e-4 * scale, B * scale, absolute=True)
    lin = Linearization(parts, X)
    close(lin.f / scale, f)
    v = np.linspace(0, 1, 2 * M)
    close(lin.vjp(v) / scale, J.T @ v, 1e-12)
    value, gradient = lin.soft(0.1 * scale, None)
    twin = sm.Smoothed(sm.Minimax(sm.Affine(A * 1e-4, B, absolute=True)), 0.1).fun_and_jac(X)
    assert value / scale == pytest.approx(twin[0], rel=1e-13)
    close(gradient / scale, twin[1], 1e-11)


def test_huge_values_are_silent():
    for parts in (sm.Affine([[1e308, 1e308]]), sm.Quadratic(np.eye(2), np.full((1, 2), 1e308))):
        x = np.array([1e300, 1e300])
        lin = Linearization(parts, x)
        assert not np.isfinite(lin.f).any()
        assert not np.isfinite(parts.value(x)).any()
        assert not np.isfinite(parts.rounding(x, np.array([0]))).any()
        parts.slope_rounding(x, np.ones(1))
        for product in (lin.jvp, lambda v, of=lin: of.vjp(v[:1]), lambda v, of=lin: of.gram(v[:1])):
            product(x)
        lin.column_sizes(x[:1])
    assert sm.Quadratic(np.full((1, 1, 1), 1.7e308)).P.max() == 1.7e308


@pytest.mark.parametrize("trouble", [np.nan, np.inf, -np.inf])
def test_a_prior_of_zero_removes_what_is_not_finite(trouble):
    def fun(x):
        return np.r_[x, trouble]

    def jac(x):
        return np.vstack([np.eye(2), np.full(2, trouble)])

    x, w = np.array([0.5, 1.0]), np.array([1.0, 2.0, 0.0])
    with np.errstate(divide="ignore"):
        value, slope = Linearization(sm.Smooth(fun, jac, d=2), x).soft(0.1, 0.1 * np.log(w))
    known, gradient = Linearization(sm.Affine(np.eye(2)), x).soft(0.1, 0.1 * np.log(w[:2]))
    assert value == known
    np.testing.assert_array_equal(slope, gradient)


def test_negative_zero_and_a_single_component():
    parts = sm.Affine([[-0.0]], [-0.0], absolute=True)
    assert parts.value([-0.0]).tolist() == [0.0, 0.0]
    assert sm.Minimax([[2.0]]).value([3.0]) == 6.0


def test_an_operator_is_a_problem():
    problem = sm.Minimax(aslinearoperator(A))
    assert problem.n == M
    assert problem.components.assumed


def test_a_problem_is_frozen_and_can_be_copied():
    import copy
    import pickle

    problem = sm.Minimax(sm.Affine(A, B), sm.Ball(np.zeros(D), 2.0))
    with pytest.raises(AttributeError, match="frozen"):
        problem.domain = None
    for twin in (copy.copy(problem), copy.deepcopy(problem), pickle.loads(pickle.dumps(problem))):
        assert twin.value(X) == problem.value(X)
        assert twin.domain.radius == 2.0


@pytest.mark.parametrize("rows", [slice(0, 16), slice(0, 61)])
def test_blocks_that_leave_components_out_or_repeat_them_are_refused(rows):
    """What no block holds would be memory that nobody has written to."""
    data = sm.Affine(np.random.default_rng(0).standard_normal((60, 3)), np.ones(60), absolute=False)

    class Part(sm.Affine):
        def at(self, x):
            blocks = list(data.at(x))
            yield from blocks * 2 if rows.stop > 60 else list(data.subset(np.arange(16)).at(x))

    with pytest.raises(ValueError, match=r"Part.at\(x\) must hold each of the 60 components once; component"):
        sm.solve(sm.Minimax(Part(data.A, data.b), sm.Box(-np.ones(3), np.ones(3))))
