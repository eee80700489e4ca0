"""The options of the command line, each declared once, and what their texts mean."""

import math
import os
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from .reading import DOMAINS

Source = Annotated[
    str,
    typer.Argument(
        metavar="FILE|MODULE:ATTRIBUTE",
        help=".npz with A and b, .npy (memory-mapped) or .mtx (sparse) with A, for f = A x + b; .csv with columns of "
        "numbers, for f = A x - y; or a Minimax, an object with .problem and .x0, or a function returning one.",
    ),
]
DomainName = Annotated[str | None, typer.Option("--domain", help=f"{', '.join(DOMAINS)} (default: free).")]
Lower = Annotated[float | None, typer.Option(help="Lower bound of every variable, for --domain box.")]
Upper = Annotated[float | None, typer.Option(help="Upper bound of every variable, for --domain box.")]
Radius = Annotated[float | None, typer.Option(help="For --domain ball, around 0 (default: 1).")]
Absolute = Annotated[bool, typer.Option("--absolute", help="Minimize the largest |f_i|.")]
Right = Annotated[str | None, typer.Option("--b", metavar="FILE", help="b, for .npy and .mtx (.npy or .mtx).")]
Target = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="y in a .csv: a name or a number from 1 (default: the last column)."),
]
Intercept = Annotated[bool, typer.Option("--intercept", help="Put a column of ones in front of a .csv's columns.")]
Tau = Annotated[float | None, typer.Option(help="Minimize the surrogate at this temperature (units of f).")]
Taus = Annotated[
    str | None, typer.Option(metavar="HIGH:LOW:COUNT", help="Temperatures in geometric steps, or a list: 1,0.1,0.01.")
]
Eps = Annotated[float | None, typer.Option(help="Instead of --taus: down to the temperature with tau*log(n) = EPS.")]
Tol = Annotated[
    float,
    typer.Option(
        help="Gap to be proven, relative to the larger of |max f| and max f - min f; at a given tau that of F_tau."
    ),
]
Method = Annotated[str, typer.Option(help="auto, newton, lbfgs, accelerated, gradient, cvxpy, ...")]
MaxPasses = Annotated[float, typer.Option(help="Budget in passes over the components (path: for each temperature).")]
TimeLimit = Annotated[float | None, typer.Option(help="Budget in seconds (path: for each temperature).")]
Out = Annotated[str | None, typer.Option(metavar="FILE.npz", help="Write x, weights and bounds there.")]
Methods = Annotated[str, typer.Option(metavar="NAME,NAME,…", help="Methods to compare.")]
Folder = Annotated[str, typer.Option("--out", metavar="DIR", help="Where results go; run again, it resumes.")]
Workers = Annotated[int, typer.Option(help="Processes; -1 for one a core.")]
Seeds = Annotated[int, typer.Option(help="How often each is solved, with random numbers of its own.")]
Regularizer = Annotated[str, typer.Option(help="shannon, or gini for sparse weights.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Remove results of another sweep in DIR.")]
Retry = Annotated[bool, typer.Option("--retry", help="Compute cells again that failed.")]
Csv = Annotated[str | None, typer.Option("--csv", metavar="FILE.csv", help="Write the table there.")]
Plot = Annotated[str | None, typer.Option(metavar="FILE.png", help="Draw gaps against tau (.png, .svg, .pdf).")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of the table; inf and nan as null.")]


def schedule(taus: str | None, eps: float | None) -> list[float] | None:
    """HIGH:LOW:COUNT in geometric steps, or numbers separated by commas; None where neither is given."""
    if taus is None:
        return None
    if eps is not None:
        raise ValueError("--taus and --eps contradict each other; give one of them")
    try:
        if ":" not in taus:
            return [float(tau) for tau in taus.split(",")]
        high, low, count = taus.split(":")
        if not (0 < float(low) < math.inf and 0 < float(high) < math.inf and int(count) > 0):
            raise ValueError
        return [float(tau) for tau in np.geomspace(float(high), float(low), int(count))]
    except ValueError:
        raise ValueError(f"--taus must be HIGH:LOW:COUNT or a list like 1,0.1,0.01; got {taus!r}") from None


def writable(option: str, name: str | None, endings: tuple[str, ...]) -> None:
    """Find out before the work that its result can be written."""
    if name is None:
        return
    path = Path(name)
    if path.suffix.lower() not in endings:
        raise ValueError(f"{option} {name}: the name must end in {' or '.join(endings)}")
    if path.exists() and not path.is_file():
        raise ValueError(f"{option} {name}: exists and is not a file")
    if not path.parent.is_dir():
        raise ValueError(f"{option} {name}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"{option} {name}: the folder {path.parent} may not be written to")
