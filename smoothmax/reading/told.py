"""Errors of the user's own code, told in one sentence with the line they come from."""

import os
import traceback
from pathlib import Path


def shortened(text: str, most: int = 40) -> str:
    """No more of it than that many characters."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


def printable(text: str) -> str:
    """Without what a terminal would obey: control characters are written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def users_line(error: BaseException) -> str | None:
    """Where in the user's own code an error arose, as "file, line 3"; None where that code has no part in it."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not _foreign(f.filename)]
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else None


def told(error: BaseException) -> str:
    """An error of the user's code in one sentence."""
    place = None if isinstance(error, SyntaxError) else users_line(error)
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"{text} ({place})" if place else text


def _foreign(file: str) -> bool:
    """The file belongs to this library, to Python or to an installed package."""
    houses = (f"{Path(__file__).parents[1]}{os.sep}", f"{Path(os.__file__).parent}{os.sep}", "<")
    return file.startswith(houses) or "site-packages" in file
