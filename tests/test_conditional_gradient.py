"""Conditional gradients: domains that only have an oracle, against linear programs, and what a bad oracle does."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import linprog

import problems
import smoothmax as sm
from problems import traffic
from smoothmax.domains import as_domain
from smoothmax.solvers.conditional.atoms import Atoms, dense, loads
from smoothmax.solvers.conditional.composed import Composed
from smoothmax.solvers.conditional.pairwise import FLAT, line_search, soft, sweep
from smoothmax.solvers.conditional.program import Program
from smoothmax.solvers.conditional.simplices import Simplices
from tests.laws import assert_gradient, assert_hessian, assert_lmo, assert_projection

METHOD = "conditional-gradient"


class L1Ball:
    """{x : ‖x‖₁ ≤ 3} by its vertices."""

    def lmo(self, c):
        y, j = np.zeros(c.size), int(np.argmax(np.abs(c)))
        y[j] = -3.0 * np.sign(c[j]) if c[j] else 3.0
        return y


class Permutations:
    """The permutahedron, the hull of all orders of 1, …, d: by sorting."""

    def lmo(self, c):
        y = np.empty(c.size)
        y[np.argsort(-c, kind="stable")] = np.arange(1.0, c.size + 1)
        return y


class Spectrahedron:
    """{X ⪰ 0, tr X = 1} of size k, as vectors of k² entries: by the least eigenvector."""

    def __init__(self, k):
        self.k, self.d = k, k * k

    def lmo(self, c):
        C = c.reshape(self.k, self.k)
        v = np.linalg.eigh((C + C.T) / 2)[1][:, 0]
        return np.outer(v, v).ravel()


class Returns:
    """An oracle that answers with whatever it is told to, from the `after`-th call on."""

    def __init__(self, answer, after=0):
        self.answer, self.after, self.calls = answer, after, 0

    def lmo(self, c):
        self.calls += 1
        if self.calls > self.after:
            return self.answer(c) if callable(self.answer) else self.answer
        return L1Ball().lmo(c)


def random_rows(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal(n)


def program(A, b, A_ub=None, b_ub=None, lift=None):
    """min t with A (lift z) + b ≤ t over A_ub z ≤ b_ub, z ≥ 0."""
    A = A if lift is None else A @ lift
    n, d = A.shape
    rows, right = np.column_stack([A, -np.ones(n)]), -b
    if A_ub is not None:
        rows, right = np.vstack([rows, np.column_stack([A_ub, np.zeros(len(A_ub))])]), np.r_[right, b_ub]
    found = linprog(np.r_[np.zeros(d), 1.0], rows, right, bounds=[(0, None)] * d + [(None, None)], method="highs")
    assert found.success
    return found.fun


def routed(network):
    c, A_eq, b_eq, A_ub, b_ub = traffic.edge_flow(network)
    found = linprog(c, A_ub, b_ub, A_eq, b_eq, method="highs")
    assert found.success
    return found.fun


def assert_certified(problem, r, optimum, tol=1e-8):
    """Proven, right, and the proof holds when it is made again from outside."""
    assert r.success, r.message
    size = max(abs(optimum), float(np.ptp(problem.components.value(r.x))))
    assert r.lower_bound <= optimum + 1e-9 * size
    assert r.fun >= optimum - 1e-9 * size
    assert r.fun - optimum <= 1.1 * tol * size + 1e-9 * size
    again = sm.certify(problem, r.x, r.weights)
    assert again.gap <= r.gap + 1e-12 * size
    assert again.kind in ("rounding", "bounded")


# --- a user's class with the one method


def test_the_l1_ball_by_its_oracle():
    A, b = random_rows(80, 25)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True), L1Ball())
    r = sm.solve(problem, method=METHOD)
    lift = np.hstack([np.eye(25), -np.eye(25)])
    optimum = program(np.vstack([A, -A]), np.r_[b, -b], np.ones((1, 50)), [3.0], lift)
    assert_certified(problem, r, optimum)
    assert np.abs(r.x).sum() <= 3.0 + 1e-12


def test_the_permutahedron_against_its_birkhoff_program():
    A, b = random_rows(30, 6, seed=1)
    problem = sm.Minimax(sm.Affine(A, b), Permutations())
    r = sm.solve(problem, method=METHOD)
    lift = np.kron(np.eye(6), np.arange(1.0, 7.0))  # x_i = Σ_k k·Z_ik, Z doubly stochastic
    sums = np.vstack([np.kron(np.eye(6), np.ones(6)), np.kron(np.ones(6), np.eye(6))])
    optimum = program(A, b, np.vstack([sums, -sums]), np.r_[np.ones(12), -np.ones(12)], lift)
    assert_certified(problem, r, optimum)


def test_the_spectrahedron_gives_a_least_largest_eigenvalue():
    """max over ⟨A_i, X⟩ with A_i = ±C: the least |⟨C, X⟩| is 0 where C is indefinite, and min λ(C) where C ⪰ 0."""
    rng = np.random.default_rng(0)
    M = rng.standard_normal((4, 4))
    C = M @ M.T + 0.5 * np.eye(4)
    problem = sm.Minimax(sm.Affine(np.array([C.ravel(), -C.ravel()])), Spectrahedron(4))
    r = sm.solve(problem, method=METHOD)
    assert_certified(problem, r, float(np.linalg.eigvalsh(C)[0]), tol=1e-7)


def test_curved_components_over_an_oracle():
    """The smallest ball around points with its centre in the l1 ball: the same over a polyhedron by Newton's method."""
    points = np.random.default_rng(0).standard_normal((40, 3)) * 3 + 2
    quadratic = sm.Quadratic(2.0, -2 * points, np.sum(points**2, axis=1))
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * 3)).reshape(3, -1).T
    known = sm.solve(sm.Minimax(quadratic, sm.Polyhedron(signs, np.full(8, 3.0))), method="newton")
    problem = sm.Minimax(quadratic, L1Ball())
    assert_certified(problem, sm.solve(problem, method=METHOD, tol=1e-6), known.fun, tol=1e-6)


