"""Arrays of other libraries: array-api-strict always, PyTorch and JAX where they are installed."""

import importlib
import os

import array_api_strict
import numpy as np
import pytest


def _torch():
    torch = importlib.import_module("torch")
    return lambda a: torch.tensor(np.array(a, order="C")), lambda a: a.detach().numpy()


def _jax():
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    return jax.numpy.asarray, np.asarray


def _strict():
    return array_api_strict.asarray, lambda a: np.asarray(a._array)


MAKERS = {"strict": _strict, "torch": _torch, "jax": _jax}
WANTED = os.environ.get("SMOOTHMAX_BACKENDS", "strict").split(",")  # make test-backends names them all


def library(name):
    """(make, read) of a library; the test is skipped where it is not asked for."""
    if name not in WANTED:
        pytest.skip(f"{name} is tested by `make test-backends`")
    return MAKERS[name]()
