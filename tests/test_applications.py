"""The applied half of the catalogue: filters, centres, portfolios, backbones and fair regressions, by other routes."""

from fractions import Fraction

import cvxpy as cp
import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from scipy.signal import remez

import smoothmax as sm
from problems import chebyshev_centre, fairness, filters, portfolio, traffic

FAMILIES = (filters, chebyshev_centre, portfolio, fairness, traffic)
CASES = {case.name: case for family in FAMILIES for case in family.cases()}
SPECS = filters.filters()
CITIES = tuple(chebyshev_centre.CELLS)


def each(names):
    return pytest.mark.parametrize("name", list(names))


def epigraph(parts, side=(), held=(), lb=None):
    """(optimum, x, weights) of min t with f(x) <= t; side: (A_ub, b_ub), held: (A_eq, b_eq)."""
    A, b = (np.vstack([parts.A, -parts.A]), np.r_[parts.b, -parts.b]) if parts.absolute else (parts.A, parts.b)
    G, h = np.column_stack([A, -np.ones(len(A))]), -b
    if side:
        G, h = np.vstack([G, np.column_stack([side[0], np.zeros(len(side[0]))])]), np.r_[h, side[1]]
    E = np.column_stack([held[0], np.zeros(len(held[0]))]) if held else None
    found = linprog(
        np.eye(parts.d + 1)[-1],
        G,
        h,
        E,
        held[1] if held else None,
        bounds=[(lb, None)] * parts.d + [(None, None)],
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    assert found.success, found.message
    return found.fun, found.x[:-1], -found.ineqlin.marginals


def rational_solve(A, b):
    """The solution of a square system in rational arithmetic (Gauss-Jordan)."""
    M = [[*map(Fraction, row), Fraction(right)] for row, right in zip(A, b, strict=True)]
    for c in range(len(M)):
        pivot = next(r for r in range(c, len(M)) if M[r][c])
        M[c], M[pivot] = M[pivot], M[c]
        M[c] = [v / M[c][c] for v in M[c]]
        for r in range(len(M)):
            if r != c and M[r][c]:
                M[r] = [v - M[r][c] * w for v, w in zip(M[r], M[c], strict=True)]
    return [row[-1] for row in M]


@each(CASES)
def test_solved_to_the_optimum_within_the_proven_gap(name):
    case = CASES[name]
    r = sm.solve(case.problem, case.x0)
    assert r.success, r.message
    slack = 1e-12 * max(1.0, abs(case.optimum))  # the printed digits and the rounding of the data
    assert r.lower_bound - slack <= case.optimum <= r.fun + slack
    assert r.fun - case.optimum <= 2e-8 * max(abs(case.optimum), np.ptp(case.problem.at(r.x).f))


@each(CASES)
def test_the_start_is_feasible_and_its_value_is_above_the_optimum(name):
    case = CASES[name]
    parts, x = case.problem.components, case.x0
    if isinstance(parts, sm.Smooth):
        f = fairness.survey({k.lower(): k for k in fairness.OPTIMA}[name.rpartition("-")[2]]).fun(x)
    else:
        f = np.asarray(parts.A @ x) + parts.b
        f = np.abs(f) if parts.absolute else f
    assert case.problem.at(x).f.max() == pytest.approx(f.max(), rel=1e-13)
    assert f.max() > case.optimum
    assert sm.certify(case.problem, x).upper >= f.max()


# --- filters -----------------------------------------------------------------------------------------------------


@each(SPECS)
def test_filters_alternate_and_bracket_the_published_ripple(name):
    spec = SPECS[name]
    ripple, d = float(spec.ripple), (spec.numtaps + 1) // 2

    def error(x, f):
        f, desired, weights = spec.on(f)
        return weights * (filters.amplitude(f, spec.numtaps) @ x - desired)

    r = sm.solve(CASES[name].problem)
    e = error(r.x, spec.with_extremal()[0])
    signs = np.sign(e[np.abs(e) > r.fun * (1 - 1e-6)])
    assert np.count_nonzero(np.diff(signs)) + 1 >= d + 1  # Chebyshev's alternation
    # The grid alone lies below the ripple of the bands, its filter on a grid 64 times finer above it.
    coarse = sm.solve(filters.design(spec.numtaps, *spec.grid()))
    assert coarse.lower_bound <= ripple <= np.abs(error(coarse.x, spec.grid(1024)[0])).max() * (1 + 1e-5)
    assert coarse.fun < ripple * (1 + 1e-12)
    assert np.abs(error(r.x, spec.grid(1024)[0])).max() == pytest.approx(ripple, rel=1e-9)


@each(SPECS)
def test_filters_are_no_worse_than_those_of_remez(name):
    spec = SPECS[name]
    h = remez(spec.numtaps, spec.bands.ravel(), spec.desired, weight=list(spec.weights), fs=1.0)
    f, desired, weights = spec.on(spec.grid(256)[0])
    shift = np.exp(2j * np.pi * f * (spec.numtaps - 1) / 2)
    theirs = np.real(shift * (np.exp(-2j * np.pi * np.outer(f, np.arange(spec.numtaps))) @ h))
    worst = np.abs(weights * (theirs - desired)).max()
    assert float(spec.ripple) < worst < 1.012 * float(spec.ripple)
    ours = filters.taps(spec.numtaps) @ sm.solve(CASES[name].problem).x
    assert np.abs(ours - h).max() < 0.05 * np.abs(h).max()
    if spec.printed_taps is not None:
        assert np.abs(ours[: len(spec.printed_taps)] - spec.printed_taps).max() < 2e-4


def test_the_amplitude_is_that_of_the_taps():
    f, rng = np.linspace(0, 0.5, 7), np.random.default_rng(0)
    for numtaps in (8, 9):
        c = rng.standard_normal((numtaps + 1) // 2)
        h = filters.taps(numtaps) @ c
        delay = np.arange(numtaps) - (numtaps - 1) / 2
        np.testing.assert_allclose(filters.amplitude(f, numtaps) @ c, np.cos(2 * np.pi * np.outer(f, delay)) @ h)
        np.testing.assert_array_equal(h, h[::-1])


def test_side_constraints_beyond_remez():
    spec = SPECS["fir-lowpass27"]
    at = filters.amplitude([0.0, filters.NOTCH], 27)
    value, *_ = epigraph(filters.design(27, *spec.grid()).components, held=(at, [1.0, 0.0]))
    assert value == pytest.approx(filters.NOTCHED, rel=1e-11)
    x = sm.solve(filters.notch()).x
    np.testing.assert_allclose(at @ x, [1.0, 0.0], atol=1e-13)
    spec, over = SPECS["fir-lowpass24"], filters.OVERSHOOT
    step = np.cumsum(filters.taps(24), axis=0)
    side = np.vstack([step, -step]), np.r_[np.full(24, 1 + over), np.full(24, over)]
    value, *_ = epigraph(filters.design(24, *spec.grid()).components, side=side)
    assert value == pytest.approx(filters.STEP, rel=1e-11)
    response = step @ sm.solve(filters.gentle_step()).x
    assert -over - 1e-12 <= response.min() < -over + 1e-6  # it binds
    assert response.max() <= 1 + over + 1e-12
    assert float(spec.ripple) < filters.STEP


# --- centres -----------------------------------------------------------------------------------------------------


@each(c for c in CASES if c.startswith("centre-"))
def test_centres_by_a_linear_program(name):
    case = CASES[name]
    value, centre, _ = epigraph(case.problem.components)
    assert value == pytest.approx(case.optimum, rel=1e-11)
    assert np.abs(sm.solve(case.problem, case.x0).x - centre).max() < 1e-6 * max(1.0, np.abs(centre).max())


@each(CITIES)
def test_the_circle_in_the_cell_touches_it(name):
    problem = chebyshev_centre.voronoi(name)
    x = sm.solve(problem).x
    bisected = problem.components
    p = -2 * bisected.b[:, None] * bisected.A  # the other cities, in km
    assert np.all(np.linalg.norm(x) < np.linalg.norm(x - p, axis=1))  # the centre is nearest to this city
    assert np.count_nonzero(bisected.A @ x + bisected.b > -chebyshev_centre.CELLS[name] * -1 - 1e-6) >= 3


# --- portfolios --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [None, portfolio.LEAST_MEAN])
def test_the_worst_month_in_rationals(mean):
    """Primal and dual on the support that HiGHS finds, solved and proven for all months in rational arithmetic."""
    _, r = portfolio.exact_returns()
    T, d = len(r), len(r[0])
    average = [sum(column) / T for column in zip(*r, strict=True)]
    parts = portfolio.worst_loss().components
    side = () if mean is None else (-portfolio.returns().mean(axis=0)[None], [-float(mean)])
    _, x, weights = epigraph(parts, side, (np.ones((1, d)), [1.0]), lb=0)
    held = [j for j in range(d) if x[j] > 1e-9]
    binding = [t for t in range(T) if weights[t] > 1e-9]
    bends = len(binding) < len(held)  # the mean binds too
    # sum x = 1, -r_t.x = v for the binding months, and the mean where it binds
    rows = [[*(1 for _ in held), 0], *([*(-r[t][j] for j in held), -1] for t in binding)]
    right = [Fraction(1), *(Fraction(0) for _ in binding)]
    if bends:
        rows, right = [*rows, [*(average[j] for j in held), 0]], [*right, mean]
    *parts_x, value = rational_solve(rows, right)
    assert all(v > 0 for v in parts_x)
    full = dict(zip(held, parts_x, strict=True))
    assert max(-sum(row[j] * v for j, v in full.items()) for row in r) == value
    # the dual: weights w >= 0 of the months, nu >= 0 of the mean, mu of the sum
    dual = [[*(1 for _ in binding), *([0] * bends), 0]]
    dual += [[*(-r[t][j] for t in binding), *([-average[j]] * bends), 1] for j in held]
    w = rational_solve(dual, [1, *(0 for _ in held)])
    months, nu, mu = w[: len(binding)], (w[-2] if bends else Fraction(0)), w[-1]
    assert min([*months, nu]) >= 0
    for j in range(d):
        slope = sum(-r[t][j] * v for t, v in zip(binding, months, strict=True)) - nu * average[j] + mu
        assert slope >= 0
    assert -mu + nu * (mean or 0) == value
    assert float(value) == {None: portfolio.WORST}.get(mean, portfolio.WORST_WITH_MEAN)


def test_returns_compound_to_the_price():
    table = portfolio.prices()
    symbols, _ = portfolio.exact_returns()
    growth = np.prod(1 + portfolio.returns(), axis=0)
    last, first = (np.array([float(table[s][date]) for s in symbols]) for date in ("Mar 1 2010", "Aug 1 2004"))
    np.testing.assert_allclose(growth, last / first, rtol=1e-12)


# --- backbones ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [traffic.abilene, traffic.nsfnet, traffic.cost239])
def test_backbones_by_the_edge_flow_program(make):
    c, A_eq, b_eq, A_ub, b_ub = traffic.edge_flow(make())
    found = linprog(c, A_ub, b_ub, A_eq, b_eq, method="highs-ipm")
    assert found.fun == pytest.approx(traffic.OPTIMA[make.__name__], rel=1e-9)


def test_backbones_are_those_of_the_literature():
    nodes = {"nsfnet": (14, 21), "cost239": (11, 26), "abilene": (11, 14)}
    for make in (traffic.abilene, traffic.nsfnet, traffic.cost239):
        network = make()
        assert (network.nodes, network.links // 2) == nodes[make.__name__]
        assert np.bincount(network.tail).min() >= 2  # no link's failure cuts a node off


# --- fair regressions --------------------------------------------------------------------------------------------


@each(fairness.OPTIMA)
def test_fair_losses_by_cones_and_by_the_epigraph(name):
    loss, optimum = fairness.survey(name), fairness.OPTIMA[name]
    n, d = len(loss.averaging), loss.margins.shape[1]
    w = cp.Variable(d)
    each_group = loss.averaging @ cp.logistic(-loss.margins @ w) + loss.lam / 2 * cp.sum_squares(w)
    program = cp.Problem(cp.Minimize(cp.max(each_group)))
    program.solve(cp.CLARABEL)
    assert program.value == pytest.approx(optimum, abs=1e-8)
    above = {
        "type": "ineq",
        "fun": lambda z: z[-1] - loss.fun(z[:-1]),
        "jac": lambda z: np.column_stack([-loss.jac(z[:-1]), np.ones(n)]),
    }
    found = minimize(
        lambda z: z[-1],
        np.r_[np.zeros(d), 1.0],
        jac=lambda z: np.eye(d + 1)[-1],
        method="SLSQP",
        constraints=[above],
        options={"ftol": 1e-15, "maxiter": 500},
    )
    assert loss.fun(found.x[:-1]).max() == pytest.approx(optimum, abs=1e-10)


def test_group_losses_and_their_derivatives():
    loss, rng = fairness.survey("educ"), np.random.default_rng(0)
    w, v, h = rng.standard_normal(6), rng.random(3), 1e-6
    slow = [
        np.mean([np.log1p(np.exp(-m @ w)) for m in loss.margins[loss.group == g]]) + loss.lam / 2 * w @ w
        for g in range(3)
    ]
    np.testing.assert_allclose(loss.fun(w), slow, rtol=1e-13)
    steps = h * np.eye(6)
    J = np.array([(loss.fun(w + s) - loss.fun(w - s)) / (2 * h) for s in steps]).T
    H = np.array([v @ (loss.jac(w + s) - loss.jac(w - s)) / (2 * h) for s in steps])
    np.testing.assert_allclose(loss.jac(w), J, atol=1e-9)
    np.testing.assert_allclose(loss.hess(w, v), H, atol=1e-9)
