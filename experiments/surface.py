"""What does the log-sum-exp look like over the maximum, and how does its softmax sharpen as τ falls?

F over [−1, 1]² and its excess over max(x₁, x₂), which depends on x₁ − x₂ alone; the weights of (0, 1, 2, 3) against τ,
those of sparsemax beside them.
"""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure

import smoothmax as sm
from experiments._tables import Rows, groups
from experiments._words import number
from smoothmax import plots
from smoothmax.regularizers import gini

GRID, TAUS = 41, (1.0, 0.5, 0.1)
POINT = (0.0, 1.0, 2.0, 3.0)
CAPTIONS = {"sharpening": "The excess along x₁ − x₂, and the weights of (0, 1, 2, 3) against τ."}
COLOURS = (plots.BLUE, plots.GREEN, plots.ORANGE, plots.VERMILLION)


def run(*, quick: bool = False) -> Rows:
    """One row per grid point and τ of the surface, and one per τ and entry of the softmax."""
    grid = np.linspace(-1, 1, 9 if quick else GRID)
    pairs = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1)
    rows: Rows = []
    for tau in TAUS:
        values = sm.logsumexp(pairs, tau=tau, axis=-1)
        for x1, x2, value in zip(pairs[..., 0].ravel(), pairs[..., 1].ravel(), values.ravel(), strict=True):
            rows.append({"what": "surface", "tau": tau, "x1": x1, "x2": x2, "max": max(x1, x2), "value": value})
    x = np.array(POINT)
    for tau in np.logspace(-1.5, 2, 8 if quick else 71):
        p, q = sm.softmax(x, tau=tau), gini.maximum(x, float(tau))[1]
        for i, (soft, sparse) in enumerate(zip(p, q, strict=True)):
            facts = {"what": "weights", "tau": float(tau), "i": i, "x": x[i]}
            rows.append({**facts, "softmax": soft, "sparsemax": sparse, "entropy": float(sm.entropy(p))})
    return rows


def summary(table: Rows) -> Rows:
    """The largest and least excess of each surface, with where theory has them."""
    short: Rows = []
    for tau in TAUS:
        rows = [row for row in table if row["what"] == "surface" and row["tau"] == tau]
        over = [row["value"] - row["max"] for row in rows]
        ends = tau * math.log1p(math.exp(-2 / tau))
        short.append(
            {
                "τ": tau,
                "largest excess": max(over),
                "τ·log 2": tau * math.log(2),
                "least": min(over),
                "at |x₁ − x₂| = 2": ends,
            }
        )
    return short


def answer(table: Rows) -> str:
    """How far above the maximum, and who has the weight."""
    surface = [row for row in table if row["what"] == "surface"]
    at_tie = {tau: max(row["value"] - row["max"] for row in rows) for tau, rows in groups(surface, "tau").items()}
    off = max(abs(excess - tau * math.log(2)) for tau, excess in at_tie.items())
    least = min(row["value"] - row["max"] for row in surface)
    ends = [row for row in table if row["what"] == "weights" and row["i"] == len(POINT) - 1]
    hot, cold = max(ends, key=lambda row: row["tau"]), min(ends, key=lambda row: row["tau"])
    alone = [row["tau"] for row in ends if row["sparsemax"] == 1.0]
    heights = ", ".join(f"{number(excess, 3)} at τ = {tau:g}" for tau, excess in at_tie.items())
    text = (
        f"Above the maximum F stands highest where both arguments are equal: by {heights}, which is τ·log 2 to within "
        f"{number(off)}; the least excess on the square is {number(least)}. The largest of (0, 1, 2, 3) has "
        f"{number(hot['softmax'], 3)} of the softmax at τ = {number(hot['tau'])} and {number(cold['softmax'], 3)} at "
        f"τ = {number(cold['tau'])}."
    )
    return text + (f" Sparsemax gives it all the weight, exactly, up to τ = {number(max(alone))}." if alone else "")


def plot(table: Rows) -> Figure:
    """The surface over the maximum."""
    rows = [row for row in table if row["what"] == "surface" and row["tau"] == TAUS[0]]
    side = math.isqrt(len(rows))
    x1, x2, top, value = (np.reshape([row[key] for row in rows], (side, side)) for key in ("x1", "x2", "max", "value"))
    figure, axes = plots.panels(1, 1, 11, 8, subplot_kw={"projection": "3d", "computed_zorder": False})
    with plots.style():
        panel = axes[0]
        every = max(side // 20, 1)
        for height, colour in ((top, plots.SKY), (value, plots.ORANGE)):  # the lower first
            look = {"color": colour, "alpha": 0.8, "shade": False, "linewidth": 0.25, "edgecolor": "#333333"}
            panel.plot_surface(x1, x2, height, rstride=every, cstride=every, **look)
        panel.view_init(elev=11, azim=-46)
        panel.set_box_aspect((1, 1, 0.8), zoom=1.12)
        for name in "xyz":
            getattr(panel, f"set_{name}ticks")([-1, 0, 1])
        panel.set_xlabel("x₁", labelpad=-4)
        panel.set_ylabel("x₂", labelpad=-4)
        panel.set_zlabel("value", labelpad=-6)
        panel.tick_params(pad=-2)
        panel.set_title("log(exp x₁ + exp x₂) (orange) over max(x₁, x₂) (blue)", y=0.93)
    return figure


def pictures(table: Rows) -> dict[str, Figure]:
    """The excess along x₁ − x₂, the weights against τ."""
    figure, (excess, soft, sparse) = plots.panels(1, 3, 18.5, 6.5)
    with plots.style():
        for tau, colour in zip(TAUS, COLOURS, strict=False):
            rows = [row for row in table if row["what"] == "surface" and row["tau"] == tau]
            apart = sorted({(round(row["x1"] - row["x2"], 12), row["value"] - row["max"]) for row in rows})
            excess.plot(*zip(*apart, strict=True), color=colour, label=f"τ = {tau:g}")
            excess.axhline(tau * math.log(2), color=colour, linestyle=":", linewidth=0.8)
        excess.set_title("F − max: τ·log 2 (dotted) at a tie")
        excess.set_xlabel("x₁ − x₂")
        excess.set_ylabel("excess over the maximum")
        excess.legend(loc="upper left", bbox_to_anchor=(0.0, 0.93), handlelength=1.2)
        for panel, name in ((soft, "softmax"), (sparse, "sparsemax")):
            for i, colour in enumerate(COLOURS):
                rows = [row for row in table if row["what"] == "weights" and row["i"] == i]
                panel.plot(
                    [row["tau"] for row in rows], [row[name] for row in rows], color=colour, label=f"x = {POINT[i]:g}"
                )
            plots.decades(panel, y=False)
            panel.axhline(1 / len(POINT), color=plots.GREY, linestyle=":", linewidth=0.8)
            panel.set_xlabel("τ, in units of x")
            panel.set_ylabel("weight")
            panel.set_title(f"{name} of (0, 1, 2, 3)")
        soft.legend()
    return {"sharpening": figure}
