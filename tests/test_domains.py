"""Domains: projections, membership and linear oracles by their laws, and against scipy's linear programs."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, linprog, minimize

import smoothmax as sm
from smoothmax.domains import Domain, Linear, as_domain, intersect
from tests.effort import law
from tests.laws import assert_lmo, assert_projection, assert_refuses

INF = np.inf
HOUSE = ([[1.0, 1.0], [-1.0, 1.0]], [2.0, 1.0])
BOUNDED = {
    "box": lambda: sm.Box([-1.0, 0.0, 2.0], [1.0, 0.5, 5.0]),
    "box-fixed": lambda: sm.Box([-1.0, 0.25], [1.0, 0.25]),
    "box-far": lambda: sm.Box([1e6, -2e6], [1e6 + 1, -1e6]),
    "simplex": lambda: sm.Simplex(4),
    "simplex-5": lambda: sm.Simplex(3, total=5.0),
    "simplex-small": lambda: sm.Simplex(6, total=1e-3),
    "simplex-1": lambda: sm.Simplex(1, total=2.0),
    "ball": lambda: sm.Ball([1.0, -2.0, 0.0], 1.5),
    "ball-1": lambda: sm.Ball([3.0], 0.1),
    "polygon": lambda: sm.Polyhedron(*HOUSE, bounds=([-2.0, -1.0], [2.0, 3.0])),
    "sliced-box": lambda: sm.Polyhedron(A_eq=[[1.0, 2.0, 3.0]], b_eq=[1.0], bounds=(np.zeros(3), np.ones(3))),
    "redundant": lambda: sm.Polyhedron(HOUSE[0] * 3, HOUSE[1] * 3, bounds=([-2.0, -1.0], [2.0, 3.0])),
    "redundant-equalities": lambda: sm.Polyhedron(A_eq=[[1.0, 1.0], [2.0, 2.0]], b_eq=[1.0, 2.0], bounds=(0.0, 1.0)),
    "sparse-rows": lambda: sm.Polyhedron(sp.csr_array(HOUSE[0]), HOUSE[1], bounds=([-2.0, -1.0], [2.0, 3.0])),
    "segment": lambda: sm.Polyhedron(HOUSE[0], HOUSE[1], [[1.0, -3.0]], [0.0], bounds=([-2.0, -1.0], [2.0, 3.0])),
    "simplices": lambda: sm.Product([sm.Simplex(2), sm.Simplex(3, total=2.0)]),
    "box-x-simplex": lambda: sm.Product([sm.Box([-1.0, 0.0], [1.0, 0.5]), sm.Simplex(3)]),
    "polygon-x-box": lambda: sm.Product([sm.Polyhedron(*HOUSE, bounds=([-2.0, -1.0], [2.0, 3.0])), Bounds(0.0, [1.0])]),
    "ball-x-simplex": lambda: sm.Product([sm.Ball([1.0, -2.0], 1.5), sm.Simplex(3)]),
    "balls": lambda: sm.Product([sm.Ball([0.0, 0.0], 1.0), sm.Ball([5.0], 0.1), sm.Ball([0.0, 1.0, 2.0], 3.0)]),
}
OPEN = {
    "free": lambda: sm.Free(3),
    "free-x-simplex": lambda: sm.Product([sm.Free(2), sm.Simplex(2)]),
    "box-x-cone": lambda: sm.Product([sm.Box(0.0, [1.0]), sm.Polyhedron([[-1.0, 0.0], [1.0, -1.0]], [0.0, 0.0])]),
    "half-open": lambda: sm.Box([0.0, -INF, -1.0], [INF, 2.0, 1.0]),
    "orthant": lambda: sm.Box(np.zeros(2), np.full(2, INF)),
    "half-plane": lambda: sm.Polyhedron([[3.0, 4.0]], [5.0]),
    "cone": lambda: sm.Polyhedron([[-1.0, 0.0], [1.0, -1.0]], [0.0, 0.0]),
    "line": lambda: sm.Polyhedron(A_eq=[[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]], b_eq=[1.0, 2.0]),
    "steep-rows": lambda: sm.Polyhedron([[3e6, 4e6], [1e-5, -1e-5]], [5e6, 1e-5]),
}
ALL = BOUNDED | OPEN
LINEAR = [k for k in ALL if not k.startswith("ball")]
every = pytest.mark.parametrize("name", ALL)


def points(domain, size, count=6, seed=0):
    rng = np.random.default_rng(seed)
    return domain.start() + size * rng.standard_normal((count, domain.d))


def program(domain, c):
    """min <c, y> over a domain with a linear description, by scipy."""
    linear = domain.linear()
    sides = np.column_stack([linear.lb, linear.ub])
    return linprog(c, linear.A_ub, linear.b_ub, linear.A_eq, linear.b_eq, sides, method="highs")


# --- the laws


@every
@pytest.mark.parametrize("size", [1e-3, 1.0, 30.0, 1e4])
def test_projections(name, size):
    domain = ALL[name]()
    some = points(domain, size)
    for x in some:
        assert_projection(domain, x, [*some, *points(domain, 1.0, 3, seed=1)])


@every
def test_a_point_inside_projects_to_itself(name):
    domain = ALL[name]()
    for y in [domain.start(), *(domain.project(x) for x in points(domain, 1.0))]:
        np.testing.assert_allclose(domain.project(y), y, rtol=1e-14, atol=1e-12)


@law(60, 1200)
@given(st.sampled_from(sorted(ALL)), st.lists(st.floats(-1e5, 1e5, allow_subnormal=False), min_size=12, max_size=12))
def test_projections_of_anything(name, numbers):
    domain = ALL[name]()
    some = np.array(numbers).reshape(2, 6)[:, : domain.d]
    for x in some:
        assert_projection(domain, x, some, tol=1e-7)


@pytest.mark.parametrize("name", [k for k in LINEAR if k != "steep-rows"])
def test_projections_against_a_general_solver(name):
    domain = ALL[name]()
    linear, x = domain.linear(), points(domain, 2.0, 1, seed=3)[0]
    limits = [Bounds(linear.lb, linear.ub)]
    rows = [LinearConstraint(linear.A_ub, -INF, linear.b_ub)] if linear.A_ub is not None else []
    if linear.A_eq is not None and name != "redundant-equalities":
        rows.append(LinearConstraint(linear.A_eq, linear.b_eq, linear.b_eq))
    if name == "redundant-equalities":
        rows.append(LinearConstraint(linear.A_eq[:1], linear.b_eq[:1], linear.b_eq[:1]))
    found = minimize(
        lambda y: ((y - x) @ (y - x), 2 * (y - x)),
        np.clip(domain.start(), linear.lb, linear.ub),
        jac=True,
        method="SLSQP",
        bounds=limits[0],
        constraints=rows,
        options={"ftol": 1e-14, "maxiter": 300},
    )
    np.testing.assert_allclose(domain.project(x), found.x, atol=2e-6 * (1 + np.abs(x).max()))


@pytest.mark.parametrize("name", BOUNDED)
def test_linear_oracles_attain_the_minimum(name):
    domain = ALL[name]()
    rng = np.random.default_rng(1)
    for c in [*rng.standard_normal((5, domain.d)), *np.eye(domain.d), *-np.eye(domain.d), np.zeros(domain.d)]:
        assert_lmo(domain, c, points(domain, 5.0, 20))
        if name in LINEAR:
            best = program(domain, c).fun
            assert c @ domain.lmo(c) == pytest.approx(best, rel=1e-9, abs=1e-9 * np.abs(domain.start()).max())


@pytest.mark.parametrize("name", OPEN)
def test_linear_oracles_of_unbounded_sets(name):
    domain = ALL[name]()
    for c in [*np.random.default_rng(2).standard_normal((6, domain.d)), *np.eye(domain.d), np.zeros(domain.d)]:
        y, best = domain.lmo(c), program(domain, c)
        if best.status == 0:
            assert np.isfinite(y).all()
            assert c @ y == pytest.approx(best.fun, abs=1e-9)
        else:
            assert not np.isfinite(y).all()
            assert np.sum(c[np.isinf(y)] * y[np.isinf(y)]) == -INF


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-30, 1e30, 1e200, 1e300])
@pytest.mark.parametrize("name", BOUNDED)
def test_oracles_do_not_depend_on_the_size_of_c(name, scale):
    domain = ALL[name]()
    for c in np.random.default_rng(4).standard_normal((3, domain.d)):
        size = np.abs(c) @ (np.abs(domain.lmo(c)) + np.abs(domain.start()))
        assert c @ domain.lmo(scale * c) == pytest.approx(c @ domain.lmo(c), abs=1e-8 * size)


@every
def test_the_start_lies_inside(name):
    domain = ALL[name]()
    x = domain.start()
    assert domain.contains(x, 1e-12)
    x[:] = np.nan  # a copy
    assert np.isfinite(domain.start()).all()
    assert isinstance(domain, Domain)


@pytest.mark.parametrize("name", ["polygon", "cone", "half-plane", "steep-rows", "box", "simplex", "sparse-rows"])
def test_the_start_is_interior_where_there_is_an_interior(name):
    domain = ALL[name]()
    linear, x = domain.linear(), domain.start()
    assert np.all(x > linear.lb)
    assert np.all(x < linear.ub)
    assert linear.A_ub is None or np.all(linear.A_ub @ x < linear.b_ub)


@every
def test_membership(name):
    domain = ALL[name]()
    for x in points(domain, 20.0, 10):
        p = domain.project(x)
        away = np.linalg.norm(x - p)
        assert domain.contains(p)
        if away > 1e-3 * (1 + np.linalg.norm(x)):
            assert not domain.contains(x)
            assert not domain.contains(p + 1e-5 * (x - p) * (1 + np.linalg.norm(p)) / away)
    assert not domain.contains(np.full(domain.d, np.nan))


@every
def test_reach_is_an_upper_bound(name):
    domain = ALL[name]()
    rng = np.random.default_rng(5)
    others = [domain.project(y) for y in points(domain, 50.0, 30)]
    for x in [domain.start(), domain.project(points(domain, 3.0, 1)[0])]:
        for err in [*rng.random((3, domain.d)), *np.eye(domain.d)]:
            far = max(err @ np.abs(y - x) for y in others)
            assert domain.reach(err, x) >= far * (1 - 1e-12)
        assert domain.reach(np.zeros(domain.d), x) == 0.0


@every
def test_recession_directions(name):
    domain = ALL[name]()
    rng = np.random.default_rng(6)
    for v in [*rng.standard_normal((20, domain.d)), *np.eye(domain.d), *-np.eye(domain.d)]:
        far = domain.start() + 1e7 * v
        inside = np.linalg.norm(domain.project(far) - far) <= 1e-6 * np.linalg.norm(far)
        assert domain.recedes(v) == (inside and not domain.bounded)


@every
def test_no_direction_is_no_ray(name):
    domain = ALL[name]()
    assert domain.recedes(np.zeros(domain.d)) is False
    assert isinstance(domain.recedes(np.ones(domain.d)), bool)


@every
def test_projections_are_members_to_rounding(name):
    domain = ALL[name]()
    for size in (1e-6, 1.0, 1e6):
        for x in points(domain, size, 10, seed=8):
            assert domain.contains(domain.project(x), 1e-12)


@every
def test_the_normal_part_is_a_projection_onto_the_cone(name):
    """c - normal(x, c) has no part left in -N_X(x), and normal(x, c) is in it: <normal, y - x> >= 0 on X."""
    domain = ALL[name]()
    rng = np.random.default_rng(11)
    for x in [domain.start(), *(domain.project(y) for y in points(domain, 20.0, 5))]:
        for c in rng.standard_normal((4, domain.d)):
            held = domain.normal(x, c)
            assert (c - held) @ held == pytest.approx(0.0, abs=1e-12)
            for y in points(domain, 20.0, 5, seed=1):
                y = domain.project(y)
                assert held @ (y - x) >= -1e-8 * (np.abs(held) @ (np.abs(x) + np.abs(y)))
            np.testing.assert_allclose(domain.normal(x, held), held, atol=1e-15)


def test_normals_of_a_ball_and_a_box():
    ball = sm.Ball([1.0, 0.0], 2.0)
    np.testing.assert_array_equal(ball.normal(np.array([3.0, 0.0]), np.array([-5.0, 1.0])), [-5.0, 0.0])
    np.testing.assert_array_equal(ball.normal(np.array([3.0, 0.0]), np.array([5.0, 1.0])), [0.0, 0.0])
    np.testing.assert_array_equal(ball.normal(np.array([2.0, 0.0]), np.array([-5.0, 1.0])), [0.0, 0.0])
    box = sm.Box([0.0, 0.0, 0.0, 1.0], [1.0, 1.0, INF, 1.0])
    x, c = np.array([0.0, 1.0, 0.0, 1.0]), np.array([1.0, 2.0, -3.0, -4.0])
    np.testing.assert_array_equal(box.normal(x, c), [1.0, 0.0, 0.0, -4.0])
    np.testing.assert_array_equal(box.normal(x, -c), [0.0, -2.0, 3.0, 4.0])


def test_recession_along_equalities_and_cones():
    assert ALL["line"]().recedes(np.array([1.0, -1.0, 1.0]))
    assert not ALL["line"]().recedes(np.array([1.0, -1.0, 1.1]))
    assert ALL["cone"]().recedes(np.array([1.0, 1.0]))
    assert not ALL["cone"]().recedes(np.array([1.0, 0.9]))


# --- scales


@pytest.mark.parametrize("scale", [1e-12, 1e-8, 1e8, 1e12])
def test_membership_does_not_depend_on_the_units_of_a_row(scale):
    """The half-line x <= 1, its row times a number: 1.5 is outside, whatever the number."""
    domain = sm.Polyhedron([[scale]], [scale])
    assert domain.contains(np.array([1.0]))
    assert not domain.contains(np.array([1.5]))
    equal = sm.Polyhedron(A_eq=[[scale, scale]], b_eq=[scale])
    assert not equal.contains(np.array([1.0, 0.5]))
    assert equal.contains(np.array([0.5, 0.5]))


@pytest.mark.parametrize("scale", [1e-12, 1e-8, 1e8, 1e12])
def test_membership_does_not_depend_on_the_units_of_x(scale):
    for domain in (
        sm.Box([0.0, 0.0], [scale, scale]),
        sm.Simplex(2, total=scale),
        sm.Ball([0.0, 0.0], scale),
        sm.Polyhedron([[1.0, 1.0]], [scale], bounds=(0.0, scale)),
    ):
        assert domain.contains(scale * np.array([0.5, 0.5]))
        assert not domain.contains(scale * np.array([1.5, 1.5])), repr(domain)
        assert not domain.contains(scale * np.array([-0.5, 1.0])) or isinstance(domain, sm.Ball), repr(domain)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_emptiness_does_not_depend_on_units(scale):
    rows = [[1.0], [-1.0]]
    assert_refuses(ValueError, "empty", sm.Polyhedron, rows, np.array([0.0, -1.0]) * scale)  # x <= 0, x >= scale
    assert_refuses(ValueError, "empty", sm.Polyhedron, np.array(rows) * scale, np.array([0.0, -1.0]) * scale)
    assert_refuses(ValueError, "empty", sm.Polyhedron, np.array(rows) * scale, [-scale, -scale])  # x <= -1, x >= 1
    both = sm.Polyhedron(np.array(rows) * scale, np.array([1.0, -1.0]) * scale)  # x = 1
    assert both.start()[0] == pytest.approx(1.0)
    mixed = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])  # x <= 0, x >= scale, y <= 1
    assert_refuses(ValueError, "empty", sm.Polyhedron, mixed, [0.0, -scale, 1.0])


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_balls_far_from_the_size_of_one(scale):
    ball = sm.Ball([0.0, 0.0], scale)
    assert ball.contains(scale * np.array([0.6, 0.6]))
    assert not ball.contains(scale * np.array([0.8, 0.8]))
    np.testing.assert_allclose(ball.project(scale * np.array([3.0, 4.0])) / scale, [0.6, 0.8], rtol=1e-14)
    np.testing.assert_allclose(sm.Ball([0.0, 0.0], 1.0).lmo(scale * np.array([3.0, 4.0])), [-0.6, -0.8], rtol=1e-14)


def test_a_small_ball_far_out_does_not_swallow_its_neighbourhood():
    ball = sm.Ball([1e6], 1e-6)
    assert ball.contains(np.array([1e6 + 0.9e-6]), 1e-12)
    assert not ball.contains(np.array([1e6 + 1.9e-6]), 1e-12)


@pytest.mark.parametrize("total", [1e-300, 1e-12, 1e12, 1e300])
def test_simplices_of_any_size(total):
    domain = sm.Simplex(3, total)
    rng = np.random.default_rng(0)
    for x in [*rng.standard_normal((4, 3)), np.zeros(3), np.array([1e9, -1e9, 0.0])]:
        for y in (x, x * min(total, 1e290)):
            p = domain.project(y)
            assert np.all(p >= 0)
            assert p.sum() == pytest.approx(total, rel=1e-15)
    np.testing.assert_allclose(domain.project(total * np.array([0.5, 0.9, -1.0])) / total, [0.3, 0.7, 0.0], rtol=1e-12)


def test_boxes_as_wide_as_the_numbers():
    box = sm.Box(-1.7e308, 1.7e308)
    assert box.contains(box.start())
    assert sm.Box([-INF, -1.7e308], [-1e308, INF]).contains(np.array([-1.5e308, 0.0]))


def test_negative_zero_is_zero():
    assert sm.Box(0.0, 1.0).contains(np.array([-0.0]), 0.0)
    assert sm.Simplex(2).contains(np.array([-0.0, 1.0]), 0.0)
    assert sm.Box([-0.0], [0.0]).start() == 0.0


def test_projection_onto_a_thin_wedge():
    """Nearly parallel rows: the vertex is far from where either row alone would send x."""
    domain = sm.Polyhedron([[1.0, 1e-4], [1.0, -1e-4]], [0.0, 0.0])
    for x in ([1.0, 0.0], [1.0, 1e4], [5.0, -3.0]):
        assert_projection(domain, x, [[0.0, 0.0], [-1.0, 5e3], [-1.0, -5e3], [-1.0, 0.0]])


def test_lots_of_rows_project():
    rng = np.random.default_rng(9)
    rows = rng.standard_normal((200, 6))
    domain = sm.Polyhedron(rows, np.ones(200))
    for x in 3 * rng.standard_normal((5, 6)):
        assert_projection(domain, x, 2 * rng.standard_normal((4, 6)))


# --- what may stand for a domain


def test_no_rows_at_all_still_say_how_many_variables_there_are():
    for none in (np.zeros((0, 2)), sp.csr_array((0, 2))):
        assert sm.Polyhedron(none, [], bounds=(0, 1)).d == 2
        assert sm.Polyhedron(A_eq=none, b_eq=[], bounds=(0, 1)).start() == pytest.approx([0.5, 0.5])
        with pytest.raises(ValueError, match=r"same number of columns.*\[2, 3\]"):
            sm.Polyhedron(none, [], np.ones((1, 3)), [1.0])


def test_none_is_everything():
    domain = sm.Minimax(np.eye(3)).domain
    assert isinstance(domain, sm.Free)
    assert domain.d == 3
    assert domain.linear().free


def test_scipy_bounds():
    problem = sm.Minimax(np.eye(2), Bounds([0, -INF], [INF, 1]))
    np.testing.assert_array_equal(problem.domain.project(np.array([-1.0, 5.0])), [0.0, 1.0])
    both = sm.Minimax(np.eye(2), Bounds(-1, 2)).domain
    np.testing.assert_array_equal(both.lb, [-1, -1])
    np.testing.assert_array_equal(both.ub, [2, 2])


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array, sp.csc_matrix])
def test_scipy_linear_constraints(form):
    rows = LinearConstraint(form(np.array([[1.0, 1.0], [1.0, -1.0], [2.0, 1.0]])), [0.0, 1.0, -INF], [2.0, 1.0, 4.0])
    domain = sm.Minimax(np.eye(2), rows).domain
    assert isinstance(domain, sm.Polyhedron)
    for x, inside in (([1.0, 0.0], True), ([0.5, 0.5], False), ([2.0, 1.0], False), ([0.4, -0.6], False)):
        assert domain.contains(np.array(x)) == inside
    assert sm.Minimax(np.eye(2), LinearConstraint([1.0, 1.0], ub=1.0)).domain.contains(np.array([0.5, 0.5]))


def test_constraints_are_added_to_a_linear_domain():
    row = LinearConstraint([[1.0, 0.0, 0.0]], ub=[0.25])
    for domain in (sm.Free(3), sm.Box(np.zeros(3), np.ones(3)), sm.Simplex(3), ALL["sliced-box"]()):
        both = sm.Minimax(np.eye(3), domain, [row, LinearConstraint([[0.0, 1.0, 0.0]], 0.1, 0.9)]).domain
        for x in points(both, 2.0):
            assert domain.contains(both.project(x), 1e-8)
            assert both.project(x)[0] <= 0.25 + 1e-8
    assert sm.Minimax(np.eye(3), sm.Ball(np.zeros(3), 1.0), []).domain.radius == 1.0
    assert_refuses(TypeError, "Ball", sm.Minimax, np.eye(3), sm.Ball(np.zeros(3), 1.0), row)
    assert_refuses(TypeError, "constraints", sm.Minimax, np.eye(3), None, [sm.Free(3)])
    assert_refuses(ValueError, "lb", sm.Minimax, np.eye(3), None, LinearConstraint([[1.0, 0.0, 0.0]], 1.0, 0.0))


def test_constraints_of_another_width_are_refused():
    rows = [LinearConstraint(np.eye(2), -1, 1), LinearConstraint(np.eye(3), -1, 1)]
    assert_refuses(ValueError, ["constraints", "2", "(3, 3)"], sm.Minimax, np.eye(2), None, rows)


def test_a_constraint_that_says_nothing():
    problem = sm.Minimax(np.eye(2), LinearConstraint(np.eye(2), -INF, INF))
    assert problem.domain.contains(np.array([1e9, -1e9]))


class Ellipse:
    """{x : x1^2 + (x2/2)^2 <= 1}: a user's domain, with the three verbs and nothing more."""

    d = 2

    def project(self, x):
        if self.contains(x, 0.0):
            return x.copy()
        low, high = 0.0, 1e6
        for _ in range(200):
            t = (low + high) / 2
            y = x / np.array([1 + t, 1 + t / 4])
            low, high = (t, high) if y[0] ** 2 + y[1] ** 2 / 4 > 1 else (low, t)
        return x / np.array([1 + high, 1 + high / 4])

    def contains(self, x, tol=1e-9):
        return bool(x[0] ** 2 + x[1] ** 2 / 4 <= 1 + tol)

    def lmo(self, c):
        size = np.hypot(c[0], 2 * c[1])
        return np.zeros(2) if size == 0 else -np.array([c[0], 4 * c[1]]) / size


