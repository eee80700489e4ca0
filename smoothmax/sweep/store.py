"""A folder of results: one file a finished cell, written at once and whole, so that a killed run resumes.

    sweep.json      what was declared          machine.json   where it was computed, and with what
    cells/KEY.json  a cell and its outcome     table.csv      all of them, in the order of the grid

Every cell's file carries a checksum: one that was damaged is named, and computed again.
"""

import json
import re
import stat
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .. import _doors
from .._files import write_whole
from .attempt import DONE, FAILED, RESERVED, Outcome
from .cell import Cell, decoded, digest, text
from .machine import machine

DECLARED, CELLS, TABLE, MACHINE = "sweep.json", "cells", "table.csv", "machine.json"
KIND = "smoothmax sweep"  # what sweep.json says it is
KEY = re.compile(r"[0-9a-f]{32}\.json")
STALE = 60.0  # seconds
PART = re.compile(r"\..*\.[0-9a-f]{16}\.part")  # what a write leaves that was killed


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
        store = cls(_doors.file_name("out", out))
        try:
            store.folder.mkdir(parents=True, exist_ok=True)
            if store.cells.is_symlink():
                raise ValueError(f"out: {store.cells} is a link to another place; name an empty or a new folder")
            before = store._declared()
            objection = store._objection(before, task, version, cells)
            if objection and not fresh:
                raise ValueError(objection)
            if objection:
                store.clear()
            declared = {"task": task, "version": version, "cells": {cell.key: cell.declaration for cell in cells}}
            _write(store.folder / DECLARED, {"kind": KIND, **declared})
            store.cells.mkdir(exist_ok=True)
            for part in store._parts():
                if time.time() - part.stat().st_mtime > STALE:  # younger ones may be of a run at work
                    part.unlink(missing_ok=True)
            _write(store.folder / MACHINE, machine())
        except OSError as trouble:
            raise ValueError(f"out: {store.folder} cannot be used: {trouble.strerror}") from None
        return store

    def _declared(self) -> dict[str, Any]:
        """What sweep.json says; a folder with files of others, and without one of ours, is refused."""
        found = _read(self.folder / DECLARED)
        if found.get("kind") == KIND:
            return found
        names = {file.name for file in self.folder.iterdir() if not PART.fullmatch(file.name)}
        damaged = DECLARED in names and bool(self._keys())
        if names - {CELLS} and not damaged:
            raise ValueError(f"out: {self.folder} holds files that are not a sweep's; name an empty or a new folder")
        return {}

    def _objection(self, before: dict[str, Any], task: str, version: str, cells: Sequence[Cell]) -> str | None:
        """Cells may be added to what is there; none may be missing."""
        kept = {cell.key for cell in cells}
        strangers = [file for file in self._keys() if file.stem not in kept and self._counts(file)]
        if not strangers:
            return None
        why = "its declaration has changed" + _changes(before.get("cells"), cells)
        if before.get("version") not in (None, version):
            why = f"the code has changed ({before['version']} to {version})"
        if before.get("task") not in (None, task):
            why = f"they are those of another task, {before['task']}"
        return (
            f"out: {self.folder} holds {len(strangers)} results that are not of this sweep, since {why}; "
            "pass fresh=True (--fresh) to remove them, or name another folder"
        )

    @staticmethod
    def _counts(file: Path) -> bool:
        """A cell that failed is nothing to lose."""
        outcome = _read(file).get("outcome")
        return not (isinstance(outcome, dict) and outcome.get("status") == FAILED)

    def clear(self) -> None:
        """Remove what a sweep has written, and nothing else; what says that the folder is a sweep's goes last."""
        for file in [*self._keys(), *self._parts(), *(self.folder / name for name in (TABLE, MACHINE, DECLARED))]:
            file.unlink(missing_ok=True)

    def _keys(self) -> list[Path]:
        return [file for file in self.cells.glob("*.json") if KEY.fullmatch(file.name)]

    def _parts(self) -> Iterator[Path]:
        for folder in (self.folder, self.cells):
            yield from (file for file in folder.glob(".*.part") if PART.fullmatch(file.name))

    def load(self, cell: Cell) -> Outcome | None:
        """What is known of a cell; None, with a warning, where its file is damaged."""
        file = self.cells / f"{cell.key}.json"
        if not (file.exists() or file.is_symlink()):
            return None
        found = _outcome(_read(file), cell)
        if found is None:
            warnings.warn(f"{file} is damaged; the cell is computed again ({cell})", stacklevel=2)
        return found

    def save(self, cell: Cell, outcome: Outcome) -> None:
        """Whole or not at all."""
        record = {"cell": cell.declaration, "outcome": asdict(outcome)}
        _write(self.cells / f"{cell.key}.json", {**record, "checksum": digest(record)})


def _outcome(record: dict[str, Any], cell: Cell) -> Outcome | None:
    """What the record of a cell's file says; None where it is not what `save` wrote for that cell."""
    checksum, outcome = record.pop("checksum", None), record.get("outcome")
    try:
        if checksum != digest(record) or text(record.get("cell")) != text(cell.declaration):
            return None
        found = Outcome(**outcome)  # type: ignore[arg-type]
    except (TypeError, ValueError):  # other names, or text that is no text
        return None
    texts = (found.status, found.error, found.traceback)
    numbers = isinstance(found.seconds, int | float) and not isinstance(found.seconds, bool)
    whole = isinstance(found.row, dict) and numbers and all(isinstance(one, str) for one in texts)
    taken = RESERVED.union(cell.declaration).intersection(found.row) if whole else {"all"}
    return None if taken or found.status not in (DONE, FAILED) else found


def _changes(before: Any, cells: Sequence[Cell]) -> str:
    """The names whose values were others."""
    old = [cell for cell in before.values() if isinstance(cell, dict)] if isinstance(before, dict) else []
    new = [cell.declaration for cell in cells]
    names = dict.fromkeys(name for cell in (*old, *new) for name in cell)
    gone = [name for name in names if {text(c.get(name)) for c in old} - {text(c.get(name)) for c in new}]
    return f" ({', '.join(gone)})" if gone else ""


def _write(file: Path, value: Any) -> None:
    data = text(value).encode()
    write_whole(file, lambda open_file: open_file.write(data))


def _read(file: Path) -> dict[str, Any]:
    """Empty where it is no JSON object, or no file of this folder's own: a link, a pipe, a device."""
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            return {}
        found = decoded(json.loads(file.read_bytes()))
    except (OSError, TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
