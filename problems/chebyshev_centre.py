"""Chebyshev centres: the largest ball in {x : a_i.x <= b_i}, as min over x of max_i (a_i.x - b_i)/|a_i|.

The optimum is minus the radius (S. Boyd, L. Vandenberghe, Convex Optimization, Cambridge 2004, section 4.3.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

import smoothmax as sm
from problems.case import Case
from problems.tables import rows

Floats = NDArray[np.float64]
KM = 6371.0088 * np.pi / 180  # a degree on the mean sphere
CELLS = {"Zaragoza": -39.174602600747804, "Madrid": -0.636781124886093}


def largest_ball(A: ArrayLike, b: ArrayLike) -> sm.Minimax:
    """The problem min over x of max_i (a_i.x - b_i)/|a_i|."""
    A = np.asarray(A, dtype=float)
    length = np.linalg.norm(A, axis=1)
    return sm.Minimax(sm.Affine(A / length[:, None], -np.asarray(b, dtype=float) / length))


def simplex(d: int) -> Case:
    """{x >= 0, sum x <= 1}: the centre r (1, ..., 1) is r from every facet, (1 - d r)/sqrt(d) = r."""
    problem = largest_ball(np.vstack([-np.eye(d), np.ones(d)]), np.append(np.zeros(d), 1.0))
    return Case(f"centre-simplex-{d}", problem, np.zeros(d), -1 / (d + d**0.5), "inradius 1/(d + sqrt d)")


def cube(d: int) -> Case:
    """[-1, 1]^d, every facet touched: 2d active components where d + 1 would do."""
    problem = largest_ball(np.vstack([np.eye(d), -np.eye(d)]), np.ones(2 * d))
    source = "inradius 1, the half side"
    return Case(f"centre-cube-{d}", problem, np.linspace(-0.9, 0.7, d), -1.0, source, exact=Fraction(-1))


def cross_polytope(d: int) -> Case:
    """{|x|_1 <= 1}: 2^d facets, all touched."""
    signs = np.array(list(product((-1.0, 1.0), repeat=d)))
    start = np.linspace(-0.3, 0.2, d)
    return Case(f"centre-cross-{d}", largest_ball(signs, np.ones(2**d)), start, -(d**-0.5), "inradius 1/sqrt d")


def triangle() -> Case:
    """The triangle of sides 3, 4 and 5: radius (3 + 4 - 5)/2 = 1 about (1, 1)."""
    problem = largest_ball([[-1, 0], [0, -1], [4, 3]], [0, 0, 12])
    return Case("centre-345", problem, np.zeros(2), -1.0, "Euclid IV.4", exact=Fraction(-1))


def voronoi(city: str) -> sm.Minimax:
    """The largest circle, in km, among the places nearer to this city than to any other of Europe's.

    In the plane that touches the sphere there, with north the second axis: x.p_j/|p_j| <= |p_j|/2 for every city p_j.
    """
    table = rows("geonames_europe_100k_cities.csv")
    at = np.array([[float(row["longitude_deg"]), float(row["latitude_deg"])] for row in table])
    here = at[[row["name"] for row in table].index(city)]
    p = KM * (at - here) * [np.cos(np.radians(here[1])), 1.0]
    p = p[np.any(p, axis=1)]
    return largest_ball(p, (p**2).sum(axis=1) / 2)


def cases() -> Iterator[Case]:
    """Simplices, cubes, cross-polytopes, Euclid's triangle, and cells of the map of Europe's cities."""
    yield from (simplex(d) for d in (2, 10))
    yield from (cube(d) for d in (2, 8))
    yield from (cross_polytope(d) for d in (3, 8))
    yield triangle()
    for city, optimum in CELLS.items():
        source = "cities: GeoNames (CC BY 4.0); optimum by a linear program (HiGHS)"
        yield Case(f"centre-{city.lower()}", voronoi(city), np.zeros(2), optimum, source)
