"""Predictor–corrector on the barrier smoothing of both sides of a game.

    minimize t   subject to   A x + b + s = t·1,  s ≥ 0,  x = l + y,  y ≥ 0,  y + y' = u − l or Σ x = total

    p∘s = μ,   y∘z = μ,   y'∘z' = μ,      Aᵀp + ν·1 − z + z' = 0,   Σ p = 1

Burg's entropy −μ Σ log on both strategies, followed to μ → 0 by the predictor and corrector of Mehrotra (1992) with
the centrality correctors of Gondzio (1996). Every iterate is feasible from the start, so t and ν bound the value at
once, and one Cholesky factor of the smaller side serves all directions of a step.
"""

import numpy as np

from .iterate import Iterate
from .newton import Newton

NEARLY = 0.1  # products are to stay within [NEARLY, 1/NEARLY] of their target …
REACH, GAIN = 0.3, 0.1  # … while a step is lengthened by REACH; a corrector must gain this share of it
POWER = 4  # of the predictor's success, which sets the next target; Mehrotra's 3 is slower with the correctors below
MOST = 0.9995  # of the way to the boundary


def advance(newton: Newton, correctors: int) -> Iterate:
    """The next iterate."""
    it = newton.it
    mu = it.products.mean()
    D = newton.direction(-it.products)
    ahead = it.moved(D, *it.lengths(D)).products
    goal = mu * (np.maximum(ahead.mean(), 0.0) / mu) ** POWER
    target = goal - it.products - D.products
    D = newton.direction(target)
    primal, dual = it.lengths(D)
    for _ in range(correctors):
        trial = it.moved(D, min(1.0, primal + REACH), min(1.0, dual + REACH)).products
        more = target + np.clip(np.clip(trial, NEARLY * goal, goal / NEARLY) - trial, -goal / NEARLY, None)
        E = newton.direction(more)
        a, b = it.lengths(E)
        if min(a - primal, b - dual) < 0 or a + b < primal + dual + GAIN * REACH:
            break
        D, primal, dual, target = E, a, b, more
    return it.moved(D, *(MOST * far if far < 1 else 1.0 for far in (primal, dual))).lifted()
