"""Passes: tallies merge associatively, subsets are what they say, and nothing as large as the data is made."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.sparse.linalg import LinearOperator
from scipy.special import logsumexp

import smoothmax as sm
from smoothmax.components import Linearization, Meter, Portion, base
from smoothmax.components.block import PROBES, Block
from smoothmax.components.tallies import Extent, Pull, Sizes, Soft, Values, Worst
from tests.effort import law

N, D = 37, 4
RNG = np.random.default_rng(0)
A, B = RNG.standard_normal((N, D)), RNG.standard_normal(N)
P = np.einsum("nij,nkj->nik", *[RNG.standard_normal((N, D, D))] * 2)
X = RNG.standard_normal(D)


def smooth():
    return sm.Smooth(lambda x: np.sin(A @ x + B), lambda x: np.cos(A @ x + B)[:, None] * A, d=D, n=N)


FAMILIES = {
    "affine": lambda: sm.Affine(A, B),
    "absolute": lambda: sm.Affine(A, B, absolute=True),
    "sparse": lambda: sm.Affine(sp.csr_array(A * (A > 0)), B, absolute=True),
    "quadratics": lambda: sm.Quadratic(P, A, B),
    "shared": lambda: sm.Quadratic(P[0], A, B),
    "smooth": smooth,
    "stack": lambda: sm.Stack([sm.Affine(A, B, absolute=True), sm.Quadratic(P, A, B), smooth()]),
}
every = pytest.mark.parametrize("name", FAMILIES)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(base, "BLOCK_BYTES", 5 * 8 * D)


def kinds(n, prior):
    offset = None if prior is None else 0.3 * np.log(prior)
    v = np.linspace(0.0, 1.0, n)
    return {
        "soft": lambda: Soft(D, 0.3, offset),
        "values": lambda: Values(n),
        "extent": Extent,
        "worst": lambda: Worst(6),
        "pull": lambda: Pull(D, v - 0.5),
        "sizes": lambda: Sizes(D, v),
    }


def read(tally):
    """What a tally has found, as arrays."""
    if isinstance(tally, Soft):
        return [np.array(tally.fun), tally.jac]
    if isinstance(tally, Values):
        return [tally.f]
    if isinstance(tally, Extent):
        return [np.array([tally.low, tally.high])]
    if isinstance(tally, Worst):
        return list(tally.found)
    return [tally.g]


@law(40, 800)
@given(st.randoms(use_true_random=False), st.sampled_from(sorted(FAMILIES)), st.booleans())
def test_any_order_and_any_association_gives_the_same(random, name, weighted):
    components = FAMILIES[name]()
    prior = np.linspace(0.1, 2.0, components.n) if weighted else None
    for make in kinds(components.n, prior).values():
        plain = make()
        for block in components.at(X):
            plain.see(block)
        parts = []
        for block in components.at(X):
            parts.append(make())
            parts[-1].see(block)
        random.shuffle(parts)
        while len(parts) > 1:
            i = random.randrange(len(parts) - 1)
            parts[i].merge(parts.pop(i + 1))
        for one, other in zip(read(plain), read(parts[0]), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)


@every
def test_tallies_against_the_obvious(name):
    components = FAMILIES[name]()
    lin = Linearization(components, X)
    f, J = components.value(X), lin.jac(np.arange(components.n))
    fun, jac = Linearization(components, X).soft(0.3, None)
    p = np.exp(f / 0.3 - logsumexp(f / 0.3))
    assert fun == pytest.approx(0.3 * logsumexp(f / 0.3), rel=1e-14)
    np.testing.assert_allclose(jac, p @ J, atol=1e-13)
    survey = Linearization(components, X).survey(5)
    order = np.lexsort((np.arange(f.size), -f))
    np.testing.assert_array_equal(survey.rows[:5], order[:5])
    np.testing.assert_array_equal(survey.values[:5], f[order[:5]])
    assert (survey.low, survey.high) == (f.min(), f.max())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, N // 2, N - 1])
def test_one_value_that_is_not_finite_spoils_the_pass(bad, place):
    f = np.zeros(N)
    f[place] = bad
    lin = Linearization(sm.Smooth(lambda x: f, lambda x: np.zeros((N, 1)), d=1), np.zeros(1))
    assert np.isnan(lin.soft(1.0, None)[0])
    assert not np.isfinite(lin.range).all()
    offset = np.zeros(N)
    offset[place] = -np.inf  # a prior of zero removes it, whatever it holds
    assert Linearization(lin.components, np.zeros(1)).soft(1.0, offset)[0] == pytest.approx(np.log(N - 1))


@every
@law(20, 400)
@given(seed=st.integers(0, 10**6))
def test_a_subset_is_those_components(name, seed):
    components = FAMILIES[name]()
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(rng.random(components.n) < 0.4)
    rows = rows if rows.size else np.array([0])
    some, v = components.subset(rows), rng.random(rows.size)
    spread = np.zeros(components.n)
    spread[rows] = v
    whole, part = Linearization(components, X), Linearization(some, X)
    assert some.n == rows.size
    np.testing.assert_allclose(part.f, whole.f[rows], rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(part.vjp(v), spread @ whole.jac(np.arange(components.n)), atol=1e-12)
    np.testing.assert_allclose(part.column_sizes(v), whole.column_sizes(spread), atol=1e-12)
    np.testing.assert_allclose(part.gram(v), whole.gram(spread), atol=1e-11)
    H, mine = components.hess(X, spread), some.hess(X, v)
    assert (H is None) == (mine is None) or components.affine or not np.any(H)
    if H is not None and mine is not None:
        np.testing.assert_allclose(mine, H, atol=1e-6 if name in ("smooth", "stack") else 1e-11)
    bound, known = some.rounding(X, np.arange(rows.size)), components.rounding(X, rows)
    assert np.all(bound >= known / D)  # of sparse rows the longest one at hand counts
    assert np.all(bound <= known * D)
    assert some.rounding_limit(X) >= some.rounding(X, np.arange(rows.size)).max() * (1 - 1e-12)
    again = some.subset(np.arange(rows.size)[::2])
    np.testing.assert_allclose(Linearization(again, X).f, whole.f[rows[::2]], rtol=1e-14, atol=1e-14)


@every
def test_only_is_a_view_that_costs_its_share(name):
    components, meter = FAMILIES[name](), Meter()
    lin, rows = Linearization(components, X, meter), np.array([1, 5, 30])
    f = lin.f.copy()
    assert meter.npass == 1.0
    asked = components.evaluations
    some = lin.only(rows)
    np.testing.assert_allclose(some.f, f[rows])
    assert meter.npass == 1.0, "known already"
    product, before = some.vjp(np.ones(3)), components.jacobians
    assert 1.0 < meter.npass <= 1.0 + 4 * 3 / components.n
    np.testing.assert_allclose(product, lin.jac(rows).sum(axis=0), atol=1e-13)
    assert (components.evaluations, components.jacobians) == (asked, before)


def test_siblings_are_both_signs():
    np.testing.assert_array_equal(sm.Affine(A, B, absolute=True).siblings(np.array([2, N + 5])), [2, 5, N + 2, N + 5])
    np.testing.assert_array_equal(sm.Affine(A, B).siblings(np.array([2, 5])), [2, 5])
    both = sm.Stack([sm.Affine(A, B), sm.Affine(A, B, absolute=True)])
    np.testing.assert_array_equal(both.siblings(np.array([0, N + 1])), [0, N + 1, 2 * N + 1])


def test_both_signs_of_the_same_rows_stay_absolute():
    rows = np.array([1, 4, N + 1, N + 4])
    assert sm.Affine(A, B, absolute=True).subset(rows).absolute
    assert not sm.Affine(A, B, absolute=True).subset(rows[1:]).absolute


def test_leaders_are_all_there_is_to_know_at_the_top():
    f = np.repeat([1.0, 0.0], [800, 200])
    lin = Linearization(sm.Affine(np.zeros((1000, 1)), f), np.zeros(1))
    assert lin.survey().rows.size == 500
    rows, values = lin.leaders(0.0)  # more than the survey has kept
    np.testing.assert_array_equal(rows, np.arange(800))
    assert set(values) == {1.0}
    other = Linearization(sm.Affine(np.zeros((1000, 1)), f[::-1].copy()), np.zeros(1))
    assert other.leaders(2.0)[0].size == 1000


def test_a_portion_is_spent_where_it_belongs():
    meter = Meter()
    part = Portion(meter, 0.25)
    part.spend(2.0)
    assert (part.npass, meter.npass) == (2.0, 0.5)
    assert part.left() == np.inf


def test_the_data_are_read_in_blocks_and_the_user_keeps_them(tmp_path):
    """A float64 memory map four times the anonymous memory that its solve may take."""
    script = """
        import sys, threading, time
        import numpy as np, highspy
        import smoothmax as sm

        def anonymous():
            lines = open("/proc/self/status").read().splitlines()
            return next(1024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon"))

        A = np.load(sys.argv[1], mmap_mode="r")
        b = np.random.default_rng(1).standard_normal(A.shape[0])
        before, peak, done = anonymous(), [0], []

        def watch():
            while not done:
                peak[0] = max(peak[0], anonymous())
                time.sleep(1e-3)

        threading.Thread(target=watch, daemon=True).start()
        r = sm.solve(sm.Minimax(sm.Affine(A, b, absolute=True)), method="working-set", tol=1e-9)
        done.append(1)
        print(r.success, r.npass, (peak[0] - before) / A.nbytes)
    """
    if not os.path.exists("/proc/self/status"):
        pytest.skip("anonymous memory is read from /proc")
    n, d = 250_000, 50
    file = tmp_path / "A.npy"
    data = np.lib.format.open_memmap(file, "w+", np.float64, (n, d))
    for s in range(0, n, 50_000):
        data[s : s + 50_000] = np.random.default_rng(s).standard_normal((50_000, d))
    data.flush()
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(file)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    success, npass, share = run.stdout.split()
    assert success == "True"
    assert float(npass) < 12
    assert float(share) <= 0.3


@pytest.mark.parametrize(("bad", "counted"), [(None, 0), (np.nan, 1), (np.inf, 1), (-np.inf, 1)])
@pytest.mark.parametrize("how", ["values", "survey", "surrogate"])
def test_values_that_are_not_finite_are_counted_as_trouble(bad, counted, how):
    b = B.copy()
    if bad is not None:
        b[N // 2] = bad
    meter = Meter()
    with np.errstate(all="ignore"):
        lin = Linearization(sm.Smooth(lambda x: A @ x + b, lambda x: A, d=D, n=N), X, meter)
        if how == "values":
            _ = lin.f
        elif how == "survey":
            lin.survey()
        else:
            lin.soft(0.5, None)
    assert meter.nonfinite == counted


def test_a_survey_of_data_counts_its_trouble_too():
    for size, counted in ((1.0, 0), (1e200, 1)):
        meter = Meter()
        with np.errstate(all="ignore"):
            Linearization(sm.Quadratic(size * P[0], A, B), size * np.abs(X), meter).survey()
        assert meter.nonfinite == counted


def test_what_column_sizes_cost():
    from scipy.sparse.linalg import aslinearoperator

    for family, cost in ((sm.Affine(A, B), 1), (sm.Affine(aslinearoperator(A), B), PROBES)):
        meter = Meter()
        Linearization(family, X, meter).column_sizes()
        assert meter.npass == cost


def test_column_sizes_of_no_weight_at_all_are_zero():
    lin = Linearization(sm.Affine(A, B), X)
    assert lin.column_sizes(np.zeros(N)) == pytest.approx(np.zeros(D))
    assert lin.vjp(np.zeros(N)) == pytest.approx(np.zeros(D))


def test_leaders_within_a_distance_are_those_at_it_too():
    values = np.r_[3.0, 2.0, 1.0, 3.0, np.zeros(N - 4)]
    lin = Linearization(sm.Affine(np.zeros((N, D)), values), X)
    _ = lin.f
    for within, rows in ((0.0, [0, 3]), (1.0, [0, 1, 3]), (2.0, [0, 1, 2, 3])):
        assert lin.leaders(within)[0].tolist() == rows
        assert Linearization(sm.Affine(np.zeros((N, D)), values), X).leaders(within)[0].tolist() == rows


@pytest.mark.parametrize(
    ("rows", "values", "jacobian", "words"),
    [
        ((0, 7), lambda: B, lambda: A, r"rows must be \(slice\(i, j\),\), .* in a Block; got \(0, 7\)"),
        ((slice(0, N),), B, lambda: A, "values and jacobian of a Block must be functions; got ndarray and function"),
        ((slice(0, N),), lambda: B, A, "values and jacobian of a Block must be functions; got function and ndarray"),
    ],
)
def test_what_a_block_is_made_of_is_named(rows, values, jacobian, words):
    with pytest.raises(TypeError, match=words):
        Block(rows, values, jacobian)


def test_a_meter_is_one_or_none():
    with pytest.raises(TypeError, match="meter must be a Meter or None; got float"):
        Linearization(sm.Affine(A, B), X, 3.0)


def test_blocks_of_data_elsewhere_are_not_handed_out(monkeypatch):
    family = sm.Affine(A, B)
    monkeypatch.setattr(sm.Affine, "remote", True)
    with pytest.raises(TypeError, match=r"Affine.* has no blocks to hand out: its data stay where they are"):
        next(Linearization(family, X).blocks())


def test_an_operator_that_is_nan_is_not_looked_into():
    """Rows without weight add nothing, nan included; but an operator shows no rows."""
    broken = LinearOperator((N, D), matvec=lambda u: np.full(N, np.nan), rmatvec=lambda v: np.full(D, np.nan))
    block = Block((slice(0, N),), lambda: B, lambda: broken)
    assert np.isnan(block.vjp(np.eye(N)[0])).all()
    assert np.isnan(block.vjp(np.ones(N))).all()
    fine = Block((slice(0, N),), lambda: B, lambda: LinearOperator((N, D), matvec=A.__matmul__, rmatvec=A.T.__matmul__))
    np.testing.assert_allclose(fine.vjp(np.eye(N)[0]), A[0])


def test_jacobian_rows_are_doubles():
    assert Block((slice(0, N),), lambda: B, lambda: A.astype(np.float32)).jac(np.arange(2)).dtype == np.float64


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_where_x_is_not_finite_f_is_nan_and_nothing_is_read(bad):
    def asked(x):
        raise AssertionError(x)

    lin = Linearization(sm.Smooth(asked, asked, n=3, d=2), np.array([0.0, bad]))
    value, slope = lin.soft(1.0, None)
    assert np.isnan(value)
    assert_array_equal(slope, [np.nan, np.nan])
    assert_array_equal(lin.f, [np.nan] * 3)
    assert np.isnan(lin.range).all()
    assert (lin.meter.npass, lin.meter.nonfinite) == (0.0, 0)
