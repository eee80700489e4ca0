"""A sweep: a task, and the cells it is asked for. Running it again computes what is missing, and nothing else."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import _doors
from .attempt import DONE, FAILED, RESERVED, Attempt, Outcome, Task, here
from .cell import Cell
from .pool import outcomes
from .progress import Bar
from .results import Results
from .store import TABLE, Store
from .version import version_of


@dataclass(frozen=True)
class Sweep:
    """A task for every cell.

    Parameters
    ----------
    task : callable
        ``task(cell, rng) -> row``: a function of a module, of a dictionary of plain values and a random generator that
        belongs to the cell; its row is a dictionary of plain values too. With `context`, ``task(cell, rng, context)``.
    cells : iterable of dictionaries
        Text, numbers, True, False, None, and lists and dictionaries of these.
    context : object, optional
        What all cells share and no declaration can hold (data, say); it is sent to each worker once. It does not enter
        the keys: put its fingerprint into the cells.
    version : str, optional
        The code that matters, as a text; by default a hash of the library's sources and of the task's own file. Cells
        of another version are not taken for these.

    Raises
    ------
    TypeError, ValueError
        No cells, the same cell twice, values that are not plain, a task that is no function of a module.
    """

    task: Task
    cells: Sequence[Mapping[str, Any]]
    context: Any = None
    version: str = ""

    def __post_init__(self) -> None:
        if not callable(self.task) or "<" in getattr(self.task, "__qualname__", "<"):
            raise TypeError(f"task must be a function of a module, so that workers can find it; got {self.task!r}")
        version = _doors.text("version", self.version) or version_of(self.task)
        with _doors.about("cells"):
            cells = tuple(Cell.of({**_mapping(one)}, f"{self.name} {version}") for one in _iterable(self.cells))
        if not cells:
            raise ValueError("cells must hold at least one cell; it is empty")
        seen: dict[str, Cell] = {}
        for cell in cells:
            if cell.key in seen:
                raise ValueError(f"cells must differ; this one is there twice: {cell}")
            if taken := RESERVED.intersection(cell.declaration):
                raise ValueError(
                    f"cells must not hold {', '.join(sorted(taken))}, which are columns of the sweep's own"
                )
            seen[cell.key] = cell
        object.__setattr__(self, "version", version)
        object.__setattr__(self, "cells", cells)

    def run(
        self,
        out: Any = None,
        *,
        workers: Any = 1,
        fresh: bool = False,
        retry: bool = False,
        progress: bool = True,
    ) -> Results:
        """Compute what `out` does not hold yet, writing each cell when it is finished, and table.csv at the end.

        Parameters
        ----------
        out : folder, optional
            Where results are kept; nowhere by default.
        workers : int, executor or map-like
            So many processes (1: this one; −1: one a core), whatever has `submit` (concurrent.futures, a
            dask.distributed.Client), or a map-like callable (joblib.Parallel too). Linear algebra runs on one thread in
            each, and the table does not depend on the choice.
        fresh : bool
            Remove the results of a changed sweep instead of refusing; those of this one are kept.
        retry : bool
            Compute cells again that failed.
        progress : bool
            A bar on the terminal.

        Returns
        -------
        Results
            One row a cell. A cell that failed has status "failed" and the error; its traceback is in its file.

        Raises
        ------
        ValueError, TypeError
            An output folder that cannot be used or holds other results; bad `workers`.
        KeyboardInterrupt
            On Ctrl-C, with every finished cell kept.
        """
        for name, value in (("fresh", fresh), ("retry", retry), ("progress", progress)):
            _doors.flag(name, value)
        cells: Sequence[Cell] = self.cells  # type: ignore[assignment]
        store = None if out is None else Store.open(out, self.name, self.version, cells, fresh)
        found = [None if store is None else store.load(cell) for cell in cells]
        todo = [i for i, one in enumerate(found) if one is None or (retry and one.status == FAILED)]
        place = {cell.key: i for i, cell in enumerate(cells)}
        arrivals = outcomes(Attempt(self.task, self.context, here()), [cells[i] for i in todo], workers) if todo else ()
        with Bar(len(cells), len(cells) - len(todo), progress) as bar:
            for key, outcome in arrivals:
                i = place[key]
                found[i] = outcome if store is None else _kept(store, cells[i], outcome)
                bar.step(failed=outcome.status != DONE)
        results = Results.of(cells, [one for one in found if one is not None], len(todo))
        if store is not None:
            try:
                results.to_csv(store.folder / TABLE)
            except OSError as trouble:
                warnings.warn(f"{store.folder / TABLE} could not be written: {trouble.strerror}", stacklevel=2)
        return results

    @property
    def name(self) -> str:
        """module:function of the task."""
        return f"{self.task.__module__}:{self.task.__qualname__}"


def _kept(store: Store, cell: Cell, outcome: Outcome) -> Outcome:
    """On disk; a cell that could not be written has failed, and the next run computes it again."""
    try:
        store.save(cell, outcome)
    except OSError as trouble:
        return Outcome.failure(f"its result could not be written: {trouble.strerror}", outcome.seconds)
    except ValueError as trouble:
        return Outcome.failure(f"its result could not be written: {trouble}", outcome.seconds)
    return outcome


def _iterable(cells: Any) -> Iterable[Any]:
    try:
        return list(cells)
    except TypeError:
        raise TypeError(f"must be an iterable of dictionaries; got {cells!r}") from None


def _mapping(cell: Any) -> Mapping[str, Any]:
    if not isinstance(cell, Mapping):
        raise TypeError(f"must be dictionaries of plain values; got {cell!r}")
    return cell
