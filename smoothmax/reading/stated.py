"""What is asked of a file, what is found in it, and the problem these make."""

from dataclasses import dataclass
from typing import Any

from .._typing import Matrix
from ..problem import Minimax


@dataclass(frozen=True)
class Wishes:
    """What to make of a file; every field is the option of that name."""

    domain: str | None = None
    lower: float | None = None
    upper: float | None = None
    radius: float | None = None
    absolute: bool = False
    b: str | None = None
    target: str | None = None
    intercept: bool = False

    def refuse(self, source: str, names: tuple[str, ...], meant: str) -> None:
        """A wish that would go unheard is an error."""
        for name in names:
            value = getattr(self, name)
            if value is not None and value is not False:
                raise ValueError(f"{source}: --{name} is for {meant}")


@dataclass(frozen=True)
class Data:
    """A and b of f = A x + b, and the names of the columns of A where the file has them."""

    A: Matrix
    b: Any = None
    names: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Stated:
    """A problem, where to start, and the names of its variables where they are known."""

    problem: Minimax
    x0: Any = None
    names: tuple[str, ...] | None = None
