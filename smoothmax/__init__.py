"""smoothmax: min over x in X of max_i f_i(x), by log-sum-exp smoothing, with a proof of how close the answer is."""

from .agreement import verify
from .certificate import Certificate, Multipliers, certify
from .components import Affine, Quadratic, Smooth, Spectral, Stack
from .domains import Ball, Box, Free, Polyhedron, Product, Simplex
from .duality import check_duality
from .front import minimax, solve
from .inequalities import check_inequalities
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
from .paths import Path, path
from .problem import Minimax
from .regularizers import smooth_max, tsallis
from .repairs import repair
from .result import Interrupted, MinimaxResult
from .surrogate import Smoothed

__version__ = "0.1.0"
