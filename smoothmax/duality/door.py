"""The door: an array or a problem in, every identity of duality out."""

from importlib.util import find_spec
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from .. import _doors
from ..problem import Minimax
from ..regularizers import Regularizer, named
from ..solvers import conic
from .arrays import Conjugacy, of_array
from .problems import MinimaxDuality, of_problem


@overload
def check_duality(
    x_or_problem: Minimax,
    tau: float,
    *,
    regularizer: str | Regularizer = "shannon",
    solver: str = "CLARABEL",
) -> MinimaxDuality: ...
@overload
def check_duality(
    x_or_problem: ArrayLike,
    tau: float,
    *,
    q: ArrayLike | None = None,
    regularizer: str | Regularizer = "shannon",
    solver: str = "CLARABEL",
) -> Conjugacy: ...


@np.errstate(all="ignore")
def check_duality(
    x_or_problem: Any,
    tau: float,
    *,
    q: Any = None,
    regularizer: str | Regularizer = "shannon",
    solver: str = "CLARABEL",
) -> Conjugacy | MinimaxDuality:
    """Check conjugacy at an array, or strong duality of a smoothed problem, by independent routes.

        F(x) = max over p of ⟨p, x⟩ − τ·Ω(p),    F*(q) = τ·Ω(q) on the simplex, +∞ elsewhere,
        min over X of F(f(x)) = max over p of min over X of ⟨p, f(x)⟩ − τ·Ω(p)

    Parameters
    ----------
    x_or_problem : (n,) array or Minimax
        Finite real numbers, or a problem with affine or convex quadratic components over Free, Box, Simplex, Ball or
        Polyhedron.
    tau : float
        Temperature τ > 0, in the units of x or f.
    q : (n,) array, optional
        With an array: where the conjugate is evaluated besides p = ∇F(x) (default: the uniform weights). Off the
        simplex, beyond rounding, the conjugate is +inf, and all routes must say so.
    regularizer : "shannon" | "gini" | an object such as ``tsallis(1.5)``
        Ω; for a problem one of the two by name.
    solver : "CLARABEL" | "SCS"
        What cvxpy solves with.

    Returns
    -------
    Conjugacy or MinimaxDuality
        `.ok`, `.checks`, `str()` a table. Tolerances of closed forms are a few eps of the dtype times the size of the
        terms; those of solvers are a share of the scale of the problem (1e-7, SCS 1e-4); those of weights follow from
        the values' by the strong convexity of Ω.

    Raises
    ------
    TypeError, ValueError
        An argument that does not fit, named; a problem that no dual is stated for.
    ImportError
        cvxpy is not installed.
    """
    tau = _doors.positive("tau", tau)
    conic.check_solver(solver)
    kind = named(regularizer)
    if find_spec("cvxpy") is None:
        raise ImportError(conic.INSTALL)
    if not isinstance(x_or_problem, Minimax):
        return of_array(x_or_problem, tau, q, kind, solver)
    if q is not None:
        raise ValueError("q belongs to an array x; for a problem the dual finds its own weights")
    return of_problem(x_or_problem, tau, kind, solver)
