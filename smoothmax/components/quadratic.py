"""Quadratic components f_i = ½ xᵀP_i x + q_iᵀx + r_i."""

from collections.abc import Iterator
from copy import copy
from functools import partial
from typing import Any

import numpy as np

from .. import _doors
from .._cached import cached_property
from .._linalg import equilibrate, symmetrized
from .._typing import Array, Index
from .affine import TINY, UNIT
from .base import Components, by_blocks, row_slices
from .block import Block
from .matrix import times


class Quadratic(Components):
    """f_i(x) = ½ xᵀP_i x + q_iᵀx + r_i.

    The family is convex when every P_i is positive semidefinite up to rounding, which is checked here; what that leaves
    open is `semidefinite_shift` ≥ 0, with P_i + diag(shift) ⪰ 0 for sure: (n, d), or (d,) for a shared P.

    Parameters
    ----------
    P : (n, d, d) array, (d, d) array or number
        One symmetric matrix each, one shared by all, or a multiple of the identity. An asymmetric P is replaced by its
        symmetric part, which is the same function.
    q : (n, d) array, optional
    r : (n,) array, optional
        Zero by default; n and d come from whichever of P, q, r has them.

    Raises
    ------
    TypeError, ValueError
        Non-numeric or non-finite data, shapes that do not fit, sizes that nothing gives.
    """

    quadratic = True
    assumed = False
    gathers = True

    def __init__(self, P: Any, q: Any = None, r: Any = None) -> None:
        P = _doors.finite_array("P", P, "(n, d, d), (d, d) or ()", (0, 2, 3))
        q = None if q is None else _doors.finite_array("q", q, "(n, d)", 2)
        r = None if r is None else _doors.finite_array("r", r, "(n,)", 1)
        self.n, self.d = _sizes(P, q, r)
        self.P = symmetrized(P) if P.ndim else P
        self.q = np.zeros((self.n, self.d)) if q is None else q
        self.r = np.zeros(self.n) if r is None else r
        self.semidefinite_shift = _shift(self.P) if self.P.ndim else np.where(P < 0, np.nan, np.zeros(self.d))
        self.convex = not np.isnan(self.semidefinite_shift).any()
        self.affine = not np.any(self.P)

    def __repr__(self) -> str:
        return f"Quadratic(n={self.n}, d={self.d}, P{'_i' if self.P.ndim == 3 else ' shared'})"

    def at(self, x: Array) -> Iterator[Block]:
        """Blocks over i: one pass over P and q. At 0 the values are r, and neither is read for them."""
        if not x.any():
            for s in row_slices(self.n, 8 * self.d):
                yield Block((s,), partial(np.copy, self.r[s]), lambda q=self.q[s]: q)  # type: ignore[misc]
            return
        if self.P.ndim == 3:
            for s in row_slices(self.n, 8 * self.d * (self.d + 1)):
                curved = _Curved(self.P[s], self.q[s], self.r[s], x)
                yield Block((s,), curved.values, curved.jacobian)
            return
        Px = self.P @ x if self.P.ndim else self.P * x
        for s in row_slices(self.n, 8 * self.d):
            q, r = self.q[s], self.r[s]
            yield Block((s,), lambda q=q, r=r: _values(q, r, x, Px), lambda q=q: q, lambda: Px)  # type: ignore[misc]

    def subset(self, rows: Index) -> Components:
        """Those P_i, q_i, r_i."""
        some = copy(self)
        some.n, some.q, some.r = rows.size, self.q[rows], self.r[rows]
        if self.P.ndim == 3:
            some.P, some.semidefinite_shift = self.P[rows], self.semidefinite_shift[rows]
        return some

    def hess(self, x: Array, v: Array) -> Array:
        """Σ v_i P_i."""
        if self.P.ndim == 3:
            return np.asarray(np.tensordot(v, self.P, axes=1))
        return np.asarray(v.sum() * (self.P if self.P.ndim else self.P * np.eye(self.d)))

    @np.errstate(all="ignore")
    def rounding(self, x: Array, rows: Index, f: Array | None = None) -> Array:
        """(2d + 4)·u·(½|x|ᵀ|P_i||x| + |q_i|ᵀ|x| + |r_i|), and what can underflow in P_i x before it meets x."""
        size = np.abs(x)
        shared = None if self.P.ndim == 3 else np.abs(self.P) @ size if self.P.ndim else np.abs(self.P) * size

        def bound(some: Index) -> Array:
            slope = (np.abs(self.P[some]) @ size if shared is None else shared) / 2 + np.abs(self.q[some])
            return np.asarray(UNIT * (slope @ size + np.abs(self.r[some])) + TINY * (1 + size.sum()))

        return (2 * self.d + 4) * by_blocks(bound, rows, 8 * self.d * (self.d if shared is None else 1))

    @np.errstate(all="ignore")
    def rounding_limit(self, x: Array) -> float:
        """`rounding` with the largest entries of |P_i|, |q_i| and |r_i| in their places, which are looked up once."""
        P, q, r = self._tallest
        size = np.abs(x)
        slope = (P @ size if P.ndim else P * size) / 2 + q
        return float((2 * self.d + 4) * (UNIT * (slope @ size + r) + TINY * (1 + size.sum())))

    @cached_property
    def _tallest(self) -> tuple[Array, Array, float]:
        P = np.abs(self.P)
        return P.max(axis=0) if P.ndim == 3 else P, np.abs(self.q).max(axis=0), float(np.abs(self.r).max())

    def column_peaks(self, size: Array) -> Array | None:
        """max |P_i|·size + max |q_i|, entry by entry."""
        P, q, _ = self._tallest
        return np.asarray((P @ size if P.ndim else P * size) + q)

    @np.errstate(all="ignore")
    def slope_rounding(self, x: Array, p: Array) -> Array:
        """(d + 2)·u·Σ p_i (|P_i||x| + |q_i|), and underflow, but of columns that hold nothing but zeros."""
        size, total = np.abs(x), np.zeros(self.d)
        for s in row_slices(self.n, 8 * self.d * (self.d if self.P.ndim == 3 else 1)):
            total += p[s] @ np.abs(self.q[s])
            if self.P.ndim == 3:
                total += np.tensordot(p[s], np.abs(self.P[s]), axes=1) @ size
        if self.P.ndim < 3:
            total += p.sum() * (np.abs(self.P) @ size if self.P.ndim else np.abs(self.P) * size)
        met = total > 0
        if not met.all():
            met |= self.q.any(axis=0) | self.P.any(axis=tuple(range(self.P.ndim - 1)))
        return np.asarray((self.d + 2) * (UNIT * total + TINY * p.sum() * met))

    def curvature_slack(self, p: Array) -> Array:
        """Σ p_i shift_i."""
        shift = self.semidefinite_shift
        total = p @ shift if shift.ndim == 2 else p.sum() * shift
        return np.asarray(np.maximum(total, TINY * np.any(np.atleast_2d(shift) > 0, axis=0)))  # which may underflow


