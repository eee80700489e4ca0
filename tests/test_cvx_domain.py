"""Constraints of cvxpy problems as domains: the same set, in the simplest form, or a clear word."""

import warnings

import cvxpy as cp
import numpy as np
import pytest
import scipy.sparse as sp

import smoothmax as sm
from smoothmax import cvx
from smoothmax.cvx.extract import Infeasible, extract
from smoothmax.cvx.extract.layout import Layout

D = 4
RNG = np.random.default_rng(5)
G, H = RNG.standard_normal((3, D)), RNG.standard_normal((3, D))
x = cp.Variable(D, name="x")


def domain(*constraints, objective=None):
    return cvx.from_cvxpy(
        cp.Problem(cp.Minimize(cp.norm_inf(x) if objective is None else objective), constraints)
    ).domain


def satisfied(constraints, tol=1e-9):
    return all(np.all(constraint.residual <= tol) for constraint in constraints)


FORMS = {
    "none": (sm.Free, []),
    "bound": (sm.Box, [x >= -1]),
    "bounds": (sm.Box, [x <= 1, x >= -1]),
    "scaled": (sm.Box, [-2 * x <= 3, 3 * x - 1 <= 5, x[1] + 1 >= 0.5]),
    "fixed": (sm.Box, [x[2] == 0.25, x[0] <= 1]),
    "norm_inf": (sm.Box, [cp.norm_inf(x - 0.5) <= 1]),
    "abs": (sm.Box, [2 * cp.abs(x) <= 1 + np.arange(D)]),
    "maximum": (sm.Box, [cp.maximum(x, -2 * x) <= 1]),
    "pos": (sm.Box, [cp.pos(x) <= 0.5]),
    "concave": (sm.Box, [cp.min(x) >= -0.3, cp.minimum(x, 1 - x) >= -0.5]),
    "nonneg": (sm.Box, [cp.constraints.NonNeg(x + 1)]),
    "simplex": (sm.Simplex, [x >= 0, cp.sum(x) == 1]),
    "scaled simplex": (sm.Simplex, [-x <= 0, 2 * cp.sum(x) == 3, x <= 1.5]),
    "said twice": (sm.Simplex, [x >= 0, cp.sum(x) == 1, 2 * cp.sum(x) == 2, x >= -1, cp.sum(x) <= 1]),
    "capped": (sm.Polyhedron, [x >= 0, cp.sum(x) == 1, x <= 0.5]),
    "weighted": (sm.Polyhedron, [x >= 0, np.arange(1, D + 1) @ x == 1]),
    "rows": (sm.Polyhedron, [G @ x <= H @ x + 1]),
    "max of rows": (sm.Polyhedron, [cp.max(G @ x) + x[0] <= 1]),
    "two sides": (sm.Polyhedron, [cp.sum(x) <= 1, cp.sum(x) >= -1]),
    "zero": (sm.Polyhedron, [cp.constraints.Zero(x[0] - x[1])]),
    "ball": (sm.Ball, [cp.norm(2 * x - 1) <= 3]),
}


@pytest.mark.parametrize(("form", "constraints"), FORMS.values(), ids=FORMS)
def test_a_domain_is_the_set_that_the_constraints_describe(form, constraints):
    found = domain(*constraints)
    assert type(found) is form
    rng, inside = np.random.default_rng(0), 0
    for point in np.vstack([3 * rng.standard_normal((40, D)), 0.3 * rng.standard_normal((40, D)) + 0.25]):
        for y in (point, found.project(point)):
            x.value = y
            assert found.contains(y) == satisfied(constraints)
            inside += found.contains(y)
    assert inside >= 80  # the projections at least


def test_projections_agree_with_cvxpy():
    rng = np.random.default_rng(1)
    for name in ("scaled", "concave", "capped", "rows", "two sides", "ball"):
        constraints, point = FORMS[name][1], rng.standard_normal(D) * 3
        cp.Problem(cp.Minimize(cp.sum_squares(x - point)), constraints).solve(solver=cp.CLARABEL)
        np.testing.assert_allclose(domain(*constraints).project(point), x.value, atol=1e-6, err_msg=name)


def test_two_inequalities_that_meet_are_an_equation():
    found = domain(2 * cp.sum(x) <= 3, 3 * cp.sum(x) >= 4.5)
    assert found.A_ub is None
    np.testing.assert_allclose(found.A_eq[0] / found.b_eq[0], np.full(D, 1 / 1.5))


