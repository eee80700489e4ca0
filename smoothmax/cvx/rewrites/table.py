"""Which atom is rewritten by what, what its users call it, and which ones cannot be."""

from collections.abc import Callable
from typing import Any

import cvxpy as cp

from .abs import rewrite_abs, rewrite_norm1, rewrite_norm_inf
from .cummax import rewrite_cummax
from .dotsort import rewrite_dotsort
from .max import rewrite_max
from .maximum import rewrite_maximum
from .min import rewrite_min
from .minimum import rewrite_minimum
from .rewritten import Rewritten
from .sum_largest import rewrite_sum_largest

Rewrite = Callable[[Any, list[Any], Any, float], Rewritten]

REWRITES: dict[type, Rewrite] = {
    cp.max: rewrite_max,
    cp.maximum: rewrite_maximum,
    cp.min: rewrite_min,
    cp.minimum: rewrite_minimum,
    cp.abs: rewrite_abs,
    cp.norm1: rewrite_norm1,
    cp.norm_inf: rewrite_norm_inf,
    cp.sum_largest: rewrite_sum_largest,
    cp.dotsort: rewrite_dotsort,
    cp.cummax: rewrite_cummax,
}

# Atoms with kinks that are no maximum of finitely many: their smoothing is spectral, and not an exponential cone.
EXACT: dict[type, str] = {
    kind: f"{name} is the largest of infinitely many; it has no surrogate in exponential cones"
    for name in ("lambda_max", "lambda_sum_largest", "sigma_max", "normNuc", "gen_lambda_max", "condition_number")
    if isinstance(kind := getattr(cp, name, None), type)
}

EXACT |= {
    kind: "a Euclidean norm has its only kink where its argument vanishes, and cones of its own"
    for name in ("Pnorm", "PnormApprox")
    if isinstance(kind := getattr(cp, name, None), type)
}


def names_of(atom: Any) -> set[str]:
    """What `atoms=` may call this atom: its class, and for maximum and minimum with 0 also pos and neg."""
    names = {type(atom).__name__}
    zero = any(arg.is_constant() and arg.is_zero() for arg in atom.args)
    if zero and isinstance(atom, cp.maximum):
        names.add("pos")
    if zero and isinstance(atom, cp.minimum):
        names.add("neg")
    if isinstance(atom, cp.sum_largest):
        names.add("sum_smallest")  # cvxpy states it as −sum_largest(−x)
    return names


def refusal(atom: Any) -> str | None:
    """Why an atom of the table is left exact all the same; None where it is rewritten."""
    if any(arg.is_complex() for arg in atom.args):
        return "the modulus of a complex number is no maximum of finitely many"
    if isinstance(atom, cp.dotsort) and atom.args[1].parameters():
        return "its weights are a parameter, and their order is needed"
    return None
