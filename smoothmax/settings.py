"""What a solve is asked for, checked once at the door."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np

from . import _doors
from ._typing import Array
from .choose import named
from .problem import checked
from .regularizers import Regularizer
from .regularizers import named as regularizer_of
from .solvers import METHODS, Direct, Method
from .surrogate import SMOOTHINGS, check_prior, kind_of


class StepOptions(TypedDict, total=False):
    """What `solve` takes besides the problem, and `path` for each temperature."""

    atol: float | None
    regularizer: str
    prior: Any
    max_passes: float
    time_limit: float | None
    callback: Callable[..., Any] | None
    progress: bool
    rng: Any
    options: dict[str, Any] | None


class SolveOptions(StepOptions, total=False):
    """What `minimax` hands on to `solve`."""

    tau: float | None
    tol: float
    method: str


def refuse_unknown(function: str, given: Any, options: type) -> None:
    """A TypeError in the name of the function that was called, for an option that there is not."""
    for name in given:
        if name not in options.__annotations__:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}")


@dataclass(frozen=True)
class Settings:
    """The arguments of `solve`, in the form the rooms below take them."""

    method: type[Method] | type[Direct]
    why: str
    auto: bool
    tau: float | None
    regularizer: Regularizer
    tol: float
    atol: float | None
    prior: Array | None
    max_passes: float
    time_limit: float | None
    callback: Callable[..., Any] | None
    progress: bool
    options: dict[str, Any]
    rng: np.random.Generator

    @classmethod
    def of(
        cls,
        problem: Any,
        *,
        tau: Any = None,
        tol: Any = 1e-8,
        atol: Any = None,
        method: Any = "auto",
        regularizer: Any = "shannon",
        prior: Any = None,
        max_passes: Any = 10_000,
        time_limit: Any = None,
        callback: Any = None,
        progress: Any = False,
        rng: Any = None,
        options: Any = None,
    ) -> "Settings":
        """Check every argument; one clear TypeError or ValueError for the first that is wrong."""
        checked(problem)
        smoothing = regularizer_of(regularizer, SMOOTHINGS)
        if callback is not None and not callable(callback):
            raise TypeError(f"callback must be callable, callback(intermediate_result); got {type(callback).__name__}")
        maker, why = named(method, problem, tau is not None, smoothing.name)
        return cls(
            method=maker,
            why=why,
            auto=isinstance(method, str) and method == "auto",
            tau=None if tau is None else _doors.positive("tau", tau),
            regularizer=smoothing,
            tol=_doors.positive("tol", tol, zero=True),
            atol=None if atol is None else _doors.positive("atol", atol, zero=True),
            prior=None if prior is None else check_prior(prior, problem.n, kind_of(smoothing)),
            max_passes=math.inf
            if isinstance(max_passes, float) and max_passes == math.inf
            else _doors.positive("max_passes", max_passes),
            time_limit=None if time_limit is None else _doors.positive("time_limit", time_limit, zero=True),
            callback=callback,
            progress=_doors.flag("progress", progress),
            options=_known(maker, options),
            rng=_generator(rng),
        )


def _known(maker: type[Method] | type[Direct], options: Any) -> dict[str, Any]:
    if options is not None and not isinstance(options, dict):
        raise TypeError(f"options must be a dict; got {type(options).__name__}")
    for name in options or {}:
        if name not in maker.takes:
            known = f"knows {', '.join(map(repr, maker.takes))}" if maker.takes else "takes none"
            others = [repr(other.name) for other in METHODS.values() if name in other.takes]
            hint = f"; method={' or '.join(others)} takes it" if others else ""
            raise ValueError(f"options[{name!r}] is unknown: method {maker.name!r} {known}{hint}")
    return dict(options or {})


def _generator(rng: Any) -> np.random.Generator:
    """SPEC 7: a seed, a Generator or None, which is the seed 0 here, so that a solve can be repeated."""
    try:
        return np.random.default_rng(0 if rng is None else rng)
    except (TypeError, ValueError) as wrong:
        raise TypeError(f"rng must be None, an integer seed or a numpy Generator; got {rng!r}") from wrong
