"""From one surrogate to an answer: stages of falling τ, warm-started, with the weights of one as the prior of the next.

    x_k ≈ argmin over X of τ_k·log Σ w_i exp(f_i/τ_k),      w ← p(x_k) (repaired, floored),      τ_{k+1} ≥ τ_k/4

This is the proximal point method with KL on the dual (the exponential method of multipliers; R. Polyak 1988, Tseng and
Bertsekas 1993): it converges to the exact minimax while τ stays as large as a tenth of the proven gap.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from .. import schedules
from .._typing import Array
from ..certificate import Certificate, Multipliers, prove
from ..components import Linearization, Meter, Weights
from ..problem import Minimax
from ..regularizers import Regularizer, shannon
from ..repairs import damped, sparse_weights
from ..repairs.spectral import rebalanced
from ..surrogate import Point, Smoothed
from .balanced import Balancer
from .base import Method, State, Step

FLOOR = 1e-6  # least prior relative to the largest: a row dropped by mistake must be able to come back
HIGH = 0.01  # the same after a stage that was minimized roughly: so max f lies only a few τ above F_τ
ROUGH = 0.1  # decrement, relative to τ, at which a warmer temperature has done its part
WARM_STATES = 10
LOST = 1e-6  # share of the first τ below which stages count as failures when they prove no bound
FAILURES = 6  # stages in a row that close no bound, after which nothing more can be had


def proof(problem: Minimax, state: State[Point], balancer: Balancer | None = None) -> Certificate:
    """The best certificate to be had at a state: from p itself where that is enough, else from repaired weights."""
    lin, p, m = state.point.lin, state.point.weights, state.multipliers
    if not np.isfinite(state.point.fun):
        return prove(problem, lin, p, m)
    if problem.components.spectral:
        return _better(prove(problem, lin, p, m), rebalanced(problem, state.point, m), problem, lin)
    if balancer is not None and balancer.takes(state):
        return balancer.certificate(state)
    if problem.affine and not getattr(problem.domain, "bounded", False):  # p itself proves nothing before Jᵀp = 0
        repaired = damped(problem, lin, p, m)
        best = prove(problem, lin, *(repaired or (p, m)))
    else:
        best = prove(problem, lin, p, m)
        if np.isfinite(best.lower) and problem.components.quadratic and not problem.affine:
            return best
        best = _better(best, damped(problem, lin, p, m), problem, lin)
    if not np.isfinite(best.lower) and m is not None:
        best = _better(best, damped(problem, lin, p), problem, lin)
    if not np.isfinite(best.lower) and problem.convex and m is None:
        few = sparse_weights(lin, p)
        best = best if few is None else _better(best, damped(problem, lin, few), problem, lin)
    return best if state.average is None else _better(best, (state.average, m), problem, lin)


def _better(
    best: Certificate, repaired: tuple[Array | Weights, Multipliers | None] | None, problem: Minimax, lin: Linearization
) -> Certificate:
    """The better of a certificate and what repaired weights prove."""
    if repaired is None:
        return best
    found = prove(problem, lin, *repaired)
    return found if found.lower > best.lower or found.kind == "local" else best


def fixed(
    problem: Minimax, method: Method, surrogate: Smoothed, x: Array, target: float, warmer: Iterable[float] = ()
) -> Iterator[Step]:
    """Minimize one F_τ: first roughly at the `warmer` temperatures, then in rounds that each end with a proof."""
    for warm in _approach(problem, method, surrogate, x, list(warmer)):
        yield warm
        x = warm.state.point.x
    best, failures, balancer = np.inf, 0, Balancer(problem, np.inf)
    while failures < FAILURES:
        step: Step | None = None
        for k, state in enumerate(method.states(surrogate, x)):
            near = state.decrement <= max(target, method.round(surrogate.tau))
            done = state.stuck or (near and (k > 0 or best == np.inf))  # later rounds take a step at least
            step = Step(state, proof(problem, state, balancer) if done or _now_and_then(k, state) else None)
            yield step
            if done:
                break
        if step is None:
            return
        x, left = step.state.point.x, step.decrement if problem.convex else step.state.decrement
        failures = 0 if left < 0.99 * best else failures + 1
        best = min(best, left)
        method.learn(surrogate.tau, left if np.isfinite(left) else surrogate.tau)


def _approach(problem: Minimax, method: Method, surrogate: Smoothed, x: Array, warmer: list[float]) -> Iterator[Step]:
    """Roughly down the `warmer` temperatures, on few of the rows where that will do."""
    if not warmer:
        return
    yield Step(State(surrogate.point(x), np.inf, steps=0))
    state = None
    for state in method.shortcut(surrogate, x, warmer[0]):
        yield Step(state)
    if state is not None:
        return
    for tau in warmer:
        warm, steps = surrogate.beside(tau, surrogate.prior), 0
        for k, state in enumerate(method.states(warm, x)):
            steps += state.steps if k else 0
            enough = k >= WARM_STATES or (steps >= WARM_STATES and not method.cold)
            if state.stuck or state.decrement <= ROUGH * tau or enough:
                break
        if state is None or not np.isfinite(state.point.fun):
            return
        x = state.point.x
        yield Step(State(surrogate.point(x), np.inf, steps=steps))
        method.learn(tau / method.shrink, method.shrink * tau)
    if state is not None:
        yield Step(State(surrogate.point(x), np.inf, steps=0), proof(problem, state))


def falling(
    problem: Minimax,
    method: Method,
    x: Array,
    tau: float,
    prior: Array | None,
    meter: Meter,
    regularizer: Regularizer = shannon,
) -> Iterator[Step]:
    """Stages of falling τ until nothing is gained any more; each stage ends with a proof.

    A prior of Gini's index needs no floor: a row that it leaves out comes back where it is the largest.
    """

    def kept(p: Array, floor: float) -> Array:
        return floored(p, floor if regularizer is shannon else 0.0)

    w = np.full(problem.n, 1.0 / problem.n) if prior is None else kept(prior, FLOOR)
    tau = schedules.first(tau)
    surrogate = Smoothed(problem, tau, regularizer=regularizer, prior=w, meter=meter)
    balancer, lost = Balancer(problem, tau), LOST * tau
    rough = problem.affine and not method.cold
    high, low, failures, previous = np.inf, -np.inf, 0, tau
    while failures < FAILURES and tau > 0:
        last, steps = None, 0
        for last in _stage(problem, method, surrogate.beside(tau, w), x, balancer):
            yield last
            steps += last.state.steps
        if last is None or last.certificate is None:
            return
        c = last.certificate
        gap = c.gap if problem.convex else c.parts[0]
        good = np.isfinite(gap)
        before, high, low = high - low, min(high, c.upper), max(low, c.upper - gap)
        failures = 0 if high - low < 0.99 * before or tau > 16 * gap else failures + 1
        if good and c.vector is not None:
            floor = min(HIGH, max(FLOOR, last.decrement / tau)) if rough else FLOOR
            x, w, previous = last.state.point.x, kept(c.vector, floor), tau
            easy = method.cold and steps <= 2 and gap < tau  # warm starts are that good: τ is larger than it need be
            tau = max(tau / method.shrink ** (2 if easy else 1), min(tau, method.keep * gap))
        elif rough and last.state.decrement <= method.target(tau):  # minimized, though not proven
            point = last.state.point
            x, w, previous = point.x, kept(point.weights if isinstance(point, Point) else w, HIGH), tau
            failures = 0 if tau > lost and not last.state.stuck else failures
            tau /= method.shrink
        else:  # lost: from the last good point and prior, with a smaller change of τ
            if np.isfinite(last.state.point.upper) and previous == tau:
                x = last.state.point.x
            tau = float(np.sqrt(tau) * np.sqrt(previous)) if previous > tau else tau / method.shrink
        method.learn(tau, gap if good else tau)


def seen_from(surrogate: Smoothed, steps: Iterator[Step]) -> Iterator[Step]:
    """The proven ones among steps at other temperatures, reported at `surrogate`: any weights prove a bound."""
    for step in steps:
        if step.certificate is not None:
            here = State(surrogate.point(step.state.point.x), np.inf, step.state.multipliers, step.state.steps)
            yield Step(here, step.certificate)


def _stage(problem: Minimax, method: Method, surrogate: Smoothed, x: Array, balancer: Balancer) -> Iterator[Step]:
    """One temperature: until the decrement is below the method's target, proven where the method cannot tell."""
    target = method.target(surrogate.tau)
    state = None
    for k, state in enumerate(method.states(surrogate, x)):
        if state.stuck or (k and state.decrement <= target) or k >= method.patience:
            break
        if np.isinf(state.decrement) and _now_and_then(k, state):
            step = Step(state, proof(problem, state, balancer))
            if step.decrement <= target:
                yield step
                return
            yield step
        else:
            yield Step(state)
    if state is not None:
        yield Step(state, proof(problem, state, balancer))


def _now_and_then(k: int, state: State[Point]) -> bool:
    """Iterations 8, 16, 32, … (every state of a method with bursts): proofs stay a small share of the cost."""
    return state.steps > 1 or (k >= 8 and (k & (k - 1)) == 0) or (k > 0 and k % 256 == 0)


def floored(p: Array, floor: float = FLOOR) -> Array:
    """Weights as a prior, from which no row is lost for good."""
    w = np.maximum(p, floor * p.max())
    return np.asarray(w / w.sum())
