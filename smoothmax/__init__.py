"""smoothmax: min over x in X of max_i f_i(x), by log-sum-exp smoothing, with a proof of how close the answer is."""

from typing import TYPE_CHECKING

from .certificate import Certificate, Multipliers, certify
from .components import Affine, Quadratic, Smooth, Spectral, Stack
from .domains import Ball, Box, Free, Polyhedron, Product, Simplex
from .front import minimax, solve
from .operators import (
    LogSumExpAccumulator,
    entropy,
    kl_divergence,
    log_matmul,
    log_softmax,
    logaddexp,
    logsumexp,
    logsumexp_dtau,
    logsumexp_hessian,
    logsumexp_hvp,
    logsumexp_plus,
    mellowmax,
    smooth_min,
    softmax,
)
from .problem import Minimax
from .regularizers import smooth_max, tsallis
from .repairs import repair
from .result import Interrupted, MinimaxResult
from .surrogate import Smoothed

if TYPE_CHECKING:
    from .agreement import verify
    from .duality import check_duality
    from .inequalities import check_inequalities
    from .paths import Path, path
else:
    _LATER = {
        "verify": "agreement",
        "check_duality": "duality",
        "check_inequalities": "inequalities",
        "Path": "paths",
        "path": "paths",
    }

    def __getattr__(name):
        """What lies above `solve` is loaded when it is first asked for."""
        from importlib import import_module

        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found = getattr(import_module(f".{_LATER[name]}", __name__), name)
        return found

    def __dir__():
        return sorted({*globals(), *__all__})


__version__ = "0.1.0"

__all__ = [
    "Affine",
    "Ball",
    "Box",
    "Certificate",
    "Free",
    "Interrupted",
    "LogSumExpAccumulator",
    "Minimax",
    "MinimaxResult",
    "Multipliers",
    "Path",
    "Polyhedron",
    "Product",
    "Quadratic",
    "Simplex",
    "Smooth",
    "Smoothed",
    "Spectral",
    "Stack",
    "__version__",
    "certify",
    "check_duality",
    "check_inequalities",
    "entropy",
    "kl_divergence",
    "log_matmul",
    "log_softmax",
    "logaddexp",
    "logsumexp",
    "logsumexp_dtau",
    "logsumexp_hessian",
    "logsumexp_hvp",
    "logsumexp_plus",
    "mellowmax",
    "minimax",
    "path",
    "repair",
    "smooth_max",
    "smooth_min",
    "softmax",
    "solve",
    "tsallis",
    "verify",
]
