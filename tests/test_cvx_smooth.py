"""cvx.smooth: every surrogate on its side of the atom, within its bound, alone, nested, in constraints, DPP in τ."""

import math

import cvxpy as cp
import numpy as np
import pytest
from cvxpy.transforms.partial_optimize import partial_optimize
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from smoothmax import cvx
from smoothmax.cvx.atoms import LogCumSumExp, LogSumExp, SoftSumLargest
from smoothmax.cvx.rewrites import REWRITES
from tests.disciplined_expressions import VARIABLE, convex_expressions
from tests.effort import law

RNG = np.random.default_rng(7)
A, B = RNG.standard_normal((12, 3)), RNG.standard_normal(12)
X = cp.Variable(3, name="x")
F = A @ X - B
ATOMS = {
    "max": lambda f: cp.max(f),
    "max of one": lambda f: cp.max(f[:1]),
    "max axis": lambda f: cp.sum(cp.max(cp.reshape(f, (4, 3), order="F"), axis=1)),
    "max keepdims": lambda f: cp.sum(cp.max(cp.reshape(f, (4, 3), order="F"), axis=0, keepdims=True)),
    "maximum": lambda f: cp.sum(cp.maximum(f, 0.5, -2 * f)),
    "pos": lambda f: cp.sum(cp.pos(f)),
    "neg": lambda f: cp.sum(cp.neg(f)),
    "norm_inf": lambda f: cp.norm_inf(f),
    "norm_inf axis": lambda f: cp.sum(cp.norm(cp.reshape(f, (4, 3), order="F"), "inf", axis=1)),
    "abs": lambda f: cp.sum(cp.abs(f)),
    "norm1": lambda f: cp.norm1(f),
    "norm1 axis": lambda f: cp.max(cp.norm(cp.reshape(f, (4, 3), order="F"), 1, axis=0)),
    "min": lambda f: -cp.min(f),
    "minimum": lambda f: -cp.sum(cp.minimum(f, 0.1)),
    "sum_largest": lambda f: cp.sum_largest(f, 4),
    "sum_largest of one": lambda f: cp.sum_largest(f, 1),
    "sum_largest of all": lambda f: cp.sum_largest(f, 12) + cp.norm1(X),
    "sum_largest axis": lambda f: cp.sum(cp.sum_largest(cp.reshape(f, (4, 3), order="F"), 2, axis=0)),
    "sum_smallest": lambda f: -cp.sum_smallest(f, 3),
    "cvar": lambda f: cp.cvar(f, 0.7),
    "dotsort": lambda f: cp.dotsort(f, np.array([3.0, 1.0, 1.0, 0.5, -1.0])),
    "cummax": lambda f: cp.sum(cp.cummax(f)),
    "ptp": lambda f: cp.ptp(f),
    "nested max": lambda f: cp.max(cp.maximum(f, -f - 1)) + cp.norm1(X),
    "norm of pos": lambda f: cp.norm(cp.pos(f), 2),
    "abs of pos": lambda f: cp.sum(cp.abs(cp.pos(f))),
    "weighted": lambda f: np.arange(12.0) @ cp.abs(f) / 7,
    "huber of pos": lambda f: cp.sum(cp.huber(cp.pos(f), 0.7)),
    "logistic of abs": lambda f: cp.sum(cp.logistic(cp.abs(f))),
    "sum_largest of abs": lambda f: cp.sum_largest(cp.abs(f), 2.5),
}  # fmt: skip
UNBOUNDED = {
    "exp of max": lambda f: cp.exp(cp.max(f)),
    "square of pos": lambda f: cp.sum_squares(cp.pos(f)),
    "square of nonpositive min": lambda f: cp.square(cp.min(cp.minimum(f, 0))),
}
SIGN = {"conservative": 1, "optimistic": -1, "center": 0}


def case(name):
    X.value = None  # cvxpy 1.9 stumbles over values when it states sum_largest with a k that is not whole
    return cp.Problem(cp.Minimize({**ATOMS, **UNBOUNDED}[name](F)), [X <= 2, X >= -2])


