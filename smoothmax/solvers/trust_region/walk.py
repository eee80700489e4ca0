"""Where the method stands: the site, the box Δ·unit, the weights that B is taken with, and the units of it all."""

import numpy as np

from ..._typing import Array
from ...certificate import Certificate, prove
from ...components import Components
from ...problem import Minimax
from ...upper import FEASIBLE
from ..base import State, Step, Task
from ..judge import LOCAL_RESIDUAL
from ..status import Status
from .curvature import Secants, convexified
from .equations import SHOWS, solve_active
from .merit import Merit, Values
from .model import Model, Move, Rows
from .site import Site

SLIGHT = 1e-3  # of the natural length of a variable: what x0 must be for its own size to count
SMALL = 1e-2  # of the values: their spread at the start counts for no less
SHARP = 1e-3  # of the tolerance for the value: how far the last steps go, which converge fast
FAINT, FAINTEST = 0.1, 1e-3  # of atol and of the tolerance: differences that count as rounding
IDLE = 4  # steps without progress in value or residual, at the end of the numbers
CRAWLS = 0.01  # relative gain of a step that is not worth it for affine components
SLOW = 0.2  # what such a step counts before that end
PROBES = 3 * (1e-3, 1.0)  # of the start, or of 1 where that is 0: how far to look around where there is no slope
AGAIN = 2  # smaller boxes, where the model has no answer in the present one
CHEAP = 1e-7  # of the values: slopes over the size of x that may be rounding where derivatives are cheap
RESTART = 1e-3  # the least box after a change of derivatives
EPS = float(np.finfo(float).eps)