@pytest.mark.parametrize("domain", [sm.Box(-np.ones(6), np.ones(6)), sm.Simplex(6), sm.Ball(np.zeros(6), 0.7)])
def test_the_library_s_own_bounded_domains(domain):
    A, b = random_rows(40, 6, seed=2)
    problem = sm.Minimax(sm.Affine(A, b), domain)
    known = sm.solve(problem, method="accelerated" if isinstance(domain, sm.Ball) else "newton", tol=1e-7)
    r = sm.solve(problem, method=METHOD, tol=1e-6)
    assert r.success
    assert r.fun == pytest.approx(known.fun, rel=1e-5)
    assert domain.contains(r.x, 1e-12)


def test_the_frank_wolfe_gap_is_no_less_than_the_true_one():
    A, b = random_rows(30, 8)
    problem = sm.Minimax(sm.Affine(A, b), L1Ball())
    optimum = program(A, b, np.ones((1, 16)), [3.0], np.hstack([np.eye(8), -np.eye(8)]))
    seen = []
    sm.solve(problem, method=METHOD, callback=lambda intermediate_result: seen.append(intermediate_result))
    assert len(seen) > 3
    assert all(s.fun - s.lower_bound >= s.fun - optimum - 1e-9 for s in seen)
    assert all(s.fun >= optimum - 1e-9 for s in seen)


# --- traffic


def test_the_backbone_s_optimum_is_that_of_the_edge_flow_program():
    case = problems.get("abilene")
    assert routed(traffic.abilene()) == pytest.approx(case.optimum, rel=1e-9)
    assert_certified(case.problem, sm.solve(case.problem, method=METHOD), case.optimum)


@pytest.mark.parametrize("kind", ["small-world", "scale-free", "geometric", "waxman", "regular", "grid"])
def test_synthetic_networks_against_the_edge_flow_program(kind):
    network = traffic.synthetic(kind, 40, 5)
    problem = traffic.load(network)
    assert_certified(problem, sm.solve(problem, method=METHOD, tol=1e-6), routed(network), tol=1e-6)


def test_many_tight_links_are_closed():
    network = traffic.synthetic("geometric", 100, 20, seed=1)
    problem, optimum = traffic.load(network), routed(network)
    r = sm.solve(problem, method=METHOD)
    assert_certified(problem, r, optimum)
    assert np.count_nonzero(problem(r.x) - problem.components.value(r.x) <= 1e-6 * r.fun) >= 20


