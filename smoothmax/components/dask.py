"""Affine components whose matrix is a Dask array: every pass goes to the chunks of rows, wherever these are.

    out    x and empty tallies, to each chunk
    there  the chunk, as affine components of its own, shows its blocks to the tallies
    back   the tallies, merged FAN at a time where they are, in the order of the chunks; one set of them comes home

so that what travels does not grow with the number of rows, and the answer does not depend on who has done the work.
Single rows, which a working set is solved on, are brought here once and kept. With a `distributed.Client` the chunks
stay in the workers' memory; without one the default scheduler computes them anew for every pass, unless they were
persisted. The only import of Dask in the library; it is loaded for Dask arrays alone.
"""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import dask
import dask.array
import dask.base
import numpy as np
from dask.delayed import Delayed, delayed

from .. import _doors
from .._typing import Array, Index, Matrix
from .affine import TINY, UNIT, Affine
from .base import Components, by_blocks
from .block import Block
from .matrix import tallest
from .passes import QUIET, Linearization
from .tallies import Tally

FAN = 8  # tallies that are merged at once
KEPT = 1 << 23  # numbers in rows that are kept here


class Chunk(NamedTuple):
    """Rows of the matrix: the numbers of the first and behind the last, and the data, which are elsewhere."""

    start: int
    stop: int
    A: Delayed
    b: Delayed | Array


class Look(NamedTuple):
    """What the door learns of a chunk: max |A_ij| column by column, max |b_i|, and the first thing that is wrong."""

    peaks: Array
    high: float
    wrong: Exception | None


class Held(NamedTuple):
    """Rows that were brought here, sorted."""

    rows: Index
    A: Matrix
    b: Array


