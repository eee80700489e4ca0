"""Laws of components on data that are fractions in disguise: every family, in every storage, at every scale.

Values and slopes lie within their own stated bounds on rounding of the exact ones; differences of affine components are
J times the step; subsets, stacks and blocks are the same functions.
"""

from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.linalg import aslinearoperator

import smoothmax as sm
from smoothmax.components import Linearization, base
from tests import naive
from tests.effort import law
from tests.laws import assert_blocks
from tests.trust import rational
from tests.trust.rational import exactly

TINY = Fraction(1, 2**1074)
SEEDS = st.integers(0, 2**32 - 1)
CASES = (SEEDS, st.sampled_from(rational.FORMS), st.sampled_from(rational.SCALES), st.integers(1, 7), st.integers(1, 5))


def case_and_point(seed, form, scale, n, d):
    """A problem and a point of the size of its variables."""
    case = rational.known(seed, "free", form, scale, n, d)
    rng = np.random.default_rng([seed, 2])
    unit = np.array([float(abs(v)) or float(max(np.abs(case.x))) for v in case.x])
    return case, unit * rng.standard_normal(d) * 10.0 ** rng.integers(-3, 3), rng


@law(40, 4000)
@given(*CASES)
def test_values_lie_within_their_rounding_of_the_exact_ones(seed, form, scale, n, d):
    case, x, _ = case_and_point(seed, form, scale, n, d)
    components, exact = case.problem.components, case.values(exactly(x))
    f = components.value(x)
    if not np.isfinite(f).all():
        return
    rounding = components.rounding(x, np.arange(components.n), f)
    for i in range(components.n):
        miss = abs(Fraction(f[i]) - exact[i])
        assert not np.isfinite(rounding[i]) or miss <= Fraction(rounding[i]), f"{case.name}, x = {x.tolist()}: f[{i}]"
    assert components.rounding_limit(x) >= rounding.max() * (1 - 1e-12)


@law(40, 4000)
@given(*CASES)
def test_slopes_lie_within_their_rounding_of_the_exact_ones(seed, form, scale, n, d):
    case, x, rng = case_and_point(seed, form, scale, n, d)
    components, rows = case.problem.components, np.arange(case.problem.n)
    lin, p = Linearization(components, x), rng.random(components.n)
    p /= p.sum()
    g, J = lin.vjp(p), lin.jac(rows)
    exact = case.slopes(exactly(x))
    if not (np.isfinite(g).all() and np.isfinite(J).all()):
        return
    own, sums = components.slope_rounding(x, p), lin.column_sizes(p)
    slack = [Fraction(a) + Fraction(b) * (n + 4) / 2**51 + 2 * (n + 3) * TINY for a, b in zip(own, sums, strict=True)]
    true = exactly(p) @ exact
    for j in range(d):
        assert abs(Fraction(g[j]) - true[j]) <= slack[j], f"{case.name}, x = {x.tolist()}: slope {j}"
    np.testing.assert_allclose(p @ J, g, rtol=1e-9, atol=1e-12 * float(np.abs(p @ np.abs(J)).max()) + 1e-322 * n)


@law(30, 3000)
@given(SEEDS, st.sampled_from(["affine", "absolute"]), st.sampled_from(["plain", "mixed", "collinear"]), *CASES[3:])
def test_differences_of_affine_components_are_products_with_j(seed, form, scale, n, d):
    """f(x + u) − f(x) = J u, up to the rounding of either."""
    case, x, rng = case_and_point(seed, form, scale, n, d)
    components, rows = case.problem.components, np.arange(case.problem.n)
    u = x * rng.standard_normal(d)
    room = sum(components.rounding(y, rows) for y in (x, u, x + u)) + 1e-15 * np.abs(components.value(x))
    gap = components.value(x + u) - components.value(x) - Linearization(components, x).jvp(u)
    assert np.all(np.abs(gap) <= 4 * room), f"{case.name}, x = {x.tolist()}, u = {u.tolist()}: {gap}"


