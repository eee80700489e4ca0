"""Operators on arrays of another library: shapes, dtypes and devices, what is removed, what is refused by name."""

import itertools
import math

import array_api_strict as strict
import dask.array as da
import numpy as np
import pytest

from smoothmax import operators as op
from smoothmax.operators import anywhere
from smoothmax.operators.library import foreign

INF, NAN, EPS = np.inf, np.nan, float(np.finfo(float).eps)


@pytest.mark.parametrize("x", [[INF, 1.0], [INF, INF], [NAN, 1.0], [-INF, -INF], [INF, NAN]], ids=str)
def test_a_peak_that_is_not_finite_has_no_tail(x):
    peak, tail = anywhere.state(strict.asarray(x), 1.0)
    np.testing.assert_equal((peak, tail), (np.max(x), 0.0))


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("function", [op.logsumexp, op.mellowmax, op.smooth_min])
def test_shapes_elsewhere_are_those_of_sums(function, keepdims):
    shapes, axes, dtypes = [(3, 0, 2), (3, 4, 2)], (None, 1, (0, 2), (1, 2), ()), (np.float32, np.float64)
    for shape, axis, dtype in itertools.product(shapes, axes, dtypes):
        x = np.ones(shape, dtype)
        found = function(strict.asarray(x), axis=axis, keepdims=keepdims)
        np.testing.assert_array_equal(found._array, function(x, axis=axis, keepdims=keepdims))
        assert found._array.dtype == dtype
        assert found.shape == np.sum(x, axis=axis, keepdims=keepdims).shape


@pytest.mark.parametrize("n", [2, 30, 3000])
def test_a_lone_peak_has_its_mean(n):
    x = np.r_[1.0, np.full(n - 1, -900.0)]
    rows, columns = np.tile(x, (3, 1)), np.tile(x[:, None], (1, 3))
    for mean in (
        op.mellowmax(strict.asarray(x)),
        op.mellowmax(x),
        *op.mellowmax(rows, axis=1),
        *op.mellowmax(columns, axis=0),
    ):
        assert abs(float(mean) - (1 - np.log(n))) <= 2 * EPS * np.log(n)
    assert float(op.logsumexp(strict.asarray(x))) == op.logsumexp(x) == 1.0


def test_a_mask_and_a_prior_both_remove_elsewhere():
    x, keep, w = np.array([[5.0, 1.0, 3.0]] * 2), np.array([[False, True, True], [True] * 3]), np.array([1.0, 2.0, 0.0])
    for function in (op.logsumexp, op.softmax, op.log_softmax):
        found = function(*map(strict.asarray, [x]), axis=1, prior=strict.asarray(w), where=strict.asarray(keep))
        np.testing.assert_allclose(found._array, function(x, axis=1, prior=w, where=keep), rtol=1e-15)


@pytest.mark.parametrize("n", [2, 3, 10, 94_869, 102_327, 136_085])
def test_the_ceiling_holds_by_both_roundings_of_the_logarithm(n):
    """For the large ones log1p(n - 1) and NumPy's log n are one digit above the log n of the standard library."""
    ceiling = min(math.log(n), float(np.log(n)))
    x = np.zeros(n)
    for value in (op.logsumexp(x), op.logsumexp(x[None], axis=1)[0], float(op.logsumexp(strict.asarray(x)))):
        assert ceiling * (1 - 2 * EPS) <= value <= ceiling
    assert op.LogSumExpAccumulator().update(x).value <= ceiling
    assert op.logsumexp(np.zeros((n, 2)), axis=0).max() <= ceiling


def test_narrow_numbers_beside_wide_ones():
    narrow, wide = strict.asarray([1.0, 2.0], dtype=strict.float32), strict.asarray([1.0, 2.0])
    assert op.logaddexp(narrow, np.array([1.0, 2.0], np.float32)).dtype == strict.float32
    assert op.logaddexp(narrow, 1.0).dtype == strict.float32
    assert op.logaddexp(narrow, np.float32(1.0)).dtype == strict.float32
    assert op.logaddexp(narrow, wide).dtype == strict.float64
    assert op.log_matmul(
        strict.zeros((0, 2, 3), dtype=strict.float32), strict.zeros((3, 4), dtype=strict.float32)
    ).dtype == (strict.float32)
    mean = op.SoftmaxAccumulator().update(np.zeros((1, 2)), np.array([[1.0], [INF]]))
    assert mean.value.dtype == np.float64
    assert mean.value == INF


@pytest.mark.parametrize("make", [np.asarray, strict.asarray], ids=["numpy", "strict"])
def test_shapes_of_products(make):
    rng = np.random.default_rng(0)
    for left, right in (
        ((0, 2, 3), (3, 4)),
        ((2, 2, 3), (3,)),
        ((3,), (2, 3, 4)),
        ((3,), (3,)),
        ((5, 1, 2, 3), (4, 3, 2)),
    ):
        A, B = rng.standard_normal(left), rng.standard_normal(right)
        found = op.log_matmul(make(A), make(B))
        np.testing.assert_allclose(
            np.asarray(getattr(found, "_array", found)), np.log(np.exp(A) @ np.exp(B)), atol=1e-13
        )
    empty = op.logsumexp_hvp(make(np.zeros((0, 3))), make(np.zeros(3)), axis=1)
    assert empty.shape == (0, 3)
    assert getattr(empty, "_array", empty).dtype == np.float64


