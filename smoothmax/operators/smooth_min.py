"""The smooth minimum."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from smoothmax.operators.door import Axis, as_real
from smoothmax.operators.logsumexp import logsumexp


def smooth_min(
    x: ArrayLike,
    *,
    tau: float = 1.0,
    axis: Axis = None,
    prior: ArrayLike | None = None,
    where: ArrayLike | None = None,
    keepdims: bool = False,
) -> Any:
    """-logsumexp(-x), the lower smooth minimum: min - tau*log n <= result <= min.

    Parameters
    ----------
    x, tau, axis, prior, where, keepdims
        As for ``logsumexp``.

    Returns
    -------
    array or scalar
        As of ``np.sum``, in the dtype of x; nothing to take the minimum of gives +inf.

    Raises
    ------
    TypeError, ValueError
        As for ``logsumexp``.
    """
    lse = logsumexp(-as_real(x), tau=tau, axis=axis, prior=prior, where=where, keepdims=keepdims)
    return -lse
