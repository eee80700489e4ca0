"""Files written whole or not at all: a temporary name in the same folder, fsync, then os.replace."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from . import _doors


def write_whole(path: str | os.PathLike[str], write: Callable[[BinaryIO], Any]) -> Path:
    """Call `write(file)` on a temporary file beside `path`, and give it that name once it is complete on disk."""
    target = _doors.file_name("path", path)
    temporary = target.parent / f".{target.name}.{secrets.token_hex(8)}.part"
    try:
        with open(temporary, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename == os.fspath(temporary):
            error.filename = os.fspath(target)  # the name that the user knows
        raise
    return target
