"""Experiments: each in its quickest setting, their verdicts from outside, and the command line."""

import csv
import io
import itertools
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from rich.console import Console

import problems
from experiments import __main__ as command
from experiments import (
    applications,
    ball_map,
    conic_limits,
    cost,
    cvx_path,
    cvx_speed,
    equioscillation,
    gap_vs_temperature,
    operators_speed,
    tour,
    traffic,
)
from experiments._cases import find
from experiments._judge import inside, judge
from experiments._peers import convex_program, linear_program, timed, two_lines
from experiments._tables import write_csv

ROOT = Path(problems.__file__).parents[1]


@pytest.fixture(scope="module")
def visited():
    return tour.run(["linear3", "rps", "ball-345"])


@pytest.fixture(scope="module")
def contest():
    return cost.run(quick=True)


def test_the_slopes_are_those_of_theory():
    table = gap_vs_temperature.run(quick=True)
    for row in table:
        assert row["error"] >= -1e-12
        assert row["lower_bound"] <= row["optimum"] + 1e-12
        for what in gap_vs_temperature.FITTED:
            assert row[f"slope_{what}"] == pytest.approx(1.0, abs=0.05)
    assert isinstance(gap_vs_temperature.plot(table), Figure)
    assert len(gap_vs_temperature.summary(table)) == len(gap_vs_temperature.QUICK)


def test_ours_is_right_where_the_conic_route_breaks():
    table = conic_limits.run(quick=True)
    ours = [row for row in table if row["contender"].startswith("ours")]
    assert all(row["claims"] and row["error"] <= 1e-7 for row in ours)
    assert any(row["claims"] and row["error"] > 1e-6 for row in table)
    assert isinstance(conic_limits.plot(table), Figure)
    assert len(conic_limits.summary(table)) >= len({row["contender"] for row in table})


def test_one_word_and_the_default_agree():
    table = cvx_speed.run(quick=True)
    assert all(0 <= row["relative"] <= 1e-6 for row in table)
    assert all(row["relative"] <= 1e-8 for row in table if row["contender"] == "smoothmax")
    assert isinstance(cvx_speed.plot(table), Figure)
    assert len(cvx_speed.summary(table)) == len(table)


def test_a_path_by_cvxpy_and_by_hand_have_the_same_values():
    table = cvx_path.run(quick=True)
    assert len(table) == cvx_path.POINTS
    for row in table:
        assert row["smoothed_fun"] == pytest.approx(row["hand_fun"], rel=1e-6)
        assert 0 <= row["gap"] <= row["error_bound"] * (1 + 1e-6)
    (said,) = cvx_path.summary(table)
    assert said["brackets"] == cvx_path.POINTS
    assert isinstance(cvx_path.plot(table), Figure)


def test_the_minimax_curve_equioscillates():
    table = equioscillation.run(quick=True)
    (name,) = equioscillation.NAMES[1:2]
    curve = [(row["t"], row["error"]) for row in table if row["tau"] == 0]
    best = find(name).optimum
    touching = [np.sign(e) for _, e in sorted(curve) if abs(e) > best * (1 - 1e-6)]
    assert sum(a != b for a, b in itertools.pairwise(touching)) >= find(name).problem.d
    largest = [row["over_E"] for row in equioscillation.summary(table)]
    assert largest == sorted(largest, reverse=True)
    assert largest[-1] == pytest.approx(1.0, rel=1e-6)
    assert isinstance(equioscillation.plot(table), Figure)


def test_applications_agree_with_what_one_would_have_used():
    """Every answer is within its own accuracy of our proven bound, and none is below it."""
    table = applications.run(quick=True)
    assert {row["family"] for row in table} == set(applications.FAMILIES)
    assert {row["way"] for row in table} == {"smoothmax", "linprog", "Clarabel", "Clarabel, solver alone"}
    assert all(-1e-12 <= row["excess"] <= 1e-7 for row in table)
    assert isinstance(applications.plot(table), Figure)


def test_fast_operators_and_their_peers_agree():
    table = operators_speed.run(quick=True)
    assert {row["task"] for row in table} == set(operators_speed.COLOURS)
    timed = [row for row in table if row.get("said") != operators_speed.ABSENT]
    assert all(row["difference"] <= (1e-12 if row["dtype"] == "float64" else 1e-5) for row in timed)
    assert all(row["ratio"] == row["peer_ms"] / row["ours_ms"] for row in timed)
    assert all(row["memory_ratio"] > 0 for row in table if row["task"] == "attention")
    assert len(operators_speed.summary(table)) == len(table)
    assert isinstance(operators_speed.plot(table), Figure)


