"""A bar with what is done, what failed and the time left; silent where nobody watches."""

from types import TracebackType
from typing import Any


class Bar:
    """On stderr, if that is a terminal and a bar is wanted."""

    def __init__(self, total: int, done: int, wanted: bool) -> None:
        self.bar, self.failed, self.task = _bar() if wanted else None, 0, None
        self.total, self.done = total, done

    def __enter__(self) -> "Bar":
        if self.bar is not None:
            self.bar.start()
            self.task = self.bar.add_task("cells", total=self.total, completed=self.done, failed=0)
        return self

    def step(self, failed: bool) -> None:
        """One cell more."""
        self.failed += failed
        if self.bar is not None:
            self.bar.update(self.task, advance=1, failed=self.failed)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.stop()


def _bar() -> Any:
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        return None
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        redirect_stdout=False,
    )
