"""Which place on earth is least far from the farthest of many, and which places decide it?

The smallest enclosing ball of points on the sphere. On a map in azimuthal equidistant projection around its centre,
where distances from the centre are true, the ball is a circle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

import smoothmax as sm
from experiments._cases import find
from experiments._tables import Rows, groups
from experiments._words import listed, many, number
from problems.enclosing_ball import AIRPORTS, GEONAMES
from problems.tables import rows as read
from smoothmax import plots

EARTH = 6371.0088  # km, mean radius
NAMES = ("us-airports", "european-cities")
CREDIT = {
    "us-airports": "3061 airports (ourairports.com); lines every 10°",
    "european-cities": "742 cities (GeoNames, CC BY 4.0); lines every 10°",
}
TIMES = (1.0, 0.1, 0.03, 0.01)  # temperatures, in units of the optimum


def run(names: Sequence[str] = (), *, quick: bool = False) -> Rows:
    """One row per place, and per centre at a temperature (τ = 0: of the smallest ball); x, y in km on the map."""
    table: Rows = []
    for name in names or (NAMES[1:] if quick else NAMES):
        case = find(name)
        places = _places(name)
        lat, lon = (np.radians([float(row[what]) for row in places]) for what in ("latitude_deg", "longitude_deg"))
        mean = sphere(lat, lon).mean(axis=0)  # the catalogue moves it to 0
        best = sm.solve(case.problem, case.x0, tol=1e-12)
        middle = best.x + mean
        radius = EARTH * math.asin(math.sqrt(best.fun))
        centres = [(0.0, middle)]
        for times in TIMES:
            tau = times * best.fun
            centres.append((tau, sm.solve(case.problem, best.x, tau=tau).x + mean))
        common = {"problem": name, "radius_km": radius}
        for k, row in enumerate(places):
            role = "support" if k in best.active else "place"
            table.append({**common, "role": role, "name": row["name"], "tau": None, **_on_map(lat[k], lon[k], middle)})
        for tau, c in centres:
            at = (math.atan2(c[2], math.hypot(c[0], c[1])), math.atan2(c[1], c[0]))
            table.append({**common, "role": "centre", "name": "centre", "tau": tau, **_on_map(*at, middle)})
    return table


def summary(table: Rows) -> Rows:
    """Centre, radius and the places that decide them."""
    rows: Rows = []
    for name, marks in groups(table, "problem").items():
        centre = next(row for row in marks if row["role"] == "centre")
        held = ", ".join(row["name"] for row in marks if row["role"] == "support")
        where = {what: round(centre[what], 3) for what in ("latitude", "longitude")}
        rows.append({"problem": name, "radius_km": round(centre["radius_km"], 1), **where, "held by": held})
    return rows


def answer(table: Rows) -> str:
    """The ball of each map, who holds it, and how far off the smoothed centres are."""
    said = []
    for name, rows in groups(table, "problem").items():
        kinds = groups(rows, "role")
        held = [row["name"] for row in kinds["support"]]
        exact, *smoothed = kinds["centre"]
        away = {row["tau"]: math.hypot(row["x_km"], row["y_km"]) for row in smoothed}
        verb = "decides" if len(held) == 1 else "decide"
        said.append(
            f"Of the {len(kinds['place']) + len(held)} places of {name}, {listed(held)} {verb}: the smallest circle "
            f"around all has a radius of {rows[0]['radius_km']:.1f} km around {_degrees(exact['latitude'], 'NS')}, "
            f"{_degrees(exact['longitude'], 'EW')}. Smoothed, its centre is {number(away[max(away)])} km off at the "
            f"highest of {many(len(away), 'temperature')} and {number(away[min(away)])} km at the lowest."
        )
    return " ".join(said)


def plot(table: Rows) -> Figure:
    """A map a problem."""
    found = groups(table, "problem")
    figure, axes = plots.panels(1, len(found), 8.5 * len(found), 9.8 if len(found) > 1 else 11.4)
    with plots.style():
        for panel, (name, rows) in zip(axes, found.items(), strict=True):
            _map(panel, rows)
            centre = next(row for row in rows if row["role"] == "centre")
            where = f"{_degrees(centre['latitude'], 'NS')} {_degrees(centre['longitude'], 'EW')}"
            panel.set_title(f"{name}: {rows[0]['radius_km']:.1f} km around\n{where}")
            panel.set_xlabel(f"km from the centre\n{CREDIT.get(name, '')}")
        axes[0].set_ylabel("km from the centre")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(
            handles,
            labels,
            loc="outside lower center",
            ncols=2 if len(found) == 1 else 5,
            handlelength=1.4,
            columnspacing=1.2,
        )
    return figure


def sphere(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of the unit sphere from radians."""
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def project(lat: float, lon: float, middle: NDArray[np.float64]) -> tuple[float, float]:
    """Azimuthal equidistant: km to the east and north along the great circle from the middle."""
    up = middle / np.linalg.norm(middle)
    east = np.array([-up[1], up[0], 0.0]) / math.hypot(up[0], up[1])
    north = np.cross(up, east)
    point = sphere(np.array([lat]), np.array([lon]))[0]
    x, y, z = float(east @ point), float(north @ point), float(up @ point)
    away = math.hypot(x, y)
    far = EARTH * math.atan2(away, z)
    return (far * x / away, far * y / away) if away > 1e-15 else (0.0, 0.0)


