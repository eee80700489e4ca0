"""Laws of domains: of sets made around a known point, at every scale; projections, oracles, membership, movements.

The sets of `rational` come with a point x on them and a slope c for which x is a minimizer: ⟨c, x⟩ is the oracle's
value, in fractions, and x is the projection of x − t·c for every t ≥ 0.
"""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint

import smoothmax as sm
from tests.effort import law
from tests.laws import assert_lmo, assert_projection
from tests.trust import rational
from tests.trust.rational import exactly

EPS = float(np.finfo(float).eps)
SEEDS = st.integers(0, 2**32 - 1)
PLACES = st.sampled_from(rational.PLACES)
UNITS = st.sampled_from([2.0**-900, 2.0**-40, 1.0, 2.0**40, 2.0**900])


def made(seed, place, d, unit=1.0):
    """(domain, exact x, exact c, random numbers): all variables in one unit, so that distances mean something."""
    rng = np.random.default_rng(seed)
    found = rational.places(rng, place, d)
    found = [one.scaled(exactly([Fraction(unit)] * one.x.size), Fraction(1)) for one in found]
    for one in found:
        one.check()
    domain, *rows = rational.domain_of(found, int(rng.integers(6)))
    problem = sm.Minimax(sm.Affine(np.ones((1, d))), domain, *rows)
    x, c = (np.concatenate([getattr(one, side) for one in found]) for side in ("x", "c"))
    return problem.domain, x, c, rng


def nearest(values):
    return np.array([float(v) for v in values])


@law(40, 3000)
@given(SEEDS, PLACES, st.integers(1, 5), st.sampled_from([0.1, 1.0, 30.0]))
def test_projections_are_the_nearest_points(seed, place, d, size):
    """In X, there to stay, no other point nearer, no distance grown."""
    domain, x, _, rng = made(seed, place, d)
    start = nearest(x)
    assert_projection(
        domain, start + size * rng.standard_normal(d), start + size * rng.standard_normal((4, d)), tol=1e-7
    )


@law(40, 3000)
@given(SEEDS, PLACES, st.integers(1, 5), UNITS, st.sampled_from([0.0, 1e-3, 1.0, 100.0]))
def test_what_lies_along_a_normal_projects_back(seed, place, d, unit, t):
    """−c is normal to X at x: the projection of x − t·c is x, in any unit."""
    domain, x, c, _ = made(seed, place, d, unit)
    far = nearest(x - exactly([Fraction(t)] * d) * c * Fraction(unit) ** 2)
    with np.errstate(over="ignore"):
        room = 1e-7 * unit * (1 + np.abs(far / unit).max())
    near = domain.project(far)
    assert np.all(np.abs(near - nearest(x)) <= room), f"{domain!r}: {near} is not {nearest(x)}"
    assert domain.contains(near, 1e-12)


@law(40, 3000)
@given(SEEDS, PLACES, st.integers(1, 5), UNITS, st.sampled_from([1e-300, 1e-3, 1.0, 1e3, 1e290]))
def test_linear_oracles_reach_the_least_value_there_is(seed, place, d, unit, scale):
    """⟨c, lmo(c)⟩ = ⟨c, x⟩ where x is a minimizer; the answer does not depend on the length of c."""
    domain, x, c, rng = made(seed, place, d, unit)
    y = domain.lmo(nearest(c * Fraction(unit)) * scale)
    if not np.isfinite(y).all():
        free = nearest(c) == 0
        assert np.isfinite(y[~free]).all() or place in ("polyhedron", "product"), f"{domain!r}: {y}"
        return
    assert domain.contains(y, 1e-9), f"{domain!r}: {y} is not in it"
    value, least = exactly(y) @ c, x @ c
    size = np.abs(exactly(y)) @ np.abs(c) + np.abs(x) @ np.abs(c)
    assert abs(value - least) <= Fraction(1, 10**8) * size, f"{domain!r}: {float(value)} is not {float(least)}"
    if unit == 1.0 and getattr(domain, "bounded", False):
        assert_lmo(domain, rng.standard_normal(d), nearest(x) + 3 * rng.standard_normal((4, d)))


