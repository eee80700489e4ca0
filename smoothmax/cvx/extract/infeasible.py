"""What is raised where no point satisfies the constraints."""


class Infeasible(ValueError):
    """The constraints of the problem contradict each other; `problem.solve` turns this into the status "infeasible"."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the constraints of the problem are infeasible: {why}")