@pytest.mark.parametrize("name", [*ATOMS, *UNBOUNDED])
@pytest.mark.parametrize("side", SIGN)
def test_a_smoothed_optimum_is_on_its_side_and_within_the_bound(name, side):
    problem, tau = case(name), cp.Parameter(pos=True)
    exact = problem.solve(solver=cp.CLARABEL)
    smoothing = cvx.smooth(problem, tau, side=side)
    assert smoothing.problem.is_dcp(dpp=True)
    for tau.value in (1.0, 0.03):
        found = smoothing.problem.solve(solver=cp.CLARABEL)
        slack = 1e-6 * (1 + abs(exact))
        assert abs(found - exact) <= smoothing.error_bound + slack
        assert SIGN[side] * (found - exact) >= -slack
    assert math.isinf(smoothing.error_bound) == (name in UNBOUNDED)
    assert smoothing.reason


@pytest.mark.parametrize("name", ATOMS)
def test_the_bound_of_the_center_is_half(name):
    one, half = (cvx.smooth(case(name), 0.3, side=side).error_bound for side in ("conservative", "center"))
    assert half == pytest.approx(one / 2)


def test_the_bound_of_one_max_is_tau_log_n_and_of_norms_theirs():
    def bound(expr):
        return cvx.smooth(cp.Problem(cp.Minimize(expr)), 0.25).error_bound

    assert bound(cp.max(F)) == pytest.approx(0.25 * math.log(12))
    assert bound(3 * cp.norm_inf(F) / 2 + 5) == pytest.approx(1.5 * 0.25 * math.log(24))
    assert bound(cp.norm1(F)) == pytest.approx(12 * 0.25 * math.log(2))
    assert bound(cp.norm(cp.pos(F), 2)) == pytest.approx(math.sqrt(12) * 0.25 * math.log(2))
    h = -(4 / 12) * math.log(4 / 12) - (8 / 12) * math.log(8 / 12)
    assert bound(cp.sum_largest(F, 4)) == pytest.approx(0.25 * 12 * h)
    assert bound(cp.max(cp.maximum(F, -F))) == pytest.approx(0.25 * math.log(24))
    assert bound(cp.huber(cp.pos(X[0]), 3)) == pytest.approx(2 * 3 * 0.25 * math.log(2))


@law(150, 3000)
@given(convex_expressions(), st.floats(1e-3, 3.0), st.integers(0, 2**32 - 1))
def test_random_nested_expressions_pointwise(expr, tau, seed):
    """At every point, not only at optima: the two sides enclose, and the bound holds."""
    problem = cp.Problem(cp.Minimize(expr))
    assert problem.is_dcp()
    upper, lower = (cvx.smooth(problem, tau, side=side) for side in ("conservative", "optimistic"))
    rng = np.random.default_rng(seed)
    for scale in (0.0, 1.0, 30.0):
        VARIABLE.value = scale * rng.standard_normal(VARIABLE.shape)
        true, above, below = (float(p.objective.value) for p in (problem, upper.problem, lower.problem))
        slack = 1e-9 * (1 + abs(true))
        if not math.isfinite(true):
            continue
        assert below <= true + slack
        assert above >= true - slack
        if math.isfinite(upper.error_bound):
            assert above <= true + upper.error_bound + slack
            assert below >= true - lower.error_bound - slack


