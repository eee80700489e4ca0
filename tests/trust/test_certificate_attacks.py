"""Certificates under attack: whatever x, weights and multipliers say, no bound crosses an optimum that is a fraction.

What is held exactly: kind "bounded" has lower ≤ optimum. Kind "rounding" is proven for data changed by a relative
`residual`, and so, with x* a minimizer and c = Jᵀp + A_ubᵀλ + A_eqᵀν in fractions,

    lower ≤ optimum + Σ |c_j x*_j| over the columns with |c_j| ≤ (residual + γ)·(Σ p_i |J_ij| + Σ λ_k |A_kj| + …)

and for quadratics, whose curvature counts too, lower ≤ optimum + Σ (residual·size_j + noise_j)·|x*_j| + residual·½‖s‖²,
s = √diag(P)∘|x* − x| summed over the variables.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import smoothmax as sm
from smoothmax import Multipliers
from tests.effort import law
from tests.laws import assert_brackets
from tests.methods import fitting
from tests.trust import rational
from tests.trust.rational import exactly

UNIT = Fraction(1, 2**53)
TINY = Fraction(1, 2**1074)
SEEDS = st.integers(0, 2**32 - 1)
POINTS = ("exact", "near", "off", "far", "zero", "start", "top")
WEIGHTS = ("exact", "near", "noisy", "leaking", "one", "uniform", "wild", "huge", "subnormal", "soft", "repaired")
MULTIPLIERS = ("none", "exact", "near", "wild", "huge", "zero")


def nearest(values):
    """The fractions rounded to floats that are finite."""
    return np.array([float(max(min(v, Fraction(10) ** 300), -(Fraction(10) ** 300))) for v in values])


def a_point(case, how, rng):
    x = nearest(case.x)
    size = np.abs(x) + np.abs(x[rng.integers(x.size)])
    noise = rng.standard_normal(x.size)
    if how == "near":
        return x * (1 + noise * 10.0 ** rng.integers(-17, -8))
    if how == "off":
        return x + size * noise * 10.0 ** rng.integers(-12, 1)
    if how == "far":
        return x + (size + 1) * noise * 10.0 ** rng.integers(0, 9)
    if how == "zero":
        return np.zeros(x.size)
    if how == "start":
        return case.problem.start()
    if how == "top" and getattr(case.problem.domain, "bounded", False):
        corner = case.problem.domain.lmo(noise)
        return corner if np.isfinite(corner).all() else x
    return x


def some_weights(case, how, x, rng):
    """(weights, multipliers or None)."""
    p, n = nearest(case.p), case.problem.n
    if how == "near":
        p = p * (1 + rng.standard_normal(n) * 10.0 ** rng.integers(-17, -3))
    if how == "noisy":
        p = np.abs(p + rng.standard_normal(n) * 1e-17)
    if how == "leaking":
        p = p + rng.random(n) * 10.0 ** rng.integers(-320, -3, n)
    if how == "one":
        p = np.eye(n)[rng.integers(n)]
    if how == "uniform":
        p = np.ones(n)
    if how == "wild":
        p = rng.exponential(size=n) ** rng.integers(1, 200) + 1e-320
    if how == "huge":
        p = p * 1e308
    if how == "subnormal":
        p = p * 1e-310 + 5e-324 * rng.integers(0, 2, n)
    if how in ("soft", "repaired"):
        f = case.problem.components.value(x)
        spread = float(np.clip(np.ptp(f / 2), 1e-300, 1e300)) if np.isfinite(f).all() else 1.0
        p = sm.Smoothed(case.problem, spread * 10.0 ** rng.integers(-9, 2)).weights(x)
    p = np.where(np.isfinite(p), np.maximum(p, 0.0), 0.0)
    p = p if p.any() else np.ones(n)
    return (sm.repair(case.problem, x, p) or (p, None)) if how == "repaired" else (p, None)


def some_multipliers(case, how, rng):
    """Multipliers of a linear domain, None where it has none or none are handed over."""
    walls = [place for place in case.places if place.kind != "ball"]
    if how == "none" or len(walls) < len(case.places):
        return None
    lam, nu = nearest(case.lam), nearest(case.nu)
    size = float(np.abs(np.r_[lam, nu, 0.0]).max()) or 1.0
    if how == "near":
        lam, nu = (v * (1 + rng.standard_normal(v.size) * 10.0 ** rng.integers(-17, -3)) for v in (lam, nu))
    if how in ("wild", "huge"):
        grow = 10.0 ** (rng.integers(-3, 3) if how == "wild" else rng.integers(3, 300))
        with np.errstate(over="ignore"):
            lam, nu = (np.nan_to_num(v + size * grow * rng.standard_normal(v.size)) for v in (lam, nu))
    if how == "zero":
        lam, nu = 0 * lam, 0 * nu
    return Multipliers(np.maximum(lam, 0.0), nu, np.zeros(case.problem.d), np.zeros(case.problem.d))


def room(case, found, x):
    """By how much `lower` of kind "rounding" may exceed the optimum, in fractions (see above)."""
    p, x, d = exactly(found.weights), exactly(x), case.problem.d
    p, r = p / sum(p), Fraction(found.residual)
    J = case.slopes(x)
    c, size = p @ J, p @ np.abs(J)
    k, start = 0, [0, 0]
    for place in case.places:
        s, k = slice(k, k + place.x.size), k + place.x.size
        if found.multipliers is None or place.kind in ("free", "ball", "box"):
            continue
        for side, A in enumerate((place.A_ub, place.A_eq)):
            if A is not None:
                v = exactly(found.multipliers[side][start[side] : start[side] + len(A)])
                start[side] += len(A)
                c[s], size[s] = c[s] + A.T @ v, size[s] + np.abs(A).T @ np.abs(v)
    slack = (2 * len(p) + 2 * d + sum(start) + 8) * UNIT
    star = np.abs(case.x)
    if case.P is None:
        counted = [j for j in range(d) if abs(c[j]) <= (r + slack) * size[j] + TINY * len(p)]
        return sum((abs(c[j]) * star[j] for j in counted), Fraction(0))
    size = size + p @ np.abs(case.q) + p @ np.array([np.abs(Pi) @ np.abs(x) for Pi in case.P], dtype=object)
    bend = np.sqrt(np.array([float(v) for v in np.diagonal(np.tensordot(p, case.P, axes=1))])) * 1.001
    far = sum((Fraction(b) * abs(u - v) for b, u, v in zip(bend, case.x, x, strict=True)), Fraction(0))
    return (r + slack) * (size @ star) + (r + 16 * d * d * slack) * far**2 / 2


def assert_honest(case, found, x, how):
    """No bound of the certificate crosses the optimum."""
    __tracebackhide__ = True
    note = f"{case.name}, {how}, x = {x.tolist()}: {found!r}, optimum {float(case.optimum)!r}"
    assert found.kind in ("bounded", "rounding", "none"), note
    assert (found.kind == "none") == (found.lower == -math.inf), note
    lower = found.lower
    if found.kind == "rounding":
        over = Fraction(lower) - case.optimum
        assert over <= 0 or over <= room(case, found, x), f"{note}: {float(over):g} over, more than the residual allows"
        assert found.residual <= 256 * 2.0**-52, note
        lower = min(lower, math.nextafter(float(case.optimum), -math.inf))
    try:
        assert_brackets(sm.Certificate(lower, found.upper, found.kind), case.optimum)
        assert found.gap >= 0
    except AssertionError as wrong:
        raise AssertionError(f"{note}: {wrong}") from None


def attack(case, where, who, walls, seed):
    rng = np.random.default_rng([seed, 1])
    x = a_point(case, where, rng)
    weights, given = some_weights(case, who, x, rng)
    multipliers = given or some_multipliers(case, walls, rng)
    found = sm.certify(case.problem, x, weights, multipliers)
    assert_honest(case, found, x, f"x {where!r}, weights {who!r}, multipliers {walls!r}")
    return found


# --- any point, any weights, any multipliers


@law(60, 6000)
@given(
    SEEDS,
    st.sampled_from(rational.PLACES),
    st.sampled_from(rational.FORMS),
    st.sampled_from(rational.SCALES),
    st.integers(1, 7),
    st.integers(1, 5),
    st.lists(st.tuples(*map(st.sampled_from, (POINTS, WEIGHTS, MULTIPLIERS))), min_size=4, max_size=4),
)
def test_no_certificate_crosses_an_optimum_that_is_a_fraction(seed, place, form, scale, n, d, ways):
    case = rational.known(seed, place, form, scale, n, d)
    for k, way in enumerate(ways):
        attack(case, *way, seed + k)


@law(12, 600)
@given(SEEDS, st.integers(3, 12), st.integers(1, 4), st.sampled_from([0.0, 6.0, 100.0]), st.sampled_from([0, 2, 20]))
def test_no_certificate_of_a_regression_on_any_floats_crosses_its_optimum(seed, n, d, spread, near):
    """Columns may be of wildly different units, and two of them equal but for their last bits."""
    case = rational.regression(seed, n, d, spread, near)
    if case is None:
        return
    for k, (where, who) in enumerate([("exact", "exact"), ("near", "near"), ("off", "repaired"), ("zero", "exact")]):
        attack(case, where, who, "none", seed + k)


@law(12, 600)
@given(SEEDS, st.integers(3, 12), st.integers(1, 4), st.sampled_from(["exact", "near", "repaired"]))
def test_a_proof_up_to_rounding_is_one_for_data_that_hardly_differ(seed, n, d, who):
    """There are data A' with |A' − A| ≤ (residual + γ)·|A| for which p has no slope at all: lower is at most ⟨p, b⟩."""
    case = rational.regression(seed, n, d)
    if case is None:
        return
    found = attack(case, "near", who, "none", seed)
    if found.kind != "rounding":
        return
    p = exactly(found.weights)
    p = p / sum(p)
    share = np.array([a / b for a, b in zip(p @ case.q, p @ np.abs(case.q), strict=True)])
    moved = case.q - np.abs(case.q) * share
    assert not np.any(p @ moved), "the changed data have a slope left"
    assert np.all(np.abs(share) <= Fraction(found.residual) + (2 * n + 8) * UNIT), (case.name, found)
    assert Fraction(found.lower) <= p @ case.r, (case.name, found)


@law(4, 400)
@given(SEEDS, st.sampled_from(rational.PLACES), st.sampled_from(rational.FORMS), st.integers(1, 7), st.integers(1, 4))
def test_no_solve_returns_bounds_that_cross_the_optimum(seed, place, form, n, d):
    """Every method that takes the problem; `fun` is max f as computed, which rounding may move."""
    case = rational.known(seed, place, form, "plain", n, d)
    for method in fitting(case.problem):
        if method == "cvxpy":
            continue
        r = sm.solve(case.problem, method=method, max_passes=300)
        assert_honest(case, r.certificate, r.x, f"method {method!r}")
        assert (r.lower_bound, r.upper_bound) == (r.certificate.lower, r.certificate.upper)
        assert case.problem.domain.contains(r.x)
        values = case.values(exactly(r.x))
        slip = max(case.sizes(exactly(r.x))) * (2 * d + 8) * UNIT
        assert abs(Fraction(r.fun) - max(values)) <= slip, f"{case.name}, {method}: fun is not max f"


# --- what such attacks have found


@pytest.mark.parametrize("scale", [2.0**-1066, 2.0**-1070])
def test_products_below_the_normal_numbers_prove_nothing_they_should_not(scale):
    """Slopes of a few subnormal units, halved by the weights, against a point that is far away."""
    problem = sm.Minimax(sm.Affine(np.array([[7.0], [-3.0], [5.0]]) * scale, np.zeros(3)), sm.Box([-3.0], [5.0]))
    for x in (-155424.5410094983, 1e9, 0.3):
        for weights in (np.ones(3), [0.3, 0.6, 0.1], [1e-3, 1.0, 0.4]):
            assert_brackets(sm.certify(problem, [x], weights), 0)


def test_a_slope_that_underflows_is_not_followed_over_a_wide_box():
    """max(0, 1 − 1e-300·x) on [0, 1e300] is 0 at the end; p₂·J₂ = 1e-330 is no float, p₂·f₂ = 1e-30 is one."""
    problem = sm.Minimax(sm.Affine([[0.0], [-1e-300]], [0.0, 1.0]), sm.Box([0.0], [1e300]))
    found = sm.certify(problem, [0.0], [1.0, 1e-30])
    assert found.kind != "bounded" or found.lower <= 0


def test_bounds_that_overflow_in_two_factors_prove_nothing():
    """−∞ from the one, whose slope is pushed too far, and +∞ from the other, where x lies outside."""
    one, other = (sm.Polyhedron([[a]], [1e10], bounds=(-1e10, 1e10)) for a in (1.0, -1.0))
    problem = sm.Minimax(sm.Affine([[1.0, 1.0, 1.0]]), sm.Product([one, other, sm.Simplex(1)]))
    pushed = Multipliers(np.full(2, 1e308), np.zeros(1), *np.zeros((2, 3)))
    assert sm.certify(problem, [0.0, 3e10, 1.0], [1.0], pushed).kind == "none"


def test_a_repair_whose_multipliers_overflow_refuses():
    """λ = 1e300/1e-10 is no float; what repair returns, certify takes."""
    domain = sm.Polyhedron([[-1e-10]], [0.0], bounds=(-1.0, 1.0))
    problem = sm.Minimax(sm.Affine([[1e300]]), domain)
    assert sm.repair(problem, [0.0], [1.0]) is None


def test_weights_below_zero_are_refused_however_small():
    problem = sm.Minimax(sm.Affine(np.eye(2)), sm.Simplex(2))
    with pytest.raises(ValueError, match="weights"):
        sm.certify(problem, [0.5, 0.5], [1.0, -1e-320])
