"""Conjugacy at an array, F(x) = max over p of ⟨p, x⟩ − τ·Ω(p): what Fenchel, Young and Moreau say, each its own way.

    F** = F;    F*(q) = τ·Ω(q);    F(x) + F*(q) − ⟨q, x⟩ = D(q) ≥ 0, zero exactly at q = p = ∇F(x)
    x − τ·∇Ω(p) = θ on the support of p and ≤ θ off it, θ the multiplier of Σ p = 1;    ∇F(τ·∇Ω(q)) = q
    y = prox of F* + prox of F   at y = x/τ, τ = 1

(Rockafellar 1970, sections 12, 23 and 31; Blondel, Martins, Niculae 2020; Moreau, Bull. Soc. Math. France 93, 1965.)
For Shannon's Ω = Σ p_i log p_i: F is the log-sum-exp, p the softmax, θ = F − τ, D(q) = τ·KL(q‖p).
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import _doors
from .._typing import Array
from ..inequalities.check import HUGE, TINIEST
from ..regularizers import Regularizer
from ..solvers import conic
from .check import ROUTE, Check, Duality
from .conjugates import closed_form, off_simplex, on_simplex, snapped, supremum
from .nearness import apart

CONIC = (1.02, 50.0)  # the α of Tsallis entropies whose powers conic solvers can state
OPEN = 0.1  # of the size: a check that would tolerate more says nothing
REACH = 60.0  # in units of τ
VISIBLE = 1e-6  # how far from the simplex a conic solver notices
ASCENT = 1e-9  # what the numerical supremum is trusted to, in units of τ·(1 + log n)
SMALLEST = 5e-324  # of positive numbers
TINY = 1e-290  # a weight below it has lost digits


@dataclass(frozen=True)
class Conjugacy(Duality):
    """At an array x: F(x), its weights p = ∇F(x), the multiplier of Σ p = 1, and F* at the q asked for, else at p."""

    value: float
    weights: Array = field(repr=False)
    multiplier: float
    q: Array = field(repr=False)
    conjugate: float


@dataclass(frozen=True)
class Setting:
    """What the checks are made with: x, p = ∇F(x) and F(x), and how exact each route is."""

    x: Array
    p: Array
    value: float
    tau: float
    kind: Regularizer
    solver: str

    @classmethod
    def of(cls, x: Array, tau: float, kind: Regularizer, solver: str) -> "Setting":
        """With F and ∇F as the library has them."""
        value, p = kind.maximum(x, tau)
        if not np.isfinite(value):  # it overflows a narrow dtype
            x = x.astype(np.float64)
            value, p = kind.maximum(x, tau)
        return cls(x, np.asarray(p), float(value), tau, kind, solver)

    @property
    def wide(self) -> Array:
        """x in float64."""
        return self.x.astype(np.float64)

    @property
    def conic(self) -> bool:
        """A conic solver has a say."""
        return self.kind.alpha == 1.0 or CONIC[0] <= self.kind.alpha <= CONIC[1]

    @property
    def theta(self) -> float:
        """The multiplier of Σ p = 1: F + τ·Ω(p) − τ·⟨p, ∇Ω(p)⟩, which is F − τ for Shannon's."""
        a = self.kind.alpha
        return self.value - self.tau * (1.0 if a == 1.0 else float(np.sum(self.p.astype(np.float64) ** a)) / a)

    @property
    def terms(self) -> float:
        """How large −Ω and what belongs to it get, in the units of x."""
        return self.tau * (1 + math.log(self.x.size))

    @property
    def size(self) -> float:
        """Of everything that is added up in F, F* and ⟨p, x⟩."""
        return float(np.abs(self.wide).max()) + self.terms

    @property
    def route(self) -> float:
        """What the solver's values are trusted to."""
        return ROUTE[self.solver] * (float(self.wide.max() - self.wide.min()) + self.terms) + self.rounding()

    def rounding(self, eps: float = 0.0) -> float:
        """A few eps of that."""
        return 16 * max(_eps(self.x), eps) * self.size


