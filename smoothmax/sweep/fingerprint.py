"""What an object holds, as a hash: arrays by their bytes, functions by their code, all else by its attributes."""

import hashlib
from collections.abc import Iterator
from types import CodeType
from typing import Any

import numpy as np
import scipy.sparse as sp

ROWS = 1 << 22  # bytes of an array that are hashed at a time
PASSING = ("calls", "workers")  # attributes that say nothing of what is computed


def fingerprint(value: Any) -> str:
    """The same for the same contents, in any process."""
    hashed = hashlib.sha256()
    for piece in _pieces(value, ()):
        hashed.update(piece)
    return hashed.hexdigest()[:32]


def _pieces(value: Any, within: tuple[int, ...]) -> Iterator[bytes]:
    if id(value) in within:
        yield b"cycle"
    elif value is None or isinstance(value, str | bytes | bool | int | float | complex | np.generic | slice):
        yield f"{type(value).__name__}:{value!r};".encode()
    elif isinstance(value, np.ndarray):
        yield from _array(value, within)
    elif hasattr(value, "__dask_graph__"):  # its name is a hash of what it is made of
        yield f"{value.name}{value.chunks};".encode()
    elif sp.issparse(value):
        yield f"{value.format}{value.shape};".encode()
        yield from _pieces({k: v for k, v in vars(value).items() if isinstance(v, np.ndarray)}, within)
    elif isinstance(value, dict):
        for key in sorted(value, key=repr):
            yield f"{key!r}=".encode()
            yield from _pieces(value[key], (*within, id(value)))
    elif isinstance(value, list | tuple | set | frozenset):
        yield f"{type(value).__name__}{len(value)};".encode()
        for item in sorted(value, key=repr) if isinstance(value, set | frozenset) else value:
            yield from _pieces(item, (*within, id(value)))
    else:
        yield from _object(value, (*within, id(value)))


def _array(value: Any, within: tuple[int, ...]) -> Iterator[bytes]:
    yield f"{value.dtype.str}{value.shape};".encode()
    if value.dtype.kind == "O":
        yield from _pieces(value.tolist(), within)
        return
    if value.ndim == 0:
        yield value.tobytes()
        return
    step = max(1, ROWS // max(1, value.nbytes // max(1, len(value))))
    for i in range(0, len(value), step):
        yield np.ascontiguousarray(value[i : i + step]).tobytes()


def _object(value: Any, within: tuple[int, ...]) -> Iterator[bytes]:
    code = getattr(value, "__code__", None)
    if isinstance(code, CodeType):
        yield f"{value.__module__}:{value.__qualname__};".encode()
        yield from _code(code, within)
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        yield from _pieces([value.__defaults__, value.__kwdefaults__, cells], within)
    elif hasattr(value, "__func__"):  # a method, with whom it belongs to
        yield from _pieces([value.__func__, value.__self__], within)
    else:
        kind = value if isinstance(value, type) else type(value)
        yield f"{kind.__module__}:{kind.__qualname__};".encode()
        slots = [name for base in kind.__mro__ for name in getattr(base, "__slots__", ())]
        held = {**{k: getattr(value, k) for k in slots if hasattr(value, k)}, **getattr(value, "__dict__", {})}
        if not isinstance(value, type):
            yield from _pieces({k: v for k, v in held.items() if k not in PASSING}, within)


def _code(code: CodeType, within: tuple[int, ...]) -> Iterator[bytes]:
    yield code.co_code
    yield repr(code.co_names).encode()
    for constant in code.co_consts:
        yield from _code(constant, within) if isinstance(constant, CodeType) else _pieces(constant, within)
