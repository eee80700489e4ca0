"""Between the maximum, the mean and the minimum: what F and its kin are compared with."""

from __future__ import annotations

import math

import numpy as np

from ..operators import logsumexp, mellowmax, smooth_min
from .data import Data
from .statement import ALWAYS, BOYD, DEFINITION, Sides, states

ASADI = "Asadi and Littman, ICML 2017"
EQUAL = "all x are equal"
NEGATED = "the bounds of the maximum at −x"


@states("maximum below", "max x ≤ F(x)", "n = 1", BOYD)
def _(d: Data) -> Sides:
    return d.top, d.value, d.n == 1


@states("maximum above", "F(x) ≤ max x + τ·log n", EQUAL, BOYD)
def _(d: Data) -> Sides:
    return d.value, d.top + d.tau * math.log(d.n), d.level


@states("sorted form", "F(x) = x₁ + τ·log(1 + Σ exp(−δᵢ/τ)), δᵢ = x₁ − xᵢ", ALWAYS, DEFINITION)
def _(d: Data) -> Sides:
    return d.value, d.top + d.tau * math.log1p(float(np.exp(-_below(d) / d.tau).sum())), True


@states("margin", "F(x) ≤ x₁ + τ·log(1 + (n − 1)·exp(−δ₂/τ))", "x₂ = … = xₙ", DEFINITION)
def _(d: Data) -> Sides:
    below = _below(d)
    if not below.size:
        return d.value, d.top, True
    margin = d.top + d.tau * math.log1p((d.n - 1) * math.exp(-below[0] / d.tau))
    return d.value, margin, bool(below[0] == below[-1])


@states("cold, below", "τ·log k ≤ F(x) − max x, k the number of maximizers", "k = n", "Cominetti and San Martín 1994")
def _(d: Data) -> Sides:
    return d.tau * math.log(_ties(d)), d.value - d.top, _ties(d) == d.n


@states(
    "cold, above",
    "F(x) − max x ≤ τ·log k + τ·(n/k − 1)·exp(−δ/τ), δ the first gap",
    "k = n",
    "Cominetti and San Martín 1994",
)
def _(d: Data) -> Sides:
    k = _ties(d)
    rest = (d.n / k - 1) * math.exp(-(d.top - d.down[k]) / d.tau) if k < d.n else 0.0
    return d.value - d.top, d.tau * math.log(k) + d.tau * rest, k == d.n


@states("mean", "x̄ + τ·log n ≤ F(x)", EQUAL, "Jensen, Acta Math. 30, 1906")
def _(d: Data) -> Sides:
    return d.mean + d.tau * math.log(d.n), d.value, d.level


@states(
    "hot",
    "F(x) ≤ x̄ + τ·log n + (max x − min x)²/(8τ)",
    EQUAL,
    "Hoeffding, J. Amer. Statist. Assoc. 58, 1963, lemma 1",
)
def _(d: Data) -> Sides:
    spread = d.top - float(d.down[-1])
    return d.value, d.mean + d.tau * math.log(d.n) + spread * (spread / d.tau) / 8, d.level


@states("minimum above", "−F(−x) ≤ min x", "n = 1", NEGATED)
def _(d: Data) -> Sides:
    return float(smooth_min(d.x, tau=d.tau)), float(d.down[-1]), d.n == 1


@states("minimum below", "min x − τ·log n ≤ −F(−x)", EQUAL, NEGATED)
def _(d: Data) -> Sides:
    return float(d.down[-1]) - d.tau * math.log(d.n), float(smooth_min(d.x, tau=d.tau)), d.level


@states("mean form above", "τ·log mean exp(x/τ) ≤ max x", EQUAL, ASADI)
def _(d: Data) -> Sides:
    return float(mellowmax(d.x, tau=d.tau)), d.top, d.level


@states("mean form below", "max x − τ·log n ≤ τ·log mean exp(x/τ)", "n = 1", ASADI)
def _(d: Data) -> Sides:
    return d.top - d.tau * math.log(d.n), float(mellowmax(d.x, tau=d.tau)), d.n == 1


@states("prior above", "τ·log Σ pᵢ·exp(xᵢ/τ) ≤ max x", "x is largest wherever p > 0", DEFINITION)
def _(d: Data) -> Sides:
    return _with_prior(d), d.top, bool(np.all(d.x[d.p > 0] == d.top))


@states("prior below", "max (xᵢ + τ·log pᵢ) ≤ τ·log Σ pᵢ·exp(xᵢ/τ)", "p is one-hot", DEFINITION)
def _(d: Data) -> Sides:
    live = d.p > 0
    return float((d.x[live] + d.tau * np.log(d.p[live])).max()), _with_prior(d), int(live.sum()) == 1


@states("surrogate rises with τ", "F at τ ≤ F at t·τ", "n = 1", "∂F/∂τ = H(softmax(x/τ)) ≥ 0", "t")
def _(d: Data) -> Sides:
    return d.value, d.F(d.x, d.t * d.tau), d.n == 1


@states("mean form falls with τ", "mean form at t·τ ≤ mean form at τ", EQUAL, ASADI, "t")
def _(d: Data) -> Sides:
    return float(mellowmax(d.x, tau=d.t * d.tau)), float(mellowmax(d.x, tau=d.tau)), d.level


def _below(d: Data) -> np.ndarray:
    """δ₂ ≤ … ≤ δₙ."""
    return d.top - d.down[1:]


def _ties(d: Data) -> int:
    return int(np.count_nonzero(d.x == d.top))


def _with_prior(d: Data) -> float:
    return float(logsumexp(d.x, tau=d.tau, prior=d.p))
