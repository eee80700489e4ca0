"""Which method, and why, in a sentence."""

from .problem import Minimax
from .solvers import METHODS, Direct, Method
from .solvers.working_set.core import suits

Maker = type[Method] | type[Direct]

FACTORIZE = 2000  # variables up to which a d × d factorization is the cheap part of a Newton step
SPARSE = 300  # the same where the rows are sparse, and their normal matrix would not be
SQUARE = 30  # n/d up to which a problem on a simplex or a box is treated as a game
SPECTRAL = ("spectral",)  # what largest eigenvalues can be given to, and with a given tau
SPECTRAL_SMOOTHED = ("newton", "lbfgs", "accelerated", "gradient")
FEW = 1 << 13  # Jacobian entries up to which a linear program of them all is the cheap way
TALL = 2  # n/d from which a working set leaves something out
CHEAP = 50  # variables up to which another try costs little
FAR = 100.0  # tolerances that a stalled gap must be away before what may cost more is tried


def choose(problem: Minimax, smoothed: bool, regularizer: str = "shannon") -> tuple[Maker, str]:
    """The first of the following that can take the problem, with the reason.

    Functions and nonlinear constraints by few evaluations; games by their saddle point; many components in few
    variables by a working set; what else factorizes by Newton;
    sparse problems too large for that by truncated Newton; then whatever a projection or an oracle allows.
    """
    n, d = problem.n, problem.d
    small = _small(problem)
    refusal = METHODS["newton"].refuses(problem)
    hindered = f"newton refuses: {refusal}" if refusal else f"newton would factorize d = {d} variables"
    calls = "nonlinear constraints" if problem.constraints is not None else "functions"
    reasons = (
        ("spectral", problem.components.spectral, "it takes largest eigenvalues"),
        ("trust-region", calls != "functions" or problem.components.assumed, f"{calls} are asked least often"),
        ("saddle", n <= SQUARE * d, f"a game of {n} × {d}"),
        ("trust-region", few(problem) and n <= TALL * d, f"a linear program of {n} components is small"),
        ("working-set", suits(problem), f"the active ones of {n} quadratics are found exactly"),
        (
            "working-set",
            small and n > TALL * d and problem.components.gathers,
            f"few of {n} components decide in d = {d} variables",
        ),
        ("newton", small, f"d = {d} variables factorize fast"),
        ("newton-cg", not small, f"d = {d} variables are many to factorize"),
        ("newton", d <= FACTORIZE, f"d = {d} variables can be factorized"),
        ("trust-region", refusal is not None and not problem.components.remote, hindered),
        ("lbfgs", True, hindered),
        ("accelerated", True, hindered),
        ("conditional-gradient", True, "the domain has no projection"),
    )
    for name, fits, why in reasons:
        if fits and obstacle(METHODS[name], problem, smoothed, regularizer) is None:
            return METHODS[name], f"{name}, since {why}"
    if smoothed and problem.constraints is not None:
        raise ValueError("tau must be None where there are nonlinear constraints: F_τ is minimized without them only")
    last = METHODS["accelerated" if problem.constraints is None else "trust-region"]
    raise ValueError(f"no method can take this problem: {obstacle(last, problem, smoothed, regularizer)}")


def others(problem: Minimax, first: Maker, smoothed: bool, regularizer: str = "shannon") -> tuple[Maker, ...]:
    """What to go on with where the choice has stalled: for few affine components one linear program, for many a working
    set, and Newton on the whole; last the accelerated gradient, which has no barrier."""
    if problem.constraints is not None or problem.components.spectral:
        return ()
    direct = issubclass(first, Direct)
    names = (
        ("trust-region", few(problem)),
        ("working-set", direct and problem.affine and _small(problem) and problem.n > TALL * problem.d),
        ("newton", direct and problem.d <= FACTORIZE),
        ("accelerated", True),
    )
    fit = (METHODS[name] for name, fits in names if fits)
    return tuple(m for m in fit if m is not first and obstacle(m, problem, smoothed, regularizer) is None)


def worth(problem: Minimax, other: Maker, left: float) -> bool:
    """Whether another method may close what a stalled one has left open, `left` tolerances: where that is little, only
    one that costs little."""
    cheap = few(problem) and problem.d <= CHEAP and other.name != "accelerated"
    return left > (1.0 if cheap else FAR)


def _small(problem: Minimax) -> bool:
    """Whether a factorization of the variables is the cheap part."""
    return problem.d <= (SPARSE if problem.components.sparse else FACTORIZE)


def few(problem: Minimax) -> bool:
    """Whether the linear program of all the components is a small one."""
    return problem.affine and problem.n * problem.d <= FEW and not problem.components.remote


def named(method: str, problem: Minimax, smoothed: bool = False, regularizer: str = "shannon") -> tuple[Maker, str]:
    """The method of that name, or "auto"; `smoothed`: it is to minimize F_τ at a given τ.

    Raises
    ------
    ValueError
        An unknown name, or a problem that the method cannot take; the sentence says what it needs.
    """
    if isinstance(method, str) and method == "auto":
        return choose(problem, smoothed, regularizer)
    if not isinstance(method, str) or method not in METHODS:
        raise ValueError(f"method must be 'auto' or one of {', '.join(map(repr, METHODS))}; got {method!r}")
    why = obstacle(METHODS[method], problem, smoothed, regularizer)
    if why:
        fitting = [name for name, m in METHODS.items() if obstacle(m, problem, smoothed, regularizer) is None]
        raise ValueError(f"method {method!r} cannot take this problem: {why}. Methods that can: {', '.join(fitting)}")
    return METHODS[method], method


def obstacle(method: Maker, problem: Minimax, smoothed: bool, regularizer: str = "shannon") -> str | None:
    """Why a method cannot do what is asked, or None."""
    if regularizer not in method.smoothings:
        return f"it does not smooth by the regularizer {regularizer!r}"
    if problem.components.spectral and regularizer != "shannon":
        return f"eigenvalues are not smoothed by the regularizer {regularizer!r}"
    if smoothed and issubclass(method, Direct):
        return "it solves the minimax itself, not F_τ at a given tau"
    if problem.components.remote and not method.remote:
        return "it reads the matrix itself, which is in the chunks of a Dask array"
    if problem.constraints is not None and not method.constrained:
        return "it does not take nonlinear constraints"
    if problem.components.spectral and method.name not in (SPECTRAL_SMOOTHED if smoothed else SPECTRAL):
        return "it uses weights of one x at another, and those of eigenvalues belong to the eigenvectors at x"
    return method.refuses(problem)
