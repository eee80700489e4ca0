"""Conditional gradients on the smoothed objective, with the Frank–Wolfe gap as the certificate.

    y = lmo(Jᵀp),  p = softmax(f(x)/τ),        min max f ≥ ⟨p, f(x)⟩ + min over X of ⟨Jᵀp, y − x⟩

Every answer y is kept as an atom, and the weights λ of x = Yλ are corrected in two ways. Pairwise sweeps (affine F) at
τ = gap/log n are cheap, and go on for as long as they shrink the gap. For affine F and not too many rows a linear
program over λ finishes: smoothed prices are far steadier than its vertex multipliers (Bienstock 2002), so they lead,
and its own are drawn towards the best so far (Wentges 1997). Elsewhere come masters: Newton's method minimizes F_τ over
all λ with the best weights so far as the prior, a proximal step in the dual, and comes to rounding.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..._typing import Array, Matrix
from ...certificate import prove
from ...components import Linearization
from ...problem import Minimax
from ...surrogate import Seen
from ..base import Direct, State, Step, Task
from ..continuation import floored
from ..linear import available
from .atoms import Atoms, loads, total
from .master import LARGEST, master
from .pairwise import soft, sweep
from .program import Program

FLOOR = 1e-9  # least prior relative to the largest
IDLE = 1e-7  # weight below which the sweeps forget an atom
WARM = 10.0  # first τ of a row of masters, in units of gap/log n
COLD = 0.06  # of the gap: least τ of a master
SHRINK = 4.0  # of τ from master to master
SWEEPING = (20, 0.8)  # sweeps go on while so many shrink the gap by this factor
LED = 0.5  # relative gap from which on a linear program finds the weights
PROGRAMMING = (10, 0.8)  # the same as SWEEPING, of programs
SMOOTH = 0.5  # share of the best bound's prices in those of a program
MASTERING = 4  # the same of masters, doubled after each failure
FAILURES = 4  # rows of sweeps and masters without a gain, after which nothing more can be had
NEAR = 0.05  # relative gap from which on masters of many rows are worth it
GAINED = 0.99  # what a row of both must shrink the gap by


class ConditionalGradient(Direct):
    """Pairwise and fully corrective conditional gradients: one answer of lmo a step."""

    name = "conditional-gradient"
    needs = "convex components; a bounded domain with lmo(c)"

    def __init__(self, problem: Minimax, options: dict[str, Any]) -> None:
        super().__init__(problem, options)
        self.low, self.high = -math.inf, math.inf
        self.weights = np.full(problem.n, 1.0 / problem.n)  # those of the best lower bound
        self.log_n = max(math.log(problem.n), 1.0)
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

    def steps(self, task: Task) -> Iterator[Step]:
        """Rows of sweeps, of programs and of masters in turn, each for as long as it is worth it."""
        first, affine = task.first, self.problem.affine
        yield self._told(first, self.weights)
        parts = self._answer(first.vjp(self.weights))
        if not np.isfinite(first.f).all() or not _finite(parts):
            return
        base = first.f - loads(first, first.x[None])[0] if affine else first.f
        begin = first.x[None] if parts.shape[0] == 1 else parts
        atoms, failures = Atoms(begin, self._loads(first, begin)), 0
        while self.gap > 0 and failures < FAILURES:
            before = self.gap
            if affine:
                yield from self._sweeps(task, atoms, base)
                if self._led():
                    yield from self._programs(task, atoms, base)
                    if self.gap < GAINED * before:
                        continue
                elif self.problem.n > LARGEST and NEAR * abs(self.high) < self.gap < GAINED * before:
                    continue  # masters of many rows are dear, and better from nearby
            yield from self._masters(task, atoms, base, MASTERING << failures)
            failures = 0 if self.gap < GAINED * before else failures + 1

    def _sweeps(self, task: Task, atoms: Atoms, base: Array) -> Iterator[Step]:
        """Pairwise steps at τ = gap/log n; prices are those of the τ that x has been fitted to."""
        f, gaps = base + atoms.load, [self.gap]
        p = soft(f, self.gap / self.log_n)
        while _falls(gaps, *SWEEPING):
            c = task.first.vjp(p)
            parts = self._answer(c)
            if not _finite(parts):
                return
            load = self._loads(task.first, parts)
            self.untold += 1
            fresh = self._bounded(float(p @ (base + total(load))), p)
            if self.gap <= (0.9 if fresh else 0.6) * self.told:
                yield self._told(self._at(atoms, task), self.weights)
            atoms.add(parts, load, c)
            tau = self.gap / self.log_n
            if tau <= 0:
                break
            f = sweep(atoms, base + atoms.load, tau)
            atoms.drop(IDLE)
            self.high, p = min(self.high, float(f.max())), soft(f, tau)
            gaps.append(self.gap)
            if self._led():
                break
        yield self._told(self._at(atoms, task), self.weights)

    def _led(self) -> bool:
        """Sweeps have led near enough for linear programs, which grow slow where components are very many."""
        return self.problem.n <= LARGEST and self.gap <= LED * abs(self.high) and available()

    def _programs(self, task: Task, atoms: Atoms, base: Array) -> Iterator[Step]:
        """Column generation; prices are drawn towards the best bound's, unless these find no new atom."""
        program, gaps, smooth = Program(atoms, base), [self.gap], SMOOTH
        while self.gap > 0 and _falls(gaps, *PROGRAMMING):
            exact = program.solve(task.meter.left())
            if exact is None:
                break
            self.high = min(self.high, float((base + atoms.load).max()))
            p = smooth * self.weights + (1 - smooth) * exact
            parts = self._answer(task.first.vjp(p))
            if not _finite(parts):
                break
            load = self._loads(task.first, parts)
            self.untold += 1
            self._bounded(float(p @ (base + total(load))), p)
            if self.gap <= 0.9 * self.told:
                yield self._told(self._at(atoms, task), self.weights)
            new = atoms.add(parts, load, task.first.vjp(exact))
            if not new and not smooth:
                break
            smooth = SMOOTH if new else 0.0
            gaps.append(self.gap)
        yield self._told(self._at(atoms, task), self.weights)

    def _masters(self, task: Task, atoms: Atoms, base: Array, patience: int) -> Iterator[Step]:
        """Newton over all weights, the best bound's p as prior; τ falls once the atoms are good enough for it."""
        tau, gaps = WARM * self.gap / self.log_n, [self.gap]
        prior, size = floored(self.weights, FLOOR), 1e-3 * float(np.ptp(task.first.f))
        while self.gap > 0 and _falls(gaps, patience, SWEEPING[1]):
            atoms.weights, p = master(
                self.problem, atoms, base, task.meter, tau, prior, self.gap, max(abs(self.high), size)
            )
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
        certificate = prove(self.problem, lin, p)
        if certificate.lower > self.low:
            self.low, self.weights = certificate.lower, p
        self.high = min(self.high, certificate.upper)
        self.told, steps, self.untold = self.gap, self.untold, 0
        return Step(State(Seen(lin), math.inf, steps=max(steps, 1)), certificate)

    def _bounded(self, bound: float, p: Array) -> bool:
        """Take in a bound from stored loads; True where it is the best so far."""
        better = bound > self.low
        if better:
            self.low, self.weights = bound, p
        return better

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
