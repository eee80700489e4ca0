"""Operators and regularizers in every shape, dtype and layout of memory, and without what is removed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import smoothmax as sm
from smoothmax import operators as op
from tests import effort
from tests.laws import EPS, assert_same

from . import strategies as some
from .test_operator_laws import quiet, seeds
from .test_regularizer_laws import each, tolerance

REDUCING = {f.__name__: f for f in (op.logsumexp, op.smooth_min, op.mellowmax)}
PLAIN = REDUCING | {f.__name__: f for f in (op.softmax, op.log_softmax, op.logsumexp_dtau, op.logsumexp_plus)}
MASKED = REDUCING | {f.__name__: f for f in (op.softmax, op.log_softmax)}


@pytest.mark.parametrize("name", PLAIN)
@effort.law(15, 300)
@given(st.data())
def test_the_answer_does_not_depend_on_how_the_array_lies(name, data):
    x = data.draw(some.arrays())
    axis, tau = data.draw(some.axes(x.ndim)), data.draw(st.sampled_from([0.0, 0.3, 1.0, 1e300]))
    y = data.draw(some.lying(x))
    before = y.copy()
    found = quiet(PLAIN[name])(y, tau=tau, axis=axis)
    plain = np.array(before, order="C").astype(before.dtype.newbyteorder("="))
    eps = float(np.finfo(np.asarray(found).dtype).eps)
    assert_same(found, PLAIN[name](plain, tau=tau, axis=axis), 8 * eps, 8 * EPS, name)
    assert np.array_equal(y, before), "the argument was changed"
    if before.dtype.kind == "f" and before.dtype.itemsize < 8:  # rounded once, at the end
        wide = np.asarray(PLAIN[name](before.astype(np.float64), tau=tau, axis=axis))
        with np.errstate(over="ignore"):
            np.testing.assert_allclose(found, wide.astype(np.asarray(found).dtype), rtol=eps, atol=1e-7 * (eps > 1e-4))
    else:
        assert np.asarray(found).dtype == np.float64


@pytest.mark.parametrize("name", MASKED)
@effort.law(15, 300)
@given(st.data())
def test_what_is_removed_is_as_if_it_had_never_been(name, data):
    x = data.draw(some.arrays(dtypes=(np.float64, np.float32)))
    axis, tau = data.draw(some.axes(x.ndim)), data.draw(st.sampled_from([0.0, 0.3, 1.0]))
    rng = np.random.default_rng(data.draw(seeds))
    shape = tuple(int(rng.choice([1, size])) for size in x.shape[int(rng.integers(0, x.ndim + 1)) :])
    keep = rng.random(shape) < 0.6
    full = np.broadcast_to(keep, x.shape)
    holes = np.where(full, x, rng.choice(np.array([np.nan, np.inf, -np.inf, 1e30], x.dtype), x.shape))
    found = quiet(MASKED[name])(
        data.draw(some.lying(holes)), tau=tau, axis=axis, where=data.draw(some.lying(np.asarray(keep)))
    )
    low = np.where(full, x, np.inf if name == "smooth_min" else -np.inf).astype(x.dtype)
    expected = np.asarray((op.logsumexp if name == "mellowmax" else MASKED[name])(low, tau=tau, axis=axis))
    if name == "mellowmax":
        count = np.sum(full, axis=axis)
        expected = np.where(count > 0, expected - tau * np.log(np.maximum(count, 1)), -np.inf).astype(x.dtype)
    elif name in ("softmax", "log_softmax"):
        expected = np.where(full, expected, 0.0 if name == "softmax" else -np.inf).astype(x.dtype)
    eps = float(np.finfo(x.dtype).eps)
    assert_same(found, expected, 16 * eps, 16 * eps * (1 + tau), name)


@each
@effort.law(8, 200)
@given(st.data())
def test_the_same_of_regularizers(kind, data):
    x = data.draw(some.arrays())
    axis, tau = data.draw(some.axes(x.ndim)), data.draw(st.sampled_from([0.0, 0.3, 1.0, 1e3, 1e300]))
    y = data.draw(some.lying(x))
    before = y.copy()
    found = quiet(kind.maximum)(y, tau, axis=axis)
    plain = np.array(before, order="C").astype(before.dtype.newbyteorder("="))
    expected = kind.maximum(plain, tau, axis=axis)
    eps = float(np.finfo(np.asarray(found[0]).dtype).eps)
    assert_same(found, expected, 16 * eps, max(tolerance(kind), 16 * EPS), repr(kind))
    assert np.array_equal(y, before), "the argument was changed"
    assert np.shape(found[0]) == np.sum(x, axis=axis).shape
    if before.dtype.kind == "f" and before.dtype.itemsize < 8:  # rounded once, at the end
        with np.errstate(over="ignore"):
            wide = tuple(
                np.asarray(v).astype(before.dtype.newbyteorder("="))[()]
                for v in kind.maximum(before.astype(float), tau, axis=axis)
            )
        assert_same(found, wide, eps, 1e-7 * (eps > 1e-4), repr(kind))
    np.testing.assert_array_equal(quiet(sm.smooth_max)(y, tau=tau, axis=axis, regularizer=kind), found[0])
