"""What a user has written may fail at any call, in any way: it raises, returns nan, the wrong shape or nothing, writes
into its argument or its answer, takes its time, or solves a problem of its own."""

import array
import math
import time

import numpy as np
import pytest

import smoothmax as sm
from smoothmax.solvers import Status
from smoothmax.solvers.loop import Budget

from ..effort import cases
from .scenes import OPTIMUM, SCENES, SOLVES, START, Hand, bits, calls, fun, jac

KNOWN = {int(status) for status in Status}
ASKED = {scene: {name: count for name, count in calls(scene).items() if count} for scene in SCENES}
ALL = [(scene, name) for scene, asked in ASKED.items() for name in asked]
PAIRS = ALL[:: cases(17, 1)]  # all of them on a night
SOLVING = [(scene, name) for scene, name in PAIRS if scene in SOLVES and name != "callback"]
COMPUTING = [(scene, name) for scene, name in SOLVING if name != "contains"]


def places(count, few, many=40):
    """Calls at which a fault is tried: the first ones, the last, and some between; on a night (nearly) all."""
    most = min(cases(few, many), count)
    return sorted({1, count, *np.unique(np.geomspace(1, count, most).astype(int))})


def faulty(scene, name, k, act, **more):
    """The scene with one fault, and its hand."""
    hand = Hand(name, k, act, **more)
    return SCENES[scene](hand), hand


def at_the_door(scene, name):
    """The first calls of project, or of lmo where there is no other verb, are made before there is a problem."""
    return {"project": 1, "lmo": 0 if "project" in ASKED[scene] else 3}.get(name, 0)


class Mine(Exception):
    """A user's own."""


# ------------------------------------------------------------------------------------------------------- they raise


@pytest.mark.parametrize(("scene", "name"), PAIRS)
def test_an_exception_comes_through_as_it_is_from_every_call(scene, name):
    for k in places(ASKED[scene][name], 6):
        for error in (Mine("from inside"), np.linalg.LinAlgError("singular"), ZeroDivisionError(), TimeoutError()):

            def fail(function, *arguments, error=error):
                raise error

            with pytest.raises(type(error)) as caught:
                faulty(scene, name, k, fail)
            assert caught.value is error, f"call {k} of {name} in {scene!r}"


@pytest.mark.parametrize(("scene", "name"), [pair for pair in PAIRS if pair[1] != "callback"])
def test_stopiteration_is_an_error_and_no_silent_end(scene, name):
    def stop(function, *arguments):
        raise StopIteration("mine")

    for k in places(ASKED[scene][name], 3):
        with pytest.raises(RuntimeError, match="StopIteration") as caught:
            faulty(scene, name, k, stop)
        told = caught.value
        while told is not None and not isinstance(told, StopIteration):
            told = told.__cause__
        assert str(told) == "mine", f"call {k} of {name} in {scene!r}"


