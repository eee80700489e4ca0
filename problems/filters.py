"""Linear-phase FIR filters: min over c of max over the bands of weight(f) |A(f) - desired(f)|.

A(f) = sum_k c_k cos(2 pi k f) for an odd number of taps N, k = 0..(N-1)/2, and sum_k c_k cos(2 pi (k + 1/2) f) for an
even one, k = 0..N/2-1; f in cycles a sample. The grid holds the extremal frequencies of the problem on the whole bands,
so that it has the optimum of the bands (see chebyshev.py). What side constraints do is beyond the exchange algorithm.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import LinearConstraint

import smoothmax as sm
from problems.case import Case
from problems.tables import DATA

Floats = NDArray[np.float64]
COMPUTED = "ripple by Remez exchange in 30 digits, bracketed by a linear program"
NOTCH, OVERSHOOT = 0.35, 0.03  # the frequency of the exact zero; how far the step response may leave [0, 1]
NOTCHED = 0.012360026412929714  # by HiGHS on the grid
STEP = 0.07818361942404287


@dataclass(frozen=True, eq=False)
class Filter:
    """What a filter is to do, band by band, and its best ripple as text."""

    name: str
    numtaps: int
    bands: Floats  # (B, 2)
    desired: Floats  # (B,)
    weights: Floats  # (B,)
    ripple: str
    extremal: Floats  # the frequencies at which the best filter errs most
    printed_taps: Floats | None  # the first half of the impulse response, as published
    source: str

    def grid(self, density: int = 16) -> tuple[Floats, Floats, Floats]:
        """(frequencies, desired, weights): equispaced with the edges of the bands, density·N over [0, 1/2]."""
        step = 0.5 / (density * self.numtaps)
        parts = [np.linspace(a, b, int(np.ceil((b - a) / step)) + 1) for a, b in self.bands]
        return self.on(np.concatenate(parts))

    def on(self, f: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """(f, desired, weights) at frequencies within the bands."""
        f = np.asarray(f, dtype=float)
        band = np.argmax((f[:, None] >= self.bands[:, 0]) & (f[:, None] <= self.bands[:, 1]), axis=1)
        return f, self.desired[band], self.weights[band]

    def with_extremal(self, density: int = 16) -> tuple[Floats, Floats, Floats]:
        """The same grid and the extremal frequencies."""
        return self.on(np.union1d(self.grid(density)[0], self.extremal))


def amplitude(f: ArrayLike, numtaps: int) -> Floats:
    """The cosines whose combination A(f) is, (F, ceil(N/2))."""
    k = np.arange((numtaps + 1) // 2) + (0.0 if numtaps % 2 else 0.5)
    return np.cos(2 * np.pi * np.multiply.outer(np.asarray(f, dtype=float), k))


def taps(numtaps: int) -> Floats:
    """The matrix from the coefficients c to the symmetric impulse response h, (N, ceil(N/2))."""
    distance = np.abs(np.arange(numtaps) - (numtaps - 1) / 2)
    column = (distance if numtaps % 2 else distance - 0.5).astype(int)
    T = np.zeros((numtaps, (numtaps + 1) // 2))
    T[np.arange(numtaps), column] = np.where(distance > 0, 0.5, 1.0)
    return T


def design(numtaps: int, f: ArrayLike, desired: Floats, weights: Floats, constraints: object = ()) -> sm.Minimax:
    """The problem min over c of max_j weights_j |A(f_j) - desired_j|."""
    V = amplitude(f, numtaps)
    return sm.Minimax(sm.Affine(weights[:, None] * V, -weights * desired, absolute=True), None, constraints)


@cache
def filters() -> dict[str, Filter]:
    """The specifications of the data file, by name."""
    table = json.loads((DATA / "fir_minimax.json").read_text(encoding="utf-8"))
    return {row["name"]: _filter(row) for row in table}


def _filter(row: dict[str, object]) -> Filter:
    arrays = {key: np.array(row[key], dtype=float) for key in ("bands", "desired", "weights", "extremal")}
    half = row["published_first_half"]
    printed = None if half is None else np.array(half, dtype=float)
    name, numtaps, ripple, source = str(row["name"]), int(str(row["numtaps"])), str(row["ripple"]), str(row["source"])
    return Filter(name=name, numtaps=numtaps, ripple=ripple, source=source, printed_taps=printed, **arrays)


def notch() -> sm.Minimax:
    """The lowpass of 27 taps with gain exactly 1 at f = 0 and exactly 0 at `NOTCH`: linear equalities."""
    spec = filters()["fir-lowpass27"]
    held = LinearConstraint(amplitude([0.0, NOTCH], spec.numtaps), [1.0, 0.0], [1.0, 0.0])
    return design(spec.numtaps, *spec.grid(), constraints=held)


def gentle_step() -> sm.Minimax:
    """The lowpass of 24 taps whose step response stays within `OVERSHOOT` of [0, 1]: linear inequalities."""
    spec = filters()["fir-lowpass24"]
    response = np.cumsum(taps(spec.numtaps), axis=0)
    held = LinearConstraint(response, np.full(spec.numtaps, -OVERSHOOT), np.full(spec.numtaps, 1.0 + OVERSHOOT))
    return design(spec.numtaps, *spec.grid(), constraints=held)


def cases() -> Iterator[Case]:
    """Five published specifications, and two filters with side constraints."""
    for spec in filters().values():
        problem = design(spec.numtaps, *spec.with_extremal())
        start = np.zeros(problem.d)
        yield Case(
            spec.name, problem, start, float(spec.ripple), f"{spec.source}; {COMPUTED}", printed=spec.ripple[:15]
        )
    for name, problem, value in (("fir-notch27", notch(), NOTCHED), ("fir-step24", gentle_step(), STEP)):
        yield Case(name, problem, problem.start(), value, "made here; optimum by a linear program (HiGHS)")
