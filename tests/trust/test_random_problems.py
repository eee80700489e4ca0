"""Whole solves of random problems (random_problems.py) against HiGHS, Clarabel and rational arithmetic (peers.py).

Nothing raises, warns or hangs; what is called proven is; the peers' optimum lies between the bounds; weights are the
peer's where no others do; and the answer does not depend on units, on the order of rows, or on rows that never matter.
"""

import time
import traceback
import warnings
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

import smoothmax as sm
from smoothmax.inner import HARMLESS, gamma
from smoothmax.result import MinimaxResult, joined
from smoothmax.solvers import METHODS, Status
from smoothmax.solvers.trust_region.curvature import convexified
from tests.effort import cases, seed
from tests.laws import EPS
from tests.trust import peers
from tests.trust.random_problems import Bowls, Rows, random_problem

LIMIT, LATE = 5.0, 60.0  # seconds for a solve, and what no solve may take on the busiest machine
PASSES, TOL = 1000, 1e-8
BATCHES = 20
FOUND = [40890, 51408, 53308, 54678, 271964, 294036, 505462, 656361, 739380, 799864]  # by nights
FOUND += [1255786, 1258220, 1532820, 3033105, 4007162, 5097088]
HONEST = {Status.PROVEN, Status.PASSES, Status.TIME, Status.UNBOUNDED, Status.STALLED}
OTHERS = [name for name in METHODS if name not in ("spectral", "cvxpy")]
ROUNDING = 256 * EPS  # what a certificate of this kind may change in the data


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_problems_are_solved_as_their_peers_solve_them(batch):
    each = cases(12, 5000)
    first, wrong, seen = seed() + batch * each, [], Counter()
    for k in range(first, first + each):
        try:
            seen += trial(k)
        except Exception as why:
            wrong.append(f"{random_problem(k)!r}\n{''.join(traceback.format_exception(why, limit=-3))}")
    assert not wrong, f"{len(wrong)} of {each} from seed {first} on:\n\n" + "\n".join(wrong[:10])
    assert seen["auto PROVEN"] >= 0.8 * seen["auto"], seen


