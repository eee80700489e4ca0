"""The barrier route: from the centre of the game along the central path, to the corner behind it once that shows."""

from collections.abc import Iterator

from ..._linalg import all_finite
from ...problem import Minimax
from ..base import Step, Task
from .barrier import advance
from .corner import corner
from .iterate import Iterate
from .newton import Newton
from .proof import Ledger
from .units import Units

STEPS = 100  # a game takes 8 to 30; what has not closed by then will not
STALLED = 6  # steps without a better bound on either side
NEAR = 1e-4  # of the size of the game: a gap at which the supports begin to show
SHARE = 15.0  # a corrector is tried for each so many solves that a factorization costs


def interior(problem: Minimax, task: Task, ledger: Ledger) -> Iterator[Step]:
    """Steps until the gap is closed or nothing moves any more."""
    center = problem.at(problem.domain.start(), task.meter)  # type: ignore[attr-defined]
    units = Units.of(problem, task, center)
    if units is None:
        yield from ledger.flat(center)
        return
    it: Iterate | None = units.start(center)
    idle, steps = 0, 0
    while it is not None and all_finite(it.y, it.p) and steps < STEPS and idle < STALLED:
        pair = units.candidate(it.y, it.p)
        if not all_finite(pair.lin.f, pair.g):
            break
        idle = 0 if ledger.take(pair) else idle + 1
        if not ledger.closed and ledger.gap <= NEAR * units.unit:
            for found in corner(units, it):
                ledger.take(found)
        yield from ledger.step()
        newton = Newton(units.game, it, units.residuals(it, pair), task.meter)
        it = None if newton.factor.failed else advance(newton, correctors(units))
        steps += 1
    yield from ledger.step(last=True)


def correctors(units: Units) -> int:
    """How many centrality correctors a factorization is worth."""
    m, d = units.game.rows.A.shape
    k = min(m, d)
    ratio = (m * d * k + k**3 / 3) / (4.0 * (m * d + k * k))
    return sum(ratio > SHARE * c for c in (1, 2, 4, 6, 8))