@law(40, 3000)
@given(SEEDS, PLACES, st.integers(1, 5), UNITS)
def test_membership_goes_with_what_the_set_is(seed, place, d, unit):
    """The point it was built around is in it; a step against c, beyond the tolerance, is not; starts are."""
    domain, x, c, _ = made(seed, place, d, unit)
    assert domain.contains(nearest(x), 1e-12)
    assert domain.contains(domain.start(), 1e-12)
    slope = nearest(c * Fraction(unit))
    if slope.any() and place != "polyhedron":  # whose tolerance is that of its rows
        out = nearest(x) - 0.01 * unit * slope / np.abs(slope).max()
        assert not domain.contains(out, 1e-9), f"{domain!r} holds {out}"


@law(30, 2000)
@given(
    SEEDS, st.sampled_from(["box", "ball", "simplex"]), st.integers(1, 5), st.sampled_from([2.0**-40, 2.0, 2.0**300])
)
def test_units_move_points_and_nothing_else(seed, place, d, unit):
    """Powers of two round nothing: projections and oracles of unit·X are unit times those of X, to the bit."""
    (one, x, _, rng), (other, *_) = made(seed, place, d), made(seed, place, d, unit)
    for y in (nearest(x) + rng.standard_normal(d), 30 * rng.standard_normal(d)):
        np.testing.assert_array_equal(other.project(unit * y), unit * one.project(y))
        np.testing.assert_array_equal(other.lmo(y), unit * one.lmo(y))
        for tol in (0.0, 1e-9):
            assert other.contains(unit * y, tol) == one.contains(y, tol)


@law(12, 1500)
@given(SEEDS, st.integers(1, 5), st.integers(-50, 50))
def test_sets_move_with_their_points(seed, d, step):
    """P_{X+v}(x + v) = P_X(x) + v for boxes, balls and polyhedra, and the oracle's corner moves along."""
    rng = np.random.default_rng(seed)
    v, lb, x, c = step * np.ones(d), -rng.integers(0, 5, d), 9.0 * rng.standard_normal(d), rng.standard_normal(d)
    ub, A, radius = lb + rng.integers(0, 5, d), rng.standard_normal((2, d)), float(rng.integers(1, 9))
    pairs = [(sm.Box(lb, ub), sm.Box(lb + v, ub + v)), (sm.Ball(lb, radius), sm.Ball(lb + v, radius))]
    b = A @ lb + 1.0
    pairs += [(sm.Polyhedron(A, b, bounds=(lb, ub)), sm.Polyhedron(A, b + A @ v, bounds=(lb + v, ub + v)))]
    for one, other in pairs:
        np.testing.assert_allclose(other.project(x + v) - v, one.project(x), atol=1e-9 * (10 + abs(step)))
        assert c @ (other.lmo(c) - v) == pytest.approx(c @ one.lmo(c), abs=1e-8 * (10 + abs(step)))


@law(12, 1500)
@given(SEEDS, st.integers(1, 5))
def test_scipy_says_the_same_sets(seed, d):
    """Bounds are a Box, Bounds with a LinearConstraint a Polyhedron: the same points, projections and oracles."""
    rng = np.random.default_rng(seed)
    lb = np.where(rng.random(d) < 0.3, -np.inf, -rng.integers(0, 5, d))
    ub = np.where(rng.random(d) < 0.3, np.inf, np.where(rng.random(d) < 0.2, np.maximum(lb, -9.0), 4.0))
    ub = np.maximum(ub, lb)
    A, x = rng.standard_normal((2, d)), 6.0 * rng.standard_normal(d)
    b = A @ np.clip(np.zeros(d), lb, ub) + 0.5
    F = sm.Affine(np.ones((1, d)))
    plain = [sm.Minimax(F, made).domain for made in (sm.Box(lb, ub), Bounds(lb, ub))]
    mixed = [
        sm.Minimax(F, sm.Polyhedron(A, b, bounds=(lb, ub))).domain,
        sm.Minimax(F, Bounds(lb, ub), LinearConstraint(A, -np.inf, b)).domain,
        sm.Minimax(F, sm.Box(lb, ub), [LinearConstraint(A[k], -np.inf, b[k]) for k in range(2)]).domain,
    ]
    for first, *others in (plain, mixed):
        near = first.project(x)
        for other in others:
            np.testing.assert_allclose(other.project(x), near, atol=1e-12)
            assert other.contains(near)


