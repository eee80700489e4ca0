"""The race: its judge, its peers on problems with known optima, and the whole of it in its smallest sizes."""

import io
import os
import time

import numpy as np
import pytest
import scipy.optimize
import scipy.special
from matplotlib.figure import Figure
from rich.console import Console

import problems
import smoothmax as sm
from experiments import race
from experiments._peers import Answer
from experiments.race import apart, cones, filters, linear, programme, sequential, stopwatch, surrogates
from experiments.race.entrants import Peer, Work
from experiments.race.heats import OURS, contest, verdict_of
from experiments.race.referee import Referee, values

LINEAR = problems.get("linear3").problem
BEST = sm.solve(LINEAR, tol=1e-12).x


def answers(x, seconds, said="done"):
    return lambda problem, limit: Answer(x, seconds, said)


def raises(problem, limit):
    return surrogates.timed(lambda: 1 / 0)


@pytest.fixture(scope="module")
def table():
    return race.run(quick=True)


@pytest.fixture(scope="module")
def judged():
    peers = (
        Peer("honest and slow", "direct", (answers(BEST, 1e3),)),
        Peer("wrong and quick", "direct", (answers(BEST + 1.0, 1e-9),)),
        Peer("wrong and slow", "direct", (answers(BEST + 1e-3, 500.0, "optimal"),)),
        Peer("raising", "direct", (raises,)),
        Peer("at the limit", "loop", (answers(None, 600.0, "time limit"),)),
        Peer("tightened", "ladder", (answers(BEST + 1e-3, 1.0), answers(BEST, 7.0), answers(BEST, 9.0))),
        Peer("of no use", "none", (answers(None, 1e-9),)),
    )
    work = Work("made up", lambda: LINEAR, peers, {"direct": 10.0, "loop": 10.0, "none": 1.0})
    return {row["contender"]: row for row in contest(work, 5.0)}


def test_a_wrong_answer_counts_for_nothing_whatever_it_says(judged):
    quick, slow = judged["wrong and quick"], judged["wrong and slow"]
    assert (quick["within"], quick["ratio"], quick["sign"]) == (False, None, "")
    assert (slow["within"], slow["sign"]) == (False, ">")
    assert 1e-5 < slow["gap"] < 1e-2  # the true max at its point, a thousandth off
    assert slow["ratio"] == pytest.approx(500.0 / slow["ours"])


def test_failures_are_recorded(judged):
    assert judged["raising"]["said"] == "ZeroDivisionError: division by zero"
    assert judged["raising"]["value"] is None
    assert judged["at the limit"]["said"] == "time limit"
    assert judged["at the limit"]["sign"] == ">"


def test_the_best_peer_within_the_gap_carries_the_bar(judged):
    honest = judged["honest and slow"]
    assert honest["best"]
    assert honest["sign"] == ""
    assert (honest["target"], honest["met"]) == (10.0, "yes")
    assert "target" not in judged["wrong and slow"]
    assert judged["at the limit"]["met"] == "yes"  # 600 s are more than ten times ours
    assert judged["of no use"]["met"] == "open"
    assert judged[OURS]["within"]
    assert "ratio" not in judged[OURS]


def test_a_ladder_counts_the_first_attempt_that_is_within(judged):
    assert judged["tightened"]["seconds"] == 7.0


@pytest.mark.parametrize(
    ("ratio", "sign", "proven", "verdict"),
    [
        (12.0, "", True, "yes"),
        (12.0, ">", True, "yes"),
        (8.0, "", True, "no"),
        (8.0, ">", True, "open"),
        (None, "", True, "open"),
        (12.0, "", False, "no"),
    ],
)
def test_verdicts(ratio, sign, proven, verdict):
    assert verdict_of({"ratio": ratio, "sign": sign}, 10.0, proven) == verdict


def test_our_own_failure_clears_no_bar(monkeypatch):
    monkeypatch.setattr(sm, "solve", lambda problem, *_, real=sm.solve, **options: real(problem, max_passes=3))
    work = Work("made up", lambda: LINEAR, (Peer("slow", "direct", (answers(BEST, 1e3),)),), {"direct": 1.0})
    ours, peer = contest(work, 5.0)
    assert not ours["within"]
    assert peer["met"] == "no"


