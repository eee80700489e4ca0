"""The command line: arguments in, exit codes out.

0 when the tolerance asked for is proven, 1 when it is not, 2 for bad input (one line on stderr), 130 after Ctrl-C (the
best point so far is printed and written).
"""

import io
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Annotated, Any, NoReturn

import numpy as np
import typer

from . import __version__, report, tables
from . import options as opt
from ._files import write_whole
from .front import solve
from .paths import path
from .reading import Wishes, printable, read, shortened, told, users_line
from .result import Interrupted
from .sweep import Grid

PROVEN, UNPROVEN, BAD_INPUT, STOPPED = 0, 1, 2, 130
FAULTS: tuple[type[BaseException], ...] = (ValueError, TypeError, OSError, ImportError, MemoryError)
USAGE: type[Any] = typer.BadParameter.__mro__[1]  # click's UsageError, which typer brings along under changing names

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


class BadInput(Exception):
    """One sentence for the user, and the exit code that goes with it."""

    def __init__(self, text: str, code: int = BAD_INPUT) -> None:
        super().__init__(text)
        self.code = code


def main(argv: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an encoding that lacks × must not cost the answer
    try:
        code = typer.main.get_command(app).main(argv, prog_name="smoothmax", standalone_mode=False)
    except BadInput as error:
        code = _complain(str(error), error.code)
    except USAGE as error:
        command = error.ctx.command_path if error.ctx else "smoothmax"
        code = _complain(f"{error.format_message().rstrip('.')}; see {command} --help")
    raise SystemExit(code)


@app.callback(invoke_without_command=True)
def smoothmax(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False
) -> None:
    """Minimize the largest of many functions, with a proof of how close the answer is.

    Exit codes: 0 the tolerance is proven, 1 it is not, 2 bad input, 130 interrupted.
    """
    if version:
        typer.echo(f"smoothmax {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        raise BadInput("a command is missing, solve, path or sweep; see smoothmax --help")


@app.command("solve")
def solve_command(
    source: opt.Source,
    domain: opt.DomainName = None,
    lower: opt.Lower = None,
    upper: opt.Upper = None,
    radius: opt.Radius = None,
    absolute: opt.Absolute = False,
    b: opt.Right = None,
    target: opt.Target = None,
    intercept: opt.Intercept = False,
    tau: opt.Tau = None,
    tol: opt.Tol = 1e-8,
    method: opt.Method = "auto",
    max_passes: opt.MaxPasses = 10_000,
    time_limit: opt.TimeLimit = None,
    out: opt.Out = None,
    as_json: opt.AsJson = False,
) -> int:
    """Minimize max f, or its surrogate F_tau."""
    wishes = Wishes(domain, lower, upper, radius, absolute, b, target, intercept)
    asked = {"tau": tau, "tol": tol, "method": method, "max_passes": max_passes, "time_limit": time_limit}
    return _solve(source, wishes, asked, out, as_json)


@app.command("path")
def path_command(
    source: opt.Source,
    domain: opt.DomainName = None,
    lower: opt.Lower = None,
    upper: opt.Upper = None,
    radius: opt.Radius = None,
    absolute: opt.Absolute = False,
    b: opt.Right = None,
    target: opt.Target = None,
    intercept: opt.Intercept = False,
    taus: opt.Taus = None,
    eps: opt.Eps = None,
    tol: opt.Tol = 1e-8,
    method: opt.Method = "auto",
    max_passes: opt.MaxPasses = 10_000,
    time_limit: opt.TimeLimit = None,
    csv: opt.Csv = None,
    plot: opt.Plot = None,
    as_json: opt.AsJson = False,
) -> int:
    """Minimize F_tau for falling tau.

    Without --taus and --eps these are about twelve, down to tau*log(n) = 1e-6 of the spread of f at the start.
    """
    wishes = Wishes(domain, lower, upper, radius, absolute, b, target, intercept)
    asked = {"eps": eps, "tol": tol, "method": method, "max_passes": max_passes, "time_limit": time_limit}
    return _path(source, wishes, {"taus": taus, **asked}, csv, plot, as_json)


@app.command("sweep")
def sweep_command(
    source: opt.Source,
    out: opt.Folder,
    domain: opt.DomainName = None,
    lower: opt.Lower = None,
    upper: opt.Upper = None,
    radius: opt.Radius = None,
    absolute: opt.Absolute = False,
    b: opt.Right = None,
    target: opt.Target = None,
    intercept: opt.Intercept = False,
    taus: opt.Taus = None,
    methods: opt.Methods = "auto",
    seeds: opt.Seeds = 1,
    regularizer: opt.Regularizer = "shannon",
    tol: opt.Tol = 1e-8,
    max_passes: opt.MaxPasses = 10_000,
    time_limit: opt.TimeLimit = None,
    workers: opt.Workers = 1,
    fresh: opt.Fresh = False,
    retry: opt.Retry = False,
    as_json: opt.AsJson = False,
) -> int:
    """Solve by several methods at several tau, each cell kept as soon as it is finished.

    Without --taus max f itself is minimized.
    """
    wishes = Wishes(domain, lower, upper, radius, absolute, b, target, intercept)
    options = {"regularizer": regularizer, "tol": tol, "max_passes": max_passes, "time_limit": time_limit}
    asked = {"taus": taus, "methods": methods, "seeds": seeds, "options": options, "wishes": wishes}
    return _sweep(source, out, asked, {"workers": workers, "fresh": fresh, "retry": retry}, as_json)


@contextmanager
def _one_line() -> Iterator[None]:
    """Bad input, and errors of the user's own code, as one sentence; other errors are bugs and stay what they are."""
    try:
        yield
    except (BadInput, BrokenPipeError):
        raise
    except KeyboardInterrupt:
        raise BadInput("interrupted before there was a result", STOPPED) from None
    except Exception as error:
        if users_line(error):
            raise BadInput(told(error)) from None
        if isinstance(error, OSError) and error.filename:
            raise BadInput(f"{error.filename}: {error.strerror}") from None
        if isinstance(error, FAULTS):
            raise BadInput(str(error) or type(error).__name__) from None
        raise


@_one_line()
def _solve(source: str, wishes: Wishes, asked: dict[str, Any], out: str | None, as_json: bool) -> int:
    """Solve, show, write."""
    opt.writable("--out", out, (".npz",))
    stated = read(source, wishes)
    begun = time.perf_counter()
    try:
        result = solve(stated.problem, stated.x0, progress=True, **asked)
        code = PROVEN if report.proven(result) else UNPROVEN
    except Interrupted as stop:
        result, code = stop.result, STOPPED
    finally:
        _clear_line()
    seconds = time.perf_counter() - begun
    facts = report.of_solve(stated, result, asked["tol"], seconds, smoothed=asked["tau"] is not None)
    if as_json:
        print(report.as_json(facts), flush=True)
    else:
        tables.show(tables.of_solve(facts))
    if out is not None:
        write_whole(out, lambda file: np.savez(file, **report.arrays(result)))
    return code


@_one_line()
def _path(source: str, wishes: Wishes, asked: dict[str, Any], csv: str | None, plot: str | None, as_json: bool) -> int:
    """Follow the path, show, write; after Ctrl-C the temperatures that were finished, and the one at work."""
    opt.writable("--csv", csv, (".csv",))
    opt.writable("--plot", plot, (".png", ".svg", ".pdf"))
    if plot is not None and find_spec("matplotlib") is None:
        raise BadInput('--plot needs matplotlib: pip install "smoothmax[plot]"')
    asked = {**asked, "taus": opt.schedule(asked["taus"], asked["eps"])}
    stated, last = read(source, wishes), None
    begun = time.perf_counter()
    try:
        found = path(stated.problem, x0=stated.x0, progress=True, **asked)
    except Interrupted as stop:
        found, last = stop.path, stop.result
    finally:
        _clear_line()
    facts = report.of_path(stated, found, asked["tol"], time.perf_counter() - begun, last)
    if as_json:
        print(report.as_json(facts), flush=True)
    else:
        tables.show(*tables.of_path(facts))
    if csv is not None and found.records:
        found.to_csv(csv)
    if plot is not None and found.records:
        found.plot(plot)
    return STOPPED if last is not None else PROVEN if facts["proven"] else UNPROVEN


@_one_line()
def _sweep(source: str, out: str, asked: dict[str, Any], how: dict[str, Any], as_json: bool) -> int:
    """Compute what is missing, show all; Ctrl-C keeps what is finished."""
    taus: Sequence[float | None] = opt.schedule(asked.pop("taus"), None) or [None]
    methods = [name.strip() for name in asked.pop("methods").split(",")]
    grid = Grid([source], methods, taus, **asked)
    try:
        found = grid.run(out, **how)
    except KeyboardInterrupt:
        raise BadInput(f"interrupted; what was finished is in {out}, and the same command goes on", STOPPED) from None
    if as_json:
        print(report.as_json({"rows": list(found), "computed": found.computed}), flush=True)
    else:
        done = f"{len(found)} cells, {found.computed} computed now, {len(found.failed)} failed; {out}/table.csv"
        tables.show(*tables.of_sweep(found.rows), done)
    return PROVEN if all(map(report.swept, found)) else UNPROVEN


def _complain(text: str, code: int = BAD_INPUT) -> int:
    """One line on stderr, whatever the text."""
    print("smoothmax:", shortened(printable(" ".join(text.split())), 1000), file=sys.stderr)
    return code


def _clear_line() -> None:
    """Wipe the progress line off a terminal."""
    if sys.stderr.isatty():
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
