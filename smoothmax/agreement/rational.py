"""A lower bound without rounding: weights solved for again on their support, in rational arithmetic.

For f = A x + b on X, any rational p on the simplex proves

    min max f  ≥  ⟨p, b⟩ + min over y ∈ X of ⟨Aᵀp, y⟩,

and on Free, Box and Simplex the right side is a rational number. p is made stationary exactly: (Aᵀp)_j = 0 where x_j is
free to move, or one value v on the support of a point of a simplex.
"""

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from .._typing import Array
from ..components import Affine
from ..domains import Box, Free, Simplex
from ..problem import Minimax
from ..solvers.conic.accepts import families
from .program import rows

SUPPORT = 40  # rows and variables up to which it is tried: the digits grow with every elimination
SHARE = 1e-9  # of the largest weight: what is smaller is off the support
Q = Fraction


@dataclass(frozen=True)
class Rational:
    """`lower` ≤ min max f exactly; `weights` = {row: p} proves it. `stationary`: p solves its equations exactly."""

    lower: Fraction
    weights: dict[int, Fraction] = field(repr=False)
    stationary: bool


def rational_obstacle(problem: Minimax) -> str | None:
    """What is in the way of rational arithmetic, or None."""
    parts = families(problem.components)
    if problem.components.remote or not all(isinstance(part, Affine) and part.rows for part in parts):
        return "it needs affine components with explicit A"
    if not isinstance(problem.domain, (Free, Box, Simplex)):
        return f"it needs Free, Box or Simplex; this domain is {problem.domain!r}"
    return f"it is for at most {SUPPORT} variables" if problem.d > SUPPORT else None


def rational_bound(problem: Minimax, x: Array, weights: Array) -> Rational | None:
    """The exact bound near weights p at a point x; None where they prove none."""
    support = np.flatnonzero(weights > SHARE * weights.max())
    if rational_obstacle(problem) or support.size > SUPPORT:
        return None
    A, b = rows(problem)
    exact_A = [[Q(float(v)) for v in row] for row in A[support].toarray()]
    exact_b, guess = [Q(float(v)) for v in b[support]], [Q(float(v)) for v in weights[support]]
    p = _stationary(exact_A, guess, _moving(problem, x), isinstance(problem.domain, Simplex))
    stationary = p is not None
    if p is None:
        p = [v / sum(guess) for v in guess]
    c = [sum((pi * row[j] for pi, row in zip(p, exact_A, strict=True)), Q(0)) for j in range(problem.d)]
    inner = _least(problem, c)
    if inner is None:
        return None
    lower = sum((pi * v for pi, v in zip(p, exact_b, strict=True)), inner)
    return Rational(lower, {int(i): v for i, v in zip(support, p, strict=True) if v}, stationary)


def _moving(problem: Minimax, x: Array) -> list[int]:
    """The coordinates off their bounds."""
    domain, near = problem.domain, 1e-9 * np.maximum(1.0, np.abs(x))
    if isinstance(domain, Simplex):
        return [int(j) for j in np.flatnonzero(x > 1e-9 * domain.total)]
    if isinstance(domain, Box):
        return [int(j) for j in np.flatnonzero((x - domain.lb > near) & (domain.ub - x > near))]
    return list(range(problem.d))


def _least(problem: Minimax, c: list[Fraction]) -> Fraction | None:
    """min over X of ⟨c, y⟩; None where that is −∞."""
    domain = problem.domain
    if isinstance(domain, Simplex):
        return Q(float(domain.total)) * min(c)
    total = Q(0)
    for j, cj in enumerate(c):
        if cj:
            side = (domain.lb if cj > 0 else domain.ub)[j] if isinstance(domain, Box) else np.inf
            if not np.isfinite(side):
                return None
            total += cj * Q(float(side))
    return total


def _stationary(
    A: list[list[Fraction]], guess: list[Fraction], moving: list[int], level: bool
) -> list[Fraction] | None:
    """p ≥ 0, Σp = 1, (Aᵀp)_j = 0 (one value v, where `level`) for the moving j; negative rows leave the support."""
    alive = list(range(len(A)))
    while alive:
        more = [Q(-1)] if level else []
        system = [[A[i][j] for i in alive] + more + [Q(0)] for j in moving]
        system.append([Q(1)] * len(alive) + [Q(0)] * len(more) + [Q(1)])
        p = _solve(system, [guess[i] for i in alive] + [Q(0)] * len(more))
        if p is None:
            return None
        if min(p[: len(alive)]) >= 0:
            full = [Q(0)] * len(A)
            for i, v in zip(alive, p, strict=False):
                full[i] = v
            return full
        alive = [i for i, v in zip(alive, p, strict=False) if v > 0]
    return None


def _solve(M: list[list[Fraction]], guess: list[Fraction]) -> list[Fraction] | None:
    """A solution of M = [matrix | right side] by Gauss and Jordan, at the guess where it is not determined."""
    pivots: list[int] = []
    for k in reversed(range(len(guess))):  # the last first: the level v of a simplex is never at a guess
        r = next((r for r in range(len(pivots), len(M)) if M[r][k]), None)
        if r is None:
            continue
        top = len(pivots)
        M[top], M[r] = M[r], M[top]
        M[top] = [v / M[top][k] for v in M[top]]
        for other in range(len(M)):
            if other != top and M[other][k]:
                factor = M[other][k]
                M[other] = [v - factor * w for v, w in zip(M[other], M[top], strict=True)]
        pivots.append(k)
    if any(row[-1] for row in M[len(pivots) :]):
        return None
    free = [k for k in range(len(guess)) if k not in pivots]
    found = list(guess)
    for row, k in zip(M, pivots, strict=False):
        found[k] = row[-1] - sum((row[j] * guess[j] for j in free), Q(0))
    return found
