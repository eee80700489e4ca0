"""A set known by its oracle alone:  lmo(c) = argmin over y ∈ X of ⟨c, y⟩,  X closed, convex and bounded."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from .. import _doors
from .._asking import ask
from .._cached import cached_property
from .._typing import Array, Matrix
from .own import vector, word

LOOSE = 1e-9  # convex combinations of points of X miss it by rounding, and there is no projection to mend that


class Oracle:
    """What an object with the one method lmo(c) stands for where a domain is expected.

    The object may offer more, and what it offers is used: `start()`, `contains(x, tol)`, `project(x)`, and
    `parts(c) -> (k, d)` where X = X_1 + … + X_k: one minimizer for each summand, dense or sparse, their sum being
    lmo(c). Without `contains` points are trusted: those of the methods are convex combinations of what lmo returned,
    and a start of the user's is taken at its word. Whether lmo returns a minimizer cannot be seen from outside, so
    lower bounds rest on it; they are called "rounding", since nobody says how far X reaches.

    Raises
    ------
    ValueError, TypeError
        A class in place of an object, a number of variables that is not known or does not fit.
    """

    bounded = True

    def __init__(self, given: Any, d: int | None) -> None:
        self.given, self.name = given, type(given).__name__
        own = getattr(given, "d", None)
        if own is None and d is None:
            raise ValueError(f"the number of variables is not known: give Smooth(…, d=…) or {self.name}.d")
        self.d = _doors.count(f"{self.name}.d", d if own is None else own)
        self.projects = callable(getattr(given, "project", None))
        self._last: tuple[Array, Matrix] | None = None

    def __repr__(self) -> str:
        return f"{self.name}(d={self.d}, by lmo)"

    def start(self) -> Array:
        """The object's own start, or lmo of ones (an oracle that normalizes c has no answer to zeros)."""
        return self._start.copy()

    @cached_property
    def _start(self) -> Array:
        begin = getattr(self.given, "start", None)
        x = vector(self.given, "start", ask(begin), self.d) if callable(begin) else self.lmo(np.ones(self.d))
        if not np.isfinite(x).all():
            j = int(np.flatnonzero(~np.isfinite(x))[0])
            what = "start()" if callable(begin) else "lmo(ones)"
            raise ValueError(f"{self.name}.{what} must return finite numbers, X being bounded; entry {j} is {x[j]}")
        self._refuse_a_maximizer()
        return x

    def _refuse_a_maximizer(self) -> None:
        """Minimizers are monotone, ⟨c − c', lmo(c) − lmo(c')⟩ ≤ 0: two positive c, which any oracle takes."""
        c = 1.0 + np.random.default_rng(0).random((2, self.d))
        y = np.array([self.lmo(c[0]), self.lmo(c[1])])
        if not np.isfinite(y).all():
            raise ValueError(f"{self.name}.lmo(c) must return finite numbers for finite c, X being bounded; got {y}")
        rise = float((c[0] - c[1]) @ (y[0] - y[1]))
        if rise > LOOSE * float(np.abs(c).sum(axis=0) @ np.abs(y).max(axis=0)):
            raise ValueError(
                f"{self.name}.lmo(c) must minimize ⟨c, y⟩ over X; between two directions its answers rise by {rise:.3g}"
            )

    def contains(self, x: Array, tol: float = 1e-9) -> bool:
        """What the object says, up to rounding at least; without its word, yes."""
        own = getattr(self.given, "contains", None)
        return word(self.given, "contains", ask(own, x, max(tol, LOOSE))) if callable(own) else True

    def project(self, x: Array) -> Array:
        """The object's projection.

        Raises
        ------
        TypeError
            It has none.
        """
        if not self.projects:
            raise TypeError(f"a point outside {self!r} cannot be moved inside: it offers lmo(c) but no project(x)")
        return vector(self.given, "project", ask(self.given.project, x), self.d)

    def lmo(self, c: Array) -> Array:
        """argmin over X of ⟨c, y⟩; asked twice in a row at one c, the object is called once."""
        total: Array = np.asarray(self.parts(c).sum(axis=0), dtype=np.float64).ravel()
        return total

    def parts(self, c: Array) -> Matrix:
        """argmin over X_k of ⟨c, y⟩ for each summand of X, (k, d); (1, d) where X has not been taken apart."""
        last = self._last  # another thread may put its own there
        if last is None or not np.array_equal(last[0], c):
            apart = getattr(self.given, "parts", None)
            if callable(apart):
                y = self._rows(ask(apart, c))
            else:
                y = vector(self.given, "lmo", ask(self.given.lmo, c), self.d)[None]
            last = self._last = c.copy(), y
        answer: Matrix = last[1]
        return answer

    def _rows(self, y: Any) -> Matrix:
        """A (k, d) matrix of real numbers, dense or CSR."""
        shape = f"(k, {self.d})"
        if sp.issparse(y):
            _doors.check_real(f"{self.name}.parts", y.dtype)
            y = sp.csr_array(y, dtype=np.float64)
        else:
            y = _doors.float_array(f"{self.name}.parts", y, shape)
        if y.ndim != 2 or y.shape[1] != self.d or y.shape[0] < 1:
            raise ValueError(f"{self.name}.parts must return shape {shape}; it returned shape {y.shape}")
        return y
