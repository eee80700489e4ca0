"""The picture of a temperature path: the measured gap below its bounds, against τ."""

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import _doors
from .._typing import Array
from .curves import BOUNDS, Shown, column, finite, shown
from .look import (  # Axes and Figure: one place says what is missing without matplotlib
    GREY,
    PURPLE,
    WIDTH,
    Axes,
    Figure,
    decades,
    panels,
    save,
    style,
    suffix_of,
)


def path_figure(
    table: Mapping[str, Sequence[Any]],
    path: str | os.PathLike[str] | None = None,
    *,
    title: str | None = None,
    optimum: float | None = None,
    units: str = "units of f",
    width: float = WIDTH,
    regularizer: str = "shannon",
) -> Figure:
    """Log–log picture of the proven gap, τ·H(p), τ·log n and the extrapolated error against τ, warm to cold.

    Parameters
    ----------
    table : dict of columns
        As from `Path.to_dict`.
    path : path, optional
        Also save the figure there, as PNG, SVG or PDF by its extension; whole or not at all.
    title : str, optional
    optimum : float, optional
        The true minimum where it is known: errors are measured against it, else against the best proven lower bound.
    units : str
        The units of f, for the labels.
    width : float
        In centimetres.
    regularizer : "shannon" | "gini"
        Whose bounds the table has.

    Raises
    ------
    KeyError
        A column that the table lacks.
    ValueError
        Another extension.
    """
    suffix = None if path is None else suffix_of(path)
    width = _doors.positive("width", width)
    title = None if title is None else _doors.text("title", title)
    optimum = None if optimum is None else _doors.number("optimum", optimum)
    _doors.text("units", units)
    _doors.one_of("regularizer", regularizer, tuple(BOUNDS))
    with style():
        figure, axes = panels(1, 1, width, 0.95 * width)
        draw_path(axes[0], table, optimum=optimum, units=units, regularizer=regularizer)
        if title:
            axes[0].set_title(title)
        handles, labels = axes[0].get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside lower center", ncols=1 if width < 11 else 2, handlelength=2.6)
    if path is not None and suffix is not None:
        save(figure, path)
    return figure


def draw_path(
    axes: Axes,
    table: Mapping[str, Sequence[Any]],
    *,
    optimum: float | None = None,
    units: str = "units of f",
    regularizer: str = "shannon",
) -> None:
    """The curves of `path_figure` in given axes, labelled for a legend that the caller places.

    What is zero, negative or below the rounding of max f cannot be read off on a logarithmic scale: it is drawn hollow
    on the line that marks that rounding. What is nan or infinite is left out.
    """
    tau, told = column(table, "tau"), shown(table, optimum, regularizer)
    any_shown, hidden = False, False
    for label, y, look in told.curves:
        there = np.isfinite(y) & np.isfinite(tau) & (tau > 0)
        if not there.any():
            continue
        low = there & (y <= told.floor)
        line = np.where(there, np.maximum(y, told.floor), np.nan)
        axes.plot(tau, line, label=label, **{"zorder": 3, **look})
        if low.any():  # white over the marker leaves a ring
            axes.plot(tau[low], line[low], color=look["color"], linestyle="", **_ring(look.get("marker", "o")))
            hidden = True
        any_shown = True
    _unproven(axes, table, tau, told.floor)
    _frame(axes, tau, told if hidden else None, any_shown, units)


def _frame(axes: Axes, tau: Array, told: Shown | None, any_shown: bool, units: str) -> None:
    axes.set_xlabel(f"temperature τ ({units}), colder →")
    axes.set_ylabel(f"error ({units})")
    if not any_shown:
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "nothing finite to show", ha="center", va="center", transform=axes.transAxes, color=GREY)
        return
    decades(axes)
    axes.grid(True, color="#DDDDDD", linewidth=0.4)
    axes.set_axisbelow(True)
    warm = float(finite(tau).max())
    cold = float(finite(tau).min())
    room = max((warm / cold) ** 0.04, 1.3)
    axes.set_xlim(warm * room, cold / room)
    if told is not None:
        low, high = axes.get_ylim()
        axes.set_ylim(min(low, told.floor / 30), high)
        axes.axhspan(axes.get_ylim()[0], told.floor, color="#EEEEEE", zorder=0, linewidth=0)
        axes.annotate(
            f"{told.floor_label} (hollow: at or below)", (0.02, told.floor), (0, -2), va="top", color=GREY,
            fontsize=6.0, xycoords=("axes fraction", "data"), textcoords="offset points",
        )  # fmt: skip
    _slope(axes, warm, cold)


def _slope(axes: Axes, warm: float, cold: float) -> None:
    """A short reference line of slope 1, above all curves where they are cold."""
    if warm / cold < 10:
        return
    tops = [np.asarray(line.get_ydata(), float) for line in axes.get_lines()]
    xs = [np.asarray(line.get_xdata(), float) for line in axes.get_lines()]
    ends = (
        10 ** (0.45 * math.log10(cold) + 0.55 * math.log10(warm)),
        10 ** (0.7 * math.log10(cold) + 0.3 * math.log10(warm)),
    )
    near = [
        float(np.nanmax(y[ok] / x[ok])) for x, y in zip(xs, tops) if (ok := (x > 0) & (y > 0) & (x <= ends[0])).any()
    ]
    if not near:
        return
    lift = max(near) * (warm / cold) ** 0.06
    axes.plot(ends, [lift * t for t in ends], color=GREY, linewidth=0.8, zorder=1)
    middle = math.sqrt(ends[0] * ends[1])
    axes.annotate(
        "slope 1", (middle, lift * middle), (2, 2), textcoords="offset points", color=GREY, fontsize=6.0, va="bottom"
    )


def _unproven(axes: Axes, table: Mapping[str, Sequence[Any]], tau: Array, floor: float) -> None:
    """A cross over the gaps of temperatures whose smoothed optimum was not proven, on the axis where there is none."""
    gap = column(table, "gap")
    failed = np.array([value is not None and not value for value in table.get("success", [True] * tau.size)], bool)
    nothing = failed & ~np.isfinite(gap)
    failed &= np.isfinite(gap) & (gap > floor)
    if nothing.any():
        axes.plot(
            tau[nothing], np.full(int(nothing.sum()), 0.03), color=PURPLE, linestyle="", marker="x", zorder=5,
            transform=axes.get_xaxis_transform(), label="no bound there",
        )  # fmt: skip
    if failed.any():
        axes.plot(
            tau[failed], gap[failed], color=PURPLE, linestyle="", marker="X", markersize=6, zorder=5,
            label="smoothed optimum not proven there",
        )  # fmt: skip


def _ring(marker: str) -> dict[str, Any]:
    return {"marker": marker, "markerfacecolor": "white", "markeredgewidth": 0.8, "zorder": 4, "clip_on": True}
