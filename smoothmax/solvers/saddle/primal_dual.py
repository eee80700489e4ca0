"""Restarted primal–dual steps: the route for games whose normal matrix does not fit, in two products a step.

    z ← (k+1)/(k+2)·(2T(z) − z) + 1/(k+2)·z₀

the reflected Halpern iteration of the step T (see `operator`) from the anchor z₀, restarted at T(z) when the residual
‖z − T(z)‖ has fallen enough, which converges linearly on games; the primal weight follows at each restart (Applegate et
al. 2021, PDLP; Lu, Yang 2024, restarted Halpern PDHG). Every T(z) bounds the value without another pass; the average
since the restart is looked at now and then.
"""

from collections.abc import Iterator

import numpy as np

from ..._linalg import all_finite
from ...problem import Minimax
from ..base import Step, Task
from .operator import Spot, Steps
from .proof import Ledger, Pair

CHECK = 40  # steps between looks at the averages
SUFFICIENT, NECESSARY, LONG = 0.2, 0.8, 0.36  # of the residual at the restart, and of all steps so far (PDLP)
PATIENCE = 5000  # steps without a better bound


def primal_dual(problem: Minimax, task: Task, ledger: Ledger) -> Iterator[Step]:
    """Steps, each after CHECK iterations, until the gap is closed or nothing moves any more."""
    steps = Steps.of(problem, task)
    if steps is None:
        yield from ledger.flat(task.first)
        return
    pair = Pair.of(problem, task, task.first.x, np.full(problem.n, 1.0 / problem.n))
    ledger.take(pair)
    run = Run(steps, steps.spot(pair))
    idle = 0
    while idle < PATIENCE:
        better, done = False, 0
        while not done or (done < CHECK and not ledger.closed):
            pair, done = run.advance(), done + 1
            if not all_finite(pair.lin.f, pair.g):
                return
            better = ledger.take(pair) or better
        if run.count > 1 and not ledger.closed:
            better = ledger.take(run.average()) or better
        idle = 0 if better else idle + done
        yield from ledger.step(done)
        if run.still:
            break
    yield from ledger.step(last=True)


class Run:
    """The Halpern iteration and its restarts."""

    def __init__(self, steps: Steps, start: Spot) -> None:
        self.steps, self.total, self.still = steps, 0, False
        self._restart(start)

    def _restart(self, at: Spot) -> None:
        self.anchor = self.z = self.mean = at
        self.count, self.first, self.last = 0, np.inf, np.inf

    def advance(self) -> Pair:
        """One application of T, and a restart where it is due."""
        pair, T = self.steps.apply(self.z)
        residual = self.steps.residual(self.z, T)
        k, self.total = self.count, self.total + 1
        self.still = not any(self.steps.moved(self.z, T))
        self.first = residual if k == 0 else self.first
        self.mean = T if k == 0 else self.mean.mixed(k / (k + 1), T, 1 / (k + 1))
        small, rising = residual <= SUFFICIENT * self.first, residual > self.last
        if k and (small or (rising and residual <= NECESSARY * self.first) or k >= LONG * self.total + CHECK):
            self.steps.reweigh(T, self.anchor)
            self._restart(T)
            return pair
        self.last, self.count = residual, k + 1
        self.z = T.mixed(2.0, self.z, -1.0).mixed((k + 1) / (k + 2), self.anchor, 1 / (k + 2))
        return pair

    def average(self) -> Pair:
        """The mean of T(z) since the restart, projected and priced anew: two passes."""
        steps = self.steps
        x = np.asarray(steps.problem.domain.project(self.mean.x))
        return Pair.of(steps.problem, steps.task, x, np.maximum(self.mean.p, 0.0))
