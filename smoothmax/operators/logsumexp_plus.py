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

    Parameters and special values are those of ``logsumexp``; nothing to sum gives 0.

    F. Nielsen, G. Hadjeres, *Monte Carlo Information Geometry: The Dually Flat Case*, 2018.
    """
    x = as_real(x)
    lse = logsumexp(cast(x, widest(x)), tau=tau, axis=axis)
    return cast(logaddexp(lse, 0.0, tau=tau), x.dtype)
