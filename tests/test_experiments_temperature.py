"""Experiments on what a temperature costs and buys, in their quick settings: a claim that is wrong fails here."""

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from experiments import choosing_tau, cost_vs_temperature, rates, scaling
from experiments._powers import mean, power, swept


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cells")


@pytest.fixture(scope="module")
def cost():
    return cost_vs_temperature.run(quick=True)


@pytest.fixture(scope="module")
def fast():
    return rates.run(quick=True)


@pytest.fixture(scope="module")
def chosen(folder):
    return choosing_tau.run(quick=True, out=folder)


def test_a_power_is_found_with_its_interval():
    x = np.logspace(0, 3, 13)
    exact = power(x, 5 * x**1.5)
    assert [exact.k, exact.half, exact.r2] == pytest.approx([1.5, 0, 1], abs=1e-6)
    inside = 0
    for seed in range(200):
        fit = power(x, x**0.5 * np.exp(np.random.default_rng(seed).normal(0, 0.3, x.size)))
        inside += abs(fit.k - 0.5) <= fit.half
    assert 178 <= inside <= 200  # 95 % of 200 are 190 ± 3
    assert math.isnan(power([1, 2], [1, 2]).k)
    assert mean([1.0, 2.0, 3.0])[:2] == pytest.approx((2, 2.484), abs=1e-3)
    assert math.isnan(mean([math.nan]).k)


def test_cold_temperatures_cost_first_order_methods_a_power_and_newton_with_continuation_nothing(cost):
    fits = cost_vs_temperature.fits(cost)
    for problem in cost_vs_temperature.QUICK:
        accelerated = fits[problem, "accelerated", "cold start"]
        assert 0.2 < accelerated.k < 0.65  # theory: at most ½
        assert abs(fits[problem, "newton", "continuation"].k) < 0.15
        assert fits[problem, "newton", "continuation"].k < accelerated.k - 0.15
        assert fits[problem, "accelerated", "continuation"].k < accelerated.k + 0.05


def test_newton_is_done_everywhere_and_the_gradient_is_not(cost):
    by = {(row["problem"], row["method"], row["start"], row["share"]): row for row in cost}
    coldest = min(row["share"] for row in cost)
    for problem in cost_vs_temperature.QUICK:
        gradient = by[problem, "gradient", "cold start", coldest]
        assert gradient["npass"] is None
        assert gradient["left"] > cost_vs_temperature.EPS
        newton = [row for row in cost if row["problem"] == problem and row["method"] == "newton"]
        assert all(row["npass"] < 300 for row in newton)
    for row in cost:
        assert row["npass"] is None or (row["left"] <= cost_vs_temperature.EPS and row["nit"] >= 0)
        assert row["left"] >= 0  # above a proven lower bound
        assert (row["stages"] > 1) == (row["start"] == "continuation")
    warm, cold = (by["stackloss", "accelerated", start, 1e-4]["npass"] for start in cost_vs_temperature.STARTS)
    assert warm < 0.5 * cold
    assert len(cost_vs_temperature.summary(cost)) == 16
    assert isinstance(cost_vs_temperature.plot(cost), Figure)


def test_smoothing_is_faster_in_eps_than_subgradients(fast):
    k = {method: mean(found).k for method, found in rates.exponents(fast).items()}
    assert 1.2 < k["subgradient"] < 2.1
    assert 0.6 < k["Nesterov 2005"] < 1.1
    assert k["subgradient"] - k["Nesterov 2005"] > 0.4
    assert k["continuation, newton"] < 0.4
    finest = min(row["share"] for row in fast)
    spent = {
        row["method"]: row["evaluations"] for row in fast if row["share"] == finest and row["problem"] == "diabetes"
    }
    assert spent["continuation, newton"] < spent["continuation, accelerated"] < spent["Nesterov 2005"]
    assert spent["Nesterov 2005"] < spent["subgradient"]


