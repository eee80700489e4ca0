"""Which method, and why, in a sentence."""

from .problem import Minimax
from .solvers import METHODS, Direct, Method

Maker = type[Method] | type[Direct]

FACTORIZE = 2000  # variables up to which a d × d factorization is the cheap part of a Newton step


def choose(problem: Minimax, smoothed: bool) -> tuple[Maker, str]:
    """Newton where it applies; else L-BFGS on boxes; else the accelerated gradient, which only needs a projection."""
    obstacle = METHODS["newton"].refuses(problem)
    if obstacle is None and problem.d <= FACTORIZE:
        return METHODS["newton"], f"newton, since d = {problem.d} variables factorize fast"
    obstacle = obstacle or f"newton would factorize d = {problem.d} variables"
    if METHODS["lbfgs"].refuses(problem) is None:
        return METHODS["lbfgs"], f"lbfgs ({obstacle})"
    return METHODS["accelerated"], f"accelerated ({obstacle})"


def second(problem: Minimax, first: Maker) -> Maker | None:
    """What to go on with where the choice has stalled: the accelerated gradient, which has no barrier."""
    other = METHODS["accelerated"]
    return None if first is other or other.refuses(problem) else other


def named(method: str, problem: Minimax, smoothed: bool = False) -> tuple[Maker, str]:
    """The method of that name, or "auto"; `smoothed`: it is to minimize F_τ at a given τ.

    Raises
    ------
    ValueError
        An unknown name, or a problem that the method cannot take; the sentence says what it needs.
    """
    if method == "auto":
        return choose(problem, smoothed)
    if not isinstance(method, str) or method not in METHODS:
        raise ValueError(f"method must be 'auto' or one of {', '.join(map(repr, METHODS))}; got {method!r}")
    obstacle = _obstacle(METHODS[method], problem, smoothed)
    if obstacle:
        fitting = [name for name, m in METHODS.items() if _obstacle(m, problem, smoothed) is None]
        raise ValueError(
            f"method {method!r} cannot take this problem: {obstacle}. Methods that can: {', '.join(fitting)}"
        )
    return METHODS[method], method


def _obstacle(method: Maker, problem: Minimax, smoothed: bool) -> str | None:
    """Why a method cannot do what is asked, or None."""
    if smoothed and issubclass(method, Direct):
        return "it solves the minimax itself, not F_τ at a given tau"
    return method.refuses(problem)
