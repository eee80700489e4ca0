"""The tables of the catalogue for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

from rich import box
from rich.table import Table

from experiments._tables import Rows, groups
from experiments.catalogue.epigraph import PEERS
from experiments.catalogue.papers import DF
from experiments.catalogue.trial import DIFFERENCES, FUNCTIONS, STATED

Row = dict[str, Any]
UNTRIED = ("refused", "not installed")


def printed(table: Rows) -> Iterator[Table]:
    """Cases by contenders, cases by methods, cases by the variants of the paper."""
    by_problem = {name: {row["contender"]: row for row in rows} for name, rows in groups(table, "problem").items()}
    yield _cases(by_problem)
    methods = [c for c in _contenders(table) if c.endswith(STATED)]
    if len(methods) > 1:
        names = [m.removesuffix(STATED) for m in methods]
        title = "Every method on the case as stated: evaluations (of data: passes), × not solved, – refused"
        yield _grid(by_problem, title, dict(zip(methods, names, strict=True)))
    papers = {c: c.replace(f"{DF}", "DF") for c in _contenders(table) if c.startswith(DF)}
    if papers:
        known = {name: rows for name, rows in by_problem.items() if any(c in rows for c in papers)}
        title = "Beside a derivative-free method on F_τ (Liuzzi, Lucidi, Sciandrone 2006): evaluations (error)"
        yield _grid(known, title, {DIFFERENCES: "ours, values", FUNCTIONS: "ours", **papers}, errors=True)


def duel(table: Rows) -> Iterator[str]:
    """Over the cases that both solve: total and median of the evaluations; then who fails where."""
    tried = groups(table, "contender")
    ours = _solved(tried[FUNCTIONS])
    for name in PEERS:
        peer = _solved([row for row in tried.get(name, []) if row["solved"] not in UNTRIED])
        both = sorted(ours.keys() & peer.keys())
        for what, until in (("nfev", "until they stop"), ("reached", "until the optimum is first reached")):
            counts = [[who[problem][what] or who[problem]["nfev"] for problem in both] for who in (ours, peer)]
            if both:
                known = f"{FUNCTIONS} / {name}, {len(both)} cases that both solve"
                yield f"{known}, evaluations {until}: {_beside(*counts)}"
    for name in (FUNCTIONS, f"auto{STATED}", *PEERS):
        rows = [row for row in tried.get(name, []) if row["solved"] not in UNTRIED]
        failed = [row["problem"] for row in rows if row["solved"] != "yes"]
        yield f"{name}: {len(rows) - len(failed)} of {len(rows)} solved{_listed(failed)}"


def _beside(ours: list[int], theirs: list[int]) -> str:
    fewer, same = (sum(f(a, b) for a, b in zip(ours, theirs, strict=True)) for f in (int.__lt__, int.__eq__))
    totals = f"total {sum(ours)} / {sum(theirs)}, median {median(ours):g} / {median(theirs):g}"
    return f"{totals}; fewer in {fewer}, as many in {same}"


def _listed(names: list[str]) -> str:
    return f"; not {', '.join(names)}" if names else ""


def _solved(rows: Rows) -> dict[str, Row]:
    return {row["problem"]: row for row in rows if row["solved"] == "yes"}


def _contenders(table: Rows) -> list[str]:
    return list(dict.fromkeys(row["contender"] for row in table))


def _cases(by_problem: dict[str, dict[str, Row]]) -> Table:
    peers = [name for name in PEERS if any(name in rows for rows in by_problem.values())]
    title = "From the published starts: evaluations of F + of J"
    columns = ["problem", "n", "d", "published", "found", "error", "proof", FUNCTIONS, "as stated", *peers]
    shown = _table(title, columns)
    for name, rows in by_problem.items():
        ours = rows[FUNCTIONS]
        best = rows.get(f"auto{STATED}", ours)
        best = best if best["solved"] == "yes" else ours
        counted = [_count(rows.get(who), True) for who in (FUNCTIONS, f"auto{STATED}", *peers)]
        about = [name, str(ours["n"]), str(ours["d"]), ours["published"] or "", _number(best["found"], ".12g")]
        shown.add_row(*about, _number(best["error"], ".0e"), _proof(best), *counted)
    return shown


def _proof(row: Row) -> str:
    """The proven gap, or the KKT residual of a local answer."""
    if row.get("gap") is not None:
        return f"gap {row['gap']:.0e}"
    return "" if row.get("residual") is None else f"KKT {row['residual']:.0e}"


def _grid(by_problem: dict[str, dict[str, Row]], title: str, columns: dict[str, str], errors: bool = False) -> Table:
    shown = _table(title, ["problem", *columns.values()])
    for name, rows in by_problem.items():
        cells = [_count(rows.get(c)) for c in columns]
        if errors:
            told = [(rows.get(c) or {}).get("error") for c in columns]
            cells = [cell + (f" ({e:.0e})" if e is not None else "") for cell, e in zip(cells, told, strict=True)]
        shown.add_row(name, *cells)
    return shown


def _table(title: str, columns: list[str]) -> Table:
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in columns:
        left = column in ("problem", "published", "proof")
        shown.add_column(column, justify="left" if left else "right", overflow="fold")
    return shown


def _count(row: Row | None, slopes: bool = False) -> str:
    """Evaluations, with those of J; × where the optimum is missed, – where there is no answer to count."""
    if row is None or row["solved"] in UNTRIED:
        return "" if row is None else "–" if row["solved"] == "refused" else "not installed"
    mark = "" if row["solved"] in ("yes", "printed") else "↓ " if row["solved"] == "below" else "× "
    more = f"+{row['njev']}" if slopes and row.get("njev") else ""
    return f"{mark}{row.get('nfev', '')}{more}"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
