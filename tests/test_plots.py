"""Figures: right files, the same bytes every time, no warnings, and no crash on tables with nothing to show."""

import math
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

import problems
import smoothmax as sm
from smoothmax import plots

SIGNATURES = {".png": b"\x89PNG\r\n\x1a\n", ".svg": b"<?xml", ".pdf": b"%PDF-"}


@pytest.fixture(scope="module")
def path():
    case = problems.get("stackloss")
    return sm.path(case.problem, [10.0, 1.0, 0.1, 0.02, 0.005, 0.001], x0=case.x0)


@pytest.fixture(scope="module")
def table(path):
    return path.to_dict()


def constant(table, value, **columns):
    return {name: [value] * len(column) for name, column in table.items()} | columns


@pytest.mark.parametrize("suffix", [*SIGNATURES, ".PNG"])
def test_the_extension_decides_the_format(path, tmp_path, suffix):
    target = tmp_path / f"path{suffix}"
    figure = path.plot(target, title="Stackloss", optimum=problems.get("stackloss").optimum)
    assert isinstance(figure, Figure)
    assert target.read_bytes().startswith(SIGNATURES[suffix.lower()])
    assert [p.name for p in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize("name", ["path.gif", "path", "path.svgz", "path.png.txt"])
def test_another_extension_says_what_is_possible(path, tmp_path, name):
    with pytest.raises(ValueError, match=r"\.png, \.svg, \.pdf"):
        path.plot(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", list(SIGNATURES))
def test_the_same_table_gives_the_same_bytes(table, tmp_path, suffix):
    files = [tmp_path / f"{k}{suffix}" for k in range(2)]
    for file in files:
        plots.path_figure(table, file)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_the_users_settings_change_nothing_and_are_left_alone(table, tmp_path):
    plots.path_figure(table, tmp_path / "a.png")
    with matplotlib.rc_context({"font.size": 30.0, "axes.grid": True, "lines.linewidth": 9.0}):
        plots.path_figure(table, tmp_path / "b.png")
        assert matplotlib.rcParams["font.size"] == 30.0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_failed_write_leaves_the_earlier_file(table, tmp_path, monkeypatch):
    target = tmp_path / "path.png"
    target.write_text("earlier")

    def full_disk(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        plots.path_figure(table, target)
    assert target.read_text() == "earlier"
    assert [p.name for p in tmp_path.iterdir()] == ["path.png"]


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, -math.inf, None])
@pytest.mark.parametrize("optimum", [None, 0.0, math.nan])
def test_columns_that_no_logarithm_takes_do_not_crash(table, tmp_path, value, optimum):
    broken = constant(table, value, tau=table["tau"])
    plots.path_figure(broken, tmp_path / "path.png", optimum=optimum)
    plots.path_figure(constant(table, value), tmp_path / "all.png", optimum=optimum)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_short_tables(table, tmp_path, rows):
    plots.path_figure({name: column[:rows] for name, column in table.items()}, tmp_path / "path.svg")


def test_an_empty_picture_says_so(table):
    figure = plots.path_figure(constant(table, math.nan))
    assert "nothing finite to show" in [text.get_text() for text in figure.axes[0].texts]


def test_axes_carry_their_units_and_curves_their_names(table):
    figure = plots.path_figure(table, optimum=4.74, units="antes", title="A title")
    axes = figure.axes[0]
    assert "antes" in axes.get_xlabel()
    assert "antes" in axes.get_ylabel()
    assert axes.get_title() == "A title"
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert axes.get_xlim()[0] > axes.get_xlim()[1]  # colder to the right
    names = " ".join(text.get_text() for text in figure.legends[0].get_texts())
    for part in ("τ·log n", "τ·H(p)", "proven gap", "extrapolated"):
        assert part in names


def test_curves_show_the_table(table):
    lines = {line.get_label(): line for line in plots.path_figure(table).axes[0].get_lines()}
    gap = lines["proven gap of max f"]
    assert np.allclose(gap.get_xdata(), table["tau"])
    assert np.allclose(gap.get_ydata(), table["gap"])


def test_what_is_below_rounding_lies_on_its_line(table):
    best = max(table["lower_bound"])
    settled = {**table, "extrapolated": [math.nan, best + 1.0, best + 0.1, best, best - 1e-13, best]}
    axes = plots.path_figure(settled, optimum=best).axes[0]
    floor = plots.rounding(settled)
    rings = [line for line in axes.get_lines() if line.get_markerfacecolor() == "white"]
    assert [len(line.get_xdata()) for line in rings] == [3]
    assert np.allclose(rings[0].get_ydata(), floor)
    assert any("rounding" in text.get_text() for text in axes.texts)


def test_unproven_temperatures_are_crossed(table):
    failed = {**table, "success": [True, False, True, True, False, True]}
    lines = {line.get_label(): line for line in plots.path_figure(failed).axes[0].get_lines()}
    assert np.allclose(lines["smoothed optimum not proven there"].get_xdata(), [table["tau"][1], table["tau"][4]])


def test_a_missing_column_is_named(table):
    with pytest.raises(KeyError, match="gap"):
        plots.path_figure({name: column for name, column in table.items() if name != "gap"})


def test_no_pyplot():
    assert "matplotlib.pyplot" not in sys.modules or "pyplot" not in vars(plots)


def test_text_does_not_overlap_at_eight_centimetres(table):
    figure = plots.path_figure(table, width=8.0, title="Stackloss", optimum=problems.get("stackloss").optimum)
    with plots.style():
        figure.draw_without_rendering()
    legend = figure.legends[0].get_window_extent()
    label = figure.axes[0].xaxis.label.get_window_extent()
    assert not legend.overlaps(label)
    assert figure.bbox.contains(label.x0, label.y0)
    assert figure.bbox.contains(legend.x1 - 1, legend.y0 + 1)
    assert min(text.get_fontsize() for text in figure.legends[0].get_texts()) >= 6
