"""Run experiments and keep their tables and figures; all of them make one page.

python -m experiments list
python -m experiments [run] NAME [--out DIR] [--quick | --full] [--workers N] [--fresh] [--format png|svg]
python -m experiments report [NAME …] and the same options
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import pkgutil
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console

import experiments
from experiments._report import cores, publish
from experiments._sections import Wanted, forget, options, pictures
from experiments._tables import show, write_csv

FORMATS = ("png", "svg")
LEVELS = ("quick", "full")
VERBS = ("list", "run", "report")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, 1 where an experiment fails or its own verdict is bad, 2 for a wrong command line."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    asked = _parser().parse_intermixed_args(arguments)
    verb, *given = asked.words if asked.words[0] in VERBS else ["run", *asked.words]
    if verb == "list":
        for name in names():
            print(f"{name:20} {_asked(name)}")
        return 0
    wrong = _refused(verb, given, asked)
    if wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 2
    flags = [level for level in LEVELS if getattr(asked, level)]
    if verb == "report":
        level, workers = flags[0] if flags else "", asked.workers or cores()
        wanted = [Wanted(name, level, asked.out, workers, asked.format or "") for name in given or names()]
        for one in wanted if asked.fresh else ():
            forget(one.options)
        return publish(wanted, asked.out, workers, shlex.join(["python", "-m", "experiments", *arguments]))
    module = importlib.import_module(f"experiments.{given[0]}")
    settings = options(module, given[0], asked.out, flags, asked.workers)
    if asked.fresh:
        forget(settings)
    return perform(module, given[0], asked.out, settings, asked.format or FORMATS[0])


def names() -> list[str]:
    """The experiments there are: the modules of this folder without a leading underscore."""
    return sorted(m.name for m in pkgutil.iter_modules(experiments.__path__) if not m.name.startswith("_"))


def question(module: ModuleType) -> str:
    """The first line of its docstring."""
    return (module.__doc__ or "").strip().splitlines()[0]


def _asked(name: str) -> str:
    try:
        return question(importlib.import_module(f"experiments.{name}"))
    except ImportError as missing:
        return f"cannot run here: {missing}."


def perform(module: ModuleType, name: str, out: Path, flags: dict[str, Any], suffix: str = FORMATS[0]) -> int:
    """Run it, write NAME.csv and its figures, and say where they are."""
    console = Console(width=None if sys.stdout.isatty() else 130)
    table = module.run(**flags)
    write_csv(table, out / f"{name}.csv")
    written = [f"{name}.csv"]
    figures = pictures(module, name, table)
    if figures:
        from smoothmax.plots import save

        written += [save(figure, out / f"{picture}.{suffix}").name for picture, figure in figures.items()]
    if hasattr(module, "report"):
        code = module.report(table, console)
    else:
        code = show(console, module.summary(table) if hasattr(module, "summary") else table)
    console.print(f"Written to {out}/: {', '.join(written)}", highlight=False, soft_wrap=True)
    return int(code or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m experiments", description="One question per experiment.")
    parser.add_argument("words", nargs="+", metavar="list | [run] NAME | report [NAME …]", help="what to do")
    parser.add_argument(
        "--out", type=Path, default=Path("out"), help="where tables, figures and page go (default: out)"
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="small sizes, seconds")
    size.add_argument("--full", action="store_true", help="the largest sizes too")
    parser.add_argument("--workers", type=int, help="processes (default: run 1, report one a core)")
    parser.add_argument("--fresh", action="store_true", help="remove the cells of a sweep that has changed")
    parser.add_argument("--format", choices=FORMATS, help="of figures as files (default: run png, report none)")
    return parser


def _refused(verb: str, given: Sequence[str], asked: argparse.Namespace) -> str:
    """Why this cannot be done; empty where it can."""
    known = names()
    for name in given:
        if name not in known:
            return f"no experiment is called {name!r}; there are {', '.join(known)}"
    if verb == "run" and len(given) != 1:
        return f"run takes one experiment, got {len(given)}; report takes several"
    if asked.workers is not None and asked.workers < 1:
        return f"--workers must be at least 1; got {asked.workers}"
    for name in given if verb == "run" else ():
        takes = inspect.signature(importlib.import_module(f"experiments.{name}").run).parameters
        for option, wants in (("quick", "quick"), ("full", "full"), ("workers", "workers"), ("fresh", "out")):
            if getattr(asked, option) and wants not in takes:
                return f"experiment {name!r} has no option --{option}"
    try:
        asked.out.mkdir(parents=True, exist_ok=True)
    except OSError as trouble:
        return f"--out {str(asked.out)!r} cannot be made: {trouble.strerror}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
