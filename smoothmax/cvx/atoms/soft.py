"""What the soft atoms have in common: a smooth convex g_τ between a maximum g and g + τ·excess, lowered by a share,

    g ≤ g_τ ≤ g + τ·excess,      value = g_τ − lift·τ·excess, and at least 0 where g ≥ 0 is known.

lift = 0 is an upper surrogate, lift = 1 a lower one, lift = ½ errs least. Each g_τ is the perspective τ·h(x/τ) of a
convex h, hence jointly convex in x and τ: with τ a Parameter the atom obeys cvxpy's rules for parameters (DPP).
"""

import abc
from typing import Any

import numpy as np
from cvxpy.atoms import EXP_ATOMS
from cvxpy.atoms.atom import Atom
from cvxpy.reductions.dcp2cone.canonicalizers import CANON_METHODS

from ..._typing import Array


class Soft(Atom):
    """A nondecreasing convex atom of its pieces, then τ.

    Parameters
    ----------
    *args : expressions
        The pieces, then τ ≥ 0 (a scalar constant), then `data`: what else the atom depends on, lift and sign last.
    """

    data: int  # how many of the arguments, counted from the end, are no expressions

    def __init__(self, *args: Any) -> None:
        self.lift, self.signed = float(args[-2]), bool(args[-1])
        super().__init__(*args[: -self.data])

    def __init_subclass__(cls) -> None:
        """cvxpy asks two tables: which cones an atom needs, and how it is stated in them."""
        super().__init_subclass__()
        EXP_ATOMS.append(cls)
        CANON_METHODS[cls] = cls.cones

    @property
    def tau(self) -> Any:
        """τ as an expression."""
        return self.args[-1]

    @property
    @abc.abstractmethod
    def excess(self) -> float | Array:
        """How far g_τ may lie above g, per unit of τ."""

    @classmethod
    @abc.abstractmethod
    def cones(cls, expr: Any, args: list[Any], solver_context: Any = None) -> tuple[Any, list[Any]]:
        """(t, constraints): t an affine upper bound of the atom at affine `args`, tight where it is minimized."""

    def lowered(self, t: Any, tau: Any) -> tuple[Any, list[Any]]:
        """t − lift·τ·excess, held above 0 where that is known and not implied."""
        if not self.lift:
            return t, []
        value = t - self.lift * self.excess * tau
        return value, [value >= 0] if self.signed else []

    def numbers(self, values: list[Any]) -> tuple[list[Array], float]:
        """The pieces in the shapes that were declared (cvxpy's own values may have others), and τ."""
        full = [np.asarray(v.toarray() if hasattr(v, "toarray") else v, dtype=float) for v in values]
        *pieces, tau = (v.reshape(arg.shape, order="F") for v, arg in zip(full, self.args, strict=True))
        return pieces, float(np.ravel(tau)[0])

    def settled(self, value: Any, tau: float) -> Any:
        """The same for numbers."""
        value = value - self.lift * np.asarray(self.excess) * tau
        return np.maximum(value, 0.0) if self.signed else value

    def sign_from_args(self) -> tuple[bool, bool]:
        """(≥ 0, ≤ 0), as far as is known."""
        return self.signed, False

    def is_atom_convex(self) -> bool:
        """Jointly in the pieces and τ."""
        return True

    def is_atom_concave(self) -> bool:
        """Never."""
        return False

    def is_atom_smooth(self) -> bool:
        """Up to the floor at 0."""
        return not (self.signed and self.lift)

    def is_incr(self, idx: int) -> bool:
        """In every piece."""
        return bool(idx < len(self.args) - 1)

    def is_decr(self, idx: int) -> bool:
        """In none."""
        return False

    def _grad(self, values: list[Any]) -> list[Any]:
        """None: unknown to cvxpy; `smoothmax.Smoothed` has derivatives."""
        return [None] * len(self.args)
