"""What a solve hands over: SciPy's OptimizeResult with a certificate."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult

from ._typing import Array, Index
from .certificate import Certificate, Multipliers, prove
from .components import Weights
from .problem import Minimax
from .solvers.base import slack
from .solvers.judge import Judge, crossed
from .solvers.loop import Outcome
from .solvers.status import KINKS, LOCAL, RULES, SENTENCES, SMOOTHED, Status


class MinimaxResult(OptimizeResult):
    """The answer and its proof.

    Attributes
    ----------
    x : (d,) array
        The best point found; always in the domain.
    fun, smoothed_fun : float
        The true max at x, and the last surrogate there (nan if none).
    lower_bound, smoothed_lower_bound : float
        Proven lower bounds of min max f and of min F_τ (−inf where nothing is proven).
    upper_bound : float
        `fun` rounded up by what its evaluation may have lost.
    gap, gap_parts, threshold : float, (float, float), float
        upper_bound − lower_bound, its parts (smoothing, optimization), and what it had to come down to.
    certificate : Certificate
        `gap` is its gap. `certify(problem, x, weights, multipliers)` recomputes it, up to rounding; but of curved
        components whose weights prove the bound at another point, which holds here all the same, only the upper one.
    weights, multipliers, active
        The dual variables, and the indices of the components at the max (within the threshold). With a Spectral family
        inside, the weights are a tuple with one entry a stacked family: of that one a density matrix, (m, m).
    optimality : float
        The residual of the first-order conditions, relative (`certificate.residual`): of a local minimax, all there is.
    constr_violation : float
        By how much the worst nonlinear constraint is violated, in its own units.
    success, status, message : bool, int, str
        Whether the gap that was asked for is proven; how the solve ended, as a number (`Status`) and in words.
    method : str
        The method that found x; the message says why "auto" took it.
    tau : float
        The temperature of the surrogate at x, in the units of f: the one that was asked for, or the last of a
        continuation (nan for methods that do not smooth).
    nit, nfev, njev, nhev : int
        Iterations; calls of the functions (for difference quotients too), of `jac` and of `hess`.
    npass : float
        Looks at all n components, rows gathered alone as fractions: the cost where the data are large.
    trace : list of dict
        One row a step: nit, npass, tau, fun, smoothed_fun, lower_bound, gap, decrement, seconds.
    """

    x: Array
    fun: float
    smoothed_fun: float
    lower_bound: float
    smoothed_lower_bound: float
    upper_bound: float
    gap: float
    gap_parts: tuple[float, float]
    threshold: float
    certificate: Certificate
    weights: Array | Weights | None
    multipliers: Multipliers | None
    active: Index
    optimality: float
    constr_violation: float
    tau: float
    nit: int
    nfev: int
    njev: int
    nhev: int
    npass: float
    method: str
    success: bool
    status: int
    message: str
    trace: list[dict[str, Any]]

    def __repr__(self) -> str:
        """SciPy's, with the length of the trace in its place."""
        shown = OptimizeResult(self)
        if "trace" in shown:
            shown["trace"] = f"{len(shown['trace'])} rows"
        return str(OptimizeResult.__repr__(shown))


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a solve.

    Attributes
    ----------
    result : MinimaxResult
        The best certified point so far.
    path : Path or None
        What a path had finished.
    """

    path: Any = None

    def __init__(self, result: MinimaxResult) -> None:
        super().__init__(result.message)
        self.result = result


def _at_start(judge: Judge) -> float:
    """max f at the start, where nothing else was seen."""
    return math.nan if judge.start is None else float(judge.start.range[1])


def _violation(problem: Minimax, point: Any) -> float:
    """Of the nonlinear constraints, in their own units."""
    return 0.0 if point is None or problem.constraints is None else problem.constraints.at(point.x).violation


def _trouble(problem: Minimax, judge: Judge) -> str:
    """Which component, or nonlinear constraint, is no finite number at the start; nothing where all are."""
    if judge.start is None or problem.components.remote:
        return ""
    found = [("component", judge.start.f)]
    if problem.constraints is not None:
        found.append(("nonlinear constraint", problem.constraints.at(judge.start.x).c))
    for what, values in found:
        if not np.isfinite(values).all():
            i = int(np.argmin(np.isfinite(values)))
            return f" At the start {what} {i} is {values[i]}."
    return ""


def _message(problem: Minimax, out: Outcome, judge: Judge, why: str, facts: dict[str, Any]) -> str:
    """How it ended, what is missing, and which method it was."""
    c, stalled = out.certificate, out.status == Status.STALLED
    message = SENTENCES[out.status].format(**facts)
    if out.status == Status.PROVEN:
        message = LOCAL if not problem.convex else SMOOTHED if judge.smoothed else message
    if stalled and problem.constraints is None and c.upper == math.inf:
        message += " No point of the domain could be proven to lie near x, and so no upper bound."
    if stalled and problem.convex and c.lower == -math.inf:
        message += " No lower bound could be proven."
    if out.status == Status.NOT_FINITE:
        message += _trouble(problem, judge)
    if stalled and problem.components.callers:
        message += KINKS
    if problem.constraints is not None and problem.components.convex:
        message += RULES
    message += f" Method: {why}."
    return message + (" x0 was outside the domain and was projected onto it." if facts.get("moved") else "")


def _smoothed_lower_bound(out: Outcome, judge: Judge) -> float:
    """The best that the certificate of the best point, and with a given τ that of the best proof, says of min F_τ."""
    point, c, found = out.point, out.certificate, -math.inf
    if point is None:
        return found
    if c.weights is not None and np.isfinite([c.lower, point.tau]).all():
        bound = c.lower + point.tau * point.information(c.weights)
        found = bound if bound < math.inf else found
    if judge.smoothed and judge.proof is not None and judge.proof_step is not None:
        shown = judge.proof_step.state.point
        found = max(found, shown.fun - slack(shown, judge.proof))
    return found


@np.errstate(all="ignore")
def build(problem: Minimax, out: Outcome, judge: Judge, why: str, facts: dict[str, Any]) -> MinimaxResult:
    """The result of an outcome; `facts` are nfev, njev, nhev, npass, the limits and what happened to x0."""
    point, c = out.point, out.certificate
    threshold = math.nan if point is None else judge.threshold(point)
    return MinimaxResult(
        x=facts["x0"].copy() if point is None else point.x.copy(),
        fun=point.upper + 0.0 if point is not None else _at_start(judge),
        smoothed_fun=math.nan if point is None else point.fun,
        lower_bound=c.lower,
        smoothed_lower_bound=_smoothed_lower_bound(out, judge),
        upper_bound=c.upper,
        gap=c.gap,
        threshold=threshold,
        gap_parts=c.parts,
        certificate=c,
        weights=c.weights,
        multipliers=c.multipliers,
        optimality=c.residual,
        constr_violation=_violation(problem, point),
        active=np.zeros(0, np.intp) if point is None else point.lin.leaders(threshold)[0],
        tau=math.nan if point is None else point.tau,
        nit=out.nit,
        nfev=facts["nfev"],
        njev=facts["njev"],
        nhev=facts["nhev"],
        npass=float(facts["npass"]),
        method=facts["method"],
        success=out.status == Status.PROVEN,
        status=int(out.status),
        message=_message(problem, out, judge, why, facts),
        trace=out.trace,
    )


def interrupted(result: MinimaxResult) -> MinimaxResult:
    """The same, where Ctrl-C kept another method from going on."""
    found = MinimaxResult(result)
    found.update(status=int(Status.INTERRUPTED), success=False, message=SENTENCES[Status.INTERRUPTED])
    return found


def joined(problem: Minimax, one: MinimaxResult, two: MinimaxResult, *, smoothed: bool = False) -> MinimaxResult:
    """What two solves of one problem have found together, one after the other on one budget: the better point with the
    better bound, which may come from different ones. `smoothed`: they have minimized F_τ, and that is what counts.

    The better point is the one that proves the smaller maximum: far out, rounding may hide more than is left to gain.
    """
    aim = "smoothed_fun" if smoothed else "upper_bound"
    open_end = one.upper_bound - max(one.lower_bound, two.lower_bound) > one.threshold
    first = not (two.success and (smoothed or open_end)) and (one[aim] <= two[aim] or math.isnan(two[aim]))
    best, other = (one, two) if first else (two, one)
    found = MinimaxResult(best)
    found.update({count: one[count] + two[count] for count in ("nit", "nfev", "njev", "nhev")})
    found.update(npass=two.npass, trace=one.trace + two.trace)
    found.update(status=two.status, message=two.message, success=two.success)
    if other.lower_bound > best.lower_bound:
        c = prove(problem, problem.at(best.x), other.weights, other.multipliers)
        if c.lower < other.lower_bound:  # proven elsewhere, it holds at every x
            lower, optimization = min(other.lower_bound, best.upper_bound), other.gap_parts[1]
            parts = (best.upper_bound - lower - optimization, optimization)
            c = replace(other.certificate, lower=lower, upper=best.upper_bound, parts=parts)
        found.update(certificate=c, lower_bound=c.lower, gap=c.gap, gap_parts=c.parts, weights=c.weights)
        found.multipliers = c.multipliers
    found.smoothed_lower_bound = np.fmax(one.smoothed_lower_bound, two.smoothed_lower_bound)
    gap = found.smoothed_fun - found.smoothed_lower_bound if smoothed else found.gap
    if gap <= found.threshold and not found.success:
        found.update(status=int(Status.PROVEN), success=True, message=SENTENCES[Status.PROVEN] + " By two methods.")
    low, start = max(one.lower_bound, two.lower_bound), abs(one.trace[0]["fun"]) if one.trace else 0.0
    if problem.convex and crossed(low, best.upper_bound, start):
        found.update(status=int(Status.CONTRADICTED), success=False, message=SENTENCES[Status.CONTRADICTED])
    return found
