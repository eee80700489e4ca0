"""A regularizer by its name, or as it is."""

from __future__ import annotations

from typing import Any

from .base import Regularizer
from .gini import gini
from .shannon import shannon

NAMES: dict[str, Regularizer] = {"shannon": shannon, "gini": gini}


def named(regularizer: Any, among: tuple[str, ...] | None = None) -> Regularizer:
    """The regularizer that is meant.

    Parameters
    ----------
    regularizer : str or Regularizer
        "shannon", "gini", or an object such as ``tsallis(1.5)``.
    among : tuple of str, optional
        Only these are allowed.

    Returns
    -------
    Regularizer

    Raises
    ------
    TypeError, ValueError
        Anything else, with what would be right.
    """
    if isinstance(regularizer, str) and regularizer in NAMES:
        return NAMES[regularizer]
    words = ", ".join(map(repr, among or NAMES))
    if isinstance(regularizer, Regularizer):
        if among is None or regularizer.name in among:
            return regularizer
        raise ValueError(f"regularizer must be one of {words} here; got {regularizer!r}, which is an operator only")
    more = "" if among else ", or a regularizer such as tsallis(1.5)"
    if isinstance(regularizer, str):
        raise ValueError(f"regularizer must be one of {words}{more}; got {regularizer!r}")
    raise TypeError(f"regularizer must be one of {words}{more}; got {regularizer!r}")
