"""Arrays for laws: of any shape, from the subnormal to the largest, and in every way they may lie in memory."""

import math

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

LARGEST = float(np.finfo(float).max)
SCALES = [5e-324, 1e-310, 1e-300, 1e-150, 1e-20, 1e-3, 1.0, 1e3, 1e20, 1e150, 1e300, LARGEST]
TAUS = [0.0, 5e-324, 1e-300, 1e-3, 1.0, 1e8, 1e300, LARGEST]
DTYPES = [np.float64, np.float32, np.float16, np.int64, np.int8, np.uint16, np.bool_, ">f8", ">f4", ">i4"]

numbers = st.one_of(st.floats(-1, 1), st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]))  # ties are common


def vectors(scales=SCALES, sizes=(1, 9), elements=numbers):
    """Float64 vectors, all of one scale."""
    some = hnp.arrays(np.float64, st.integers(*sizes), elements=elements)
    return st.builds(np.multiply, some, st.sampled_from(scales))


@st.composite
def temperatures(draw, x, lowest=0.0):
    """In the units of x mostly, and far from them."""
    size = float(np.abs(x).max(initial=0.0)) or 1.0
    near = draw(st.sampled_from([1e-18, 1e-8, 1e-3, 0.1, 0.5, 1.0, 3.0, 30.0, 1e4, 1e12]))
    found = draw(st.sampled_from([min(size * near, LARGEST)] * 8 + TAUS))
    return max(found, lowest)


@st.composite
def vectors_and_temperatures(draw, scales=SCALES, sizes=(1, 9), lowest=0.0):
    """(x, tau)."""
    x = draw(vectors(scales, sizes))
    return x, draw(temperatures(x, lowest))


@st.composite
def pairs_and_temperatures(draw, scales=SCALES, sizes=(1, 9), lowest=0.0):
    """(x, y, tau): two vectors of one length, each with a scale of its own."""
    x = draw(vectors(scales, sizes))
    y = draw(hnp.arrays(np.float64, x.size, elements=numbers)) * draw(st.sampled_from(scales))
    return x, y, draw(temperatures(draw(st.sampled_from([x, y])), lowest))


def distributions(size):
    """Points of the simplex, with entries that are zero, equal and tiny."""
    raw = hnp.arrays(np.float64, size, elements=st.sampled_from([0.0, 1e-300, 1e-17, 0.01, 0.5, 1.0, 1.0]))
    return raw.map(lambda w: w if w.any() else w + 1.0).map(lambda w: w / math.fsum(w))


# --- arrays of several axes

shapes = st.one_of(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4), st.sampled_from([(9, 3), (3, 9)]))


def axes(ndim):
    """None, an axis, or a tuple of axes in any order, counted from either end."""
    each = st.integers(-ndim, ndim - 1) if ndim else st.nothing()
    several = st.lists(each, max_size=ndim, unique_by=lambda a: a % max(ndim, 1)).map(tuple)
    return st.one_of(st.none(), each, several) if ndim else st.sampled_from([None, ()])


@st.composite
def arrays(draw, dtypes=tuple(DTYPES), of=shapes):
    """Ordinary numbers in any shape and dtype, made of a seed so that large ones cost no more than small ones."""
    shape, dtype = draw(of), np.dtype(draw(st.sampled_from(dtypes)))
    a = np.random.default_rng(draw(st.integers(0, 99))).normal(size=shape) * draw(st.sampled_from([0.5, 3.0]))
    if dtype.kind == "u":
        a = np.abs(a)
    if a.ndim and draw(st.integers(0, 7)) == 0:
        a[...] = a[:1]  # which need not take memory
    return np.asarray(a > 0 if dtype.kind == "b" else a).astype(dtype)


def _strided(a):
    wide = np.zeros(tuple(2 * size + 1 for size in a.shape), a.dtype)
    view = wide[(*(slice(1, None, 2) for _ in a.shape), ...)]
    view[...] = a
    return view


def _backwards(a):
    back = tuple(slice(None, None, -1) for _ in a.shape)
    return np.ascontiguousarray(a[back])[back] if a.ndim else a


def _unaligned(a):
    raw = np.empty(a.nbytes + 1, np.uint8)[1:].view(a.dtype).reshape(a.shape) if a.size else a
    if a.size:
        raw[...] = a
    return raw


def _read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


def _swapped(a):
    return a.astype(a.dtype.newbyteorder())


LAYOUTS = {
    "C": lambda a: np.array(a, order="C"),
    "Fortran": lambda a: np.array(a, order="F"),
    "strided": _strided,
    "backwards": _backwards,
    "unaligned": _unaligned,
    "read-only": _read_only,
    "byteswapped": _swapped,
    "inner view": lambda a: np.stack([a, a])[1],
    "of no stride": lambda a: np.broadcast_to(a[:1], a.shape) if a.ndim and np.all(a == a[:1]) else a,
    "middle axis": lambda a: np.moveaxis(np.ascontiguousarray(np.moveaxis(a, 0, -1)), -1, 0) if a.ndim else a,
}


def lying(a):
    """The numbers of `a` as they may lie in memory; the name of the way is printed where a law fails."""
    return st.sampled_from(list(LAYOUTS)).map(lambda way: LAYOUTS[way](np.asarray(a)))
