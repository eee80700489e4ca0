"""Every inequality of the log-sum-exp, at one's own data: both sides, the slack, where equality holds, and a source."""

from .check import check_inequalities
from .statement import Inequalities, Inequality

__all__ = ["Inequalities", "Inequality", "check_inequalities"]