def _values(q: Array, r: Array, x: Array, Px: Array) -> Array:
    """q x + r + ½ xᵀPx, in place: a temporary costs as much as the product when d is small."""
    f = times(q, x)
    f += r
    f += 0.5 * (x @ Px)
    return f


class _Curved:
    """Values and Jacobian of one block; P_i x is shared by both."""

    def __init__(self, P: Array, q: Array, r: Array, x: Array) -> None:
        self.P, self.q, self.r, self.x = P, q, r, x
        self._Px: Array | None = None

    def products(self) -> Array:
        if self._Px is None:
            k, d = self.q.shape
            self._Px = (self.P.reshape(k * d, d) @ self.x).reshape(k, d)
        return self._Px

    def values(self) -> Array:
        return np.asarray((0.5 * self.products() + self.q) @ self.x + self.r)

    def jacobian(self) -> Array:
        return self.products() + self.q


def _sizes(P: Array, q: Array | None, r: Array | None) -> tuple[int, int]:
    ns = {"P": P.shape[0] if P.ndim == 3 else None, "q": None if q is None else q.shape[0]}
    ns["r"] = None if r is None else r.shape[0]
    ds = {"P": P.shape[-1] if P.ndim else None, "q": None if q is None else q.shape[1]}
    if P.ndim and P.shape[-1] != P.shape[-2]:
        raise ValueError(f"P must be square in its last two axes; its shape is {P.shape}")
    n, d = _agree("components n", ns), _agree("variables d", ds)
    if n < 1 or d < 1:
        raise ValueError(f"P, q, r must describe at least one component and one variable; got n={n}, d={d}")
    return n, d


def _agree(what: str, sizes: dict[str, int | None]) -> int:
    known = {name: size for name, size in sizes.items() if size is not None}
    if not known:
        raise ValueError(f"P, q, r leave the number of {what} open: give {' or '.join(sizes)} with that axis")
    if len(set(known.values())) > 1:
        raise ValueError(f"P, q, r must agree on the number of {what}; they say {known}")
    return next(iter(known.values()))


def _shift(P: Array) -> Array:
    """A diagonal s ≥ 0 for each P with P + diag(s) ⪰ 0 for sure; nan where P is indefinite beyond rounding."""
    return np.array([_shift(one) for one in P]) if P.ndim == 3 else _shift_of_one(P)


@np.errstate(all="ignore")
def _shift_of_one(P: Array) -> Array:
    """S = P with unit diagonal:  S − ρI factors ⇒ S ⪰ 0;  S + 8d·u·I factors ⇒ S + (8d·u + ρ)·I ⪰ 0,  ρ = (d + 2)²·u.

    ρ bounds the backward error ‖ΔS‖₂ ≤ γ_{d+1}·tr S of a Cholesky that succeeds (Higham 2002, theorem 10.3) and the
    rounding of S; units of the variables do not enter.
    """
    diagonal = np.diagonal(P)
    live = diagonal > 0
    if np.any(diagonal < 0) or P[~live].any():  # P_jj = 0 needs a row of zeros
        return np.full(diagonal.size, np.nan)
    S = equilibrate(P[np.ix_(live, live)])[0]
    d = S.shape[0]
    error = (d + 2) ** 2 * UNIT
    if _factors(S, -error):
        return np.zeros(diagonal.size)
    shift = np.maximum(diagonal * ((8 * d + 1) * UNIT + error), TINY * live)
    return shift if _factors(S, 8 * d * UNIT) else np.full(diagonal.size, np.nan)


def _factors(S: Array, shift: float) -> bool:
    """S + shift·I has a Cholesky factorization."""
    try:
        return bool(np.isfinite(np.linalg.cholesky(S + shift * np.eye(S.shape[0]))).all())
    except np.linalg.LinAlgError:
        return False
