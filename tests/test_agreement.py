"""verify: routes that do not know each other agree, and one that is wrong is found out."""

import csv
import io
import json
import math
import re
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp

import problems
import smoothmax as sm
from smoothmax.agreement import ROUTES, Agreement, Row, rational_bound, verify
from smoothmax.agreement import verify as door
from smoothmax.agreement.judge import judge
from smoothmax.agreement.route import Found, Question
from smoothmax.solvers import conic
from tests import naive

D, N = 3, 12
FAST = ("lbfgs", "newton", "cvxpy", "scipy", "auto", "cvxpy max", "slsqp epigraph", "linprog")
DOMAINS = {
    "free": sm.Free(D),
    "box": sm.Box(-0.3, np.full(D, 0.2)),
    "simplex": sm.Simplex(D, total=2.0),
    "ball": sm.Ball([0.5, -0.2, 0.1], 0.3),
    "polyhedron": sm.Polyhedron([[1.0, 2, -1]], [0.1], [[1.0, 1, 1]], [0.3], bounds=(-2, 2)),
}


def components(kind, seed=0):
    rng = np.random.default_rng(seed)
    A, b = rng.standard_normal((N, D)), rng.standard_normal(N)
    return {
        "absolute": lambda: sm.Affine(A, b, absolute=True),
        "stack": lambda: sm.Stack([sm.Affine(sp.csr_array(A), b, absolute=True), sm.Affine(np.eye(D))]),
        "quadratic": lambda: sm.Quadratic(np.eye(D), A, b),
        "smooth": lambda: sm.Smooth(
            lambda x: np.cosh(A @ x + b), lambda x: np.sinh(A @ x + b)[:, None] * A, d=D, convex=True
        ),
    }[kind]()


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("kind", ["absolute", "stack", "quadratic", "smooth"])
def test_all_routes_agree_and_the_bounds_hold(kind, domain):
    report = verify(sm.Minimax(components(kind), DOMAINS[domain]), 0.05, routes=FAST)
    assert report.agree, str(report)
    low, high = report.value
    soft_low, soft_high = report.smoothed_value
    tolerance = 1e-6 * max(1, abs(high))
    assert high - low <= tolerance
    assert soft_high - soft_low <= tolerance
    assert soft_low - 0.05 * math.log(report.n) <= high + 1e-12
    assert low <= soft_high + 1e-12
    for row in report.rows:
        assert row.status != "failed", row
        if row.x is not None:
            assert row.lower_bound <= high + 1e-12
            assert row.smoothed_lower_bound <= soft_high + 1e-12
            assert report.x[row.route] is row.x


@pytest.mark.parametrize("name", ["stackloss", "rps", "blotto-7v5", "linear3"])
def test_published_optima_are_enclosed_and_the_rational_bound_is_exact(name):
    case = problems.get(name)
    report = sm.verify(case.problem, 0.1, routes=("newton", "cvxpy max", "auto", "linprog"), x0=case.x0)
    assert report.agree, str(report)
    low, high = report.value
    assert low - 1e-12 <= case.optimum <= high + 1e-9
    assert report.rational.stationary
    if case.exact is not None:
        assert report.rational.lower == case.exact


def test_scs_is_a_route_where_it_is_named():
    report = verify(sm.Minimax(components("absolute")), 0.5, routes=["scs log-sum-exp", "newton"])
    assert report.agree
    assert [row.route for row in report.rows] == ["scs log-sum-exp", "newton"]


def test_the_default_takes_every_route_but_scs():
    report = verify(sm.Minimax(components("absolute")), 0.1)
    assert {row.route for row in report.rows} == set(ROUTES) - {"scs log-sum-exp"}
    bounded = ("saddle", "conditional-gradient", "spectral")  # these need a bounded domain, or eigenvalues
    assert all(row.status in ("optimal", "stopped") for row in report.rows if row.route not in bounded), str(report)
    assert {row.route for row in report.rows if row.status == "not applicable"} == set(bounded)
    assert report.agree