def of_array(values: Any, tau: float, q: Any, kind: Regularizer, solver: str) -> Conjugacy:
    """Every check at x, at p = ∇F(x), and at q."""
    with _doors.about("x_or_problem"):
        x = _array("x", values)
        if not x.size:
            raise ValueError("x must have at least one entry; it is empty")
        most = float(np.abs(x).max())
        if not (TINIEST <= tau <= HUGE and most <= HUGE):
            raise ValueError(
                f"x and tau must not exceed {HUGE:g}, nor tau fall below {TINIEST:g}, for sums to have room; "
                f"max |x| is {most:g}, tau {tau:g}"
            )
    s = Setting.of(x, tau, kind, solver)
    at = np.full(x.size, 1 / x.size, s.x.dtype) if q is None else _array("q", q, x.size)
    checks = [*_biconjugate(s), *_stationary(s), *_moreau(s)]
    for name, point in (("p", s.p), ("q", at)):
        checks += [*_conjugate(name, point, s), _fenchel_young(name, point, s), *_inverse(name, point, s)]
    checks = [check for check in checks if check.tolerance <= OPEN * check.scale or math.isnan(check.value)]
    shown = s.p if q is None else at
    return Conjugacy(tau, kind, tuple(checks), s.value, s.p, s.theta, shown, closed_form(shown, tau, kind))


def _biconjugate(s: Setting) -> list[Check]:
    """F** = F, with its maximizer and the multiplier there."""
    if not s.conic:
        return []
    found = conic.biconjugate(s.wide, s.tau, s.kind, solver=s.solver)
    far = apart(s.kind, s.x.size, s.route / s.tau) + _eps(s.x) * s.x.size
    off = float(np.abs(found.weights - s.p).sum())
    return [
        Check("F(x) = max over p of ⟨p,x⟩ − τΩ(p)", "cvxpy", found.value, s.value, s.route, s.size),
        Check("its argmax = ∇F(x): ‖p − p'‖₁ = 0", "cvxpy", off, 0.0, far),
        Check(_multiplier(s), "cvxpy", found.multiplier, s.theta, s.route + s.tau * far * s.x.size, s.size),
    ]


def _stationary(s: Setting) -> list[Check]:
    """x − τ·∇Ω(p) is θ on the support of p, and no larger elsewhere."""
    p = s.p.astype(np.float64)
    level = s.wide - s.tau * np.asarray(s.kind.gradient(p))
    inside = p > max(TINY, float(np.finfo(s.p.dtype).tiny))
    farthest = level[inside][np.abs(level[inside] - s.theta).argmax()]
    tolerance = _slope_rounding(s, p[inside])
    checks = [Check(_multiplier(s) + " on the support", "∇Ω(p)", float(farthest), s.theta, tolerance, s.size)]
    outside = level[p == 0] if s.kind.alpha > 1 else level[:0]
    if outside.size:
        over = max(float(outside.max()) - s.theta, 0.0)
        c = s.kind.alpha - 1.0
        tolerance += s.tau * SMALLEST**c / c  # a weight that underflows is not off the support
        checks.append(Check("x − τ∇Ω(p) ≤ θ off the support", "∇Ω(p)", over, 0.0, tolerance, s.size))
    return checks


def _multiplier(s: Setting) -> str:
    return "x − τ∇Ω(p) = θ = " + ("F − τ" if s.kind.alpha == 1.0 else "F − τΣp^α/α")


def _moreau(s: Setting) -> list[Check]:
    """Two programs of one answer; and ∇F at the one prox is the other."""
    y = (s.wide - s.wide.max()) / s.tau
    checks = []
    if s.conic:
        near = y[y > -REACH]  # what lies lower has a weight below 1e-26 in either
        weights, rest = conic.proximal(near, s.kind, solver=s.solver)
        close = 2 * math.sqrt(2 * ROUTE[s.solver] * (1 + math.log(y.size)))  # both objectives are 1-strongly convex
        off = float(np.abs(weights - rest).max())
        checks.append(Check("x/τ = prox F*(x/τ) + prox F(x/τ)", "cvxpy", off, 0.0, close))
    if s.kind.alpha == 2.0:  # both in closed form
        P = np.asarray(s.kind.maximum(y, 2.0)[1])
        off = float(np.abs(np.asarray(s.kind.maximum(y - P)[1]) - P).sum())
        tolerance = 32 * _eps(y) * y.size
        checks.append(Check("∇F(x/τ − P) = P, P the projection of x/(2τ)", "closed form", off, 0.0, tolerance))
    return checks


def _conjugate(name: str, q: Array, s: Setting) -> list[Check]:
    """F*(q) = sup over x of ⟨q, x⟩ − F(x), by a solver and by ascent, against the closed form."""
    expected, wide = closed_form(q, s.tau, s.kind), snapped(q)
    exact = 8 * _eps(q) * s.terms
    ascent = exact + (ASCENT * s.terms if math.isfinite(expected) else 0.0)
    identity = f"F*({name}) = sup over x of ⟨{name},x⟩ − F(x)"
    checks = []
    if s.conic and (math.isfinite(expected) or off_simplex(q) > VISIBLE):
        found = s.tau * conic.conjugate(wide, 1.0, s.kind, solver=s.solver)
        checks.append(Check(identity, "cvxpy", found, expected, ROUTE[s.solver] * s.terms + ascent, s.terms))
    climbed = supremum(wide, s.tau, s.kind)
    checks.append(Check(identity, "ascent", climbed.lower, expected, ascent, s.terms))
    proven = ascent + 2 * s.terms * _blurred(wide, s.kind) if math.isfinite(expected) else math.inf
    if proven <= OPEN * s.terms:
        what = f"F*({name}) ≤ what the ascent proves"
        checks.append(Check(what, "ascent", climbed.upper, expected, proven, s.terms))
    return checks


