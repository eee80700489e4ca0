"""Pure functions on arrays: the smooth maximum, its derivatives and its algebra."""

from smoothmax.operators.accumulator import LogSumExpAccumulator
from smoothmax.operators.derivatives import logsumexp_dtau, logsumexp_hessian, logsumexp_hvp
from smoothmax.operators.entropy import entropy, kl_divergence
from smoothmax.operators.expectation import SoftmaxAccumulator
from smoothmax.operators.logsumexp import logsumexp
from smoothmax.operators.logsumexp_plus import logsumexp_plus
from smoothmax.operators.mellowmax import mellowmax
from smoothmax.operators.semiring import log_matmul, logaddexp
from smoothmax.operators.smooth_min import smooth_min
from smoothmax.operators.softmax import log_softmax, softmax

__all__ = [
    "LogSumExpAccumulator",
    "SoftmaxAccumulator",
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
    "smooth_min",
    "softmax",
]
