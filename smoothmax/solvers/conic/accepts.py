"""What can be stated in cones: f_i = ½ xᵀP_i x + ⟨q_i, x⟩ + r_i, P_i ⪰ 0, over a linearly described set or a ball."""

from importlib.util import find_spec

from ..._typing import Array, Matrix
from ...components import Affine, Components, Quadratic, Stack
from ...domains import Ball, Linear
from ...problem import Minimax

INSTALL = 'cvxpy is not installed: pip install "smoothmax[cvx]"'


def obstacle(problem: Minimax) -> str | None:
    """The first thing in the way of stating the problem, in a sentence; None where nothing is."""
    if find_spec("cvxpy") is None:
        return INSTALL
    for part in families(problem.components):
        if not isinstance(part, (Affine, Quadratic)):
            return f"it needs affine or quadratic components; {part!r} is neither"
        if not part.rows:
            return f"it needs the entries of A, and {part!r} only offers products"
        if part.remote:
            return f"it needs the entries of A, and those of {part!r} stay where they are"
        if not part.convex:
            return f"it needs convex components; {part!r} has a P that is not positive semidefinite"
    if linear(problem) is None and not isinstance(problem.domain, Ball):
        return f"it can state Free, Box, Simplex, Ball and Polyhedron; this domain is {problem.domain!r}"
    return None


def families(components: Components) -> list[Components]:
    """The families of a Stack, in order; nested ones too."""
    if isinstance(components, Stack):
        return [one for part in components.parts for one in families(part)]
    return [components]


def gradients(part: Components, x: Array) -> Matrix:
    """Rows ∇f_i(x): A itself, or P_i x + q_i."""
    if isinstance(part, Affine):
        return part.A
    assert isinstance(part, Quadratic)
    return part.q + (part.P @ x if part.P.ndim else part.P * x)


def linear(problem: Minimax) -> Linear | None:
    """The domain as A_ub x ≤ b_ub, A_eq x = b_eq, lb ≤ x ≤ ub, where it has that form."""
    describe = getattr(problem.domain, "linear", None)
    return describe() if describe else None
