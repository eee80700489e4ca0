"""From cvxpy's example notebooks and its short course: control, machine learning, finance.

Random data come from NumPy's legacy generator, whose streams never change, with the seeds of the notebooks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from problems.disciplined.case import DisciplinedCase
from problems.tables import rows

EXAMPLES = "cvxpy/cvxpy doc/source/examples"
COURSE = "cvxgrp/cvx_short_course"


def trend_filter() -> Any:
    """Minimize ½‖y − x‖₂² + λ‖D²x‖₁."""
    import cvxpy as cp

    y = np.array([float(row["flow"]) for row in rows("nile.csv")]) / 100.0
    x = cp.Variable(y.size)
    return cp.Problem(cp.Minimize(0.5 * cp.sum_squares(y - x) + 50.0 * cp.norm(cp.diff(x, 2), 1)))


def sparse_inequalities() -> Any:
    """Minimize ‖x‖₁ subject to Ax ≤ b."""
    import cvxpy as cp

    rng = np.random.RandomState(1)
    a, x0 = rng.randn(100, 50), rng.randn(50)
    b = a @ x0 + rng.random_sample(100)
    x = cp.Variable(50)
    return cp.Problem(cp.Minimize(cp.norm(x, 1)), [a @ x <= b])


def control() -> Any:
    """Quadratic stage costs, ‖u_t‖∞ ≤ 1."""
    import cvxpy as cp

    rng = np.random.RandomState(1)
    n, m, steps = 8, 2, 50
    a = np.eye(n) + 0.2 * rng.randn(n, n)
    b, start = rng.randn(n, m), 5.0 * rng.randn(n)
    x, u = cp.Variable((n, steps + 1)), cp.Variable((m, steps))
    moved = [x[:, 1:] == a @ x[:, :-1] + b @ u, x[:, steps] == 0, x[:, 0] == start]
    bounds = [cp.norm(u[:, t], "inf") <= 1 for t in range(steps)]
    return cp.Problem(cp.Minimize(cp.sum_squares(x[:, 1:]) + cp.sum_squares(u)), moved + bounds)


def advertising() -> Any:
    """Maximize Σ min(revenue, budget)."""
    import cvxpy as cp

    rng = np.random.RandomState(1)
    m, n, size = 5, 24, 10000
    budget = 1000 * np.round((rng.lognormal(mean=8, size=(m, 1)) + 10000) / 1000)
    clicks = rng.uniform(size=(m, 1)) @ rng.uniform(size=(1, n))
    traffic = np.sin(np.linspace(-np.pi, np.pi, n)) * size
    traffic += -traffic.min() + size
    displays = rng.uniform(size=(m, 1))
    displays *= 0.6 * traffic.sum() / displays.sum()
    displays = 1000 * np.round(displays / 1000)
    price = np.array([rng.lognormal(displays.min() / c) for c in displays[:, 0]])
    d = cp.Variable((m, n))
    income = [cp.minimum(price[i] * clicks[i] @ d[i], budget[i, 0]) for i in range(m)]
    return cp.Problem(
        cp.Maximize(cp.sum(cp.hstack(income))), [d >= 0, cp.sum(d, 0) <= traffic, cp.sum(d, 1) >= displays[:, 0]]
    )


def robust_kalman() -> Any:
    """Σ ‖w_t‖² + 2 huber(‖v_t‖): nothing here may be touched."""
    import cvxpy as cp

    n, gamma = 1000, 0.05
    step = np.linspace(0, 50, n, endpoint=True, retstep=True)[1]
    drift = (1 - gamma * step / 2) * step
    a = np.array([[1, 0, drift, 0], [0, 1, 0, drift], [0, 0, 1 - gamma * step, 0], [0, 0, 0, 1 - gamma * step]])
    b = np.vstack([np.eye(2) * step**2 / 2, np.eye(2) * step])
    rng = np.random.RandomState(6)
    force, noise = rng.randn(2, n), rng.randn(2, n)
    rng = np.random.RandomState(0)
    outlier = rng.rand(n) <= 0.2
    noise[:, outlier] = 20 * rng.randn(2, n)[:, outlier]
    state, y = np.zeros(4), np.zeros((2, n))
    for t in range(n):
        y[:, t] = state[:2] + noise[:, t]
        state = a @ state + b @ force[:, t]
    x, w, v = cp.Variable((4, n + 1)), cp.Variable((2, n)), cp.Variable((2, n))
    cost = cp.sum_squares(w) + 2 * cp.sum(cp.huber(cp.norm(v, 2, axis=0), 2))
    return cp.Problem(cp.Minimize(cost), [x[:, 1:] == a @ x[:, :-1] + b @ w, y == x[:2, :-1] + v])


def fir_filter() -> Any:
    """Minimize max_k |H(ω_k) − e^(−8.25 iω_k)|²."""
    import cvxpy as cp

    n = 20
    w = np.linspace(0, np.pi, 15 * n)
    a, wanted = np.exp(-1j * np.outer(w, np.arange(n))), np.exp(-8.25j * w)
    h = cp.Variable(n)
    error = cp.square(a.real @ h - wanted.real) + cp.square(a.imag @ h - wanted.imag)
    return cp.Problem(cp.Minimize(cp.max(error)))


def quantile_regression() -> Any:
    """Minimize Σ ½|r| + (τ − ½) r at τ = 0.9, an autoregression with memory 10."""
    import cvxpy as cp

    rng = np.random.RandomState(1)
    m, first, last = 10, 100, 500
    x = np.zeros(550)
    x[:m] = rng.randn(m)
    for i in range(m + 1, x.size):
        x[i] = 1.8 * x[i - 1] - 0.82 * x[i - 2] + rng.normal()
    x = np.exp(0.05 * x + 0.05 * rng.normal(size=x.size))
    past = np.array([x[i - m - 1 : i] for i in range(first, last)])
    w, v = cp.Variable(m + 1), cp.Variable()
    level = cp.Parameter(value=0.9)
    r = x[first:last] - (past @ w + v)
    return cp.Problem(cp.Minimize(0.5 * cp.sum(cp.abs(r)) + (level - 0.5) * cp.sum(r)))


def svm() -> Any:
    """Mean hinge loss + λ‖β‖₁ at λ = 0.1."""
    import cvxpy as cp

    rng = np.random.RandomState(1)
    n, m = 20, 1000
    beta = rng.randn(n, 1)
    beta[rng.choice(range(n), int(0.8 * n), replace=False)] = 0
    x = rng.normal(0, 5, size=(m, n))
    y = np.sign(x @ beta + rng.normal(0, 45, size=(m, 1)))
    b, v = cp.Variable((n, 1)), cp.Variable()
    weight = cp.Parameter(nonneg=True, value=0.1)
    loss = cp.sum(cp.pos(1 - cp.multiply(y, x @ b - v)))
    return cp.Problem(cp.Minimize(loss / m + weight * cp.norm(b, 1)))


def largest_norm() -> Any:
    """Minimize the sum of the 3 largest |x_i| + 10⁻³‖x‖₁ subject to Ax = y."""
    import cvxpy as cp

    rng = np.random.RandomState(1)
    n, m, k = 14, 7, 4
    wanted = np.zeros(n)
    chosen = rng.choice(np.arange(n), k, replace=False)
    wanted[chosen] = 10 + 100 * rng.rand(k)
    a, noise = rng.randn(m, n), rng.normal(0, 1.0, m)
    y = a @ wanted + noise / (m * np.linalg.norm(noise))
    x = cp.Variable(n)
    return cp.Problem(cp.Minimize(cp.sum_largest(cp.abs(x), 3) + 1e-3 * cp.norm(x, 1)), [a @ x == y])


def worst_case_risk() -> Any:
    """Maximize μᵀw − max_k wᵀΣ_k w over Σw = 1."""
    import cvxpy as cp

    rng = np.random.RandomState(1)
    n, models = 10, 6
    mean = 0.03 * rng.randn(n)
    factors = [rng.randn(n, n) / 10 for _ in range(models)]
    w = cp.Variable(n)
    risk = cp.max(cp.hstack([cp.quad_form(w, f @ f.T, assume_PSD=True) for f in factors]))
    return cp.Problem(cp.Maximize(mean @ w - risk), [cp.sum(w) == 1])


def leverage() -> Any:
    """Maximize μᵀw − γ wᵀΣw subject to ‖w‖₁ ≤ 2, Σw = 1."""
    import cvxpy as cp

    rng = np.random.RandomState(1)
    n = 10
    mean = np.abs(rng.randn(n, 1))[:, 0]
    root = rng.randn(n, n)
    w = cp.Variable(n)
    value = mean @ w - 0.5 * cp.quad_form(w, root.T @ root, assume_PSD=True)
    return cp.Problem(cp.Maximize(value), [cp.sum(w) == 1, cp.norm(w, 1) <= 2])


def cases() -> tuple[DisciplinedCase, ...]:
    """Eleven, four of them with the optimum that the notebook prints."""
    nile = "l1_trend_filter; on the Nile series in place of S&P 500 prices, whose licence is not stated"
    kalman = f"{EXAMPLES}/applications/robust_kalman.rst; the sum over time steps in one expression"
    risk = f"{COURSE} exercises/13.22.ipynb; its model, covariances drawn here"
    book = f"{COURSE} applications/portfolio_optimization.ipynb, leverage limit 2; γ = ½"
    stages = f"{COURSE} intro/control.ipynb; OSQP, cvxpy's choice for it, calls it infeasible"
    sparse = f"{EXAMPLES}/applications/sparse_solution.rst"
    quantile = f"{COURSE} applications/quantile_regression.ipynb, τ = 0.9; the sum in one expression"
    return (
        DisciplinedCase("trend-filter", trend_filter, f"{EXAMPLES}/applications/{nile}"),
        DisciplinedCase("sparse-inequalities", sparse_inequalities, sparse, 28.582394099513873),
        DisciplinedCase("control", control, stages, 64470.57722767716, solver="CLARABEL"),
        DisciplinedCase("advertising", advertising, f"{COURSE} applications/optimal_ad.ipynb", 42943.02650571528),
        DisciplinedCase("robust-kalman", robust_kalman, kalman, 39077.76954636933),
        DisciplinedCase("fir-filter", fir_filter, f"{EXAMPLES}/applications/fir_chebychev_design.rst", minimax=True),
        DisciplinedCase("quantile-regression", quantile_regression, quantile),
        DisciplinedCase("svm", svm, f"{EXAMPLES}/machine_learning/svm.rst, λ = 0.1"),
        DisciplinedCase("largest-norm", largest_norm, f"{COURSE} exercises/sum_k_largest.ipynb"),
        DisciplinedCase("worst-case-risk", worst_case_risk, risk, minimax=True),
        DisciplinedCase("leverage", leverage, book),
    )
