"""What nearly the same value says of two weights, by the strong convexity of Ω on the simplex.

Ω(q) − Ω(p) − ⟨∇Ω(p), q − p⟩ ≥ ½·‖q − p‖₁²   for Shannon's (Pinsker 1964),   ≥ ½·‖q − p‖₂²   for 1 < α ≤ 2,
≥ Σ |q_i − p_i|^α / ((2^{α−1} − 1)·α(α − 1))  for α > 2   (Zălinescu, J. Math. Anal. Appl. 95, 1983)
"""

import math

from ..regularizers import Regularizer


def apart(kind: Regularizer, n: int, error: float) -> float:
    """The largest ‖q − p‖₁ at which max ⟨·, x⟩ − Ω is missed by no more than `error`; nan if that is nan."""
    if kind.alpha == 1.0:
        return math.sqrt(2 * error)
    a = max(kind.alpha, 2.0)
    return float(n ** (1 - 1 / a) * ((2 ** (a - 1) - 1) * a * (a - 1) * error) ** (1 / a))