def test_no_method_is_slower_than_its_theorem(fast):
    promised = [row for row in fast if row["promised"] is not None]
    assert {row["method"] for row in promised} == {"subgradient", "Nesterov 2005"}
    assert len(promised) > 15
    assert all(row["promised"] >= row["eps"] for row in promised)
    assert len(rates.summary(fast)) == 5
    assert isinstance(rates.plot(fast), Figure)


def test_nesterov_keeps_its_bound_at_every_step():
    s = rates.stated("gaussian-200x10-0")
    tau = 0.01 * s.error(s.x0)
    bound = [tau * math.log(len(s.A)) + 2 * s.G**2 / tau * s.R**2 / ((k + 1) * (k + 2)) for k in range(300)]
    for (k, error), most in zip(rates.nesterov(s, tau), bound, strict=False):
        assert 0 <= error <= most, k


def test_passes_grow_with_neither_n_nor_much_with_d():
    table = scaling.run(quick=True)
    assert all(row["proven"] and row["gap"] >= 0 for row in table)
    k = {(fit["source"], fit["over"], fit["method"]): fit["npass"].k for fit in scaling.fits(table)}
    for source in scaling.SOURCES:
        assert abs(k[source, "n", "newton"]) < 0.2
        assert k[source, "n", "working-set"] < 0.1
        assert 0 <= k[source, "d", "newton"] < 0.4
        assert k[source, "d", "accelerated"] > k[source, "d", "newton"] + 0.2
    assert len(scaling.summary(table)) == 12
    assert isinstance(scaling.plot(table), Figure)


def test_data_of_all_methods_are_the_same():
    one, other = scaling.resampled(50, 20, 1), scaling.resampled(50, 20, 1)
    assert np.array_equal(one.components.A, other.components.A)
    assert np.linalg.matrix_rank(scaling.resampled(500, 60, 0).components.A) == 60
    assert not np.array_equal(one.components.b, scaling.resampled(50, 20, 2).components.b)


def test_every_rule_keeps_its_eps(chosen):
    by = {(row["problem"], row["share"], row["rule"]): row for row in chosen}
    for row in chosen:
        assert -1e-12 <= row["true_error"] <= row["gap"] * (1 + 1e-9) + 1e-12
        assert row["true_error"] <= row["eps"] * (1 + 1e-6)
        assert row["gap"] <= row["eps"] * (1 + 1e-6)
    for problem, share, rule in by:
        worst = by[problem, share, choosing_tau.WORST]
        if rule in (choosing_tau.SUPPORT, choosing_tau.PROVEN):  # no colder than need be, up to a step of the path
            assert by[problem, share, rule]["tau"] >= worst["tau"] / choosing_tau.FACTOR * (1 - 1e-9)
        if rule == choosing_tau.PROVEN:
            assert by[problem, share, rule]["tau"] >= by[problem, share, choosing_tau.SUPPORT]["tau"] * (1 - 1e-9)
    summed = {row["rule"]: row for row in choosing_tau.summary(chosen)}
    assert summed[choosing_tau.PROVEN]["error/ε, median"] > summed[choosing_tau.WORST]["error/ε, median"]
    assert summed[choosing_tau.CONTINUED]["passes, median"] < summed[choosing_tau.PROVEN]["passes, median"]
    assert isinstance(choosing_tau.plot(chosen), Figure)


def test_a_second_run_computes_nothing_and_gives_the_same_table(chosen, folder, monkeypatch):
    def never(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr(choosing_tau.sm, "solve", never)
    monkeypatch.setattr(choosing_tau.sm, "path", never)
    choosing_tau._path.cache_clear()
    assert choosing_tau.run(quick=True, out=folder) == chosen  # seconds too, which no two computations have in common


def test_a_cell_that_fails_is_named():
    with pytest.raises(
        RuntimeError, match=r"1 of 1 cells failed, the first with ValueError: no case is called 'nowhere'"
    ):
        swept(choosing_tau.cell, [{"problem": "nowhere", "share": 0.1, "rule": choosing_tau.WORST}], None, 1)
