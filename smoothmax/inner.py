"""The inner minimum of the certificate: how far ⟨c, y − x⟩ can fall over S ⊇ X, with a bound on what rounding hides.

min over y ∈ X of ⟨c, y − x⟩            by the domain's linear minimization oracle;
min over lb ≤ y ≤ ub of ⟨c, y − x⟩      for polyhedra, after their rows have gone into c with multipliers;
min over s ∈ R^d of ⟨c, s⟩ + ½ sᵀPs     for quadratic components, P = Σ p_i P_i, or for some of the c_j the one
                                        and for the rest the other

A direction that S leaves open, or follows so far that the rounding of c would count for more than HARMLESS, is proven
for other data: c is zero there up to a column-wise backward error, |c_j| ≤ RESIDUAL·Σ p_i|J_ij| ("rounding").
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._linalg import equilibrate
from ._typing import Array
from .components import Linearization
from .domains import Domain, Linear, Product, Simplex, walls_of
from .problem import Minimax

EPS = float(np.finfo(float).eps)
UNIT = EPS / 2
TINY = float(np.finfo(float).smallest_subnormal)  # twice what a product can lose by underflow
RESIDUAL = 256 * EPS
HARMLESS = 1e-9  # of the numbers in ⟨p, f⟩: what a proof for the very data may cost before one for others does
DEFINITE = 1e-10  # least eigenvalue of an equilibrated matrix that is divided by
ASSUMED_RESIDUAL = 1e-8  # with finite differences or the user's word the proof is no sharper than this anyway


class Inner(NamedTuple):
    value: float
    error: float
    kind: str
    residual: float


NOTHING = Inner(-math.inf, 0.0, "none", math.nan)


def inner_minimum(problem: Minimax, lin: Linearization, p: Array, c: Array, size: Array, noise: Array) -> Inner:
    """min over y ∈ S of ⟨c, y − x⟩, or of the weighted quadratic over R^d, whichever is larger.

    `lin` may hold only the components in which p > 0.
    """
    components = lin.components
    scale = float(p[p > 0] @ np.abs(lin.f[p > 0]) + size @ np.abs(lin.x))
    best = _linear_minimum(problem, lin.x, c, size, noise, HARMLESS * scale)
    if components.quadratic and not components.affine:
        best = _less_curvature(problem, best, components.curvature_slack(p), lin.x)
        P, terms = components.hess(lin.x, p), int(np.count_nonzero(p))
        if P is None or not np.isfinite(P).all():
            return best
        for curved in (
            _quadratic_minimum(P, lin.x, c, size, noise, terms),
            _mixed_minimum(problem, P, lin.x, c, size, noise, terms, HARMLESS * scale),
        ):
            worth = HARMLESS * scale if best.kind == "bounded" and curved.kind == "rounding" else 0.0
            if curved.value - curved.error > best.value - best.error + worth:
                best = curved
    return best


def _mixed_minimum(
    problem: Minimax, P: Array, x: Array, c: Array, size: Array, noise: Array, terms: int, harmless: float
) -> Inner:
    """min over S of ⟨c − r, s⟩, plus min over R^d of ⟨r, s⟩ + ½ sᵀPs: r_j = c_j where the curvature makes that cheaper.

    Between the bounds of a half-open box ⟨c, s⟩ has no minimum and P alone knows nothing of the bounds that are active.
    """
    linear = linear_part(problem)
    if linear is None or isinstance(problem.domain, Simplex):
        return NOTHING
    far, width = _ways(linear, x, c, noise)
    bent = (np.diagonal(P) > 0) & ~(np.abs(c * far) + noise * width <= c * c / (2 * np.diagonal(P)))
    if bent.all() or not bent.any():
        return NOTHING
    flat = _over_bounds(linear, x, np.where(bent, 0.0, c), size, np.where(bent, 0.0, noise), RESIDUAL, harmless)
    curved = _quadratic_minimum(P, x, np.where(bent, c, 0.0), size, np.where(bent, noise, 0.0), terms)
    kind = "bounded" if flat.kind == curved.kind == "bounded" else "rounding"
    residual = float(np.fmax(flat.residual, curved.residual))
    return Inner(flat.value + curved.value, flat.error + curved.error, kind, residual)


def _less_curvature(problem: Minimax, inner: Inner, shift: Array, x: Array) -> Inner:
    """Where P is semidefinite only up to a diagonal shift, f may lie ½ Σ shift_j (y_j − x_j)² below its tangent."""
    if not shift.any():
        return inner
    reach = getattr(problem.domain, "reach", None)
    width = math.inf if reach is None else reach(np.sqrt(shift), x)
    if math.isfinite(width):
        return inner._replace(error=inner.error + 0.5 * width * width)
    return inner._replace(kind="rounding")


def _linear_minimum(problem: Minimax, x: Array, c: Array, size: Array, noise: Array, harmless: float) -> Inner:
    """Over the domain, factor by factor where it is a product."""
    allowed = ASSUMED_RESIDUAL if problem.components.assumed else RESIDUAL
    if not isinstance(problem.domain, Product):
        return _over(problem.domain, x, c, size, noise, allowed, harmless)
    pairs = list(zip(problem.domain.factors, problem.domain.blocks))
    for cost in (harmless / len(pairs), -1.0):  # where one factor is proven for other data, all of them may be
        found = [_over(one, x[s], c[s], size[s], noise[s], allowed, cost) for one, s in pairs]
        kind = max((one.kind for one in found), key=("bounded", "rounding", "none").index)
        if kind != "rounding":
            break
    values = np.array([one.value for one in found])
    error = sum(one.error for one in found) + len(found) * EPS * float(np.abs(values).sum())
    return Inner(float(values.sum()), error, kind, float(np.fmax.reduce([one.residual for one in found])))


def _over(domain: Domain, x: Array, c: Array, size: Array, noise: Array, allowed: float, harmless: float) -> Inner:
    """Over the bounds of a linear domain; over others where their oracle is attained."""
    describe = getattr(domain, "linear", None)
    linear = describe() if describe else None
    if linear is not None and not isinstance(domain, Simplex):
        return _over_bounds(linear, x, c, size, noise, allowed, harmless)
    y = np.asarray(domain.lmo(c), dtype=np.float64)
    if not np.isfinite(y).all():
        return NOTHING
    bound = getattr(domain, "reach", None)  # a user's domain does not say how far it reaches: proven up to rounding
    reach = bound(noise, x) if bound else 2 * float(noise @ (np.abs(x) + np.abs(y)))
    error = reach + gamma(x.size) * float(np.abs(c) @ np.abs(y - x)) + underflow(x.size)
    return Inner(float(c @ (y - x)), error, "bounded" if bound else "rounding", 0.0)


def _over_bounds(
    linear: Linear, x: Array, c: Array, size: Array, noise: Array, allowed: float, harmless: float
) -> Inner:
    """Σ_j min(c_j (lb_j − x_j), c_j (ub_j − x_j)); coordinates without a bound must have c_j = 0 up to rounding.

    With bounds far away |c_j| ≤ RESIDUAL·size_j costs more than without any. Where that is more than harmless, or where
    others have no bounds, such a coordinate counts as one without: its cost is then (|c_j| + noise_j)·|x_j|.
    """
    far, width = _ways(linear, x, c, noise)
    closed = np.isfinite(far) & np.isfinite(width)
    cost = np.where(closed, np.abs(c * far) + noise * width, 0.0)
    without = (np.abs(c) + noise) * np.abs(x)
    faint = closed & (size > 0) & (np.abs(c) <= RESIDUAL * size) & (without < cost)
    if not (closed.all() and float(cost[faint].sum()) <= harmless):
        closed &= ~faint
    value = float(c[closed] @ far[closed])
    error = float(noise[closed] @ width[closed])
    error += gamma(x.size) * float(np.abs(c[closed]) @ np.abs(far[closed])) + underflow(x.size)
    if closed.all():
        return Inner(value, error, "bounded", 0.0)
    known = size[~closed].all()  # of size 0 is what floats may have lost
    residual = _residual(c[~closed], size[~closed]) if known else math.inf
    if residual > allowed:
        return Inner(-math.inf, error, "none", residual)
    return Inner(value, error + float(without[~closed].sum()), "rounding", residual)


def _ways(linear: Linear, x: Array, c: Array, noise: Array) -> tuple[Array, Array]:
    """y_j − x_j at the bound where c_j y_j is least, and how far y_j may be from x_j where rounding of c_j counts."""
    far = np.where(c > 0, linear.lb, np.where(c < 0, linear.ub, x)) - x
    sure = np.abs(c) > noise  # the sign of c_j, and with it the end of the interval, survives rounding
    width = np.where(sure, np.abs(far), np.maximum(np.abs(linear.ub - x), np.abs(x - linear.lb)))
    return far, np.where(noise > 0, width, 0.0)


def _quadratic_minimum(P: Array, x: Array, c: Array, size: Array, noise: Array, terms: int) -> Inner:
    """min over s of ⟨c, s⟩ + ½ sᵀPs = −½ cᵀP⁺c in equilibrated variables, P the sum of `terms` matrices P_i ⪰ 0.

    Rounding moves an entry of P by at most γ_k Σ p_i|P_i,jl| ≤ γ_k √(P_jj P_ll), one of S, with unit diagonal, by γ_k.
    Where S is singular, the bound is one for other data ("rounding"): eigenvalues of S up to RESIDUAL are set to zero,
    and so is c on their eigenvectors, up to RESIDUAL·size_j in each column.
    """
    live = np.diagonal(P) > 0
    if not live.any() or P[~live].any():
        return NOTHING
    S, scale = equilibrate(P[np.ix_(live, live)])
    values, vectors = np.linalg.eigh(S)
    lost = underflow(terms) * float(np.max(scale * scale))
    wobble = values.size * (8 * EPS * float(values[-1]) + gamma(terms) + lost)
    kept = values - wobble > DEFINITE
    dropped = values[~kept]
    if np.any(np.abs(dropped) > RESIDUAL):
        return NOTHING
    out = np.where(live, 0.0, c)  # the part of c that has no curvature
    inside, t = scale * c[live], vectors.T @ (scale * c[live])
    if dropped.size:
        out[live] = vectors[:, ~kept] @ t[~kept] / scale
    residual = _residual(out, size + noise / RESIDUAL)  # below its own rounding c may well be 0
    if residual > RESIDUAL:
        return NOTHING
    least, t = float(values[kept][0]) - wobble, t[kept]
    value = -0.5 * float(np.sum(t * t / values[kept]))
    length = _length(inside)
    wide = _length(scale * noise[live]) + 8 * values.size * EPS * length
    error = (wide * (length + wide) + underflow(values.size)) / least + 2 * wobble * abs(value) / least
    left = np.where(live & (dropped.size == 0), 0.0, np.abs(out) + noise)
    if dropped.size or left.any():
        error += float(left @ np.abs(x))
        return Inner(value, error, "rounding", max(residual, float(np.abs(dropped).max(initial=0.0))))
    return Inner(value, error, "bounded", 0.0)


@np.errstate(divide="ignore", invalid="ignore")
def _residual(c: Array, size: Array) -> float:
    """max |c_j|/size_j, zero where both vanish."""
    return float(np.nan_to_num(np.abs(c) / size, nan=0.0, posinf=np.inf).max(initial=0.0))


def linear_part(problem: Minimax) -> Linear | None:
    describe = getattr(problem.domain, "linear", None)
    return describe() if describe else None


def linear_walls(problem: Minimax) -> Linear | None:
    """Linear constraints of the domain, which may have round walls beside them."""
    walls = walls_of(problem.domain)
    return None if walls is None or (walls.spheres and walls.linear.free) else walls.linear


def gamma(terms: int) -> float:
    """γ_k = k·u/(1 − k·u), with two more terms for the scaling of p."""
    k = (terms + 2) * UNIT
    return k / (1 - k)


def underflow(terms: int) -> float:
    """What that many products, and as many in the bound on their rounding, may lose below the normal numbers."""
    return 2 * (terms + 2) * TINY


def touched(
    lin: Linearization, p: Array, size: Array, linear: Linear | None, lam: Array, nu: Array
) -> NDArray[np.bool_]:
    """The columns with an entry in a row that has weight: where the sum of sizes is zero, it may have underflowed."""
    if size.all():
        return np.ones(size.size, dtype=bool)
    met = size + lin.column_sizes(np.sign(p))
    for A, v in () if linear is None else ((linear.A_ub, lam), (linear.A_eq, nu)):
        met = met if A is None or not v.size else met + abs(A).T @ np.asarray(v != 0, dtype=np.float64)
    return np.asarray(met > 0)


def _length(v: Array) -> float:
    """‖v‖₂, whatever the units."""
    top = float(np.abs(v).max(initial=0.0))
    return top * float(np.linalg.norm(v / top)) if 0 < top < math.inf else top
