"""Reading the tables in problems/data."""

from __future__ import annotations

import csv
from pathlib import Path

DATA = Path(__file__).parent / "data"


def rows(file: str) -> list[dict[str, str]]:
    """The rows of a CSV table in problems/data, keyed by its header, every field as text."""
    with (DATA / file).open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))
