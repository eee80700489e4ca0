"""From S. Boyd and L. Vandenberghe, Convex Optimization, Cambridge 2004, its exercises and the CVX examples for it.

Real data where the catalogue has them: stack loss, Longley, diabetes, the flow of the Nile.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from problems.disciplined.case import DisciplinedCase
from problems.linf_regression import data, reference
from problems.tables import rows

BOOK = "Boyd and Vandenberghe"


def _regression(name: str, norm: Any) -> Any:
    import cvxpy as cp

    a, y = data(name)
    x = cp.Variable(a.shape[1])
    return cp.Problem(cp.Minimize(cp.norm(a @ x - y, norm)))


def least_absolute() -> Any:
    """‖Ax − y‖₁ on stack loss."""
    return _regression("stackloss", 1)


def least_maximum() -> Any:
    """‖Ax − y‖∞ on stack loss."""
    return _regression("stackloss", "inf")


def least_maximum_diabetes() -> Any:
    """‖Ax − y‖∞ on 442 patients."""
    return _regression("diabetes", "inf")


def dead_zone() -> Any:
    """Σ max(|r_i| − ½, 0)."""
    import cvxpy as cp

    a, y = data("stackloss")
    x = cp.Variable(a.shape[1])
    return cp.Problem(cp.Minimize(cp.sum(cp.pos(cp.abs(a @ x - y) - 0.5))))


def fuel() -> Any:
    """Σ max(|u_t|, 2|u_t| − 1) from rest to (7, 2, −6) in 30 steps."""
    import cvxpy as cp

    steps = 30
    a = np.array([[-1.0, 0.4, 0.8], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    b, wanted = np.array([1.0, 0.0, 0.3]), np.array([7.0, 2.0, -6.0])
    reach = np.column_stack([np.linalg.matrix_power(a, steps - 1 - t) @ b for t in range(steps)])
    u = cp.Variable(steps)
    return cp.Problem(cp.Minimize(cp.sum(cp.maximum(cp.abs(u), 2 * cp.abs(u) - 1))), [reach @ u == wanted])


def activities() -> Any:
    """Maximize Σ min(p x, p q + p_d (x − q)) within the resources."""
    import cvxpy as cp

    a = np.array([[1, 2, 0, 1], [0, 0, 3, 1], [0, 3, 1, 1], [2, 1, 2, 5], [1, 0, 3, 2]])
    price, less, break_at = np.array([3, 2, 7, 6]), np.array([2, 1, 4, 2]), np.array([4, 10, 5, 10])
    x = cp.Variable(4)
    least = cp.minimum(cp.multiply(price, x), price * break_at + cp.multiply(less, x - break_at))
    return cp.Problem(cp.Maximize(cp.sum(least)), [x >= 0, a @ x <= 100])


def perturbed_l1() -> Any:
    """‖Ax + b + εd‖₁ at ε = 0."""
    import cvxpy as cp

    a = np.array([[-2, 7, 1], [-5, -1, 3], [-7, 3, -5], [-1, 4, -4], [1, 5, 5], [2, -5, -1]])
    b, d = np.array([-4, 3, 9, 0, -11, 5]), np.array([-10, -13, -27, -10, -7, 14])
    x, shift = cp.Variable(3), cp.Parameter(value=0.0)
    return cp.Problem(cp.Minimize(cp.norm1(a @ x + b + shift * d)))


def piecewise_linear() -> Any:
    """max_i (a_iᵀx + b_i), 100 rows."""
    import cvxpy as cp

    rng = np.random.RandomState(0)
    a, b = rng.randn(100, 10), rng.randn(100)
    x = cp.Variable(10)
    return cp.Problem(cp.Minimize(cp.max(a @ x + b)))


def matrix_game() -> Any:
    """max_j (Pᵀu)_j over the simplex."""
    import cvxpy as cp

    p = np.random.RandomState(0).randn(12, 12)
    u = cp.Variable(12)
    return cp.Problem(cp.Minimize(cp.max(p.T @ u)), [u >= 0, cp.sum(u) == 1])


def worst_case_norm() -> Any:
    """max(‖(A₀ + A₁)x − b‖, ‖(A₀ − A₁)x − b‖): the extremes of robust least squares."""
    import cvxpy as cp

    rng = np.random.RandomState(0)
    a, change, b = rng.randn(20, 8), 0.3 * rng.randn(20, 8), rng.randn(20)
    x = cp.Variable(8)
    return cp.Problem(cp.Minimize(cp.maximum(cp.norm((a + change) @ x - b), cp.norm((a - change) @ x - b))))


def isotonic() -> Any:
    """‖x − y‖₁ over falling x: the least absolute decreasing fit of the Nile's flow."""
    import cvxpy as cp

    y = np.array([float(row["flow"]) for row in rows("nile.csv")])
    x = cp.Variable(y.size)
    return cp.Problem(cp.Minimize(cp.norm1(x - y)), [cp.diff(x) <= 0])


