"""PDLP on min t with f_i(x) ≤ t, in a process of its own: the symbols of ortools clash with those of highspy."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import scipy.sparse as sp

import smoothmax as sm
from experiments._peers import Answer, rows
from experiments.race.entrants import Entrant

SCRIPT = Path(__file__).with_name("pdlp_process.py")
SPARE = 30.0  # s for starting the process and reading the files, which nobody's clock counts


def pdlp(tol: float) -> Entrant:
    """PDLP at one tolerance, absolute and relative; counted is the time of the call inside the process."""

    def entrant(problem: sm.Minimax, limit: float) -> Answer:
        with tempfile.TemporaryDirectory() as folder:
            stated, answer = Path(folder, "program.npz"), Path(folder, "answer.npz")
            _state(problem, stated, tol, limit)
            call = [sys.executable, "-I", str(SCRIPT), str(stated), str(answer)]
            try:
                done = subprocess.run(call, capture_output=True, text=True, timeout=limit + SPARE, check=False)
            except subprocess.TimeoutExpired:
                return Answer(None, limit, "killed at the limit")
            if done.returncode:
                last = (done.stderr.strip().splitlines() or ["no word"])[-1]
                return Answer(None, 0.0, f"exit {done.returncode}: {last}")
            with np.load(answer) as found:
                return Answer(found["x"][: problem.d], float(found["seconds"]), f"{found['said']} at {tol:g}")

    return entrant


def _state(problem: sm.Minimax, path: Path, tol: float, limit: float) -> None:
    """The rows a·x − t ≤ −b, and on a simplex Σx = total, as arrays."""
    A, b = rows(problem)
    game, d = isinstance(problem.domain, sm.Simplex), problem.d
    wide = sp.hstack([sp.csr_array(A), np.full((b.size, 1), -1.0)], format="csc")
    low, high = np.full(b.size, -np.inf), -b
    if game:
        wide = sp.vstack([wide, np.append(np.ones(d), 0.0)[None]], format="csc")
        low, high = (np.append(side, problem.domain.total) for side in (low, high))
    bounds = np.append(np.full(d, 0.0 if game else -np.inf), -np.inf)
    matrix = {"data": wide.data, "indices": wide.indices, "indptr": wide.indptr, "shape": wide.shape}
    np.savez(path, low=low, high=high, bounds=bounds, tol=tol, limit=limit, **matrix)
