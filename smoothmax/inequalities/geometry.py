"""F as a function: monotone, 1-Lipschitz, convex and 1/τ-smooth, its invariances, and its Bregman divergence."""

from __future__ import annotations

import numpy as np

from .._typing import Array
from ..operators import logsumexp_hvp, logsumexp_plus, softmax
from .data import Data, divergence
from .statement import ALWAYS, BOYD, DEFINITION, Sides, states

NESTEROV = "Nesterov, Math. Program. 103, 2005"
NIELSEN = "Nielsen and Hadjeres, arXiv:1803.07225, 2018"
PARALLEL = "x − y is constant"
PAIRS, SEED = 16, 0  # of the random points of Jensen's inequality


@states("monotone", "F(x) ≤ F(x + τ·eᵢ), i the least of x", "never", DEFINITION)
def _(d: Data) -> Sides:
    up = d.x.copy()
    up[int(d.x.argmin())] += d.tau
    return d.value, d.F(up), False


@states("gradient", "‖∇F(x)‖₁ = 1", ALWAYS, DEFINITION, "1")
def _(d: Data) -> Sides:
    return float(np.abs(d.weights).sum()), 1.0, True


@states("1-Lipschitz", "|F(x) − F(y)| ≤ ‖x − y‖∞", PARALLEL, "mean value theorem and ‖∇F‖₁ = 1", "y")
def _(d: Data) -> Sides:
    return abs(d.value - d.F(d.y)), float(np.abs(d.x - d.y).max()), d.parallel


@states("convex", "F((x + y)/2) ≤ (F(x) + F(y))/2", PARALLEL, BOYD, "y")
def _(d: Data) -> Sides:
    return d.F(d.x / 2 + d.y / 2), d.value / 2 + d.F(d.y) / 2, d.parallel


@states("convex, by Hölder", "F(x/t + y/s) ≤ F(x)/t + F(y)/s, 1/t + 1/s = 1", PARALLEL, "Hölder 1889", "y")
def _(d: Data) -> Sides:
    share = 1 / d.t
    mixed = d.F(share * d.x + (1 - share) * d.y)
    return mixed, share * d.value + (1 - share) * d.F(d.y), d.parallel


@states("convex, by its tangent", "F(x) + ⟨∇F(x), y − x⟩ ≤ F(y)", PARALLEL, BOYD, "y")
def _(d: Data) -> Sides:
    return d.value + float(d.weights @ (d.y - d.x)), d.F(d.y), d.parallel


@states("convex, by its Hessian", "0 ≤ τ·vᵀ∇²F(x)v/2, v = (y − x)/τ: half the variance", PARALLEL, BOYD, "1")
def _(d: Data) -> Sides:
    v = (d.y - d.x) / d.tau
    v = v / max(float(np.abs(v).max()), 1.0)  # its sign is asked for, not its size
    return 0.0, d.tau * float(v @ logsumexp_hvp(d.x, v, tau=d.tau)) / 2, d.parallel


@states(
    "Jensen",
    "F(E X) ≤ E F(X), Xᵢ one of xᵢ, yᵢ, over 16 pairs of opposite draws",
    "x = y, or n = 1",
    "Jensen, Acta Math. 30, 1906",
    "y",
)
def _(d: Data) -> Sides:
    coins = np.random.default_rng(SEED).integers(0, 2, (PAIRS, d.n)).astype(bool)
    points = np.where(np.concatenate([coins, ~coins]), d.x, d.y)  # in pairs, so that their mean is (x + y)/2
    values = [d.F(point) for point in points]
    return d.F(d.x / 2 + d.y / 2), float(np.mean(values)), d.n == 1 or bool(np.array_equal(d.x, d.y))


@states("smooth, ℓ∞ to ℓ1", "‖∇F(x) − ∇F(y)‖₁ ≤ ‖x − y‖∞/τ", "x = y", NESTEROV, "y/τ")
def _(d: Data) -> Sides:
    apart, away = float(np.abs(d.weights - d.weights_y).sum()), float(np.abs(d.x - d.y).max()) / d.tau
    return apart, away, bool(np.array_equal(d.x, d.y))


