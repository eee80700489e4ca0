"""What a rewrite returns."""

from typing import Any, NamedTuple

from ..._typing import Array
from ..atoms import Soft


class Rewritten(NamedTuple):
    """A surrogate and its own error: |surrogate − atom| ≤ τ·error at equal arguments, entry by entry."""

    expression: Any
    error: float | Array

    @classmethod
    def of(cls, soft: Soft) -> "Rewritten":
        """Between lift·excess below and (1 − lift)·excess above."""
        return cls(soft, max(soft.lift, 1 - soft.lift) * soft.excess)

    def negated(self) -> "Rewritten":
        """Of the negated atom."""
        return Rewritten(-self.expression, self.error)
