"""Every inequality of log-sum-exp, on random, tied, extreme and published data; both sides against many digits."""

import json
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import smoothmax as sm
from problems import get
from smoothmax.inequalities import statement
from smoothmax.inequalities.weighted import renyi
from tests import effort
from tests.laws import assert_refuses

law = effort.law(60, 1200)
vectors = hnp.arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6))
taus = st.floats(1e-9, 1e9)
CHECKED = sm.check_inequalities([0.0, 1.0, 2.0, 3.0], p=[0.1, 0.2, 0.3, 0.4], t=1.5)
NAMES = [row.name for row in CHECKED]


def failing(report):
    return [
        f"{row.name}: {row.left!r} {row.relation} {row.right!r}, {row.tolerance:.1e}" for row in report if not row.ok
    ]


@law
@given(x=vectors, tau=taus, t=st.floats(1.0001, 50), seed=st.integers(0, 99))
def test_all_hold(x, tau, t, seed):
    rng = np.random.default_rng(seed)
    y, p = x + rng.normal(size=x.size) * tau, rng.dirichlet(np.ones(x.size))
    assert not failing(sm.check_inequalities(x, y, p, tau, t))


@pytest.mark.parametrize("x", [[3.0], [2.0] * 5, [1e8, 1e8, 0.0], [0.0, -1e-300], np.arange(400.0), [1, 2, 2]], ids=str)
@pytest.mark.parametrize("tau", [1e-300, 1e-6, 1.0, 1e6, 1e300])
def test_ties_and_extreme_temperatures(x, tau):
    n = len(x)
    for y in (None, x, np.asarray(x) + 1.0):
        for p in (None, np.full(n, 1 / n), np.eye(n)[0]):
            for t in (1 + 1e-9, 2.0, 1e3):
                assert not failing(sm.check_inequalities(x, y, p, tau, t))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_tolerances_follow_the_dtype(dtype):
    x = np.random.default_rng(0).normal(size=20).astype(dtype)
    p = sm.softmax(x).astype(dtype)
    report, wide = sm.check_inequalities(x, -x, p), sm.check_inequalities(x.astype(float), -x.astype(float))
    assert not failing(report)
    ratio = float(np.finfo(dtype).eps) / float(np.finfo(float).eps)
    assert report["mean"].tolerance == pytest.approx(ratio * wide["mean"].tolerance)


def test_at_residuals_of_published_data():
    case = get("stackloss")
    f = case.problem.components.value(sm.solve(case.problem).x)
    for tau in (1e-3, 0.1, 10.0):
        report = sm.check_inequalities(f, tau=tau)
        assert report.ok, failing(report)
    assert report["cold, below"].left == 0.0  # equal to rounding are not equal


# --- each side by its definition


def exact(x, tau):
    return tau * mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(v) / tau) for v in x))


def softmax(x, tau):
    return [mpmath.exp((mpmath.mpf(v) - exact(x, tau)) / tau) for v in x]


def sides(x, y, p, tau, t):
    """left and right of a good part of the list, written down again in 50 digits."""
    n, mean, top = len(x), mpmath.fsum(x) / len(x), max(x)
    F, G, q, r = exact(x, tau), exact(y, tau), softmax(x, tau), softmax(y, tau)
    dot = mpmath.fsum(a * b for a, b in zip(p, x, strict=True))
    H = -mpmath.fsum(a * mpmath.log(a) for a in p)
    R = -mpmath.log(mpmath.fsum(a**t for a in p)) / (t - 1)
    away = [b - a for a, b in zip(x, y, strict=True)]
    slope = mpmath.fsum(a * b for a, b in zip(q, away, strict=True))
    far = max(abs(v) for v in away)
    kl = mpmath.fsum(a * mpmath.log(a / b) for a, b in zip(q, r, strict=True))
    return {
        "maximum below": (top, F),
        "maximum above": (F, top + tau * mpmath.log(n)),
        "mean": (mean + tau * mpmath.log(n), F),
        "hot": (F, mean + tau * mpmath.log(n) + (top - min(x)) ** 2 / (8 * tau)),
        "minimum above": (-exact([-v for v in x], tau), min(x)),
        "mean form above": (F - tau * mpmath.log(n), top),
        "Cauchy–Schwarz": (dot - tau * mpmath.log(mpmath.fsum(a * a for a in p)), F),
        "Hölder": (dot + tau * R, F),
        "Gibbs": (dot + tau * H, F),
        "1-Lipschitz": (abs(F - G), far),
        "convex": (exact([(a + b) / 2 for a, b in zip(x, y, strict=True)], tau), (F + G) / 2),
        "convex, by its tangent": (F + slope, G),
        "smooth, ℓ∞ to ℓ1": (mpmath.fsum(abs(a - b) for a, b in zip(q, r, strict=True)), far / tau),
        "smooth, from above": (G, F + slope + far**2 / (2 * tau)),
        "Bregman": (G - F - slope, tau * kl),
        "surrogate rises with τ": (F, exact(x, t * tau)),
        "prior above": (tau * mpmath.log(mpmath.fsum(a * mpmath.exp(v / tau) for a, v in zip(p, x, strict=True))), top),
    }


