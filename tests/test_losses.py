"""Cross-entropy, attention and the lifted structured loss: by their definitions, in many digits, and differentiated."""

import itertools
import math
import tracemalloc

import mpmath
import numpy as np
import pytest
from scipy.special import softmax as scipy_softmax

import smoothmax as sm
from smoothmax import losses
from smoothmax.losses import attention, attention_vjp, cross_entropy, cross_entropy_grad, lifted_structured
from smoothmax.operators import SoftmaxAccumulator
from tests.arrays import MAKERS, library
from tests.laws import assert_gradient, assert_refuses

RNG = np.random.default_rng(0)


@pytest.fixture(params=list(MAKERS))
def lib(request):
    return library(request.param)


# --- cross-entropy


def test_cross_entropy_in_many_digits():
    for x in ([1.0, -2.0, 0.5], [1000.0, 1001.0, 1002.0], [0.0, -745.0, -800.0], [1e-9, 0.0, 0.0]):
        for k in range(3):
            with mpmath.workdps(400):
                total = mpmath.fsum(mpmath.exp(mpmath.mpf(v) - mpmath.mpf(x[k])) for v in x)
                expected = float(mpmath.log(total))
            assert cross_entropy(x, k) == pytest.approx(expected, rel=1e-14)


def test_classes_are_one_hot_distributions():
    x, y = RNG.normal(size=(4, 6, 5)), RNG.integers(0, 6, (4, 5))
    one_hot = np.moveaxis(np.eye(6)[y], -1, 1)
    loss = cross_entropy(x, y, axis=1)
    assert loss.shape == (4, 5)
    np.testing.assert_allclose(loss, cross_entropy(x, one_hot, axis=1), rtol=1e-15)
    np.testing.assert_allclose(loss, sm.logsumexp(x, axis=1) - np.sum(one_hot * x, axis=1), rtol=1e-12)
    y = RNG.dirichlet(np.ones(6), (4, 5)).transpose(0, 2, 1)
    expected = sm.entropy(y, axis=1) + sm.kl_divergence(y, sm.softmax(x, axis=1), axis=1)
    np.testing.assert_allclose(cross_entropy(x, y, axis=1), expected, rtol=1e-12)
    assert cross_entropy([0.0, -math.inf], [1.0, 0.0]) == 0.0
    assert cross_entropy([0.0, -math.inf], 1) == math.inf


def test_the_gradient_of_cross_entropy():
    x, y = RNG.normal(size=7), RNG.dirichlet(np.ones(7))
    for target in (3, y, 2.0 * y):
        assert_gradient(lambda v, t=target: cross_entropy(v, t), lambda v, t=target: cross_entropy_grad(v, t), x)


def test_cross_entropy_refuses():
    x = np.zeros((2, 3))
    assert_refuses(ValueError, ["target", "3"], cross_entropy, x, [0, 3])
    assert_refuses(ValueError, ["target", "-1"], cross_entropy, x, [0, -1])
    assert_refuses(ValueError, "target", cross_entropy, x, [0, 1, 2])
    assert_refuses(ValueError, "target", cross_entropy, x, [[0.5, 0.5]])
    assert_refuses(ValueError, "target", cross_entropy, x, -np.ones((2, 3)))
    assert_refuses(ValueError, "target", cross_entropy, x, np.full((2, 3), np.nan))
    assert_refuses(TypeError, "target", cross_entropy, x, np.ones((2, 3)) * 1j)
    assert_refuses(TypeError, "logits", cross_entropy, ["a"], 0)
    assert_refuses(ValueError, "axis", cross_entropy, x, [0, 1], axis=5)


# --- attention


def naive_attention(q, k, v, mask=None, causal=False, scale=None):
    s = q @ np.swapaxes(k, -1, -2) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    keep = np.ones(s.shape, bool) if mask is None else np.broadcast_to(mask, s.shape).copy()
    if causal:
        keep &= np.tri(s.shape[-2], s.shape[-1], s.shape[-1] - s.shape[-2], dtype=bool)
    s = np.where(keep, s, -np.inf)
    some = keep.any(axis=-1, keepdims=True)
    return np.where(some, scipy_softmax(np.where(some, s, 0.0), axis=-1), 0.0) @ v


