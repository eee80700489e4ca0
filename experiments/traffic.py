"""How soon is a routing of traffic proven to be best, beside the edge-flow linear program?

Min–max link load from an eleven-node backbone to synthetic networks of 10⁴ nodes: `conditional-gradient`, whose oracle
is one shortest-path tree a source, against the linear program in the flows of every source on every link (HiGHS). Both
get a time limit; every answer is judged by its true largest load above the bound that we prove.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import linprog

import smoothmax as sm
from experiments._tables import Rows, groups
from problems import traffic
from smoothmax import plots

QUICK = ("abilene", "small-world-60x5")
NAMES = (*QUICK[:1], "small-world-100x10", "scale-free-400x20", "geometric-400x20")
FULL = (*NAMES, "small-world-400x20", "geometric-2000x20", "scale-free-10000x20", "small-world-10000x20")
LIMITS = {"quick": 5.0, "default": 15.0, "full": 90.0}
OURS, PEER = "conditional-gradient", "edge-flow LP (HiGHS)"
TOL = 1e-6
COLOURS = (plots.VERMILLION, plots.BLUE, plots.GREEN, plots.PURPLE, plots.SKY, plots.GREY)


def run(*, quick: bool = False, full: bool = False) -> Rows:
    """One row per network and step of ours (`contender`, `seconds`, `relative`), and one for the linear program."""
    setting = "quick" if quick else "full" if full else "default"
    table: Rows = []
    for name in QUICK if quick else FULL if full else NAMES:
        table += _contest(name, find(name), LIMITS[setting])
    return table


def find(name: str) -> traffic.Network:
    """The network called "abilene" or KIND-NODESxSOURCES, which is synthetic."""
    if name == "abilene":
        return traffic.abilene()
    kind, _, size = name.rpartition("-")
    nodes, sources = size.split("x")
    return traffic.synthetic(kind, int(nodes), int(sources))


def summary(table: Rows) -> Rows:
    """Where each contender stood at its end."""
    last = [row for row in table if row["last"]]
    shown = ("network", "nodes", "links", "contender", "value", "relative", "seconds", "answers", "said")
    return [{what: row[what] for what in shown} for row in last]


def plot(table: Rows) -> Figure:
    """What is open against time, a curve a network; diamonds are the linear program's answers."""
    figure, axes = plots.panels(1, 1, 12.0, 8.0)
    panel = axes[0]
    with plots.style():
        for (name, rows), colour in zip(groups(table, "network").items(), COLOURS * 2):
            ours = [row for row in rows if row["contender"] == OURS and np.isfinite(row["relative"])]
            peer = [row for row in rows if row["contender"] == PEER]
            best = np.minimum.accumulate([max(row["relative"], 1e-12) for row in ours])
            panel.plot([row["seconds"] for row in ours], best, color=colour, label=name, linewidth=1.0)
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
    steps: list[dict[str, Any]] = []
    r = sm.solve(problem, method=OURS, tol=TOL, time_limit=limit, max_passes=np.inf, callback=steps.append)
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
                "said": r.message.split(". ")[0] if k == len(r.trace) - 1 else "",
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
        "said": str(found.message).split(". ")[0],
    }