class Chunked(Affine):
    """f(x) = A x + b, or its absolute values, for a Dask array A with NumPy chunks.

    Parameters
    ----------
    A : (m, d) Dask array
        Chunks of columns are put together to whole rows; sizes must be known. Other numbers than floating ones become
        float64.
    b : (m,) array or Dask array, optional
        Goes to the chunks.
    absolute : bool
        As for any affine components.

    Raises
    ------
    ValueError, TypeError
        As for any affine components; the data are looked at where they are.
    """

    remote = True

    def __init__(self, A: Any, b: Any = None, *, absolute: bool = False) -> None:
        rows = _matrix(A)
        self.m, self.d = rows.shape
        self.absolute = bool(absolute)
        self.n = 2 * self.m if self.absolute else self.m
        self.rows = self.gathers = True
        self.sparse = self.assumed = False
        b = _offsets(b, self.m, rows.chunks[0])
        ends = np.cumsum([0, *rows.chunks[0]]).tolist()
        self._settled = _has_client()  # the graph of a pass is as short as it gets
        if self._settled:
            rows, b = dask.persist(rows, b)
            offsets = b.to_delayed().ravel()
        else:
            b = dask.compute(b)[0]
            offsets = [b[start:stop] for start, stop in pairwise(ends)]
        self._data = rows, b  # as long as somebody holds them, the workers do
        parts = zip(pairwise(ends), rows.to_delayed().ravel(), offsets, strict=True)
        self.chunks = tuple(Chunk(*span, *data) for span, *data in parts if span[0] < span[1])
        jobs = [delayed(partial(_looked, c.start, c.stop, self.d), pure=False)(c.A, c.b) for c in self.chunks]
        look: Look = self._merged(jobs, _both)
        if look.wrong is not None:
            raise look.wrong
        self._tallest, self._high = look.peaks, look.high
        self.forget()

    def forget(self) -> None:
        """Let go of the rows that were brought here."""
        self._held = Held(np.zeros(0, np.intp), np.zeros((0, self.d), self._data[0].dtype), np.zeros(0))

    def __repr__(self) -> str:
        kind = f"dask, {len(self.chunks)} chunks{', absolute' if self.absolute else ''}"
        return f"Affine({self.m}×{self.d} {kind})"

    @property
    def A(self) -> Matrix:
        """Nothing that reads the matrix itself can do so."""
        raise TypeError(f"the matrix of {self!r} is in the chunks of a Dask array; A.compute() would bring it here")

    b = A

    def at(self, x: Array) -> Any:
        """There are no blocks here."""
        raise TypeError(f"{self!r} has no blocks to hand out: its data stay where they are")

    def value(self, x: Any) -> Array:
        """F(x), (n,), which is brought here."""
        return Linearization(self, _doors.vector("x", x, self.d)).f

    __call__ = value

    def visit(self, x: Array, tallies: Sequence[Tally], offset: int = 0) -> None:
        """One map over the chunks and a merge in a tree, all of it where the data are."""
        jobs = []
        for c in self.chunks:
            starts = (offset, offset + self.m) if self.absolute else (offset,)
            spans = tuple(slice(c.start + start, c.stop + start) for start in starts)
            mine = [tally.part(spans) for tally in tallies]
            jobs.append(delayed(partial(_visited, x, mine, spans), pure=False)(c.A, c.b))
        for tally, found in zip(tallies, self._merged(jobs, _merged), strict=True):
            tally.merge(found)

    def subset(self, rows: Index) -> Components:
        """Those rows, brought here unless they are at hand: affine components in memory."""
        base, back = np.unique(rows % self.m, return_inverse=True)
        held = self._brought(base)
        place = np.searchsorted(held.rows, base)
        some = Affine.known(held.A[place], held.b[place], self.absolute, self._tallest)
        return some.subset(back + np.where(rows < self.m, 0, base.size))

    @np.errstate(all="ignore")
    def rounding(self, x: Array, rows: Index, f: Array | None = None) -> Array:
        """Affine's, of the rows brought here."""

        def bound(some: Index) -> Array:
            return self.subset(some).rounding(x, np.arange(some.size))

        return by_blocks(bound, rows, 8 * self.d)

    def rounding_limit(self, x: Array) -> float:
        """Affine's, with the sizes that the door has found."""
        size = float(self._tallest @ np.abs(x)) + self._high
        return (self.d + 2) * (UNIT * size + TINY)

    def _brought(self, base: Index) -> Held:
        """These rows (sorted, each once) and more, here; each travels once as long as not too many are asked for."""
        held = self._held
        missing = np.setdiff1d(base, held.rows, assume_unique=True)
        if not missing.size:
            return held
        jobs = []
        for c in self.chunks:
            mine = slice(*np.searchsorted(missing, (c.start, c.stop)))
            if mine.start < mine.stop:
                jobs.append(delayed(partial(_picked, missing[mine] - c.start), pure=False)(c.A, c.b))
        parts = self._computed(jobs)
        A = np.concatenate([held.A, *(part[0] for part in parts)])
        b = np.concatenate([held.b, *(part[1] for part in parts)])
        rows = np.concatenate([held.rows, missing])
        order = np.argsort(rows)
        if rows.size * self.d > KEPT:
            order = order[np.isin(rows[order], base)]
        self._held = held = Held(rows[order], A[order], b[order])
        return held

    def _merged(self, jobs: list[Delayed], merge: Callable[..., Any]) -> Any:
        """What the jobs find, merged in a tree by their order, which no scheduler changes."""
        together = delayed(merge, pure=False)
        while len(jobs) > 1:
            jobs = [together(*jobs[k : k + FAN]) for k in range(0, len(jobs), FAN)]
        return self._computed(jobs)[0]

    def _computed(self, jobs: list[Delayed]) -> tuple[Any, ...]:
        return tuple(dask.compute(*jobs, optimize_graph=not self._settled))


def _matrix(A: Any) -> Any:
    """The array with whole rows and floating numbers in its chunks."""
    if not isinstance(A, dask.array.Array):
        kind = type(A).__name__
        raise TypeError(f"A must be a Dask array where it is of Dask; it is a {kind}, which to_dask_array may turn")
    _doors.check_real("A", A.dtype)
    if A.ndim != 2:
        raise ValueError(f"A must have shape (m, d) with m, d ≥ 1; its shape is {A.shape}")
    if np.isnan(A.shape).any():
        raise ValueError(
            f"A must have chunks of known sizes; its shape is {A.shape}: call A.compute_chunk_sizes() first"
        )
    if min(A.shape) < 1:
        raise ValueError(f"A must have shape (m, d) with m, d ≥ 1; its shape is {A.shape}")
    if not isinstance(A._meta, np.ndarray) or isinstance(A._meta, np.ma.MaskedArray):
        raise TypeError(f"A must have chunks that are NumPy arrays; they are {type(A._meta).__name__}")
    if len(A.chunks[1]) > 1:
        A = A.rechunk({1: -1})
    return A if A.dtype.kind == "f" and A.dtype.itemsize <= 8 else A.astype(np.float64)


