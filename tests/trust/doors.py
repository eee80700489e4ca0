"""The doors of the library: for every public callable right arguments, and for each of its arguments wrong ones."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Door:
    """A callable with arguments that are right, and for each argument what is wrong in its place.

    `fine`: what looks wrong and means something; `open`: arguments that take anything, and why.
    """

    call: Callable[..., Any]
    good: dict[str, Any]
    wrong: dict[str, dict[str, Any]]
    fine: dict[str, dict[str, Any]] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)

    def cases(self):
        """(argument, name of the wrong value, the value)."""
        return [(argument, label, value) for argument, table in self.wrong.items() for label, value in table.items()]

    def exceptions(self):
        """The same of what is fine."""
        return [(argument, label, value) for argument, table in self.fine.items() for label, value in table.items()]

    def with_(self, **changed):
        """The call with one argument changed."""
        return self.call(**{**self.good, **changed})


def of_method(cls, name, make, good, wrong, fine=None):
    """The door of a method, on an object made afresh for every call."""
    return {f"{cls}.{name}": Door(lambda **given: getattr(make(), name)(**given), good, wrong, fine or {})}


def table():
    """All doors by name."""
    from . import doors_numbers, doors_outside, doors_problems, doors_solving

    rooms = (doors_numbers.DOORS, doors_problems.DOORS, doors_solving.DOORS, doors_outside.DOORS)
    return {name: door for room in rooms for name, door in room.items()}
