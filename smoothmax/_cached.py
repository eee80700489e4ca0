"""cached_property without the lock that Python 3.11 puts around it.

That lock is one for all objects of a class: two threads that compute two properties of two objects, each with the help
of the other property, would wait for each other for ever, and so would a thread for its workers. Computed twice, a
value is the same twice.
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property
else:

    class cached_property:
        """Computed at the first look, and kept in the object's __dict__."""

        def __init__(self, function: Callable[[Any], Any]) -> None:
            self.function, self.name, self.__doc__ = function, function.__name__, function.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self.name = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            if self.name not in instance.__dict__:
                instance.__dict__[self.name] = self.function(instance)
            return instance.__dict__[self.name]


__all__ = ["cached_property"]
