"""What a family of components is: a map F = (f_1, …, f_n): R^d → R^n that can be visited block by block."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _doors
from .._typing import Array, Index
from . import differences
from .block import Block
from .own import inspected

if TYPE_CHECKING:
    from .calls import Calls
    from .tallies import Tally

LIBRARY = __name__.partition(".")[0] + "."  # modules of the library itself
BLOCK_BYTES = 1 << 21  # measured: 2 MB of rows stay in cache between the two products, and hide the cost of a call


def row_slices(n: int, row_bytes: int) -> Iterator[slice]:
    """Consecutive slices of about BLOCK_BYTES that cover range(n)."""
    step = max(1, BLOCK_BYTES // max(1, row_bytes))
    return (slice(start, min(start + step, n)) for start in range(0, n, step))


def by_blocks(bound: Callable[[Index], Array], rows: Index, row_bytes: int) -> Array:
    """bound(rows) over pieces of about BLOCK_BYTES, so that nothing as large as the data is made."""
    return np.concatenate([np.zeros(0), *(bound(rows[s]) for s in row_slices(rows.size, row_bytes))])


class Components(ABC):
    """The components of a minimax problem.

    Attributes
    ----------
    n, d : int
        Number of components and of variables.
    convex : bool
        Every f_i is convex. False unless a class says so, or says that it is affine.
    affine : bool
        Every f_i is affine (then J and the weights prove bounds at any x).
    quadratic : bool
        Every f_i is a quadratic (affine ones included), so `hess` does not depend on x.
    assumed : bool
        Convexity, derivatives or rounding rest on the user's word, on finite differences or on an operator's inside:
        proofs are called so. True unless a class vouches for all three; the library's own do, for data.
    rows : bool
        Single Jacobian rows can be had cheaply (False for a LinearOperator).
    sparse : bool
        The Jacobian is a sparse matrix.
    spectral : bool
        Components are eigenvalues: weights of one x belong to the eigenvectors there (see `densities`).
    gathers : bool
        Single components can be evaluated without the others (False for functions that give all at once).
    remote : bool
        The data are elsewhere, on a cluster: a pass goes there (`visit`), and single rows are brought here by `subset`.
    evaluations, jacobians, hessians : int
        Calls of a user's functions, of their Jacobians and of their Hessians so far.
    """

    n: int = -1  # not known yet
    d: int = -1
    convex: bool = False
    affine: bool = False
    quadratic: bool = False
    assumed: bool = True
    rows: bool = True
    sparse: bool = False
    gathers: bool = False
    spectral: bool = False
    remote: bool = False
    callers: "tuple[Calls, ...]" = ()  # what counts the calls of a user's functions

    def __init_subclass__(cls) -> None:
        if cls.__dict__.get("affine") is True and "convex" not in cls.__dict__:
            cls.convex = True

    @property
    def evaluations(self) -> int:
        """Calls of user functions so far."""
        return sum(calls.evaluations for calls in self.callers)

    @property
    def jacobians(self) -> int:
        """Calls of their Jacobians."""
        return sum(calls.jacobians for calls in self.callers)

    @property
    def hessians(self) -> int:
        """Calls of their Hessians."""
        return sum(calls.hessians for calls in self.callers)

    @abstractmethod
    def at(self, x: Array) -> Iterator[Block]:
        """The blocks of F at x, together every component once."""

    def visit(self, x: Array, tallies: "Sequence[Tally]", offset: int = 0) -> None:
        """Show every block at x to all tallies; `offset` is the number of the first component."""
        for block in self.at(x):
            block.rows = tuple(slice(s.start + offset, s.stop + offset) for s in block.rows)
            for tally in tallies:
                tally.see(block)
            block.forget()

    @abstractmethod
    def subset(self, rows: Index) -> "Components":
        """The components in `rows` (sorted, each once), numbered by their place there; only their data is copied."""

    def siblings(self, rows: Index) -> Index:
        """`rows` (sorted) with the components that cost nothing beside them: the mirror images of absolute ones."""
        return rows

    @abstractmethod
    def rounding(self, x: Array, rows: Index, f: Array | None = None) -> Array:
        """A bound on |fl(f_i(x)) − f_i(x)| for the components in `rows`; `f` are their values where they are known."""

    def slope_rounding(self, x: Array, p: Array) -> Array:
        """A bound on Σ p_i |fl(J_ij) − J_ij|, shape (d,): zero where the Jacobian is data, and for user functions, of
        whose inside nothing is known (their proofs are called assumed)."""
        return np.zeros(self.d)

    def data_sizes(self, p: Array) -> Array:
        """Sizes of data beyond Σ p_i |J_ij|, (d,), to which a backward error may be relative; zero for rows."""
        return np.zeros(self.d)

    def curvature_slack(self, p: Array) -> Array:
        """s ≥ 0, (d,), with Σ p_i ∇²f_i + diag(s) ⪰ 0 for sure: zero unless convexity is known only up to rounding."""
        return np.zeros(self.d)

    def rounding_limit(self, x: Array) -> float:
        """A bound on `rounding` over all components, without a pass; inf where none is known."""
        return float("inf")

    def column_peaks(self, size: Array) -> Array | None:
        """A bound on max_i |∂f_i/∂x_j| over all |x| ≤ size where one is cheap to know, else None."""
        return None

    def inspect(self, x: Array) -> None:
        """Look at the blocks of a class of the user's before anything is computed with them: see `own`."""
        if not type(self).__module__.startswith(LIBRARY):
            inspected(self, x)

    def check(self, x: Array) -> None:
        """Compare derivatives that a user gave with differences at x.

        Raises
        ------
        ValueError
            Derivatives that are wrong.
        """
        return

    @property
    def exact_hess(self) -> bool:
        """`hess` is exact, not a difference."""
        return self.affine or type(self).hess is not Components.hess

    def cheaper(self) -> "Components":
        """The same family with derivatives that will do far from the solution; calls are counted on this one."""
        return self

    def within(self, lb: Array, ub: Array) -> "Components":
        """The same family with its differences kept inside lb ≤ x ≤ ub, where it takes any."""
        return self

    def bound(self, x: Array) -> "Components":
        """The same family with its sizes n and d filled in, from a point x of the domain."""
        return self

    def hess(self, x: Array, v: Array) -> Array | None:
        """Σ v_i ∇²f_i(x), shape (d, d), None where it is zero; by differences of Jᵀv where a class does not know."""
        if self.affine:
            return None

        def pulls(points: Iterable[Array]) -> Iterator[Array]:
            return (np.asarray(sum(block.vjp(block.take(v)) for block in self.at(point))) for point in points)

        everywhere = np.full(self.d, -np.inf), np.full(self.d, np.inf)
        return differences.hessian(pulls, x, next(pulls([x])), everywhere)

    def soft_hess(self, x: Array, p: Array, tau: float) -> Array | None:
        """What ∇²F_τ has beyond Jᵀ(diag p − ppᵀ)J/τ: Σ p_i ∇²f_i, where single components have a Hessian."""
        return self.hess(x, p)

    @np.errstate(all="ignore")
    def value(self, x: Any) -> Array:
        """F(x), shape (n,)."""
        x = _doors.vector("x", x, self.d if self.d > 0 else None)
        known = self.bound(x)
        out = np.empty(known.n)
        for block in known.at(x):
            block.put(out, block.f)
        return out

    __call__ = value
