"""A folder of results: one file a finished cell, written at once and whole, so that a killed run resumes.

    sweep.json      what was declared          machine.json   where it was computed, and with what
    cells/KEY.json  a cell and its outcome     table.csv      all of them, in the order of the grid

Every cell's file carries a checksum: one that was damaged is named, and computed again.
"""

import json
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .._files import write_whole
from .attempt import Outcome
from .cell import Cell, decoded, digest, text
from .machine import machine

DECLARED, CELLS, TABLE, MACHINE = "sweep.json", "cells", "table.csv", "machine.json"


class Store:
    """One folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cells = folder, folder / CELLS

    @classmethod
    def open(cls, out: Any, task: str, version: str, cells: Sequence[Cell], fresh: bool) -> "Store":
        """For these cells; results of others there are refused, or with `fresh` removed.

        Raises
        ------
        ValueError
            A folder that is no sweep's, cannot be written to, or holds cells that are not among these.
        """
        folder = Path(out)
        store = cls(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / DECLARED).exists() and any(folder.iterdir()):
                raise ValueError(f"out: {folder} holds files that are not a sweep's; name an empty or a new folder")
            if fresh:
                store.clear()
            store.cells.mkdir(exist_ok=True)
            store._compare(task, version, cells)
            declared = {"task": task, "version": version, "cells": {cell.key: cell.declaration for cell in cells}}
            _write(folder / DECLARED, declared)
            _write(folder / MACHINE, machine())
        except OSError as trouble:
            raise ValueError(f"out: {folder} cannot be used: {trouble.strerror}") from None
        return store

    def _compare(self, task: str, version: str, cells: Sequence[Cell]) -> None:
        """Cells may be added to what is there; none may be missing."""
        kept = {cell.key for cell in cells}
        strangers = [file.stem for file in self.cells.glob("*.json") if file.stem not in kept]
        if not strangers:
            return
        before = _read(self.folder / DECLARED)
        why = "its declaration has changed"
        if before.get("version") not in (None, version):
            why = f"the code has changed ({before['version']} to {version})"
        if before.get("task") not in (None, task):
            why = f"they are those of another task, {before['task']}"
        raise ValueError(
            f"out: {self.folder} holds {len(strangers)} results that are not of this sweep, since {why}; "
            "pass fresh=True (--fresh) to remove them, or name another folder"
        )

    def clear(self) -> None:
        """Remove what a sweep has written, and nothing else."""
        for file in [*self.cells.glob("*.json"), *(self.folder / name for name in (TABLE, MACHINE, DECLARED))]:
            file.unlink(missing_ok=True)

    def load(self, cell: Cell) -> Outcome | None:
        """What is known of a cell; None, with a warning, where its file is damaged."""
        file = self.cells / f"{cell.key}.json"
        if not file.exists():
            return None
        record = _read(file)
        checksum = record.pop("checksum", None)
        if not record or checksum != digest(record) or record.get("cell") != cell.declaration:
            warnings.warn(f"{file} is damaged; the cell is computed again ({cell})", stacklevel=2)
            return None
        return Outcome(**record["outcome"])

    def save(self, cell: Cell, outcome: Outcome) -> None:
        """Whole or not at all."""
        record = {"cell": cell.declaration, "outcome": asdict(outcome)}
        _write(self.cells / f"{cell.key}.json", {**record, "checksum": digest(record)})


def _write(file: Path, value: Any) -> None:
    write_whole(file, lambda open_file: open_file.write(text(value).encode()))


def _read(file: Path) -> dict[str, Any]:
    """Empty where it is no JSON object."""
    try:
        found = decoded(json.loads(file.read_bytes()))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
