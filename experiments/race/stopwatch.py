"""The bars that no peer sets: steps, passes, memory, and times in units of one A @ x."""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import scipy.special

import smoothmax as sm
from experiments import operators_speed
from experiments._tables import Rows
from experiments.race.referee import Referee
from problems.linf_regression import gaussian

SCRIPT = Path(__file__).with_name("memory_process.py")
LEVELS = (  # sizes of newton alone, of the largest regression, of the passes against n, and of the operators
    (((500, 5),), (2000, 5), (200, 2000), (100,)),
    (((20_000, 20), (100_000, 50)), (1_000_000, 50), (10_000, 100_000, 1_000_000), (100, 10_000, 1_000_000)),
)


def measures(level: int, limit: float) -> Iterator[Rows]:
    """One row per measurement, a list at a time."""
    newton, (n, d), lengths, operands = LEVELS[min(level, 1)]
    yield [newton_alone(*size, limit) for size in newton]
    yield operators(operands, level > 0)
    yield passes(lengths, d, limit)
    problem = gaussian(n, d).problem
    yield [*oracle(problem), units(problem, limit)]
    yield [memory(problem, limit)]


def newton_alone(n: int, d: int, limit: float) -> dict[str, Any]:
    """Newton steps to a certified 1e-12, no linear program called."""
    problem = gaussian(n, d).problem
    begun = time.perf_counter()
    result = sm.solve(problem, method="newton", tol=1e-12, time_limit=limit)
    seconds = time.perf_counter() - begun
    verdict = Referee(problem, 1e-12).proven(result)
    row = {"seconds": seconds, "gap": verdict.gap, "within": verdict.within, "passes": result.npass}
    return _row(f"ℓ∞ regression {n}×{d} by newton", result.nit, "steps", 80, verdict.within) | row


def units(problem: sm.Minimax, limit: float) -> dict[str, Any]:
    """A solve to 1e-9 over one A @ x, the median of those before and after it."""
    before = products(problem)
    begun = time.perf_counter()
    result = sm.solve(problem, tol=1e-9, time_limit=limit)
    seconds = time.perf_counter() - begun
    verdict = Referee(problem, 1e-9).proven(result)
    row = {"seconds": seconds, "gap": verdict.gap, "within": verdict.within, "passes": result.npass}
    measured = seconds / float(np.median(before + products(problem)))
    return _row(f"{_named(problem)} to 1e-9", measured, "A @ x", 15, verdict.within) | row


def oracle(problem: sm.Minimax) -> Rows:
    """One value and gradient of F_τ over one A @ x, medians of both in turns, so that both meet the same machine."""
    components, rng, rows = problem.components, np.random.default_rng(1), []
    for absolute in (True, False):
        stated = sm.Minimax(sm.Affine(components.A, components.b, absolute=absolute))
        for tau in (1.0, 1e-3):
            smoothed = sm.Smoothed(stated, tau)
            unit, seconds = _in_turns(
                lambda: components.A @ rng.standard_normal(problem.d),
                lambda s=smoothed: s.fun_and_jac(rng.standard_normal(problem.d)),
            )
            name = f"F_τ and ∇F_τ{', absolute' if absolute else ''}, τ = {tau:g}, {components.m}×{problem.d}"
            rows.append(_row(name, seconds / unit, "A @ x", 1.6) | {"seconds": seconds})
    return rows


def passes(lengths: tuple[int, ...], d: int, limit: float) -> Rows:
    """Passes to 1e-8; the last may need more than the first by the ratio of the logarithms of n."""
    rows: Rows = []
    for n in lengths:
        result = sm.solve(gaussian(n, d).problem, tol=1e-8, time_limit=limit)
        target = rows[0]["measured"] * math.log(n) / math.log(lengths[0]) if n == lengths[-1] else None
        name = f"ℓ∞ regression {n}×{d}, passes against n"
        rows.append(_row(name, result.npass, "passes", target, result.success) | {"within": result.success})
    return rows


def memory(problem: sm.Minimax, limit: float) -> dict[str, Any]:
    """Most anonymous memory of a process that solves it from a float64 memmap, over the size of A."""
    A, b = problem.components.A, problem.components.b
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder, "A.npy"), A)
        np.save(Path(folder, "b.npy"), b)
        call = [sys.executable, "-I", str(SCRIPT), folder, str(limit)]
        child = subprocess.Popen(call, stdout=subprocess.PIPE, text=True)
        most = 0
        try:
            while child.poll() is None:
                most = max(most, _anonymous(child.pid))
                time.sleep(0.004)
            said = child.communicate()[0]
        finally:
            child.kill()
    words = said.split()
    proven = len(words) == 3 and float(words[2]) <= 1e-9
    row = _row(f"{_named(problem)} from a memmap", most / A.nbytes, "of A", 0.3, proven)
    return row | {"said": f"{most / 2**20:.0f} MiB in all, A has {A.nbytes / 2**20:.0f}", "within": proven}


def operators(sizes: tuple[int, ...], torch: bool) -> Rows:
    """SciPy's time over ours, and one-thread torch's at 10⁷ where it is installed."""
    rng, rows = np.random.default_rng(0), []
    for name, target in (("logsumexp", 5.0), ("softmax", 2.0)):
        for n in sizes:
            x = rng.standard_normal(n)
            ours, theirs = _pair(getattr(sm, name), getattr(scipy.special, name), x)
            row = _row(f"{name} of {n} numbers", theirs / ours, "× scipy", target, least=True)
            rows.append(row | {"seconds": ours})
    if torch and (extra := _torch(rng.standard_normal(10**7))):
        rows.append(extra)
    return rows


def products(problem: sm.Minimax) -> list[float]:
    """Seven times of one A @ x."""
    A, x = problem.components.A, np.ones(problem.d)
    return [_seconds(lambda: A @ x) for _ in range(7)]


def _torch(x: Any) -> dict[str, Any] | None:
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    tensor = torch.from_numpy(x)
    ours, theirs = _pair(sm.logsumexp, lambda _: torch.logsumexp(tensor, 0), x)
    return _row(f"logsumexp of {x.size} numbers", theirs / ours, "× torch", 2.0, least=True) | {"seconds": ours}


def _pair(ours: Callable[[Any], Any], theirs: Callable[[Any], Any], x: Any) -> list[float]:
    return [k * 1e-3 for k in operators_speed._best((lambda: ours(x), lambda: theirs(x)), 5)]


def _anonymous(pid: int) -> int:
    """RssAnon of a process, in bytes; 0 once it has ended."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def _in_turns(*calls: Callable[[], Any]) -> list[float]:
    """The median times of nine calls of each."""
    return list(np.median([[_seconds(call) for call in calls] for _ in range(9)], axis=0))


def _seconds(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def _named(problem: sm.Minimax) -> str:
    return f"ℓ∞ regression {problem.components.m}×{problem.d}"


def _row(
    work: str, measured: float, unit: str, target: float | None, proven: bool = True, least: bool = False
) -> dict[str, Any]:
    met = None if target is None else proven and (measured >= target if least else measured <= target)
    row = {"work": work, "kind": "measure", "contender": "smoothmax", "measured": measured, "unit": unit}
    return row | {"target": target, "met": None if met is None else "yes" if met else "no"}
