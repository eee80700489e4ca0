"""From a cvxpy problem to a Minimax and back."""

from .extracted import Extracted, extract, from_cvxpy
from .infeasible import Infeasible

__all__ = ["Extracted", "Infeasible", "extract", "from_cvxpy"]
