"""The lifted structured embedding loss in its hard and its smooth form, with the bound between them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .._doors import positive
from ..operators import logaddexp, logsumexp, softmax
from ..operators.door import as_real, companion
from ..operators.library import cast, namespace, place


class Lifted(NamedTuple):
    """The loss in its smooth form, its hard form, what the smooth one is at most, and ∇ of the smooth one.

    hard ≤ smooth ≤ bound; ``grad`` is (n, n), in the distances.
    """

    smooth: Any
    hard: Any
    bound: Any
    grad: Any


@np.errstate(all="ignore")
def lifted_structured(distances: Any, labels: Any, *, margin: float = 1.0, tau: float = 1.0) -> Lifted:
    """The lifted structured embedding loss of a batch, (1/2|P|)·Σ over pairs (i, j) of one label of [J_ij]₊²,

        J_ij = D_ij + τ·log( Σ_k exp((α − D_ik)/τ) + Σ_l exp((α − D_jl)/τ) )

    over the k and l whose label is another; the hard form has the maximum of all α − D_ik, α − D_jl in its place, and

        0 ≤ J_smooth − J_hard ≤ τ·log(number of k + number of l).

    Oh Song, Xiang, Jegelka and Savarese, *Deep metric learning via lifted structured feature embedding*, CVPR 2016.

    Parameters
    ----------
    distances : (n, n) array
        D; of a pair i < j it is D_ij that is read, of the others the rows i and j; the diagonal plays no part, and a
        nan that does makes the loss nan.
    labels : (n,) integers
    margin : float
        α ≥ 0, in the units of D.
    tau : float
        τ > 0, in the units of D; 1 in the paper.

    Returns
    -------
    Lifted
        (smooth, hard, bound, grad), the first three in the units of D squared.

    Raises
    ------
    TypeError, ValueError
        Arguments that do not fit, by name.
    """
    D, same, margin, tau = _batch(distances, labels, margin, tau)
    xp, n = namespace(D), D.shape[0]
    index = xp.arange(n, **place(D))
    pair = same & (index[:, None] < index[None, :])
    number = xp.sum(cast(pair, D.dtype))
    number = xp.where(number > 0, number, xp.ones_like(number))
    near = margin - D
    rows = logsumexp(near, tau=tau, axis=1, where=~same)
    peaks = logsumexp(near, tau=0.0, axis=1, where=~same)
    others = xp.sum(cast(~same, D.dtype), axis=1)
    both = logaddexp(rows[:, None], rows[None, :], tau=tau)
    one, other = peaks[:, None], peaks[None, :]
    top = xp.where((one > other) | xp.isnan(one), one, other)
    terms = others[:, None] + others[None, :]
    most = top + tau * xp.log(xp.where(terms > 0, terms, xp.ones_like(terms)))

    def positive_part(level: Any) -> Any:
        J = xp.where(pair & (level != -math.inf), D + level, xp.zeros_like(D))
        return xp.where(J < 0, xp.zeros_like(J), J)  # nan stays

    J = positive_part(both)
    losses = (xp.sum(part**2) / (2 * number) for part in (J, positive_part(top), positive_part(most)))
    smooth, hard, bound = losses
    slope = J / number
    slope = slope + xp.matrix_transpose(slope)
    share = xp.where(slope > 0, xp.exp((rows[:, None] - both) / tau), xp.zeros_like(D))
    pull = xp.sum(slope * share, axis=1, keepdims=True) * softmax(near, tau=tau, axis=1, where=~same)
    return Lifted(smooth, hard, bound, J / number - xp.where(same, xp.zeros_like(pull), pull))


def _batch(distances: Any, labels: Any, margin: Any, tau: Any) -> tuple[Any, Any, float, float]:
    D = as_real(distances, "distances")
    if D.ndim != 2 or D.shape[0] != D.shape[1]:
        raise ValueError(f"distances: expected a square matrix, got the shape {tuple(D.shape)}")
    y = companion(labels, D, "labels")
    if not namespace(y).isdtype(y.dtype, "integral"):
        raise TypeError(f"labels: expected integers, got dtype {y.dtype}")
    if tuple(y.shape) != (D.shape[0],):
        raise ValueError(f"labels: expected the shape {(D.shape[0],)}, got {tuple(y.shape)}")
    return D, y[:, None] == y[None, :], positive("margin", margin, zero=True), positive("tau", tau)
