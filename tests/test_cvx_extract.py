"""Objectives of cvxpy problems as components: the same function everywhere, in the leanest form, or a clear word."""

import cvxpy as cp
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

import smoothmax as sm
from smoothmax import cvx
from smoothmax.components import Affine, Quadratic, Stack
from smoothmax.cvx.errors import NotMinimax
from smoothmax.cvx.extract.affine import affine
from smoothmax.cvx.extract.extracted import extract
from smoothmax.cvx.extract.layout import Layout
from smoothmax.cvx.extract.objective import components_of
from tests.effort import law

RNG = np.random.default_rng(4)
x, y = cp.Variable(4, name="x"), cp.Variable(name="y")
X, Z = cp.Variable((3, 4), name="X"), cp.Variable((2, 3, 4), name="Z")
A, B, C = RNG.standard_normal((5, 4)), RNG.standard_normal((2, 3)), RNG.standard_normal((7, 4))
H = A.T @ A
SPARSE = sp.random_array((5, 4), density=0.4, rng=RNG).tocsr()
BATCH = RNG.standard_normal((2, 5, 3))
FACTOR = cp.Parameter(nonneg=True, value=2.5)
MATRIX = cp.Parameter((2, 3), value=B)
SEMIDEFINITE = cp.Parameter((4, 4), PSD=True, value=H)
PRODUCT = A @ x
ZEROS = sp.csr_array((np.array([1.0, 0.0, 2.0]), ([0, 0, 1], [0, 1, 2])), (2, 4))  # one of them stored
ROW = cp.reshape(x, (1, 4), order="F")
GRID = np.arange(12.0).reshape(3, 4)

AFFINE = [
    A @ x - 1,
    SPARSE @ x + y,
    3 * x[::2] - y,
    X @ np.ones(4),
    B @ X,
    MATRIX @ X @ A.T,
    (SPARSE.T @ A) @ x,
    SPARSE @ X.T,
    X @ sp.csr_array(SPARSE.T),
    x @ A.T,
    np.ones(3) @ X,
    BATCH @ Z,
    Z @ np.ones((4, 2)),
    cp.trace(X[:, :3]),
    cp.diag(x),
    cp.diag(X[:, :3]),
    cp.cumsum(X, axis=1),
    cp.diff(X, axis=1),
    cp.convolve(np.arange(3.0), x),
    cp.kron(B, X),
    cp.kron(X, B),
    cp.hstack([x, y, np.ones(2)]),
    cp.vstack([X, A]),
    cp.bmat([[X, np.ones((3, 1))], [np.ones((1, 4)), cp.reshape(y, (1, 1), order="F")]]),
    cp.reshape(X, (4, 3), order="C"),
    cp.vec(X, order="C"),
    X.T,
    cp.sum(X, axis=0),
    cp.sum(X, axis=1, keepdims=True),
    cp.sum(Z, axis=(0, 2)),
    cp.mean(X, axis=0),
    cp.multiply(GRID, X),
    X / (1 + GRID),
    cp.upper_tri(X[:, :3]),
    cp.broadcast_to(x, (3, 4)),
    X + x,
    X - y,
    Z[1, :, 2:],
    X[[0, 1], [2, 3]],
    cp.transpose(Z, (2, 0, 1)),
    cp.concatenate([X, X], axis=1),
    cp.stack([x, 2 * x]),
    cp.squeeze(ROW),
    cp.power(x, 1),
    cp.partial_trace(X[:, :3], (3, 1), 0),
    cp.outer(np.ones(2), x),
    2 * (y + 1),
]