def test_a_routing_in_pieces_is_the_same_set():
    network, c = traffic.synthetic("small-world", 40, 5), np.random.default_rng(1).random(160)
    whole, apart = traffic.Routing(network), traffic.Routing(network, pieces=4)
    c = c[: network.links]
    assert (whole.parts(c).shape[0], apart.parts(c).shape[0]) == (5, 20)
    np.testing.assert_allclose(whole.lmo(c), apart.lmo(c), atol=1e-15)
    problem = sm.Minimax(traffic.load(network).components, apart)
    assert_certified(problem, sm.solve(problem, method=METHOD), routed(network))


def test_without_highspy_newton_s_masters_reach_the_same(monkeypatch):
    monkeypatch.setattr("smoothmax.solvers.conditional.method.available", lambda: False)
    problem = traffic.load(traffic.abilene())
    assert_certified(problem, sm.solve(problem, method=METHOD), traffic.OPTIMUM)
    A, b = random_rows(80, 25)
    problem = sm.Minimax(sm.Affine(A, b, absolute=True), L1Ball())
    lift = np.hstack([np.eye(25), -np.eye(25)])
    optimum = program(np.vstack([A, -A]), np.r_[b, -b], np.ones((1, 50)), [3.0], lift)
    assert_certified(problem, sm.solve(problem, method=METHOD), optimum)


def test_without_its_parts_the_routing_reaches_the_same():
    class Whole:
        lmo = traffic.Routing(traffic.abilene()).lmo

    problem = traffic.load(traffic.abilene())
    whole = sm.Minimax(problem.components, Whole())
    assert_certified(whole, sm.solve(whole, method=METHOD, tol=1e-6), traffic.OPTIMUM, tol=1e-6)


def test_a_routing_keeps_every_demand_and_is_no_longer_than_the_paths():
    network = traffic.synthetic("geometric", 50, 6, seed=3)
    routing, c = traffic.Routing(network), np.random.default_rng(0).random(network.links)
    c[:5] = 0.0  # links without length tie distances
    parts = routing.parts(c).toarray()
    _, A_eq, b_eq, _, _ = traffic.edge_flow(network)
    np.testing.assert_allclose(A_eq @ np.r_[parts.ravel(), 0.0], b_eq, atol=1e-15)
    np.testing.assert_allclose(parts.sum(axis=0), routing.lmo(c))
    distance = _distances(network, c)
    assert float(c @ parts.sum(axis=0)) == pytest.approx(float((network.demand * distance).sum()), rel=1e-12)


def _distances(network, c):
    """From each source, by Bellman and Ford: the slow twin of the oracle."""
    d = np.full((network.sources.size, network.nodes), np.inf)
    d[np.arange(network.sources.size), network.sources] = 0.0
    for _ in range(network.nodes):
        for e in range(network.links):
            d[:, network.head[e]] = np.minimum(d[:, network.head[e]], d[:, network.tail[e]] + c[e])
    return d


# --- the door and bad oracles


def test_an_oracle_is_taken_at_the_door():
    domain = as_domain(L1Ball(), 4)
    assert (domain.d, domain.bounded, domain.projects) == (4, True, False)
    np.testing.assert_array_equal(domain.lmo(np.array([1.0, -2.0, 0.5, 0.0])), [0.0, 3.0, 0.0, 0.0])
    np.testing.assert_array_equal(domain.start(), [-3.0, 0.0, 0.0, 0.0])
    assert repr(domain) == "L1Ball(d=4, by lmo)"


@pytest.mark.parametrize(
    ("domain", "error", "words"),
    [
        (Returns(np.zeros(3)), ValueError, r"Returns\.lmo must return shape \(5,\); it returned shape \(3,\)"),
        (Returns(np.full(5, np.nan)), ValueError, r"Returns\.lmo\(ones\) must return finite numbers.*entry 0 is nan"),
        (Returns(np.full(5, -np.inf)), ValueError, "X being bounded"),
        (Returns(None), TypeError, r"Returns\.lmo must hold real numbers"),
        (L1Ball, TypeError, "not the class L1Ball"),
    ],
)
def test_a_bad_answer_is_named_at_the_door(domain, error, words):
    with pytest.raises(error, match=words):
        sm.Minimax(sm.Affine(np.eye(5)), domain)


