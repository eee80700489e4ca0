"""Problems whose optimum is a fraction, built backwards from their own proof.

Choose a minimizer x, weights p and multipliers; then data that make them right: integers and powers of two, so that
every number is a float and nothing is rounded. `Known.check` proves the optimum again from the floats, in fractions.

    f_i(x) = t for the active i,  f_i(x) ≤ t for all,     Σ p_i ∇f_i(x) = c,   −c in the normal cone of X at x
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

import smoothmax as sm
from tests import naive
from tests.trust.rational_places import INF, PLACES, Place, domain_of, exactly, floats, integers, places, powers

__all__ = ["FORMS", "PLACES", "SCALES", "Known", "domain_of", "exactly", "floats", "known", "places", "regression"]

FORMS = ("affine", "absolute", "quadratic", "shared", "identity", "flat", "stack")
SCALES = ("plain", "mixed", "columns", "tiny", "subnormal", "huge", "rows", "collinear")


@dataclass(frozen=True)
class Known:
    """A problem, its optimum, and the proof: x, p (over all components) and the places with their multipliers.

    `P`, `q`, `r` are the components ½ yᵀP_i y + q_iᵀy + r_i as fractions, P None where they are affine.
    """

    problem: sm.Minimax
    optimum: Fraction
    x: Any
    p: Any
    places: list[Place]
    P: Any
    q: Any
    r: Any
    name: str

    def values(self, x):
        """F(x) for an exact x."""
        curve = 0 if self.P is None else np.array([x @ (Pi @ x) for Pi in self.P], dtype=object) / 2
        return curve + self.q @ x + self.r

    def slopes(self, x):
        """The Jacobian at an exact x."""
        return self.q if self.P is None else self.q + np.array([Pi @ x for Pi in self.P], dtype=object)

    def check(self):
        """The optimum is what it is said to be, from the data that the problem holds."""
        f, J = self.values(self.x), self.slopes(self.x)
        assert max(f) == self.optimum == self.p @ f
        assert min(self.p) >= 0
        assert sum(self.p) == 1
        assert np.all(self.p @ J == np.concatenate([place.c for place in self.places]))
        for place in self.places:
            place.check()
        if all(abs(v) < 2**1000 and Fraction(float(v)) == v for v in self.x):
            seen, size = self.problem.components.value(floats(self.x)), self.sizes(self.x)
            assert all(abs(Fraction(a) - b) <= s / 2**40 for a, b, s in zip(seen, f, size, strict=True))
        return self

    def sizes(self, x):
        """|P_i||x|²/2 + |q_i||x| + |r_i|, and what may underflow."""
        size = np.abs(x)
        curve = 0 if self.P is None else np.array([size @ (np.abs(Pi) @ size) for Pi in self.P], dtype=object) / 2
        return curve + np.abs(self.q) @ size + np.abs(self.r) + Fraction(1, 2**1020)

    @property
    def lam(self):
        """Multipliers of all inequalities, then of all equalities."""
        return np.concatenate([place.lam for place in self.places])

    @property
    def nu(self):
        return np.concatenate([place.nu for place in self.places])


# --- components with a proof


def known(seed, place, form, scale, n, d):
    """A problem of about n components in d variables: a place, a form of components and a scale, by name."""
    rng = np.random.default_rng(seed)
    found = places(rng, place, d)
    x, c = (np.concatenate([getattr(one, side) for one in found]) for side in ("x", "c"))
    unit, size, t = _units(rng, found, scale)
    t = abs(t) if form == "absolute" else t
    P, q, r, p = _components(rng, form, n, x, c, t)
    if scale == "collinear" and place == "free":
        P, q, x = _nearly_collinear(P, q, x, int(rng.choice([-20] if P is not None else [-44, -40, -20])))
    if scale == "rows" and form in ("affine", "absolute"):
        grow = powers(rng.integers(-450, 451, n))
        grow = np.concatenate([grow, grow]) if form == "absolute" else grow
        q, r, total, p = q * grow[:, None], r * grow, sum(p / grow), p / grow
        found = [replace(one, c=one.c / total, lam=one.lam / total, nu=one.nu / total) for one in found]
        p = p / total
    q, r, P = q * size / unit, r * size, None if P is None else P * size / unit / unit[:, None]
    ends = np.cumsum([0, *(one.x.size for one in found)])
    found = [one.scaled(unit[a:b], size) for one, a, b in zip(found, ends[:-1], ends[1:], strict=True)]
    found = [replace(found[0], x=x * unit)] if place == "free" else found
    problem = sm.Minimax(_stored(rng, form, P, q, r), *domain_of(found, int(rng.integers(6))))
    name = f"known(seed={seed}, place={place!r}, form={form!r}, scale={scale!r}, n={n}, d={d})"
    return Known(problem, t * size, x * unit, p, found, P, q, r, name).check()


def _units(rng, found, scale):
    """(unit of each variable, unit of f, optimum before units)."""
    reach, spans = {"mixed": 40, "columns": 450}.get(scale, 0), []
    for one in found:
        k, far = one.x.size, min(reach, 12) if one.kind == "polyhedron" else reach  # a linear program checks these
        alike = one.kind in ("simplex", "ball")
        spans += [int(rng.integers(-far, far + 1))] * k if alike else rng.integers(-far, far + 1, k).tolist()
    exponent = {"tiny": -1000, "subnormal": -1066, "huge": 1000, "mixed": int(rng.integers(-40, 41))}.get(scale, 0)
    t = Fraction(int(rng.integers(-9, 10)))
    if scale in ("plain", "mixed") and rng.integers(2):
        t = Fraction(int(rng.choice([-1, 1])), 2 ** int(rng.integers(20, 33)))  # all but the last digits cancel
    return powers(spans), Fraction(2) ** exponent, Fraction(0) if scale == "rows" else t


def _components(rng, form, n, x, c, t):
    """(P or None, q, r, p): k active components whose slopes average to c, ties without weight, and others below."""
    d = x.size
    k = int(rng.integers(1, min(n, d + 1) + 1))
    w = exactly([*rng.integers(1, 8, k - 1), 1])
    G = integers(rng, (n, d))
    G[k - 1] = sum(w) * c - w[:-1] @ G[: k - 1]
    slack = exactly(np.r_[np.zeros(k, int), rng.choice([0, 0, 1, 2, 9], n - k)])
    order = rng.permutation(n)
    G, slack, p = G[order], slack[order], exactly([*w / sum(w), *[0] * (n - k)])[order]
    if form == "absolute":
        sign, below = exactly(rng.choice([-1, 1], n)), np.array([s if s <= 2 * t else 0 * s for s in slack])
        A = sign[:, None] * G
        b = sign * (t - below) - A @ x
        return None, np.vstack([A, -A]), np.concatenate([b, -b]), np.concatenate([p * (sign > 0), p * (sign < 0)])
    P = _curvatures(rng, form, n, d)
    if P is None:
        return None, G, t - slack - G @ x, p
    q = G - np.array([Pi @ x for Pi in P], dtype=object)
    return P, q, t - slack - q @ x - np.array([x @ (Pi @ x) for Pi in P], dtype=object) / 2, p


def _curvatures(rng, form, n, d):
    """(n, d, d) positive semidefinite matrices of integers: of full rank or less, one for all, and none in half."""
    if form == "affine":
        return None
    if form == "identity":
        return exactly([int(rng.integers(0, 5)) * np.eye(d, dtype=int)] * n)
    L = integers(rng, (1 if form == "shared" else n, d, 1 if form == "flat" else d), 4)
    P = np.array([Li @ Li.T for Li in L] * (n if form == "shared" else 1), dtype=object)
    if form == "stack":
        P[: n // 2] = Fraction(0)
    return P


def _nearly_collinear(P, q, x, power):
    """Variables y with x = T y, T = I but for T_0k = 1 and T_kk = 2^power: every column is nearly the first."""
    T = exactly(np.eye(x.size, dtype=int))
    T[0, 1:] = Fraction(1)
    T[range(1, x.size), range(1, x.size)] = Fraction(2) ** power
    y = x * 1
    y[1:] /= Fraction(2) ** power
    y[0] -= sum(y[1:])
    return None if P is None else np.array([T.T @ Pi @ T for Pi in P], dtype=object), q @ T, y


def _stored(rng, form, P, q, r):
    """The components, in one of the forms in which data may come."""
    q, r, n = floats(q), floats(r), len(q)
    if form == "absolute":
        return sm.Affine(_dressed(rng, q[: n // 2]), r[: n // 2], absolute=True)
    if form == "affine":
        return sm.Affine(_dressed(rng, q), r)
    P = floats(P)
    if form == "stack" and n > 1:
        half = n // 2
        return sm.Stack([sm.Affine(_dressed(rng, q[:half]), r[:half]), sm.Quadratic(P[half:], q[half:], r[half:])])
    if form == "shared" or form == "identity":
        alike = np.array_equal(P[0], P[0, 0, 0] * np.eye(q.shape[1]))
        return sm.Quadratic(P[0, 0, 0] if alike else P[0], q, r)
    return sm.Quadratic(P, q, r)


def _dressed(rng, A):
    """A in one of its forms: rows or columns first, backwards, read-only, sparse, narrow, whole numbers."""
    A.flags.writeable = False
    with np.errstate(all="ignore"):
        narrow = A.astype(np.float32)
    forms = [A, np.asfortranarray(A), A[::-1, ::-1].copy()[::-1, ::-1], sp.csr_array(A), sp.csc_array(A)]
    forms += [narrow] if np.array_equal(narrow, A) else []
    forms += [A.astype(np.int64)] if np.abs(A).max() < 2**50 and np.array_equal(A, np.round(A)) else []
    return forms[int(rng.integers(len(forms)))]


# --- data that are any floats


def regression(seed, n, d, spread=0.0, near=0):
    """min max |A x + b| over R^d for random floats: a linear program names the active rows, fractions prove them.

    Columns are multiplied with 10**±spread; with `near` the last is the first, but for its last `near` bits. None where
    the program's rows do not prove it.
    """
    rng = np.random.default_rng(seed)
    A, b = rng.standard_normal((n, d)), rng.standard_normal(n)
    if near and d > 1:
        A[:, -1] = A[:, 0] * (1 + rng.integers(-(2**near), 2**near + 1, n) * 2.0**-52)
    A = A * 10.0 ** rng.uniform(-spread, spread, d)
    both, side = np.vstack([A, -A]), np.r_[b, -b]
    unit = np.abs(A).max(axis=0)
    rows = np.c_[both / unit, -np.ones(2 * n)]
    found = linprog(np.r_[np.zeros(d), 1.0], rows, -side, bounds=(None, None), method="highs-ds")
    active = np.argsort(found.ineqlin.marginals)[: d + 1]
    try:
        t, x, p = naive.exact_minimax(both, side, [int(i) for i in active])
    except (AssertionError, StopIteration):
        return None
    weights = exactly([0] * (2 * n))
    weights[active] = p
    free = Place("free", exactly(x), exactly([0] * d), exactly([-INF] * d), exactly([INF] * d))
    name = f"regression(seed={seed}, n={n}, d={d}, spread={spread}, near={near})"
    problem = sm.Minimax(sm.Affine(A, b, absolute=True))
    return Known(problem, t, exactly(x), weights, [free], None, exactly(both), exactly(side), name)
