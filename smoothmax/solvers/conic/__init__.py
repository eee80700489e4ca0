"""F_τ, its conjugate and its dual as exponential-cone programs: the only place where the solvers speak to cvxpy."""

from .accepts import INSTALL
from .conjugate import biconjugate, conjugate
from .dual import dual
from .method import Conic
from .solver import SOLVERS, check_solver
from .units import scale_of

__all__ = ["INSTALL", "SOLVERS", "Conic", "biconjugate", "check_solver", "conjugate", "dual", "scale_of"]
