"""The objective of a DCP problem as components:  objective = sign · max_i f_i(x)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from ...components import Affine, Components, Quadratic, Stack
from ..errors import NotMinimax
from .convex import families
from .family import Family
from .gram import LIMIT, Gram, gram, square
from .layout import Layout
from .refusals import too_dense
from .rows import Linear, Rows, stacked

SMALL = 100_000  # numbers: families that hold less are copied into one


class Objective(NamedTuple):
    """sign is −1 for Maximize, whose components are those of the negated objective."""

    components: Components
    sign: float


def components_of(objective: Any, layout: Layout) -> Objective:
    """The components of a cvxpy objective that is DCP.

    Raises
    ------
    NotMinimax
        Naming the sub-expression that is neither affine, nor convex quadratic, nor a maximum of such.
    cvxpy.error.ParameterError
        A parameter has no value.
    """
    expr, sign = objective.args[0], -1 if isinstance(objective, cp.Maximize) else 1
    if not layout.d:
        raise NotMinimax(expr, "the problem has no variables", "an objective of at least one variable")
    found = families(expr, sign)
    curved = [family for family in found if family.curved]
    straight = [family for family in found if not family.curved]
    parts = [*_affine(straight, layout), *_quadratic(curved, layout, expr)]
    return Objective(parts[0] if len(parts) == 1 else Stack(parts), float(sign))


def _affine(some: list[Family], layout: Layout) -> list[Components]:
    """Small families are copied into one, large ones stay as they are; of constants only the largest counts."""
    some = [_largest(family) for family in some]
    small = [family for family in some if family.linear.nnz < SMALL]
    if len({family.absolute for family in small}) == 2:
        small = [half for family in small for half in family.split()]
    parts = [_component(f.linear, f.absolute, layout) for f in some if f.linear.nnz >= SMALL]
    if small:
        parts.append(_component(stacked([f.linear for f in small]), small[0].absolute, layout))
    return parts


def _largest(family: Family) -> Family:
    """Of constants the largest alone."""
    b = family.linear.b
    if family.linear.parts:
        return family
    top = np.abs(b).max() if family.absolute else b.max()
    return Family.of(Linear({}, np.array([top])))


def _component(rows: Linear, absolute: bool, layout: Layout) -> Components:
    """|−Ax − b| is |Ax + b|: a sign needs no second A."""
    if absolute and rows.parts and all(part.scale < 0 for part in rows.parts.values()):
        rows = rows.scaled(-1.0)
    A, b = rows.laid_out(layout)
    return Affine(A.toarray() if sp.issparse(A) and A.shape[0] * A.shape[1] == 1 else A, b, absolute=absolute)


def _quadratic(some: list[Family], layout: Layout, expr: Any) -> list[Components]:
    """Rows with the same P together; single rows with a P each in one family where that is small."""

    def columns(rows: Linear) -> Rows:
        return rows.laid_out(layout)

    alike: dict[Any, list[Gram]] = {}
    for family in some:
        found = gram(family.linear, family.curved, columns, layout.d)
        if found is None:
            raise too_dense(expr)
        key = id(found) if np.ndim(found.P) == 3 else np.asarray(found.P).tobytes()
        alike.setdefault((np.ndim(found.P), key), []).append(found)
    groups = [
        Gram(same[0].P, np.vstack([g.q for g in same]), np.concatenate([g.r for g in same])) for same in alike.values()
    ]
    return [Quadratic(*group) for group in _together(groups, layout.d)]


def _together(groups: Sequence[Gram], d: int) -> list[Gram]:
    """Groups of one row as one with a P for each."""
    single = [g for g in groups if g.r.size == 1]
    if len(single) < 2 or len(single) * d * d > LIMIT:
        return list(groups)
    P = np.stack([g.P[0] if np.ndim(g.P) == 3 else square(g.P, d) for g in single])
    one = Gram(P, np.vstack([g.q for g in single]), np.concatenate([g.r for g in single]))
    return [one, *(g for g in groups if g.r.size > 1)]