CONVEX = [
    cp.norm_inf(A @ x - 1),
    cp.norm_inf(1 - A @ x),
    cp.max(A @ x),
    -cp.min(A @ x),
    cp.max(cp.abs(A @ x - 1)) + 3,
    2 * cp.norm_inf(A @ x) + y - 7,
    cp.maximum(A[0] @ x, A[1] @ x, 0, y - 1),
    cp.max(cp.pos(A @ x - 1)),
    cp.max(cp.neg(A @ x)),
    cp.sum_largest(A @ x, 1),
    cp.sum_largest(A @ x, 5),
    cp.sum_squares(x),
    cp.sum_squares(A @ x - 1),
    cp.sum_squares(X - 1),
    cp.quad_form(x, H),
    cp.quad_form(x, SEMIDEFINITE),
    cp.quad_form(x - 1, H) + cp.max(A @ x),
    cp.max(cp.square(A @ x - 1)),
    cp.max(cp.sum(cp.square(C - np.ones((7, 1)) @ ROW), axis=1)),
    cp.maximum(*[cp.sum_squares(x - c) for c in C]),
    cp.maximum(*[cp.quad_form(x - c, H) for c in C]),
    cp.max(cp.hstack([cp.sum_squares(x - c) + k for k, c in enumerate(C)])),
    cp.max(cp.sum_squares(x) + A @ x),
    FACTOR * cp.norm_inf(A @ x) / 3,
    cp.max(cp.multiply(np.arange(5.0), cp.abs(A @ x - 1))),
    cp.max(cp.abs(cp.maximum(A @ x, 0))),
    cp.max(cp.max(X, axis=0) + x),
    cp.max(cp.reshape(cp.abs(X), (4, 3), order="C").T),
    cp.max(cp.sum(cp.square(X @ A.T), axis=0) * 3),
    cp.max(cp.vstack([cp.max(A @ x), cp.abs(y)])),
    cp.max(cp.hstack([cp.abs(A @ x), x, y])[2:8]),
    cp.square(y) + cp.abs(y),
    cp.norm1(y),
    cp.norm(y, 2),
    cp.quad_over_lin(A @ x, 4),
    cp.square(cp.norm(A @ x, 2)),
    cp.max(cp.square(cp.abs(x))),
    cp.max(A @ x) - y,
    cp.max(cp.norm_inf(X, axis=1)),
    cp.norm_inf(A @ X.T),
    cp.sum(cp.hstack([cp.max(A @ x), y, cp.square(y)])),
    cp.mean(cp.square(A @ x - 1)),
    3 + 0 * y,
    y,
    cp.maximum(cp.sum_squares(x), 2 * cp.sum_squares(x - 1), cp.max(A @ x)),
    cp.max(cp.multiply(np.arange(1, 6.0), cp.sum_squares(x) + A @ x)),
    np.ones(5) @ cp.square(A @ x - 1),
    cp.max(cp.diag(cp.abs(X[:, :3]))),
    cp.trace(cp.square(X[:, :3])),
    cp.max(cp.cumsum(cp.square(x))),
    cp.max(cp.kron(np.ones((2, 1)), cp.abs(X))),
    cp.ptp(x[:1]),
    -cp.minimum(A[0] @ x, cp.min(x)),
    cp.maximum(cp.norm_inf(A @ x), cp.norm_inf(x)),
    cp.max(cp.quad_over_lin(X, 2, axis=0)),
    cp.max(cp.sum(cp.multiply(GRID, cp.square(X)), axis=1)),
]


def put(layout, point):
    for variable in layout.variables:
        variable.value = layout.values(point)[variable.id]


def entries(expr, layout, point):
    put(layout, point)
    value = expr.value
    return np.asarray(value.toarray() if sp.issparse(value) else value, dtype=float).ravel(order="F")


def objective_of(expr, sense=cp.Minimize):
    problem = cp.Problem(sense(expr))
    layout = Layout.of(problem)
    return problem, layout, components_of(problem.objective, layout)


