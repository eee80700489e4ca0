"""Scaled dot-product attention, softmax(q kᵀ·scale) v, block by block through the streaming accumulator."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._doors import count, positive
from ..operators import SoftmaxAccumulator
from ..operators.door import as_real, companion, fits
from ..operators.library import beside, cast, foreign, namespace, place

BLOCK = 512  # queries and keys that meet at a time: the scores of a block stay in the cache


@np.errstate(all="ignore")
def attention(
    q: Any, k: Any, v: Any, *, mask: Any = None, causal: bool = False, scale: float | None = None, block: int = BLOCK
) -> Any:
    """softmax(q kᵀ·scale) v in blocks, so that memory grows with the length of the sequences and not with its square.

    Rabe and Staats, arXiv:2112.05682, 2021; Dao et al., *FlashAttention*, NeurIPS 2022.

    Parameters
    ----------
    q, k, v : (..., n, d), (..., m, d), (..., m, c) arrays
        Leading axes broadcast.
    mask : array of booleans, optional
        Broadcast to (..., n, m). A key takes part where it is True, and one that does not is out with its value,
        whatever these hold (nan and inf too); a query without any gives zeros.
    causal : bool
        True where query i sees the keys up to i + m − n only.
    scale : float, optional
        Positive; 1/√d by default.
    block : int
        Queries and keys that meet at a time.

    Returns
    -------
    (..., n, c) array
        Computed in the dtype of the inputs (half precision in float32).

    Raises
    ------
    TypeError, ValueError
        Arguments that do not fit, by name; empty q or k.
    """
    a = _Attention(q, k, v, mask, causal, scale, block)
    return cast(a.xp.concat([a.rows(i).value for i in a.starts()], axis=-2), a.dtype)


@np.errstate(all="ignore")
def attention_vjp(
    q: Any,
    k: Any,
    v: Any,
    grad: Any,
    *,
    mask: Any = None,
    causal: bool = False,
    scale: float | None = None,
    block: int = BLOCK,
) -> tuple[Any, Any, Any]:
    """The gradients of ⟨grad, attention(q, k, v)⟩ in q, k and v, in blocks too: scores are made again, not kept.

    With p = softmax(s), o = p v:   dv = pᵀg,   ds = p∘(g vᵀ − Σ g∘o),   dq = ds k·scale,   dk = dsᵀ q·scale.

    Parameters
    ----------
    q, k, v, mask, causal, scale, block
        As for `attention`, but q, k and v have the same leading axes.
    grad : (..., n, c) array
        g, with these leading axes too.

    Returns
    -------
    (dq, dk, dv)
        In the shapes of q, k and v, and in their dtype.

    Raises
    ------
    TypeError, ValueError
        Arguments that do not fit, by name.
    """
    a = _Attention(q, k, v, mask, causal, scale, block)
    xp = a.xp
    g = cast(beside(grad, a.q, "grad") if foreign(a.q) else as_real(grad, "grad"), a.q.dtype)
    if not tuple(a.q.shape[:-2]) == tuple(a.k.shape[:-2]) == tuple(a.v.shape[:-2]):
        raise ValueError("q, k and v must have the same leading axes for their gradients")
    if tuple(g.shape) != (*a.q.shape[:-1], a.v.shape[-1]):
        raise ValueError(f"grad: expected the shape {(*a.q.shape[:-1], a.v.shape[-1])}; got {tuple(g.shape)}")
    dq, dk, dv = [], [0.0] * len(a.blocks), [0.0] * len(a.blocks)
    for i in a.starts():
        done, here, part = a.rows(i), slice(i, min(i + a.block, a.n)), 0.0
        lse = done.lse
        of = g[..., here, :]
        inner = xp.sum(of * done.value, axis=-1, keepdims=True)
        for j, keys in enumerate(a.blocks):
            s = a.scores(i, keys)
            p = xp.exp(s - xp.where(lse == -math.inf, xp.zeros_like(lse), lse)[..., None])
            ds = p * (xp.matmul(of, _turned(xp, a.v[..., keys, :])) - inner) * a.scale
            ds = xp.where(p == 0, xp.zeros_like(ds), ds)
            dv[j] = dv[j] + xp.matmul(_turned(xp, p), of)
            dk[j] = dk[j] + xp.matmul(_turned(xp, ds), a.q[..., here, :])
            part = part + xp.matmul(ds, _finite(xp, a.k[..., keys, :]))
        dq.append(part)
    return tuple(cast(xp.concat(parts, axis=-2), a.dtype) for parts in (dq, dk, dv))


class _Attention:
    """The arguments, checked, and the scores of a block."""

    def __init__(self, q: Any, k: Any, v: Any, mask: Any, causal: bool, scale: Any, block: Any) -> None:
        model = next((a for a in (q, k, v) if foreign(a)), None)
        named = {"q": q, "k": k, "v": v}
        arrays = [as_real(a if model is None else beside(a, model, name), name) for name, a in named.items()]
        for name, a in zip(named, arrays):
            if a.ndim < 2:
                raise ValueError(f"{name}: expected the shape (..., length, size); got {tuple(a.shape)}")
        self.xp = xp = namespace(arrays[0])
        self.dtype = xp.result_type(*arrays)
        wide = xp.float32 if xp.finfo(self.dtype).bits < 32 else self.dtype
        self.q, self.k, self.v = (cast(a, wide) for a in arrays)
        (self.n, d), (self.m, e), (m, _) = (a.shape[-2:] for a in arrays)
        if d != e:
            raise ValueError(f"k: its rows have {e} entries, those of q {d}")
        if m != self.m:
            raise ValueError(f"v: its length is {m}, that of k {self.m}")
        if 0 in (self.n, self.m, d):
            raise ValueError(f"q and k must not be empty; they are {self.n} × {d} and {self.m} × {d}")
        leading = [tuple(a.shape[:-2]) for a in arrays]
        try:
            lead = np.broadcast_shapes(*leading)
        except ValueError:
            raise ValueError(f"q, k and v: their leading axes {leading} do not broadcast") from None
        self.mask = None if mask is None else _mask(mask, self.q, (*lead, self.n, self.m))
        if not isinstance(causal, bool | np.bool_):
            raise TypeError(f"causal: expected True or False, got {causal!r}")
        self.causal, self.block = bool(causal), count("block", block)
        self.scale = 1 / math.sqrt(d) if scale is None else positive("scale", scale)
        self.blocks = [slice(j, min(j + self.block, self.m)) for j in range(0, self.m, self.block)]

    def starts(self) -> range:
        """Of the blocks of queries."""
        return range(0, self.n, self.block)

    def rows(self, i: int) -> SoftmaxAccumulator:
        """All keys seen by a block of queries."""
        done = SoftmaxAccumulator()
        for keys in self.blocks:
            if not self._ahead(i, keys) or keys.start == 0:
                done.update(self.scores(i, keys), self.v[..., keys, :])
        return done

    def scores(self, i: int, keys: slice) -> Any:
        """q kᵀ·scale of a block, −inf where a key takes no part."""
        xp, end = self.xp, min(i + self.block, self.n)
        s = xp.matmul(self.q[..., i:end, :] * self.scale, _turned(xp, self.k[..., keys, :]))
        if self.mask is not None:
            s = _where(xp, _piece(self.mask, slice(i, end), keys), s)
        if self.causal and keys.stop - 1 > i + self.m - self.n:
            ends = xp.arange(i, end, **place(s))[:, None] + (self.m - self.n)
            s = _where(xp, xp.arange(keys.start, keys.stop, **place(s))[None, :] <= ends, s)
        return s

    def _ahead(self, i: int, keys: slice) -> bool:
        """No query of the block sees any of the keys."""
        return self.causal and keys.start > min(i + self.block, self.n) - 1 + self.m - self.n


def _mask(mask: Any, q: Any, shape: tuple[int, ...]) -> Any:
    found = companion(mask, q, "mask")
    if not namespace(found).isdtype(found.dtype, "bool"):
        raise TypeError(f"mask: expected booleans, got dtype {found.dtype}")
    if not fits(tuple(found.shape), shape):
        raise ValueError(f"mask: its shape {tuple(found.shape)} does not broadcast to {shape}")
    while found.ndim < 2:
        found = found[None, ...]
    return found


def _piece(mask: Any, rows: slice, keys: slice) -> Any:
    """What of the mask meets a block; axes of length 1 serve all."""
    mask = mask if mask.shape[-2] == 1 else mask[..., rows, :]
    return mask if mask.shape[-1] == 1 else mask[..., keys]


def _where(xp: Any, keep: Any, s: Any) -> Any:
    return xp.where(keep, s, xp.full_like(s, -math.inf))


def _finite(xp: Any, a: Any) -> Any:
    """A key that is not finite has no weight, or a weight that is nan already."""
    return xp.where(xp.isfinite(a), a, xp.zeros_like(a))


def _turned(xp: Any, a: Any) -> Any:
    return xp.matrix_transpose(a)
