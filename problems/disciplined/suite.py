"""From cvxpy's own test suite (cvxpy/tests, Apache 2.0): small problems whose optimum the test states."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from problems.disciplined.case import DisciplinedCase

SOURCE = "cvxpy/cvxpy cvxpy/tests"


def norm_inf_scalar() -> Any:
    """3‖a + 2b‖∞ + c."""
    import cvxpy as cp

    a, b, c = cp.Variable(), cp.Variable(), cp.Variable()
    return cp.Problem(cp.Minimize(3 * cp.norm_inf(a + 2 * b) + c), [a >= 2, b <= -1, c == 3])


def norm_inf_maximize() -> Any:
    """Maximize −‖a‖∞."""
    import cvxpy as cp

    a = cp.Variable()
    return cp.Problem(cp.Maximize(-cp.norm_inf(a)), [a <= -2])


def _pair() -> tuple[Any, Any, list[Any]]:
    import cvxpy as cp

    x, z = cp.Variable(2), cp.Variable(2)
    return x, z, [x >= [2, 3], z <= [-1, -4]]


def norm_inf_vector() -> Any:
    """‖x − z‖∞ + 5."""
    import cvxpy as cp

    x, z, sides = _pair()
    return cp.Problem(cp.Minimize(cp.norm_inf(x - z) + 5), sides)


def norm1_vector() -> Any:
    """‖x − z‖₁ + 5."""
    import cvxpy as cp

    x, z, sides = _pair()
    return cp.Problem(cp.Minimize(cp.norm1(x - z) + 5), sides)


def mixed_atoms() -> Any:
    """A 2-norm around 1- and ∞-norms."""
    import cvxpy as cp

    x, z, sides = _pair()
    inner = 5 + cp.norm1(z) + cp.norm1(x) + cp.norm_inf(x - z)
    return cp.Problem(cp.Minimize(cp.pnorm(inner, p=2)), [*sides, cp.pnorm(x + z, p=2) <= 2])


def dual_variables() -> Any:
    """‖x + z‖₁ under a 2-norm ball."""
    import cvxpy as cp

    x, z = cp.Variable(2), cp.Variable(2)
    sides = [x >= [2, 3], np.array([[1, 3], [2, 4]]) @ z == [-1, -4], cp.pnorm(x + z, p=2) <= 100]
    return cp.Problem(cp.Minimize(cp.norm1(x + z)), sides)


def absolute() -> Any:
    """Σ|A|."""
    import cvxpy as cp

    a = cp.Variable((2, 2))
    return cp.Problem(cp.Minimize(cp.sum(cp.abs(a))), [a <= -2])


def division() -> Any:
    """‖A/5‖∞ of a matrix."""
    import cvxpy as cp

    a = cp.Variable((2, 2))
    return cp.Problem(cp.Minimize(cp.norm_inf(a / 5)), [a >= 5])


def cummax() -> Any:
    """Maximize Σx under cummax(x) ≤ (1, …, 5)."""
    import cvxpy as cp

    x = cp.Variable(5)
    return cp.Problem(cp.Maximize(cp.sum(x)), [cp.cummax(x, 0) <= np.arange(1, 6)])


def min_with_axis() -> Any:
    """Maximize the sum of minima of the columns of a stack, reshaped."""
    import cvxpy as cp

    x, y = cp.Variable((5, 2)), cp.Variable((5, 2))
    stack = cp.vstack([cp.vec(x, order="F"), cp.vec(y, order="F")])
    least = cp.reshape(cp.min(stack, axis=0), (5, 2), order="F")
    return cp.Problem(cp.Maximize(cp.sum(least)), [x == 1, y == 2])


def positive_steps() -> Any:
    """Σ pos(δ), and pos inside a constraint; the hard LP of the solver tests."""
    import cvxpy as cp

    n = 50
    a, b, delta = cp.Variable(n + 1), cp.Variable(n + 1), cp.Variable(n)
    return cp.Problem(cp.Minimize(cp.sum(cp.pos(delta))), [a[1:] - a[:-1] == delta, a >= cp.pos(b)])


def weighted_max() -> Any:
    """max(x², 2(x − 1)²), as scalarize.max states it."""
    import cvxpy as cp
    from cvxpy.transforms import scalarize

    x = cp.Variable()
    goals = [cp.Minimize(cp.square(x)), cp.Minimize(cp.square(x - 1))]
    return cp.Problem(scalarize.max(goals, [1, 2]))


def chebyshev_center() -> Any:
    """Maximize the least slack over the rows' norms."""
    import cvxpy as cp

    rows = np.array([[2.0, 1.0], [2.0, -1.0], [-1.0, 2.0], [-1.0, -2.0]])
    x = cp.Variable(2)
    slack = (1 - rows @ x) / np.linalg.norm(rows, axis=1)
    return cp.Problem(cp.Maximize(cp.min(slack)))


