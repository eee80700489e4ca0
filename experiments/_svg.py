"""Figures inside of a page: one <svg> element each, which no other on the page can collide with.

Matplotlib names glyphs, markers and clip paths alike in every file; inside of one page the first would win. What weighs
more than a megabyte has its curves and areas rasterized, text and axes stay sharp.
"""

from __future__ import annotations

import io
import re
from html import escape

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from smoothmax import plots

HEAVY = 1_000_000  # bytes
DPI = 200.0  # of what is rasterized
PIXELS = 96 / 72  # CSS pixels a point
LARGEST, LEAST = 1.36, 0.9  # of natural size: how far a page may stretch a figure, and how far shrink it


def inline(figure: Figure, name: str, label: str) -> str:
    """The figure as an element with a role and a label; `name` makes its ids its own."""
    text = _drawn(figure, name)
    if len(text) > HEAVY:
        for axes in figure.axes:
            _rasterize(axes)
        text = _drawn(figure, name)
    return _framed(_own(_bare(text), name), label)


def _drawn(figure: Figure, name: str) -> str:
    file = io.BytesIO()
    with plots.style(), matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(file, format="svg", dpi=DPI, metadata=plots.METADATA[".svg"])
    return file.getvalue().decode()


def _rasterize(axes: Axes) -> None:
    for artist in (*axes.lines, *axes.collections, *axes.patches):
        artist.set_rasterized(True)


def _bare(text: str) -> str:
    """Without prolog, document type, comments and metadata."""
    text = text[text.index("<svg") :]
    for gone in (r"<!--.*?-->", r"<metadata>.*?</metadata>"):
        text = re.sub(gone, "", text, flags=re.DOTALL)
    return re.sub(r"\n\s*", "\n", text).strip()


def _own(text: str, name: str) -> str:
    """Ids and what refers to them, with the figure's name in front."""
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', text)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)


def _framed(text: str, label: str) -> str:
    """The root element: sizes as limits in CSS, a role and a label."""
    head, rest = text.split(">", 1)
    width, height = (float(re.search(rf'{side}="([\d.]+)pt"', head)[1]) * PIXELS for side in ("width", "height"))
    head = re.sub(r'\s(width|height|version)="[^"]*"', "", head)
    style = f"min-width:{LEAST * width:.0f}px;max-width:{LARGEST * width:.0f}px;aspect-ratio:{width:.0f}/{height:.0f}"
    return f'{head} role="img" aria-label="{escape(label, quote=True)}" style="{style}">{rest}'