def masks(n, m):
    half = RNG.random((n, m)) < 0.5
    half[1] = False
    return {"none": None, "half": half, "keys": np.arange(m) < m // 2, "nothing": np.zeros((n, m), bool)}


@pytest.mark.parametrize("block", [1, 3, 7, 1000])
@pytest.mark.parametrize("causal", [False, True])
def test_attention_by_its_definition(block, causal):
    q, k, v = RNG.normal(size=(2, 8, 4)), RNG.normal(size=(2, 11, 4)), RNG.normal(size=(2, 11, 3))
    for mask in masks(8, 11).values():
        for scale in (None, 30.0):
            options = {"mask": mask, "causal": causal, "scale": scale}
            found = attention(q, k, v, block=block, **options)
            np.testing.assert_allclose(found, naive_attention(q, k, v, **options), atol=1e-14)


def test_attention_shapes_dtypes_and_large_scores():
    q, k, v = RNG.normal(size=(3, 1, 6, 4)), RNG.normal(size=(5, 7, 4)), RNG.normal(size=(7, 2))
    assert attention(q, k, v, block=4).shape == (3, 5, 6, 2)
    np.testing.assert_allclose(attention(q, k, v, block=4), naive_attention(q, k, v), atol=1e-14)
    for dtype, tol in ((np.float32, 1e-6), (np.float16, 2e-3)):
        found = attention(q.astype(dtype), k.astype(dtype), v.astype(dtype))
        assert found.dtype == dtype
        np.testing.assert_allclose(found, naive_attention(q, k, v), atol=5 * tol)
    with np.errstate(all="raise", under="ignore"):
        found = attention(1e4 * q, 1e4 * k, v, block=2)
    np.testing.assert_allclose(found, naive_attention(1e4 * q, 1e4 * k, v), atol=1e-12)
    assert attention([[1]], [[1]], [[3]]).tolist() == [[3.0]]


def test_more_queries_than_keys_see_nothing_at_first():
    q, k, v = RNG.normal(size=(9, 4)), RNG.normal(size=(5, 4)), RNG.normal(size=(5, 2))
    found = attention(q, k, v, causal=True, block=2)
    assert np.all(found[:4] == 0)
    np.testing.assert_allclose(found, naive_attention(q, k, v, causal=True), atol=1e-14)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("name", ["none", "half", "keys"])
def test_the_gradients_of_attention(causal, name):
    q, k, v, g = (RNG.normal(size=(7, 3)) for _ in range(4))
    mask, x = masks(7, 7)[name], np.concatenate([q, k, v]).ravel()

    def loss(z):
        return np.sum(g * naive_attention(*z.reshape(3, 7, 3), mask=mask, causal=causal))

    def slope(z):
        found = attention_vjp(*z.reshape(3, 7, 3), g, mask=mask, causal=causal, block=3)
        return np.concatenate(found).ravel()

    assert_gradient(loss, slope, x)


def test_attention_in_blocks_needs_little_memory():
    def peak(call, n):
        q, k, v = (RNG.normal(size=(n, 16)) for _ in range(3))
        tracemalloc.start()
        call(q, k, v)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(attention, 2048) < peak(naive_attention, 2048) / 8  # a tenth at 4096, as the benchmark shows
    assert peak(attention, 4096) < 1.3 * peak(attention, 2048)  # the scores of a block, and what grows linearly


def test_the_accumulator_merges():
    s, v = RNG.normal(size=(4, 10)), RNG.normal(size=(10, 3))
    parts = [SoftmaxAccumulator().update(s[:, i:j], v[i:j]) for i, j in itertools.pairwise([0, 3, 4, 10])]
    whole = SoftmaxAccumulator()
    for part in reversed(parts):
        whole.merge(part)
    np.testing.assert_allclose(whole.value, sm.softmax(s, axis=1) @ v, atol=1e-15)
    np.testing.assert_allclose(whole.lse, sm.logsumexp(s, axis=1), rtol=1e-15)
    whole.merge(SoftmaxAccumulator())
    np.testing.assert_allclose(parts[0].lse, sm.logsumexp(s[:, :3], axis=1), rtol=1e-15)
    nothing = SoftmaxAccumulator().update(np.full((2, 3), -np.inf), np.ones((3, 1)))
    assert nothing.value.tolist() == [[0.0], [0.0]]
    assert nothing.lse.tolist() == [-np.inf, -np.inf]
    assert_refuses(TypeError, "other", whole.merge, 3)
    assert_refuses(ValueError, "update", lambda: SoftmaxAccumulator().value)


def test_attention_refuses():
    q = np.ones((4, 2))
    assert_refuses(ValueError, "k", attention, q, np.ones((4, 3)), q)
    assert_refuses(ValueError, "v", attention, q, q, np.ones((3, 2)))
    assert_refuses(ValueError, "q", attention, np.ones(4), q, q)
    assert_refuses(ValueError, "empty", attention, np.ones((0, 2)), q, q)
    assert_refuses(ValueError, "mask", attention, q, q, q, mask=np.ones((3, 4), bool))
    assert_refuses(TypeError, "mask", attention, q, q, q, mask=np.ones((4, 4)))
    assert_refuses(ValueError, "block", attention, q, q, q, block=0)
    assert_refuses(ValueError, "scale", attention, q, q, q, scale=-1.0)
    assert_refuses(TypeError, "q", attention, 1j * q, q, q)
    assert_refuses(ValueError, "leading", attention, np.ones((2, 4, 2)), np.ones((3, 4, 2)), q)
    assert_refuses(ValueError, "leading", attention_vjp, np.ones((2, 4, 2)), q, q, q)
    assert_refuses(ValueError, "grad", attention_vjp, q, q, q, np.ones((3, 2)))


# --- the lifted structured loss


def naive_lifted(D, labels, margin, tau):
    """Pair by pair, as in the paper; τ = 0 is the hard form."""
    n, total, pairs = len(labels), 0.0, 0
    for i, j in itertools.combinations(range(n), 2):
        if labels[i] != labels[j]:
            continue
        pairs += 1
        far = [margin - D[a, k] for a in (i, j) for k in range(n) if labels[k] != labels[a]]
        if far:
            level = max(far) if tau == 0 else tau * math.log(sum(math.exp(v / tau) for v in far))
            total += max(0.0, D[i, j] + level) ** 2
    return total / (2 * max(pairs, 1))


def batch(n=9, classes=3):
    points = RNG.normal(size=(n, 4))
    return np.linalg.norm(points[:, None] - points[None], axis=-1), RNG.integers(0, classes, n)


@pytest.mark.parametrize("tau", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("margin", [0.0, 1.0, 3.0])
def test_lifted_structured_by_its_definition(tau, margin):
    for _ in range(5):
        D, labels = batch()
        found = lifted_structured(D, labels, margin=margin, tau=tau)
        assert found.smooth == pytest.approx(naive_lifted(D, labels, margin, tau), rel=1e-12)
        assert found.hard == pytest.approx(naive_lifted(D, labels, margin, 0), rel=1e-12)
        assert found.hard <= found.smooth <= found.bound


def test_the_bound_is_attained_where_all_are_equally_far():
    D, labels = np.ones((6, 6)), np.array([0, 0, 0, 1, 1, 1])
    found = lifted_structured(D, labels)
    assert found.smooth == pytest.approx(found.bound)
    assert found.smooth == pytest.approx((1 + math.log(6)) ** 2 / 2)
    assert found.hard == pytest.approx(0.5)


def test_the_gradient_of_the_lifted_loss():
    D, labels = batch()
    shape = D.shape

    def slope(z):
        return lifted_structured(z.reshape(shape), labels, margin=2.0, tau=0.7).grad.ravel()

    assert_gradient(lambda z: lifted_structured(z.reshape(shape), labels, margin=2.0, tau=0.7).smooth, slope, D.ravel())


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2], [5]])
def test_without_pairs_or_without_others_there_is_no_loss(labels):
    n = len(labels)
    found = lifted_structured(np.ones((n, n)), labels)
    assert found.smooth == found.hard == found.bound == 0.0
    assert not found.grad.any()


