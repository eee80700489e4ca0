"""Problems out of the user's own code: module:attribute."""

import importlib
import inspect
import os
import sys
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from ..problem import Minimax
from .stated import Stated
from .told import told


def from_module(source: str) -> Stated:
    """A Minimax, something with .problem and .x0, or the result of a function without arguments that returns either."""
    name, _, attribute = source.partition(":")
    module = _imported(name)
    try:
        found = attrgetter(attribute)(module)
    except AttributeError:
        raise ValueError(f"{source}: module {name!r} has no attribute {attribute!r}") from None
    if _problem(found) is None and callable(found):
        found = _called(source, found)
    problem = _problem(found)
    if problem is None:
        kind = type(found).__name__
        raise ValueError(f"{source}: must be a Minimax or have one as .problem; it is of type {kind}")
    return Stated(problem, getattr(found, "x0", None))


def _imported(name: str) -> Any:
    """Import as `python -m` would, the current folder first; after that it comes last, so that nothing in it can stand
    for a package that is imported later."""
    here = os.getcwd()
    first = sys.path[:1] == [here]
    if not first:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{name}.".startswith(f"{missing}."):
            raise ValueError(f"no module {missing!r} in {here} or among those installed") from None
        raise ValueError(f"importing {name!r} failed: {told(error)}") from None
    finally:
        if not first:
            sys.path.remove(here)
            sys.path += [here] if here not in sys.path else []


def _called(source: str, function: Callable[..., Any]) -> Any:
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        raise ValueError(f"{source}: must be callable without arguments; {error}") from None
    except ValueError:
        pass  # some functions written in C have no signature
    try:
        return function()
    except (Exception, SystemExit) as error:
        raise ValueError(f"{source}: {told(error)}") from None


def _problem(found: Any) -> Minimax | None:
    """The problem that this is or carries."""
    inner = found if isinstance(found, Minimax) else getattr(found, "problem", None)
    return inner if isinstance(inner, Minimax) else None
