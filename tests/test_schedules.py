"""Temperature schedules: what they say at stage k, where they end, and what they refuse."""

import itertools
import math

import pytest

from smoothmax.schedules import Constant, Geometric, first, for_tolerance
from tests.laws import assert_refuses


def test_constant_is_constant():
    assert {Constant(0.25).at(k) for k in range(9)} == {0.25}


@pytest.mark.parametrize(
    ("start", "stop", "factor"), [(1.0, 1e-3, 4.0), (7.0, 7.0, 2.0), (1e8, 1e-8, 10.0), (1.0, 0.3, 1.5)]
)
def test_geometric_falls_by_its_factor_and_ends_exactly_at_stop(start, stop, factor):
    taus = list(Geometric(start, stop, factor))
    assert taus[0] == start
    assert taus[-1] == stop
    assert all(a > b for a, b in itertools.pairwise(taus))
    for a, b in itertools.pairwise(taus[:-1]):  # the last step may be shorter
        assert a / b == pytest.approx(factor, rel=1e-12)
    assert taus[-2:-1] == [] or taus[-2] <= factor * stop * (1 + 1e-9)
    assert [Geometric(start, stop, factor).at(k) for k in range(len(taus) - 1)] == taus[:-1]


def test_geometric_stays_at_stop():
    schedule = Geometric(1.0, 0.1)
    assert schedule.at(0) == 1.0
    assert schedule.at(2) == schedule.at(50) == schedule.at(500) == 0.1


def test_geometric_reaches_the_smallest_float_and_a_stop_above_the_start():
    taus = list(Geometric(1.0, 5e-324))
    assert taus[-1] == 5e-324
    assert len(taus) == 538  # 4^-537 = 2^-1074 is the last
    assert list(Geometric(1.0, 8.0)) == [8.0]


@pytest.mark.parametrize(("eps", "n"), [(1e-3, 10), (1e-9, 2), (5.0, 100), (1e-6, 10**6)])
def test_for_tolerance_ends_where_the_worst_case_is_eps(eps, n):
    schedule = for_tolerance(eps, n, 1.0)
    last = list(schedule)[-1]
    assert last * math.log(n) == pytest.approx(eps, rel=1e-12)
    assert schedule.start >= schedule.stop


def test_for_tolerance_of_one_component_is_finite():
    assert list(for_tolerance(0.1, 1, 1.0))[-1] == pytest.approx(0.1 / math.log(2))


@pytest.mark.parametrize(
    ("size", "tau"), [(2.5, 2.5), (0.0, 5e-324), (-1.0, 5e-324), (math.inf, 1e300), (math.nan, 1.0), (5e-324, 5e-324)]
)
def test_a_first_temperature_is_a_float_whatever_the_size_is(size, tau):
    assert first(size) == tau


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: Constant(0.0), ValueError, ("tau", "0.0", "> 0")),
        (lambda: Constant(math.nan), ValueError, ("tau", "nan", "finite")),
        (lambda: Constant("warm"), TypeError, ("tau", "warm", "number")),
        (lambda: Geometric(-1.0, 0.1), ValueError, ("start", "-1.0", "> 0")),
        (lambda: Geometric(1.0, 0.0), ValueError, ("stop", "0.0", "> 0")),
        (lambda: Geometric(1.0, math.inf), ValueError, ("stop", "inf", "finite")),
        (lambda: Geometric(1.0, 0.1, 1.0), ValueError, ("factor", "1.0", "> 1")),
        (lambda: Geometric(1.0, 0.1, None), TypeError, ("factor", "None", "number")),
        (lambda: for_tolerance(0.0, 3, 1.0), ValueError, ("eps", "0.0", "> 0")),
    ],
)
def test_refusals_name_the_argument_its_value_and_the_remedy(call, error, words):
    assert_refuses(error, words, call)
