"""The frozen statement of a problem:  minimize over x ∈ X the largest of f_1(x), …, f_n(x), where lb ≤ c(x) ≤ ub."""

from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator

from . import _doors
from ._typing import Array, Index
from .components import Affine, Components, Linearization, Meter
from .constraints import Constraints, as_constraints, split
from .domains import Domain, as_domain, intersect, moved


class Minimax:
    """min over x ∈ X of max_i f_i(x), where lb ≤ c(x) ≤ ub.

    Parameters
    ----------
    components : Components, array, sparse matrix or LinearOperator
        The map F = (f_1, …, f_n); a matrix A stands for Affine(A).
    domain : Domain, scipy Bounds or LinearConstraint, optional
        The closed convex set X; all of R^d by default.
    constraints : LinearConstraint, NonlinearConstraint or sequence of them, or Constraints
        Linear ones are intersected with the domain; nonlinear ones are kept beside it, and no bound is proven then.

    Raises
    ------
    TypeError, ValueError
        Something that is no components, domain or constraint; numbers of variables that differ.

    Attributes
    ----------
    n, d : int
    convex, affine : bool
    """

    __slots__ = ("components", "constraints", "domain")
    components: Components
    domain: Domain
    constraints: Constraints | None

    def __init__(self, components: Any, domain: Any = None, constraints: Any = ()) -> None:
        components = _as_components(components)
        d = _size(components, "d")
        known = constraints if isinstance(constraints, Constraints) else None
        linear, nonlinear = split(() if known else constraints)
        domain = intersect(as_domain(domain, d), linear)
        begin, sides = start_of(domain), getattr(domain, "linear", lambda: None)()
        if sides is not None:
            components = components.within(sides.lb, sides.ub)
        components = components.bound(begin)
        for size in ("n", "d"):
            if _size(components, size) is None:
                raise ValueError(
                    f"components: {type(components).__name__} must set {size}, as it sets what at(x) yields"
                )
        object.__setattr__(self, "components", components)
        object.__setattr__(self, "domain", domain)
        known = known or as_constraints(nonlinear, begin, bounds=sides and (sides.lb, sides.ub))
        object.__setattr__(self, "constraints", known)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"Minimax is frozen; make a new one instead of setting {name}")

    def __reduce__(self) -> tuple[Any, ...]:
        return restored, (self.components, self.domain, self.constraints)

    def __repr__(self) -> str:
        more = "" if self.constraints is None else f", {self.constraints!r}"
        return f"Minimax({self.components!r}, {self.domain!r}{more})"

    @property
    def n(self) -> int:
        """Number of components."""
        return self.components.n

    @property
    def d(self) -> int:
        """Number of variables."""
        return self.components.d

    @property
    def convex(self) -> bool:
        """Every component is convex, and so is the set: nothing is known of nonlinear constraints."""
        return self.components.convex and self.constraints is None

    @property
    def affine(self) -> bool:
        """Every component is affine, and so are the constraints."""
        return self.components.affine and self.constraints is None

    def value(self, x: Any) -> float:
        """max_i f_i(x): one pass. x need not lie in X."""
        if self.components.remote:
            return float(self.at(_doors.vector("x", x, self.d)).range[1])
        return float(self.components.value(x).max())

    __call__ = value

    def at(self, x: Array, meter: Meter | None = None) -> Linearization:
        """F and its Jacobian at x: `f`, `jvp(u)`, `vjp(v)`, `jac(rows)`, each a pass, which a `meter` counts."""
        return Linearization(self.components, x, meter)

    def only(self, rows: Index) -> "Minimax":
        """The problem of the components in `rows` (sorted, each once)."""
        return restored(self.components.subset(rows), self.domain, self.constraints)

    def start(self, x0: Any = None) -> Array:
        """x0 checked and moved into X by projection, or the domain's own start."""
        if x0 is None:
            return start_of(self.domain)
        return self.placed(_doors.vector("x0", x0, self.d))

    def placed(self, x: Array) -> Array:
        """x moved into X by projection, for those who know it to be a vector; one that is not finite stays so."""
        if not np.isfinite(x).all() or self.domain.contains(x, 0.0):
            return x
        return np.asarray(moved(self.domain, x), dtype=np.float64)


def _as_components(given: Any) -> Components:
    """What may stand for components: they themselves, or a matrix."""
    if isinstance(given, Components):
        return given
    _doors.no_class("components", given)
    if callable(getattr(given, "at", None)) and not hasattr(given, "__array__"):
        raise TypeError(
            f"components must be Components; make {type(given).__name__} a subclass of smoothmax.components.Components"
        )
    if callable(given) and not isinstance(given, LinearOperator):
        raise TypeError("components must be Components; wrap a function as sm.Smooth(fun, jac, d=…)")
    if isinstance(given, list | tuple) and any(callable(one) for one in given):
        taker = "Stack" if isinstance(given[0], Components) else "minimax"
        raise TypeError(
            f"components must be Components, not a list of such or of functions; smoothmax.{taker} takes one"
        )
    with _doors.about("components"):
        return Affine(given)


def _size(components: Components, size: str) -> int | None:
    """n or d; None where it is not known yet."""
    known = _doors.count(f"components: {type(components).__name__}.{size}", getattr(components, size), -1)
    return known if known > 0 else None


def restored(components: Components, domain: Domain, constraints: Constraints | None) -> Minimax:
    """The problem of parts that were checked before."""
    problem = object.__new__(Minimax)
    for name, part in (("components", components), ("domain", domain), ("constraints", constraints)):
        object.__setattr__(problem, name, part)
    return problem


def start_of(domain: Domain) -> Array:
    """Where to begin: the domain's start."""
    begin = domain.start  # type: ignore[attr-defined]
    return np.asarray(begin(), dtype=np.float64)


def checked(problem: Any) -> "Minimax":
    """The problem, if it is a Minimax.

    Raises
    ------
    TypeError
        It is something else.
    """
    if not isinstance(problem, Minimax):
        foreign = type(problem).__module__.startswith("cvxpy")
        hint = "; smoothmax.cvx.from_cvxpy makes one" if foreign else ""
        raise TypeError(f"problem must be a Minimax; got {type(problem).__name__}{hint}")
    return problem