def test_an_oracle_that_turns_bad_keeps_what_was_proven():
    A, b = random_rows(60, 20)
    problem = sm.Minimax(sm.Affine(A, b), Returns(np.full(20, np.nan), after=12))
    r = sm.solve(problem, method=METHOD)
    assert not r.success
    assert np.isfinite([r.fun, r.lower_bound, r.gap]).all()


def test_a_user_s_exception_is_the_user_s():
    def broken(c):
        raise ZeroDivisionError("mine")

    problem = sm.Minimax(sm.Affine(np.eye(5)), Returns(broken, after=3))
    with pytest.raises(ZeroDivisionError, match="mine"):
        sm.solve(problem, method=METHOD)


def test_methods_that_project_refuse_an_oracle():
    problem = sm.Minimax(sm.Affine(np.eye(5)), L1Ball())
    for method in ("gradient", "accelerated", "newton", "lbfgs"):
        with pytest.raises(ValueError, match="conditional-gradient"):
            sm.solve(problem, method=method)
    with pytest.raises(ValueError, match="bounded domain"):
        sm.solve(sm.Minimax(np.eye(3)), method=METHOD)
    with pytest.raises(ValueError, match="convex"):
        sm.solve(sm.Minimax(sm.Smooth(lambda x: x, d=2), sm.Box([0, 0], [1, 1])), method=METHOD)


def test_limits_keep_the_best_point():
    problem = traffic.load(traffic.synthetic("small-world", 200, 10))
    r = sm.solve(problem, method=METHOD, time_limit=0.1, tol=1e-12)
    assert not r.success
    assert np.isfinite(r.gap)
    assert r.trace[-1]["seconds"] < 1.0
    r = sm.solve(problem, method=METHOD, max_passes=30, tol=1e-12)
    assert r.npass <= 40
    assert sm.certify(problem, r.x, r.weights).gap == pytest.approx(r.gap, rel=1e-6)


# --- the pieces


def test_line_searches_find_the_least_of_the_surrogate():
    rng, tau = np.random.default_rng(0), 0.1
    for _ in range(20):
        f, change = rng.standard_normal((2, 30))
        change *= -np.sign(float(soft(f, tau) @ change))
        t = line_search(np.exp((f - f.max()) / tau), 0.0, change / tau, 5.0)
        grid = [sm.logsumexp(f + s * change, tau=tau) for s in np.linspace(0, 5, 2001)]
        assert sm.logsumexp(f + t * change, tau=tau) <= min(grid) + 0.01 * (grid[0] - min(grid)) + 1e-12


def test_line_searches_flatten_the_surrogate_where_few_components_change():
    rng, tau, few, inside = np.random.default_rng(0), 0.1, 5, 0
    for _ in range(20):
        f, change = rng.standard_normal((2, 30))
        change[few:] = 0.0
        change *= -np.sign(float(soft(f, tau) @ change))
        e = np.exp((f - f.max()) / tau)
        t = line_search(e[:few], float(e[few:].sum()), change[:few] / tau, 1.0)
        begin, end = (float(soft(f + s * change, tau) @ change) for s in (0.0, t))
        assert begin < 0
        assert abs(end) <= FLAT * abs(begin) if t < 1 else end <= 0
        inside += t < 1
    assert 0 < inside < 20


def test_a_line_search_far_above_the_float_range_is_finite():
    """exp(t·change) overflows at the far end, and everything else underflows beside it."""
    change = np.array([-1.0, 900.0])
    t = line_search(np.array([1.0, 1e-300]), 0.0, change, 5.0)
    assert 0 < t < 5
    assert abs(np.exp(-t) - 900 * np.exp(900 * t + np.log(1e-300))) <= 0.06