@states("smooth, ℓ2", "‖∇F(x) − ∇F(y)‖₂ ≤ ‖x − y‖₂/τ", "x = y", "Gao and Pavel, arXiv:1704.00805, 2017", "y/τ")
def _(d: Data) -> Sides:
    return _norm(d.weights - d.weights_y), _norm((d.x - d.y) / d.tau), bool(np.array_equal(d.x, d.y))


@states(
    "smooth, ℓ2, sharp",
    "‖∇F(x) − ∇F(y)‖₂ ≤ ‖x − y‖₂/(2τ)",
    "x = y",
    "Popoviciu, Mathematica 9, 1935: a variance is at most (max − min)²/4",
    "y/τ",
)
def _(d: Data) -> Sides:
    return _norm(d.weights - d.weights_y), _norm((d.x - d.y) / d.tau) / 2, bool(np.array_equal(d.x, d.y))


@states("smooth, from above", "F(y) ≤ F(x) + ⟨∇F(x), y − x⟩ + ‖y − x‖∞²/(2τ)", "x = y", NESTEROV, "y")
def _(d: Data) -> Sides:
    far = float(np.abs(d.y - d.x).max())
    above = d.value + float(d.weights @ (d.y - d.x)) + far * (far / d.tau) / 2
    return d.F(d.y), above, bool(np.array_equal(d.x, d.y))


@states("shift", "F(x + c) = F(x) + c, c = τ", ALWAYS, DEFINITION)
def _(d: Data) -> Sides:
    return d.F(d.x + d.tau), d.value + d.tau, True


@states("scale", "F at t·τ of t·x = t·F(x)", ALWAYS, DEFINITION)
def _(d: Data) -> Sides:
    return d.F(d.t * d.x, d.t * d.tau) / d.t, d.value, True


@states("permutation", "F(Πx) = F(x), Π the reversal", ALWAYS, DEFINITION)
def _(d: Data) -> Sides:
    return d.F(d.x[::-1]), d.value, True


@states("flat direction", "F(x + τ) = (F(x) + F(x + 2τ))/2: convex, not strictly", ALWAYS, NIELSEN)
def _(d: Data) -> Sides:
    return d.F(d.x + d.tau), d.value / 2 + d.F(d.x + 2 * d.tau) / 2, True


@states("LSE+ is strictly convex", "F₊(x + τ) ≤ (F₊(x) + F₊(x + 2τ))/2, F₊ = τ·log(1 + Σ exp(x/τ))", "never", NIELSEN)
def _(d: Data) -> Sides:
    plus = [float(logsumexp_plus(d.x + k * d.tau, tau=d.tau)) for k in range(3)]
    return plus[1], plus[0] / 2 + plus[2] / 2, False


@states(
    "Bregman",
    "F(y) − F(x) − ⟨∇F(x), y − x⟩ = τ·KL(softmax(x/τ)‖softmax(y/τ))",
    ALWAYS,
    "Banerjee et al., JMLR 6, 2005",
    "y",
)
def _(d: Data) -> Sides:
    return d.F(d.y) - d.value - float(d.weights @ (d.y - d.x)), d.tau * divergence(d.weights, d.y, d.tau), True


@states(
    "Bregman of LSE+", "the same of F₊, the cumulant of the multinomial, with (0, x) and (0, y)", ALWAYS, NIELSEN, "y"
)
def _(d: Data) -> Sides:
    x, y = np.append(d.x, 0.0), np.append(d.y, 0.0)
    values = [float(logsumexp_plus(v, tau=d.tau)) for v in (d.x, d.y)]
    p = softmax(x, tau=d.tau)  # all but its last entry is ∇F₊(x): the expected counts of a single draw
    return values[1] - values[0] - float(p[:-1] @ (d.y - d.x)), d.tau * divergence(p, y, d.tau), True


def _norm(v: Array) -> float:
    return float(np.linalg.norm(v))
