"""Tables as lists of dicts: to CSV (whole or not at all) and to the terminal."""

from __future__ import annotations

import csv
import io
import os
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from smoothmax._files import write_whole

Rows = list[dict[str, Any]]


def write_csv(rows: Rows, path: str | os.PathLike[str]) -> None:
    """One line a row under the columns of all rows; floats in full, what a row lacks empty."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _full(value) for name, value in row.items()} for row in rows)
    write_whole(path, lambda file: file.write(text.getvalue().encode()))


def show(console: Console, rows: Rows, most: int = 40) -> None:
    """The first rows as a table in short numbers."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = Table(*columns)
    for row in rows[:most]:
        table.add_row(*(_short(row.get(name)) for name in columns))
    console.print(table)
    if len(rows) > most:
        console.print(f"… and {len(rows) - most} more rows in the file")


def columns(rows: Rows) -> dict[str, list[Any]]:
    """Columns by name, as the plots take them."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def groups(rows: Rows, key: str) -> dict[Any, Rows]:
    """Rows by the value of one column, in order of appearance."""
    found: dict[Any, Rows] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


def _full(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    return "" if value is None else value


def _short(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.4g}"
    return "" if value is None else str(value)
