"""Derivatives of a vector-valued map from its values, inside the bounds where it may be defined.

2-point   J e_j ≈ (F(x + h e_j) − F(x)) / h            h_j = √eps · max(1, |x_j|),       error O(h)
3-point   J e_j ≈ (F(x + h e_j) − F(x − h e_j)) / 2h   h_j = eps^(1/3) · max(1, |x_j|),  error O(h²)

A point that would leave the bounds is taken on the other side, with three points as the slope of a parabola:

    ((F(x + s) − F(x)) t/s − (F(x + t) − F(x)) s/t) / (t − s)
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from .._typing import Array

EPS = float(np.finfo(float).eps)
Values = Callable[[Iterable[Array]], Iterator[Array]]  # F at points, in their order
Box = tuple[Array, Array]  # lb, ub, (d,) each


def parabola(s: float, t: float, rise_s: Array, rise_t: Array) -> Array:
    """The slope at 0 of the parabola through (0, 0), (s, rise_s), (t, rise_t)."""
    return np.asarray((rise_s * (t / s) - rise_t * (s / t)) / (t - s))


@dataclass(frozen=True)
class Stencil:
    """Where variable j is moved to for one column: nowhere (a fixed variable), to one place or to two."""

    j: int
    x: float
    places: tuple[float, ...]

    @classmethod
    def of(cls, j: int, x: float, box: tuple[float, float], h: float, central: bool) -> "Stencil":
        """Within [low, high] = `box`; the largest step that fits where h does not."""
        low, high = box
        up, down = high - x, x - low
        reach = 2 * h if central else h
        if not low < high:
            return cls(j, x, ())
        if central and h <= min(up, down):
            wanted: tuple[float, ...] = (h, -h)
        else:
            step = min(reach, up) if up >= min(reach, down) else -min(reach, down)
            wanted = (step / 2, step) if central else (step,)
        places = (min(max(x + t, low), high) for t in wanted)
        return cls(j, x, tuple(dict.fromkeys(at for at in places if at != x)))

    @property
    def leans(self) -> bool:
        """F(x) is needed."""
        return len(self.places) == 1 or (
            len(self.places) == 2 and (self.places[0] - self.x) * (self.places[1] - self.x) > 0
        )

    def points(self, x: Array) -> Iterator[Array]:
        """Where F is asked."""
        for place in self.places:
            point = x.copy()
            point[self.j] = place
            yield point

    def slope(self, f: Array | None, found: list[Array]) -> Array | float:
        """The column, from F at the points (and F(x) = f where it is needed)."""
        if not found:
            return 0.0
        if f is None or not self.leans:
            return (found[0] - found[1]) / (self.places[0] - self.places[1])
        steps = [place - self.x for place in self.places]
        rises = [one - f for one in found]
        return rises[0] / steps[0] if len(rises) == 1 else parabola(steps[0], steps[1], rises[0], rises[1])


def jacobian(values: Values, x: Array, n: int, f: Callable[[], Array], scheme: str, box: Box) -> Array:
    """The (n, d) Jacobian at x by `scheme` "2-point" or "3-point"; f() is F(x), asked for where it is needed."""
    central = scheme == "3-point"
    steps = (EPS ** (1 / 3) if central else EPS**0.5) * np.maximum(1.0, np.abs(x))
    stencils = [Stencil.of(j, x[j], (box[0][j], box[1][j]), h, central) for j, h in enumerate(steps)]
    base = f() if any(stencil.leans for stencil in stencils) else None
    found = values(point for stencil in stencils for point in stencil.points(x))
    J = np.empty((n, x.size))
    for stencil in stencils:
        J[:, stencil.j] = stencil.slope(base, [next(found) for _ in stencil.places])
    return J


def hessian(pull: Values, x: Array, g: Array, box: Box) -> Array:
    """The (d, d) Hessian of ⟨v, F⟩ from differences of its gradient `pull`(x) = J(x)ᵀv, where pull(x) = g."""
    H = jacobian(pull, x, x.size, lambda: g, "2-point", box)
    return (H + H.T) / 2


def hessian_from_values(values: Values, v: Array, x: Array, f: Array, box: Box) -> Array:
    """The (d, d) Hessian of ⟨v, F⟩ from values alone, d(d + 3)/2 of them beside F(x) = f (step eps^(1/4), towards the
    side with room)."""
    h = EPS**0.25 * np.maximum(1.0, np.abs(x))
    room = np.maximum(box[1] - x, 0.0), np.maximum(x - box[0], 0.0)
    up = room[0] >= np.minimum(2 * h, room[1])
    steps = np.where(up, np.minimum(h, room[0] / 2), -np.minimum(h, room[1] / 2))
    free, d = np.flatnonzero(steps), x.size
    shifts = np.diag(steps)
    pairs = [(i, j) for at, i in enumerate(free) for j in free[at:]]
    points = [*(x + shifts[i] for i in free), *(x + shifts[i] + shifts[j] for i, j in pairs)]
    found = values(np.clip(point, np.minimum(box[0], x), np.maximum(box[1], x)) for point in points)
    single, at_x = {i: float(v @ next(found)) for i in free}, float(v @ f)
    H = np.zeros((d, d))
    for i, j in pairs:
        both = float(v @ next(found))
        H[i, j] = H[j, i] = (both - single[i] - single[j] + at_x) / (steps[i] * steps[j])
    return H