def test_of_parallel_rows_the_tightest_stays():
    found = domain(G @ x <= 1, 2 * (G @ x) <= 1, G @ x >= -5)
    assert found.b_ub.size == 6
    np.testing.assert_array_equal(found.A_ub, np.vstack([2 * G, -G]))


def attribute(constraints=(), **attributes):
    shape = attributes.pop("shape", D)
    variable = cp.Variable(shape, **attributes)
    objective = cp.max(cp.abs(variable - 0.5))
    return variable, cvx.from_cvxpy(cp.Problem(cp.Minimize(objective), list(constraints))).domain


@pytest.mark.parametrize(
    ("attributes", "lb", "ub"),
    [
        ({"nonneg": True}, 0.0, np.inf),
        ({"pos": True}, 0.0, np.inf),
        ({"nonpos": True}, -np.inf, 0.0),
        ({"neg": True}, -np.inf, 0.0),
        ({"bounds": [-1, np.arange(D)]}, -1.0, np.arange(D)),
        ({"bounds": [None, 2]}, -np.inf, 2.0),
    ],
)
def test_attributes_are_bounds(attributes, lb, ub):
    _, found = attribute(**attributes)
    np.testing.assert_array_equal(found.lb, np.broadcast_to(lb, D))
    np.testing.assert_array_equal(found.ub, np.broadcast_to(ub, D))


def test_an_attribute_and_one_equation_are_a_simplex():
    y = cp.Variable((2, 3), nonneg=True)
    found = cvx.from_cvxpy(cp.Problem(cp.Minimize(cp.max(y)), [cp.sum(y) == 2])).domain
    assert isinstance(found, sm.Simplex)
    assert (found.d, found.total) == (6, 2.0)


