"""A block: some of the components, evaluated at x.

For the rows i of a block, with base functions r_i and Jacobian rows J_i (+ a gradient h common to all of them),

    f = r            df = J u + 1 (h·u)            (one-sided)
    f = (r, -r)      df = (J u, -J u)              (absolute: the same rows serve both signs)

Everything is computed when first asked for, so a pass that needs values only never forms a Jacobian.
"""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator

from .._cached import cached_property
from .._typing import Array, Index, Matrix
from .spans import Entries, Section

PROBES = 4  # products that estimate the column sizes of an operator


class Block:
    """Values f and Jacobian products of the components in `rows`, at one x; computed when first asked for.

    Parameters
    ----------
    rows : (slice,) or (slice, slice)
        Which components: k in a row; with a second slice of k, those with the opposite sign (|f_i| is the larger).
    values : callable
        values() → (k,), the values at x.
    jacobian : callable
        jacobian() → (k, d), an array, a sparse matrix or a LinearOperator.
    shared : callable, optional
        shared() → (d,), a gradient to be added to every row of the Jacobian.
    """

    def __init__(
        self,
        rows: tuple[slice, ...],
        values: Callable[[], Array],
        jacobian: Callable[[], Matrix],
        shared: Callable[[], Array] | None = None,
    ) -> None:
        try:
            self.size = rows[0].stop - rows[0].start
        except (TypeError, AttributeError, IndexError):
            raise TypeError(
                f"rows must be (slice(i, j),), or two slices of one length, in a Block; got {rows!r}"
            ) from None
        if not (callable(values) and callable(jacobian)):
            raise TypeError(
                "values and jacobian of a Block must be functions;"
                f" got {type(values).__name__} and {type(jacobian).__name__}"
            )
        self.rows = rows
        self.absolute = len(rows) == 2
        self._values, self._jacobian, self._shared = values, jacobian, shared

    def again(self) -> Array:
        """The values of the base functions, evaluated anew."""
        return self._values()

    @cached_property
    def base(self) -> Array:
        """The values of the base functions, (k,)."""
        return self._values()

    @cached_property
    def f(self) -> Array:
        """The values, (k,) or (2k,) when absolute."""
        return np.concatenate([self.base, -self.base]) if self.absolute else self.base

    @cached_property
    def jacobian(self) -> Matrix:
        """The k × d matrix J (without the shared gradient)."""
        return self._jacobian()

    @cached_property
    def shared(self) -> Array | None:
        """The gradient h common to all rows, or None."""
        return None if self._shared is None else self._shared()

    def forget(self) -> None:
        """Let go of the values, which a pass has put where they belong."""
        self.__dict__.pop("f", None)
        self.__dict__.pop("base", None)

    def take(self, v: Entries) -> Array:
        """The entries of an n-vector that belong to this block."""
        return np.concatenate([v[s] for s in self.rows]) if self.absolute else v[self.rows[0]]

    def put(self, out: Array | Section, values: Array) -> None:
        """Write this block's values into an n-vector."""
        for part, s in enumerate(self.rows):
            out[s] = values[part * self.size : (part + 1) * self.size]

    def put_values(self, out: Array | Section) -> None:
        """Write f into an n-vector."""
        out[self.rows[0]] = self.base
        if self.absolute:
            np.negative(self.base, out=out[self.rows[1]])

    def pull(self, w: Array, rows: Index | None) -> Array:
        """Σ w_i J_i over some of the base rows (all of them for None), signs already in w."""
        J = self.jacobian
        if rows is not None and isinstance(J, LinearOperator):
            w = np.asarray(np.bincount(rows, w, self.size), dtype=np.float64)
        elif rows is not None:
            J = J[rows]
        g = np.asarray(J.T @ w)
        return g if self.shared is None else g + w.sum() * self.shared

    def fold(self, v: Array) -> Array:
        """Signed sum over the two copies of a row: what multiplies J in Jᵀv."""
        return v[: self.size] - v[self.size :] if self.absolute else v

    def vjp(self, v: Array) -> Array:
        """Jᵀv for v over the block's components; rows with v_i = 0 add nothing, nan and inf included."""
        w = self.fold(v)
        g = np.asarray(self.jacobian.T @ w)
        if not np.isfinite(g).all() and not w.all() and not isinstance(self.jacobian, LinearOperator):
            live = np.flatnonzero(w)
            g = np.asarray(self.jacobian[live].T @ w[live])
        return g if self.shared is None else g + w.sum() * self.shared

    def jvp(self, u: Array) -> Array:
        """J u."""
        du = np.asarray(self.jacobian @ u)
        if self.shared is not None:
            du = du + self.shared @ u
        return np.concatenate([du, -du]) if self.absolute else du

    def column_sizes(self, v: Array) -> Array:
        """Σ v_i |J_ij| for v ≥ 0; of an operator, which shows no entries, the largest of PROBES random-sign products,
        which is no more than that."""
        w = v[: self.size] + v[self.size :] if self.absolute else v
        if isinstance(self.jacobian, LinearOperator):
            signs = np.random.default_rng(0).choice([-1.0, 1.0], (PROBES, w.size))
            return np.asarray(np.max([np.abs(self.jacobian.T @ (w * sign)) for sign in signs], axis=0))
        live = np.flatnonzero(w)
        rows = live if live.size < self.size else slice(None)
        if sp.issparse(self.jacobian) and self.shared is None:
            return np.asarray(abs(self.jacobian[rows]).T @ w[live])
        return np.asarray(w[live] @ np.abs(self.jac(rows)))

    def jac(self, rows: Index | slice) -> Array:
        """Dense Jacobian rows, by position 0 … k−1 among the base rows (positive sign)."""
        J = self.jacobian
        dense = np.asarray(J[rows].toarray() if sp.issparse(J) else J[rows], dtype=np.float64)
        return dense if self.shared is None else dense + self.shared
