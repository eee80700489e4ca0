"""A family of one's own, as docs/tutorials/custom.md describes it: each mistake has an error that names it."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import aslinearoperator

import smoothmax as sm
from smoothmax.components import Block, Components
from smoothmax.solvers import Status

A = np.random.default_rng(0).standard_normal((7, 2))
ALL = (slice(0, 7),)


class Rows(Components):
    """A x in one block, or whatever `blocks(x)` says."""

    affine = True

    def __init__(self, blocks=None, n=7, d=2):
        self.blocks, self.n, self.d = blocks or (lambda x: [whole(x)]), n, d

    def at(self, x):
        return self.blocks(x)

    def subset(self, rows):
        return sm.Affine(A[rows])

    def rounding(self, x, rows, f=None):
        return np.full(rows.size, 1e-15)


class Unsized(Rows):
    def __init__(self):
        self.blocks = None


def whole(x, rows=ALL, values=None, jacobian=None, shared=None):
    return Block(rows, values or (lambda: A @ x), jacobian or (lambda: A), shared)


def one(**changed):
    return lambda x: [whole(x, **changed)]


def solved(family):
    return sm.solve(sm.Minimax(family, sm.Ball(np.zeros(2), 1.0)))


@pytest.mark.parametrize("jacobian", [A, sp.csr_array(A), sp.coo_matrix(A).tocsc()])
def test_what_is_right_is_taken(jacobian):
    r = solved(Rows(one(jacobian=lambda: jacobian)))
    assert r.success
    assert r.fun == pytest.approx(solved(A).fun, rel=1e-8)


def test_operators_and_shared_gradients_are_taken():
    h = np.ones(2)
    own = Rows(one(jacobian=lambda: A - h, shared=lambda: h))
    assert solved(own).fun == pytest.approx(solved(A).fun, rel=1e-8)
    own = Rows(one(jacobian=lambda: aslinearoperator(A)))
    own.rows = False
    assert sm.solve(sm.Minimax(own, sm.Ball(np.zeros(2), 1.0)), tol=1e-6).fun == pytest.approx(solved(A).fun, rel=1e-5)


MISTAKES = {
    "an array for blocks": (lambda x: A @ x, TypeError, "must yield Blocks; it yielded float64"),
    "no blocks": (lambda x: None, TypeError, "must yield Blocks; it returned NoneType"),
    "rows changed to no tuple": (lambda x: [odd(slice(0, 7))], ValueError, "rows must be .*got slice"),
    "rows beyond the last": (one(rows=(slice(0, 8),)), ValueError, r"rows must be .*got \(slice\(0, 8"),
    "rows from the end": (one(rows=(slice(-7, -1),)), ValueError, "rows must be"),
    "rows with a step": (one(rows=(slice(0, 7, 2),)), ValueError, "rows must be"),
    "mirror images of another length": (one(rows=(slice(0, 3), slice(3, 7))), ValueError, "rows must be"),
    "rows left out": (
        one(rows=(slice(0, 6),), values=lambda: A[:6, 0], jacobian=lambda: A[:6]),
        ValueError,
        "6 comes 0",
    ),
    "rows twice": (lambda x: [whole(x), whole(x)], ValueError, "each of the 7 components once; component 0 comes 2"),
    "a list of values": (one(values=lambda: [1.0] * 7), TypeError, r"values\(\) must .*; it returned list"),
    "too few values": (
        one(values=lambda: A[:6, 0]),
        ValueError,
        r"values\(\) must .* \(7,\); it returned shape \(6,\)",
    ),
    "a column of values": (one(values=lambda: A[:, :1]), ValueError, r"it returned shape \(7, 1\)"),
    "whole numbers": (one(values=lambda: np.arange(7)), TypeError, r"values\(\) must return floats.*int64"),
    "complex values": (one(values=lambda: A[:, 0] + 0j), TypeError, "complex128"),
    "a Jacobian on its side": (one(jacobian=lambda: A.T), ValueError, r"jacobian\(\) must .*\(7, 2\); .*\(2, 7\)"),
    "no Jacobian": (one(jacobian=lambda: None), TypeError, r"jacobian\(\) must .*NoneType"),
    "a shared gradient too long": (one(shared=lambda: np.ones(3)), ValueError, r"shared\(\) must .*\(2,\).*\(3,\)"),
}


def late(x):
    """What a loop leaves behind: its last piece, for all."""
    for start in (0, 4):
        piece = A[start : start + 4]
        yield Block((slice(start, start + len(piece)),), lambda: piece @ x, lambda: piece)  # noqa: B023 - on purpose


def test_a_block_that_reads_the_variables_of_a_loop_is_refused():
    with pytest.raises(ValueError, match=r"Rows\.at\(x\): .* lambda some=some"):
        solved(Rows(late))


def test_a_certificate_sees_it_too():
    with pytest.raises(ValueError, match=r"Rows\.at\(x\): .* lambda some=some"):
        sm.certify(sm.Minimax(Rows(late), sm.Ball(np.zeros(2), 1.0)), np.zeros(2), np.ones(7))


@pytest.mark.parametrize("door", [solved, lambda family: sm.certify(sm.Minimax(family), np.ones(2), np.ones(7))])
def test_a_bound_on_rounding_is_one(door):
    family = Rows()
    family.rounding = lambda x, rows, f=None: np.full(rows.size, -1e-15)
    with pytest.raises(ValueError, match=r"Rows\.rounding\(x, rows\) must return bounds, .*returned -1e-15"):
        door(family)


@pytest.mark.parametrize("verb", ["rounding", "slope_rounding"])
def test_a_bound_that_is_no_number_bounds_nothing(verb):
    family = Rows()
    family.assumed, size = False, 7 if verb == "rounding" else 2
    setattr(family, verb, lambda x, rows=None, f=None: np.full(size if verb != "rounding" else rows.size, np.nan))
    polyhedron = sm.Polyhedron([[1.0, 1.0]], [1.0], bounds=(-1.0, 1.0))
    r = sm.solve(sm.Minimax(family, polyhedron), [0.1, 0.2], max_passes=50)
    assert not r.success
    assert (r.upper_bound, r.lower_bound)[verb == "slope_rounding"] == (np.inf, -np.inf)[verb == "slope_rounding"]


@pytest.mark.parametrize("verb", ["slope_rounding", "column_peaks"])
def test_bounds_on_slopes_are_looked_at(verb):
    family = Rows()
    for answer, error in ((np.zeros(3), TypeError), (0.0, TypeError), (-np.ones(2), ValueError)):
        setattr(family, verb, lambda *_, answer=answer: answer)
        with pytest.raises(error, match=rf"Rows\.{verb}\(.*\) must return"):
            solved(family)
    setattr(family, verb, lambda *_: np.full(2, 10.0 if verb == "column_peaks" else 1e-15))
    assert solved(family).success


@np.errstate(all="ignore")
def test_where_f_is_no_number_neither_is_its_rounding():
    family = Rows(one(values=lambda: np.full(7, np.nan)))
    family.rounding = lambda x, rows, f=None: np.full(rows.size, np.nan)
    assert solved(family).status == Status.NOT_FINITE


@pytest.mark.parametrize("answer", [1e-15, None, np.zeros(2), [0.0]])
def test_what_rounding_returns_is_looked_at(answer):
    family = Rows()
    family.rounding = lambda x, rows, f=None: answer
    with pytest.raises(TypeError, match=r"Rows\.rounding\(x, rows\) must return an array, one number for each row"):
        solved(family)


@pytest.mark.parametrize("answer", [None, A[:1], sm.Affine(A)])
def test_what_subset_returns_is_looked_at(answer):
    family = Rows()
    family.subset = lambda rows: answer
    with pytest.raises(TypeError, match=r"Rows\.subset\(rows\) must return Components, one for each row"):
        solved(family)


def test_blocks_are_made_of_slices_and_functions():
    for rows in (slice(0, 7), (0, 7), range(7), (np.arange(7),), (slice(None),), ()):
        with pytest.raises(TypeError, match="rows must be"):
            whole(np.zeros(2), rows)
    with pytest.raises(TypeError, match="values and jacobian of a Block must be functions"):
        Block(ALL, A[:, 0], A)


def test_a_class_that_is_no_subclass_is_told_so():
    class Alone:
        n, d = 7, 2

        def at(self, x):
            yield whole(x)

    with pytest.raises(TypeError, match="make Alone a subclass"):
        sm.Minimax(Alone())


class Wells(Components):
    """(x² − 1)² + 0.3 x, and x − 3: not convex, and nobody has said so."""

    n, d = 2, 1

    def at(self, x):
        yield Block(
            (slice(0, 2),),
            lambda: np.array([(x[0] ** 2 - 1) ** 2 + 0.3 * x[0], x[0] - 3.0]),
            lambda: np.array([[4 * x[0] * (x[0] ** 2 - 1) + 0.3], [1.0]]),
        )

    def subset(self, rows):
        return sm.Smooth(
            lambda x: next(self.at(x)).f[rows], lambda x: next(self.at(x)).jacobian[rows], d=1, n=rows.size
        )

    def rounding(self, x, rows, f=None):
        return np.full(rows.size, 1e-14)


class Bowls(Wells):
    """√(1 + (x − a)²) for a = 0, 3: convex by the word of the class, with nothing said of curvature."""

    convex = True

    def at(self, x):
        away = x[0] - np.array([0.0, 3.0])
        yield Block((slice(0, 2),), lambda: np.hypot(1, away), lambda: (away / np.hypot(1, away))[:, None])


class Vouched(Bowls):
    assumed = False


def test_a_class_proves_what_it_vouches_for():
    """Nothing where it says nothing; by its word where it says convex; and as data do where it vouches for all."""
    box = sm.Box([-2.0], [2.0])
    for x0 in ([1.2], [-1.2]):
        r = sm.solve(sm.Minimax(Wells(), box), x0)
        assert (r.success, r.certificate.kind, r.lower_bound) == (True, "local", -np.inf)
    r = sm.solve(sm.Minimax(Bowls(), box))
    assert (r.success, r.certificate.kind) == (True, "assumed-convex")
    r = sm.solve(sm.Minimax(Vouched(), box))
    assert (r.success, r.certificate.kind) == (True, "bounded")
    assert r.fun == pytest.approx(np.hypot(1, 1.5), rel=1e-8)


@pytest.mark.parametrize("method", ["auto", "newton", "trust-region", "working-set", "lbfgs", "accelerated"])
def test_curvature_that_a_class_does_not_tell_is_found_by_differences(method):
    r = sm.solve(sm.Minimax(Vouched()), method=method, tol=1e-6)
    assert r.success, r.message
    assert r.fun == pytest.approx(np.hypot(1, 1.5), rel=1e-6)
    assert Vouched().hess(np.zeros(1), np.array([1.0, 0.0])) == pytest.approx(np.ones((1, 1)), rel=1e-6)


def odd(rows):
    block = whole(np.zeros(2))
    block.rows = rows
    return block


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("stacked", [False, True])
def test_each_mistake_is_named_with_its_class(mistake, stacked):
    blocks, kind, words = MISTAKES[mistake]
    family = sm.Stack([sm.Affine(A), Rows(blocks)]) if stacked else Rows(blocks)
    with pytest.raises(kind, match=rf"Rows\.at\(x\).*{words}"):
        solved(family)


def test_sizes_must_be_set():
    with pytest.raises(ValueError, match="Unsized must set n"):
        sm.Minimax(Unsized(), sm.Free(2))
    with pytest.raises(ValueError, match="the number of variables is not known"):
        sm.Minimax(Unsized())
    for wrong in ({"n": 7.0}, {"n": "7"}, {"d": 2.0}, {"d": None}, {"d": "2"}):
        (name,) = wrong
        with pytest.raises(TypeError, match=rf"Rows\.{name} must be an integer"):
            solved(Rows(**wrong))
    with pytest.raises(TypeError, match="not the class Rows"):
        sm.Minimax(Rows)


class Square:
    """[0, 1]², or what `changed` makes of it."""

    d = 2

    def __init__(self, **changed):
        self.__dict__.update(changed)

    def project(self, x):
        return np.clip(x, 0, 1)

    def contains(self, x, tol=0.0):
        return bool(np.all((x >= -tol) & (x <= 1 + tol)))

    def lmo(self, c):
        return (c < 0).astype(float)


@pytest.mark.parametrize(
    ("changed", "kind", "words"),
    [
        ({"project": lambda x: x + 2}, ValueError, "Square.contains denies"),
        ({"contains": lambda x, tol=0: None}, TypeError, "Square.contains must return True or False; it returned None"),
        ({"contains": lambda x, tol=0: x >= 0}, TypeError, "Square.contains must return True or False"),
        ({"start": lambda: np.ones(3)}, ValueError, r"Square.start must return shape \(2,\)"),
        ({"start": lambda: None}, TypeError, "Square.start must hold real numbers.*None"),
        ({"start": lambda: [np.nan, 1]}, ValueError, r"Square.start\(\) must return finite numbers"),
    ],
)
def test_what_a_domain_gets_wrong_is_told_by_its_name(changed, kind, words):
    with pytest.raises(kind, match=words):
        sm.solve(sm.Minimax(A, Square(**changed)))


def test_a_domain_may_have_other_attributes_and_a_start_outside():
    plain = sm.solve(sm.Minimax(A, Square()))
    odd = Square(linear=3, miss="x", reach=None, normal=lambda: 1, walls=0, bounded="no", start=lambda: [0.3, 5.0])
    found = sm.solve(sm.Minimax(A, odd))
    assert plain.success
    assert found.success
    assert found.fun == pytest.approx(plain.fun, rel=1e-7)
    assert odd.contains(found.x)
    with pytest.raises(TypeError, match=r"not the class Square; write Square\(…\)"):
        sm.Minimax(A, Square)


def test_half_a_domain_is_told_what_it_lacks():
    class Half:
        def project(self, x):
            return np.maximum(x, 0)

        def contains(self, x, tol=0.0):
            return bool((x >= 0).all())

    with pytest.raises(TypeError, match="got Half, which lacks d and lmo"):
        sm.Minimax(A, Half())


class Corners:
    """The simplex of R³ by its oracle alone, or what `changed` makes of it."""

    def __init__(self, **changed):
        self.__dict__.update(changed)

    def lmo(self, c):
        return np.eye(3)[np.argmin(c)]


@pytest.mark.parametrize(
    ("changed", "kind", "words"),
    [
        ({"lmo": lambda c: np.full(3, np.inf)}, ValueError, r"Corners.lmo\(ones\) must return finite numbers"),
        (
            {"lmo": lambda c: np.full(3, np.nan if c[0] != 1 else 0.0)},
            ValueError,
            r"Corners.lmo\(c\) must return finite numbers for finite c",
        ),
        ({"lmo": lambda c: np.eye(3)[np.argmax(c)]}, ValueError, r"Corners.lmo\(c\) must minimize"),
        ({"parts": lambda c: np.eye(3)[0]}, ValueError, r"Corners.parts must return shape \(k, 3\)"),
        ({"parts": lambda c: sp.csr_array((0, 3))}, ValueError, r"Corners.parts must return shape \(k, 3\)"),
        ({"contains": lambda x, tol: "yes"}, TypeError, "Corners.contains must return True or False"),
        ({"start": lambda: [0.0, 0.0, np.inf]}, ValueError, r"Corners.start\(\) must return finite numbers"),
    ],
)
def test_what_an_oracle_gets_wrong_is_told_by_its_name(changed, kind, words):
    problem_of = np.random.default_rng(0).standard_normal((9, 3))
    with pytest.raises(kind, match=words):
        sm.solve(sm.Minimax(problem_of, Corners(**changed)))


def test_an_oracle_needs_a_number_of_variables_from_somewhere():
    with pytest.raises(ValueError, match=r"the number of variables is not known: .* Corners\.d"):
        sm.Minimax(sm.Smooth(lambda x: x), Corners())
    assert sm.Minimax(sm.Smooth(lambda x: x), Corners(d=3)).d == 3
    with pytest.raises(TypeError, match="cannot be moved inside: it offers lmo"):
        sm.Minimax(np.eye(3), Corners(contains=lambda x, tol: bool(x.sum() < 2))).start(np.ones(3))


def test_an_oracle_that_also_projects_moves_a_start():
    box = Corners(project=lambda x: np.clip(x, 0, 1), contains=lambda x, tol: bool(np.all(x <= 1 + tol)), d=3)
    assert sm.Minimax(np.eye(3), box).start(np.full(3, 2.0)) == pytest.approx(np.ones(3))
