"""The problems others wrote: DCP, solved to the optimum that their source states, and of the kind we say they are."""

from __future__ import annotations

import math
import subprocess
import sys
import warnings

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.optimize import linprog

import smoothmax
from experiments import smoothing_error
from problems.disciplined import DisciplinedCase, cases, get
from problems.linf_regression import data
from problems.tables import rows

cp = pytest.importorskip("cvxpy")
cvx = pytest.importorskip("smoothmax.cvx")

CASES = cases()
STATED = [case for case in CASES if case.optimum is not None]
ATOMS = {"max", "maximum", "norm_inf", "abs", "norm1", "min", "minimum", "sum_largest", "dotsort", "cummax"}
LEFT_ALONE = {"robust-kalman", "huber", "lambda-max"}


def solve(problem: object, case: DisciplinedCase) -> float:
    """The value, where solvers may warn that they are inaccurate; the tests judge it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Solution may be inaccurate", category=UserWarning)
        return float(problem.solve(solver=case.solver))  # type: ignore[attr-defined]


def atoms(problem: object) -> set[str]:
    """The names of all atoms in a problem."""
    found, open_ = set(), [problem.objective.expr, *problem.constraints]  # type: ignore[attr-defined]
    while open_:
        expr = open_.pop()
        found.add(type(expr).__name__)
        open_ += expr.args
    return found


def test_the_collection() -> None:
    assert len(CASES) >= 30
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.source for case in CASES)
    assert len(STATED) >= 30
    seen = set().union(*(atoms(case.build()) for case in CASES))
    assert seen >= ATOMS


def test_importing_them_leaves_cvxpy_alone() -> None:
    code = "import sys, problems.disciplined as d; d.cases(); sys.exit('cvxpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(ValueError, match="no disciplined case is called 'nonsense'; there are trend-filter"):
        get("nonsense")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_is_disciplined_and_fresh(case: DisciplinedCase) -> None:
    problem, again = case.build(), case.build()
    assert problem.is_dcp(dpp=True)
    assert not {v.id for v in problem.variables()} & {v.id for v in again.variables()}
    assert all(parameter.value is not None for parameter in problem.parameters())
    assert bool(atoms(problem) & ATOMS) == (case.name not in LEFT_ALONE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_reaches_the_optimum_its_source_states(case: DisciplinedCase) -> None:
    problem = case.build()
    value = solve(problem, case)
    assert problem.status == cp.OPTIMAL
    assert np.isfinite(value)
    if case.optimum is not None:
        assert abs(value - case.optimum) <= case.digits * max(abs(case.optimum), 1.0)


@pytest.mark.parametrize("name", [case.name for case in CASES if case.minimax])
def test_minimax_cases_have_affine_constraints_and_a_maximum(name: str) -> None:
    problem = get(name).build()
    assert all(arg.is_affine() for side in problem.constraints for arg in side.args)
    assert atoms(problem) & {"max", "maximum", "norm_inf", "min", "minimum", "abs"}


def test_absolute_deviations_against_linear_programs() -> None:
    a, y = data("stackloss")
    n, d = a.shape
    sides = np.block([[a, -np.eye(n)], [-a, -np.eye(n)]])
    free, cost = [(None, None)] * d + [(0, None)] * n, np.r_[np.zeros(d), np.ones(n)]
    by_lp = linprog(cost, A_ub=sides, b_ub=np.r_[y, -y], bounds=free).fun
    case = get("stackloss-l1")
    assert solve(case.build(), case) == pytest.approx(by_lp, rel=1e-7)
    assert case.optimum == pytest.approx(by_lp, rel=case.digits)


def test_published_least_absolute_coefficients() -> None:
    a, y = data("stackloss")
    published = np.array([-39.68985507, 0.83188406, 0.57391304, -0.06086957])  # Koenker's quantreg
    assert np.abs(a @ published - y).sum() == pytest.approx(get("stackloss-l1").optimum, abs=2e-6)


def test_the_isotonic_fit_against_pooled_medians() -> None:
    flow = np.array([float(row["flow"]) for row in rows("nile.csv")])
    assert flow.mean() == 919.35  # as printed by Cobb, Biometrika 65 (1978) 243-251
    blocks: list[list[float]] = []
    for value in flow:
        blocks.append([value])
        while len(blocks) > 1 and np.median(blocks[-1]) > np.median(blocks[-2]):
            last = blocks.pop()
            blocks[-1] += last
    least = sum(np.abs(np.array(block) - np.median(block)).sum() for block in blocks)
    case = get("isotonic")
    assert solve(case.build(), case) == pytest.approx(least, rel=1e-6)


def test_smoothing_keeps_every_promise() -> None:
    table = smoothing_error.run(quick=True)
    assert not [row for row in table if row["broken"]]
    assert {row["problem"] for row in table} == set(smoothing_error.QUICK)
    assert all(row["value"] is not None for row in table)
    used = [row["used"] for row in table if row["used"] is not None]
    assert 0.1 < max(used) <= 1.0 + 1e-6
    assert {row["error_bound"] == math.inf for row in table} == {True, False}
    first = smoothing_error.QUICK[0]
    widths = [row["width"] for row in table if row["problem"] == first and row["side"] == "conservative"]
    assert widths[1] < widths[0] / 5  # τ falls tenfold
    assert isinstance(smoothing_error.plot(table), Figure)
    assert [row["problem"] for row in smoothing_error.summary(table)] == list(smoothing_error.QUICK)


HELD = {
    "side": "conservative",
    "status": "optimal",
    "optimum": 5.0,
    "value": 5.3,
    "admitted": 1e-9,
    "error_bound": 0.5,
    "lower": 4.8,
    "upper": 5.1,
    "attained": 5.1,
    "violation": 0.0,
    "slack": 1e-6,
}


def test_the_judge_passes_what_holds() -> None:
    judged = smoothing_error._judged(HELD, 1.0)
    assert judged == {"error": pytest.approx(0.3), "used": pytest.approx(0.6), "broken": ""}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"error_bound": 0.2}, "error beyond the bound"),
        ({"lower": 5.01}, "outside of the bracket"),
        ({"upper": 4.99}, "outside of the bracket"),
        ({"value": 4.9, "attained": 4.9}, "wrong side"),
        ({"side": "optimistic"}, "wrong side"),
        ({"violation": 1e-5}, "infeasible"),
        ({"attained": 5.4}, "better than the true one"),
        ({"status": "optimal_inaccurate", "value": 5.6}, "error beyond the bound"),
    ],
)
def test_the_judge_sees_what_is_broken(change: dict[str, object], complaint: str) -> None:
    assert complaint in smoothing_error._judged(HELD | change, 1.0)["broken"]


def test_the_judge_turns_round_for_maximize() -> None:
    turned = {**HELD, "optimum": -5.0, "value": -5.3, "lower": -5.1, "upper": -4.8, "attained": -5.1}
    assert smoothing_error._judged(turned, -1.0)["broken"] == ""
    assert "wrong side" in smoothing_error._judged(turned, 1.0)["broken"]


@pytest.mark.parametrize("name", [case.name for case in CASES if case.minimax])
def test_minimax_cases_are_taken_and_solved_to_the_same_value(name: str) -> None:
    case = get(name)
    problem = case.build()
    result = smoothmax.solve(cvx.from_cvxpy(problem))
    value = result.fun if isinstance(problem.objective, cp.Minimize) else -result.fun
    assert result.success
    assert value == pytest.approx(solve(problem, case), rel=1e-6, abs=1e-8)
