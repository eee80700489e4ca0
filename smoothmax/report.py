"""Facts out: what a solve or a path found, by name, as one JSON object, and as the arrays of an .npz file."""

import json
import math
from typing import Any

import numpy as np

from .paths import Path
from .reading import Stated
from .result import MinimaxResult

Facts = dict[str, Any]
ARRAYS = (
    "x",
    "active",
    "fun",
    "lower_bound",
    "upper_bound",
    "gap",
    "threshold",
    "tau",
    "smoothed_fun",
    "smoothed_lower_bound",
    "nit",
    "npass",
    "success",
    "status",
    "message",
    "method",
)


def proven(r: MinimaxResult) -> bool:
    """A local minimax of a nonconvex problem is a success, but no proof."""
    return bool(r.success) and r.certificate.kind != "local"


def swept(row: Facts) -> bool:
    """The same of a row of a sweep; one that failed proves nothing."""
    return bool(row.get("success")) and row["kind"] != "local"


def of_solve(stated: Stated, r: MinimaxResult, tol: float, seconds: float, *, smoothed: bool) -> Facts:
    """What a solve found; `relative_gap` is the tolerance that its gap would have met."""
    facts = _problem(stated)
    facts |= {name: r[name] for name in ("fun", "lower_bound", "upper_bound", "gap", "threshold")}
    facts["relative_gap"] = tol * r.gap / r.threshold if tol * r.threshold > 0 else math.nan
    if smoothed:
        facts |= {name: r[name] for name in ("tau", "smoothed_fun", "smoothed_lower_bound")}
        facts["smoothed_gap"] = r.smoothed_fun - r.smoothed_lower_bound
    facts |= {"kind": r.certificate.kind, "residual": r.certificate.residual, "proven": proven(r)}
    facts |= {name: r[name] for name in ("success", "status", "message", "method", "nit", "nfev", "npass")}
    facts |= {"seconds": seconds, "active": r.active}
    if stated.names:
        facts["variables"] = list(stated.names)
    return facts | {"x": r.x, "weights": r.weights}


def of_path(stated: Stated, found: Path, tol: float, seconds: float, last: MinimaxResult | None = None) -> Facts:
    """What a path found; `last` is the temperature at work when it was interrupted, told under "unfinished".

    `status` and `message` are those of the last row that is not proven, where there is one.
    """
    results = found.results if last is None else (*found.results, last)
    best = min(results, key=lambda r: (math.isnan(r.fun), r.fun))
    lower = max(r.lower_bound for r in results)
    facts = _problem(stated) | {"fun": best.fun, "lower_bound": lower, "gap": best.fun - lower}
    told = next((r for r in reversed(results) if not proven(r)), results[-1])
    facts |= {"proven": all(map(proven, results)), "status": told.status, "message": told.message}
    records = [record | {"proven": proven(r)} for record, r in zip(found.records, found.results, strict=True)]
    facts |= {"seconds": seconds, "records": records, "x": best.x}
    if last is not None:
        facts["unfinished"] = of_solve(stated, last, tol, seconds, smoothed=True)
    return facts


def _problem(stated: Stated) -> Facts:
    return {"problem": repr(stated.problem), "n": stated.problem.n, "d": stated.problem.d}


def as_json(facts: Facts) -> str:
    """One strict JSON object; long vectors that are mostly zero as {index: value}."""
    return json.dumps(_plain(facts), allow_nan=False)


def _thin(values: Any) -> Any:
    """A vector as it is, or as {index: value} where most of it is zero."""
    if not isinstance(values, np.ndarray) or values.ndim != 1 or 2 * np.count_nonzero(values) >= values.size:
        return values
    return {str(i): values[i] for i in np.flatnonzero(values)}


def _plain(value: Any) -> Any:
    """Plain lists, dictionaries and numbers; null for what is not finite."""
    if isinstance(value, dict):
        return {str(k): _plain(_thin(v) if k in ("x", "weights") else v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def arrays(r: MinimaxResult) -> Facts:
    """The solution as arrays and texts, with all that `certify` needs to prove it again."""
    kept = {name: r[name] for name in ARRAYS} | {"kind": r.certificate.kind, "residual": r.certificate.residual}
    if isinstance(r.weights, tuple):
        kept |= {f"weights_{i}": w for i, w in enumerate(r.weights)}
    elif r.weights is not None:
        kept["weights"] = r.weights
    if r.multipliers is not None:
        kept |= {f"multipliers_{side}": m for side, m in r.multipliers._asdict().items()}
    return {name: np.asarray(value) for name, value in kept.items()}
