"""Conditional gradients on the smoothed objective, with the Frank–Wolfe gap as the certificate.

    y = lmo(Jᵀp),  p = softmax(f(x)/τ),        min max f ≥ ⟨p, f(x)⟩ + min over X of ⟨Jᵀp, y − x⟩

Every answer y is kept as an atom, and the weights λ of x = Yλ are corrected in three ways. Pairwise sweeps (affine F)
at τ = gap/log n are cheap, and lead: smoothed prices are far steadier than the vertex multipliers of a linear program
(Bienstock 2002). Once the gap is small, the linear program over λ finishes, its prices drawn towards the best so far
(Wentges 1997); where it does not at once, sweeps lead nearer first. Elsewhere come masters: Newton's method minimizes
F_τ over all λ with the best weights so far as the prior, a proximal step in the dual, and comes to rounding.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ... import schedules
from ..._typing import Array, Matrix
from ...certificate import priced, prove
from ...components import Linearization
from ...problem import Minimax
from ...surrogate import Seen
from ..base import Direct, State, Step, Task
from ..continuation import floored
from ..linear import available
from .atoms import Atoms, loads, total
from .master import master
from .pairwise import soft, sweep
from .program import Program

FLOOR = 1e-9  # least prior relative to the largest
IDLE = 1e-7  # weight below which the sweeps forget an atom
WARM = 10.0  # first τ of a row of masters, in units of gap/log n
COLD = 0.06  # of the gap: least τ of a master
SHRINK = 4.0  # of τ from master to master
NEWS = 0.9  # of the gap last told: a step is worth a proof
SWEEPING = (50, 0.8)  # sweeps go on while so many shrink the gap by this factor
LED = 0.003  # relative gap at which sweeps first make way for programs, ...
AGAIN = 0.1  # ... and later: of the gap that these have left
PROGRAMMING = (3, 0.5)  # the same as SWEEPING, of programs
SMOOTH = 0.5  # share of the best bound's prices in those of a program
MASTERING = (4, 0.8)  # the same of masters, so many doubled after each failure
FAILURES = 4  # rows of sweeps and masters without a gain, after which nothing more can be had
GAINED = 0.99  # what a row of both must shrink the gap by
SMALL = 1e-3  # of the range of F at the start: where a relative gap is relative to this and not to max f


class ConditionalGradient(Direct):
    """Pairwise and fully corrective conditional gradients: one answer of lmo a step."""

    name = "conditional-gradient"
    needs = "convex components; a bounded domain with lmo(c)"

    def __init__(self, problem: Minimax, options: dict[str, Any]) -> None:
        super().__init__(problem, options)
        self.low, self.high = -math.inf, math.inf
        self.weights = np.full(problem.n, 1.0 / problem.n)  # those of the best lower bound
        self.log_n = max(math.log(problem.n), 1.0)
        self.led = LED if available() else 0.0  # relative gap at which sweeps make way for programs
        self.least = 0.0  # scale of the values
        self.untold = 0  # answers of the oracle since the last step
        self.told = math.inf  # the gap then

    @classmethod
    def refuses(cls, problem: Minimax) -> str | None:
        """Nonconvex components, or a domain that is known to be unbounded."""
        if not problem.convex:
            return "it needs convex components: its bound holds for no others"
        if not getattr(problem.domain, "bounded", True):
            return f"it needs a bounded domain, where lmo has an answer; this one is {problem.domain!r}"
        return None

    @property
    def gap(self) -> float:
        """What is open between the best point and the best bound."""
        return max(self.high - self.low, 0.0)

    @property
    def scale(self) -> float:
        """What a gap is relative to."""
        return max(abs(self.high), self.least)

    def steps(self, task: Task) -> Iterator[Step]:
        """Rows of sweeps, of programs and of masters in turn, each for as long as it is worth it."""
        first, affine = task.first, self.problem.affine
        yield self._told(first, self.weights)
        parts = self._answer(first.vjp(self.weights))
        if not np.isfinite(first.f).all() or not _finite(parts):
            return
        self.least = SMALL * float(np.ptp(first.f))
        base = first.f - loads(first, first.x[None])[0] if affine else first.f
        begin = first.x[None] if parts.shape[0] == 1 else parts
        atoms, failures = Atoms(begin, self._loads(first, begin)), 0
        while self.gap > 0 and failures < FAILURES:
            before = self.gap
            if affine:
                yield from self._sweeps(task, atoms, base)
                if available():
                    yield from self._programs(task, atoms, base)
            if not affine or self.gap > GAINED * before:
                yield from self._masters(task, atoms, base, MASTERING[0] << failures)
                failures = 0 if self.gap < GAINED * before else failures + 1

    def _sweeps(self, task: Task, atoms: Atoms, base: Array) -> Iterator[Step]:
        """Pairwise steps at τ = gap/log n; prices are those of the τ that x has been fitted to."""
        gaps, p = [self.gap], soft(base + atoms.load, self.gap / self.log_n)
        while self.gap > self.led * self.scale and _falls(gaps, *SWEEPING):
            answer = self._ask(task, base, p)
            if answer is None:
                break
            yield from self._news(task, atoms)
            atoms.add(*answer, task.first.vjp(p))
            tau = self.gap / self.log_n
            if tau <= 0:
                break
            f = sweep(atoms, base + atoms.load, tau)
            atoms.drop(IDLE)
            self.high, p = min(self.high, float(f.max())), soft(f, tau)
            gaps.append(self.gap)
        yield self._told(self._at(atoms, task), self.weights)

    def _programs(self, task: Task, atoms: Atoms, base: Array) -> Iterator[Step]:
        """Column generation; prices are drawn towards the best bound's, unless these find no new atom."""
        program, gaps, smooth = Program(atoms, base, self.gap), [self.gap], SMOOTH
        while self.gap > 0 and _falls(gaps, *PROGRAMMING):
            exact = program.solve(self.gap, task.meter.left)
            if exact is None:
                break
            self.high = min(self.high, float((base + atoms.load).max()))
            answer = self._ask(task, base, smooth * self.weights + (1 - smooth) * exact)
            if answer is None:
                break
            yield from self._news(task, atoms)
            new = atoms.add(*answer, task.first.vjp(exact))
            if not new and not smooth:
                break
            smooth = SMOOTH if new else 0.0
            gaps.append(self.gap)
        self.led = AGAIN * self.gap / (self.scale or 1.0)
        yield self._told(self._at(atoms, task), self.weights)

    def _masters(self, task: Task, atoms: Atoms, base: Array, patience: int) -> Iterator[Step]:
        """Newton over all weights, the best bound's p as prior; τ falls once the atoms are good enough for it."""
        tau, gaps = schedules.first(WARM * self.gap / self.log_n), [self.gap]
        prior = floored(self.weights, FLOOR)
        while 0 < self.gap < math.inf and tau > 0 and _falls(gaps, patience, MASTERING[1]):
            found = master(self.problem, atoms, base, task.meter, tau, prior, self.gap, self.scale)
            if found is None:
                return
            weights, p = found
            atoms.weigh(weights)
            lin = self._at(atoms, task)
            self.untold += 1
            step = self._told(lin, p)
            yield step
            c = lin.vjp(p)
            parts = self._answer(c)
            if step.certificate is None or not _finite(parts):
                return
            new = atoms.add(parts, self._loads(task.first, parts), c)
            smoothing, optimization = step.certificate.parts
            if optimization <= smoothing or not new:
                prior = floored(self.weights, FLOOR)
                tau = max(tau / SHRINK, min(tau, COLD * self.gap))
            gaps.append(self.gap)

    def _told(self, lin: Linearization, p: Array) -> Step:
        """A step with its proof."""
        certificate = prove(self.problem, lin, p, priced(self.problem, lin, p))
        if certificate.lower > self.low:
            self.low, self.weights = certificate.lower, p
        self.high = min(self.high, certificate.upper)
        self.told, steps, self.untold = self.gap, self.untold, 0
        return Step(State(Seen(lin), math.inf, steps=max(steps, 1)), certificate)

    def _news(self, task: Task, atoms: Atoms) -> Iterator[Step]:
        """A step where the gap has shrunk enough."""
        if self.gap <= NEWS * self.told:
            yield self._told(self._at(atoms, task), self.weights)

    def _ask(self, task: Task, base: Array, p: Array) -> tuple[Matrix, Matrix] | None:
        """The oracle's answer at prices p with its loads, its bound taken in; None where it is not finite."""
        parts = self._answer(task.first.vjp(p))
        if not _finite(parts):
            return None
        load = self._loads(task.first, parts)
        self.untold += 1
        bound = float(p @ (base + total(load)))
        if bound > self.low:
            self.low, self.weights = bound, p
        return parts, load

    def _at(self, atoms: Atoms, task: Task) -> Linearization:
        return self.problem.at(atoms.point, task.meter)

    def _answer(self, c: Array) -> Matrix:
        """lmo(c), or its parts in the summands of X, (k, d)."""
        own = getattr(self.problem.domain, "parts", None)
        return own(c) if own else np.asarray(self.problem.domain.lmo(c), dtype=np.float64)[None]

    def _loads(self, lin: Linearization, parts: Matrix) -> Array:
        return loads(lin, parts) if self.problem.affine else np.zeros((parts.shape[0], 0))


def _falls(gaps: list[float], window: int, factor: float) -> bool:
    """The last `window` gaps have shrunk by `factor`, or there are not so many yet."""
    return len(gaps) <= window or gaps[-1] <= factor * gaps[-1 - window]


def _finite(parts: Matrix) -> bool:
    return bool(np.isfinite(parts.data if hasattr(parts, "indptr") else parts).all())
