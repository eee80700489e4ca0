"""What a domain is: a closed convex set X that projects, recognizes its points and minimizes linear functions.

A user's own domain is any object with the methods of `Domain` that a method asks for; the base class adds what the
library can do with more: a start, a linear description for Newton, and how far X reaches from a point.
"""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from .. import _doors
from .._typing import Array, Matrix

EPS = float(np.finfo(float).eps)
TINY = float(np.finfo(float).smallest_subnormal)
NEAR = 1e-9  # relative distance at which a point counts as lying on the boundary


@runtime_checkable
class Domain(Protocol):
    """The three verbs of a closed convex set X ⊆ R^d."""

    d: int

    def project(self, x: Array) -> Array:
        """argmin over y ∈ X of ‖y − x‖₂."""

    def contains(self, x: Array, tol: float = 1e-9) -> bool:
        """x ∈ X up to `tol`, relative to the numbers of each constraint, so that no unit matters.

        tol = 0 allows for rounding alone: what `project` returns is in X for any tol ≥ 1e-12.
        """

    def lmo(self, c: Array) -> Array:
        """argmin over y ∈ X of ⟨c, y⟩; ±inf entries where that is unbounded."""


@dataclass(frozen=True)
class Linear:
    """X = {y : A_ub y ≤ b_ub, A_eq y = b_eq, lb ≤ y ≤ ub}: the description that Newton's method works on."""

    lb: Array
    ub: Array
    A_ub: Matrix = None
    b_ub: Array | None = None
    A_eq: Matrix = None
    b_eq: Array | None = None

    @property
    def free(self) -> bool:
        """No constraint at all."""
        return self.A_ub is None and self.A_eq is None and not np.isfinite([self.lb, self.ub]).any()


class Set:
    """Base of the library's own domains."""

    d: int
    bounded: bool = True
    separable: bool = False  # a product of intervals: projecting in a diagonal metric is still a clip

    def start(self) -> Array:
        """A point of X to begin at."""
        raise NotImplementedError  # abstract

    def linear(self) -> Linear | None:
        """The linear description, None where there is none."""
        return None

    def reach(self, err: Array, x: Array) -> float:
        """max over y ∈ X of Σ err_j |y_j − x_j|, for err ≥ 0."""
        return float(np.inf) if np.any(err > 0) else 0.0

    def miss(self, x: Array) -> Array:
        """How far, in each coordinate, a point that `project` returned may lie outside X by rounding."""
        size = np.abs(x)
        return np.asarray(4 * EPS * (size + size.max()))

    def missed(self, x: Array) -> tuple[Array, bool]:
        """`miss`, and whether that is sure for the very data of X."""
        return self.miss(x), True

    def prices(self, c: Array) -> tuple[Array, Array]:
        """(λ, ν) of the rows of `linear` in min ⟨c, y⟩ over X; zeros where lmo alone proves as much."""
        linear = self.linear()
        ub, eq = (None, None) if linear is None else (linear.b_ub, linear.b_eq)
        return np.zeros(0 if ub is None else ub.size), np.zeros(0 if eq is None else eq.size)

    def recedes(self, v: Array) -> bool:
        """v ≠ 0 is a ray: x + t·v ∈ X for all t ≥ 0 and x ∈ X."""
        return False

    def normal(self, x: Array, c: Array) -> Array:
        """The projection of c onto −N_X(x), minus the normal cone of X at x: what the boundary absorbs of a gradient.

        x is stationary where c − normal(x, c) = 0. Zero where X does not say more.
        """
        return np.zeros(self.d)


def moved(domain: Any, x: Array) -> Array:
    """x moved into X: by `domain.moved`, which looks at what a user's object answers, else by the projection."""
    return np.asarray(getattr(domain, "moved", domain.project)(x))


def same_size(x: Any, d: int, name: str = "x") -> Array:
    """x as a float vector of length d; nan and inf pass (they are numerical trouble, not bad input)."""
    point: Array = x if type(x) is np.ndarray and x.dtype == np.float64 else _doors.float_array(name, x, f"({d},)")
    if point.shape != (d,):
        raise ValueError(f"{name} must have shape ({d},), that of this domain's points; got {point.shape}")
    return point


def tolerance(tol: Any) -> float:
    """What `contains` allows: ≥ 0."""
    return tol if type(tol) is float and 0.0 <= tol < np.inf else _doors.positive("tol", tol, zero=True)
