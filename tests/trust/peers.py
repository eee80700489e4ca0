"""What others say of a random problem: HiGHS and Clarabel by their own interfaces; rational arithmetic is the judge.

    min t,   A x + b ≤ t,   G x ≤ h,   E x = e,   lb ≤ x ≤ ub,       in the units the problem was made in

HiGHS's basis is solved again in fractions; where x and the duals are feasible exactly, the optimum is proven without
rounding, and who disagrees with it is wrong.
"""

from dataclasses import dataclass, replace
from fractions import Fraction as Q

import clarabel
import highspy
import numpy as np
import scipy.sparse as sp

from tests.naive import exact_solve
from tests.trust.random_problems import Rows, scaled

INF, SHARP = np.inf, 1e-10


@dataclass(frozen=True)
class Told:
    """What a peer says, in the problem's own units: "optimal", "unbounded", "infeasible" or its other word."""

    peer: str
    status: str
    value: float = np.nan
    x: np.ndarray | None = None
    weights: np.ndarray | None = None
    active: tuple | None = None  # of HiGHS: the components and walls of its basis
    error: float = np.nan  # what its tolerances may cost

    @property
    def optimal(self):
        return self.status == "optimal"


@dataclass(frozen=True)
class Program:
    """A, b of the components and the walls, divided by the units (powers of two, so that nothing is rounded)."""

    A: np.ndarray
    b: np.ndarray
    G: np.ndarray
    h: np.ndarray
    E: np.ndarray
    e: np.ndarray
    lb: np.ndarray
    ub: np.ndarray
    u: np.ndarray
    s: float
    centre: float

    @classmethod
    def of(cls, case):
        u, s = np.exp2(np.round(np.log2(case.u))), float(np.exp2(np.round(np.log2(case.s))))
        w = case.walls
        A, b = case.rows() if case.affine else (np.zeros((0, case.d)), np.zeros(0))
        rows = [A * u / s, b / s, w.G * u, w.h, w.E * u, w.e, w.lb / u, w.ub / u]
        for k in (2, 4):
            size = np.exp2(-np.floor(np.log2(np.maximum(np.abs(rows[k]).max(axis=1, initial=0.0), 1e-300))))
            size = np.where(size > 1e200, 1.0, size)
            rows[k], rows[k + 1] = rows[k] * size[:, None], rows[k + 1] * size
        return cls(*rows, u, s, float(np.median(b)) / s if b.size else 0.0)

    @property
    def size(self):
        """Of the numbers in it."""
        return 1.0 + float(np.abs(self.b - self.centre).max(initial=0.0)) + float(np.abs(self.A).max(initial=0.0))


# ----------------------------------------------------------------------------------------------------- HiGHS


def highs(case):
    """The linear program of affine components without round walls."""
    p = Program.of(case)
    n, d = p.A.shape
    top = np.vstack([np.c_[p.A, -np.ones(n)], np.c_[p.G, np.zeros(p.h.size)], np.c_[p.E, np.zeros(p.e.size)]])
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = d + 1, top.shape[0]
    lp.col_cost_ = np.append(np.zeros(d), 1.0)
    lp.col_lower_, lp.col_upper_ = np.append(p.lb, -INF), np.append(p.ub, INF)
    high = np.concatenate([p.centre - p.b, p.h, p.e])
    lp.row_lower_, lp.row_upper_ = np.append(np.full(n + p.h.size, -INF), p.e), high
    columns = sp.csc_array(top)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = columns.indptr, columns.indices, columns.data
    h = highspy.Highs()
    for name, value in OPTIONS.items():
        h.setOptionValue(name, value)
    h.passModel(lp)
    h.run()
    if h.getModelStatus() in (STATUS.kUnboundedOrInfeasible, STATUS.kUnknown, STATUS.kSolveError):
        h.setOptionValue("presolve", "off")
        h.run()
    word = WORDS.get(h.getModelStatus(), str(h.getModelStatus()))
    if word != "optimal":
        return Told("HiGHS", word)
    found, basis = h.getSolution(), h.getBasis()
    x, t = np.asarray(found.col_value)[:d], found.col_value[d]
    weights = np.maximum(-np.asarray(found.row_dual)[:n], 0.0)
    error = p.s * 1e-8 * (p.size + float(np.abs(p.A).max(initial=0.0) * np.abs(x).max()))
    active = tuple(s != BASIC for s in basis.row_status), tuple(basis.col_status)[:d]
    return Told("HiGHS", word, p.s * (t + p.centre), x * p.u, weights / weights.sum(), active, error)