@pytest.mark.parametrize("domain", [None, sm.Box(-np.ones(5), np.ones(5)), sm.Simplex(5)])
def test_largest_eigenvalues_by_every_route_that_takes_them(domain):
    """Proven by densities, whoever found the point."""
    problem = sm.Minimax(problems.get("theta-C5").problem.components, domain)
    report = verify(problem, 0.1)
    assert report.agree, str(report)
    assert not [row for row in report.rows if row.status == "failed"], str(report)
    low, high = report.value
    assert high - low <= 1e-7
    assert report.value[0] <= report.smoothed_value[0]


# ---------------------------------------------------------------------------------------------------- what goes wrong


def swapped(monkeypatch, name, find):
    monkeypatch.setitem(ROUTES, name, replace(ROUTES[name], find=find))


def test_a_route_that_lies_is_named(monkeypatch):
    problem = sm.Minimax(components("absolute"))
    honest = ROUTES["linprog"].find
    swapped(monkeypatch, "linprog", lambda asked: honest(asked)._replace(x=np.full(D, 0.7), said="optimal"))
    report = verify(problem, 0.1, routes=("auto", "linprog"))
    assert not report.agree
    (line,) = report.differences
    assert line.startswith("linprog says it is optimal")
    assert "DO NOT AGREE" in str(report)


def test_a_bound_above_a_value_is_a_difference():
    honest = verify(sm.Minimax(components("absolute")), 0.1, routes=("auto", "newton"))
    false = replace(honest.rows[0], lower_bound=honest.value[1] + 1e-6)
    assert any("min max f: the lower bound" in line for line in replace(honest, rows=(false, *honest.rows)).differences)
    far = replace(honest.rows[0], smoothed_lower_bound=honest.value[1] + 0.1 * math.log(2 * N) + 1e-6)
    assert any("tau*log(n)" in line for line in replace(honest, rows=(far, *honest.rows)).differences)


def test_local_minima_differ_and_it_says_why():
    wave = sm.Smooth(lambda x: np.array([np.cos(x[0]), x[0] / 10]), lambda x: np.array([[-np.sin(x[0])], [0.1]]), d=1)
    report = verify(sm.Minimax(wave, sm.Box([-1.0], [1.0])), 0.1, routes=("slsqp epigraph", "auto"), x0=[0.0])
    stuck = {row.route: row for row in report.rows}["slsqp epigraph"]
    assert stuck.status == "optimal"  # at the top of the cosine, where the slope is zero
    assert (report.value[0], stuck.kind) == (-math.inf, "local")
    lower = replace(stuck, route="elsewhere", x=np.ones(1), fun=math.cos(1.0))
    assert "not convex" in replace(report, rows=(stuck, lower)).differences[0]


@pytest.mark.parametrize("trouble", [RuntimeError("it broke\ndown"), MemoryError("none"), ZeroDivisionError("1/0")])
def test_a_route_that_fails_is_listed(monkeypatch, trouble):
    def raises(asked):
        raise trouble

    swapped(monkeypatch, "linprog", raises)
    report = verify(sm.Minimax(components("absolute")), 0.1, routes=("auto", "linprog"))
    row = report.rows[1]
    assert (row.status, row.x) == ("failed", None)
    assert row.said.startswith(type(trouble).__name__)
    assert "\n" not in row.said
    assert report.agree
    assert row.said in str(report)


def test_nothing_agrees_where_nothing_claims(monkeypatch):
    swapped(monkeypatch, "auto", lambda asked: Found(np.full(D, np.nan), True, "done"))
    report = verify(sm.Minimax(components("absolute")), 0.1, routes=("auto",))
    assert not report.agree
    assert report.rows[0].status == "failed"
    assert report.value == (-math.inf, math.inf)


def test_reasons_of_routes_that_do_not_apply():
    oracle = SimpleNamespace(d=D, project=DOMAINS["ball"].project, lmo=DOMAINS["ball"].lmo)
    report = verify(sm.Minimax(components("smooth"), oracle), 0.1, routes=("newton", "cvxpy max", "linprog"))
    reasons = {row.route: row.said for row in report.rows}
    assert {row.status for row in report.rows} == {"not applicable"}
    assert "affine" in reasons["linprog"]
    assert "affine or quadratic" in reasons["cvxpy max"]
    assert "linear or round walls" in reasons["newton"]


