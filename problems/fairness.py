"""Group-fair logistic regression: min over w of max over groups g of the loss of g.

f_g(w) = mean over i in g of log(1 + exp(-s_i a_i.w)) + (lam/2) |w|^2,     s_i = +-1 the answer, a_i the covariates

N. Martinez, M. Bertran, G. Sapiro, Minimax Pareto fairness, ICML 2020; E. Diana, W. Gill, M. Kearns, K. Kenthapadi,
A. Roth, Minimax group fairness, AIES 2021.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

import smoothmax as sm
from problems.case import Case
from problems.tables import rows

Floats = NDArray[np.float64]
COVARIATES = ("popul", "TVnews", "selfLR", "age", "income")
LAM = 1e-3
GROUPS = {"educ": (4, 6), "age": (35, 55), "PID": (2, 5)}  # where the second and the third group begin
OPTIMA = {
    "educ": 0.5181006291408283,
    "age": 0.4838742513214508,
    "PID": 0.5485551354967668,
}  # by SLSQP on the epigraph, and Clarabel to nine digits


@dataclass(frozen=True, eq=False)
class GroupLoss:
    """The mean logistic loss of each group, with its derivatives."""

    margins: Floats  # s_i a_i, (m, d)
    group: NDArray[np.intp]  # (m,), 0..n-1
    lam: float

    @property
    def averaging(self) -> Floats:
        """(n, m): row g takes the mean over group g."""
        member = (np.arange(self.group.max() + 1)[:, None] == self.group).astype(float)
        return member / member.sum(axis=1, keepdims=True)

    def fun(self, w: Floats) -> Floats:
        """f(w), (n,)."""
        return self.averaging @ np.logaddexp(0.0, -self.margins @ w) + self.lam / 2 * (w @ w)

    def jac(self, w: Floats) -> Floats:
        """Rows: the gradients, (n, d)."""
        return -self.averaging @ (expit(-self.margins @ w)[:, None] * self.margins) + self.lam * w

    def hess(self, w: Floats, v: Floats) -> Floats:
        """sum_g v_g times the Hessian of f_g, (d, d)."""
        p = expit(self.margins @ w)
        curvature = (v @ self.averaging) * p * (1 - p)
        return (self.margins.T * curvature) @ self.margins + self.lam * v.sum() * np.eye(w.size)


def survey(grouping: str) -> GroupLoss:
    """Who would vote for Dole rather than Clinton in 1996, by size of town (logarithm), news, views, age and income.

    Covariates have mean 0 and variance 1, beside a column of ones; the three groups are the ranges
    `GROUPS` of the column `grouping`.
    """
    table = rows("anes96.csv")
    X = np.array([[float(row[name]) for name in COVARIATES] for row in table])
    X[:, 0] = np.log(X[:, 0] + 0.1)
    X = np.column_stack([np.ones(len(X)), (X - X.mean(axis=0)) / X.std(axis=0)])
    sign = np.array([2.0 * float(row["vote"]) - 1.0 for row in table])
    group = np.searchsorted(GROUPS[grouping], [int(row[grouping]) for row in table], side="right")
    return GroupLoss(sign[:, None] * X, group, LAM)


def fair(loss: GroupLoss) -> sm.Minimax:
    """The problem min over w of the largest of the group losses."""
    d = loss.margins.shape[1]
    return sm.Minimax(sm.Smooth(loss.fun, loss.jac, loss.hess, d=d, convex=True))


def cases() -> Iterator[Case]:
    """Three levels of education, three ages, and Democrats, independents and Republicans (which is no covariate)."""
    for grouping, optimum in OPTIMA.items():
        problem = fair(survey(grouping))
        source = "American National Election Study 1996; optimum by Clarabel (exponential cones) and SLSQP"
        yield Case(f"fair-vote-{grouping.lower()}", problem, np.zeros(problem.d), optimum, source)
