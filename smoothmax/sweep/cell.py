"""What a cell is: a declaration in plain values. Its hash is its name and its seed, wherever it is computed.

    key = sha256(declaration, task, code version),    rng = default_rng(sha256(declaration))

so results depend neither on the number of workers, nor on the order, nor on what else is in the grid.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Plain = dict[str, Any]
NONFINITE = "nonfinite"  # {"nonfinite": "inf"} stands for a float that JSON lacks


@dataclass(frozen=True)
class Cell:
    """A declaration under its key."""

    declaration: Plain
    key: str

    @classmethod
    def of(cls, declaration: Mapping[str, Any], version: str) -> "Cell":
        """With the key that it has under a version of the task."""
        plain = plainly(dict(declaration), "cell")
        return cls(plain, digest({"declaration": plain, "version": version})[:32])

    @property
    def rng(self) -> np.random.Generator:
        """Random numbers of its own."""
        return np.random.default_rng(int(digest(self.declaration), 16))

    def __str__(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.declaration.items())


def digest(value: Any) -> str:
    """sha256 of plain values, whatever the order of their names."""
    return hashlib.sha256(text(value).encode()).hexdigest()


def text(value: Any) -> str:
    """Plain values as JSON with sorted names."""
    return json.dumps(encoded(value), sort_keys=True, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def plainly(value: Any, place: str) -> Any:
    """Strings, numbers, booleans and None, in lists and dictionaries; NumPy's scalars become Python's.

    Raises
    ------
    TypeError
        Anything else, with where it stands.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        if set(value) == {NONFINITE}:
            raise TypeError(f"{place} must not be a dictionary of {NONFINITE!r} alone, which stands for nan and inf")
        return {_name(key, place): plainly(item, f"{place}[{key!r}]") for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plainly(value.tolist(), place)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [plainly(item, f"{place}[{i}]") for i, item in enumerate(value)]
    raise TypeError(
        f"{place} must be plain (text, numbers, True, False, None, lists, dicts); got {type(value).__name__}"
    )


def _name(key: Any, place: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{place}: names must be text; got {key!r}")
    return key


def encoded(value: Any) -> Any:
    """nan and ±inf in words, which JSON has."""
    if isinstance(value, float) and not math.isfinite(value):
        return {NONFINITE: repr(value)}
    if isinstance(value, dict):
        return {key: encoded(item) for key, item in value.items()}
    return [encoded(item) for item in value] if isinstance(value, list) else value


def decoded(value: Any) -> Any:
    """The inverse."""
    if isinstance(value, dict):
        if set(value) == {NONFINITE}:
            return float(value[NONFINITE])
        return {key: decoded(item) for key, item in value.items()}
    return [decoded(item) for item in value] if isinstance(value, list) else value