def total_variation() -> Any:
    """½‖x − y‖² + λ·tv(x) on the Nile's flow in 10⁹ m³."""
    import cvxpy as cp

    y = np.array([float(row["flow"]) for row in rows("nile.csv")]) / 10.0
    x = cp.Variable(y.size)
    return cp.Problem(cp.Minimize(0.5 * cp.sum_squares(x - y) + 40.0 * cp.tv(x)))


def basis_pursuit() -> Any:
    """‖x‖₁ subject to Ax = b."""
    import cvxpy as cp

    rng = np.random.RandomState(0)
    a, wanted = rng.randn(20, 60), np.zeros(60)
    wanted[:4] = (3.0, -2.0, 1.0, -1.0)
    x = cp.Variable(60)
    return cp.Problem(cp.Minimize(cp.norm1(x)), [a @ x == a @ wanted])


def cases() -> tuple[DisciplinedCase, ...]:
    """Thirteen, five of them with a published optimum."""
    lad = f"{BOOK} 6.1.1 on Brownlee's data; R. Koenker, quantreg, rq(stack.loss ~ .)"
    ordered = "R. Barlow, D. Bartholomew, J. Bremner, H. Brunk, Inference under Order Restrictions, 1972; 1-norm"
    known = {name: float(entry["E"]) for name, entry in reference().items()}
    return (
        DisciplinedCase("stackloss-l1", least_absolute, lad, 42.081159, 1e-6),
        DisciplinedCase("stackloss-linf", least_maximum, f"{BOOK} 6.1.1", known["stackloss"], minimax=True),
        DisciplinedCase("diabetes-linf", least_maximum_diabetes, f"{BOOK} 6.1.1", known["diabetes"], minimax=True),
        DisciplinedCase("dead-zone", dead_zone, f"{BOOK} 6.1.2, figure 6.2"),
        DisciplinedCase("fuel", fuel, f"{BOOK} exercise 4.16, data of its solutions", 17.323567851898538),
        DisciplinedCase("activities", activities, f"{BOOK} exercise 4.17, data and 192.5 of its solutions", 192.5),
        DisciplinedCase("perturbed-l1", perturbed_l1, f"{BOOK} exercise 5.33"),
        DisciplinedCase("piecewise-linear", piecewise_linear, f"{BOOK} 4.3.1, seed 0", minimax=True),
        DisciplinedCase("matrix-game", matrix_game, f"{BOOK} 5.2.5, seed 0", minimax=True),
        DisciplinedCase("worst-case-norm", worst_case_norm, f"{BOOK} 6.4.2, seed 0"),
        DisciplinedCase("isotonic", isotonic, ordered),
        DisciplinedCase("total-variation", total_variation, f"{BOOK} 6.3.3"),
        DisciplinedCase("basis-pursuit", basis_pursuit, f"{BOOK} 6.5.4, seed 0"),
    )