def some_atoms(answers, thin, seed=0):
    """Three groups with up to so many atoms more, dense or sparse."""
    rng = np.random.default_rng(seed)
    A, b, parts = rng.standard_normal((20, 7)), rng.standard_normal(20), rng.standard_normal((3, 7))
    kind = sp.csr_array if thin else np.asarray
    lin = sm.Minimax(sm.Affine(kind(A), b)).at(np.zeros(7))
    atoms = Atoms(kind(parts), loads(lin, kind(parts)))
    for _ in range(answers):
        c, more = rng.standard_normal(7), 2 * rng.standard_normal((3, 7))
        atoms.add(kind(more), loads(lin, kind(more)), c)
    return lin, A, b, atoms


@pytest.mark.parametrize("thin", [False, True])
def test_atoms_are_kept_by_group_and_only_where_they_are_lower(thin):
    _, A, _, atoms = some_atoms(6, thin)
    assert atoms.count > 6
    assert np.all(np.diff(atoms.owner) >= 0)
    np.testing.assert_allclose(dense(atoms.L), dense(atoms.Y) @ A.T, atol=1e-12)
    c, before = np.ones(7), atoms.count
    assert not atoms.add(atoms.Y[atoms.starts], atoms.L[atoms.starts], c)
    best = [int(np.argmin(np.where(atoms.owner == k, atoms.Y @ c, np.inf))) for k in range(3)]
    assert not atoms.add(atoms.Y[best], atoms.L[best], c)
    assert atoms.count == before
    atoms.weigh(np.arange(atoms.count, dtype=float))
    point = atoms.point
    np.testing.assert_allclose(np.bincount(atoms.owner, atoms.weights), 1.0)
    np.testing.assert_allclose(atoms.load, A @ point, atol=1e-12)
    atoms.drop(1e-9)
    assert atoms.count == before - 1
    np.testing.assert_allclose(atoms.point, point, atol=1e-12)


@pytest.mark.parametrize("thin", [False, True])
def test_sweeps_come_to_the_least_of_the_surrogate_and_keep_the_loads(thin):
    """Against Newton's method over the same products of simplices."""
    _, A, _, atoms = some_atoms(4, thin)
    least = sm.solve(
        sm.Minimax(sm.Affine(np.ascontiguousarray(dense(atoms.L).T)), Simplices(atoms.owner)), tau=0.3, tol=1e-9
    )
    before = sm.logsumexp(atoms.load, tau=0.3)
    for _ in range(20):
        f = sweep(atoms, atoms.load, 0.3)
    np.testing.assert_allclose(f, A @ atoms.point, atol=1e-12)
    assert least.smoothed_fun - 1e-9 <= sm.logsumexp(f, tau=0.3) <= least.smoothed_fun + 1e-3 * (before - least.fun)
    np.testing.assert_allclose(np.bincount(atoms.owner, atoms.weights), 1.0)


@pytest.mark.parametrize("gap", [1e-3, 1.0, np.inf])
def test_a_hot_program_is_the_linear_program_of_its_atoms(gap):
    """Over the atoms as columns, from the start and after more have come; a small gap begins with few rows."""
    lin, _, b, atoms = some_atoms(0, False)
    rng, hot = np.random.default_rng(1), Program(atoms, b, gap)
    assert hot.rows.size == 20 if gap == np.inf else hot.rows.size < 20
    for _ in range(4):
        p = hot.solve(0.0, lambda: np.inf)
        a = atoms.count
        sums = np.column_stack([atoms.owner == k for k in range(3)]).astype(float).T
        rows = np.column_stack([atoms.L.T, -np.ones(20)])
        found = linprog(np.r_[np.zeros(a), 1.0], rows, -b, np.column_stack([sums, np.zeros(3)]), np.ones(3),
                        bounds=[(0, None)] * a + [(None, None)])  # fmt: skip
        assert float((b + atoms.load).max()) == pytest.approx(found.fun, rel=1e-9)
        bound = float(p @ b) + sum(float((atoms.L[atoms.owner == k] @ p).min()) for k in range(3))
        assert bound == pytest.approx(found.fun, rel=1e-9)
        more = 2 * rng.standard_normal((3, 7))
        atoms.add(more, loads(lin, more), lin.vjp(p))
    assert atoms.count > 6


