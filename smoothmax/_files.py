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
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return target