def hinge() -> Any:
    """‖a‖₂ + 0.1 Σ pos(1 − label·(sampleᵀa − b)), a sum of 90 scalars."""
    import cvxpy as cp

    rng = np.random.RandomState(1)
    ups = [(1, rng.normal(1.0, 2.0, size=10)) for _ in range(50)]
    downs = [(-1, rng.normal(-1.0, 2.0, size=10)) for _ in range(40)]
    a, b = cp.Variable(10), cp.Variable()
    weight = cp.Parameter(nonneg=True, value=0.1)
    slack = [cp.pos(1 - label * (sample @ a - b)) for label, sample in ups + downs]
    return cp.Problem(cp.Minimize(cp.norm(a, 2) + weight * sum(slack)))


def lasso() -> Any:
    """‖Ax − b‖² + γ‖x‖₁, γ a parameter."""
    import cvxpy as cp

    rng = np.random.RandomState(1)
    a, b = rng.randn(10, 5), rng.randn(10)
    x = cp.Variable(5)
    gamma = cp.Parameter(nonneg=True, value=1.0)
    return cp.Problem(cp.Minimize(cp.sum_squares(a @ x - b) + gamma * cp.norm(x, 1)))


def quadratic_of_max() -> Any:
    """3‖|Ay|‖² + ‖max(|Ay|, 3)‖²/2 + a linear term: squares around nested maxima."""
    import cvxpy as cp

    a = np.random.RandomState(0).randn(4, 3)
    y = cp.Variable(3)
    nested = cp.quad_over_lin(cp.maximum(cp.abs(a @ y), [3.0, 3.0, 3.0, 3.0]), 2.0)
    sides = [cp.maximum(1, 3 * y) <= 200, cp.abs(2 * y) <= 100, cp.norm(2 * y, 1) <= 1000]
    return cp.Problem(cp.Minimize(3 * cp.sum_squares(cp.abs(a @ y)) + nested - 20 * cp.sum(y)), sides)


def cvar_constraint() -> Any:
    """Minimize cᵀx, x ≥ 0, under cvar(Ax, 0.9) ≤ 1."""
    import cvxpy as cp

    rng = np.random.RandomState(1)
    rng.randn(100)  # the test draws these first
    c, a = rng.randn(5), rng.randn(100, 5)
    x = cp.Variable(5)
    return cp.Problem(cp.Minimize(c @ x), [x >= 0, cp.cvar(a @ x, 0.9) <= 1.0])


def cvar_fractional() -> Any:
    """Maximize a mean return under cvar(·, 0.95) ≤ 0.5 of 25 scenarios: 1.25 of them."""
    import cvxpy as cp

    gains = np.random.RandomState(1).uniform(0.0, 1.0, size=(25, 5))
    w = cp.Variable(5, nonneg=True)
    return cp.Problem(cp.Maximize(w @ gains.mean(0)), [cp.cvar(gains @ w, 0.95) <= 0.5])


def cases() -> tuple[DisciplinedCase, ...]:
    """Each with the optimum that its test asserts, to the digits that it asserts."""
    problem = f"{SOURCE}/test_problem.py"
    quadratic = f"{problem} test_is_qp, seed 0, with a linear term so that the optimum is not at 0"
    return (
        DisciplinedCase("norm-inf-scalar", norm_inf_scalar, f"{problem} test_norm_inf", 3.0, minimax=True),
        DisciplinedCase("norm-inf-maximize", norm_inf_maximize, f"{problem} test_norm_inf", -2.0, minimax=True),
        DisciplinedCase("norm-inf-vector", norm_inf_vector, f"{problem} test_norm_inf", 12.0, minimax=True),
        DisciplinedCase("norm1-vector", norm1_vector, f"{problem} test_norm1", 15.0),
        DisciplinedCase("mixed-atoms", mixed_atoms, f"{problem} test_mixed_atoms", 22.0),
        DisciplinedCase("dual-variables", dual_variables, f"{problem} test_dual_variables", 4.0),
        DisciplinedCase("abs-matrix", absolute, f"{problem} test_abs", 8.0),
        DisciplinedCase("norm-inf-division", division, f"{problem} test_div", 1.0, minimax=True),
        DisciplinedCase("cummax", cummax, f"{problem} test_cummax", 15.0),
        DisciplinedCase("min-with-axis", min_with_axis, f"{problem} test_min_with_axis", 10.0),
        DisciplinedCase("positive-steps", positive_steps, f"{SOURCE}/solver_test_helpers.py lp_7", 0.0),
        DisciplinedCase(
            "weighted-max",
            weighted_max,
            f"{SOURCE}/test_scalarize.py test_max: x = 0.5858 = 2 − √2",
            (2 - math.sqrt(2)) ** 2,
            minimax=True,
        ),
        DisciplinedCase(
            "chebyshev-center",
            chebyshev_center,
            f"{SOURCE}/test_examples.py test_chebyshev_center, its radius as a min",
            0.447214,
            minimax=True,
        ),
        DisciplinedCase("hinge", hinge, f"{SOURCE}/test_examples.py test_readme_examples"),
        DisciplinedCase("lasso", lasso, f"{SOURCE}/test_examples.py test_readme_examples, γ = 1"),
        DisciplinedCase("quadratic-of-max", quadratic_of_max, quadratic),
        DisciplinedCase("cvar-constraint", cvar_constraint, f"{SOURCE}/test_atoms.py test_cvar"),
        DisciplinedCase("cvar-fractional", cvar_fractional, f"{SOURCE}/test_qp_solvers.py test_highs_cvar"),
    )
