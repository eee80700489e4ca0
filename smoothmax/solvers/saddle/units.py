"""A game in units of its own: the domain of size 1, entries of A of size 1, values counted from the middle of F.

y = (x − l)/size,     f = (F − shift)/unit,     A → A·size/unit
"""

from dataclasses import dataclass

import numpy as np

from ..._typing import Array, Index
from ...components import Linearization
from ...domains import Box, Domain, Simplex
from ...problem import Minimax
from ..base import Task
from .fold import rows_of
from .gram import Gram
from .iterate import Game, Iterate, Residuals
from .proof import Pair

SLACK = 0.1  # of the range of F (and of Aᵀp) that the two bounds start above (below) the rest
LEAST = 1e-3  # … and at least this


@dataclass(frozen=True)
class Units:
    """The game, and the way to and from the problem as it was stated."""

    problem: Minimax
    task: Task
    columns: Index  # coordinates that may move
    low: Array
    size: float
    unit: float
    shift: float
    game: Game

    @classmethod
    def of(cls, problem: Minimax, task: Task, center: Linearization) -> "Units | None":
        """None where nothing moves, or no component changes."""
        low, spread = _extent(problem.domain)
        columns = np.flatnonzero(spread > 0)
        if not columns.size:
            return None
        rows = rows_of(problem.components, task.first, columns)
        size = float(spread.max())
        peaks = problem.components.column_peaks(np.zeros(problem.d))
        unit = (float(abs(rows.A).max()) if peaks is None else float(peaks[columns].max())) * size
        if not (unit > 0 and np.isfinite(unit)):
            return None
        width = None if isinstance(problem.domain, Simplex) else spread[columns] / size
        m, d = rows.A.shape
        game = Game(rows, size / unit, width, Gram(rows.A, size / unit, transposed=d > m))
        shift = float(center.f.max()) / 2 + float(center.f.min()) / 2
        return cls(problem, task, columns, low, size, unit, shift, game)

    def x(self, y: Array) -> Array:
        """The nearest point of X as it was stated."""
        x = self.low.copy()
        x[self.columns] += self.size * y
        if self.game.width is None and y.min() >= 0:
            return np.asarray(x / (x.sum() / self.size))
        return np.asarray(self.problem.domain.project(x))

    def f(self, lin: Linearization) -> Array:
        """F in units."""
        return np.asarray((lin.f - self.shift) / self.unit)

    def g(self, slopes: Array) -> Array:
        """Aᵀp in units."""
        return np.asarray(slopes[self.columns] * (self.size / self.unit))

    def values(self, y: Array) -> Array:
        """F at y, in X or not."""
        x = self.low.copy()
        x[self.columns] += self.size * y
        return self.f(self.problem.at(x, self.task.meter))

    def slopes(self, p: Array) -> Array:
        """Aᵀp for any p."""
        return self.g(self.task.first.vjp(p))

    def candidate(self, y: Array, p: Array) -> Pair:
        """The strategies at y and p ≥ 0 with what they are worth: two passes."""
        return Pair.of(self.problem, self.task, self.x(y), p)

    def start(self, center: Linearization) -> Iterate:
        """The centre of X, the p that is central there, and bounds that leave every slack a share of its range."""
        d, width = self.game.d, self.game.width
        y = np.full(d, 1.0 / d) if width is None else 0.5 * width
        f = self.f(center)
        t = float(f.max()) + max(SLACK * float(f.max() - f.min()), LEAST)
        s = t - f
        p = 1.0 / s
        p /= p.sum()
        g = self.slopes(p)
        if width is None:
            nu = -float(g.min()) + max(SLACK * float(g.max() - g.min()), LEAST)
            return Iterate(y, np.zeros(0), t, s, p, nu, g + nu, np.zeros(0))
        rest = max(float(np.abs(g).mean()), LEAST)
        return Iterate(y, width - y, t, s, p, 0.0, np.maximum(g, 0.0) + rest, np.maximum(-g, 0.0) + rest)

    def residuals(self, it: Iterate, pair: Pair) -> Residuals:
        """What the equations are off by at an iterate whose strategies are `pair`."""
        sum_p, width = float(it.p.sum()), self.game.width
        slope = it.z - it.nu - self.g(pair.g) * sum_p
        if width is None:
            f = self.f(pair.lin)
            return Residuals(it.t - it.s - f, slope, np.zeros(0), 1.0 - float(it.y.sum()), 1.0 - sum_p)
        gap = width - it.y - it.up
        return Residuals(it.t - it.s - self.f(pair.lin), slope - it.zup, gap, 0.0, 1.0 - sum_p)


def _extent(domain: Domain) -> tuple[Array, Array]:
    """(l, how far each coordinate may move)."""
    if isinstance(domain, Simplex):
        return np.zeros(domain.d), np.full(domain.d, domain.total)
    assert isinstance(domain, Box)
    return domain.lb, domain.ub - domain.lb