def _on_map(lat: float, lon: float, middle: NDArray[np.float64]) -> dict[str, float]:
    x, y = project(lat, lon, middle)
    return {"latitude": math.degrees(lat), "longitude": math.degrees(lon), "x_km": x, "y_km": y}


def _places(name: str) -> list[dict[str, str]]:
    if name == "us-airports":
        return [row for row in read(AIRPORTS) if row["contiguous"] == "1"]
    return read(GEONAMES)


def _map(panel: Axes, rows: Rows) -> None:
    radius = rows[0]["radius_km"]
    kinds = groups(rows, "role")
    centres = kinds["centre"]
    _graticule(panel, centres[0], radius)
    panel.plot(
        *_xy(kinds["place"]), linestyle="", marker=".", markersize=1.2, color=plots.SKY, rasterized=True, label="places"
    )
    angle = np.linspace(0, 2 * np.pi, 361)
    panel.plot(
        radius * np.cos(angle),
        radius * np.sin(angle),
        color=plots.BLACK,
        linewidth=1.0,
        label="smallest enclosing ball",
    )
    for row in kinds["support"]:
        panel.plot([0, row["x_km"]], [0, row["y_km"]], color=plots.VERMILLION, linewidth=0.6)
        _name(panel, row, radius)
    panel.plot(
        *_xy(kinds["support"]), linestyle="", marker="o", color=plots.VERMILLION, label="farthest places (support)"
    )
    trail = sorted(centres, key=lambda row: -row["tau"])
    look = {"color": plots.PURPLE, "linewidth": 0.8, "marker": "o", "markersize": 2, "zorder": 6}
    panel.plot(*_xy(trail), label="centres at falling τ", **look)
    panel.plot([0], [0], linestyle="", marker="+", markersize=8, color=plots.BLACK, zorder=5, label="centre")
    panel.set_aspect("equal")
    panel.set(xlim=(-1.12 * radius, 1.12 * radius), ylim=(-1.12 * radius, 1.12 * radius))


def _name(panel: Axes, row: dict[str, Any], radius: float) -> None:
    """Beside the point, towards the middle, readable on top of others."""
    side, up = ("left", 6) if row["x_km"] < 0 else ("right", -6), row["y_km"] < 0.7 * radius
    label = panel.annotate(
        row["name"], (row["x_km"], row["y_km"]), (side[1], 4 if up else -6), textcoords="offset points", ha=side[0],
        va="bottom" if up else "top", fontsize=6.5,
    )  # fmt: skip
    label.set_path_effects([withStroke(linewidth=2, foreground="white")])


def _graticule(panel: Axes, centre: dict[str, float], radius: float) -> None:
    """Every tenth parallel and meridian."""
    middle = sphere(np.radians([centre["latitude"]]), np.radians([centre["longitude"]]))[0]
    for lat in range(-80, 81, 10):
        _faint(panel, [project(math.radians(lat), math.radians(lon), middle) for lon in range(-180, 181, 2)], radius)
    for lon in range(-180, 180, 10):
        _faint(panel, [project(math.radians(lat), math.radians(lon), middle) for lat in range(-80, 81, 2)], radius)


def _faint(panel: Axes, points: list[tuple[float, float]], radius: float) -> None:
    line = np.array([p if math.hypot(*p) < 2 * radius else (np.nan, np.nan) for p in points])
    panel.plot(*line.T, color="#DDDDDD", linewidth=0.5, zorder=0)


def _xy(rows: Rows) -> tuple[list[float], list[float]]:
    return [row["x_km"] for row in rows], [row["y_km"] for row in rows]


def _degrees(value: float, letters: str) -> str:
    return f"{abs(value):.3f}° {letters[value < 0]}"
