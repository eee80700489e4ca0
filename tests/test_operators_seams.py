"""Where operators change their way of working: block edges, layouts, pieces, one slice among others, huge tau."""

import importlib
import itertools

import array_api_strict as strict
import numpy as np
import pytest

from smoothmax import operators as op

INF, NAN = np.inf, np.nan
SMALL = {
    "kernel": {"SHORT": 16, "BUFFER": 40, "ROWS": 3},
    "line": {"BLOCK": 7},
    "logsumexp": {"LONG": 30},
    "semiring": {"TEMPORARY": 10},
    "softmax": {"BLOCK": 32, "MANY": 5},
    "terms": {"BLOCK": 32, "SHORT": 4, "ABREAST": 3},
}
LAYOUTS = {
    "rows": np.ascontiguousarray,
    "columns": np.asfortranarray,
    "strided": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "backwards": lambda x: np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1],
}


def read(a):
    """An array of any library as NumPy's."""
    return np.asarray(getattr(a, "_array", a))


@pytest.fixture
def small(monkeypatch):
    """Everything that only tunes, small: the seams are met by small arrays."""
    for module, values in SMALL.items():
        for name, value in values.items():
            monkeypatch.setattr(importlib.import_module(f"smoothmax.operators.{module}"), name, value)


def defined(x, tau, keep, w):
    """(logsumexp, softmax, mellowmax) along axis 1, by their definitions."""
    x, w = np.asarray(x, dtype=float), np.where(keep, w, 0.0)
    m = np.max(np.where(w > 0, x, -INF), axis=1, keepdims=True)
    m = np.where(np.isfinite(m), m, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        e = np.where(w > 0, w * np.exp((x - m) / tau), 0.0)
        s = e.sum(axis=1, keepdims=True)
        lse = (m + tau * np.log(s))[:, 0]
        return lse, np.where(s > 0, e / s, 0.0), lse - tau * np.log(np.maximum(keep.sum(axis=1), 1))


@pytest.mark.parametrize("rows", [1, 3, 8, 40])
@pytest.mark.parametrize(
    ("dtype", "layout"), [*((np.float64, name) for name in LAYOUTS), (np.float32, "rows"), (np.longdouble, "columns")]
)
def test_no_seam_shows(layout, dtype, rows, small):
    rng = np.random.default_rng(rows)
    near = 1e-6 if dtype == np.float32 else 1e-13
    tol = {"rtol": near, "atol": near}
    for n, tau in zip((1, 2, 3, 4, 5, 8, 16, 29, 30, 33, 41), itertools.cycle((1.0, 0.3, 2.0))):
        x = LAYOUTS[layout]((4 * rng.standard_normal((rows, n))).astype(dtype))
        every, ones = np.ones(x.shape, dtype=bool), np.ones(n)
        some, w = rng.random(x.shape) < 0.6, np.where(rng.random(n) < 0.3, 0.0, rng.random(n))
        for options, keep, weights in (({}, every, ones), ({"where": some}, some, ones), ({"prior": w}, every, w)):
            lse, p, mean = defined(x, tau, keep, weights)
            for axis, y, turn in ((1, x, np.asarray), (0, x.T, np.transpose)):
                turned = {k: v.T if v.ndim == 2 else v[:, None] if axis == 0 else v for k, v in options.items()}
                given = dict(tau=tau, axis=axis, **(turned if axis == 0 else options))
                said = f"{options.keys()}, n={n}, axis={axis}"
                value, weights = op.logsumexp(y, **given), turn(op.softmax(y, **given))
                assert value.dtype == weights.dtype == dtype
                np.testing.assert_allclose(value, lse, err_msg=said, **tol)
                np.testing.assert_allclose(weights, p, err_msg=said, **tol)
                log_p = turn(op.log_softmax(y, **given))
                np.testing.assert_allclose(np.exp(log_p), p, err_msg=said, **tol)
                if "prior" not in options:
                    np.testing.assert_allclose(op.mellowmax(y, **given), mean, err_msg=said, **tol)
        whole = op.LogSumExpAccumulator(tau).update(x).value
        flat = defined(x.reshape(1, -1), tau, np.ones((1, x.size), dtype=bool), np.ones(x.size))
        np.testing.assert_allclose(op.logsumexp(x, tau=tau), flat[0][0], **tol)
        np.testing.assert_allclose(whole, flat[0][0], rtol=1e-13, atol=1e-13, err_msg="it works in float64")
        weights = op.softmax(x, tau=tau)
        assert weights.dtype == dtype
        np.testing.assert_allclose(weights, flat[1].reshape(x.shape), **tol)


@pytest.mark.parametrize("m", [1, 3, 11])
@pytest.mark.parametrize("k", [1, 5])
def test_products_in_pieces_are_products(m, k, small):
    rng = np.random.default_rng(m)
    A, B = rng.standard_normal((2, m, k)), rng.standard_normal((k, 4))
    np.testing.assert_allclose(op.log_matmul(A, B), np.log(np.exp(A) @ np.exp(B)), rtol=1e-13)


# --- one slice among others


def test_infinities_and_nan_keep_to_their_slices():
    x = np.array([[INF, 1.0, INF], [INF, NAN, 1.0], [INF, 0.0, 2.0], [0.0, 0.0, -INF], [-INF, -INF, -INF]])
    p = np.array([[NAN, 0, NAN], [NAN] * 3, [1, 0, 0], [0.5, 0.5, 0], [NAN] * 3])
    for make in (np.asarray, strict.asarray):
        for prior in (None, make(np.full(3, 2.0))):
            for y, axis, turn in ((x, 1, np.asarray), (x.T.copy(), 0, np.transpose)):
                across = prior if prior is None or axis == 1 else make(np.full((3, 1), 2.0))
                found = op.softmax(make(y), axis=axis, prior=across)
                np.testing.assert_array_equal(turn(read(found)), p)
                logs = op.log_softmax(make(y), axis=axis, prior=across)
                np.testing.assert_array_equal(np.exp(turn(read(logs))), p)


def test_a_peak_that_only_the_prior_lifts_beyond_the_numbers():
    x = np.array([[1.7e308, 1.7e308], [INF, 0.0]])
    p = op.softmax(x, tau=1e308, prior=[10.0, 10.0], axis=1)
    np.testing.assert_allclose(p, [[0.5, 0.5], [1.0, 0.0]], rtol=1e-15)


def test_the_mean_at_temperatures_beyond_its_differences():
    x = np.array([[0.0, -1.0, -3.0], [0.0, 0.0, -0.3]])
    keep = np.array([[True, False, True], [False, True, True]])
    for tau, spread in itertools.product((1e290, 1e300, 1e305, 1.7e308), (1e-12, 1.0, 1e10)):
        for make, axis, turn in (
            (np.asarray, 1, np.asarray),
            (np.asarray, 0, np.transpose),
            (strict.asarray, 1, np.asarray),
        ):
            y, mask = make(turn(spread * x)), make(turn(keep))
            found = op.mellowmax(y, tau=tau, axis=axis)
            np.testing.assert_allclose(read(found), spread * x.mean(axis=1), rtol=1e-14)
            found = op.mellowmax(y, tau=tau, axis=axis, where=mask)
            np.testing.assert_allclose(read(found), spread * x.mean(axis=1, where=keep), rtol=1e-14)


@pytest.mark.parametrize("tau", [1e300, 2e300, 1e307, 8e307])
def test_differences_that_overflow_count_at_temperatures_as_large(tau):
    """With z = x/tau the log-sum-exp is tau*log(sum exp z), in pieces, of any library, by logaddexp."""
    x = tau * np.array([-1.0, 1.0, 0.5]) if tau > 1e307 else np.array([-9e307, 9e307, 8.9e307])
    with np.errstate(over="ignore"):
        z = (x / 2 - x.max() / 2) / (tau / 2)
    expected = x.max() + tau * np.log(np.exp(z).sum())
    pieces = op.LogSumExpAccumulator(tau)
    for v in x:
        pieces.update([v])
    with np.errstate(over="ignore"):
        for found in (
            op.logsumexp(x, tau=tau),
            op.logsumexp(np.stack([x, x]), tau=tau, axis=1)[1],
            float(op.logsumexp(strict.asarray(x), tau=tau)),
            op.logaddexp(op.logaddexp(x[0], x[1], tau=tau), x[2], tau=tau),
            pieces.value,
        ):
            assert found == pytest.approx(expected, rel=1e-14)
    p = np.exp(z) / np.exp(z).sum()
    for found in (
        op.softmax(x, tau=tau),
        op.softmax(np.stack([x, x]), tau=tau, axis=1)[1],
        read(op.softmax(strict.asarray(x), tau=tau)),
    ):
        np.testing.assert_allclose(found, p, rtol=1e-14)


def test_divergences_of_numbers_at_the_ends_of_the_range():
    for a, b in ((1e-200, 1.5e-200), (1.5e-200, 1e-200)):
        assert op.kl_divergence([a], [b]) == pytest.approx(a * np.log(a / b), rel=1e-15, abs=0)
    assert op.kl_divergence([1.0], [1e-310]) == pytest.approx(310 * np.log(10), rel=1e-14)
    assert op.kl_divergence([1e-310], [1e10]) / 1e-310 == pytest.approx(-320 * np.log(10), rel=1e-12)
    assert op.kl_divergence([1e10], [1e-300]) == pytest.approx(1e10 * 310 * np.log(10), rel=1e-14)


def test_weights_far_below_a_peak_that_underflows_itself():
    exact = np.exp(-100.0)
    for x in ([-800.0, -700.0], [-745.0, -645.0], [-5000.0, -4900.0]):
        for y, axis in ((np.array(x), None), (np.array([x, x]), 1)):
            np.testing.assert_allclose(np.atleast_2d(op.softmax(y, axis=axis))[-1], [exact, 1.0], rtol=1e-12)


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3)])
def test_weights_of_nothing_are_nothing(shape, tau):
    for function, axis in itertools.product((op.softmax, op.log_softmax), (None, 0, -1, ())):
        found = function(np.zeros(shape, np.float32), tau=tau, axis=axis)
        assert (found.shape, found.dtype) == (shape, np.float32)


