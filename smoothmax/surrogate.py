"""The surrogate F_τ(x) = τ·log Σ w_i exp(f_i(x)/τ) as an object with value, gradient and Hessian products.

∇F_τ = Jᵀp,    ∇²F_τ = Σ p_i ∇²f_i + (1/τ)·Jᵀ(diag p − ppᵀ)J,    p = softmax of f/τ with prior w
"""

import math
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import NonlinearConstraint

from . import _doors
from ._typing import Array, Index
from .components import Linearization, Meter, Weights, spread
from .operators import entropy, kl_divergence, softmax
from .problem import Minimax, checked

NEGLIGIBLE = 1e-14  # rows with less weight than this share of the largest do not show in the Hessian
DENSE = 1 << 21  # up to this many Jacobian entries the Hessian is summed from centred rows


class Seen:
    """F at one x, by whatever route it was reached; `fun` is nan where no surrogate was used."""

    tau: float = math.nan
    fun: float = math.nan
    prior: Array | None = None
    excess: float = 0.0  # violation of nonlinear constraints, relative

    def __init__(self, lin: Linearization) -> None:
        self.lin, self.x = lin, lin.x

    @property
    def f(self) -> Array:
        """The component values, (n,)."""
        return self.lin.f

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
        self.surrogate, self.tau, self.prior = surrogate, surrogate.tau, surrogate.prior
        self.fun, jac = self.lin.soft(surrogate.tau, surrogate.offset)
        self.jac = _frozen(jac)

    @cached_property
    def weights(self) -> Array:
        """p = softmax of f/τ with the prior, (n,)."""
        s, f = self.surrogate, self.f
        if not np.isfinite(f).all():
            return _frozen(np.asarray(softmax(f, tau=s.tau, prior=s.prior)))
        z = f.copy() if s.offset is None else f + s.offset
        z -= z.max()
        z /= s.tau
        p = np.exp(z, out=z)
        p /= p.sum()
        return _frozen(p)

    @cached_property
    def live(self) -> Index:
        """The rows whose weight is not negligible."""
        return np.flatnonzero(self.weights > NEGLIGIBLE * self.weights.max())

    @cached_property
    def curvature(self) -> Array:
        """τ·(∇²F_τ − Σ p_i ∇²f_i) = Jᵀ(diag p − ppᵀ)J over the live rows, (d, d)."""
        return spread_matrix(self.lin, self.weights, self.live)

    @cached_property
    def own(self) -> Array | None:
        """Σ p_i ∇²f_i, None where zero or unknown."""
        components, p = self.surrogate.problem.components, self.weights
        if components.affine:
            return None
        if self.lin.few(self.live) and components.gathers:
            return components.subset(self.live).hess(self.x, p[self.live])
        return components.soft_hess(self.x, p, self.tau)

    @cached_property
    def hess(self) -> Array:
        """∇²F_τ, (d, d)."""
        H = self.curvature / self.surrogate.tau
        return _frozen(H if self.own is None else H + self.own)

    def hessp(self, v: Array) -> Array:
        """∇²F_τ·v in two passes, without a d × d matrix for affine components."""
        p, dv = self.weights, self.lin.jvp(v)
        product = self.lin.vjp(p * (dv - p @ dv)) / self.surrogate.tau
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


