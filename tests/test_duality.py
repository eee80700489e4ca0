"""Conjugacy and strong duality: every identity by routes that do not know each other."""

import json

import cvxpy as cp
import mpmath
import numpy as np
import pytest

import smoothmax as sm
from smoothmax.duality import arrays, check_duality, door
from smoothmax.duality.conjugates import Supremum, closed_form, supremum
from smoothmax.regularizers import gini, shannon, tsallis
from smoothmax.solvers import conic
from tests import effort

X = np.array([1.0, 3.0, 2.5, -4.0, 3.0])
KINDS = [shannon, gini, tsallis(1.05), tsallis(1.5), tsallis(3)]


def exact_conjugate(q, tau, kind=shannon):
    """τ·Ω(q) in 50 digits: Σ q log q, or Σ (q^α − q)/(α(α − 1))."""
    with mpmath.workdps(50):
        q, a = [mpmath.mpf(v) for v in q.tolist() if v], mpmath.mpf(kind.alpha)
        if a == 1:
            return float(mpmath.mpf(tau) * mpmath.fsum(v * mpmath.log(v) for v in q))
        return float(mpmath.mpf(tau) * mpmath.fsum(v**a - v for v in q) / (a * (a - 1)))


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("tau", [1e-6, 0.3, 1e6])
def test_the_closed_form_to_the_last_digits(tau, kind):
    rng = np.random.default_rng(0)
    for n in (1, 2, 17, 400):
        q = rng.dirichlet(np.full(n, 0.3))
        expected = exact_conjugate(q, tau, kind)
        assert closed_form(q, tau, kind) == pytest.approx(expected, rel=2e-14, abs=1e-15 * tau)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize(
    "q", [[0.2, 0.3, 0.5], [1.0, 0, 0], [1e-200, 0.4, 0.6], [1 / 3, 1 / 3, 1 / 3], [1e-9, 1e-6, 1 - 1.001e-6]]
)
def test_the_supremum_climbs_to_the_closed_form_and_proves_it(q, kind):
    q = np.array(q)
    found, expected = supremum(q, 2.0, kind), exact_conjugate(q, 2.0, kind)
    assert found.lower == pytest.approx(expected, abs=1e-12)
    assert found.upper == pytest.approx(expected, abs=1e-9)
    assert found.lower <= found.upper


def test_a_supremum_that_is_not_reached_is_still_enclosed():
    q = np.random.default_rng(4).dirichlet(np.ones(30))
    for kind in KINDS:
        for steps in (0, 1, 2, 5):
            found = supremum(q, 1.0, kind, steps=steps)
            assert found.lower - 1e-12 <= exact_conjugate(q, 1.0, kind) <= found.upper + 1e-12


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("q", [[0.5, 0.6], [0.5, 0.4], [1.2, -0.2], [0.5, 0.5 + 1e-9], [1.0, -1e-12], [0.0, 0.0]])
def test_off_the_simplex_every_route_says_infinity(q, kind):
    q = np.array(q)
    assert closed_form(q, 0.5, kind) == supremum(q, 0.5, kind).lower == np.inf
    report = check_duality([1.0, 2.0], 0.5, q=q, regularizer=kind)
    assert report.ok, str(report)
    assert report.conjugate == np.inf
    visible = max(abs(q.sum() - 1), -q.min()) > 1e-6  # to a conic solver
    assert sum(c.value == np.inf for c in report.checks) == 2 + visible


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("tau", [1e-6, 1e-2, 1.0, 1e6])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("shift", [0.0, 1000.0])
def test_conjugacy_of_arrays(tau, dtype, shift, kind):
    x = (X + shift).astype(dtype)
    report = check_duality(x, tau, regularizer=kind)
    assert report.ok, str(report)
    close = max(1e-6, 4 * float(np.finfo(dtype).eps))
    assert report.conjugate == pytest.approx(tau * float(kind.value(report.weights)), rel=close, abs=close * tau)
    report = check_duality(x, tau, q=np.array([0.1, 0.2, 0, 0.3, 0.4], dtype), regularizer=kind)
    assert report.ok, str(report)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_many_one_and_equal_numbers(kind):
    rng = np.random.default_rng(1)
    for x in ([7.0], [2.0, 2.0, 2.0], [1, 2, 3], rng.standard_normal(200), 1e-8 * rng.standard_normal(5)):
        report = check_duality(x, 0.1, regularizer=kind)
        assert report.ok, str(report)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_residuals_of_a_regression(kind):
    found = sm.solve(stackloss())
    report = check_duality(stackloss().components.value(found.x), 1.0, regularizer=kind)
    assert report.ok, str(report)
    assert np.count_nonzero(report.weights) >= found.active.size


