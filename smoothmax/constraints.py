"""Nonlinear constraints  lb ≤ c(x) ≤ ub, as the rows  h(x) ≤ 0  and  e(x) = 0  that a method works on.

h = (c − ub, lb − c) where these bounds are finite and differ,     e = c − ub where they agree
the gradient of the Lagrangian takes  Hᵀλ + Eᵀν = Cᵀv,     v = λ_upper − λ_lower + ν,  one number a constraint
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import LinearConstraint, NonlinearConstraint

from . import _doors
from ._cached import cached_property
from ._linalg import dense
from ._typing import Array
from .components import Smooth, Stack


class Rule(Smooth):
    """c of a NonlinearConstraint; what is wrong with it is told by that name."""

    of = "a NonlinearConstraint's "


@dataclass(frozen=True)
class Held:
    """The constraints at x: values c (m,), nan where x is not finite; Jacobian C (m, d) when first asked for."""

    constraints: "Constraints"
    x: Array

    @cached_property
    def _blocks(self) -> list[Any]:
        return list(self.constraints.map.at(self.x))

    @cached_property
    def c(self) -> Array:
        """c(x), (m,)."""
        out = np.full(self.constraints.m, np.nan)
        for block in self._blocks if np.isfinite(self.x).all() else ():
            block.put(out, block.f)
        return out

    @cached_property
    def C(self) -> Array:
        """The Jacobian of c, (m, d)."""
        return np.vstack([dense(block.jacobian) for block in self._blocks])

    @property
    def h(self) -> Array:
        """What must be ≤ 0."""
        s = self.constraints
        return np.concatenate([(self.c - s.ub)[s.upper], (s.lb - self.c)[s.lower]])

    @property
    def e(self) -> Array:
        """What must be 0."""
        s = self.constraints
        return np.asarray((self.c - s.ub)[s.equal])

    @property
    def H(self) -> Array:
        """The Jacobian of h."""
        s = self.constraints
        return np.vstack([self.C[s.upper], -self.C[s.lower]])

    @property
    def E(self) -> Array:
        """The Jacobian of e."""
        return np.asarray(self.C[self.constraints.equal])

    @property
    @np.errstate(all="ignore")
    def violation(self) -> float:
        """The largest violation, in the constraints' own units; nan where one is nan."""
        s = self.constraints
        return max(float(np.max(np.maximum(self.c - s.ub, s.lb - self.c))), 0.0)

    @property
    def excess(self) -> float:
        """The largest violation, relative to the numbers of its constraint, |c| + |bound| + Σ|C_j x_j|."""
        s = self.constraints
        over = np.maximum(np.maximum(self.c - s.ub, s.lb - self.c), 0.0)
        if not np.isfinite(self.c).all():
            return np.inf
        if not over.any():
            return 0.0
        bound = np.minimum(np.abs(s.lb), np.abs(s.ub))
        size = np.abs(self.c) + np.where(np.isfinite(bound), bound, 0.0) + np.abs(self.C) @ np.abs(self.x)
        return float(np.max(over / np.where(size > 0, size, 1.0)))


class Constraints:
    """Some scipy NonlinearConstraints on the same variables.

    Attributes
    ----------
    m, d : int
        Numbers of constraints and of variables.
    lb, ub : (m,) arrays
    map : Components
        c, as a family of components.
    """

    def __init__(self, map: Smooth | Stack, lb: Array, ub: Array) -> None:
        self.map, self.lb, self.ub = map, lb, ub
        self.m, self.d = map.n, map.d
        self.equal = np.flatnonzero(lb == ub)
        self.upper = np.flatnonzero(np.isfinite(ub) & (lb < ub))
        self.lower = np.flatnonzero(np.isfinite(lb) & (lb < ub))
        self._last: list[Held] = []

    def __repr__(self) -> str:
        return f"Constraints(m={self.m}, d={self.d})"

    def at(self, x: Array) -> Held:
        """The constraints at x; the last few points are remembered."""
        for held in self._last:
            if np.array_equal(held.x, x):
                return held
        found = Held(self, x.copy())
        self._last = [found, *self._last[:3]]  # a new list: another thread may be reading the old one
        return found

    def fold(self, inequality: Array, equality: Array) -> Array:
        """v from the multipliers λ of h ≤ 0 and ν of e = 0."""
        v = np.zeros(self.m)
        v[self.upper] += inequality[: self.upper.size]
        v[self.lower] -= inequality[self.upper.size :]
        v[self.equal] += equality
        return v

    def slack(self, held: Held, v: Array) -> float:
        """Σ |v_j|·|what is left to the bound that v_j pushes from|: complementarity, in the units of f."""
        room = np.where(v > 0, self.ub - held.c, held.c - self.lb)
        return float(np.abs(v[v != 0]) @ np.abs(room[v != 0]))


