"""The table of a sweep: one row a cell, in the order of the grid; what it was, what became of it, what it gave."""

import csv
import io
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._files import write_whole
from .attempt import DONE, Outcome
from .cell import Cell, Plain, text

LAST = ("status", "error", "seconds", "key")  # columns of the sweep's own
CLOCK = ("seconds",)  # those that no two runs have in common


@dataclass(frozen=True)
class Results:
    """What a sweep found.

    Attributes
    ----------
    rows : tuple of dictionaries
        Of each cell the declaration, the task's row, then `status`, `error`, `seconds` and `key`.
    computed : int
        How many of them this run has computed.
    """

    rows: tuple[Plain, ...]
    computed: int  # cells that this run computed; the others were there

    @classmethod
    def of(cls, cells: Sequence[Cell], outcomes: Sequence[Outcome], computed: int) -> "Results":
        """In the order of the cells."""
        rows = (
            {
                **cell.declaration,
                **outcome.row,
                "status": outcome.status,
                "error": outcome.error,
                "seconds": outcome.seconds,
                "key": cell.key,
            }
            for cell, outcome in zip(cells, outcomes, strict=True)
        )
        return cls(tuple(rows), computed)

    @property
    def failed(self) -> tuple[Plain, ...]:
        """The rows of cells that failed."""
        return tuple(row for row in self.rows if row["status"] != DONE)

    def __iter__(self) -> Iterator[Plain]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def columns(self) -> list[str]:
        """The names of all rows, in the order in which they appear; the last four come last."""
        names = dict.fromkeys(name for row in self.rows for name in row)
        return [*(name for name in names if name not in LAST), *LAST]

    def to_dict(self) -> dict[str, list[Any]]:
        """Columns by name, as pandas and polars take them; None where a row has no value."""
        return {name: [row.get(name) for row in self.rows] for name in self.columns}

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the table, whole or not at all: floats in full, nan empty, lists as JSON."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        names = self.columns
        writer.writerow(names)
        writer.writerows([_cell(row.get(name)) for name in names] for row in self.rows)
        return write_whole(path, lambda file: file.write(out.getvalue().encode()))


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return repr(value)
    return text(value) if isinstance(value, list | dict) else value
