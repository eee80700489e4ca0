"""A family of a user's own class: what its blocks must be, looked at before a solve computes with them."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator

from .._typing import Array
from .block import Block


@np.errstate(all="ignore")
def inspected(family: Any, x: Array) -> None:
    """See at x that `at` yields blocks that hold each component once, and that the first has values and a Jacobian.

    Raises
    ------
    TypeError, ValueError
        Something else, by the name of the class and what it yielded.
    """
    name = type(family).__name__
    held, seen = np.zeros(family.n, dtype=np.int8), 0
    blocks = family.at(x.copy())
    if not isinstance(blocks, Iterable):
        raise TypeError(f"{name}.at(x) must yield Blocks; it returned {type(blocks).__name__}")
    for block in blocks:
        if not isinstance(block, Block):
            raise TypeError(f"{name}.at(x) must yield Blocks; it yielded {type(block).__name__}")
        for rows in _rows(name, block, held.size):
            held[rows] += 1
        if not seen:
            first = block
            _shapes(name, block, x.size)
        seen += 1
    if (held != 1).any():
        row = int(np.argmax(held != 1))
        each = f"each of the {held.size} components once"
        raise ValueError(f"{name}.at(x) must hold {each}; component {row} comes {held[row]} times")
    if seen > 1 and not np.array_equal(first.again(), first.base, equal_nan=True):
        ended = "its values() has changed since at(x) went on; bind the variables of the loop, lambda some=some: …"
        raise ValueError(f"{name}.at(x): a Block is evaluated when it is wanted, and {ended}")
    _verbs(name, family, x, first.rows[0].start)


def _verbs(name: str, family: Any, x: Array, row: int) -> None:
    """`rounding`, `slope_rounding` and `subset` of one component, and `column_peaks`."""
    one, p = np.array([row], dtype=np.intp), np.zeros(family.n)
    p[row] = 1.0
    _bound(f"{name}.rounding(x, rows)", family.rounding(x.copy(), one), 1, "row; of one row")
    _bound(f"{name}.slope_rounding(x, p)", family.slope_rounding(x.copy(), p), x.size, "variable")
    peaks = family.column_peaks(np.abs(x))
    if peaks is not None:
        _bound(f"{name}.column_peaks(size)", peaks, x.size, "variable")
    some = family.subset(one)
    if getattr(some, "n", None) != 1 or not callable(getattr(some, "bound", None)):
        raise TypeError(f"{name}.subset(rows) must return Components, one for each row; of one row it is {some!r}")


def _bound(verb: str, found: Any, size: int, each: str) -> None:
    """That many numbers ≥ 0; nan is numerical trouble, and no bound."""
    if not isinstance(found, np.ndarray) or found.shape != (size,):
        what = f"shape {found.shape}" if isinstance(found, np.ndarray) else repr(found)
        raise TypeError(f"{verb} must return an array, one number for each {each}: {what}")
    if (found < 0).any():
        raise ValueError(f"{verb} must return bounds, which are ≥ 0; it returned {found.min()}")


def _rows(name: str, block: Block, n: int) -> tuple[slice, ...]:
    """The block's one or two slices of range(n)."""
    rows = block.rows
    fits = isinstance(rows, tuple) and len(rows) in (1, 2) and all(_within(s, n) for s in rows)
    if not fits or rows[-1].stop - rows[-1].start != block.size:
        shape = "(slice(i, j),) with 0 ≤ i < j ≤ n, or two of one length"
        raise ValueError(f"{name}.at(x): a Block's rows must be {shape}, n = {n}; got {rows!r}")
    return rows


def _within(s: Any, n: int) -> bool:
    whole = isinstance(s, slice) and s.step in (None, 1)
    return whole and all(isinstance(e, int | np.integer) for e in (s.start, s.stop)) and 0 <= s.start < s.stop <= n


def _shapes(name: str, block: Block, d: int) -> None:
    """Of what a block evaluates."""
    k = block.size
    answers = [("values", block.base, (k,)), ("jacobian", block.jacobian, (k, d)), ("shared", block.shared, (d,))]
    for function, found, shape in answers[: 2 if block.shared is None else 3]:
        what = f"{name}.at(x): a Block's {function}() must return floats of shape {shape}"
        matrix = function == "jacobian" and (sp.issparse(found) or isinstance(found, LinearOperator))
        if not (isinstance(found, np.ndarray) or matrix):
            raise TypeError(f"{what}; it returned {type(found).__name__}")
        if found.shape != shape:
            raise ValueError(f"{what}; it returned shape {found.shape}")
        if np.dtype(found.dtype).kind != "f":
            raise TypeError(f"{what}; it returned {found.dtype}")
