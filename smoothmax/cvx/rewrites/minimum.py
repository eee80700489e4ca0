"""minimum(x, y, …) = −maximum(−x, −y, …); neg(x) = −minimum(x, 0)."""

from typing import Any

from .max import soft_max
from .rewritten import Rewritten


def rewrite_minimum(atom: Any, args: list[Any], tau: Any, lift: float) -> Rewritten:
    # an upper surrogate of maximum(−x, −y) is a lower one of minimum(x, y)
    return soft_max([-arg for arg in args], tau, (), False, lift, atom.is_nonpos()).negated()
