"""The running maximum along an axis."""

from typing import Any

from ..atoms import LogCumSumExp
from .rewritten import Rewritten


def rewrite_cummax(atom: Any, args: list[Any], tau: Any, lift: float) -> Rewritten:
    # of the first j entries: their max ≤ τ·log Σ_{i ≤ j} exp(x_i/τ) ≤ their max + τ·log j
    return Rewritten.of(LogCumSumExp(args[0], tau, atom.axis, lift, atom.is_nonneg()))
