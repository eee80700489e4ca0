"""What a user's functions may return: checked once, at every call."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from .. import _doors
from .._linalg import symmetrized
from .._typing import Array, Matrix


def real_matrix(name: str, value: Any, shape: str) -> Matrix:
    """What a user's function returned, as a float64 array or CSR matrix; nan and inf pass."""
    if not sp.issparse(value):
        return _doors.float_array(name, value, shape)
    _doors.check_real(name, value.dtype)
    return sp.csr_array(value, dtype=np.float64)


def joined(values: list[Any], n: int, of: str = "") -> Array:
    """F(x) from what its functions returned; n < 0 where it is not known yet, `of` says whose they are."""
    wanted = str(n) if n >= 0 else "n"
    shape = f"({wanted},)" if len(values) == 1 else "(k,), or one number"
    parts = [np.atleast_1d(_doors.float_array(f"{of}fun(x)", value, shape)) for value in values]
    if len(parts) > 1 and any(part.ndim != 1 for part in parts):
        i = next(i for i, part in enumerate(parts) if part.ndim != 1)
        raise ValueError(f"{of}fun(x) must return shape (k,), or one number; fun[{i}] returned shape {parts[i].shape}")
    f = np.concatenate(parts) if len(parts) > 1 else parts[0]
    if n < 0 and f.size == 0:
        raise ValueError(f"{of}fun(x) must return at least one number; it returned shape {f.shape}")
    if f.ndim != 1 or (n >= 0 and f.size != n):
        raise ValueError(f"{of}fun(x) must return shape ({wanted},); it returned shape {f.shape}")
    return f


def stacked(slopes: list[Any], n: int, d: int, of: str = "") -> Matrix:
    """J(x) from what its functions returned, sparse where one of them is."""
    parts = [real_matrix(f"{of}jac(x)", slope, f"({n}, {d})") for slope in slopes]
    parts = [part if sp.issparse(part) else np.atleast_2d(part) for part in parts]
    if len(parts) > 1 and any(part.shape[1:] != (d,) for part in parts):
        i = next(i for i, part in enumerate(parts) if part.shape[1:] != (d,))
        raise ValueError(f"{of}jac(x) must return shape (k, {d}); jac[{i}] returned shape {np.shape(slopes[i])}")
    if len(parts) == 1:
        J = parts[0]
    else:
        J = sp.vstack(parts).tocsr() if any(map(sp.issparse, parts)) else np.vstack(parts)
    if J.shape != (n, d):
        raise ValueError(f"{of}jac(x) must return shape {(n, d)}; it returned shape {J.shape}")
    return J


def symmetric(value: Any, d: int, of: str = "") -> Array:
    """Σ v_i ∇²f_i from what `hess` returned."""
    H = real_matrix(f"{of}hess(x, v)", value, f"({d}, {d})")
    H = H.toarray() if sp.issparse(H) else H
    if H.shape != (d, d):
        raise ValueError(f"{of}hess(x, v) must return shape {(d, d)}; it returned shape {H.shape}")
    return symmetrized(H)
