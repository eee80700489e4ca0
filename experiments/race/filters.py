"""FIR filters with linear phase: scipy.signal.remez, and the same problem on the same grid for us."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.signal

import smoothmax as sm
from experiments._peers import Answer, timed

EDGES, WANTED, WEIGHTS, DENSITY = (0.0, 0.2, 0.23, 0.5), (1.0, 0.0), (1.0, 10.0), 16


def lowpass(taps: int) -> sm.Minimax:
    """min over c of max |W(ω)·(Σ_k c_k cos kω − D(ω))| on remez's own grid, for an odd number of taps."""
    half = taps // 2 + 1
    step, f, target, weight = 0.5 / (DENSITY * half), [], [], []
    for k, (wanted, heavy) in enumerate(zip(WANTED, WEIGHTS, strict=True)):
        low, high = EDGES[2 * k : 2 * k + 2]
        band = low + step * np.arange(int((high - low) / step + 0.5))
        f.append(np.append(band[:-1], high))
        target.append(np.full(band.size, wanted))
        weight.append(np.full(band.size, heavy))
    w = np.concatenate(weight)
    basis = np.cos(2 * np.pi * np.outer(np.concatenate(f), np.arange(half)))
    return sm.Minimax(sm.Affine(w[:, None] * basis, -w * np.concatenate(target), absolute=True))


def remez(problem: sm.Minimax, limit: float) -> Answer:
    """scipy.signal.remez; it has no time limit, and stops after 200 exchanges."""

    def solve() -> tuple[Any, str]:
        taps, half = 2 * problem.d - 1, problem.d - 1
        h = scipy.signal.remez(taps, EDGES, WANTED, weight=WEIGHTS, grid_density=DENSITY, maxiter=200)
        return np.append(h[half], 2 * h[half + 1 :]), "converged"

    return timed(solve)
