"""What does `import smoothmax` cost beside importing what it needs of NumPy and SciPy?

New processes one after another, in turns, so that all meet the same machine; of each the least processor time. The
library is compiled beforehand, as an installation does.
"""

from __future__ import annotations

import compileall
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

import smoothmax
from experiments._tables import Rows
from experiments._words import duration
from smoothmax import plots

TIMED = True
BAR = 1.3  # what was asked for: the time of the library over that of what it needs
NEEDED = "numpy, scipy.linalg, scipy.optimize, scipy.sparse.linalg"
LATE = ("path", "verify", "check_duality", "check_inequalities")
IMPORTS = {
    "Python alone": "pass",
    "NumPy and SciPy": f"import {NEEDED}",
    "smoothmax": "import smoothmax",
    "smoothmax, every name": f"from smoothmax import {', '.join(LATE)}",
    "its command line": "import smoothmax.cli",
}


def run(*, quick: bool = False) -> Rows:
    """One row per import: least processor and elapsed seconds, and the ratio to NumPy's and SciPy's."""
    times: dict[str, list[tuple[float, float]]] = {what: [] for what in IMPORTS}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "smoothmax"
        shutil.copytree(Path(smoothmax.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(copy, quiet=1)
        for _ in range(1 if quick else 15):
            for what, code in IMPORTS.items():
                times[what].append(_timed(code, folder))
    least = {what: [min(values) for values in zip(*pairs, strict=True)] for what, pairs in times.items()}
    base = least["NumPy and SciPy"][0]
    return [
        {"import": what, "processor": cpu, "elapsed": wall, "ratio": cpu / base} for what, (cpu, wall) in least.items()
    ]


def _timed(code: str, folder: str) -> tuple[float, float]:
    """Processor and elapsed seconds of a new process."""
    environment = {**os.environ, "PYTHONPATH": folder}
    begun, before = time.perf_counter(), _processor()
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True)
    return _processor() - before, time.perf_counter() - begun


def _processor() -> float:
    """Processor seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def answer(table: Rows) -> str:
    """The ratio and what it was to be."""
    row: dict[str, Any] = {row["import"]: row for row in table}
    ours, base = row["smoothmax"], row["NumPy and SciPy"]
    kept = "within" if ours["ratio"] <= BAR else "beyond"
    return (
        f"`import smoothmax` takes {duration(ours['processor'])} of processor time, {ours['ratio']:.2f} times the "
        f"{duration(base['processor'])} of what it needs of NumPy and SciPy ({kept} the bar of {BAR}); with the names "
        f"that load late {row['smoothmax, every name']['ratio']:.2f} times, with the command line "
        f"{row['its command line']['ratio']:.2f} times."
    )


def plot(table: Rows) -> Figure:
    """Seconds of processor time, with the bar."""
    figure, (panel,) = plots.panels(1, 1, 12.5, 5)
    with plots.style():
        base = next(row["processor"] for row in table if row["import"] == "NumPy and SciPy")
        colours = [plots.BLUE if "smoothmax" in row["import"] else plots.GREY for row in table]
        panel.barh([row["import"] for row in table], [row["processor"] for row in table], color=colours)
        label = f"{BAR} times NumPy and SciPy"
        panel.axvline(BAR * base, color=plots.VERMILLION, linestyle=":", linewidth=1, label=label)
        panel.invert_yaxis()
        panel.set_xlabel("seconds of processor time")
        figure.legend(loc="outside lower center")
    return figure