@pytest.mark.parametrize("tau", [0.1, 1.0, 10.0])
def test_both_sides_in_many_digits(tau):
    rng = np.random.default_rng(3)
    x, y, p = rng.normal(size=6), rng.normal(size=6), rng.dirichlet(np.ones(6))
    report = sm.check_inequalities(x, y, p, tau, t=1.5)
    with mpmath.workdps(50):
        wide = [[mpmath.mpf(float(v)) for v in a] for a in (x, y, p)]
        for name, (left, right) in sides(*wide, mpmath.mpf(tau), mpmath.mpf(1.5)).items():
            row = report[name]
            assert row.left == pytest.approx(float(left), rel=1e-12, abs=1e-13), name
            assert row.right == pytest.approx(float(right), rel=1e-12, abs=1e-13), name
            assert row.slack == pytest.approx(float(right - left), abs=row.tolerance), name


def test_renyi_near_its_limits():
    p = np.array([0.5, 0.3, 0.2])
    assert renyi(p, 1 + 1e-13) == pytest.approx(float(sm.entropy(p)), rel=1e-12)
    assert renyi(p, 1e6) == pytest.approx(-math.log(0.5), rel=1e-5)
    assert renyi(np.full(10, 0.1), 11.0) == pytest.approx(math.log(10), rel=1e-14)
    for t in (1.0099999, 1.0100001):
        assert renyi(p, t) == pytest.approx(renyi(p, 1.01), rel=1e-6)


# --- equality, and what is strict


def test_where_equality_holds():
    level = sm.check_inequalities([2.0, 2.0, 2.0], p=np.full(3, 1 / 3))
    for name in ("maximum above", "mean", "hot", "mean form above", "Cauchy–Schwarz", "Hölder", "Hölder falls in t"):
        assert level[name].attained
        assert level[name].slack == pytest.approx(0.0, abs=level[name].tolerance)
    assert level["maximum below"].strict  # equal entries are where F exceeds the maximum most
    assert level["maximum below"].slack == pytest.approx(math.log(3))
    alone = sm.check_inequalities([2.0])
    assert alone["maximum below"].attained
    assert alone["surrogate rises with τ"].attained
    x = np.array([0.0, 1.0, 2.0])
    own = sm.check_inequalities(x, p=sm.softmax(x))
    assert own["Gibbs"].attained
    assert not sm.check_inequalities(x)["Gibbs"].attained
    shifted = sm.check_inequalities(x, x + 5.0)
    assert all(shifted[name].attained for name in ("1-Lipschitz", "convex", "convex, by Hölder"))
    assert sm.check_inequalities([3.0, 1.0, 1.0])["margin"].attained


@pytest.mark.parametrize("name", NAMES)
def test_every_statement_says_all_there_is_to_say(name):
    row = CHECKED[name]
    assert row.formula
    assert row.source
    assert row.equality
    assert (row.relation == "=") == (row.equality == "always")
    assert row.ok
    if not row.attained:
        assert row.slack > row.tolerance, "at data without ties every inequality is strict"