def trial(k):
    """One problem, all that is checked of it; counts of what happened."""
    case, seen = random_problem(k), Counter()
    if case.blames:
        with pytest.raises(ValueError, match=case.blames):
            _ = case.problem
        return Counter({"refused": 1})
    told = peers.highs(case) if case.affine and not case.walls.spheres else peers.clarabel_says(case)
    exact = peers.exact(case, told) if told.optimal and told.active else None
    truth = Truth(case, told, exact)
    seen[f"{told.peer} {told.status}{' exact' * (exact is not None)}"] += 1
    r = truth.examined("auto", seen)
    if k % 6 == 0:
        fitting = [m for m in OTHERS if METHODS[m].refuses(case.problem) is None and m != r.method]
        if fitting:
            truth.examined(fitting[k // 6 % len(fitting)], seen)
    if k % 24 == 1:
        LAWS[k // 24 % len(LAWS)](case, r)
    if told.active and k % 20 == 2:
        agrees(told, peers.clarabel_says(case), seen)
    if k % 60 == 4 and told.optimal:
        a_path(case, truth, r)
    return seen


class Truth:
    """What is known of a problem, to hold against what we say."""

    def __init__(self, case, told, exact):
        self.case, self.told, self.exact = case, told, exact
        self.value = None if not told.optimal else exact.value if exact else Fraction(told.value)
        self.loose = 0.0 if exact else told.error  # of the value

    def examined(self, method, seen):
        r = solved(self.case, method)
        name = Status(r.status).name
        seen[method] += 1
        seen[f"{method} {name}"] += 1
        assert r.status in HONEST, f"{method}: {name}: {r.message}"
        self.judge(r)
        if self.told.optimal and r.success and r.weights is not None and self.exact:
            seen["unique weights"] += self.duals(r)
        return r

    def judge(self, r):
        case, problem = self.case, self.case.problem
        assert problem.domain.contains(r.x, 1e-12), f"{r.method}: x = {r.x} is not in X"
        f = problem.components.value(r.x)
        assert r.fun == pytest.approx(f.max(), rel=1e-14, abs=1e-14 * np.abs(f).max()), r.method
        again = sm.certify(problem, r.x, r.weights, r.multipliers)
        size = self.size(r, again)
        assert again.upper == pytest.approx(r.upper_bound, abs=1e-14 * size), r.method
        if problem.affine and np.isfinite(r.gap):
            stricter = again.kind == "bounded" and r.certificate.kind == "rounding"  # for the very data, at this x
            other = again.residual if again.kind == "rounding" else 0.0  # what the data may be off by
            rounded = 1e-14 + gamma(problem.n)  # sums of n terms
            room = (2 * HARMLESS if stricter else rounded + other) * size
            assert again.gap <= 2 * r.gap + room, f"{r.method}: {again.gap} recomputed, {r.gap} said"
        assert r.gap >= 0
        above = -np.inf if r.upper_bound == np.inf else float(peers.highest(case, r.x) - Fraction(r.upper_bound))
        assert above <= self.outside(r.x, size), f"{r.method}: max f is {above} above the upper bound {r.upper_bound}"
        if r.success:
            start = problem.at(problem.start(case.x0))
            atol = 1e-12 * (np.ptp(start.range) + np.abs(start.range).max() + start.column_sizes() @ np.abs(start.x))
            if not start.range.any():  # then a step of the unit size says what is small
                atol += 1e-13 * (start.column_sizes().sum() or 1.0)
            atol += 16 * float(problem.components.rounding(start.x, np.arange(problem.n)).max())
            most = TOL * max(abs(r.fun), np.ptp(f)) + atol
            assert r.gap <= r.threshold <= most, f"{r.method}: gap {r.gap}, threshold {r.threshold}, at most {most}"
        if self.told.status == "unbounded":
            assert _for_others(r) or r.lower_bound == -np.inf, f"{r.method}: {r.lower_bound} is no lower bound"
            return
        if self.value is None:
            return
        if r.status == Status.UNBOUNDED:  # a peer in floats is refuted by a point of X that is lower by far
            lower = peers.highest(case, r.x) < self.value - 1e6 * (abs(self.value) + Fraction(self.loose))
            refuted = self.exact is None and problem.domain.contains(r.x, 0.0) and lower
            assert refuted, f"{r.method}: not unbounded: {self.told.peer} has {self.told.value}"
            return
        for name, lower, kind in (("said", r.lower_bound, r.certificate.kind), ("recomputed", again.lower, again.kind)):
            room = self.loose + (self.backward(r) if kind == "rounding" else 0.0)
            over = -np.inf if lower == -np.inf else float(Fraction(lower) - self.value)
            assert over <= room, (
                f"{r.method}: the lower bound {lower} {name} is {over} above {float(self.value)} ({kind})"
            )
        under = -np.inf if r.upper_bound == np.inf else float(self.value - Fraction(r.upper_bound))
        assert under <= self.loose + self.outside(r.x, size), f"{r.method}: the upper bound is {under} too low"
        if r.success:
            off = float(Fraction(r.fun) - self.value)
            assert off <= r.threshold + self.loose + self.backward(r), f"{r.method}: {off} above {float(self.value)}"

    def size(self, r, c):
        """Of the terms that f and the bound are made of."""
        lin = self.case.problem.at(r.x)
        return float(np.abs(lin.f).max() + (lin.column_sizes() @ np.abs(r.x)) + abs(c.upper)) + self.magnitude(r)

    def magnitude(self, r):
        w, m = self.case.walls, r.multipliers
        if m is None:
            return 0.0
        x = np.abs(r.x)
        return float(m.ub @ (np.abs(w.G) @ x + np.abs(w.h)) + np.abs(m.eq) @ (np.abs(w.E) @ x + np.abs(w.e)))

    def outside(self, x, size):
        """What a point may gain that lies in X up to rounding."""
        return 1e-13 * size if self.case.walls.G.size or self.case.walls.E.size or self.case.walls.spheres else 0.0

    def backward(self, r):
        """What the data's rounding may cost a bound of the kind "rounding" at the peer's x."""
        at = np.abs(np.array(self.exact.x, dtype=float) if self.exact else self.told.x)
        lin, w, m = self.case.problem.at(r.x), self.case.walls, r.multipliers
        size = lin.column_sizes(r.weights) if r.weights is not None else lin.column_sizes()
        if m is not None:
            size = size + m.ub @ np.abs(w.G) + np.abs(m.eq) @ np.abs(w.E)
        return 2 * ROUNDING * float(size @ (at + np.abs(r.x)))

    def duals(self, r):
        """The peer's weights where they are the only ones; 1 where that could be seen."""
        room = self.exact.doubt * (r.gap + 1e-13 * self.case.s)
        if not room < 1e-3:
            return 0
        theirs = np.array(self.exact.weights, dtype=float)
        off = np.abs(r.weights - theirs).max()
        assert off <= room + 1e-12, (
            f"{r.method}: weights {r.weights}, and the only ones are {theirs}: off by {off} > {room}"
        )
        return 1


def _for_others(r):
    """A bound for data changed by rounding, of a problem that is not called solved."""
    return r.certificate.kind == "rounding" and not r.success


def solved(case, method="auto"):
    """A solve that raises, warns or lasts for nothing."""
    prior = case.prior if method == "auto" else None
    passes = PASSES if method == "auto" else 300
    begun = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        r = sm.solve(case.problem, case.x0, method=method, prior=prior, max_passes=passes, time_limit=LIMIT, tol=TOL)
    spent = time.perf_counter() - begun
    assert spent < LATE, f"{method}: {spent:.0f} s with a limit of {LIMIT} s"
    return r


def agrees(one, two, seen):
    """The peers themselves; who is wrong there is not ours to mend, but counted."""
    same = one.status == two.status and (not one.optimal or abs(one.value - two.value) <= one.error + two.error)
    seen["peers agree" if same else f"peers differ: {one.status} {two.status}"] += 1


# ----------------------------------------------------------------------------------------- what random cases found


@pytest.mark.parametrize("unit", [1e-100, 1e-8, 1.0])
def test_one_component_is_as_hard_in_any_units_of_x(unit):
    """All components are equal at the start, and nothing there may pass for a spread of f."""
    bowl = sm.Quadratic(np.diag([2.0, 0.5]) / unit**2, np.array([[1.0, -3.0]]) / unit)
    row = sm.Affine(np.array([[3.0, 1.0, 2.0]]) / unit, [1.0])
    for components, domain in ((row, sm.Simplex(3, unit)), (bowl, sm.Ball(np.zeros(2), unit))):
        r = sm.solve(sm.Minimax(components, domain))
        assert r.success, r.message
        assert r.threshold <= 2e-8 * abs(r.fun)


def test_a_polyhedron_without_interior_is_proven_by_auto():
    """Newton refuses it, and a projected gradient would crawl."""
    G = np.array([[1.0, 2.0], [-1.0, -2.0]])
    bowls = sm.Quadratic(1.0, [[1.0, 0.0], [0.0, 2.0], [-3.0, 1.0], [1.0, 1.0], [0.0, -4.0]])
    r = sm.solve(sm.Minimax(bowls, sm.Polyhedron(G, [1.0, -1.0])))
    assert r.success, r.message
    assert r.method == "trust-region"


def test_no_curvature_is_none_in_units_whose_square_overflows():
    """0·inf is nan, and eigenvalues of nan raise."""
    unit = np.array([1e200, 1e-200])
    assert not convexified(np.zeros((2, 2)), unit).any()
    A = np.random.default_rng(0).standard_normal((5, 5)) * 1e-200
    r = sm.solve(sm.Minimax(sm.Affine(A, absolute=True)), np.full(5, 1e100), method="trust-region")
    assert r.status in HONEST, r.message


def test_success_of_a_second_method_comes_with_its_gap():
    """Both find the optimum 0, the first so far out that the rounding of its value proves nothing."""
    A = np.c_[[-1.19310849, -1.56848706, 1.39694497, -0.84575492, -1.73599898, 1.25104278], np.zeros(6)]
    strip = sm.Polyhedron([[-0.81519112, 0.88118533]], [2.52926087])
    start = [712020.83174901, -119980.97872607]
    r = sm.solve(sm.Minimax(sm.Affine(A, absolute=True), strip), start, max_passes=1000)
    assert r.success == (r.gap <= r.threshold), r
    one = sm.solve(sm.Minimax(sm.Affine(A, absolute=True)), [0.0, 1.0])
    far = MinimaxResult(one, success=False, upper_bound=1.0, gap=1.0)
    assert joined(sm.Minimax(sm.Affine(A, absolute=True)), far, one).gap == one.gap


@pytest.mark.parametrize("unit", [1e-100, 1e-20, 1.0, 1e20])
def test_a_row_of_zeros_does_not_set_the_unit_of_a_polyhedron(unit):
    """3 x ≤ 9, 0 ≤ 2, 3 x ≥ 7, x ≥ 3 leave x = 3, in any units; and 0 ≤ −2 leaves nothing."""
    G, h = np.array([[3.0], [0.0], [-3.0], [-1.0]]) / unit, [9.0, 2.0, -7.0, -3.0]
    assert sm.Polyhedron(G, h).start()[0] == pytest.approx(3 * unit, rel=1e-12)
    with pytest.raises(ValueError, match="A_ub"):
        sm.Polyhedron(G, [9.0, -2.0, -7.0, -3.0])


# ------------------------------------------------------------------------------------------------------- laws


def overlap(r, other, c=1.0, room=1e-12):
    """Both bound the same optimum, of the other problem times c."""
    if Status.UNBOUNDED in (r.status, other.status):
        assert all(one.lower_bound == -np.inf or _for_others(one) for one in (r, other))
        return
    room *= abs(r.upper_bound) + abs(other.upper_bound) / c + 1e3 * min(r.threshold, other.threshold / c)
    assert other.lower_bound / c <= r.upper_bound + room, f"{other.lower_bound / c} is above {r.upper_bound}"
    assert r.lower_bound <= other.upper_bound / c + room, f"{r.lower_bound} is above {other.upper_bound / c}"


def units_do_not_matter(case, r):
    overlap(r, solved(case.times(3e-7)), 3e-7)


def units_of_variables_do_not_matter(case, r):
    """Powers of 2 change no digit of the data, and so not the optimum."""
    rng = np.random.default_rng(case.seed)
    other = case.in_units(2.0 ** rng.integers(-20, 21, case.d))
    if other is not None:
        overlap(r, solved(other))


def the_order_does_not_matter(case, r):
    turned = []
    for one in case.families:
        if isinstance(one, Rows):
            turned.append(Rows(one.A[::-1], one.b[::-1], one.absolute, one.sparse))
        else:
            turned.append(Bowls(one.P[::-1] if np.ndim(one.P) == 3 else one.P, one.q[::-1], one.r[::-1]))
    overlap(r, solved(case.with_families(tuple(turned[::-1]), "turned")))


def a_row_that_is_never_highest_changes_nothing(case, r):
    one = case.families[0]
    if isinstance(one, Rows):
        low = Rows(one.A[:1], one.b[:1] - case.s)
    else:
        low = Bowls(one.P[:1] if np.ndim(one.P) == 3 else one.P, one.q[:1], one.r[:1] - case.s)
    overlap(r, solved(case.with_families((*case.families, low), "and a lower row")))


LAWS = (
    units_do_not_matter,
    units_of_variables_do_not_matter,
    the_order_does_not_matter,
    a_row_that_is_never_highest_changes_nothing,
)


def a_path(case, truth, r):
    """As τ falls, min F_τ falls and min F_τ − τ·log n rises; the optimum lies between."""
    taus = case.s * np.array([1.0, 0.3, 0.1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = sm.path(case.problem, taus, max_passes=PASSES, time_limit=LIMIT)
    summands = max(abs(row["smoothed_fun"]) + row["tau_log_n"] for row in path.records)
    room = truth.loose + 1e-12 * truth.size(r, r.certificate) + truth.backward(r) + 4 * EPS * summands
    low, high = -np.inf, np.inf
    for row, found in zip(path.records, path.results, strict=True):
        assert row["lower_bound"] <= float(truth.value) + room, row
        assert row["fun"] >= float(truth.value) - room, row
        assert found.smoothed_lower_bound <= high + room, "min F_τ rose as τ fell"
        assert low - room <= row["smoothed_fun"] - row["tau_log_n"], "min F_τ − τ·log n fell as τ fell"
        high = min(high, row["smoothed_fun"])
        low = max(low, found.smoothed_lower_bound - row["tau_log_n"])


# ------------------------------------------------------------------------------------------------------ cvxpy


@pytest.mark.parametrize("batch", range(4))
def test_the_same_problems_in_cvxpy(batch):
    """Value and dual values of problem.solve(method="smoothmax"), and the problem read back; in plain units."""
    each, tried = cases(2, 250), 0
    for k in range(seed() + batch * 100 * each, seed() + (batch + 1) * 100 * each):
        case = random_problem(k)
        if case.blames or case.walls.spheres or case.s != 1 or np.any(case.u != 1):
            continue
        told = peers.highs(case) if case.affine else peers.clarabel_says(case)
        if told.status in ("optimal", "unbounded"):
            in_cvxpy(case, told)
            tried += 1
        if tried == each:
            break
    assert tried == each


def in_cvxpy(case, told):
    import cvxpy as cp

    from smoothmax import cvx

    x = cp.Variable(case.d)
    worst, w = _expression(cp, x, case), case.walls
    rows = [w.G @ x <= w.h] * bool(w.h.size) + [w.E @ x == w.e] * bool(w.e.size)
    over, under = np.isfinite(w.ub), np.isfinite(w.lb)
    rows += [x[over] <= w.ub[over]] * bool(over.any()) + [x[under] >= w.lb[under]] * bool(under.any())
    problem = cp.Problem(cp.Minimize(worst), rows)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of an optimum that is not proven to the last digit
            value = problem.solve(method="smoothmax")
    except cp.error.SolverError:
        return  # said aloud
    if "unbounded" in (told.status, problem.status):
        assert told.status == problem.status or problem.status != "optimal", f"{case!r}: {problem.status}"
        return
    if problem.status != "optimal":
        return
    r = problem.solution.attr["result"]
    room = r.threshold + told.error
    assert value == pytest.approx(told.value, abs=room), repr(case)
    assert sm.solve(cvx.from_cvxpy(problem)).fun == pytest.approx(told.value, abs=2 * room), repr(case)
    if case.affine:
        _stationary(case, problem, r, x.value)


def _expression(cp, x, case):
    parts = []
    for one in case.families:
        if isinstance(one, Rows):
            f = one.A @ x + one.b
            parts.append(cp.norm_inf(f) if one.absolute else cp.max(f))
            continue
        for i, (q, c) in enumerate(zip(one.q, one.r, strict=True)):
            P = one.P * np.eye(case.d) if np.ndim(one.P) == 0 else one.P[i] if np.ndim(one.P) == 3 else one.P
            parts.append(0.5 * cp.quad_form(x, cp.psd_wrap(P)) + q @ x + c)
    return parts[0] if len(parts) == 1 else cp.maximum(*parts)


def _stationary(case, problem, r, x):
    """Σ p_i A_i + Σ dual·row = 0, duals of inequalities ≥ 0, and 0 where there is room, up to the gap."""
    A, b = case.rows()
    w, p = case.walls, np.asarray(r.weights)
    if len(case.families) > 1:
        return  # read in another order
    f = A @ x + b
    order = np.argsort(f)
    assert p.max(initial=0.0) <= 1 + 1e-12
    assert f[order[-1]] == pytest.approx(r.fun, rel=1e-9, abs=1e-9)
    c, size, duals = p @ A, p @ np.abs(A), [np.atleast_1d(row.dual_value) for row in problem.constraints]
    for group in (w.G, w.E):
        if len(group):
            v = duals.pop(0)
            c, size = c + v @ group, size + np.abs(v) @ np.abs(group)
            assert group is w.E or (v.min() >= 0 and v @ (w.h - w.G @ x) <= r.gap + 1e-9), repr(case)
    for side, sign in ((w.ub, 1.0), (w.lb, -1.0)):
        some = np.isfinite(side)
        if some.any():
            v = duals.pop(0)
            c[some] += sign * v
            assert v.min() >= 0, repr(case)
            assert v @ np.abs(side - x)[some] <= r.gap + 1e-9, repr(case)
    assert np.all(np.abs(c) <= 1e-7 * (size + 1)), f"{case!r}: {c} is left"


@pytest.mark.parametrize("seed", FOUND)
def test_what_nights_have_found(seed):
    """nan in the multipliers handed over (twice), a set that the simplex method calls neither empty nor not, a start
    where rounding leaves more open than the spread, what settling left of an equality at 0, an optimum of 0 under τ, a
    wide interval beside variables without bounds, 110 terms whose sum is rounded more than one of a few,
    an optimum of Clarabel's where there is none."""
    trial(seed)