@pytest.mark.parametrize("scene", list(SOLVES)[:: cases(4, 1)])
def test_the_next_solve_is_none_the_wiser(scene):
    """What an exception leaves behind changes no bit of a solve that follows."""
    before = bits(SCENES[scene](Hand()))
    for name, count in ASKED[scene].items():

        def fail(function, *arguments):
            raise Mine

        with pytest.raises(Mine):
            faulty(scene, name, (count + 1) // 2, fail)
    assert bits(SCENES[scene](Hand())) == before


# ------------------------------------------------------------------------------------------- they return no numbers


def wrong_numbers(value):
    """The function's own answer with one entry, or all of them, replaced."""

    def act(function, *arguments):
        answer = np.array(function(*arguments)) * 1.0
        answer.flat[0] = value
        return answer

    return act


def assert_honest(r, told, said=True):
    """A best point with its true value, bounds that hold, and no success that is none; of a value that is larger than
    what the function said (a −∞ among others is no trouble for a maximum) nothing is known."""
    assert int(r.status) in KNOWN, told
    assert np.isfinite(r.x).all(), told
    true = fun(r.x).max()
    assert r.fun == pytest.approx(true, rel=1e-12) or not (said and math.isfinite(r.fun)), f"{told}: {r.fun}, {true}"
    assert r.lower_bound <= OPTIMUM * (1 + 1e-12), f"{told}: bound {r.lower_bound} above the optimum"
    assert not said or r.upper_bound >= OPTIMUM * (1 - 1e-12), told
    assert not math.isnan(r.gap), told
    assert r.success == (r.status == 0), told
    assert r.nfev >= 1, told
    assert r.fun <= fun(START).max() * (1 + 1e-12) or not math.isfinite(r.fun), f"{told}: worse than the start"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(("scene", "name"), COMPUTING)
def test_numbers_that_are_none_are_never_believed(scene, name, value):
    """Once, or from some call on: an honest status, the best point, no false success and no exception."""
    for k in places(ASKED[scene][name], 4):
        for on in (False, True):
            told = f"{value} at call {k} of {name} in {scene!r}{' and later' if on else ''}"
            if k <= at_the_door(scene, name):  # there a domain must have answers
                with pytest.raises(ValueError, match="finite"):
                    faulty(scene, name, k, wrong_numbers(value), from_then_on=on)
                continue
            r, _ = faulty(scene, name, k, wrong_numbers(value), from_then_on=on)
            assert_honest(r, told, said=name != "fun" or value != -math.inf)
            if r.success and math.isnan(r.tau) and math.isfinite(r.lower_bound):
                assert r.fun - OPTIMUM <= r.threshold, told


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize(("scene", "name"), [pair for pair in PAIRS if pair[0] not in SOLVES and pair[1] != "callback"])
def test_numbers_that_are_none_reach_no_other_door(scene, name, value):
    for k in places(ASKED[scene][name], 6):
        if k <= at_the_door(scene, name):
            with pytest.raises(ValueError, match="finite"):
                faulty(scene, name, k, wrong_numbers(value), from_then_on=True)
            continue
        found, _ = faulty(scene, name, k, wrong_numbers(value), from_then_on=True)
        if isinstance(found, sm.Certificate):
            assert found.lower <= OPTIMUM, f"call {k}"
            assert found.upper >= OPTIMUM, f"call {k}"
        elif isinstance(found, sm.Path):
            assert found.lower_bound <= OPTIMUM, f"call {k}"
            assert all(np.isfinite(r.x).all() for r in found.results), f"call {k}"


@pytest.mark.parametrize("scene", [scene for scene, asked in ASKED.items() if "contains" in asked and scene in SOLVES])
def test_a_domain_that_denies_its_own_points_is_told(scene):
    for k in places(ASKED[scene]["contains"], 5):
        for on in (False, True):
            told = f"call {k} of contains in {scene!r}{' and later' if on else ''}"
            try:
                r, _ = faulty(scene, "contains", k, lambda function, *arguments: False, from_then_on=on)
            except ValueError as refused:  # while the start is moved into X
                if "Disc.contains denies" not in str(refused):
                    raise
                assert k <= 2, told
                continue
            assert_honest(r, told)
            assert not (r.success and on and k == 1), told


# --------------------------------------------------------------------------------------- they return something else

WRONG = {
    "fun": [np.zeros(2), np.zeros((3, 1)), np.zeros(0), np.zeros(3, complex), None, "text", [[1.0], [2.0, 3.0]]],
    "jac": [np.zeros((2, 3)), np.zeros(7), np.zeros((3, 2), complex), None, "text"],
    "hess": [np.zeros((3, 3)), np.zeros(2), np.zeros((2, 2), complex), None],
    "project": [np.zeros(3), np.zeros((2, 1)), np.zeros(2, complex), None],
    "contains": [np.array([True, False]), None, "yes", 1.0],
    "lmo": [np.zeros(1), np.zeros((1, 2)), np.zeros(2, complex), None],
    "constraint": [np.zeros(2), np.zeros((1, 1)), np.zeros(1, complex), None],
    "constraint's jac": [np.zeros((2, 2)), np.zeros((1, 2), complex), None],
}
NAMED = {"fun": "fun", "jac": "jac", "hess": "hess", "project": "project", "lmo": "lmo", "contains": "contains"}


@pytest.mark.parametrize(("scene", "name"), [pair for pair in PAIRS if pair[1] in WRONG])
def test_a_wrong_shape_or_type_is_named_at_whatever_call(scene, name):
    for k in places(ASKED[scene][name], 3):
        for wrong in WRONG[name]:
            if "complex" in scene and isinstance(wrong, np.ndarray) and np.iscomplexobj(wrong) and k > 1:
                continue  # that is what is asked for
            with pytest.raises((TypeError, ValueError)) as caught:
                faulty(scene, name, k, lambda function, *arguments, wrong=wrong: wrong)
            said = f"call {k} of {name} in {scene!r} returned {wrong!r}: {caught.value}"
            first = name == "fun" and k <= 3 and isinstance(wrong, np.ndarray)  # the later ones are what does not fit
            assert first or NAMED.get(name, "") in str(caught.value), said
            assert "must" in str(caught.value) or "needs a fun" in str(caught.value), said


# ------------------------------------------------------------------------- they write where they should not, or late


def spoils_arguments(function, *arguments):
    """The answer, and then nan into everything that was handed over."""
    answer = function(*arguments)
    for one in arguments:
        held = one.values() if isinstance(one, dict) else [one]
        for part in held:
            if isinstance(part, np.ndarray):
                part[...] = np.nan
    if isinstance(arguments[0], dict):
        arguments[0].clear()
    return answer


class Buffers:
    """Returns one buffer for all calls, overwritten at each, and again before the next function is called."""

    def __init__(self):
        self.held = {}

    def __call__(self, function, *arguments):
        for buffer in self.held.values():
            buffer[...] = np.nan
        answer = function(*arguments)
        if answer is None or isinstance(answer, bool | np.bool_):
            return answer
        answer = np.asarray(answer)
        buffer = self.held.setdefault((id(function), answer.dtype), np.empty_like(answer))
        buffer[...] = answer
        return buffer


@pytest.mark.parametrize(("scene", "name"), PAIRS)
def test_an_argument_that_is_written_into_changes_nothing(scene, name):
    clean = bits(SCENES[scene](Hand()))
    found, _ = faulty(scene, name, 1, spoils_arguments, from_then_on=True)
    assert bits(found) == clean


@pytest.mark.parametrize("scene", [scene for scene in SCENES if "threads" not in scene][:: cases(3, 1)])
def test_an_answer_that_is_overwritten_later_changes_nothing(scene):
    """Everything the scene calls returns the same buffers again and again."""
    clean, buffers = bits(SCENES[scene](Hand())), Buffers()
    found = SCENES[scene](lambda name, function: lambda *arguments: buffers(function, *arguments))
    assert bits(found) == clean


class Told:
    """What other libraries hand out: an array only where it is asked for one, and then their own memory."""

    def __init__(self, held):
        self.held = held

    def __array__(self, dtype=None, copy=None):
        return self.held.copy() if copy else self.held


@pytest.mark.parametrize("form", [array.array, memoryview, Told])
def test_buffers_that_are_no_arrays_are_copied_too(form):
    held = array.array("d", np.zeros(3)) if form is array.array else np.zeros(3)
    given = held if form is array.array else form(held)

    def fun(x):
        held[0], held[1] = (x[0] - 1) ** 2 + x[1] ** 2, (x[0] + 1) ** 2 + x[1] ** 2
        held[2] = x[0] + (x[1] - 2) ** 2
        return given

    r = sm.minimax(fun, [3.0, -2.0], convex=True)
    assert r.success
    assert r.fun == pytest.approx(1.5625, rel=1e-7)


def test_an_overwritten_start_and_arguments_change_nothing():
    """x0, args and bounds belong to the caller, who may write into them during the solve."""
    start, low = START.copy(), np.full(2, -4.0)

    def spoiling(x):
        start[:] = low[:] = np.nan
        return fun(x)

    clean = sm.minimax(fun, START, bounds=(sm.Box(np.full(2, -4.0), np.full(2, 4.0))), convex=True)
    found = sm.minimax(spoiling, start, bounds=sm.Box(low, np.full(2, 4.0)), convex=True)
    assert bits(found) == bits(clean)


# --------------------------------------------------------------------------------------------------- they take long


@pytest.fixture
def budgets(monkeypatch):
    """The budgets of the solves, which know when they began."""
    made = []

    class Kept(Budget):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr("smoothmax.front.Budget", Kept)
    return made


SLOW = [pair for pair in ALL if pair[0] in SOLVES and ASKED[pair[0]][pair[1]] > 4]


@pytest.mark.parametrize(("scene", "name"), SLOW[:: cases(16, 1)])
def test_a_slow_call_is_late_by_itself_alone(scene, name, budgets):
    """At most one call begins after the limit."""
    pause, limit, begun = 0.01, 0.035, []

    def slow(function, *arguments):
        begun.append(time.perf_counter())
        time.sleep(pause)
        return function(*arguments)

    hand = Hand(name, 1, slow, from_then_on=True)
    r = SOLVES[scene](hand, time_limit=limit)
    late = sum(t > budgets[0].begun + limit + 2e-3 for t in begun)
    assert late <= (2 if "threads" in scene else 1), f"{late} of {len(begun)} calls were begun after {limit} s"
    assert_honest(r, scene)
    assert r.success or r.status in (Status.TIME, Status.PASSES), r.message


# ------------------------------------------------------------------------------------------ they solve, while we do


@pytest.mark.parametrize(("scene", "name"), PAIRS)
def test_a_function_may_solve_a_problem_of_its_own(scene, name):
    """In the middle of a call another solve begins and ends: by a method that takes long, another, or the same."""
    clean = bits(SCENES[scene](Hand()))
    inner = {name: bits(SOLVES[name](Hand())) for name in ("newton", "minimax by complex steps")}

    def solves(function, *arguments):
        for known, expected in inner.items():
            assert bits(SOLVES[known](Hand())) == expected
        with pytest.raises(Mine):
            faulty("newton", "fun", 3, raises)
        assert SOLVES["newton"](Hand(), time_limit=0.0).status == Status.TIME
        return function(*arguments)

    for k in places(ASKED[scene][name], 2, 12):
        found, _ = faulty(scene, name, k, solves)
        assert bits(found) == clean, f"call {k} of {name} in {scene!r}"


def raises(function, *arguments):
    raise Mine


def test_an_outer_limit_waits_for_an_inner_solve_and_no_longer():
    """The clock of a solve is its own: an inner one has none of the outer's, and the outer looks again after it."""
    counts = []

    def nested(function, *arguments):
        counts.append(SOLVES["newton"](Hand()).status)
        time.sleep(0.03)
        return function(*arguments)

    r = SOLVES["lbfgs"](Hand("fun", 4, nested, from_then_on=True), time_limit=0.05)
    assert r.status == Status.TIME
    assert counts
    assert not any(counts)
    assert len(counts) <= 4


def test_one_family_in_a_solve_within_its_own_solve():
    """The same Smooth, asked by a solve inside one of its own calls: both as if alone, with counts of their own."""
    made = [0]

    def counting(x):
        made[0] += 1
        if made[0] == 5:
            inner.append(sm.solve(problem, START, method="newton", tol=1e-6))
        return fun(x)

    inner = []
    problem = sm.Minimax(sm.Smooth(counting, jac, d=2, n=3, convex=True))
    outer = sm.solve(problem, START, method="newton", tol=1e-6)
    alone = sm.solve(sm.Minimax(sm.Smooth(fun, jac, d=2, n=3, convex=True)), START, method="newton", tol=1e-6)
    assert outer.x.tobytes() == inner[0].x.tobytes() == alone.x.tobytes()
    assert outer.nfev + inner[0].nfev == made[0]
