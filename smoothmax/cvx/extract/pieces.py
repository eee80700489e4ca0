"""A convex piecewise-linear constraint as affine rows:  max_k a_kᵀx + b_k ≤ 0  ⇔  every a_kᵀx + b_k ≤ 0."""

from typing import Any, NamedTuple

import numpy as np

from ..._typing import Array, Index, Matrix
from ..errors import NotMinimax
from .convex import families
from .layout import Layout
from .rows import stacked


class Pieces(NamedTuple):
    """Rows a_kᵀx + b_k, and the entry (Fortran order) of the expression that each is a piece of."""

    A: Matrix
    b: Array
    entry: Index


def pieces(expr: Any, layout: Layout) -> Pieces:
    """The pieces of a convex expression.

    Raises
    ------
    NotMinimax
        They are not finitely many affine ones.
    """
    found = [half for family in families(expr) for half in family.split()]
    if any(half.curved for half in found):
        raise NotMinimax(expr, "it is quadratic", "an affine expression")
    rows = stacked([half.linear for half in found]).laid_out(layout)
    return Pieces(rows.A, rows.b, np.concatenate([half.entry for half in found]))
