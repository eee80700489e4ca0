"""The inner minimum of the certificate: how far ⟨c, y − x⟩ can fall over S ⊇ X, with a bound on what rounding hides.

min over y ∈ X of ⟨c, y − x⟩            by the domain's linear minimization oracle;
min over lb ≤ y ≤ ub of ⟨c, y − x⟩      for polyhedra, after their rows have gone into c with multipliers;
min over s ∈ R^d of ⟨c, s⟩ + ½ sᵀPs     for quadratic components, P = Σ p_i P_i
"""

import math
from typing import NamedTuple

import numpy as np

from ._linalg import equilibrate
from ._typing import Array
from .components import Linearization
from .domains import Linear, Simplex
from .problem import Minimax

EPS = float(np.finfo(float).eps)
UNIT = EPS / 2
RESIDUAL = 256 * EPS
ASSUMED_RESIDUAL = 1e-8  # with finite differences or the user's word the proof is no sharper than this anyway


class Inner(NamedTuple):
    value: float
    error: float
    kind: str
    residual: float


def inner_minimum(problem: Minimax, lin: Linearization, p: Array, c: Array, size: Array, noise: Array) -> Inner:
    """min over y ∈ S of ⟨c, y − x⟩, or of the weighted quadratic over R^d, whichever is larger."""
    components = problem.components
    best = _linear_minimum(problem, lin.x, c, size, noise)
    if components.quadratic and not components.affine:
        best = _less_curvature(problem, best, components.curvature_slack(p), lin.x)
        curved = _quadratic_minimum(components.hess(lin.x, p), c, noise)
        if curved is not None and curved.value - curved.error > best.value - best.error:
            return curved
    return best


def _less_curvature(problem: Minimax, inner: Inner, shift: Array, x: Array) -> Inner:
    """Where P is semidefinite only up to a diagonal shift, f may lie ½ Σ shift_j (y_j − x_j)² below its tangent."""
    if not shift.any():
        return inner
    reach = getattr(problem.domain, "reach", None)
    width = math.inf if reach is None else reach(np.sqrt(shift), x)
    if math.isfinite(width):
        return inner._replace(error=inner.error + 0.5 * width**2)
    return inner._replace(kind="rounding")


def _linear_minimum(problem: Minimax, x: Array, c: Array, size: Array, noise: Array) -> Inner:
    """Over the domain where its oracle is attained; coordinates that S leaves open must have c_j = 0 up to rounding."""
    domain, linear = problem.domain, linear_part(problem)
    if linear is None or isinstance(domain, Simplex):
        y = np.asarray(domain.lmo(c), dtype=np.float64)
        if not np.isfinite(y).all():
            return Inner(-math.inf, 0.0, "none", math.nan)
        bound = getattr(domain, "reach", None)  # a user's domain does not say how far it reaches: proven up to rounding
        reach = bound(noise, x) if bound else 2 * float(noise @ (np.abs(x) + np.abs(y)))
        error = reach + gamma(x.size) * float(np.abs(c) @ np.abs(y - x))
        return Inner(float(c @ (y - x)), error, "bounded" if bound else "rounding", 0.0)
    far = np.where(c > 0, linear.lb, np.where(c < 0, linear.ub, x)) - x
    sure = np.abs(c) > noise  # the sign of c_j, and with it the end of the interval, survives rounding
    width = np.where(sure, np.abs(far), np.maximum(np.abs(linear.ub - x), np.abs(x - linear.lb)))
    width = np.where(noise > 0, width, 0.0)
    closed = np.isfinite(far) & np.isfinite(width)
    value = float(c[closed] @ far[closed])
    error = float(noise[closed] @ width[closed])
    error += gamma(x.size) * float(np.abs(c[closed]) @ np.abs(far[closed]))
    if closed.all():
        return Inner(value, error, "bounded", 0.0)
    open_ = ~closed
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = float(np.nan_to_num(np.abs(c[open_]) / size[open_], nan=0.0, posinf=np.inf).max())
    allowed = ASSUMED_RESIDUAL if problem.components.assumed else RESIDUAL
    if residual > allowed:
        return Inner(-math.inf, error, "none", residual)
    error += float((np.abs(c[open_]) + noise[open_]) @ np.abs(x[open_]))
    return Inner(value, error, "rounding", residual)


def _quadratic_minimum(P: Array | None, c: Array, noise: Array) -> Inner | None:
    """min over s of ⟨c, s⟩ + ½ sᵀPs = −½ cᵀP⁻¹c in equilibrated variables; None unless P is safely definite."""
    if P is None or not np.isfinite(P).all() or np.any(np.diagonal(P) <= 0):
        return None
    S, scale = equilibrate(P)
    c, noise = scale * c, scale * noise
    values, vectors = np.linalg.eigh(S)
    least = float(values[0]) - 8 * values.size * EPS * float(values[-1])
    if least <= 1e-10:
        return None
    t = vectors.T @ c
    value = -0.5 * float(np.sum(t * t / values))
    wide = float(np.linalg.norm(noise)) + 8 * values.size * EPS * float(np.linalg.norm(c))
    error = wide * (float(np.linalg.norm(c)) + wide) / least + 16 * values.size * EPS * abs(value) / least
    return Inner(value, error, "bounded", 0.0)


def linear_part(problem: Minimax) -> Linear | None:
    describe = getattr(problem.domain, "linear", None)
    return describe() if describe else None


def gamma(terms: int) -> float:
    """γ_k = k·u/(1 − k·u), with two more terms for the scaling of p."""
    k = (terms + 2) * UNIT
    return k / (1 - k)
