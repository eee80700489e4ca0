"""Smooth components from user callables: fun(x) → (n,), jac(x) → (n, d), hess(x, v) → Σ v_i ∇²f_i."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

from .. import _doors
from .._typing import Array, Index, Matrix
from . import differences
from .base import CLOCK, Components
from .block import Block
from .subset import Subset

SCHEMES = ("2-point", "3-point")


class Smooth(Components):
    """Components given by functions, as in SciPy's NonlinearConstraint.

    Parameters
    ----------
    fun : callable
        fun(x) → (n,), smooth.
    jac : callable, "2-point", "3-point" or None
        jac(x) → (n, d), dense or sparse; finite differences otherwise ("3-point" by default).
    hess : callable, optional
        hess(x, v) → Σ v_i ∇²f_i(x), (d, d); differences otherwise.
    d : int, optional
        Number of variables; where it is left out, the problem takes it from its domain.
    convex : bool
        The user's word that every f_i is convex on the domain. Lower bounds rest on it ("assumed-convex").
    n : int, optional
        Number of components; found by one call of `fun` at the domain's start where it is left out.
    """

    assumed = True

    def __init__(
        self,
        fun: Callable[[Array], Any],
        jac: Callable[[Array], Any] | str | None = None,
        hess: Callable[[Array, Array], Any] | None = None,
        *,
        d: int | None = None,
        convex: bool = False,
        n: int | None = None,
    ) -> None:
        if not callable(fun):
            raise TypeError(f"fun must be callable, fun(x) -> (n,); got {type(fun).__name__}")
        if not callable(jac):
            jac = _doors.one_of("jac", "3-point" if jac is None else jac, SCHEMES)
        if hess is not None and not callable(hess):
            raise TypeError(f"hess must be callable, hess(x, v) -> (d, d); got {type(hess).__name__}")
        self.fun, self._jac, self._hess = fun, jac, hess
        self.d = -1 if d is None else _doors.count("d", d)
        self.n = -1 if n is None else _doors.count("n", n)
        self.convex = bool(convex)
        self.evaluations = 0

    def __repr__(self) -> str:
        return f"Smooth(n={self.n}, d={self.d}{', convex' if self.convex else ''})"

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
        """fun(x), its shape checked; nan and inf pass (they are numerical trouble, not bad input)."""
        clock = CLOCK.get()
        if clock is not None:
            clock()
        self.evaluations += 1
        with np.errstate(all="ignore"):
            f = np.atleast_1d(_doors.float_array("fun(x)", self.fun(x.copy()), f"({self._count},)"))
        if f.ndim != 1 or (f.size != self.n if self.n >= 0 else f.size == 0):
            raise ValueError(f"fun(x) must return shape ({self._count},); it returned shape {f.shape}")
        return f

    @property
    def _count(self) -> str:
        return str(self.n) if self.n >= 0 else "n"

    def derivative(self, x: Array, f: Array | None = None) -> Matrix:
        """The Jacobian at x, given or by differences."""
        if isinstance(self._jac, str):
            with np.errstate(all="ignore"):
                return differences.jacobian(self.evaluate, x, self.evaluate(x) if f is None else f, self._jac)
        with np.errstate(all="ignore"):
            J = real_matrix("jac(x)", self._jac(x.copy()), f"({self._count}, {self.d})")
        J = J if sp.issparse(J) else np.atleast_2d(J)
        if J.shape != (self.n, self.d):
            raise ValueError(f"jac(x) must return shape {(self.n, self.d)}; it returned shape {J.shape}")
        return J

    def check(self, x: Any) -> None:
        """Compare a given Jacobian with differences of `fun` along one direction at x.

        Raises
        ------
        ValueError
            Naming the component, what `jac` says and what the difference says.
        """
        x = _doors.vector("x", x, self.d)
        if isinstance(self._jac, str):
            return
        wrong = differences.disagreement(self.evaluate, x, self.derivative(x))
        if wrong:
            i, given, slope = wrong
            raise ValueError(
                f"jac disagrees with fun: along a random direction component {i} changes by {slope:.8g} per unit "
                f"(central difference), jac says {given:.8g}"
            )

    def subset(self, rows: Index) -> Components:
        """Those components, through the functions that give all."""
        return Subset(self, rows)

    def hess(self, x: Array, v: Array) -> Array:
        """Σ v_i ∇²f_i(x): given, or by differences of Jᵀv (of ⟨v, F⟩ where the Jacobian is a difference itself)."""
        with np.errstate(all="ignore"):
            if self._hess is not None:
                H = real_matrix("hess(x, v)", self._hess(x.copy(), v), f"({self.d}, {self.d})")
                H = H.toarray() if sp.issparse(H) else H
                if H.shape != (self.d, self.d):
                    raise ValueError(f"hess(x, v) must return shape {(self.d, self.d)}; it returned shape {H.shape}")
                return np.asarray((H + H.T) / 2)
            if isinstance(self._jac, str):
                return differences.hessian_from_values(lambda y: float(v @ self.evaluate(y)), x)

            def pull(y: Array) -> Array:
                return np.asarray(self.derivative(y).T @ v)

            return differences.hessian(pull, x, pull(x))

    def rounding(self, x: Array, rows: Index, f: Array | None = None) -> Array:
        """4·eps·|f_i|: a convention, since nothing is known of the inside of `fun`."""
        f = self.evaluate(x)[rows] if f is None else f
        return np.asarray(4 * differences.EPS * np.abs(f))

    def bound(self, x: Array) -> "Smooth":
        """The same family with its sizes filled in, from a point x of the domain."""
        if self.d not in (-1, x.size):
            raise ValueError(f"the components have d = {self.d} variables, but the point has {x.size}")
        if self.d > 0 and self.n > 0:
            return self
        n = self.evaluate(x).size if self.n < 0 else self.n
        return Smooth(self.fun, self._jac, self._hess, d=x.size, convex=self.convex, n=n)


def real_matrix(name: str, value: Any, shape: str) -> Matrix:
    """What a user's function returned, as a float64 array or CSR matrix; nan and inf pass."""
    if not sp.issparse(value):
        return _doors.float_array(name, value, shape)
    _doors.check_real(name, value.dtype)
    return sp.csr_array(value, dtype=np.float64)
