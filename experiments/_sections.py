"""One experiment as a section of the report: run, asked for its answer, drawn. A failure is a section too."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import re
import shlex
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from experiments._tables import Rows, write_csv
from experiments._words import number

SHOWN = 40  # rows of the numbers
LONG = 90  # characters of a cell


@dataclass(frozen=True)
class Wanted:
    """What to run: a name, "quick", "full" or "" for the default, the folder, processes, the format of figures."""

    name: str
    level: str = ""
    out: Path = Path("out")
    workers: int = 1
    format: str = ""  # "": the figures stand in the page alone

    @property
    def module(self) -> ModuleType:
        return importlib.import_module(f"experiments.{self.name}")

    @property
    def alone(self) -> bool:
        """Whether a clock runs, or it spreads over processes by itself."""
        try:
            return getattr(self.module, "TIMED", False) or "workers" in _takes(self.module)
        except ImportError:  # of a package that is not here: it will be a section that failed
            return False

    @property
    def options(self) -> dict[str, Any]:
        """What its `run` is called with."""
        workers = 1 if getattr(self.module, "TIMED", False) else self.workers
        return options(self.module, self.name, self.out, [self.level] if self.level else [], workers)

    @property
    def command(self) -> str:
        """The line that computes it again."""
        flag = [f"--{self.level}"] if self.level in self.options else []
        return shlex.join(["python", "-m", "experiments", "run", self.name, "--out", str(self.out), *flag])


@dataclass(frozen=True)
class Section:
    """What the page says of one experiment; `error` and `trace` only where it failed."""

    name: str
    question: str
    about: tuple[str, ...]
    command: str
    seconds: float
    answer: str = ""
    figures: tuple[tuple[str, str], ...] = ()  # (<svg>, caption)
    columns: tuple[str, ...] = ()
    cells: tuple[tuple[str, ...], ...] = ()
    rows: int = 0
    resumed: bool = False  # cells of an earlier run were there
    error: str = ""
    trace: str = ""


def options(module: ModuleType, name: str, out: Path, flags: list[str], workers: int | None) -> dict[str, Any]:
    """Of flags, out (where its cells are kept, so that it resumes) and workers, those that its `run` takes."""
    takes = _takes(module)
    found: dict[str, Any] = {flag: True for flag in flags if flag in takes}
    if "out" in takes:  # each setting has cells of its own
        found["out"] = out / "-".join([name, "cells", *found])
    if "workers" in takes and workers is not None:
        found["workers"] = workers
    return found


def forget(settings: dict[str, Any]) -> None:
    """Remove the cells that an earlier run has kept."""
    from smoothmax.sweep.store import Store

    if "out" in settings:
        Store(settings["out"]).clear()


def section(wanted: Wanted) -> Section:
    """Run it; whatever it raises is caught, but for Ctrl-C."""
    question, about, command, kept = wanted.name, (), f"python -m experiments run {wanted.name}", False
    begun = time.perf_counter()
    try:
        question, *about = _paragraphs(wanted.module)
        command, kept = wanted.command, _kept(wanted.options)
        begun = time.perf_counter()  # modules are loaded
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            table = wanted.module.run(**wanted.options)
            seconds = time.perf_counter() - begun
            write_csv(table, wanted.out / f"{wanted.name}.csv")
            content = _content(wanted, table, question) | {"resumed": kept}
    except (Exception, SystemExit) as error:
        said = " ".join(str(error).split())
        what = {"error": f"{type(error).__name__}: {said}".rstrip(": "), "trace": traceback.format_exc()}
        return Section(wanted.name, question, tuple(about), command, time.perf_counter() - begun, **what)
    return Section(wanted.name, question, tuple(about), command, seconds, **content)


def _kept(settings: dict[str, Any]) -> bool:
    return "out" in settings and any((settings["out"] / "cells").glob("*.json"))


def pictures(module: ModuleType, name: str, table: Rows) -> dict[str, Any]:
    """Its figures by file name."""
    more = module.pictures(table) if hasattr(module, "pictures") else {}
    return {**({name: module.plot(table)} if hasattr(module, "plot") else {}), **more}


def _content(wanted: Wanted, table: Rows, question: str) -> dict[str, Any]:
    from experiments._svg import inline

    module, figures = wanted.module, []
    for name, figure in pictures(module, wanted.name, table).items():
        caption = _caption(module.plot) if name == wanted.name else getattr(module, "CAPTIONS", {}).get(name, name)
        figures.append((inline(figure, f"{wanted.name}-{name}".replace("_", "-"), f"{question} {caption}"), caption))
        if wanted.format:
            from smoothmax.plots import save

            save(figure, wanted.out / f"{name}.{wanted.format}")
    numbers = module.summary(table) if hasattr(module, "summary") else table
    columns = tuple(dict.fromkeys(name for row in numbers for name in row))
    cells = tuple(tuple(_cell(row.get(name)) for name in columns) for row in numbers[:SHOWN])
    answer = module.answer(table) if hasattr(module, "answer") else _told(columns, cells)
    return {"answer": answer, "figures": tuple(figures), "columns": columns, "cells": cells, "rows": len(numbers)}


def _told(columns: tuple[str, ...], cells: tuple[tuple[str, ...], ...]) -> str:
    """The summary as text, where an experiment has no answer of its own."""
    lines = [", ".join(f"{c}: {v}" for c, v in zip(columns, row, strict=True) if v) for row in cells[:5]]
    return "; ".join(lines) + "."


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str | bool):
        text = "" if value is None else str(value)
    elif isinstance(value, list | tuple):
        text = " × ".join(map(str, value))
    else:
        try:
            text = str(value) if isinstance(value, int) else number(value, 3) if value == value else ""
        except (TypeError, ValueError):
            text = str(value)
    return text if len(text) <= LONG else f"{text[: LONG - 1]}…"


def _takes(module: ModuleType) -> Any:
    return inspect.signature(module.run).parameters


def _paragraphs(module: ModuleType) -> list[str]:
    """The docstring, a paragraph a string."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", inspect.getdoc(module) or module.__name__)]


def _caption(plot: Any) -> str:
    return " ".join((inspect.getdoc(plot) or "").split("\n\n")[0].split())
