"""Run one experiment and keep its table and figures.

python -m experiments list | NAME [--out DIR] [--quick] [--full]
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from rich.console import Console

import experiments
from experiments._tables import show, write_csv


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, 1 where an experiment's own verdict is bad, 2 for a wrong command line."""
    parser = argparse.ArgumentParser(prog="python -m experiments", description="One question per experiment.")
    parser.add_argument("name", help="an experiment, or 'list'")
    parser.add_argument("--out", type=Path, default=Path("out"), help="where the tables and figures go (default: out)")
    parser.add_argument("--quick", action="store_true", help="small sizes, seconds")
    parser.add_argument("--full", action="store_true", help="the largest sizes too")
    asked = parser.parse_args(arguments)
    known = names()
    if asked.name == "list":
        for name in known:
            print(f"{name:20} {question(importlib.import_module(f'experiments.{name}'))}")
        return 0
    if asked.name not in known:
        return _wrong(f"no experiment is called {asked.name!r}; there are {', '.join(known)}")
    module = importlib.import_module(f"experiments.{asked.name}")
    takes = inspect.signature(module.run).parameters
    flags = {flag: True for flag in ("quick", "full") if getattr(asked, flag)}
    for flag in flags:
        if flag not in takes:
            return _wrong(f"experiment {asked.name!r} has no option --{flag}")
    try:
        asked.out.mkdir(parents=True, exist_ok=True)
    except OSError as trouble:
        return _wrong(f"--out {str(asked.out)!r} cannot be made: {trouble.strerror}")
    return perform(module, asked.name, asked.out, flags)


def names() -> list[str]:
    """The experiments there are: the modules of this folder without a leading underscore."""
    return sorted(m.name for m in pkgutil.iter_modules(experiments.__path__) if not m.name.startswith("_"))


def question(module: ModuleType) -> str:
    """The first line of its docstring."""
    return (module.__doc__ or "").strip().splitlines()[0]


def perform(module: ModuleType, name: str, out: Path, flags: dict[str, bool]) -> int:
    """Run it, write NAME.csv and its figures, and say where they are."""
    console = Console(width=None if sys.stdout.isatty() else 130)
    table = module.run(**flags)
    write_csv(table, out / f"{name}.csv")
    written = [f"{name}.csv"]
    figures = module.pictures(table) if hasattr(module, "pictures") else {}
    if hasattr(module, "plot"):
        figures = {name: module.plot(table), **figures}
    if figures:
        from smoothmax.plots import save

        written += [save(figure, out / f"{picture}.png").name for picture, figure in figures.items()]
    if hasattr(module, "report"):
        code = module.report(table, console)
    else:
        code = show(console, module.summary(table) if hasattr(module, "summary") else table)
    console.print(f"Written to {out}/: {', '.join(written)}", highlight=False, soft_wrap=True)
    return int(code or 0)


def _wrong(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
