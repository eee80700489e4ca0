"""Constraints as SciPy's SLSQP takes them: {"type": "ineq", "fun": c} is c(x) ≥ 0, {"type": "eq", …} is c(x) = 0."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from scipy.optimize import NonlinearConstraint

from .forms import Given

KEYS = {"type", "fun", "jac", "args"}


def restated(constraints: Any) -> Any:
    """`constraints` with every such dictionary as a NonlinearConstraint; whatever else stands there is left alone.

    Raises
    ------
    TypeError, ValueError
        A dictionary that is no constraint.
    """
    if isinstance(constraints, Mapping):
        return [_constraint(constraints)]
    if not isinstance(constraints, Iterable):
        return constraints
    return [_constraint(item) if isinstance(item, Mapping) else item for item in constraints]


def _constraint(item: Mapping[str, Any]) -> NonlinearConstraint:
    kind, fun, args = item.get("type"), item.get("fun"), item.get("args", ())
    if kind not in ("ineq", "eq") or not callable(fun) or not set(item) <= KEYS:
        raise ValueError(
            'constraints given as dictionaries must be {"type": "ineq" or "eq", "fun": callable, "jac": …, "args": …}; '
            f"got {dict(item)!r} (scipy's NonlinearConstraint says the same and more)"
        )
    if not isinstance(args, tuple | list):
        raise TypeError(f"constraints: args must be a tuple of extra arguments; got {args!r}")
    jac = item.get("jac")
    slope = Given(jac, tuple(args)) if callable(jac) else jac or "2-point"
    return NonlinearConstraint(Given(fun, tuple(args)), 0.0, np.inf if kind == "ineq" else 0.0, jac=slope)
