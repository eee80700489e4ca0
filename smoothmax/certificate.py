"""The proof: lower ≤ min over X of max f ≤ upper, by linear algebra alone.

For convex f, weights p on the simplex and multipliers λ ≥ 0, ν of A_ub y ≤ b_ub, A_eq y = b_eq,

    min max f  ≥  ⟨p, f(x)⟩ − λᵀ(b_ub − A_ub x) + νᵀ(A_eq x − b_eq) + min over y ∈ S of ⟨c, y − x⟩,
    c = Jᵀp + A_ubᵀλ + A_eqᵀν,

where S ⊇ X is what remains: the domain itself (its linear minimization oracle), or the bounds of a polyhedron. For
quadratic f the inner minimum may also be taken over the weighted quadratic itself, min ⟨c, s⟩ + ½ sᵀPs, P = Σ p_i P_i.
Where S is unbounded along y_j, c_j must vanish: proven up to a column-wise backward error |c_j| ≤ RESIDUAL·Σ p_i|J_ij|.
Lower and upper are rounded outward by a bound on the rounding of f, ⟨p, f⟩ and Jᵀp (Higham 2002, section 3.1).
"""

import math
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from . import _doors
from ._linalg import all_finite
from ._typing import Array
from .components import Linearization, Weights, checked_weights, densities, frozen
from .domains import Linear, Simplex
from .inner import RESIDUAL, gamma, inner_minimum, linear_part, linear_walls, touched, underflow
from .problem import Minimax, checked, restored
from .upper import mean_error, upper_value

EPS = float(np.finfo(float).eps)
SLIGHT = 1e-9  # relative: what counts as at a bound
TRACE = 4 * EPS  # times m: how far the squared length of an eigenvector may be from 1


class Multipliers(NamedTuple):
    """Multipliers of a linear domain: λ ≥ 0 of A_ub y ≤ b_ub, ν of A_eq y = b_eq, and of the bounds lb ≤ y ≤ ub.

    The rows are those of `problem.domain.linear()`. Of LinearConstraints these are, one after the other, A y ≤ ub and
    then −A y ≤ −lb where the sides are finite and differ; where they agree, A y = ub.

    `nonlinear`, one number for each nonlinear constraint lb ≤ c(y) ≤ ub, is positive where it pushes from ub, negative
    from lb.
    """

    ub: Array
    eq: Array
    lower: Array
    upper: Array
    nonlinear: Array = np.zeros(0)


@dataclass(frozen=True)
class Certificate:
    """lower ≤ min max f ≤ upper.

    kind is "bounded" (rigorous), "rounding" (proven up to a column-wise backward error, `residual`, or for a polyhedron
    of rows changed by rounding), "assumed-convex" (rests on the user's word or on finite differences), "local"
    (nonconvex: `residual` is the KKT residual, no lower bound) or "none". `parts` = (smoothing, optimization) adds up
    to `gap`.
    """

    lower: float
    upper: float
    kind: str
    residual: float = math.nan
    weights: Array | Weights | None = field(default=None, repr=False)
    multipliers: Multipliers | None = field(default=None, repr=False)
    parts: tuple[float, float] = (math.inf, math.inf)

    @property
    def vector(self) -> Array | None:
        """The weights where they are one vector: None without any, or where there are density matrices among them."""
        return None if isinstance(self.weights, tuple) else self.weights

    @property
    def gap(self) -> float:
        """upper − lower."""
        return self.upper - self.lower


def certify(problem: Minimax, x: Any, weights: Any = None, multipliers: Any = None) -> Certificate:
    """Recompute the bounds that x, weights and multipliers prove: min max f ≥ ⟨p, f(x)⟩ + min over X of ⟨Jᵀp, y − x⟩.

    Parameters
    ----------
    problem : Minimax
    x : (d,) array
        A point of X; outside X it proves no upper bound (inf), and of functions, which are convex on X by the user's
        word, no lower one either.
    weights : (n,) array, optional
        Nonnegative, not all zero; normalised here. Without weights there is an upper bound only. With a Spectral
        inside, a tuple with one entry for each stacked family: a density matrix, or a vector.
    multipliers : Multipliers, optional
        Of the rows of a polyhedron; without them those of a linear program, min over X of ⟨Jᵀp, y⟩.

    Returns
    -------
    Certificate
        lower and upper in the units of f, rounded outward.

    Raises
    ------
    TypeError, ValueError
        Arguments that do not fit the problem; a class of one's own whose blocks are not what they must be.
    """
    checked(problem)
    x = _doors.vector("x", x, problem.d)
    if weights is not None:
        spectral = problem.components.spectral
        weights = checked_weights(weights, problem.components) if spectral else check_weights(weights, problem.n)
    problem.components.inspect(x)
    lin = problem.at(x)
    if multipliers is not None:
        multipliers = check_multipliers(multipliers, problem)
    elif weights is not None and problem.convex and not problem.components.spectral:
        multipliers = priced(problem, lin, weights)
    return prove(problem, lin, weights, multipliers)