# --- pieces of one line


@pytest.mark.parametrize("x", [[NAN, 1.0], [1.0, NAN], [INF, NAN], [NAN, INF], [NAN, -INF], [-INF, NAN]], ids=str)
def test_nan_in_any_piece_is_nan(x, small):
    assert np.isnan(op.LogSumExpAccumulator().update(x[:1]).update(x[1:]).value)
    assert np.isnan(op.logsumexp(np.repeat(x, 7)))


@pytest.mark.parametrize("tau", [0.0, 0.5])
def test_equal_peaks_and_empty_pieces(tau, small):
    for pieces in ([[2.0], [2.0]], [[-INF], [2.0, 2.0]], [[2.0, 2.0], [-INF]], [[], [2.0], [], [2.0]]):
        found = op.LogSumExpAccumulator(tau)
        for piece in pieces:
            found.update(piece)
        assert found.value == 2.0 + tau * np.log(2.0)
    assert op.logsumexp(np.full(21, 2.0), tau=tau) == pytest.approx(2.0 + tau * np.log(21.0), rel=1e-15)
    assert op.LogSumExpAccumulator(tau).update([INF]).update([INF]).value == INF
    assert op.LogSumExpAccumulator(tau).update([-INF]).update([-INF]).value == -INF


def test_the_accumulator_reads_extended_precision_as_float64():
    x = np.array([1.0, 2.0, 2.5], dtype=np.longdouble)
    assert op.LogSumExpAccumulator().update(x).value == op.LogSumExpAccumulator().update(x.astype(float)).value


