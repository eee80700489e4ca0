"""smoothmax: min over x in X of max_i f_i(x), by log-sum-exp smoothing, with a proof of how close the answer is."""

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

__version__ = "0.1.0"
