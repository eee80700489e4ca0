"""Small solves through every door that takes what a user has written, each callable wrapped by the test's own hand.

A scene is called with wrap(name, function) -> function and returns what its door returns. The components are
x₁² + x₂⁴, (2 − x₁)² + (2 − x₂)² and 2·exp(x₂ − x₁) (problem CB2 of Charalambous and Bandler), whose max is least, and
1.9522244938706…, inside of every domain here.
"""

from functools import partial

import numpy as np
from scipy.optimize import NonlinearConstraint

import smoothmax as sm

START = np.array([1.5, 0.25])
OPTIMUM = 1.95222449387065
TAU = 0.05
DOORS = {"tol": 1e-6, "max_passes": 400}


def fun(x):
    return np.array([x[0] ** 2 + x[1] ** 4, (2 - x[0]) ** 2 + (2 - x[1]) ** 2, 2 * np.exp(x[1] - x[0])])


def jac(x):
    e = 2 * np.exp(x[1] - x[0])
    return np.array([[2 * x[0], 4 * x[1] ** 3], [2 * x[0] - 4, 2 * x[1] - 4], [-e, e]])


def hess(x, v):
    e = 2 * v[2] * np.exp(x[1] - x[0])
    return np.array([[2 * v[0] + 2 * v[1] + e, -e], [-e, 12 * v[0] * x[1] ** 2 + 2 * v[1] + e]])


def constraint(x):
    return np.array([x @ x])


def slope(x):
    return 2 * x[None]


def ignore(intermediate_result):
    """A callback that only looks."""


def disc(wrap):
    """The disc of radius 3 as a user states it, by three verbs."""

    class Disc:
        d = 2
        __repr__ = lambda self: "Disc()"  # noqa: E731 - messages name it
        project = staticmethod(wrap("project", lambda x: x / max(1.0, float(np.linalg.norm(x)) / 3)))
        contains = staticmethod(
            wrap("contains", lambda x, tol=1e-9: float(np.linalg.norm(x)) <= 3 * (1 + max(tol, 1e-15)))
        )
        lmo = staticmethod(wrap("lmo", lambda c: -3 * c / max(float(np.linalg.norm(c)), 1e-300)))

    return Disc()


def corners(wrap):
    """The box |x_j| ≤ 3 by its oracle alone."""

    class Corners:
        d = 2
        lmo = staticmethod(wrap("lmo", lambda c: np.where(c > 0, -3.0, 3.0)))

    return Corners()


def box(wrap):
    return sm.Box(np.full(2, -4.0), np.full(2, 4.0))


def free(wrap):
    return None


def stated(wrap, domain=free, **told):
    """The problem, with the derivatives that are told."""
    given = {"jac": wrap("jac", jac), "hess": wrap("hess", hess)} | told
    return sm.Minimax(sm.Smooth(wrap("fun", fun), d=2, convex=True, **given), domain(wrap))


def solved(wrap, domain=free, told=None, **options):
    problem = stated(wrap, domain, **(told or {}))
    return sm.solve(problem, START, callback=wrap("callback", ignore), **{**DOORS, **options})


def minimax(wrap, told=None, **options):
    given = {"jac": wrap("jac", jac), "hess": wrap("hess", hess)} if told is None else told
    options = {"convex": True, "callback": wrap("callback", ignore), **DOORS, **options}
    return sm.minimax(wrap("fun", fun), START, **given, **options)


def several(wrap, **options):
    """As three functions of one value each."""
    parts = [wrap("fun", lambda x, i=i: fun(x)[i]) for i in range(3)]
    slopes = [wrap("jac", lambda x, i=i: jac(x)[i]) for i in range(3)]
    return sm.minimax(parts, START, jac=slopes, convex=True, callback=wrap("callback", ignore), **{**DOORS, **options})


def constrained(wrap, **options):
    """Within the circle ‖x‖² ≤ 9, as a nonlinear constraint."""
    ring = NonlinearConstraint(wrap("constraint", constraint), -np.inf, 9.0, jac=wrap("constraint's jac", slope))
    return minimax(wrap, constraints=ring, **options)


def path(wrap, **options):
    problem = stated(wrap)
    return sm.path(problem, [0.5, 0.1], x0=START, callback=wrap("callback", ignore), tol=1e-6, **options)


def certified(wrap, domain=disc):
    return sm.certify(stated(wrap, domain), [1.139, 0.8996], [0.43, 0.57, 0.0])


def surrogate(wrap):
    """All that the surrogate answers at two points."""
    s = sm.Smoothed(stated(wrap), TAU)
    return [(s.fun(x), s.jac(x), s.hess(x), s.hessp(x, x), s.weights(x), s.entropy(x)) for x in (START, START + 0.5)]


SOLVES = {
    "gradient": partial(solved, method="gradient", domain=disc, max_passes=60),
    "gradient at τ": partial(solved, method="gradient", tau=TAU, max_passes=60),
    "accelerated": partial(solved, method="accelerated", domain=disc, max_passes=60),
    "accelerated at τ": partial(solved, method="accelerated", domain=disc, tau=TAU, max_passes=60),
    "lbfgs": partial(solved, method="lbfgs"),
    "lbfgs at τ, gini": partial(solved, method="lbfgs", domain=box, tau=TAU, regularizer="gini"),
    "newton": partial(solved, method="newton"),
    "newton at τ": partial(solved, method="newton", domain=box, tau=TAU),
    "working-set": partial(solved, method="working-set", domain=box),
    "conditional-gradient": partial(solved, method="conditional-gradient", domain=corners, max_passes=60),
    "trust-region": partial(solved, method="trust-region"),
    "auto": partial(solved, method="auto", domain=disc, max_passes=60),
    "minimax": minimax,
    "minimax by differences": partial(minimax, told={}),
    "minimax by complex steps": partial(minimax, told={"jac": "cs"}),
    "minimax, absolute": partial(minimax, absolute=[0]),
    "minimax, local": partial(minimax, convex=False),
    "several": several,
    "several, two threads": partial(several, workers=2),
    "constrained": constrained,
}
DOORS_TOO = {
    "path": path,
    "certify": certified,
    "certify over an oracle": partial(certified, domain=corners),
    "Smoothed": surrogate,
}
SCENES = SOLVES | DOORS_TOO


class Hand:
    """Wraps every callable of a scene: it counts the calls by name, and at the k-th of `name` does `act` instead.

    act(function, *arguments) returns in its place; `from_then_on` acts at all later calls too.
    """

    def __init__(self, name=None, k=0, act=None, from_then_on=False):
        self.name, self.k, self.act, self.on = name, k, act, from_then_on
        self.calls = {}

    def __call__(self, name, function):
        self.calls.setdefault(name, 0)

        def wrapped(*arguments):
            self.calls[name] += 1
            count = self.calls[name]
            due = name == self.name and (count >= self.k if self.on else count == self.k)
            return self.act(function, *arguments) if due else function(*arguments)

        return wrapped


def calls(scene):
    """How often the scene calls each callable."""
    hand = Hand()
    SCENES[scene](hand)
    return hand.calls


def bits(found):
    """Everything that must not differ by a bit; seconds do."""
    if isinstance(found, sm.MinimaxResult):
        trace = [{k: v for k, v in row.items() if k != "seconds"} for row in found.trace]
        kept = {k: v for k, v in found.items() if k not in ("trace", "certificate")}
        return repr((kept, trace, found.certificate))
    if isinstance(found, sm.Path):
        return repr([found.records, [bits(r) for r in found.results]])
    return repr(found)