def test_matrices_with_structure():
    _, diagonal = attribute(shape=(3, 3), diag=True)
    free = np.eye(3, dtype=bool).ravel()
    np.testing.assert_array_equal(diagonal.lb, np.where(free, -np.inf, 0))
    _, symmetric = attribute(shape=(3, 3), symmetric=True)
    S = RNG.standard_normal((3, 3))
    np.testing.assert_allclose(symmetric.project(S.ravel()), (S + S.T).ravel() / 2, atol=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # cvxpy's, about reading values of sparse variables
        _, sparse = attribute(shape=(3, 3), sparsity=[(0, 1, 2), (1, 2, 0)])
    assert np.flatnonzero(np.isinf(sparse.ub)).tolist() == [2, 3, 7]  # (2, 0), (0, 1), (1, 2) in Fortran order


def test_several_variables_stand_one_after_another():
    y, z = cp.Variable(2), cp.Variable()
    problem = cp.Problem(cp.Minimize(cp.maximum(cp.max(y), z)), [y >= np.array([1, 2]), z >= 3, z <= 9])
    layout, found = Layout.of(problem), cvx.from_cvxpy(problem).domain
    np.testing.assert_array_equal(found.lb[layout.place(y)], [1, 2])
    np.testing.assert_array_equal([found.lb[layout.place(z)], found.ub[layout.place(z)]], [[3], [9]])


def test_sparse_rows_stay_sparse():
    d = 2000
    y = cp.Variable(d)
    A = sp.random_array((500, d), density=0.002, rng=np.random.default_rng(0)) + sp.eye_array(500, d)
    found = cvx.from_cvxpy(cp.Problem(cp.Minimize(cp.norm_inf(y - 1)), [A @ y <= 2, y >= -1, cp.diff(y) <= 1])).domain
    assert sp.issparse(found.A_ub)
    assert found.A_ub.nnz <= A.nnz + 2 * (d - 1)
    np.testing.assert_array_equal(found.lb, -np.ones(d))


def test_constants_are_judged_and_dropped():
    assert isinstance(domain(cp.Constant(0.1) + 0.2 <= 0.3, cp.Constant(1) == 1), sm.Free)
    for false in (cp.Constant(1) <= 0, cp.Constant(1) == 2, 0 * x[0] >= 1e-9, cp.Constant(1) >= np.inf):
        with pytest.raises(Infeasible, match="whatever the variables are"):
            domain(false)


@pytest.mark.parametrize(
    ("constraints", "what"),
    [
        ([x >= 1, x <= 0], r"≥ 1 by the constraint .* and ≤ 0 by the constraint"),
        ([x[0] == 1, x[0] == 2], "≥ 2 by .* ≤ 1 by"),
        ([cp.sum(x) >= 1, 2 * cp.sum(x) <= 1], "≥ 1 by .* ≤ 0.5 by"),
        ([x >= 0, cp.sum(x) == -1], "no point satisfies all of them"),
        ([G @ x <= -1, G.sum(axis=0) @ x >= 1], "no point satisfies all of them"),
    ],
)
def test_contradictions_are_infeasible(constraints, what):
    with pytest.raises(Infeasible, match=f"(?s)infeasible: .*{what}") as caught:
        domain(*constraints)
    assert isinstance(caught.value, ValueError)


def test_bounds_that_cross_by_rounding_alone_do_not_contradict():
    found = domain(x <= 0.3, x >= 0.1 + 0.2)  # 0.30000000000000004
    np.testing.assert_array_equal(found.ub, np.full(D, 0.3))
    assert found.contains(np.full(D, 0.3))


def test_infinite_right_sides_say_nothing_or_no():
    found = domain(x <= np.array([np.inf, 1, np.inf, 2]), G @ x <= np.array([1, np.inf, 2]), x >= -np.inf)
    np.testing.assert_array_equal(found.ub, [np.inf, 1, np.inf, 2])
    assert found.b_ub.tolist() == [1, 2]
    for never in (x <= -np.inf, G @ x >= np.inf):
        with pytest.raises(Infeasible):
            domain(never)


def test_nan_in_a_constraint_is_named():
    for broken in (x <= np.nan, np.full((1, D), np.nan) @ x <= 1):
        with pytest.raises(ValueError, match="nan or inf in it"):
            domain(broken)


X = cp.Variable((2, 2), symmetric=True)


@pytest.mark.parametrize(
    ("constraints", "what"),
    [
        ([cp.norm(x) <= 1, x >= 0], "norm"),
        ([cp.sum_squares(x) <= 1], "(?i)quad|square"),
        ([cp.norm1(x) <= 1], "norm1"),
        ([cp.exp(x) <= 2], "exp"),
        ([cp.SOC(x[0], x[1:])], "SOC"),
        ([cp.abs(x[0]) + cp.abs(x[1]) <= 1], "abs"),
    ],
)
def test_what_is_no_polyhedron_is_refused_by_name(constraints, what):
    with pytest.raises(cvx.NotMinimax, match=what) as caught:
        domain(*constraints)
    assert isinstance(caught.value, cp.error.SolverError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("attributes", [{"integer": True}, {"boolean": True}, {"complex": True}, {"imag": True}])
def test_variables_that_are_not_real_are_refused(attributes):
    (name,) = attributes
    variable = cp.Variable(3, name="z", **attributes)
    with pytest.raises(cvx.NotMinimax, match=name):
        cvx.from_cvxpy(cp.Problem(cp.Minimize(cp.norm_inf(variable))))


@pytest.mark.parametrize("attributes", [{"PSD": True}, {"NSD": True}])
def test_semidefinite_variables_are_refused(attributes):
    (name,) = attributes
    variable = cp.Variable((2, 2), **attributes)
    with pytest.raises(cvx.NotMinimax, match=name):
        cvx.from_cvxpy(cp.Problem(cp.Minimize(cp.max(variable))))
    with pytest.raises(cvx.NotMinimax, match="PSD"):
        cvx.from_cvxpy(cp.Problem(cp.Minimize(cp.max(X)), [X >> 0]))


def test_a_domain_never_touches_the_values_of_the_variables():
    x.value = np.arange(D)
    domain(x >= 0, cp.sum(x) == 1)
    np.testing.assert_array_equal(x.value, np.arange(D))


def test_the_pieces_of_a_broadcast_maximum():
    """max(x_0, x) ≤ t entry by entry, with a variable right side: 2·D rows, of which x_0 ≤ t_0 comes twice."""
    t = cp.Variable(D)
    problem = cp.Problem(cp.Minimize(cp.max(t)), [cp.maximum(x[0], x) <= t, x >= 1])
    found = extract(problem)
    assert found.sides.domain.b_ub.size == 2 * D - 1
    assert sm.solve(found.minimax).fun == pytest.approx(1.0, abs=1e-7)