def test_lifted_refuses():
    D = np.ones((3, 3))
    assert_refuses(ValueError, "distances", lifted_structured, np.ones((3, 2)), [0, 1, 2])
    assert_refuses(ValueError, "labels", lifted_structured, D, [0, 1])
    assert_refuses(TypeError, "labels", lifted_structured, D, [0.0, 1.0, 2.0])
    assert_refuses(ValueError, "margin", lifted_structured, D, [0, 1, 2], margin=-1)
    assert_refuses(ValueError, "tau", lifted_structured, D, [0, 1, 2], tau=0)


# --- other libraries


def test_losses_on_arrays_of_other_libraries(lib):
    make, read = lib
    x, y = RNG.normal(size=(4, 5)), RNG.integers(0, 5, 4)
    np.testing.assert_allclose(read(cross_entropy(make(x), make(y))), cross_entropy(x, y), rtol=1e-13)
    np.testing.assert_allclose(read(cross_entropy_grad(make(x), y)), cross_entropy_grad(x, y), atol=1e-15)
    q, k, v, g = (RNG.normal(size=(2, 6, 4)) for _ in range(4))
    keep = RNG.random((6, 6)) < 0.7
    found = attention(make(q), make(k), make(v), mask=make(keep), causal=True, block=4)
    np.testing.assert_allclose(read(found), naive_attention(q, k, v, keep, True), atol=1e-14)
    for a, b in zip(attention_vjp(make(q), make(k), make(v), make(g), block=4), attention_vjp(q, k, v, g), strict=True):
        np.testing.assert_allclose(read(a), b, atol=1e-13)
    D, labels = batch()
    for a, b in zip(lifted_structured(make(D), make(labels)), lifted_structured(D, labels), strict=True):
        np.testing.assert_allclose(read(a), b, atol=1e-13)


