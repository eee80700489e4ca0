"""An affine atom of convex arguments:  result = Σ_a T_a·arg_a + (affine rest),  each T_a ≥ 0 or ≤ 0.

T_a is learnt by putting a variable in the place of the argument. Entries with one piece are added up; one entry with
several pieces may join each sum, for the pieces of two would multiply.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from ..._typing import Array, Matrix
from .affine import linear
from .family import Family, counts, gathered, shifted
from .refusals import refusal, several


def combined(expr: Any, sign: int, walk: Callable[[Any, int], list[Family]]) -> list[Family]:
    """The pieces of sign·expr for an affine atom."""
    stand_ins = [None if arg.is_affine() else cp.Variable(arg.shape) for arg in expr.args]
    rest = linear(expr.copy([arg if v is None else v for arg, v in zip(expr.args, stand_ins, strict=True)]))
    base = Family.of(rest.without([v.id for v in stand_ins if v is not None]).scaled(float(sign)))
    found = []
    for arg, v in zip(expr.args, stand_ins, strict=True):
        if v is not None and v.id in rest.parts:
            T, direction = _oriented(rest.parts[v.id].matrix(), sign, expr)
            found.append((walk(arg, direction), T))
    tops: list[Family] = []
    covered = _covered([T for _, T in found], expr.size)
    if covered.max(initial=0) > 1:
        for k, (pieces, T) in enumerate(found):
            base, found[k] = _with_single(base, pieces, T)
        covered = _covered([T for _, T in found], expr.size)
        if covered.max(initial=0) > 1:
            raise several(expr)
    for pieces, T in found:
        tops += gathered(pieces, T) if T.nnz else []
    free = np.flatnonzero(covered == 0)
    return [*shifted(tops, base), *([base.take(free, free)] if free.size else [])]


def _covered(maps: list[Matrix], n: int) -> Array:
    """How many entries go into each entry of the result."""
    return np.asarray(sum((np.diff(T.indptr) for T in maps), np.zeros(n)))


def _oriented(T: Matrix, sign: int, expr: Any) -> tuple[Matrix, int]:
    """T ≥ 0 and the sign that its argument gets."""
    T = sp.csr_array(T)
    if T.data.size and not T.data.all():
        T = T.copy()
        T.eliminate_zeros()
    T.sort_indices()
    if (T.data < 0).all() and T.nnz:
        return -T, -sign
    if (T.data < 0).any():
        raise refusal(expr)
    return T, sign


def _with_single(base: Family, pieces: list[Family], T: Matrix) -> tuple[Family, tuple[list[Family], Matrix]]:
    """base + T·(entries with one piece), and what is left: T for the other entries."""
    size = T.shape[1]
    alone = counts(pieces, size) == 1
    for family in pieces:
        rows = np.flatnonzero(alone[family.entry])
        if rows.size:
            E = sp.csr_array((np.ones(rows.size), (family.entry[rows], rows)), (size, family.linear.m))
            base = _plus(base, family, sp.csr_array(T @ E))
    many = sp.csr_array(T @ sp.diags_array((~alone).astype(np.float64)))
    many.eliminate_zeros()
    many.sort_indices()
    return base, (pieces, many)


def _plus(base: Family, family: Family, T: Matrix) -> Family:
    curved = base.curved.plus(family.curved.mapped(T)) if family.curved else base.curved
    return replace(base, linear=base.linear.plus(family.linear.mapped(T)), curved=curved)
