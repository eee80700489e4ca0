"""A progress line while a solve runs; silent when not on a terminal."""

from collections.abc import Callable
from typing import Any


def line(max_passes: float) -> Callable[[dict[str, Any]], None]:
    """A function that rewrites one line of the terminal with each step."""
    from rich.console import Console  # only loaded when asked for

    console = Console(stderr=True)
    gap = [float("inf")]

    def show(row: dict[str, Any]) -> None:
        if not console.is_terminal:
            return
        gap[0] = min(gap[0], row["gap"])
        text = (
            f"step {row['nit']}  passes {row['npass']:.0f}/{max_passes:g}  tau {row['tau']:.2e}  "
            f"max f {row['fun']:.10g}  gap {gap[0]:.2e}  {row['seconds']:.1f} s"
        )
        console.file.write(f"\r{text[: console.width - 1]}\x1b[K")
        console.file.flush()

    return show
