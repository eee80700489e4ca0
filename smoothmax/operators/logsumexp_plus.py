"""The strictly convex log-sum-exp."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from smoothmax.operators.door import Axis, as_real
from smoothmax.operators.library import cast, widest
from smoothmax.operators.logsumexp import logsumexp
from smoothmax.operators.semiring import logaddexp


@np.errstate(all="ignore")
def logsumexp_plus(x: ArrayLike, *, tau: float = 1.0, axis: Axis = None) -> Any:
    """tau * log( 1 + sum_i exp(x_i / tau) ): the log-sum-exp of (0, x), strictly convex, a Bregman generator.

    F. Nielsen, G. Hadjeres, *Monte Carlo Information Geometry: The Dually Flat Case*, 2018.

    Parameters
    ----------
    x, tau, axis
        As for ``logsumexp``.

    Returns
    -------
    array or scalar
        As of ``np.sum``, in the dtype of x; >= 0, and 0 where there is nothing to sum.

    Raises
    ------
    TypeError, ValueError
        As for ``logsumexp``.
    """
    x = as_real(x)
    lse = logsumexp(cast(x, widest(x)), tau=tau, axis=axis)
    return cast(logaddexp(lse, 0.0, tau=tau), x.dtype)
