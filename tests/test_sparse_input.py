"""Sparse data as users have it: duplicate entries, several blocks, never written to."""

import numpy as np
import scipy.sparse as sp

import smoothmax as sm


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
