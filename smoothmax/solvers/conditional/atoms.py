"""Atoms: what the oracle has answered, and the points  x = Σ_k Σ_a λ_ka y_ka,  λ_k ∈ Δ, that they span.

X = X_1 + … + X_k is a sum of k sets (k = 1 unless the domain says otherwise); an answer has one part in each of them.
"""

import numpy as np
import scipy.sparse as sp

from ..._typing import Array, Index, Matrix
from ...components import Linearization

NEW = 1e-12  # relative improvement of ⟨c, y⟩ below which an answer is one of the atoms already


class Atoms:
    """The rows y of `Y` (a, d), group by group, for affine F their loads J y (a, n) in `L`, and λ; dense or CSR."""

    def __init__(self, parts: Matrix, loads: Matrix) -> None:
        self.Y, self.L = parts, loads
        self.owner = np.arange(parts.shape[0])  # the group of each atom
        self.born = np.arange(parts.shape[0])  # later ones are larger
        self.weights = np.ones(parts.shape[0])

    @property
    def count(self) -> int:
        """How many atoms there are."""
        return int(self.owner.size)

    @property
    def starts(self) -> Index:
        """Where each group begins."""
        return np.flatnonzero(np.diff(self.owner, prepend=-1))

    @property
    def point(self) -> Array:
        """x = Σ λ y."""
        return np.asarray(self.Y.T @ self.weights).ravel()

    @property
    def load(self) -> Array:
        """J x, (n,)."""
        return np.asarray(self.L.T @ self.weights).ravel()

    def weigh(self, weights: Array) -> None:
        """Take these λ, scaled to sum to one in each group."""
        weights = np.maximum(weights, 0.0)
        self.weights = weights / np.bincount(self.owner, weights)[self.owner]

    def add(self, parts: Matrix, loads: Matrix, c: Array) -> bool:
        """One answer at c, each part where it is lower than the atoms of its group; False where none is."""
        have, found = np.asarray(self.Y @ c).ravel(), np.asarray(parts @ c).ravel()
        least, size = (u.reduceat(v, self.starts) for u, v in ((np.minimum, have), (np.maximum, np.abs(have))))
        new = np.flatnonzero(found < least - NEW * size)
        if new.size:
            owner = np.concatenate([self.owner, new])
            order = np.argsort(owner, kind="stable")
            self.owner, self.weights = owner[order], np.append(self.weights, np.zeros(new.size))[order]
            self.born = np.append(self.born, self.born.max() + 1 + np.arange(new.size))[order]
            self.Y, self.L = stacked([self.Y, parts[new]])[order], stacked([self.L, loads[new]])[order]
        return new.size > 0

    def drop(self, least: float) -> None:
        """Forget the atoms that weigh less than `least`."""
        keep = np.flatnonzero(self.weights >= least)
        if keep.size < self.count:
            self.Y, self.L, self.owner, self.born = self.Y[keep], self.L[keep], self.owner[keep], self.born[keep]
            self.weigh(self.weights[keep])


def loads(lin: Linearization, parts: Matrix) -> Matrix:
    """J y for the rows y of `parts`, (k, n), sparse where J and y are: one pass, whatever their number."""
    rows, found = [], []
    for block in lin.blocks():
        thin = sp.issparse(parts) and sp.issparse(block.jacobian) and block.shared is None
        Y = parts.T if thin else np.ascontiguousarray(dense(parts).T)
        dY = block.jacobian @ Y
        if block.shared is not None:
            dY = dY + block.shared @ Y
        rows += [np.arange(s.start, s.stop) for s in block.rows]
        found += [dY, -dY] if block.absolute else [dY]
    together = stacked(found)[np.argsort(np.concatenate(rows))].T
    return sp.csr_array(together) if sp.issparse(together) else np.ascontiguousarray(together)


def stacked(rows: list[Matrix]) -> Matrix:
    """One above the other; sparse where all are."""
    if all(sp.issparse(r) for r in rows):
        return sp.vstack(rows, format="csr")
    return np.vstack([dense(r) for r in rows])


def total(A: Matrix) -> Array:
    """Σ over the rows."""
    return np.asarray(A.sum(axis=0)).ravel()


def dense(A: Matrix) -> Array:
    """As an ndarray."""
    return np.asarray(A.toarray() if sp.issparse(A) else A)