def test_what_is_false_is_noticed():
    """The bound with the exponent t/(t − 1) and the factor 1/(t − 1), of which there are prints."""

    def sides(d):
        return float(d.p @ d.x) - math.log(float(np.sum(d.p ** (d.t / (d.t - 1))))) / (d.t - 1), d.value, False

    wrong = statement.Statement("wrong", "⟨p, x⟩ − log(Σ pᵢ^(t/(t−1)))/(t − 1) ≤ F(x)", "", "", "x", sides)
    data = statement.Data(np.zeros(2), np.zeros(2), np.full(2, 0.5), 1.0, 1.5, 2.2e-16)
    row = wrong.at(data)
    assert row.left == pytest.approx(2.7725887)
    assert row.right == pytest.approx(0.6931472)
    assert not row.ok
    report = statement.Inequalities(1.0, 2, (row,))
    assert not report.ok
    assert "FAILS" in str(report)


def test_the_report():
    assert CHECKED.ok
    assert len(CHECKED) == len(NAMES) == len(set(NAMES))
    assert str(CHECKED).startswith("n = 4, tau = 1: all hold")
    rows = json.loads(json.dumps(CHECKED.to_dict()))
    assert [row["name"] for row in rows] == NAMES
    assert all(row["ok"] for row in rows)
    with pytest.raises(KeyError, match="no inequality is called 'means'"):
        CHECKED["means"]


def test_what_is_refused():
    check = sm.check_inequalities
    assert_refuses(ValueError, "x", check, [])
    assert_refuses(ValueError, "x", check, [1.0, math.nan])
    assert_refuses(ValueError, "x", check, [1.0, math.inf])
    assert_refuses(ValueError, "x", check, [[1.0, 2.0]])
    assert_refuses(TypeError, "x", check, ["a"])
    assert_refuses(ValueError, ["y", "2", "3"], check, [1.0, 2.0], [1.0, 2.0, 3.0])
    assert_refuses(ValueError, ["p", "3"], check, [1.0, 2.0], p=[0.5, 0.3, 0.2])
    assert_refuses(ValueError, ["p", "1.1"], check, [1.0, 2.0], p=[0.5, 0.6])
    assert_refuses(ValueError, ["p", "-0.5"], check, [1.0, 2.0], p=[1.5, -0.5])
    for tau in (0.0, -1.0, math.inf, math.nan):
        assert_refuses(ValueError, "tau", check, [1.0], tau=tau)
    for t in (1.0, 0.5, math.inf, math.nan):
        assert_refuses(ValueError, "t", check, [1.0], t=t)
    for t in ("2", None, True):
        assert_refuses(TypeError, "t", check, [1.0], t=t)


def test_weights_that_underflow_leave_finite_sides():
    report = sm.check_inequalities([0.0, -5000.0], p=[0.5, 0.5])
    for name in ("Pinsker", "KL identity", "Gibbs"):
        row = report[name]
        assert math.isfinite(row.left)
        assert math.isfinite(row.right)
    assert report["Pinsker"].right == pytest.approx(2500 - math.log(2))
    assert report.ok


def test_bounds_that_divide_by_little_are_no_false_alarm():
    rng = np.random.default_rng(0)
    for k in range(300):
        n, t = int(rng.integers(1, 30)), 1 + 10 ** rng.uniform(-9, 1.5)
        x = np.zeros(n) if k % 2 else rng.standard_normal(n) * 10 ** rng.uniform(-5, 5)
        p = np.full(n, 1 / n) if k % 3 else rng.dirichlet(np.full(n, 0.3))
        report = sm.check_inequalities(x, p=p, t=t, tau=10 ** rng.uniform(-6, 6))
        assert not failing(report), (n, t, failing(report))


def test_what_a_statement_does_not_use_does_not_blur_it():
    plain = sm.check_inequalities([0.0, 1.0])
    for other in (sm.check_inequalities([0.0, 1.0], [1e16, 0.0]), sm.check_inequalities([0.0, 1.0], t=1e12)):
        assert other["maximum below"].tolerance == plain["maximum below"].tolerance
        assert other["Gibbs"].tolerance == plain["Gibbs"].tolerance


def test_sums_that_overflow_are_refused_by_name():
    check = sm.check_inequalities
    assert_refuses(ValueError, ["x", "tau"], check, [1.7e308, -1.7e308])
    assert_refuses(ValueError, ["t", "tau"], check, [1.0, 2.0], tau=1e308)
    assert_refuses(ValueError, ["tau"], check, [1.0, 2.0], tau=5e-324)
