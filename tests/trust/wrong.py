"""Wrong arguments, kind by kind: what each looks like, under a name."""

import math
from decimal import Decimal

import numpy as np

NAN, INF = math.nan, math.inf


def function(*arguments):
    """Where no function is wanted."""
    raise AssertionError("a wrong argument was called")


class Thing:
    """Like nothing that is wanted anywhere."""


STRANGERS = {
    "a dict": {"a": 1},
    "a set": {1.0},
    "a function": function,
    "a class": Thing,
    "a thing": Thing(),
    "bytes": b"1",
    "a date": np.datetime64("2026-01-01"),
}


def but(table, *names):
    """A table of wrong values without those that are right in a place."""
    assert set(names) <= set(table), set(names) - set(table)
    return {name: value for name, value in table.items() if name not in names}


def number(least=0.0, *, zero=False, infinite=False, optional=False):
    """In the place of a real number above `least` (or there, with `zero`)."""
    wrong = {
        **STRANGERS,
        "None": None,
        "text": "warm",
        "a digit": "1",
        "complex": 1j,
        "Decimal": Decimal(1),
        "True": True,
        "numpy's True": np.True_,
        "a list": [1.0],
        "an array": np.ones(1),
        "two numbers": np.ones(2),
        "masked": np.ma.masked,
        "nan": NAN,
        "inf": INF,
        "-inf": -INF,
        "beyond the floats": 10**400,
        "negative": least - 1.5,
        "the least": least,
    }
    wrong = but(wrong, *["None"] * optional, *["the least"] * zero)
    return but(wrong, "inf", "beyond the floats") if infinite else wrong


def integer(least=1, *, optional=False):
    """In the place of an integer ≥ `least`."""
    wrong = {**but(number(), "the least", "negative"), "a half": 1.5, "a float": 2.0, "less": least - 1, "negative": -7}
    return but(wrong, "None", "beyond the floats") if optional else but(wrong, "beyond the floats")


def flag():
    """In the place of True or False."""
    wrong = {**STRANGERS, "None": None, "text": "no", "a number": 2, "a float": 0.0, "nan": NAN}
    return {**wrong, "a list": [False], "masks": np.array([True, False])}


def strange(*, optional=False, shape=(2,)):
    """In the place of an array of real numbers of that shape: dtypes, containers and things that are none."""
    good = np.ones(shape)
    wrong = {
        **STRANGERS,
        "None": None,
        "text": "text",
        "complex": good * 1j,
        "objects": np.full(shape, Thing(), object),
        "Nones": np.full(shape, None),
        "Decimals": np.full(shape, Decimal(1)),
        "texts": np.full(shape, "1"),
        "bytestrings": np.full(shape, b"1"),
        "dates": np.full(shape, np.datetime64("2026-01-01")),
        "durations": np.full(shape, np.timedelta64(1, "s")),
        "records": np.zeros(shape, [("a", float), ("b", int)]),
        "masked": np.ma.MaskedArray(good, mask=good > 0),
        "ragged": [[1.0, 2.0], [3.0]],
        "ragged depth": [1.0, [2.0]],
        "a generator": (v for v in good),
    }
    return but(wrong, "None") if optional else wrong


def spoilt(shape, *values):
    """Arrays of ones with one wrong number in them."""
    found = {}
    for value in values:
        array = np.ones(shape)
        array.flat[-1] = value
        found[f"one {value}"] = array
    return found


def misshapen(shape, *, scalar=True):
    """Arrays of other shapes and other numbers of dimensions."""
    longer = (shape[0] + 1, *shape[1:])
    wrong = {"longer": np.ones(longer), "empty": np.ones((0, *shape[1:])), "deeper": np.ones((*shape, 2))}
    if len(shape) > 1:
        wrong |= {"wider": np.ones((*shape[:-1], shape[-1] + 1)), "flat": np.ones(int(np.prod(shape)))}
    return {**wrong, "a scalar": 1.0, "nan alone": NAN} if scalar else wrong


def array(shape, *, optional=False):
    """In the place of a finite array of that shape."""
    return {**strange(optional=optional, shape=shape), **spoilt(shape, NAN, INF, -INF), **misshapen(shape)}


def nonnegative(shape, *, optional=False):
    """In the place of finite numbers ≥ 0, not all zero."""
    return {**array(shape, optional=optional), **spoilt(shape, -1.0), "zeros": np.zeros(shape)}


def name(*, optional=False):
    """In the place of one of some names."""
    wrong = {
        **STRANGERS,
        "None": None,
        "another name": "nonsense",
        "empty": "",
        "a number": 3,
        "nan": NAN,
        "True": True,
    }
    wrong |= {"a list": ["auto"], "an array": np.ones(2), "an array of names": np.array(["auto", "newton"])}
    return but(wrong, "None") if optional else wrong


def axis(*, optional=True):
    """In the place of an axis, or several, of a matrix."""
    wrong = {
        **STRANGERS,
        "None": None,
        "beyond": 2,
        "before": -3,
        "twice": (0, 0),
        "the same": (0, -2),
        "a half": 0.5,
        "text": "0",
        "True": True,
        "a True": (True,),
        "an array": np.ones(2),
        "nan": NAN,
    }
    return but(but(wrong, "a set"), "None") if optional else but(wrong, "a set")


def thing(*, optional=False):
    """In the place of an object of the library."""
    wrong = {**STRANGERS, "None": None, "text": "text", "a number": 3.0, "an array": np.ones(2), "a list": [1.0]}
    return but(wrong, "None") if optional else wrong


def callables(*, optional=False):
    """In the place of a function."""
    wrong = {**but(STRANGERS, "a function", "a class"), "None": None, "text": "text", "a number": 3.0, "nan": NAN}
    wrong |= {"an empty list": [], "an array": np.ones((2, 2))}
    return but(wrong, "None") if optional else wrong


def path(*, optional=True):
    """In the place of a file's name."""
    wrong = {**but(STRANGERS, "bytes"), "None": None, "a number": 3, "True": True, "empty": "", "a NUL": "a\0.csv"}
    wrong |= {"bytes": b"x.csv", "a list": ["x.csv"], "an array": np.ones(2)}
    return but(wrong, "None") if optional else wrong
