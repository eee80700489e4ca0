"""Arrays in files: .npz, .npy and Matrix Market, read without ever unpickling.

What a header claims is held against the size of the file before memory is set aside for it.
"""

import errno
import io
import math
import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from .._warnings import filtered
from .stated import Data, Wishes
from .told import shortened

DEFLATED = 1032  # bytes that one byte of a zip archive can stand for


def npz(source: str, _: Wishes) -> Data:
    """A and optionally b."""
    with _parsing(source, "an .npz archive"):
        if not zipfile.is_zipfile(source):
            raise ValueError("no zip archive, or cut short")
        _weigh_entries(source)
        with np.load(source, allow_pickle=False) as archive:
            found = {key: archive[key] if key in ("A", "b") else None for key in archive.files}
    there = ", ".join(found) or "none"
    if "A" not in found:
        raise ValueError(f"the key A is missing; there are: {there}")
    if len(found) > 1 + ("b" in found):
        raise ValueError(f"only the keys A and b are understood; there are: {there}")
    return Data(found["A"], found.get("b"))


def npy(source: str, _: Wishes) -> Data:
    """A, mapped into memory and not read before it is needed."""
    with _parsing(source, "an .npy array"):
        with open(source, "rb") as file:
            if file.read(6) != b"\x93NUMPY":
                raise ValueError("the first bytes are not those of NumPy's format")
        return Data(np.load(source, mmap_mode="r", allow_pickle=False))


def mtx(source: str, _: Wishes) -> Data:
    """A in Matrix Market form; sparse stays sparse."""
    from scipy.io import mminfo, mmread

    with _parsing(source, "a Matrix Market file"):
        size = os.path.getsize(source)
        m, d, entries, *_ = mminfo(_ended(source))
        if min(m, d) < 1:
            raise ValueError(f"the header claims {m} rows and {d} columns")
        if entries > size:
            raise ValueError(f"the header claims {entries} entries in a file of {size} bytes")
        _weigh(8 * (m + d))
        return Data(mmread(_ended(source)))


def _ended(source: str) -> str | io.BytesIO:
    """The file, with an end to its last line: SciPy's reader (1.17) runs beyond the end without one and from a NUL, and
    the process dies of it, as of a matrix without rows."""
    with open(source, "rb") as file:
        block = b"\n"
        while more := file.read(1 << 20):
            block = more
            if b"\0" in block:
                raise ValueError("it holds a NUL, and is no text")
        if block.endswith(b"\n"):
            return source
        file.seek(0)
        return io.BytesIO(file.read() + b"\n")


def _weigh_entries(source: str) -> None:
    """The arrays of an archive are as long as their headers say, and there is room for them."""
    with zipfile.ZipFile(source) as archive:
        for info in archive.infolist():
            if info.filename not in ("A.npy", "b.npy"):
                continue
            with archive.open(info) as entry:
                of = np.lib.format
                read_header = of.read_array_header_1_0 if of.read_magic(entry) == (1, 0) else of.read_array_header_2_0
                shape, _, dtype = read_header(entry)
                claimed = entry.tell() + math.prod(shape) * dtype.itemsize
            if not dtype.hasobject and claimed != info.file_size:
                raise ValueError(f"{info.filename} claims {claimed} bytes and has {info.file_size}")
            if info.file_size > DEFLATED * (info.compress_size + 1):
                raise ValueError(f"{info.filename} claims {info.file_size} bytes out of {info.compress_size}")
            _weigh(info.file_size)


def _weigh(size: int) -> None:
    """Bytes that no machine like this one holds are not asked for."""
    if hasattr(os, "sysconf") and size > os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"):
        raise MemoryError


def regular(source: str) -> None:
    """A device or a pipe would have no end."""
    mode = os.stat(source).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), source)
    if not stat.S_ISREG(mode):
        raise ValueError("not a regular file, but a device, pipe or socket")


@contextmanager
def about(source: str) -> Iterator[None]:
    """Errors of opening and of the data, with the name of the file in front."""
    try:
        yield
    except OSError as error:
        raise ValueError(f"{source}: {(error.strerror or str(error)).lower()}") from None
    except MemoryError:
        raise ValueError(f"{source}: the data do not fit into memory") from None
    except (ValueError, TypeError) as error:
        raise ValueError(f"{source}: {error}") from None


@contextmanager
def _parsing(source: str, kind: str) -> Iterator[None]:
    """What a parser makes of a damaged file (any exception at all) as one sentence."""
    try:
        with open(source, "rb"), filtered("ignore", Warning):
            yield
    except (OSError, MemoryError):
        raise
    except Exception as error:
        what = " ".join(str(error).split()) or type(error).__name__
        if "pickle" in what or "Object arrays" in what or "Python objects" in what:
            raise ValueError("holds pickled Python objects, which are refused") from None
        raise ValueError(f"not {kind}, or damaged: {shortened(what, 200)}") from None