def test_a_time_limit_holds_for_slow_routes():
    case = problems.get("diabetes")
    report = verify(case.problem, 5.0, routes=("gradient", "slsqp epigraph"), time_limit=0.02)
    assert all(row.seconds < 1.0 for row in report.rows)
    assert report.rows[0].status == "stopped"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"tau": 0.0}, ValueError, "tau"),
        ({"tau": "1"}, TypeError, "tau"),
        ({"routes": ("simplex",)}, ValueError, "routes must be one of 'gradient'"),
        ({"routes": "auto"}, TypeError, "routes must be an iterable of names"),
        ({"tol": -1.0}, ValueError, "tol"),
        ({"time_limit": 0.0}, ValueError, "time_limit"),
        ({"x0": np.zeros(D + 1)}, ValueError, "x0 must have 3 entries"),
        ({"problem": "f"}, TypeError, "problem must be a Minimax; got str"),
    ],
)
def test_bad_input_is_refused_at_the_door(arguments, error, words):
    problem = arguments.pop("problem", sm.Minimax(components("absolute")))
    with pytest.raises(error, match=words):
        door(problem, **{"tau": 0.1, **arguments})


# ------------------------------------------------------------------------------------------------------- what it tells


def test_tables_and_files(tmp_path):
    report = verify(sm.Minimax(components("quadratic"), DOMAINS["ball"]), 0.1, routes=("cvxpy", "auto", "linprog"))
    text = report.to_csv(tmp_path / "agreement.csv")
    assert (tmp_path / "agreement.csv").read_text() == text
    read = list(csv.DictReader(io.StringIO(text)))
    assert [row["route"] for row in read] == ["cvxpy", "auto", "linprog"]
    assert float(read[1]["fun"]) == report.rows[1].fun
    plain = json.loads(json.dumps(report.to_dict()))
    assert plain["rows"][0]["x"] == report.rows[0].x.tolist()
    assert plain["agree"] is True
    for line in ("cvxpy", "auto", "linprog: not applicable", "the routes agree"):
        assert line in str(report)


def test_an_empty_report_claims_nothing():
    assert not Agreement("none", 1, True, 1.0, 1e-8, (Row("a", "exact", 1e-8),)).agree


# ---------------------------------------------------------------------------------------------- cvxpy without smoothing


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("kind", ["absolute", "quadratic"])
def test_the_exact_conic_form_is_proven_by_its_own_duals(kind, domain, unit):
    part = components(kind)
    if kind == "absolute":
        part = sm.Affine(unit * part.A, unit * part.b, absolute=True)
    else:
        part = sm.Quadratic(unit * part.P, unit * part.q, unit * part.r)
    problem = sm.Minimax(part, DOMAINS[domain])
    found = conic.exact(problem, problem.start())
    assert found.near
    assert found.weights.min() >= 0
    assert found.weights.sum() == pytest.approx(1.0)
    expected = sm.solve(problem).fun
    assert abs(problem(found.x) - expected) <= 1e-7 * unit
    repaired = sm.repair(problem, found.x, found.weights, found.multipliers)
    assert sm.certify(problem, found.x, *repaired).gap <= 1e-5 * unit


# ------------------------------------------------------------------------------------------------- rational arithmetic


def exact_value(problem, x, A, b):
    return max(naive.exact_affine(A, b, x, problem.components.absolute))


