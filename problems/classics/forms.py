"""What the classics share: their sources, bars, exact penalties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import smoothmax as sm

LV = (
    "L. Lukšan, J. Vlček, Test Problems for Nonsmooth Unconstrained and Linearly Constrained Optimization, "
    "TR 798, ICS, Academy of Sciences of the Czech Republic, 2000"
)
CUTEST = "CUTEst: N. I. M. Gould, D. Orban, Ph. L. Toint, Comput. Optim. Appl. 60 (2015) 545-557"
IPOPT = f"{CUTEST}; the print is Ipopt's on the epigraph form (github.com/jkitchin/ripopt, results_v0.8.2.json)"
LLS = (
    "G. Liuzzi, S. Lucidi, M. Sciandrone, SIAM J. Optim. 16 (2006) 1054-1075, quoting E. Polak, J. O. Royset, "
    "R. S. Womersley, J. Optim. Theory Appl. 119 (2003) 459-484"
)

Array = NDArray[np.float64]
Map = Callable[[Array], Any]


def bars(r: Map, jac: Map, m: int, d: int, hess: Callable[[Array, Array], Any] | None = None) -> sm.Smooth:
    """max |r_i| as the 2m components (r, -r); hess(x, v) = sum v_i r_i''(x) for v of length m."""

    def both(some: Map) -> Map:
        def signed(x: Array) -> Array:
            one = some(x)
            return np.concatenate([one, -one])

        return signed

    curved = None if hess is None else (lambda x, v: hess(x, v[:m] - v[m:]))
    return sm.Smooth(both(r), both(jac), curved, n=2 * m, d=d)


def penalty(weight: float, value: Callable[[Array], tuple[Any, Any]], jac: Map) -> tuple[Map, Map]:
    """f = (q, q + weight g_1, ..., q + weight g_K) and its Jacobian, of value(x) = (q, g) and jac(x) = (q', g')."""

    def added(pair: tuple[Any, Any]) -> Array:
        q, g = (np.asarray(part) for part in pair)
        return np.concatenate([q[None], q + weight * g])

    return (lambda x: added(value(x))), (lambda x: added(jac(x)))
