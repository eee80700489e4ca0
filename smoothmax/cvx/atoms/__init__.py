"""cvxpy atoms for τ·log Σ exp(·/τ): DCP in their arguments, DPP in τ, stated to solvers in the perspective form."""

from .cumulative import LogCumSumExp
from .log_sum_exp import LogSumExp
from .soft import Soft
from .sum_largest import SoftSumLargest

__all__ = ["LogCumSumExp", "LogSumExp", "Soft", "SoftSumLargest"]
