"""What is known at one x: the components there, and the surrogate's value, gradient, weights and curvature.

∇F_τ = Jᵀp,    ∇²F_τ = Σ p_i ∇²f_i + (1/τ)·Jᵀ(diag s − ssᵀ/Σs)J,    s = p for the log-sum-exp
"""

import math
from typing import TYPE_CHECKING

import numpy as np

from .._cached import cached_property
from .._typing import Array, Index
from ..components import Linearization, Weights, spread
from ..operators import softmax
from .kinds import KINDS, Kind

if TYPE_CHECKING:
    from .smoothed import Smoothed

NEGLIGIBLE = 1e-14  # rows with less weight than this share of the largest do not show in the Hessian
DENSE = 1 << 21  # up to this many Jacobian entries the Hessian is summed from centred rows


class Seen:
    """F at one x, by whatever route it was reached; `fun` is nan where no surrogate was used."""

    tau: float = math.nan
    fun: float = math.nan
    prior: Array | None = None
    kind: Kind = KINDS["shannon"]
    excess: float = 0.0  # violation of nonlinear constraints, relative to the numbers there
    violation: float = 0.0  # the same in the constraints' own units

    def __init__(self, lin: Linearization) -> None:
        self.lin, self.x = lin, lin.x

    @property
    def f(self) -> Array:
        """The component values, (n,)."""
        return self.lin.f

    def information(self, weights: Array | Weights) -> float:
        """What F_τ exceeds ⟨p, f⟩ by where these are the weights, per unit of τ: H(p), −KL(p‖w), or their like.

        Of a density matrix, that of its eigenvalues.
        """
        return self.kind.information(spread(weights) if isinstance(weights, tuple) else weights, self.prior)

    @cached_property
    def upper(self) -> float:
        """max_i f_i(x)."""
        return float(self.range[1])

    @cached_property
    def range(self) -> Array:
        """(min f, max f)."""
        return self.lin.range


class Point(Seen):
    """The surrogate at one x: everything known there, each thing computed when first asked for."""

    def __init__(self, surrogate: "Smoothed", x: Array) -> None:
        super().__init__(Linearization(surrogate.problem.components, x, surrogate.meter))
        self.surrogate, self.kind = surrogate, surrogate.kind
        self.tau, self.prior = surrogate.tau, surrogate.prior
        if surrogate.entropic:
            self.fun, jac = self.lin.soft(surrogate.tau, surrogate.offset)
        else:  # sparse weights: one pass for f, and the rows of the support
            self.fun, p = surrogate.maximum(self.f)
            self.__dict__["weights"] = _frozen(p)
            jac = self.lin.vjp(p) if np.isfinite(self.fun) else np.full(self.x.size, np.nan)
        self.jac = _frozen(jac)

    @cached_property
    @np.errstate(all="ignore")
    def weights(self) -> Array:
        """p, (n,): the softmax of f/τ with the prior, or its like."""
        s, f = self.surrogate, self.f
        if s.offset is None:
            z = f.copy()
        else:  # a prior of 0 takes a component out, whatever it holds
            z = np.where(s.offset > -math.inf, f + s.offset, -math.inf)
        top = float(z.max())
        if not math.isfinite(top):
            return _frozen(np.asarray(softmax(f, tau=s.tau, prior=s.prior)))
        z -= top
        z /= s.tau
        p = np.exp(z, out=z)
        p /= p.sum()
        return _frozen(p)

    @cached_property
    def live(self) -> Index:
        """The rows whose weight is not negligible; where weights are sparse, all that have any."""
        least = NEGLIGIBLE * self.weights.max() if self.surrogate.entropic else 0.0
        return np.flatnonzero(self.weights > least)

    @cached_property
    def curvature(self) -> Array:
        """τ·(∇²F_τ − Σ p_i ∇²f_i) = Jᵀ(diag s − ssᵀ/Σs)J over the live rows, (d, d)."""
        spread = spread_matrix(self.lin, self.slopes, self.live)
        return spread if self.surrogate.entropic else spread * float(self.slopes.sum())

    @cached_property
    def slopes(self) -> Array:
        """s, (n,): how the weights move, dp = (s∘df − s·⟨s, df⟩/Σs)/τ. Of the softmax, p itself."""
        return np.asarray(self.surrogate.regularizer.slopes(self.weights))

    @cached_property
    def own(self) -> Array | None:
        """Σ p_i ∇²f_i, None where zero or unknown."""
        components, p = self.surrogate.problem.components, self.weights
        if components.affine or not self.live.size:
            return None
        if self.lin.few(self.live) and components.gathers:
            return components.subset(self.live).hess(self.x, p[self.live])
        return components.soft_hess(self.x, p, self.tau)

    @cached_property
    @np.errstate(all="ignore")
    def hess(self) -> Array:
        """∇²F_τ, (d, d)."""
        H = self.curvature / self.surrogate.tau
        return _frozen(H if self.own is None else H + self.own)

    @np.errstate(all="ignore")
    def hessp(self, v: Array) -> Array:
        """∇²F_τ·v in two passes, without a d × d matrix for affine components."""
        s, dv = self.slopes, self.lin.jvp(v)
        product = self.lin.vjp(s * (dv - s @ dv / s.sum())) / self.surrogate.tau
        return product if self.own is None else product + self.own @ v


def _frozen(array: Array) -> Array:
    """Read-only: a point is remembered, so nobody may write into what it has handed out."""
    array.flags.writeable = False
    return array


@np.errstate(all="ignore")
def spread_matrix(lin: Linearization, p: Array, live: Index) -> Array:
    """Jᵀ(diag p − ppᵀ)J over the rows in `live`: centred rows where they fit, so that nothing cancels."""
    q = p[live] / p[live].sum()
    if live.size * lin.components.d <= DENSE:
        J = lin.jac(live)
        J -= q @ J
        J *= np.sqrt(q)[:, None]
        return np.asarray(J.T @ J)
    full = np.zeros(p.size)
    full[live] = q
    g = lin.vjp(full)
    return lin.gram(full) - np.outer(g, g)
