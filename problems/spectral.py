"""Largest eigenvalues of graphs: Lovász's theta, and the Markov chain on a graph that mixes fastest.

    theta(G) = min over x of λ_max(J + Σ x_e (e_i e_jᵀ + e_j e_iᵀ)),    one x_e for each edge e = (i, j), J all ones
    SLEM(G)  = min over p of max(λ_max(P − J/n), λ_max(J/n − P)),       P = I − Σ p_e (e_i − e_j)(e_i − e_j)ᵀ ≥ 0

(Lovász 1979, Theorem 3; Boyd, Diaconis, Xiao 2004.)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import scipy.sparse as sp

import smoothmax as sm
from problems.case import Case

DATA = Path(__file__).parent / "data" / "graphs.json"
Edges = Sequence[tuple[int, int]]


def theta(n: int, edges: Edges) -> sm.Minimax:
    """The problem whose optimum is theta: one Spectral family with very sparse matrices."""
    pairs = [sp.csr_array((np.ones(2), ([i, j], [j, i])), (n, n)) for i, j in edges]
    return sm.Minimax(sm.Spectral(np.ones((n, n)), pairs))


def mixing(n: int, edges: Edges, loops: bool = True) -> sm.Minimax:
    """The problem whose optimum is the SLEM: two Spectral families over the edge probabilities.

    What a node's edges leave of 1 is the probability to stay; without `loops` they must leave nothing.
    """
    mean, d = np.full((n, n), 1 / n), len(edges)
    laplacians = [sp.csr_array(([1.0, 1, -1, -1], ([i, j, i, j], [i, j, j, i])), (n, n)) for i, j in edges]
    above = sm.Spectral(np.eye(n) - mean, [-L for L in laplacians])
    below = sm.Spectral(mean - np.eye(n), laplacians)
    ends = np.array(edges)
    meets = np.zeros((n, d))
    meets[ends.T, np.arange(d)] = 1.0
    sums = {"A_ub": meets, "b_ub": np.ones(n)} if loops else {"A_eq": meets, "b_eq": np.ones(n)}
    return sm.Minimax(sm.Stack([above, below]), sm.Polyhedron(**sums, bounds=(0, 1)))


def cases() -> Iterator[Case]:
    """Every graph of the file."""
    graphs = json.loads(DATA.read_text(encoding="utf-8"))
    for g in graphs["theta"]:
        problem = theta(g["n"], g["edges"])
        yield Case(f"theta-{g['name']}", problem, np.zeros(problem.d), g["optimum"], g["source"], note=g["formula"])
    for g in graphs["mixing"]:
        problem = mixing(g["n"], g["edges"], g["loops"])
        note = g["formula"] or "computed"
        yield Case(f"mixing-{g['name']}", problem, problem.start(), g["optimum"], g["source"], note=note)
