"""User callables in SciPy's forms, as components."""

from typing import Any

import numpy as np

from .._typing import Array
from .base import Components
from .forms import Given
from .mirrored import Mirrored, marked
from .smooth import Smooth


def from_callables(
    fun: Any, x: Array, args: Any = (), jac: Any = None, hess: Any = None, absolute: Any = False, **how: Any
) -> Components:
    """Smooth components from fun (one callable or several), jac and hess with extra arguments.

    Their number is found at x, where `fun` must be defined; those marked by `absolute` come with both signs. `how` goes
    on to Smooth.
    """
    if not isinstance(args, tuple | list):
        raise TypeError(f"args must be a tuple of extra arguments; got {args!r}")
    parts = Smooth(*(_with(one, tuple(args)) for one in (fun, jac, hess)), d=x.size, **how).bound(x)
    rows = marked(absolute, parts.n)
    return Mirrored(parts, rows) if rows.size else parts


def _with(fun: Any, args: tuple[Any, ...]) -> Any:
    """The function, or each in a sequence of them, with the extra arguments; anything else as it is."""
    if not args:
        return fun
    if isinstance(fun, list | tuple):
        return [_with(one, args) for one in fun]
    return Given(fun, args) if callable(fun) and not isinstance(fun, np.ndarray) else fun