def test_torch_has_the_same_losses():
    library("torch")
    import torch

    x, y = torch.randn(4, 6, 5, dtype=torch.float64, requires_grad=True), torch.randint(0, 6, (4, 5))
    expected = torch.nn.functional.cross_entropy(x, y, reduction="none")
    torch.testing.assert_close(cross_entropy(x, y, axis=1), expected)
    (slope,) = torch.autograd.grad(cross_entropy(x, y, axis=1).sum(), x)
    torch.testing.assert_close(slope, cross_entropy_grad(x, y, axis=1))
    q, k, v = (torch.randn(2, 9, 4, dtype=torch.float64, requires_grad=True) for _ in range(3))
    ours = attention(q, k, v, causal=True, block=4)
    torch.testing.assert_close(ours, torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True))
    g = torch.randn_like(ours)
    for a, b in zip(
        torch.autograd.grad((ours * g).sum(), (q, k, v)), attention_vjp(q, k, v, g, causal=True), strict=True
    ):
        torch.testing.assert_close(a, b)
    D, labels = batch()
    D = torch.tensor(D, requires_grad=True)
    found = lifted_structured(D, labels, tau=0.5)
    torch.testing.assert_close(torch.autograd.grad(found.smooth, D)[0], found.grad)


def test_jax_differentiates_the_losses():
    make = library("jax")[0]
    import jax

    x, y = make(RNG.normal(size=(4, 5))), make(RNG.integers(0, 5, 4))
    slope = jax.jit(jax.grad(lambda a: cross_entropy(a, y).sum()))(x)
    np.testing.assert_allclose(slope, cross_entropy_grad(x, y), atol=1e-15)
    q, k, v, g = (make(RNG.normal(size=(7, 4))) for _ in range(4))
    slopes = jax.grad(lambda *a: (attention(*a, block=3) * g).sum(), argnums=(0, 1, 2))(q, k, v)
    for a, b in zip(slopes, attention_vjp(q, k, v, g, block=3), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-13)
    D, labels = batch()
    found = jax.grad(lambda a: losses.lifted_structured(a, labels).smooth)(make(D))
    np.testing.assert_allclose(found, lifted_structured(D, labels).grad, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int64])
def test_narrow_integers_name_classes_too(dtype):
    for n in (100, 300, 70_000):
        assert cross_entropy(np.zeros((1, n)), np.array([3], dtype)) == pytest.approx(math.log(n))
        assert cross_entropy_grad(np.zeros((1, n)), np.array([3], dtype)).min() == pytest.approx(1 / n - 1)


def test_what_is_masked_may_hold_anything():
    q, k, v, g = (RNG.normal(size=(6, 4)) for _ in range(4))
    mask = np.array([True, True, True, False, False, True])
    clean, slopes = attention(q, k, v, mask=mask), attention_vjp(q, k, v, g, mask=mask)
    k[3], v[4], v[3] = np.nan, np.inf, np.nan
    for block in (1, 2, 4, 100):
        np.testing.assert_allclose(attention(q, k, v, mask=mask, block=block), clean, atol=1e-14)
        for found, expected in zip(attention_vjp(q, k, v, g, mask=mask, block=block), slopes, strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-13)
    k[3] = 0.0
    for block in (1, 2, 100):  # what is in the future has not been seen yet
        found = attention(q, k, v, causal=True, block=block)
        np.testing.assert_array_equal(np.isfinite(found).all(axis=1), [True, True, True, False, False, False])


def test_nan_distances_are_no_loss_of_zero():
    labels = [0, 0, 1, 1]
    for place in ((0, 1), (0, 2)):
        D = np.ones((4, 4))
        D[place] = D[place[::-1]] = np.nan
        found = lifted_structured(D, labels)
        assert np.isnan([found.smooth, found.hard, found.bound]).all()


def test_what_else_is_refused():
    x = np.zeros((2, 3))
    assert_refuses(TypeError, "axis", cross_entropy, x, [0, 1], axis=None)
    assert_refuses(TypeError, "axis", cross_entropy, x, [0, 1], axis=(0, 1))
    assert_refuses(ValueError, "logits", cross_entropy, 1.0, 0)
    assert_refuses(ValueError, "logits", cross_entropy, np.zeros((2, 0)), [0, 0])
    assert_refuses(ValueError, ["target", "integers"], cross_entropy, x, [0.0, 1.0])
    assert_refuses(ValueError, ["target", "floats"], cross_entropy, x, np.eye(3, dtype=int)[:2])
    assert_refuses(TypeError, ["target", "masked"], cross_entropy, x, np.ma.array([0, 1]))
    assert_refuses(TypeError, "causal", attention, x, x, x, causal="no")
    assert_refuses(TypeError, ["mask", "masked"], attention, x, x, x, mask=np.ma.array(np.ones((2, 2), bool)))
