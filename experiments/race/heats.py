"""One work: ours, then every peer under the time limit, all judged by the referee; and which bars were cleared."""

from __future__ import annotations

import time
from typing import Any

import smoothmax as sm
from experiments._peers import Answer
from experiments._tables import Rows
from experiments.race.entrants import Peer, Work
from experiments.race.referee import Referee, Verdict

OURS = "smoothmax"
REPEATED = 1.0  # s: what takes less is timed three times, and the least counts


def contest(work: Work, limit: float) -> Rows:
    """A row for us and for each peer; the best peer of a kind carries the target of that kind."""
    problem = work.build()
    referee = Referee(problem, work.tol, work.tau)
    ours, result = _ours(problem, work, limit)
    own = referee.proven(result)
    if own.gap > 0.1 * work.tol:
        options: dict[str, Any] = {"tol": 0.1 * work.tol, "tau": work.tau, "time_limit": limit}
        referee.proven(sm.solve(problem, result.x, **options))
    common = {"work": work.name, "family": work.family, "size": work.size, "d": problem.d, "limit": limit}
    rows: Rows = [{**common, "kind": "ours", "contender": OURS, **_told(ours, own), "passes": result.npass}]
    if work.most_passes is not None:
        rows[0] |= {"measured": result.npass, "unit": "passes", "target": work.most_passes}
        rows[0]["met"] = "yes" if own.within and result.npass <= work.most_passes else "no"
    for peer in work.peers:
        answer, verdict = _best_attempt(peer, problem, limit, referee)
        row = {**common, "kind": peer.kind, "contender": peer.name, **_told(answer, verdict), "ours": ours.seconds}
        rows.append({**row, "ours_gap": own.gap, **_ratio(answer, verdict, ours.seconds)})
    for kind in dict.fromkeys(peer.kind for peer in work.peers):
        _bar([row for row in rows if row["kind"] == kind], work.targets.get(kind), own.within)
    return rows


def _ours(problem: sm.Minimax, work: Work, limit: float) -> tuple[Answer, Any]:
    """The least of three times where one takes less than a second."""
    times: list[float] = []
    while not times or (times[0] < REPEATED and len(times) < 3):
        begun = time.perf_counter()
        result = sm.solve(problem, tol=work.tol, tau=work.tau, time_limit=limit)
        times.append(time.perf_counter() - begun)
    return Answer(result.x, min(times), result.message), result


def _best_attempt(peer: Peer, problem: sm.Minimax, limit: float, referee: Referee) -> tuple[Answer, Verdict | None]:
    """The first attempt within the gap, else the last."""
    for attempt in peer.attempts:
        answer = attempt(problem, limit)
        verdict = referee.judge(answer.x)
        if verdict is not None and verdict.within:
            if answer.seconds < REPEATED:
                answer = answer._replace(seconds=min(answer.seconds, *(attempt(problem, limit)[1] for _ in range(2))))
            break
        if answer.seconds >= limit:
            break
    return answer, verdict


def _told(answer: Answer, verdict: Verdict | None) -> dict[str, Any]:
    value, gap, within = verdict or (None, None, False)
    return {"seconds": answer.seconds, "value": value, "gap": gap, "within": within, "said": answer.said}


def _ratio(answer: Answer, verdict: Verdict | None, ours: float) -> dict[str, Any]:
    """Its time over ours; of one that is not within the gap, a lower bound if it took longer, else not counted."""
    counted = verdict is not None and verdict.within
    ratio = answer.seconds / ours if counted or answer.seconds > ours else None
    return {"ratio": ratio, "sign": "" if counted or ratio is None else ">"}


def _bar(rows: Rows, target: float | None, proven: bool) -> None:
    """Mark the best of a kind: the fastest within the gap, else the least lower bound."""
    counted = [row for row in rows if row["ratio"] is not None]
    exact = [row for row in counted if not row["sign"]]
    best = min(exact or counted or rows, key=lambda row: row["seconds"])
    best["best"] = True
    if target is not None:
        best["target"], best["met"] = target, verdict_of(best, target, proven)


def verdict_of(row: dict[str, Any], target: float, proven: bool) -> str:
    """yes, no, or open where a lower bound of the ratio does not decide; no wherever we have not proven our own gap."""
    if not proven:
        return "no"
    if row["ratio"] is not None and row["ratio"] >= target:
        return "yes"
    return "no" if row["ratio"] is not None and not row["sign"] else "open"
