"""The finish for affine components: a linear program on the rows that matter, begun at the basis the weights show.

Each optimum is checked on the working set first and then, in one pass, on all components; what it violates is added to
the same program, whose basis stays hot.
"""

from collections.abc import Callable, Generator

import numpy as np

from ..._typing import Array, Index
from ...certificate import Certificate
from ...components import Survey
from ..base import Step
from ..finish import finish
from ..linear import Epigraph, Vertex
from .part import Part, Solved

NEAR = 2.0  # gaps of the part below its max within which a row enters the program
EXTRA = 2  # rows for each variable that enter from the working set at once
TURNS = 30  # solves of one program
TALL = 1e-9  # of a column's largest entry: rows of that size must still fit into the program
SLOW = 0.5  # of the gap that must at least go in two passes

Look = Generator[Step, None, Survey]


def vertices(
    part: Part, solved: Solved, look: Callable[[Part, Array, Certificate], Look], gap: Callable[[], float], goal: float
) -> Generator[Step, None, Index]:
    """Optima of growing programs, each proven to `goal` and looked at in a pass; returns the rows that took part."""
    program = Program(part, solved, gap(), goal)
    gaps = [np.inf, gap()]
    for _ in range(TURNS):
        optimum = program.optimum()
        if optimum is None:
            break
        some, x, certificate = optimum
        survey = yield from look(some, x, certificate)
        fresh = np.setdiff1d(survey.rows[survey.values > certificate.upper], program.rows)
        gaps.append(gap())
        if not fresh.size or gaps[-1] > SLOW * gaps[-3]:
            break
        program.add(fresh)
    return program.rows


class Program:
    """The linear program over `rows`, some of a part's and more as they come."""

    def __init__(self, part: Part, solved: Solved, gap: float, goal: float) -> None:
        self.part, self.x, self.goal = part, solved.x, goal
        c, f = solved.certificate, solved.f
        p = np.zeros(f.size) if c.vector is None else c.vector
        height = float(np.abs(f).max()) or 1.0
        self.scale = min(max(min(c.gap, gap), 1e-12 * height), height)
        self.top = float(f.max())
        chosen = np.flatnonzero((f >= self.top - NEAR * min(c.gap, gap)) | (p > 1e-6 * p.max()))
        self.rows: Index = np.zeros(0, np.intp)  # in the order of adding
        J = part.at(self.x).jac(chosen)
        size, peaks = np.abs(J).max(axis=0), part.problem.components.column_peaks(np.abs(self.x))
        size = size if peaks is None else np.maximum(size, TALL * peaks)
        unit = self.scale / np.where(size > 0, size, float(size.max()) or 1.0)
        self.lp = Epigraph(part.problem.domain.linear(), self.x, unit, self.scale)  # type: ignore[attr-defined]
        self._add(part.rows[chosen], J, f[chosen])
        self.lp.begin(p[chosen], c.multipliers)

    def add(self, rows: Index) -> None:
        """More components; the basis stays."""
        there = Part(self.part.whole, np.sort(rows), self.part.meter).at(self.x)
        self._add(np.sort(rows), there.jac(np.arange(rows.size)), there.f)

    def optimum(self) -> tuple[Part, Array, Certificate] | None:
        """The program's own rows as a part, its optimum there and the proof; exact on the working set as well."""
        vertex = None
        for _ in range(TURNS):
            vertex = self.lp.solve(self.part.meter.left())
            if vertex is None:
                return None
            f = self.part.at(vertex.x).f
            mine = np.isin(self.part.rows, self.rows)
            over = np.flatnonzero(~mine & (f > float(f[mine].max()) + 1e-9 * self.scale))
            if not over.size:
                break
            worst = over[np.argsort(-f[over])][: EXTRA * self.part.whole.d]
            self.add(self.part.rows[worst])
        return None if vertex is None else self._proven(vertex)

    def _proven(self, vertex: Vertex) -> tuple[Part, Array, Certificate]:
        """Through the KKT system of the vertex where that is sharper than what HiGHS's tolerances leave."""
        order = np.argsort(self.rows)
        some = Part(self.part.whole, self.rows[order], self.part.meter)
        x, weights, multipliers = some.problem.placed(vertex.x), vertex.weights[order], vertex.multipliers
        found = some.prove(x, weights, multipliers)
        if found.gap <= self.goal:
            return some, x, found
        sharp = finish(some.problem, x, weights, multipliers, some.meter)
        if sharp is not None:
            better = some.prove(sharp.x, sharp.weights, sharp.multipliers)
            if better.gap < found.gap:
                return some, sharp.x, better
        return some, x, found

    def _add(self, rows: Index, J: Array, f: Array) -> None:
        self.lp.add(J, f - self.top)
        self.rows = np.concatenate([self.rows, rows])
