"""Blocks and what tallies make of them: each against its definition, far apart, not finite, in pieces, elsewhere."""

import itertools
from copy import copy

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import aslinearoperator
from scipy.special import logsumexp

import smoothmax as sm
from smoothmax.components import Linearization, Meter, Portion
from smoothmax.components.block import Block
from smoothmax.components.spans import Even, Section
from smoothmax.components.tallies import Gram, Pull, Sizes, Soft, Worst

D = 4
RNG = np.random.default_rng(0)
A, B = RNG.standard_normal((37, D)), RNG.standard_normal(37)


# --- one block, and what tallies make of it

FORMS = {"dense": np.asarray, "sparse": sp.csr_array, "operator": aslinearoperator}
K, COMMON = 12, np.array([0.5, -1.0, 0.0, 2.0])


def one_block(form, absolute, shared, r=B[:K]):
    """A block, and its values and Jacobian written down."""
    J = A[:K]
    rows = (slice(0, K), slice(K, 2 * K)) if absolute else (slice(0, K),)
    common = (lambda: COMMON) if shared else None
    block = Block(rows, lambda: r, lambda: FORMS[form](J), common)
    full = J + COMMON if shared else J
    return block, np.concatenate([r, -r]) if absolute else r, np.vstack([full, -full]) if absolute else full


forms = pytest.mark.parametrize("form", FORMS)
sides = pytest.mark.parametrize("absolute", [False, True], ids=["plain", "absolute"])
common = pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])


@forms
@sides
@common
def test_a_block_is_its_values_and_its_jacobian(form, absolute, shared):
    block, f, J = one_block(form, absolute, shared)
    v = np.where(np.arange(f.size) % 3, RNG.random(f.size), 0.0)
    u, rows, w = RNG.standard_normal(D), np.array([1, 4, 7]), np.array([1.0, -2.0, 0.5])
    np.testing.assert_array_equal(block.f, f)
    np.testing.assert_allclose(block.jvp(u), J @ u, atol=1e-14)
    np.testing.assert_allclose(block.vjp(v), J.T @ v, atol=1e-14)
    np.testing.assert_allclose(block.pull(w, rows), J[rows].T @ w, atol=1e-14)
    np.testing.assert_allclose(block.pull(v[:K], None), J[:K].T @ v[:K], atol=1e-14)
    soft = Soft(D, 0.3)
    soft.see(block)
    p = np.exp(f / 0.3 - logsumexp(f / 0.3))
    assert soft.fun == pytest.approx(0.3 * logsumexp(f / 0.3), rel=1e-14)
    np.testing.assert_allclose(soft.jac, p @ J, atol=1e-14)
    if form != "operator":
        np.testing.assert_allclose(block.jac(rows), J[rows], atol=1e-15)
        np.testing.assert_allclose(block.column_sizes(v), v @ np.abs(J), atol=1e-14)
        np.testing.assert_allclose(block.column_sizes(v + 1), (v + 1) @ np.abs(J), atol=1e-14)
        for weights in (v, v + 1, 0 * v):
            gram = Gram(D, weights)
            gram.see(block)
            np.testing.assert_allclose(gram.g, J.T @ (weights[:, None] * J), atol=1e-13)


@forms
@sides
@common
def test_a_cold_block_reads_the_rows_that_show(form, absolute, shared):
    r = np.r_[-9.0, 8.5, -2.0, 1.0, B[4:K]]
    block, f, J = one_block(form, absolute, shared, r)
    tau = 0.5 / 70  # of 8.5 and 9 both show, where both are there; what lies 80 tau deeper does not
    for offset in (None, np.zeros(f.size), np.where(np.arange(f.size) == f.argmax(), -np.inf, 0.0)):
        soft, z = Soft(D, tau, offset), f if offset is None else f + offset
        assert 4 * np.count_nonzero(z > z.max() - 80 * tau) <= z.size
        soft.see(block)
        soft.see(block)
        p = np.exp((z - logsumexp(z / tau) * tau) / tau)
        assert soft.fun == pytest.approx(tau * logsumexp(z / tau) + tau * np.log(2), rel=1e-14)
        np.testing.assert_allclose(soft.jac, p @ J, rtol=1e-12, atol=1e-14)


