"""min x = −max(−x)."""

from typing import Any

from .max import soft_max
from .rewritten import Rewritten


def rewrite_min(atom: Any, args: list[Any], tau: Any, lift: float) -> Rewritten:
    # an upper surrogate of max(−x) is a lower one of min x
    return soft_max([-args[0]], tau, atom.axis, atom.keepdims, lift, atom.is_nonpos()).negated()
