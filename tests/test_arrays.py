"""Every operator on arrays of every library: NumPy's answer, with the library, dtype and device of the argument."""

import itertools

import numpy as np
import pytest

from smoothmax import operators as op
from tests import naive
from tests.arrays import MAKERS, library

INF, NAN = np.inf, np.nan
X = np.random.default_rng(0).normal(size=(3, 4, 5)) * 10
SPECIAL = [
    [1.0, 2.0, 3.0],
    [-INF, -INF],
    [INF, 1.0],
    [INF, INF, 1.0],
    [NAN, 1.0],
    [NAN, INF],
    [1000.0, 1000.0],
    [-1e308, 1e308],
    [0.0],
]
REDUCTIONS = [
    op.logsumexp,
    op.smooth_min,
    op.mellowmax,
    op.softmax,
    op.log_softmax,
    op.logsumexp_dtau,
    op.logsumexp_plus,
]
KEEPING = [op.logsumexp, op.smooth_min, op.mellowmax, op.softmax, op.log_softmax]
WEIGHING = [op.logsumexp, op.smooth_min, op.softmax, op.log_softmax]


@pytest.fixture(params=list(MAKERS))
def lib(request):
    return library(request.param)


def same(lib, found, expected, tol=1e-13):
    make, read = lib
    expected = np.asarray(expected)
    assert type(found) is type(make(np.ones(2)))
    assert read(found).dtype == expected.dtype
    np.testing.assert_allclose(read(found), expected, rtol=tol, atol=tol)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (), (0, 1, 2)])
@pytest.mark.parametrize("function", REDUCTIONS, ids=lambda f: f.__name__)
def test_axes(lib, function, axis):
    for tau in (0.3, 1.0, 1e3):
        same(lib, function(lib[0](X), tau=tau, axis=axis), function(X, tau=tau, axis=axis))


@pytest.mark.parametrize("x", SPECIAL, ids=repr)
@pytest.mark.parametrize("function", REDUCTIONS, ids=lambda f: f.__name__)
def test_special_values(lib, function, x):
    for tau in (0.0, 1e-300, 0.5, 1e300):
        with np.errstate(all="raise"):
            found = function(lib[0](np.array(x)), tau=tau)
        same(lib, found, function(np.array(x), tau=tau))


@pytest.mark.parametrize("function", KEEPING, ids=lambda f: f.__name__)
def test_where(lib, function):
    make = lib[0]
    keep = np.random.default_rng(1).random(X.shape) < 0.5
    keep[0, 0] = False
    holes = np.where(keep, X, np.nan)
    for axis in (None, -1, (0, 1)):
        same(lib, function(make(holes), axis=axis, where=make(keep)), function(holes, axis=axis, where=keep))
    same(lib, function(make(X), axis=-1, where=keep[0, 0]), function(X, axis=-1, where=keep[0, 0]))


@pytest.mark.parametrize("function", WEIGHING, ids=lambda f: f.__name__)
def test_prior(lib, function):
    make = lib[0]
    w = np.array([0.0, 2.0, 0.5, 1.0, 1e-300])
    for tau in (0.0, 0.7):
        same(lib, function(make(X), tau=tau, axis=-1, prior=make(w)), function(X, tau=tau, axis=-1, prior=w))
    same(lib, function(make(X), axis=-1, prior=list(w)), function(X, axis=-1, prior=w))
    same(lib, function(make(X), axis=0, prior=0.0), function(X, axis=0, prior=0.0))
    odd = np.array([[-INF, INF, NAN, 1.0, 2.0]])
    same(lib, function(make(odd), axis=1, prior=w), function(odd, axis=1, prior=w))


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3), ()])
@pytest.mark.parametrize("function", REDUCTIONS, ids=lambda f: f.__name__)
def test_shapes(lib, function, shape):
    x = np.ones(shape)
    for axis in {None, *(range(x.ndim) or [0])}:
        same(lib, function(lib[0](x), axis=axis), function(x, axis=axis))
    same(lib, op.logsumexp(lib[0](x), keepdims=True), op.logsumexp(x, keepdims=True))


@pytest.mark.parametrize("function", REDUCTIONS, ids=lambda f: f.__name__)
def test_narrow_floats_are_accumulated_wide(lib, function):
    x = X.astype(np.float32)
    same(lib, function(lib[0](x), tau=0.3, axis=-1), function(x, tau=0.3, axis=-1), 2e-7)
    many = np.zeros(100_001, np.float32)
    same(lib, op.logsumexp(lib[0](many)), op.logsumexp(many), 2e-7)