def test_the_ball_is_a_circle_on_the_map():
    table = ball_map.run(quick=True)
    far = {row["name"]: math.hypot(row["x_km"], row["y_km"]) for row in table if row["role"] != "centre"}
    (summary,) = ball_map.summary(table)
    assert max(far.values()) == pytest.approx(table[0]["radius_km"], rel=1e-7)
    assert {row["name"] for row in table if row["role"] == "support"} == {"Queluz", "Oulu", "Skhidni Kvartaly"}
    assert summary["radius_km"] == pytest.approx(2009.2, abs=0.05)  # as the catalogue notes
    assert (summary["latitude"], summary["longitude"]) == (48.434, 11.967)
    assert isinstance(ball_map.plot(table), Figure)


def test_map_distances_are_great_circles():
    middle = ball_map.sphere(np.radians([50.0]), np.radians([10.0]))[0]
    x, y = ball_map.project(math.radians(60.0), math.radians(10.0), middle)
    assert (x, y) == pytest.approx((0.0, ball_map.EARTH * math.radians(10)), abs=1e-6)
    assert ball_map.project(math.radians(50.0), math.radians(10.0), middle) == pytest.approx((0.0, 0.0), abs=1e-6)


def test_the_tour_is_proven_and_says_so(visited):
    console = Console(record=True, width=140, file=io.StringIO())
    assert tour.report(visited, console) == 0
    text = console.export_text()
    assert "All 3 answers are proven" in text
    assert "linear3" in text
    assert "1.75" in text
    for name in ("linear3", "rps", "ball-345"):
        rows = [row for row in visited if row["problem"] == name]
        assert len(rows) == len(tour.METHODS) + 1
        newton = next(row for row in rows if row["method"] == "newton")
        assert newton["proven"]
        assert newton["success"]
        for row in rows:
            if row["value"] is not None:
                assert row["value"] >= row["optimum"] - 1e-12
                assert row["error"] == pytest.approx(row["value"] - row["optimum"])


def test_methods_that_refuse_are_skipped_with_their_reason(visited):
    row = next(row for row in visited if row["problem"] == "rps" and row["method"] == "lbfgs")
    assert row["status"] == "skipped"
    assert row["value"] is None
    assert tour.reason(row["note"]).startswith("it needs the domain")


def test_the_peers_agree(visited):
    for row in visited:
        if row["role"] == "peer":
            assert row["status"] in ("agrees", "off")
            assert abs(row["relative_gap"]) < 1e-6, row["note"]


def test_an_unproven_problem_fails_the_tour(visited):
    worse = [{**row, "proven": row["proven"] and row["problem"] != "rps"} for row in visited]
    console = Console(record=True, width=140, file=io.StringIO())
    assert tour.report(worse, console) == 1
    assert "not by newton: rps" in console.export_text()


def test_a_spent_budget_looks_like_one(monkeypatch):
    monkeypatch.setattr(tour, "MAX_PASSES", 50)
    row = tour._solve(find("stackloss"), "gradient")
    assert (row["status"], row["proven"], row["success"]) == ("budget", False, False)
    assert row["gap"] > 0


def test_a_solvers_word_counts_for_nothing(monkeypatch):
    case = find("linear3")
    honest = tour.sm.solve(case.problem, case.x0)
    honest.x = honest.x + 1.0
    monkeypatch.setattr(tour.sm, "solve", lambda *_, **__: honest)
    assert tour._solve(case, "newton")["status"] == "contradicted"


def test_the_tours_pictures(visited):
    assert isinstance(tour.plot(visited), Figure)
    assert tour.pictures(visited) == {}
    rows = [{"problem": "stackloss"}, {"problem": "exp-deg5"}]
    assert set(tour.pictures(rows)) == {"path-linf_regression", "equioscillation"}


def test_the_contest_is_judged_from_outside(contest):
    ours = [row for row in contest if row["contender"] == cost.OURS]
    assert all(row["proven"] and row["ratio"] == 1.0 for row in ours)
    for row in contest:
        if row["value"] is not None:
            assert row["above"] >= -1e-12
    exact = [row for row in contest if row["contender"].startswith(("linprog", "cvxpy"))]
    assert all(row["relative"] < 1e-6 for row in exact)
    assert len(cost.summary(contest)) == len(contest)
    assert isinstance(cost.plot(contest), Figure)


