"""F_τ, its conjugate and its dual as exponential-cone programs: the only place where the solvers speak to cvxpy."""

from .accepts import INSTALL, obstacle
from .conjugate import biconjugate, conjugate, proximal
from .dual import dual
from .exact import Exact, exact
from .method import Conic, attempt
from .solver import SOLVERS, check_solver
from .units import scale_of

__all__ = [
    "INSTALL",
    "SOLVERS",
    "Conic",
    "Exact",
    "attempt",
    "biconjugate",
    "check_solver",
    "conjugate",
    "dual",
    "exact",
    "obstacle",
    "proximal",
    "scale_of",
]