def test_components_along_atoms_keep_their_derivatives():
    rng = np.random.default_rng(0)
    inner = sm.Stack(
        [sm.Quadratic(2.0, rng.standard_normal((4, 3))), sm.Affine(rng.standard_normal((5, 3)), absolute=True)]
    )
    along, v, x = Composed(inner, rng.standard_normal((3, 6))), rng.random(14), rng.random(6)
    lin = sm.Minimax(along).at(x)
    np.testing.assert_allclose(lin.f, inner.value(along.Y @ x))
    assert_gradient(along.value, lambda z: sm.Minimax(along).at(z).jac(np.arange(14)), x)
    assert_hessian(lambda z: sm.Minimax(along).at(z).vjp(v), lambda z: along.hess(z, v), x)


def test_products_of_simplices_obey_the_laws_of_a_domain():
    domain, rng = Simplices(np.array([0, 0, 1, 1, 1, 2])), np.random.default_rng(0)
    others = [domain.project(rng.standard_normal(6)) for _ in range(5)]
    for x in rng.standard_normal((5, 6)):
        assert_projection(domain, x, others)
        assert_lmo(domain, x, others)


def test_an_oracle_that_maximizes_is_refused_at_the_door():
    class Wrong:
        def lmo(self, c):
            y = np.zeros(c.size)
            y[np.argmax(np.abs(c))] = np.sign(c[np.argmax(np.abs(c))])
            return y

    with pytest.raises(ValueError, match=r"Wrong\.lmo\(c\) must minimize"):
        sm.Minimax(sm.Affine(np.random.default_rng(0).standard_normal((20, 6))), Wrong())


def test_a_bound_above_the_value_is_never_success():
    """A domain whose projection is right and whose lmo maximizes: its bounds contradict each other."""

    class Wrong:
        d = 6
        true = sm.Box(-np.ones(6), np.ones(6))

        def project(self, x):
            return self.true.project(x)

        def contains(self, x, tol=1e-9):
            return self.true.contains(x, tol)

        def lmo(self, c):
            return self.true.lmo(-c)

    A = np.random.default_rng(0).standard_normal((20, 6))
    r = sm.solve(sm.Minimax(sm.Affine(A, np.ones(20)), Wrong()), method="accelerated")
    assert r.status == 9
    assert not r.success
    assert "lmo does not minimize" in r.message


@pytest.mark.parametrize("kind", ["rows", "equalities", "product"])
def test_polyhedra_are_proven_by_the_prices_of_their_rows(kind):
    """The optimum is linprog's, and `certify` finds the multipliers by itself."""
    rng = np.random.default_rng(5)
    A, b, E = rng.standard_normal((40, 8)), rng.standard_normal(40), rng.standard_normal((3, 8))
    rows = {"A_ub": E, "b_ub": E @ np.full(8, 0.1) - 0.5} if kind == "rows" else {"A_eq": E, "b_eq": E @ np.ones(8)}
    domain = sm.Polyhedron(**rows, bounds=(-2, 2))
    if kind == "product":
        part = sm.Polyhedron(A_ub=1e3 * E[:, :5], b_ub=np.full(3, -100.0), bounds=(-2, 2))
        domain = sm.Product([part, sm.Simplex(3)])
    problem = sm.Minimax(sm.Affine(A, b), domain)
    linear = domain.linear()
    G, h = np.column_stack([A, -np.ones(40)]), -b
    if linear.A_ub is not None:
        G, h = np.vstack([G, np.column_stack([linear.A_ub, np.zeros(3)])]), np.concatenate([h, linear.b_ub])
    equal = {} if linear.A_eq is None else {"A_eq": np.column_stack([linear.A_eq, np.zeros(linear.b_eq.size)])}
    bounds = np.column_stack([np.append(linear.lb, -np.inf), np.append(linear.ub, np.inf)])
    best = linprog(np.append(np.zeros(8), 1.0), G, h, **equal, b_eq=linear.b_eq, bounds=bounds).fun
    found = sm.solve(problem, method="conditional-gradient")
    assert found.success
    assert found.fun == pytest.approx(best, abs=1e-7)
    again = sm.certify(problem, found.x, found.weights)
    assert again.lower <= best + 1e-12
    assert again.lower == pytest.approx(best, abs=1e-7)
