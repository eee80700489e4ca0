"""The temperature path: solutions of min F_τ over a schedule of τ, each warm-started from the last.

    dx/dτ = (∇²F_τ)⁻¹ Jᵀ(diag p − ppᵀ) f/τ²                    the predictor from one temperature to the next
    x* ≈ (r·x_{τ/r} − x_τ)/(r − 1)                              the Richardson candidate for τ → 0

The second is exact up to terms exponentially small in 1/τ once the active set of a nondegenerate affine problem has
settled (Cominetti and San Martín 1994; Bach 2020); it is only a candidate, and `extrapolated` is its true max f.
"""

import csv
import io
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Unpack

import numpy as np

from . import _doors
from ._files import write_whole
from ._typing import Array
from .engine import solve_with
from .problem import Minimax, checked
from .regularizers import Regularizer, named
from .result import Interrupted, MinimaxResult
from .schedules import Geometric, for_tolerance
from .settings import Settings, StepOptions, refuse_unknown
from .solvers.newton.predictor import tangent
from .surrogate import SMOOTHINGS, Smoothed

COLUMNS = (
    "tau",
    "fun",
    "smoothed_fun",
    "lower_bound",
    "gap",
    "tau_entropy",
    "tau_log_n",
    "extrapolated",
    "npass",
    "nit",
    "success",
)


@dataclass(frozen=True)
class Path:
    """A table with one row a temperature, from warm to cold.

    Columns: `tau`; `fun` = max f(x_τ); `smoothed_fun` = F_τ(x_τ); `lower_bound`, proven; `gap` = fun − lower_bound;
    `tau_entropy` = τ·H(p); `tau_log_n` = τ·log n (of "gini", −τ·Ω(p) and τ/2·(1 − 1/n)); `extrapolated` = max f at the
    Richardson candidate (nan in the first row); `npass`, `nit`: cost of that row; `success`: the smoothed optimum of
    that row is proven.
    """

    records: tuple[dict[str, Any], ...]
    results: tuple[MinimaxResult, ...] = field(repr=False, default=())
    regularizer: str = "shannon"

    def __repr__(self) -> str:
        if not self.records:
            return "Path(no temperatures)"
        taus = f"{len(self.records)} temperatures, {self.records[0]['tau']:.6g} to {self.records[-1]['tau']:.6g}"
        return f"Path({taus}: {self.lower_bound:.6g} ≤ minimum ≤ {self.best:.6g})"

    @property
    def best(self) -> float:
        """The smallest max f seen on the path, extrapolated points included."""
        seen = [r[name] for r in self.records for name in ("fun", "extrapolated")]
        return min((float(v) for v in seen if not math.isnan(v)), default=math.nan)

    @property
    def lower_bound(self) -> float:
        """The largest proven lower bound on the path."""
        return max(float(r["lower_bound"]) for r in self.records)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(self.records[0]) if self.records else COLUMNS

    def to_dict(self) -> dict[str, list[Any]]:
        """Columns by name."""
        return {name: [r[name] for r in self.records] for name in self.columns}

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """The table as CSV text; also written to `path` (whole or not at all) where one is given."""
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: _plain(v) for k, v in r.items()} for r in self.records)
        if path is not None:
            write_whole(path, lambda file: file.write(text.getvalue().encode()))
        return text.getvalue()

    def plot(self, path: str | os.PathLike[str] | None = None, **options: Any) -> Any:
        """Log–log picture of gap, τ·H(p), τ·log n and the extrapolated error against τ; saved as PNG, SVG or PDF."""
        from .plots import path_figure

        return path_figure(self.to_dict(), path, **{"regularizer": self.regularizer, **options})


