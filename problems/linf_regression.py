"""Least largest residual: min over x of max_i |a_i.x - y_i|, an intercept in the first column."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

import smoothmax as sm
from problems.case import Case
from problems.tables import DATA, rows

REFERENCE = "linf_regression_reference.json"
ORIGIN = {
    "stackloss": "K. A. Brownlee, Statistical Theory and Methodology, 2nd ed., Wiley 1965",
    "longley": "J. W. Longley, JASA 62 (1967) 819-841",
    "diabetes": "B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, Ann. Statist. 32 (2004) 407-499",
}
RESPONSE = {"stackloss": "stack_loss", "longley": "totemp", "diabetes": "target"}


def data(name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The raw design (a column of ones, then the covariates in the order of the file) and the response."""
    table = rows(f"{name}.csv")
    response = RESPONSE[name]
    A = np.array([[1.0, *(float(v) for k, v in row.items() if k != response)] for row in table])
    return A, np.array([float(row[response]) for row in table])


def reference() -> dict[str, dict[str, Any]]:
    """Per data set: the optimum `E`, its active rows, the coefficients and the dual weights, as text."""
    known: dict[str, dict[str, Any]] = json.loads((DATA / REFERENCE).read_text(encoding="utf-8"))
    return known


def residuals(A: NDArray[np.float64], y: NDArray[np.float64]) -> sm.Minimax:
    """The problem min over x of max_i |A x - y|_i."""
    return sm.Minimax(sm.Affine(A, -y, absolute=True))


def cases() -> Iterator[Case]:
    """Stackloss, Longley (severely collinear) and diabetes, on the raw, unscaled data."""
    for name, known in reference().items():
        A, y = data(name)
        fraction = known["E_fraction"]
        yield Case(
            name,
            residuals(A, y),
            np.zeros(A.shape[1]),
            float(known["E"]),
            f"{ORIGIN[name]}; optimum certified in rational arithmetic",
            printed=known["E"],
            exact=None if fraction is None else Fraction(fraction),
            note="the optimum is that of the decimal data",
        )


def gaussian(n: int, d: int, seed: int = 0) -> Case:
    """Synthetic: n rows and d columns of independent standard normal numbers, as is the response."""
    rng = np.random.default_rng(seed)
    A, y = rng.standard_normal((n, d)), rng.standard_normal(n)
    source = f"synthetic: numpy default_rng({seed}), standard normal design and response"
    return Case(f"gaussian-{n}x{d}-{seed}", residuals(A, y), np.zeros(d), None, source, family="linf_regression")
