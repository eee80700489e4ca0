"""The doors of the operators, the regularizers and the losses: nan and inf are numbers there, and empty arrays too."""

import numpy as np

import smoothmax as sm
from smoothmax import losses
from smoothmax.regularizers import named

from . import wrong
from .doors import Door, of_method

X = np.array([[1.0, 2.0], [3.0, 4.0]])
P = np.full((2, 2), 0.25)
LEGITIMATE = {
    "nan": [[np.nan, 1.0]],
    "inf": [[np.inf, -np.inf]],
    "empty": [],
    "a scalar": 3.0,
    "integers": [[1, 2]],
    "booleans": [[True, False]],
    "deeper": np.ones((2, 2, 2)),
    "a huge number": 1e308,
}
TAU = {"zero": 0.0, "minus zero": -0.0, "a fraction": np.float32(0.5), "an integer": 2, "a 0-d array": np.array(2.0)}
FREELY = wrong.number(zero=True)  # of an operator's temperature, where τ = 0 is the maximum
OVER_X = {**wrong.strange(optional=True, shape=(2, 2)), "longer": np.ones((2, 3)), "deeper": np.ones((2, 2, 2))}
MASK = {**OVER_X, "integers": np.ones((2, 2), int), "numbers": np.ones((2, 2)), "strings": np.full((2, 2), "True")}
PRIOR = {**OVER_X, **wrong.spoilt((2, 2), -1.0, np.nan, np.inf)}
AXES = {"none of them": (), "both": (0, 1), "from behind": -1, "numpy's": np.int64(1), "a 0-d array": np.array(1)}
PARTS = {
    "x": (wrong.strange(shape=(2, 2)), LEGITIMATE),
    "tau": (FREELY, TAU),
    "axis": (wrong.axis(), AXES),
    "prior": (PRIOR, {"zeros": np.zeros((2, 2)), "a scalar": 0.5, "a row": [0.5, 0.5], "integers": [1, 2]}),
    "where": (MASK, {"nothing": np.zeros((2, 2), bool), "a scalar": True, "a row": [True, False]}),
    "keepdims": (wrong.flag(), {"numpy's": np.True_}),
}


def reduction(function, *more):
    """A function of x, tau, axis and perhaps prior, where and keepdims."""
    names = ("x", "tau", "axis", *more)
    return Door(function, {"x": X}, {k: PARTS[k][0] for k in names}, {k: PARTS[k][1] for k in names})


