"""Atoms: what the oracle has answered, and the points  x = Σ_k Σ_a λ_ka y_ka,  λ_k ∈ Δ, that they span.

X = X_1 + … + X_k is a sum of k sets (k = 1 unless the domain says otherwise); an answer has one part in each of them.
"""

import numpy as np
import scipy.sparse as sp

from ..._typing import Array, Index, Matrix
from ...components import Linearization

NEW = 1e-12  # relative improvement of ⟨c, y⟩ below which an answer is one of the atoms already


class Group:
    """The atoms of one X_k: rows y (a, d), for affine F their loads J y (a, n), and λ_k; dense or CSR."""

    def __init__(self, y: Matrix, load: Matrix) -> None:
        self.Y, self.L, self.weights = y, load, np.ones(1)

    def add(self, y: Matrix, load: Matrix) -> None:
        """One more, without weight yet."""
        self.Y, self.L = stacked([self.Y, y]), stacked([self.L, load])
        self.weights = np.r_[self.weights, 0.0]

    def drop(self, least: float) -> None:
        """Forget those that weigh less than `least`."""
        keep = np.flatnonzero(self.weights >= least)
        if 0 < keep.size < self.weights.size:
            self.Y, self.L, weights = self.Y[keep], self.L[keep], self.weights[keep]
            self.weights = weights / weights.sum()

    def along(self, a: int) -> Array:
        """J y_a; scipy's own row of a CSR matrix would cost more than the step it is for."""
        if not sp.issparse(self.L):
            return np.asarray(self.L[a])
        out, mine = np.zeros(self.L.shape[1]), slice(self.L.indptr[a], self.L.indptr[a + 1])
        out[self.L.indices[mine]] = self.L.data[mine]
        return out

    @property
    def load(self) -> Array:
        """J x_k."""
        return np.asarray(self.weights @ self.L)


class Atoms:
    """The groups together; `loads` is (k, n), or (k, 0) where F is not affine."""

    def __init__(self, parts: Matrix, loads: Matrix) -> None:
        self.groups = [Group(parts[[k]], loads[[k]]) for k in range(parts.shape[0])]

    @property
    def count(self) -> int:
        """How many atoms there are."""
        return sum(g.weights.size for g in self.groups)

    @property
    def point(self) -> Array:
        """x = Σ λ y."""
        return np.asarray(sum(np.asarray(g.Y.T @ g.weights).ravel() for g in self.groups))

    @property
    def weights(self) -> Array:
        """All λ, group after group."""
        return np.concatenate([g.weights for g in self.groups])

    @weights.setter
    def weights(self, values: Array) -> None:
        ends = np.cumsum([g.weights.size for g in self.groups])
        for g, mine in zip(self.groups, np.split(values, ends[:-1])):
            mine = np.maximum(mine, 0.0)
            g.weights = mine / mine.sum()

    @property
    def load(self) -> Array:
        """J x, (n,)."""
        return np.asarray(sum(g.load for g in self.groups))

    @property
    def owner(self) -> Index:
        """The group of each atom, (count,)."""
        return np.repeat(np.arange(len(self.groups)), [g.weights.size for g in self.groups])

    def add(self, parts: Matrix, loads: Matrix, c: Array) -> bool:
        """One answer at c, each part where it is lower than the atoms of its group; False where none is."""
        new = False
        for k, g in enumerate(self.groups):
            y = parts[[k]]
            have, found = np.asarray(g.Y @ c).ravel(), float(np.asarray(y @ c).ravel()[0])
            if found < have.min() - NEW * np.abs(have).max():
                g.add(y, loads[[k]])
                new = True
        return new

    def drop(self, least: float) -> None:
        """Forget the atoms that weigh less than `least`."""
        for g in self.groups:
            g.drop(least)


def loads(lin: Linearization, parts: Matrix) -> Matrix:
    """J y for the rows y of `parts`, (k, n), sparse where J and y are: one pass, whatever their number."""
    dense = np.ascontiguousarray(parts.toarray().T if sp.issparse(parts) else parts.T)
    rows, found = [], []
    for block in lin.blocks():
        sparse = sp.issparse(parts) and sp.issparse(block.jacobian) and block.shared is None
        dY = block.jacobian @ (parts.T if sparse else dense)
        if block.shared is not None:
            dY = dY + block.shared @ dense
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
