"""What an object holds, as a hash: arrays by their bytes, functions by their code and what it refers to, all else by
its attributes, or by what would rebuild it.
"""

import hashlib
from collections.abc import Iterator
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import scipy.sparse as sp

ROWS = 1 << 22  # bytes of an array that are hashed at a time
PASSING = ("calls", "workers", "_held", "chunks")  # attributes that say nothing of what is computed
KNOWN = ("smoothmax", "numpy", "scipy", "builtins", "collections", "functools")  # packages whose classes have versions
PLAIN = str | bytes | bytearray | bool | int | float | complex | np.generic | slice | range | type(None) | type(...)


def fingerprint(value: Any) -> str:
    """The same for the same contents, in any process.

    Raises
    ------
    TypeError
        Something that does not show what it holds.
    """
    hashed = hashlib.sha256()
    for piece in _pieces(value, ()):
        hashed.update(piece)
    return hashed.hexdigest()[:32]


def _pieces(value: Any, within: tuple[int, ...]) -> Iterator[bytes]:
    if isinstance(value, PLAIN):
        yield f"{type(value).__name__}:{value!r};".encode()
        return
    if id(value) in within:
        yield b"cycle;"
        return
    within = (*within, id(value))
    if isinstance(value, np.ndarray):
        yield from _array(value, within)
    elif isinstance(value, ModuleType):
        yield f"module {value.__name__};".encode()
    elif isinstance(value, type):
        yield from _class(value, within)
    elif hasattr(value, "__dask_graph__"):  # its name is a hash of what it is made of
        yield f"{getattr(value, 'name', None)}{getattr(value, 'chunks', None)};".encode()
    elif sp.issparse(value):
        yield f"{value.format}{value.shape};".encode()
        yield from _pieces({k: v for k, v in vars(value).items() if isinstance(v, np.ndarray)}, within)
    elif isinstance(value, dict):
        yield b"{"
        for key in sorted(value, key=repr):
            yield from _pieces(key, within)
            yield from _pieces(value[key], within)
        yield b"}"
    elif isinstance(value, list | tuple | set | frozenset):
        yield f"{type(value).__name__}{len(value)}[".encode()
        for item in sorted(value, key=repr) if isinstance(value, set | frozenset) else value:
            yield from _pieces(item, within)
        yield b"]"
    elif isinstance(value, FunctionType):
        yield from _function(value, within)
    elif isinstance(value, MethodType):
        yield from _pieces([value.__func__, value.__self__], within)
    elif isinstance(value, partial):
        yield from _pieces(["partial", value.func, value.args, value.keywords], within)
    elif isinstance(value, BuiltinFunctionType | np.ufunc):
        yield f"{getattr(value, '__module__', '')}:{value.__name__};".encode()
    else:
        yield from _object(value, within)


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


def _function(value: FunctionType, within: tuple[int, ...]) -> Iterator[bytes]:
    """Code, defaults, what it closes over, and the globals that its code names."""
    yield f"{value.__qualname__}(".encode()
    yield from _code(value.__code__, within)
    if value.__module__.partition(".")[0] not in KNOWN:
        named = {name: value.__globals__[name] for name in _names(value.__code__) if name in value.__globals__}
        yield from _pieces(named, within)
    cells = []
    for cell in value.__closure__ or ():
        try:
            cells.append(cell.cell_contents)
        except ValueError:  # not filled yet
            cells.append(None)
    yield from _pieces([value.__defaults__, value.__kwdefaults__, cells], within)
    yield b")"


def _names(code: CodeType) -> set[str]:
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*map(_names, inner))


def _code(code: CodeType, within: tuple[int, ...]) -> Iterator[bytes]:
    yield code.co_code
    yield repr(code.co_names).encode()
    for constant in code.co_consts:
        yield from _code(constant, within) if isinstance(constant, CodeType) else _pieces(constant, within)


def _class(kind: type, within: tuple[int, ...]) -> Iterator[bytes]:
    """Its name, and of a user's class the functions it has."""
    yield f"class {kind.__module__}:{kind.__qualname__};".encode()
    if kind.__module__.partition(".")[0] not in KNOWN:
        yield from _pieces({k: v for k, v in vars(kind).items() if isinstance(v, FunctionType)}, within)


def _object(value: Any, within: tuple[int, ...]) -> Iterator[bytes]:
    kind = type(value)
    yield from _class(kind, within)
    slots = [name for base in kind.__mro__ for name in _slots(base)]
    held = {**{k: getattr(value, k) for k in slots if hasattr(value, k)}, **getattr(value, "__dict__", {})}
    if held or slots or hasattr(value, "__dict__"):
        yield from _pieces({k: v for k, v in held.items() if k not in PASSING}, within)
        return
    try:
        parts = value.__reduce_ex__(4)
    except Exception as error:
        raise TypeError(
            f"a {kind.__name__} does not show what it holds, so results could not be kept for it"
        ) from error
    yield from _pieces(parts if isinstance(parts, str) else list(parts[:3]), within)


def _slots(base: type) -> tuple[str, ...]:
    found = base.__dict__.get("__slots__", ())
    return (found,) if isinstance(found, str) else tuple(found)
