"""The doors of the solvers: solve, minimax, path, verify, and the two that check the theory."""

import math

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, NonlinearConstraint

import smoothmax as sm

from . import wrong
from .doors import Door, of_method

A, B = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]), np.array([1.0, 2.0, 3.0, 4.0])
PROBLEM = sm.Minimax(sm.Affine(A, B))
NO_PROBLEM = {**wrong.thing(), "components": sm.Affine(A), "a matrix": A, "the class": sm.Minimax}
START = wrong.array((2,), optional=True)
RNG = {
    **wrong.but(wrong.thing(optional=True), "an array", "a list"),
    "a half": 0.5,
    "negative": -1,
    "text": "text",
    "numbers": [0.5, 1.5],
}
SETTINGS = {
    "tol": wrong.number(zero=True),
    "atol": wrong.number(zero=True, optional=True),
    "method": wrong.name(),
    "regularizer": {**wrong.name(), "an operator's": sm.tsallis(1.5)},
    "prior": wrong.nonnegative((4,), optional=True),
    "max_passes": wrong.number(infinite=True),
    "time_limit": wrong.number(zero=True, optional=True),
    "callback": {**wrong.callables(optional=True), "a number": 3},
    "progress": wrong.flag(),
    "rng": RNG,
    "options": {
        **wrong.but(wrong.thing(optional=True), "a dict"),
        "an unknown option": {"nonsense": 1},
        "a name that is no text": {3: 1},
        "another method's": {"solver": "SCS"},
    },
}
GENEROUS = {
    "tol": {"zero": 0},
    "max_passes": {"inf": math.inf, "an integer": 50},
    "time_limit": {"an integer": 10},
    "prior": {"integers": [1, 2, 3, 4], "with a zero": [0, 1, 1, 1]},
    "rng": {"a seed": 3, "a generator": np.random.default_rng(0), "seeds": [1, 2], "an array": np.array([1, 2])},
    "options": {"none": {}},
    "progress": {"numpy's": np.False_},
}
SOLVE = {
    "solve": Door(
        sm.solve,
        {"problem": PROBLEM},
        {"problem": NO_PROBLEM, "x0": START, "tau": wrong.number(optional=True), **SETTINGS},
        {"x0": {"a list": [0, 1]}, "tau": {"an integer": 1, "numpy's": np.float32(0.5)}, **GENEROUS},
    ),
    "path": Door(
        sm.path,
        {"problem": PROBLEM, "taus": [1.0, 0.5]},
        {
            "problem": NO_PROBLEM,
            "x0": START,
            "taus": {
                **wrong.but(wrong.thing(optional=True), "an array", "a list", "a set"),
                **wrong.spoilt((2,), 0.0, -1.0, math.nan, math.inf),
                "empty": [],
                "texts": ["warm"],
                "booleans": [True],
                "complex": [1j],
                "vectors": [[1.0, 2.0]],
                "None inside": [None],
            },
            "eps": {**wrong.number(optional=True), "beside taus": 0.1},
            "solve_options": {},
            **SETTINGS,
        },
        {"taus": {"a generator": (t for t in (1.0, 0.1)), "an array": np.array([1, 2]), "None": None}},
    ),
    "path to eps": Door(lambda **given: sm.path(PROBLEM, **given), {"eps": 1.0}, {"eps": wrong.number(optional=True)}),
    "verify": Door(
        sm.verify,
        {"problem": PROBLEM, "tau": 0.5, "routes": ["newton"]},
        {
            "problem": NO_PROBLEM,
            "tau": wrong.number(),
            "routes": {**wrong.thing(optional=True), "unknown": ["nonsense"], "numbers": [1.0], "a None": [None]},
            "tol": wrong.number(),
            "time_limit": wrong.number(optional=True),
            "x0": START,
        },
    ),
}


def pair(x):
    """Two functions of two variables."""
    return [x[0] ** 2 + x[1], (x[0] - 2) ** 2 - x[1]]


def slopes(x):
    """Their Jacobian."""
    return [[2 * x[0], 1.0], [2 * (x[0] - 2), -1.0]]


def curvature(x, v):
    """Σ v_i ∇²f_i."""
    return np.diag([2 * (v[0] + v[1]), 0.0])


def disc(x):
    """A nonlinear constraint."""
    return x[0] ** 2 + x[1] ** 2


