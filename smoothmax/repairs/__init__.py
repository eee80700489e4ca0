"""From approximate weights to weights that prove a bound, by linear algebra alone."""

from .damped import FACTORIZE, repair
from .multipliers import estimate_multipliers
from .rows import sparse_weights

__all__ = ["FACTORIZE", "estimate_multipliers", "repair", "sparse_weights"]
