"""The look of all figures: colours that colour-blind readers tell apart (Okabe and Ito 2008), text legible at 8 cm, and
files that hold nothing of the day or the machine. Figures are made without pyplot.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

try:
    import matplotlib
    from matplotlib.axes import Axes as Axes
    from matplotlib.figure import Figure as Figure
    from matplotlib.ticker import LogFormatterMathtext, LogLocator, NullFormatter, NullLocator
except ImportError as missing:  # pragma: no cover - matplotlib is there wherever this is tested
    raise ImportError('figures need matplotlib: pip install "smoothmax[plot]"') from missing

from .. import _doors
from .._files import write_whole

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
GREY = "#767676"
CM = 1 / 2.54
WIDTH = 8.0  # cm: one column of a journal
STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "mathtext.fontset": "dejavusans",
    "font.size": 7.0,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.0,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "savefig.dpi": 300.0,
    "figure.dpi": 150.0,
    "svg.hashsalt": "smoothmax",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "text.usetex": False,
}
# Nothing of the day or the machine goes into a file.
METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def panels(rows: int, columns: int, width: float, height: float, **options: Any) -> tuple[Figure, list[Axes]]:
    """A figure of `width` × `height` centimetres and its axes, row by row."""
    with style():
        figure = Figure(figsize=(width * CM, height * CM), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, list(grid.ravel())


@contextmanager
def style() -> Iterator[None]:
    """The look of all figures, whatever the user's own settings are."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write the figure as PNG, SVG or PDF by extension, whole or not at all.

    Raises
    ------
    ValueError
        Another extension.
    """
    suffix = suffix_of(path)
    with style():
        return write_whole(path, lambda file: figure.savefig(file, format=suffix[1:], metadata=METADATA[suffix]))


def decades(axes: Axes, x: bool = True, y: bool = True, ticks: int = 6) -> None:
    """Logarithmic axes with a few whole powers of ten and no labels between them; 1, 2, 5 on short ones."""
    for wanted, scale, axis in ((x, axes.set_xscale, axes.xaxis), (y, axes.set_yscale, axes.yaxis)):
        if wanted:
            scale("log")
            axis.set_major_locator(Decades(numticks=ticks))
            axis.set_major_formatter(Powers())
            axis.set_minor_locator(NullLocator())
            axis.set_minor_formatter(NullFormatter())


class Decades(LogLocator):
    """Powers of ten; 1, 2 and 5 times them on an axis of less than two decades."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """As matplotlib asks for them."""
        self.set_params(subs=(1.0, 2.0, 5.0) if short(vmin, vmax) else (1.0,))
        return super().tick_values(vmin, vmax)


class Powers(LogFormatterMathtext):
    """10ᵏ; on an axis of less than two decades plain numbers, where they are short ones."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """As matplotlib asks for them."""
        if self.axis is None or not short(*self.axis.get_view_interval()):
            return str(super().__call__(x, pos))
        mantissa, power = f"{x:.0e}".split("e")
        return f"{x:g}" if -4 < int(power) < 4 else f"${mantissa}\\cdot 10^{{{int(power)}}}$"


def short(low: float, high: float) -> bool:
    """Whether it holds less than two decades, so that powers of ten alone were too few."""
    return min(low, high) > 0 and max(low, high) < 100 * min(low, high)


def suffix_of(path: str | os.PathLike[str]) -> str:
    suffix = _doors.file_name("path", path).suffix.lower()
    if suffix not in METADATA:
        what = f"the extension of {os.fspath(path)!r} must be one of {', '.join(METADATA)}; it is {suffix!r}"
        raise ValueError(f"path: {what}")
    return suffix
