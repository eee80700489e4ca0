"""The log semiring: addition is ``logaddexp``, multiplication is +; ``log_matmul`` is its matrix product.

As tau -> 0 this becomes the tropical (max, +) semiring.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from smoothmax.operators.door import Array, as_pair, as_tau, broadcast
from smoothmax.operators.library import cast, namespace, place, scalar, widest
from smoothmax.operators.logsumexp import logsumexp

TEMPORARY = 1 << 20  # elements of A_ik + B_kj held at a time


def logaddexp(x: ArrayLike, y: ArrayLike, *, tau: float = 1.0) -> Any:
    """tau * log( exp(x/tau) + exp(y/tau) ), elementwise with broadcasting: the ``logsumexp`` of the two.

    Parameters
    ----------
    x, y : arrays
        Real numbers that broadcast against each other.
    tau : float
        Temperature, finite and >= 0, in the units of x and y; 0 is the maximum.

    Returns
    -------
    array
        In the broadcast shape and the wider dtype; special values are those of ``logsumexp``.

    Raises
    ------
    TypeError
        Complex, object or masked input.
    ValueError
        Negative, infinite or nan tau; shapes that do not broadcast.
    """
    a, b, dtype = as_pair(x, y)
    xp, (a, b) = namespace(a), broadcast(a, b, ("x", "y"))
    pair = xp.stack([cast(a, dtype), cast(b, dtype)])
    return logsumexp(pair, tau=tau, axis=0)


@np.errstate(all="ignore")
def log_matmul(A: ArrayLike, B: ArrayLike, *, tau: float = 1.0) -> Any:
    """C_ij = tau * log( sum_k exp((A_ik + B_kj) / tau) ), the matrix product of the log semiring.

    Every entry is a ``logsumexp`` of its own, so nothing under- or overflows; the cost is m*k*n exponentials.

    Parameters
    ----------
    A, B : arrays
        Shapes as in ``np.matmul``: (..., m, k) and (..., k, n), or vectors of length k.
    tau : float
        Temperature, finite and >= 0, in the units of A and B; 0 is the (max, +) product.

    Returns
    -------
    (..., m, n) array
        Without the axes that a vector lacks, in the wider dtype of the two.

    Raises
    ------
    TypeError
        Complex, object or masked input.
    ValueError
        Negative, infinite or nan tau; shapes that do not multiply.
    """
    tau = as_tau(tau)
    a, b, dtype = as_pair(A, B, ("A", "B"))
    xp, wide = namespace(a), widest(a, b)
    left, right, batch = _operands(xp, a, b)
    shape = (*batch, left.shape[-2], right.shape[-1])
    left, right = cast(left, wide), cast(right, wide)
    products = [_multiply(xp, left[(*i, ...)], right[(*i, ...)], tau) for i in np.ndindex(*batch)]
    out = xp.stack(products) if products else xp.zeros(shape, **place(a))
    vectors = tuple(axis for axis, v in ((-2, a), (-1, b)) if v.ndim == 1)
    return scalar(cast(xp.squeeze(xp.reshape(out, shape), axis=vectors), dtype))


def _operands(xp: Any, a: Array, b: Array) -> tuple[Array, Array, tuple[int, ...]]:
    """Both as stacks of matrices over the same batch, with vectors made rows on the left, columns on the right."""
    for name, v in (("A", a), ("B", b)):
        if v.ndim == 0:
            raise ValueError(f"{name}: expected a vector or a matrix, got a scalar")
    left, right = a if a.ndim > 1 else a[None, :], b if b.ndim > 1 else b[:, None]
    try:
        batch = np.broadcast_shapes(tuple(left.shape[:-2]), tuple(right.shape[:-2]))
    except ValueError:
        batch = None
    if batch is None or left.shape[-1] != right.shape[-2]:
        raise ValueError(f"B: its shape {tuple(b.shape)} does not multiply with the shape {tuple(a.shape)} of A")
    left, right = (xp.broadcast_to(v, (*batch, *v.shape[-2:])) for v in (left, right))
    return left, right, batch


def _multiply(xp: Any, a: Array, b: Array, tau: float) -> Any:
    m, step, columns = a.shape[0], max(TEMPORARY // max(math.prod(b.shape), 1), 1), b.T[None, :, :]
    pieces = (a[i : min(i + step, m), None, :] for i in range(0, max(m, 1), step))
    blocks = [logsumexp(piece + columns, tau=tau, axis=-1) for piece in pieces]
    return xp.concat(blocks) if len(blocks) != 1 else blocks[0]
