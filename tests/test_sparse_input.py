"""Sparse data as users have it: duplicate entries, several blocks, never written to."""

import numpy as np
import pytest
import scipy.sparse as sp

import smoothmax as sm
from tests.laws import assert_refuses


def test_duplicate_entries_are_summed_without_touching_the_users_matrix():
    rng = np.random.default_rng(3)
    m, d = 60_000, 10
    indices = rng.integers(0, d, 4 * m)  # duplicates within a row occur
    A = sp.csr_matrix((rng.standard_normal(4 * m), indices, np.arange(0, 4 * m + 1, 4)), shape=(m, d))
    assert not A.has_canonical_format
    before = A.data.copy(), A.indices.copy(), A.indptr.copy()
    dense, b = A.toarray(), rng.standard_normal(m)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True))
    x = rng.standard_normal(d)
    value = np.abs(dense @ x + b).max()
    assert abs(problem(x) - value) <= 1e-12 * value
    result = sm.solve(problem)
    reference = sm.solve(sm.Minimax(sm.Affine(dense, b, absolute=True)))
    assert result.success
    assert abs(result.fun - reference.fun) <= 2e-8 * reference.fun
    assert abs(problem(x) - value) <= 1e-12 * value
    for now, then in zip((A.data, A.indices, A.indptr), before, strict=True):
        assert np.array_equal(now, then)


def test_a_proof_of_sparse_data_stays_sparse():
    import tracemalloc

    rng = np.random.default_rng(0)
    m, d = 5_000, 4_000
    A = sp.random(m, d, 10 / d, "csr", random_state=1, data_rvs=rng.standard_normal)
    problem = sm.Minimax(sm.Affine(A, rng.standard_normal(m), absolute=True))
    tracemalloc.start()
    try:
        certificate = sm.certify(problem, np.zeros(d), np.full(2 * m, 1.0))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert certificate.upper >= certificate.lower
    assert peak < 25e6  # A is 0.6 MB, dense it would be 160 MB


@pytest.mark.parametrize("layout", ["csr", "coo", "csc"])
@pytest.mark.parametrize("dtype", ["f2", ">f8", ">f4", "f4", "f8", "g", "i1", "u8", "?"])
def test_every_real_dtype_is_solved_as_its_dense_form(dtype, layout):
    rows = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 0]])
    A = sp.csr_array(rows).asformat(layout)
    A.data = A.data.astype(dtype)  # SciPy's constructors refuse some that its matrices can hold
    domain = sm.Box([1.0, -1.0, 0.5], [2.0, 1.0, 1.0])
    found, dense = (sm.solve(sm.Minimax(sm.Affine(given), domain)) for given in (A, rows.astype(dtype)))
    assert found.success
    assert found.fun == pytest.approx(dense.fun, abs=1e-8)
    assert A.dtype == np.dtype(dtype)


def test_duplicates_of_small_integers_are_summed_exactly():
    A = sp.coo_array((np.full(3, 100, np.int8), ([0, 0, 0], [0, 0, 0])), shape=(1, 1))
    assert sm.Minimax(sm.Affine(A))(np.ones(1)) == 300.0


def test_sparse_complex_numbers_are_refused():
    assert_refuses(TypeError, ["A", "complex128"], sm.Affine, sp.csr_array(np.array([[1j]])))