def split(constraints: Any) -> tuple[list[LinearConstraint], list[NonlinearConstraint]]:
    """The linear and the nonlinear among `constraints`, one or several.

    Raises
    ------
    TypeError
        Something that is neither.
    """
    one = isinstance(constraints, LinearConstraint | NonlinearConstraint | dict)
    items = [constraints] if one or not isinstance(constraints, Iterable) else list(constraints)
    for item in items:
        if not isinstance(item, LinearConstraint | NonlinearConstraint):
            raise TypeError(
                f"constraints must be scipy LinearConstraint or NonlinearConstraint objects; got {type(item).__name__}"
            )
    linear = [item for item in items if isinstance(item, LinearConstraint)]
    return linear, [item for item in items if isinstance(item, NonlinearConstraint)]


def as_constraints(items: list[NonlinearConstraint], x: Array, **how: Any) -> Constraints | None:
    """The constraints in the form the methods take, their sizes found at a point x of the domain; None for none.

    `how` (bounds, workers, check) goes on to Smooth.

    Raises
    ------
    TypeError, ValueError
        Functions that are none, bounds of another length or crossed, derivatives that are not known here.
    """
    if not items:
        return None
    parts, lower, upper = [], [], []
    for item in items:
        part: Smooth = Rule(_function(item), _derivative(item.jac), _second(item.hess), d=x.size, **how)
        part = part.bound(x)
        lb, ub = (_side(name, side, part.n) for name, side in (("lb", item.lb), ("ub", item.ub)))
        if not np.all(lb <= ub):
            j = int(np.argmax(~(lb <= ub)))
            raise ValueError(f"constraints are inconsistent: a NonlinearConstraint has lb = {lb[j]:g} > ub = {ub[j]:g}")
        parts.append(part)
        lower.append(lb)
        upper.append(ub)
    family = parts[0] if len(parts) == 1 else Stack(parts)
    return Constraints(family, np.concatenate(lower), np.concatenate(upper))


def _function(item: NonlinearConstraint) -> Any:
    if not callable(item.fun):
        raise TypeError(f"constraints: a NonlinearConstraint needs a callable fun(x); got {type(item.fun).__name__}")
    if np.any(item.keep_feasible):
        raise ValueError("constraints with keep_feasible=True are not supported: iterates may violate a nonlinear one")
    return item.fun


def _derivative(jac: Any) -> Any:
    """SciPy's default, "2-point", is not a choice: it is taken as None."""
    return None if isinstance(jac, str) and jac == "2-point" else jac


def _second(hess: Any) -> Any:
    """A quasi-Newton object or a difference scheme in the place of `hess` means: none is given."""
    return hess if callable(hess) and not hasattr(hess, "update") else None


def _side(name: str, side: Any, m: int) -> Array:
    values = _doors.float_array(f"constraints: a NonlinearConstraint's {name}", side, f"({m},)")
    if np.isnan(values).any() or values.ndim > 1 or values.size not in (1, m):
        raise ValueError(f"constraints: a NonlinearConstraint's {name} must hold 1 or {m} numbers; got {side!r}")
    return np.broadcast_to(values, (m,)).copy()


__all__ = ["Constraints", "Held", "as_constraints", "split"]
