"""Tables in files: a CSV of numbers, with or without a header, as f = A x − y."""

import csv
import math
import re
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .._typing import Array
from .stated import Data, Wishes
from .told import shortened


def table(source: str, wishes: Wishes) -> Data:
    """A and b = −y, from columns of numbers."""
    names, numbers = _table(source)
    k = _column(wishes.target, names, numbers.shape[1])
    A = np.delete(numbers, k, axis=1)
    if wishes.intercept:
        A = np.column_stack([np.ones(len(A)), A])
    if not A.shape[1]:
        raise ValueError("there is no column beside the target (--intercept adds one)")
    rest = [name for i, name in enumerate(names) if i != k]
    return Data(A, -numbers[:, k], tuple(["intercept"] * wishes.intercept + rest))


def _table(source: str) -> tuple[list[str], Array]:
    """The names (1, 2, … without a header) and the numbers of a CSV file."""
    values: array[float] = array("d")
    names: list[str] = []
    with open(source, newline="", encoding="utf-8-sig") as file:
        try:
            for line, row in _rows(file):
                if not names:
                    names = _header(line, row)
                    if _number(row[0]) is None:
                        continue
                values.extend(_numbers(line, row, names))
        except UnicodeDecodeError:
            raise ValueError("not a text file in UTF-8") from None
        except csv.Error as error:
            raise ValueError(f"not a CSV file: {error}") from None
    if not values:
        raise ValueError("there is a header but no row of numbers" if names else "the file is empty")
    return names, np.array(values).reshape(-1, len(names))


def _rows(file: Any) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of every line that is not blank."""
    reader = csv.reader(file, strict=True)
    for row in reader:
        if any(field.strip() for field in row):
            yield reader.line_num, row


def _header(line: int, row: list[str]) -> list[str]:
    """The first row if it holds names, or the numbers of the columns if it holds numbers."""
    text = [_number(field) is None for field in row]
    if not any(text):
        return [str(i + 1) for i in range(len(row))]
    if not all(text):
        i = text.index(not text[0])
        what = f"{shortened(row[0])!r} and {shortened(row[i])!r}"
        raise ValueError(f"line {line} must be all names (a header) or all numbers; it has {what}")
    if len(row) == 1 and re.search("[;\t]", row[0]):
        raise ValueError(f"columns must be separated by commas; line {line} is {shortened(row[0])!r}")
    return [field.strip() for field in row]


def _numbers(line: int, row: list[str], names: list[str]) -> list[float]:
    if len(row) != len(names):
        comment = "; lines of comment (#) are not taken" if names[0].startswith("#") else ""
        raise ValueError(f"line {line} has {len(row)} fields, the first line {len(names)}{comment}")
    found = [_number(field) for field in row]
    for name, field, value in zip(names, row, found, strict=True):
        if value is None or not math.isfinite(value):
            what = repr(shortened(field.strip())) if field.strip() else "empty"
            raise ValueError(f"column {shortened(name)!r}, line {line}: a finite number is needed; it is {what}")
    return [v for v in found if v is not None]


def _number(field: str) -> float | None:
    try:
        return None if "_" in field else float(field)
    except ValueError:
        return None


def _column(target: str | None, names: Sequence[str], width: int) -> int:
    """Where the column of this name, or of this number counted from 1, stands; the last one by default."""
    if target is None:
        return width - 1
    if names.count(target) > 1:
        raise ValueError(f"--target {target!r}: several columns are called so; give the number, 1 to {width}")
    if target in names:
        return names.index(target)
    if target.isdecimal() and 1 <= int(target) <= width:
        return int(target) - 1
    raise ValueError(
        f"--target {target!r}: no such column; there are {shortened(', '.join(names), 400)} (or a number, 1 to {width})"
    )
