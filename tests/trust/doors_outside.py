"""The doors for cvxpy's problems and for sweeps."""

import math

import cvxpy as cp
import numpy as np

import smoothmax as sm
from smoothmax import cvx
from smoothmax.cvx.method import solve as word
from smoothmax.sweep import Grid, Results, Sweep
from tests import sweep_tasks as tasks

from . import wrong
from .doors import Door, of_method
from .doors_solving import GENEROUS, SETTINGS

X = cp.Variable(2)
TALL = cp.Problem(cp.Minimize(cp.max(X)), [X >= 1.0, X <= 3.0])
NO_PROBLEM = {**wrong.thing(), "an objective": cp.Minimize(cp.max(X)), "a Minimax": sm.Minimax(np.eye(2))}
TAU = {
    **wrong.number(),
    "a vector": cp.Parameter(2, value=[1.0, 1.0]),
    "a negative Parameter": cp.Parameter(value=-1.0),
}
TAU |= {"a variable": cp.Variable()}
ATOMS = {
    **wrong.thing(optional=True),
    "unknown": ["nonsense"],
    "spectral": ["lambda_max"],
    "numbers": [1],
    "empty text": "",
}
SOLVER = wrong.but(wrong.name(optional=True), "another name")  # of which cvxpy says what it is
CVX = {
    "cvx.smooth": Door(
        cvx.smooth,
        {"problem": TALL, "tau": 0.1},
        {"problem": NO_PROBLEM, "tau": TAU, "side": wrong.name(), "atoms": ATOMS},
        {"atoms": {"a name": "max", "cvxpy's": [cp.max], "none": []}, "tau": {"a Parameter": cp.Parameter(pos=True)}},
    ),
    "cvx.bracket": Door(
        cvx.bracket,
        {"problem": TALL, "tau": 0.1},
        {"problem": NO_PROBLEM, "tau": TAU, "atoms": ATOMS, "solver": SOLVER, "solver_options": {}},
    ),
    "cvx.path": Door(
        cvx.path,
        {"problem": TALL, "taus": [0.1]},
        {
            "problem": NO_PROBLEM,
            "taus": {
                **wrong.but(wrong.thing(), "an array", "a list", "a set"),
                "zero": [0.0],
                "nan": [math.nan],
                "empty": [],
            },
            "atoms": ATOMS,
            "solver": SOLVER,
            "solver_options": {},
        },
    ),
    "cvx.from_cvxpy": Door(cvx.from_cvxpy, {"problem": TALL}, {"problem": NO_PROBLEM}),
    **of_method("cvx.Smoothing", "solve", lambda: cvx.smooth(TALL, 0.1), {}, {"solver": SOLVER, "solver_options": {}}),
    "cvx.solve": Door(
        lambda problem, **given: problem.solve(method="smoothmax", **given),
        {"problem": TALL},
        {
            **{k: SETTINGS[k] for k in ("tol", "atol", "max_passes", "time_limit", "rng", "options")},
            "algorithm": wrong.name(),
            "verbose": wrong.flag(),
            "warm_start": wrong.flag(),
            "fallback": wrong.flag(),
            "solver": {"another": "SCS", "a number": 3},
            "others": {},
        },
        {k: GENEROUS[k] for k in ("tol", "rng")},
        {"problem": "cvxpy's own method is called on it"},
    ),
}

CELLS = [{"k": 1}, {"k": 2}]
GRID = {"problems": {"one": sm.Minimax(np.eye(2), sm.Simplex(2))}}
SWEEP = Sweep(tasks.draw, CELLS)
PLACE = {**wrong.path(), "a file": __file__}
ITS_OPTIONS = {
    **wrong.but(wrong.thing(), "a dict"),
    "an unknown option": {"nonsense": 1},
    "what the grid decides": {"tau": 1.0},
    "a start": {"x0": [0.0]},
    "a name that is no text": {3: 1},
}
SWEEPS = {
    "sweep.Sweep": Door(
        Sweep,
        {"task": tasks.draw, "cells": CELLS},
        {
            "task": {**wrong.callables(), "a lambda": lambda cell, rng: {}},
            "cells": {
                **wrong.thing(),
                "empty": [],
                "twice the same": [{"k": 1}, {"k": 1}],
                "of things": [{"k": wrong.Thing()}],
                "of bytes": [{"k": b"1"}],
                "of complex": [{"k": 1j}],
                "numbers for names": [{3: 1}],
                "names of the table's own": [{"status": 1}],
            },
            "version": wrong.but(wrong.thing(), "text"),
        },
        {"cells": {"with nan": [{"k": math.nan}], "a generator": iter(CELLS)}},
        {"context": "whatever the cells share"},
    ),
    **of_method(
        "sweep.Sweep",
        "run",
        lambda: SWEEP,
        {"progress": False},
        {
            "out": PLACE,
            "workers": {
                **wrong.but(wrong.integer(), "a function", "a class", "negative"),
                "negative": -7,
                "text": "two",
            },
            "fresh": wrong.flag(),
            "retry": wrong.flag(),
            "progress": wrong.flag(),
        },
    ),
    "sweep.Grid": Door(
        lambda **given: Grid(**given).sweep(),
        GRID,
        {
            "problems": {
                **wrong.thing(),
                "empty": {},
                "a problem alone": GRID["problems"]["one"],
                "numbers": [1.0],
                "a None": {"one": None},
            },
            "methods": {**wrong.thing(), "empty": [], "unknown": ["nonsense"], "a None": [None], "numbers": [3]},
            "taus": {
                **wrong.but(wrong.thing(), "an array", "a list", "a set"),
                "empty": [],
                "zero": [0.0],
                "nan": [math.nan],
                "texts": ["warm"],
                "booleans": [True],
            },
            "seeds": wrong.integer(),
            "options": ITS_OPTIONS,
            "wishes": wrong.thing(),
        },
        {"taus": {"numpy's": np.array([1.0]), "with None": [None, 1.0]}, "methods": {"a tuple": ("newton",)}},
    ),
    **of_method("sweep.Grid", "run", lambda: Grid(**GRID), {"progress": False}, {"out": PLACE, "options": {}}),
    **of_method(
        "sweep.Results", "to_csv", lambda: Results((), 0), {"path": "table.csv"}, {"path": wrong.path(optional=False)}
    ),
}
DOORS = {**CVX, **SWEEPS}
SIGNATURES = {"cvx.solve": word}