@np.errstate(all="ignore")
def priced(problem: Minimax, lin: Linearization, weights: Array) -> Multipliers | None:
    """Multipliers of the domain's rows in the linear program that its `lmo` solves for Jᵀp; None where all are 0."""
    prices = getattr(problem.domain, "prices", None)
    c = lin.vjp(normalized(weights))
    if prices is None or not np.isfinite(c).all():
        return None
    ub, eq = prices(c)
    return Multipliers(ub, eq, np.zeros(problem.d), np.zeros(problem.d)) if ub.any() or eq.any() else None


class Lagrangian(NamedTuple):
    """⟨p, f⟩ and ⟨p, f⟩ + ⟨multipliers, constraints⟩ at x, and of this the gradient, (d,), with the sizes of what it
    sums and of how many terms."""

    mean: float
    value: float
    slope: Array
    size: Array
    terms: int


def _lagrangian(
    problem: Minimax,
    lin: Linearization,
    part: Linearization,
    q: Array,
    multipliers: Multipliers | None,
    floor: Array | None,
) -> Lagrangian:
    """That of weights q on the components of `part`; `floor` as for `prove`."""
    mean = value = float(q[q > 0] @ part.f[q > 0])
    c, size, terms = part.vjp(q), part.column_sizes(q), int(np.count_nonzero(q))
    if floor is not None and problem.components.assumed:
        size = np.maximum(size, floor)
    linear = linear_walls(problem)
    if linear is not None and multipliers is not None:
        c, size, extra = _reduce(linear, multipliers, lin.x, c, size)
        value, terms = value + extra, terms + multipliers.ub.size + multipliers.eq.size
    if problem.constraints is not None and multipliers is not None and multipliers.nonlinear.size:
        held, v = problem.constraints.at(lin.x), multipliers.nonlinear
        c, size = c + held.C.T @ v, size + np.abs(held.C).T @ np.abs(v)
        value -= problem.constraints.slack(held, v)
    return Lagrangian(mean, value, c, size, terms)


@np.errstate(all="ignore")
def prove(
    problem: Minimax,
    lin: Linearization,
    weights: Array | Weights | None,
    multipliers: Multipliers | None = None,
    floor: Array | None = None,
) -> Certificate:
    """`certify` at a linearization that may hold f already.

    `floor`, (d,): slopes that count as large, beside Σ p_i|J_ij|, where gradients come from functions. Without it a
    gradient that vanishes at the optimum would never be small in relation to itself.
    """
    upper, very = upper_value(problem, lin)
    if weights is None or not np.isfinite(lin.range).all():
        return Certificate(-math.inf, upper, "none", math.nan if very else RESIDUAL)
    if problem.components.assumed and problem.convex and not problem.affine and not upper < math.inf:
        return Certificate(-math.inf, upper, "none")  # outside of X nobody has said that f is convex
    if multipliers is not None and not all_finite(*multipliers):
        multipliers = None
    if problem.components.spectral:
        return _by_densities(problem, lin, upper, weights, multipliers, floor)
    assert not isinstance(weights, tuple)
    p = normalized(weights)
    live = np.flatnonzero(p)
    part, q = (lin.only(live), p[live]) if lin.few(live) else (lin, p)
    mean, base, c, size, terms = _lagrangian(problem, lin, part, q, multipliers, floor)
    if not problem.convex:
        residual = _kkt_residual(problem, lin.x, c, size, float(q[q > 0] @ np.abs(part.f[q > 0])))
        above = max(float(lin.range[1]) - base, 0.0) if upper < math.inf else math.inf
        return Certificate(-math.inf, upper, "local", residual, p, multipliers, (above, math.inf))
    noise = gamma(terms) * size + part.components.slope_rounding(lin.x, q)
    pushes = (np.zeros(0), np.zeros(0)) if multipliers is None else multipliers[:2]
    met, lost = touched(part, q, size, linear_walls(problem), *pushes), underflow(terms)
    noise[met] += lost
    size[met & (RESIDUAL * size < lost)] = 0.0  # c may be anything of this size, and be lost
    size = np.maximum(size, part.components.data_sizes(q))
    inner = inner_minimum(problem, part, q, c, size, noise)
    lower = base + inner.value - inner.error - mean_error(part, q)
    kind, residual = inner.kind, inner.residual
    if not very:
        kind, residual = "rounding", max(residual, RESIDUAL)
    if not math.isfinite(lower):
        return Certificate(-math.inf, upper, "none", residual, p, multipliers)
    if upper < lower <= upper + 4 * residual * float(size @ np.abs(lin.x)):
        lower = upper  # a bound for data changed by the residual may pass a point of these by as much
    kind = "assumed-convex" if problem.components.assumed else kind
    optimization = (mean - base) - inner.value
    return Certificate(lower, upper, kind, residual, p, multipliers, (upper - lower - optimization, optimization))


