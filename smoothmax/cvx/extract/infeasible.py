"""What is raised where no point satisfies the constraints."""

from typing import Any

SHOWN = 80  # characters of a constraint in a message


class Infeasible(ValueError):
    """The constraints of the problem contradict each other; `problem.solve` turns this into the status "infeasible"."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the constraints of the problem are infeasible: {why}")


def brief(constraint: Any) -> str:
    """cvxpy's own string on one line of at most SHOWN characters."""
    text = " ".join(str(constraint).split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 2]} …"