class Own:
    """A user's domain, which keeps a set of the library's behind its three verbs."""

    def __init__(self, inner):
        self.inner, self.d = inner, inner.d

    def project(self, x):
        return self.inner.project(x)

    def contains(self, x, tol=1e-9):
        return self.inner.contains(x, tol)

    def lmo(self, c):
        return self.inner.lmo(c)


@law(25, 1500)
@given(SEEDS, st.sampled_from(["simplex", "ball"]), st.integers(1, 4), st.sampled_from(rational.FORMS))
def test_a_domain_of_ones_own_proves_what_the_library_proves(seed, place, d, form):
    """The same lower bound up to rounding, though never called more than "rounding"."""
    case = rational.known(seed, place, form, "plain", 3, d)
    ours, x = case.problem, np.array([float(v) for v in case.x])
    own = sm.Minimax(ours.components, Own(ours.domain))
    p = np.random.default_rng(seed).random(ours.n)
    known, found = sm.certify(ours, x, p), sm.certify(own, x, p)
    assert found.kind == "rounding" or (known.kind == "bounded" and found.lower == known.lower)
    assert Fraction(found.lower) <= case.optimum <= Fraction(found.upper), f"{case.name}: {found}"


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e160, 1e300])
def test_balls_of_any_size_bound_their_optimum(size):
    """min ⟨c, y⟩ over a ball with a Pythagorean direction; the centre's squares may overflow or vanish."""
    problem = sm.Minimax(sm.Affine([[3.0, 4.0]]), sm.Ball(np.array([size, -size]), 5 * size))
    point = np.array([size - 3 * size, -size - 4 * size])
    optimum = Fraction(3.0) * (Fraction(size) - 3 * Fraction(size)) + Fraction(4.0) * (-5 * Fraction(size))
    for x in (point, problem.domain.project(2 * point), problem.domain.start(), np.zeros(2)):
        found = sm.certify(problem, x, [1.0])
        assert found.kind == "bounded"
        assert Fraction(found.lower) <= optimum <= Fraction(found.upper)
    assert sm.certify(problem, point, [1.0]).gap <= 1e-13 * 26 * size


@law(60, 5000)
@given(SEEDS, st.integers(1, 6), UNITS, st.sampled_from([0.0, 1e-17, 1e-16, 1e-15, 1e-14, 1e-9]))
def test_a_point_that_misses_nothing_is_inside_in_fractions(seed, d, unit, depth):
    """`miss` is zero only where x satisfies every row, or is within the radius, exactly; and well inside it is zero."""
    rng = np.random.default_rng(seed)
    rows, inner = rng.standard_normal((5, d)), rng.standard_normal(d)
    h = rows @ inner + 10.0 ** rng.integers(-3, 3)
    wall = sm.Polyhedron(rows, h * unit)
    ball = sm.Ball(inner * unit, 10.0 ** rng.integers(-3, 3) * unit)
    out = (inner + 1e4 * rng.standard_normal(d)) * unit
    for domain in (wall, ball):
        x = domain.project(out)
        x = x + depth * (inner * unit - x)
        if domain.miss(x).any():
            continue
        if domain is wall:
            assert all(exactly(row) @ exactly(x) <= Fraction(bound) for row, bound in zip(rows, wall.b_ub, strict=True))
        else:
            away = exactly(x) - exactly(ball.center)
            assert away @ away <= Fraction(ball.radius) ** 2
    assert not wall.miss(inner * unit).any()
    assert not ball.miss(inner * unit).any()
