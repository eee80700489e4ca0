"""What does a temperature path of a cvxpy problem cost when it compiles once, and how good was the bound?

Stack loss and diabetes (real), and Gaussian ℓ∞ regressions: 20 temperatures, once by `cvx.path` (both sides, τ a
Parameter) and once as one would write it in cvxpy, a new problem tau*log_sum_exp(f/tau) for every τ; by Clarabel.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import cvxpy as cp
import numpy as np
from matplotlib.figure import Figure

from experiments._cases import find
from experiments._tables import Rows, columns, groups
from experiments._words import duration, number, ratio
from smoothmax import cvx, plots

TIMED = True  # a clock runs: nothing else should
POINTS = 20
QUICK = ("stackloss",)
NAMES = ("stackloss", "diabetes", "gaussian-300x10-0", "gaussian-2000x20-0")
UNITS = {"stackloss": "0.1 % of NH₃ lost", "diabetes": "disease score"}


def run(*, quick: bool = False) -> Rows:
    """One row per problem and temperature."""
    table: Rows = []
    for name in QUICK if quick else NAMES:
        F, x = _statement(name)
        problem = cp.Problem(cp.Minimize(cp.norm_inf(F)))
        x.value = np.zeros(x.shape)
        taus = np.geomspace(0.3, 3e-5, POINTS) * float(problem.objective.value)
        x.value = None
        path = cvx.path(problem, taus)
        by_hand = [_by_hand(F, tau) for tau in taus]
        table += [
            {"problem": name, "n": 2 * F.size, "d": x.size, **row, **hand}
            for row, hand in zip(path.records, by_hand, strict=True)
        ]
    return table


def _statement(name: str) -> tuple[Any, Any]:
    """A x − b and x of a regression of the catalogue, or of a Gaussian one of that size and seed."""
    if name.startswith("gaussian"):
        size, seed = name.removeprefix("gaussian-").split("-")
        n, d = map(int, size.split("x"))
        rng = np.random.default_rng(int(seed))
        A, b = rng.standard_normal((n, d)), rng.standard_normal(n)
    else:
        components = find(name).problem.components
        A, b = components.A, components.b
    x = cp.Variable(A.shape[1])
    return A @ x + b, x


def _by_hand(F: Any, tau: float) -> dict[str, Any]:
    """A new problem for this τ: its smoothed optimum, the seconds, and those of them in the solver."""
    begun = time.perf_counter()
    problem = cp.Problem(cp.Minimize(tau * cp.log_sum_exp(cp.hstack([F, -F]) / tau)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            problem.solve(solver=cp.CLARABEL)
    except cp.error.SolverError:
        return {"hand_fun": np.nan, "hand_time": time.perf_counter() - begun, "hand_solver_time": np.nan}
    spent = time.perf_counter() - begun
    return {"hand_fun": problem.value, "hand_time": spent, "hand_solver_time": problem.solver_stats.solve_time}


def summary(table: Rows) -> Rows:
    """Seconds a point, the share outside the solver after the first point, and the bound against what it bounded."""
    rows = []
    for name, points in groups(table, "problem").items():
        later = points[1:]
        spent, solving = (sum(row[what] for row in later) for what in ("time", "solver_time"))
        hand = [row for row in later if np.isfinite(row["hand_fun"])]
        outside = sum(row["hand_time"] - row["hand_solver_time"] for row in hand)
        rows.append(
            {
                "problem": name,
                "first point (s)": points[0]["time"],
                "later points (s)": spent / len(later),
                "outside the solver": 1 - solving / spent,
                "by hand (s)": sum(row["hand_time"] for row in later) / len(later),
                "by hand, outside": outside / max(sum(row["hand_time"] for row in hand), 1e-300),
                "failed by hand": len(later) - len(hand),
                "brackets": sum(row["success"] for row in points),
                "last width": points[-1]["gap"],
                "last bound": points[-1]["error_bound"],
            }
        )
    return rows


def answer(table: Rows) -> str:
    """What a point costs by either way, and what the promised bound was worth."""
    said = []
    for row in summary(table):
        taken, outside = duration(row["later points (s)"]), number(100 * row["outside the solver"])
        failed = f", and gets no answer {row['failed by hand']} times" if row["failed by hand"] else ""
        said.append(
            f"On {row['problem']} a point after the first takes {taken}, {outside} % of it outside of the solver. "
            f"A new problem for every τ, which gives the conservative value alone, takes "
            f"{ratio(row['by hand (s)'] / row['later points (s)'])}{failed}. At the coldest τ the bracket is as wide "
            f"as {number(row['last width'] / row['last bound'])} of the bound that was promised."
        )
    return f"{sum(row['success'] for row in table)} of {len(table)} temperatures gave a bracket. " + " ".join(said)


def plot(table: Rows) -> Figure:
    """A panel a problem."""
    found = groups(table, "problem")
    across = min(2, len(found))
    figure, axes = plots.panels(-(-len(found) // across), across, 8.2 * across, 6.6 * -(-len(found) // across))
    with plots.style():
        for panel, (name, rows) in zip(axes, found.items(), strict=True):
            plots.draw_path(panel, columns(rows), units=UNITS.get(name, "units of f"))
            panel.set_title(name)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=across)
    return figure
