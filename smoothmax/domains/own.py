"""A user's domain of three verbs, asked so that it can spoil nothing: see `_asking`."""

from typing import Any

import numpy as np

from .. import _doors
from .._asking import ask
from .._typing import Array


class Own:
    """What an object with d, project, contains and lmo stands for, and with a `start()` of its own where it has one."""

    def __init__(self, given: Any) -> None:
        self.given, self.name = given, type(given).__name__
        self.d = _doors.count(f"{self.name}.d", getattr(given, "d", None))

    def __repr__(self) -> str:
        return repr(self.given)

    def start(self) -> Array:
        """The object's own, or 0, moved into X."""
        begin = getattr(self.given, "start", None)
        x = vector(self.given, "start", ask(begin), self.d) if callable(begin) else np.zeros(self.d)
        if not np.isfinite(x).all():
            raise ValueError(f"{self.name}.start() must return finite numbers; it returned {x}")
        return x if callable(begin) and self.contains(x, 0.0) else self.moved(x)

    def moved(self, x: Array) -> Array:
        """x moved into X, once it is seen that the object's verbs agree there."""
        y = self.project(x)
        if not np.isfinite(y).all():
            raise ValueError(f"domain must project onto finite numbers; {self.name}.project({x}) returned {y}")
        if not self.contains(y):
            raise ValueError(f"domain must contain what it projects onto; {self.name}.contains denies {y}")
        return y

    def project(self, x: Array) -> Array:
        """The object's projection."""
        return vector(self.given, "project", ask(self.given.project, x), self.d)

    def contains(self, x: Array, tol: float = 1e-9) -> bool:
        """The object's word."""
        return word(self.given, "contains", ask(self.given.contains, x, tol))

    def lmo(self, c: Array) -> Array:
        """The object's minimizer."""
        return vector(self.given, "lmo", ask(self.given.lmo, c), self.d)


def word(given: Any, method: str, answer: Any) -> bool:
    """True or False; a TypeError for something else, by the name of the method that returned it."""
    if isinstance(answer, np.ndarray) and not answer.ndim:
        answer = answer[()]
    if not isinstance(answer, bool | np.bool_):
        raise TypeError(f"{type(given).__name__}.{method} must return True or False; it returned {answer!r}")
    return bool(answer)


def vector(given: Any, method: str, y: Any, d: int) -> Array:
    """A vector of d real numbers; nan and inf pass (they are numerical trouble, not bad input).

    Raises
    ------
    TypeError, ValueError
        Something else, by the name of the method that returned it.
    """
    name = f"{type(given).__name__}.{method}"
    answer: Array = _doors.float_array(name, y, f"({d},)")
    if answer.shape != (d,):
        raise ValueError(f"{name} must return shape ({d},); it returned shape {answer.shape}")
    return np.ascontiguousarray(answer)
