"""Experiments on the theory: inequalities, duality, regularizers, the surface; each in its quick setting."""

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from experiments import duality, inequalities, regularizers, surface


def test_every_inequality_holds_on_real_data():
    table = inequalities.run(quick=True)
    assert all(row["ok"] for row in table)
    assert {row["over"] for row in table} == {"τ", "n"}
    by = {(row["share"], row["name"]): row["tight"] for row in table if row["over"] == "τ"}
    cold, hot = min(inequalities.SHARES), max(inequalities.SHARES)
    assert by[cold, "maximum below"] < 1e-6 < by[hot, "maximum below"]  # bounds by the maximum are sharp when cold,
    assert by[hot, "mean"] < 1e-4 < by[cold, "mean"]  # those by the mean when hot
    named = {row["name"] for row in table}
    assert {name for names in inequalities.PANELS.values() for name in names} <= named
    assert len(inequalities.summary(table)) > 25
    assert isinstance(inequalities.plot(table), Figure)


def test_duality_holds_for_every_regularizer_and_dtype():
    table = duality.run(quick=True)
    assert all(row["ok"] for row in table)
    assert {row["regularizer"] for row in table} == {"shannon", "gini", "tsallis(1.5)", "tsallis(3)"}
    closed = {
        d: [r["residual"] for r in table if r["route"] == "closed form" and r["dtype"] == d] for d in duality.DTYPES
    }
    for dtype, residuals in closed.items():
        assert max(residuals) <= 64 * float(np.finfo(dtype).eps) * max(duality.SIZES)
    assert len(duality.summary(table)) >= 10
    assert isinstance(duality.plot(table), Figure)


def test_sparse_smoothing_is_nearer_with_fewer_components():
    table = regularizers.run(quick=True)
    solved = [row for row in table if row["what"] == "solve"]
    assert all(row["success"] for row in solved)
    for row in solved:
        assert -1e-9 * row["size"] <= row["error"] <= row["gap"] * (1 + 1e-9) + 1e-9 * row["size"]
        assert row["error"] <= row["bound"] + 1e-8 * row["size"]
    by = {(row["regularizer"], row["share"]): row for row in solved}
    for share in {row["share"] for row in solved} - {0.0}:
        assert by["gini", share]["with_weight"] <= by["shannon", share]["with_weight"]
        assert by["gini", share]["bound"] < by["shannon", share]["bound"]
    for row in table:
        if row["what"] == "operator":
            assert 0 <= row["gap"] <= row["bound"] + 1e-12
            assert 0 <= row["excess"] <= row["bound"] + 1e-12
    assert len(regularizers.summary(table)) == 2
    assert isinstance(regularizers.plot(table), Figure)


def test_the_surface_lies_over_the_maximum():
    table = surface.run(quick=True)
    for row in table:
        if row["what"] == "surface":
            over = row["tau"] * math.log1p(math.exp(-abs(row["x1"] - row["x2"]) / row["tau"]))
            assert row["value"] - row["max"] == pytest.approx(over, abs=1e-14)
    assert [row["largest excess"] for row in surface.summary(table)] == pytest.approx(
        [tau * math.log(2) for tau in surface.TAUS]
    )
    assert isinstance(surface.plot(table), Figure)
    assert set(surface.pictures(table)) == {"sharpening"}
