"""Curved rows written out as ½ xᵀP_k x + q_kᵀx + r_k, with one P (a number for t·I) where all k share it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from ..._typing import Array, Matrix
from .quadratic import Curved, Form, Squares
from .rows import Linear, Rows, dense

LIMIT = 10_000_000  # numbers (80 MB): what may be formed although the problem holds less
Columns = Callable[[Linear], Rows]


class Gram(NamedTuple):
    """P is a number or (d, d) for all rows, or (n, d, d); q (n, d); r (n,)."""

    P: Any
    q: Array
    r: Array


def gram(linear: Linear, curved: Curved, columns: Columns, d: int) -> Gram | None:
    """The quadratic rows of affine plus curved parts; None where that takes more than LIMIT and twice what is held."""
    allowed, n = max(LIMIT, 2 * (linear.nnz + curved.held)), curved.n
    if n * d > allowed:
        return None
    wide = d * d > allowed  # then P must be a number
    A, b = columns(linear)
    P: Any = 0.0
    single: list[Callable[[int], Any]] = []
    q, r = dense(A).astype(np.float64), b.astype(np.float64)
    alike: dict[Any, tuple[Array, Any]] = {}  # forms with the same H, for a number H with H = 1
    for form in curved.forms:
        if wide and not sp.issparse(columns(form.of).A):
            return None
        H, slope, level = form_gram(form, columns)
        if wide and not isinstance(H, float):
            return None
        live = np.flatnonzero(form.u)
        q[live] += np.outer(form.u[live], slope)
        r[live] += form.u[live] * level
        key, u, one = (None, form.u * H, 1.0) if isinstance(H, float) else (dense(H).tobytes(), form.u, H)
        alike[key] = (alike[key][0] + u if key in alike else u, one)
    for u, H in alike.values():
        if np.all(u == u[0]):
            P = plus(P, float(u[0]) * H)
        else:
            single.append(_multiples(u, H))
    for some in curved.squares:
        H, slope, levels, shared = squares_gram(some, n, columns)
        if wide and not isinstance(H, float):
            return None
        q += dense(slope)
        r += levels
        if shared:
            P = plus(P, H)
        else:
            single.append(H)
    if single:
        if n * d * d > allowed:
            return None
        return Gram(np.stack([square(sum_of([P, *(one(k) for one in single)]), d) for k in range(n)]), q, r)
    return Gram(dense(P) if sp.issparse(P) else P, q, r)


def _multiples(u: Array, H: Any) -> Callable[[int], Any]:
    return lambda k: float(u[k]) * H


def sum_of(some: list[Any]) -> Any:
    """P_1 + … + P_k of numbers and matrices."""
    total = some[0]
    for one in some[1:]:
        total = plus(total, one)
    return total


def plus(P: Any, Q: Any) -> Any:
    """P + Q, where a number stands for that multiple of I."""
    if isinstance(P, float) and isinstance(Q, float):
        return P + Q
    d = (Q if isinstance(P, float) else P).shape[0]
    return square(P, d) + square(Q, d)


def square(P: Any, d: int) -> Array:
    """P as a (d, d) array."""
    return P * np.eye(d) if isinstance(P, float) else dense(P)


def form_gram(form: Form, columns: Columns) -> tuple[Any, Array, float]:
    """(P, q, r) of ½ yᵀHy with y = Ax + b:  P = AᵀHA,  q = AᵀHb,  r = ½ bᵀHb;  P a number for a multiple of I."""
    A, b = columns(form.of)
    HA = A if form.H is None else form.H @ A
    Hb = b if form.H is None else form.H @ b
    return _number_if_identity(A.T @ HA), np.asarray(A.T @ Hb), float(b @ Hb) / 2


def _number_if_identity(P: Matrix) -> Any:
    """The number t where P = t·I."""
    d = P.shape[0]
    if sp.issparse(P):
        P = sp.csr_array(P)
        diagonal = P.diagonal()
        alone = np.count_nonzero(P.data) == np.count_nonzero(diagonal)
        return float(diagonal[0]) if alone and np.all(diagonal == diagonal[0]) else P
    diagonal = np.diagonal(P)
    alone = np.count_nonzero(P) == np.count_nonzero(diagonal)
    return float(diagonal[0]) if d and alone and np.all(diagonal == diagonal[0]) else P


def squares_gram(some: Squares, n: int, columns: Columns) -> tuple[Any, Any, Array, bool]:
    """(P, q, r, shared) of Σ w_j (a_jᵀx + c_j)²:  P_k = 2 Σ w_j a_j a_jᵀ,  q_k = 2 Σ w_j c_j a_j,  r_k = Σ w_j c_j².

    P is one matrix (or number) where it is the same for all rows, else the function that makes P_k.
    """
    A, c = columns(some.linear)
    member = sp.csr_array((some.weight, (some.row, np.arange(some.row.size))), (n, some.row.size))
    q = (2 * member @ sp.diags_array(c)) @ A
    r = np.asarray(member @ c**2)

    def P(k: int) -> Matrix:
        mine = slice(member.indptr[k], member.indptr[k + 1])
        return _outer(A[member.indices[mine]], member.data[mine])

    return (_number_if_identity(P(0)), q, r, True) if _alike(A, member, n) else (P, q, r, False)


def _alike(A: Matrix, member: Matrix, n: int) -> bool:
    """Every row is made of the same weighted a_j, in the same order, as row 0."""
    counts = np.diff(member.indptr)
    if np.any(counts != counts[0]):
        return False
    size = int(counts[0])
    if np.any(member.data.reshape(n, size) != member.data[:size]):
        return False
    sorted_rows = A[member.indices]
    if not sp.issparse(A):
        return bool(np.all(sorted_rows.reshape(n, size, -1) == sorted_rows[:size]))
    sorted_rows = sp.csr_array(sorted_rows)
    sorted_rows.sum_duplicates()
    length = np.diff(sorted_rows.indptr).reshape(n, size)
    if np.any(length != length[0]):
        return False
    parts = (part.reshape(n, -1) for part in (sorted_rows.indices, sorted_rows.data))
    return all(bool(np.all(part == part[0])) for part in parts)


def _outer(A: Matrix, weight: Array) -> Matrix:
    return 2 * (A.T * weight) @ A if not sp.issparse(A) else 2 * (A.T @ sp.diags_array(weight) @ A)