def test_the_multiplier_of_the_entropy_problem_is_a_kkt_point_not_a_zero_of_the_gradient():
    """x − τ(log p + 1) = F − τ, so the unnormalised gradient vanishes where F = τ only."""
    report = check_duality(X, 0.7)
    assert report.multiplier == pytest.approx(float(sm.logsumexp(X, tau=0.7)) - 0.7)
    np.testing.assert_allclose(X - 0.7 * (np.log(report.weights) + 1), report.multiplier)


def test_fenchel_young_is_the_divergence():
    q = np.array([0.1, 0.2, 0.3, 0.3, 0.1])
    report = check_duality(X, 0.7, q=q)
    residual = next(c for c in report.checks if "KL(q" in c.identity)
    assert residual.value == pytest.approx(0.7 * float(sm.kl_divergence(q, sm.softmax(X, tau=0.7))))
    assert residual.value > 0


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_fenchel_young_is_positive_away_from_the_weights(kind):
    rng = np.random.default_rng(6)
    for tau in (0.1, 2.0):
        for q in [*rng.dirichlet(np.ones(5), effort.cases(2, 20)), np.eye(5)[3]]:
            report = check_duality(X, tau, q=q, regularizer=kind)
            row = next(c for c in report.checks if c.identity.startswith("F(x) + F*(q)"))
            assert row.ok
            assert row.value >= tau * 1e-4 * float(np.abs(q - report.weights).max()) ** max(kind.alpha, 2)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize(
    ("place", "wrong", "words"),
    [
        ("closed_form", lambda q, tau, kind: 1e-5 + tau * float(kind.value(q)), "F*(q)"),
        ("supremum", lambda q, tau, kind: (tau * kind.value(q) - 1e-5, tau * kind.value(q)), "ascent"),
        ("_divergence", lambda q, s: 0.1, "τ"),
    ],
)
def test_a_wrong_value_is_noticed(monkeypatch, kind, place, wrong, words):
    made = (lambda *a: Supremum(*wrong(*a))) if place == "supremum" else wrong
    monkeypatch.setattr(arrays, place, made)
    report = check_duality(X, 1.0, regularizer=kind)
    assert not report.ok
    assert any(words in line for line in str(report).splitlines() if line.endswith("FAILS"))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_wrong_gradient_of_omega_is_noticed(monkeypatch, kind):
    true = type(kind).gradient
    monkeypatch.setattr(type(kind), "gradient", lambda self, p: 1.001 * true(self, p))
    report = check_duality([1.0, 3.0, 2.5, -4.0, 2.9], 2.0, regularizer=kind)
    failing = [c.identity for c in report.checks if not c.ok]
    assert any("support" in name for name in failing)
    assert any(name.startswith("∇F(τ∇Ω(p))") for name in failing)


def test_a_failing_solver_is_no_agreement(monkeypatch):
    def fail(self, *args):
        raise cp.error.SolverError("forced")

    monkeypatch.setattr(cp.Problem, "unpack_results", fail)
    report = check_duality(X, 1.0)
    assert not report.ok
    problem = check_duality(sm.Minimax(sm.Affine(np.eye(2), absolute=True), sm.Box(1, [2.0, 2.0])), 0.1)
    assert not problem.ok
    assert np.isnan(problem.dual)


def test_reports_are_tables_and_plain_data():
    report = check_duality(X, 0.5)
    assert str(report).count("\n") == 1 + len(report.checks)
    plain = report.to_dict()
    assert plain["ok"] is True
    assert plain["weights"] == report.weights.tolist()
    assert json.loads(json.dumps(plain)) == plain