def test_integers_and_booleans_take_the_default_dtype(lib):
    make, read = lib
    default = read(make([1.0]) if make.__module__.startswith("array") else op.logsumexp(make(np.array([1, 2])))).dtype
    for x in (np.array([1, 2, 3]), np.array([True, False])):
        found = op.logsumexp(make(x))
        assert read(found).dtype == default
        np.testing.assert_allclose(read(found), op.logsumexp(x), rtol=1e-6)


def test_second_derivatives_entropy_and_the_semiring(lib):
    make = lib[0]
    x, v = X[0, 0], X[1, 1]
    same(lib, op.logsumexp_hessian(make(x), tau=2.0), op.logsumexp_hessian(x, tau=2.0))
    same(lib, op.logsumexp_hvp(make(X), make(v), tau=2.0, axis=-1), op.logsumexp_hvp(X, v, tau=2.0, axis=-1))
    same(lib, op.logsumexp_hvp(make(x), v), op.logsumexp_hvp(x, v))
    p, q = (op.softmax(a, axis=-1) for a in (X[0], X[1]))
    p[0, 0] = 0.0
    same(lib, op.entropy(make(p), axis=-1), op.entropy(p, axis=-1))
    same(lib, op.kl_divergence(make(p), make(q), axis=-1), op.kl_divergence(p, q, axis=-1))
    same(lib, op.kl_divergence(make(p), q[0]), op.kl_divergence(p, q[0]))
    same(lib, op.logaddexp(make(X), 1.0, tau=0.5), op.logaddexp(X, 1.0, tau=0.5))
    same(lib, op.logaddexp(2, make(X[0])), op.logaddexp(2, X[0]))
    same(lib, op.log_matmul(make(X), make(X[0].T), tau=0.5), op.log_matmul(X, X[0].T, tau=0.5))
    same(lib, op.log_matmul(make(x), make(v)), op.log_matmul(x, v))
    same(lib, op.log_matmul(make(X[0]), make(v)), op.log_matmul(X[0], v))


def test_the_accumulator_takes_arrays_of_any_library(lib):
    make = lib[0]
    seen = op.LogSumExpAccumulator(tau=0.5).update(make(X[0])).update(X[1]).update(make(X[2]))
    assert seen.value == pytest.approx(op.logsumexp(X, tau=0.5), rel=1e-15)
    assert seen.n == X.size
    assert op.LogSumExpAccumulator().update(make(np.array([-INF]))).update(make(np.zeros(0))).value == -INF
    assert op.LogSumExpAccumulator(0.0).update(make(np.array([1.0, 3.0]))).value == 3.0


def test_the_bounds_hold_after_rounding(lib):
    make, read = lib
    rng = np.random.default_rng(2)
    for n, tau in itertools.product((1, 2, 3, 7, 100), (1e-9, 0.1, 1.0, 1e9)):
        x = np.round(rng.normal(size=(50, n)), 1)
        found = read(op.logsumexp(make(x), tau=tau, axis=-1))
        assert np.all(x.max(axis=1) <= found)
        assert np.all(found <= x.max(axis=1) + tau * np.log(n))


def test_against_many_digits(lib):
    make, read = lib
    for x in (X[0, 0], np.array([0.0, -40.0, -41.0]), np.array([1e8, 1e8 + 1])):
        found = float(read(op.logsumexp(make(x), tau=0.7)))
        assert found == pytest.approx(float(naive.exact_logsumexp(x, 0.7)), rel=4e-16)
        expected = [float(v) for v in naive.exact_softmax(x, 0.7)]
        np.testing.assert_allclose(read(op.softmax(make(x), tau=0.7)), expected, rtol=1e-14)


