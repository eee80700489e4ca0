"""The works of the race, who meets whom on them, and the bars: the peer's time over ours to the same proven gap."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp

import smoothmax as sm
from experiments.race import cones, filters, linear, sequential, surrogates
from experiments.race.apart import pdlp
from experiments.race.entrants import Peer, Work
from problems.enclosing_ball import squared_distances
from problems.games import random_game
from problems.linf_regression import gaussian, residuals

QUICK, DEFAULT, FULL = range(3)
LIMITS = (2.0, 10.0, 120.0)  # s for one solve
TAU = 0.01
LOOP = Peer("clever loop (HiGHS)", "loop", (linear.loop,))
WHOLE = tuple(
    Peer(f"HiGHS {name}, {'dual' if dual else 'primal'} LP", "direct", (linear.whole(solver, dual),))
    for name, solver in (("interior point", "ipm"), ("simplex", "simplex"))
    for dual in (False, True)
)
CLARABEL = Peer("Clarabel", "direct", (cones.interior_point,))
PDLP = Peer("PDLP", "direct", tuple(pdlp(tol) for tol in (1e-8, 1e-9, 1e-10)))
SCS = Peer("SCS", "direct", (cones.splitting,))
CORE = Peer("core sets (Clarabel)", "loop", (cones.core_sets,))
LINEAR = (LOOP, *WHOLE, CLARABEL)
ROUND = (
    CORE,
    Peer("core sets (cvxpy, Clarabel)", "restated", (cones.core_modelled,)),
    CLARABEL,
    Peer("Clarabel, cones", "direct", (cones.interior_point_cones,)),
)
CURVED = (
    CORE,
    Peer("growing set (SLSQP)", "loop", (sequential.growing_set,)),
    Peer("Clarabel, solve alone", "direct", (cones.solve_alone,)),
)
TARGETS = {
    "ℓ∞ regression 20000×20": {"direct": 15.0},
    "ℓ∞ regression 100000×50": {"direct": 60.0, "loop": 3.0},
    "ℓ∞ regression 1000000×50": {"loop": 2.0},
    "ℓ∞ regression 200000×200": {"loop": 4.0},
    "ℓ∞ regression 200000×400": {"loop": 12.0},
    "enclosing ball 20000 in R^10": {"direct": 60.0, "loop": 3.0},
    "enclosing ball 1000000 in R^3": {"loop": 3.0},
    "2000 quadratics in R^20": {"direct": 15.0, "loop": 5.0},
    "random game 1000×1000": {"direct": 3.0},
    "random game 2000×2000": {"direct": 5.0},
    "random game 5000×200": {"direct": 4.0},
    "sparse ℓ∞ regression 100000×10000": {"direct": 3.0},
    "F_τ at τ = 0.01, 5000×20": {"cvxpy": 100.0, "SciPy": 3.0},
    "F_τ at τ = 0.01, 50000×20": {"cvxpy": 200.0, "SciPy": 3.0},
}
PASSES = {"enclosing ball 1000000 in R^3": 60.0}


def works(level: int) -> list[Work]:
    """All of them in the sizes of this level, the cheap ones first."""
    if level == QUICK:
        found = [regression(200, 5, (*LINEAR, PDLP, SCS)), regression(1000, 5, LINEAR), game(30, 20), ball(500, 3)]
        return [*found, quadratics(60, 4), sparse(300, 30), smoothed(300, 5), lowpass(31)]
    full = level == FULL
    line = [regression(n, 50, (*LINEAR, PDLP, SCS) if n < 100_000 else LINEAR) for n in (1000, 10_000, 100_000)]
    line.append(regression(1_000_000, 50, (LOOP, WHOLE[0]) if full else (LOOP,)))
    wide = [regression(200_000, d, (LOOP,)) for d in ((200, 400) if full else (200,))]
    games = [game(1000, 1000), game(5000, 200)]
    large = [game(2000, 2000), sparse(100_000, 10_000)] if full else [sparse(10_000, 1000)]
    return [
        *(lowpass(taps) for taps in (31, 101, 151)),
        smoothed(5000, 20),
        smoothed(50_000, 20),
        ball(20_000, 10),
        ball(1_000_000, 3),
        quadratics(2000, 20),
        *line,
        regression(20_000, 20, (*LINEAR, PDLP, SCS)),
        *games,
        *wide,
        *large,
    ]


def regression(n: int, d: int, peers: tuple[Peer, ...]) -> Work:
    """ℓ∞ regression on Gaussian data."""
    family = f"ℓ∞ regression, d = {d}"
    return _work(f"ℓ∞ regression {n}×{d}", lambda: gaussian(n, d).problem, peers, size=n, family=family)


def game(n: int, d: int) -> Work:
    """A matrix game with Gaussian payments."""
    return _work(
        f"random game {n}×{d}", lambda: random_game(n, d).problem, (*LINEAR, PDLP) if n > 100 else LINEAR, size=n
    )


def ball(n: int, d: int) -> Work:
    """The smallest ball around Gaussian points."""

    def build() -> sm.Minimax:
        return squared_distances(np.random.default_rng(0).standard_normal((n, d)))

    return _work(f"enclosing ball {n} in R^{d}", build, ROUND, size=n)


def quadratics(n: int, d: int) -> Work:
    """Convex quadratics all within 1e-3 of the max at the optimum."""
    return _work(f"{n} quadratics in R^{d}", partial(near_ties, n, d), CURVED, size=n)


def near_ties(n: int, d: int, near: float = 1e-3) -> sm.Minimax:
    """Quadratics with optimum 1 at a random x*, where f_i(x*) = 1 for d/2 + 1 of them and 1 − near·U(0, 1) otherwise.

    P_i = GGᵀ/d and the slopes g_i at x* are Gaussian, but for the first: it is −Σ p_i g_i/p_1 over the others at the
    max, with p uniform, so that x* is the minimizer by the first-order condition and p its weights.
    """
    rng = np.random.default_rng(0)
    G, x, slopes = rng.standard_normal((n, d, d)), rng.standard_normal(d), rng.standard_normal((n, d))
    top = d // 2 + 1
    slopes[0] = -slopes[1:top].sum(axis=0)
    values = 1.0 - near * np.append(np.zeros(top), rng.random(n - top))
    P = G @ np.swapaxes(G, 1, 2) / d
    Px = P @ x
    return sm.Minimax(sm.Quadratic(P, slopes - Px, values - slopes @ x + 0.5 * (Px @ x)))


def sparse(n: int, d: int, nonzeros: int = 10) -> Work:
    """ℓ∞ regression on sparse rows, to a relative gap of 1e-4."""

    def build() -> sm.Minimax:
        rng = np.random.default_rng(0)
        where = (np.repeat(np.arange(n), nonzeros), rng.integers(d, size=n * nonzeros))
        A = sp.coo_array((rng.standard_normal(n * nonzeros), where), (n, d)).tocsr()
        return residuals(A, rng.standard_normal(n))

    ladder = tuple(pdlp(10.0**-k) for k in range(4, 9))
    name, peer = f"sparse ℓ∞ regression {n}×{d}", Peer("PDLP, tightened", "direct", ladder)
    return _work(name, build, (peer,), tol=5e-5, size=n)  # relative to the spread, which is twice the optimum


def smoothed(n: int, d: int) -> Work:
    """F_τ of max (A x + b) at one small τ, one-sided."""

    def build() -> sm.Minimax:
        rng = np.random.default_rng(0)
        return sm.Minimax(sm.Affine(rng.standard_normal((n, d)), rng.standard_normal(n)))

    methods = ("BFGS", "L-BFGS-B", *surrogates.SECOND_ORDER, "SLSQP")
    peers = [
        Peer(f"SciPy {m}", "SciPy", tuple(surrogates.two_lines(TAU, m, tol) for tol in (None, 1e-9, 1e-12)))
        for m in methods
    ]
    conic = surrogates.log_sum_exp
    peers.append(Peer("cvxpy log_sum_exp (Clarabel)", "cvxpy", (conic(TAU, "CLARABEL"),)))
    peers.append(Peer("cvxpy, perspective (Clarabel)", "restated", (conic(TAU, "CLARABEL", cone=True),)))
    if n > 1000:
        peers.append(Peer("cvxpy log_sum_exp (SCS)", "cvxpy", (conic(TAU, "SCS"),)))
    return _work(f"F_τ at τ = {TAU:g}, {n}×{d}", build, tuple(peers), tau=TAU, size=n)


def lowpass(taps: int) -> Work:
    """An FIR filter on remez's own grid."""
    peers = (Peer("scipy.signal.remez", "remez", (filters.remez,)), LOOP)
    return _work(f"FIR lowpass, {taps} taps", partial(filters.lowpass, taps), peers, size=taps)


def _work(name: str, build: Callable[[], sm.Minimax], peers: tuple[Peer, ...], **facts: Any) -> Work:
    return Work(name, build, peers, TARGETS.get(name, {}), most_passes=PASSES.get(name), **facts)
