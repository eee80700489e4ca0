"""The corner behind an interior point: the equations that the two supports leave, solved at once.

With B the coordinates between their bounds and N the components at the max,

    A_NB x_B − t·1 = −(rest of F)_N,   Σ x_B = rest            A_NBᵀ p_N + ν·1 = 0,   Σ p_N = 1

(without Σ x and ν on a box) are square and regular at a nondegenerate optimum, and one LU factor of the same matrix
serves both. Where the answer leaves a support or violates what was left out, the supports are exchanged as in the
primal–dual active set method (Hintermüller, Ito, Kunisch 2003). A candidate only: its own gap accepts or refuses it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg.lapack import dgetrf, dgetrs

from ..._linalg import all_finite
from ..._typing import Array, Index
from .iterate import Game, Iterate
from .proof import Pair
from .units import Units

ROUNDS = 6  # of exchanging supports, each no more of them than the last …
LOST = 0.05  # … and at first no more than this share of the game
POLISH = 2  # of refining within one

Mask = NDArray[np.bool_]


class Doubt(NamedTuple):
    """How firmly the interior point says in (> 0) or out (< 0) of a support: log(y/z), log(p/s)."""

    inner: Array
    active: Array

    @classmethod
    def of(cls, it: Iterate) -> "Doubt":
        """Of the nearer bound, on a box."""
        inner = np.log(it.y / it.z)
        return cls(np.minimum(inner, np.log(it.up / it.zup)) if it.up.size else inner, np.log(it.p / it.s))


@dataclass(frozen=True)
class Supports:
    """B as a mask over the coordinates, N over the components, and which coordinates rest at their upper bound."""

    inner: Mask
    top: Mask
    active: Mask

    @classmethod
    def of(cls, it: Iterate, doubt: Doubt) -> "Supports":
        """The larger of each complementary pair."""
        inner = doubt.inner > 0.0
        top = ~inner & (it.zup * it.y > it.z * it.up) if it.up.size else np.zeros(it.y.size, bool)
        return cls(inner, top, doubt.active > 0.0)

    def differences(self, other: "Supports") -> int:
        """How many coordinates and components are in one but not in the other."""
        return sum(int(np.count_nonzero(a != b)) for a, b in ((self.inner, other.inner), (self.active, other.active)))

    def squared(self, doubt: Doubt, box: bool, known: "Supports | None") -> "Supports | None":
        """As many equations as unknowns, by changing the most doubtful members; none that `known` has just changed."""
        inner, active = self.inner.copy(), self.active.copy()
        excess = int(np.count_nonzero(active)) - int(np.count_nonzero(inner)) - box
        sign = 1.0 if excess > 0 else -1.0  # too many components: one less of them, or one more coordinate
        cost = np.concatenate(
            [
                np.where(inner == (sign < 0), -sign * doubt.inner, np.inf),
                np.where(active == (sign > 0), sign * doubt.active, np.inf),
            ]
        )
        if known is not None:
            cost[np.concatenate([inner != known.inner, active != known.active])] = np.inf
        chosen = np.argsort(cost, kind="stable")[: abs(excess)]
        if not np.isfinite(cost[chosen]).all():
            return None
        both = np.concatenate([inner, active])
        both[chosen] ^= True
        inner, active = both[: inner.size], both[inner.size :]
        return Supports(inner, self.top & ~inner, active) if active.any() and (box or inner.any()) else None


class Corner:
    """The equations of two supports, factorized."""

    def __init__(self, game: Game, at: Supports) -> None:
        self.box = game.width is not None
        self.B, self.N = np.flatnonzero(at.inner), np.flatnonzero(at.active)
        k, n = self.B.size, self.N.size
        M = np.zeros((k + 1, k + 1), order="F")
        M[:n, :k] = _entries(game, self.N, self.B)
        M[:n, k] = -1.0
        if not self.box:
            M[n, :k] = 1.0
        self.lu, self.pivots, info = dgetrf(M, overwrite_a=1)
        self.regular = info == 0

    def x(self, f: Array, t: float, rest: float) -> tuple[Array, float]:
        """(dy_B, dt) that bring the active components to one value and Σ y up by `rest`."""
        right = t - f[self.N]
        u = dgetrs(self.lu, self.pivots, right if self.box else np.append(right, rest))[0]
        return u[:-1], float(u[-1])

    def p(self, g: Array, nu: float, rest: float) -> tuple[Array, float]:
        """(dp_N, dν) that bring the slopes of B to −ν and Σ p up by `rest`."""
        u = dgetrs(self.lu, self.pivots, np.append(-nu - g[self.B], -rest), trans=1)[0]
        return (u, 0.0) if self.box else (u[:-1], float(u[-1]))


def _entries(game: Game, N: Index, B: Index) -> Array:
    """The rows N and columns B of A, in units, with the signs of the components."""
    A, m = game.rows.A, game.rows.A.shape[0]
    part = A[N % m][:, B]
    part = np.asarray(part.toarray() if sp.issparse(part) else part, dtype=np.float64) * game.scale
    return part if not game.rows.absolute else part * np.where(m > N, 1.0, -1.0)[:, None]


def corner(units: Units, it: Iterate) -> list[Pair]:
    """Candidates from the supports that `it` shows, as exchanges improve on them."""
    found: list[Pair] = []
    doubt, box, lost = Doubt.of(it), units.game.width is not None, int(LOST * units.game.d) + 2
    square = Supports.of(it, doubt).squared(doubt, box, None)
    for _ in range(ROUNDS):
        if square is None:
            break
        found, after = _solve(units, it, square, found)
        if after is None or not 0 < after.differences(square) <= lost:
            break
        lost = after.differences(square)
        square = after.squared(doubt, box, square)
    return found


def _solve(units: Units, it: Iterate, at: Supports, found: list[Pair]) -> tuple[list[Pair], Supports | None]:
    """What was found with the corner of `at`, and the supports that it points to (None where there is no corner)."""
    units.task.meter.spend(1.0)
    equations = Corner(units.game, at)
    if not equations.regular:
        return found, None
    low = np.zeros(units.game.d) if units.game.width is None else np.where(at.top, units.game.width, 0.0)
    y, p, t, nu = np.where(at.inner, it.y, low), np.where(at.active, it.p, 0.0), it.t, it.nu
    for _ in range(POLISH):
        dy, dt = equations.x(units.values(y), t, 1.0 - float(y.sum()))
        dp, dnu = equations.p(units.slopes(p), nu, 1.0 - float(p.sum()))
        if not all_finite(dy, dp):
            return found, None
        y[equations.B] += dy
        p[equations.N] += dp
        t, nu = t + dt, nu + dnu
    if p.max() > 0:
        found = [*found, units.candidate(y, np.maximum(p, 0.0))]
    return found, _exchanged(at, units.game.width, y, units.values(y) - t, p, units.slopes(p) + nu)


def _exchanged(at: Supports, width: Array | None, y: Array, above: Array, p: Array, slope: Array) -> Supports:
    """Out with what left its interval or lost its weight, in with what slopes inward or lies above the rest."""
    full = np.zeros(y.size, bool) if width is None else y >= width
    inner = np.where(at.inner, (y > 0.0) & ~full, np.where(at.top, slope > 0.0, slope < 0.0))
    return Supports(inner, ~inner & (at.top | (at.inner & full)), np.where(at.active, p > 0.0, above > 0.0))
