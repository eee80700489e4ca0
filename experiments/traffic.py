"""How soon is a routing of traffic proven to be best, beside the edge-flow linear program?

Min–max link load from an eleven-node backbone to synthetic networks of 10⁴ nodes: `conditional-gradient`, whose oracle
is one shortest-path tree a source, against the linear program in the flows of every source on every link (HiGHS). Both
get a time limit; every answer is judged by its true largest load above the bound that we prove.
"""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import linprog

import smoothmax as sm
from experiments._tables import Rows, groups
from experiments._words import duration, number
from problems import traffic
from smoothmax import plots
from smoothmax.solvers import Status

TIMED = True  # a clock runs: nothing else should
QUICK = ("abilene", "small-world-60x5")
NAMES = (*QUICK[:1], "small-world-100x10", "scale-free-400x20", "geometric-400x20", "geometric-400x20-1")
MORE = ("small-world-400x20", "waxman-400x20", "regular-400x20", "grid-400x20", "regular-400x20-1", "geometric-1000x20")
LARGE = ("geometric-2000x20", "scale-free-10000x20", "small-world-10000x20")
FULL = (*NAMES, *MORE, *LARGE)
MOMENTS = (1, 3, 10)  # seconds
LIMITS = {"quick": 5.0, "default": 15.0, "full": 90.0}
OURS, PEER = "smoothmax", "edge-flow LP"
TOL = 1e-6
COLOURS = (plots.VERMILLION, plots.BLUE, plots.GREEN, plots.PURPLE, plots.SKY, plots.GREY)
LINES = ("-", "--", ":")  # where there are more networks than colours


def run(*, quick: bool = False, full: bool = False) -> Rows:
    """One row per network and step of ours (`contender`, `seconds`, `relative`), and one for the linear program."""
    setting = "quick" if quick else "full" if full else "default"
    table: Rows = []
    for name in QUICK if quick else FULL if full else NAMES:
        table += _contest(name, find(name), LIMITS[setting])
    return table


def find(name: str) -> traffic.Network:
    """The network called "abilene" or KIND-NODESxSOURCES[-SEED], which is synthetic."""
    if name == "abilene":
        return traffic.abilene()
    match = re.fullmatch(r"(.+)-(\d+)x(\d+)(?:-(\d+))?", name)
    if match is None:
        raise ValueError(f"a network is called abilene or KIND-NODESxSOURCES[-SEED]; got {name!r}")
    kind, nodes, sources, seed = match.groups()
    return traffic.synthetic(kind, int(nodes), int(sources), int(seed or 0))


def summary(table: Rows) -> Rows:
    """Where each contender stood at its end, and what was open to ours after MOMENTS."""
    shown = ("network", "nodes", "links", "contender", "value", "relative", "seconds", "answers", "said")
    found = []
    for row in (row for row in table if row["last"]):
        ours = [r for r in table if (r["network"], r["contender"]) == (row["network"], OURS)]
        moments = {f"after_{t}": _open(ours, t) if row["contender"] == OURS else None for t in MOMENTS}
        found.append({what: row[what] for what in shown} | moments)
    return found


def _open(ours: Rows, seconds: float) -> float:
    """The relative gap that was proven by then."""
    return min((row["relative"] for row in ours if row["seconds"] <= seconds), default=np.inf)


def answer(table: Rows) -> str:
    """Where both stood at their end, network by network."""
    said = []
    for name, rows in groups(table, "network").items():
        steps = [row for row in rows if row["contender"] == OURS]
        ours, peer = steps[-1], next(row for row in rows if row["contender"] == PEER)
        best = min(row["relative"] for row in steps)
        word = "is solved" if peer["value"] is not None else "has no answer"
        said.append(
            f"{name} ({ours['nodes']} nodes) is proven to {number(best)} in {duration(ours['seconds'])}, the linear "
            f"program {word} in {duration(peer['seconds'])}"
        )
    return f"Asked for is a relative gap of {number(TOL)}. {'; '.join(said)}."


def plot(table: Rows) -> Figure:
    """What is open against time, a curve a network; diamonds are the linear program's answers."""
    figure, axes = plots.panels(1, 1, 12.0, 8.0)
    panel = axes[0]
    with plots.style():
        for k, (name, rows) in enumerate(groups(table, "network").items()):
            colour, line = COLOURS[k % len(COLOURS)], LINES[k // len(COLOURS) % len(LINES)]
            ours = [row for row in rows if row["contender"] == OURS and np.isfinite(row["relative"])]
            peer = [row for row in rows if row["contender"] == PEER]
            best = np.minimum.accumulate([max(row["relative"], 1e-12) for row in ours])
            panel.plot([row["seconds"] for row in ours], best, color=colour, label=name, linewidth=1.0, linestyle=line)
            solved = peer[0]["relative"] is not None
            where = max(peer[0]["relative"], 1e-12) if solved else 1.0
            panel.plot(peer[0]["seconds"], where, "D" if solved else "x", color=colour, markersize=5.0)
        plots.decades(panel)
        panel.set_xscale("log")
        panel.axhline(TOL, color=plots.GREY, linewidth=0.6, linestyle=(0, (4, 2)))
        panel.set_xlabel("time (s)")
        panel.set_ylabel("largest load above the proven bound, relative")
        panel.plot([], [], "D", color="black", markersize=5.0, linestyle="", label="edge-flow LP, solved")
        panel.plot([], [], "x", color="black", markersize=5.0, linestyle="", label="edge-flow LP, no answer")
        figure.legend(*panel.get_legend_handles_labels(), loc="outside right upper")
    return figure


def _contest(name: str, network: traffic.Network, limit: float) -> Rows:
    problem = traffic.load(network)
    settings: dict[str, Any] = {"tol": TOL, "time_limit": limit, "max_passes": np.inf}
    r = sm.solve(problem, method="conditional-gradient", **settings)
    low, high, rows = -np.inf, np.inf, []
    size = {"network": name, "nodes": network.nodes, "links": network.links}
    for k, step in enumerate(r.trace):
        low, high = max(low, step["lower_bound"]), min(high, step["fun"])
        rows.append(
            {
                **size,
                "contender": OURS,
                "value": high,
                "lower_bound": low,
                "relative": (high - low) / high,
                "seconds": step["seconds"],
                "answers": step["nit"],
                "last": k == len(r.trace) - 1,
                "said": Status(r.status).name.lower() if k == len(r.trace) - 1 else "",
            }
        )
    return [*rows, {**size, **_peer(network, problem, r.lower_bound, limit)}]


def _peer(network: traffic.Network, problem: sm.Minimax, lower: float, limit: float) -> dict[str, Any]:
    """The linear program, judged at its own flows against our bound."""
    begun = time.perf_counter()
    c, A_eq, b_eq, A_ub, b_ub = traffic.edge_flow(network)
    found = linprog(c, A_ub, b_ub, A_eq, b_eq, method="highs", options={"time_limit": limit})
    seconds = time.perf_counter() - begun
    value = None
    if found.x is not None and found.success:
        value = problem(found.x[:-1].reshape(-1, network.links).sum(axis=0))
    return {
        "contender": PEER,
        "value": value,
        "lower_bound": lower,
        "relative": None if value is None else (value - lower) / value,
        "seconds": seconds,
        "answers": None,
        "last": True,
        "said": "optimal" if found.success else "no answer",
    }