def test_the_referee_sees_what_the_library_sees():
    rng = np.random.default_rng(1)
    quadratic = programme.near_ties(30, 4)
    for problem in (LINEAR, quadratic, programme.ball(40, 3).build(), programme.sparse(50, 20).build()):
        x = rng.standard_normal(problem.d)
        assert values(problem.components, x) == pytest.approx(problem.components.value(x), rel=1e-12, abs=1e-12)
        result = sm.solve(problem, tol=1e-9)
        referee = Referee(problem, 1e-8)
        assert referee.judge(None) is None
        assert not Referee(problem, 1e-8).judge(result.x).within  # nothing is proven yet
        verdict = referee.proven(result)
        assert verdict.within
        assert referee.judge(result.x) == verdict
        assert referee.lower <= verdict.value


def test_the_referee_at_a_temperature():
    work = programme.smoothed(200, 3)
    problem, tau = work.build(), work.tau
    result = sm.solve(problem, tau=tau, tol=1e-10)
    referee = Referee(problem, 1e-8, tau)
    naive = tau * np.log(np.exp(values(problem.components, result.x) / tau).sum())
    assert referee.proven(result).value == pytest.approx(naive, rel=1e-12)
    assert referee.lower <= naive
    assert not referee.judge(result.x + 0.01).within


def test_all_quadratics_are_nearly_active_at_a_known_optimum():
    n, d, top = 60, 6, 4
    problem = programme.near_ties(n, d)
    x = np.random.default_rng(0)
    x.standard_normal((n, d, d))
    x = x.standard_normal(d)
    f = values(problem.components, x)
    assert f.max() == pytest.approx(1.0, abs=1e-12)
    assert f.min() >= 1.0 - 1e-3 - 1e-12
    p = np.append(np.full(top, 1 / top), np.zeros(n - top))
    assert sm.certify(problem, x, p).gap < 1e-11


@pytest.mark.parametrize("name", ["stackloss", "kuhn-poker", "durer"])
@pytest.mark.parametrize("solver", ["simplex", "ipm"])
@pytest.mark.parametrize("dual", [False, True])
def test_highs_finds_known_optima(name, solver, dual):
    case = problems.get(name)
    answer = linear.whole(solver, dual)(case.problem, 5.0)
    assert values(case.problem.components, answer.x).max() == pytest.approx(case.optimum, rel=1e-8), answer.said


def test_the_clever_loop_ends_where_linprog_does():
    problem = programme.regression(3000, 4, ()).build()
    A, b = problem.components.A, problem.components.b
    whole = scipy.optimize.linprog(
        np.eye(5)[4],
        A_ub=np.vstack([np.column_stack([A, -np.ones(3000)]), np.column_stack([-A, -np.ones(3000)])]),
        b_ub=np.concatenate([-b, b]),
        bounds=[(None, None)] * 5,
    )
    answer = linear.loop(problem, 5.0)
    assert np.abs(A @ answer.x + b).max() == pytest.approx(whole.fun, rel=1e-9)
    assert "after" in answer.said
    assert int(answer.said.split()[-2]) > 1


def test_a_loop_ends_at_its_limit():
    problem = filters.lowpass(201)  # no exact basis at HiGHS's tolerances, so the loop would go on
    begun = time.perf_counter()
    linear.loop(problem, 0.3)
    assert time.perf_counter() - begun < 3.0
    late = surrogates.two_lines(0.01, "BFGS")(programme.smoothed(300, 5).build(), 0.0)
    assert late.x is None
    assert late.said.startswith("TimeoutError")


@pytest.mark.parametrize(
    "entrant",
    [cones.interior_point, cones.interior_point_cones, cones.core_sets, cones.core_modelled, cones.splitting],
)
@pytest.mark.parametrize("name", ["ball-345", "ball-cube-8", "ball-17gon"])
def test_balls_by_cones(entrant, name):
    case = problems.get(name)
    answer = entrant(case.problem, 5.0)
    assert values(case.problem.components, answer.x).max() == pytest.approx(case.optimum, rel=1e-6), answer.said