@pytest.mark.parametrize("domain", ["free", "box", "simplex"])
@pytest.mark.parametrize("seed", range(4))
def test_the_rational_bound_holds_exactly_and_is_tight(domain, seed):
    rng = np.random.default_rng(seed)
    A, b = rng.integers(-9, 10, (N, D)) / 8, rng.integers(-9, 10, N) / 4
    problem = sm.Minimax(sm.Affine(A, b, absolute=True), DOMAINS[domain])
    r = sm.solve(problem, tol=1e-12)
    found = rational_bound(problem, r.x, r.weights)
    assert sum(found.weights.values()) == 1
    assert min(found.weights.values()) > 0
    assert float(found.lower) == pytest.approx(r.fun, abs=1e-12)
    for _ in range(20):
        x = problem.start(rng.standard_normal(D))
        if domain != "simplex":  # there a projected point sums to the total only up to rounding
            assert found.lower <= exact_value(problem, x, A, b)
    if domain == "free":
        signed, active = np.vstack([A, -A]), sorted(found.weights)
        assert all(sum(p * Fraction(signed[i, j]) for i, p in found.weights.items()) == 0 for j in range(D))
        if len(active) == D + 1:
            assert found.lower == naive.exact_minimax(signed, np.append(b, -b), active)[0]


def test_weights_that_are_far_off_prove_less_but_nothing_false():
    A, b = np.array([[1.0], [-1.0], [0.5]]), np.array([0.0, 1.0, -3.0])
    problem = sm.Minimax(sm.Affine(A, b), sm.Box([0.0], [1.0]))
    off = rational_bound(problem, np.array([0.0]), np.array([0.9, 0.1, 0.0]))
    assert off.lower <= Fraction(1, 2)
    assert rational_bound(problem, np.array([0.5]), np.array([0.6, 0.4, 0.0])).lower == Fraction(1, 2)


def test_no_rational_bound_where_none_can_be():
    assert rational_bound(sm.Minimax(components("quadratic")), np.zeros(D), np.ones(N)) is None
    free = sm.Minimax(sm.Affine([[1.0], [2.0]]))
    assert rational_bound(free, np.zeros(1), np.ones(2)) is None


@pytest.mark.parametrize("seed", range(4))
def test_an_optimum_of_zero_is_agreed_on(seed):
    rng = np.random.default_rng(seed)
    problem = sm.Minimax(sm.Affine(rng.standard_normal((4, 4)), rng.standard_normal(4), absolute=True))
    report = sm.verify(problem, 1e-3)
    assert report.agree, report.differences


class Cube:
    """A domain of the user's own."""

    d = D

    def project(self, x):
        return np.clip(x, -1, 1)

    def lmo(self, c):
        return -np.sign(c)

    def contains(self, x, tol=1e-9):
        return bool(np.all(np.abs(x) <= 1 + tol))


@pytest.mark.parametrize(
    ("problem", "route", "words"),
    [
        (sm.Minimax(components("absolute"), Cube()), "slsqp epigraph", "linear constraints or a ball"),
        (sm.Minimax(sm.Affine(np.ones((1, 501))), sm.Simplex(501)), "slsqp epigraph", "501 variables|501 × 501"),
        (sm.Minimax(sm.Affine(np.ones((5001, 41)))), "slsqp epigraph", "5001 × 41"),
        (sm.Minimax(sm.Affine(np.ones((2, 501))), sm.Simplex(501)), "scipy", "501 × 501"),
    ],
)
def test_a_route_that_does_not_apply_says_why(problem, route, words):
    (row,) = verify(problem, 0.1, routes=(route,)).rows
    assert row.status == "not applicable"
    assert re.search(words, row.said), row.said


def test_a_conic_solver_without_a_point_has_failed(monkeypatch):
    monkeypatch.setattr(conic, "attempt", lambda *_: None)
    monkeypatch.setattr(conic, "exact", lambda *_: None)
    problem = sm.Minimax(components("absolute"), DOMAINS["box"])
    for row in verify(problem, 0.1, routes=("clarabel log-sum-exp", "cvxpy max")).rows:
        assert row.status == "failed"
        assert "no point" in row.said


def test_weights_that_cannot_be_read_are_passed_over():
    """A route may hand over nan or nothing: the point's own weights remain."""
    problem = sm.Minimax(components("absolute"), DOMAINS["box"])
    best = sm.solve(problem)
    for weights in (np.full(problem.n, np.nan), np.zeros(problem.n)):
        found = Found(best.x, True, "done", weights)
        asked = Question(problem, 1e-9, 1e-8, None, best.x)
        judged = judge(asked, found, "exact")
        assert np.isfinite(judged.lower)
        assert judged.lower <= best.fun