class Smoothed:
    """F_τ for a problem, in the form SciPy's optimizers take.

    Parameters
    ----------
    problem : Minimax
    tau : float
        Temperature τ > 0, in the units of f.
    regularizer : "shannon"
    prior : (n,) array, optional
        w ≥ 0 with a positive sum; all ones by default, so that max f ≤ F_τ ≤ max f + τ·log n. A prior that sums to 1
        makes F_τ a lower surrogate.

    Examples
    --------
    >>> s = Smoothed(problem, 0.1)                                                            # doctest: +SKIP
    >>> scipy.optimize.minimize(s.fun_and_jac, x0, jac=True, hessp=s.hessp, method="trust-ncg")  # doctest: +SKIP
    """

    def __init__(
        self,
        problem: Minimax,
        tau: float,
        *,
        regularizer: str = "shannon",
        prior: Any = None,
        meter: Meter | None = None,
    ) -> None:
        checked(problem)
        _doors.one_of("regularizer", regularizer, ("shannon",))
        self.problem = problem
        self.tau = _doors.positive("tau", tau)
        self.prior = None if prior is None else check_prior(prior, problem.n)
        if problem.components.spectral and self.prior is not None and np.ptp(self.prior) > 0:
            raise ValueError("prior must be constant over eigenvalues, which have no names; it is not")
        self.meter = meter or Meter()
        self._last: Point | None = None

    def __repr__(self) -> str:
        return f"Smoothed({self.problem!r}, tau={self.tau:g})"

    @cached_property
    def offset(self) -> Array | None:
        """τ·log w, or None without a prior."""
        if self.prior is None:
            return None
        with np.errstate(divide="ignore"):
            return self.tau * np.log(self.prior)

    def at(self, x: Any) -> Point:
        """The point at x; the last one is remembered, so `fun`, `jac` and `hessp` at one x cost one pass together."""
        x = _doors.vector("x", x, self.problem.d)
        if self._last is None or not np.array_equal(self._last.x, x):
            self._last = Point(self, x.copy())
        return self._last

    def fun(self, x: Any) -> float:
        """F_τ(x)."""
        return self.at(x).fun

    def jac(self, x: Any) -> Array:
        """∇F_τ(x) = Jᵀp, (d,)."""
        return self.at(x).jac

    def fun_and_jac(self, x: Any) -> tuple[float, Array]:
        """Both, in one pass."""
        point = self.at(x)
        return point.fun, point.jac

    def hess(self, x: Any) -> Array:
        """∇²F_τ(x), (d, d)."""
        return self.at(x).hess

    def hessp(self, x: Any, v: Any) -> Array:
        """∇²F_τ(x)·v, (d,)."""
        return self.at(x).hessp(_doors.vector("v", v, self.problem.d))

    def weights(self, x: Any) -> Array:
        """p = softmax of f(x)/τ with the prior, (n,)."""
        return self.at(x).weights

    def entropy(self, x: Any) -> float:
        """H(p), or −KL(p‖w) with a prior: ∂F_τ/∂τ, and (F_τ − ⟨p, f⟩)/τ."""
        return information(self.at(x).weights, self.prior)

    @cached_property
    def lipschitz(self) -> float:
        """A Lipschitz constant of ∇F_τ in ℓ2: max_i ‖A_i‖²/τ for affine components, inf where none is known."""
        components = self.problem.components
        if not (components.affine and components.rows):
            return math.inf
        largest = 0.0
        for block in Linearization(components, np.zeros(self.problem.d), self.meter).blocks():
            J = block.jacobian.astype(np.float64, copy=False)
            squares = J.multiply(J).sum(axis=1) if hasattr(J, "multiply") else np.einsum("ij,ij->i", J, J)
            largest = max(largest, float(np.max(squares)))
        return largest / self.tau

    @property
    def bound(self) -> float:
        """max over all f of |F_τ − max f|: τ·log n, or with a prior max(τ·log Σw, −τ·log min w)."""
        if self.prior is None:
            return self.tau * math.log(self.problem.n)
        least = float(self.prior.min())
        return self.tau * max(math.log(self.prior.sum()), -math.log(least) if least > 0 else math.inf)

    def as_constraint(self, ub: float) -> NonlinearConstraint:
        """F_τ(x) ≤ ub as one constraint for SciPy (it implies f_i(x) ≤ ub for all i when there is no prior)."""
        return NonlinearConstraint(
            self.fun, -np.inf, ub, jac=lambda x: self.jac(x)[None], hess=lambda x, v: v[0] * self.hess(x)
        )


def information(weights: Array | Weights, prior: Array | None) -> float:
    """H(p), or −KL(p‖w): what F_τ exceeds ⟨p, f⟩ by, per unit of τ. Of a density matrix, that of its eigenvalues."""
    p = spread(weights) if isinstance(weights, tuple) else weights
    return float(entropy(p)) if prior is None else -float(kl_divergence(p, prior))


def check_prior(prior: Any, n: int) -> Array:
    """The prior as an array: n nonnegative numbers, not all zero."""
    w = _doors.vector("prior", prior, n).copy()
    if np.any(w < 0) or not w.any():
        raise ValueError(f"prior must be ≥ 0 with a positive sum; its least entry is {w.min()}")
    return w