def test_a_domain_of_ones_own():
    problem = sm.Minimax(np.array([[1.0, 1.0], [1.0, -1.0]]), Ellipse())
    assert isinstance(problem.domain, Domain)
    for x in 3 * np.random.default_rng(0).standard_normal((4, 2)):
        assert_projection(problem.domain, x, [[0.0, 0.0], [1.0, 1.0], [-1.0, 2.0]])
    np.testing.assert_array_equal(problem.start(), [0, 0])
    np.testing.assert_allclose(problem.start([9.0, 0.0]), [1, 0])
    found = sm.certify(problem, [-1.0, 0.0], [0.5, 0.5])  # max(x1 + x2, x1 - x2) = x1 + |x2| is least at (-1, 0)
    assert found.kind == "rounding"  # the domain does not say how far it reaches
    assert found.lower <= -1 <= found.upper
    assert found.gap < 1e-14


class Bare:
    d = 2

    def project(self, x):
        return x


def test_what_is_no_domain():
    assert_refuses(TypeError, ["domain", "Bare"], sm.Minimax, np.eye(2), Bare())
    assert_refuses(TypeError, ["domain", "str"], sm.Minimax, np.eye(2), "free")
    assert_refuses(TypeError, ["domain", "list"], sm.Minimax, np.eye(2), [(0, 1), (0, 1)])
    assert_refuses(ValueError, ["domain", "2", "3"], sm.Minimax, np.eye(2), sm.Free(3))
    assert_refuses(ValueError, "variables", as_domain, None, None)
    assert_refuses(TypeError, "constraints", intersect, sm.Free(2), 3)