RNG = np.random.default_rng(3)
A, B = RNG.standard_normal((20, 3)), RNG.standard_normal(20)
ROOTS = RNG.standard_normal((20, 3, 3)) / 2
FAMILIES = {
    "absolute": sm.Affine(A, B, absolute=True),
    "balls": sm.Quadratic(1.0, A, B),
    "shared": sm.Quadratic(ROOTS[0] @ ROOTS[0].T, A, B),
    "each": sm.Quadratic(ROOTS @ ROOTS.swapaxes(1, 2), A, B),
    "stack": sm.Stack(
        [sm.Affine(A, B, absolute=True), sm.Quadratic(0.5, A), sm.Quadratic(ROOTS @ ROOTS.swapaxes(1, 2))]
    ),
}
DOMAINS = {
    "free": None,
    "box": sm.Box(-0.2, [0.1, 0.2, np.inf]),
    "simplex": sm.Simplex(3),
    "ball": sm.Ball([1.0, 0, 0], 0.7),
    "polyhedron": sm.Polyhedron([[1.0, 1, 0]], [0.3], [[1.0, 1, 1]], [0.5], bounds=(-1, np.inf)),
}


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("family", FAMILIES)
def test_strong_duality(family, domain):
    report = check_duality(sm.Minimax(FAMILIES[family], DOMAINS[domain]), 0.1)
    assert report.ok, str(report)
    assert report.difference == report.primal - report.dual
    assert report.dual_weights.sum() == pytest.approx(1.0)


def stackloss():
    import problems

    return next(case.problem for case in problems.cases() if case.name == "stackloss")


@pytest.mark.parametrize("tau", [10.0, 0.1, 1e-3])
def test_strong_duality_of_a_regression(tau):
    report = check_duality(stackloss(), tau)
    assert report.ok, str(report)
    assert report.weights == pytest.approx(report.dual_weights, abs=1e-2)


@pytest.mark.parametrize("unit", [1e-8, 1e8])
def test_strong_duality_in_other_units(unit):
    problem = sm.Minimax(sm.Affine(unit * A, unit * B, absolute=True), DOMAINS["box"])
    report = check_duality(problem, 1e-3 * unit)
    assert report.ok, str(report)
    assert abs(report.difference) <= 1e-6 * unit


def test_strong_duality_of_a_game():
    game = sm.Minimax(sm.Affine([[0.0, 1, -1], [-1, 0, 1], [1, -1, 0]]), sm.Simplex(3))
    report = check_duality(game, 0.01)
    assert report.ok
    assert report.primal == pytest.approx(0.01 * np.log(3), abs=1e-9)
    assert report.dual_weights == pytest.approx(np.full(3, 1 / 3), abs=1e-5)


GINI_TAUS = [10.0, 0.1, 1e-3]


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("family", FAMILIES)
def test_strong_duality_of_gini(family, domain):
    report = check_duality(sm.Minimax(FAMILIES[family], DOMAINS[domain]), 0.1, regularizer="gini")
    assert report.ok, str(report)
    assert report.dual_weights.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("tau", GINI_TAUS)
def test_strong_duality_of_a_regression_with_gini(tau):
    report = check_duality(stackloss(), tau, regularizer="gini")
    assert report.ok, str(report)
    assert report.weights == pytest.approx(report.dual_weights, abs=1e-2)
    assert np.count_nonzero(report.weights) < report.weights.size


def test_a_dual_with_a_prior_of_gini():
    problem, w = sm.Minimax(FAMILIES["absolute"], DOMAINS["box"]), RNG.dirichlet(np.ones(40))
    value, p = conic.dual(problem, 0.3, regularizer=gini, prior=w)
    found = sm.solve(problem, tau=0.3, regularizer="gini", prior=w)
    assert value == pytest.approx(found.smoothed_fun, abs=1e-6)
    assert p == pytest.approx(found.weights, abs=1e-3)


def test_scs_is_held_to_its_own_tolerance():
    assert check_duality(sm.Minimax(FAMILIES["absolute"]), 1.0, solver="SCS").ok
    assert check_duality(X, 1.0, solver="SCS").ok


