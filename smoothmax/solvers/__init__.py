"""Solvers: one method per file, each an iterator of states; `loop` owns the limits, `continuation` the stages."""

from .accelerated import Accelerated
from .base import Direct, Method, State
from .gradient import Gradient
from .lbfgs import LBFGS
from .methods import Methods
from .newton import Newton
from .sparse import TruncatedNewton
from .status import Status
from .working_set import WorkingSet

METHODS = Methods(
    (Gradient, Accelerated, LBFGS, Newton, TruncatedNewton, WorkingSet),
    later={
        "saddle": ("saddle", "Saddle"),
        "conditional-gradient": ("conditional", "ConditionalGradient"),
        "trust-region": ("trust_region", "TrustRegion"),
        "spectral": ("spectral", "SpectralNewton"),
        "cvxpy": ("conic", "Conic"),
    },
)

__all__ = ["METHODS", "Direct", "Method", "State", "Status"]
