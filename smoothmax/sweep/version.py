"""The code that matters to a cell: the library's sources, and those of the task's module, as one hash."""

import hashlib
import inspect
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from .fingerprint import fingerprint

HOME = Path(__file__).resolve().parents[1]
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
    mine = "" if HOME in Path(source).resolve().parents else _hash(Path(source)) or fingerprint(task)
    return hashlib.sha256((library() + mine).encode()).hexdigest()[:16]


@cache
def library() -> str:
    """Of every source file but those of idle rooms."""
    files = sorted(HOME.rglob("*.py"))
    named = {file.relative_to(HOME).as_posix(): file for file in files}
    kept = [name for name in named if not any(name == idle or name.startswith(f"{idle}/") for idle in IDLE)]
    return hashlib.sha256("".join(name + _hash(named[name]) for name in kept).encode()).hexdigest()


def _hash(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
