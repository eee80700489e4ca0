"""The matrix of affine components: checked at the door, in row blocks without copying."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator

from .. import _doors
from .._typing import Array, Matrix
from .base import row_slices

SHORT, LONG = 7, 4096  # variables up to which, and rows from which on, these are multiplied in pairs


def checked(A: Any) -> Matrix:
    """A checked and in a form that multiplies fast: dense floating, CSR in single or double, or the operator."""
    operator = isinstance(A, LinearOperator)
    if sp.issparse(A):
        _doors.check_real("A", A.dtype)
        if A.dtype not in (np.float32, np.float64):  # SciPy multiplies no float16, and sums duplicates in their dtype
            with np.errstate(over="ignore"):
                A = A.astype(np.float64)
        A = sp.csr_array(A)
        if (
            not A.has_canonical_format
        ):  # SciPy sums duplicates in place when it first needs to: not in the user's arrays
            A = A.copy()
            A.sum_duplicates()
    elif not operator and not isinstance(A, np.memmap):
        A = _doors.real_array("A", A, "(m, d)")
    if A.dtype is not None:  # an operator may leave it open
        _doors.check_real("A", A.dtype)
    if len(A.shape) != 2 or min(A.shape) < 1:
        raise ValueError(f"A must have shape (m, d) with m, d ≥ 1; its shape is {A.shape}")
    if operator:
        return A
    if A.dtype.kind != "f" or A.dtype.itemsize > 8:
        with np.errstate(over="ignore"):
            A = A.astype(np.float64)
    return A


def times(A: Matrix, x: Array) -> Array:
    """A x; short dense rows, for which BLAS has no kernel, in pairs: (n/2, 2d) times the 2d × 2 matrix of x twice."""
    n, d = A.shape
    if d > SHORT or n < LONG or not isinstance(A, np.ndarray) or not A.flags.c_contiguous:
        return np.asarray(A @ x)
    twice = np.zeros((2, d, 2))
    twice[0, :, 0] = twice[1, :, 1] = x
    pairs = (A[: n - n % 2].reshape(-1, 2 * d) @ twice.reshape(2 * d, 2)).ravel()
    return pairs if n % 2 == 0 else np.append(pairs, A[-1] @ x)


def signed(A: Matrix, signs: Array) -> Matrix:
    """diag(signs) A, in place: for rows that were copied just now."""
    if sp.issparse(A):
        A.data *= np.repeat(signs, np.diff(A.indptr)).astype(A.dtype)
    else:
        A *= signs[:, None].astype(A.dtype)
    return A


def row_bytes(A: Matrix) -> int:
    """What a row takes while it is worked on."""
    m, d = A.shape
    return 12 * max(1, int(A.nnz) // m) if sp.issparse(A) else 8 * int(d)  # products are in float64


def piece(A: Matrix, rows: slice) -> Matrix:
    """A[rows] without copying: a view, or for CSR a matrix that shares the arrays."""
    if rows.stop - rows.start == A.shape[0]:
        return A
    if not sp.issparse(A):
        return A[rows]
    ptr = A.indptr[rows.start : rows.stop + 1]
    span = slice(ptr[0], ptr[-1])
    some = sp.csr_array((ptr.size - 1, A.shape[1]), dtype=A.dtype)  # filled by hand: the constructor would copy views
    some.data, some.indices, some.indptr = A.data[span], A.indices[span], ptr - ptr[0]
    return some


@np.errstate(all="ignore")
def tallest(A: Matrix, first: int = 0) -> Array:
    """max_i |A_ij|, (d,), in the one look at every entry that the door takes, a block at a time.

    `first` is the number of A's first row where it is part of a larger matrix.

    Raises
    ------
    ValueError
        Naming the first entry that is not finite.
    """
    most = np.zeros(A.shape[1])
    for rows in row_slices(A.shape[0], row_bytes(A)):
        some = piece(A, rows)
        if sp.issparse(some):
            np.maximum.at(most, some.indices, np.abs(some.data))
        else:
            most = np.maximum(most, np.maximum(some.max(axis=0), -some.min(axis=0)))
        if not np.isfinite(most).all():
            _refuse(A, rows, first)
    return most


def _refuse(A: Matrix, rows: slice, top: int) -> None:
    some = piece(A, rows)
    data, start = (some.data, int(A.indptr[rows.start])) if sp.issparse(A) else (some, rows.start)
    first = np.argwhere(~np.isfinite(np.asarray(data)))[0]
    place = (int(first[0]) + start, *map(int, first[1:]))
    value = (A.data if sp.issparse(A) else A)[place]
    row, column = _entry(A, place)
    raise ValueError(f"A must be finite; entry {[row + top, column]} is {value}")


def _entry(A: Matrix, place: tuple[int, ...]) -> list[int]:
    """[row, column] of a place in A, or in the data of a CSR matrix."""
    if not sp.issparse(A):
        return list(place)
    return [int(np.searchsorted(A.indptr, place[0], "right")) - 1, int(A.indices[place[0]])]
