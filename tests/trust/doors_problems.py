"""The doors of components, domains, problems, surrogates and certificates."""

import math
from functools import partial

import numpy as np
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, NonlinearConstraint

import smoothmax as sm

from . import wrong
from .doors import Door, of_method

A, B = np.array([[1.0, 2.0], [3.0, -4.0], [-5.0, 6.0]]), np.array([1.0, 2.0, 3.0])
P = np.stack([np.eye(2)] * 3)
VECTOR = wrong.array((2,))
ANY = wrong.but(wrong.number(infinite=True), "-inf", "negative", "the least", "nan")  # number, nan and inf too


def affine():
    return sm.Affine(A, B)


def square(x):
    return x**2


def no_jacobian(x):
    raise AssertionError("the Jacobian was asked for")


def sparse(value=1.0, shape=(3, 2)):
    return sp.coo_array(([value], ([0], [0])), shape)


MATRIX = {
    **wrong.strange(shape=(3, 2)),
    **wrong.spoilt((3, 2), math.nan, math.inf),
    "a vector": np.ones(3),
    "a scalar": 1.0,
    "deeper": np.ones((3, 2, 2)),
    "sparse with nan": sparse(math.nan),
    "sparse complex": sparse(1j),
}
EMPTY = {"no rows": np.ones((0, 2)), "no columns": np.ones((3, 0)), "empty": []}
VALUE = {"x": VECTOR}
AT = {"x": np.ones(2)}

COMPONENTS = {
    "Affine": Door(
        sm.Affine,
        {"A": A},
        {"A": {**MATRIX, **EMPTY}, "b": wrong.array((3,), optional=True), "absolute": wrong.flag()},
        {"A": {"integers": [[1, 2]], "booleans": [[True]], "sparse": sparse()}, "b": {"integers": [1, 2, 3]}},
    ),
    "Quadratic": Door(
        sm.Quadratic,
        {"P": P, "q": A, "r": B},
        {
            "P": {
                **wrong.strange(shape=(3, 2, 2)),
                **wrong.spoilt((3, 2, 2), math.nan, math.inf),
                "a vector": np.ones(3),
                "longer": np.ones((4, 2, 2)),
                "not square": np.ones((3, 2, 3)),
                "wider": np.ones((3, 3)),
                "nan alone": math.nan,
                "empty": [],
            },
            "q": {**wrong.array((3, 2), optional=True), "a vector": np.ones(2)},
            "r": wrong.array((3,), optional=True),
        },
        {"P": {"a scalar": 2.0, "shared": np.eye(2), "integers": np.stack([np.eye(2, dtype=int)] * 3)}},
    ),
    "Smooth": Door(
        sm.Smooth,
        {"fun": square, "d": 2},
        {
            "fun": {**wrong.callables(), "one of two": [square, 3]},
            "jac": {
                **wrong.but(wrong.name(optional=True), "a function", "a class"),
                **wrong.spoilt((2, 2), math.nan),
                "too many": [square, square],
                "ragged": [[1.0], [1.0, 2.0]],
                "wider": np.ones((2, 3)),
                "sparse with inf": sparse(math.inf, (2, 2)),
            },
            "hess": {**wrong.callables(optional=True), "a matrix": np.eye(2)},
            "d": wrong.integer(optional=True),
            "convex": wrong.flag(),
            "n": wrong.integer(optional=True),
            "workers": wrong.but(wrong.integer(), "a function", "a class"),
            "bounds": {
                **wrong.thing(optional=True),
                "crossed": ([1.0, 1.0], [0.0, 0.0]),
                "nan": ([math.nan] * 2, [1.0] * 2),
                "three": ([0.0], [1.0], [2.0]),
                "ragged": ([[0.0], [0.0, 1.0]], [1.0, 1.0]),
                "longer": (np.zeros(3), np.ones(3)),
            },
            "check": {**wrong.but(wrong.name(), "True"), "two": 2},
        },
        {"jac": {"a name": "cs", "a matrix": np.eye(2)}, "bounds": {"half": ([0.0, 0.0], [np.inf, 1.0])}},
    ),
    "Spectral": Door(
        sm.Spectral,
        {"A0": np.eye(2), "A": P[:2]},
        {
            "A0": {
                **wrong.array((2, 2)),
                "not symmetric": [[0.0, 1.0], [0.0, 0.0]],
                "sparse nan": sparse(np.nan, (2, 2)),
            },
            "A": {
                **wrong.strange(shape=(2, 2, 2)),
                **wrong.spoilt((2, 2, 2), math.nan, math.inf),
                "empty": [],
                "one matrix": np.eye(2),
                "larger": np.ones((2, 3, 3)),
                "not symmetric": [[[0.0, 1.0], [0.0, 0.0]]],
                "of vectors": [np.ones(2)],
                "a scalar": 1.0,
            },
        },
    ),
    "Stack": Door(
        sm.Stack,
        {"parts": [affine(), affine()]},
        {
            "parts": {
                **wrong.thing(),
                "an empty list": [],
                "a family alone": affine(),
                "one of two": [affine(), None],
                "other sizes": [affine(), sm.Affine(np.ones((2, 3)))],
                "classes": [sm.Affine],
            }
        },
        {"parts": {"a generator": (affine() for _ in range(2))}},
    ),
    **of_method("Affine", "value", affine, AT, VALUE),
    **of_method("Quadratic", "value", lambda: sm.Quadratic(P, A, B), AT, VALUE),
    **of_method("Smooth", "value", lambda: sm.Smooth(square, d=2), AT, VALUE),
    **of_method("Spectral", "value", lambda: sm.Spectral(np.eye(2), P[:2]), AT, VALUE),
    **of_method("Stack", "value", lambda: sm.Stack([affine(), affine()]), AT, VALUE),
}