def test_results_are_where_the_arguments_are():
    device = strict.Device("device1")
    x = strict.asarray(np.arange(6.0).reshape(2, 3), device=device)
    p = op.softmax(x, axis=1)
    found = [
        *(f(x, axis=1) for f in (op.logsumexp, op.softmax, op.log_softmax, op.mellowmax, op.smooth_min, op.entropy)),
        *(f(x) for f in (op.logsumexp, op.logsumexp_plus, op.logsumexp_dtau, op.mellowmax)),
        *(f(x, axis=1, prior=[0.0, 1.0, 2.0]) for f in (op.logsumexp, op.softmax)),
        *(f(x, axis=1, where=[True, False, True]) for f in (op.logsumexp, op.softmax, op.mellowmax)),
        op.logsumexp(x[:0, ...]),
        op.logsumexp(x[:0, ...], axis=0),
        op.mellowmax(x[:0, ...], axis=0),
        op.softmax(x[:0, ...]),
        op.logsumexp_hessian(x[0, ...]),
        op.logsumexp_hvp(x, [1.0, 0.0, 2.0], axis=1),
        op.logsumexp_hvp(x[:0, ...], x[:0, ...]),
        op.kl_divergence(p, [0.5, 0.25, 0.25], axis=1),
        op.logaddexp(x, 1.0),
        op.logaddexp(1.0, x),
        op.log_matmul(x, [[1.0], [2.0], [3.0]]),
        op.log_matmul(x, x.mT),
        op.log_matmul(strict.zeros((0, 2, 3), device=device), x.mT),
        op.logsumexp(strict.asarray([1, 2], device=device)),
        op.logsumexp(strict.asarray([True, False], device=device)),
    ]
    for k, one in enumerate(found):
        assert foreign(one), k
        assert one.device == device, k


# --- what is refused


def test_refusals_say_what_was_given():
    x, other = strict.asarray([1.0, 2.0]), strict.asarray([1.0, 2.0], device=strict.Device("device1"))
    mask = strict.asarray([True, False])
    said = [
        (lambda: op.logsumexp([1.0], tau="warm"), ["tau", "a str", "'warm'"]),
        (lambda: op.logsumexp([1.0], tau=None), ["tau", "a NoneType"]),
        (lambda: op.logsumexp([1j]), ["x", "a list", "complex128"]),
        (lambda: op.logsumexp(strict.asarray([1j])), ["x", "a Array", "complex128"]),
        (lambda: op.SoftmaxAccumulator().merge("no"), ["other", "a SoftmaxAccumulator", "a str"]),
        (lambda: op.LogSumExpAccumulator().merge("no"), ["other", "a LogSumExpAccumulator", "a str"]),
        (lambda: op.logsumexp_hvp([1j], [1.0]), ["x", "real"]),
        (lambda: op.logaddexp([1.0, 2.0], [1.0, 2.0, 3.0]), ["y", "(3,)", "(2,) of x"]),
        (lambda: op.log_matmul([1j], [1.0]), ["A", "real"]),
        (lambda: op.log_matmul([1.0], 2.0), ["B", "a vector or a matrix", "a scalar"]),
        (lambda: op.mellowmax([1.0], keepdims=2), ["keepdims", "True or False", "2"]),
        (lambda: op.logsumexp([1.0], keepdims=2), ["keepdims", "True or False", "2"]),
        (lambda: op.entropy([1j]), ["p", "real"]),
        (lambda: op.entropy([0.0, -0.5]), ["p", "-0.5"]),
        (lambda: op.kl_divergence([1j], [1.0]), ["p", "real"]),
        (lambda: op.kl_divergence([1.0], [1j]), ["q", "real"]),
        (lambda: op.kl_divergence([-1.0], [1.0]), ["p", ">= 0"]),
        (lambda: op.kl_divergence([1.0, 2.0], [1.0, 2.0, 3.0]), ["q", "(3,)", "(2,) of p"]),
        (lambda: op.logsumexp(np.ones(2), where=mask), ["where", "array_api_strict", "numpy"]),
        (lambda: op.logsumexp(np.ones(2), where=[[True], [True, False]]), ["where", "not an array"]),
        (
            lambda: op.logsumexp(x, where=da.ones(2, dtype=bool)),
            ["where", "an array of dask.array", "array_api_strict"],
        ),
        (lambda: op.logaddexp(x, other), ["y", "device1", "CPU_DEVICE"]),
        (lambda: op.logaddexp(x, [None, 1.0]), ["y", "an array of numbers", "None"]),
    ]
    for call, words in said:
        with pytest.raises((TypeError, ValueError)) as caught:
            call()
        assert str(caught.value).startswith(f"{words[0]}: "), caught.value
        for word in words:
            assert word in str(caught.value), caught.value
    with pytest.raises(ValueError, match=r"^nothing was seen yet: call update first$"):
        _ = op.SoftmaxAccumulator().value