def _offsets(b: Any, m: int, sizes: tuple[int, ...]) -> Any:
    """b as a Dask array in chunks like those of the rows."""
    if not isinstance(b, dask.array.Array):
        b = (
            dask.array.zeros(m, chunks=m)
            if b is None
            else dask.array.from_array(_doors.vector("b", b, length=str(m)), chunks=-1)
        )
    _doors.check_real("b", b.dtype)
    if b.ndim != 1 or np.isnan(b.shape).any():
        raise ValueError(f"b must have shape ({m},); its shape is {b.shape}")
    if b.size != m:
        raise ValueError(f"b must have as many entries as A has rows, {m}; it has {b.size}")
    return b.rechunk((sizes,)).astype(np.float64)


def _has_client() -> bool:
    """What computes here is a `distributed.Client`."""
    if "distributed" not in sys.modules:
        return False
    from distributed import Client

    return isinstance(getattr(dask.base.get_scheduler(), "__self__", None), Client)


@QUIET
def _looked(start: int, stop: int, d: int, A: Any, b: Any) -> Look:
    """At a chunk."""
    none = np.zeros(d)
    if not isinstance(A, np.ndarray) or A.shape != (stop - start, d) or A.dtype.kind != "f":
        said = f"rows {start} to {stop - 1} are {type(A).__name__} of shape {np.shape(A)}"
        return Look(none, 0.0, TypeError(f"A must have chunks that are NumPy arrays of the shapes it says; {said}"))
    try:
        peaks = np.asarray(tallest(A, start), dtype=np.float64)
    except ValueError as wrong:
        return Look(none, 0.0, wrong)
    bad = np.flatnonzero(~np.isfinite(b))
    if bad.size:
        return Look(peaks, 0.0, ValueError(f"b must be finite; b[{start + int(bad[0])}] is {b[bad[0]]}"))
    return Look(peaks, float(np.abs(b).max()), None)


def _both(*looks: Look) -> Look:
    """The larger sizes, and the first complaint."""
    wrong = next((look.wrong for look in looks if look.wrong is not None), None)
    return Look(np.max([look.peaks for look in looks], axis=0), max(look.high for look in looks), wrong)


@QUIET
def _visited(x: Array, tallies: list[Tally], spans: tuple[slice, ...], A: Any, b: Array) -> list[Tally]:
    """Tallies that have seen a chunk, whose components are numbered by `spans`."""
    tallies = [tally.part(spans) for tally in tallies]  # Dask may ask again for what it has lost
    chunk = Affine.known(A, b, len(spans) == 2, np.zeros(0))
    for block in chunk.at(x):
        block.rows = _moved(block, spans)
        for tally in tallies:
            tally.see(block)
        block.forget()
    for tally in tallies:
        tally.pack()
    return tallies


def _moved(block: Block, spans: tuple[slice, ...]) -> tuple[slice, ...]:
    """A block's rows by their numbers in the whole."""
    first = block.rows[0].start
    return tuple(slice(span.start + first, span.start + first + block.size) for span in spans)


@QUIET
def _merged(*found: list[Tally]) -> list[Tally]:
    """Tallies of neighbours, merged into new ones: what Dask holds does not change."""
    together = [tally.part(()) for tally in found[0]]
    for others in found:
        for tally, other in zip(together, others, strict=True):
            tally.merge(other)
    for tally in together:
        tally.pack()
    return together


def _picked(local: Index, A: Any, b: Array) -> tuple[Matrix, Array]:
    """Rows of a chunk."""
    return A[local], b[local]
