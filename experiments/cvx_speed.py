"""How much faster is one word?

`problem.solve()` against `problem.solve(method="smoothmax")` on problems stated in cvxpy: ℓ∞ regression, a random game,
the smallest ball around 742 cities, and a worst-case portfolio. Each call gets a fresh problem, and the clock runs over
all between the question and the values of the variables, compilation included. All in one process and on one thread
(see the package); every point is moved into the domain and judged by the true objective against the lower bound that
we certify.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import smoothmax as sm
from experiments._tables import Rows, groups
from experiments._words import listed, number
from problems.enclosing_ball import cities
from smoothmax import plots

TIMED = True  # a clock runs: nothing else should
OURS, PEER = "smoothmax", "cvxpy (default)"
TOL = 1e-8
REPEATED = 1.0  # s: what takes less is timed three times, and the least counts
LIMIT = 300.0  # s: for the peer
QUICK = ("regression-400x5", "game-30x30", "portfolio-200x20")
NAMES = ("regression-20000x20", "cities-742x3", "game-200x200", "portfolio-5000x100")
FULL = (NAMES[0], "regression-100000x50", *NAMES[1:])
BARS = {"regression-20000x20": 8.0, "regression-100000x50": 30.0}
TITLES = {
    "regression": "ℓ∞ regression",
    "cities": "ball around cities",
    "game": "random game",
    "portfolio": "worst-case portfolio",
}


@dataclass(frozen=True)
class Stated:
    """A way to state the problem afresh, and its objective in NumPy, written a second time."""

    state: Callable[[], Any]
    value: Callable[[NDArray[np.float64]], float]


class Answer(NamedTuple):
    """x (None where there is none), the time from the question to the answer, and the status."""

    x: NDArray[np.float64] | None
    seconds: float
    said: str


def run(*, quick: bool = False, full: bool = False) -> Rows:
    """One row per problem and contender; `ratio` is its time over ours."""
    for solve in (_ours, _peer):  # first calls load modules
        solve(stated("game-5x5"))
    return [row for name in (QUICK if quick else FULL if full else NAMES) for row in _contest(name)]


def summary(table: Rows) -> Rows:
    """Who, how long, how far off, and the bar where there is one."""
    shown = ("problem", "contender", "value", "above", "relative", "seconds", "ratio", "bar", "said")
    return [{what: row[what] for what in shown} for row in table]


def answer(table: Rows) -> str:
    """Who is faster where, and how exact both are."""
    ratios = {name: rows[-1]["ratio"] for name, rows in groups(table, "problem").items()}
    names = {name: f"{' '.join(_title(name).split())} ({number(r)})" for name, r in ratios.items()}
    ahead = listed([names[name] for name, r in ratios.items() if r > 1])
    behind = listed([names[name] for name, r in ratios.items() if r <= 1])
    text = "The time of the default over ours, compilation on both sides: "
    text += f"above 1 on {ahead}" if ahead else "nowhere above 1"
    text += f"; below on {behind}." if behind else "; nowhere below."
    for who, words in ((OURS, "our objectives"), (PEER, "the default's")):
        above = [max(row["relative"], 0.0) for row in table if row["contender"] == who and row["relative"] is not None]
        if above:
            text += f" Above the lower bound that we prove, {words} stand by at most {number(max(above))}, relative."
    return text


def plot(table: Rows) -> Figure:
    """Time, and what is left open, problem by problem."""
    found = groups(table, "problem")
    figure, (left, right) = plots.panels(1, 2, 12.5, 2.6 + 1.1 * len(found), sharey=True)
    looks = {OURS: (plots.VERMILLION, "o"), PEER: (plots.PURPLE, "^")}
    with plots.style():
        for k, rows in enumerate(found.values()):
            times = [row["seconds"] for row in rows]
            left.plot(times, [-k, -k], color=plots.GREY, linewidth=1.0, zorder=1)
            words = f"× {rows[-1]['ratio']:.1f}" if rows[-1]["ratio"] < 10 else f"× {rows[-1]['ratio']:.0f}"
            left.annotate(words, (np.sqrt(times[0] * times[-1]), -k), (0, 4), textcoords="offset points", ha="center")
            for row in rows:
                colour, marker = looks[row["contender"]]
                look: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 6, "linestyle": ""}
                label = row["contender"] if k == 0 else None
                left.plot(row["seconds"], -k, label=label, **look)
                if row["relative"] is not None:
                    right.plot(max(row["relative"], 1e-16), -k, **look)
        left.set_yticks([-k for k in range(len(found))], [_title(name) for name in found])
        left.set_ylim(-len(found) + 0.4, 0.6)
        left.set_xlabel("time with compilation (s)")
        right.axvline(TOL, color=plots.GREY, linewidth=0.6, linestyle=(0, (4, 2)))
        right.annotate("tol", (TOL, 0.6), (2, -2), textcoords="offset points", color=plots.GREY, va="top", fontsize=6.5)
        right.set_xlabel("objective above the proven lower bound,\nrelative to max(|max f|, spread)")
        for panel in (left, right):
            plots.decades(panel, y=False)
            panel.grid(True, axis="x", color="#DDDDDD", linewidth=0.4)
            panel.set_axisbelow(True)
        right.set_xlim(3e-17, 1e-3)
        figure.legend(loc="outside lower center", ncols=2, handletextpad=0.2)
    return figure


def _title(name: str) -> str:
    kind, size = name.split("-")
    return f"{TITLES[kind]}\n{size.replace('x', ' × ')}"


def stated(name: str) -> Stated:
    """The problem of a name KIND-nxd."""
    kind, sizes = name.split("-")
    n, d = (int(k) for k in sizes.split("x"))
    return KINDS[kind](n, d, np.random.default_rng(0))


def _regression(n: int, d: int, rng: np.random.Generator) -> Stated:
    import cvxpy as cp

    A, b = rng.standard_normal((n, d)), rng.standard_normal(n)

    def state() -> cp.Problem:
        x = cp.Variable(d)
        return cp.Problem(cp.Minimize(cp.norm_inf(A @ x - b)))

    return Stated(state, lambda x: float(np.abs(A @ x - b).max()))


def _game(n: int, d: int, rng: np.random.Generator) -> Stated:
    import cvxpy as cp

    M = rng.standard_normal((n, d))

    def state() -> cp.Problem:
        y = cp.Variable(d)
        return cp.Problem(cp.Minimize(cp.max(M @ y)), [y >= 0, cp.sum(y) == 1])

    return Stated(state, lambda y: float((M @ y).max()))


def _cities(n: int, d: int, rng: np.random.Generator) -> Stated:
    """max_i |x − p_i|², stated as |x|² + max_i (|p_i|² − 2 p_i·x)."""
    import cvxpy as cp

    points = cities()[:n]

    def state() -> cp.Problem:
        x = cp.Variable(d)
        return cp.Problem(cp.Minimize(cp.sum_squares(x) + cp.max((points**2).sum(axis=1) - 2 * points @ x)))

    return Stated(state, lambda x: float(((points - x) ** 2).sum(axis=1).max()))


def _portfolio(n: int, d: int, rng: np.random.Generator) -> Stated:
    """The largest loss over n scenarios of d returns with one common factor (M. Young 1998), at least the mean return
    of equal shares, at most a tenth in each."""
    import cvxpy as cp

    returns = 0.01 * (rng.standard_normal((n, 1)) + rng.standard_normal((n, d))) + rng.uniform(0, 0.002, d)
    mean = returns.mean(axis=0)

    def state() -> cp.Problem:
        w = cp.Variable(d, nonneg=True)
        limits = [cp.sum(w) == 1, w <= 0.1, mean @ w >= mean.mean()]
        return cp.Problem(cp.Minimize(cp.max(-returns @ w)), limits)

    return Stated(state, lambda w: float((-returns @ w).max()))


KINDS: dict[str, Callable[[int, int, np.random.Generator], Stated]] = {
    "regression": _regression,
    "game": _game,
    "cities": _cities,
    "portfolio": _portfolio,
}


def _ours(case: Stated) -> tuple[Answer, Any]:
    import smoothmax.cvx  # noqa: F401  registers the method

    return _timed(case, method="smoothmax", tol=TOL)


def _peer(case: Stated) -> tuple[Answer, Any]:
    return _timed(case, time_limit=LIMIT)  # a setting of Clarabel, HiGHS and OSQP alike


def _timed(case: Stated, **options: Any) -> tuple[Answer, Any]:
    """The answer on a fresh problem; a failure is an answer too, and a warning never ends an experiment."""
    problem = case.state()
    begun = time.perf_counter()
    try:
        with warnings.catch_warnings(action="ignore"):
            problem.solve(**options)
            said = f"{problem.status} ({problem.solver_stats.solver_name})"
    except Exception as trouble:
        said = f"{type(trouble).__name__}: {trouble}".splitlines()[0]
    seconds = time.perf_counter() - begun
    (variable,) = problem.variables()
    return Answer(variable.value, seconds, said), problem


def _least(contender: Callable[[Stated], tuple[Answer, Any]], case: Stated) -> tuple[Answer, Any]:
    """The answer with the least of three times; once where once takes a second."""
    answer, problem = contender(case)
    if answer.seconds > REPEATED:
        return answer, problem
    again = [contender(case)[0].seconds for _ in range(2)]
    return answer._replace(seconds=min(answer.seconds, *again)), problem


def _contest(name: str) -> Rows:
    from smoothmax import cvx

    case = stated(name)
    ours, problem = _least(_ours, case)
    minimax, result = cvx.from_cvxpy(problem), problem.solution.attr["result"]
    certificate = sm.certify(minimax, result.x, result.weights, result.multipliers)
    lower = max(certificate.lower, result.lower_bound)
    rows = []
    for contender, answer in ((OURS, ours), (PEER, _least(_peer, case)[0])):
        x = None if answer.x is None else _inside(minimax, answer.x)
        value = None if x is None else case.value(x)
        size = None if x is None else _size(minimax, x)
        above = None if value is None else value - lower
        rows.append(
            {
                "problem": name,
                "contender": contender,
                "value": value,
                "lower_bound": lower,
                "above": above,
                "relative": None if above is None or size is None else above / size,
                "seconds": answer.seconds,
                "ratio": answer.seconds / ours.seconds,
                "bar": BARS.get(name) if contender == PEER else None,
                "said": answer.said,
            }
        )
    return rows


def _inside(minimax: sm.Minimax, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Moved into the domain: other solvers are feasible up to their own tolerance."""
    return x if minimax.domain.contains(x, 0.0) else np.asarray(minimax.domain.project(x))


def _size(minimax: sm.Minimax, x: NDArray[np.float64]) -> float:
    f = minimax.components.value(x)
    return max(abs(float(f.max())), float(np.ptp(f)))