def agree(expr, sense, points=4):
    """The slow twin: cvxpy's own value."""
    problem, layout, found = objective_of(expr, sense)
    assert problem.is_dcp()
    for point in 2 * RNG.standard_normal((points, layout.d)):
        put(layout, point)
        value = found.sign * found.components.value(point).max()
        np.testing.assert_allclose(value, float(np.squeeze(problem.objective.value)), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("expr", AFFINE, ids=lambda e: str(e)[:30])
def test_affine_rows_are_the_values_at_unit_vectors(expr):
    layout = Layout.of(cp.Problem(cp.Minimize(cp.sum(expr))))
    found = affine(expr, layout)
    b = entries(expr, layout, np.zeros(layout.d))
    columns = [entries(expr, layout, unit) - b for unit in np.eye(layout.d)]
    matrix = found.A.toarray() if sp.issparse(found.A) else found.A
    np.testing.assert_allclose(matrix, np.array(columns).T, atol=1e-12)
    np.testing.assert_allclose(found.b, b, atol=1e-12)


@pytest.mark.parametrize("expr", CONVEX, ids=lambda e: str(e)[:30])
def test_the_largest_component_is_the_objective(expr):
    agree(expr, cp.Minimize)
    agree(-expr, cp.Maximize)


@st.composite
def nested(draw, depth=3):
    """A convex vector of 4 entries that is a maximum of affine and quadratic functions."""
    M, b = draw(st.sampled_from([A[:4], C[:4], GRID.T @ B.T @ B[:, :1] * np.ones((4, 4))])), draw(st.integers(-2, 2))
    if depth == 0:
        return M @ x - b
    below = draw(nested(depth - 1))
    return draw(
        st.sampled_from(
            [
                cp.maximum(below, draw(nested(depth - 1)), float(b)),
                -cp.minimum(-below, M @ x),
                cp.abs(M @ x - b) + 2 * y,
                cp.abs(cp.pos(below)),
                cp.multiply(np.array([0.0, 0.5, 1, 3]), below) + M @ x,
                cp.reshape(below, (2, 2), order="C").T.flatten(order="F"),
                cp.hstack([below[::-2], cp.max(below), draw(nested(depth - 1))[1]]),
                below + cp.sum_squares(x) / 3 - y,
                cp.square(M @ x - b) + y,
                cp.broadcast_to(cp.max(below) - 3 * y, (4,)),
            ]
        )
    )


@law(40, 1000)
@given(nested(), st.sampled_from([cp.Minimize, cp.Maximize]))
def test_random_nested_objectives(expr, sense):
    agree(cp.max(expr) if sense is cp.Minimize else cp.min(-expr), sense, points=2)


@pytest.mark.parametrize(
    "expr",
    [
        cp.norm_inf(A @ x - 1) + 0.25,
        cp.max(cp.sum(cp.square(C - np.ones((7, 1)) @ ROW), axis=1)),
        cp.max(cp.hstack([cp.norm_inf(A @ x - 2), cp.sum_squares(x - 1)])),
        cp.max(cp.abs(A @ x + y - np.arange(5))) + cp.sum_squares(x),
        cp.norm_inf(B.T @ X[:2] - GRID),
        cp.max(PRODUCT + 2 * PRODUCT - 1),
        cp.norm_inf(cp.abs(A @ x - 1)),
        cp.max(cp.abs(-cp.square(x - 1))),
        cp.max(cp.power(cp.abs(A @ x - 1), 1)),
        cp.max(C @ (SPARSE[:, :4].T @ (A @ x)) - 1),
        cp.max(ZEROS @ cp.square(x - 1)),
        cp.max(cp.hstack([0 * cp.sum_squares(x), cp.max(A @ x)])),
        cp.norm_inf(A @ x) + cp.quad_form(x - 1, H),
        cp.max(cp.hstack([cp.quad_form(x, H) + 1, cp.quad_form(x, H) - y, cp.quad_form(x, 2 * H)])),
    ],
    ids=lambda e: str(e)[:30],
)
@pytest.mark.parametrize("sense", [cp.Minimize, cp.Maximize])
def test_solved_values_agree_with_cvxpy(expr, sense):
    problem = cp.Problem(
        sense(expr if sense is cp.Minimize else -expr), [x >= -5, x <= 5, y <= 5, y >= -5, cp.abs(X) <= 5]
    )
    found = extract(problem)
    result = sm.solve(found.minimax)
    value = problem.solve(solver=cp.CLARABEL)
    assert result.success
    low, high = found.bounds(result)
    assert low - 1e-6 <= value <= high + 1e-6
    assert high - low <= 1e-4 * (1 + abs(value))


def test_the_matrix_of_the_user_passes_through_uncopied():
    M, b = RNG.standard_normal((50, 4)), RNG.standard_normal(50)
    data = cp.Constant(M)
    for expr in (cp.norm_inf(data @ x - b), cp.norm_inf(b - data @ x), cp.max(data @ x - b), cp.max(cp.abs(data @ x))):
        found = objective_of(expr)[2].components
        assert isinstance(found, Affine)
        assert np.shares_memory(found.A, data.value)
    parameter = cp.Parameter((50, 4), value=M)
    assert np.shares_memory(objective_of(cp.norm_inf(parameter @ x - b))[2].components.A, parameter.value)


def test_absolute_values_share_one_matrix():
    assert objective_of(cp.norm_inf(A @ x - 1))[2].components.absolute
    assert objective_of(cp.max(cp.abs(2 * (A @ x))))[2].components.absolute
    assert objective_of(cp.maximum(cp.norm_inf(A @ x), cp.norm_inf(x)))[2].components.m == 9


def test_sparse_data_stay_sparse():
    M = sp.random_array((300, 200), density=0.02, rng=RNG, format="csr")
    v, w = cp.Variable(200), cp.Variable((200, 3))
    assert objective_of(cp.norm_inf(M @ v - 1))[2].components.A.nnz == M.nnz
    assert objective_of(cp.norm_inf(M @ w))[2].components.A.nnz == 3 * M.nnz
    assert objective_of(cp.max(v))[2].components.A.nnz == 200


def test_enclosing_balls_make_no_matrices():
    points, center = RNG.standard_normal((500, 6)), cp.Variable((1, 6))
    for expr in (
        cp.max(cp.sum(cp.square(points - np.ones((500, 1)) @ center), axis=1)),
        cp.max(cp.sum(cp.square(points - center), axis=1)),
        cp.maximum(*[cp.sum_squares(center - c) for c in points[:, None]]),
        cp.max(cp.hstack([cp.sum_squares(center - c) for c in points[:40, None]])),
    ):
        found = objective_of(expr)[2].components
        assert isinstance(found, Quadratic)
        assert found.P.shape == ()
        assert float(found.P) == 2.0


def test_quadratics_with_the_same_matrix_share_it():
    for expr in (
        cp.maximum(*[cp.quad_form(x - c, H) for c in C]),
        cp.max(A @ x) + cp.quad_form(x, H),
        cp.max(cp.sum(cp.square(cp.broadcast_to(A @ x, (6, 5)) - np.arange(30.0).reshape(6, 5)), axis=1)),
    ):
        found = objective_of(expr)[2].components
        assert found.P.shape == (4, 4)
        np.testing.assert_allclose(found.P, 2 * H, rtol=1e-13)


def test_many_variables_under_one_square():
    wide = cp.Variable(100_000)
    found = objective_of(3 * cp.sum_squares(wide - 1) + 2)[2].components
    assert (float(found.P), found.d) == (6.0, 100_000)
    assert found.r[0] == 300_002.0


def test_constants_of_a_maximum_leave_one_row():
    assert objective_of(cp.max(cp.maximum(A @ x, 0)))[2].components.n == 6
    assert objective_of(cp.maximum(cp.max(A @ x), np.arange(3.0).max(), 1.0))[2].components.n == 7


def test_offsets_come_out_exactly():
    found = objective_of(cp.max(x) + 3 + 0.125 * y - 1)[2].components
    np.testing.assert_array_equal(found.b, 2.0)
    assert objective_of(3 + 0 * y)[2].components.value(np.array([7.0])) == [3.0]


def test_constant_and_affine_objectives():
    for expr, n in ((0 * y + 3, 1), (y, 1), (np.ones(4) @ x - 1, 1)):
        assert objective_of(expr)[2].components.n == n
    problem = cp.Problem(cp.Minimize(5), [x >= 0])
    assert cvx.from_cvxpy(problem).value(np.ones(4)) == 5
    with pytest.raises(ValueError, match="no variables"):
        cvx.from_cvxpy(cp.Problem(cp.Minimize(5)))


def test_mixtures_are_stacked():
    found = objective_of(cp.maximum(cp.norm_inf(A @ x), cp.sum_squares(x)))[2].components
    assert isinstance(found, Stack)
    assert [type(part) for part in found.parts] == [Affine, Quadratic]


REFUSED = [
    (cp.norm2(A @ x), "Pnorm", "sum_squares"),
    (cp.norm1(x), "norm1(x)", "norm_inf"),
    (cp.max(x) + cp.norm_inf(A @ x), "max(x, None, False) + norm_inf(", "epigraph"),
    (cp.ptp(x), "max(x, None, False) + -(min(x", "epigraph"),
    (cp.sum(cp.abs(x)), "Sum(abs(x)", "epigraph"),
    (cp.exp(y), "exp(y)", "cvx.smooth"),
    (cp.max(x) + cp.exp(y) * 2, "exp(y)", "cvx.smooth"),
    (cp.max(cp.hstack([y, cp.log_sum_exp(x)])), "log_sum_exp(x", "cvx.smooth"),
    (cp.lambda_max(cp.diag(x)), "lambda_max(", "cvxpy's solvers"),
    (cp.sum_largest(x, 2), "sum_largest(x", "k = 1"),
    (cp.cummax(x)[1] + y, "cummax(x", "max"),
    (cp.square(cp.max(cp.abs(x))), "Power", "square of an affine"),
    (cp.quad_over_lin(x, y), "quad_over_lin(x, y", "constant"),
    (cp.power(y, 3), "Power", "square"),
]


@pytest.mark.parametrize(("expr", "named", "instead"), REFUSED, ids=lambda e: str(e)[:30])
@pytest.mark.parametrize("sense", [cp.Minimize, cp.Maximize])
def test_a_refusal_names_the_sub_expression(expr, named, instead, sense):
    with pytest.raises(NotMinimax) as caught:
        objective_of(expr if sense is cp.Minimize else -expr, sense)
    message = str(caught.value)
    assert named in message
    assert instead in message
    assert isinstance(caught.value, cp.error.SolverError)
    assert isinstance(caught.value, ValueError)
    assert len(message.split(":")[0]) < 120


def test_squares_that_would_fill_the_memory_are_refused():
    tall, v = RNG.standard_normal((2000, 100)), cp.Variable(100)
    with pytest.raises(NotMinimax, match="matrix for each piece"):
        objective_of(cp.max(cp.square(tall @ v - 1)))
    wide = cp.Variable(5000)
    with pytest.raises(NotMinimax, match="matrix for each piece"):
        objective_of(cp.sum_squares(wide[:10]))


@pytest.mark.parametrize("attribute", ["boolean", "integer", "complex", "imag", "hermitian", "PSD", "NSD"])
def test_variables_of_other_kinds_are_refused_by_name(attribute):
    v = cp.Variable((2, 2), name="kind", **{attribute: True})
    with pytest.raises(NotMinimax, match=rf"kind.*{attribute}=True"):
        Layout.of(cp.Problem(cp.Minimize(cp.norm_inf(cp.real(v)))))


def test_a_parameter_without_value_is_the_users_own_error():
    with pytest.raises(cp.error.ParameterError, match="open"):
        objective_of(cp.norm_inf(A @ x - cp.Parameter(5, name="open")))


def test_parameters_are_read_at_their_present_value():
    level = cp.Parameter(value=1.0)
    problem = cp.Problem(cp.Minimize(cp.max(x) + level))
    first = components_of(problem.objective, Layout.of(problem)).components.b
    level.value = 4.0
    np.testing.assert_array_equal(components_of(problem.objective, Layout.of(problem)).components.b, first + 3)


def test_layout_places_every_variable():
    layout = Layout.of(cp.Problem(cp.Minimize(cp.sum(X) + cp.max(x) + y)))
    point = np.arange(layout.d, dtype=float)
    put(layout, point)
    np.testing.assert_array_equal(X.value.ravel(order="F"), point[layout.place(X)])
    assert layout.values(point)[y.id].shape == ()


def test_what_holds_no_variable_or_complex_numbers_is_refused():
    for expr, word in ((cp.max(cp.Constant([1.0, 2.0])), "no variables"), (cp.max(cp.real(1j * x)), "complex")):
        with pytest.raises(NotMinimax, match=word):
            objective_of(expr)