def test_routings_are_proven_beside_the_linear_program():
    table = traffic.run(quick=True)
    ours, peer = (
        [row for row in traffic.summary(table) if row["contender"] == who] for who in (traffic.OURS, traffic.PEER)
    )
    assert [row["network"] for row in ours] == list(traffic.QUICK)
    for mine, theirs in zip(ours, peer, strict=True):
        assert mine["relative"] <= traffic.TOL * 1.0001
        assert abs(mine["value"] - theirs["value"]) <= 1.1 * traffic.TOL * theirs["value"]
        assert theirs["relative"] >= -1e-9  # nobody is below the proven bound
    assert isinstance(traffic.plot(table), Figure)


def test_peers_reach_known_optima():
    for name, peer in (("stackloss", linear_program), ("kuhn-poker", linear_program), ("ball-345", convex_program)):
        case = find(name)
        answer = peer(case.problem)
        assert case.problem(inside(case, answer.x)) == pytest.approx(case.optimum, rel=1e-6), answer.said
    rough = two_lines(1e-3)(find("linear3").problem)
    assert find("linear3").problem(rough.x) == pytest.approx(1.75, abs=1e-2)


def test_a_failing_peer_is_an_answer():
    def broken():
        raise RuntimeError("no\nsecond line")

    answer = timed(broken)
    assert answer.x is None
    assert answer.said == "RuntimeError: no"


def test_the_judge_wants_weights():
    case = find("linear3")
    verdict = judge(case, case.x0)
    assert verdict.gap == math.inf
    assert not verdict.proven
    assert verdict.kind == "none"


def test_synthetic_cases_by_name():
    assert find("game-3x4-7").problem.d == 4
    assert find("gaussian-30x2-0").problem.n == 60
    with pytest.raises(ValueError, match="no case"):
        find("gaussian-30-2")


def test_tables_are_written_whole(tmp_path, monkeypatch):
    target = tmp_path / "table.csv"
    write_csv([{"a": 0.1, "b": None}, {"a": np.float64(1e-300), "c": "x, y"}], target)
    assert list(csv.DictReader(io.StringIO(target.read_text()))) == [
        {"a": "0.1", "b": "", "c": ""},
        {"a": "1e-300", "b": "", "c": "x, y"},
    ]
    monkeypatch.setattr("os.fsync", lambda *_: (_ for _ in ()).throw(OSError("full")))
    before = target.read_bytes()
    with pytest.raises(OSError, match="full"):
        write_csv([{"a": 2}], target)
    assert target.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


def test_list_names_every_question(capsys):
    assert command.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == command.names()
    assert {"ball_map", "cost", "equioscillation", "gap_vs_temperature", "tour"} <= set(command.names())
    assert all("?" in line or line.endswith(".") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["tuor"], "no experiment is called 'tuor'"), (["ball_map", "--full"], "no option --full")],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(capsys, arguments, words):
    assert command.main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert words in said.err


def test_out_that_is_a_file_is_named(tmp_path, capsys):
    (tmp_path / "out").touch()
    assert command.main(["equioscillation", "--quick", "--out", str(tmp_path / "out")]) == 2
    assert "cannot be made" in capsys.readouterr().err


def test_an_experiment_from_the_command_line(tmp_path, capsys):
    assert command.main(["equioscillation", "--quick", "--out", str(tmp_path / "new" / "out")]) == 0
    written = sorted(p.name for p in (tmp_path / "new" / "out").iterdir())
    assert written == ["equioscillation.csv", "equioscillation.png"]
    assert "Written to" in capsys.readouterr().out


def test_the_tour_from_the_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(tour, "QUICK", ("linear3",))
    assert command.main(["tour", "--quick", "--out", str(tmp_path)]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["tour.csv", "tour.png"]
    assert "All 1 answers are proven" in capsys.readouterr().out


def test_clocks_measure_one_thread():
    code = "import os, experiments; print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['OMP_NUM_THREADS'])"
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")} | {"OMP_NUM_THREADS": "2"}
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["1", "2"]  # what the environment says counts


def test_as_a_module():
    found = subprocess.run(
        [sys.executable, "-m", "experiments", "nothing"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 2
    assert len(found.stderr.splitlines()) == 1
