"""From papers: geometric programs with maxima inside exponentials, sparse PCA, and finance beyond variance."""

from __future__ import annotations

from typing import Any

import numpy as np

from problems.disciplined.case import DisciplinedCase

TUTORIAL = "S. Boyd, S.-J. Kim, L. Vandenberghe, A. Hassibi, A tutorial on geometric programming, Optim. Eng. 8 (2007)"


def _returns(rows: int, columns: int) -> Any:
    rng = np.random.RandomState(0)
    return 0.02 * rng.randn(rows, columns) + 0.004 * rng.rand(columns)


def gate_sizing() -> Any:
    """The latest arrival in a tree of seven gates, T_i = max of its inputs + exp(affine), at bounded area."""
    import cvxpy as cp

    size = cp.Variable(7, name="log size")
    delay = [cp.exp(0.3 * i - size[i]) + (cp.exp(size[(i - 1) // 2] - size[i]) if i else 1.0) for i in range(7)]
    late = {i: delay[i] for i in range(3, 7)}
    for i in (2, 1, 0):
        late[i] = cp.maximum(late[2 * i + 1], late[2 * i + 2]) + delay[i]
    return cp.Problem(cp.Minimize(late[0]), [cp.log_sum_exp(size) <= np.log(20.0), size >= 0])


def generalized_posynomial() -> Any:
    """log Σ exp around max(log x, log y + 1), and exp(max) in a constraint."""
    import cvxpy as cp

    x, y, z = cp.Variable(), cp.Variable(), cp.Variable()
    grown = cp.log_sum_exp(cp.hstack([cp.maximum(x, y + 1), z, -x - y - z]))
    return cp.Problem(cp.Minimize(grown), [cp.exp(cp.maximum(x, z)) <= 4.0, cp.abs(x - y) <= 2.0])


def exponential_barrier() -> Any:
    """exp(‖Ax − b‖∞) + exp(−x̄): a maximum below exp, with no Lipschitz constant."""
    import cvxpy as cp

    rng = np.random.RandomState(0)
    a, b = rng.randn(15, 4), rng.randn(15)
    x = cp.Variable(4)
    return cp.Problem(cp.Minimize(cp.exp(cp.norm_inf(a @ x - b)) + cp.exp(-cp.sum(x))))


def sparse_pca() -> Any:
    """Maximize tr(SX) − ρ Σ|X_ij| over X ⪰ 0, tr X = 1."""
    import cvxpy as cp

    rng = np.random.RandomState(0)
    lead = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    samples = rng.randn(60, 1) * lead + 0.5 * rng.randn(60, 6)
    x = cp.Variable((6, 6), PSD=True)
    gain = cp.trace(np.cov(samples.T) @ x) - 0.2 * cp.sum(cp.abs(x))
    return cp.Problem(cp.Maximize(gain), [cp.trace(x) == 1])


def graphical_lasso() -> Any:
    """Maximize log det X − tr(SX) subject to Σ|X_ij| ≤ 4."""
    import cvxpy as cp

    s = np.cov(np.random.RandomState(0).randn(40, 5).T)
    x = cp.Variable((5, 5), PSD=True)
    return cp.Problem(cp.Maximize(cp.log_det(x) - cp.trace(s @ x)), [cp.sum(cp.abs(x)) <= 4.0])


def tail_risk() -> Any:
    """Minimize cvar of the loss over long-only weights."""
    import cvxpy as cp

    gains = _returns(60, 8)
    w = cp.Variable(8)
    return cp.Problem(cp.Minimize(cp.cvar(-gains @ w, 0.9)), [w >= 0, cp.sum(w) == 1])


def drawdown() -> Any:
    """Minimize the largest drawdown max(cummax(c) − c), c the cumulated return."""
    import cvxpy as cp

    gains = _returns(40, 6)
    w = cp.Variable(6)
    wealth = cp.cumsum(gains @ w)
    return cp.Problem(cp.Minimize(cp.max(cp.cummax(wealth) - wealth)), [w >= 0, cp.sum(w) == 1])


def gini() -> Any:
    """Minimize Gini's mean difference, a sum of |r_iᵀw − r_jᵀw| over pairs."""
    import cvxpy as cp

    gains = _returns(20, 5)
    first, second = np.triu_indices(20, 1)
    w = cp.Variable(5)
    spread = cp.norm1((gains[first] - gains[second]) @ w) / first.size
    return cp.Problem(cp.Minimize(spread), [w >= 0, cp.sum(w) == 1])


def turnover() -> Any:
    """Maximize return − risk − cost·‖w − w₀‖₁, at most 40 % traded, ‖sector drift‖∞ ≤ 0.1."""
    import cvxpy as cp

    gains = _returns(60, 8)
    held, sectors = np.full(8, 1 / 8), np.kron(np.eye(4), np.ones((1, 2)))
    w = cp.Variable(8)
    risk = cp.quad_form(w, np.cov(gains.T), assume_PSD=True)
    value = gains.mean(0) @ w - 5.0 * risk - 0.002 * cp.norm1(w - held)
    limits = [w >= 0, cp.sum(w) == 1, cp.norm1(w - held) <= 0.4, cp.norm_inf(sectors @ (w - held)) <= 0.1]
    return cp.Problem(cp.Maximize(value), limits)


def max_min_fair() -> Any:
    """Maximize min(x) + a little throughput through shared links."""
    import cvxpy as cp

    rng = np.random.RandomState(0)
    routes = (rng.rand(10, 6) < 0.4).astype(float)
    routes[0] = 1.0
    x = cp.Variable(6)
    return cp.Problem(cp.Maximize(cp.min(x) + 0.01 * cp.sum(x)), [routes @ x <= 1 + rng.rand(10), x >= 0])


def worst_scenario() -> Any:
    """Maximize the least return over 60 days (Young's minimax portfolio)."""
    import cvxpy as cp

    gains = _returns(60, 8)
    w = cp.Variable(8)
    return cp.Problem(cp.Maximize(cp.min(gains @ w)), [w >= 0, cp.sum(w) == 1])


def cases() -> tuple[DisciplinedCase, ...]:
    """Eleven models of others; the instances are drawn here, with seed 0, and are much smaller."""
    pca = "A. d'Aspremont, L. El Ghaoui, M. Jordan, G. Lanckriet, SIAM Review 49 (2007) 434–448; n = 6"
    glasso = "cvxpy/cvxpy examples/notebooks/WWW/sparse_covariance_est.ipynb; n = 5, α = 4"
    tail = "R. T. Rockafellar, S. Uryasev, J. Risk 2 (2000) 21–41"
    falling = "A. Chekhlov, S. Uryasev, M. Zabarankin, Int. J. Theor. Appl. Finance 8 (2005) 13–58"
    pairs = "cvxpy/cvxpy examples/notebooks/WWW/Gini Portfolio.ipynb; its model, returns drawn here"
    trading = "M. S. Lobo, M. Fazel, S. Boyd, Ann. Oper. Res. 152 (2007) 341–365"
    young = "M. R. Young, Management Science 44 (1998) 673–683"
    return (
        DisciplinedCase("gate-sizing", gate_sizing, f"{TUTORIAL}, gate scaling; a tree drawn here"),
        DisciplinedCase(
            "generalized-posynomial", generalized_posynomial, f"{TUTORIAL}, generalized posynomials; made here"
        ),
        DisciplinedCase("exponential-barrier", exponential_barrier, f"{TUTORIAL}, in logarithms; made here"),
        DisciplinedCase("sparse-pca", sparse_pca, pca),
        DisciplinedCase("graphical-lasso", graphical_lasso, glasso),
        DisciplinedCase("tail-risk", tail_risk, tail),
        DisciplinedCase("drawdown", drawdown, falling),
        DisciplinedCase("gini", gini, pairs),
        DisciplinedCase("turnover", turnover, trading),
        DisciplinedCase("max-min-fair", max_min_fair, "D. Bertsekas, R. Gallager, Data Networks, 6.5.2", minimax=True),
        DisciplinedCase("worst-scenario", worst_scenario, young, minimax=True),
    )