def single(value, k, n=6, d=6):
    """One component, whose gradient is the k-th unit vector."""
    return Block((slice(k, k + 1),), lambda: np.array([value]), lambda: np.eye(d)[k : k + 1])


@pytest.mark.parametrize("tau", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("merged", [False, True], ids=["seen", "merged"])
def test_peaks_however_far_apart_in_any_order(tau, merged):
    f = tau * np.array([0.0, 0.5, 79.0, 500.0, -2000.0])
    for size in (2, 5):
        for order in itertools.permutations(range(size)):
            soft, seen = Soft(6, tau), f[list(order)]
            for k in order:
                one = Soft(6, tau)
                (one if merged else soft).see(single(f[k], k))
                if merged:
                    soft.merge(one)
            p = np.zeros(6)
            p[list(order)] = np.exp(seen / tau - logsumexp(seen / tau))
            assert soft.fun == pytest.approx(tau * logsumexp(seen / tau), rel=1e-14)
            np.testing.assert_allclose(soft.jac, p, rtol=1e-12, atol=2e-35)


@pytest.mark.parametrize("far", [-1e4, 0.0, 1e4])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_spoils_a_merge_from_either_side(bad, far):
    for first, second in (([0.0, bad], [far]), ([far], [0.0, bad])):
        parts = [Soft(6, 1.0), Soft(6, 1.0)]
        for part, values in zip(parts, (first, second)):
            for k, value in enumerate(values):
                part.see(single(value, k))
        parts[0].merge(parts[1])
        assert np.isnan(parts[0].fun), (first, second)


def test_a_part_that_has_seen_nothing_changes_nothing():
    one, none = Soft(6, 1.0), Soft(6, 1.0)
    one.see(single(2.0, 1))
    one.merge(none)
    assert one.fun == 2.0
    none.merge(one)
    assert none.fun == 2.0
    np.testing.assert_array_equal(none.jac, np.eye(6)[1])


def test_the_worst_of_many_pieces_are_the_worst_of_all():
    values = np.random.default_rng(3).permutation(60).astype(float)
    for count, size in itertools.product((1, 3, 4), (1, 5, 7)):
        worst = Worst(count)
        for k in range(0, 60, size):
            worst.take(values[k : k + size], k)
            packed = copy(worst)
            packed.pack()
            seen = values[: k + size]
            for one in (worst, packed):
                np.testing.assert_array_equal(one.found[1], np.sort(seen)[::-1][:count])
                np.testing.assert_array_equal(one.found[0], np.argsort(-seen)[:count])
            assert packed.found[0].size == packed._rows.size <= count


def test_what_is_cut_off_is_below_what_is_kept():
    """Sorting out has its pivots anywhere: many draws, so that one lies at the cut."""
    rng = np.random.default_rng(0)
    for _ in range(600):
        values = rng.standard_normal(2000)
        worst = Worst(300)
        worst.take(values, 0)
        np.testing.assert_array_equal(worst.found[1], np.sort(values)[::-1][:300])


@pytest.mark.parametrize("top", range(7))
def test_equal_values_are_not_lost_to_a_level(top):
    """Fewer values lie above the level that a sample suggests than are asked for: the rest are equal to it."""
    f = np.repeat([1.0, 2.0], [100, top])
    worst = Worst(5)
    worst.take(f, 0)
    np.testing.assert_array_equal(worst.found[1], np.sort(f)[::-1][:5])
    np.testing.assert_array_equal(worst.found[0][: min(top, 5)], 100 + np.arange(min(top, 5)))


def test_one_component_is_the_highest():
    f = np.array([1.0, 3.0, 3.0, 0.0])
    rows, values = Linearization(sm.Affine(np.zeros((4, 1)), f), np.zeros(1)).highest()
    np.testing.assert_array_equal(rows, [1])
    np.testing.assert_array_equal(values, [3.0])


def test_what_is_read_at_the_top_is_kept():
    meter, f = Meter(), np.repeat([1.0, 0.0], [800, 200])
    lin = Linearization(sm.Affine(np.zeros((1000, 1)), f), np.zeros(1), meter)
    assert lin.leaders(0.0)[0].size == 800
    assert meter.npass == 2.0  # the survey, and all values
    np.testing.assert_array_equal(lin.f, f)
    assert meter.npass == 2.0


def test_nothing_that_counts_is_trouble():
    meter = Meter()
    fun, jac = Linearization(sm.Affine(np.eye(3)), np.ones(3), meter).soft(1.0, np.full(3, -np.inf))
    assert np.isnan(fun)
    assert (jac.dtype, jac.shape, np.isnan(jac).all()) == (np.float64, (3,), True)
    assert meter.nonfinite == 1


def test_trouble_is_counted_here_and_in_the_whole():
    whole = Meter()
    part = Portion(whole, 0.5)
    lin = Linearization(sm.Affine([[1.0], [1.0]], [0.0, 1e308]), np.array([1e308]), part)
    for k in (1, 2):
        assert np.isnan(lin.soft(1.0, None)[0])
        assert (part.nonfinite, whole.nonfinite) == (k, k)


# --- vectors of which only some entries are here


def test_a_section_holds_its_spans_and_no_more():
    v = np.arange(12.0)
    part = Section.of(v, [slice(2, 6), slice(8, 11)])
    for s in (slice(2, 6), slice(3, 5), slice(8, 9), slice(10, 11)):
        np.testing.assert_array_equal(part[s], v[s])
    assert [p.size for p in Section.empty(part.spans).parts] == [4, 3]
    with pytest.raises(KeyError, match="1 to 3"):
        part[1:3]
    with pytest.raises(KeyError, match="10 to 12"):
        part[10:12]
    part[3:5] = np.array([-1.0, -2.0])
    np.testing.assert_array_equal(part[2:6], [2.0, -1.0, -2.0, 5.0])
    part[0:2] = v[:2]
    np.testing.assert_array_equal(part[0:2], [0.0, 1.0])
    v[:] = 7.0  # a copy
    assert part[8:9] == 8.0


def test_what_is_sent_elsewhere_is_what_belongs_there():
    spans = [slice(3, 5), slice(9, 10)]
    sent = Pull(D, np.arange(20.0)).part(spans)
    np.testing.assert_array_equal(np.concatenate(sent.v.parts), [3.0, 4.0, 9.0])
    assert isinstance(Sizes(D, Even(0.5)).part(spans).v, Even)
    offset = Soft(D, 1.0, np.arange(20.0)).part(spans).offset
    np.testing.assert_array_equal(np.concatenate(offset.parts), [3.0, 4.0, 9.0])


# --- edges that count


@pytest.mark.parametrize("r", [[-5.0, 3.0], [5.0, -3.0], [-5.0, -3.0], [3.0, 5.0]])
def test_both_signs_reach_as_far_as_the_larger(r):
    lin = Linearization(sm.Affine(np.zeros((2, D)), r, absolute=True), np.ones(D))
    assert lin.range.tolist() == [-5.0, 5.0]
    assert [lin.survey().low, lin.survey().high] == [-5.0, 5.0]


@forms
def test_a_component_at_minus_infinity_spoils_the_sum_unless_it_is_removed(form):
    r = B[:K].copy()
    r[3] = -np.inf
    for offset, spoilt in ((np.zeros(K), True), (np.where(np.arange(K) == 3, -np.inf, 0.0), False)):
        soft = Soft(D, 0.5, offset)
        soft.see(one_block(form, False, False, r)[0])
        assert np.isnan(soft.fun) == spoilt


def test_a_sum_of_nothing_is_no_number():
    assert np.isnan(Soft(D, 1.0).fun)