def _by_densities(
    problem: Minimax,
    lin: Linearization,
    upper: float,
    weights: Array | Weights,
    multipliers: Multipliers | None,
    floor: Array | None,
) -> Certificate:
    """The bound of the affine functions below λ_max that density matrices choose; vectors are weights at this x."""
    if not isinstance(weights, tuple):
        weights = densities(problem.components, lin.x, normalized(weights))
    found = frozen(problem.components, weights)
    if found is None:
        return Certificate(-math.inf, upper, "none")
    below, p, weights = found
    weights = tuple(w / p.sum() for w in weights)
    fixed = restored(below, problem.domain, problem.constraints)
    c = prove(fixed, fixed.at(lin.x, lin.meter), p, multipliers, floor)
    lower = c.lower - TRACE * problem.n * abs(c.lower)
    parts = (upper - lower - c.parts[1], c.parts[1]) if math.isfinite(lower) else c.parts
    return replace(c, lower=lower, upper=upper, weights=weights, parts=parts)


def check_weights(weights: Any, n: int) -> Array:
    """The weights as an array: n nonnegative numbers, not all zero."""
    p = _doors.vector("weights", weights, n)
    if np.any(p < 0) or not p.any():
        raise ValueError(f"weights must be ≥ 0 and not all zero; the least is {p.min()}")
    return p


def normalized(weights: Array) -> Array:
    """p = weights/Σ weights, without overflow."""
    p = weights / weights.max()
    return np.asarray(p / p.sum())


def _reduce(linear: Linear, m: Multipliers, x: Array, c: Array, size: Array) -> tuple[Array, Array, float]:
    """Add A_ubᵀλ + A_eqᵀν to c; the constant −λᵀ(b_ub − A_ub x) + νᵀ(A_eq x − b_eq), rounded down."""
    c, size, extra = c.copy(), size.copy(), 0.0
    for A, b, v in ((linear.A_ub, linear.b_ub, np.maximum(m.ub, 0.0)), (linear.A_eq, linear.b_eq, m.eq)):
        if A is not None and b is not None:
            c += A.T @ v
            size += abs(A).T @ np.abs(v)
            magnitude = np.abs(v) @ (abs(A) @ np.abs(x) + np.abs(b))
            extra += float(v @ (A @ x - b)) - gamma(x.size + b.size) * float(magnitude)
            extra -= underflow(x.size) * float(np.abs(v).sum()) + underflow(b.size)
    return c, size, extra


def _kkt_residual(problem: Minimax, x: Array, c: Array, size: Array, tall: float) -> float:
    """The first-order condition −c ∈ N_X(x), relative: |c_j|/Σp_i|J_ij| off the bounds, else a projected step.

    A bound holds where the way to it is slight beside the interval, or promises no gain: c_j·(x_j − bound_j) is small
    beside `tall`, the size of f.
    """
    linear = linear_part(problem)
    if linear is not None and not isinstance(problem.domain, Simplex):
        bound, width = np.where(c > 0, linear.lb, linear.ub), linear.ub - linear.lb
        way, far = np.abs(x - bound), np.abs(x) + np.abs(bound)
        slight = np.maximum(SLIGHT * np.where(np.isfinite(width), width, far), 4 * EPS * far)
        held = np.isfinite(bound) & ((way <= slight) | (np.abs(c) * way <= SLIGHT * tall))
        return float(np.max(np.where(held, 0.0, np.abs(c)) / np.where(size > 0, size, 1.0)))
    if not getattr(problem.domain, "projects", True):
        return math.nan
    reach = getattr(problem.domain, "reach", None)
    length = reach(np.ones(x.size), x) / x.size if reach else 1.0
    length = length if 0 < length < math.inf else 1.0
    step = x - np.asarray(problem.domain.project(x - length * c / (size.max() or 1.0)))
    return float(np.abs(step).max()) / length


def check_multipliers(m: Any, problem: Minimax) -> Multipliers:
    """The multipliers in arrays, as many as the domain's rows and bounds; bounds may be left empty."""
    linear = linear_walls(problem)
    if linear is None:
        raise ValueError(f"multipliers belong to a linear domain; {problem.domain!r} has none")
    try:
        m = Multipliers(*m)
    except TypeError:
        raise TypeError(
            f"multipliers must be Multipliers(ub, eq, lower, upper, nonlinear); got {type(m).__name__}"
        ) from None
    sizes = [0 if b is None else b.size for b in (linear.b_ub, linear.b_eq)]
    ub, eq = (_doors.vector(f"multipliers.{k}", v, n) for k, v, n in zip(("ub", "eq"), m[:2], sizes))
    if np.any(ub < 0):
        raise ValueError(f"multipliers.ub must be ≥ 0; the least is {ub.min()}")
    low, high = (  # implied by c where they are left out
        _doors.vector(f"multipliers.{k}", v if np.size(v) else np.zeros(problem.d), problem.d)
        for k, v in zip(("lower", "upper"), m[2:4])
    )
    rows = 0 if problem.constraints is None else problem.constraints.m
    held = _doors.vector("multipliers.nonlinear", m.nonlinear if np.size(m.nonlinear) else np.zeros(rows), rows)
    return Multipliers(ub, eq, low, high, held)
