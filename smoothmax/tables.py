"""Tables out: the facts of a report for people, one line a fact or one row a temperature."""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .reading import printable
from .report import Facts, swept

SHOWN = 8  # variables in the table; --json and --out hold all
KINDS = {
    "bounded": "bounded: rigorous for these very data, rounding included",
    "rounding": "rounding: rigorous up to a backward error of {:.1e} in the data",
    "assumed-convex": "assumed-convex: holds if the functions are convex",
    "local": "local: not convex, so no bound; the KKT residual is {:.1e}",
    "none": "none",
}
SMOOTHED: dict[str, Callable[[Facts], str]] = {
    "temperature": lambda f: f"{f['tau']:g}",
    "smoothed max": lambda f: f"{f['smoothed_fun']:.15g}",
    "its lower bound": lambda f: f"{f['smoothed_lower_bound']:.15g}",
    "its gap": lambda f: f"{f['smoothed_gap']:.3g}",
}
LINES: dict[str, Callable[[Facts], str]] = {
    "problem": lambda f: f["problem"],
    "max f": lambda f: f"{f['fun']:.15g}",
    "lower bound": lambda f: f"{f['lower_bound']:.15g}",
    "gap": lambda f: f"{f['gap']:.3g}",
    "relative gap": lambda f: "–" if math.isnan(f["relative_gap"]) else f"{f['relative_gap']:.3g}",
    **SMOOTHED,
    "gap asked for": lambda f: f"{f['threshold']:.3g}",
    "proof": lambda f: KINDS[f["kind"]].format(f["residual"]),
    "method": lambda f: f["method"],
    "steps": lambda f: str(f["nit"]),
    "passes": lambda f: f"{f['npass']:.1f}",
    "time": lambda f: f"{f['seconds']:.3f} s",
    "message": lambda f: f["message"],
    "active": lambda f: f"{len(f['active'])} of {f['n']} components",
    "x": lambda f: _shortened(f["x"], f.get("variables")),
}
COLUMNS: dict[str, Callable[[Facts], str]] = {  # within 80 characters; --csv and --json hold more
    "tau": lambda r: f"{r['tau']:.3g}",
    "max f": lambda r: f"{r['fun']:.9g}",
    "lower bound": lambda r: f"{r['lower_bound']:.9g}",
    "gap": lambda r: f"{r['gap']:.2e}",
    "extrapolated": lambda r: f"{r['extrapolated']:.9g}",
    "steps": lambda r: str(r["nit"]),
    "passes": lambda r: f"{r['npass']:.1f}",
    "proven": lambda r: "yes" if r["proven"] else "no",
}


def of_solve(facts: Facts) -> Any:
    """One line a fact; those of the surrogate only where a temperature was asked for."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in LINES.items():
        if name not in SMOOTHED or "tau" in facts:
            table.add_row(name, printable(text(facts)))
    return table


def of_path(facts: Facts) -> Iterator[Any]:
    """One row a temperature that was finished; then what was not proven, or after Ctrl-C the one at work."""
    from rich.table import Table

    if facts["records"]:
        table = Table(box=None, pad_edge=False)
        for name in COLUMNS:
            table.add_column(name, justify="right", overflow="fold")
        for record in facts["records"]:
            table.add_row(*(text(record) for text in COLUMNS.values()))
        yield table
    if "unfinished" in facts:
        yield of_solve(facts["unfinished"])
    elif not facts["proven"]:
        proven = [record["proven"] for record in facts["records"]]
        yield printable(f"{_unproven(proven)}; the last: {facts['message']}")


SWEPT: dict[str, Callable[[Facts], str]] = {  # the columns of a sweep; table.csv holds more
    "method": lambda r: r["method"],
    "tau": lambda r: "–" if r["tau"] is None else f"{r['tau']:.3g}",
    "max f": lambda r: f"{r['fun']:.9g}",
    "gap": lambda r: f"{r['gap']:.2e}",
    "steps": lambda r: str(r["nit"]),
    "passes": lambda r: f"{r['npass']:.1f}",
    "proven": lambda r: "yes" if swept(r) else "no",
    "seconds": lambda r: f"{r['seconds']:.2f}",
}


def of_sweep(rows: Sequence[Facts]) -> Iterator[Any]:
    """One row a cell; below, what was not proven, and those that failed with their error."""
    from rich.table import Table

    table, failed = Table(box=None, pad_edge=False), [row for row in rows if "fun" not in row]
    for name in SWEPT:
        table.add_column(name, justify="left" if name == "method" else "right")
    for row in rows:
        if "fun" in row:
            table.add_row(*(text(row) for text in SWEPT.values()))
    if table.row_count:
        yield table
    proven = {row["key"]: swept(row) for row in rows if "fun" in row}
    if not all(proven.values()):
        first = next(row for row in rows if not proven.get(row["key"], True))
        where = f"{first['method']}, tau {SWEPT['tau'](first)}"
        yield printable(f"{_unproven(list(proven.values()))}; the first ({where}): {first['outcome']}.")
    for row in failed:
        yield printable(f"failed: method={row['method']} tau={row['tau']} seed={row['seed']}: {row['error']}")


def _unproven(proven: Sequence[bool]) -> str:
    """How many rows are not proven, of how many."""
    count = proven.count(False)
    return f"{count} of {len(proven)} rows {'is' if count == 1 else 'are'} not proven"


def show(*tables: Any) -> None:
    """On stdout, plain and unwrapped where that is no terminal."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 10_000, highlight=False, markup=False)
    with console.capture() as drawn:
        for table in tables:
            console.print(table)
    print("\n".join(line.rstrip() for line in drawn.get().splitlines()), flush=True)


def _shortened(x: Any, names: Sequence[str] | None) -> str:
    """The first few entries, with their names where these are known."""
    shown = [f"{v:.7g}" if names is None else f"{name} {v:.7g}" for name, v in zip(names or x, x, strict=True)]
    more = f", ... ({len(shown)} in all)" if len(shown) > SHOWN else ""
    return ", ".join(shown[:SHOWN]) + more
