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


# --- smooth maxima: (F, p) = maximum(x, tau) with F = max over the simplex of <p, x> - tau*Omega(p), depth = max -Omega

WIDE = np.longdouble  # holds sums of the largest float64
silently = np.errstate(all="ignore")


def overflows(x, tau, depth):
    """F may be beyond the largest float64."""
    return np.asarray(x, WIDE).max() + WIDE(tau) * WIDE(depth) > np.finfo(float).max


def rounding(x, tau, depth):
    """A few roundings of what F is made of, and the least subnormals."""
    return 32 * EPS * (np.abs(np.asarray(x, WIDE)).max() + WIDE(tau) * WIDE(depth)) + WIDE(2e-323)


@silently
def assert_smooth_maximum(maximum, x, tau, depth, tol=1e-14):
    """max x <= F <= max x + tau*depth, p on the simplex, max x - <p, x> <= tau*depth; x stays, its order is moot."""
    x = np.asarray(x, dtype=float)
    before, room = x.copy(), rounding(x, tau, depth)
    value, p = maximum(x, tau)
    assert np.array_equal(x, before), "the argument was changed"
    assert p.shape == x.shape
    assert p.min() >= 0, f"a negative weight: {p}"
    assert abs(p.sum() - 1) <= 8 * EPS * max(x.size, 4), f"the weights sum to {p.sum()!r}"
    most = WIDE(x.max()) + WIDE(tau) * depth
    assert x.max() <= value, f"{value!r} is below the maximum {x.max()!r}"
    assert value <= most + room or most > np.finfo(float).max, f"{value!r} is above {most!r}"
    mean = np.sum(p * x.astype(WIDE))
    assert x.max() - mean <= WIDE(tau) * depth + room, f"<p, x> = {mean!r} is too far below the maximum"
    order = np.random.default_rng(x.size).permutation(x.size)
    other, q = maximum(x[order], tau)
    assert other == value or abs(WIDE(other) - value) <= room, f"{other!r} in another order, {value!r} before"
    np.testing.assert_allclose(q, p[order], rtol=tol, atol=tol, err_msg="weights in another order")


@silently
def assert_homogeneous(maximum, x, tau, k, depth):
    """F(2^k x; 2^k tau) = 2^k F(x; tau), and the weights stay: units are free, and powers of two round nothing."""
    x = np.asarray(x, dtype=float)
    scaled, hot = np.ldexp(x, k), float(np.ldexp(tau, k))
    exact = np.array_equal(np.ldexp(scaled, -k), x) and np.ldexp(hot, -k) == tau
    if not exact or overflows(x, tau, depth) or overflows(scaled, hot, depth):
        return
    (value, p), (other, q) = maximum(x, tau), maximum(scaled, hot)
    least = np.ldexp(1e-323, max(k, 0))
    assert abs(other - np.ldexp(value, k)) <= least, f"{other!r} at 2^{k}, {value!r} at 1"
    steep = 1 if tau == 0 else 1 + np.minimum((x.max() - x) / tau, 800)
    assert np.all(np.abs(q - p) <= 8 * EPS * steep * p + 1e-307), f"weights {q} at {k}, {p} at 0"


@silently
def assert_translates(maximum, x, tau, c, depth):
    """F(x + c) = F(x) + c up to the rounding of x + c."""
    moved = np.asarray(x) + c
    room = rounding(np.append(x, c), tau, depth)
    found, expected = maximum(moved, tau)[0], WIDE(maximum(x, tau)[0]) + c
    if overflows(moved, tau, depth) or overflows(x, tau, depth):
        return
    assert abs(found - expected) <= room, f"F(x + {c!r}) = {found!r}, F(x) + {c!r} = {expected!r}"


@silently
def assert_convex_and_nonexpansive(maximum, x, y, tau, depth):
    """Along x to y: F is convex, its slope at x is <p, y - x>, |F(y) - F(x)| <= max |y - x|, and F is monotone."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    room = rounding(np.append(x, y), tau, depth)
    (a, p), (b, q) = maximum(x, tau), maximum(y, tau)
    if overflows(x, tau, depth) or overflows(y, tau, depth):
        return
    step = y.astype(WIDE) - x
    steep = WIDE(b) - a
    assert np.sum(p * step) <= steep + room, f"F(y) - F(x) = {steep!r} is below the slope {np.sum(p * step)!r} at x"
    assert steep <= np.sum(q * step) + room, f"F(y) - F(x) = {steep!r} is above the slope {np.sum(q * step)!r} at y"
    assert step.min() - room <= steep <= step.max() + room, f"F(y) - F(x) = {steep!r} for steps {step}"
    for s in (0.25, 0.5):
        between = maximum((1 - s) * x + s * y, tau)[0]
        assert between <= (1 - s) * WIDE(a) + s * WIDE(b) + room, f"F bends the wrong way {s} of the way"


@silently
def assert_rises_with_tau(maximum, x, low, high, depth):
    """0 <= F(x; high) - F(x; low) <= (high - low)*depth: from the maximum, at no more than the depth."""
    a, b = maximum(x, low)[0], maximum(x, high)[0]
    room = rounding(x, high, depth)
    assert overflows(x, high, depth) or -room <= WIDE(b) - a <= (WIDE(high) - low) * depth + room, (
        f"{a!r} at {low!r}, {b!r} at {high!r}"
    )


@silently
def assert_fenchel_young(maximum, omega, x, q, tau, depth):
    """F(x) + tau*Omega(q) - <q, x> >= 0, and it is 0 at q = p."""
    room = 8 * rounding(x, tau, max(depth, 1))
    value, p = maximum(x, tau)
    if overflows(x, tau, depth):
        return
    far, near = (
        WIDE(value) + WIDE(tau) * WIDE(omega(weights)) - np.sum(np.asarray(weights, WIDE) * x) for weights in (q, p)
    )
    assert far >= -room, f"<q, x> - tau*Omega(q) is above F(x) by {-far!r} at {q}"
    assert abs(near) <= room, f"F(x) - <p, x> + tau*Omega(p) = {near!r} at {p}"


def assert_same(found, expected, rtol, atol=0.0, what=""):
    """Shapes, dtypes and numbers; infinities and nan in the same places."""
    for a, b in zip(*(v if isinstance(v, tuple) else (v,) for v in (found, expected)), strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape, f"{what}: shape {a.shape}, expected {b.shape}"
        assert a.dtype == b.dtype, f"{what}: dtype {a.dtype}, expected {b.dtype}"
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, err_msg=what)
