"""Products of simplices,  Δ × … × Δ,  where the weights of atoms live."""

import numpy as np

from ..._typing import Array, Index
from ...domains import Linear, Set, Simplex


class Simplices(Set):
    """Δ × … × Δ, the coordinates dealt out to the factors by `group`."""

    def __init__(self, group: Index) -> None:
        self.group, self.d, self.k = group, int(group.size), int(group.max()) + 1

    def start(self) -> Array:
        """The barycentres."""
        return np.asarray(1.0 / np.bincount(self.group)[self.group])

    def project(self, x: Array) -> Array:
        """Each factor by itself."""
        out = np.empty(self.d)
        for k in range(self.k):
            mine = np.flatnonzero(self.group == k)
            out[mine] = Simplex(mine.size).project(x[mine])
        return out

    def contains(self, x: Array, tol: float = 1e-9) -> bool:
        """Nonnegative, and every factor sums to one."""
        sums = np.bincount(self.group, x, self.k)
        return bool(np.all(x >= -tol) and np.abs(sums - 1).max() <= tol + 1e-15 * self.d)

    def lmo(self, c: Array) -> Array:
        """The least c_j of each factor."""
        out, order = np.zeros(self.d), np.lexsort((c, self.group))
        out[order[np.searchsorted(self.group[order], np.arange(self.k))]] = 1.0
        return out

    def linear(self) -> Linear:
        """λ ≥ 0 and one equality a factor."""
        E = (self.group == np.arange(self.k)[:, None]).astype(np.float64)
        return Linear(np.zeros(self.d), np.full(self.d, np.inf), A_eq=E, b_eq=np.ones(self.k))
