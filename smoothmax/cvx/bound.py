"""How far a smoothed expression can be from the true one, whatever the variables: e with |smoothed − true| ≤ e.

    surrogates      their own error, plus what the atom makes of e (each is a maximum over convex combinations)
    affine L        |L|·e
    norms, huber, logistic, log_sum_exp, exact maxima      their Lipschitz constants
    anything else   inf, with the reason

Every constant is taken at the present values of the parameters.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cvxpy as cp
import numpy as np

from .._typing import Array
from .extract.affine import affine
from .extract.layout import Layout
from .rewrites import Rewritten


@dataclass(frozen=True)
class Bound:
    """A bound, and the sentence that goes with it."""

    value: float
    reason: str


class _NoBound(Exception):
    """Some composition has no Lipschitz constant."""


def bound_of(expr: Any, rewritten: dict[int, Rewritten], tau: float) -> Bound:
    """For a scalar expression whose atoms were rewritten."""
    try:
        value = float(np.sum(_Walk(rewritten, tau).error(expr)))
    except _NoBound as why:
        return Bound(math.inf, str(why))
    return Bound(value, "the errors of all surrogates, weighted by what stands above them")


class _Walk:
    """Errors from the leaves up, each shared sub-expression once."""

    def __init__(self, rewritten: dict[int, Rewritten], tau: float) -> None:
        self.rewritten, self.tau = rewritten, tau
        self._known: dict[int, Any] = {}

    def error(self, expr: Any) -> Any:
        """An array of the expression's shape; the number 0 where it is exact."""
        if id(expr) not in self._known:
            self._known[id(expr)] = self._error(expr)
        return self._known[id(expr)]

    def _error(self, expr: Any) -> Any:
        if not all(isinstance(arg, cp.Expression) for arg in expr.args):
            return 0.0
        below = [self.error(arg) for arg in expr.args]
        moved = any(np.any(e) for e in below)
        spread = self._above(expr, below) if moved else 0.0
        if id(expr) in self.rewritten:
            spread = spread + self.tau * np.broadcast_to(self.rewritten[id(expr)].error, expr.shape)
        return spread

    def _above(self, expr: Any, below: list[Any]) -> Array:
        """What the atom makes of the errors of its arguments."""
        full = [np.broadcast_to(np.asarray(e, float), arg.shape) for e, arg in zip(below, expr.args, strict=True)]
        for kind in type(expr).__mro__:
            if kind in LIPSCHITZ:
                return np.asarray(LIPSCHITZ[kind](expr, full), float)
        if expr.is_atom_affine():
            return affine_error(expr, full)
        raise _NoBound(
            f"{type(expr).__name__} has no Lipschitz constant, and a smoothed atom stands inside it; use cvx.bracket"
        )


def affine_error(expr: Any, errors: list[Array]) -> Array:
    """|L|·e, L the linear map from the arguments that err to the expression."""
    args = [
        cp.Variable(arg.shape) if np.any(e) else cp.Constant(arg.value if arg.is_constant() else np.zeros(arg.shape))
        for arg, e in zip(expr.args, errors, strict=True)
    ]
    layout = Layout(tuple(arg for arg in args if isinstance(arg, cp.Variable)))
    e = np.concatenate([e.ravel(order="F") for e in errors if np.any(e)])
    return np.asarray(np.reshape(abs(affine(expr.copy(args), layout).A) @ e, expr.shape, order="F"))


def _entries(atom: Any, e: list[Array]) -> Array:
    return e[0]


def _largest(atom: Any, e: list[Array]) -> Array:
    return np.asarray(np.max(e[0], axis=atom.axis, keepdims=atom.keepdims))


def _sum(atom: Any, e: list[Array]) -> Array:
    return np.asarray(np.sum(e[0], axis=atom.axis, keepdims=atom.keepdims))


def _largest_of(atom: Any, e: list[Array]) -> Array:
    return np.asarray(np.max(np.stack(np.broadcast_arrays(*e)), axis=0))


def _sum_largest(atom: Any, e: list[Array]) -> Array:
    return np.asarray(atom.copy([cp.Constant(e[0])]).value)


def _dotsort(atom: Any, e: list[Array]) -> Array:
    return np.asarray(cp.dotsort(e[0], abs(atom.args[1].value)).value)


def _norm(atom: Any, e: list[Array]) -> Array:
    """|‖x̃‖ − ‖x‖| ≤ ‖x̃ − x‖ for p ≥ 1."""
    if atom.p < 1:
        raise _NoBound(f"pnorm with p = {atom.p} has no Lipschitz constant, and a smoothed atom stands inside it")
    flat, keep = (np.ravel(e[0]), False) if atom.axis is None else (e[0], atom.keepdims)
    found = np.linalg.norm(flat, float(atom.p), axis=atom.axis, keepdims=keep)
    return np.reshape(found, atom.shape)


def _huber(atom: Any, e: list[Array]) -> Array:
    return np.asarray(2 * atom.M.value * e[0])


LIPSCHITZ: dict[type, Callable[[Any, list[Array]], Any]] = {
    cp.max: _largest,
    cp.min: _largest,
    cp.norm_inf: _largest,
    cp.log_sum_exp: _largest,
    cp.maximum: _largest_of,
    cp.minimum: _largest_of,
    cp.abs: _entries,
    cp.logistic: _entries,
    cp.norm1: _sum,
    cp.sum_largest: _sum_largest,
    cp.dotsort: _dotsort,
    cp.cummax: lambda atom, e: np.maximum.accumulate(e[0], axis=atom.axis),
    cp.Pnorm: _norm,
    cp.huber: _huber,
}
