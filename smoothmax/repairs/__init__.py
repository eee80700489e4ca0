"""From approximate weights to weights that prove a bound, by linear algebra alone."""

from .damped import FACTORIZE, damped, repair
from .multipliers import estimate_multipliers
from .rows import sparse_weights

__all__ = ["FACTORIZE", "damped", "estimate_multipliers", "repair", "sparse_weights"]
