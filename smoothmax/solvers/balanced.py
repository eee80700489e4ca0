"""A bound where the domain is open and d too large to factorize: averaged weights, balanced by conjugate gradients.

    min max f ≥ ⟨q, f(x)⟩  with  Jᵀq = 0 in the open coordinates,   q near the average p̄ of a first-order method

What p̄ lacks of Jᵀp̄ = 0 falls like 1/k² along an accelerated method, so that q is near; what ⟨p̄, f⟩ promises is known
before anything is spent on it.
"""

import math

from .._typing import Array
from ..certificate import Certificate, prove
from ..domains import Box
from ..problem import Minimax
from ..repairs import FACTORIZE
from ..surrogate import Point
from .base import State
from .sparse.balance import Balance, balance
from .sparse.face import Face
from .sparse.gathered import Gathered

SPARSE = 300  # variables up to which a normal matrix is factorized though the rows are sparse
HELD = 1e-7  # rows with less weight than this share of the largest take no part
WARM = 1 / 32  # of the first τ: above it a bound would not last
PRODUCTS = 5000  # at most, for one proof
SHARE = 1.0  # all proofs together cost at most this share of the other passes
FIRST = 3.0  # the same before there is a bound at all
WORTH = 0.1  # of what is missing that a proof must promise
MIXED = 0.1  # of the last weights that proved a bound: rows that would vanish stay
CLOSE = 1e-2  # residual from which a balance is worth going on with
SPARE = 0.01  # share of τ that coordinates between two bounds may cost


class Balancer:
    """The bounds so far, and what proofs have cost; `tau` is the first temperature, inf where one τ is to be solved."""

    def __init__(self, problem: Minimax, tau: float) -> None:
        self.problem, self.warm = problem, WARM * tau
        self.low, self.high, self.spent = -math.inf, math.inf, 0.0
        self.weights: Array | None = None  # the last that proved a bound
        self.pending: Array | None = None  # nearly balanced when the passes ran out

    def takes(self, state: State[Point]) -> bool:
        """Balancing is the way here: averaged weights, an open box, and too many variables for `repair`."""
        problem, domain = self.problem, self.problem.domain
        if state.average is None or not problem.components.rows or not isinstance(domain, Box) or domain.bounded:
            return False
        return problem.affine and problem.d > (SPARSE if problem.components.sparse else FACTORIZE)

    def certificate(self, state: State[Point]) -> Certificate:
        """The best of what balanced weights prove; without a lower bound where they promise too little or fail."""
        lin, p = state.point.lin, state.average
        assert p is not None
        if self.weights is not None:
            p = (1 - MIXED) * p + MIXED * self.weights
        self.high = min(self.high, state.point.upper)
        best = prove(self.problem, lin, None)
        for start in () if state.point.tau > self.warm else (self.pending, p):
            if start is not None and self._worth(start, lin.f):
                found = self._balance(start, state)
                c = prove(self.problem, lin, found.weights)
                self.pending = None if start is not p else found.reached if found.residual < CLOSE else None
                if c.lower > self.low:
                    self.low, self.weights, best = c.lower, found.weights, c
        if math.isinf(self.warm) and self.weights is not None and math.isinf(best.lower):
            return prove(self.problem, lin, self.weights)  # F_τ may have come down to what they prove
        return best

    def _worth(self, p: Array, f: Array) -> bool:
        missing = self.high - self.low
        if math.isinf(self.warm):  # of a given τ the smoothed gap counts, which these bounds do not show
            return True
        return not math.isfinite(missing) or float(p @ f) - self.low >= WORTH * missing

    def _balance(self, p: Array, state: State[Point]) -> Balance:
        """As far as the passes allow."""
        lin, domain = state.point.lin, self.problem.domain
        assert isinstance(domain, Box)
        rows, before = Gathered(lin, p, HELD), lin.meter.npass
        share = SHARE if math.isfinite(self.low) else FIRST
        allowed = share * (before - self.spent) - self.spent
        limit = min(PRODUCTS, int(allowed * rows.n / (2 * rows.size)))
        width, side = domain.ub - domain.lb, Face(domain, lin.x).side
        found = balance(rows, p, width, side, SPARE * state.point.tau, max(limit, 0))
        self.spent += lin.meter.npass - before
        return found
