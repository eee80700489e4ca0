"""Regularizers: each smooth maximum and its weights against slow twins, laws, and every array library."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import smoothmax as sm
from smoothmax.regularizers import gini, named, shannon, tsallis
from tests import effort, naive
from tests.arrays import MAKERS, WANTED, library
from tests.laws import assert_refuses

EPS = float(np.finfo(float).eps)
INF, NAN = math.inf, math.nan
ALL = [shannon, gini, tsallis(1 + 1e-12), tsallis(1.1), tsallis(1.5), tsallis(2), tsallis(3), tsallis(40)]
STEEP = 2.0  # beyond this alpha the weights jump where an element enters, and have no derivative there
X = np.random.default_rng(0).normal(size=(3, 4, 5)) * 2
vectors = hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e3, 1e3))
taus = st.floats(1e-3, 1e3)
law = effort.law(40, 800)
each = pytest.mark.parametrize("reg", ALL, ids=repr)


@pytest.fixture(params=list(MAKERS))
def lib(request):
    return library(request.param)


# --- the maximum


@each
@law
@given(z=vectors, tau=taus)
def test_the_maximum_is_attained_by_its_weights(reg, z, tau):
    value, p = reg.maximum(z, tau)
    room = 30 * EPS * (abs(z).max() + tau)
    assert p.min() >= 0
    assert p.sum() == pytest.approx(1, abs=4 * EPS * max(z.size, 4))
    assert z.max() <= value <= z.max() + reg.bound(z.size, tau) * (1 + 4 * EPS) + room
    omega = float(reg.value(p))
    assert value == pytest.approx(float(p @ z) - tau * omega, abs=30 * room)
    assert -1e-15 <= -omega <= reg.bound(z.size) * (1 + 8 * EPS)
    assert z.max() - p @ z <= -tau * omega + 30 * room  # the gap that a solver may report


@each
@law
@given(z=vectors, tau=taus, seed=st.integers(0, 9))
def test_no_other_weights_do_better(reg, z, tau, seed):
    value = reg.maximum(z, tau)[0]
    for q in np.random.default_rng(seed).dirichlet(np.full(z.size, 0.3), 5):
        assert q @ z - tau * float(reg.value(q / q.sum())) <= value + 1e-12 * (abs(z).max() + tau)


@each
@law
@given(z=vectors, tau=taus, shift=st.floats(-100, 100), k=st.integers(-20, 20))
def test_shift_scale_and_order(reg, z, tau, shift, k):
    value, p = reg.maximum(z, tau)
    room = 1e-12 * (abs(z).max() + abs(shift) + tau)
    assert reg.maximum(z + shift, tau)[0] == pytest.approx(value + shift, abs=room)
    scaled, q = reg.maximum(2.0**k * z, 2.0**k * tau)
    assert scaled == 2.0**k * value
    np.testing.assert_allclose(q, p, rtol=4 * EPS)
    back, r = reg.maximum(z[::-1], tau)
    assert back == pytest.approx(value, abs=room)
    np.testing.assert_allclose(r[::-1], p, atol=1e-10)


@each
def test_it_is_convex_one_lipschitz_and_rises_with_tau(reg):
    rng = np.random.default_rng(1)
    for _ in range(50):
        x, y, tau = rng.normal(size=7), rng.normal(size=7), 10.0 ** rng.uniform(-2, 2)
        a, b = (reg.maximum(v, tau)[0] for v in (x, y))
        assert reg.maximum((x + y) / 2, tau)[0] <= (a + b) / 2 + 1e-13
        assert abs(a - b) <= abs(x - y).max() + 1e-13
        assert reg.maximum(x, 1.1 * tau)[0] >= a


@pytest.mark.parametrize("alpha", [1 + 2.3e-16, 1 + 1e-9, 1.01, 1.5, 2, 2.5, 7, 50])
def test_entmax_to_the_last_digits(alpha):
    rng = np.random.default_rng(2)
    for n, tau in ((1, 1.0), (2, 0.3), (6, 1.0), (25, 10.0), (25, 0.1)):
        z = rng.normal(size=n)
        p, value = naive.exact_entmax(z, tau, alpha, digits=effort.cases(60, 300))
        found, weights = tsallis(alpha).maximum(z, tau)
        assert found == pytest.approx(float(value), rel=8 * EPS, abs=8 * EPS * tau)
        np.testing.assert_allclose(weights, [float(v) for v in p], atol=4e-15)


@law
@given(z=vectors, tau=taus)
def test_gini_is_the_projection_onto_the_simplex(z, tau):
    size = 1 + np.ptp(z) / tau
    np.testing.assert_allclose(gini.maximum(z, tau)[1], naive.sparsemax(z, tau), atol=40 * EPS * size)
    domain = sm.Simplex(z.size)
    np.testing.assert_allclose(gini.maximum(z, tau)[1], domain.project((z - z.max()) / tau), atol=40 * EPS * size)


@pytest.mark.parametrize("shape", [(1000, 50), (3, 20_000), (1, 7), (20_000, 2)])
@pytest.mark.parametrize("tau", [1e-9, 0.1, 3.0, 1e6])
def test_few_or_many_in_the_support(shape, tau):
    z = np.random.default_rng(3).normal(size=shape)
    value, p = gini.maximum(z, tau, axis=1)
    for i in (0, shape[0] // 2, -1):
        np.testing.assert_allclose(p[i], naive.sparsemax(z[i] - z[i].max(), tau), atol=1e-15 * (1 + 4 / tau))
    np.testing.assert_allclose(
        value, np.sum(p * z, axis=1) + tau * (1 - np.sum(p * p, axis=1)) / 2, rtol=1e-13, atol=1e-14
    )
    columns = gini.maximum(z.T, tau, axis=0)
    np.testing.assert_array_equal(columns[1].T, p)


@pytest.mark.parametrize("alpha", [1.05, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("tau", [1e-3, 0.3, 3.0, 1e3])
def test_entmax_among_few_or_many(alpha, tau):
    """The same weights as where the whole of every row is looked at."""
    make, read = library("strict")
    rng = np.random.default_rng(7)
    for shape in ((400, 300), (2, 90_000), (500, 3)):
        z = rng.normal(size=shape)
        z[0, :2] = INF, NAN
        z[1, 0] = -INF
        value, p = tsallis(alpha).maximum(z, tau, axis=1)
        expected, q = tsallis(alpha).maximum(make(z), tau, axis=1)
        np.testing.assert_allclose(value, read(expected), rtol=1e-13, atol=1e-13 * tau)
        np.testing.assert_allclose(p, read(q), rtol=1e-9, atol=2e-13)
        np.testing.assert_allclose(p[1:].sum(axis=1), 1.0, rtol=1e-13)


def test_tsallis_joins_shannon_and_gini():
    for tau in (0.1, 1.0, 10.0):
        for alpha, limit in ((1 + 1e-9, shannon), (2.0, gini)):
            value, p = tsallis(alpha).maximum(X, tau, axis=-1)
            expected, q = limit.maximum(X, tau, axis=-1)
            np.testing.assert_allclose(value, expected, atol=1e-8 * tau)
            np.testing.assert_allclose(p, q, atol=2e-8)
            assert tsallis(alpha).bound(5, tau) == pytest.approx(limit.bound(5, tau), rel=1e-8)
            np.testing.assert_allclose(tsallis(alpha).value(q, axis=-1), limit.value(q, axis=-1), atol=1e-8)


# --- Ω, slopes, bounds


@each
def test_omega_vanishes_at_vertices_and_is_least_in_the_middle(reg):
    for n in (1, 2, 5):
        np.testing.assert_allclose(reg.value(np.eye(n), axis=1), 0.0, atol=1e-16)
        assert -float(reg.value(np.full(n, 1 / n))) == pytest.approx(reg.bound(n), rel=1e-14)
        assert reg.maximum(np.zeros(n), 3.0)[0] == pytest.approx(reg.bound(n, 3.0), rel=1e-14)


@each
def test_second_derivatives(reg):
    rng = np.random.default_rng(4)
    z, v = rng.normal(size=(4, 6)), rng.normal(size=(4, 6))
    tau, h = 2.0, 1e-6
    found = reg.hvp(z, v, tau, axis=1)
    slope = (reg.maximum(z + h * v, tau, axis=1)[1] - reg.maximum(z - h * v, tau, axis=1)[1]) / (2 * h)
    if getattr(reg, "alpha", 1.0) <= STEEP + 1:
        np.testing.assert_allclose(found, slope, atol=2e-6)
    np.testing.assert_allclose(found.sum(axis=1), 0.0, atol=1e-14)
    assert np.all(np.sum(v * found, axis=1) >= 0)
    np.testing.assert_array_equal(reg.hvp(z, v[0], tau, axis=1)[2], reg.hvp(z[2], v[0], tau))


@each
def test_the_gradient_is_the_weights(reg):
    rng = np.random.default_rng(5)
    z, u, h = rng.normal(size=8), rng.normal(size=8), 1e-6
    slope = (reg.maximum(z + h * u, 0.7)[0] - reg.maximum(z - h * u, 0.7)[0]) / (2 * h)
    assert slope == pytest.approx(float(reg.maximum(z, 0.7)[1] @ u), abs=1e-6)


# --- shapes, dtypes, special values


@each
def test_axes_and_dtypes(reg):
    for axis in (None, 0, -1, (0, 2), (), (0, 1, 2)):
        value, p = reg.maximum(X, 0.8, axis=axis)
        expected = naive.over_slices(lambda s: reg.maximum(s, 0.8)[0], X, axis)
        np.testing.assert_allclose(value, expected, rtol=1e-14)
        assert p.shape == X.shape
        np.testing.assert_array_equal(sm.smooth_max(X, tau=0.8, axis=axis, regularizer=reg), value)
    for dtype in (np.float32, np.float16):
        value, p = reg.maximum(X.astype(dtype), 0.8, axis=-1)
        assert value.dtype == p.dtype == dtype
        np.testing.assert_allclose(value, reg.maximum(X, 0.8, axis=-1)[0], rtol=4 * float(np.finfo(dtype).eps))
    assert reg.maximum([1, 2, 3])[1].dtype == np.float64
    assert reg.maximum(5.0)[0] == 5.0
    assert reg.maximum([[True, False]], axis=1)[0].shape == (1,)


@each
@pytest.mark.parametrize(
    "z", [[-INF, -INF], [INF, 1.0], [INF, INF, 1.0], [NAN, 1.0], [NAN, INF], [-INF, 2.0, 2.0]], ids=repr
)
def test_special_values_are_those_of_logsumexp(reg, z):
    for tau in (0.0, 1e-300, 0.5):
        with np.errstate(all="raise"):
            value, p = reg.maximum([z, [1.0] * len(z)], tau, axis=1)
        assert value[0] == pytest.approx(sm.logsumexp(z, tau=tau), nan_ok=True, abs=0.5)
        np.testing.assert_allclose(p[0], sm.softmax(z, tau=tau), atol=1e-15)
        np.testing.assert_allclose(p[1], 1 / len(z))
    assert reg.maximum(np.ones((2, 0)), axis=1)[0].tolist() == [-INF, -INF]
    assert reg.maximum(np.ones((0, 2)), axis=1)[1].shape == (0, 2)


@each
def test_extreme_temperatures_and_sizes(reg):
    for z, tau in (([0.0, 1e-300], 5e-324), ([1e308, -1e308], 1.0), ([1e-300, 0.0], 1e-300), ([1.0, 2.0], 1e300)):
        value, p = reg.maximum(z, tau)
        assert max(z) <= value <= max(z) + 1.01 * reg.bound(2, tau)
        assert p.sum() == pytest.approx(1.0)


# --- other libraries


@each
def test_arrays_of_other_libraries(lib, reg):
    make, read = lib
    for axis, tau in ((None, 0.5), (-1, 3.0), ((0, 2), 0.01), (1, 0.0)):
        value, p = reg.maximum(make(X), tau, axis=axis)
        expected, q = reg.maximum(X, tau, axis=axis)
        np.testing.assert_allclose(read(value), expected, rtol=1e-13)
        np.testing.assert_allclose(read(p), q, atol=1e-13)
    np.testing.assert_allclose(read(reg.hvp(make(X), make(X), 2.0, axis=1)), reg.hvp(X, X, 2.0, axis=1), atol=1e-12)
    np.testing.assert_allclose(read(reg.value(make(q), axis=1)), reg.value(q, axis=1), atol=1e-15)
    narrow = reg.maximum(make(X.astype(np.float32)), 0.5)
    assert all(read(part).dtype == np.float32 for part in narrow)
    odd = np.array([[-INF, -INF], [INF, 1.0], [INF, INF], [NAN, 0.0]])
    np.testing.assert_array_equal(read(reg.maximum(make(odd), axis=1)[1]), reg.maximum(odd, axis=1)[1])


@pytest.mark.parametrize("reg", [shannon, gini, tsallis(1.2), tsallis(1.5), tsallis(3)], ids=repr)
@pytest.mark.parametrize("name", ["torch", "jax"])
def test_they_are_differentiated(name, reg):
    make = library(name)[0]
    z, v = X[0, 0], X[1, 1]
    if name == "torch":
        a = make(z).requires_grad_()
        value, p = reg.maximum(a, 2.0)
        value.backward(retain_graph=True)
        slope, a.grad = a.grad.numpy().copy(), None
        (p * make(v)).sum().backward()
        second = a.grad.numpy()
    else:
        import jax

        slope = jax.jit(jax.grad(lambda a: reg.maximum(a, 2.0)[0]))(make(z))
        second = jax.grad(lambda a: (reg.maximum(a, 2.0)[1] * make(v)).sum())(make(z))
    np.testing.assert_allclose(slope, reg.maximum(z, 2.0)[1], atol=1e-12)
    np.testing.assert_allclose(second, reg.hvp(z, v, 2.0), atol=1e-10)


@pytest.mark.skipif("torch" not in WANTED, reason="the entmax package is tested by `make test-backends`")
def test_against_the_entmax_package():
    import entmax
    import torch

    z = np.random.default_rng(6).normal(size=(20, 30))
    a = torch.tensor(z)
    np.testing.assert_allclose(gini.maximum(z, axis=1)[1], entmax.sparsemax(a, dim=1), atol=1e-14)
    np.testing.assert_allclose(tsallis(1.5).maximum(z, axis=1)[1], entmax.entmax15(a, dim=1), atol=1e-12)
    for alpha in (1.1, 1.7, 2.5):
        theirs = entmax.entmax_bisect(a, alpha=alpha, dim=1, n_iter=80)
        np.testing.assert_allclose(tsallis(alpha).maximum(z, axis=1)[1], theirs, atol=1e-10)


# --- what is refused


def test_what_does_not_fit_is_refused_by_name():
    assert_refuses(ValueError, ["regularizer", "renyi"], sm.smooth_max, [1.0], regularizer="renyi")
    assert_refuses(TypeError, ["regularizer", "None"], sm.smooth_max, [1.0], regularizer=None)
    assert_refuses(ValueError, ["regularizer", "tsallis"], named, tsallis(3), ("shannon", "gini"))
    for alpha in (1, 1.0, 0.5, NAN, INF, -2):
        assert_refuses(ValueError, "alpha", tsallis, alpha)
    for alpha in ("2", None, True, 2j, [2.0]):
        assert_refuses(TypeError, "alpha", tsallis, alpha)
    for reg in ALL:
        assert_refuses(ValueError, "p", reg.value, [0.5, 0.6])
        assert_refuses(ValueError, "p", reg.value, [1.5, -0.5])
        assert_refuses(ValueError, "p", reg.value, [NAN, 1.0])
        assert_refuses(ValueError, "tau", reg.maximum, [1.0], -1.0)
        assert_refuses(ValueError, "tau", reg.hvp, [1.0], [1.0], 0.0)
        assert_refuses(ValueError, "v", reg.hvp, [1.0, 2.0], [1.0, 2.0, 3.0])
        assert_refuses(TypeError, "z", reg.maximum, [1j])
        assert_refuses(ValueError, "axis", reg.maximum, [1.0], axis=3)


def test_elements_at_the_edge_of_the_support_do_not_come_and_go():
    """Where rounding puts zeros of p on either side of θ, in turns, the search for θ must still end."""
    rng = np.random.default_rng(0)
    for n in (30, 300):
        for _ in range(50):
            p = gini.maximum(rng.standard_normal(n), float(rng.uniform(0.01, 3)))[1]
            for tau in (1e-6, 0.3, 1.0):
                back = gini.maximum(tau * (p - 0.5), tau)[1]
                np.testing.assert_allclose(back, p, atol=1e-12)


@pytest.mark.parametrize("kind", [shannon, gini, tsallis(1.2), tsallis(1.5), tsallis(3.0)], ids=str)
def test_the_gradient_of_omega(kind):
    rng = np.random.default_rng(1)
    for p in rng.dirichlet(np.ones(6), 5):
        step, slope = 1e-6, np.asarray(kind.gradient(p))
        for i, j in ((0, 1), (2, 5)):  # along the simplex, where Ω is
            e = np.zeros(6)
            e[i], e[j] = step, -step
            rate = (kind.value(p + e) - kind.value(p - e)) / (2 * step)
            assert rate == pytest.approx(slope[i] - slope[j], rel=1e-5, abs=1e-8)
        x = rng.standard_normal(6)
        value, q = kind.maximum(x, 0.7)
        level = x - 0.7 * np.asarray(kind.gradient(q))
        theta = value - 0.7 * (1.0 if kind is shannon else float(np.sum(q**kind.alpha)) / kind.alpha)
        np.testing.assert_allclose(level[q > 0], theta, rtol=1e-12)
        assert np.all(level[q == 0] <= theta + 1e-12)


def test_rows_of_different_scale_are_each_as_if_alone():
    z = np.zeros((2, 60))
    z[0, 0], z[1, :5] = 1e17, np.arange(5) / 10 + 1
    for kind in (gini, tsallis(1.5), tsallis(3.0)):
        value, p = kind.maximum(z, 1.0, axis=1)
        np.testing.assert_allclose(p.sum(axis=1), 1.0)
        for row, weights, v in zip(z, p, value, strict=True):
            one, alone = kind.maximum(row, 1.0)
            np.testing.assert_allclose(weights, alone, atol=1e-15)
            assert v == one


def test_near_ties_far_from_zero_keep_their_share():
    z = np.array([1e16, 1e16 - 2] + [0.0] * 30)
    for kind in (gini, tsallis(1.5)):
        np.testing.assert_allclose(kind.maximum(z, 2.8)[1], kind.maximum(z - 1e16, 2.8)[1], atol=1e-15)
    assert gini.maximum(z, 2.8)[1][1] == pytest.approx(1 / 7)


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize <= 8, reason="no wider float here")
def test_wider_floats():
    z = np.array([1.0, 0.8] + [-5.0] * 30, np.longdouble)
    for kind in (gini, tsallis(1.5)):
        p = kind.maximum(z, 0.5)[1]
        assert p.dtype == np.longdouble
        np.testing.assert_allclose(p.astype(float), kind.maximum(z.astype(float), 0.5)[1], atol=1e-14)


def test_bounds_refuse_what_is_no_size():
    for kind in (shannon, gini, tsallis(1.5)):
        for n in (0, -1, 2.5, True, "a"):
            assert_refuses(ValueError, "n", kind.bound, n)
        assert_refuses(ValueError, "tau", kind.bound, 3, -1.0)
        assert kind.bound(1) == 0.0