@law(60, 1200)
@given(convex_expressions(), st.floats(1e-2, 1.0), st.integers(0, 2**32 - 1))
def test_conservative_feasible_points_are_feasible(expr, tau, seed):
    constraint = expr <= 1.0
    problem = cp.Problem(cp.Minimize(cp.sum(VARIABLE)), [constraint])
    tight, loose = (cvx.smooth(problem, tau, side=side) for side in ("conservative", "optimistic"))
    changed = tight.problem.constraints[0] is not constraint
    assert changed == bool(tight.replaced) or not tight.replaced
    assert math.isinf(tight.error_bound) == changed
    rng = np.random.default_rng(seed)
    for scale in (0.1, 1.0):
        VARIABLE.value = scale * rng.standard_normal(VARIABLE.shape)
        inside = [float(np.max(p.constraints[0].expr.value)) for p in (tight.problem, problem, loose.problem)]
        assert inside[0] >= inside[1] - 1e-9 * (1 + abs(inside[1]))
        assert inside[1] >= inside[2] - 1e-9 * (1 + abs(inside[1]))


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("tau", [1.0, 0.05])
def test_atoms_against_their_slow_twins_and_their_cones(axis, tau):
    """The value by another formula, and by a solver that knows only the cones."""
    Z = RNG.standard_normal((4, 3))
    z = cp.Variable((4, 3))
    k = 2.5 if axis is not None else 5
    along = Z.reshape(-1, 1) if axis is None else np.moveaxis(Z, axis, 0).reshape(Z.shape[axis], -1)
    largest = [
        minimize_scalar(lambda q, r=r: k * q + tau * np.logaddexp(0, (r - q) / tau).sum(), bracket=(-9, 9)).fun
        for r in along.T
    ]
    twins = [
        (LogSumExp(z, tau, axis, False, 0.0, False), tau * logsumexp(along / tau, axis=0)),
        (LogSumExp(z, -z, tau, axis, False, 1.0, True),
         tau * logsumexp(np.vstack([along, -along]) / tau, axis=0) - tau * math.log(2 * along.shape[0])),
        (SoftSumLargest(z, tau, k, axis, False, 0.0, False), np.array(largest)),
    ]  # fmt: skip
    for atom, twin in twins:
        z.value = Z
        expected = np.maximum(np.ravel(twin), 0.0) if atom.signed else np.ravel(twin)
        assert np.allclose(np.ravel(atom.value), expected, rtol=1e-9, atol=1e-9)
        found = cp.Problem(cp.Minimize(cp.sum(atom)), [z == Z]).solve(solver=cp.CLARABEL)
        assert found == pytest.approx(expected.sum(), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("axis", [0, 1])
def test_running_maximum(axis):
    Z, z = RNG.standard_normal((3, 4)), cp.Variable((3, 4))
    atom, z.value = LogCumSumExp(z, 0.2, axis, 0.0, False), Z
    twin = np.stack([0.2 * logsumexp(np.take(Z, range(j + 1), axis) / 0.2, axis=axis) for j in range(Z.shape[axis])])
    twin = np.moveaxis(twin, 0, axis)
    assert np.allclose(atom.value, twin)
    assert cp.Problem(cp.Minimize(cp.sum(atom)), [z == Z]).solve(solver=cp.CLARABEL) == pytest.approx(
        twin.sum(), rel=1e-6
    )


def test_maximize_and_min():
    problem = cp.Problem(cp.Maximize(cp.min(F) - cp.norm1(X)), [X <= 1, X >= -1])
    exact = problem.solve(solver=cp.CLARABEL)
    for side, sign in SIGN.items():
        smoothing = cvx.smooth(problem, 0.1, side=side)
        found = smoothing.problem.solve(solver=cp.CLARABEL)
        assert -sign * (found - exact) >= -1e-6
        assert abs(found - exact) <= smoothing.error_bound + 1e-6


def test_a_path_compiles_once(monkeypatch):
    from cvxpy.reductions.dcp2cone.dcp2cone import Dcp2Cone

    calls, apply = [], Dcp2Cone.apply
    monkeypatch.setattr(Dcp2Cone, "apply", lambda self, problem: calls.append(1) or apply(self, problem))
    tau = cp.Parameter(pos=True)
    smoothing = cvx.smooth(case("nested max"), tau)
    values = []
    for tau.value in (1.0, 0.3, 0.1):
        values.append(smoothing.problem.solve(solver=cp.CLARABEL))
    assert calls == [1]
    assert values == sorted(values, reverse=True)


def test_what_is_left_exact_is_listed():
    S, w = cp.Variable((3, 3), symmetric=True), cp.Parameter(3)
    smoothing = cvx.smooth(
        cp.Problem(cp.Minimize(cp.lambda_max(S) + cp.max(S) + cp.dotsort(S[:, 0], w) + cp.sum(cp.huber(S)))), 0.1
    )
    assert [kept.atom.split("(")[0] for kept in smoothing.kept] == ["lambda_max", "dotsort"]
    assert [one.atom.split("(")[0] for one in smoothing.replaced] == ["max"]
    assert smoothing.replaced[0].bound == pytest.approx(0.1 * math.log(9))
    assert "lambda_max" in str(smoothing)
    z = cp.Variable(2, complex=True)
    assert "complex" in cvx.smooth(cp.Problem(cp.Minimize(cp.norm_inf(z))), 0.1).kept[0].reason


def test_the_atoms_that_are_named():
    problem = cp.Problem(cp.Minimize(cp.norm_inf(F) + cp.sum(cp.pos(F)) + cp.sum(cp.maximum(F, 1))))
    assert len(cvx.smooth(problem, 0.1, atoms=["norm_inf"]).replaced) == 1
    assert len(cvx.smooth(problem, 0.1, atoms=[cp.pos]).replaced) == 1
    assert len(cvx.smooth(problem, 0.1, atoms="maximum").replaced) == 2
    assert {type(kept).__name__ for kept in cvx.smooth(problem, 0.1, atoms=["abs"]).kept} == {"Kept"}
    for wrong, said in ((["lambda_max"], "no surrogate"), (["huber"], "huber"), ([3], "got 3")):
        with pytest.raises(ValueError, match=said):
            cvx.smooth(problem, 0.1, atoms=wrong)


def test_doors():
    problem = cp.Problem(cp.Minimize(cp.norm_inf(F)))
    with pytest.raises(TypeError, match=r"problem must be a cvxpy\.Problem; got str"):
        cvx.smooth("problem", 0.1)
    with pytest.raises(cp.error.DCPError, match="DCP"):
        cvx.smooth(cp.Problem(cp.Minimize(cp.sqrt(X[0]))), 0.1)
    for tau in (0, -1.0, np.inf, np.nan):
        with pytest.raises(ValueError, match="tau"):
            cvx.smooth(problem, tau)
    for tau in ("0.1", True, None):
        with pytest.raises(TypeError, match="tau"):
            cvx.smooth(problem, tau)
    for tau in (cp.Parameter(2), cp.Parameter(value=-1.0), X[0]):
        with pytest.raises(ValueError, match="tau"):
            cvx.smooth(problem, tau)
    with pytest.raises(ValueError, match="side must be one of 'conservative'"):
        cvx.smooth(problem, 0.1, side="upper")
    with pytest.raises(cp.error.ParameterError, match="tau"):
        _ = cvx.smooth(problem, cp.Parameter(pos=True)).error_bound
    b = cp.Parameter(12)
    smoothing = cvx.smooth(
        cp.Problem(cp.Minimize(cp.norm_inf(A @ X - b))), 0.1
    )  # no value needed until there is a bound
    with pytest.raises(cp.error.ParameterError):
        _ = smoothing.error_bound


def test_weights_that_are_parameters_count_at_their_values():
    weight = cp.Parameter(nonneg=True)
    smoothing = cvx.smooth(cp.Problem(cp.Minimize(weight * cp.max(F))), 0.1)
    for weight.value in (1.0, 5.0):
        assert smoothing.error_bound == pytest.approx(weight.value * 0.1 * math.log(12))


def test_huge_and_tiny_temperatures_evaluate():
    X.value = np.ones(3)
    problem = cp.Problem(cp.Minimize(cp.norm_inf(F)))
    for tau in (1e-12, 1e12):
        value = cvx.smooth(problem, tau).problem.objective.value
        assert problem.objective.value <= value <= problem.objective.value + tau * math.log(24) * (1 + 1e-12)


def test_every_rewrite_is_tried_here():
    tried = {atom for name in ATOMS for atom in case(name).atoms()}
    assert set(REWRITES) <= tried


def test_values_in_a_shape_other_than_declared():
    S = cp.Variable((3, 3))
    smoothing = cvx.smooth(cp.Problem(cp.Minimize(cp.max(cp.upper_tri(cp.abs(S))))), 0.1)
    S.value = np.arange(9.0).reshape(3, 3)
    assert 5.0 <= smoothing.problem.objective.value <= 5.0 + smoothing.error_bound


def test_norms_are_listed_as_left_exact():
    Y = cp.Variable((4, 4))
    smoothing = cvx.smooth(cp.Problem(cp.Minimize(cp.sum_squares(Y - 1) + cp.tv(Y))), 0.1)
    assert smoothing.error_bound == 0
    assert "kink" in smoothing.kept[0].reason


def test_atoms_have_the_names_that_cvxpy_shows():
    problem = cp.Problem(cp.Maximize(-cp.sum(cp.neg(VARIABLE)) + cp.sum_smallest(VARIABLE, 2)))
    assert len(cvx.smooth(problem, 0.1, atoms="neg").replaced) == 1
    assert len(cvx.smooth(problem, 0.1, atoms="sum_smallest").replaced) == 1


def test_a_norm_below_one_has_no_bound_and_says_why():
    found = cvx.smooth(cp.Problem(cp.Maximize(cp.pnorm(cp.minimum(VARIABLE, 1), 0.5))), 0.1)
    assert found.error_bound == np.inf
    assert "p = 1/2" in found.reason


def test_a_problem_inside_a_problem_is_left_exact():
    inner = cp.Problem(cp.Minimize(cp.norm_inf(VARIABLE)), [VARIABLE >= 1])
    least = partial_optimize(inner, [VARIABLE])
    found = cvx.smooth(cp.Problem(cp.Minimize(least + cp.max(cp.Variable(3) + 1))), 0.1)
    assert any("problem of its own" in kept.reason for kept in found.kept)
