"""Smooth components from user callables: fun(x) → (n,), jac(x) → (n, d), hess(x, v) → Σ v_i ∇²f_i."""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import _doors
from .._asking import called, tick
from .._typing import Array, Index, Matrix
from . import differences
from .base import Components
from .block import Block
from .calls import Calls
from .complex_step import complex_step
from .disagreement import check_hessian, check_jacobian, compare
from .forms import as_box, as_functions, as_jacobian, sizes_of
from .returned import joined, stacked, symmetric
from .subset import Subset
from .workers import as_workers, ask


class Smooth(Components):
    """Components given by functions, as in SciPy's NonlinearConstraint.

    Parameters
    ----------
    fun : callable or sequence of callables
        fun(x) → (n,), smooth; of several the values are put one after another.
    jac : callable(s), (n, d) array or sparse matrix, "2-point", "3-point", "cs" or None
        jac(x) → (n, d), dense or sparse; a matrix says that it does not depend on x. Otherwise it comes from
        differences ("cs": complex steps, exact to rounding for a `fun` that computes with complex x). None means
        "3-point", and lets a method take the cheaper "2-point" far from the solution.
    hess : callable, optional
        hess(x, v) → Σ v_i ∇²f_i(x), (d, d); differences otherwise.
    d : int, optional
        Number of variables; where it is left out, the problem takes it from its domain.
    convex : bool
        The user's word that every f_i is convex on the domain. Lower bounds rest on it ("assumed-convex").
    n : int, optional
        Number of components; found by one call of `fun` at the domain's start where it is left out.
    workers : int or map-like callable
        Threads for the functions of a sequence and the points of differences (−1: one a core), or workers(func,
        iterable), a process pool's `map` say. Never changes the answer.
    bounds : (lb, ub) or scipy Bounds, optional
        Where `fun` is defined: no difference leaves it.
    check : True, False or "full"
        Whether a solve compares `jac` with `fun` at its start: along one direction (one call of `fun`), not at all, or
        for every variable, and `hess` with `jac` as well.

    Raises
    ------
    TypeError, ValueError
        Something that cannot be called, sizes or bounds that do not fit; at a solve, derivatives that disagree.

    Attributes
    ----------
    evaluations, jacobians, hessians : int
        Calls of fun, jac and hess so far.
    """

    assumed = True
    of = ""  # whose functions they are, in messages

    def __init__(
        self,
        fun: Callable[[Array], Any] | Sequence[Callable[[Array], Any]],
        jac: Any = None,
        hess: Callable[[Array, Array], Any] | None = None,
        *,
        d: int | None = None,
        convex: bool = False,
        n: int | None = None,
        workers: int | Callable[..., Iterable[Any]] = 1,
        bounds: Any = None,
        check: bool | str = True,
    ) -> None:
        self._functions = as_functions(fun)
        self._jac: Any = as_jacobian(jac, len(self._functions))
        if hess is not None and not callable(hess):
            raise TypeError(f"hess must be callable, hess(x, v) -> (d, d); got {hess!r}")
        if not (isinstance(check, bool | np.bool_) or (isinstance(check, str) and check == "full")):
            raise ValueError(f'check must be True, False or "full"; got {check!r}')
        self._hess, self._checks, self._box = hess, check, as_box(bounds)
        self.workers = as_workers(workers)
        self.d = -1 if d is None else _doors.count("d", d)
        self.n = -1 if n is None else _doors.count("n", n)
        if self._constant:
            self.n, self.d = sizes_of(self._jac, self.n, self.d)
        if self.d > 0 and any(side.shape not in ((), (self.d,)) for side in self._box):
            shapes = " and ".join(str(side.shape) for side in self._box)
            raise ValueError(f"bounds must be numbers or vectors of length d = {self.d}; their shapes are {shapes}")
        self.convex = _doors.flag("convex", convex)
        self.calls = Calls()

    def __repr__(self) -> str:
        n, d = (size if size > 0 else "?" for size in (self.n, self.d))
        return f"Smooth(n={n}, d={d}{', convex' if self.convex else ''})"

    @property
    def callers(self) -> tuple[Calls, ...]:  # type: ignore[override]
        """The one that its copies share."""
        return (self.calls,)

    @property
    def exact_hess(self) -> bool:
        """`hess` was given, or the Jacobian is constant."""
        return self._hess is not None or self._constant

    @property
    def _constant(self) -> bool:
        return not (self._jac is None or isinstance(self._jac, str | tuple))

    @property
    def _complex(self) -> bool:
        return isinstance(self._jac, str) and self._jac == "cs"

    @property
    def _differs(self) -> bool:
        """The Jacobian is a difference of values."""
        return self._jac is None or (isinstance(self._jac, str) and self._jac != "cs")

    def at(self, x: Array) -> Iterator[Block]:
        """One block: the functions evaluate all components at once."""
        found: list[Array] = []

        def values() -> Array:
            found[:] = [self.evaluate(x)]
            return found[0]

        def jacobian() -> Matrix:
            return self.derivative(x, found[0] if found else None)

        yield Block((slice(0, self.n),), values, jacobian)

    def evaluate(self, x: Array) -> Array:
        """F(x), its shape checked; nan and inf pass (they are numerical trouble, not bad input)."""
        known = self.calls.value(x)
        if known is None:
            known = next(self.values([x]))
            self.calls.remember(x, known)
        return known

    def values(self, points: Iterable[Array]) -> Iterator[Array]:
        """F at the points, in their order."""
        return (joined(parts, self.n, self.of) for parts in self._asked(points))

    def _asked(self, points: Iterable[Array]) -> Iterator[list[Any]]:
        return ask(self._functions, points, self.workers, self.calls.count_evaluation)

    def derivative(self, x: Array, f: Array | None = None) -> Matrix:
        """The Jacobian at x, given or by differences."""
        kept = self.calls.take_slope(x)
        if kept is not None:
            return kept
        if self._constant:
            return self._jac
        if isinstance(self._jac, tuple):
            return next(self.derivatives([x]))
        with np.errstate(all="ignore"):
            if self._complex:
                J = complex_step(self._asked, x, self.n)
                if self._checks and not J.any(axis=1).all():  # constant here, or its imaginary part was dropped
                    compare(self, x, J, complex_step=True, full=False)
                return J
            scheme, box = self._jac or "3-point", self.inside(x)
            return differences.jacobian(
                self.values, x, self.n, lambda: self.evaluate(x) if f is None else f, scheme, box
            )

    def derivatives(self, points: Iterable[Array]) -> Iterator[Matrix]:
        """The Jacobian that was given as functions, at the points, in their order."""
        asked = ask(self._jac, points, self.workers, self.calls.count_jacobian)
        return (stacked(parts, self.n, self.d, self.of) for parts in asked)

    def inside(self, x: Array) -> differences.Box:
        """The bounds that differences keep to."""
        return np.broadcast_to(self._box[0], x.shape), np.broadcast_to(self._box[1], x.shape)

    def check(self, x: Any) -> None:
        """Compare derivatives that were given (or taken by complex steps) with differences at x.

        Raises
        ------
        ValueError
            Naming component and variable, what `jac` (or `hess`) says and what the difference says.
        """
        x = _doors.vector("x", x, self.d)
        if not self._checks:
            return
        with np.errstate(all="ignore"):
            if not self._differs:
                check_jacobian(self, x, self._complex, self._checks == "full")
            if self._checks == "full" and self._hess is not None:
                check_hessian(self, x)

    def subset(self, rows: Index) -> Components:
        """Through the functions that give all."""
        return Subset(self, rows)

    def cheaper(self) -> Components:
        """With the simplest differences where none were named; what is asked is counted here."""
        if self._jac is not None:
            return self
        twin = copy.copy(self)
        twin._jac = "2-point"
        return twin

    def hess(self, x: Array, v: Array) -> Array:
        """Σ v_i ∇²f_i(x): given, or by differences of Jᵀv (of ⟨v, F⟩ where the Jacobian is a difference itself)."""
        if self._constant and self._hess is None:
            return np.zeros((self.d, self.d))
        with np.errstate(all="ignore"):
            if self._hess is not None:
                return self._given_hess(x, v)
            if self._differs:
                return differences.hessian_from_values(self.values, v, x, self.evaluate(x), self.inside(x))

            def pulls(points: Iterable[Array]) -> Iterator[Array]:
                slopes = map(self.derivative, points) if self._complex else self.derivatives(points)
                return (np.asarray(J.T @ v) for J in slopes)

            return differences.hessian(pulls, x, next(pulls([x])), self.inside(x))

    def _given_hess(self, x: Array, v: Array) -> Array:
        tick()
        self.calls.count_hessian()
        return symmetric(called(self._hess, x.copy(), v.copy()), self.d, self.of)  # type: ignore[arg-type]

    def rounding(self, x: Array, rows: Index, f: Array | None = None) -> Array:
        """4·eps·|f_i|: a convention, since nothing is known of the inside of `fun`."""
        f = self.evaluate(x)[rows] if f is None else f
        return np.asarray(4 * differences.EPS * np.abs(f))

    def within(self, lb: Array, ub: Array) -> "Smooth":
        """Differences keep to lb ≤ x ≤ ub, where no bounds were given."""
        if any(np.isfinite(side).any() for side in self._box):
            return self
        found = copy.copy(self)
        found._box = as_box((lb, ub))
        return found

    def bound(self, x: Array) -> "Smooth":
        """The same family with its sizes filled in, from a point x of the domain."""
        if self.d not in (-1, x.size):
            raise ValueError(f"the components have d = {self.d} variables, but the point has {x.size}")
        if self.d > 0 and self.n > 0:
            return self
        found = copy.copy(self)
        found.d = x.size
        found.n = self.evaluate(x).size if self.n < 0 else self.n
        return found
