"""Arrays in files: .npz, .npy and Matrix Market, read without ever unpickling."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from .stated import Data, Wishes


def npz(source: str, _: Wishes) -> Data:
    """A and optionally b."""
    with _parsing(source, "an .npz archive"):
        if not zipfile.is_zipfile(source):
            raise ValueError("no zip archive, or cut short")
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
    from scipy.io import mmread

    with _parsing(source, "a Matrix Market file"):
        return Data(mmread(source))


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
        with open(source, "rb"):
            yield
    except (OSError, MemoryError):
        raise
    except Exception as error:
        what = " ".join(str(error).split()) or type(error).__name__
        if "pickle" in what or "Object arrays" in what or "Python objects" in what:
            raise ValueError("holds pickled Python objects, which are refused") from None
        raise ValueError(f"not {kind}, or damaged: {what}") from None
