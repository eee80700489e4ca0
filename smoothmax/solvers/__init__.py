"""Solvers: one method per file, each an iterator of states; `loop` owns the limits, `continuation` the stages."""

from .accelerated import Accelerated
from .base import Direct, Method, State
from .conditional import ConditionalGradient
from .conic import Conic
from .gradient import Gradient
from .lbfgs import LBFGS
from .newton import Newton
from .saddle import Saddle
from .sparse import TruncatedNewton
from .spectral import SpectralNewton
from .status import Status
from .trust_region import TrustRegion
from .working_set import WorkingSet

METHODS: dict[str, type[Method] | type[Direct]] = {
    m.name: m
    for m in (
        Gradient,
        Accelerated,
        LBFGS,
        Newton,
        TruncatedNewton,
        WorkingSet,
        Saddle,
        ConditionalGradient,
        TrustRegion,
        SpectralNewton,
        Conic,
    )
}

__all__ = ["METHODS", "Direct", "Method", "State", "Status"]
