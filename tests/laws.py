"""What must hold whatever the object is: derivatives, sandwiches, projections, oracles, proofs."""

import re
from fractions import Fraction

import numpy as np
import pytest

EPS = float(np.finfo(float).eps)


def assert_refuses(error, words, call, *args, **kwargs):
    """The call raises `error`, and the message names the argument and whatever else `words` says."""
    with pytest.raises(error) as caught:
        call(*args, **kwargs)
    for word in [words] if isinstance(words, str) else words:
        assert re.search(rf"(?<!\w){re.escape(word)}(?!\w)", str(caught.value)), f"no {word!r} in: {caught.value}"


def assert_gradient(fun, jac, x, *, step=1e-6, tol=1e-6, seed=0):
    """jac(x)u is the central difference of fun along u; fun may have any number of values."""
    x = np.asarray(x, dtype=float)
    rng = np.random.default_rng(seed)
    for _ in range(3):
        u = rng.standard_normal(x.size) * np.maximum(1.0, np.abs(x))
        slope = (np.asarray(fun(x + step * u)) - np.asarray(fun(x - step * u))) / (2 * step)
        given = np.asarray(jac(x)) @ u
        size = np.abs(slope) + np.abs(given) + np.abs(np.asarray(fun(x))) + 1e-3
        assert np.all(np.abs(slope - given) <= tol * size), f"difference {slope}, given {given}"


def assert_hessian(jac, hess, x, *, step=1e-6, tol=1e-5, seed=0):
    """hess(x) is symmetric, and the derivative of jac."""
    H = np.asarray(hess(x))
    np.testing.assert_allclose(H, H.T, rtol=1e-12, atol=1e-12 * np.abs(H).max(initial=0.0))
    assert_gradient(jac, hess, x, step=step, tol=tol, seed=seed)


def assert_semidefinite(H, tol=1e-12):
    """No eigenvalue below rounding."""
    values = np.linalg.eigvalsh(H)
    assert values[0] >= -tol * np.abs(values).max()


def assert_sandwich(value, f, tau, prior=None):
    """max f <= F_tau <= max f + tau log n; with a prior max f + tau log min w <= F_tau <= max f + tau log sum w."""
    f = np.asarray(f)
    if prior is None:
        low, high = f.max(), f.max() + tau * np.log(f.size)
    else:
        w = np.asarray(prior)
        low, high = np.max(f[w > 0] + tau * np.log(w[w > 0])), f[w > 0].max() + tau * np.log(w.sum())
    room = 8 * EPS * (abs(low) + abs(high) + abs(f.max()))
    assert low - room <= value <= high + room


def assert_blocks(components, x):
    """The blocks hold every component exactly once."""
    seen = np.zeros(components.n, dtype=int)
    for block in components.at(x):
        for rows in block.rows:
            assert 0 <= rows.start < rows.stop <= components.n
            seen[rows] += 1
    assert np.all(seen == 1)


def assert_projection(domain, x, others, tol=1e-8):
    """Px is in X and stays; no other point is nearer; <x - Px, y - Px> <= 0; distances do not grow.

    `tol` is relative to the distances involved.
    """
    x = np.asarray(x, dtype=float)
    before, p = x.copy(), domain.project(x)
    assert np.array_equal(x, before), "project changed its argument"
    assert p is not x
    assert p.shape == x.shape
    size = 1e-3 + np.linalg.norm(x) + np.linalg.norm(p)
    assert domain.contains(p, 1e-9), f"{p} is not in {domain!r}"
    np.testing.assert_allclose(domain.project(p), p, rtol=0, atol=tol * size)
    away = np.linalg.norm(x - p)
    for y in others:
        inside = domain.project(y)
        room = tol * (size + np.linalg.norm(inside))
        assert away <= np.linalg.norm(x - inside) + room, f"{inside} is nearer to {x} than {p}"
        assert (x - p) @ (inside - p) <= room * (away + np.linalg.norm(inside - p) + 1e-300), "not the nearest point"
        assert np.linalg.norm(p - inside) <= np.linalg.norm(x - y) + room, "not nonexpansive"


def assert_lmo(domain, c, others, tol=1e-9):
    """lmo(c) lies in X and no other point has a smaller <c, y>."""
    c = np.asarray(c, dtype=float)
    before, y = c.copy(), domain.lmo(c)
    assert np.array_equal(c, before), "lmo changed its argument"
    assert domain.contains(y, 1e-9), f"{y} is not in {domain!r}"
    for other in others:
        inside = domain.project(other)
        size = np.abs(c) @ (np.abs(inside) + np.abs(y))
        assert c @ y <= c @ inside + tol * size, f"<c, {y}> is above <c, {inside}>"


def assert_brackets(certificate, optimum):
    """lower <= optimum <= upper in exact arithmetic, and a gap that is no less than nothing."""
    optimum = Fraction(optimum)
    if np.isfinite(certificate.lower):
        over = Fraction(certificate.lower) - optimum
        assert over <= 0, f"lower {certificate.lower!r} is above the optimum by {float(over):g} ({certificate.kind})"
    else:
        assert certificate.lower == -np.inf
    if np.isfinite(certificate.upper):
        under = optimum - Fraction(certificate.upper)
        assert under <= 0, f"upper {certificate.upper!r} is below the optimum by {float(under):g}"
    else:
        assert certificate.upper == np.inf
    assert certificate.gap >= 0
    if np.isfinite(certificate.gap):
        size = abs(certificate.upper) + abs(certificate.lower)
        assert abs(sum(certificate.parts) - certificate.gap) <= 8 * EPS * (size + sum(map(abs, certificate.parts)))
