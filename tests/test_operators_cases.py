"""Published and constructed trouble: 89 inputs that broke some log-sum-exp or softmax somewhere.

tests/data/operator_cases.json holds the inputs, each with a tolerance and an answer, from mpmath or from
decided semantics (``expected_source``), and the public issue it came from where there is one. Where a case
allows several answers this library gives the first, but for those in ``DECIDED``.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smoothmax import operators

CASES = json.loads((Path(__file__).parent / "data" / "operator_cases.json").read_text())

FUNCTIONS = {
    "logsumexp": operators.logsumexp,
    "smoothmax": operators.logsumexp,
    "smoothmax_mean": operators.mellowmax,
    "softmax": operators.softmax,
    "softmax_tau": operators.softmax,
    "grad_logsumexp": operators.softmax,
    "log_softmax": operators.log_softmax,
}

# A masked array is refused by name rather than reduced; everything else gives the case's first answer.
DECIDED = {"layout_masked_array": "error"}


class Subclass(np.ndarray):
    """A subclass with nothing of its own."""


def strided(a):
    wide = np.zeros(tuple(2 * s for s in a.shape), a.dtype)
    view = wide[tuple(slice(None, None, 2) for _ in a.shape)]
    view[...] = a
    return view


def readonly(a):
    a.flags.writeable = False
    return a


LAYOUTS = {
    None: lambda a: a,
    "readonly": readonly,
    "strided": strided,
    "subclass": lambda a: a.view(Subclass),
    "list": lambda a: a.tolist(),
    "pandas_series": pd.Series,
    "negstride": lambda a: np.ascontiguousarray(a[::-1])[::-1],
    "fortran": np.asfortranarray,
    "zerostride": lambda a: np.broadcast_to(a[:, :1], a.shape),
    "masked": lambda a: np.ma.MaskedArray(a, mask=[False, False, True]),
}


def matrix(a):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return np.matrix(a)


def build(x, dtype, layout=None):
    if isinstance(x, dict):
        if "empty" in x:
            return np.empty(x["empty"], dtype)
        flat = np.concatenate([np.full(count, float(v), dtype) for v, count in x["rle"]])
        return flat.reshape(x.get("shape", [-1]))
    a = np.array(numbers(x), dtype)
    return matrix(a) if layout == "matrix" else LAYOUTS[layout](a)


def numbers(x):
    if isinstance(x, list):
        return [numbers(v) for v in x]
    return float(x) if isinstance(x, str) else x


def call(case):
    x = build(case["x"], case["dtype"], case.get("layout"))
    tau = {} if case["tau"] is None else {"tau": case["tau"]}
    if case["op"] == "logaddexp":
        return operators.logaddexp(x, build(case["y"], case["dtype"]), **tau)
    axis = tuple(case["axis"]) if isinstance(case["axis"], list) else case["axis"]
    options = tau | {"axis": axis}
    if case["weights"] is not None:
        options["prior"] = case["weights"]
    if case.get("where") is not None:
        options["where"] = case["where"]
    if case["keepdims"]:
        options["keepdims"] = True
    return FUNCTIONS[case["op"]](x, **options)


def test_there_are_89_of_them():
    assert len({case["name"] for case in CASES}) == len(CASES) == 89


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case):
    expected = DECIDED.get(case["name"], case["expected"])
    if expected == "error":
        with pytest.raises((TypeError, ValueError)):
            call(case)
        return
    with np.errstate(all="raise"):
        result = call(case)
    expected = np.array(numbers(expected), float)
    assert np.shape(result) == expected.shape
    dtype = np.dtype(case["dtype"])
    assert result.dtype == (dtype.newbyteorder("=") if dtype.kind == "f" else np.float64)
    np.testing.assert_allclose(np.asarray(result, float), expected, **case["tolerance"])
