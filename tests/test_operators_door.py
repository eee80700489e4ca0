"""What is refused is refused by name."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from smoothmax import operators as op

REDUCTIONS = [
    op.logsumexp,
    op.smooth_min,
    op.mellowmax,
    op.softmax,
    op.log_softmax,
    op.logsumexp_dtau,
    op.logsumexp_plus,
]
BAD_ARRAYS = [
    np.array([1 + 2j]),
    [1, 2j],
    np.array([1, None]),
    np.array([Decimal(1)]),
    "text",
    [[1, 2], [3]],
    None,
    {"a": 1},
    np.array(["2026-01-01"], "datetime64[D]"),
    np.ma.MaskedArray([1.0], mask=[True]),
]


@pytest.mark.parametrize("bad", BAD_ARRAYS, ids=lambda bad: " ".join(repr(bad).split()))
@pytest.mark.parametrize("function", REDUCTIONS)
def test_x(function, bad):
    with pytest.raises((TypeError, ValueError), match=r"^x: "):
        function(bad)


@pytest.mark.parametrize("bad", [-1.0, -5e-324, np.nan, np.inf, -np.inf, 10**400])
@pytest.mark.parametrize("function", [*REDUCTIONS, op.logsumexp_hessian])
def test_tau_out_of_range(function, bad):
    with pytest.raises(ValueError, match=r"^tau: expected a finite number"):
        function([1.0, 2.0], tau=bad)


@pytest.mark.parametrize("bad", ["1", None, 1j, [1.0], np.ones(1), True, np.True_], ids=repr)
@pytest.mark.parametrize("function", [*REDUCTIONS, op.logsumexp_hessian])
def test_tau_not_a_real_scalar(function, bad):
    with pytest.raises(TypeError, match=r"^tau: expected a real scalar"):
        function([1.0, 2.0], tau=bad)


@pytest.mark.parametrize("tau", [2, np.float32(2), np.int8(2), np.array(2.0), np.array(2), Fraction(2)])
def test_tau_may_be_any_real_scalar(tau):
    assert op.logsumexp([1.0, 2.0], tau=tau) == op.logsumexp([1.0, 2.0], tau=2.0)


@pytest.mark.parametrize("function", [op.logsumexp_hessian, lambda x, tau: op.logsumexp_hvp(x, x, tau=tau)])
def test_the_maximum_has_no_hessian(function):
    with pytest.raises(ValueError, match=r"^tau: .*no Hessian"):
        function([1.0, 2.0], tau=0)


@pytest.mark.parametrize("function", [op.logsumexp, op.smooth_min, op.softmax, op.log_softmax])
@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ([1.0, -1.0], r"^prior: expected finite numbers >= 0, got -1"),
        ([1.0, np.nan], r"^prior: .* got nan"),
        (np.inf, r"^prior: .* got inf"),
        ([1.0, 1j], r"^prior: expected real numbers"),
        (np.ma.MaskedArray([1.0, 1.0], mask=[0, 1]), r"^prior: masked"),
        ([1.0, 1.0, 1.0], r"^prior: its shape \(3,\) does not broadcast to the shape \(2,\) of x"),
        (np.ones((2, 2)), r"^prior: its shape"),
    ],
)
def test_prior(function, prior, message):
    with pytest.raises((TypeError, ValueError), match=message):
        function([1.0, 2.0], prior=prior)


@pytest.mark.parametrize("function", [op.logsumexp, op.smooth_min, op.mellowmax, op.softmax, op.log_softmax])
@pytest.mark.parametrize(
    ("where", "message"),
    [
        ([1, 0], r"^where: expected booleans, got dtype int"),
        ([True] * 3, r"^where: its shape \(3,\)"),
        (np.ma.MaskedArray([True, True], mask=[0, 1]), r"^where: masked"),
    ],
)
def test_where(function, where, message):
    with pytest.raises((TypeError, ValueError), match=message):
        function([1.0, 2.0], where=where)


@pytest.mark.parametrize("function", REDUCTIONS)
@pytest.mark.parametrize("axis", [2, -3, (0, 0), (0, -2), (0, 2), 1.5, "0", (0, 1.5)], ids=repr)
def test_axis(function, axis):
    with pytest.raises((TypeError, ValueError), match=r"axis"):
        function(np.zeros((2, 2)), axis=axis)


def test_the_others():
    refusals = [
        (lambda: op.logsumexp_hessian(np.zeros((2, 2))), r"^x: expected a vector, got the shape \(2, 2\)"),
        (lambda: op.logsumexp_hvp([1.0, 2.0], [1.0, 2.0, 3.0]), r"^v: its shape \(3,\)"),
        (lambda: op.logsumexp_hvp([1.0, 2.0], [1j, 0]), r"^v: expected real"),
        (lambda: op.logaddexp([1.0, 2.0], [1.0, 2.0, 3.0]), r"^y: its shape \(3,\)"),
        (lambda: op.logaddexp([1.0, 2.0], "y"), r"^y: expected real"),
        (lambda: op.log_matmul(np.zeros((2, 3)), np.zeros((2, 3))), r"^B: its shape \(2, 3\)"),
        (lambda: op.log_matmul(np.zeros((2, 2, 3)), np.zeros((3, 3, 1))), r"^B: its shape \(3, 3, 1\)"),
        (lambda: op.log_matmul(1.0, [1.0]), r"^A: expected a vector or a matrix"),
        (lambda: op.log_matmul([1.0], [1j]), r"^B: expected real"),
        (lambda: op.entropy([0.5, -0.5]), r"^p: expected numbers >= 0, got -0.5"),
        (lambda: op.kl_divergence([0.5, 0.5], [1.5, -0.5]), r"^q: expected numbers >= 0"),
        (lambda: op.kl_divergence([0.5, 0.5], [1.0, 0.0, 0.0]), r"^q: its shape"),
        (lambda: op.LogSumExpAccumulator(-1.0), r"^tau: "),
        (lambda: op.LogSumExpAccumulator().update([1j]), r"^x: "),
        (
            lambda: op.LogSumExpAccumulator().merge(1.0),
            r"^other: expected a LogSumExpAccumulator, got a float",
        ),
        (lambda: op.LogSumExpAccumulator().merge(op.LogSumExpAccumulator(2.0)), r"^other: its tau is 2.0"),
    ]
    for call, message in refusals:
        with pytest.raises((TypeError, ValueError), match=message):
            call()


def test_options_are_keyword_only():
    for function in REDUCTIONS:
        with pytest.raises(TypeError):
            function([1.0, 2.0], 1.0)


def test_the_door_is_generous():
    expected = op.logsumexp(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    for x in ([[1, 2], [3, 4]], ((1.0, 2.0), (3.0, 4.0)), pd.DataFrame({"a": [1.0, 3.0], "b": [2.0, 4.0]})):
        result = op.logsumexp(x, axis=0)
        assert type(result) is np.ndarray
        np.testing.assert_array_equal(result, expected)
    assert op.logsumexp(range(3)) == op.logsumexp(np.arange(3.0))


def test_foreign_byte_orders_keep_their_precision():
    for kind in ("f4", "f8"):
        swapped = np.array([1.0, 2.0, 3.0], dtype=np.dtype(kind).newbyteorder("S"))
        assert op.softmax(swapped).dtype == np.dtype(kind)
        np.testing.assert_array_equal(op.softmax(swapped), op.softmax(swapped.astype(kind)))


def test_axes_of_every_kind_of_integer():
    x = np.arange(6.0).reshape(2, 3)
    for axis in (0, -1, -2, 1):
        np.testing.assert_array_equal(op.logsumexp(x, axis=np.int64(axis)), op.logsumexp(x, axis=axis))
        np.testing.assert_array_equal(op.logsumexp(x, axis=(axis,)), op.logsumexp(x, axis=axis))
    for axis in (0, -1, np.int64(-1)):
        assert op.logsumexp(np.float64(3.0), axis=axis) == 3.0
    for axis in (1, -2):
        with pytest.raises(np.exceptions.AxisError, match=rf"^axis: axis {axis} is out of bounds"):
            op.logsumexp(np.float64(3.0), axis=axis)
    for axis in (2, -3, (0, 2)):
        with pytest.raises(np.exceptions.AxisError, match=r"^axis: axis -?\d is out of bounds"):
            op.logsumexp(x, axis=axis)
    for axis in ((True,), (np.True_, 0), True, {0: 1}, 1.0, "0"):
        with pytest.raises(TypeError, match=r"^axis: expected None, an int or a tuple of ints, got "):
            op.logsumexp(x, axis=axis)
