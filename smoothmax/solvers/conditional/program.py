"""The restricted master as a linear program, for affine F:  min s  over  λ ∈ Δ × … × Δ,  b_i + (Lᵀλ)_i ≤ s.

The columns are the atoms, as many as there are by now; the basis stays hot when more of them come (Dantzig and Wolfe
1960).
"""

import numpy as np
import scipy.sparse as sp

from ..._typing import Array
from ..linear import Epigraph
from .atoms import Atoms, stacked
from .simplices import Simplices


class Program:
    """The program over `atoms`, which may gain some but must not lose any."""

    def __init__(self, atoms: Atoms, base: Array) -> None:
        self.atoms = atoms
        self.owner = atoms.owner  # the group of each column
        a = self.owner.size
        scale = float(np.abs(base + atoms.load).max()) or 1.0
        self.lp = Epigraph(Simplices(self.owner).linear(), np.zeros(a), np.ones(a), scale)
        self.lp.add(sp.csr_array(stacked([g.L for g in atoms.groups]).T), base)

    def solve(self, seconds: float) -> Array | None:
        """p at the optimum, whose λ the atoms take; None where HiGHS finds none."""
        self._widen()
        vertex = self.lp.solve(seconds)
        if vertex is None:
            return None
        self.atoms.weights = vertex.x[np.argsort(self.owner, kind="stable")]
        return vertex.weights

    def _widen(self) -> None:
        """A column for each atom that has come since."""
        known = np.bincount(self.owner, minlength=len(self.atoms.groups))
        fresh = [(k, g.L[m:]) for k, (g, m) in enumerate(zip(self.atoms.groups, known)) if g.weights.size > m]
        if fresh:
            self.owner = np.concatenate([self.owner, *(np.full(L.shape[0], k) for k, L in fresh)])
            self.lp.widen(Simplices(self.owner).linear(), stacked([L for _, L in fresh]).T)