HALF = LinearConstraint([[1.0, 1.0]], -np.inf, 1.0)
MINIMAX = {
    "minimax": Door(
        lambda **given: sm.minimax(**{"max_passes": 30, **given}),
        {"fun": pair, "x0": [0.5, 0.5], "jac": slopes, "hess": curvature},
        {
            "fun": {
                **wrong.callables(),
                "one of two": [pair, 3],
                "gives text": lambda x: "text",
                "gives a matrix": lambda x: np.eye(2),
                "gives nothing": lambda x: [],
                "gives None": lambda x: None,
                "gives complex": lambda x: [1j, 1j],
                "gives dates": lambda x: np.full(2, np.datetime64("2026-01-01")),
                "gives a ragged list": lambda x: [1.0, [2.0]],
                "gives a masked array": lambda x: np.ma.MaskedArray([1.0, 2.0], mask=[0, 1]),
            },
            "x0": {
                **wrong.strange(),
                **wrong.spoilt((2,), math.nan, math.inf),
                "empty": [],
                "deeper": np.eye(2),
                "a scalar": 1.0,
            },
            "args": wrong.but(wrong.thing(), "a list"),
            "jac": {
                **wrong.but(wrong.name(optional=True), "a function", "a class"),
                "one too many": [slopes, slopes],
                "wider": np.ones((2, 3)),
                "gives another shape": lambda x: np.ones((3, 2)),
                "gives text": lambda x: "text",
                "gives None": lambda x: None,
                "gives complex": lambda x: np.ones((2, 2)) * 1j,
                "gives what is wrong": lambda x: np.full((2, 2), 7.0),
            },
            "hess": {
                **wrong.callables(optional=True),
                "a matrix": np.eye(2),
            },
            "absolute": {
                **wrong.but(wrong.thing(), "a list"),
                "too many": 3,
                "negative": -1,
                "beyond": [0, 5],
                "below": [-7],
                "twice": [0, 0],
                "a longer mask": [True, False, True],
                "numbers": [0.5, 1.0],
                "nan": math.nan,
                "texts": ["a"],
                "deeper": [[0, 1]],
            },
            "bounds": {
                **wrong.thing(optional=True),
                "one pair": [(0, 1)],
                "three pairs": [(0, 1)] * 3,
                "crossed": [(1, 0), (0, 1)],
                "nan": [(math.nan, 1), (0, 1)],
                "texts": [("a", "b"), ("c", "d")],
                "triples": [(0, 1, 2)] * 2,
                "complex": [(1j, 2j)] * 2,
                "another size": Bounds(np.zeros(3), np.ones(3)),
                "another domain": sm.Free(3),
            },
            "constraints": {
                **wrong.thing(),
                "another size": LinearConstraint(np.ones((1, 3)), 0, 1),
                "without a function": {"type": "ineq"},
                "another type": {"type": "lt", "fun": disc},
                "more keys": {"type": "eq", "fun": disc, "hess": disc},
                "crossed": NonlinearConstraint(disc, 1.0, 0.0),
                "args that are none": {"type": "eq", "fun": disc, "args": 3},
            },
            "convex": wrong.flag(),
            "workers": wrong.but(wrong.integer(), "a function", "a class"),
            "check": {**wrong.but(wrong.name(), "True"), "two": 2},
            "solve_options": {},
            **{k: v for k, v in SETTINGS.items() if k not in ("prior", "callback", "max_passes")},
            "prior": wrong.nonnegative((2,), optional=True),
        },
        {
            "absolute": {"a number": 1, "a mask": [True, False], "indices": [1], "numpy's": np.True_},
            "bounds": {"with None": [(None, 1), (0, None)]},
            "constraints": {"one": HALF, "none": ()},
            "args": {"none": ()},
        },
    ),
}

DUALITY = {
    "check_duality": Door(
        sm.check_duality,
        {"x_or_problem": np.array([1.0, 2.0, 3.0]), "tau": 0.5},
        {
            "x_or_problem": {
                **wrong.strange(shape=(3,)),
                **wrong.spoilt((3,), math.nan, math.inf),
                "empty": [],
                "a scalar": 1.0,
            }
            | {"a matrix": A, "components": sm.Affine(A)},
            "tau": wrong.number(),
            "q": wrong.array((3,), optional=True),
            "regularizer": wrong.name(),
            "solver": wrong.name(),
        },
        {"q": {"off the simplex": [1.0, 1.0, 1.0]}},
    ),
    "check_inequalities": Door(
        sm.check_inequalities,
        {"x": [0.0, 1.0, 2.0]},
        {
            "x": {
                **wrong.strange(shape=(3,)),
                **wrong.spoilt((3,), math.nan, math.inf, 1e306),
                "empty": [],
                "a scalar": 1.0,
            }
            | {"a matrix": A},
            "y": {**wrong.array((3,), optional=True), "huge": np.full(3, 1e306)},
            "p": {**wrong.array((3,), optional=True), "negative": [-1.0, 1.0, 1.0], "too much": [1.0, 1.0, 1.0]},
            "tau": {**wrong.number(), "tiny": 1e-310, "huge": 1e306},
            "t": {**wrong.number(1.0), "huge": 1e306},
        },
    ),
}


def followed():
    """A path of two temperatures."""
    return sm.path(PROBLEM, [1.0, 0.5])


PATH = followed()
UNKNOWN = ("nan", "inf", "-inf", "beyond the floats", "negative", "the least")  # of an optimum: any number
PATHS = {
    **of_method("Path", "to_csv", lambda: PATH, {}, {"path": wrong.path()}),
    **of_method(
        "Path",
        "plot",
        lambda: PATH,
        {},
        {
            "path": {**wrong.path(), "another ending": "x.gif", "no ending": "x"},
            "title": wrong.but(wrong.thing(optional=True), "text"),
            "optimum": wrong.but(wrong.number(optional=True), *UNKNOWN),
            "units": wrong.but(wrong.thing(), "text"),
            "width": wrong.number(),
            "regularizer": wrong.name(),
            "options": {},
        },
        {"optimum": {"nan": math.nan, "-inf": -math.inf, "negative": -1.0}, "title": {"mathematics": "$\\tau$"}},
    ),
}
DOORS = {**SOLVE, **MINIMAX, **DUALITY, **PATHS}