@pytest.mark.parametrize(
    ("x", "tau", "q", "error", "words"),
    [
        (X, 0.0, None, ValueError, "tau"),
        (X, np.nan, None, ValueError, "tau"),
        (X, "warm", None, TypeError, "tau"),
        ([1.0, np.nan], 1.0, None, ValueError, "x must be finite"),
        ([np.inf], 1.0, None, ValueError, "x must be finite"),
        ([], 1.0, None, ValueError, "x must have at least one"),
        ([[1.0]], 1.0, None, ValueError, "x must have shape"),
        ("word", 1.0, None, TypeError, "x must hold real"),
        (X, 1.0, [0.5, 0.5], ValueError, "q must have 5"),
        (X, 1.0, [np.nan] * 5, ValueError, "q must be finite"),
        (sm.Minimax(np.eye(2)), 1.0, [0.5, 0.5], ValueError, "q belongs to an array"),
        (sm.Minimax(sm.Smooth(lambda x: x, d=2, convex=True)), 1.0, None, ValueError, "affine or quadratic"),
    ],
)
def test_bad_arguments_are_named(x, tau, q, error, words):
    with pytest.raises(error, match=words):
        check_duality(x, tau, q=q)


def test_regularizers_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="regularizer must be one of 'shannon', 'gini' for a problem"):
        check_duality(sm.Minimax(np.eye(2)), 1.0, regularizer=tsallis(1.5))
    with pytest.raises(ValueError, match="regularizer must be one of"):
        check_duality(X, 1.0, regularizer="renyi")
    with pytest.raises(TypeError, match="regularizer"):
        check_duality(X, 1.0, regularizer=3)


def test_an_unknown_solver_and_a_missing_cvxpy(monkeypatch):
    with pytest.raises(ValueError, match="'GUROBI'"):
        check_duality(X, 1.0, solver="GUROBI")
    monkeypatch.setattr(door, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install"):
        check_duality(X, 1.0)


def test_no_false_alarm_and_no_blind_check():
    """Small entries, entries off by rounding, α from 1 to 60, all temperatures; and no tolerance covers anything."""
    rng = np.random.default_rng(0)
    for alpha in (1.0001, 1.0005, 1.05, 2.5, 3.5, 5, 20, 60):
        q = rng.dirichlet(np.full(5, 0.3))
        report = check_duality(rng.standard_normal(5), 1.0, q=q, regularizer=tsallis(alpha))
        assert report.ok, str(report)
        assert all(c.tolerance <= 0.1 * c.scale for c in report.checks)
    for q in ([-1e-16, 0.5, 0.5], [1e-14, 0.5, 0.5], [0.333333333333333] * 3, [1e-7, 0.5, 0.5], [0.9, 0.09999, 1e-5]):
        for kind in (shannon, gini, tsallis(5)):
            report = check_duality([0.0, 0.0, 0.0], 0.5, q=q, regularizer=kind)
            assert report.ok, str(report)
    for tau in (1e-300, 1e-12, 1e-8, 1e8, 1e100):
        for kind in (shannon, gini, tsallis(3)):
            report = check_duality([0.0, 1.0, 2.0], tau, regularizer=kind)
            assert report.ok, str(report)
    assert check_duality([0.0, -800.0], 1.0, regularizer=tsallis(1.001)).ok


def test_offsets_and_balls():
    rng = np.random.default_rng(1)
    for offset in (0.0, 1e4, 1e6):
        for domain in (sm.Box(-np.ones(3), np.ones(3)), sm.Ball(np.zeros(3), 1.0)):
            problem = sm.Minimax(sm.Affine(rng.standard_normal((6, 3)), rng.standard_normal(6) + offset), domain)
            for kind in ("shannon", "gini"):
                report = check_duality(problem, 0.3, regularizer=kind)
                assert report.ok, str(report)


def test_an_unbounded_primal_is_told():
    report = check_duality(sm.Minimax(np.ones((3, 2))), 1.0)
    assert not report.ok
    assert "unbounded" in str(report)
