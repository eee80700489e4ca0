"""One case: all methods and peers from its start, judged from outside by the true max at a feasible point."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

import smoothmax as sm
from experiments._judge import inside
from experiments._tables import Rows
from experiments.catalogue.epigraph import PEERS, ask
from experiments.catalogue.oracle import Oracle
from problems import Case

WITHIN = 1e-6  # of the optimum; absolute where it is 0
TOL = 1e-10
FUNCTIONS = "smoothmax"  # the default method, told nothing but the functions and their Jacobian
DIFFERENCES = "smoothmax, values only"
STATED = ", as stated"


def contest(
    case: Case, methods: Sequence[str], peers: Sequence[str], seconds: float, paper: Sequence[dict[str, Any]] = ()
) -> Rows:
    """A row for each method on the case as stated, for the default on functions alone, and for each peer; beside the
    rows of a paper on methods without derivatives, also for the default on values alone."""
    facts = {
        "problem": case.name,
        "family": case.family,
        "n": case.problem.n,
        "d": case.problem.d,
        "convex": case.convex,
        "published": case.printed,
        "optimum": case.optimum,
    }
    rows = [ours(case, f"{name}{STATED}", "stated", name, seconds) for name in methods]
    rows.append(ours(case, FUNCTIONS, "functions", "auto", seconds))
    if paper:
        rows.append(ours(case, DIFFERENCES, "values", "auto", seconds))
    return [facts | row for row in (*rows, *(peer(case, name, seconds) for name in peers), *paper)]


def verdict(case: Case, value: float) -> str:
    """ "yes": the optimum is reached to WITHIN of it, or the print where that is larger; "below": passed, "no": missed.

    Where the optimum is only the least value known, as where a problem is unbounded, below is no error.
    """
    if not value <= enough(case):
        return "no"
    deeper = case.at_most and case.agrees == "better"
    return "yes" if deeper or value >= _best(case) - WITHIN * (abs(_best(case)) or 1.0) else "below"


def enough(case: Case) -> float:
    """The largest value that counts as the optimum."""
    reached = _best(case) + WITHIN * (abs(_best(case)) or 1.0)
    return max(reached, float(case.printed)) if case.printed and case.agrees == "better" else reached


def _best(case: Case) -> float:
    return np.nan if case.optimum is None else case.optimum


def _judged(case: Case, x: Any) -> dict[str, Any]:
    """The true max at x moved into the domain."""
    if x is None:
        return {"found": None, "error": None, "solved": "no"}
    value = case.problem(inside(case, x))
    error = (value - _best(case)) / (abs(_best(case)) or 1.0)
    return {"found": value, "error": error, "solved": verdict(case, value)}


def ours(case: Case, contender: str, form: str, method: str, seconds: float) -> dict[str, Any]:
    """Ours; a refusal at the door is a row without an answer."""
    oracle = Oracle(case.problem, enough=enough(case))
    begun = time.perf_counter()
    row: dict[str, Any] = {"contender": contender}
    try:
        r = sm.solve(getattr(oracle, form)(), case.x0, tol=TOL, method=method, time_limit=seconds)
    except ValueError as refusal:
        return row | _judged(case, None) | {"solved": "refused", "said": str(refusal)}
    except Exception as crash:  # recorded, and never the end of an experiment
        return row | _judged(case, None) | {"nfev": oracle.evaluations, "said": f"{type(crash).__name__}: {crash}"}
    row |= {"method": r.method, **_judged(case, r.x), "seconds": time.perf_counter() - begun}
    counted = oracle.evaluations > 0
    row |= {"nfev": oracle.evaluations if counted else r.nfev, "njev": oracle.jacobians if counted else None}
    row |= {"reached": oracle.reached}
    proven = np.isfinite(r.lower_bound)
    return row | {
        "gap": r.gap if proven else None,
        "residual": None if proven else r.certificate.residual,
        "said": r.message,
    }


def peer(case: Case, name: str, seconds: float) -> dict[str, Any]:
    """A peer's; one that gives up before it has seen two points cannot take the case."""
    row: dict[str, Any] = {"contender": name}
    package, _ = PEERS[name]
    if importlib.util.find_spec(package) is None:
        return row | _judged(case, None) | {"solved": "not installed", "said": f"pip install {package}"}
    oracle = Oracle(case.problem, seconds, enough(case))
    answer = ask(name, oracle, case.x0, seconds)
    counts = {"nfev": oracle.evaluations, "njev": oracle.jacobians, "reached": oracle.reached}
    row |= {"method": name, **_judged(case, answer.x), **counts}
    if answer.x is None and oracle.evaluations <= 1:
        row["solved"] = "refused"
    return row | {"seconds": answer.seconds, "said": answer.said}