class Walk:
    """The state of one solve."""

    def __init__(self, problem: Minimax, task: Task) -> None:
        self.problem, self.task = problem, task
        self.linear = problem.domain.linear()  # type: ignore[attr-defined]
        self.components: Components = problem.components.cheaper()
        self.site = self.look(task.first.x)
        if self.sharp:
            self.site = Site(task.first, self.site.held)
        self.delta, self.residual, self.idle, self.lowest = 1.0, np.inf, 0.0, (np.inf, np.inf)
        self.why: Status | None = None
        self.good: Step | None = None  # the best that solves the problem to what was asked for
        self.begin()

    def begin(self) -> None:
        """Units and first weights (softmax of f at a tenth of its spread), from the numbers at the site."""
        site, d = self.site, self.problem.d
        J, f = (site.J, site.values.f) if site.finite else (np.zeros((1, d)), np.zeros(1))
        self.unit = natural(J, f, site.x)
        self.steep, self.first = np.abs(J), f  # slopes and values where the walk began
        self.merit = Merit.at(site.rows if site.finite else Rows.none(d), self.unit)
        self.secants = Secants(self.unit)
        p = np.exp((f - f.max()) / (0.1 * float(np.ptp(f)) or 1.0))
        self.weights = np.concatenate([p / p.sum(), np.zeros(self.merit.unit_h.size + self.merit.unit_e.size)])

    @property
    def sharp(self) -> bool:
        """The derivatives are the best there are."""
        return self.components is self.problem.components

    @property
    def atol(self) -> float:
        """What the gap may be where the optimum is 0, and relative digits have no end."""
        return self.task.goal(np.zeros(1))

    @property
    def faint(self) -> float:
        """Differences of f that count as rounding: nobody knows what a function cancels inside."""
        return FAINT * self.atol + FAINTEST * self.task.goal(self.site.values.f)

    @property
    def box(self) -> Array:
        """The largest step of each variable."""
        return self.delta * self.unit

    def look(self, x: Array) -> Site:
        """The site at x, moved into X where rounding has left it."""
        x = self.problem.placed(np.clip(x, self.linear.lb, self.linear.ub))
        return Site.at(x, self.components, self.problem.constraints, self.task.meter)

    def outside(self) -> bool:
        """The nonlinear constraints are violated."""
        return self.site.finite and self.site.seen.excess > FEASIBLE

    def nowhere(self) -> bool:
        """No slope at all at the start, and the same values around it; where one is lower, the walk begins there.

        Where functions are convex by the user's word, a zero slope is a minimum, and nothing is asked.
        """
        site = self.site
        size = np.where(site.x != 0, np.abs(site.x), 1.0)
        if self.problem.convex or not site.finite or not np.any(self.linear.lb < self.linear.ub):
            return False
        noise = 0.0 if self.sharp else CHEAP * float(np.abs(site.lin.f).max())
        if float((np.abs(site.slopes) * size).max()) > noise:
            return False
        rng = np.random.default_rng(0)
        around = [self.look(site.x + r * size * rng.uniform(-1, 1, size.size)) for r in PROBES]
        if all(np.array_equal(at.lin.f, site.lin.f) for at in around):
            return True
        self.site = min([site, *around], key=lambda at: float(np.nan_to_num(at.lin.f, nan=np.inf).max()))
        self.begin()
        return False

    def propose(self) -> Move | None:
        """The step of the model in the present box; None where the numbers give none."""
        if not self.site.finite:
            return None
        B, site = self.curvature, self.site
        model = Model(site.x, site.values.f, site.J, convexified(B, self.unit), site.rows, self.linear)
        move = model.minimize(self.box)
        for _ in range(AGAIN):
            if move is None:  # what the numbers do not allow in this box
                self.delta *= RESTART
                move = model.minimize(self.box)
        if move is not None and model.B is not B:
            move = solve_active(model, B, move, self.box) or move
        if move is not None:
            self.weights = np.concatenate([move.p, move.lam, move.nu])
        return move

    def step(self, move: Move | None, last: bool = False) -> Step:
        """Where the walk stands, with what the weights of the model prove there: a proof is shown once it is sharp."""
        if move is None:
            return Step(State(self.site.seen, np.inf), ending=self.why)
        state, certificate = State(self.site.seen, max(self.promise(move), 0.0)), self._prove(move)
        self.residual = certificate.residual
        if not self.sharp:
            return Step(state)
        step = Step(state, certificate, ending=self.why)
        if self._solved(certificate) and (self.good is None or self.site.seen.upper <= self.good.state.point.upper):
            self.good = step
        if last or self._enough(certificate):
            return step
        return Step(state, later=lambda: certificate)

    def _solved(self, certificate: Certificate) -> bool:
        """What was asked for is there; more digits may come."""
        if certificate.kind != "local":
            return certificate.gap <= self.task.goal(self.site.values.f)
        small = certificate.residual <= max(LOCAL_RESIDUAL, self.task.tol)
        return small and certificate.parts[0] <= self.task.goal(self.site.values.f)

    def sharpen(self) -> bool:
        """From cheap derivatives to the best ones at the same point; False where they were the best."""
        if self.sharp:
            return False
        blind = not self.site.finite
        self.components, self.idle, self.lowest = self.problem.components, 0.0, (np.inf, np.inf)
        self.site, self.delta = self.look(self.site.x), max(self.delta, RESTART)
        if self.site.finite and blind:
            self.begin()
        elif self.site.finite:  # slopes that cheap differences did not see
            self.steep = np.maximum(self.steep, np.abs(self.site.J))
        return True

    def promise(self, move: Move) -> float:
        """The decrease of max f that the model predicts."""
        f = self.site.values.f
        return float(f.max() - np.max(f + self.site.J @ move.s)) - move.bend(move.s)

    def model_of(self, s: Array) -> Values:
        """What the linear model says of x + s."""
        return Values(self.site.values.f + self.site.J @ s, *self.site.rows.after(s))

    def bends(self, move: Move, s: Array) -> Values:
        """What the active components and constraints are known to bend along s, ½ sᵀB_i s; 0 for the others."""
        sizes = [part.size for part in self.site.values]
        shown = (move.p > SHOWS * move.p.max(), move.lam > SHOWS * move.lam.max(initial=0.0), move.nu != 0)
        active = np.flatnonzero(np.concatenate(shown))
        bent = np.zeros(sum(sizes))
        bent[active] = self.secants.bends(active, s)
        return Values(*np.split(bent, np.cumsum(sizes)[:-1]))

    def tired(self, move: Move) -> bool:
        """Neither the value nor the residual has fallen for some steps, and the model promises nothing but rounding."""
        site, merit = self.site, self.merit
        top, violated = float(site.values.f.max()), merit.sigma * merit.violation(site.values)
        closer = violated - merit.sigma * merit.violation(self.model_of(move.s))
        now = (top + violated, self.residual)
        worth = CRAWLS if self.problem.affine else 4 * EPS  # where the model is exact, one step should have done it all
        if now[0] < self.lowest[0] - worth * abs(top) or now[1] < 0.5 * self.lowest[1]:
            self.idle = 0.0
        elif abs(self.promise(move)) + abs(closer) <= 100 * EPS * abs(top) + self.faint:
            self.idle += 1
        else:
            self.idle += SLOW
        self.lowest = (min(now[0], self.lowest[0]), min(now[1], self.lowest[1]))
        return self.idle > IDLE

    @property
    def curvature(self) -> Array:
        """B at the site for the weights of the last model, given or learned."""
        n, held = self.components.n, self.site.held
        if not self.components.exact_hess or (held is not None and not held.constraints.map.exact_hess):
            return self.secants.matrix(self.weights)
        own = [self.components.hess(self.site.x, self.weights[:n])]
        if held is not None:
            own.append(held.constraints.map.hess(self.site.x, self.site.folded(self.weights[n:])))
        B = sum((H for H in own if H is not None), np.zeros((self.unit.size, self.unit.size)))
        return np.asarray(B) if np.isfinite(B).all() else self.secants.matrix(self.weights)

    def _prove(self, move: Move) -> Certificate:
        site = self.site
        return prove(self.problem, site.lin, move.p, site.multipliers(move), self._large(move.p))

    def _large(self, p: Array) -> Array:
        """Slopes that gain as much as the tolerance allows over the length of their variable, in its units: the length
        that the components with weight have given it, for others may change over a shorter one."""
        asked = self.task.goal(self.site.values.f) / max(self.task.tol, LOCAL_RESIDUAL)
        unit = natural(self.steep[p > SHOWS * p.max()], self.first, self.site.x)
        return asked / np.maximum(unit, np.abs(self.site.x))

    def _enough(self, certificate: Certificate) -> bool:
        """All digits are there: the last steps converge fast, and are worth more than they cost."""
        f = self.site.values.f
        gap = certificate.parts[0] if certificate.kind == "local" else certificate.gap
        return gap <= max(SHARP * self.task.goal(f.max(keepdims=True)), 64 * EPS * float(np.abs(f).max()), self.atol)


def natural(J: Array, f: Array, x: Array) -> Array:
    """The length of each variable: its own size, where it is not slight beside what would change f by its spread."""
    size = np.abs(J).max(axis=0)
    spread = max(float(np.ptp(f)), SMALL * float(np.abs(f).max())) or 1.0
    reach = np.where(size > 0, spread / np.where(size > 0, size, 1.0), 0.0)
    unit = np.where(x != 0, np.maximum(np.abs(x), SLIGHT * reach), reach)
    known = unit[unit > 0]
    return np.where(unit > 0, unit, float(known.mean()) if known.size else 1.0)
