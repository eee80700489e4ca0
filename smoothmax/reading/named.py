"""From a name to a problem: f = A x + b from a file (of a CSV, f = A x − y), or whatever module:attribute holds."""

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np

from .._typing import Array
from ..components import Affine
from ..problem import Minimax
from .arrays import about, mtx, npy, npz, regular
from .domain import domain
from .module import from_module
from .stated import Data, Stated, Wishes
from .table import table

NAMED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:(?!__)[^\W\d][\w-]*(\.(?!__)[^\W\d][\w-]*)*")  # no dunder attributes
READERS: dict[str, Callable[[str, Wishes], Data]] = {".npz": npz, ".npy": npy, ".mtx": mtx, ".csv": table}


def read(source: str, wishes: Wishes) -> Stated:
    """The problem in a file, chosen by its ending, or the one called module:attribute.

    Raises
    ------
    ValueError
        Anything wrong with what was named or found there, in one sentence.
    """
    reader = READERS.get(Path(source).suffix.lower())
    if reader:
        return _from_file(source, reader, wishes)
    if NAMED.fullmatch(source):
        wishes.refuse(source, tuple(f.name for f in fields(Wishes)), "files, not for module:attribute")
        return from_module(source)
    raise ValueError(f"{source!r} is neither a file ending in {', '.join(READERS)} nor module:attribute")


def _from_file(source: str, reader: Callable[[str, Wishes], Data], wishes: Wishes) -> Stated:
    if reader is not table:
        wishes.refuse(source, ("target", "intercept"), ".csv files")
    with about(source):
        regular(source)
        data = reader(source, wishes)
        if wishes.b is not None and data.b is not None:
            raise ValueError("holds b already; leave out --b")
    b = data.b if wishes.b is None else _right(wishes.b)
    with about(source):
        components = Affine(data.A, b, absolute=wishes.absolute)
    return Stated(Minimax(components, domain(wishes, components.d)), names=data.names)


def _right(source: str) -> Array:
    """b from an .npy vector or from a Matrix Market file of one column."""
    reader = READERS.get(Path(source).suffix.lower())
    if reader not in (npy, mtx):
        raise ValueError(f"--b must be an .npy or .mtx file; got {source!r}")
    with about(source):
        regular(source)
        b = reader(source, Wishes()).A
        if b.ndim == 2 and b.shape[1] == 1:
            return np.asarray(b.toarray() if hasattr(b, "toarray") else b)[:, 0]
        if b.ndim != 1:
            raise ValueError(f"b must be a vector or one column; its shape is {b.shape}")
        return np.asarray(b)
