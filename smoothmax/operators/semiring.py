"""The log semiring: addition is ``logaddexp``, multiplication is +; ``log_matmul`` is its matrix product.

As tau -> 0 this becomes the tropical (max, +) semiring.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from smoothmax.operators.door import Array, as_real, as_tau
from smoothmax.operators.kernel import working
from smoothmax.operators.logsumexp import logsumexp

TEMPORARY = 1 << 20  # elements of A_ik + B_kj held at a time


def logaddexp(x: ArrayLike, y: ArrayLike, *, tau: float = 1.0) -> Any:
    """tau * log( exp(x/tau) + exp(y/tau) ), elementwise with broadcasting: the ``logsumexp`` of the two."""
    a, b = as_real(x, "x"), as_real(y, "y")
    dtype = np.result_type(*(v if type(v) in (int, float) else w.dtype for v, w in ((x, a), (y, b))))
    try:
        pair = np.stack(np.broadcast_arrays(a, b)).astype(dtype, copy=False)
    except ValueError:
        raise ValueError(f"y: its shape {b.shape} does not broadcast with the shape {a.shape} of x") from None
    return logsumexp(pair, tau=tau, axis=0)


@np.errstate(all="ignore")
def log_matmul(A: ArrayLike, B: ArrayLike, *, tau: float = 1.0) -> Any:
    """C_ij = tau * log( sum_k exp((A_ik + B_kj) / tau) ), the matrix product of the log semiring.

    Shapes are those of ``np.matmul``: (..., m, k) and (..., k, n), or vectors of length k. Every entry is a
    ``logsumexp`` of its own, so nothing under- or overflows; the cost is m*k*n exponentials.
    """
    tau = as_tau(tau)
    a, b = as_real(A, "A"), as_real(B, "B")
    left, right, batch = _operands(a, b)
    dtype = np.result_type(a, b)
    out = np.empty((*batch, left.shape[-2], right.shape[-1]), dtype)
    for i in np.ndindex(*batch):
        _multiply(left[i].astype(working(dtype)), right[i].astype(working(dtype)), tau, out[i])
    vectors = tuple(axis for axis, v in ((-2, a), (-1, b)) if v.ndim == 1)
    return out.squeeze(vectors)[()]


def _operands(a: Array, b: Array) -> tuple[Array, Array, tuple[int, ...]]:
    """Both as stacks of matrices over the same batch, with vectors made rows on the left, columns on the right."""
    for name, v in (("A", a), ("B", b)):
        if v.ndim == 0:
            raise ValueError(f"{name}: expected a vector or a matrix, got a scalar")
    left, right = a if a.ndim > 1 else a[None], b if b.ndim > 1 else b[:, None]
    try:
        batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    except ValueError:
        batch = None
    if batch is None or left.shape[-1] != right.shape[-2]:
        raise ValueError(f"B: its shape {b.shape} does not multiply with the shape {a.shape} of A")
    left, right = (np.broadcast_to(v, (*batch, *v.shape[-2:])) for v in (left, right))
    return left, right, batch


def _multiply(a: Array, b: Array, tau: float, out: Array) -> None:
    rows = max(TEMPORARY // max(b.size, 1), 1)
    for i in range(0, len(a), rows):
        terms = a[i : i + rows, None, :] + b.T[None]
        out[i : i + rows] = logsumexp(terms, tau=tau, axis=-1)