def _blurred(q: Array, kind: Regularizer) -> float:
    """What small q_i cost that p = (level)^{1/c}, c = α − 1 > 1, cannot resolve near 0: ∇F proves no more than that.

    Relative errors of p are eps/(c·p^c); the q_i up to some cut are given up, for the others the largest counts.
    """
    c = kind.alpha - 1.0
    if c <= 1.0:
        return 0.0
    rising = np.sort(q[q > 0])
    given_up = np.append(0.0, np.cumsum(rising)[:-1])
    return float(np.min(given_up + 64 * _eps(q) / (c * rising**c)))


def _fenchel_young(name: str, q: Array, s: Setting) -> Check:
    """F(x) + F*(q) − ⟨q, x⟩ against D(q): zero at p, positive elsewhere."""
    wide = snapped(q)
    with np.errstate(over="ignore"):
        pairing = float(np.dot(wide, s.wide))
    residual = s.value + closed_form(q, s.tau, s.kind) - pairing
    expected = 0.0 if name == "p" else _divergence(wide, s) if math.isfinite(residual) else math.inf
    what = "KL" if s.kind.alpha == 1.0 else "D"
    return Check(
        f"F(x) + F*({name}) − ⟨{name},x⟩ = τ{what}({name}‖p)",
        "closed form",
        residual,
        expected,
        s.rounding(_eps(q)),
        s.size,
    )


def _divergence(q: Array, s: Setting) -> float:
    """τ times the Bregman divergence of Ω, and what q has off the support of p: τ·D = τ·B_Ω(q, p) + ⟨μ, q⟩.

    μ = θ − x + τ·∇Ω(p) ≥ 0 are the multipliers of p ≥ 0. For Shannon's τ·KL(q‖softmax), by log softmax.
    """
    kind, tau = s.kind, s.tau
    if kind.alpha == 1.0:
        live = q > 0
        log_p = (s.wide - s.wide.max()) / tau
        log_p = log_p - math.log(float(np.exp(log_p).sum()))
        return tau * float(np.sum(q[live] * (np.log(q[live]) - log_p[live])))
    p = np.asarray(kind.maximum(s.wide, tau)[1])
    slope = np.asarray(kind.gradient(p))
    mu = np.where(p > 0, 0.0, (s.theta - s.wide) + tau * slope)
    bregman = float(kind.value(q / q.sum())) - float(kind.value(p)) - float(slope @ (q - p))
    return tau * bregman + float(mu @ q)


def _inverse(name: str, q: Array, s: Setting) -> list[Check]:
    """The gradient maps undo each other: ∇F(τ·∇Ω(q)) = q."""
    if not on_simplex(q):
        return []
    wide = snapped(q)
    back = np.asarray(s.kind.maximum(s.tau * np.asarray(s.kind.gradient(wide)), s.tau)[1])
    off = float(np.abs(back - wide).sum())
    # p = (level)^{1/(α − 1)}, which for α > 2 makes much of a rounding of the level near 0
    tolerance = (64 * _eps(wide)) ** (1.0 / max(s.kind.alpha - 1.0, 1.0)) * q.size
    return [Check(f"∇F(τ∇Ω({name})) = {name}: ‖·‖₁ = 0", "closed form", off, 0.0, tolerance)]


def _slope_rounding(s: Setting, p: Array) -> float:
    """Of τ·∇Ω(p), whose entries change by τ·p^{α−1} times the relative error of p."""
    largest = float(np.max(p ** (s.kind.alpha - 1.0)))
    return s.rounding() + 64 * _eps(s.p) * s.tau * (1.0 + largest) * s.x.size


def _array(name: str, value: Any, size: int | None = None) -> Array:
    """A finite vector in its own floating dtype (integers become float64)."""
    checked = _doors.vector(name, value, size)
    raw = np.asarray(value)
    return checked if raw.dtype.kind != "f" or raw.dtype.itemsize > 8 else raw.astype(raw.dtype.newbyteorder("="))


def _eps(x: Array) -> float:
    return float(np.finfo(x.dtype).eps)