def test_extended_precision_on_either_side_is_kept():
    tiny = np.longdouble(2) ** -60
    x, v = np.zeros(2), np.array([1, 1 + tiny], dtype=np.longdouble)
    np.testing.assert_allclose(op.logsumexp_hvp(x, v), [-float(tiny) / 4, float(tiny) / 4], rtol=1e-12)
    lone = np.array([1 + tiny], dtype=np.longdouble)
    for A, B in ((np.zeros((1, 1)), lone[:, None]), (lone[None, :], np.zeros((1, 1)))):
        assert op.log_matmul(A, B)[0, 0] == lone[0]
    for p, q, sign in ((np.ones(1), lone, -1), (lone, np.ones(1), 1)):
        assert op.kl_divergence(p, q) == pytest.approx(sign * float(tiny), rel=1e-3, abs=0)
    p = op.softmax(np.array([0, 1], dtype=np.longdouble))
    near = {"rtol": 4 * np.finfo(np.longdouble).eps}
    np.testing.assert_allclose(p, 1 / (1 + np.exp(np.array([1, -1], dtype=np.longdouble))), **near)
    np.testing.assert_allclose(op.softmax(p, tau=0.5), 1 / (1 + np.exp(2 * (p[::-1] - p))), **near)
    assert op.mellowmax(lone) == lone[0]
    found = op.logsumexp_hvp(np.array([0, 1], dtype=np.longdouble), np.array([0.0, 1.0]))
    np.testing.assert_allclose(found, [-p[0] * p[1], p[0] * p[1]], **near)
