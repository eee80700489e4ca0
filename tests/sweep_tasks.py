"""Tasks that the tests of sweeps ask for: they must be importable by worker processes."""

import os
import time

import numpy as np


def draw(cell, rng):
    """A number of the cell's own, after a while."""
    time.sleep(cell.get("sleep", 0.0))
    return {"drawn": float(rng.random()), "double": 2 * cell["k"], "inf": float("inf"), "list": [1, None, "é"]}


def product(cell, rng):
    """What linear algebra gives depends on how many threads have added it up."""
    A = rng.standard_normal((300, 300))
    return {"sum": float((A @ A).sum())}


def fails(cell, rng):
    """Some cells do."""
    if cell["k"] == 3:
        raise ValueError(f"cell {cell['k']} does not like its number")
    return {"k2": cell["k"] ** 2}


def dies(cell, rng):
    """One takes its process with it."""
    if cell["k"] == 3:
        os._exit(7)
    return {"k2": cell["k"] ** 2}


def shares(cell, rng, context):
    """With data that all cells share."""
    return {"sum": float(np.sum(context["data"]) + cell["k"])}


def oversteps(cell, rng):
    """A name that is the table's own."""
    return {"seconds": 1.0}


def speaks(cell, rng):
    """What is not plain."""
    return {"what": object()}


def leaves(cell, rng):
    """Some ways of failing that are no plain exceptions."""
    if cell["k"] == 1:
        raise SystemExit("enough")
    if cell["k"] == 2:
        raise Mute
    if cell["k"] == 3:
        return {"text": "\udcff"}
    if cell["k"] == 4:
        raise ValueError("\udcff")
    if cell["k"] == 5:
        return {"k": 99}
    return {"k2": cell["k"] ** 2}


class Mute(Exception):
    """It cannot say what it is."""

    def __str__(self):
        raise RuntimeError


def appends(cell, rng):
    """It changes what it was given."""
    cell["list"].append(3)
    return {"n": len(cell["list"])}


def threads(cell, rng):
    """On how many threads linear algebra runs."""
    from threadpoolctl import threadpool_info

    time.sleep(0.02)
    return {"threads": max(pool["num_threads"] for pool in threadpool_info())}
