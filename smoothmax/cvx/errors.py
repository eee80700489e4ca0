"""The one refusal of from_cvxpy: it names the sub-expression that stands in the way."""

from typing import Any

import cvxpy as cp

SHOWN = 80  # characters of a sub-expression in a message


class NotMinimax(cp.error.SolverError, ValueError):
    """The problem is not a maximum of affine and convex quadratic functions over a set that is known here.

    Parameters
    ----------
    what : cvxpy expression or constraint
        The sub-expression that stands in the way; kept as `.what`.
    why, instead : str
        What is wrong with it, and what would be right.
    """

    def __init__(self, what: Any, why: str, instead: str) -> None:
        super().__init__(f"from_cvxpy cannot take {shortened(what)}: {why}; {instead} would be right")
        self.what, self.why, self.instead = what, why, instead

    def __reduce__(self) -> tuple[Any, ...]:
        return NotMinimax, (self.what, self.why, self.instead)


def shortened(what: Any) -> str:
    """cvxpy's own string on one line, its middle left out beyond SHOWN characters."""
    text = " ".join(str(what).split())
    half = SHOWN // 2 - 2
    return text if len(text) <= SHOWN else f"{text[:half]} … {text[-half:]}"
