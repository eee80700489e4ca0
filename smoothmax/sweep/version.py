"""The code that matters to a cell, as one hash: the library's sources, the task's file with what it imports from beside
it, and the versions of the numerical packages.
"""

import ast
import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .fingerprint import fingerprint

HOME = Path(__file__).resolve().parents[1]
NUMERICAL = ("numpy", "scipy")
IDLE = (  # rooms that no solve passes through
    "agreement",
    "cvx",
    "duality",
    "inequalities",
    "losses",
    "plots",
    "sweep/progress.py",
    "sweep/pool.py",
    "cli.py",
    "options.py",
    "report.py",
    "tables.py",
)


def version_of(task: Callable[..., Any]) -> str:
    """Of the library and of the file in which the task is written; of its own code where that is no file."""
    source = getattr(sys.modules.get(task.__module__), "__file__", None) or inspect.getsourcefile(task) or ""
    file = Path(source).resolve()
    if HOME in file.parents:
        mine = ""
    elif not file.is_file():
        mine = fingerprint(task)
    else:
        root = file.parents[task.__module__.count(".")]
        mine = "".join(_hash(one) for one in sorted(_reached(file, root)))
    numbers = "".join(version(name) for name in NUMERICAL)
    return hashlib.sha256((library() + numbers + mine).encode()).hexdigest()[:16]


@cache
def library() -> str:
    """Of every source file but those of idle rooms."""
    files = sorted(HOME.rglob("*.py"))
    named = {file.relative_to(HOME).as_posix(): file for file in files}
    kept = [name for name in named if not any(name == idle or name.startswith(f"{idle}/") for idle in IDLE)]
    return hashlib.sha256("".join(name + _hash(named[name]) for name in kept).encode()).hexdigest()


def _reached(file: Path, root: Path) -> set[Path]:
    """A file and what it imports, directly or not, from below the same folder (the library apart)."""
    found, waiting = set(), [file]
    while waiting:
        one = waiting.pop()
        if one not in found and HOME not in one.parents:
            found.add(one)
            waiting += [other for name in _imported(one, root) for other in _files(root, name)]
    return found


def _imported(file: Path, root: Path) -> Iterator[list[str]]:
    """The names of modules, and of what may be one, as lists of parts."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    here = list(file.relative_to(root).parent.parts) if root in file.parents else []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            base += node.module.split(".") if node.module else []
            yield base
            yield from ([*base, alias.name] for alias in node.names)


def _files(root: Path, parts: list[str]) -> Iterator[Path]:
    """The module's file, and those of the packages it is in."""
    for k in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:k])
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file.is_file():
                yield file.resolve()


def _hash(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
