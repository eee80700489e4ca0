"""Random minimax problems, one for each integer: random_problem(seed) is the same every time; its repr says what it is.

Affine rows, absolute ones, convex quadratics and stacks of them, over every domain of the library; degenerate on
purpose (ties, duplicates, zeros, collinear columns, no interior, nothing bounded, nothing feasible), in units from
1e-8 to 1e8 and now and then 1e±100. A problem is made in units of its own, in which its numbers are of order 1, and
keeps its plain data beside the library's objects, so that a peer needs nothing of the library.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse as sp

import smoothmax as sm

INF = np.inf


@dataclass(frozen=True)
class Rows:
    """A x + b, or its absolute values."""

    A: np.ndarray
    b: np.ndarray
    absolute: bool = False
    sparse: bool = False

    def components(self):
        return sm.Affine(sp.csr_array(self.A) if self.sparse else self.A, self.b, absolute=self.absolute)

    def signed(self):
        """(A, b) of all components."""
        signs = (1.0, -1.0) if self.absolute else (1.0,)
        return np.vstack([s * self.A for s in signs]), np.concatenate([s * self.b for s in signs])

    def told(self):
        return f"{len(self.b)} {'absolute ' * self.absolute}{'sparse ' * self.sparse}rows"


@dataclass(frozen=True)
class Bowls:
    """½ xᵀP_i x + q_iᵀx + r_i with P (n, d, d), (d, d) or a number."""

    P: Any
    q: np.ndarray
    r: np.ndarray

    def components(self):
        return sm.Quadratic(self.P, self.q, self.r)

    def told(self):
        return (
            f"{len(self.r)} bowls, P {'(n, d, d)' if np.ndim(self.P) == 3 else '(d, d)' if np.ndim(self.P) else '()'}"
        )


@dataclass(frozen=True)
class Walls:
    """G x ≤ h, E x = e, lb ≤ x ≤ ub and ‖x[from:to] − centre‖ ≤ radius."""

    lb: np.ndarray
    ub: np.ndarray
    G: np.ndarray
    h: np.ndarray
    E: np.ndarray
    e: np.ndarray
    spheres: tuple[tuple[int, int, np.ndarray, float], ...] = ()


@dataclass(frozen=True)
class Random:
    """A problem with its plain data. `u` (d,) and `s` are the units of x and f; `blames`: what a refusal must name."""

    seed: int
    words: tuple[str, ...]
    families: tuple[Rows | Bowls, ...]
    domain: Callable[[], Any] = field(repr=False)
    walls: Walls = field(repr=False)
    x0: np.ndarray | None
    prior: np.ndarray | None
    u: np.ndarray
    s: float
    blames: str | None = None

    def __repr__(self):
        about = [*self.words, *(family.told() for family in self.families), f"d = {self.d}"]
        return f"random_problem({self.seed}): {', '.join(word for word in about if word)}"

    @property
    def d(self):
        return self.u.size

    @property
    def affine(self):
        return all(isinstance(family, Rows) for family in self.families)

    @cached_property
    def problem(self):
        parts = [family.components() for family in self.families]
        return sm.Minimax(parts[0] if len(parts) == 1 else sm.Stack(parts), self.domain())

    def rows(self):
        """(A, b) of all components of an affine problem, in component order."""
        pairs = [family.signed() for family in self.families]
        return np.vstack([A for A, _ in pairs]), np.concatenate([b for _, b in pairs])

    def times(self, c):
        """The components times c > 0."""
        return self.with_families(tuple(scaled(one, 1.0, c) for one in self.families), f"times {c:g}", s=c * self.s)

    def with_families(self, families, word, s=None):
        """Other components over the same domain."""
        given = {name: getattr(self, name) for name in ("seed", "domain", "walls", "x0", "u", "blames")}
        return Random(words=(*self.words, word), families=families, prior=None, s=s or self.s, **given)

    def in_units(self, v):
        """The same problem of variables x·v, exactly so for powers of 2; None over sets that have one unit for all."""
        if self.words[0] not in ("free", "box", "polyhedron"):
            return None
        walls, families = _in_units(self.walls, v), tuple(scaled(one, v, 1.0) for one in self.families)
        make = {"free": lambda: sm.Free(self.d), "box": lambda: sm.Box(walls.lb, walls.ub)}
        given = {"families": families, "walls": walls, "x0": None, "prior": None, "u": self.u * v}
        return replace(self, domain=make.get(self.words[0], lambda: _polyhedral(walls, v)), **given)


def random_problem(seed):
    """The problem of this seed."""
    rng = np.random.default_rng(seed)
    d = int(rng.choice([1, 2, 3, 4, 5, 7, 10], p=[0.2, 0.27, 0.24, 0.13, 0.08, 0.05, 0.03]))
    whole = bool(rng.random() < 0.4)
    kind = rng.choice(["free", "box", "simplex", "ball", "polyhedron", "product", "empty"], p=DOMAINS)
    planted, make, walls, words, blames = SETS[kind](rng, d, whole)
    families, more = _families(rng, planted, whole, kind)
    u, s, units = _units(rng, kind, walls, families)
    walls, made = _in_units(walls, u), [scaled(one, u, s) for one in families]
    n = sum(one.b.size * (1 + one.absolute) if isinstance(one, Rows) else one.r.size for one in made)
    prior = rng.random(n) + 1e-3 if rng.random() < 0.1 else None
    x0, start = _start(rng, planted * u, u)
    words = (kind, *words, *more, units, start, "prior" * (prior is not None))
    return Random(seed, words, tuple(made), lambda: make(walls, u), walls, x0, prior, u, s, blames)


# ------------------------------------------------------------------------------------------------ components


def _numbers(rng, shape, whole):
    """Integers with many ties, or normal numbers."""
    return rng.integers(-3, 4, shape).astype(float) if whole else rng.standard_normal(shape)


def _families(rng, planted, whole, kind):
    d, draw = planted.size, rng.random()
    n = int(rng.choice([1, 2, d, d + 1, 2 * d + 2, 5 * d + 5, 60], p=[0.1, 0.1, 0.12, 0.25, 0.25, 0.15, 0.03]))
    if kind == "simplex" and draw < 0.5:
        return (Rows(_numbers(rng, (n, d), whole), np.zeros(n)),), ("game",)
    if draw < 0.62:
        one, words = _rows(rng, n, planted, whole)
        return (one,), words
    if draw < 0.77:
        pairs = [_rows(rng, k, planted, whole) for k in rng.integers(1, 2 + n, rng.integers(2, 4))]
        return tuple(one for one, _ in pairs), ("stack", *sorted({w for _, words in pairs for w in words}))
    bowls = _bowls(rng, n, d, whole)
    if draw < 0.9:
        return (bowls,), ()
    one, words = _rows(rng, 1 + n // 2, planted, whole)
    return (bowls, one)[:: rng.choice([-1, 1])], ("stack", *words)


def _rows(rng, n, planted, whole):
    """Rows with one or two defects; those that are not absolute are mostly balanced, so that the maximum is bounded."""
    d, words = planted.size, ["whole numbers"] * whole
    A, b = _numbers(rng, (n, d), whole), _numbers(rng, n, whole)
    for name in rng.choice(list(DEFECTS), rng.choice([0, 1, 2], p=[0.4, 0.4, 0.2]), replace=False):
        DEFECTS[name](rng, A, b)
        words.append(str(name))
    absolute = bool(rng.random() < 0.45)
    if not absolute and rng.random() < 0.75:
        share = rng.integers(1, 3, n) if whole else rng.random(n) + 0.1
        A, b = np.vstack([A, -share @ A]), np.append(b, _numbers(rng, 1, whole))
        words.append("balanced")
    if rng.random() < 0.12:
        b = -(A @ planted)
        words.append("optimum 0")
    return Rows(A, b, absolute, bool(rng.random() < 0.2)), tuple(words)


def _duplicates(rng, A, b):
    k = rng.integers(0, len(b), len(b))
    A[:], b[:] = A[k], b[k]


def _collinear(rng, A, b):
    A[:, -1] = A[:, 0] * rng.choice([1.0, -2.0, 0.5])


def _low_rank(rng, A, b):
    A[:] = A[:, :1] @ np.sign(A[:1]) if rng.random() < 0.5 else A[:, :1] + A[:1]


def _zero_rows(rng, A, b):
    A[rng.random(len(b)) < 0.5] = 0.0


def _zero_columns(rng, A, b):
    A[:, rng.random(A.shape[1]) < 0.5] = 0.0


def _one_row(rng, A, b):
    A[:], b[:] = A[0], b[0]


def _parallel(rng, A, b):
    A[:] = A[0] * np.where(rng.random(len(b)) < 0.5, 1.0, -1.0)[:, None]


def _mostly_zeros(rng, A, b):
    A[rng.random(A.shape) < 0.7] = 0.0


def _heavy(rng, A, b):
    A *= np.exp(2 * rng.standard_normal(A.shape[0]))[:, None]


def _no_b(rng, A, b):
    b[:] = 0.0


def _offset(rng, A, b):
    b += 1e4


DEFECTS = {
    "duplicated rows": _duplicates,
    "collinear columns": _collinear,
    "low rank": _low_rank,
    "zero rows": _zero_rows,
    "zero columns": _zero_columns,
    "all rows equal": _one_row,
    "parallel rows": _parallel,
    "mostly zeros": _mostly_zeros,
    "rows of all sizes": _heavy,
    "b = 0": _no_b,
    "far from 0": _offset,
}


def _bowls(rng, n, d, whole):
    """Convex: a multiple of the identity, one P for all, one of rank one each, or full ones."""
    q, r = _numbers(rng, (n, d), whole), _numbers(rng, n, whole)
    form = rng.choice(["number", "shared", "rank one", "each", "flat"])
    if form == "number":
        return Bowls(float(rng.choice([0.5, 1.0, 2.0])), q, r)
    k = {"shared": int(rng.integers(1, d + 1)), "rank one": 1, "each": d, "flat": max(1, d // 2)}[form]
    R = _numbers(rng, (1 if form == "shared" else n, k, d), whole)
    P = np.swapaxes(R, 1, 2) @ R
    return Bowls(P[0] if form == "shared" else P, q, r)


# --------------------------------------------------------------------------------------------------- domains


def _walls(d, lb=None, ub=None, G=None, h=None, E=None, e=None, spheres=()):
    none = np.zeros((0, d))
    lb, ub = np.full(d, -INF) if lb is None else lb, np.full(d, INF) if ub is None else ub
    G, h = (none, np.zeros(0)) if G is None else (G, h)
    E, e = (none, np.zeros(0)) if E is None else (E, e)
    return Walls(lb, ub, G, h, E, e, spheres)


def _free(rng, d, whole):
    return _numbers(rng, d, whole), lambda w, u: sm.Free(d), _walls(d), (), None


def _box(rng, d, whole):
    planted = _numbers(rng, d, whole)
    low, high = (np.abs(_numbers(rng, d, whole)) + 0.5 * (not whole) for _ in range(2))
    style = rng.choice(["closed", "half-open", "some fixed", "all fixed", "wide"], p=[0.4, 0.3, 0.2, 0.05, 0.05])
    if style == "half-open":
        low[rng.random(d) < 0.5], high[rng.random(d) < 0.5] = INF, INF
    if style in ("some fixed", "all fixed"):
        fixed = rng.random(d) < (0.5 if style == "some fixed" else 2.0)
        low[fixed] = high[fixed] = 0.0
    if style == "wide":
        low, high = 1e6 * low, 1e6 * high
    return planted, lambda w, u: sm.Box(w.lb, w.ub), _walls(d, planted - low, planted + high), (str(style),), None


def _simplex(rng, d, whole):
    total = float(rng.choice([1.0, 3.0, 0.1]))
    planted = total * rng.multinomial(4, np.full(d, 1 / d)) / 4
    walls = _walls(d, lb=np.zeros(d), E=np.ones((1, d)), e=np.array([total]))
    return planted, lambda w, u: sm.Simplex(d, w.e[0]), walls, (), None


def _ball(rng, d, whole):
    centre, radius = _numbers(rng, d, whole), float(rng.choice([1.0, 0.01, 5.0]))
    walls = _walls(d, spheres=((0, d, centre, radius),))
    return centre, lambda w, u: sm.Ball(w.spheres[0][2], w.spheres[0][3]), walls, (), None


def _polyhedron(rng, d, whole):
    planted, m = _numbers(rng, d, whole), int(rng.integers(1, 2 * d + 3))
    G, words = _numbers(rng, (m, d), whole), []
    slack = np.abs(_numbers(rng, m, whole)) * (rng.random(m) < 0.8)
    lb = ub = E = e = None
    if rng.random() < 0.5:
        low, high = (np.where(rng.random(d) < 0.4, INF, np.abs(_numbers(rng, d, whole)) + 1) for _ in range(2))
        lb, ub = planted - low, planted + high
    if rng.random() < 0.4 and d > 1:
        E = _numbers(rng, (int(rng.integers(1, min(d, 4))), d), whole)
        if rng.random() < 0.3:
            E, words = np.vstack([E, 2 * E[:1]]), [*words, "redundant equality"]
        e = E @ planted
    if rng.random() < 0.1:
        G, slack, words = np.vstack([G, -G[:1]]), np.append(slack, -slack[0]), [*words, "no interior"]
        slack[-1] = slack[0] = 0.0
    walls = _walls(d, lb, ub, G, G @ planted + slack, E, e)
    return planted, _polyhedral, walls, (*words, "equalities" * (E is not None)), None


def _polyhedral(w, u):
    ub, eq = ((A, b) if b.size else (None, None) for A, b in ((w.G, w.h), (w.E, w.e)))
    return sm.Polyhedron(*ub, *eq, bounds=(w.lb, w.ub))


def _product(rng, d, whole):
    """One or more factors, side by side."""
    cuts = np.unique([0, d, *rng.integers(0, d + 1, 2)])
    kinds = [str(k) for k in rng.choice(["box", "simplex", "ball", "polyhedron", "free"], cuts.size - 1)]
    found = [SETS[kind](rng, int(size), whole) for kind, size in zip(kinds, np.diff(cuts), strict=True)]
    parts = [walls for _, _, walls, _, _ in found]
    spheres = [(int(at), int(at) + one[1], *one[2:]) for at, w in zip(cuts, parts, strict=False) for one in w.spheres]
    walls = Walls(
        *(np.concatenate([getattr(w, side) for w in parts]) for side in ("lb", "ub")),
        _beside([w.G for w in parts]),
        np.concatenate([w.h for w in parts]),
        _beside([w.E for w in parts]),
        np.concatenate([w.e for w in parts]),
        tuple(spheres),
    )

    def make(w, u):
        blocks = [slice(int(a), int(b)) for a, b in pairwise(cuts)]
        return sm.Product([one[1](_in_units(one[2], u[s]), u[s]) for one, s in zip(found, blocks, strict=True)])

    return np.concatenate([one[0] for one in found]), make, walls, ("of " + " × ".join(kinds),), None


def _beside(blocks):
    out = np.zeros((sum(B.shape[0] for B in blocks), sum(B.shape[1] for B in blocks)))
    i = j = 0
    for B in blocks:
        out[i : i + B.shape[0], j : j + B.shape[1]] = B
        i, j = i + B.shape[0], j + B.shape[1]
    return out


def _empty(rng, d, whole):
    """Nothing feasible: crossed bounds, rows or equalities that contradict each other or the bounds."""
    planted, make, walls, words, _ = _polyhedron(rng, d, whole)
    form = rng.choice(["bounds", "rows", "equalities", "far"])
    if form == "bounds":
        lb, ub = planted + 1.0, planted + 2.0
        ub[rng.integers(0, d)] -= 2.0
        return planted, lambda w, u: sm.Box(w.lb, w.ub), _walls(d, lb, ub), ("crossed bounds",), "lb"
    a = np.where(walls.G[:1] == 0, 1.0, walls.G[:1])
    at = float((a @ planted)[0])
    if form == "rows":
        G, h = np.vstack([walls.G, a, -a]), np.concatenate([walls.h, [at, -at - 0.5]])
        walls = _walls(d, walls.lb, walls.ub, G, h, walls.E, walls.e)
    elif form == "equalities":
        E, e = np.vstack([walls.E, a, a]), np.concatenate([walls.e, [at, at + 0.5]])
        walls = _walls(d, walls.lb, walls.ub, walls.G, walls.h, E, e)
    else:
        lb, ub = planted - 1.0, planted + 1.0
        G, h = np.vstack([walls.G, a]), np.append(walls.h, at - np.abs(a).sum() - 1.0)
        walls = _walls(d, lb, ub, G, h, walls.E, walls.e)
    return planted, make, walls, (*words, f"contradiction of {form}"), "A_ub"


SETS = {"free": _free, "box": _box, "simplex": _simplex, "ball": _ball}
SETS |= {"polyhedron": _polyhedron, "product": _product, "empty": _empty}
DOMAINS = [0.27, 0.18, 0.12, 0.08, 0.2, 0.11, 0.04]


# ----------------------------------------------------------------------------------------------------- units


def _units(rng, kind, walls, families):
    """(u, s, said): half of the problems in plain units, others times 10^k, a few 1e±100, some column by column."""
    d, draw, two = walls.lb.size, rng.random(), rng.random() < 0.3
    if draw < 0.5:
        return np.ones(d), 1.0, ""
    extreme = draw > 0.97 and all(isinstance(one, Rows) for one in families)
    u, s = 10.0 ** rng.integers(-8, 9, 2) if not extreme else 10.0 ** rng.choice([-100, 0, 100], 2)
    alike = walls.spheres or (walls.E.size and kind != "polyhedron")  # of balls and simplices
    each = draw > 0.85 and not extreme and not alike
    most = 6 if draw > 0.93 else 3
    u = np.full(d, u) * (10.0 ** rng.integers(-most, most + 1, d) if each else 1.0)
    if two:
        u, s = 2.0 ** np.round(np.log2(u)), 2.0 ** np.round(np.log2(s))
    return u, float(s), f"x in units of {u[0]:.0e}{' and others' * each}, f of {s:.0e}"


def scaled(family, u, s):
    """The same components of x in units u, in units s."""
    if isinstance(family, Rows):
        return Rows(family.A / u * s, family.b * s, family.absolute, family.sparse)
    if np.ndim(u) and np.ndim(family.P) == 0 and np.ptp(u) > 0:
        P = family.P * np.eye(u.size)
        return Bowls(P / u / u[:, None] * s, family.q / u * s, family.r * s)
    by = u if np.ndim(family.P) == 0 else 1.0
    P = family.P / np.max(by) ** 2 * s if np.ndim(family.P) == 0 else family.P / u / np.reshape(u, (-1, 1)) * s
    return Bowls(P, family.q / u * s, family.r * s)


def _in_units(w, u):
    """The same walls of x in units u; an equality of a simplex stays a row of ones."""
    spheres = tuple((a, b, centre * u[a:b], radius * u[a]) for a, b, centre, radius in w.spheres)
    unit = np.array([u[row != 0][0] if np.isin(row, (0.0, 1.0)).all() and row.any() else 1.0 for row in w.E])
    return Walls(w.lb * u, w.ub * u, w.G / u, w.h, w.E * (unit[:, None] / u), w.e * unit, spheres)


def _start(rng, planted, u):
    """(x0, said): none, a point of the domain, one far away, one near it."""
    form = rng.choice(["", "x0 inside", "x0 far", "x0 near"], p=[0.55, 0.15, 0.15, 0.15])
    if not form:
        return None, ""
    away = {"x0 inside": 0.0, "x0 far": 1e6, "x0 near": 3.0}[form]
    return planted + away * u * rng.standard_normal(u.size), str(form)