def test_what_does_not_fit_is_refused_by_name(lib):
    make = lib[0]
    x = make(X[0])
    with pytest.raises(TypeError, match=r"^x: expected real numbers"):
        op.logsumexp(make(np.array([1j])))
    with pytest.raises(ValueError, match=r"^prior: expected finite"):
        op.logsumexp(x, prior=-1.0)
    with pytest.raises(ValueError, match=r"^prior: its shape"):
        op.logsumexp(x, prior=[1.0, 2.0])
    with pytest.raises(TypeError, match=r"^where: expected booleans"):
        op.softmax(x, where=make(np.ones(X[0].shape)))
    with pytest.raises(TypeError, match=r"^prior: an array of"):
        op.logsumexp(X[0], prior=x)
    with pytest.raises(ValueError, match=r"^p: expected numbers >= 0"):
        op.entropy(-1 - abs(x))
    with pytest.raises(ValueError, match=r"^q: its shape"):
        op.kl_divergence(abs(x), make(np.ones(3)))
    with pytest.raises(ValueError, match=r"^v: its shape"):
        op.logsumexp_hvp(x, make(np.ones(3)))
    with pytest.raises(ValueError, match=r"^B: its shape"):
        op.log_matmul(x, x)
    with pytest.raises(ValueError, match="axis"):
        op.logsumexp(x, axis=2)


def test_libraries_do_not_mix():
    strict = library("strict")[0]
    torch = library("torch")[0]
    with pytest.raises(TypeError, match=r"^y: an array of torch beside one of array_api_strict"):
        op.logaddexp(strict(X), torch(X))


TIES = [[0.0, 0.0, 0.0], [1.0, 3.0, 3.0], [-INF, 2.0, -50.0], [5.0]]


@pytest.mark.parametrize("x", TIES, ids=repr)
def test_torch_differentiates_them(x):
    library("torch")
    import torch

    for tau in (1e-3, 0.7):
        p = op.softmax(np.array(x), tau=tau)
        for function, expected in ((op.logsumexp, p), (op.mellowmax, p), (op.smooth_min, None)):
            a = torch.tensor(x, dtype=torch.float64, requires_grad=True)
            function(a if expected is not None else -a, tau=tau).backward()
            np.testing.assert_allclose(a.grad.numpy(), p if expected is not None else -p, atol=1e-15)
        a = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        v = torch.arange(len(x), dtype=torch.float64)
        (op.softmax(a, tau=tau) * v).sum().backward()
        np.testing.assert_allclose(a.grad.numpy(), op.logsumexp_hvp(np.array(x), v.numpy(), tau=tau), atol=1e-12)


def test_torch_leaves_out_of_the_gradient_what_is_removed():
    library("torch")
    import torch

    a = torch.tensor([[1.0, NAN, INF], [NAN, NAN, 1.0]], requires_grad=True)
    keep = torch.tensor([[True, False, False], [False, False, False]])
    (op.softmax(a, axis=-1, where=keep).sum() + op.logsumexp(a, axis=-1, where=keep)[0]).backward()
    np.testing.assert_array_equal(a.grad.numpy(), [[1, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_torch_half_precision(name):
    library("torch")
    import torch

    a = torch.linspace(-3, 3, 1000).to(getattr(torch, name))
    for function in (op.logsumexp, op.softmax, op.mellowmax, op.log_softmax):
        found = function(a, tau=0.5)
        assert found.dtype == a.dtype
        np.testing.assert_allclose(found.double(), function(a.double().numpy(), tau=0.5), rtol=8e-3, atol=6e-8)


def test_jax_traces_them():
    make, read = library("jax")
    import jax

    x = X[0]
    p = op.softmax(x, tau=0.5, axis=-1)
    lse = jax.jit(lambda a: op.logsumexp(a, tau=0.5, axis=-1, prior=make(np.ones(5))))
    same((make, read), lse(make(x)), op.logsumexp(x, tau=0.5, axis=-1))
    grad = jax.jit(jax.grad(lambda a: op.logsumexp(a, tau=0.5, axis=-1).sum()))
    same((make, read), grad(make(x)), p)
    each = jax.vmap(lambda row: op.softmax(row, tau=0.5))
    same((make, read), each(make(x)), p)
    same((make, read), jax.jit(op.entropy)(make(p)), op.entropy(p))
    hessian = jax.hessian(lambda a: op.logsumexp(a, tau=0.5))(make(x[0]))
    np.testing.assert_allclose(hessian, op.logsumexp_hessian(x[0], tau=0.5), atol=1e-14)
    for ties in TIES:
        slope = jax.grad(lambda a: op.logsumexp(a, tau=0.7))(make(np.array(ties)))
        np.testing.assert_allclose(slope, op.softmax(np.array(ties), tau=0.7), atol=1e-15)