SIDE = {**wrong.strange(shape=(2,)), **wrong.spoilt((2,), math.nan), "deeper": np.zeros((2, 2)), "empty": []}
ROWS = {"A_ub": np.eye(2), "b_ub": np.ones(2), "A_eq": np.ones((1, 2)), "b_eq": np.ones(1)}
LEFT = {
    **wrong.array((2, 2), optional=True),
    "sparse nan": sparse(math.nan, (2, 2)),
    "sparse complex": sparse(1j, (2, 2)),
}
CONSTRUCTORS = {
    "Free": Door(sm.Free, {"d": 2}, {"d": wrong.integer()}, {"d": {"numpy's": np.int8(3)}}),
    "Box": Door(
        sm.Box,
        {"lb": np.zeros(2), "ub": np.ones(2)},
        {
            "lb": {**SIDE, "longer": np.zeros(3), "above": [0.0, 2.0], "inf": np.inf},
            "ub": {**SIDE, "longer": np.ones(3), "below": [-1.0, 2.0], "-inf": -np.inf},
        },
        {"lb": {"-inf": -np.inf, "equal": [1.0, 1.0]}, "ub": {"inf": [np.inf, 1.0], "a scalar": 3}},
    ),
    "Simplex": Door(sm.Simplex, {"d": 2}, {"d": wrong.integer(), "total": wrong.number()}),
    "Ball": Door(
        sm.Ball,
        {"center": np.zeros(2), "radius": 1.0},
        {
            "center": {
                **wrong.strange(),
                **wrong.spoilt((2,), math.nan, math.inf),
                "empty": [],
                "a scalar": 1.0,
                "deeper": A,
            },
            "radius": wrong.number(),
        },
    ),
    "Polyhedron": Door(
        sm.Polyhedron,
        {**ROWS, "bounds": (0.0, 1.0)},
        {
            "A_ub": LEFT,
            "b_ub": wrong.array((2,), optional=True),
            "A_eq": {**wrong.array((1, 2), optional=True), "sparse nan": sparse(math.nan, (1, 2))},
            "b_eq": wrong.but(wrong.array((1,), optional=True), "a scalar"),
            "bounds": {
                **wrong.thing(optional=True),
                "nan": (math.nan, 1.0),
                "crossed": (1.0, 0.0),
                "longer": (np.zeros(3), np.ones(3)),
                "three": (0.0, 1.0, 2.0),
                "texts": ("a", "b"),
                "complex": (1j, 2j),
            },
        },
        {"bounds": {"scipy's": Bounds(0.0, 1.0), "half": (0.0, np.inf)}},
    ),
    "Product": Door(
        sm.Product,
        {"factors": [sm.Free(1), sm.Simplex(2)]},
        {
            "factors": {
                **wrong.thing(),
                "empty": [],
                "a None": [None],
                "a text": "ab",
                "a class": [sm.Free],
                "numbers": [1, 2],
            }
        },
        {"factors": {"scipy's": [Bounds([0.0], [1.0])], "a generator": (sm.Free(1) for _ in range(2))}},
    ),
}

DOMAINS = {
    "Free": sm.Free(2),
    "Box": sm.Box(np.zeros(2), np.ones(2)),
    "Simplex": sm.Simplex(2),
    "Ball": sm.Ball(np.zeros(2), 1.0),
    "Polyhedron": sm.Polyhedron(**ROWS),
    "Product": sm.Product([sm.Free(1), sm.Box([0.0], [1.0])]),
}
TROUBLE = {  # numerical trouble is no bad input
    "nan": [np.nan, 1.0],
    "inf": [np.inf, 1.0],
    "infs": [np.inf, -np.inf],
    "huge": [1e300, -1e300],
    "zeros": np.zeros(2),
    "integers": [3, 4],
}
METHODS = {}
for of, domain in DOMAINS.items():
    make = partial(lambda one: one, domain)
    point = {**wrong.strange(), **wrong.misshapen((2,))}
    METHODS |= {
        **of_method(of, "project", make, {"x": np.ones(2)}, {"x": point}, {"x": TROUBLE}),
        **of_method(
            of,
            "contains",
            make,
            {"x": np.ones(2)},
            {"x": point, "tol": wrong.number(zero=True)},
            {"x": TROUBLE, "tol": {"zero": 0}},
        ),
        **of_method(of, "lmo", make, {"c": np.ones(2)}, {"c": point}, {"c": TROUBLE}),
    }