@pytest.mark.parametrize("entrant", [cones.core_sets, sequential.growing_set, cones.solve_alone])
def test_quadratics_by_cones_and_by_slsqp(entrant):
    problem = programme.near_ties(80, 5)
    answer = entrant(problem, 5.0)
    assert values(problem.components, answer.x).max() == pytest.approx(1.0, abs=1e-6), answer.said


def test_pdlp_in_a_process_of_its_own(monkeypatch, tmp_path):
    case = problems.get("rps")
    answer = apart.pdlp(1e-9)(case.problem, 5.0)
    assert values(case.problem.components, answer.x).max() == pytest.approx(0.0, abs=1e-7), answer.said
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no solver')")
    monkeypatch.setattr(apart, "SCRIPT", broken)
    answer = apart.pdlp(1e-9)(case.problem, 5.0)
    assert answer.x is None
    assert answer.said == "exit 1: no solver"
    broken.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(apart, "SPARE", 0.0)
    assert apart.pdlp(1e-9)(case.problem, 0.2) == Answer(None, 0.2, "killed at the limit")


def test_remez_is_on_our_grid():
    problem = filters.lowpass(41)
    referee = Referee(problem, 1e-8)
    referee.proven(sm.solve(problem, tol=1e-10))
    assert referee.judge(filters.remez(problem, 5.0).x).within


def test_every_answer_of_the_quick_race_is_judged(table):
    ours = [row for row in table if row["kind"] == "ours"]
    assert len(ours) == len(programme.works(programme.QUICK))
    assert all(row["within"] for row in ours)
    for row in table:
        if row.get("value") is not None:
            assert row["gap"] >= -1e-14, (row["work"], row["contender"])
    exact = [row for row in table if row["contender"].startswith(("HiGHS", "clever", "Clarabel", "core"))]
    assert all(row["within"] for row in exact if "R^4" not in row["work"])
    assert all(row["target"] is None for row in table)  # bars hold for the sizes they were set for


def test_the_bars_are_all_there():
    named = {work.name for work in programme.works(programme.FULL)}
    assert set(programme.TARGETS) <= named
    assert set(programme.PASSES) <= named
    kinds = {work.name: {peer.kind for peer in work.peers} for work in programme.works(programme.FULL)}
    assert all(set(bars) <= kinds[name] for name, bars in programme.TARGETS.items())


def test_the_table_and_the_picture(table):
    console = Console(record=True, width=140, file=io.StringIO())
    assert race.report(table, console) == 0
    text = console.export_text()
    assert "BLAS threads" in text
    assert "clever loop (HiGHS)" in text
    assert "bars met" in text
    figure = race.plot(table)
    assert isinstance(figure, Figure)
    drawn = {line.get_label() for line in figure.axes[0].get_lines()}
    assert {OURS, "clever loop (HiGHS)", "Clarabel", "not within 1e-8"} <= drawn
    hollow = [line for line in figure.axes[0].get_lines() if line.get_markerfacecolor() == "white"]
    missed = [row for row in table if row.get("family") == "ℓ∞ regression, d = 5" and not row["within"]]
    assert len(hollow) == len(missed) + 1
    assert isinstance(race.plot([]), Figure)


def test_one_work_alone():
    assert {row["work"] for row in race.run(quick=True, only="enclosing")} == {"enclosing ball 500 in R^3"}


def test_measurements(table):
    found = {row["work"]: row for row in table if row["kind"] == "measure"}
    assert len(found) == sum(row["kind"] == "measure" for row in table)
    newton = found["ℓ∞ regression 500×5 by newton"]
    assert newton["within"]
    assert 0 <= newton["gap"] <= 1e-12
    assert all(row["measured"] > 0 for row in found.values())
    assert found["ℓ∞ regression 2000×5 from a memmap"]["within"]
    assert 2**20 < stopwatch._anonymous(os.getpid()) < 2**36
    assert stopwatch._anonymous(2**30) == 0
