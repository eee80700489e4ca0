"""Sets around a known point, in fractions: a point x, and a slope c with ⟨c, y − x⟩ ≥ 0 on the set, and why.

Boxes with ends that are open, equal or touched; balls along directions of rational length; simplices; polyhedra with
multipliers; products of these.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint

import smoothmax as sm

INF = float("inf")
UNITS = [(3, 4, 5), (-5, 12, 13), (8, -15, 17), (1, 2, 2, 3), (2, -3, 6, 7), (-4, 4, 7, 9), (1, 1, 1, 1, 2), (-1, 1)]
TOTALS = (1, 2, 16)
PLACES = ("free", "box", "simplex", "ball", "polyhedron", "product")


def exactly(values):
    """The numbers as an array of fractions (infinities stay floats)."""
    array = np.asarray(values, dtype=object)
    plain = [v.item() if isinstance(v, np.generic) else v for v in array.ravel().tolist()]
    made = [v if isinstance(v, float) and abs(v) == INF else Fraction(v) for v in plain]
    out = np.empty(len(made), dtype=object)
    out[:] = made
    return out.reshape(array.shape)


def floats(values):
    """The fractions as floats, every one of them exact."""
    out = np.array([float(v) for v in np.ravel(values)]).reshape(np.shape(values))
    assert all(Fraction(a) == b for a, b in zip(out.ravel(), np.ravel(values), strict=True) if abs(b) != INF)
    return out


def powers(exponents):
    """2**e as fractions."""
    return exactly([Fraction(2) ** int(e) for e in exponents])


def integers(rng, shape, size=9):
    return exactly(rng.integers(-size, size + 1, shape))


@dataclass(frozen=True)
class Place:
    """A set, a point x on it and a slope c with ⟨c, y − x⟩ ≥ 0 there; the multipliers λ, ν of its rows say why."""

    kind: str
    x: Any
    c: Any
    lb: Any
    ub: Any
    A_ub: Any = None
    b_ub: Any = None
    A_eq: Any = None
    b_eq: Any = None
    lam: Any = field(default_factory=lambda: exactly([]))
    nu: Any = field(default_factory=lambda: exactly([]))
    center: Any = None
    radius: Any = None
    form: int = 0

    def scaled(self, unit, size):
        """The same in variables x·unit and values f·size."""

        moved = replace(self, x=self.x * unit, c=self.c * size / unit, lam=self.lam * size, nu=self.nu * size)
        moved = replace(moved, lb=_times(self.lb, unit), ub=_times(self.ub, unit))
        if self.kind == "simplex":
            return replace(moved, b_eq=self.b_eq * unit[0], nu=moved.nu / unit[0])
        if self.kind == "ball":
            return replace(moved, center=self.center * unit, radius=self.radius * unit[0])
        rows = [None if A is None else A / unit for A in (self.A_ub, self.A_eq)]
        return replace(moved, A_ub=rows[0], A_eq=rows[1])

    def domain(self):
        """(domain, constraints) as `Minimax` takes them."""
        if self.kind == "free":
            return (None, sm.Free(self.x.size))[self.form % 2], ()
        lb, ub = floats(self.lb), floats(self.ub)
        if self.kind == "simplex":
            return sm.Simplex(self.x.size, total=float(self.b_eq[0])), ()
        if self.kind == "ball":
            return sm.Ball(floats(self.center), float(self.radius)), ()
        if self.kind == "box":
            return (sm.Box(lb, ub), Bounds(lb, ub), sm.Polyhedron(bounds=(lb, ub)))[self.form % 3], ()
        pairs = [None if v is None else floats(v) for v in (self.A_ub, self.b_ub, self.A_eq, self.b_eq)]
        if self.form % 2:
            return sm.Polyhedron(*pairs, bounds=(lb, ub)), ()
        rows = [] if pairs[0] is None else [LinearConstraint(pairs[0], -np.inf, pairs[1])]
        rows += [] if pairs[2] is None else [LinearConstraint(pairs[2], pairs[3], pairs[3])]
        return sm.Box(lb, ub), rows

    def check(self):
        """⟨c, y − x⟩ ≥ 0 on the set, and x in it."""
        x, c = self.x, self.c
        if self.kind == "ball":
            out, norm2 = x - self.center, c @ c
            assert out @ out <= self.radius**2
            assert norm2 == 0 or (out @ c < 0 and (out @ c) ** 2 == norm2 * self.radius**2)
            return
        for A, b, v in ((self.A_ub, self.b_ub, self.lam), (self.A_eq, self.b_eq, self.nu)):
            if A is not None:
                assert np.all(A @ x <= b) if A is self.A_ub else np.all(A @ x == b)
                assert np.all(v >= 0) or A is self.A_eq
                assert v @ (A @ x - b) == 0
                c = c + A.T @ v
        assert np.all(self.lb <= x)
        assert np.all(x <= self.ub)
        assert all(cj >= 0 or xj == uj for cj, xj, uj in zip(c, x, self.ub, strict=True))
        assert all(cj <= 0 or xj == lj for cj, xj, lj in zip(c, x, self.lb, strict=True))


def _times(side, unit):
    return exactly([v if abs(v) == INF else v * u for v, u in zip(side, unit, strict=True)])


def _free(rng, d):
    return Place("free", integers(rng, d), exactly([0] * d), exactly([-INF] * d), exactly([INF] * d))


def _box(rng, d):
    """Coordinates at a bound, between two, between one and infinity, fixed."""
    x, c, lb, ub = integers(rng, d), exactly([0] * d), exactly([-INF] * d), exactly([INF] * d)
    for j in range(d):
        low, high = (int(v) for v in rng.integers(0, 4, 2))
        lb[j] = Fraction(x[j] - (0, 1, 5, 0)[low]) if low < 3 else -INF
        ub[j] = Fraction(x[j] + (0, 1, 5, 0)[high]) if high < 3 else INF
        push = int(rng.integers(0, 6))
        c[j] = Fraction(push * (lb[j] == x[j]) - (push // 2 if lb[j] == x[j] else push) * (ub[j] == x[j]))
    return Place("box", x, c, lb, ub)


def _simplex(rng, d):
    total = int(rng.choice(TOTALS))
    cuts = np.sort(rng.integers(0, total * 4 + 1, d - 1))
    x = exactly(np.diff(np.r_[0, cuts, total * 4])) / 4
    mu = int(rng.integers(-5, 6))
    c = exactly([mu + (0 if v else int(rng.integers(0, 5))) for v in x])
    ends = exactly([0] * d), exactly([INF] * d)
    return Place("simplex", x, c, *ends, A_eq=exactly(np.ones((1, d), int)), b_eq=exactly([total]), nu=exactly([-mu]))


def _ball(rng, d):
    """On the sphere in a direction with rational length, or inside it where the slope is 0."""
    some = [u for u in UNITS if len(u) - 1 <= d]
    *v, length = some[int(rng.integers(len(some)))]
    out = exactly(rng.permutation(np.r_[v, np.zeros(d - len(v), int)]))
    center, push = integers(rng, d), int(rng.integers(0, 4))
    x = center + out * (1 if push else int(rng.integers(0, 2)))
    ends = exactly([-INF] * d), exactly([INF] * d)
    return Place("ball", x, -push * out, *ends, center=center, radius=Fraction(length))


def _polyhedron(rng, d):
    """A box, inequalities some of which hold with equality, and now and then an equality."""
    box = _box(rng, d)
    m, e = int(rng.integers(1, 4)), int(rng.integers(0, 2)) if d > 1 else 0
    A, E, slack = integers(rng, (m, d)), integers(rng, (e, d)), exactly(rng.integers(0, 3, m))
    lam = exactly([int(rng.integers(0, 4)) if s == 0 else 0 for s in slack])
    nu = integers(rng, e, 3)
    size = powers(rng.integers(-12, 13, m) * int(rng.integers(0, 2)))
    rows = {"A_ub": A * size[:, None], "b_ub": (A @ box.x + slack) * size, "lam": lam / size}
    rows |= {"A_eq": E, "b_eq": E @ box.x, "nu": nu} if e else {}
    return replace(box, kind="polyhedron", c=box.c - A.T @ lam - (E.T @ nu if e else 0), **rows)


SIMPLE = {"free": _free, "box": _box, "simplex": _simplex, "ball": _ball, "polyhedron": _polyhedron}


def places(rng, kind, d):
    """The factors of the domain: one, or two or three of any kind."""
    if kind != "product":
        return [SIMPLE[kind](rng, d)]
    ends = np.sort(rng.choice(np.arange(1, d), min(d - 1, int(rng.integers(1, 3))), replace=False)) if d > 1 else []
    sizes = np.diff(np.r_[0, ends, d]).astype(int)
    return [SIMPLE[str(rng.choice([*SIMPLE][1:]))](rng, int(k)) for k in sizes]


def domain_of(found, form):
    """(domain, constraints) of one set, or (domain,) of the product of several."""
    if len(found) == 1:
        return replace(found[0], form=form).domain()
    return (sm.Product([replace(one, form=1).domain()[0] for one in found]),)
