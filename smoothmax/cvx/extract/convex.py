"""Convex cvxpy expressions as maxima of affine and quadratic rows, found from the leaves up.

`families(expr, sign)` describes sign·expr, which must be convex: below a minus sign min is max, and so on.
"""

from collections.abc import Callable
from typing import Any

import cvxpy as cp
import numpy as np
import scipy.sparse as sp
from cvxpy.atoms.affine.affine_atom import AffAtom

from .affine import constant, linear, target
from .family import Family, merged_axis, picked
from .quadratic import Curved, Form, Squares
from .refusals import refusal
from .rows import Linear
from .sums import combined


def families(expr: Any, sign: int = 1) -> list[Family]:
    """The pieces of sign·expr.

    Raises
    ------
    NotMinimax
        Naming the innermost sub-expression that is neither affine, nor convex quadratic, nor such a maximum.
    """
    if expr.is_affine():
        return [Family.of(linear(expr).scaled(float(sign)))]
    if isinstance(expr, AffAtom):
        return combined(expr, sign, families)
    rule = _RULES.get(type(expr).__name__)
    found = rule(expr, sign) if rule else None
    if found is None:
        raise refusal(expr)
    return found


def _max(expr: Any, sign: int) -> list[Family]:
    return merged_axis(families(expr.args[0], sign), target(expr))


def _maximum(expr: Any, sign: int) -> list[Family]:
    found = []
    for arg in expr.args:
        numbers = np.arange(arg.size).reshape(arg.shape, order="F")
        found += picked(families(arg, sign), np.broadcast_to(numbers, expr.shape).ravel(order="F"), arg.size)
    return found


def _abs(expr: Any, sign: int) -> list[Family] | None:
    (arg,) = expr.args
    if arg.is_affine():
        return [Family.of(linear(arg), absolute=True)]
    if arg.is_nonneg() or arg.is_nonpos():
        return families(arg, 1 if arg.is_nonneg() else -1)
    return None


def _norm_inf(expr: Any, sign: int) -> list[Family] | None:
    found = _abs(expr, sign)
    return None if found is None else merged_axis(found, target(expr))


def _norm_of_numbers(expr: Any, sign: int) -> list[Family] | None:
    """‖y‖ of single entries is |y|, in every norm."""
    return _norm_inf(expr, sign) if expr.args[0].size == expr.size else None


def _sum_largest(expr: Any, sign: int) -> list[Family] | None:
    arg = expr.args[0]
    if expr.k == 1:
        return _max(expr, sign)
    if expr.k == arg.size // max(1, expr.size):
        axis, keepdims = getattr(expr, "axis", None), getattr(expr, "keepdims", False)
        return families(cp.sum(arg, axis=axis, keepdims=keepdims), sign)
    return None


def _power(expr: Any, sign: int) -> list[Family] | None:
    """Squares of affine entries, of their absolute values, and of a Euclidean norm."""
    arg, p = expr.args[0], float(constant(expr.p)) if isinstance(expr.p, cp.Expression) else float(expr.p)
    if p == 1:
        return families(arg, sign)
    if p != 2:
        return None
    if type(arg).__name__ in ("Pnorm", "PnormApprox") and float(arg.p) == 2 and arg.args[0].is_affine():
        return _squares(arg.args[0], target(arg), arg.size, 1.0)
    base = arg.args[0] if isinstance(arg, cp.abs) else arg
    return _squares(base, np.arange(expr.size), expr.size, 1.0) if base.is_affine() else None


def _quad_over_lin(expr: Any, sign: int) -> list[Family] | None:
    arg, under = expr.args
    base = arg.args[0] if isinstance(arg, cp.abs) else arg
    if not base.is_affine() or not under.is_constant():
        return None
    size = float(np.ravel(constant(under))[0])
    return _squares(base, target(expr), expr.size, 1.0 / size) if size > 0 else None


def _squares(arg: Any, place: Any, n: int, weight: float) -> list[Family]:
    """Σ weight·y_j² over the entries y_j of an affine expression that have the same place."""
    rows = linear(arg)
    curved = Curved(n, (Squares(rows, np.asarray(place), np.full(rows.m, weight)),))
    zero = np.zeros(n)
    all_of_it = sp.csr_array(np.ones((1, 1)))
    return [Family.of(Linear({}, zero), curved.mapped(all_of_it) if n == 1 else curved)]


def _quad_form(expr: Any, sign: int) -> list[Family] | None:
    arg, P = expr.args
    if not arg.is_affine() or not P.is_constant():
        return None
    H = constant(P)
    H = sp.csr_array(H) if sp.issparse(H) else np.asarray(H, dtype=np.float64)
    rows = linear(arg)
    curved = Curved(1, (), (Form(np.full(1, 2.0 * sign), H, rows),))
    return [Family.of(Linear({}, np.zeros(1)), curved)]


_RULES: dict[str, Callable[[Any, int], list[Family] | None]] = {
    "max": _max,
    "min": _max,
    "maximum": _maximum,
    "minimum": _maximum,
    "abs": _abs,
    "norm_inf": _norm_inf,
    "norm1": _norm_of_numbers,
    "Pnorm": _norm_of_numbers,
    "PnormApprox": _norm_of_numbers,
    "sum_largest": _sum_largest,
    "Power": _power,
    "power": _power,
    "PowerApprox": _power,
    "quad_over_lin": _quad_over_lin,
    "QuadForm": _quad_form,
}