# --- the door

REFUSED = {
    "free-0": (ValueError, ["d", "0"], lambda: sm.Free(0)),
    "free-float": (TypeError, ["d", "2.5"], lambda: sm.Free(2.5)),
    "box-empty": (ValueError, ["empty", "lb[1]", "ub[1]"], lambda: sm.Box([0, 3], [1, 2])),
    "box-nan": (ValueError, ["lb[0]", "nan"], lambda: sm.Box([np.nan], [1])),
    "box-inf": (ValueError, ["lb[0]", "inf"], lambda: sm.Box([INF], [INF])),
    "box-shapes": (ValueError, ["lb", "ub"], lambda: sm.Box([0, 0], [1, 1, 1])),
    "box-square": (ValueError, ["lb", "(2, 2)"], lambda: sm.Box(np.zeros((2, 2)), 1)),
    "box-none": (ValueError, ["lb", "ub"], lambda: sm.Box([], [])),
    "box-string": (TypeError, ["lb"], lambda: sm.Box("a", "b")),
    "box-complex": (TypeError, ["ub", "complex128"], lambda: sm.Box(np.zeros(1), np.array([1j]))),
    "simplex-total": (ValueError, ["total", "0"], lambda: sm.Simplex(2, 0)),
    "simplex-nan": (ValueError, ["total", "nan"], lambda: sm.Simplex(2, np.nan)),
    "simplex-string": (TypeError, ["total"], lambda: sm.Simplex(2, "1")),
    "simplex-d": (ValueError, ["d", "0"], lambda: sm.Simplex(0)),
    "simplex-bool": (TypeError, ["d"], lambda: sm.Simplex(True)),
    "ball-radius": (ValueError, ["radius", "-1"], lambda: sm.Ball([0.0], -1)),
    "ball-inf": (ValueError, ["radius", "inf"], lambda: sm.Ball([0.0], INF)),
    "ball-center": (ValueError, ["center", "nan"], lambda: sm.Ball([np.nan], 1)),
    "ball-empty": (ValueError, ["center"], lambda: sm.Ball([], 1)),
    "ball-number": (ValueError, ["center"], lambda: sm.Ball(0.0, 1)),
    "rows-alone": (ValueError, ["A_ub", "b_ub"], lambda: sm.Polyhedron(np.eye(2))),
    "sides-alone": (ValueError, ["A_eq", "b_eq"], lambda: sm.Polyhedron(b_eq=[1.0])),
    "rows-nan": (ValueError, ["A_ub", "nan"], lambda: sm.Polyhedron([[np.nan]], [1.0])),
    "rows-ragged": (ValueError, ["A_ub"], lambda: sm.Polyhedron([[1.0], [1.0, 2.0]], [1.0, 1.0])),
    "rows-sparse-nan": (ValueError, ["A_ub[0, 0]", "nan"], lambda: sm.Polyhedron(sp.csr_array([[np.nan]]), [1.0])),
    "sides-inf": (ValueError, ["b_ub", "inf"], lambda: sm.Polyhedron([[1.0]], [INF])),
    "sides-short": (ValueError, ["b_ub", "2", "1"], lambda: sm.Polyhedron(np.eye(2), [1.0])),
    "columns": (ValueError, ["A_ub", "A_eq"], lambda: sm.Polyhedron(np.eye(2), [1, 1], np.eye(3), [1, 1, 1])),
    "nothing": (ValueError, ["A_ub", "bounds"], lambda: sm.Polyhedron()),
    "bounds-shape": (ValueError, ["bounds"], lambda: sm.Polyhedron(np.eye(2), [1, 1], bounds=([0, 0, 0], 1))),
    "bounds-string": (ValueError, ["bounds"], lambda: sm.Polyhedron(np.eye(2), [1, 1], bounds="ab")),
    "bounds-empty": (ValueError, ["lb[0]", "ub[0]"], lambda: sm.Polyhedron(np.eye(2), [1, 1], bounds=(2, 1))),
    "empty": (ValueError, ["empty"], lambda: sm.Polyhedron([[1.0], [-1.0]], [0.0, -1.0])),
    "empty-equalities": (ValueError, ["empty"], lambda: sm.Polyhedron(A_eq=[[1.0], [1.0]], b_eq=[0.0, 1.0])),
    "empty-with-bounds": (ValueError, ["empty"], lambda: sm.Polyhedron([[1.0, 1.0]], [-1.0], bounds=(0, 1))),
    "zero-row": (ValueError, ["empty"], lambda: sm.Polyhedron([[0.0, 0.0]], [-1.0])),
    "strings": (TypeError, ["A_ub"], lambda: sm.Polyhedron([["a"]], [1.0])),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_named_at_the_door(case):
    error, words, call = REFUSED[case]
    assert_refuses(error, words, call)


def in_wide_units(seed, gap=None):
    """A point, rows through or beyond it in exact numbers, units of 2^±40; with `gap` a combination of them is < 0."""
    rng = np.random.default_rng(seed)
    d, m = rng.integers(1, 6), rng.integers(1, 6)
    k = rng.integers(0, d)
    x, A, E = (rng.integers(-8, 9, size) / 4 * (rng.random(size) < 0.7) for size in (d, (m, d), (k, d)))
    b, e = A @ x + rng.integers(0, 9, m) / 4 * (rng.random(m) < 0.5), E @ x
    if gap is not None:
        by, of = rng.integers(0, 3, m), rng.integers(-2, 3, k)
        A, b = np.vstack([A, -by @ A - of @ E]), np.append(b, -by @ b - of @ e - gap)
    c, r, s = (np.ldexp(1.0, rng.integers(-40, 41, size)) for size in (d, b.size, k))
    rows = A * r[:, None] / c, b * r
    return x * c, (*rows, E * s[:, None] / c, e * s) if k else rows


def test_sets_that_hold_a_point_in_wide_units_are_not_refused():
    x = np.array([2.0**-38, 49152.0])
    E = [[-549755813888.0, -4.57763671875e-05], [-274877906944.0, 0.0]]
    told = sm.Polyhedron([[0.0, 3.0517578125e-05]], [1.5], E, [-4.25, -1.0])
    assert told.contains(x, 0.0)
    assert told.start() == pytest.approx(x, rel=1e-9)
    for seed in range(200):
        x, rows = in_wide_units(seed)
        domain = sm.Polyhedron(*rows)
        assert domain.contains(x, 0.0)
        assert domain.contains(domain.start())


UNITS = np.array([2.0**13, 2.0**-15, 2.0**-7])


def test_an_interior_in_wide_units_is_found():
    """The slack of the smallest variable is below what a linear program in one unit for all can see."""
    rng = np.random.default_rng(0)
    for d in (2, 3, 6):
        for _ in range(20):
            unit = 2.0 ** rng.integers(-20, 21, d)
            A, E = rng.integers(-3, 4, (d, d)) / unit, rng.integers(-2, 3, (d // 2, d)) / unit
            domain = sm.Polyhedron(A, np.ones(d), E, np.zeros(d // 2), (-9 * unit, 9 * unit))
            x = domain.start()
            assert domain.contains(x, 1e-12)
            assert (np.abs(x) < 9 * unit).all()
            assert (A @ x < 1).all()
    sm.solve(
        sm.Minimax(np.eye(3), sm.Polyhedron(A_eq=[[1.0, 0, 0]], b_eq=[0.0], bounds=(-UNITS, UNITS))), method="newton"
    )


def test_a_point_off_by_rounding_is_moved_by_rounding():
    """In wide units too: it is not the start that comes back."""
    domain = sm.Polyhedron(A_eq=[[1.0, 0.0, 0.0]] / UNITS, b_eq=[0.0], bounds=(-9 * UNITS, 9 * UNITS))
    x = np.array([1e-16, -4.0, 5.0]) * UNITS
    y = domain.project(x)
    assert domain.contains(y, 0.0)
    assert y / UNITS == pytest.approx([0.0, -4.0, 5.0], abs=1e-15)
    rng = np.random.default_rng(1)
    for _ in range(100):
        unit, inside = 2.0 ** rng.integers(-20, 21, 4), rng.integers(-2, 3, 4)
        A, E = rng.integers(-3, 4, (3, 4)), rng.integers(-2, 3, (2, 4))
        domain = sm.Polyhedron(A / unit, A @ inside, E / unit, E @ inside, (-9 * unit, 9 * unit))
        y = domain.project(unit * (inside + 1e-15 * rng.standard_normal(4)))
        assert domain.contains(y, 1e-12)
        assert y / unit == pytest.approx(inside, abs=1e-10)


def test_sets_without_a_point_in_wide_units_are_refused():
    for seed in range(100):
        assert_refuses(sm.domains.Empty, "empty", sm.Polyhedron, *in_wide_units(seed, 1.0)[1])


def test_vertices_and_multipliers_in_wide_units_are_optimal():
    """c = −Aᵀλ over the rows that a point lies on: it is a minimizer, and the multipliers prove it."""
    solved = missed = 0
    for seed in range(100):
        x, (A, b, *_) = in_wide_units(seed)
        terms = np.abs(A) @ np.abs(x)
        on = (A @ x == b) & (terms > 0)
        if not on.any():
            continue
        c = -np.sum(A[on] / terms[on, None], axis=0)
        domain = sm.Polyhedron(A, b)
        y, (lam, _) = domain.lmo(c), domain.prices(c)
        size = np.abs(c) @ np.maximum(np.abs(x), np.abs(y))
        solved += 1
        missed += not (
            domain.contains(y)
            and np.all(np.abs(c + A.T @ lam) <= 1e-9 * np.maximum(np.abs(c), np.abs(A.T) @ lam))
            and abs(c @ y - c @ x) <= 1e-9 * size
            and abs(lam @ b + c @ x) <= 1e-9 * max(size, lam @ np.abs(b))
        )
    assert solved > 30
    assert not missed


@every
def test_points_of_another_size_are_refused(name):
    domain = ALL[name]()
    wrong = np.zeros(domain.d + 1)
    for verb in (domain.project, domain.contains, domain.lmo):
        assert_refuses(ValueError, f"({domain.d},)", verb, wrong)


def test_broadcast_boxes_and_descriptions():
    assert sm.Box(0, [1, 2]).d == 2
    linear = sm.Simplex(3, 2.0).linear()
    assert isinstance(linear, Linear)
    assert not linear.free
    assert sm.Ball([0.0], 1.0).linear() is None
    lb = np.zeros(2)
    box = sm.Box(lb, 1.0)
    lb[:] = 5.0
    assert box.lb.tolist() == [0.0, 0.0]


# ------------------------------------------------------------------------------------------- where projection gives way


def steep(seed, d=8):
    """Columns over sixteen decades, rows over eight; the origin satisfies every row."""
    rng = np.random.default_rng(seed)
    columns = np.abs(rng.standard_normal((3000, d)) * 10.0 ** rng.uniform(-8, 8, d)).max(axis=0)
    rng.standard_normal(3000)
    rows = 10.0 ** rng.uniform(-4, 4, 20)
    G = rng.standard_normal((20, d)) * columns * rows[:, None]
    return sm.Polyhedron(G, np.abs(rng.standard_normal(20)) * rows * 0.05), columns


@pytest.mark.parametrize("seed", [5, 6, 10, 12, 23, 30])
def test_units_over_sixteen_decades(seed):
    """Their start lies inside, and what projects lands in the set, beyond what nnls can resolve."""
    domain, columns = steep(seed)
    assert np.all(domain.A_ub @ domain.start() < domain.b_ub)
    rng = np.random.default_rng(seed)
    for spread in 10.0 ** rng.uniform(-3, 8, 20):
        x = spread * rng.standard_normal(domain.d) / columns
        y = domain.project(x)
        assert domain.contains(y, 1e-12)
        assert domain.contains(x, 0.0) <= np.array_equal(x, y)


def test_the_linear_oracle_does_not_depend_on_the_units_of_variables():
    rng = np.random.default_rng(0)
    G, c, units = rng.standard_normal((30, 4)), rng.standard_normal(4), 10.0 ** np.array([8.0, -8, 0, 5])
    plain, scaled = sm.Polyhedron(G, np.ones(30)), sm.Polyhedron(G * units, np.ones(30))
    assert (c * units) @ scaled.lmo(c * units) == pytest.approx(c @ plain.lmo(c), rel=1e-6)


@pytest.mark.parametrize("name", ["polygon", "sliced-box", "half-plane", "segment"])
def test_without_an_answer_from_nnls_a_projection_is_still_a_point_of_the_set(name, monkeypatch):
    domain = (BOUNDED | OPEN)[name]()

    def exhausted(*args, **kwargs):
        raise RuntimeError("Maximum number of iterations reached.")

    rng = np.random.default_rng(0)
    outside = [x for x in 10 * rng.standard_normal((20, domain.d)) if not domain.contains(x)]
    near = [domain.project(x) for x in outside]
    monkeypatch.setattr("scipy.optimize.nnls", exhausted)
    for x, best in zip(outside, near, strict=True):
        y = domain.project(x)
        assert domain.contains(y, 1e-12)
        assert np.linalg.norm(y - x) >= np.linalg.norm(best - x) * (1 - 1e-12)
    if domain.A_eq is None:  # on the way from the start to x (clipped), as far as the set goes
        towards = np.clip(x, domain.lb, domain.ub) - domain.start()
        assert np.linalg.matrix_rank(np.stack([towards, y - domain.start()]), tol=1e-9) == 1
        assert not domain.contains(y + 1e-6 * towards)


def test_a_polyhedron_too_large_to_project_onto_says_so():
    d = 9_000
    G = sp.eye_array(d, format="csr") + sp.eye_array(d, k=1, format="csr")
    domain = sm.Polyhedron(G, np.ones(d), bounds=(-1.0, 1.0))
    assert not domain.projects
    assert sm.Polyhedron(*HOUSE).projects
    y = domain.project(np.linspace(-3, 3, d))
    assert domain.contains(y, 1e-12)
    c = np.ones(d)
    assert c @ domain.lmo(c) == pytest.approx(-d)
    with pytest.raises(ValueError, match="project"):
        sm.solve(sm.Minimax(sm.Affine(sp.eye_array(5, d, format="csr")), domain), method="accelerated")


# --- products


class Interval:
    """A user's own domain with the three verbs and nothing else."""

    d = 1

    def project(self, x):
        return np.clip(x, -1.0, 2.0)

    def contains(self, x, tol=1e-9):
        return bool(np.all((x >= -1.0 - tol) & (x <= 2.0 + tol)))

    def lmo(self, c):
        return np.where(c > 0, -1.0, 2.0)


class Corner:
    """A user's own domain with an oracle alone."""

    d = 2

    def lmo(self, c):
        return np.where(c > 0, 0.0, 1.0)


@law(60, 1200)
@given(
    st.lists(st.sampled_from(["box", "simplex", "ball", "polygon", "segment", "simplex-5"]), min_size=1, max_size=4),
    st.integers(0, 1000),
)
def test_products_obey_the_laws_of_their_factors(names, seed):
    product = sm.Product([BOUNDED[name]() for name in names])
    rng = np.random.default_rng(seed)
    x, *some = 4.0 * rng.standard_normal((4, product.d))
    assert_projection(product, x, some, tol=1e-7)
    assert_lmo(product, x, some)
    near, y = product.project(x), product.lmo(x)
    assert (x - near) @ (product.lmo(near - x) - near) <= 1e-7 * (1 + x @ x)  # no vertex is nearer either
    np.testing.assert_array_equal(np.asarray(product.parts(x).sum(axis=0)).ravel(), y)
    start = 0
    for name in names:  # the slow twin
        factor = BOUNDED[name]()
        mine = slice(start, start + factor.d)
        np.testing.assert_array_equal(near[mine], factor.project(x[mine]))
        assert product.normal(near, x)[mine] == pytest.approx(factor.normal(near[mine], x[mine]))
        start += factor.d
    assert start == product.d


def test_products_in_products_are_one_and_boxes_are_a_box():
    product = sm.Product([sm.Simplex(2), sm.Product([sm.Box(0.0, [1.0]), sm.Ball([0.0], 1.0)])])
    assert [type(factor).__name__ for factor in product.factors] == ["Simplex", "Box", "Ball"]
    assert product.blocks == (slice(0, 2), slice(2, 3), slice(3, 4))
    box = as_domain(sm.Product([sm.Box(0.0, [1.0, 2.0]), Bounds([-1.0], [3.0]), sm.Free(1)]), 4)
    assert type(box) is sm.Box
    assert (box.lb.tolist(), box.ub.tolist()) == ([0.0, 0.0, -1.0, -INF], [1.0, 2.0, 3.0, INF])
    assert isinstance(as_domain(sm.Product([sm.Simplex(3)]), 3), sm.Simplex)


def test_a_product_offers_what_all_its_factors_offer():
    own = sm.Product([Interval(), sm.Simplex(2)])
    assert isinstance(own, Domain)
    assert own.reach is None
    assert own.linear() is None
    assert not hasattr(own, "bounded")  # Interval does not say
    assert own.start().tolist() == [0.0, 0.5, 0.5]
    assert sm.Product([sm.Ball([0.0], 1.0), sm.Simplex(2)]).linear() is None
    assert not sm.Product([Corner(), sm.Simplex(2)]).projects
    assert not sm.Product([sm.Free(1), sm.Simplex(2)]).bounded
    many = sm.Product([sm.Simplex(50)] * 60).linear()
    assert sp.issparse(many.A_eq)
    assert many.A_eq.shape == (60, 3000)


def test_products_refuse_what_is_no_domain():
    assert_refuses(TypeError, ["factors", "int"], sm.Product, 3)
    assert_refuses(TypeError, ["factors[1]", "Free"], sm.Product, [sm.Free(1), None])
    assert_refuses(TypeError, ["factors[0]", "str"], sm.Product, ["simplex"])
    assert_refuses(ValueError, ["factors", "empty"], sm.Product, [])
    assert_refuses(ValueError, ["d", "5"], sm.Minimax, np.eye(4), sm.Product([sm.Simplex(2), sm.Simplex(3)]))


def books(seed=0, blocks=4, assets=6, scenarios=80):
    """Four desks, each with a budget of its own and assets of its own: the worst loss over common scenarios."""
    rng = np.random.default_rng(seed)
    market = rng.standard_normal((scenarios, 1))
    losses = 0.01 * (market + rng.standard_normal((scenarios, blocks * assets))) - 0.002 * rng.random(blocks * assets)
    return sm.Affine(losses), losses, [assets] * blocks


@pytest.mark.parametrize("method", ["newton", "accelerated", "working-set"])
def test_portfolio_books_against_a_linear_program(method):
    components, losses, sizes = books()
    n, d = losses.shape
    A_eq = np.zeros((len(sizes), d + 1))
    for k, size in enumerate(sizes):
        A_eq[k, k * size : (k + 1) * size] = 1.0
    known = linprog(
        np.r_[np.zeros(d), 1.0],
        np.c_[losses, -np.ones(n)],
        np.zeros(n),
        A_eq,
        np.ones(len(sizes)),
        [(0, None)] * d + [(None, None)],
    ).fun
    problem = sm.Minimax(components, sm.Product([sm.Simplex(size) for size in sizes]))
    r = sm.solve(problem, method=method)
    assert r.success, r.message
    assert r.lower_bound <= known + 1e-12 <= r.fun + 2e-12
    assert r.fun == pytest.approx(known, abs=1e-8)


def test_a_ball_beside_a_simplex_by_projection():
    """The oracle proves the bound that the projection method asks for; SLSQP on the epigraph agrees."""
    rng = np.random.default_rng(1)
    A, b = rng.standard_normal((40, 6)), rng.standard_normal(40)
    r = sm.solve(sm.Minimax(sm.Affine(A, b), sm.Product([sm.Ball(np.zeros(3), 1.0), sm.Simplex(3)])), method="auto")
    assert r.success, r.message
    found = minimize(
        lambda z: (z[6], np.eye(7)[6]),
        np.r_[np.zeros(3), np.full(3, 1 / 3), 5.0],
        jac=True,
        method="SLSQP",
        bounds=[(None, None)] * 3 + [(0, None)] * 3 + [(None, None)],
        constraints=[
            LinearConstraint(np.c_[A, -np.ones(40)], -INF, -b),
            LinearConstraint([[0, 0, 0, 1, 1, 1, 0]], 1, 1),
            {"type": "ineq", "fun": lambda z: 1.0 - z[:3] @ z[:3], "jac": lambda z: np.r_[-2 * z[:3], np.zeros(4)]},
        ],
        options={"ftol": 1e-13, "maxiter": 500},
    )
    assert r.fun == pytest.approx(found.fun, abs=1e-6)


# --- starts without a linear program


def flows(k, size):
    """Shares of k demands over `size` routes each, as the rows of a polyhedron."""
    return sp.csr_array(sp.kron(sp.eye_array(k), np.ones((1, size))))


def test_many_simplices_start_at_their_barycentres_at_once(monkeypatch):
    from smoothmax.domains import program

    monkeypatch.setattr(program.Program, "centre", lambda self: pytest.fail("a linear program was solved"))
    k, size = 60, 50
    domain = sm.Polyhedron(A_eq=flows(k, size), b_eq=np.arange(1.0, k + 1), bounds=(0.0, INF))
    np.testing.assert_allclose(domain.start(), np.repeat(np.arange(1.0, k + 1), size) / size, rtol=1e-12)
    assert domain.contains(domain.start(), 1e-13)
    capped = sm.Polyhedron(flows(1, 1000), [5.0], bounds=(-1.0, 1.0))
    assert capped.start() == pytest.approx(np.zeros(1000))


def test_a_point_that_is_not_obvious_is_found_by_a_linear_program():
    """Routes of the second half are closed but for a sliver, and an empty set is still called empty."""
    k, size = 20, 60
    ub = np.tile(np.r_[np.full(size // 2, INF), np.full(size // 2, 1e-6)], k)
    domain = sm.Polyhedron(A_eq=flows(k, size), b_eq=np.ones(k), bounds=(0.0, ub))
    x = domain.start()
    assert domain.contains(x, 1e-12)
    assert np.all((x > 0) & (x < ub))
    with pytest.raises(sm.domains.Empty):
        sm.Polyhedron(A_eq=flows(k, size), b_eq=-np.ones(k), bounds=(0.0, INF))


@pytest.mark.parametrize(("lb", "ub", "name"), [([np.nan, 0.0], 1.0, "lb"), (0.0, [1.0, np.nan], "ub")])
def test_a_bound_that_is_nan_is_named(lb, ub, name):
    assert_refuses(ValueError, [name, "nan"], sm.Box, lb, ub)
