"""maximum(x, y, …) entry by entry; pos(x) = maximum(x, 0)."""

from typing import Any

from .max import soft_max
from .rewritten import Rewritten


def rewrite_maximum(atom: Any, args: list[Any], tau: Any, lift: float) -> Rewritten:
    # max ≤ τ·log Σ_k exp(x_k/τ) ≤ max + τ·log K, as for max
    return soft_max(args, tau, (), False, lift, atom.is_nonneg())
