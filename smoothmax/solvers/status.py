"""How a solve can end, in sentences that name the remedy."""

from enum import IntEnum


class Status(IntEnum):
    """The `status` of a result; 0 alone is success."""

    PROVEN = 0  #: The gap is within the tolerance; of a nonconvex problem: x is a first-order point.
    PASSES = 1  #: `max_passes` ran out.
    TIME = 2  #: `time_limit` was reached.
    UNBOUNDED = 3  #: All components fall along a ray that stays in X.
    NOT_FINITE = 4  #: A component is nan or infinite where the solve began or went.
    STALLED = 5  #: Floating point allows no further progress.
    CALLBACK = 6  #: The callback raised StopIteration.
    INTERRUPTED = 7  #: Ctrl-C.
    MEMORY = 8  #: Memory ran out; the best point and its bounds are kept.
    CONTRADICTED = 9  #: The lower bound came out above the upper one: a wrong `lmo`, or functions not convex as said.
    FLAT = 10  #: No slope at the start, and the same values around it.
    INFEASIBLE = 11  #: Nonlinear constraints could not be met.


class Exhausted(Exception):
    """Nothing more can be had: the budget is spent, say. Raised inside an evaluation and caught by the loop."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


SENTENCES = {
    Status.PROVEN: "The gap is proven to be within the tolerance.",
    Status.PASSES: "The budget of {max_passes:g} passes ran out before the gap closed; increase it or loosen tol.",
    Status.TIME: "The time limit of {time_limit:g} s was reached before the gap closed; increase it or loosen tol.",
    Status.UNBOUNDED: "The problem is unbounded: all components fall along a ray that stays in the domain; bound the "
    "domain or add components.",
    Status.NOT_FINITE: "A component, a derivative or a projection is nan or infinite at or near the best point, so "
    "no step is possible; restrict the domain to where the functions are finite.",
    Status.STALLED: "No further progress was possible before the gap closed; a bound that is given is proven. "
    "Loosen tol, or scale and centre the data.",
    Status.CALLBACK: "The callback stopped the solve before the gap closed.",
    Status.INTERRUPTED: "The solve was interrupted before the gap closed.",
    Status.MEMORY: "Memory ran out before the gap closed; memory-map A, or choose a method that makes no d × d matrix "
    "(accelerated).",
    Status.CONTRADICTED: "The lower bound came out above the upper one, so what was taken on trust is false: the "
    "domain's lmo does not minimize, its points are not in X, or functions called convex are not.",
    Status.FLAT: "The components do not change around the start: no slope, and the same values at points nearby, so no "
    "progress is possible from here; begin elsewhere, or smooth functions that are piecewise constant.",
    Status.INFEASIBLE: "The nonlinear constraints could not be met: the point is the least violation found nearby, and "
    "no step reduces it; begin elsewhere, or loosen the constraints.",
}
LOCAL = (
    "A first-order stationary point of a problem that is not known to be convex: a candidate for a local minimax, with "
    "no lower bound."
)
KINKS = (
    " Functions with a kink inside (split |·|, or use absolute=), with noise or with a wrong derivative "
    '(check="full") end so too.'
)
RULES = (
    " Nothing is known of nonlinear constraints, so nothing is proven beside them; a convex set that has a name (a "
    "Ball, say) is better stated as bounds."
)
SMOOTHED = "The smoothed optimum at the given tau is proven to be within the tolerance."
