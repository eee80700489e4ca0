"""Matrix games: min over mixed strategies y of max_i (M y)_i, M_ij what the minimizer pays."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations, product

import numpy as np
from numpy.typing import ArrayLike, NDArray

import smoothmax as sm
from problems.case import Case


def cyclic(n: int) -> NDArray[np.float64]:
    """Rock-paper-scissors on an odd number n of moves: i beats the (n - 1)/2 moves before it, cyclically."""
    ahead = (np.arange(n)[:, None] - np.arange(n)) % n
    return np.where(ahead == 0, 0.0, np.where(ahead <= n // 2, 1.0, -1.0))


def morra(fingers: int = 3) -> NDArray[np.float64]:
    """Morra: a move is fingers s and a guess g at the total; who alone guesses it is paid the total."""
    moves = [(s, s + t) for s in range(1, fingers + 1) for t in range(1, fingers + 1)]
    return np.array([[(s + t) * ((g == s + t) - (h == s + t)) for t, h in moves] for s, g in moves], dtype=float)


def blotto(first: int, second: int, fields: int = 3) -> NDArray[np.float64]:
    """Colonel Blotto: each side spreads its units over the fields; pays fields won minus fields lost."""
    mine, theirs = _compositions(first, fields), _compositions(second, fields)
    return np.sign(mine[:, None] - theirs).sum(-1).astype(float)


def _compositions(units: int, fields: int) -> NDArray[np.int64]:
    return np.array([c for c in product(range(units + 1), repeat=fields) if sum(c) == units])


def kuhn_poker() -> NDArray[np.float64]:
    """Kuhn's three-card poker, 27 x 64: the average payment to the first player over the six deals.

    One card each of 1 < 2 < 3, ante 1. The first player's plan names, per card, bet, check and fold, or check
    and call; the second's names, per card, an answer to a bet (fold, call) and one to a check (check, bet).
    """
    firsts = list(product(("bet", "check-fold", "check-call"), repeat=3))
    seconds = list(product(product(("fold", "call"), ("check", "bet")), repeat=3))
    deals = list(permutations(range(3), 2))
    return np.array(
        [[sum(_showdown(p[a], *q[b], 1 if a > b else -1) for a, b in deals) / 6 for q in seconds] for p in firsts]
    )


def _showdown(first: str, to_bet: str, to_check: str, winner: int) -> int:
    """What the first player is paid; winner is 1 if the first player's card is the higher one, else -1."""
    if first == "bet":
        return 1 if to_bet == "fold" else 2 * winner
    if to_check == "check":
        return winner
    return -1 if first == "check-fold" else 2 * winner


def random_game(n: int, d: int, seed: int = 0) -> Case:
    """Synthetic: an n x d game with independent standard normal payments."""
    M = np.random.default_rng(seed).standard_normal((n, d))
    source = f"synthetic: numpy default_rng({seed}), standard normal payments"
    return Case(f"game-{n}x{d}-{seed}", _problem(M), _start(d), None, source, family="games")


def cases() -> Iterator[Case]:
    """Games whose value is known: by symmetry, in closed form, or proven in rational arithmetic."""
    numbers = np.arange(11.0)
    durer = [[16, 3, 2, 13], [5, 10, 11, 8], [9, 6, 7, 12], [4, 15, 14, 1]]
    symmetric = "antisymmetric, so the value is 0"
    kuhn = "H. W. Kuhn, A simplified two-person poker, Ann. Math. Studies 24 (1950) 97-103"
    yield _case("pennies", [[1, -1], [-1, 1]], Fraction(0), "uniform strategies equalize")
    yield _case("rps", cyclic(3), Fraction(0), symmetric)
    yield _case("rps-15", cyclic(15), Fraction(0), symmetric)
    yield _case("odd-even-morra", [[-2, 3], [3, -4]], Fraction(1, 12), "T. S. Ferguson, Game Theory, part II")
    yield _case("diag-4", np.diag([1, 2, 3, 4]), Fraction(12, 25), "1/sum(1/d_i) for a positive diagonal")
    yield _case("identity-50", np.eye(50), Fraction(1, 50), "1/n: hide and seek")
    yield _case("durer", durer, Fraction(17, 2), "magic square: a quarter of its constant 34")
    yield _case("distance-11", abs(numbers[:, None] - numbers), Fraction(5), "the middle against both ends")
    yield _case("morra-guess-3", morra(3), Fraction(0), symmetric)
    yield _case("blotto-5v5", blotto(5, 5), Fraction(0), f"E. Borel 1921; {symmetric}")
    yield _case("blotto-7v5", blotto(7, 5), Fraction(5, 6), "proven in rational arithmetic")
    yield _case("kuhn-poker", kuhn_poker(), Fraction(-1, 18), kuhn, printed="-1/18")


def _case(name: str, M: ArrayLike, value: Fraction, source: str, printed: str | None = None) -> Case:
    M = np.asarray(M, dtype=float)
    return Case(name, _problem(M), _start(M.shape[1]), float(value), source, printed, exact=value)


def _problem(M: NDArray[np.float64]) -> sm.Minimax:
    return sm.Minimax(sm.Affine(M), sm.Simplex(M.shape[1]))


def _start(d: int) -> NDArray[np.float64]:
    """Interior and lopsided, since the uniform strategy is often the answer."""
    return np.arange(1.0, d + 1) / (d * (d + 1) / 2)