def problem():
    return sm.Minimax(affine(), sm.Box([-9.0, -9.0], [9.0, 9.0]))


CALLED = NonlinearConstraint(square, -np.inf, 1.0)
PROBLEMS = {
    "Minimax": Door(
        sm.Minimax,
        {"components": affine()},
        {
            "components": {**wrong.but(wrong.thing(), "an array", "a list"), "a vector": np.ones(2), "texts": [["a"]]},
            "domain": {
                **wrong.thing(optional=True),
                "another size": sm.Free(3),
                "the class": sm.Free,
                "scipy's of another size": Bounds(np.zeros(3), np.ones(3)),
                "a constraint of another size": LinearConstraint(np.ones((1, 3)), 0, 1),
                "a constraint of nonlinear ones": CALLED,
            },
            "constraints": {
                **wrong.thing(),
                "one of two": [LinearConstraint([[1.0, 1.0]], 0, 1), 3],
                "another size": LinearConstraint(np.ones((1, 3)), 0, 1),
                "crossed": NonlinearConstraint(square, [1.0, 1.0], [0.0, 0.0]),
                "another length": NonlinearConstraint(square, [1.0, 1.0, 1.0], np.inf),
                "with nan": LinearConstraint([[1.0, math.nan]], 0, 1),
                "nan on the right": LinearConstraint([[1.0, 1.0]], math.nan, 1),
                "texts": NonlinearConstraint(square, "a", 1.0),
            },
        },
        {"components": {"a matrix": A}, "domain": {"scipy's": Bounds(0.0, 1.0)}, "constraints": {"one": CALLED}},
    ),
    **of_method("Minimax", "value", problem, AT, VALUE),
    **of_method(
        "Minimax", "start", problem, {}, {"x0": wrong.array((2,), optional=True)}, {"x0": {"outside": [99, 99]}}
    ),
    "Smoothed": Door(
        sm.Smoothed,
        {"problem": problem(), "tau": 0.5},
        {
            "problem": {**wrong.thing(), "components": affine(), "a matrix": A},
            "tau": wrong.number(),
            "regularizer": {**wrong.name(), "an operator's": sm.tsallis(1.5)},
            "prior": wrong.nonnegative((3,), optional=True),
            "meter": wrong.thing(optional=True),
        },
        {"prior": {"with a zero": [0, 1, 2]}},
    ),
}


def smoothed():
    return sm.Smoothed(problem(), 0.5)


for verb in ("at", "fun", "jac", "fun_and_jac", "hess", "weights", "entropy"):
    PROBLEMS |= of_method("Smoothed", verb, smoothed, AT, VALUE)
PROBLEMS |= {
    **of_method("Smoothed", "hessp", smoothed, {**AT, "v": np.ones(2)}, {**VALUE, "v": VECTOR}),
    **of_method(
        "Smoothed", "as_constraint", smoothed, {"ub": 1.0}, {"ub": wrong.but(wrong.number(), "negative", "the least")}
    ),
    **of_method(
        "Smoothed",
        "beside",
        smoothed,
        {"tau": 1.0},
        {"tau": wrong.number(), "prior": wrong.nonnegative((3,), optional=True)},
    ),
}

PROOF = {"problem": problem(), "x": np.zeros(2), "weights": np.ones(3)}
MULTIPLIERS = {
    **wrong.thing(optional=True),
    "two": (np.zeros(0), np.zeros(0)),
    "longer": sm.Multipliers(np.zeros(1), np.zeros(0), np.zeros(2), np.zeros(2)),
    "with nan": sm.Multipliers(np.zeros(0), np.zeros(0), np.zeros(2), np.array([math.nan, 0.0])),
    "texts": sm.Multipliers("a", "b", "c", "d"),
    "of None": (None, None, None, None),
    "one more nonlinear": sm.Multipliers([], [], [], [], [1.0]),
}
CERTIFICATES = {
    "certify": Door(
        sm.certify,
        PROOF,
        {
            "problem": {**wrong.thing(), "components": affine()},
            "x": VECTOR,
            "weights": wrong.nonnegative((3,), optional=True),
            "multipliers": MULTIPLIERS,
        },
        {
            "x": {"outside": [99, 0]},
            "weights": {"with a zero": [0, 1, 1]},
            "multipliers": {"of lists": sm.Multipliers([], [], [], [], [])},
        },
    ),
    "repair": Door(
        sm.repair,
        PROOF,
        {
            "problem": {**wrong.thing(), "components": affine()},
            "x": VECTOR,
            "weights": wrong.nonnegative((3,)),
            "multipliers": MULTIPLIERS,
            "meter": wrong.thing(optional=True),
        },
    ),
}
DOORS = {**COMPONENTS, **CONSTRUCTORS, **METHODS, **PROBLEMS, **CERTIFICATES}
