"""The restricted master as a linear program, for affine F:  min s  over  λ ∈ Δ × … × Δ,  b_i + (Lᵀλ)_i ≤ s.

The columns are the atoms, as many as there are by now; the rows are the components near the max. The basis stays hot
when more of either come (Dantzig and Wolfe 1960).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

from ..._typing import Array, Index
from ..linear import Epigraph
from .atoms import Atoms
from .simplices import Simplices

REACH = 3.0  # gaps below the max within which components are rows of the program from the start
SLACK = 0.1  # of the gap: what a component that is no row may exceed the optimum by


class Program:
    """The program over `atoms`, which may gain some but must not lose any; columns in the order of their birth."""

    def __init__(self, atoms: Atoms, base: Array, gap: float) -> None:
        self.atoms, self.base = atoms, base
        self.owner = self._ordered(atoms.owner)  # the group of each column
        f = base + atoms.load
        scale, a = float(np.abs(f).max()) or 1.0, atoms.count
        self.rows = np.zeros(0, np.intp)
        self.lp = Epigraph(Simplices(self.owner).linear(), np.zeros(a), np.ones(a), scale)
        self._deepen(np.flatnonzero(f >= f.max() - REACH * gap))

    def solve(self, gap: float, seconds: Callable[[], float]) -> Array | None:
        """p (n,) near the optimum, whose λ the atoms take; None where HiGHS finds none."""
        self._widen()
        while True:
            vertex = self.lp.solve(seconds())
            if vertex is None:
                return None
            weights = np.empty(self.atoms.count)
            weights[np.argsort(self.atoms.born)] = vertex.x
            self.atoms.weigh(weights)
            f = self.base + self.atoms.load
            top = float(f[self.rows].max())
            above = np.setdiff1d(np.flatnonzero(f > top), self.rows)
            if not above.size or float(f[above].max()) <= top + SLACK * gap:
                p = np.zeros(f.size)
                p[self.rows] = vertex.weights
                return p
            self._deepen(above)

    def _deepen(self, rows: Index) -> None:
        """More components."""
        self.lp.add(sp.csr_array(self._ordered(self.atoms.L[:, rows]).T), self.base[rows])
        self.rows = np.concatenate([self.rows, rows])

    def _widen(self) -> None:
        """A column for each atom that has come since."""
        known = self.owner.size
        self.owner = self._ordered(self.atoms.owner)
        if self.owner.size > known:
            fresh = self._ordered(self.atoms.L[:, self.rows])[known:]
            self.lp.widen(Simplices(self.owner).linear(), fresh.T)

    def _ordered(self, rows: Any) -> Any:
        """By birth."""
        return rows[np.argsort(self.atoms.born)]
