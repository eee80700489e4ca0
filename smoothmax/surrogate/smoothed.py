"""The surrogate F_τ(x) = max over p of ⟨p, f(x)⟩ − τ·Ω(p) as an object with value, gradient and Hessian products.

Shannon's Ω gives τ·log Σ w_i exp(f_i/τ), whose weights p are the softmax of f/τ with prior w; Gini's gives weights that
are the projection of f/τ onto the simplex, and sparse.
"""

import math
from typing import Any

import numpy as np
from scipy.optimize import NonlinearConstraint

from .. import _doors
from .._cached import cached_property
from .._typing import Array
from ..components import Linearization, Meter, metered
from ..problem import Minimax, checked
from ..regularizers import Regularizer, shannon
from .kinds import check_prior, kind_of
from .points import Point


class Smoothed:
    """F_τ for a problem, in the form SciPy's optimizers take.

    Parameters
    ----------
    problem : Minimax
    tau : float
        Temperature τ > 0, in the units of f.
    regularizer : "shannon" | "gini"
        The log-sum-exp, or the smooth maximum of Gini's index, whose weights are sparse and whose F_τ is once
        differentiable (`hess` is a generalized Hessian).
    prior : (n,) array, optional
        w ≥ 0 with a positive sum; all ones by default, so that max f ≤ F_τ ≤ max f + τ·log n. A prior that sums to 1
        makes F_τ a lower surrogate. Gini's must sum to 1; without one max f ≤ F_τ ≤ max f + τ/2·(1 − 1/n).

    Raises
    ------
    TypeError, ValueError
        τ that is not finite and positive, another regularizer, a prior that does not fit.

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
        regularizer: str | Regularizer = "shannon",
        prior: Any = None,
        meter: Meter | None = None,
    ) -> None:
        checked(problem)
        self.problem = problem
        self.tau = _doors.positive("tau", tau)
        self.kind = kind_of(regularizer)
        self.prior = None if prior is None else check_prior(prior, problem.n, self.kind)
        if problem.components.spectral and not self.entropic:
            raise ValueError("regularizer must be 'shannon' for eigenvalues; it is 'gini'")
        if problem.components.spectral and self.prior is not None and np.ptp(self.prior) > 0:
            raise ValueError("prior must be constant over eigenvalues, which have no names; it is not")
        self.meter = metered(meter)
        self._last: Point | None = None

    def __repr__(self) -> str:
        more = "" if self.entropic else f", regularizer={self.regularizer.name!r}"
        return f"Smoothed({self.problem!r}, tau={self.tau:g}{more})"

    def beside(self, tau: float, prior: Array | None = None) -> "Smoothed":
        """The same kind of surrogate at another temperature and prior, on the same meter."""
        return Smoothed(self.problem, tau, regularizer=self.regularizer, prior=prior, meter=self.meter)

    @property
    def entropic(self) -> bool:
        """The surrogate is the log-sum-exp."""
        return self.regularizer is shannon

    @property
    def regularizer(self) -> Regularizer:
        """Ω."""
        return self.kind.regularizer

    @cached_property
    def offset(self) -> Array | None:
        """What the prior adds to f, None without one."""
        return None if self.prior is None else self.kind.offset(self.prior, self.tau)

    @np.errstate(all="ignore")
    def maximum(self, f: Array) -> tuple[float, Array]:
        """(F_τ, p) at component values f, without a pass."""
        z = f if self.offset is None else f + self.offset
        value, p = self.regularizer.maximum(z, self.tau)
        found = float(value) + self.kind.constant(self.prior, self.tau)
        return (found if self.entropic or np.isfinite(z).all() else math.nan), np.asarray(p)

    @np.errstate(all="ignore")
    def value(self, f: Array) -> float:
        """F_τ at component values f, without a pass."""
        if not self.entropic:
            return self.maximum(f)[0]
        z = f if self.offset is None else f + self.offset
        top = float(z.max())
        return top + self.tau * float(np.log(np.exp((z - top) / self.tau).sum()))

    def at(self, x: Any) -> Point:
        """The point at x; the last one is remembered, so `fun`, `jac` and `hessp` at one x cost one pass together."""
        return self.point(_doors.vector("x", x, self.problem.d))

    def point(self, x: Array) -> Point:
        """The same for those who know x to be a vector; where it is not finite, F_τ is nan."""
        last = self._last  # another thread may put its own there
        if last is None or not np.array_equal(last.x, x):
            last = Point(self, x.copy())
            if not last.lin.beyond:
                self._last = last
        return last

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
        """p at x, (n,)."""
        return self.at(x).weights

    def entropy(self, x: Any) -> float:
        """(F_τ − ⟨p, f⟩)/τ: H(p), or −KL(p‖w) with a prior; for Gini's index (1 − ‖p‖²)/2, or −‖p − w‖²/2."""
        point = self.at(x)
        return point.information(point.weights)

    @cached_property
    @np.errstate(all="ignore")
    def lipschitz(self) -> float:
        """A Lipschitz constant of ∇F_τ in ℓ2 for affine components: max_i ‖A_i‖²/τ, for Gini's index Σ_i ‖A_i‖²/τ.

        inf where none is known.
        """
        components = self.problem.components
        if not (components.affine and components.rows):
            return math.inf
        rows = []
        for block in Linearization(components, np.zeros(self.problem.d), self.meter).blocks():
            J = block.jacobian.astype(np.float64, copy=False)
            squares = J.multiply(J).sum(axis=1) if hasattr(J, "multiply") else np.einsum("ij,ij->i", J, J)
            rows.append(np.tile(np.asarray(squares).ravel(), len(block.rows)))  # both signs of absolute ones
        return self.kind.lipschitz(np.concatenate(rows)) / self.tau

    @property
    def bound(self) -> float:
        """max over all f of |F_τ − max f|: τ·log n, or with a prior max(τ·log Σw, −τ·log min w).

        For Gini's index τ/2·(1 − 1/n), or the largest τ/2·‖e_i − w‖².
        """
        return self.kind.bound(self.problem.n, self.prior, self.tau)

    def as_constraint(self, ub: float) -> NonlinearConstraint:
        """F_τ(x) ≤ ub as one constraint for SciPy (it implies f_i(x) ≤ ub for all i when there is no prior)."""
        ub = _doors.finite("ub", ub)

        @np.errstate(all="ignore")
        def hess(x: Array, v: Array) -> Array:
            return np.asarray(v[0] * self.hess(x))

        return NonlinearConstraint(self.fun, -np.inf, ub, jac=lambda x: self.jac(x)[None], hess=hess)
