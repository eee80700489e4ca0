"""Truncated Newton with multipliers, for affine components in more variables than can be factorized.

    (Jᵀ(diag p − ppᵀ)J + σ·diag(J̄²)) dx = −τ·Jᵀp      by conjugate gradients over the rows with weight,
    w ← p (balanced: Jᵀp = 0, floored),   τ ← τ/4      from stage to stage

(Dembo, Eisenstat, Steihaug 1982, for the inexact solves; the stages are the exponential method of multipliers.) A
certificate needs two things at different temperatures. The lower bound needs weights with Jᵀp = 0 exactly, which warm
stages give, minimized sharply and mixed with the best weights so far, so that few rows go to zero on the way. The upper
bound needs a cold τ, but only roughly minimized points. So a stage is sharp while the lower bound is what is missing.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..._typing import Array
from ...certificate import Certificate, prove
from ...domains import Box
from ...problem import Minimax
from ...surrogate import Seen
from ..base import Direct, State, Step, Task
from ..continuation import floored
from .balance import balance
from .face import Face
from .gathered import Gathered, mean_squares
from .tilt import Tilt

SHRINK, GENTLE = 4.0, 2.0  # τ from stage to stage; and where the lower bound is nearly good enough
KEEP = 0.01  # τ stays above this share of the gap
SEEN, HELD = 1e-5, 1e-7  # rows with less weight than this share take no part in a step; in a proof
ROUGH = 0.1  # decrement, relative to τ, that ends a stage
TRIGGERS = (1e-3, 3e-5, 1e-6)  # decrements, relative to τ, at which a sharp stage tries for a proof
WARM = 0.01  # above this share of the spread of f a proof would cost more than it is worth
STATES = 40  # Newton steps a stage
INNER, PROOF = 600, 5000  # products in one step; in one proof
SPARE = 0.2  # share of the goal that unbalanced coordinates between two bounds may cost
CHEAP = 0.01  # and what of τ they may cost where that is more
FAILURES = 4  # stages in a row that move no bound
LOST = 1e-6  # share of the spread of f below which τ should have brought a bound
EPS = float(np.finfo(float).eps)


class TruncatedNewton(Direct):
    """Hessian products over the live rows only; counted in products with J and Jᵀ."""

    name = "newton-cg"
    needs = "affine components with Jacobian rows, and the domain Free or Box"

    @classmethod
    def refuses(cls, problem: Minimax) -> str | None:
        """Other domains, curvature, or operators that do not show their rows."""
        if not isinstance(problem.domain, Box):
            return f"it needs the domain Free or Box; this one is {problem.domain!r}"
        if not problem.affine:
            return "it needs affine components"
        return None if problem.components.rows else "it needs the rows of the Jacobian, and a LinearOperator has none"

    def steps(self, task: Task) -> Iterator[Step]:
        """Stages of falling τ, sharp where the lower bound is missing, until neither bound moves any more."""
        yield Step(State(Seen(task.first), math.inf, steps=0))
        if not np.isfinite(task.first.f).all():
            return
        walk = _Walk(self.problem, task)
        failures, before = 0, math.inf
        while failures < FAILURES and walk.tau > EPS * walk.scale:
            yield from walk.stage()
            gap = walk.high - walk.low
            lost = math.isinf(gap) and walk.tau < LOST * walk.spread
            failures = 0 if (gap < 0.99 * before or math.isinf(gap)) and not lost else failures + 1
            before = min(before, gap)
            walk.cool()


class _Walk:
    """Where the stages stand: the point, the temperature, the prior, and the best bounds."""

    def __init__(self, problem: Minimax, task: Task) -> None:
        assert isinstance(problem.domain, Box)
        self.problem, self.task, self.lin, self.box = problem, task, task.first, problem.domain
        f = task.first.f
        self.spread = float(f.max() - f.min()) or float(task.first.column_sizes().sum()) or 1.0
        self.tau = self.spread / 4
        self.scale = float(np.abs(f).max()) + self.spread
        self.prior = np.full(problem.n, 1.0 / problem.n) if task.prior is None else floored(task.prior)
        self.high, self.low, self.weights = math.inf, -math.inf, np.zeros(0)
        self.metric = mean_squares(task.first)
        self.sigma, self.missing = ROUGH, math.inf

    def cool(self) -> None:
        """The next temperature: half of this one where the lower bound needs only a little more, else a quarter."""
        near = self.goal < self.missing < 8 * self.goal
        gap = self.high - self.low
        colder = self.tau / (GENTLE if near else SHRINK)
        self.tau = max(colder, min(self.tau / GENTLE, KEEP * gap)) if math.isfinite(gap) else colder

    @property
    def goal(self) -> float:
        """Half of the gap that may be left: the lower bound's share."""
        return 0.5 * self.task.goal(self.lin.f)

    def stage(self) -> Iterator[Step]:
        """Newton steps at one τ, and the weights they end with as the next prior."""
        with np.errstate(divide="ignore"):
            offset = self.tau * np.log(self.prior)
        self.sigma, triggers = max(self.sigma, ROUGH), list(TRIGGERS)
        tilt, decrement, proven = Tilt(self.lin.f + offset, self.tau), math.inf, None
        for _ in range(STATES):
            tilt, decrement, t = self._advance(tilt, offset, decrement)
            self.high, self.missing = min(self.high, float(self.lin.f.max())), tilt.fun - self.low
            sharp = self.tau <= WARM * self.spread and self.missing > self.goal and bool(triggers)
            if sharp and (t == 0.0 or decrement <= triggers[0] * self.tau):
                triggers = [least for least in triggers if decrement > least * self.tau]
                proven = self._proof(tilt)
            yield self._step(tilt, decrement, proven)
            done = decrement <= ROUGH * self.tau and t > 0.2 and not sharp
            if proven is not None or done or t == 0.0:
                break
        p = tilt.p if proven is None else self.weights
        if np.isfinite(p).all() and p.any():  # not so far down a problem without a minimum
            self.prior = floored(p)

    def _advance(self, tilt: Tilt, offset: Array, last: float) -> tuple[Tilt, float, float]:
        """One Newton step: F_τ behind it, its decrement, and its length (0: none was found and nothing moved)."""
        dx, decrement, clipped = self._direction(tilt, last)
        t = tilt.search(self.lin.jvp(dx), 1.0 if clipped else math.inf)
        new = self.problem.at(Face(self.box, self.lin.x).inside(t * dx), self.task.meter) if t > 0.0 else self.lin
        if t == 0.0 or not np.isfinite(new.f).all():
            return tilt, decrement, 0.0
        self.sigma = self.sigma / 4 if t >= 0.5 else 4 * self.sigma if t < 0.2 else self.sigma
        self.lin = new
        return Tilt(self.lin.f + offset, self.tau), decrement, t

    def _direction(self, tilt: Tilt, last: float) -> tuple[Array, float, bool]:
        """dx, the decrement −⟨Jᵀp, dx⟩/2 and whether bounds cut dx: the more sharply the nearer the minimum is."""
        p = tilt.p
        g = self.lin.vjp(p)
        if not (np.isfinite(p).all() and p.any()):
            return np.zeros_like(g), 0.0, False
        rows = Gathered(self.lin, p, SEEN)
        plus, minus = rows.split(p)
        w, shift = plus + minus, self.sigma * self.metric
        mean = rows.JT @ (plus - minus)
        rtol = min(0.1, max(1e-3, 0.5 * math.sqrt(last / self.tau))) if math.isfinite(last) else 0.1
        product, face = rows.curvature(w, mean, shift), Face(self.box, self.lin.x)
        d, _ = face.minimize(product, self.tau * g, rows.diagonal(w) - mean**2 + shift, rtol, INNER)
        dx = face.feasible(d, g)
        return dx, max(-float(g @ dx), 0.0) / 2, not np.array_equal(dx, d)

    def _proof(self, tilt: Tilt) -> Certificate | None:
        """A better lower bound by balanced weights, mixed with those of the last proof as far as that costs little."""
        p = tilt.p
        if self.weights.size:
            behind = max(tilt.fun - float(self.weights @ self.lin.f), 1e-300)
            share = min(0.5, 0.6 * self.goal / behind)
            p = (1 - share) * p + share * self.weights
        rows, box = Gathered(self.lin, p, HELD), self.box
        spare = max(SPARE * self.goal, CHEAP * self.tau)
        found = balance(rows, p, box.ub - box.lb, Face(box, self.lin.x).side, spare, PROOF)
        if found.weights is None:
            return None
        c = prove(self.problem, self.lin, found.weights)
        if not c.lower > self.low:
            return None
        self.low, self.weights = c.lower, found.weights
        return c

    def _step(self, tilt: Tilt, decrement: float, proven: Any) -> Step:
        seen = Seen(self.lin)
        seen.tau, seen.fun, seen.prior = self.tau, tilt.fun, self.prior
        return Step(State(seen, decrement), proven)
