"""Where results were computed, and with which versions."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = ("smoothmax", "numpy", "scipy", "cvxpy", "highspy", "clarabel", "threadpoolctl")


def machine() -> dict[str, Any]:
    """Names and versions; None for what is not installed."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