STATUS, BASIC = highspy.HighsModelStatus, highspy.HighsBasisStatus.kBasic
WORDS = {STATUS.kOptimal: "optimal", STATUS.kUnbounded: "unbounded", STATUS.kInfeasible: "infeasible"}
OPTIONS = {"output_flag": False, "threads": 1, "primal_feasibility_tolerance": SHARP, "presolve": "off"}
OPTIONS |= {"dual_feasibility_tolerance": SHARP, "small_matrix_value": 1e-12}


# -------------------------------------------------------------------------------------------------- Clarabel


def clarabel_says(case):
    """The second-order cone program of all components and walls.

    ½ xᵀPx + qᵀx + r ≤ t   ⇔   ‖(√2 Lᵀx, v − 1)‖ ≤ v + 1,  v = t − qᵀx − r,  P = L Lᵀ;   the weight is the dual of v
    """
    p = Program.of(case)
    d = case.d
    F, f, cones, counts = [], [], [], []

    def add(rows, right, cone):
        F.append(np.atleast_2d(rows))
        f.append(np.atleast_1d(right))
        cones.append(cone)

    add(np.c_[p.E, np.zeros(p.e.size)], p.e, clarabel.ZeroConeT(p.e.size))
    eye, over, under = np.eye(d + 1)[:d], np.isfinite(p.ub), np.isfinite(p.lb)
    rows = np.vstack([np.c_[p.G, np.zeros(p.h.size)], eye[over], -eye[under]])
    add(rows, np.concatenate([p.h, p.ub[over], -p.lb[under]]), clarabel.NonnegativeConeT(len(rows)))
    for a, b, centre, radius in case.walls.spheres:
        u = p.u[a]
        add(
            np.vstack([np.zeros(d + 1), -eye[a:b]]),
            np.r_[radius / u, -centre / u],
            clarabel.SecondOrderConeT(1 + b - a),
        )
    for family in (scaled(one, 1 / p.u, 1 / p.s) for one in case.families):
        if isinstance(family, Rows):
            A, b = family.signed()
            counts.append(("rows", len(cones), b.size))
            add(np.c_[A, -np.ones(b.size)], p.centre - b, clarabel.NonnegativeConeT(b.size))
            continue
        for i, (q, r) in enumerate(zip(family.q, family.r, strict=True)):
            P = family.P * np.eye(d) if np.ndim(family.P) == 0 else family.P if np.ndim(family.P) == 2 else family.P[i]
            values, V = np.linalg.eigh(P)
            L = V[:, values > 1e-13 * max(values[-1], 1e-300)] * np.sqrt(
                values[values > 1e-13 * max(values[-1], 1e-300)]
            )
            v, at = np.append(q, -1.0), p.centre - r
            counts.append(("bowl", len(cones), 1))
            curve = np.c_[-np.sqrt(2) * L.T, np.zeros(L.shape[1])]
            add(
                np.vstack([v, v, curve]),
                np.r_[at + 1, at - 1, np.zeros(len(curve))],
                clarabel.SecondOrderConeT(2 + len(curve)),
            )
    settings = clarabel.DefaultSettings()
    settings.verbose, settings.max_threads = False, 1
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-9
    cost = np.append(np.zeros(d), 1.0)
    matrix = sp.csc_matrix(np.vstack(F))
    found = clarabel.DefaultSolver(
        sp.csc_matrix((d + 1, d + 1)), cost, matrix, np.concatenate(f), cones, settings
    ).solve()
    word = SOLVED.get(str(found.status), str(found.status))
    if word != "optimal":
        return Told("Clarabel", word)
    x, z = np.asarray(found.x), np.asarray(found.z)
    ends = np.cumsum([0, *(len(part) for part in f)])
    weights = [z[ends[k] : ends[k + 1]] if kind == "rows" else [z[ends[k]] + z[ends[k] + 1]] for kind, k, _ in counts]
    weights = np.maximum(np.concatenate(weights), 0.0)
    slope = sum(float(np.abs(row).max(initial=0.0)) for row in F[-len(counts) :])
    error = p.s * 1e-6 * (1 + abs(x[d]) + float(np.abs(x).max()) * slope)
    return Told("Clarabel", word, p.s * (x[d] + p.centre), x[:d] * p.u, weights / weights.sum(), None, error)


SOLVED = {"Solved": "optimal", "DualInfeasible": "unbounded", "PrimalInfeasible": "infeasible"}


# --------------------------------------------------------------------------------------------------- fractions


