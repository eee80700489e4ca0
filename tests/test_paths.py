"""The temperature path: its table, the theorems it must obey, and what it refuses."""

import csv
import io
import math

import numpy as np
import pytest

import problems
import smoothmax as sm
from smoothmax.paths import COLUMNS, predict, tangent

SAMPLE = ("stackloss", "diabetes", "linear3", "exp-deg3", "sqrt-deg1", "pole-5over4-deg3", "rps", "durer", "kuhn-poker")
SAMPLE += ("ball-345", "ball-cube-2", "european-cities", "nesterov-10")


def case_path(name, **options):
    case = problems.get(name)
    return case, sm.path(case.problem, x0=case.x0, **options)


@pytest.fixture(scope="module")
def stackloss():
    return case_path("stackloss")


@pytest.mark.parametrize("name", SAMPLE)
def test_the_bounds_hold_at_every_temperature(name):
    case, path = case_path(name)
    slack = 1e-7 * max(abs(case.optimum), 1e-3) + 1e-9
    for record, result in zip(path.records, path.results, strict=True):
        assert record["lower_bound"] <= case.optimum + 1e-14 * abs(case.optimum) + 1e-15
        assert case.optimum <= record["fun"] + 1e-14 * max(1.0, abs(record["fun"]))
        assert record["gap"] == pytest.approx(record["fun"] - record["lower_bound"], rel=1e-6, abs=1e-12)
        assert record["fun"] <= record["smoothed_fun"] + 1e-12 <= record["fun"] + record["tau_log_n"] + 2e-12
        assert record["tau_entropy"] <= record["tau_log_n"] * (1 + 1e-12)
        assert record["success"]
        assert record["gap"] <= record["tau_entropy"] + max(result.gap_parts[1], 0.0) + slack
    assert path.lower_bound <= case.optimum + 1e-15 + 1e-14 * abs(case.optimum)
    assert case.optimum - 1e-14 * max(1, abs(case.optimum)) <= path.best <= min(r["fun"] for r in path.records)


def test_records_have_the_documented_columns_and_fall(stackloss):
    case, path = stackloss
    tau = [record["tau"] for record in path.records]
    assert all(tuple(record) == COLUMNS for record in path.records)
    assert tau == sorted(tau, reverse=True)
    assert len(set(tau)) == len(tau) == len(path.results)
    assert math.isnan(path.records[0]["extrapolated"])
    assert all(math.isfinite(record["extrapolated"]) for record in path.records[1:])
    for record in path.records:
        assert record["tau_log_n"] == pytest.approx(record["tau"] * math.log(case.problem.n))
        assert isinstance(record["success"], bool)
        assert record["npass"] > 0
        assert record["nit"] >= 0


def test_each_row_is_a_smoothed_optimum(stackloss):
    case, path = stackloss
    for record, result in zip(path.records, path.results, strict=True):
        surrogate = sm.Smoothed(case.problem, record["tau"])
        assert record["smoothed_fun"] == pytest.approx(surrogate.fun(result.x), rel=1e-12)
        assert record["fun"] == pytest.approx(case.problem(result.x), rel=1e-12)
        assert record["tau_entropy"] == pytest.approx(record["tau"] * surrogate.entropy(result.x), rel=1e-9)


def test_taus_are_sorted_and_counted_once():
    case, path = case_path("linear3", taus=(0.1, 1.0, 0.3, 1.0))
    assert path.to_dict()["tau"] == [1.0, 0.3, 0.1]
    assert case.optimum <= path.best
    assert sm.path(case.problem, [0.5]).to_dict()["tau"] == [0.5]
    generated = sm.path(case.problem, (2.0**-k for k in range(3)))
    assert generated.to_dict()["tau"] == [1.0, 0.5, 0.25]


def test_eps_ends_the_schedule_where_the_bound_reaches_it():
    case, path = case_path("stackloss", eps=1e-3)
    assert path.records[-1]["tau_log_n"] == pytest.approx(1e-3)
    assert path.records[-1]["fun"] - case.optimum <= 1e-3
    ratios = [a["tau"] / b["tau"] for a, b in zip(path.records[:-1], path.records[1:], strict=True)]
    assert max(ratios) == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("name", "tau"), [("stackloss", 0.5), ("diabetes", 3.0), ("european-cities", 1e-3), ("rps-15", 0.1)]
)
def test_envelope_the_optimal_value_falls_at_the_rate_of_the_entropy(name, tau):
    h = 1e-3
    path = case_path(name, taus=[tau * (1 + h), tau, tau * (1 - h)], tol=1e-13)[1]
    warm, middle, cold = path.records
    slope = (warm["smoothed_fun"] - cold["smoothed_fun"]) / (2 * h * tau)
    assert slope == pytest.approx(middle["tau_entropy"] / tau, rel=1e-5)


@pytest.mark.parametrize(("name", "tau"), [("stackloss", 0.5), ("linear3", 1.0), ("european-cities", 1e-2)])
def test_tangent_is_the_derivative_of_the_minimizer(name, tau):
    case, h = problems.get(name), 1e-2
    warm, middle, cold = sm.path(case.problem, [tau * (1 + h), tau, tau * (1 - h)], x0=case.x0, tol=1e-13).results
    slope = (warm.x - cold.x) / (2 * h * tau)
    found = tangent(sm.Smoothed(case.problem, tau).at(middle.x))
    assert np.linalg.norm(found - slope) <= 5e-4 * np.linalg.norm(slope)


