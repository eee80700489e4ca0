"""Cases by name: the catalogue, and synthetic ones such as game-50x50-0 and gaussian-2000x20-0."""

from __future__ import annotations

import re

import problems
from problems.games import random_game
from problems.linf_regression import gaussian

SYNTHETIC = {"game": random_game, "gaussian": gaussian}


def find(name: str) -> problems.Case:
    """The case of this name.

    Raises
    ------
    ValueError
        If there is none.
    """
    made = re.fullmatch(r"(game|gaussian)-(\d+)x(\d+)-(\d+)", name)
    return SYNTHETIC[made[1]](*(int(k) for k in made.groups()[1:])) if made else problems.get(name)