@dataclass(frozen=True)
class Exact:
    """The optimum of a linear program as a fraction, with x and the weights that prove it."""

    value: Q
    x: list
    weights: list
    doubt: float  # times a gap: by how much weights that prove it may differ from these; inf where others do as well


def exact(case, told):
    """The optimum in the basis that HiGHS ended with, or None where that is not optimal to the last digit."""
    p = replace(Program.of(case), centre=0.0)
    n, d = p.A.shape
    rows, columns = told.active
    system, right, kinds = [], [], []
    K = highspy.HighsBasisStatus
    table = [*np.c_[p.A, -np.ones(n)], *np.c_[p.G, np.zeros(p.h.size)], *np.c_[p.E, np.zeros(p.e.size)]]
    sides = [*(-p.b), *p.h, *p.e]
    for i in np.flatnonzero(rows):
        system.append([Q(float(v)) for v in table[i]])
        right.append(Q(float(sides[i])))
        kinds.append(("row", int(i)))
    for j, status in enumerate(columns):
        if status == BASIC:
            continue
        at = {K.kLower: p.lb[j], K.kUpper: p.ub[j]}.get(status, 0.0)
        system.append([Q(int(k == j)) for k in range(d + 1)])
        right.append(Q(float(at)))
        kinds.append(("column", j))
    if len(system) != d + 1:
        return None
    try:
        *x, t = exact_solve(system, right)
        y = exact_solve([list(column) for column in zip(*system, strict=True)], [Q(0)] * d + [Q(-1)])
    except StopIteration:
        return None
    weights, slack, bound = [Q(0)] * n, [], len(system)
    for (kind, k), v in zip(kinds, y, strict=True):
        if kind == "row" and k < n:
            weights[k] = v
        fixed = kind == "column" and p.lb[k] == p.ub[k]
        equal = kind == "row" and k >= n + p.h.size
        lower = kind == "column" and columns[k] == K.kLower
        free = kind == "column" and columns[k] not in (K.kLower, K.kUpper)
        bound -= free
        if (free and v != 0) or (not (fixed or equal or free) and (v if lower else -v) > 0):
            return None
    for i, (row, side) in enumerate(zip(table, sides, strict=True)):
        over = sum((Q(float(a)) * v for a, v in zip(row, [*x, t], strict=True) if a), -Q(float(side)))
        if over > 0 or (over < 0 and i >= n + p.h.size):
            return None
        slack.append(-over)
    for v, low, high in zip(x, p.lb, p.ub, strict=True):
        if (low > -INF and v < Q(float(low))) or (high < INF and v > Q(float(high))):
            return None
        slack += [abs(v - Q(float(side))) for side in (low, high)[: 1 + (high > low)] if abs(side) < INF]
    s, u = Q(p.s), [Q(float(v)) for v in p.u]
    return Exact(s * t, [v * w for v, w in zip(x, u, strict=True)], weights, _doubt(system, slack, bound, p))


def _doubt(system, slack, bound, p):
    """A gap g leaves at most g/slack on what is not active, and that moves the rest by ‖B⁻¹‖·‖rows‖ times as much."""
    if sum(v == 0 for v in slack) > bound:
        return INF
    rows = max(float(np.abs(M).sum(axis=1).max(initial=0.0)) for M in (p.A, p.G, p.E)) + 1
    bend = float(np.abs(np.linalg.inv(np.array(system, dtype=float))).sum(axis=0).max())
    return (1 + bend * rows) / (p.s * min((float(v) for v in slack if v), default=INF))


def highest(case, x):
    """max_i f_i(x) exactly."""
    x = [Q(float(v)) for v in x]
    best = None
    for family in case.families:
        if isinstance(family, Rows):
            A, b = family.signed()
            near = A @ np.array([float(v) for v in x]) + b
            reach = np.abs(A) @ np.abs([float(v) for v in x]) + np.abs(b)
            for i in np.flatnonzero(near + 1e-13 * reach >= (near - 1e-13 * reach).max()):
                v = sum((Q(float(a)) * w for a, w in zip(A[i], x, strict=True) if a), Q(float(b[i])))
                best = v if best is None else max(best, v)
            continue
        for i, (q, r) in enumerate(zip(family.q, family.r, strict=True)):
            P = family.P if np.ndim(family.P) < 3 else family.P[i]
            P = P * np.eye(len(x)) if np.ndim(P) == 0 else P
            Px = [sum((Q(float(a)) * w for a, w in zip(row, x, strict=True) if a), Q(0)) for row in P]
            v = sum((w * (g / 2 + Q(float(c))) for w, g, c in zip(x, Px, q, strict=True)), Q(float(r)))
            best = v if best is None else max(best, v)
    return best
