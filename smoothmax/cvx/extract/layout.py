"""Where the entries of cvxpy variables stand in the vector x: one variable after another, each in Fortran order."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._cached import cached_property
from ..._typing import Array
from ..errors import NotMinimax

REFUSED = ("boolean", "integer", "complex", "imag", "hermitian", "PSD", "NSD")


@dataclass(frozen=True)
class Layout:
    """x = (vec v_1, …, vec v_k) for variables v_1, …, v_k of any shape; the full size of symmetric and sparse ones."""

    variables: tuple[Any, ...]

    @classmethod
    def of(cls, problem: Any) -> "Layout":
        """The variables in the order of `problem.variables()`.

        Raises
        ------
        NotMinimax
            For a variable that is integer, complex or semidefinite.
        """
        for variable in problem.variables():
            for name in REFUSED:
                if np.any(variable.attributes.get(name) not in (None, False, [], ())):
                    raise NotMinimax(variable, f"it is a variable with {name}=True", "a continuous real variable")
        return cls(tuple(problem.variables()))

    @cached_property
    def _places(self) -> dict[int, slice]:
        ends = np.cumsum([0, *(v.size for v in self.variables)]).tolist()
        return {v.id: slice(a, b) for v, a, b in zip(self.variables, ends[:-1], ends[1:], strict=True)}

    @property
    def d(self) -> int:
        """The number of entries in all."""
        return sum(v.size for v in self.variables)

    def place(self, variable: Any) -> slice:
        """The columns of one variable."""
        return self._places[variable.id]

    def values(self, x: Array) -> dict[int, Array]:
        """{variable.id: array of its shape}, copies of the parts of x."""
        return {v.id: x[self.place(v)].reshape(v.shape, order="F").copy() for v in self.variables}
