"""A user's domain of three verbs, asked so that it can spoil nothing: see `_asking`."""

from functools import partial
from typing import Any

import numpy as np

from .. import _doors
from .._asking import ask
from .._typing import Array


class Own:
    """What an object with d, project, contains and lmo stands for; what else it offers is there by the same names."""

    def __init__(self, given: Any) -> None:
        self.given = given
        self.d = _doors.count(f"{type(given).__name__}.d", getattr(given, "d", None))

    def __repr__(self) -> str:
        return repr(self.given)

    def __getattr__(self, name: str) -> Any:
        if name == "given" or name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self.given, name)
        return partial(ask, found) if callable(found) else found

    def project(self, x: Array) -> Array:
        """The object's projection."""
        return vector(self.given, "project", ask(self.given.project, x), self.d)

    def contains(self, x: Array, tol: float = 1e-9) -> bool:
        """The object's word."""
        return bool(ask(self.given.contains, x, tol))

    def lmo(self, c: Array) -> Array:
        """The object's minimizer."""
        return vector(self.given, "lmo", ask(self.given.lmo, c), self.d)


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