def path(
    problem: Minimax,
    taus: Iterable[float] | None = None,
    *,
    eps: float | None = None,
    method: str = "auto",
    x0: Any = None,
    tol: float = 1e-8,
    **solve_options: Unpack[StepOptions],
) -> Path:
    """Minimize F_τ for a falling schedule of τ.

    Parameters
    ----------
    problem : Minimax
    taus : iterable of floats or schedule, optional
        Temperatures in the units of f; sorted from warm to cold.
    eps : float, optional
        Instead of `taus`: a geometric schedule (factor 4) down to τ·log n = eps. Without either, eps is 1e-6 of the
        spread of f at the start.
    method, x0, tol, **solve_options
        As for `solve`; each temperature is solved to its own proven smoothed gap.

    Returns
    -------
    Path
        One row a temperature.

    Raises
    ------
    TypeError, ValueError
        Both `taus` and `eps`, an empty or non-positive schedule, or what `solve` refuses.
    Interrupted
        On Ctrl-C; `.path` holds the temperatures that were finished.
    """
    checked(problem)
    refuse_unknown("path", solve_options, StepOptions)
    x = problem.start(x0)
    records: list[dict[str, Any]] = []
    results: list[MinimaxResult] = []
    kind = named(solve_options.get("regularizer", "shannon"), SMOOTHINGS)
    surrogate = partial(Smoothed, problem, regularizer=kind)
    try:
        for tau in _temperatures(problem, x, taus, eps, kind):
            if results:
                x = predict(results[-1], surrogate(results[-1].tau), surrogate(tau))
            settings = Settings.of(problem, tau=tau, tol=tol, method=method, **solve_options)
            found = solve_with(problem, x, settings, warm=bool(results))
            candidate = math.nan if not results else _extrapolated(problem, results[-1], found)
            record = _record(surrogate(tau), found, candidate)
            results.append(found)
            records.append(record)
            if math.isnan(found.smoothed_fun):
                break
    except KeyboardInterrupt as stop:  # within a solve it has a result of its own
        if not isinstance(stop, Interrupted) and not results:
            raise
        told = stop if isinstance(stop, Interrupted) else Interrupted(results[-1])
        told.path = Path(tuple(records), tuple(results[: len(records)]), kind.name)
        raise told from None
    return Path(tuple(records), tuple(results), kind.name)


@np.errstate(all="ignore")
def predict(last: MinimaxResult, here: Smoothed, there: Smoothed) -> Array:
    """x + (dx/dτ)·(τ_new − τ) where that lowers F at the new τ, else x."""
    stay, problem = np.asarray(last.x), here.problem
    if not problem.components.rows or problem.d > 2000 or not math.isfinite(last.smoothed_fun):
        return stay
    step = tangent(here.at(stay)) * (there.tau - here.tau)
    guess = np.asarray(problem.domain.project(stay + step)) if np.isfinite(step).all() else stay
    value = there.fun(guess) if np.isfinite(guess).all() else math.nan
    return guess if math.isfinite(value) and value < there.fun(stay) else stay


def _extrapolated(problem: Minimax, warm: MinimaxResult, cold: MinimaxResult) -> float:
    """max f at the Richardson candidate; nan where there is none."""
    x = _richardson(problem, warm, cold)
    return problem.value(x) if np.isfinite(x).all() else math.nan


@np.errstate(all="ignore")
def _richardson(problem: Minimax, warm: MinimaxResult, cold: MinimaxResult) -> Array:
    ratio = warm.tau / cold.tau
    return np.asarray(problem.domain.project((ratio * cold.x - warm.x) / (ratio - 1)))


def _temperatures(
    problem: Minimax, x: Array, taus: Iterable[float] | None, eps: float | None, kind: Regularizer
) -> Sequence[float]:
    if taus is not None:
        if eps is not None:
            raise ValueError("give taus or eps, not both")
        return _doors.temperatures("taus", taus)
    f = problem.components.value(x)
    spread = float(f.max() - f.min()) or float(np.abs(f).max()) or 1.0
    if not math.isfinite(spread):
        return [1.0]  # solve will say what is wrong at the start
    eps = 1e-6 * spread if eps is None else eps
    schedule: Geometric = for_tolerance(eps, problem.n, spread / 4, regularizer=kind)
    return list(schedule)


def _record(surrogate: Smoothed, r: MinimaxResult, extrapolated: float) -> dict[str, Any]:
    # F_τ − ⟨p, f⟩ = τ·H(p) at the softmax weights of the point itself (identity 2)
    p_entropy, tau = surrogate.entropy(r.x) if math.isfinite(r.smoothed_fun) else math.nan, surrogate.tau
    return {
        "tau": tau,
        "fun": r.fun,
        "smoothed_fun": r.smoothed_fun,
        "lower_bound": r.lower_bound,
        "gap": r.gap,
        "tau_entropy": tau * p_entropy,
        "tau_log_n": surrogate.bound,
        "extrapolated": extrapolated,
        "npass": r.npass,
        "nit": r.nit,
        "success": r.success,
    }


def _plain(value: Any) -> Any:
    return repr(float(value)) if isinstance(value, (float, np.floating)) else value
