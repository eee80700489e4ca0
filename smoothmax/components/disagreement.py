"""Does a Jacobian J agree with its map F?  J u against differences along u, for one direction u or for every variable.

    forward   (F(x + hu) − F(x)) / h          one call: where it agrees with J u, that is all
    central   (F(x + hu) − F(x − hu)) / 2h    where it does not, with smaller and smaller h

A mismatch counts where two central differences in a row agree with each other and not with J, and no larger h did
better: one alone may be spoilt by curvature (h too large for F) or by cancellation inside F (h too small).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

import numpy as np

from .._typing import Array, Matrix
from .calls import Calls
from .complex_step import NO_COMPLEX
from .differences import EPS, Box, parabola

STEPS = tuple(EPS ** (1 / 3) * 31.4**-k for k in range(4))  # not whole multiples: rounding must not repeat itself
CLOSE = 1e-3  # relative
NOISE = 4 * EPS  # of the values, a convention
TINY = float(np.finfo(float).tiny)  # what underflow takes


class Mismatch(NamedTuple):
    """Component i along a direction (variable j, where it is one): what J says, what the difference says."""

    i: int
    j: int | None
    given: float
    slope: float


class Comparison:
    """F at x with its Jacobian, F(x) = f."""

    def __init__(self, fun: Callable[[Array], Array], x: Array, f: Array, J: Matrix, box: Box) -> None:
        self.fun, self.x, self.f, self.J = fun, x, f, J
        self.low, self.high = np.minimum(box[0], x), np.maximum(box[1], x)

    def anywhere(self) -> Mismatch | None:
        """Along one random direction that moves all variables; where it mismatches, in the first variable that does."""
        rng = np.random.default_rng(0)
        u = rng.choice([-1.0, 1.0], self.x.size) * rng.uniform(0.5, 1.0, self.x.size)
        found = self.along(u * np.maximum(1.0, np.abs(self.x)))
        return found and (self.everywhere() or found)

    def everywhere(self) -> Mismatch | None:
        """Along each variable: the first mismatch."""
        for j, h in enumerate(np.maximum(1.0, np.abs(self.x))):
            u = np.zeros(self.x.size)
            u[j] = h
            found = self.along(u)
            if found:
                slope, given = found.slope / h, found.given / h
                return found._replace(j=j, given=given, slope=slope)
        return None

    @np.errstate(all="ignore")
    def along(self, u: Array) -> Mismatch | None:
        """The largest mismatch of a component along u, mirrored in the variables that would leave the bounds."""
        h, x = STEPS[0], self.x
        outside = (x + h * u > self.high) | (x + h * u < self.low)
        u = (np.clip(x + h * np.where(outside, -u, u), self.low, self.high) - x) / h
        if not u.any():
            return None
        given, size = self.J @ u, abs(self.J) @ np.abs(u)
        ahead = self._at(h * u)
        if not np.any(self._excess(given, size, (ahead - self.f) / h, h, self._noisy(ahead, h)) > 0):
            return None
        return self._confirmed(u, given, size, ahead)

    def _confirmed(self, u: Array, given: Array, size: Array, ahead: Array) -> Mismatch | None:
        before, wrong = np.full(given.size, np.nan), np.zeros(given.size, dtype=bool)
        least = np.full(given.size, np.inf)
        for h in STEPS:
            there = ahead if h == STEPS[0] else self._at(h * u)
            slope, noise = self._central(u, h, there)
            excess = self._excess(given, size, slope, h, noise)
            off = np.abs(given - slope)
            stands = wrong & (excess > 0) & (np.abs(slope - before) <= 0.25 * off) & (off <= 1.3 * least)
            if stands.any():
                i = int(np.argmax(np.where(stands, excess, -np.inf)))
                return Mismatch(i, None, float(given[i]), float(slope[i]))
            before, wrong, least = slope, excess > 0, np.fmin(least, off)
            if not wrong.any():
                return None
        return None

    def _central(self, u: Array, h: float, ahead: Array) -> tuple[Array, Array]:
        """The difference with step h, and the size of the values in it; one-sided where −hu would leave the bounds."""
        point = self.x - h * u
        if np.all((self.low <= point) & (point <= self.high)):
            behind = self._at(-h * u)
            return (ahead - behind) / (2 * h), self._noisy(behind, h) + self._noisy(ahead, h)
        half = self._at(0.5 * h * u)
        return parabola(h, 0.5 * h, ahead - self.f, half - self.f), 4 * self._noisy(half, h) + self._noisy(ahead, h)

    def _noisy(self, there: Array, h: float) -> Array:
        """What rounding is relative to: the values, and their change over what rounding of the point is relative to."""
        return np.abs(there) + np.abs(there - self.f) / h

    def _at(self, s: Array) -> Array:
        """F(x + s), not beyond the bounds by rounding."""
        return self.fun(np.clip(self.x + s, self.low, self.high))

    def _excess(self, given: Array, size: Array, slope: Array, h: float, values: Array) -> Array:
        """By how much they differ beyond what is allowed; nan where there is nothing to compare."""
        allowed = CLOSE * (size + np.abs(slope)) + NOISE / h * (np.abs(self.f) + values)
        excess = np.abs(given - slope) - allowed - TINY / h
        return np.where(np.isfinite(excess), excess, np.nan)


class Family(Protocol):
    """What is compared: functions with their derivatives."""

    n: int
    of: str
    calls: Calls

    def evaluate(self, x: Array) -> Array:
        """F(x)."""

    def values(self, points: Iterable[Array]) -> Iterator[Array]:
        """F at points that nobody asks for again."""

    def derivative(self, x: Array) -> Matrix:
        """J(x)."""

    def hess(self, x: Array, v: Array) -> Array:
        """Σ v_i ∇²f_i(x)."""

    def inside(self, x: Array) -> Box:
        """The bounds."""


def check_jacobian(parts: Family, x: Array, complex_step: bool, full: bool) -> None:
    """Raise a ValueError that names the first mismatch at x, if there is one; the Jacobian is kept for the solve."""
    J = parts.derivative(x)
    parts.calls.slope = (x, J)
    compare(parts, x, J, complex_step, full)


def compare(parts: Family, x: Array, J: Matrix, complex_step: bool, full: bool) -> None:
    """The same for a Jacobian J that is known."""
    look = Comparison(lambda y: next(parts.values([y])), x, parts.evaluate(x), J, parts.inside(x))
    wrong = look.everywhere() if full else look.anywhere()
    if wrong is None:
        return
    where = "along a random direction" if wrong.j is None else f"variable {wrong.j}"
    said = f"component {wrong.i}, {where}: jac says {wrong.given:.8g}, a central difference says {wrong.slope:.8g}"
    if complex_step:
        raise ValueError(f'{parts.of}jac="cs" disagrees with the differences of fun: {said}; {NO_COMPLEX}')
    raise ValueError(f"{parts.of}jac disagrees with fun: {said}; check=False goes on regardless")


def check_hessian(parts: Family, x: Array) -> None:
    """The same for `hess`, at random weights v, against differences of Jᵀv."""
    v = np.random.default_rng(0).dirichlet(np.ones(parts.n))

    def pull(y: Array) -> Array:
        return np.asarray(parts.derivative(y).T @ v)

    wrong = Comparison(pull, x, pull(x), parts.hess(x, v), parts.inside(x)).everywhere()
    if wrong:
        raise ValueError(
            f"{parts.of}hess disagrees with the Jacobian: entry ({wrong.i}, {wrong.j}) of Σ v_i ∇²f_i is "
            f"{wrong.given:.8g}, differences of Jᵀv say {wrong.slope:.8g}, "
            f"for v = {np.array2string(v, precision=3, threshold=6)}"
        )
