"""Operators and regularizers on arrays of other libraries: NumPy's answers, their derivatives, their own functions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoothmax import operators as op
from smoothmax.losses import cross_entropy
from smoothmax.regularizers import gini, shannon, tsallis
from tests import effort
from tests.arrays import MAKERS, library

from . import strategies as some
from .test_operator_layouts import MASKED, PLAIN

SEEDS = [effort.seed() + i for i in range(effort.cases(4, 100))]
everywhere = pytest.mark.parametrize("backend", MAKERS)


@everywhere
@pytest.mark.parametrize("name", PLAIN)
@effort.law(8, 200)
@given(data=st.data())
def test_every_library_gives_numpys_answer(backend, name, data):
    make, read = library(backend)
    x = data.draw(some.arrays(dtypes=(np.float64, np.float32)))
    axis, tau = data.draw(some.axes(x.ndim)), data.draw(st.sampled_from([0.0, 1e-3, 0.3, 1.0, 1e8]))
    options, ours = {"tau": tau, "axis": axis}, {}
    if name in MASKED:
        keep = np.random.default_rng(x.size).random(x.shape) < 0.7
        ours["where"] = keep
        if name != "mellowmax" and data.draw(st.booleans()):
            ours["prior"] = np.arange(x.size, dtype=x.dtype).reshape(x.shape) % 3
    with np.errstate(all="raise"):
        found = read(PLAIN[name](make(x), **options, **{key: make(np.asarray(v)) for key, v in ours.items()}))
    expected = np.asarray(PLAIN[name](x, **options, **ours))
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    eps = float(np.finfo(x.dtype).eps)
    np.testing.assert_allclose(found, expected, rtol=16 * eps, atol=16 * eps * (1 + tau))


@everywhere
@pytest.mark.parametrize("kind", [shannon, gini, tsallis(1.2), tsallis(1.5), tsallis(3)], ids=repr)
@effort.law(8, 200)
@given(data=st.data())
def test_every_library_has_the_same_regularizers(backend, kind, data):
    make, read = library(backend)
    x = data.draw(some.arrays(dtypes=(np.float64, np.float32)))
    axis, tau = data.draw(some.axes(x.ndim)), data.draw(st.sampled_from([0.0, 1e-3, 0.3, 1.0, 1e8]))
    found, expected = kind.maximum(make(x), tau, axis=axis), kind.maximum(x, tau, axis=axis)
    eps = float(np.finfo(x.dtype).eps)
    for a, b, size in zip(
        map(read, found), map(np.asarray, expected), (1 + tau, 1 / 16 * 4e-3 if kind.alpha > 2 else 1), strict=True
    ):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=16 * eps, atol=max(16 * eps * size, 1e-13))


# --- automatic differentiation

CASES = {
    "logsumexp": lambda x: op.logsumexp(x, tau=0.7),
    "smooth_min": lambda x: op.smooth_min(x, tau=0.7),
    "mellowmax": lambda x: op.mellowmax(x, tau=0.7),
    "logsumexp_plus": lambda x: op.logsumexp_plus(x, tau=0.7),
    "logaddexp": lambda x: op.logaddexp(x[0], x[1], tau=0.7) + op.logaddexp(x[2], x[3]),
    "log_matmul": lambda x: op.log_matmul(x, x, tau=0.7),
    "shannon": lambda x: shannon.maximum(x, 0.7)[0],
    "gini": lambda x: gini.maximum(x, 5.0)[0],
    "tsallis(1.5)": lambda x: tsallis(1.5).maximum(x, 5.0)[0],
    "entropy": lambda x: op.entropy(op.softmax(x, tau=2.0)),
    "divergence": lambda x: op.kl_divergence(op.softmax(x), op.softmax(-x)),
    "cross_entropy": lambda x: cross_entropy(x, 2),
}


def differences(f, x, h=2e-4):
    """(gradient, Hessian) by central differences of fourth and second order."""
    e = np.eye(x.size) * h
    slope = [(8 * (f(x + d) - f(x - d)) - (f(x + 2 * d) - f(x - 2 * d))) / (12 * h) for d in e]
    bend = [[(f(x + a + b) - f(x + a - b) - f(x - a + b) + f(x - a - b)) / (4 * h * h) for b in e] for a in e]
    return np.array(slope, float), np.array(bend, float)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ["torch", "jax"])
def test_gradients_and_hessians_by_the_libraries(name, case):
    make = library(name)[0]
    x = np.array([0.3, -1.2, 0.8, 0.75])
    slope, bend = differences(lambda z: float(CASES[case](z)), x)
    if name == "torch":
        import torch

        found = torch.autograd.functional.jacobian(CASES[case], make(x)).numpy()
        second = torch.autograd.functional.hessian(CASES[case], make(x)).numpy()
    else:
        import jax

        found, second = jax.grad(CASES[case])(make(x)), jax.jit(jax.hessian(CASES[case]))(make(x))
    np.testing.assert_allclose(found, slope, atol=1e-9)
    np.testing.assert_allclose(second, bend, atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["torch", "jax"])
def test_their_own_derivatives_are_ours(name, seed):
    """Hessians of the libraries' own logsumexp, and products with the Jacobian of their softmax."""
    make = library(name)[0]
    rng = np.random.default_rng(seed)
    x, v = rng.normal(size=(2, int(rng.integers(1, 9)))) * 10.0 ** rng.integers(-2, 2)
    tau = 10.0 ** rng.uniform(-1, 1)
    if name == "torch":
        import torch

        hessian = torch.autograd.functional.hessian(lambda a: tau * torch.logsumexp(a / tau, 0), make(x)).numpy()
        vjp = torch.autograd.functional.vjp(lambda a: torch.softmax(a / tau, 0), make(x), make(v))[1].numpy()
    else:
        import jax

        hessian = jax.hessian(lambda a: tau * jax.nn.logsumexp(a / tau))(make(x))
        vjp = jax.vjp(lambda a: jax.nn.softmax(a / tau), make(x))[1](make(v))[0]
    room = 1e-12 / tau * (1 + np.abs(x).max() / tau)
    np.testing.assert_allclose(op.logsumexp_hessian(x, tau=tau), hessian, atol=room)
    np.testing.assert_allclose(op.logsumexp_hvp(x, v, tau=tau), vjp, atol=room * (1 + np.abs(v).max()))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_entmax_package_says_the_same(seed):
    make = library("torch")[0]
    import entmax
    import torch

    rng = np.random.default_rng(seed)
    z, g = rng.normal(size=(2, 6, int(rng.integers(1, 12)))) * 10.0 ** rng.uniform(-2, 2)
    theirs = {1.5: entmax.entmax15, 2.0: entmax.sparsemax}
    for alpha in (1.1, 1.5, 1.9, 2.0, 2.5):
        other = theirs.get(alpha, lambda a, dim, alpha=alpha: entmax.entmax_bisect(a, alpha=alpha, dim=dim, n_iter=100))
        a = make(z).requires_grad_()
        p = other(a, dim=1)
        np.testing.assert_allclose(tsallis(alpha).maximum(z, axis=1)[1], p.detach(), atol=1e-9)
        slope = torch.autograd.grad((p * make(g)).sum(), a)[0]
        if alpha <= 2:
            found = tsallis(alpha).hvp(z, g, axis=1)
            np.testing.assert_allclose(found, slope, atol=1e-6 * (1 + np.abs(g).max()))