OPERATORS = {
    "logsumexp": reduction(sm.logsumexp, "prior", "where", "keepdims"),
    "smooth_min": reduction(sm.smooth_min, "prior", "where", "keepdims"),
    "mellowmax": reduction(sm.mellowmax, "where", "keepdims"),
    "softmax": reduction(sm.softmax, "prior", "where"),
    "log_softmax": reduction(sm.log_softmax, "prior", "where"),
    "logsumexp_dtau": reduction(sm.logsumexp_dtau),
    "logsumexp_plus": reduction(sm.logsumexp_plus),
    "smooth_max": Door(
        sm.smooth_max,
        {"x": X},
        {**{k: PARTS[k][0] for k in ("x", "tau", "axis")}, "regularizer": wrong.name()},
        {**{k: PARTS[k][1] for k in ("x", "tau", "axis")}, "regularizer": {"tsallis": sm.tsallis(1.5)}},
    ),
    "logsumexp_hessian": Door(
        sm.logsumexp_hessian,
        {"x": X[0]},
        {"x": {**wrong.strange(), "a matrix": X, "a scalar": 1.0}, "tau": wrong.number()},
        {"x": {"nan": [np.nan, 1.0], "inf": [np.inf, 1.0], "empty": [], "booleans": [True, False]}},
    ),
    "logsumexp_hvp": Door(
        sm.logsumexp_hvp,
        {"x": X, "v": X},
        {"x": wrong.strange(shape=(2, 2)), "v": OVER_X, "tau": wrong.number(), "axis": wrong.axis()},
        {"x": {"nan": X * np.nan}, "v": {"a scalar": 1.0, "a row": [1.0, 2.0], "inf": X * np.inf}, "axis": AXES},
    ),
    "entropy": Door(
        sm.entropy,
        {"p": P},
        {"p": {**wrong.strange(shape=(2, 2)), **wrong.spoilt((2, 2), -1.0)}, "axis": wrong.axis()},
        {"p": {**LEGITIMATE, "inf": [np.inf]}, "axis": AXES},
    ),
    "kl_divergence": Door(
        sm.kl_divergence,
        {"p": P, "q": P},
        {
            "p": {**wrong.strange(shape=(2, 2)), **wrong.spoilt((2, 2), -1.0)},
            "q": {**OVER_X, **wrong.spoilt((2, 2), -1.0), "None": None} | {"deeper": np.ones((2, 3, 2))},
            "axis": wrong.axis(),
        },
        {"p": {"nan": P * np.nan, "a scalar": 0.5}, "q": {"zeros": 0 * P, "nan": P * np.nan, "a scalar": 0.5}},
    ),
    "logaddexp": Door(
        sm.logaddexp,
        {"x": X, "y": X},
        {"x": wrong.strange(shape=(2, 2)), "y": {**wrong.strange(shape=(2, 2)), "longer": np.ones(3)}, "tau": FREELY},
        {"x": LEGITIMATE | {"empty": np.ones((0, 2, 2))}, "y": {"a scalar": 1.0, "nan": X * np.nan}, "tau": TAU},
    ),
    "log_matmul": Door(
        sm.log_matmul,
        {"A": X, "B": X},
        {
            "A": {**wrong.strange(shape=(2, 2)), "a scalar": 1.0},
            "B": {**wrong.strange(shape=(2, 2)), "a scalar": 1.0, "longer": np.ones((3, 2)), "empty": []},
            "tau": FREELY,
        },
        {"A": {"nan": X * np.nan, "a row": [1.0, 2.0], "no rows": np.ones((0, 2))}, "B": {"inf": X * np.inf}},
    ),
    "LogSumExpAccumulator": Door(sm.LogSumExpAccumulator, {}, {"tau": FREELY}, {"tau": TAU}),
    **of_method(
        "LogSumExpAccumulator",
        "update",
        sm.LogSumExpAccumulator,
        {"x": X},
        {"x": wrong.strange(shape=(2, 2))},
        {"x": LEGITIMATE},
    ),
    **of_method(
        "LogSumExpAccumulator",
        "merge",
        sm.LogSumExpAccumulator,
        {"other": sm.LogSumExpAccumulator()},
        {"other": {**wrong.thing(), "another tau": sm.LogSumExpAccumulator(2.0)}},
    ),
}

SPOILT = {**wrong.strange(), **wrong.spoilt((2,), -1.0, np.nan), "too much": [1.0, 1.0], "zeros": np.zeros(2)}
ONE = {"p": np.array([0.5, 0.5])}
AXIS = {**wrong.axis(), "beyond": 1, "before": -2}
REGULARIZERS = {"tsallis": Door(sm.tsallis, {"alpha": 1.5}, {"alpha": wrong.number(1.0)}, {"alpha": {"three": 3}})}
for omega in ("shannon", "gini", sm.tsallis(1.5)):
    kind = named(omega)
    of = type(kind).__name__

    def make(kind=kind):
        return kind

    REGULARIZERS |= {
        **of_method(of, "value", make, ONE, {"p": SPOILT, "axis": AXIS}, {"p": {"a scalar": 1.0}}),
        **of_method(
            of,
            "maximum",
            make,
            {"z": X},
            {"z": wrong.strange(shape=(2, 2)), "tau": FREELY, "axis": wrong.axis()},
            {"z": LEGITIMATE, "tau": TAU, "axis": AXES},
        ),
        **of_method(
            of,
            "hvp",
            make,
            {"z": X, "v": X},
            {"z": wrong.strange(shape=(2, 2)), "v": OVER_X, "tau": wrong.number(), "axis": wrong.axis()},
            {"v": {"a scalar": 1.0}},
        ),
        **of_method(of, "bound", make, {"n": 3}, {"n": wrong.integer(), "tau": FREELY}, {"tau": TAU}),
        **of_method(of, "gradient", make, ONE, {"p": wrong.strange()}, {"p": {"a list": [0.5, 0.5]}}),
        **of_method(of, "slopes", make, ONE, {"p": wrong.strange()}, {"p": {"a list": [0.5, 0.5]}}),
    }

D = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 3.0], [2.0, 3.0, 0.0]])
Q = np.ones((2, 3))
ROW = {**wrong.strange(shape=(2, 3)), "a vector": np.ones(3), "a scalar": 1.0}
MASKS = {**{k: v for k, v in MASK.items() if k != "deeper"}, "longer": np.ones((3, 2), bool)}
ATTENTION = {
    "q": {**ROW, "no rows": np.ones((0, 3)), "no columns": np.ones((2, 0)), "batches": np.ones((2, 2, 3))},
    "k": {**ROW, "wider": np.ones((2, 4)), "no rows": np.ones((0, 3)), "batches": np.ones((4, 2, 3))},
    "v": {**ROW, "longer": np.ones((3, 3)), "batches": np.ones((4, 2, 3))},
    "mask": MASKS,
    "causal": wrong.flag(),
    "scale": wrong.number(optional=True),
    "block": wrong.integer(),
}
TARGETS = {
    "logits": {**wrong.strange(shape=(2, 3)), "a scalar": 1.0, "no classes": np.ones((2, 0))},
    "target": {
        **wrong.strange(shape=(2,)),
        "classes beyond": [0, 3],
        "classes below": [0, -1],
        "one class": 1,
        "classes as numbers": [0.0, 1.0],
        "longer": [0, 1, 2],
        **wrong.spoilt((2, 3), -1.0, np.nan),
    },
    "axis": {**wrong.axis(optional=False), "both": (0, 1)},
}
GOOD = {"logits": Q, "target": np.array([0, 2])}
FINE = {
    "logits": {"nan": Q * np.nan, "inf": Q * np.inf},
    "target": {"a distribution": Q / 3, "small integers": np.array([0, 1], np.int8)},
    "axis": {"numpy's": np.int64(-1)},
}
LOSSES = {
    "losses.cross_entropy": Door(losses.cross_entropy, GOOD, TARGETS, FINE),
    "losses.cross_entropy_grad": Door(losses.cross_entropy_grad, GOOD, TARGETS, FINE),
    "losses.attention": Door(
        losses.attention,
        {"q": Q, "k": Q, "v": Q},
        {**ATTENTION, "q": {k: v for k, v in ATTENTION["q"].items() if k != "batches"}}
        | {"k": {k: v for k, v in ATTENTION["k"].items() if k != "batches"}}
        | {"v": {k: v for k, v in ATTENTION["v"].items() if k != "batches"}},
        {"q": {"nan": Q * np.nan, "batches": np.ones((2, 2, 3))}, "mask": {"a row": [True, False]}},
    ),
    "losses.attention_vjp": Door(
        losses.attention_vjp,
        {"q": Q, "k": Q, "v": Q, "grad": Q},
        {**ATTENTION, "grad": {**ROW, "longer": np.ones((3, 3)), "batches": np.ones((2, 2, 3))}},
        {"grad": {"nan": Q * np.nan}},
    ),
    "losses.lifted_structured": Door(
        losses.lifted_structured,
        {"distances": D, "labels": np.array([0, 0, 1])},
        {
            "distances": {**wrong.strange(shape=(3, 3)), "a vector": np.ones(3), "longer": np.ones((4, 3))},
            "labels": {**wrong.strange(shape=(3,)), "numbers": np.ones(3), "longer": [1, 2, 3, 4], "a scalar": 1},
            "margin": wrong.number(zero=True),
            "tau": wrong.number(),
        },
        {"distances": {"nan": D * np.nan, "inf": D + np.inf}, "margin": {"zero": 0}},
    ),
}
DOORS = {**OPERATORS, **REGULARIZERS, **LOSSES}
