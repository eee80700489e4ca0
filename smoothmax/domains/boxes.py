"""The whole space, and boxes lb ≤ x ≤ ub."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import _doors
from .._linalg import all_finite
from .._typing import Array
from .base import NEAR, Linear, Set, same_size, tolerance


class Box(Set):
    """{x : lb ≤ x ≤ ub}.

    Parameters
    ----------
    lb, ub : (d,) arrays or numbers
        In the units of x, ±inf allowed; broadcast against each other.

    Raises
    ------
    ValueError, TypeError
        nan in a bound, lb > ub somewhere (the box is empty), shapes that do not fit, or no real numbers.
    """

    separable = True

    def __init__(self, lb: Any, ub: Any) -> None:
        sides = _doors.float_array("lb", lb, "(d,)"), _doors.float_array("ub", ub, "(d,)")
        try:
            pair = np.broadcast_arrays(*sides)
        except ValueError:
            shapes = " and ".join(str(side.shape) for side in sides)
            raise ValueError(f"lb and ub must be numbers or vectors of one length; their shapes are {shapes}") from None
        self.lb, self.ub = (np.atleast_1d(side.copy()) for side in pair)
        self.d = self.lb.size
        if self.lb.ndim != 1 or self.d == 0:
            shapes = " and ".join(str(side.shape) for side in sides)
            raise ValueError(f"lb and ub must have shape (d,) with d ≥ 1; got {shapes}")
        for name, side in (("lb", self.lb), ("ub", self.ub)):
            if np.isnan(side).any():
                raise ValueError(f"{name} must not be nan; {name}[{int(np.argmax(np.isnan(side)))}] is")
        bad = np.flatnonzero(~(self.lb <= self.ub) | (self.lb == np.inf) | (self.ub == -np.inf))
        if bad.size:
            j = bad[0]
            raise ValueError(f"the box is empty: lb[{j}] = {self.lb[j]}, ub[{j}] = {self.ub[j]}")
        self.bounded = all_finite(self.lb, self.ub)

    def __repr__(self) -> str:
        return f"Box(d={self.d})"

    def start(self) -> Array:
        """The midpoint where both bounds are finite, else the point of the interval nearest 0."""
        with np.errstate(invalid="ignore"):
            middle = self.lb / 2 + self.ub / 2
        return np.asarray(np.clip(np.where(np.isfinite(middle), middle, 0.0), self.lb, self.ub))

    def project(self, x: ArrayLike) -> Array:
        """Clip."""
        return np.clip(same_size(x, self.d), self.lb, self.ub)

    def contains(self, x: ArrayLike, tol: float = 1e-9) -> bool:
        """lb ≤ x ≤ ub up to tol·max(|lb|, |ub|), coordinate by coordinate and over the finite bounds."""
        x, tol = same_size(x, self.d), tolerance(tol)
        with np.errstate(invalid="ignore", over="ignore"):
            return bool(np.all(np.abs(x - np.clip(x, self.lb, self.ub)) <= tol * bound_size(self.lb, self.ub)))

    def lmo(self, c: ArrayLike) -> Array:
        """The corner against c; where c_j = 0, the start's coordinate."""
        c = same_size(c, self.d, "c")
        return np.asarray(np.where(c > 0, self.lb, np.where(c < 0, self.ub, self.start())))

    def linear(self) -> Linear:
        """Itself."""
        return Linear(self.lb, self.ub)

    def reach(self, err: Array, x: Array) -> float:
        """Σ err_j·max(ub_j − x_j, x_j − lb_j)."""
        return reach_of_box(self.lb, self.ub, err, x)

    def miss(self, x: Array) -> Array:
        """Nothing: clipping is exact."""
        return np.zeros(self.d)

    def recedes(self, v: Array) -> bool:
        """v ≠ 0, v_j ≤ 0 where ub is finite and v_j ≥ 0 where lb is."""
        return bool(np.any(v)) and not bounds_stop(self.lb, self.ub, v)

    def normal(self, x: Array, c: Array) -> Array:
        """c_j where x_j is at lb and c_j > 0, or at ub and c_j < 0; zero elsewhere."""
        near = NEAR * bound_size(self.lb, self.ub)
        held = ((x <= self.lb + near) & (c > 0)) | ((x >= self.ub - near) & (c < 0))
        return np.asarray(np.where(held, c, 0.0))


class Free(Box):
    """R^d.

    Parameters
    ----------
    d : int
        Number of variables.

    Raises
    ------
    TypeError, ValueError
        d is no integer, or below 1.
    """

    def __init__(self, d: int) -> None:
        d = _doors.count("d", d)
        super().__init__(np.full(d, -np.inf), np.full(d, np.inf))

    def __repr__(self) -> str:
        return f"Free({self.d})"

    def contains(self, x: ArrayLike, tol: float = 1e-9) -> bool:
        """Every point with finite coordinates."""
        tolerance(tol)
        return bool(np.isfinite(same_size(x, self.d)).all())


def bound_size(lb: Array, ub: Array) -> Array:
    """max(|lb|, |ub|) over the finite bounds, zero where there is none: what a tolerance is relative to."""
    sides = np.abs([lb, ub])
    return np.asarray(np.max(np.where(np.isfinite(sides), sides, 0.0), axis=0))


def reach_of_box(lb: Array, ub: Array, err: Array, x: Array) -> float:
    """max over lb ≤ y ≤ ub of Σ err_j |y_j − x_j|, for err ≥ 0."""
    with np.errstate(over="ignore"):
        far = np.maximum(ub - x, x - lb)
        return float(np.sum(np.multiply(err, far, where=err > 0, out=np.zeros(x.size))))


def bounds_stop(lb: Array, ub: Array, v: Array) -> bool:
    """A finite bound ends the ray along v."""
    return bool(np.any(v[np.isfinite(ub)] > 0) or np.any(v[np.isfinite(lb)] < 0))