def test_the_predictor_never_starts_higher(stackloss):
    case, path = stackloss
    for result in path.results:
        there = sm.Smoothed(case.problem, result.tau / 4)
        here, there = (sm.Smoothed(case.problem, tau) for tau in (result.tau, result.tau / 4))
        guess = predict(result, here, there)
        assert there.fun(guess) <= there.fun(result.x)


@pytest.mark.parametrize("name", ["stackloss", "diabetes", "linear3", "diag-4"])
def test_richardson_lands_once_the_active_set_has_settled(name):
    case, path = case_path(name, tol=1e-11)
    for record in path.records[-2:]:
        assert abs(record["extrapolated"] - case.optimum) <= 1e-9 * max(1.0, abs(case.optimum))
        assert record["fun"] - case.optimum > 1e-8  # the smoothed point itself is nowhere near
    assert path.best == pytest.approx(case.optimum, rel=1e-9, abs=1e-9)


def test_extrapolated_points_stay_in_the_domain():
    case = problems.get("kuhn-poker")
    path = sm.path(case.problem, [0.1, 0.02, 0.005], x0=case.x0)
    assert all(r["extrapolated"] >= case.optimum - 1e-15 for r in path.records[1:])


def test_csv_round_trip(stackloss):
    path = stackloss[1]
    rows = list(csv.DictReader(io.StringIO(path.to_csv())))
    assert len(rows) == len(path.records)
    for row, record in zip(rows, path.records, strict=True):
        assert tuple(row) == COLUMNS
        for name in COLUMNS:
            if name == "success":
                assert row[name] == str(record[name])
            elif math.isnan(record[name]):
                assert row[name] == "nan"
            else:
                assert float(row[name]) == record[name]


def test_csv_is_written_whole_or_not_at_all(stackloss, tmp_path, monkeypatch):
    path, target = stackloss[1], tmp_path / "path.csv"
    text = path.to_csv(target)
    assert target.read_bytes().decode() == text
    target.write_text("earlier")

    def full_disk(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        path.to_csv(target)
    assert target.read_text() == "earlier"
    assert [p.name for p in tmp_path.iterdir()] == ["path.csv"]
    with pytest.raises(FileNotFoundError) as told:
        path.to_csv(tmp_path / "nowhere" / "path.csv")
    assert told.value.filename == str(tmp_path / "nowhere" / "path.csv")


def test_to_dict_holds_the_records_by_column(stackloss):
    path = stackloss[1]
    table = path.to_dict()
    assert tuple(table) == COLUMNS
    assert all(len(column) == len(path.records) for column in table.values())
    for name in COLUMNS:
        assert [r[name] for r in path.records] == pytest.approx(table[name], nan_ok=True)


def test_the_start_is_not_touched():
    case = problems.get("stackloss")
    x0 = np.ones(4)
    sm.path(case.problem, [1.0, 0.1], x0=x0)
    assert np.array_equal(x0, np.ones(4))


@pytest.mark.parametrize("method", ["newton", "lbfgs", "accelerated"])
def test_methods_agree(method):
    case = problems.get("linear3")
    path = sm.path(case.problem, [1.0, 0.3], x0=case.x0, method=method)
    found = [record["smoothed_fun"] for record in path.records]
    wanted = [r["smoothed_fun"] for r in sm.path(case.problem, [1.0, 0.3], method="newton").records]
    assert found == pytest.approx(wanted, rel=1e-7)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"taus": [1.0], "eps": 1e-3}, ValueError, "not both"),
        ({"taus": []}, ValueError, "empty"),
        ({"taus": [1.0, -0.1]}, ValueError, "taus"),
        ({"taus": [0.0]}, ValueError, "taus"),
        ({"taus": [1.0, math.nan]}, ValueError, "taus"),
        ({"taus": [math.inf]}, ValueError, "taus"),
        ({"taus": 0.1}, TypeError, "iterable"),
        ({"taus": ["warm"]}, TypeError, "taus"),
        ({"eps": 0.0}, ValueError, "eps"),
        ({"eps": -1.0}, ValueError, "eps"),
        ({"eps": math.nan}, ValueError, "eps"),
        ({"taus": [1.0], "method": "simplex"}, ValueError, "method"),
        ({"taus": [1.0], "method": "working-set"}, ValueError, "not F_τ at a given tau"),
        ({"eps": 1e-3, "method": "newton-cg"}, ValueError, "not F_τ at a given tau"),
        ({"taus": [1.0], "max_passes": -1}, ValueError, "max_passes"),
    ],
)
def test_bad_input_is_named(options, error, words):
    with pytest.raises(error, match=words):
        sm.path(problems.get("linear3").problem, **options)


def test_only_problems_have_paths():
    with pytest.raises(TypeError, match="Minimax"):
        sm.path(np.eye(3), [1.0])


def test_a_start_that_is_not_finite_ends_the_path():
    problem = sm.Minimax(sm.Smooth(lambda x: np.array([np.inf, 1.0]), lambda x: np.zeros((2, 1)), d=1, convex=True))
    path = sm.path(problem)
    assert len(path.records) == 1
    assert not path.records[0]["success"]


def test_no_setting_of_the_users_floating_point_gets_in():
    case = problems.get("us-airports")
    with np.errstate(all="raise"):
        path = sm.path(case.problem, [1e-2, 1e-6], x0=case.x0)
        weights = sm.Smoothed(case.problem, 1e-6).weights(case.x0)
    assert all(row["success"] for row in path.records)
    assert weights.sum() == pytest.approx(1.0)