@law(30, 3000)
@given(*CASES)
def test_second_derivatives_are_exact_and_halve_to_the_curve(seed, form, scale, n, d):
    """f(x + u) + f(x − u) − 2 f(x) = uᵀ ∇²f u for quadratics, summed with weights."""
    case, x, rng = case_and_point(seed, form, scale, n, d)
    v = rng.random(case.problem.n)
    H = case.problem.components.hess(x, v)
    if case.P is None:
        assert H is None or not H.any()
        return
    exact = np.tensordot(exactly(v), case.P, axes=1)
    size = np.sqrt(np.array([float(s) for s in np.diagonal(exact)]))
    near = 1e-13 * np.outer(size, size) + 5e-323 * (n + 2)
    assert np.all(np.abs(H - np.array(exact, dtype=float)) <= near), f"{case.name}: {H}"
    np.testing.assert_array_equal(H, H.T)


@law(30, 3000)
@given(*CASES, st.sampled_from([1, 64, 1 << 21]))
def test_subsets_stacks_and_blocks_are_the_same_functions(seed, form, scale, n, d, bytes_):
    case, x, rng = case_and_point(seed, form, scale, n, d)
    components = case.problem.components
    rows = np.flatnonzero(rng.random(components.n) < 0.6)
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        whole = components.value(x)
        patch.setattr(base, "BLOCK_BYTES", bytes_)
        assert_blocks(components, x)
        room = 4 * components.rounding(x, np.arange(components.n))
        parts = [components.value(x), sm.Stack([components, components]).value(x)[components.n :]]
        if rows.size:
            picked = whole.copy()
            picked[rows] = components.subset(rows).value(x)
            parts.append(picked)
        for f in parts:
            same = (np.abs(f - whole) <= room) | (np.isnan(f) & np.isnan(whole)) | (f == whole)
            assert same.all(), f"{case.name}, x = {x.tolist()}, rows {rows}: {f} is not {whole}"


@law(20, 1500)
@given(
    SEEDS, st.integers(1, 40), st.integers(1, 9), st.sampled_from([1e-300, 1e-150, 1.0, 1e150, 1e290]), st.booleans()
)
def test_storage_does_not_matter(seed, n, d, scale, absolute):
    """Dense, by columns, backwards, sparse, an operator and a memory map: one function."""
    rng = np.random.default_rng(seed)
    A, b, x = rng.standard_normal((n, d)), scale * rng.standard_normal(n), rng.standard_normal(d)
    A *= scale * (rng.random((n, d)) < 0.7)
    f, J = naive.affine(A, b, x, absolute)
    p = rng.random(f.size)
    forms = [np.asfortranarray(A), A[::-1, ::-1].copy()[::-1, ::-1], sp.csr_array(A), sp.coo_array(A)]
    forms += [aslinearoperator(A), np.repeat(A, 2, axis=0)[::2], A.astype(np.longdouble)]
    size = np.abs(J) @ np.abs(x) + np.abs(np.concatenate([b, b]) if absolute else b)
    for stored in forms:
        components = sm.Affine(stored, b, absolute=absolute)
        assert np.all(np.abs(components.value(x) - f) <= 4e-16 * (d + 2) * size + 1e-320), type(stored)
        g = Linearization(components, x).vjp(p)
        assert np.all(np.abs(g - p @ J) <= 4e-16 * (n + 2) * (p @ np.abs(J)) + 1e-320), type(stored)


def test_the_curvature_of_subnormal_matrices_is_not_halved_away():
    """P/2 + Pᵀ/2 of 5e-324 is 0; a symmetric P is kept as it is."""
    P = np.full((1, 1, 1), 5e-324)
    assert sm.Quadratic(P).value([1e160])[0] == pytest.approx(5e-324 * 1e160 * 0.5e160, rel=1e-12, abs=0)
    np.testing.assert_array_equal(sm.Quadratic(P).P, P)
